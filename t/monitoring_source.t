# SPDX-License-Identifier: BSD-2-Clause
#
# Desktop monitoring as a source of days and hours: translation.md, "Desktop
# monitoring".  (t/monitoring.t is about metrics.)

use strict;
use warnings;

use Test::More;

use Usage::Nginx;
use Usage::Random;
use Usage::Sim;
use Usage::Test;

my $TRUE  = JSON::PP::true();
my $FALSE = JSON::PP::false();

my $sim = Usage::Sim->start(args => [ '--seed', 1 ]);

my $nginx = Usage::Nginx->start(
    upstream => $sim->port,
    http     => 'usage_retries 0; usage_store zone=days:4m;',
    location => 'usage_monitoring on;',
    server   => join('',
        Usage::Nginx->at(off   => ''),
        Usage::Nginx->at(both  => 'usage_monitoring on; usage_connections on;'),
        Usage::Nginx->at(old   => 'usage_monitoring on; usage_connections on;'
                . ' usage_retention desktops=180d users=30d records=5d;'),
        Usage::Nginx->at(id    => 'usage_monitoring on; usage_resource_id on;'),
        Usage::Nginx->at(store => 'usage_monitoring on; usage_store days;'))
);

my $serial = 0;

# A call: the reply, and the names of the upstream calls.
sub ask {
    my ($at, %body) = @_;
    my $id = 'm' . ++$serial;
    $sim->clear;
    my $res = $nginx->post((length $at ? "/$at" : '') . route(), body(%body),
        'X-Auth-Token' => 'token', 'X-Request-Id' => $id);
    my @calls = map { $_->{api} } @{ $sim->calls };
    is($nginx->logged($id)->{calls}, scalar @calls, '$usage_calls');
    return ($res, @calls);
}

sub hour { return int(time / 3600) }

# The reply is the simulator's own; returns the upstream calls.
sub is_true {
    my ($name, $at, %body) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my ($res, @calls, $true, $hour);
    for (1, 2) {
        $hour = hour();
        ($res, @calls) = ask($at, %body);
        $true = ($sim->legacy({%body}, -query => 'filed=yes&gone=apart'))[2];
        last if hour() == $hour;
    }

    my $differ = $res->{status} != 200 ? "status $res->{status}: $res->{body}"
        : same_json($res->{body}, $true);
    is($differ, '', "$name: " . @calls . ' calls')
        or diag(map { "$_->{api} $_->{path}?$_->{query}\n" } @{ $sim->calls });
    return @calls;
}

sub of { my ($api, @calls) = @_; return scalar grep { $_ eq $api } @calls }

# --- A large project.

# Those that are in use on many days come first.
sub by_use {
    my %use = $sim->usage(Usage::Sim::window(day(-36), day(-6)));
    return sort { $use{$b} <=> $use{$a} || $a cmp $b } keys %use;
}

for my $idle (qw(shown hidden)) {
    my $tenant = rnd(1 << 20);
    $sim->tenant(seed => $tenant, desktops => 2000, days => 45, idle => $idle);
    my @ids = by_use();

    subtest "one desktop of 2000 (idle $idle, tenant $tenant), 31 days: at most 5 calls" => sub {
        plan skip_all => 'midnight is near' if near_midnight(60);
        for my $first (-30, -31, -32, -36, -40) {
            for my $id (@ids[ 0, 1, rnd(500), rnd(1000) ]) {
                my @calls = is_true("$id from $first on", '', desktop_ids => [$id],
                    start_time => day($first), end_time => day($first + 30));
                ok(@calls <= 5, 'at most 5 calls') or diag("@calls");
                ok(of(monitor => @calls) > 0, 'monitoring is asked');
            }
        }
        my @calls = is_true('by its id', 'id', desktop_ids => [ $ids[0] ],
            start_time => day(-36), end_time => day(-6));
        is_deeply(\@calls, [qw(desktop-metrics monitor monitor)], 'no name is needed');
        @calls = is_true('usage_monitoring off', 'off', desktop_ids => [ $ids[0] ],
            start_time => day(-36), end_time => day(-6));
        is(of(monitor => @calls), 0, 'usage_monitoring is off by default');
        ok(@calls > 15, 'many calls without it');
    };

    subtest 'five desktops' => sub {
        my @calls = is_true('31 days', '', desktop_ids => [ @ids[ 0 .. 4 ] ],
            start_time => day(-36), end_time => day(-6));
        ok(@calls <= 2 + 1 + 5 + 10, 'at most 18 calls') or diag("@calls");
        @calls = is_true('with one that nobody knows', '', desktop_ids => [ $ids[0], 'nobody' ],
            start_time => day(-12), end_time => day(-6));
        @calls = is_true('2 days', '', desktop_ids => [ $ids[0] ],
            start_time => day(-7), end_time => day(-6));
        is(of(monitor => @calls), 0, 'nothing is saved for 2 days');
    };

    subtest 'a user' => sub {
        my ($user) = grep { @{ $_->{alone} } == 1 } @{ $sim->users(detail => 1) };
        my ($res, @calls) = ask('', desktop_username => $user->{user_name},
            start_time => day(-20), end_time => day(-6));
        is($res->{status}, 200, 'a reply');
        is(of(monitor => @calls), 0, 'monitoring tells no user');
    };
}

# --- Hours.

my @ids = by_use();

subtest 'hours of one desktop of 2000' => sub {
    plan skip_all => 'midnight is near' if near_midnight(60);
    for my $first (-36, -30, -6) {
        my $last = $first + 30 > 0 ? 0 : $first + 30;
        my @calls = is_true("from $first on", '', desktop_ids => [ $ids[0] ],
            group_by_type => 'HOUR', start_time => day($first), end_time => day($last));
        ok(@calls <= 4, 'at most 4 calls') or diag("@calls");
        is(of(records => @calls), 0, 'no records');
    }

    my @calls = is_true('with records', 'both', desktop_ids => [ $ids[0] ],
        group_by_type => 'HOUR', start_time => day(-36), end_time => day(-6));
    ok(of(records => @calls) <= 1, 'the first page of records, at most') or diag("@calls");
    ok(of(monitor => @calls), 'and the periods');
    is_true('of many desktops', 'both', desktop_ids => [ @ids[ 0 .. 40 ] ],
        group_by_type => 'HOUR', start_time => day(-7), end_time => day(-6));
};

subtest 'what has no hours' => sub {
    for my $body ({}, { desktop_username => 'x' }, { desktop_username => 'x', desktop_ids => ['d'] }) {
        my ($res, @calls) = ask('', group_by_type => 'HOUR', %$body);
        error_is($res, 400, body(%$body), detail => [ qr/HOUR/, qr/usage_connections is off/,
            qr/desktop monitoring tells hours of desktop_ids only/ ]);
        is(scalar @calls, 0, 'no upstream call');
    }
    my ($res) = ask('off', group_by_type => 'HOUR', desktop_ids => ['d']);
    error_is($res, 400, 'both are off', detail => [ qr/usage_connections is off/, qr/usage_monitoring is off/ ]);
};

# --- A small project, to the second.

my $day = day(-9);

sub at {
    my ($days, $time) = @_;
    return date_add($day, $days) . "T${time}Z";
}

sub session {
    my ($desktop, $from, $to) = @_;
    return { desktop_id => $desktop, user_name => 'ann', start => $from, setup => $from, end => $to };
}

sub tenant {
    my (@sessions) = @_;
    $sim->faults;
    $sim->config(habits => 'default');
    $sim->tenant(sessions => \@sessions,
        desktops => [ map { { desktop_id => $_, computer_name => "PC-$_", users => ['ann'] } } qw(d1 d2) ]);
    return;
}

my %week  = (start_time => $day, end_time => date_add($day, 6), desktop_ids => ['d1']);
my %hours = (%week, group_by_type => 'HOUR');

subtest 'periods' => sub {
    my @cases = (
        [ 'across midnight', at(1, '23:00:00'), at(2, '01:30:00') ],
        [ 'across the start', at(-1, '12:00:00'), at(0, '12:00:00') ],
        [ 'across the end', at(6, '12:00:00'), at(7, '12:00:00') ],
        [ 'of days', at(1, '12:00:00'), at(5, '12:00:00') ],
        [ 'from long before', at(-5, '12:00:00'), at(3, '12:00:00') ],
        [ 'outside', at(-2, '12:00:00'), at(-2, '13:00:00') ],
    );
    for my $earlier ($TRUE, $FALSE) {
        for (@cases) {
            my ($name, $from, $to) = @$_;
            tenant(session(d1 => $from, $to), session(d1 => at(3, '15:00:00'), at(3, '15:00:07')));
            $sim->config(monitor_earlier => $earlier);
            my @calls = is_true("$name, days", '', %week);
            is(of(monitor => @calls), 1, 'one call of monitoring');
            is_true("$name, hours", '', %hours);
        }
    }
};

subtest 'a session that is still open' => sub {
    plan skip_all => 'midnight is near' if near_midnight(60);
    tenant(session(d1 => at(1, '23:00:00'), undef));
    is_true('days', '', %week);
    is_true('days, up to today', '', %week, end_time => day(0));
    my ($res) = ask('', %hours, end_time => day(0));
    my $e = decode($res->{body})->{desktop_used_info_list}[0];
    my $n = (days_between($day, day(0)) - 1) * 24;
    is($e->{used_info_list}[$n - 1]{use_time}, 1, 'the last hour of yesterday');
    my @now = gmtime;
    is($e->{used_info_list}[ $n + $now[2] + 1 ]{use_time}, 0, 'an hour to come') if $now[2] < 23;
};

subtest 'forms of times' => sub {
    for my $form (qw(T-Z T space-Z space)) {
        for my $open (qw(missing null empty year-1 year-1-space)) {
            tenant(session(d1 => at(1, '23:00:00'), at(2, '01:30:00')),
                session(d1 => at(4, '12:00:00'), undef));
            $sim->config(times => $form, open_end => $open);
            my @calls = is_true("$form, $open: days", '', %week);
            is(of('desktop-metrics' => @calls), 1, 'monitoring tells them');
            is_true("$form, $open: hours", '', %hours);
        }
    }
};

# --- When monitoring does not tell it.

sub some_sessions {
    tenant(map { session(d1 => at($_, '08:00:00'), at($_, '10:00:03')) } 0 .. 6);
    return;
}

subtest 'no right: the ways without it' => sub {
    some_sessions();
    $sim->faults({ fault => 'status', status => 403, code => 'WKS.0403', api => 'monitor' });
    is(of(monitor => is_true('days', '', %week)), 1, 'monitoring is asked once');
    is(of(monitor => is_true('hours, with records', 'both', %hours)), 1, 'monitoring is asked once');
    my ($res) = ask('', %hours);
    is($res->{status}, 403, 'hours without records: the 403');
    like($res->{body}, qr/WKS\.0403/, 'as it is');
    like($nginx->error_log, qr/workspace:desktops:getMonitor and ces:metricData:get/,
        'the error log names the rights that are missing');
};

subtest 'monitoring knows no such desktop: statistics decide' => sub {
    some_sessions();
    $sim->faults({ fault => 'status', status => 404, code => 'WKS.0404', api => 'monitor' });
    is_true('days', '', %week);
    is_true('hours, with records', 'both', %hours);
    my ($res) = ask('', %hours);
    error_is($res, 502, 'hours without records', detail => [ qr/d1/, qr/monitoring shows 0\.00 hours/, qr/statistics say 14\.01/ ]);
};

subtest 'any other error is an error' => sub {
    some_sessions();
    for (
        [ { fault => 'status', status => 500, code => 'WKS.0500' }, 500 ],
        [ { fault => 'status', status => 400, code => 'WKS.0400' }, 400 ],
        [ { fault => 'status', status => 200, code => 'WKS.0001' }, 502 ],
        [ { fault => 'period-error', code => 'CES.0014', msg => 'no data' }, 502, qr/CES\.0014/ ],
        [ { fault => 'bad-time' }, 502, qr/connection_setup_time|connection_end_time/ ],
        [ { fault => 'end-first' }, 502, qr/connection_end_time/ ],
    ) {
        my ($fault, $status, $words) = @$_;
        $sim->faults({ %$fault, api => 'monitor' });
        my ($res) = ask('', %week);
        is($res->{status}, $status, "$fault->{fault} " . ($fault->{status} // '')) or diag($res->{body});
        like($res->{body}, $words, 'and why') if $words;
    }
};

subtest 'periods that are missing: days and hours are true, or refused' => sub {
    # a session that began long before, and one of an hour
    tenant(session(d1 => at(-29, '12:00:00'), at(2, '12:00:00')), session(d1 => at(4, '08:00:00'), at(4, '09:00:00')));
    $sim->config(monitor_earlier => $FALSE);
    my @calls = is_true('days', '', %week);
    is(of(monitor => @calls), 1, 'monitoring is asked');
    ok(of('desktop-metrics' => @calls) > 1, 'and days from statistics');
    my ($res) = ask('', %hours);
    error_is($res, 502, 'hours: both figures', detail => [ qr/monitoring shows 1\.00 hours/, qr/statistics say 61\.00/ ]);
};

subtest 'hours that are older than the records' => sub {
    some_sessions();
    my @calls = is_true('monitoring tells them', 'old', %hours);
    is(of(records => @calls), 0, 'no records');
    $sim->faults({ fault => 'status', status => 404, code => 'WKS.0404', api => 'monitor' });
    my ($res) = ask('old', %hours);
    error_is($res, 502, 'or an error says both figures', detail => [ qr/monitoring shows 0\.00 hours/, qr/say 14\.01/ ]);
};

subtest 'the day store has what monitoring told' => sub {
    some_sessions();
    is(of(monitor => is_true('fetched', 'store', %week)), 1, 'from monitoring');
    my @calls = is_true('stored', 'store', %week);
    is_deeply(\@calls, ['desktop-metrics'], 'only the authorization probe');
};

done_testing();
