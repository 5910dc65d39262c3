# SPDX-License-Identifier: BSD-2-Clause
#
# Random legacy calls over random tenants: the module's reply is the
# simulator's own, which knows the sessions themselves; without records, what
# statistics can tell of it.  Then the same with faults: the true reply or an
# error, never anything else.
#
#   USAGE_SEED            the seed, printed where it was not given
#   USAGE_RANDOM_COUNT    the calls to make, 3000, and as many for users and
#                         hours

use strict;
use warnings;

use Test::More;
use Time::HiRes ();

use Usage::Nginx;
use Usage::Sim;
use Usage::Test;

my $seed  = $ENV{USAGE_SEED} // (time ^ $$ << 8) & 0x7fffffff;
my $total = $ENV{USAGE_RANDOM_COUNT} || (Usage::Nginx->slow ? 150 : 3000);

note("USAGE_SEED=$seed USAGE_RANDOM_COUNT=$total");

# (perl's own generator differs between builds; this one does not)
my $state = $seed;

sub rnd {
    my ($n) = @_;
    $state = ($state * 1103515245 + 12345) & 0x7fffffff;
    return int(($state >> 8) / 0x800000 * $n);
}
sub chance { return rnd(100) < $_[0] }
sub pick   { return $_[ rnd(scalar @_) ] }

my $dir = File::Temp::tempdir('usage-random-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $log = "$dir/calls";
my $sim = Usage::Sim->start(
    args => [ '--seed', 1, '--log', $log, '--keep-calls', 1 ]);

my @places = (
    [ ''     => '' ],
    [ one    => 'usage_concurrency 1;' ],
    [ three  => 'usage_concurrency 3;' ],
    [ wide   => 'usage_concurrency 64;' ],
    [ string => 'usage_use_time string;' ],
    [ unbuf  => '', '/in/unbuf' ],
    [ tiny   => 'usage_concurrency 20;', '/in/tiny' ],
    [ id     => 'usage_resource_id on;' ],
);

# With records, and without.
my @with = (
    [ records => 'usage_connections on;' ],
    [ recone  => 'usage_connections on; usage_concurrency 1;' ],
    [ recid   => 'usage_connections on; usage_resource_id on;' ],
    [ recstr  => 'usage_connections on; usage_use_time string;' ],
    [ rectiny => 'usage_connections on; usage_concurrency 20;', '/in/tiny' ],
);
my @without = ([ '' => '' ], [ one => '' ], [ id => '' ], [ wide => '' ]);

my $nginx = Usage::Nginx->start(
    upstream => $sim->port,
    http     => 'usage_retries 0;',
    server   => join('', map { $_->[0] ? Usage::Nginx->at(@$_) : '' }
            @places, @with)
        . 'location /in/unbuf/ { internal; proxy_pass http://successors/;
            proxy_buffering off; }
        location /in/tiny/ { internal; proxy_pass http://successors/;
            proxy_http_version 1.1; proxy_set_header Connection "";
            proxy_buffer_size 1k; proxy_buffers 2 1k;
            proxy_busy_buffers_size 1k; proxy_temp_file_write_size 1k; }'
);

my ($conn, $truth);

# One call, on the connection that stays open.
sub post {
    my ($c, $port, $target, $body, @headers) = @_;
    for (1 .. 2) {
        $$c ||= Usage::Client->new(port => $port, timeout => Usage::Nginx->patience(120));
        my $res = $$c->post($target, $body, 'X-Auth-Token' => 'token', @headers);
        return $res unless $res->{error};
        undef $$c;
        return $res if $_ == 2;
    }
}

# --- Requests.

my @desktops;

sub some_ids {
    my $n = pick(1, 1, 2, 3, 5, 10, 30, 101, 300);
    $n = 2000 if chance(1);
    my @ids;
    for (1 .. $n) {
        push @ids,
              chance(80) && @desktops ? pick(@desktops)
            : @ids && chance(30)      ? pick(@ids)
            : chance(30)              ? pick('nobody', 'a,b', 'x&y', 'é€', '100%', "q\"'\\",
                ' ', '+', '#', substr(pick(@desktops, 'none'), 0, 8))
            : sprintf '%08x-0000-4000-8000-%012x', rnd(1 << 23), rnd(1 << 23);
    }
    return \@ids;
}

sub number {
    my ($n) = @_;
    return chance(20) ? "$n" : $n + 0;
}

# The body, and how many days it asks for.
sub some_request {
    my ($wide) = @_;
    my (%r, $days);

    my $kind = rnd(10);
    if ($kind == 0) {
        $days = 15;
    } elsif ($kind == 1) {
        $r{end_time} = day(-rnd(60) + 8);
        $days = 15;
    } elsif ($kind == 2) {
        my $back = rnd($wide ? 31 : 12);
        $r{start_time} = day(-$back);
        $days = $back + 1;
    } else {
        $days = $wide ? 1 + rnd(31) : pick(1, 1, 1, 2, 3, 4, 7, 10, 31);
        my $from = -rnd(45) + pick(0, 0, 0, 5, 12);
        $from = -rnd(170) if chance(5);
        $r{start_time} = day($from);
        $r{end_time}   = day($from + $days - 1);
    }

    $r{desktop_ids} = some_ids() if chance(50);
    $r{desktop_ids} = pick([], undef) if chance(4);
    $r{offset} = number(pick(0, 1, 5, rnd(30), rnd(150), rnd(@desktops + 3),
        scalar @desktops, 2147483647)) if chance(50);
    $r{limit} = number(pick(0, 1, 2, 10, 99, 100, rnd(101))) if chance(60);
    $r{group_by_type} = pick('DAY', '', undef) if chance(30);
    $r{desktop_username} = pick('', undef)     if chance(10);
    $r{other} = pick(1, undef, [], { limit => 7 }) if chance(5);

    if (chance(2)) {
        # a wrong one among them
        my ($key, $value) = @{ pick([ limit => 101 ], [ offset => -1 ],
            [ start_time => '2022-02-30' ], [ desktop_ids => [''] ],
            [ end_time => day(-400) ], [ limit => 1.5 ]) };
        $r{$key} = $value;
        $days = 0;
    }

    return (\%r, $days);
}

# The day, and whether yesterday is filed already: where these change between
# two calls, they need not agree.
sub epoch { return int((time - 2 * 3600) / 3600) }

my ($serial, %want, %kept) = (0);

sub compare {
    my ($r, $days, $place, $name) = @_;

    my $id   = 'r' . ++$serial;
    my $text = $json->encode($r);
    my ($at) = @$place;
    my $begin = epoch();

    my $mine = post(\$conn, $nginx->port, ($at ? "/$at" : '') . route('p'), $text,
        'X-Request-Id' => $id);
    my $true = post(\$truth, $sim->port, route('p')
        . ($at eq 'string' ? '?use_time=string' : ''), $text);

    return if epoch() != $begin;

    my $differ = $mine->{error} ? "no reply: $mine->{error}"
        : $mine->{status} != $true->{status}
        ? "status $mine->{status}, not $true->{status}"
        : $true->{status} == 200 ? same_json($mine->{body}, $true->{body})
        : '';

    if ($true->{status} == 200) {
        my $sent = () = $mine->{body} =~ /"used_info_list":/g;
        $want{$id} = [ $days, $sent, $name ];
    }

    return $differ ? "$name, $id at '$at': $differ\n" . substr($text, 0, 500)
        . "\nmine: " . substr($mine->{body}, 0, 500)
        . "\ntrue: " . substr($true->{body}, 0, 500) : '';
}

# --- Tenants: desktops, share of the calls, wide ranges.

my @tenants = (
    [ 0,    2 ],  [ 1,    6 ],  [ 2,    8, 1 ], [ 7,   12, 1 ],
    [ 20,   15, 1 ], [ 20,  15, 1 ], [ 60,  10, 1 ], [ 99,  6 ],
    [ 100,  7 ],  [ 101,  6 ],  [ 250,  6 ],    [ 199, 3 ],
    [ 201,  2 ],  [ 1000, 1.2 ],
    [ 2000, 0.6 ],
);
my $shares = 0;
$shares += $_->[1] for @tenants;

for (@tenants) {
    my ($desktops, $share, $wide) = @$_;
    my $count = int($total * $share / $shares) || 1;

    for my $idle (qw(shown hidden)) {
        my $tenant = rnd(1 << 20);
        $sim->tenant(seed => $tenant, desktops => $desktops,
            days => pick(10, 31, 40), idle => $idle,
            resource_id => pick(JSON::PP::true(), JSON::PP::false()));
        @desktops = @{ $sim->desktops };
        my $name = "$desktops desktops, idle $idle, tenant $tenant";
        my $begin = Time::HiRes::time();

        my @wrong;
        for (1 .. int($count / 2) || 1) {
            my ($r, $days) = some_request($wide);
            my $why = compare($r, $days, pick(@places), $name);
            push @wrong, $why if $why;
            last if @wrong > 3;
        }
        is(scalar @wrong, 0, "$name: " . (int($count / 2) || 1) . ' calls')
            or diag(join "\n", @wrong);
        note(sprintf '%.1f s', Time::HiRes::time() - $begin);
    }
}

# --- Users and hours.

my (@users, %directory, %untold);

# Another tenant: who there is, and whose the directory says that desktops are.
sub populate {
    my ($desktops, $idle) = @_;

    $sim->faults();

    my $tenant = rnd(1 << 20);
    my %about  = (
        records_limit => pick(1000, 1000, 100),
        records_clamp => pick(JSON::PP::true(), JSON::PP::false()),
        sid           => pick(JSON::PP::true(), JSON::PP::true(), JSON::PP::false()),
        resource_id   => pick(JSON::PP::true(), JSON::PP::false()),
        idle          => $idle,
    );
    $about{users} = 3 + rnd(40) if chance(30);
    $about{days}  = pick(10, 31, 40);

    $sim->tenant(seed => $tenant, desktops => $desktops, %about);
    @desktops = @{ $sim->desktops };
    @users    = @{ $sim->users(detail => 1) };

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

# A request of a user, or by the hour, or both.
sub some_personal {
    my ($records) = @_;
    my ($r, $days) = (undef, 0);

    ($r, $days) = some_request(0) until $days;

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
            chance(40) ? pick(@desktops, 'none') : () ] if chance(30);

        # where the directory tells no domain, a desktop is anybody's of that name
        delete $r->{desktop_user_domain} if $untold{ $r->{desktop_username} }
            && $twins != 1;
        $r->{desktop_user_domain} = $u->{domain} if $untold{ $r->{desktop_username} }
            && length($r->{desktop_user_domain} // '');
        delete $r->{desktop_ids} if chance(30);
    }

    $r->{group_by_type} = !$r->{desktop_username} || chance(40) ? 'HOUR' : 'DAY';

    # mostly days that are remembered
    if ($r->{group_by_type} eq 'DAY' && chance(90)) {
        delete $r->{start_time} if chance(5);
        my $from = -rnd(31) + pick(0, 0, 0, 2);
        $days = 1 + rnd(31);
        $r->{start_time} = day($from);
        $r->{end_time}   = day($from + $days - 1);
    }

    return ($r, $days);
}

# Whether a user is the request's.
sub is_asked {
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
        index(lc $_->{user_name}, lc substr $r->{desktop_username}, 0, 64) >= 0 } @users;
    return scalar grep { $_ > 1 } values %times;
}

# Whose a desktop is: alone, shared, other (of one other user), or none's.
sub whose {
    my ($r, $id) = @_;
    my $infos = $directory{$id} or return 'gone';
    my @mine = grep { $_->{type} eq 'USER' && is_asked($r, @$_{qw(user_name domain)}) } @$infos;
    return 'alone'  if @mine && @mine == @$infos;
    return 'shared' if @mine;
    return 'other'  if @$infos == 1 && $infos->[0]{type} eq 'USER';
    return 'none';
}

sub hundredths { return int(($_[0] + 18) / 36) }

# What the statistics can tell of a user's days, by translation.md's rules, from
# the simulator's seconds: entries in order, as [ id, hundredths of hours... ],
# and the hundredths of what has no desktop.
sub told {
    my ($r) = @_;

    # (a request without dates)
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

    my ($entries, $rest, $whose, $total) = told($r);
    my $data = decode($mine->{body}) || {};
    my @asked = @{ $r->{desktop_ids} || [] };

    if (@asked) {
        if ($mine->{status} == 400) {
            return 'refused, though nothing is left over' if !$rest;
            return 'refused, though it could be none of these'
                if !grep { ($whose->{$_} // 'gone') =~ /shared|none/ } @asked;
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

    # whatever the rules say: nothing is lost
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

# Numbers between those of two replies, which are alike otherwise.
sub between {
    my ($low, $mine, $high) = @_;

    my @parts = map { [ split /("use_time":"?[\d.]+)/ ] } $low, $mine, $high;
    return "other parts: " . same_json($mine, $high)
        if @{ $parts[0] } != @{ $parts[1] } || @{ $parts[1] } != @{ $parts[2] };
    for my $i (0 .. $#{ $parts[1] }) {
        my ($a, $b, $c) = map { $parts[$_][$i] } 0 .. 2;
        next if $a eq $b;
        my @n = map { /([\d.]+)\z/ ? $1 : () } $a, $b, $c;
        return "'$b' is not '$a'" if $i % 2 == 0 || @n != 3 || $n[0] > $n[1] || $n[1] > $n[2];
    }
    return '';
}

# One call; gives what is wrong, in words.
sub check_personal {
    my ($r, $days, $records, $name) = @_;

    my $text  = $json->encode($r);
    my $place = pick($records ? @with : @without);
    my $begin = epoch();
    my $query = 'filed=yes&gone=apart' . ($place->[0] eq 'recstr' ? '&use_time=string' : '');
    my $truth = sub { return post(\$truth, $sim->port, route('p') . "?$query", $text) };
    my $id    = 'r' . ++$serial;

    my $before = $truth->();
    my $mine   = post(\$conn, $nginx->port, ($place->[0] ? "/$place->[0]" : '') . route('p'),
        $text, 'X-Request-Id' => $id);
    my $after = $truth->();

    return if epoch() != $begin;

    my $differ;
    if ($mine->{error}) {
        $differ = "no reply: $mine->{error}";
    } elsif ($after->{status} != 200) {
        $differ = $mine->{status} != $after->{status} && "status $mine->{status}, not $after->{status}";
    } elsif ($mine->{status} == 502 && twins($r) && $mine->{body} =~ /rows of one user/) {
        return;    # of one name, in two domains, who were there just as long
    } elsif ($records) {
        $differ = $mine->{status} != 200 ? "status $mine->{status}: $mine->{body}"
            : same_json($mine->{body}, $after->{body})
            && ($r->{group_by_type} ne 'HOUR' ? same_json($mine->{body}, $after->{body})
                : between(map { $_->{body} } $before, $mine, $after));
    } elsif ($r->{group_by_type} eq 'HOUR') {
        $differ = ($mine->{status} != 400 || $mine->{body} !~ /usage_connections/)
            && "status $mine->{status}, by the hour, without records";
    } else {
        $differ = differs_from_told($r, $mine, $after);
    }

    if ($mine->{status} == 200) {
        my $sent = () = $mine->{body} =~ /"used_info_list":/g;
        $want{$id} = [ $days, $sent, $name ];
    }

    return $differ ? "$name, $id at '$place->[0]': $differ\n" . substr($text, 0, 600)
        . "\nmine: $mine->{status} " . substr($mine->{body}, 0, 600)
        . "\ntrue: " . substr($after->{body}, 0, 600) : '';
}

my @populations = (
    [ 1, 2 ], [ 2, 3 ], [ 5, 8 ], [ 9, 10 ], [ 13, 16 ], [ 20, 16 ], [ 40, 16 ], [ 100, 8 ],
    [ 130, 8 ], [ 300, 5 ], [ 1001, 0.5 ],
);
$shares = 0;
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

subtest 'the variables' => sub {
    my %calls;
    $sim->config;    # (an answer to this: the log is written up to here)
    open my $fh, '<', $log or die "$log: $!";
    while (<$fh>) {
        next if /"api":\s*"(?:legacy|control)?"/ || m{"path":\s*"/_sim};
        $calls{$1}++ if /"x-request-id":\s*"([^"]+)"/;
    }
    close $fh;

    my (%seen, @wrong);
    for ($nginx->access_lines($serial)) {
        my ($id) = /\A\{"id":"([^"]*)"/ or next;
        my $want = $want{$id} or next;
        $seen{$id} = 1;
        my $line = decode($_) or push(@wrong, "no JSON: $_"), next;
        my ($days, $desktops, $name) = @$want;
        push @wrong, "$id, $name: calls $line->{calls}, not " . ($calls{$id} || 0)
            if $line->{calls} ne ($calls{$id} || 0);
        push @wrong, "$id, $name: desktops $line->{desktops}, not $desktops"
            if $line->{desktops} ne $desktops;
        push @wrong, "$id, $name: days $line->{days}, not $days"
            if $line->{days} ne $days;
        push @wrong, "$id, $name: error $line->{error}" if $line->{error} ne '';
    }
    my @missing = grep { !$seen{$_} } keys %want;
    is(scalar @missing, 0, scalar(keys %want) . ' calls are in the log');
    is(scalar @wrong, 0, 'and tell the upstream calls, days and desktops')
        or diag(join "\n", splice @wrong, 0, 10);
};

# --- With faults.  Each kind: what may come of it, besides the truth.

my @faults = (
    # what a client must not notice
    [ { fault => 'chunked', piece => 7 },             [] ],
    [ { fault => 'drip',    piece => 500, ms => 1 },  [] ],
    [ { fault => 'close' },                           [] ],
    [ { fault => 'delay',   ms => 20 },               [] ],
    [ { fault => 'extra' },                           [] ],
    [ { fault => 'pad',     kb => 3 },                [] ],
    [ { fault => 'unsorted' },                        [] ],
    # what it must
    [ { fault => 'status', status => 500 },           [ 500, 502 ] ],
    [ { fault => 'status', status => 503 },           [ 503, 502 ] ],
    [ { fault => 'status', status => 404 },           [ 404, 502 ] ],
    [ { fault => 'status', status => 429 },           [429] ],
    [ { fault => 'reset' },                           [502] ],
    [ { fault => 'reset', at => 100 },                [502] ],
    [ { fault => 'cut', at => 50 },                   [502] ],
    [ { fault => 'truncate' },                        [502] ],
    [ { fault => 'garble', bytes => 1 },              [502] ],
    [ { fault => 'text', body => '<html>' },          [502] ],
    [ { fault => 'empty' },                           [502] ],
    [ { fault => 'gzip' },                            [502] ],
    [ { fault => 'negative' },                        [502] ],
    [ { fault => 'string' },                          [502] ],
    [ { fault => 'huge' },                            [502] ],
    [ { fault => 'no-id' },                           [502] ],
    [ { fault => 'no-count' },                        [502] ],
    [ { fault => 'no-items' },                        [502] ],
    [ { fault => 'null-items' },                      [502] ],
    # what it must not, if it passes
    [ { fault => 'lying-count', delta => 1 },         [502] ],
    [ { fault => 'rows', delta => -1 },               [502] ],
    [ { fault => 'rows', delta => 1 },                [502] ],
    [ { fault => 'duplicate' },                       [502] ],
    [ { fault => 'null', idle => JSON::PP::true() },  [] ],
    [ { fault => 'no-metric', idle => JSON::PP::true() }, [] ],
);

subtest 'with faults' => sub {
    my $count = int($total / 10) || 10;
    my ($true, $errors, @wrong) = (0, 0);

    for my $i (0 .. $count - 1) {
        my ($fault, $may) = @{ $faults[ $i % @faults ] };
        if ($i % @faults == 0) {
            $sim->tenant(seed => rnd(1 << 20), desktops => pick(5, 30, 120, 250),
                days => 31, idle => pick(qw(shown hidden)));
            @desktops = @{ $sim->desktops };
        }

        my ($r) = some_request(0);
        $sim->faults();
        my $expect = post(\$truth, $sim->port, route('p'), $json->encode($r));
        next if $expect->{status} != 200;

        my %f = (%$fault, chance(70) ? (count => pick(1, 1, 2, 5)) : (),
            chance(50) ? (skip => rnd(6)) : (),
            $fault->{fault} =~ /^(?:status|reset|cut|truncate|text|empty|drip|delay)/
            ? () : (api => 'desktop-metrics'));
        $sim->faults(\%f);

        my $begin = epoch();
        my $id    = 'f' . ++$serial;
        my $mine  = post(\$conn, $nginx->port, route('p'), $json->encode($r),
            'X-Request-Id' => $id);
        next if epoch() != $begin;

        my $what = $json->encode(\%f);
        if ($mine->{error}) {
            push @wrong, "$what: no reply: $mine->{error}";
        } elsif ($mine->{status} == 200) {
            $true++;
            my $differ = same_json($mine->{body}, $expect->{body});
            push @wrong, "$what: a wrong 200: $differ\n" . $json->encode($r)
                if $differ;
        } else {
            $errors++;
            push @wrong, "$what: $mine->{status}\n$mine->{body}\n"
                . substr $json->encode($r), 0, 1000
                unless grep { $_ == $mine->{status} } @$may;
            push @wrong, "$what: not an error reply: $mine->{body}"
                unless decode($mine->{body})
                && defined decode($mine->{body})->{error_code};
        }
        last if @wrong > 5;
    }

    $sim->faults();
    is(scalar @wrong, 0, "$count calls: $true true replies, $errors errors")
        or diag(join "\n", @wrong);
};

# The same for users and hours: each of the four APIs may be wrong.  What is true
# is what was said without faults, which was checked above.
subtest 'users and hours, with faults' => sub {
    my $count = int($total / 3) || 30;
    my ($same, $errors, @wrong) = (0, 0);
    my @more  = (
        @faults,
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
        my $at    = ($place->[0] ? "/$place->[0]" : '') . route('p');
        my $text  = $json->encode($r);
        my $begin = epoch();

        # (hours of today go on while faults are tried)
        next if $r->{group_by_type} eq 'HOUR' && ($r->{end_time} // day(0)) ge day(0);

        my ($fault) = @{ pick(@more) };
        my $api = pick(@apis);

        # what has no name leads nowhere, and isn't wrong
        next if $api eq 'records' && $fault->{fault} eq 'no-id';

        $sim->faults();
        my $expect = post(\$conn, $nginx->port, $at, $text);
        next if $expect->{status} != 200;

        my %f = (%$fault, api => $api, chance(50) ? (count => pick(1, 1, 2)) : (),
            chance(30) ? (skip => rnd(4)) : (), chance(15) ? (offset => 100) : ());
        $sim->faults(\%f);
        my $mine = post(\$conn, $nginx->port, $at, $text);
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
    is(scalar @wrong, 0, "$count calls: $same as without, $errors errors")
        or diag(join "\n", @wrong);
    is(scalar(grep { !$hit{$_} } @apis), 0, 'of each API') if $total >= 3000;
};

diag("USAGE_SEED=$seed") unless Test::More->builder->is_passing;

$nginx->stop_ok;
$sim->stop;

done_testing();
