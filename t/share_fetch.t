# SPDX-License-Identifier: BSD-2-Clause
#
# One fetch for all gateways: of those that need the same days at the same time, one fetches
# them. Whatever becomes of it, of its client, or of Redis, the others' clients get their
# replies, and no lock stays behind.

use strict;
use warnings;

use Test::More;

use Usage::Gateways;
use Usage::Metrics;
use Usage::Nginx;
use Usage::Redis;
use Usage::Test;

Usage::Redis->need;

my $patience = Usage::Nginx->patience(60);
my $short    = Usage::Nginx->patience(1);

my $g = Usage::Gateways->start(gateways => 3,
    sim  => [ '--desktops', 120, '--days', 60, '--idle', 'shown' ],
    http => "usage_timeout ${patience}s; usage_retries 0; usage_concurrency 1;",
    server => Usage::Nginx->at(soon => "usage_timeout ${short}s;")
        . Usage::Nginx->at(alone => 'usage_share off; usage_store off;'));
my ($sim, $redis) = ($g->sim, $g->redis);

my %week = days(-9, -3);
my $plan = do {
    my $res = $g->ask(0, {%week}, at => 'alone');
    is($g->wrong($res), '', 'a report without sharing is true');
    scalar $g->took($res);
};
cmp_ok($plan, '>=', 8, "and takes $plan calls");

# The first gateway fetches, and is held at one day: how, says the fault. The others follow:
# they have made their call for the right. Returns the connections.
sub under_way {
    my ($fault, $token, @gateways) = @_;
    $g->clear;
    $sim->faults({ %$fault, day => on(-6) });
    my @conns = $g->send(0, {%week}, token => $token);
    $g->nginx->wait_for(sub { $g->took($conns[0]) }) or fail('the first gateway fetches');
    for my $i (@gateways) {
        push @conns, $g->send($i, {%week}, token => $token);
        $g->nginx->wait_for(sub { $g->took($conns[-1]) }) or fail("gateway $i follows");
    }
    return @conns;
}

# A test: the reply on a connection is true.
sub true_ok {
    my ($conn, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return is($g->wrong($g->reply($conn)), '', "$name: true");
}

# A test: no lock is in Redis, long before it ends by itself. (Days are longer.)
sub unlocked_ok {
    my ($name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return ok(Usage::Nginx->wait_for(sub {
        my $all = $redis->dump;
        return !grep { length $all->{$_} <= 32 } keys %$all;
    }, 4), "$name: no lock stays behind");
}

for my $gateways (2, 3) {
    subtest "$gateways gateways at once" => sub {
        my $token = $g->tenant;
        $g->clear;
        my @conns = map { $g->send($_, {%week}, token => $token) } 0 .. $gateways - 1;
        true_ok($conns[$_], "gateway $_") for 0 .. $#conns;
        is(scalar $g->calls, $plan + $gateways - 1,
            'one fetches, and each other one shows its right');
        unlocked_ok('afterwards');
    };
}

subtest 'many requests at each gateway' => sub {
    my $token = $g->tenant;
    $g->clear;
    my @conns = map { my $i = $_; map { $g->send($i, { %week, limit => $_ }, token => $token) }
        1 .. 5 } 0 .. 2;
    true_ok($_, 'a reply') for @conns;
    cmp_ok(scalar $g->calls, '<=', $plan + @conns - 1, 'one fetches for all');
    unlocked_ok('afterwards');
};

subtest 'a follower that ends early' => sub {
    my $token = $g->tenant;
    my ($leader, $leaves) = under_way({ fault => 'delay', ms => 3000 }, $token, 1);
    my $late = $g->ask(2, {%week}, token => $token, at => 'soon');
    error_is($late, 504, 'one whose time is up');
    is(scalar $g->took($late), 1, 'it made its call for the right, and no other');
    close $leaves->sock;
    true_ok($leader, 'who fetches');
    is(scalar $g->calls, $plan + 2, 'nobody else fetched');
    unlocked_ok('afterwards');
};

subtest 'who fetches fails' => sub {
    my $token = $g->tenant;
    my ($leader, @others) = under_way({ fault => 'hang' }, $token, 1, 2);
    # (which closes the connection that hangs)
    $sim->faults({ fault => 'status', status => 500, day => on(-6) });
    like($g->reply($leader)->{status}, qr{^50[02]\z}, 'who fetches fails');
    is($g->reply($_)->{status}, 500, 'the others fail as well') for @others;
    unlocked_ok('afterwards');
    $sim->faults;
    is($g->wrong($g->ask($_, {%week}, token => $token)), '', "gateway $_, later: true") for 0 .. 2;
};

subtest 'Redis forgets' => sub {
    # (a lock is there again within two seconds; who waits takes it after three)
    for my $try (1 .. 3) {
        my $token = $g->tenant;
        my ($leader, @others) = under_way({ fault => 'delay', ms => 6000 }, $token, 1, 2);
        $redis->flush;
        true_ok($leader, 'who fetches');
        true_ok($_, 'who follows') for @others;
        unlocked_ok('afterwards');
        my $calls = $g->calls;
        last if $calls == $plan + 2;
        ok($try < 3, "nobody else fetched in one of three tries: $calls calls");
    }
};

subtest 'Redis dies' => sub {
    my @conns = under_way({ fault => 'delay', ms => 3000 }, $g->tenant, 1, 2);
    $redis->kill;
    true_ok($_, 'without Redis') for @conns;
    cmp_ok(scalar $g->calls, '<=', 3 * $plan + 2, 'each fetched once at most');
    $redis->restart;
    Usage::Nginx->wait_for(sub {
        $g->ask($_, { days(-3, -3) }, token => $g->tenant) for 0 .. 2;
        return 3 == grep { now($g->nginx($_))->{'usage_share_up{location="/redis"}'} } 0 .. 2;
    }) or fail('Redis is up again');
    unlocked_ok('afterwards');
};

subtest 'who fetches is killed, or its client leaves' => sub {
    # (the lock ends by itself then)
    my @tokens = ($g->tenant, $g->tenant);
    my ($leaves, $left) = under_way({ fault => 'hang' }, $tokens[0], 1);
    close $leaves->sock;
    is($g->nginx(0)->logged($leaves->{id})->{status}, 499, 'a client has left');
    my ($leader, $follower) = under_way({ fault => 'hang' }, $tokens[1], 1);
    $g->restart(0);
    $sim->faults;
    for ([ $left, 'left by the client' ], [ $follower, 'killed' ]) {
        my ($conn, $name) = @$_;
        true_ok($conn, "who followed one that was $name");
        cmp_ok(scalar $g->took($conn), '>=', $plan, 'it fetched then');
    }
    unlocked_ok('afterwards');
    for (@tokens) {
        $g->clear;
        my $res = $g->ask(0, {%week}, token => $_);
        is($g->wrong($res), '', 'the gateway that was killed, started anew: true');
        is(scalar $g->took($res), 1, 'takes one call');
    }
};

$g->nginx($_)->stop_ok for 0 .. 2;
done_testing;
