# SPDX-License-Identifier: BSD-2-Clause
#
# One caller doesn't take from another what the day store has, and who has shown
# nothing to the service holds up nobody.

use strict;
use warnings;

use Test::More;

use Usage::Nginx;
use Usage::Sim;
use Usage::Store qw(took stored);
use Usage::Test;

my $sim   = Usage::Sim->start(args => [ '--seed', 1 ]);
my %week  = days(-9, -3);
my $fresh = \&Usage::Store::fresh_token;

sub gateway {
    my ($size, %o) = @_;
    my $nginx = Usage::Nginx->start(upstream => $sim->port,
        http => Usage::Store->http(size => $size), %o);
    return Usage::Store->new(sim => $sim, nginx => $nginx);
}

# Some months of another's days.
sub hog {
    my ($store, $token) = @_;
    my $wrong = 0;
    for my $month (0 .. 3) {
        my $res = $store->ask({ days(-33 - 31 * $month, -3 - 31 * $month) }, token => $token);
        $wrong++ if $res->{status} != 200;
    }
    return is($wrong, 0, 'another asks for far more than there is room for');
}

subtest 'who holds most pays' => sub {
    my $store = gateway('192k');
    $store->tenant(seed => 2, desktops => 90);
    my $token = $fresh->();
    took($store->ask({%week}, token => $token), 7, 'a week of the first caller');

    my $hog = $fresh->();
    hog($store, $hog) for 1, 2;
    my $res = $store->ask({%week}, token => $token);
    $store->true_ok($res, {%week}, "the week after another's calls");
    took($res, 1, "after another's calls the week");

    # the other's latest days are stored
    $res = $store->ask({ days(-126, -120) }, token => $hog);
    took($res, 1, 'the latest of the other one');

    # a new one finds room
    my $new = $fresh->();
    took($store->ask({%week}, token => $new), 7, 'a week of a new caller');
    took($store->ask({%week}, token => $new), 1, 'a week of a new caller, again');
    $store->{nginx}->stop_ok;
};

subtest 'who has no room is alone with that' => sub {
    my $store = gateway('96k');
    $store->tenant(seed => 3, desktops => 3000);
    my @ids = @{ $sim->desktops }[ 5, 9 ];
    my %few = (%week, desktop_ids => \@ids);
    my $res = $store->ask({ days(-33, -3) }, token => $fresh->());
    is($res->{status}, 200, 'one that the zone cannot hold');
    like($store->{nginx}->log_line(qr/no room/), qr/usage_store's zone has no room for a call/,
        'the error log says that there was no room');

    # so many that some share whatever is found by a hash
    for my $n (1 .. 12) {
        my $token = $fresh->();
        $store->ask({%few}, token => $token);
        $res = $store->ask({%few}, token => $token);
        $store->true_ok($res, {%few}, "small one $n");
        stored($res, 7, "small one $n");
    }
    $store->{nginx}->stop_ok;
};

# (few desktops are looked up one by one, for many all days are read)
subtest 'ids that do not exist' => sub {
    for my $desktops (60, 1500) {
        my $store = gateway('16m');
        $store->tenant(seed => 4, desktops => $desktops);
        my $n     = $desktops > 1000 ? 4 : 98;
        my $token = $fresh->();
        my @known = @{ $sim->desktops }[ 1, 2 ];
        my $body  = sub {
            my ($batch) = @_;
            return { days(-4, -3),
                desktop_ids => [ @known, map { "none-$batch-$_" } 1 .. $n ] };
        };
        my $last  = int(1000 / $n) + 3;
        my $wrong = 0;
        for my $batch (1 .. $last) {
            my $res = $store->ask($body->($batch), token => $token);
            $wrong++ if $res->{status} != 200
                || decode($res->{body})->{total_count} != 2;
        }
        is($wrong, 0, "$desktops desktops: many of them");
        my $alone = $store->ask($body->($last), token => $fresh->());
        my $first = $store->ask($body->(1), token => $token);
        $store->true_ok($first, $body->(1), "$desktops desktops: the first ids");
        took($first, 1, "$desktops desktops: the first ids");
        for (1, 2) {
            my $res = $store->ask($body->($last), token => $token);
            $store->true_ok($res, $body->($last), "$desktops desktops: the last ids");
            cmp_ok(scalar @{ $res->{calls} }, '>', 1,
                "$desktops desktops: the last ids have no place in the store");
            cmp_ok(scalar @{ $res->{calls} }, '<=', @{ $alone->{calls} }, 'no call more');
            # the second time one of its days is there for all
            $store->ask({ days(-4, -4) }, token => $token);
        }
        my %some = (days(-4, -3), desktop_ids => \@known);
        my $res = $store->ask({%some}, token => $token);
        $store->true_ok($res, {%some}, "$desktops desktops: ids that exist");
        stored($res, 2, "$desktops desktops: ids that exist");
        $store->{nginx}->stop_ok;
    }
};

subtest 'who has shown nothing' => sub {
    my $store = gateway('16m', server => join '',
        Usage::Nginx->at(all => 'usage_store_key $usage_project_id; usage_timeout '
            . Usage::Nginx->patience(5) . 's;'));
    my $nginx = $store->{nginx};
    $store->tenant(seed => 5, desktops => 60);
    $store->truth({%week});
    $sim->config(tokens => ['good']);
    for my $round ('not-known', 'known') {
        $sim->faults({ fault => 'hang', count => 1 });
        $sim->clear;
        my $bad = $nginx->client;
        $bad->send($nginx->client->format('POST', '/all' . route("p$round"),
            body(days(-3, -3)), 'X-Auth-Token' => $fresh->()));
        ok($nginx->wait_for(sub { @{ $store->calls } }), 'a bogus token asks');
        my $res = $store->ask({%week}, at => 'all', token => 'good',
            project => "p$round");
        $store->true_ok($res, {%week}, "a good one, $round, does not wait for it");
        $sim->faults;
        $bad->close;
    }
    $sim->config(tokens => []);
    $nginx->stop_ok;
};

$sim->stop;

done_testing();
