# SPDX-License-Identifier: BSD-2-Clause
#
# What a call had fetched when it failed, was refused, timed out or lost its client is in
# the day store: the next one fetches the rest, and its reply is true.
#
#   USAGE_SEED            the seed, printed if the test fails
#   USAGE_RANDOM_COUNT    pairs of random calls to make, 300

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep);

use Usage::Nginx;
use Usage::Pair qw(@FAULTS epoch);
use Usage::Random;
use Usage::Store qw(took stored);
use Usage::Test;

my %month = days(-33, -3);
my %week  = days(-9, -3);
my $fresh = \&Usage::Store::fresh_token;

my $store = Usage::Store->start;
my ($sim, $nginx) = @$store{qw(sim nginx)};

# The calls that a request takes if nothing is stored.
sub alone {
    my ($body) = @_;
    return scalar @{ $store->ask($body, token => $fresh->())->{calls} };
}

# A test: after a call that ended early, one like it is true and takes so many calls at
# most; the one after that takes one.
sub rest_ok {
    my ($body, $token, $most, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    $sim->faults;
    my $res = $store->ask($body, token => $token);
    $store->true_ok($res, $body, $name);
    cmp_ok(scalar @{ $res->{calls} }, '<=', $most, "$name: the rest is fetched");
    my $again = $store->ask($body, token => $token);
    is($again->{body}, $res->{body}, "$name: once more, the same");
    took($again, 1, "$name, once more");
    return $res;
}

for my $idle (qw(shown hidden)) {
    for my $desktops (60, 250) {
        $store->tenant(seed => 18, desktops => $desktops, idle => $idle);
        my $all = alone({%month});
        my $pages = int(($desktops + 99) / 100);
        my $what = "$desktops desktops, idle $idle, of $all calls";

        for my $fault (
            { fault => 'status', status => 500 }, { fault => 'status', status => 403 },
            { fault => 'status', status => 429 }, { fault => 'truncate' },
            { fault => 'reset' }, { fault => 'negative' }, { fault => 'rows' },
            { fault => 'hang' })
        {
            for my $good (1, int($all / 2), $all - 1) {
                my $name = "$what, $fault->{fault} " . ($fault->{status} // '')
                    . " after $good";
                my $token = $fresh->();
                $sim->faults({ %$fault, skip => $good });
                my $at = $fault->{fault} eq 'hang' || ($fault->{status} // 0) == 429
                    ? 'soon' : 'one';
                my $res = $store->ask({%month}, token => $token, at => $at);
                cmp_ok($res->{status}, '>=', 400, "$name: an error");

                # the days and the rows behind those that are here; of the range, and of
                # days that were under way together, all
                my $lost = $at eq 'one' ? $pages : $pages + 10;
                rest_ok({%month}, $token, $all - $good + $lost, $name);
            }
        }
    }
}

subtest 'whole days are there for any request' => sub {
    $store->tenant(seed => 19, desktops => 60);
    my $token = $fresh->();
    $sim->faults({ fault => 'status', status => 500, day => on(-6) });
    is($store->ask({%week}, token => $token, at => 'one')->{status}, 500, 'a week fails');
    $sim->faults;
    for my $body ({ days(-9, -7) }, { days(-8, -8), limit => 3 },
        { days(-9, -8), desktop_ids => [ $sim->desktops->[3] ] })
    {
        my $res = $store->ask($body, token => $token);
        $store->true_ok($res, $body, 'of the days before that');
        took($res, 1, 'of the days before that');
    }
    took($store->ask({%week}, token => $fresh->()), 7, 'another token');
    took($store->ask({%week}, token => $token, project => 'q'), 7, 'another project');
};

subtest 'requested desktops' => sub {
    my @ids = $store->tenant(seed => 20, desktops => 250, idle => 'hidden');
    my %many = (%month, desktop_ids => [ @ids[ 0 .. 149 ], 'nobody' ]);
    my $all = alone({%many});
    for my $good (int($all / 2), $all - 2) {
        my $token = $fresh->();
        $sim->faults({ fault => 'status', status => 500, skip => $good });
        is($store->ask({%many}, token => $token, at => 'one')->{status}, 500,
            'many of all desktops fail');
        # (the first pages of all days come first)
        rest_ok({%many}, $token, $all - $good + 34, "many of all desktops, $good of $all");
    }

    my %few = (%month, desktop_ids => [ @ids[ 0 .. 2 ], 'nobody' ]);
    $all = alone({%few});
    my $token = $fresh->();
    $sim->faults({ fault => 'status', status => 500, skip => 1, api => 'directory' },
        { fault => 'status', status => 500, skip => int($all / 2) });
    is($store->ask({%few}, token => $token, at => 'one')->{status}, 500, 'few fail');
    rest_ok({%few}, $token, $all, 'few of all desktops');

    # all days are here, but not the directory's word
    $store->tenant(seed => 20, desktops => 30);
    my %unknown = (%week, desktop_ids => [ @{ $sim->desktops }[ 0 .. 9 ], 'nobody' ]);
    $all = alone({%unknown});
    $token = $fresh->();
    $sim->faults({ fault => 'status', status => 500, api => 'directory' });
    is($store->ask({%unknown}, token => $token)->{status}, 500, 'the directory fails');
    rest_ok({%unknown}, $token, 2, 'after the directory failed');
};

subtest 'pages that contradict each other' => sub {
    $store->tenant(seed => 21, desktops => 250);
    for my $fault ({ fault => 'shift', offset => 100 }, { fault => 'unsorted' },
        { fault => 'lying-count', offset => 100 }, { fault => 'rows', offset => 100 },
        { fault => 'duplicate' }, { fault => 'shift', offset => 100,
        keep_count => JSON::PP::true() }, { fault => 'rows', day => on(-5) })
    {
        for my $skip (0, 7, 12) {
            my $token = $fresh->();
            my $name = "$fault->{fault} after $skip";
            $store->truth({%week});
            $sim->faults({ %$fault, skip => $skip }, { fault => 'status', status => 500,
                skip => 14 + $skip });
            my $res = $store->ask({%week}, token => $token, at => 'one');
            $store->true_ok($res, {%week}, $name) if $res->{status} == 200;
            $sim->faults;
            for my $body ({ days(-5, -5) }, { days(-9, -7), offset => 150 }, {%week}) {
                $store->true_ok($store->ask($body, token => $token), $body, "then, $name");
            }
        }
    }
};

# Starts a call, and gives its connection once so many upstream calls were made.
sub begin {
    my ($body, $token, $n) = @_;
    $sim->clear;
    my $conn = $nginx->client;
    $conn->send($conn->format('POST', '/one' . route(), body(%$body),
        'X-Auth-Token' => $token));
    $nginx->wait_for(sub { @{ $store->calls } >= $n });
    return $conn;
}

subtest 'the client leaves, the worker is killed' => sub {
    $store->tenant(seed => 22, desktops => 250);
    my $all = alone({%month});

    my $token = $fresh->();
    $sim->faults({ fault => 'delay', ms => 20 });
    my $conn = begin({%month}, $token, 20);
    my $log = () = $store->log_lines;
    $conn->close;
    $nginx->wait_for(sub { $log < (() = $store->log_lines) });
    rest_ok({%month}, $token, $all - 19 + 3, 'a client that left after 20 calls');

    # a follower leads on
    $token = $fresh->();
    $sim->faults({ fault => 'delay', ms => 20 });
    $store->ask({ days(-50, -50) }, token => $token);
    $conn = begin({%month}, $token, 20);
    my $other = $nginx->client;
    $other->send($other->format('POST', route(), body(%month), 'X-Auth-Token' => $token));
    sleep 0.1;
    $conn->close;
    my $res = $other->response;
    $store->true_ok($res, {%month}, 'of a follower whose leader left');
    cmp_ok(scalar @{ $store->calls }, '<=', $all + 2 + 5, 'both take as many as one');

    # whole days that are a second old are stored, whatever happens then
    $store->tenant(seed => 22, desktops => 60);
    $all = alone({%month});
    $token = $fresh->();
    $sim->faults({ fault => 'delay', ms => 50 });
    $conn = begin({%month}, $token, 27);
    my ($worker) = $nginx->workers;
    kill KILL => $worker;
    $nginx->wait_for(sub { my @w = $nginx->workers; @w == 1 && $w[0] != $worker });
    rest_ok({%month}, $token, $all - 10, 'a worker that was killed after 27 calls');
};

$nginx->stop_ok(undef, allow => qr/exited on signal 9/);
$sim->stop;

subtest 'random calls with faults, then without' => sub {
    my $count = $ENV{USAGE_RANDOM_COUNT} || (Usage::Nginx->slow ? 30 : 300);
    my $pair = Usage::Pair->start(
        http   => 'usage_store zone=days:16m; usage_store days; usage_fresh 1h;',
        places => [ [ '' => '' ], [ one => 'usage_concurrency 1;' ],
            [ wide => 'usage_concurrency 64;' ] ]);
    my ($errors, @wrong) = (0);

    for my $i (0 .. $count - 1) {
        my ($fault) = @{ $FAULTS[ $i % @FAULTS ] };
        $pair->tenant(seed => rnd(1 << 20), desktops => pick(5, 30, 120, 250, 450),
            days => 31, idle => pick(qw(shown hidden))) if $i % 5 == 0;

        my ($r) = $pair->some_request(chance(50));
        my $begin = epoch();
        my $expect = $pair->simulator($json->encode($r));
        next if $expect->{status} != 200;

        $pair->sim->faults({ %$fault, skip => rnd(60), chance(50) ? (count => 3) : () });
        my ($at) = pick('', 'one', 'wide');
        my ($with) = $pair->gateway($at, $json->encode($r));
        $pair->sim->faults;
        my ($without) = $pair->gateway($at, $json->encode($r));
        next if epoch() != $begin;

        $errors += $with->{status} != 200;
        for my $res ($with->{status} == 200 ? $with : (), $without) {
            my $differ = $res->{error} || ($res->{status} != 200 ? $res->{status}
                : same_json($res->{body}, $expect->{body}));
            push @wrong, "$i at '$at', " . $json->encode($fault) . ": $differ\n"
                . substr $json->encode($r), 0, 300 if $differ;
        }
        last if @wrong > 3;
    }

    is(scalar @wrong, 0, "$count pairs of calls, $errors of which failed first")
        or diag(join "\n", @wrong);
    $pair->nginx->stop_ok;
    $pair->sim->stop;
};

done_testing();
