# SPDX-License-Identifier: BSD-2-Clause
#
# Few desktops of many, and one user of many: how few upstream calls that takes
# (issue 3's bounds), and that the reply is the same as from a full fan-out.

use strict;
use warnings;

use List::Util qw(sum0);
use Test::More;

use Usage::Nginx;
use Usage::Random;
use Usage::Sim;
use Usage::Test;
use Usage::Upstream qw(json_reply page desktop_ids);

my $slow = Usage::Nginx->slow;
my $sim = Usage::Sim->start(args => [ '--seed', 1 ]);

my %places = (
    ''        => '',
    id        => 'usage_resource_id on;',
    records   => 'usage_connections on;',
    both      => 'usage_connections on; usage_resource_id on;',
    one       => 'usage_concurrency 1;',
    off       => 'usage_retention off;',
);

sub gateway {
    my ($port) = @_;
    return Usage::Nginx->start(
        upstream => $port,
        server   => join '', map { Usage::Nginx->at($_ => $places{$_}) }
            grep { length } sort keys %places
    );
}

my $nginx = gateway($sim->port);
my $serial = 0;

# One call: the reply, and the upstream calls that it took, as $usage_calls and
# the simulator's log both say.
sub ask {
    my ($at, %body) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $id = 'n' . ++$serial;
    $sim->clear;
    my $res = $nginx->post((length $at ? "/$at" : '') . route(), body(%body),
        'X-Auth-Token' => 'token', 'X-Request-Id' => $id);
    my @calls = @{ $sim->calls };

    my $said = $nginx->logged($id)->{calls};
    is($said, scalar @calls, '$usage_calls is what the simulator saw')
        if !defined $said || $said != @calls;

    return ($res, @calls);
}

# The filing of a day between two calls changes what is true.
sub hour { return int(time / 3600) }

# The reply is the simulator's, and took so many calls at most, none twice (but
# with -again).  Returns the calls.
sub holds {
    my ($name, $at, $most, %body) = @_;
    my $again = delete $body{-again};
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my ($res, @calls, $true, $hour);
    for (1, 2) {
        $hour = hour();
        ($res, @calls) = ask($at, %body);
        $true = ($sim->legacy({%body},
            -query => 'filed=yes&gone=apart'))[2];
        last if hour() == $hour;
    }

    my @wrong;
    push @wrong, "status $res->{status}: $res->{body}" if $res->{status} != 200;
    push @wrong, 'the reply differs: ' . same_json($res->{body}, $true)
        if $res->{status} == 200 && same_json($res->{body}, $true);
    push @wrong, @calls . " calls, not $most at most" if @calls > $most;

    my %times;
    $times{"$_->{path}?$_->{query}"}++ for @calls;
    push @wrong, map { "twice: $_" } grep { $times{$_} > 1 } sort keys %times
        if !$again;

    ok(!@wrong, "$name: " . @calls . " calls") or diag(join "\n",
        @wrong[ 0 .. ($#wrong > 5 ? 5 : $#wrong) ],
        substr(body(%body), 0, 600),
        map { "$_->{api} $_->{query}" } @calls[ 0 .. ($#calls > 40 ? 40 : $#calls) ]);
    return @calls;
}

sub some {
    my ($n, @of) = @_;
    my %some;
    $some{ pick(@of) } = 1 while keys %some < $n && @of > keys %some;
    return sort keys %some;
}

# --- The published example.

subtest 'the published example' => sub {
    $sim->tenant;
    my %body = (start_time => '2022-12-09', end_time => '2022-12-15',
        desktop_ids => [ 'c6e6dbd7-c950-471d-a6a7-01d0fb62f450',
            'd5367f84-1d64-498e-9b92-093002ac6ce9' ]);
    is(scalar holds('two desktops', 'off', 7, %body), 7,
        'two desktops of the example take 7 calls');
    delete $body{desktop_ids};
    is(scalar holds('all desktops', 'off', 7, %body), 7,
        'all desktops of the example take 7 calls');
    $sim->config(now => 'real');
};

# --- 2000 desktops.

my @months = (
    { start_time => day(-30), end_time => day(0) },
    { start_time => day(-36), end_time => day(-6) },
);

# Does the day that is asked first, the last working day, tell how many there
# are?  (Generated tenants have weekends of their own.)
sub tells {
    my ($month) = @_;
    my $day = $month->{end_time};
    $day = date_add($day, -1) while (days_between('1970-01-05', $day) - 1) % 7 > 4;
    my (undef, $r) = $sim->get('statistics/metrics/desktops',
        start_time => "${day}T00:00:00Z", end_time => "${day}T23:59:59Z");
    return $r->{count} > 600;
}

my %tenants = map { my $i = $_; $i => [ map { rnd(1 << 20) } 1 .. 20 ] } qw(shown hidden);

for my $idle (qw(shown hidden)) {
    my $tenant;
    for (@{ $tenants{$idle} }) {
        $tenant = $_;
        $sim->tenant(seed => $tenant, desktops => 2000, days => 45, idle => $idle);
        last if tells($months[1]);
    }
    my $what = "2000 desktops, idle $idle, tenant $tenant";

    my @users   = @{ $sim->users(detail => 1) };
    my @details = @{ $sim->desktops(detail => 1) };

    subtest "$what: users with one desktop" => sub {
        plan skip_all => 'midnight is near' if near_midnight(120);

        my %month = %{ $months[0] };
        my %names;
        $names{ $_->{user_name} }++ for @users;
        my @one = grep { @{ $_->{alone} } == 1 && !@{ $_->{shared} }
                && $names{ $_->{user_name} } == 1 } @users;
        my @only  = grep { @{ $_->{used} } == 1 } @one;
        my @never = grep { !@{ $_->{used} } } @one;

        cmp_ok(scalar @only, '>', 5, scalar(@only) . ' use that one only');

        # (one page more if more than 100 names match)
        my %desktop = map { $_->{desktop_id} => $_->{computer_name} } @details;
        my $pages = sub {
            my ($name, @of) = @_;
            return int((99 + grep { index(lc, lc $name) >= 0 } @of) / 100) || 1;
        };
        my $most = sub {
            my ($u, $days) = @_;
            return int((999 + @details) / 1000) + 31 * $pages->($desktop{ $u->{alone}[0] }, values %desktop)
                + $days * $pages->($u->{user_name}, map { $_->{user_name} } @users);
        };
        cmp_ok(scalar(grep { $most->($_, 31) > 64 } @one[ 0 .. 199 ]), '<', 100,
            'most names are no parts of many others');

        # (under valgrind, fewer)
        my $n = $slow ? 1 : 8;
        for (some($n, 0 .. $#only)) {
            my %body = (%month, desktop_username => $only[$_]{user_name});
            my @calls = holds("$body{desktop_username}", '',
                $most->($only[$_], 2), %body);
            is(scalar(grep { $_->{api} =~ /desktop-metrics/
                    && $_->{query} !~ /resource_name=/ } @calls), 0,
                "user $_: no call for all desktops");
            holds("user $_, by resource_id", 'id', $most->($only[$_], 2), %body);
            holds("user $_, with records", 'records', $most->($only[$_], 31), %body);
            holds("user $_, with a desktop's id", '', $most->($only[$_], 31) + 1, %body,
                desktop_ids => [ $only[$_]{alone}[0], 'nobody' ]);
            is(scalar(grep { $_->{api} eq 'user-metrics' }
                holds('that desktop alone', '', $most->($only[$_], 0), %body,
                    desktop_ids => $only[$_]{alone})), 0,
                'needs no statistics of the user');
        }

        # those that use others as well: the rest has its own entry
        for (some($n, 0 .. $#one)) {
            my $u = $one[$_];
            my %body = (%month, desktop_username => $u->{user_name});
            my ($res, @calls) = ask('', %body);
            is($res->{status}, 200, "$u->{user_name}: " . @calls . ' calls')
                or diag($res->{body});
            cmp_ok(scalar @calls, '<=', $most->($u, 31), 'at most 64, if of one page');
            my $list = (decode($res->{body}) || {})->{desktop_used_info_list} || [];
            my $sum  = sum0(map { $_->{use_time} }
                map { @{ $_->{used_info_list} } } @$list);
            my $true = sum0(@{ $sim->truth(user_name => $u->{user_name},
                start => $month{start_time}, end => $month{end_time})->{total} });
            cmp_ok(abs($sum - $true / 3600), '<=', 0.0051 * 31 * @$list + 1e-6,
                'the sum of the desktops is the time of the user');
            holds('with records', 'records', $most->($u, 31) + 1, %body);
        }

        holds('one that never used it', '', 64, %month,
            desktop_username => $never[0]{user_name}) if @never;

        my ($res, @calls) = ask('', %month, desktop_username => 'who is that');
        reply_is($res, 'nobody', entries => []);
        cmp_ok(scalar @calls, '<=', 4, @calls . ' calls');
    };

    subtest "$what: desktop_ids" => sub {
        my %month = %{ $months[1] };
        my (%sum, $offset);

        # what everybody's month was
        for ($offset = 0; $offset < 2000; $offset += 100) {
            my (undef, $r) = $sim->legacy({ %month, offset => $offset });
            for my $e (@{ $r->{desktop_used_info_list} }) {
                $sum{ $e->{desktop_id} } = sum0(map { $_->{use_time} }
                    @{ $e->{used_info_list} });
            }
        }

        # (what DESK-12 costs is another question, see below)
        my @plain = grep { $_->{computer_name} =~ /^DESK-\d{3,}$/ } @details;
        my @all   = map { $_->{desktop_id} } @plain;
        my @gone  = map { $_->{desktop_id} } grep { $_->{gone} } @plain;
        my @used  = sort { $sum{$b} <=> $sum{$a} } grep { $sum{$_} } @all;
        my @idle  = grep { !$sum{$_} } map { $_->{desktop_id} }
            grep { !$_->{gone} } @plain;
        my @kinds = (
            [ 'random ones'    => sub { some(5, @all) } ],
            [ 'used ones'      => sub { some(5, @used) } ],
            [ 'most used ones' => sub { @used[ 0 .. 4 ] } ],
            [ 'least used ones' => sub { @used[ -5 .. -1 ] } ],
            [ 'idle ones'      => sub { some(5, @idle) } ],
            [ 'gone ones'      => sub { some(5, @gone) } ],
            [ 'a mixture'      => sub { (some(2, @used), some(1, @idle), some(1, @gone), 'x') } ],
            [ 'unknown ones'   => sub { map { "nobody-$_" } 1 .. 5 } ],
            [ 'one'            => sub { pick(@used) } ],
        );

        for (@kinds) {
            my ($kind, $ids) = @$_;
            for my $resource_id (JSON::PP::true, JSON::PP::false) {
                $sim->config(resource_id => $resource_id);
                my $known = $resource_id ? '' : ' (not known upstream)';
                my %body  = (%month, desktop_ids => [ $ids->() ]);
                # (the names are a call, and so is a filter that isn't known)
                holds($kind, '', 2 + 31 * 5, %body) if $resource_id;
                holds("$kind, resource_id$known", 'id', ($resource_id ? 1 : 3) + 31 * 5, %body);
                last if $slow;
            }
        }
        $sim->config(resource_id => JSON::PP::true);

        # names that are parts of many others: not more than without names
        for my $names (qr/^DESK-1$/, qr/^DESK-(?:1|2|19|3)$/) {
            last if $slow;
            my %body = (%month, desktop_ids => [ map { $_->{desktop_id} }
                grep { $_->{computer_name} =~ $names } @details ]);
            $sim->faults({ fault => 'status', status => 403,
                api => 'directory', code => 'WKS.0001' });
            my (undef, @calls) = ask('', %body);
            $sim->faults;
            holds('short names', '', @calls + 2 + @{ $body{desktop_ids} }, %body);
            holds('short names, resource_id', 'id', 31 * 5 + 1, %body);
        }

        # one day, one desktop: not more than that day's pages
        my %day = (start_time => day(-3), end_time => day(-3),
            desktop_ids => [ $used[-1] ]);
        holds('a day', '', 2 + 20, %day, -again => 1);
        holds('a day, with resource_id', 'id', 2, %day);

        # (from so many on, there is a full fan-out)
        for (10, 20, 40, 100) {
            holds("$_ of them", '', 620, %month,
                desktop_ids => [ some($_, @all) ]);
            last if $slow;
        }
    };

    subtest "$what: a directory that may not be read" => sub {
        my %body = (%{ $months[1] },
            desktop_ids => [ map { $_->{desktop_id} } @details[ 7, 1100, 3 ] ]);
        for my $status (401, 403) {
            $sim->faults({ fault => 'status', status => $status,
                api => 'directory', code => 'WKS.0001' });
            my ($res, @calls) = ask('', %body);
            my $true = ($sim->legacy({%body}))[2];
            my $missing = $idle eq 'hidden' ? grep { !$_->{used} }
                @details[ 7, 1100, 3 ] : 0;
            is(same_json($res->{body}, $true), '', "$status: the same reply")
                if !$missing;
            is($res->{status}, 200, "$status: a reply") or diag($res->{body});
            cmp_ok(scalar @calls, '<=', 640, @calls . ' calls');
            is(scalar(grep { $_->{api} eq 'directory' } @calls), 1,
                'one of the directory');
            is(scalar(grep { $_->{query} =~ /resource_name/ } @calls), 0,
                'nothing to narrow by');

            ($res, @calls) = ask('id', %body);
            is(same_json($res->{body}, $true), '', 'by resource_id')
                if !$missing;
            cmp_ok(scalar @calls, '<=', 31 * 3 + 2, @calls . ' calls');
            last if $slow;
        }
        $sim->faults;
    };
}

# --- Names.

# A tenant of one's own: desktops, each with its use by days from today back.
sub tenant {
    my ($desktops, %more) = @_;
    my (@desktops, @sessions);
    my $n = 0;
    for (@$desktops) {
        my ($desktop, $use) = @$_;
        push @desktops, $desktop;
        for my $back (sort { $a <=> $b } keys %{ $use || {} }) {
            my $s = $use->{$back};
            push @sessions, {
                desktop_id => $desktop->{desktop_id},
                user_name  => ($desktop->{users} || ['ann'])->[0],
                setup => day(-$back) . 'T00:00:01Z',
                end   => day(-$back) . sprintf('T%02d:%02d:%02dZ',
                    ($s + 1) / 3600, ($s + 1) / 60 % 60, ($s + 1) % 60),
            };
        }
    }
    return $sim->tenant(desktops => \@desktops, sessions => \@sessions, %more);
}

for my $idle (qw(shown hidden)) {
    subtest "every desktop on every day, idle $idle" => sub {
        my $i = 0;
        tenant([ map { $i++; [ { desktop_id => "id-$_", computer_name => "PC-$_-" },
            { map { $_ => 60 + $i % 977 } 2 .. 32 } ] } 1 .. 400 ],
            idle => $idle);
        my %month = (start_time => day(-32), end_time => day(-2));

        # nothing can be left out: a call for each day
        my $four = 400 / 100;
        holds('one', '', 31 + 2, %month, desktop_ids => ['id-399']);
        holds('one, resource_id', 'id', 31, %month, desktop_ids => ['id-399']);
        holds('two', '', 31 * 2 + 2, %month, desktop_ids => [qw(id-399 id-7)]);
        holds('five', '', 31 * $four + $four, %month,
            desktop_ids => [qw(id-399 id-7 id-1 id-20 id-33)]);
        holds('five, resource_id', 'id', 31 * $four + $four, %month,
            desktop_ids => [qw(id-399 id-7 id-1 id-20 id-33)]);
    };

    subtest "five used every day, of 2000, idle $idle" => sub {
        tenant([ (map { [ { desktop_id => "id-$_", computer_name => "PC-$_-" },
            { map { $_ => 3000 + $_ } 2 .. 32 } ] } 1 .. 5),
            map { [ { desktop_id => "id-$_", computer_name => "PC-$_-" },
            { 3 => 70, $_ % 29 + 2 => 60 + $_ } ] } 6 .. 2000 ], idle => $idle);
        my %month = (start_time => day(-32), end_time => day(-2));
        my @ids = map { "id-$_" } 1 .. 5;
        holds('five, resource_id', 'id', 31 * 5 + 1, %month, desktop_ids => \@ids);
        holds('five', '', 31 * 5 + 1, %month, desktop_ids => \@ids);
        holds('five, one at a time', 'one', 31 * 5 + 1, %month, desktop_ids => \@ids);
    };

    subtest "a quiet last day, idle $idle" => sub {
        # nothing is used on the last three days
        tenant([ map { [ { desktop_id => "id-$_", computer_name => "PC-$_-" },
            { map { $_ => 60 + $_ } 5 .. 7, 10 .. 14, 20, 30 } ] } 1 .. 700 ],
            idle => $idle);
        holds('two', '', 31 * 2 + 1, start_time => day(-32), end_time => day(-2),
            desktop_ids => [qw(id-7 id-499)]);
    };

    subtest "names that are parts of others, idle $idle" => sub {
        # DESK-1 is a part of 1111 names
        my $month = { start_time => day(-32), end_time => day(-2) };
        tenant([ map { [ { desktop_id => sprintf('id-%04d', $_),
            computer_name => "DESK-$_" },
            { ($_ * 7 % 29 + 3) => 500 + $_, ($_ % 5 + 3) => 40 } ] } 1 .. 2000 ],
            idle => $idle);
        # (a page of names that don't match may come before: not fewer than
        # without narrowing is all that can be asked)
        holds('DESK-1', '', 31 + 2 + 12 * 10, %$month, desktop_ids => ['id-0001']);
        holds('DESK-1, 2', '', 620, %$month,
            desktop_ids => [ 'id-0001', 'id-0002' ]);
        holds('DESK-1 to 5', '', 640, %$month,
            desktop_ids => [ map { "id-000$_" } 1 .. 5 ]);
        holds('DESK-1 to 5, resource_id', 'id', 31 * 5 + 1, %$month,
            desktop_ids => [ map { "id-000$_" } 1 .. 5 ]);
        holds('DESK-1996 to 2000', '', 31 * 5 + 1, %$month,
            desktop_ids => [ map { "id-$_" } 1996 .. 2000 ]);
    };

    subtest "several of one name, idle $idle" => sub {
        my $i = 0;
        tenant([ map { [ { desktop_id => "id-$_", computer_name => 'TWIN' },
            { ($_ % 29 + 3) => 100 + $_ } ] } 1 .. 300 ], idle => $idle);
        holds('twins', '', 31 * 4 + 4, start_time => day(-32), end_time => day(-2),
            desktop_ids => [qw(id-299 id-3 id-4 nobody)]);
    };

    subtest "awkward names, idle $idle" => sub {
        my @names = ('R&D', '50% of it', 'a+b', 'quo"te', "back\\slash", 'a b',
            '王伟', 'x=y', 'a;b', '#1', 'a/b?c', "O'Neill");
        my $i = 0;
        tenant([
            (map { [ { desktop_id => 'n-' . ++$i, computer_name => $_ },
                { 4 => 3600 + $i, (4 + $i) => 60 * $i } ] } map {
                my $n = $_; utf8::decode($n); $n } @names),
            # (every day tells how many there are, whichever is asked first)
            map { [ { desktop_id => "f-$_", computer_name => "FILL-$_" },
                { map { $_ => 7200 } 2 .. 32 } ] } 1 .. 350 ],
            idle => $idle);
        # the least of a day's pages: each on its own, by its name
        for (1 .. @names) {
            my @calls = holds($names[ $_ - 1 ], '', 13, start_time => day(-32),
                end_time => day(-2), desktop_ids => ["n-$_"]);
            is(scalar(grep { $_->{query} =~ /resource_name=/ } @calls),
                @calls - 2, 'all upstream calls but two look up a name');
        }
    };

    subtest "renamed desktops, idle $idle" => sub {
        my @fill = map { [ { desktop_id => "f-$_", computer_name => "FILL-$_" },
            { map { $_ => 7200 + $_ } 3 .. 20 } ] } 1 .. 1990;
        my $renamed = sub {
            my ($id, $now, $then, $use) = @_;
            return [ { desktop_id => $id, computer_name => $now,
                resource_name => $then }, $use ];
        };
        tenant([ @fill,
            $renamed->('r-1', 'NEW-1', 'OLD-1', { 3 => 60, 9 => 3661 }),
            $renamed->('r-2', 'NEW-2', 'FILL-2', { 5 => 70 }),
            $renamed->('r-3', 'FILL-3', 'OLD-3', { 6 => 80 }),
            $renamed->('r-4', 'NEW-4', '', { 7 => 80, 8 => 90 }),
            $renamed->('r-5', 'NEW-5', 'OLD-5', {}),
            [ { desktop_id => 'g-1', computer_name => 'GONE',
                in_directory => JSON::PP::false }, { 10 => 100, 11 => 200 } ],
            ], idle => $idle);
        my %month = (start_time => day(-32), end_time => day(-2));
        for my $ids ([qw(r-1)], [qw(r-2)], [qw(r-3)], [qw(r-5)], [qw(g-1)],
            [qw(r-1 r-2 r-3 r-5 g-1)], [qw(f-1 f-99 r-1 f-7 nobody)])
        {
            holds("@$ids", '', 31 * 5 + 1, %month, desktop_ids => $ids);
            holds("@$ids, resource_id", 'id', 31 * 5 + 1, %month,
                desktop_ids => $ids);
        }

        # without a name in the statistics there is nothing to narrow by
        holds('without a name', '', 640, %month, desktop_ids => [qw(r-4 r-1)],
            -again => 1);
    };

    subtest "a user's renamed desktop, idle $idle" => sub {
        plan skip_all => 'midnight is near' if near_midnight(120);
        my @fill = map { [ { desktop_id => "f-$_", computer_name => "FILL-$_",
            users => ["fill-$_"] }, { map { $_ => 7200 + $_ } 3 .. 20 } ] } 1 .. 400;
        tenant([ @fill, [ { desktop_id => 'r-1', computer_name => 'NEW-1',
            resource_name => 'OLD-1', users => ['ann'] },
            { 3 => 60, 9 => 3661, 2 => 100 } ] ], idle => $idle);
        for my $at ('', 'records', 'id', 'both') {
            holds("ann at '$at'", $at, 64, start_time => day(-30),
                end_time => day(0), desktop_username => 'ann');
        }
    };
}

# --- Sums that are no whole seconds.

subtest 'fractions of seconds' => sub {
    # 300 desktops; number i on day d of the month
    my $seconds = sub {
        my ($i, $d) = @_;
        return $d % 3 == $i % 3 ? 0 : ($i * 31 + $d * 17) % 83000 + 17.98 + $i / ($i < 150 ? 1e3 : 1e4);
    };
    my $up = Usage::Upstream->start(sub {
        my ($req) = @_;
        my $q = $req->{query};
        if ($req->{path} =~ m{/v2/\w+/desktops\z}) {
            my @known = grep { /\Ad-\d+\z/ } desktop_ids($req);
            @known = ('d-7') if !defined $q->{desktop_id};
            return json_reply(200, { total_count => scalar @known, desktops =>
                [ map { +{ desktop_id => $_, computer_name => "NAME-$_-",
                    attach_user_infos => [ { user_name => 'ann', type => 'USER' } ] } } @known ] });
        }
        my ($from, $to) = map { /-(\d\d)T/ && $1 } @$q{qw(start_time end_time)};
        my $users = $req->{path} =~ m{/users\z};
        my @rows = map {
            my $i = $_;
            +{ $users ? (username => 'ann') : (resource_id => "d-$i", resource_name => "NAME-d-$i-"),
                metric => [ { metric_name => $users ? 'user_usage' : 'desktop_usage',
                    metric_value => sum0(map { $seconds->($i, $_) } $from .. $to) } ] };
        } $users ? 7 : 1 .. 300;
        @rows = grep { $_->{resource_name} =~ /\Q$q->{resource_name}\E/i } @rows
            if defined $q->{resource_name};
        @rows = sort { $b->{metric}[0]{metric_value} <=> $a->{metric}[0]{metric_value} } @rows;
        return json_reply(200, page($req, \@rows));
    });
    my $wide = Usage::Nginx->start(upstream => $up->port,
        http => 'usage_retention off;');
    my $check = sub {
        my ($last, $most, $numbers, %more) = @_;
        $up->clear;
        my $res = $wide->post(route(), body(dates('2022-12-01', $last), %more,
            desktop_ids => [ map { "d-$_" } @$numbers ]));
        is($res->{status}, 200, 'a tenant of fractions is a 200') or diag($res->{body});
        for my $i (@$numbers) {
            my @want = map { 0 + sprintf '%.2f', $seconds->($i, $_) / 3600 + 1e-9 }
                1 .. $last;
            is(join(' ', use_of($res, "d-$i")), join(' ', @want),
                "desktop $i, $last days: the reply of each one");
        }
        my @calls = $up->calls;
        ok(scalar(grep { $_->{query}{resource_name} } @calls), 'narrowed');
        cmp_ok(scalar @calls, '<=', $most, @calls . ' calls');
    };
    # nothing is left over: the range, (its parts if they happen to be whole,)
    # and each day
    $check->(31, 2 + 34, [298]);
    $check->(31, 2 + 34 * 2, [ 299, 298 ]);

    # milliseconds: as whole seconds
    $check->(31, 2 + 31, [7]);
    $check->(31, 2 + 31 * 2, [ 101, 7 ]);
    $check->(10, 2 + 10, [100]);
    $check->(31, 1 + 31, [7], desktop_username => 'ann');
    $wide->stop_ok;
    $up->stop;
};

$nginx->stop_ok;
$sim->stop;

done_testing();
