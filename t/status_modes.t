# SPDX-License-Identifier: BSD-2-Clause
#
# usage_status: what is counted of modes, of comparisons and of signatures.

use strict;
use warnings;

use Test::More;

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

sub samples {
    return { map { /\A([^#\s{]+(?:\{.*\})?) (\S+)\z/ ? ($1 => $2) : () }
            split /\n/, $nginx->request('GET', '/status')->{body} };
}

# These samples change by so much, and no others do, when all is counted.
sub counts {
    my ($name, $mode, $do, %expected) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $before = samples();
    $do->($mode);
    my $is;
    $nginx->wait_for(sub {
        my $now = samples();
        $is = { map { $_ => $now->{$_} - ($before->{$_} || 0) }
                grep { !/duration_seconds_(?:bucket|sum)|_bytes/
                    && $now->{$_} != ($before->{$_} || 0) } keys %$now };
        return join(' ', map {"$_ $is->{$_}"} sort keys %$is)
            eq join(' ', map {"$_ $expected{$_}"} sort keys %expected);
    });
    is_deeply($is, \%expected, $name) or diag explain $is;
}

sub of {
    my ($mode, $status) = @_;
    return (qq(usage_requests_total{mode="$mode",status="$status"}) => 1,
        qq(usage_request_duration_seconds_count{mode="$mode"}) => 1);
}

sub calls {
    my ($api, $status, $n) = @_;
    return (qq(usage_upstream_calls_total{api="$api",status="$status"}) => $n);
}

sub post {
    my ($mode, $body, @headers) = @_;
    return $nginx->post(route(), $body // $week, 'X-Mode' => $mode,
        'X-Auth-Token' => 't', @headers);
}

my @seven = calls('desktops', 200, 7);

counts('passthrough', 'passthrough', \&post, of('passthrough', 200),
    calls('legacy', 200, 1));
counts('its refusals', 'passthrough', sub { post($_[0], '{"limit":101}') },
    of('passthrough', 400), calls('legacy', 400, 1));
counts('what nginx refuses', 'passthrough', sub { post($_[0], ' ' x 2000) },
    of('passthrough', 413));
counts('fallback', 'fallback', \&post, of('fallback', 200), calls('legacy', 200, 1));
counts('what nginx refuses before anybody is asked', 'fallback',
    sub { post($_[0], ' ' x 2000) }, of('fallback', 413));
counts('compare', 'compare', \&post, of('compare', 200), calls('legacy', 200, 1),
    @seven, usage_compare_total => 1);

$sim->alter(desktop => $sim->desktops->[0], date => '2022-12-13', seconds => 180);
counts('a difference', 'compare', \&post, of('compare', 200),
    calls('legacy', 200, 1), @seven, usage_compare_total => 1,
    usage_compare_differences_total => 1);

$sim->faults({ fault => 'status', api => 'desktop-metrics', status => 500, count => 1 });
counts('no translation', 'compare', sub { post($_[0], body(start_time => '2022-12-09',
            end_time => '2022-12-09')) }, of('compare', 200), calls('legacy', 200, 1),
    calls('desktops', 500, 1), usage_compare_failed_total => 1);

$sim->faults({ fault => 'status', api => 'legacy', status => 410 });
counts('fallback, translated', 'fallback', \&post, of('fallback:translate', 200),
    calls('legacy', 410, 1), @seven);
counts('nothing to compare with', 'compare', \&post, of('compare', 410),
    calls('legacy', 410, 1));
$sim->faults;

counts('a signature', '', sub {
    is($nginx->post(route(), $week, 'X-Sdk-Date' => '20260102T030405Z')->{status},
        401, 'refused');
}, of('translate', 401), usage_signatures_refused_total => 1);
counts('one that is compared is not refused to anybody', 'compare', sub {
    is($nginx->post(route(), $week, 'X-Mode' => 'compare',
        'X-Sdk-Date' => '20260102T030405Z')->{status}, 401, "the endpoint's");
}, of('compare', 401), calls('legacy', 401, 1), usage_compare_total => 1);

$nginx->stop_ok;
$sim->stop;

done_testing();
