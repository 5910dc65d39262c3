# SPDX-License-Identifier: BSD-2-Clause
#
# The day store, day by day: a day that was fetched is not fetched again, and a
# day that is not final yet is kept for usage_fresh only.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep);

use Usage::Clock;
use Usage::Nginx;
use Usage::Store qw(took stored);
use Usage::Test;

my $slow  = Usage::Nginx->slow;
my %week  = days(-9, -3);
my $fresh = \&Usage::Store::fresh_token;
my @desktops;

my $store = Usage::Store->start;
my ($sim, $nginx) = @$store{qw(sim nginx)};

# --- How many upstream calls a legacy call takes.

for my $idle (qw(shown hidden)) {
    for my $n (0, 1, 37, 100, 101, 250) {
        subtest "$n desktops, idle $idle" => sub {
            @desktops = $store->tenant(seed => 40 + $n, desktops => $n, idle => $idle);
            for ([ 'a week', %week ], [ 'a day', days(-3, -3) ],
                [ 'a month', days(-33, -3) ])
            {
                my ($name, %body) = @$_;
                my ($first, $again) = $store->twice({%body}, $name);
                my $d = days_between(@body{qw(start_time end_time)});
                stored($first, 0, "$name, first");
                stored($again, $d, "$name, again");
                took($first, $d, "$name, first") if $n <= 100;
            }
            $store->twice({ %week, offset => 3, limit => 5 }, 'a page');
            $store->twice({ %week, offset => $n, limit => 5 }, 'beyond the last');
            $store->twice({ %week, limit => '7' }, 'limit as a string');
            $store->twice({%week}, 'use_time as a string', at => 'string',
                query => 'use_time=string');
            $store->twice({%week}, 'one at a time', at => 'one');
            $store->twice({%week}, 'many at a time', at => 'wide');

            # another page than the first one, or the same written another way
            my $token = $fresh->();
            $store->ask({ %week, limit => 2 }, token => $token);
            for my $body ({ %week, limit => 100 }, { %week, offset => 1 },
                { %week, limit => 0 }, { %week, limit => 1, offset => $n })
            {
                my $res = $store->ask($body, token => $token);
                $store->true_ok($res, $body, 'another page');
                took($res, 1, 'another page');
            }
            my $res = $store->ask({%week}, token => $token, at => 'string');
            $store->true_ok($res, {%week}, 'stored as a number, read as a string',
                'use_time=string');
            took($res, 1, 'stored as a number, read as a string');
        };
    }
}

subtest 'of overlapping ranges only the missing days are fetched' => sub {
    for my $n (60, 250) {
        @desktops = $store->tenant(seed => 3, desktops => $n);
        my $token = $fresh->();
        my $pages = int(($n + 99) / 100);
        my @have;
        for ([ -12, -8 ], [ -10, -6 ], [ -12, -6 ], [ -11, -11 ], [ -4, -3 ],
            [ -14, -3 ], [ -14, -3 ], [ -3, -3 ], [ -33, -3 ], [ -40, -20 ])
        {
            my ($from, $to) = @$_;
            my %body    = days($from, $to);
            my @missing = grep { !$have[ -$_ ] } $from .. $to;
            my $res     = $store->ask({%body}, token => $token);
            my $name    = "$n desktops, $from to $to";
            $store->true_ok($res, {%body}, $name);
            stored($res, $to - $from + 1 - @missing, $name);
            if ($n <= 100 || !@missing) {
                took($res, @missing || 1, $name);
            } else {
                # (or a window of all the range, if that is less)
                cmp_ok(scalar @{ $res->{calls} }, '<=', ($pages + 1) * @missing,
                    "$name: no more upstream calls than for the missing days");
            }
            $have[ -$_ ] = 1 for $from .. $to;
        }
        # (all days but these two are stored)
        my %days;
        my $res = $store->ask({ days(-42, -30) }, token => $token);
        $days{ ($_->{query} =~ /start_time=(\d{4}-\d\d-\d\d)/)[0] // '' }++
            for @{ $res->{calls} };
        is_deeply([ sort keys %days ], [ map { on($_) } -42, -41 ],
            "$n desktops: upstream calls are for the missing days only") if $n <= 100;
    }
};

subtest 'days in the store never raise the number of upstream calls' => sub {
    for my $n (250, $slow ? () : 1000) {
        @desktops = $store->tenant(seed => 4, desktops => $n);
        for my $more ({}, { limit => 0 }, { desktop_ids => [ @desktops[ 5, 90 ] ] },
            { desktop_ids => [ @desktops[ 5, 90 ] ], limit => 0 })
        {
            my $body = { days(-33, -3), %$more };
            my $cold = @{ $store->ask($body, token => $fresh->())->{calls} };
            for my $days ([-3], [-17], [ -33, -20, -12, -5 ]) {
                my $token = $fresh->();
                $store->ask({ days($_, $_) }, token => $token) for @$days;
                my $res = $store->ask($body, token => $token);
                my $name = "$n desktops, " . join ' ', %$more, @$days;
                $store->true_ok($res, $body, $name);
                # (the parts of a range may each take a window over them)
                cmp_ok(scalar @{ $res->{calls} }, '<=',
                    $cold + @$days * (2 + int(($n + 99) / 100)),
                    "$name: as few upstream calls as with an empty store, $cold");
            }
        }
    }
};

# --- Days that are not final.

subtest 'a day that is not final is kept for usage_fresh' => sub {
    @desktops = $store->tenant(seed => 5, desktops => 30);

    # (three days ago are 96 hours at most, and seven days 168 at least)
    my $token = $fresh->();
    for my $at (qw(never hour second)) {
        my $token = $fresh->();
        my $old = { days(-9, -7) };
        $store->ask($old, at => $at, token => $token);
        my $res = $store->ask($old, at => $at, token => $token);
        $store->true_ok($res, $old, "$at: final days");
        took($res, 1, "$at: final days");
        stored($res, 3, "$at: final days");
    }

    my $young = { days(-3, -2) };
    my %again = (never => 2, hour => 1);
    for my $at (sort keys %again) {
        my $token = $fresh->();
        for my $i (1 .. 3) {
            my $res = $store->ask($young, at => $at, token => $token);
            $store->true_ok($res, $young, "$at: days not final, call $i");
            took($res, $i == 1 ? 2 : $again{$at}, "$at: days not final, call $i");
        }
    }

    # (nginx goes by its clock to the second: 1 s may last nearly 2)
    $store->ask($young, at => 'second', token => $token);
    sleep 2.1;
    my $res = $store->ask($young, at => 'second', token => $token);
    $store->true_ok($res, $young, 'a second later');
    took($res, 2, 'a second later');
    stored($res, 0, 'a second later');

    # each location goes by its own usage_fresh, whatever that was when it was stored
    $token = $fresh->();
    $store->ask($young, at => 'hour', token => $token);
    $res = $store->ask($young, at => 'never', token => $token);
    took($res, 2, 'stored with usage_fresh 1h, read with usage_fresh 0');

    # of this range some days are final, and some are not
    my $all = { days(-12, -1) };
    for (1 .. 3) {
        $store->true_ok($store->ask($all, at => 'never', token => $token), $all,
            'final days and others in one call');
    }
};

subtest 'days in the future cost next to nothing' => sub {
    plan skip_all => 'midnight is near' if near_midnight(120);
    @desktops = $store->tenant(seed => 5, desktops => 30);
    my $token = $fresh->();
    my $today = day(0);
    my %range = (start_time => date_add($today, -6), end_time => date_add($today, 9));
    my $first = $store->ask({%range}, at => 'hour', token => $token);
    my $again = $store->ask({%range}, at => 'hour', token => $token);
    plan skip_all => 'midnight has come' if day(0) ne $today;
    $store->true_ok($first, {%range}, 'a range into the future');
    is($again->{body}, $first->{body}, 'the second reply is the same to the byte');
    took($first, 7, 'a range into the future, first');
    took($again, 1, 'a range into the future, again');
    stored($again, 7, 'a range into the future, again');
    my ($of) = $again->{calls}[0]{query} =~ /start_time=(\d{4}-\d\d-\d\d)/;
    cmp_ok($of, 'le', $today, 'the authorization probe is for no day in the future');

    my %ahead = (start_time => date_add($today, 1), end_time => date_add($today, 5));
    for my $body ({%ahead}, { %ahead, limit => 0 },
        { %ahead, desktop_ids => [ @desktops[ 0, 1 ] ] })
    {
        my $res = $store->ask($body, at => 'hour', token => $token);
        $store->true_ok($res, $body, 'only days to come');
        cmp_ok(scalar @{ $res->{calls} }, '<=', 2,
            'only days to come: at most two upstream calls');
    }
};

# Checks which days a reply names as not final yet; undef: none.
sub provisional {
    my ($res, $days, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @header = @{ $res->{headers}{'x-usage-provisional'} || [] };
    is("@header", $days // '', "$name: the days that are not final");
    return;
}

subtest 'yesterday becomes final 38 hours after its start, at 14:00 UTC' => sub {
    my $clock = Usage::Clock->new or plan skip_all => 'no clock to be set';
    my %at = (
        never  => 'usage_fresh 0;',
        hour   => 'usage_fresh 1h;',
        second => 'usage_fresh 1s;',
        off    => 'usage_store off;',
        late   => 'usage_fresh 0; usage_final_after 36h;',
    );
    my $set = sub {
        my ($time) = @_;
        $clock->set($time);
        $sim->config(now => $time);
    };
    $clock->set('2026-06-15T12:30:00Z');
    my $night = $clock->nginx(upstream => $sim->port, http => Usage::Store->http,
        server => join '', map { Usage::Nginx->at($_ => $at{$_}) } sort keys %at);
    my $dark = Usage::Store->new(sim => $sim, nginx => $night);
    my %range = (start_time => '2026-06-10', end_time => '2026-06-15');
    my $ask = sub {
        my ($name, $calls, %o) = @_;
        local $Test::Builder::Level = $Test::Builder::Level + 1;
        my $body = delete $o{body} || {%range};
        $dark->{truth} = {};
        my $res = $dark->ask($body, %o);
        $dark->true_ok($res, $body, $name);
        took($res, $calls, $name) if defined $calls;
        return $res;
    };

    # the tenant's data go past the days
    $sim->tenant(seed => 8, desktops => 40, days => 20, idle => 'shown',
        now => '2026-06-16T12:00:00Z');

    $set->('2026-06-15T12:30:00Z');
    my $token = $fresh->();
    $ask->('12:30', 6, at => 'never', token => $token);
    my $res = $ask->('12:30, again', 2, at => 'never', token => $token);
    stored($res, 4, '12:30: all but yesterday and today');
    provisional($res, '2026-06-14, 2026-06-15', '12:30');
    $res = $ask->('12:30, final after 36 hours', undef, at => 'late', token => $fresh->());
    provisional($res, '2026-06-15', '12:30, final after 36 hours');
    $res = $ask->('12:30, days to come', undef, at => 'never', token => $fresh->(),
        body => { start_time => '2026-06-15', end_time => '2026-06-17' });
    provisional($res, '2026-06-15', '12:30, days to come');
    $res = $ask->('12:30, days past', undef, at => 'never', token => $fresh->(),
        body => { start_time => '2026-06-10', end_time => '2026-06-13' });
    provisional($res, undef, '12:30, days past');
    $set->('2026-06-15T13:50:00Z');
    $ask->('13:50', 2, at => 'never', token => $token);
    $set->('2026-06-15T14:00:01Z');
    $ask->('14:00:01', 2, at => 'never', token => $token);
    $res = $ask->('14:00:01, again', 1, at => 'never', token => $token);
    stored($res, 5, '14:00:01: all but today');
    provisional($res, '2026-06-15', '14:00:01');
    $set->('2026-06-16T13:00:00Z');
    $ask->('13:00 of the next day', 1, at => 'never', token => $token);
    $set->('2026-06-16T14:30:00Z');
    $ask->('14:30 of the next day', 1, at => 'never', token => $token);
    $res = $ask->('14:30 of the next day, again', 1, at => 'never', token => $token);
    stored($res, 6, '14:30 of the next day: all six days');

    # what was fetched before its day was final is fetched again after
    $token = $fresh->();
    $set->('2026-06-15T13:50:00Z');
    $ask->('fetched at 13:50, fresh for a second', 6, at => 'second', token => $token);
    $set->('2026-06-15T15:00:00Z');
    sleep 2.1;
    $ask->('read at 15:00', 2, at => 'second', token => $token);
    $res = $ask->('read at 15:00, again', undef, at => 'second', token => $token);
    cmp_ok(scalar @{ $res->{calls} }, '<=', 2, 'read at 15:00, again: yesterday is stored');
    $set->('2026-06-17T15:00:00Z');
    sleep 2.1;
    $ask->('read two days later', 1, at => 'second', token => $token);

    # a call that begins before 14:00 and ends after it
    for my $at (qw(never second)) {
        $token = $fresh->();
        $set->('2026-06-15T13:50:00Z');
        $sim->faults({ fault => 'delay', ms => 2000, api => 'desktop-metrics' });
        $sim->clear;
        my $c = $night->client;
        $c->send($c->format('POST', "/$at" . route(), body(%range),
            'X-Auth-Token' => $token));
        ok($night->wait_for(sub { 6 <= @{ $dark->calls } }),
            "$at: all upstream calls are under way before 14:00");
        $clock->set('2026-06-15T14:00:10Z');
        is($c->response->{status}, 200, "$at: the reply after 14:00 is a 200");
        $sim->faults;
        sleep 2.1;
        $set->('2026-06-15T14:00:20Z');
        $ask->("$at: yesterday, requested before 14:00", 2, at => $at, token => $token);
    }

    # usage_fresh counts from the upstream call's beginning
    $token = $fresh->();
    $set->('2026-06-15T12:00:00Z');
    $ask->('noon', 6, at => 'hour', token => $token);
    $ask->('noon, again', 1, at => 'hour', token => $token);

    # usage_final_after: until noon of the day after
    $token = $fresh->();
    $set->('2026-06-15T11:50:00Z');
    $ask->('before noon', 6, at => 'late', token => $token);
    $ask->('before noon, again', 2, at => 'late', token => $token);
    $set->('2026-06-15T12:00:01Z');
    $ask->('after noon', 2, at => 'late', token => $token);
    $ask->('after noon, again', 1, at => 'late', token => $token);

    # midnight comes between two calls: what was in the future becomes today
    for my $at (qw(never hour)) {
        $token = $fresh->();
        my $ahead = { start_time => '2026-06-13', end_time => '2026-06-18' };
        for my $time (qw(14T23:50:00 15T00:00:10 16T00:00:10 16T02:00:10
            17T02:00:10 18T12:00:00 19T12:00:00))
        {
            $set->("2026-06-${time}Z");
            $ask->("$at, $time", undef, at => $at, token => $token, body => $ahead);
            $ask->("$at, $time again", undef, at => $at, token => $token,
                body => $ahead);
            $ask->("$at, $time, no dates", undef, at => $at, token => $token,
                body => {});
        }
    }

    $night->stop_ok;
    $sim->config(now => 'real');
};

$nginx->stop_ok;
$sim->stop;

done_testing();
