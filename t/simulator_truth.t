#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# The simulator's figures: all that its APIs tell of generated tenants is computed
# here again from the connection records.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use List::Util qw(max min sum0);
use Test::More;

use Usage::Sim qw($USERS $RECORDS metric window);
use Usage::Test qw(date_of seconds);

my $sim = Usage::Sim->start;

# Time covered by spans [start, end), within [from, to).
sub covered {
    my ($from, $to, @spans) = @_;

    my ($sum, $done) = (0, $from);
    for my $s (sort { $a->[0] <=> $b->[0] } @spans) {
        my ($start, $end) = (max($s->[0], $done), min($s->[1], $to));
        next if $start >= $end;
        $sum += $end - $start;
        $done = $end;
    }
    return $sum;
}

# Seconds as hours with two decimals, rounded half up, in integers.
sub hours {
    my $n = int(($_[0] + 18) / 36);
    return 0 + sprintf('%d.%02d', $n / 100, $n % 100);
}

subtest 'agreement with the records' => sub {
    for my $seed (1 .. 3) {
        agree(seed => $seed, desktops => 30 * $seed, days => 12,
            users => $seed == 3 ? 7 : 0, now => '2022-12-20T08:00:00Z',
            idle => $seed % 2 ? 'shown' : 'hidden');
    }
};

subtest 'generated users' => sub {
    for my $seed (20 .. 25) {
        $sim->tenant(seed => $seed, desktops => 40, days => 31,
            users => $seed % 3 ? 0 : 9, now => '2022-12-20T08:00:00Z');
        my @users = @{ $sim->users(detail => 1) };
        my (%owner, %name, @others);
        for my $u (@users) {
            $owner{$_} = $u->{user_id} for @{ $u->{alone} };
            push @{ $name{ $u->{user_name} } }, $u;
        }
        for my $u (@users) {
            push @others, map {"$u->{user_name} $_"}
                grep { ($owner{$_} || $u->{user_id}) ne $u->{user_id} }
                @{ $u->{used} };
        }
        is_deeply(\@others, [], "seed $seed: what is attached to one user alone "
            . 'is used by nobody else');

        my @twins = grep { @$_ > 1 } values %name;
        is(scalar @twins, $seed % 3 ? 2 : 0, "seed $seed: names that are in two domains");
        for my $t (@twins) {
            my $name = "seed $seed, $t->[0]{user_name}";
            isnt($t->[0]{domain}, $t->[1]{domain}, "$name: two domains");
            is(scalar(grep { @{ $_->{alone} } + @{ $_->{shared} }
                        && @{ $_->{used} } } @$t), 2, "$name: both users have desktops");
            my %on = map { $_ => 1 } map { @{ $t->[0]{$_} } }
                qw(alone shared used);
            is(scalar(grep { $on{$_} } map { @{ $t->[1]{$_} } }
                        qw(alone shared used)), 0, "$name: no desktop belongs to both");
        }
    }
};

# Everything that the APIs tell, computed again from the connection records.
sub agree {
    my (%recipe) = @_;

    my $made   = $sim->tenant(%recipe);
    my $now    = seconds($recipe{now});
    my $hidden = $recipe{idle} eq 'hidden';
    my @days   = map { date_of($now - $_ * 86400) } reverse 1 .. 12;

    my @records = $sim->all($RECORDS, 'records', 1000);
    is(scalar @records, $made->{sessions}, 'every session has its record');
    my @starts = map { $_->{connection_start_time} } @records;
    is_deeply(\@starts, [sort { $b cmp $a } @starts], 'records: the newest come first');

    my %id = map { $_->{sid} => $_->{desktop_id} } @{ $sim->desktops(detail => 1) };
    my @users = @{ $sim->users(detail => 1) };
    my (%spans, %mine, %own, %kind, %domains);
    push @{ $domains{ $_->{user_name} } }, $_->{domain} for @users;
    for my $r (@records) {
        my $setup = $r->{connection_setup_time};
        $kind{ !$setup ? 'failed' : $r->{connection_end_time} ? 'over'
            : 'open' }++;
        $kind{again}++ if $r->{is_reconnect};
        $kind{domain}++ if $r->{user_name} =~ /\@/;
        next if !$setup;
        my $end  = $r->{connection_end_time} || $recipe{now};
        my $span = [seconds($setup), seconds($end)];
        $kind{midnight}++ if date_of($span->[0]) ne date_of($span->[1]);
        $kind{long}++     if $span->[1] - $span->[0] > 86400;
        for (['begins', $setup], ['ends', $r->{connection_end_time} || '']) {
            $kind{"$_->[0] at midnight"}++ if $_->[1] =~ /T00:00:00Z$/;
            $kind{"$_->[0] at an hour"}++  if $_->[1] =~ /T(?!00)..:00:00Z$/;
        }
        my ($user, $domain) = split /\@/, $r->{user_name};
        die "whose record? $user" if !defined $domain && @{ $domains{$user} } > 1;
        $domain //= $domains{$user}[0];
        $kind{twins}++ if @{ $domains{$user} } > 1;
        push @{ $_->{ $id{ $r->{sid} } } }, $span
            for \%spans, $mine{$user} ||= {}, $own{"$user\@$domain"} ||= {};
    }
    is_deeply([grep { !$kind{$_} } qw(failed over open again domain midnight long),
            ('begins at midnight', 'begins at an hour', 'ends at midnight',
                'ends at an hour')], [], 'there are sessions of every kind');
    is(!!$kind{twins}, !$recipe{users}, 'there are sessions of two users with one name');

    my (%day, %truth, @differ);
    for my $d (@days) {
        my ($from, $to) = (seconds("${d}T00:00:00Z"), seconds("${d}T00:00:00Z") + 86400);
        my %expect = map {
            my $s = covered($from, $to, @{ $spans{$_} || [] });
            $s || !$hidden ? ($_ => $s) : ()
        } values %id;
        $truth{$d} = \%expect;
        $day{$d}   = { $sim->usage(window($d)) };
        is_deeply($day{$d}, \%expect, "$d: the seconds of desktops");

        my (%rows, %own_sum);
        push @{ $rows{ $_->{username} } }, metric($_, 'user_usage')
            for $sim->all($USERS, 'items', 7, window($d));
        for my $name (keys %domains) {
            my @sums = map { sum0(map { covered($from, $to, @$_) }
                    values %{ $own{"$name\@$_"} }) } @{ $domains{$name} };
            @own_sum{ map {"$name\@$_"} @{ $domains{$name} } } = @sums;
            my $want = join ' ', sort grep { $_ || !$hidden } @sums;
            my $got  = join ' ', sort @{ $rows{$name} || [] };
            push @differ, "$d $name: $got, not $want" if $got ne $want;
        }
        for my $domain ('local.com', 'corp.example') {
            my @in = map { [$_->{username} . '@' . $domain, metric($_, 'user_usage')] }
                $sim->all($USERS, 'items', 100, window($d), domain => $domain);
            push @differ, map {"$d @$_"} grep { $_->[1] != $own_sum{ $_->[0] } } @in;
        }
    }
    is_deeply(\@differ, [], 'the seconds of users, with and without domain');

    agree_on_users(\@users, \%own, @days);

    my %window = $sim->usage(window($days[0], $days[-1]));
    my %sum;
    for my $d (@days) { $sum{$_} += $day{$d}{$_} for keys %{ $day{$d} } }
    is_deeply(\%window, \%sum, 'a window is the sum of its days');

    my (undef, $r) = $sim->legacy({ start_time => $days[0],
        end_time => $days[-1] });
    my %list = map { my $e = $_; $e->{desktop_id} =>
            [map { $_->{use_time} } @{ $e->{used_info_list} }] }
        @{ $r->{desktop_used_info_list} };
    my %expect = map { my $id = $_; $id => [map { hours($truth{$_}{$id} || 0) } @days] }
        keys %sum;
    is_deeply([sort keys %expect], [map { $_->{desktop_id} }
            @{ $r->{desktop_used_info_list} }], 'legacy call: desktops in the order of ids')
        if $r->{total_count} <= 100;
    is($r->{total_count}, scalar keys %expect, 'legacy call: total_count');
    is_deeply(\%list, { map { $_ => $expect{$_} } keys %list },
        'legacy call: hours of each day');

    agree_on_hours($now, \%spans, \%mine);
}

# The seconds of users, and the desktops that they used.
sub agree_on_users {
    my ($users, $own, @days) = @_;

    my (%true, %expect);
    for my $u (@$users) {
        my $who = "$u->{user_name}\@$u->{domain}";
        my %on  = %{ $own->{$who} || {} };
        my (%seconds, @total);
        for my $i (0 .. $#days) {
            my $from = seconds("$days[$i]T00:00:00Z");
            $seconds{$_}[$i] = covered($from, $from + 86400, @{ $on{$_} })
                for keys %on;
            $total[$i] = sum0(map { $_->[$i] } values %seconds);
        }
        delete @seconds{ grep { !sum0(@{ $seconds{$_} }) } keys %seconds };
        $expect{$who} = [[sort keys %on], { days => \@days, total => \@total,
                desktops => \%seconds }];
        $true{$who} = [[sort @{ $u->{used} }], $sim->truth(start => $days[0],
                end => $days[-1], map { $_ => $u->{$_} } qw(user_name domain))];
    }
    is_deeply(\%true, \%expect, 'what users used, in seconds');
    return;
}

sub agree_on_hours {
    my ($now, $spans, $mine) = @_;

    my $d    = '2022-12-20';
    my $from = seconds("${d}T00:00:00Z");
    my @all  = @{ $sim->desktops(detail => 1) };
    my %gone = map { $_->{desktop_id} => $_->{gone} } @all;
    my %body = (start_time => '2022-12-19', end_time => $d,
        group_by_type => 'HOUR');

    my @expect;
    for my $id (sort grep { !$gone{$_} } keys %gone) {
        push @expect, [$id, map {
            my $t = $from - 86400 + $_ * 3600;
            hours(covered($t, min($t + 3600, $now), @{ $spans->{$id} || [] }))
        } 0 .. 47];
    }
    my (undef, $r) = $sim->legacy({ %body, limit => 100 });
    is_deeply([map { [$_->{desktop_id}, map { $_->{use_time} }
                @{ $_->{used_info_list} }] } @{ $r->{desktop_used_info_list} }],
        [@expect[0 .. min(99, $#expect)]], 'legacy call: use by the hour');
    is($r->{desktop_used_info_list}[0]{used_info_list}[37]{date},
        '2022-12-20T13:00:00Z', 'legacy call: the form of an hour');

    my ($user) = sort { keys %{ $mine->{$b} } <=> keys %{ $mine->{$a} }
            || $a cmp $b } keys %$mine;
    my %owned = map { $_->{desktop_id} => 1 }
        grep { !$_->{gone} && grep { $_ eq $user } @{ $_->{users} } } @all;
    my %expect;
    for my $id (keys %gone) {
        my @h = map { my $t = $from + ($_ - 5) * 86400;
            hours(covered($t, min($t + 86400, $now), @{ $mine->{$user}{$id} || [] }))
        } 0 .. 5;
        $expect{$id} = \@h if $owned{$id} || grep {$_} @h;
    }
    (undef, $r) = $sim->legacy({ start_time => '2022-12-15',
        desktop_username => $user });
    is_deeply({ map { $_->{desktop_id} => [map { $_->{use_time} }
                @{ $_->{used_info_list} }] } @{ $r->{desktop_used_info_list} } },
        \%expect, 'legacy call: the days of one user');
    is_deeply([grep { $_->{desktop_username} ne $user }
            @{ $r->{desktop_used_info_list} }], [], 'legacy call: each entry names the user');

    (undef, $r) = $sim->legacy({ start_time => '2022-12-15',
        desktop_username => $user }, -query => 'filed=yes');
    is_deeply([grep { $_->{used_info_list}[-1]{use_time} }
            @{ $r->{desktop_used_info_list} }], [],
        'legacy call: filed=yes leaves out today');
}

is($sim->stop, 0, 'the simulator ends cleanly');

done_testing;
