#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# The simulator's habits and releases, each by its name, and desktop monitoring.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP ();
use List::Util qw(max min sum0 uniq);
use Test::More;
use Time::Local qw(timegm);

use Usage::Sim qw($DESKTOPS $USERS $RECORDS metric window);

my ($yes, $no) = (JSON::PP::true, JSON::PP::false);
my $sim = Usage::Sim->start;

# Two desktops, whose sessions begin at times that the tests below look for.
my %tenant = (
    now   => '2023-03-10T12:00:00Z',
    users => [
        { user_name => 'ann',     domain => 'a.com' },
        { user_name => 'Joann',   domain => 'a.com' },
        { user_name => 'ann',     domain => 'b.com' },
    ],
    desktops => [
        { desktop_id => 'd1', computer_name => 'ONE', os_host_name => 'OS-ONE',
            sid => 's1', users => [ 'ann', 'Joann' ] },
        { desktop_id => 'd2', computer_name => 'TWO', sid => 's2', users => ['Joann'] },
    ],
    sessions => [
        { desktop_id => 'd1', user_name => 'ann', domain => 'a.com',
            setup => '2023-03-09T08:00:00Z', end => '2023-03-09T09:00:00Z' },
        { desktop_id => 'd1', user_name => 'Joann',
            setup => '2023-03-09T08:30:00Z', end => '2023-03-09T10:00:00Z', reconnect => $yes },
        { desktop_id => 'd2', user_name => 'ann', domain => 'b.com',
            setup => '2023-03-09T11:00:00Z', end => '2023-03-09T11:30:30Z' },
        { desktop_id => 'd1', user_name => 'ann', domain => 'a.com',
            start => '2023-03-10T10:00:00Z', failure => 'no answer' },
        { desktop_id => 'd1', user_name => 'ann', domain => 'a.com',
            setup => '2023-03-10T11:00:00Z' },
    ],
);

# A tenant with these habits, and all others by default.
sub habits {
    my (%habits) = @_;
    return $sim->tenant(%tenant, habits => 'default', %habits);
}

# All records that a query finds, and a text that says which: the minutes of
# their starts.
sub records {
    my ($status, $r) = $sim->get($RECORDS, limit => 100, @_);
    return $status == 200 ? @{ $r->{records} } : die "records: $status\n";
}

sub starts {
    return join ' ', map { $_->{connection_start_time} =~ /-(\d\d)T(\d\d:\d\d)/ && "$1/$2" } records(@_);
}

sub status { return ($sim->get(@_))[0] }

subtest 'records_names' => sub {
    my %found = (
        #          ann          ann@a.com    @a.com
        fuzzy => [ 5,           4,           4 ],
        exact => [ 4,           0,           0 ],
        full  => [ 0,           3,           0 ],
    );
    for my $names (sort keys %found) {
        habits(records_names => $names);
        is_deeply([ map { scalar records(user_name => $_) } 'ann', 'ann@a.com', '@a.com' ],
            $found{$names}, "records_names=$names");
    }
    habits(records_names => 'full', records_domain => $no);
    is(scalar(records(user_name => 'ann')), 4, 'full, without domains');
};

subtest 'records_domain' => sub {
    habits(records_domain => $no);
    is_deeply([ sort(uniq(map { $_->{user_name} } records())) ], [ 'Joann', 'ann' ],
        'no record has a domain');
};

subtest 'records_ends' => sub {
    my @range = (start_time => '2023-03-09T08:00:00Z', end_time => '2023-03-09T11:00:00Z');
    my %found = (both => '09/11:00 09/08:30 09/08:00', start => '09/08:30 09/08:00',
        end => '09/11:00 09/08:30', none => '09/08:30');
    for my $ends (sort keys %found) {
        habits(records_ends => $ends);
        is(starts(@range), $found{$ends}, "records_ends=$ends");
    }
};

subtest 'records_days' => sub {
    my @now = (now => '2023-04-09T12:00:00Z');
    habits(@now);
    is(scalar(records()), 5, 'without a limit');
    habits(@now, records_days => 30);
    is(starts(), '10/11:00 10/10:00', 'kept for 30 days');
    habits(@now, records_days => 180);
    is(scalar(records()), 5, 'kept for 180 days');
};

subtest 'records_times' => sub {
    my @minutes = (start_time => '2023-03-09T08:00Z', end_time => '2023-03-09T08:01Z');
    my @seconds = (start_time => '2023-03-09T08:00:00Z', end_time => '2023-03-09T08:01:00Z');
    my %status = (both => [ 200, 200 ], minutes => [ 200, 400 ], seconds => [ 400, 200 ]);
    for my $form (sort keys %status) {
        habits(records_times => $form);
        is_deeply([ status($RECORDS, @minutes), status($RECORDS, @seconds) ],
            $status{$form}, "records_times=$form");
    }
    habits();
    is(starts(@minutes), '09/08:00', 'a minute begins with its first second');
    is(status($RECORDS, start_time => '2023-03-09T08:60Z', end_time => '2023-03-09T09:00Z'),
        400, 'a wrong minute');
};

subtest 'times' => sub {
    my %form = ('T-Z' => '2023-03-09T08:00:00Z', 'T' => '2023-03-09T08:00:00',
        'space-Z' => '2023-03-09 08:00:00Z', 'space' => '2023-03-09 08:00:00');
    for my $form (sort keys %form) {
        habits(times => $form);
        my ($r) = reverse records();
        is($r->{connection_setup_time}, $form{$form}, "times=$form in a record");
        my (undef, $m) = monitor('d1');
        is($m->{user_online_info}[-1]{connection_setup_time}, $form{$form},
            "times=$form in a period");
    }
};

subtest 'open_end and no_setup' => sub {
    my %form = (missing => 'missing', null => undef, empty => '',
        'year-1' => '0001-01-01T00:00:00Z', 'year-1-space' => '0001-01-01 00:00:00');
    my $of = sub { exists $_[0]{ $_[1] } ? $_[0]{ $_[1] } : 'missing' };
    for my $form (sort keys %form) {
        habits(open_end => $form, no_setup => $form);
        my ($open, $failed) = records();
        is($of->($open, 'connection_end_time'), $form{$form}, "open_end=$form in a record");
        is($of->($failed, 'connection_setup_time'), $form{$form}, "no_setup=$form");
        my (undef, $m) = monitor('d1');
        is($of->($m->{user_online_info}[0], 'connection_end_time'), $form{$form},
            "open_end=$form in a period");
    }
};

subtest 'records_computer and os_host_name' => sub {
    habits(records_computer => 'os_host_name');
    my @names = uniq(map { $_->{computer_name} } records());
    is_deeply(\@names, [ 'OS-ONE', 'TWO' ], 'records have the name of the system');
    is(scalar(records(computer_name => 'OS-')), 4, 'and are filtered by it');
    my (undef, $r) = $sim->get('desktops');
    is_deeply([ map {"$_->{computer_name} $_->{os_host_name}"} @{ $r->{desktops} } ],
        [ 'ONE OS-ONE', 'TWO TWO' ], 'the directory has both names');
    habits(os_host_name => $no);
    (undef, $r) = $sim->get('desktops');
    is(scalar(grep { exists $_->{os_host_name} } @{ $r->{desktops} }), 0, 'or one');
};

subtest 'transactions' => sub {
    habits();
    is(scalar(uniq(map { $_->{transaction_id} } records())), 5, 'each record has its own');
    habits(transactions => 'shared');
    my %ids;
    push @{ $ids{ $_->{transaction_id} } }, $_ for records();
    is_deeply([ sort map { scalar @$_ } values %ids ], [ 1, 2, 2 ], 'two records share one');
};

subtest 'sid, records_limit, records_clamp' => sub {
    habits(sid => $no, records_limit => 100);
    is(scalar(grep { exists $_->{sid} } records()), 0, 'no record has a sid');
    is(status($RECORDS, limit => 101), 400, 'limit 101 is refused');
    habits(records_limit => 100, records_clamp => $yes);
    is(status($RECORDS, limit => 101), 200, 'limit 101 is cut');
};

sub seconds {
    my ($y, $m, $d, @time) = $_[0] =~ /\d+/g;
    return timegm(reverse(@time), $d, $m - 1, $y);
}

# A call of desktop monitoring, over both days if nothing else is given.
sub monitor {
    my ($id, @query) = @_;
    @query = window('2023-03-09', '2023-03-10') if !@query;
    return $sim->get("desktop-monitor/$id", @query, metric_name => 'user_online_info');
}

subtest 'desktop monitoring' => sub {
    habits();
    my ($status, $r) = monitor('d1');
    is_deeply($r, { online_status => 1, user_online_info => [
            { connection_setup_time => '2023-03-10T11:00:00Z' },
            { connection_setup_time => '2023-03-09T08:00:00Z',
                connection_end_time => '2023-03-09T10:00:00Z' } ] },
        'the periods of one desktop, all users together');
    (undef, $r) = monitor('d2');
    is($r->{online_status}, 0, 'a desktop that is not in use');

    my @hour = (start_time => '2023-03-09T09:00:00Z', end_time => '2023-03-09T10:00:00Z');
    (undef, $r) = monitor('d1', @hour);
    is(scalar @{ $r->{user_online_info} }, 1, 'monitor_earlier=true: it began before the range');
    habits(monitor_earlier => $no);
    (undef, $r) = monitor('d1', @hour);
    is(scalar @{ $r->{user_online_info} }, 0, 'monitor_earlier=false: it is left out');

    is(status('desktop-monitor/d1', @hour), 400, 'metric_name is mandatory');
    is((monitor('d1', start_time => '2023-03-09T09:00:00Z'))[0], 400, 'so is end_time');
    is((monitor('d1', $hour[0], $hour[1], end_time => '2023-03-09T09:59:59Z'))[0], 400,
        'less than an hour is refused');
    is((monitor('d1', window('2023-02-01', '2023-03-02')))[0], 200, '30 days are not');
    is((monitor('d1', start_time => '2023-02-01T00:00:00Z',
                end_time => '2023-03-03T00:00:01Z'))[0], 400, 'more than 30 days are');
    ($status, $r) = monitor('none');
    is("$status $r->{error_code}", '404 WKS.00010404', 'a desktop that there is not');
    is(status('desktop-monitor/', @hour), 404, 'no desktop');

    $sim->faults({ fault => 'status', status => 403, api => 'monitor', count => 1 },
        { fault => 'period-error', row => 1, code => 'WKS.7', msg => 'no data' });
    is((monitor('d1'))[0], 403, 'a client without the right');
    habits();
    (undef, $r) = monitor('d1');
    is_deeply($r->{user_online_info}[1], { error_code => 'WKS.7', error_msg => 'no data' },
        'period-error');
    $sim->faults;
    is($sim->calls->[-1]{api}, 'monitor', 'its name in the log');

    habits(now => '2023-09-06T12:00:00Z');
    (undef, $r) = monitor('d1');
    is(scalar @{ $r->{user_online_info} }, 1, 'kept for 180 days');
};

subtest 'monitoring, statistics and legacy call agree' => sub {
    $sim->tenant(seed => 11, desktops => 24, days => 20, now => '2023-03-10T12:00:00Z',
        habits => 'default');
    my %used = $sim->usage(window('2023-02-20', '2023-03-08'));
    my ($from, $to) = map { seconds($_) } '2023-02-20T00:00:00Z', '2023-03-09T00:00:00Z';
    my %online;
    for my $id (keys %used) {
        my ($status, $r) = monitor($id, window('2023-02-10', '2023-03-08'));
        if ($status == 404) { delete $used{$id}; next }
        for (@{ $r->{user_online_info} }) {
            my $end = $_->{connection_end_time};
            $end = min($to, $end ? seconds($end) : $to);
            $online{$id} += max(0, $end - max($from, seconds($_->{connection_setup_time})));
        }
        $online{$id} ||= 0;
    }
    is_deeply(\%online, \%used, 'periods add up to the statistics');
    my (undef, $r) = $sim->legacy({ start_time => '2023-02-20', end_time => '2023-03-08',
        desktop_ids => [ sort keys %online ] });
    my %hours = map { $_->{desktop_id} => sum0(map { $_->{use_time} } @{ $_->{used_info_list} }) }
        @{ $r->{desktop_used_info_list} };
    is(scalar(grep { abs($hours{$_} - $online{$_} / 3600) > 0.2 } keys %online), 0,
        'and to the legacy call');
};

subtest 'idle, statistics_names, resource_id' => sub {
    my @day = window('2023-03-09');
    my $count = sub { my (undef, $r) = $sim->get(@_); $r->{count} };
    habits(idle => 'hidden');
    is($count->($DESKTOPS, window('2023-03-08')), 0, 'idle=hidden');
    my %found = (fuzzy => [ 1, 3 ], exact => [ 0, 2 ], ignored => [ 2, 3 ]);
    for my $names (sort keys %found) {
        habits(statistics_names => $names);
        is_deeply([ $count->($DESKTOPS, @day, resource_name => 'on'),
                $count->($USERS, @day, username => 'ann') ],
            $found{$names}, "statistics_names=$names");
    }
    habits(resource_id => $no);
    is($count->($DESKTOPS, @day, resource_id => 'd1'), 2, 'resource_id=false');
};

subtest 'statistics_domain and users_window' => sub {
    my @day = window('2023-03-09');
    habits();
    my (undef, $r) = $sim->get($USERS, @day, username => 'ann', domain => 'b.com');
    is($r->{count}, 1, 'statistics_domain=true');
    habits(statistics_domain => $no);
    (undef, $r) = $sim->get($USERS, @day, username => 'ann', domain => 'b.com');
    is($r->{count}, 3, 'statistics_domain=false');
    habits();
    is(status($USERS, window('2023-01-01', '2023-03-09')), 200, 'users_window=empty');
    habits(users_window => 'refused');
    is(status($USERS, @day), 200, 'users_window=refused: a day');
    is(status($USERS, window('2023-02-08', '2023-03-09')), 200, '30 days');
    is(status($USERS, window('2023-02-07', '2023-02-08')), 400, '31 days ago');
    is(status($USERS, window('2023-03-10')), 400, 'a window that ends in the future');
};

subtest 'filing_zone' => sub {
    my $filed = sub {
        my ($zone, $now) = @_;
        habits(filing_zone => $zone, now => $now);
        my (undef, $r) = $sim->get($DESKTOPS, window('2023-03-09'));
        my (undef, $l) = $sim->legacy({ start_time => '2023-03-09', end_time => '2023-03-09',
            desktop_ids => ['d1'] });
        my $hours = $l->{desktop_used_info_list}[0]{used_info_list}[0]{use_time};
        return "$r->{count} $hours";
    };
    is($filed->(0,   '2023-03-10T01:59:59Z'), '0 0', 'UTC: not before 02:00');
    is($filed->(0,   '2023-03-10T02:00:00Z'), '2 2', 'UTC: from 02:00 on');
    is($filed->(-12, '2023-03-10T13:59:59Z'), '0 0', 'UTC-12: not before 14:00');
    is($filed->(-12, '2023-03-10T14:00:00Z'), '2 2', 'UTC-12: from 14:00 on');
    is($filed->(8,   '2023-03-09T23:59:59Z'), '0 0', 'UTC+8: not before the day is over');
    is($filed->(8,   '2023-03-10T00:00:00Z'), '2 2', 'UTC+8: as soon as it is');
    ok(!eval { $sim->config(filing_zone => 15); 1 }, 'there is no UTC+15');
};

subtest 'enterprise_projects, project_in_rows, machine_sid' => sub {
    my $rows = sub { my (undef, $r) = $sim->get($DESKTOPS, window('2023-03-09'));
        return [ map { my $p = $_->{enterprise_project_id};
            "$_->{resource_id} " . (!defined $p ? '-' : $p eq '0' ? 0 : 1) } @{ $r->{items} } ] };
    habits();
    is_deeply($rows->(), [ 'd1 0', 'd2 0' ], 'all in the default project');
    habits(enterprise_projects => $yes);
    is_deeply($rows->(), [ 'd1 0', 'd2 0', 'd2 1' ], 'in two projects');
    habits(enterprise_projects => $yes, project_in_rows => $no);
    is_deeply($rows->(), [ 'd1 -', 'd2 -' ], 'rows do not say in which');
    my (undef, $r) = $sim->get($DESKTOPS, window('2023-03-09'));
    is($r->{items}[0]{machine_sid}, 's1', 'machine_sid=true');
    habits(machine_sid => $no);
    (undef, $r) = $sim->get($DESKTOPS, window('2023-03-09'));
    ok(!exists $r->{items}[0]{machine_sid}, 'machine_sid=false');
};

subtest 'desktop_id, directory_names, directory_users' => sub {
    my $ids = sub { my (undef, $r) = $sim->get('desktops', @_);
        return join ' ', map { $_->{desktop_id} } @{ $r->{desktops} } };
    habits(desktop_id => $no);
    is($ids->(desktop_id => 'd2'), 'd1 d2', 'desktop_id=false');
    habits();
    is($ids->(user_name => 'ann'), 'd1 d2', 'names are fuzzy, all users count');
    habits(directory_names => 'exact');
    is($ids->(user_name => 'ann'), 'd1', 'directory_names=exact');
    habits(directory_users => 'owner', directory_names => 'exact');
    is($ids->(user_name => 'Joann'), 'd2', 'directory_users=owner');
};

subtest 'releases' => sub {
    my @of = (
        [ '2024-06', 100,  $no,  $no,  $no,  $no,  $no ],
        [ '2024-07', 100,  $yes, $no,  $no,  $no,  $no ],
        [ '2025-01', 1000, $yes, $yes, $no,  $no,  $no ],
        [ '2025-12', 1000, $yes, $yes, $no,  $no,  $no ],
        [ '2026-01', 1000, $yes, $yes, $yes, $no,  $no ],
        [ '2026-04', 1000, $yes, $yes, $yes, $yes, $no ],
        [ '2026-08', 1000, $yes, $yes, $yes, $yes, $yes ],
    );
    habits();
    my $newest = $sim->config;
    is($newest->{release}, '2026-08', 'the newest is the default');
    for (@of) {
        my ($release, @values) = @$_;
        my $h = $sim->config(release => $release)->{habits};
        is_deeply([ @$h{qw(records_limit sid desktop_id project_in_rows statistics_domain resource_id)} ],
            \@values, "release $release");
        is_deeply([ @$h{qw(os_host_name machine_sid)} ], [ @values[ 2, 4 ] ], '... and the rest');
    }
    is_deeply($sim->config, $newest, 'the newest release is as it was');
    my $c = $sim->config(sid => $yes, release => '2024-06', idle => 'hidden');
    ok($c->{habits}{sid}, 'a single habit stands over the release');
    $c = $sim->config(release => '2024-07');
    is($c->{habits}{idle}, 'hidden', 'a release leaves other habits alone');
    for my $wrong ('2024-05', '2026-09', '2025-13', '2025-1', 'x') {
        ok(!eval { $sim->config(release => $wrong); 1 }, "no release: $wrong");
    }
};

subtest 'all habits' => sub {
    my $default = $sim->config(habits => 'default')->{habits};
    my $drawn = $sim->config(habits => 'random:7');
    is($drawn->{release}, undef, 'habits that are drawn are of no release');
    isnt(same($drawn->{habits}, $default), 1, 'they are not the default');
    is_deeply($sim->config(habits => 'random:7'), $drawn, 'the same seed draws the same');
    my %met;
    for my $seed (1 .. 100) {
        my $h = $sim->config(habits => "random:$seed")->{habits};
        $met{$_}{ $h->{$_} } = 1 for keys %$h;
    }
    is_deeply([ grep { keys %{ $met{$_} } < 2 } keys %met ], [], 'each value is drawn at times');
    is(scalar(keys %{ $met{open_end} }), 5, 'each of five');
    is_deeply($sim->config(habits => 'default', %{ $drawn->{habits} })->{habits},
        $drawn->{habits}, 'what is shown can be set again');
    for my $wrong ('random', 'random:', 'random:x', 'other', 1) {
        ok(!eval { $sim->config(habits => $wrong); 1 }, "refused: $wrong");
    }

    # documented, each with all of its values
    my $help = `$Usage::Sim::program --help`;
    my %values = $help =~ /^  (\w+)=(\S+)$/mg;
    is_deeply([ sort keys %values ], [ sort keys %$default ], '--help lists them all');
    my $doc = do { local (@ARGV, $/) = "$FindBin::Bin/../docs/simulator.md"; <> };
    for my $name (sort keys %values) {
        my ($row) = $doc =~ /^\| `$name` \| ([^|]*) \|/m;
        is(join('|', ($row || '') =~ /`([^`]*)`/g), $values{$name}, "docs/simulator.md has $name");
    }
};

sub same { return JSON::PP->new->canonical->encode($_[0]) eq JSON::PP->new->canonical->encode($_[1]) }

subtest 'the truth is the same under all habits' => sub {
    my %week = (start_time => '2023-03-01', end_time => '2023-03-09');
    my @bodies = ({%week}, { %week, desktop_username => 'Ann' },
        { %week, group_by_type => 'HOUR' });
    my $facts = sub {
        $sim->config(@_, filing_zone => 0, idle => 'shown');
        my %used = (legacy => [ map { ($sim->legacy($_))[1] } @bodies ]);
        for (map { $sim->all($_, 'items', 100, window(@week{qw(start_time end_time)})) }
            $DESKTOPS, $USERS)
        {
            my ($id, $m) = defined $_->{resource_id} ? ($_->{resource_id}, 'desktop_usage')
                : ("user $_->{username}", 'user_usage');
            $used{$id} += metric($_, $m);
        }
        $used{records} = join ' ', uniq(map { substr $_->{connection_start_time}, 11, 8 }
                $sim->all($RECORDS, 'records', 100));
        return \%used;
    };
    $sim->tenant(seed => 4, desktops => 30, days => 14, now => '2023-03-10T12:00:00Z');
    my $by_default = $facts->(habits => 'default');
    ok(same($facts->(habits => "random:$_"), $by_default), "random:$_") for 1 .. 5;
};

subtest 'options' => sub {
    my $other = Usage::Sim->start(args => [ '--habit', 'sid=true', '--release', '2024-06',
            '--habit', 'filing_zone=-5', '--habit', 'open_end=null' ]);
    my $c = $other->config;
    is_deeply([ $c->{release}, @{ $c->{habits} }{qw(sid filing_zone open_end desktop_id)} ],
        [ '2024-06', $yes, -5, 'null', $no ], '--release and --habit');
    $other->stop;
    $other = Usage::Sim->start(args => [ '--habits', 'random:3' ]);
    ok(same($other->config->{habits}, $sim->config(habits => 'random:3')->{habits}),
        '--habits random:3');
    $other->stop;
    for my $wrong ('--habit sid', '--habit sid=1', '--habit none=1', '--release 2020-01',
        '--habits x') {
        my $says = `$Usage::Sim::program $wrong 2>&1`;
        ok($? && $says, "refused: $wrong");
    }
};

subtest 'refusals' => sub {
    habits(quota => 1, retry_after => undef);
    $sim->get('desktops');
    my $r = $sim->request(GET => '/v2/p/desktops', headers => { 'X-Auth-Token' => 'token' });
    like($r->{json}{error_msg}, qr/,limit:1,time:1 minute\z/, 'a 429 names its period');
    ok(!exists $r->{headers}{'retry-after'}, 'and has no Retry-After');
    habits(quota => 0);
    $sim->faults({ fault => 'status', status => 200, code => 'WKS.0001', msg => 'no' });
    my ($status, $body) = $sim->get('desktops');
    is("$status $body->{error_code}", '200 WKS.0001', 'an error with status 200');
    $sim->faults;
};

is($sim->stop, 0, 'the simulator ends cleanly');

done_testing;
