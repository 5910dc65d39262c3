# SPDX-License-Identifier: BSD-2-Clause
#
# usage_status: what is counted of modes, of comparisons and of signatures.

use strict;
use warnings;

use Test::More;

use Usage::Metrics;
use Usage::Nginx;
use Usage::Sim;
use Usage::Test;

my $sim   = Usage::Sim->start(args => [ '--now', '2022-12-20T12:00:00Z' ]);
my $nginx = Usage::Nginx->start(
    upstream => $sim->port,
    http     => 'usage_retention off; usage_fallback_for 0;
        map $http_x_mode $mode { default $http_x_mode; "" translate; }',
    location => 'usage_mode $mode; client_max_body_size 1k;',
    server   => 'location = /status { usage_status; }',
);
my $week = body(start_time => '2022-12-09', end_time => '2022-12-15');

sub post {
    my ($mode, $body, @headers) = @_;
    return $nginx->post(route(), $body // $week, 'X-Mode' => $mode,
        'X-Auth-Token' => 't', @headers);
}

sub counts_in {
    my ($mode, $name, $do, %want) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return counts($nginx, "$name, in mode $mode", sub { $do->($mode) }, %want);
}

my @seven = ('desktops/200' => 7);

counts_in('passthrough', 'a 200', \&post, 'passthrough 200' => 1, 'legacy/200' => 1);
counts_in('passthrough', 'a 400 of the endpoint', sub { post($_[0], '{"limit":101}') },
    'passthrough 400' => 1, 'legacy/400' => 1);
counts_in('passthrough', 'a 413 of nginx', sub { post($_[0], ' ' x 2000) },
    'passthrough 413' => 1);
counts_in('fallback', 'a 200 of the endpoint', \&post, 'fallback 200' => 1,
    'legacy/200' => 1);
counts_in('fallback', 'a 413 of nginx', sub { post($_[0], ' ' x 2000) },
    'fallback 413' => 1);
counts_in('compare', 'equal replies', \&post, 'compare 200' => 1, 'legacy/200' => 1,
    @seven, usage_compare_total => 1);

$sim->alter(desktop => $sim->desktops->[0], date => '2022-12-13', seconds => 180);
counts_in('compare', 'replies that differ', \&post, 'compare 200' => 1, 'legacy/200' => 1,
    @seven, usage_compare_total => 1, usage_compare_differences_total => 1);

$sim->faults({ fault => 'status', api => 'desktop-metrics', status => 500, count => 1 });
counts_in('compare', 'a translation that fails',
    sub { post($_[0], body(dates('2022-12-09', 1))) }, 'compare 200' => 1,
    'legacy/200' => 1, 'desktops/500' => 1, usage_compare_failed_total => 1);

$sim->faults({ fault => 'status', api => 'legacy', status => 410 });
counts_in('fallback', 'a translation', \&post, 'fallback:translate 200' => 1,
    'legacy/410' => 1, @seven);
counts_in('compare', 'an endpoint that is gone', \&post, 'compare 410' => 1,
    'legacy/410' => 1);
$sim->faults;

counts_in('translate', 'a signature of an unknown key', sub {
    is($nginx->post(route(), $week, 'X-Sdk-Date' => '20260102T030405Z')->{status},
        401, 'a signature of an unknown key is refused');
}, 401 => 1, usage_signatures_refused_total => 1);
counts_in('compare', 'a signature of an unknown key', sub {
    is($nginx->post(route(), $week, 'X-Mode' => 'compare',
        'X-Sdk-Date' => '20260102T030405Z')->{status}, 401,
        "in mode compare, the endpoint's own 401 is the reply");
}, 'compare 401' => 1, 'legacy/401' => 1, usage_compare_total => 1);

$nginx->stop_ok;
$sim->stop;

done_testing();
