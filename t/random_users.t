# SPDX-License-Identifier: BSD-2-Clause
#
# Random legacy calls for users and by the hour, over random tenants: with records,
# the module's reply is the simulator's own, which knows the sessions themselves;
# without, it is what statistics can tell (translation.md, "One user").  With faults,
# it is the reply without faults or an error, never anything else.
#
#   USAGE_SEED            the seed, printed if the test fails
#   USAGE_RANDOM_COUNT    the calls to make, 3000

use strict;
use warnings;

use Test::More;
use Time::HiRes ();

use Usage::Nginx;
use Usage::Pair qw(@FAULTS epoch);
use Usage::Random;
use Usage::Test;

my $total = $ENV{USAGE_RANDOM_COUNT} || (Usage::Nginx->slow ? 150 : 3000);

# Locations with records, and without.
my @with = (
    [ records => 'usage_connections on;' ],
    [ recone  => 'usage_connections on; usage_concurrency 1;' ],
    [ recid   => 'usage_connections on; usage_resource_id on;' ],
    [ recstr  => 'usage_connections on; usage_use_time string;' ],
    [ recmon  => 'usage_connections on; usage_monitoring on;' ],
    [ rectiny => 'usage_connections on; usage_concurrency 20;', '/in/tiny' ],
);
my @without = ([ '' => '' ], [ one => 'usage_concurrency 1;' ],
    [ id => 'usage_resource_id on;' ], [ wide => 'usage_concurrency 64;' ]);

my $pair = Usage::Pair->start(places => [ @with, @without ]);
my $sim  = $pair->sim;

my (@users, %directory, %untold, $habits);

# Another tenant: its users, and who is attached to each desktop.
sub populate {
    my ($desktops, $idle) = @_;

    my $tenant = rnd(1 << 20);
    my %about  = (habits => "random:$tenant", idle => $idle);
    $about{users} = 3 + rnd(40) if chance(30);
    $about{days}  = pick(10, 31, 40);

    $pair->tenant(seed => $tenant, desktops => $desktops,
        enterprise_projects => pick(JSON::PP::true(), JSON::PP::false()), %about);
    @users  = @{ $sim->users(detail => 1) };
    $habits = $sim->config->{habits};

    %directory = %untold = ();
    for (my $offset = 0;; $offset += 1000) {
        my (undef, $r) = $sim->get('desktops', limit => 1000, offset => $offset);
        for (@{ $r->{desktops} }) {
            my $infos = $_->{attach_user_infos};
            if (!$infos) {
                $untold{ $_->{user_name} // '' } = 1;
                $infos = length($_->{user_name} // '')
                    ? [ { type => 'USER', user_name => $_->{user_name} } ] : [];
            }
            $directory{ $_->{desktop_id} } = $infos;
        }
        last if $offset + 1000 >= $r->{total_count};
    }

    return "$desktops desktops, tenant $tenant, " . $json->encode(\%about);
}

# A random request for a user, or by the hour, or both.
sub some_personal {
    my ($records) = @_;
    my ($r, $days) = (undef, 0);

    ($r, $days) = $pair->some_request(0) until $days;

    if (chance(80)) {
        my $u = pick(@users);
        $r->{desktop_username} = $u->{user_name};
        my $twins = grep { $_->{user_name} eq $u->{user_name} } @users;

        # (a record without a domain is anybody's of that name)
        $r->{desktop_user_domain} = chance(80) ? $u->{domain}
            : pick('', undef, !length $u->{domain} || $records && $twins == 1
                ? () : 'else.where') if chance(40);
        if (chance(5)) {
            $r->{desktop_username} = pick('nobody', 'ann', 'a', substr $u->{user_name}, 0, 3);
            delete $r->{desktop_user_domain};
        }
        my %own = map { $_ => 1 } map { @$_ } @$u{qw(alone shared used)};
        my @own = sort keys %own;
        $r->{desktop_ids} = [ @own ? (map { pick(@own) } 1 .. 1 + rnd(3)) : (),
            chance(40) ? pick(@{ $pair->{desktops} }, 'none') : () ] if chance(30);

        # (if the directory tells no domain, a desktop may be anybody's of that
        # name)
        delete $r->{desktop_user_domain} if $untold{ $r->{desktop_username} }
            && $twins != 1;
        $r->{desktop_user_domain} = $u->{domain} if $untold{ $r->{desktop_username} }
            && length($r->{desktop_user_domain} // '');
        delete $r->{desktop_ids} if chance(30);
    }

    $r->{group_by_type} = !$r->{desktop_username} || chance(40) ? 'HOUR' : 'DAY';

    # mostly days that the service still keeps for users, and records of
    if (chance(90)) {
        delete $r->{start_time} if chance(5);
        my $from = -rnd(31) + pick(0, 0, 0, 2);
        $days = 1 + rnd(31);
        $r->{start_time} = day($from);
        $r->{end_time}   = day($from + $days - 1);
    }

    return ($r, $days);
}

# Whether a user is the one that a request names.
sub is_requested {
    my ($r, $name, $domain) = @_;
    utf8::encode(my $one = $name);
    utf8::encode(my $two = $r->{desktop_username});
    return $one eq $two
        && (!length($r->{desktop_user_domain} // '') || !length($domain // '')
            || $domain eq $r->{desktop_user_domain});
}

# Whether two users of one name, in two domains, are among those that a part of
# a name finds.
sub twins {
    my ($r) = @_;
    my %times;
    $times{ $_->{user_name} }++ for grep {
        index(lc $_->{user_name}, lc substr $r->{desktop_username} // '', 0, 64) >= 0 } @users;
    return scalar grep { $_ > 1 } values %times;
}

# Whose a desktop is: alone, shared, other (of one other user), or none's.
sub whose {
    my ($r, $id) = @_;
    my $infos = $directory{$id} or return 'gone';
    my @mine = grep { $_->{type} eq 'USER' && is_requested($r, @$_{qw(user_name domain)}) } @$infos;
    return 'alone'  if @mine && @mine == @$infos;
    return 'shared' if @mine;
    return 'other'  if @$infos == 1 && $infos->[0]{type} eq 'USER';
    return 'none';
}

sub hundredths { return int(($_[0] + 18) / 36) }

# What the statistics can tell of a user's days, by translation.md's rules, from
# the simulator's seconds: entries in order, as [ id, hundredths of hours... ],
# and the hundredths of what has no desktop.
sub told_by_statistics {
    my ($r) = @_;

    my ($first, $last) = @$r{qw(start_time end_time)};
    my $truth = $sim->truth(user_name => $r->{desktop_username},
        length($r->{desktop_user_domain} // '') ? (domain => $r->{desktop_user_domain}) : (),
        start => $first, end => $last);
    my @total = @{ $truth->{total} };
    my %whose = map { $_ => whose($r, $_) } keys %directory;
    my @alone = grep { $whose{$_} eq 'alone' } keys %whose;
    my @further = grep { $whose{$_} eq 'shared' } keys %whose;

    my @rest = @total;
    for my $id (@alone) {
        my $use = $truth->{desktops}{$id} or next;
        $rest[$_] -= $use->[$_] for 0 .. $#rest;
    }
    my $sum = 0;
    $sum += $_ for @rest;

    my %entries = map { $_ => $truth->{desktops}{$_} || [ map { 0 } @total ] } @alone;
    $entries{$_} = @further == 1 ? [@rest] : [ map { 0 } @total ] for @further;
    my @entries = map { [ $_, map { hundredths($_) } @{ $entries{$_} } ] } sort keys %entries;
    push @entries, [ undef, map { hundredths($_) } @rest ] if $sum && @further != 1;

    return (\@entries, @further != 1 ? $sum : 0, \%whose, \@total);
}

# Checks a reply without records; gives what is wrong with it.
sub differs_from_told {
    my ($r, $mine, $true) = @_;

    my ($entries, $rest, $whose, $total) = told_by_statistics($r);
    my $data = decode($mine->{body}) || {};
    my @ids = @{ $r->{desktop_ids} || [] };

    if (@ids) {
        if ($mine->{status} == 400) {
            return 'refused, though nothing is left over' if !$rest;
            return 'refused, though it could be none of these'
                if !grep { ($whose->{$_} // 'gone') =~ /shared|none/ } @ids;
            return 'refused for another reason' if $mine->{body} !~ /usage_connections/;
            return '';
        }
        return "status $mine->{status}" if $mine->{status} != 200;
        return same_json($mine->{body}, $true->{body});
    }

    return "status $mine->{status}" if $mine->{status} != 200;
    return same_json($mine->{body}, $true->{body}) && 'not exact: '
        . same_json($mine->{body}, $true->{body})
        if !$rest && same_json($mine->{body}, $true->{body});

    # (limit and offset are numbers or digits)
    my $count = @$entries;
    return "total_count $data->{total_count}, not $count" if $data->{total_count} != $count;
    my $offset = $r->{offset} // 0;
    my $limit  = $r->{limit}  // 100;
    my @want = $offset < $count ? @$entries[ $offset .. $count - 1 ] : ();
    splice @want, $limit if @want > $limit;
    my @have = map { [ $_->{desktop_id}, map { sprintf '%.0f', $_->{use_time} * 100 }
        @{ $_->{used_info_list} } ] } @{ $data->{desktop_used_info_list} };
    my ($want, $have) = map { join '; ', map { join ' ', $_->[0] // '(none)', @$_[ 1 .. $#$_ ] } @$_ }
        \@want, \@have;
    return "has  $have\nwants $want" if $have ne $want;

    # whatever the rules say, no time is lost
    if ($offset == 0 && $limit >= $count) {
        for my $d (0 .. $#$total) {
            my $sum = 0;
            $sum += $_->[ $d + 1 ] for @have;
            return "day $d: $sum hundredths of $total->[$d] seconds"
                if abs($sum - $total->[$d] / 36) > 0.5 * @have + 0.01;
        }
    }

    my $header = ($mine->{headers}{'x-usage-unattributed'} || [])->[0];
    return 'X-Usage-Unattributed: ' . ($header // '(none)') . ", not $rest seconds"
        if $rest ? !defined $header || abs($header * 3600 - $rest) > 18.01 : defined $header;

    return '';
}

# What is wrong with a reply whose numbers have to lie between those of two others,
# which are alike otherwise. In sum, they may be less by so many hours.
sub between {
    my ($low, $mine, $high, $less) = @_;

    my @parts = map { [ split /("use_time":"?[\d.]+)/ ] } $low, $mine, $high;
    return "other parts: " . same_json($mine, $high)
        if @{ $parts[0] } != @{ $parts[1] } || @{ $parts[1] } != @{ $parts[2] };
    for my $i (0 .. $#{ $parts[1] }) {
        my ($a, $b, $c) = map { $parts[$_][$i] } 0 .. 2;
        next if $a eq $b;
        my @n = map { /([\d.]+)\z/ ? $1 : () } $a, $b, $c;
        $less -= $n[0] - $n[1] if @n == 3 && $n[0] > $n[1];
        return "'$b' is not '$a'" if $i % 2 == 0 || @n != 3 || $less < 0 || $n[1] > $n[2];
    }
    return '';
}

# Whether hours begin on a day of which there are no records any more.  Monitoring
# tells those of desktop_ids.
sub forgotten {
    my ($r, $place) = @_;
    return 0 if $r->{group_by_type} ne 'HOUR' || $place->[0] eq 'recmon'
        && @{ $r->{desktop_ids} || [] } && !length($r->{desktop_username} // '');
    return first_day($r) lt day(-30);
}

sub first_day {
    my ($r) = @_;
    my ($start, $end) = map { length($_ // '') ? $_ : undef } @$r{qw(start_time end_time)};
    return $start // date_add($end // day(0), -14);
}

# Whether records don't tell which of two users of one name they are of, or which
# desktop.
sub vague {
    my ($r) = @_;

    return 1 if twins($r) && length($r->{desktop_user_domain} // '')
        && !$habits->{records_domain};
    return 0 if $habits->{sid};
    return 1 if $habits->{records_computer} eq 'os_host_name' && !$habits->{os_host_name};
    return grep { my $u = $_; $u->{user_name} eq ($r->{desktop_username} // '')
        && grep { !$directory{$_} } @{ $u->{used} } } @users;
}

# Whether sessions of the first days may have begun before records are kept. What that
# hides is an error only beyond usage_connections_tolerance.
sub begun_before {
    my ($r) = @_;
    return $habits->{records_days} && first_day($r) lt day(7 - $habits->{records_days});
}

# Whether a reply counts fewer desktops: those with so little use that it is hidden so.
sub fewer {
    my ($mine, $true) = @_;
    my @count = map { (decode($_->{body}) || {})->{total_count} // 0 } $mine, $true;
    return $mine->{status} == 200 && $count[0] < $count[1];
}

# Whether nothing that the service shows tells the true reply, so that an error is
# right.
sub untold {
    my ($r, $mine) = @_;

    # two of one name, in two domains, with the same time
    # (without a filter by name, any two)
    return 1 if $mine->{body} =~ /rows of one user/ && (twins($r)
        || $habits->{statistics_names} eq 'ignored' && twins({ desktop_username => '' }));

    # sessions that began before records are kept
    return 1 if $mine->{body} =~ /connection records show/ && begun_before($r);

    return $mine->{body} =~ /connection records?/ && vague($r);
}

# Whether the service ignores the domain, so that neither desktops nor records tell the
# user from others of that name for certain.
sub ignored {
    my ($r, $mine) = @_;
    return !$habits->{statistics_domain} && length($r->{desktop_user_domain} // '')
        && $mine->{body} =~ /ignore desktop_user_domain/;
}

# What is wrong with the sums of the days, if desktops can't be told apart.
sub sums_differ {
    my ($r, $mine, $true) = @_;
    my @sums;
    for my $data (map { decode($_->{body}) || {} } $mine, $true) {
        my $list = $data->{desktop_used_info_list};
        return '' if @$list != $data->{total_count};
        my %sum;
        for my $e (@$list) { $sum{ $_->{date} } += $_->{use_time} for @{ $e->{used_info_list} } }
        push @sums, \%sum, scalar @$list;
    }
    my ($have, $n, $want, $m) = @sums;
    return join '', map { "$_: $have->{$_} hours, not $want->{$_}" }
        grep { abs($have->{$_} - $want->{$_}) > 0.0051 * ($n + $m) } sort keys %$want;
}

# One call; gives what is wrong, in words.
sub check_personal {
    my ($r, $days, $records, $name) = @_;

    my $text  = $json->encode($r);
    my $place = pick($records ? @with : @without);
    my $begin = epoch();
    my $query = 'filed=yes&gone=apart' . ($place->[0] eq 'recstr' ? '&use_time=string' : '');

    my $before = $pair->simulator($text, $query);
    my ($mine, $id) = $pair->gateway($place->[0], $text);
    my $after = $pair->simulator($text, $query);

    return if epoch() != $begin;

    my $differ;
    if ($mine->{error}) {
        $differ = "no reply: $mine->{error}";
    } elsif ($after->{status} != 200) {
        $differ = $mine->{status} != $after->{status} && "status $mine->{status}, not $after->{status}";
    } elsif ($mine->{status} == 502 && untold($r, $mine)
        || $mine->{status} == 400 && ignored($r, $mine))
    {
        return;
    } elsif ($records && $mine->{headers}{'x-usage-unattributed'}
        && $r->{group_by_type} eq 'DAY' && (vague($r) || begun_before($r)))
    {
        $differ = sums_differ($r, $mine, $after);
    } elsif ($records && begun_before($r) && fewer($mine, $after)) {
        return;
    } elsif ($records && forgotten($r, $place)) {
        $differ = $mine->{status} != 400 && "status $mine->{status}, of hours that aren't kept";
    } elsif ($records) {
        $differ = $mine->{status} != 200 ? "status $mine->{status}: $mine->{body}"
            : same_json($mine->{body}, $after->{body})
            && ($r->{group_by_type} ne 'HOUR' ? same_json($mine->{body}, $after->{body})
                : between((map { $_->{body} } $before, $mine, $after),
                    begun_before($r) ? $days / 60 : 0));
    } elsif ($r->{group_by_type} eq 'HOUR') {
        $differ = ($mine->{status} != 400 || $mine->{body} !~ /usage_connections/)
            && "status $mine->{status}, by the hour, without records";
    } else {
        $differ = differs_from_told($r, $mine, $after);
    }

    $pair->expect_logged($id, $days, $mine, $name) if $mine->{status} == 200;

    return $differ ? "$name, $id at '$place->[0]': $differ\n" . substr($text, 0, 600)
        . "\nmine: $mine->{status} " . substr($mine->{body}, 0, 600)
        . "\ntrue: " . substr($after->{body}, 0, 600) : '';
}

my @populations = (
    [ 1, 2 ], [ 2, 3 ], [ 5, 8 ], [ 9, 10 ], [ 13, 16 ], [ 20, 16 ], [ 40, 16 ], [ 100, 8 ],
    [ 130, 8 ], [ 300, 5 ], [ 1001, 0.5 ],
);
my $shares = 0;
$shares += $_->[1] for @populations;

for (@populations) {
    my ($desktops, $share) = @$_;
    my $count = int($total * $share / $shares / 2) || 1;

    for my $idle (qw(shown hidden)) {
        my $begin = Time::HiRes::time();
        my (@wrong, @names, %times);

        for (my $i = 0; $i < $count && @wrong < 4; $i++) {
            push @names, populate($desktops, $idle) if $i % 40 == 0;
            my $records = chance(60);
            my ($r, $days) = some_personal($records);
            # (the rules by hand take their dates from the request)
            @$r{qw(start_time end_time)} = (day(-14), day(0)), $days = 15
                if $r->{group_by_type} eq 'DAY' && !($r->{start_time} && $r->{end_time});
            my $why = check_personal($r, $days, $records, $names[-1]);
            push @wrong, $why if $why;
        }
        is(scalar @wrong, 0, "users and hours, $desktops desktops, idle $idle: $count calls")
            or diag(join "\n", @wrong);
        note(sprintf '%.1f s, %s', Time::HiRes::time() - $begin, join '; ', @names);
    }
}

subtest 'variables in the access log' => sub { $pair->logged_ok };

# Each of the four APIs may be wrong.  What is true is what was said without faults,
# which was checked above.
subtest 'with faults, a reply is the one without faults or an error' => sub {
    my $count = int($total / 3) || 30;
    my ($same, $errors, @wrong) = (0, 0);
    my @more  = (
        @FAULTS,
        [ { fault => 'shift' } ], [ { fault => 'shift', by => -1 } ],
        [ { fault => 'shift', by => 1, keep_count => JSON::PP::true() } ],
        [ { fault => 'duplicate', row => 1 } ],
        [ { fault => 'lying-count', delta => -1 } ],
        [ { fault => 'lying-count', delta => 1000 } ],
        [ { fault => 'bad-time' } ], [ { fault => 'end-first' } ],
        [ { fault => 'bad-time', row => 3 } ], [ { fault => 'end-first', row => 3 } ],
        [ { fault => 'status', status => 400 } ],
        [ { fault => 'status', status => 403, code => 'WKS.0001' } ],
    );
    my @apis = qw(directory records user-metrics desktop-metrics);
    my %hit;

    for my $i (0 .. $count - 1) {
        populate(pick(5, 13, 30, 120, 250), pick(qw(shown hidden))) if $i % 20 == 0;

        my $records = chance(60);
        my ($r)   = some_personal($records);
        my $place = pick($records ? @with : @without);
        my $text  = $json->encode($r);
        my $begin = epoch();

        # (hours of today go on while faults are tried)
        next if $r->{group_by_type} eq 'HOUR' && ($r->{end_time} // day(0)) ge day(0);

        my ($fault) = @{ pick(@more) };
        my $api = pick(@apis);

        # (a record without a name leads to no desktop, which isn't wrong)
        next if $api eq 'records' && $fault->{fault} eq 'no-id';

        $sim->faults();
        my ($expect) = $pair->gateway($place->[0], $text);
        next if $expect->{status} != 200;

        my %f = (%$fault, api => $api, chance(50) ? (count => pick(1, 1, 2)) : (),
            chance(30) ? (skip => rnd(4)) : (), chance(15) ? (offset => 100) : ());
        $sim->faults(\%f);
        my ($mine) = $pair->gateway($place->[0], $text);
        next if epoch() != $begin;

        my $what = $json->encode(\%f) . " at '$place->[0]'";
        if ($mine->{error}) {
            push @wrong, "$what: no reply: $mine->{error}";
        } elsif ($mine->{status} == 200) {
            $same++;
            my $differ = same_json($mine->{body}, $expect->{body});
            push @wrong, "$what: a wrong 200: $differ\n$text\n"
                . substr($mine->{body}, 0, 400) . "\n" . substr($expect->{body}, 0, 400)
                if $differ;
            push @wrong, "$what: another X-Usage-Unattributed"
                if $json->encode($mine->{headers}{'x-usage-unattributed'})
                ne $json->encode($expect->{headers}{'x-usage-unattributed'});
        } else {
            $errors++;
            $hit{$api}++;
            push @wrong, "$what: $mine->{status}\n$mine->{body}\n" . substr $text, 0, 1000
                if $f{fault} =~ /^(?:chunked|drip|close|delay|extra|pad|unsorted)/;
            push @wrong, "$what: not an error reply: $mine->{body}"
                unless defined((decode($mine->{body}) || {})->{error_code});
        }
        last if @wrong > 5;
    }

    $sim->faults();
    is(scalar @wrong, 0, "$count calls: $same as without faults, $errors errors")
        or diag(join "\n", @wrong);
    is(scalar(grep { !$hit{$_} } @apis), 0,
        'faults of each API led to errors') if $total >= 3000;
};

$pair->nginx->stop_ok;
$sim->stop;

done_testing();
