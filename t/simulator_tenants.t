#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# The simulator's tenants that a test makes: sessions, users and desktops of its
# own, names that lead astray, days that only the legacy call answers otherwise.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Temp ();
use JSON::PP   ();
use List::Util qw(sum0);
use Test::More;

use Usage::Sim qw($DESKTOPS $USERS $RECORDS metric window);

my $sim = Usage::Sim->start;

subtest 'sessions of one\'s own' => sub {
    my %tenant = (
        now      => '2023-03-10T12:00:00Z',
        desktops => [{ desktop_id => 'd1', computer_name => 'ONE',
                users => ['u'] }],
        sessions => [
            { desktop_id => 'd1', user_name => 'u',
                setup => '2023-03-08T23:00:00Z', end => '2023-03-09T00:30:18Z' },
            { desktop_id => 'd1', user_name => 'v',
                setup => '2023-03-09T00:15:00Z', end => undef },
        ],
    );
    is($sim->tenant(%tenant)->{now}, $tenant{now}, 'a tenant has its own clock');
    my (undef, $r) = $sim->legacy({ start_time => '2023-03-07' });
    is_deeply([map { $_->{use_time} } @{ $r->{desktop_used_info_list}[0]{used_info_list} }],
        [0, 1, 24, 0], 'sessions across midnight, still open, not yet filed');
    (undef, $r) = $sim->legacy({ start_time => '2023-03-09',
        desktop_username => 'u' });
    is($r->{desktop_used_info_list}[0]{used_info_list}[0]{use_time},
        0.51, 'half a hundredth is rounded up');

    for my $wrong ({ sessions => [{}] }, { sessions => {} },
        { sessions => [{ desktop_id => 'x', user_name => 'u' }] }) {
        ok(!eval { $sim->tenant(%$wrong); 1 },
            'refused: ' . JSON::PP->new->canonical->encode($wrong));
    }
    is_deeply($sim->desktops, ['d1'], 'a refused tenant changes nothing');

    my $file = File::Temp->new;
    print $file JSON::PP->new->encode(\%tenant);
    close $file;
    my $other = Usage::Sim->start(args => ['--sessions', "$file"]);
    is_deeply($other->desktops, ['d1'], '--sessions reads the same from a file');
    is($other->stop, 0, 'a simulator with --sessions ends cleanly');
};

subtest 'days that only the legacy call answers otherwise' => sub {
    $sim->tenant;
    my ($id, $other) = @{ $sim->desktops };
    my %week = (start_time => '2022-12-09', end_time => '2022-12-15');
    my $use = sub {
        my ($d, %o) = @_;
        my (undef, $r) = $sim->legacy({ %week, desktop_ids => [$d], %o });
        return [ map { $_->{use_time} }
                @{ $r->{desktop_used_info_list}[0]{used_info_list} } ];
    };
    my ($one, $two) = map { $use->($_) } $id, $other;
    my @pages = $sim->get($DESKTOPS, window('2022-12-10'), limit => 100);
    my $hours = $use->($id, group_by_type => 'HOUR');

    $sim->alter(desktop => $id, date => '2022-12-10', seconds => 360);
    my @changed = @$one;
    $changed[1] = sprintf('%.2f', $changed[1] + 0.1) + 0;
    is_deeply($use->($id), \@changed, 'the day has six minutes more');
    is_deeply($use->($other), $two, 'another desktop is as it was');
    my @hours = @$hours;
    $hours[24] = sprintf('%.2f', $hours[24] + 0.1) + 0;
    is_deeply($use->($id, group_by_type => 'HOUR'), \@hours,
        'by the hour, the first hour of the day has six minutes more');
    is_deeply([ $sim->get($DESKTOPS, window('2022-12-10'), limit => 100) ],
        \@pages, 'the statistics are as they were');
    $sim->alter(desktop => $id, date => '2022-12-10', seconds => -1e6);
    $changed[1] = 0;
    is_deeply($use->($id), \@changed, 'no day is below 0');
    $sim->alter;
    is_deeply($use->($id), $one, 'without alterations the day is as before');

    for (['none', '2022-12-10', 1], [$id, '2022-12-1', 1], [$id, '2022-12-10', 'x']) {
        my $r = $sim->request(POST => '/_sim/alter', content => JSON::PP->new->encode(
            { desktop => $_->[0], date => $_->[1], seconds => $_->[2] }));
        is($r->{status}, 400, "refused: @$_");
    }
    $sim->alter(desktop => $id, date => '2022-12-10', seconds => 360);
    $sim->tenant;
    is_deeply($use->($id), $one, 'a new tenant has no alterations');
};

subtest 'names that lead astray' => sub {
    my @at = (setup => '2023-03-09T08:00:00Z', end => '2023-03-09T09:00:00Z');
    my @on = (desktop_id => 'd1', user_name => 'u', @at);
    $sim->tenant(
        now      => '2023-03-10T12:00:00Z',
        desktops => [
            { desktop_id => 'd1', computer_name => 'OLD', sid => 's1',
                resource_name => 'NEW' },
            { desktop_id => 'd2', computer_name => 'TWO', sid => 's2' },
        ],
        sessions => [
            {@on}, { @on, sid => 's2' }, { @on, computer_name => 'TWO' },
            { @on, sid => undef }, { @on, sid => '', computer_name => 'NOWHERE' },
            { @on, sid => 'stale' },
        ],
    );
    my @w = window('2023-03-09');
    my (undef, $r) = $sim->get($DESKTOPS, @w);
    is_deeply([map { $_->{resource_name} } @{ $r->{items} }], ['NEW', 'TWO'],
        'the statistics have resource_name');
    is(metric($r->{items}[0], 'desktop_usage'), 3600,
        'use is counted for the desktop, whatever its records say');
    is_deeply([map { ($sim->get($DESKTOPS, @w, resource_name => $_))[1]{count} }
            'NEW', 'OLD'], [1, 0], 'the statistics are filtered by resource_name');
    (undef, $r) = $sim->get('desktops');
    is($r->{desktops}[0]{computer_name}, 'OLD', 'the directory has computer_name');
    is_deeply([map { ($sim->get('desktops', computer_name => $_))[1]{total_count} }
            'NEW', 'OLD'], [0, 1], 'the directory is filtered by computer_name');
    is($sim->desktops(detail => 1)->[0]{resource_name}, 'NEW',
        '/_sim/desktops tells resource_name');

    (undef, $r) = $sim->get($RECORDS);
    my @shown = map { my $x = $_; join ' ', map { $x->{$_} // 'none' }
            'computer_name', 'sid' } reverse @{ $r->{records} };
    is_deeply(\@shown, ['OLD s1', 'OLD s2', 'TWO s1', 'OLD none', 'NOWHERE ',
            'OLD stale'], 'records have the names and sids that the test gave');
    is_deeply([map { ($sim->get($RECORDS, computer_name => $_))[1]{total_count} }
            'OLD', 'TWO', 'NOWHERE'], [4, 1, 1], 'records are filtered by their own names');
    $sim->config(sid => JSON::PP::false);
    (undef, $r) = $sim->get($RECORDS);
    is(scalar(grep { exists $_->{sid} } @{ $r->{records} }), 0,
        '--no-sid: no record has a sid');
    $sim->config(sid => JSON::PP::true);

    (undef, $r) = $sim->legacy({ desktop_username => 'u',
        start_time => '2023-03-09', end_time => '2023-03-09' });
    is_deeply($r, { total_count => 1, desktop_used_info_list => [{
                desktop_id => 'd1', desktop_username => 'u', used_info_list =>
                    [{ date => '2023-03-09', use_time => 1 }] }] },
        'the legacy call tells the truth whatever records say');
    for my $wrong ({ sid => 1 }, { computer_name => undef }) {
        ok(!eval { $sim->tenant(desktops => [{ desktop_id => 'd1',
                    computer_name => 'x' }], sessions => [{ @on, %$wrong }]); 1 },
            'refused: a wrong ' . join ' ', keys %$wrong);
    }
};

subtest 'one name in two domains' => sub {
    my $at = sub { my ($setup, $end) = map {"2023-03-09T$_:00Z"} @_;
        return (setup => $setup, end => $end) };
    my %ann = (user_name => 'ann');
    $sim->tenant(
        now      => '2023-03-10T12:00:00Z',
        users    => [map { { %ann, domain => $_ } } 'a.com', 'b.com'],
        desktops => [
            { desktop_id => 'd1', computer_name => 'ONE', users => ['ann'] },
            { desktop_id => 'd2', computer_name => 'TWO',
                users => [{ %ann, domain => 'b.com' }] },
            { desktop_id => 'd3', computer_name => 'THREE', users =>
                    ['bob', { %ann, domain => 'b.com' }, { user_name => 'carl' }] },
            { desktop_id => 'd4', computer_name => 'POOL' },
        ],
        sessions => [
            { %ann, desktop_id => 'd1', $at->('08:00', '09:00') },
            { %ann, desktop_id => 'd2', domain => 'b.com', $at->('08:00', '10:00') },
            { %ann, desktop_id => 'd3', domain => 'b.com', $at->('10:00', '11:00') },
            { %ann, desktop_id => 'd4', domain => 'a.com', $at->('10:00', '11:00') },
            { %ann, desktop_id => 'd4', domain => 'b.com', $at->('10:30', '11:30') },
        ],
    );
    my @w = window('2023-03-09');
    my $used = sub {
        my (undef, $r) = $sim->get($USERS, @w, username => 'ann', @_);
        return join ' ', $r->{count}, map {
            "$_->{username}:" . metric($_, 'user_usage') } @{ $r->{items} };
    };
    is($used->(), '2 ann:7200 ann:14400', 'without a domain, one name has two rows');
    is($used->(domain => 'a.com'), '1 ann:7200',  'domain a.com has one row');
    is($used->(domain => 'b.com'), '1 ann:14400', 'domain b.com has one row');
    is($used->(domain => 'c.com'), '0',           'domain c.com has no row');

    my (undef, $r) = $sim->get('desktops');
    my @who = map { join ' ', map {"$_->{user_name}\@$_->{domain}"}
            @{ $_->{attach_user_infos} } } @{ $r->{desktops} };
    is_deeply(\@who, ['ann@a.com', 'ann@b.com',
            'bob@local.com ann@b.com carl@local.com', ''],
        'the directory says which users are attached');
    isnt($r->{desktops}[0]{attach_user_infos}[0]{user_id},
        $r->{desktops}[1]{attach_user_infos}[0]{user_id}, 'two users of one name have two ids');
    is(($sim->get('desktops', user_name => 'ann'))[1]{total_count},
        3, 'the directory is filtered by name, of any domain');
    (undef, $r) = $sim->get($RECORDS);
    is_deeply([sort map { $_->{user_name} } @{ $r->{records} }],
        [('ann@a.com') x 2, ('ann@b.com') x 3], 'records tell the domain');

    my $truth = sub {
        my (undef, $reply) = $sim->legacy({ desktop_username => 'ann',
            start_time => '2023-03-09', end_time => '2023-03-09', @_ });
        return join ' ', map { "$_->{desktop_id}:" . sum0(map { $_->{use_time} }
                @{ $_->{used_info_list} }) } @{ $reply->{desktop_used_info_list} };
    };
    for my $type ('DAY', 'HOUR') {
        my @q = (group_by_type => $type);
        is($truth->(@q), 'd1:1 d2:2 d3:1 d4:1.5', "$type: without a domain, both as one");
        is($truth->(@q, desktop_user_domain => 'a.com'), 'd1:1 d4:1',
            "$type: domain a.com");
        is($truth->(@q, desktop_user_domain => 'b.com'), 'd2:2 d3:1 d4:1',
            "$type: domain b.com");
    }
    ok(!eval { $sim->tenant(sessions => [], desktops => [{ desktop_id => 'd',
                computer_name => 'D', users => [{ domain => 'x' }] }]); 1 },
        'a user needs a name');
};

subtest 'desktops that are gone' => sub {
    my $on = sub {
        my ($id, $user, $start, $end) = @_;
        return { desktop_id => $id, user_name => $user,
            setup => "2023-03-0${start}Z", end => "2023-03-0${end}Z" };
    };
    my @gone = (in_directory => JSON::PP::false);
    $sim->tenant(
        now      => '2023-03-10T01:00:00Z',
        desktops => [
            { desktop_id => 'd1', computer_name => 'A', @gone, users => ['u'] },
            { desktop_id => 'd2', computer_name => 'B', users => ['u'] },
            { desktop_id => 'd3', computer_name => 'C', @gone },
        ],
        sessions => [
            # 18 and 17 seconds: 0.01 and 0 hours apart, 0.01 together
            $on->('d1', 'u', '8T10:00:00', '8T10:00:18'),
            $on->('d3', 'u', '8T11:00:00', '8T11:00:17'),
            $on->('d3', 'u', '8T23:00:00', '9T01:00:00'),
            $on->('d2', 'u', '8T12:00:00', '8T14:00:00'),
            $on->('d3', 'v', '8T12:00:00', '8T13:00:00'),
            $on->('d2', 'w', '8T12:00:00', '8T13:00:00'),
            $on->('d3', 'w', '9T12:00:00', '9T13:00:00'),
        ],
    );
    my $truth = sub {
        my ($query, %body) = @_;
        my (undef, $r) = $sim->legacy({ start_time => '2023-03-07',
                end_time => '2023-03-09', %body }, -query => $query);
        return join ' | ', $r->{total_count}, map { join ' ',
            $_->{desktop_id} // "- $_->{desktop_username}",
            map { $_->{use_time} } @{ $_->{used_info_list} }
        } @{ $r->{desktop_used_info_list} };
    };
    my @u = (desktop_username => 'u');
    is($truth->('', @u), '3 | d1 0 0.01 0 | d2 0 2 0 | d3 0 1 1',
        'without gone=apart, they are listed with the others');
    is($truth->('gone=apart', @u), '2 | d2 0 2 0 | - u 0 1.01 1',
        'gone=apart: one entry at the end, of their seconds added up');
    is($truth->('gone=apart', @u, offset => 1), '2 | - u 0 1.01 1', 'gone=apart, offset 1');
    is($truth->('gone=apart', @u, limit => 1), '2 | d2 0 2 0', 'gone=apart, limit 1');
    is($truth->('gone=apart', @u, offset => 2), '2', 'gone=apart, past the end');
    is($truth->('gone=apart', desktop_username => 'v'), '1 | - v 0 1 0',
        'gone=apart: a user of deleted desktops only has that one entry');
    is($truth->('gone=apart', @u, desktop_ids => ['d3', 'd2']),
        '1 | d2 0 2 0', 'gone=apart: with desktop_ids there is no such entry');
    is($truth->('gone=apart&filed=yes', @u),
        '2 | d2 0 2 0 | - u 0 1.01 0', 'gone=apart&filed=yes leaves out what is not filed');
    is($truth->('gone=apart', desktop_username => 'w', end_time => '2023-03-08'),
        '1 | d2 0 1', 'gone=apart: without use there is no such entry');
    is($truth->('gone=apart'), $truth->(''), 'gone=apart: without a user nothing changes');
    like($truth->('gone=apart', @u, group_by_type => 'HOUR'),
        qr/^1 \| d2 (?:0 ){36}1 1 /, 'gone=apart: by the hour there is no such entry');
};

subtest 'users and their seconds' => sub {
    my %at = (setup => '2023-03-08T23:00:00Z', end => '2023-03-09T00:30:01Z');
    $sim->tenant(
        now      => '2023-03-10T12:00:00Z',
        users    => [map { { user_name => 'ann', domain => $_ } } 'a.com', 'b.com'],
        desktops => [
            { desktop_id => 'd1', computer_name => 'A', users => ['ann'] },
            { desktop_id => 'd2', computer_name => 'B', users => ['ann'],
                group => 'g' },
            { desktop_id => 'd3', computer_name => 'C', users => ['ann', 'u+v'] },
            { desktop_id => 'd4', computer_name => 'D', users => ['ann'],
                in_directory => JSON::PP::false },
            { desktop_id => 'd5', computer_name => 'E',
                users => ['ann', { user_name => 'ann', domain => 'b.com' }] },
        ],
        sessions => [
            { desktop_id => 'd4', user_name => 'ann', %at },
            { desktop_id => 'd5', user_name => 'ann', %at },
            { desktop_id => 'd5', user_name => 'ann', domain => 'b.com', %at },
            { desktop_id => 'd5', user_name => 'ann', domain => 'b.com',
                setup => '2023-03-10T11:00:00Z' },
            { desktop_id => 'd1', user_name => 'u+v', start => $at{setup} },
            { desktop_id => 'd3', user_name => 'u+v', setup => $at{setup},
                end => $at{setup} },
            map { { desktop_id => $_, user_name => 'u+v',
                setup => '2023-03-10T13:00:00Z' } } 'd2', 'd3',
        ],
    );
    my %who = map { $_->{user_name} . '@' . $_->{domain} => $_ }
        @{ $sim->users(detail => 1) };
    my %lists = map { my $u = $who{$_};
        $_ => join ' | ', map {"@{ $u->{$_} }"} qw(alone shared used) } keys %who;
    is_deeply(\%lists, { 'ann@a.com' => 'd1 | d2 d3 d5 | d4 d5',
            'ann@b.com' => ' | d5 | d5', 'u+v@local.com' => ' | d3 | d3' },
        'each user has desktops alone, shared, and used');
    ok($who{'ann@b.com'}{user_id}, 'a user has an id');
    is_deeply($sim->users, ['ann', 'ann', 'u+v'], 'without detail, users are names');

    my @range = (start => '2023-03-08', end => '2023-03-10');
    my @days  = ('2023-03-08', '2023-03-09', '2023-03-10');
    my @user  = (user_name => 'ann', @range);
    is_deeply($sim->truth(@user, domain => 'b.com'), { days => \@days,
            total => [3600, 1801, 0], desktops => { d5 => [3600, 1801, 0] } },
        'truth: the seconds of one user as they are filed');
    is_deeply($sim->truth(@user, domain => undef), { days => \@days,
            total => [7200, 3602, 0], desktops => { d4 => [3600, 1801, 0],
                d5 => [3600, 1801, 0] } }, 'truth: without a domain, both users as one');
    is_deeply($sim->truth(@range, user_name => 'u+v'), { days => \@days,
            total => [0, 0, 0], desktops => {} }, 'truth: a user without use');
    is_deeply($sim->truth(@user, domain => 'c.com')->{total}, [0, 0, 0],
        'truth: a user who does not exist');
    $sim->config(now => '2023-03-09T01:59:59Z');
    is_deeply($sim->truth(@user)->{total}, [0, 0, 0],
        'truth: before 02:00 yesterday is not filed');
    $sim->config(now => '2023-03-11T02:00:00Z');
    is_deeply($sim->truth(@user)->{total}, [7200, 3602, 46800],
        'truth: an open session lasts until now');
    for my $wrong ([@range], [@user, end => '2023-03-07'], [@user, start => 'x'],
        [@user, start => '2022-01-01'], [user_name => 'ann', start => $days[0]]) {
        ok(!eval { $sim->truth(@$wrong); 1 }, "truth refuses: @$wrong");
    }
};

is($sim->stop, 0, 'the simulator ends cleanly');

done_testing;
