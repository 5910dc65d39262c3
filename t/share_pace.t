# SPDX-License-Identifier: BSD-2-Clause
#
# The pace that gateways keep together, through a Redis that is there.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time sleep);

use Usage::Clock;
use Usage::Gateways;
use Usage::Metrics;
use Usage::Nginx;
use Usage::Redis;
use Usage::Sim;
use Usage::Starts;
use Usage::Test;

Usage::Redis->need;

my $sim = Usage::Sim->start(args => [ '--seed', 1, '--desktops', 5, '--days', 60 ]);

# Gateways that fetch all days of each request: what they share is the pace.
sub gateways {
    my ($rate, %o) = @_; # %o, and timeout: seconds
    my $timeout = delete $o{timeout} || 40;
    return Usage::Gateways->start(
        simulator => $sim,
        place     => 'usage_store off;',
        http      => "$FORMAT usage_rate zone=q:64k rate=$rate; usage_timeout "
            . Usage::Nginx->patience($timeout) . 's; usage_retries 0;',
        nginx     => { proxy => $LOG },
        %o
    );
}

# The same request to each gateway, from so many clients at once. All replies are
# true. Returns how many upstream calls that took.
sub all_ask {
    my ($g, $clients, $name, @days) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @conn = map { my $i = $_; map { $g->send($i, {@days}) } 1 .. $clients } 0 .. $#{ $g->{nginx} };
    my @wrong = grep {$_} map { $g->wrong($g->reply($_)) } @conn;
    is(scalar @wrong, 0, "$name: all replies are true") or diag($wrong[0]);
    return;
}

subtest 'without "share", each has the whole rate' => sub {
    plan skip_all => 'too slow for the rate' if Usage::Nginx->slow;
    my $g = gateways('30r/s burst=3');
    all_ask($g, 2, 'each for itself', days(-32, -2));
    my $most = most(1000, starts(@{ $g->{nginx} }));
    cmp_ok($most, '>', 30, "$most calls in a second");
};

subtest 'two gateways and three' => sub {
    for my $n (2, 3) {
        my $g = gateways('30r/s burst=3 share', gateways => $n);
        my $before = now($g->nginx(0));
        all_ask($g, 6 / $n, "$n gateways", days(-22, -2));
        is(is_within($g, 30, "$n gateways"), 6 * 21, 'each has made its calls');

        my $have = since($g->nginx(0), $before);
        cmp_ok($have->{usage_pacing_waits_total} || 0, '>', 0, 'waits are counted');
        cmp_ok($have->{'usage_share_operations_total{operation="pace",outcome="done"}'} || 0,
            '>', 0, 'operations are counted');
        my ($line) = grep { ($_->{calls} || 0) == 21 } map { decode($_) } $g->nginx(0)->access_lines;
        cmp_ok($line->{waited}, '>', 0, '$usage_waited has the wait for the turn');
        my $names = join ' ', keys %{ $g->redis->dump };
        like($names, qr/\A(?:usage:[0-9a-f]{64} ?){2}\z/, 'a bucket and the token of its life');
        $_->stop_ok for @{ $g->{nginx} };
    }
};

subtest 'whose bucket it is' => sub {
    my $g = gateways('2r/m burst=1 share', timeout => 2);
    my %one = days(-2, -2);
    my $free = sub {
        my ($i, $name, %o) = @_;
        is($g->wrong($g->ask($i, {%one}, %o)), '', "$name: free");
    };
    my $full = sub {
        my ($i, $name, %o) = @_;
        error_is($g->ask($i, {%one}, %o), 429, "$name: full",
            detail  => qr/usage_rate: at 2r\/m/,
            headers => { 'Retry-After' => qr/\A(?:2[5-9]|3[01])\z/ });
    };
    $free->(0, 'a token', token => 'a');
    $full->(1, 'the same at the other gateway', token => 'a');
    $free->(1, 'another', token => 'b');
    $full->(0, 'that one', token => 'b');
    my %other = (token => 'a', project => 'other');
    is($g->ask(1, {%one}, %other)->{status}, 200, 'another project: free');
    is($g->ask(0, {%one}, %other)->{status}, 429, 'the same: full');
    is(scalar starts(@{ $g->{nginx} }), 3, 'who is refused makes no upstream call');
    is(now($g->nginx(1))->{usage_pacing_refused_total}, 1, 'the refusal is counted');

    # the zone is part of the bucket's name, the namespace of all names
    my $redis = $g->redis->address;
    for my $space (qw(test other)) {
        my $too = Usage::Gateways->start(simulator => $sim, redis => 0, gateways => 1,
            servers => "server $redis;", namespace => $space, place => 'usage_store off;',
            http => 'usage_timeout 2s; usage_rate zone=q:64k rate=2r/m burst=1 share;');
        my $res = $too->ask(0, {%one}, token => 'a');
        is($res->{status}, $space eq 'test' ? 429 : 200, "namespace $space");
    }
};

subtest 'a 429 with Retry-After holds all gateways' => sub {
    my $g = gateways('100r/s burst=1 share');
    $sim->faults({ fault => 'status', status => 429, retry_after => 3, count => 1, skip => 5 });
    my $first = $g->send(0, { days(-32, -2) });
    my ($no) = Usage::Nginx->wait_for(sub {
        return (grep { $_->{status} == 429 } starts($g->nginx(0)))[0] });
    ok($no, 'the upstream has refused one call');
    my $second = $g->send(1, { days(-2, -2) });
    is($g->wrong($g->reply($second)), '', 'the other gateway has a true reply');
    $g->reply($first);
    $sim->faults;
    ok($no, 'the upstream refused') or return;
    my @later = grep { $_->{at} > 1000 * $no->{end} + 300 } starts(@{ $g->{nginx} });
    cmp_ok($later[0]{at} / 1000 - $no->{end}, '>=', 2.9, 'no call for as long as it said');
};

subtest 'clocks that differ' => sub {
    my $clock = Usage::Clock->new or plan skip_all => 'no clock';
    my $g = gateways('30r/s burst=3 share');
    my $week = 7 * 86400;
    $clock->ahead($week);
    my $other = $clock->nginx(%{ $g->nginx(1)->{o} });
    $g->{nginx}[1]->stop;
    $g->{nginx}[1] = $other;
    all_ask($g, 3, 'a week ahead', days(-22, -2));
    my @starts = sort { $a->{at} <=> $b->{at} } starts($g->nginx(0)),
        map { { %$_, at => $_->{at} - 1000 * $week } } starts($other);
    my $most = most(1000, @starts);
    ok(@starts == 6 * 21 && $most <= 30, "$most calls in a second, of 30");
    my @apart = map { now($_)->{usage_share_clock_difference_seconds} } @{ $g->{nginx} };
    cmp_ok($apart[0], '<', 60, 'usage_status: one is right');
    ok(abs($apart[1] - $week) < 60, "the other $apart[1] s apart");
    $_->stop_ok for @{ $g->{nginx} };
};

subtest 'another burst, another window' => sub {
    # all of the rate at once, and nothing more in the same second
    my $g = gateways('30r/s burst=30 share');
    all_ask($g, 1, 'a large burst', days(-18, -2));
    is_within($g, 30, 'a large burst');

    my $minute = gateways('40r/m burst=25 share');
    my @conn = map { $minute->send($_, { days(-12, -2) }) } 0, 1;
    is($minute->wrong($minute->reply($_)), '', 'a burst of a minute') for @conn;
    error_is($minute->ask(1, { days(-35, -5) }), 429, 'no more than the rest of the minute',
        headers => { 'Retry-After' => qr/\A\d+\z/ });
    my @starts = starts(@{ $minute->{nginx} });
    is(scalar @starts, 22, 'the refused request made none');
};

done_testing;
