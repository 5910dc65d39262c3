# SPDX-License-Identifier: BSD-2-Clause
#
# The day store's zone: it outlives a reload, it may be too small, and what is used
# stays longest.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep);

use Usage::Nginx;
use Usage::Store qw(took stored);
use Usage::Test;

my $slow  = Usage::Nginx->slow;
my %week  = days(-9, -3);
my $fresh = \&Usage::Store::fresh_token;
my @desktops;

my $store = Usage::Store->start;
my ($sim, $nginx) = @$store{qw(sim nginx)};

subtest 'the store outlives a reload' => sub {
    @desktops = $store->tenant(seed => 19, desktops => 50);
    my $token = $fresh->();
    my $first = $store->ask({%week}, token => $token);
    for my $workers (1, 2, 1) {
        $nginx->reload_ok("a reload to $workers workers", workers => $workers);
        my $res = $store->ask({%week}, token => $token);
        my $name = "after a reload to $workers workers";
        is($res->{body}, $first->{body}, "$name the reply is the same to the byte");
        took($res, 1, $name);
        stored($res, 7, $name);
    }
    # a zone of another size is a new one
    $nginx->reload_ok('a reload to another size', http => Usage::Store->http(size => '12m'));
    for my $n (7, 1) {
        my $res = $store->ask({%week}, token => $token);
        my $name = 'a new zone, ' . ($n == 7 ? 'empty' : 'filled');
        $store->true_ok($res, {%week}, $name);
        took($res, $n, $name);
    }
    $nginx->reload_ok('a reload without a store', http => Usage::Store->http(size => '12m') =~
        s/usage_store days;/usage_store off;/r);
    took($store->ask({%week}, token => $token), 7, 'without a store');
    $nginx->reload_ok('a reload with the store again', http => Usage::Store->http);
    $store->true_ok($store->ask({%week}, token => $token), {%week}, 'with a store again');
};

subtest 'a zone that is too small makes no reply wrong' => sub {
    my $tiny  = $store->sized(Usage::Store->smallest);
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
                        "$n desktops, call $_");
                }
            }
        }
    }

    $tight->stop_ok;
};

subtest 'the least recently used days go first' => sub {
    my $tiny  = $store->sized(4 * Usage::Store->smallest);
    my $tight = $tiny->{nginx};
    @desktops = $store->tenant(seed => 20, desktops => 20);
    my $two   = { days(-4, -3) };
    my $kept  = $fresh->();
    my $first = $fresh->();
    $tiny->ask($two, token => $_) for $kept, $first;
    took($tiny->ask($two, token => $kept), 1, 'the zone has room for these days');
    my ($lost, $found) = (0, 0);
    for (1 .. 12) {
        for (1 .. 15) {
            my $res = $tiny->ask($two, token => $fresh->());
            $found++ if ($res->{log}{stored} // '') ne '0';
            $tiny->true_ok($res, $two, 'the days of another') if $_ == 1;
        }
        # (the time of use may be known to the second only)
        sleep 1.1;
        my $res = $tiny->ask($two, token => $kept);
        $lost++ if ($res->{log}{stored} // '') ne '2';
    }
    is($lost, 0, 'days that are used all the time stay');
    is($found, 0, 'a new caller finds no days stored');
    my $res = $tiny->ask($two, token => $first);
    stored($res, 0, 'days that were not used go');
    $tiny->true_ok($res, $two, 'days that were not used');
    $tight->stop_ok;
};

# (it removes the days of others, as long as there are some)
subtest 'a call removes no stored day that it needs itself' => sub {
    my $tiny  = $store->sized(2 * Usage::Store->smallest);
    my $tight = $tiny->{nginx};
    @desktops = $store->tenant(seed => 26, desktops => 90);

    # fills the zone with so many days of others
    my $fill = sub {
        # (callers who hold much more take nothing from those who hold less)
        for (my $left = $_[0]; $left > 0; $left -= 5) {
            my $to = $left < 5 ? -41 + $left : -36;
            $tight->post(route(), $json->encode({ days(-40, $to) }),
                'X-Auth-Token' => $fresh->());
        }
    };

    # The first day is stored.  Others come, more in each round, until they have
    # removed it before the call comes: then the call fetches each day once.  If the
    # call itself removed the day, it would take more upstream calls.
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
        ok($gone, "$days days: in the end the days of others fill the zone");
    }

    # the same if the others come while the call fetches
    $token = $fresh->();
    $tiny->ask({ days(-4, -4) }, token => $token);
    $fill->(int $n * 0.7);
    # (the time of use is known to the second only)
    sleep 1.1;
    $sim->faults({ fault => 'delay', ms => 500, count => 1 });
    $sim->clear;
    my $c = $tight->client;
    $c->send($c->format('POST', route(), $json->encode($two), 'X-Auth-Token' => $token));
    ok($tight->wait_for(sub { @{ $tiny->calls } }), 'the call fetches the missing day');
    $fill->(int $n * 0.7);
    $tiny->true_ok($c->response, $two, 'days of others come while a call fetches');
    $sim->faults;
    stored($tiny->ask($two, token => $token), 2,
        'days of others came while a call fetched, again');
    unlike($tight->error_log, qr/no room for a call/, 'each call found room');
    $tight->stop_ok;
};

# A call uses what it found, or fetches it.
subtest 'days may be removed while a call that needs them is under way' => sub {
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
            ok($tight->wait_for(sub { @{ $tiny->calls } }),
                "$how: a call has begun, whose upstream calls hang");
            if ($how eq 'others') {
                my $wrong = grep { $_->{status} != 200 } map {
                    $tiny->ask($others, token => $fresh->()) } 1 .. $size;
                is($wrong, 0, 'the days of others fill the zone');
            } else {
                ok($tight->reload, 'nginx reloads');
            }
            # (what hung is closed, and may be tried again)
            $sim->faults;
            my $res = $c->response;
            if ($res->{status} == 200) { $tiny->true_ok($res, $body, $how) }
            else { error_is($res, 502, "$how: what hung is closed") }

            # the same with an upstream call that is late
            $tiny->ask({%week}, token => $token);
            $sim->faults({ fault => 'delay', ms => 400, count => 1 });
            $sim->clear;
            $c = $tight->client;
            $c->send($c->format('POST', route(), $json->encode($body),
                'X-Auth-Token' => $token));
            ok($tight->wait_for(sub { @{ $tiny->calls } }),
                "$how: a call has begun, whose first upstream call is late");
            $tiny->ask($others, token => $fresh->()) for 1 .. 8;
            $tiny->true_ok($c->response, $body, "$how: the late reply");
            $sim->faults;
        }
    }
    $tight->stop_ok;
};

$nginx->stop_ok;
$sim->stop;

done_testing();
