# SPDX-License-Identifier: BSD-2-Clause
#
# What "error_log ... debug" tells of a request: each step of it, and no secret.

use strict;
use warnings;

use Test::More;

use Usage::Nginx;
use Usage::Sim;
use Usage::Store;
use Usage::Test;

plan skip_all => 'this nginx is built without --with-debug'
    if Usage::Nginx->options !~ /--with-debug/;

my $sim   = Usage::Sim->start(args => [ '--seed', 1 ]);
my $nginx = Usage::Nginx->start(
    upstream => $sim->port,
    log      => 'debug',
    http     => Usage::Store->http,
    server   => Usage::Nginx->at(fallback => 'usage_mode fallback;')
);
my $secret = 'a-token-that-nobody-may-read';
my %week   = days(-9, -3);
my %eight  = days(-10, -3);
my @ids    = @{ $sim->desktops }[ 1, 2 ];

# The module's own lines of a request that is answered 200.
sub told {
    my ($body, $at) = @_;
    my $from = length $nginx->error_log;
    my $res  = $nginx->post(($at // '') . route(), body(%$body), 'X-Auth-Token' => $secret);
    is($res->{status}, 200, 'a request is answered 200');
    my @lines = substr($nginx->error_log, $from) =~ /\[debug\] \d+#\d+: \*\d+ (usage .*)/g;
    s/, client: .*// for @lines;
    return @lines;
}

sub has {
    my ($lines, $pattern, $name) = @_;
    return ok((grep { $_ =~ $pattern } @$lines), $name) || diag(join "\n", @$lines);
}

my @cold = told({%week});
has(\@cold, qr/^usage translates a request of \d+ bytes$/, 'a translation is told');
has(\@cold, qr/^usage plan for the request: 7 days, 0 desktop_ids$/, 'a plan is told');
has(\@cold, qr/^usage plan: stage "days", last outcome "\w+"$/, 'the stage of a plan is told');
has(\@cold, qr{^usage upstream call starts, for the plan: /workspace/v2/demo/statistics/metrics/desktops\?},
    'an upstream call is told as it starts');
has(\@cold, qr{^usage upstream call ends, status 200: /workspace/v2/}, 'an upstream call is told as it ends');

my @warm = told({%week});
has(\@warm, qr/^usage store, 7 days: all found;/, 'what the store had is told');
has(\@warm, qr/^usage upstream call starts, for the authorization probe: /,
    'the authorization probe is told');

my @some = told({%eight});
has(\@some, qr/^usage store, 8 days: days are missing; days 0 to 0,/, 'the days that the store lacks are told');
has(\@some, qr/^usage plan for missing days: 1 days,/, 'missing days are told as they are planned');

my @legacy = told({%week}, '/fallback');
has(\@legacy, qr/^usage upstream call starts, for the legacy endpoint: /,
    'a call of the legacy endpoint is told');

unlike(join("\n", @cold, @warm, @some, @legacy), qr/\Q$secret\E/, 'no line of it has the token');

$nginx->stop_ok;

done_testing();
