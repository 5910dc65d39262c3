# SPDX-License-Identifier: BSD-2-Clause
#
# The day store's zone: it outlives a reload, it may be too small, and what is used
# stays longest.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep);

use Usage::Nginx;
use Usage::Sim;
use Usage::Store qw(took stored);
use Usage::Test;

my $slow  = Usage::Nginx->slow;
my %week  = days(-9, -3);
my $fresh = \&Usage::Store::fresh_token;
my @desktops;

my $sim   = Usage::Sim->start(args => [ '--seed', 1 ]);
my $nginx = Usage::Nginx->start(upstream => $sim->port,
    http => Usage::Store->http, server => Usage::Store->places);
my $store = Usage::Store->new(sim => $sim, nginx => $nginx);

subtest 'a reload' => sub {
    @desktops = $store->tenant(seed => 19, desktops => 50);
    my $token = $fresh->();
    my $first = $store->ask({%week}, token => $token);
    for my $workers (1, 2, 1) {
        $nginx->reload_ok("a reload to $workers workers", workers => $workers);
        my $res = $store->ask({%week}, token => $token);
        is($res->{body}, $first->{body}, 'the same reply');
        took($res, 1, 'the store survives');
        stored($res, 7, 'the store survives');
    }
    # another size is another zone
    $nginx->reload_ok('a reload to another size', http => Usage::Store->http(size => '12m'));
    for my $n (7, 1) {
        my $res = $store->ask({%week}, token => $token);
        $store->true_ok($res, {%week}, 'a new zone');
        took($res, $n, 'a new zone');
    }
    # off, and on again
    $nginx->reload_ok('a reload without a store', http => Usage::Store->http(size => '12m') =~
        s/usage_store days;/usage_store off;/r);
    took($store->ask({%week}, token => $token), 7, 'off');
    $nginx->reload_ok('a reload with the store again', http => Usage::Store->http);
    $store->true_ok($store->ask({%week}, token => $token), {%week}, 'on again');
};

subtest 'a zone that is too small' => sub {
    my $size = Usage::Store->smallest;
    note("the smallest zone has $size KB");
    my $tiny  = $store->sized($size);
    my $tight = $tiny->{nginx};

    for my $n (20, 250, 2000) {
        @desktops = $store->tenant(seed => 20, desktops => $n);
        for my $range ([ days(-9, -3) ], [ days(-33, -3) ], [ days(-4, -4) ]) {
            for my $more ({}, { offset => 10, limit => 20 },
                { desktop_ids => [ @desktops[ 3, 1 ] ] })
            {
                my $body = { @$range, %$more };
                next if $n > 250 && ($slow || days_between(@$body{
                    qw(start_time end_time)}) > 7);
                for (1 .. 2) {
                    $tiny->true_ok($tiny->ask($body, token => "of-$n"), $body,
                        "$n desktops");
                }
            }
        }
    }

    $tight->stop_ok;
};

subtest 'the least recently used goes, and what is used stays' => sub {
    my $size  = 4 * Usage::Store->smallest;
    my $tiny  = $store->sized($size);
    my $tight = $tiny->{nginx};
    @desktops = $store->tenant(seed => 20, desktops => 20);
    my $two   = { days(-4, -3) };
    my $kept  = $fresh->();
    my $first = $fresh->();
    $tiny->ask($two, token => $_) for $kept, $first;
    took($tiny->ask($two, token => $kept), 1, 'room for these');
    my ($lost, $found) = (0, 0);
    for (1 .. 12) {
        for (1 .. 15) {
            my $res = $tiny->ask($two, token => $fresh->());
            $found++ if ($res->{log}{stored} // '') ne '0';
            $tiny->true_ok($res, $two, 'others') if $_ == 1;
        }
        # (who used what when may be known to the second only)
        sleep 1.1;
        my $res = $tiny->ask($two, token => $kept);
        $lost++ if ($res->{log}{stored} // '') ne '2';
    }
    is($lost, 0, 'what is used all the time stays');
    is($found, 0, 'of others nothing is there');
    my $res = $tiny->ask($two, token => $first);
    stored($res, 0, 'what was not used went');
    $tiny->true_ok($res, $two, 'what was not used');
    $tight->stop_ok;
};

# Days that a call needs don't go for those that it fetches itself: those of
# others do, until nothing else is left.
subtest 'a call makes no room with what it needs' => sub {
    my $size  = 2 * Usage::Store->smallest;
    my $tiny  = $store->sized($size);
    my $tight = $tiny->{nginx};
    @desktops = $store->tenant(seed => 26, desktops => 90);

    # so many days of others
    my $fill = sub {
        # (callers who hold much more take nothing from those who hold less)
        for (my $left = $_[0]; $left > 0; $left -= 5) {
            my $to = $left < 5 ? -41 + $left : -36;
            $tight->post(route(), $json->encode({ days(-40, $to) }),
                'X-Auth-Token' => $fresh->());
        }
    };

    # The first day is stored; others come, more and more, until it is gone when
    # the call comes: then each day is fetched once.  If it goes because of the
    # call, that takes more.
    my ($n, $token);
    my $two = { days(-4, -3) };
    for my $days (2, 5) {
        my $body = { days(-2 - $days, -3) };
        my $gone = 0;
        for ($n = 0; $n < 200 && !$gone; $n += $slow ? 8 : 1) {
            $token = $fresh->();
            $tiny->ask({ days(-2 - $days, -2 - $days) }, token => $token);
            $fill->($n);
            my $first = $tiny->ask($body, token => $token);
            $tiny->true_ok($first, $body, "$days days, $n others");
            $gone = @{ $first->{calls} } == $days;
            took($first, $days - 1, "$days days, $n others") if !$gone;
            stored($tiny->ask($body, token => $token), $days,
                "$days days, $n others, again");
        }
        ok($gone, "$days days: $n others fill the zone");
    }

    # the same where the others come while it fetches
    $token = $fresh->();
    $tiny->ask({ days(-4, -4) }, token => $token);
    $fill->(int $n * 0.7);
    # (who used what when is known to the second only)
    sleep 1.1;
    $sim->faults({ fault => 'delay', ms => 500, count => 1 });
    $sim->clear;
    my $c = $tight->client;
    $c->send($c->format('POST', route(), $json->encode($two), 'X-Auth-Token' => $token));
    ok($tight->wait_for(sub { @{ $tiny->calls } }), 'it fetches');
    $fill->(int $n * 0.7);
    $tiny->true_ok($c->response, $two, 'others meanwhile');
    $sim->faults;
    stored($tiny->ask($two, token => $token), 2, 'others meanwhile, again');
    unlike($tight->error_log, qr/no room for a call/, 'there was room');
    $tight->stop_ok;
};

# What a call has found is there, or is asked for, though it goes meanwhile.
subtest 'what goes while a call is under way' => sub {
    my $size  = Usage::Store->smallest;
    my $tiny  = $store->sized($size);
    my $tight = $tiny->{nginx};
    @desktops = $store->tenant(seed => 24, desktops => 30);
    my $others = { days(-9, -4) };
    for my $body ({%week}, { days(-5, -3) }, { %week, desktop_ids => [ @desktops[ 8, 2 ] ] },
        { days(-12, -3) })
    {
        $store->truth($_) for $body, $others;
        for my $how ('others', 'reload') {
            my $token = $fresh->();
            $tiny->ask({%week}, token => $token);
            $sim->faults({ fault => 'hang', count => $body->{start_time} eq on(-12)
                ? 3 : 1 });
            $sim->clear;
            my $c = $tight->client;
            $c->send($c->format('POST', route(), $json->encode($body),
                'X-Auth-Token' => $token));
            ok($tight->wait_for(sub { @{ $tiny->calls } }), 'it has begun');
            if ($how eq 'others') {
                my $wrong = grep { $_->{status} != 200 } map {
                    $tiny->ask($others, token => $fresh->()) } 1 .. $size;
                is($wrong, 0, 'others fill the zone');
            } else {
                ok($tight->reload, 'a reload');
            }
            # (what hung is closed, and maybe asked for again)
            $sim->faults;
            my $res = $c->response;
            if ($res->{status} == 200) { $tiny->true_ok($res, $body, $how) }
            else { error_is($res, 502, "$how: what hung is closed") }

            # the same with a reply that comes
            $tiny->ask({%week}, token => $token);
            $sim->faults({ fault => 'delay', ms => 400, count => 1 });
            $sim->clear;
            $c = $tight->client;
            $c->send($c->format('POST', route(), $json->encode($body),
                'X-Auth-Token' => $token));
            ok($tight->wait_for(sub { @{ $tiny->calls } }), 'it has begun');
            $tiny->ask($others, token => $fresh->()) for 1 .. 8;
            $tiny->true_ok($c->response, $body, "$how: meanwhile");
            $sim->faults;
        }
    }
    $tight->stop_ok;
};

$nginx->stop_ok;
$sim->stop;

done_testing();
