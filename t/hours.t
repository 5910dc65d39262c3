# SPDX-License-Identifier: BSD-2-Clause
#
# Usage by the hour: translation.md, "By the hour".

use strict;
use warnings;

use List::Util qw(sum0);
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
    http     => 'usage_retries 0;',
    location => 'usage_connections on;',
    server   => join('',
        Usage::Nginx->at(off    => ''),
        Usage::Nginx->at(hour   => 'usage_connections on; usage_connections_lookback 1h;'),
        Usage::Nginx->at(none   => 'usage_connections on; usage_connections_lookback 0;'),
        Usage::Nginx->at(one    => 'usage_connections on; usage_concurrency 1;'),
        Usage::Nginx->at(long   => 'usage_connections on; usage_retention off;'),
        Usage::Nginx->at(exact  => 'usage_connections on; usage_connections_tolerance 0% 0;'),
        Usage::Nginx->at(loose  => 'usage_connections on; usage_connections_tolerance 100%;'),
        Usage::Nginx->at(string => 'usage_connections on; usage_use_time string;'))
);

# Two days before today.
my $day   = day(-3);
my %range = (start_time => $day, end_time => date_add($day, 1));

# --- Tenants.

# So many seconds after the range's first midnight.
sub at {
    my ($s) = @_;
    my $days = int($s / 86400);
    $days-- if $s < 0 && $s % 86400;
    $s -= 86400 * $days;
    return date_add($day, $days)
        . sprintf 'T%02d:%02d:%02dZ', $s / 3600, $s / 60 % 60, $s % 60;
}

sub session {
    my ($desktop, $user, $from, $to, %more) = @_;
    return { desktop_id => $desktop, user_name => $user,
        setup => defined $from ? at($from) : undef,
        end   => defined $to   ? at($to)   : undef,
        start => at(($from // $to) - 3), %more };
}

sub desktop {
    my ($id, @users) = @_;
    return { desktop_id => $id, computer_name => "PC-$id-", sid => "sid-$id", users => \@users };
}

sub tenant {
    my ($desktops, @sessions) = @_;
    $sim->faults;
    $sim->tenant(desktops => $desktops, sessions => \@sessions,
        sid => $TRUE, records_limit => 1000, records_clamp => $FALSE, idle => 'shown');
    return;
}

# --- Calls.

my $token = 'token';

sub ask {
    my ($at, %body) = @_;
    $sim->clear;
    return $nginx->post(($at ? "/$at" : '') . route(),
        body(%range, group_by_type => 'HOUR', %body), 'X-Auth-Token' => $token);
}

sub calls { return map { $_->{api} } @{ $sim->calls } }

# The reply's hours that are not 0: { id => { hour, counted from the first =>
# value } }.  Dates have to be right, and all be there.
sub used_hours {
    my ($res, $from, $days) = @_;

    my $data = decode($res->{body}) || {};
    my (%used, @wrong);
    for my $e (@{ $data->{desktop_used_info_list} || [] }) {
        my @list = @{ $e->{used_info_list} };
        push @wrong, "$e->{desktop_id}: " . @list . ' elements' if @list != 24 * $days;
        $used{ $e->{desktop_id} } = {};
        for my $i (0 .. $#list) {
            my $date = date_add($from, int($i / 24)) . sprintf 'T%02d:00:00Z', $i % 24;
            push @wrong, "$list[$i]{date}, not $date" if $list[$i]{date} ne $date;
            $used{ $e->{desktop_id} }{$i} = $list[$i]{use_time} if $list[$i]{use_time} != 0;
        }
    }
    return (\%used, @wrong);
}

sub hours_are {
    my ($res, $name, %want) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is($res->{status}, 200, "$name: a reply") or return diag($res->{body});
    my ($used, @wrong) = used_hours($res, $day, 2);
    is(scalar @wrong, 0, "$name: each hour has its date")
        or diag(join "\n", @wrong[ 0 .. ($#wrong > 9 ? 9 : $#wrong) ]);
    return is_deeply($used, \%want, $name);
}

# The same as the simulator's own reply.
sub is_true {
    my ($at, $name, %body) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $res = ask($at, %body);
    my (undef, undef, $true) = $sim->legacy({ %range, group_by_type => 'HOUR', %body });
    my $differ = $res->{status} != 200 ? "status $res->{status}: $res->{body}"
        : same_json($res->{body}, $true);
    is($differ, '', $name) or diag(map { "$_->{api} $_->{query}\n" } @{ $sim->calls });
    return $res;
}

subtest 'usage_connections off' => sub {
    tenant([ desktop('d1', 'ann') ]);
    for my $body ({}, { desktop_username => 'ann' }, { desktop_ids => ['d1'] }, { limit => 0 },
        { start_time => day(1), end_time => day(2) })
    {
        error_is(ask('off', %$body), 400, body(%$body) . ': refused',
            detail => [ qr/HOUR/, qr/usage_connections/ ]);
        is(scalar calls(), 0, 'with usage_connections off there is no upstream call');
    }
    is(ask('off', group_by_type => 'DAY')->{status}, 200,
        'with usage_connections off, DAY is a 200');
};

subtest 'sessions' => sub {
    my $H = 3600;
    my @cases = (
        # what, sessions of d1 as [user, from, to, more], hours
        [ 'within an hour', [ [ 'ann', 600, 2400 ] ], { 0 => 0.5 } ],
        [ 'of a whole hour', [ [ 'ann', $H, 2 * $H ] ], { 1 => 1 } ],
        [ 'across an hour', [ [ 'ann', $H - 360, $H + 720 ] ], { 0 => 0.1, 1 => 0.2 } ],
        [ 'of many hours', [ [ 'ann', 5 * $H + 1800, 9 * $H + 36 ] ],
            { 5 => 0.5, 6 => 1, 7 => 1, 8 => 1, 9 => 0.01 } ],
        [ 'across midnight', [ [ 'ann', 24 * $H - 1800, 24 * $H + 900 ] ], { 23 => 0.5, 24 => 0.25 } ],
        [ 'across the start', [ [ 'ann', -1800, 900 ] ], { 0 => 0.25 } ],
        [ 'across the end', [ [ 'ann', 48 * $H - 900, 48 * $H + 900 ] ], { 47 => 0.25 } ],
        [ 'across both', [ [ 'ann', -86400, 49 * $H ] ], { map { $_ => 1 } 0 .. 47 } ],
        [ 'to the start', [ [ 'ann', -1800, 0 ] ], {} ],
        [ 'from the end', [ [ 'ann', 48 * $H, 49 * $H ] ], {} ],
        [ 'of no time', [ [ 'ann', 600, 600 ] ], {} ],
        [ 'of a second', [ [ 'ann', $H - 1, $H ] ], {} ],
        [ 'of 18 seconds', [ [ 'ann', $H - 18, $H ] ], { 0 => 0.01 } ],
        [ 'that never connected', [ [ 'ann', undef, 600, failure => 'no answer' ] ], {} ],
        [ 'that overlap', [ [ 'ann', 0, 1800 ], [ 'ann', 900, 2700 ] ], { 0 => 0.75 } ],
        [ 'of two users at once', [ [ 'ann', 0, 1800 ], [ 'bob', 900, 2700 ] ], { 0 => 0.75 } ],
        [ 'one in another', [ [ 'ann', 0, 3600 ], [ 'bob', 900, 1800 ] ], { 0 => 1 } ],
        [ 'the same twice', [ [ 'ann', 0, 1800 ], [ 'ann', 0, 1800 ] ], { 0 => 0.5 } ],
        [ 'that touch', [ [ 'ann', 0, 900 ], [ 'ann', 900, 1800 ] ], { 0 => 0.5 } ],
        [ 'reconnected', [ [ 'ann', 0, 900 ], [ 'ann', 600, 5400, reconnect => $TRUE ] ],
            { 0 => 1, 1 => 0.5 } ],
        [ 'still open', [ [ 'ann', 46 * $H + 1800, undef ] ], { 46 => 0.5, 47 => 1 } ],
        [ 'open since before', [ [ 'ann', -3600, undef ] ], { map { $_ => 1 } 0 .. 47 } ],
        [ 'nearly so long', [ [ 'ann', -7 * 86400 + 3, 3600 ] ], { 0 => 1 } ],
    );
    for (@cases) {
        my ($name, $sessions, $hours) = @$_;
        tenant([ desktop('d1', 'ann', 'bob'), desktop('d2', 'ann') ],
            map { my ($user, @s) = @$_; session('d1', $user, @s) } @$sessions);
        hours_are(ask(''), $name, d1 => $hours, d2 => {});
        hours_are(ask('', desktop_ids => ['d1']), "$name, of a requested desktop", d1 => $hours);
        is_true('', "$name, as the simulator", desktop_ids => [ 'd2', 'd1' ]);
        is_true('', "$name, user $_", desktop_username => $_) for qw(ann bob);
    }

    # a range of one day, of the days around it
    tenant([ desktop('d1') ], session('d1', 'ann', -1800, 50 * $H));
    for ([ -1, -1 ], [ 0, 0 ], [ 0, 1 ], [ -3, 1 ], [ 1, 1 ], [ -1, 2 ]) {
        my ($from, $to) = map { date_add($day, $_) } @$_;
        is_true('', "$from to $to", start_time => $from, end_time => $to);
    }
};

subtest 'today and tomorrow' => sub {
    plan skip_all => 'midnight is near' if near_midnight(60);
    $sim->tenant(desktops => [ desktop('d1', 'ann'), desktop('d2') ], sessions => [
        { desktop_id => 'd1', user_name => 'ann', setup => day(-2) . 'T22:30:00Z' } ]);
    my @said;
    for my $user ({}, { desktop_username => 'ann' }) {
        for my $n (0, 1, 2) {
            my %body = (%$user, start_time => day(-1), end_time => day(1), group_by_type => 'HOUR');
            my $res = $n == 1 ? ask('', %body)
                : { status => 200, body => ($sim->legacy({%body}))[2] };
            is($res->{status}, 200, 'three days around today: a 200') or diag($res->{body});
            $said[$n] = [ use_of($res, 'd1') ];
            is(scalar @{ $said[$n] }, 72, 'three days around today have 72 hours');
        }
        my @wrong = grep { $said[1][$_] < $said[0][$_] || $said[1][$_] > $said[2][$_] } 0 .. 71;
        is("@wrong", '', 'an open session lasts until now');
        is(sum0(@{ $said[1] }[ 48 .. 71 ]), 0, 'no hour of tomorrow has use');
        cmp_ok(sum0(@{ $said[1] }), '>=', 24, 'each hour of yesterday has use');
    }
    my %ahead = (start_time => day(1), end_time => day(31));
    my $res = is_true('', 'a month ahead', %ahead);
    is(join(' ', grep { $_ eq 'records' } calls()), '',
        'a month of the future takes no call of records');
};

subtest 'the window of records' => sub {
    tenant([ desktop('d1', 'ann') ], session('d1', 'ann', -4000, 3600),
        session('d1', 'ann', 90000, 93600));
    my $window = sub {
        ask(@_);
        return map { s/%3A/:/gr } map { $_->{query} =~ /start_time=([^&]*)&end_time=([^&]*)/ }
            grep { $_->{api} eq 'records' } @{ $sim->calls };
    };
    my $minute = sub { return at(60 * $_[0]) =~ s/:00Z/Z/r };
    my $end    = $minute->(2 * 1440);
    is(join(' ', $window->('')), $minute->(-7 * 1440 - 1) . " $end",
        'the window of records begins seven days before');
    is(join(' ', $window->('hour')), $minute->(-61) . " $end",
        'the window begins an hour before, with look-back 1h');
    is(join(' ', $window->('none')), $minute->(-1) . " $end",
        'the window begins with the range, with look-back 0');
    my ($last) = ($window->('', start_time => day(-1), end_time => day(3)))[1];
    cmp_ok($last, 'le', date_add(day(0), 1) . 'T00:00Z', 'the window ends with the next minute');
    hours_are(ask(''), 'sessions with the default look-back', d1 => { 0 => 1, 25 => 1 });

    # a session that began too early is missing
    for my $at (qw(hour none)) {
        error_is(ask($at), 502, "a look-back that is too short, $at",
            detail => [ qr/1\.00 hours of desktop "d1"/, qr/2\.00/ ]);
    }
};

subtest 'which desktops' => sub {
    tenant([ (map { desktop("d$_", $_ % 2 ? 'ann' : 'bob') } 1 .. 5),
            { %{ desktop('gone') }, in_directory => $FALSE } ],
        session('d4', 'bob', 0, 3600), session('d3', 'ann', 0, 1800),
        session('gone', 'ann', 0, 900), session('d2', 'ann', 7200, 10800));
    my %all = (d1 => {}, d2 => { 2 => 1 }, d3 => { 0 => 0.5 }, d4 => { 0 => 1 }, d5 => {});
    my $res = ask('');
    hours_are($res, 'all desktops', %all);
    is(join(' ', ids_of($res)), 'd1 d2 d3 d4 d5', 'desktops are in the order of ids');
    is(join(' ', ids_of(ask('', offset => 1, limit => 2))), 'd2 d3', 'a page');
    is_true('', 'a page, as the simulator', offset => 1, limit => 2);
    is_true('', 'a page beyond the last', offset => 5);
    is(join(' ', grep { $_ eq 'records' } calls()), '',
        'a page beyond the last needs no records');
    is_true('', 'limit 0', limit => 0);
    is(join(' ', grep { $_ eq 'records' } calls()), '', 'limit 0 needs no records');
    is(join(' ', ids_of(ask('', desktop_ids => [qw(d5 x d2 gone d5 d1)]))), 'd5 d2 d1',
        'desktop_ids are listed in their order, once');
    is_true('', 'desktop_ids, as the simulator', desktop_ids => [qw(d5 x d2 gone d5 d1)]);
    is_true('', 'a page of desktop_ids', desktop_ids => [qw(d5 x d2 gone d5 d1)], offset => 1, limit => 1);
    is_true('', 'unknown desktops', desktop_ids => [qw(x y)]);
    is(join(' ', grep { $_ eq 'records' } calls()), '', 'unknown desktops need no records');

    hours_are(ask('', desktop_username => 'ann'), 'a user has the own desktops, and those she used',
        d1 => {}, d2 => { 2 => 1 }, d3 => { 0 => 0.5 }, d5 => {});
    is_true('', 'the desktops of a user, as the simulator', desktop_username => $_) for qw(ann bob nobody an);
    is_true('', 'requested desktops of a user', desktop_username => 'ann',
        desktop_ids => [qw(d4 d2 d5 x gone)]);
    is_true('', 'of a user, paged', desktop_username => 'ann', offset => 1, limit => 2);
    is(ask('', desktop_username => 'ann')->{headers}{'x-usage-unattributed'}, undef,
        'by the hour there is no X-Usage-Unattributed');

    # records are kept for 30 days
    for my $body ({}, { desktop_username => 'ann' }, { desktop_ids => ['d1'] }) {
        error_is(ask('', %$body, start_time => day(-40), end_time => day(-39)), 400,
            body(%$body) . ': hours of 40 days ago', detail => [ qr/start_time/, qr/30 days .* of (?:connection records|users)/ ]);
        is(scalar calls(), 0, body(%$body) . ': hours of 40 days ago take no upstream call');
        is(ask('', %$body, start_time => day(-30), end_time => day(-29))->{status}, 200,
            body(%$body) . ': hours of 30 days ago');
    }

    # more than a page of the directory
    tenant([ map { desktop(sprintf 'd%05d', $_) } 1 .. 1001 ], session('d01001', 'ann', 0, 3600));
    is_true('', 'the last of 1001', offset => 1000);
    is(scalar(grep { $_ eq 'directory' } calls()), 2,
        '1001 desktops are two pages of the directory');
};

subtest 'users' => sub {
    my @names = ('Ann', 'ann', 'annabel', 'a b', 'a+b', 'R&D', '50%', 'bob@corp', 'bob', "caf\x{e9}",
        "\x{738b}\x{4f1f}", 'q"q', 'n' x 70, ('n' x 70) . 'x');
    for my $bare ($TRUE, $FALSE) {
        my $i = 0;
        tenant([ desktop('shared', @names[ 0, 1 ]), desktop('pool'),
                map { desktop('d' . $i++, $_) } @names ],
            (map { session("d$_", $names[$_], 600 * $_, 600 * $_ + 1800, with_domain => $bare) }
                0 .. $#names),
            map { session($_ % 2 ? 'pool' : 'shared', $names[$_], 36000 + 600 * $_,
                37800 + 600 * $_, with_domain => $bare) } 0 .. $#names);
        my $n = 0;
        for (@names) {
            is_true('', 'name ' . $n++ . ($bare ? '' : ', without a domain'),
                desktop_username => $_);
        }
    }

    # domains
    my $who = sub { return { user_name => 'ann', domain => $_[0] } };
    tenant([ desktop('d1', $who->('a.com')), desktop('d2', $who->('b.com')), desktop('p') ],
        session('d1', 'ann', 0, 1800, domain => 'a.com'),
        session('d2', 'ann', 0, 3600, domain => 'b.com'),
        session('p', 'ann', 0, 900, domain => 'a.com'),
        session('p', 'ann', 7200, 9000, domain => 'b.com'),
        session('d2', 'ann', 36000, 39600, domain => 'b.com', with_domain => $FALSE),
        session('d1', 'ann', 36000, 37800, domain => 'a.com', with_domain => $FALSE));
    is_true('', $_ || 'any domain', desktop_username => 'ann', desktop_user_domain => $_)
        for qw(a.com b.com c.com), '';
};

subtest 'what leads to a desktop' => sub {
    # the sid, whatever the name is
    tenant([ desktop('d1', 'ann'), desktop('d2', 'ann') ],
        session('d1', 'ann', 0, 3600, computer_name => 'PC-d2-'),
        session('d2', 'ann', 7200, 10800, computer_name => 'whatever'),
        session('d2', 'ann', 14400, 18000, sid => undef),
        session('d2', 'ann', 21600, 25200, sid => ''),
        session('d2', 'ann', 28800, 32400, sid => 'sid-unknown'));
    my %want = (d1 => { 0 => 1 }, d2 => { 2 => 1, 4 => 1, 6 => 1, 8 => 1 });
    hours_are(ask(''), 'sid, else name', %want);
    hours_are(ask('', desktop_username => 'ann'), 'the records of a user lead by sid, else by name', %want);
    hours_are(ask('', desktop_ids => ['d2']), 'of one', d2 => $want{d2});
    hours_are(ask('', desktop_ids => ['d1']), 'of the other', d1 => $want{d1});

    # older releases have no sid
    tenant([ desktop('d1', 'ann'), desktop('d2', 'ann') ],
        session('d1', 'ann', 0, 3600), session('d2', 'ann', 7200, 10800));
    $sim->config(sid => $FALSE);
    hours_are(ask('', @$_), 'no sid at all', d1 => { 0 => 1 }, d2 => { 2 => 1 })
        for [], [ desktop_username => 'ann' ], [ desktop_ids => [ 'd2', 'd1' ] ];
    $sim->config(sid => $TRUE);

    # two desktops of one name
    my @twins = ([ { %{ desktop('t1', 'ann') }, computer_name => 'TWIN' },
            { %{ desktop('t2', 'bob') }, computer_name => 'TWIN' }, desktop('d1', 'ann') ],
        session('t1', 'ann', 0, 3600), session('t2', 'bob', 7200, 10800),
        session('d1', 'ann', 0, 1800));
    my %twins = (t1 => { 0 => 1 }, t2 => { 2 => 1 }, d1 => { 0 => 0.5 });
    tenant(@twins);
    hours_are(ask(''), 'two of one name', %twins);
    hours_are(ask('', desktop_ids => [qw(t2 t1)]), 'two of one name, requested',
        map { $_ => $twins{$_} } qw(t1 t2));
    hours_are(ask('', desktop_ids => [qw(t2)]), 'one of them', t2 => $twins{t2});
    hours_are(ask('', desktop_username => 'bob'), 'of a user', t2 => $twins{t2});
    $sim->config(sid => $FALSE);
    for my $body ({}, { desktop_ids => [ 't1', 't2' ] }, { desktop_ids => ['t1'] },
        { desktop_username => 'ann' })
    {
        my $res = ask('', %$body);
        error_is($res, 502, body(%$body) . ': without sid nothing tells them apart',
            detail => [ qr/TWIN/, qr/several/ ]);
    }
    $sim->config(sid => $TRUE);

    # records that lead to no desktop
    my $mark = $nginx->log_mark;
    tenant([ desktop('d1', 'ann'), { %{ desktop('gone', 'ann') }, in_directory => $FALSE },
            { %{ desktop('gone2', 'ann') }, in_directory => $FALSE } ],
        session('d1', 'ann', 0, 3600), session('gone', 'ann', 0, 1800),
        session('gone', 'ann', 7200, 10800),
        session('gone2', 'ann', 0, 60, computer_name => "evil\n2026/01/01 00:00:00 [error] \e[31m"));
    hours_are(ask(''), 'records that lead to no desktop are left out', d1 => { 0 => 1 });
    ok($nginx->wait_for(sub { $nginx->error_log($mark) =~ /lead to/ }),
        'the error log tells of records that lead to no desktop');
    my @lines = grep { /lead to/ } split /\n/, $nginx->error_log($mark);
    is(scalar @lines, 1, 'the error log tells of them in one line');
    like($lines[0], qr/2 desktops.*"(?:PC-gone-|evil\?2026)/,
        'the line has the name of a desktop');
    unlike($nginx->error_log($mark), qr/^2026\/01\/01|\e|[\x01-\x08]/m,
        'control bytes of a name are not in the error log');

    $mark = $nginx->log_mark;
    hours_are(ask('', desktop_username => 'ann'), 'they are left out for a user', d1 => { 0 => 1 });
    is(scalar(grep { /lead to/ } split /\n/, $nginx->error_log($mark)), 1,
        'for a user the error log tells of them in one line');
    $mark = $nginx->log_mark;
    hours_are(ask('', desktop_ids => ['d1']), 'they are left out with desktop_ids', d1 => { 0 => 1 });
    unlike($nginx->error_log($mark), qr/lead to/,
        'with desktop_ids the error log tells of no others');

    # a name of UTF-8, and one that is long
    for my $name ("caf\x{e9}\x{738b}" x 20, 'x' x 3000, "\x7f\t\x01\n") {
        tenant([ desktop('d1', 'ann') ],
            session('d1', 'ann', 0, 1800, computer_name => $name, sid => undef));
        error_is(ask(''), 502, 'the time of a record with an odd name is missing',
            detail => [ qr/0\.00 hours of desktop "d1"/, qr/0\.50/ ]);
        hours_are(ask('loose'), 'a record with an odd name is left out', d1 => {});
    }
};

subtest 'pages of records' => sub {
    my @sessions = map { session('d' . ($_ % 7), 'ann', 60 * $_, 60 * $_ + 45) } 0 .. 2249;
    tenant([ map { desktop("d$_", 'ann', 'bob') } 0 .. 6 ], @sessions);
    my $pages = sub { return scalar grep { $_ eq 'records' } calls() };
    for my $at ('', 'one') {
        $sim->config(records_limit => 1000, records_clamp => $FALSE);
        is_true($at, 'pages of 1000 records');
        ask($at);
        is($pages->(), 3, '2250 records are three pages of 1000');

        $sim->config(records_limit => 100, records_clamp => $FALSE);
        is_true($at, '100 a page, else 400');
        ask($at);
        is($pages->(), 1 + 23, '2250 records are one refused page and 23 of 100');

        $sim->config(records_limit => 100, records_clamp => $TRUE);
        is_true($at, '100 a page, whatever the limit');
        ask($at);
        is($pages->(), 23, '2250 records are 23 pages of 100');

        is_true($at, 'the pages of a user', desktop_username => 'ann');
    }
    # as many as a short page has
    for my $n (0, 1, 99, 100, 101, 199, 200, 201, 1000, 1001) {
        tenant([ map { desktop("d$_", 'ann', 'bob') } 0 .. 6 ], @sessions[ 0 .. $n - 1 ]);
        $sim->config(records_limit => 100, records_clamp => $_), is_true('', "$n records")
            for $TRUE, $FALSE;
        $sim->config(records_limit => 1000);
        is_true('', "$n records in long pages");
        last if Usage::Nginx->slow && $n > 100;
    }

    # a 400 that is not about the limit
    tenant([ desktop('d1', 'ann') ], session('d1', 'ann', 0, 60));
    $sim->faults({ fault => 'status', status => 400, api => 'records', code => 'WKS.0400',
        msg => 'whatever' });
    my $res = ask('');
    is($res->{status}, 400, '400 for any page');
    is((decode($res->{body}) || {})->{error_code}, 'WKS.0400',
        'the error_code of the upstream is passed on');
    is($pages->(), 4, 'a 400 is followed by one with limit 100, and by both with seconds');
    $sim->faults;
};

subtest 'the form' => sub {
    tenant([ desktop('d1', 'ann') ], session('d1', 'ann', 0, 4500));
    my $res = ask('string');
    like($res->{body}, qr/"use_time":"1\.00"\},.*?"use_time":"0\.25"\},.*?"use_time":"0\.00"/,
        'usage_use_time string makes strings');
    like(ask('')->{body}, qr/"date":"${day}T00:00:00Z","use_time":1\},/,
        'use_time is a number, and date the hour');
    like(ask('', desktop_username => 'ann')->{body}, qr/"desktop_username":"ann"/,
        'an entry names the user');

    # directives are inherited, and each level has its own
    my @on = 'usage_connections on;';
    my $many = Usage::Nginx->start(
        upstream => $sim->port,
        http     => 'usage_connections on; usage_hour_format "h %d %H";
            usage_connections_lookback 0; usage_resource_id on;
            server { listen 127.0.0.1:%%PORT0%%;
                usage_hour_format "s %Y%m%dT%H"; usage_connections_lookback 2h;
                usage_resource_id off; '
            . Usage::Nginx->at(none => '')
            . Usage::Nginx->at(own  => 'usage_hour_format "l %j %H:%M:%S"; usage_resource_id on;
                usage_connections_lookback 30m;')
            . 'location /workspace/ { internal; proxy_pass http://successors/; } }',
        server => Usage::Nginx->at(own => 'usage_hour_format "%%%H\"\\\\é"; usage_connections_lookback 1d;
            usage_resource_id off;')
            . Usage::Nginx->at(off => 'usage_connections off;'),
    );
    my ($y, $m, $d) = split /-/, $day;
    require POSIX;
    my $yday = POSIX::strftime('%j', 0, 0, 0, $d, $m - 1, $y - 1900);
    tenant([ desktop('d1', 'ann'), map { desktop("f$_") } 1 .. 250 ], session('d1', 'ann', 0, 4500));
    my @places = (
        # port, path, label of the third hour, lookback, resource_id
        [ 0, '',      "h $d 02",        0,     1 ],
        [ 0, '/own',  "%02\"\\\xc3\xa9", 86400, 0 ],
        [ 1, '/none', "s $y$m${d}T02",  7200,  0 ],
        [ 1, '/own',  "l $yday 02:00:00", 1800, 1 ],
    );
    for (@places) {
        my ($other, $path, $label, $lookback, $by_id) = @$_;
        my $port = $other ? $many->other_port(0) : $many->port;
        my $post = sub {
            $sim->clear;
            my $c = Usage::Client->new(port => $port, timeout => Usage::Nginx->patience(20));
            return $c->post($path . route(), body(%range, @_), 'X-Auth-Token' => 't',
                Connection => 'close');
        };
        my $r = $post->(group_by_type => 'HOUR', desktop_ids => ['d1']);
        my $data = decode($r->{body}) || {};
        my $have = $data->{desktop_used_info_list}[0]{used_info_list}[2]{date};
        utf8::encode($have) if defined $have;
        my $where = ($other ? 'other' : 'first') . " server, '$path'";
        is($have, $label, "$where: usage_hour_format")
            or diag($r->{body});
        my ($records) = grep { $_->{api} eq 'records' } @{ $sim->calls };
        like($records->{query} =~ s/%3A/:/gr, qr/start_time=\Q${\ substr at(-60 - $lookback), 0, 16}\EZ/,
            "$where: look-back");
        $r = $post->(desktop_ids => ['d1'], start_time => day(-30), end_time => day(-2));
        is($r->{status}, 200, "$where: use by the day is a 200");
        is(scalar(grep { $_->{query} =~ /resource_id=/ } @{ $sim->calls }) > 0, !!$by_id,
            "$where: usage_resource_id");
    }
    is($many->post('/off' . route(), body(%range, group_by_type => 'HOUR'),
        'X-Auth-Token' => 't')->{status}, 400, 'a location with usage_connections off is a 400');
    $many->stop_ok;
};

subtest 'rights' => sub {
    tenant([ desktop('d1', 'ann') ], session('d1', 'ann', 0, 3600));
    for my $api (qw(directory records)) {
        for my $body ({}, { desktop_ids => ['d1'] }, { desktop_username => 'ann' },
            { desktop_username => 'ann', desktop_ids => ['d1'] })
        {
            for my $status (401, 403) {
                $sim->faults({ fault => 'status', status => $status, api => $api,
                    code => 'WKS.0403', msg => "no $api", encoded => 'abc' });
                $token++; # (a 401 is remembered)
                my $res = ask('', %$body);
                is($res->{status}, $status, body(%$body) . ": $status of $api");
                my $data = decode($res->{body}) || {};
                is_deeply([ @$data{qw(error_code error_msg encoded_authorization_message)} ],
                    [ 'WKS.0403', "no $api", 'abc' ],
                    "${\ body(%$body)}: $status of $api goes back as it is");
            }
        }
    }
    $sim->faults;
};

subtest '31 days of 100 desktops' => sub {
    plan skip_all => 'midnight is near' if near_midnight(120);
    $sim->tenant(seed => 31, desktops => 100, days => 45, users => 40, idle => 'shown',
        records_days => 0);
    my %month = (start_time => day(-31), end_time => day(-1), group_by_type => 'HOUR');
    my $res = is_true('long', 'the reply', %month);
    is(length($res->{body}) > 31 * 24 * 90 * 40, 1, 'all of it: ' . length($res->{body}) . ' bytes');
    is_true('long', 'with 100 a page', %month), $sim->config(records_limit => 1000)
        if $sim->config(records_limit => 100);
    $sim->config(records_days => 30);
};

# --- Against the statistics.

subtest 'against the statistics' => sub {
    my @three = (desktop('d1', 'ann'), desktop('d2', 'ann', 'bob'), desktop('d3'));
    my @sessions = (session('d1', 'ann', 0, 36000), session('d2', 'ann', 3600, 39600),
        session('d2', 'bob', 36000, 43200), session('d3', 'bob', 90000, 93600));

    # one window over the range, as far as it is final
    my $figures = sub { return grep { /metrics/ } calls() };
    tenant(\@three, @sessions);
    my %narrowed = (desktop_ids => ['d2']);
    for ([ {}, 'desktop-metrics' ], [ {%narrowed}, 'desktop-metrics' ], [ { desktop_ids => [qw(d3 d1)] }, 'desktop-metrics' ],
        [ { desktop_username => 'ann' }, 'user-metrics' ], [ { desktop_username => 'ann', %narrowed }, 'user-metrics' ],
        [ { limit => 0 }, '' ], [ { desktop_ids => ['x'] }, '' ], [ { offset => 3 }, '' ])
    {
        my ($body, $want) = @$_;
        is_true('', body(%$body) . ': a true reply', %$body);
        is(join(' ', $figures->()), $want, body(%$body) . ': one window of statistics, or none');
    }
    my ($window) = map { $_->{query} =~ s/%3A/:/gr } grep { $_->{api} eq 'desktop-metrics' }
        ask('', %narrowed) ? @{ $sim->calls } : ();
    like($window, qr/start_time=${day}T00:00:00Z&end_time=${\ date_add($day, 1)}T23:59:59Z/,
        'the window has all days that are final');
    like($window, qr/resource_name=PC-d2-/, 'the window is narrowed to one desktop');

    # days that aren't final are not compared
    is(ask('', %$_, start_time => day(0), end_time => day(1))->{status}, 200, body(%$_) . ': today'),
        is(join(' ', $figures->()), '', body(%$_) . ': no statistics of today')
        for {}, {%narrowed}, { desktop_username => 'ann' };

    # records that are kept for less than that
    $sim->config(records_days => 1);
    error_is(ask('', %{ $_->[0] }), 502, body(%{ $_->[0] }) . ': records are not kept', detail => $_->[1])
        for [ {}, [ qr/0\.00 hours of desktop "d1"/, qr/10\.00/ ] ],
        [ {%narrowed}, [ qr/0\.00 hours of desktop "d2"/, qr/11\.00/ ] ],
        [ { desktop_username => 'ann' }, [ qr/0\.00 hours of desktop_username "ann"/, qr/20\.00/ ] ],
        [ { desktop_username => 'bob', %narrowed }, [ qr/desktop_username "bob"/, qr/3\.00/ ] ];
    $sim->config(records_days => 30);

    # the tolerance: 1 %, or a minute a day
    my $lost = sub {
        tenant([ desktop('d1', 'ann') ], @_);
        return map { ask($_)->{status} } '', qw(exact loose);
    };
    my @hidden = (computer_name => 'nowhere', sid => undef);
    is(join(' ', $lost->(session('d1', 'ann', 0, 3600), session('d1', 'ann', 3600, 3720, @hidden))),
        '200 502 200', 'two minutes are missing of two days');
    is(join(' ', $lost->(session('d1', 'ann', 0, 3600), session('d1', 'ann', 3600, 3721, @hidden))),
        '502 502 200', 'a second more is missing');
    is(join(' ', $lost->(session('d1', 'ann', 0, 79200), session('d1', 'ann', 79200, 80000, @hidden))),
        '200 502 200', 'less than 1 % is missing');
    is(join(' ', $lost->(session('d1', 'ann', 0, 79200), session('d1', 'ann', 79200, 80001, @hidden))),
        '502 502 200', 'more than 1 % is missing');

    # statistics that can't be read
    tenant(\@three, @sessions);
    for ([ 'desktop-metrics' => {} ], [ 'desktop-metrics' => {%narrowed} ],
        [ 'user-metrics' => { desktop_username => 'ann' } ]) {
        my ($api, $body) = @$_;
        $sim->faults({ fault => 'status', status => 403, api => $api, code => 'WKS.0403', msg => 'no' });
        my $res = ask('', %$body);
        is($res->{status}, 403, body(%$body) . ": 403 of $api");
        like($res->{body}, qr/WKS\.0403/, body(%$body) . ": 403 of $api goes back as it is");
    }
    $sim->faults;
};

subtest 'the filter of records by name' => sub {
    my @two = (desktop('d1', 'ann'), desktop('p'), desktop('d2', 'bob'));
    my @sessions = (session('d1', 'ann', 0, 3600), session('p', 'ann', 7200, 9000),
        session('p', 'annabel', 36000, 39600), session('d2', 'bob', 0, 1800));
    my $read = sub {
        return join ' ', map { $_->{query} =~ /user_name=(\w+)/ ? $1 : 'all' }
            grep { $_->{api} eq 'records' } @{ $sim->calls };
    };
    for my $names (qw(fuzzy exact full)) {
        for my $domain ($TRUE, $FALSE) {
            tenant(\@two, map { { %$_, domain => 'corp' } } @sessions);
            $sim->config(records_names => $names, records_domain => $domain);
            my $how = "$names, " . ($domain ? 'with domains' : 'without domains');
            my $blind = $names eq 'full' && $domain;
            for my $user (qw(ann annabel bob)) {
                is_true('', "$how: $user", desktop_username => $user);
                is($read->(), $blind ? "$user all" : $user, "$how: the calls for records of $user");
            }
            is_true('', "$how: nobody", desktop_username => 'nobody');
            is($read->(), 'nobody', "$how: the call for records of nobody");

            # today, of which statistics tell nothing
            is(ask('', desktop_username => 'ann', start_time => day(0), end_time => day(0))->{status},
                200, "$how: today");
            is($read->(), $blind || !$domain ? 'ann all' : 'ann', "$how: the calls for today");
        }
    }
    $sim->config(records_names => 'fuzzy', records_domain => $TRUE);
};

subtest 'the form of times' => sub {
    my $read = sub {
        return join ' ', map { $_->{query} =~ s/%3A/:/gr =~ /start_time=\S{16}(\S*?)&/ ? $1 : '-' }
            grep { $_->{api} eq 'records' } @{ $sim->calls };
    };
    tenant([ desktop('d1', 'ann') ], session('d1', 'ann', 0, 3600),
        session('d1', 'ann', 86400, 90000, start => at(86400)),
        session('d1', 'ann', 172740, 172800, start => at(172740)));
    for my $ends (qw(both start end none)) {
        $sim->config(records_ends => $ends);
        for my $times (qw(both minutes)) {
            $sim->config(records_times => $times);
            is_true($_, "ends $ends, times $times, at '$_'") for '', 'none';
            is($read->(), 'Z', "ends $ends, times $times: one call");
        }
    }
    $sim->config(records_times => 'seconds');
    is_true('exact', 'a service that takes times with seconds only');
    is($read->(), 'Z Z :00Z :00Z' =~ s/ :00Z$//r, 'the other forms are refused first');
    is_true('exact', 'a second time');
    is($read->(), ':00Z', 'the form that is taken is remembered');
    $sim->config(records_times => 'minutes', records_limit => 100);
    is_true('exact', 'the service changes its mind');
    is($read->(), ':00Z :00Z Z Z', 'both forms, with both limits');
    $sim->config(records_times => 'both', records_ends => 'both', records_limit => 1000);
};

# --- Generated tenants.

subtest 'generated tenants' => sub {
    for my $n (1, 5, 30, 120) {
        my $tenant = rnd(1 << 20);
        $sim->tenant(seed => $tenant, desktops => $n, days => 31, idle => 'hidden');
        my @ids = @{ $sim->desktops };
        my %users = map { $_ => 1 } @{ $sim->users };
        my @users = sort keys %users;
        for my $try (1 .. (Usage::Nginx->slow ? 2 : 12)) {
            my $back = 2 + rnd(20);
            my %body = (start_time => day(-$back - rnd(4)), end_time => day(-$back));
            $body{desktop_username} = pick(@users) if chance(60);
            $body{desktop_ids} = [ map { pick(@ids) } 1 .. 4 ] if chance(40);
            $sim->config(records_limit => chance(30) ? 100 : 1000,
                records_clamp => chance(50) ? $TRUE : $FALSE, sid => chance(80) ? $TRUE : $FALSE);
            is_true('', "tenant $tenant of $n desktops: " . body(%body), %body);
        }
        $sim->config(records_limit => 1000, sid => $TRUE);
    }
};

# --- Faults.

subtest 'faults' => sub {
    tenant([ (map { desktop("d$_", 'ann') } 1 .. 3), map { desktop("f$_") } 1 .. 20 ],
        (map { session("d$_", 'ann', 7200 * $_, 7200 * $_ + 1800) } 1 .. 3),
        map { session('d1', 'ann', 36000 + 60 * $_, 36000 + 60 * $_ + 30) } 1 .. 220);
    my @faults = (
        (map { { fault => 'status', status => $_ } } 500, 503, 404, 429),
        (map { { fault => $_ } } qw(reset cut truncate garble text empty gzip no-items null-items
            no-count bad-time end-first extra chunked close)),
        { fault => 'pad', kb => 3 }, { fault => 'drip', piece => 2000, ms => 1 },
        (map { { fault => 'lying-count', delta => $_ } } 1, -1, 100, -100),
        (map { { fault => 'rows', delta => $_ } } 1, -1),
        (map { { fault => 'shift', by => $_ } } 1, -1, 100),
        { fault => 'shift', by => 1, keep_count => $TRUE },
        (map { { fault => 'duplicate', row => $_ } } 0, 5),
        { fault => 'bad-time', row => 7 }, { fault => 'end-first', row => 7 },
    );
    for my $body ({}, { desktop_ids => [ 'd3', 'd1' ] }, { desktop_username => 'ann' }) {
        my ($good, $bad, @wrong) = (0, 0);
        my (undef, undef, $true) = $sim->legacy({ %range, group_by_type => 'HOUR', %$body });
        for my $limit (1000, 100) {
            $sim->config(records_limit => $limit);
            for my $fault (@faults) {
                for my $api (qw(directory records)) {
                    for my $more ({}, { count => 1 }, { offset => 100 }, { skip => 1, count => 1 }) {
                        next if Usage::Nginx->slow && ($limit == 100 || %$more);
                        my %f = (%$fault, api => $api, %$more);
                        $sim->faults(\%f);
                        my $res = ask('', %$body);
                        if ($res->{status} == 200) {
                            $good++;
                            my $differ = same_json($res->{body}, $true);
                            push @wrong, "$limit " . $json->encode(\%f) . ": $differ" if $differ;
                        } else {
                            $bad++;
                            push @wrong, $json->encode(\%f) . ": no error: $res->{body}"
                                unless defined((decode($res->{body}) || {})->{error_code});
                            push @wrong, $json->encode(\%f) . ": $res->{status}: $res->{body}"
                                if $fault->{fault} =~ /^(?:extra|chunked|drip|pad)/;
                        }
                    }
                }
            }
        }
        $sim->faults;
        $sim->config(records_limit => 1000);
        is(scalar @wrong, 0, body(%$body) . ": $good true, $bad errors")
            or diag(join "\n", map { substr $_, 0, 500 } @wrong);
        cmp_ok($bad, '>', 20, 'there were errors');
        cmp_ok($good, '>', 10, 'there were true replies');
    }

    for my $group (qw(HOUR DAY)) {
        $sim->faults({ fault => 'duplicate', api => 'directory' });
        my %future = $group eq 'DAY' ? (start_time => day(1), end_time => day(1)) : ();
        my $res = ask('', desktop_ids => [qw(f3 f1)], group_by_type => $group, %future);
        ok($res->{status} == 502 || ids_of($res) == 2, "$group: no desktop is lost")
            or diag($res->{body});
    }
    $sim->faults;

    # each by itself is refused, not guessed at
    my %says = ('bad-time' => qr/setup_time "yesterday"/, 'end-first' => qr/end_time "/);
    for (sort keys %says) {
        $sim->faults({ fault => $_, api => 'records' });
        error_is(ask(''), 502, "$_ is told", detail => [ qr/connection records/, $says{$_} ]);
    }
    $sim->faults;
};

$nginx->stop_ok;
$sim->stop;

done_testing();
