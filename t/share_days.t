# SPDX-License-Identifier: BSD-2-Clause
#
# Days that gateways share in Redis: what one gateway fetched costs the other one call,
# which shows the caller's right, and so it is after a restart; replies are true. Which
# days are shared, with whom, and for how long.

use strict;
use warnings;

use Test::More;

use Usage::Clock;
use Usage::Gateways;
use Usage::Metrics;
use Usage::Nginx;
use Usage::Redis;
use Usage::Test;
use Usage::Upstream qw(json_reply page row desktop_ids);

Usage::Redis->need;
require Usage::Signer; # (hand() needs nothing of the vendor's)

my %keys = (AKONE => { sk => 'sk-of-one-4711' }, AKTWO => { sk => 'sk-of-two-0815' });
my $file = Usage::Signer->file(\%keys);
my $late = 'usage_final_after 144h;';

my %places = (
    string => 'usage_use_time string;',
    key    => 'usage_store_key $http_x_tenant;',
    late   => $late,
    alone  => 'usage_share off;',
    off    => 'usage_store off;',
);
my $server = join '', map { Usage::Nginx->at($_ => $places{$_}) } sort keys %places;
my $patience = Usage::Nginx->patience(60);
my %common = (server => $server,
    http => "usage_credentials $file; usage_timeout ${patience}s;");

my $g = Usage::Gateways->start(%common,
    sim => [ '--desktops', 120, '--days', 60, map { ('--access-key', "$_:$keys{$_}{sk}") }
        sort keys %keys ]);
my ($sim, $redis) = ($g->sim, $g->redis);

my %week  = days(-9, -3);
my %month = days(-33, -3);

# A test: a gateway's reply is true, and took so many upstream calls.
sub reply_ok {
    my ($i, $body, $calls, $name, %o) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $query = delete $o{query};
    my $res = $g->ask($i, {%$body}, %o);
    is($g->wrong($res, $query), '', "$name: true");
    is(scalar $g->took($res), $calls, "$name: upstream calls");
    return $res;
}

# The operations on Redis that a gateway makes while something is done, by name.
sub operations {
    my ($i, $do) = @_;
    my $before = now($g->nginx($i));
    $do->();
    my $since = since($g->nginx($i), $before);
    return { map { /\Ausage_share_operations_total\{operation="(\w+)",outcome="(\w+)"\}/
        ? ("$1 $2" => $since->{$_}) : () } keys %$since };
}

sub names { return grep { length $redis->command('GET', $_) > 30 } keys %{ $redis->dump } }

for my $idle (qw(shown hidden)) {
    subtest "a report, desktops without use $idle" => sub {
        $redis->flush;
        my $token = $g->tenant(seed => 3, desktops => 120, idle => $idle);
        $g->clear;
        my $first = $g->ask(0, {%week}, token => $token);
        is($g->wrong($first), '', 'the first gateway: true');
        cmp_ok(scalar $g->took($first), '>=', 7, 'the first gateway fetches all days');
        is(scalar names(), 7, 'all days are in Redis');

        my $res = reply_ok(1, \%week, 1, 'the other', token => $token);
        is($res->{body}, $first->{body}, 'the other: the same to the byte');
        reply_ok($_, \%week, 1, "gateway $_ once more", token => $token) for 0, 1;
        $g->restart(0);
        reply_ok(0, \%week, 1, 'after a restart', token => $token);
    };

    subtest "other requests of those days, desktops without use $idle" => sub {
        my @ids = do { $g->tenant(seed => 4, desktops => 120, idle => $idle);
            @{ $sim->desktops } };
        my %asks = (
            'the second page'   => { %week, offset => 100, limit => 20 },
            'no desktops'       => { %week, limit => 0 },
            'behind the last'   => { %week, offset => 1000 },
            'one day'           => { days(-5, -5) },
            'some days'         => { days(-8, -4), offset => 3, limit => 7 },
            'a desktop'         => { %week, desktop_ids => [ $ids[7] ] },
            'some desktops'     => { %week, desktop_ids => [ @ids[ 3, 9, 2, 110, 9 ] ] },
            'a page of them'    => { %week, desktop_ids => [ @ids[ 3 .. 60 ] ],
                offset => 20, limit => 9 },
            'an unknown one'    => { days(-7, -6), desktop_ids => [ $ids[1], 'nobody' ] },
        );
        for my $name (sort keys %asks) {
            my $token = $g->tenant;
            is($g->wrong($g->ask(0, {%week}, token => $token)), '', "before $name: true");
            $g->clear;
            my $cold = $g->ask(1, { %{ $asks{$name} } }, token => $token);
            my $warm = $g->ask(0, { %{ $asks{$name} } }, token => $token);
            is($g->wrong($cold), '', "$name: true");
            is($cold->{body}, $warm->{body}, "$name: the same to the byte as the first's");
            is(scalar $g->took($cold), scalar $g->took($warm),
                "$name: as many calls as at the first gateway");
            is(scalar $g->took($cold), 1, "$name: one call") if !$asks{$name}{desktop_ids};
            cmp_ok(scalar $g->took($cold), '<=', 2, "$name: two calls at most");
        }

        my $token = $g->tenant;
        $g->ask(0, {%week}, token => $token);
        $g->clear;
        reply_ok(1, \%week, 1, 'use_time as a string', token => $token, at => 'string',
            query => 'use_time=string');
    };
}

subtest 'days that are only partly there' => sub {
    my $token = $g->tenant(seed => 5, desktops => 30);
    $g->ask(0, { days(-9, -4) }, token => $token);
    $g->clear;
    my $res = $g->ask(1, {%week}, token => $token);
    is($g->wrong($res), '', 'a day more: true');
    is(scalar $g->took($res), 1, 'a day more: its call, which shows the right, too');
    reply_ok(0, \%week, 1, 'that day is there for the first', token => $token);

    $token = $g->tenant;
    $g->ask(0, { days($_, $_) }, token => $token) for -9, -6, -3;
    $g->clear;
    $res = $g->ask(1, {%week}, token => $token);
    is($g->wrong($res), '', 'days with gaps: true');
    is(scalar $g->took($res), 4, 'days with gaps: only those are fetched');
    reply_ok(0, \%week, 1, 'all are there for the first', token => $token);
};

done_testing;
