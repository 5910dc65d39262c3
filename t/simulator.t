#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# The simulator: as strict as the real API, true to one list of sessions, and
# wrong where it is asked to be.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Errno      ();
use File::Temp ();
use IO::Select;
use IO::Socket::INET;
use JSON::PP   ();
use List::Util qw(max min sum0);
use Test::More;
use Time::HiRes qw(time);
use Time::Local qw(timegm);

use Usage::Sim;

my $DESKTOPS = 'statistics/metrics/desktops';
my $USERS    = 'statistics/metrics/users';
my $RECORDS  = 'connections/desktops';
my @DAY      = window('2022-12-09');

my $sim = Usage::Sim->start;

sub window {
    my ($first, $last) = (@_, @_);
    return (start_time => "${first}T00:00:00Z", end_time => "${last}T23:59:59Z");
}

sub seconds {
    my ($s) = @_;
    my @t = $s =~ /^(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)Z$/ or return;
    return timegm(@t[5, 4, 3, 2], $t[1] - 1, $t[0]);
}

sub date {
    my @t = gmtime($_[0]);
    return sprintf '%04d-%02d-%02d', $t[5] + 1900, $t[4] + 1, $t[3];
}

sub metric {
    my ($row, $name) = @_;
    my ($m) = grep { $_->{metric_name} eq $name } @{ $row->{metric} };
    return $m && $m->{metric_value};
}

# All rows of a list, page by page.
sub all {
    my ($api, $key, $limit, @query) = @_;

    my @rows;
    while (1) {
        my ($status, $r) = $sim->get($api, @query, offset => scalar @rows,
            limit => $limit);
        die "$api: $status" if $status != 200;
        push @rows, @{ $r->{$key} };
        return @rows
            if !@{ $r->{$key} } || @rows >= ($r->{count} || $r->{total_count});
    }
}

# The seconds of each desktop in a window.
sub usage {
    return map { $_->{resource_id} => metric($_, 'desktop_usage') }
        all($DESKTOPS, 'items', 100, @_);
}

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

sub slurp {
    open my $f, '<', $_[0] or die "$_[0]: $!";
    local $/;
    return scalar <$f>;
}

# Hundredths of an hour, in words, by integers.
sub hours {
    my $n = int(($_[0] + 18) / 36);
    return 0 + sprintf('%d.%02d', $n / 100, $n % 100);
}

# A connection on which the request was sent.
sub connection {
    my ($path) = @_;

    my $s = IO::Socket::INET->new(PeerAddr => $sim->host,
        PeerPort => $sim->port)
        or die "connect: $!";
    print $s "GET $path HTTP/1.1\r\nHost: x\r\nX-Auth-Token: token\r\n"
        . "Connection: close\r\n\r\n";
    $s->flush;
    return $s;
}

# What comes on a connection up to its end: head, body, error.
sub drain {
    my ($s, $enough) = @_;

    my ($text, $error) = ('', 0);
    while (!$enough || $text !~ $enough) {
        my $n = sysread $s, $text, 65536, length $text;
        if (!defined $n) { $error = $! + 0; last }
        last if !$n;
    }
    my ($head, $body) = split /\r\n\r\n/, $text, 2;
    return ($head, $body, $error);
}

sub page_path {
    my %q = (@DAY, @_);
    return "/v2/p/$DESKTOPS?" . join '&', map {"$_=$q{$_}"} sort keys %q;
}

sub until_true {
    my ($cond) = @_;
    while (1) {
        my $v = $cond->();
        return $v if $v;
        select undef, undef, undef, 0.01;
    }
}

subtest 'the published example' => sub {
    my $examples = "$FindBin::Bin/../../shared/examples";
    my $file     = "$FindBin::Bin/../examples/legacy-request.json";
    my $request  = '{"desktop_ids": ["c6e6dbd7-c950-471d-a6a7-01d0fb62f450", '
        . '"d5367f84-1d64-498e-9b92-093002ac6ce9"], '
        . '"start_time": "2022-12-09", "end_time": "2022-12-15"}';
    my %hours = (
        'c6e6dbd7-c950-471d-a6a7-01d0fb62f450' =>
            '12.62 2.62 1.02 0 0 3.87 3.56',
        'd5367f84-1d64-498e-9b92-093002ac6ce9' =>
            '10.56 1.38 0 0 0 3.87 3.56',
    );

    my $expected = '{"desktop_used_info_list":['
        . join(',', map {
            my $day = 9;
            qq({"desktop_id":"$_","used_info_list":[)
                . join(',', map {
                    sprintf '{"date":"2022-12-%02d","use_time":%s}', $day++, $_
                } split / /, $hours{$_})
                . ']}'
        } sort keys %hours)
        . '],"total_count":2}';

    for my $idle ('hidden', 'shown') {
        $sim->config(idle => $idle);
        my ($status, undef, $raw) = $sim->legacy($request);
        is($status, 200,       "$idle: answered");
        is($raw,    $expected, "$idle: to the digit");
    }

    my (undef, $r) = $sim->legacy($request, -query => 'use_time=string');
    is($r->{desktop_used_info_list}[0]{used_info_list}[3]{use_time},
        '0.00', 'as a string, with two decimals');
    is($r->{desktop_used_info_list}[0]{used_info_list}[0]{use_time},
        '12.62', 'as a string');

    my %used = usage(@DAY);
    is($used{'c6e6dbd7-c950-471d-a6a7-01d0fb62f450'}, 45432, 'in seconds');
};

subtest 'routes and rights' => sub {
    my %t = ('X-Auth-Token' => 't');
    my $r = $sim->request(GET => '/v2/p/statistics', headers => \%t);
    is($r->{status},           404,          'an unknown path');
    is($r->{json}{error_code}, 'APIGW.0101', 'its code');
    for my $path ('/', '/v2', '/v2//desktops', '/v2/a%20b/desktops',
        '/v1/p/desktops', '/v2/p/desktops/', '/v2/' . 'x' x 256 . '/desktops')
    {
        is($sim->request(GET => $path, headers => \%t)->{status},
            404, "no such path: " . substr $path, 0, 30);
    }
    is($sim->request(GET => '/v2/' . 'x' x 255 . '/desktops',
            headers => \%t)->{status}, 200, 'a project of 255 characters');

    $r = $sim->request(POST => "/v2/p/$DESKTOPS", headers => \%t);
    is($r->{status},         405,   'a wrong method');
    is($r->{headers}{allow}, 'GET', 'and the right one');
    $r = $sim->request(GET => '/v2/p/desktops/statistics/used',
        headers => \%t);
    is("$r->{status} $r->{headers}{allow}", '405 POST', 'of the legacy call');

    for my $h ({}, { 'X-Auth-Token' => '' }, { Authorization => 'Basic eDp5' })
    {
        $r = $sim->request(GET => '/v2/p/desktops', headers => $h);
        is($r->{status},           401,          'no rights');
        is($r->{json}{error_code}, 'APIGW.0301', 'their code');
    }

    my $signed = 'SDK-HMAC-SHA256 Access=AK1, SignedHeaders=host, Signature=0';
    $r = $sim->request(GET => '/v2/p/desktops',
        headers => { Authorization => $signed });
    is($r->{status}, 200, 'signed');
    is(($sim->legacy(undef, 'X-Auth-Token' => 'x' x 65000))[0],
        200, 'a token of 65,000 characters');

    $sim->config(tokens => ['good', 'AK1'], project => 'mine');
    my %as = map { $_ => ($sim->get('desktops', -project => 'mine',
                -headers => { 'X-Auth-Token' => $_ }))[0] } 'good', 'bad';
    is_deeply(\%as, { good => 200, bad => 401 }, 'only tokens that are known');
    $r = $sim->request(GET => '/v2/mine/desktops',
        headers => { Authorization => $signed });
    is($r->{status}, 200, 'an access key that is known');
    is(($sim->get('desktops', -headers => { 'X-Auth-Token' => 'good' }))[0],
        404, 'another project');
    $sim->config(tokens => [], project => undef);
};

subtest 'queries that are refused' => sub {
    my @stats = (
        [], [start_time => '2022-12-09T00:00:00Z'],
        [end_time => '2022-12-09T00:00:00Z'],
        (map { [@DAY, limit => $_] } 0, 101, '', '-1', '+5', '1.0', 'x', ' 5'),
        (map { [@DAY, offset => $_] } 2147483647, -1, '', '99999999999999999999'),
        [@DAY, sort_field => 'nothing'], [@DAY, sort_type => 'desc'],
        (map { [start_time => $_, end_time => '2022-12-31T00:00:00Z'] }
                '2022-12-09', '2022-12-09T00:00:00', '2022-13-09T00:00:00Z',
            '2022-02-30T00:00:00Z', '2022-12-09T24:00:00Z',
            '2022-12-09 00:00:00Z', ''),
        [start_time => '2022-12-10T00:00:00Z',
            end_time => '2022-12-09T00:00:00Z'],
        [@DAY, limit => [5, 6]],
    );
    my %wrong = (
        $DESKTOPS => [@stats, [@DAY, sort_field => 'user_usage'],
            [@DAY, min_idle_days => 'x']],
        $USERS => [@stats, [@DAY, username => 'x' x 65]],
        desktops => [[limit => 1001], [limit => -1],
            [desktop_id => join ',', 1 .. 101], [desktop_id => [1 .. 101]],
            [desktop_id => ''], [desktop_id => 'a,,b']],
        $RECORDS => [[limit => 1001], [start_time => '2022-12-09T00:00:00Z'],
            [end_time => '2022-12-09T00:00:00Z'],
            [start_time => 'x', end_time => 'x']],
    );
    for my $api (sort keys %wrong) {
        for my $query (@{ $wrong{$api} }) {
            my ($status, $r) = $sim->get($api, @$query);
            my $words = substr join(' ', map { ref $_ ? "@$_" : $_ } @$query),
                0, 60;
            ok($status == 400 && $r->{error_code} && $r->{error_msg},
                "$api: $words");
        }
    }

    is($sim->request(GET => '/v2/p/desktops?user_name=%4',
            headers => { 'X-Auth-Token' => 't' })->{status},
        400, 'a broken escape');
    is(($sim->get('desktops', anything => 'goes', limit => 1))[0],
        200, 'unknown parameters are ignored');

    $sim->config(records_limit => 100);
    is(($sim->get($RECORDS, limit => 101))[0], 400, 'an older release');
    is(($sim->get($RECORDS, limit => 100))[0], 200, 'and what it takes');
    $sim->config(records_limit => 5, records_clamp => JSON::PP::true);
    my ($status, $r) = $sim->get($RECORDS, limit => 1000);
    is("$status " . @{ $r->{records} }, '200 5', 'one that gives fewer');
    is($r->{total_count}, 18, 'and counts all');
    (undef, $r) = $sim->get($RECORDS, limit => 3, offset => 1);
    is(scalar @{ $r->{records} }, 3, 'a limit that it can give');
    (undef, $r) = $sim->get($RECORDS);
    is(scalar @{ $r->{records} }, 5, 'the default is cut too');
    is(($sim->get($RECORDS, limit => -1))[0], 400, 'a wrong one is wrong');
    ok(!eval { $sim->config(records_clamp => 1); 1 }, 'true or false');
    ok($sim->config->{records_clamp}, 'it stays as it was');
    $sim->config(records_limit => 1000, records_clamp => JSON::PP::false);
    is(($sim->get($RECORDS, limit => 1001))[0], 400, 'refused again');
};

subtest 'legacy bodies' => sub {
    my @bad = (
        '[]', 'null', 'x', '{', '{} {}', ' ', '{"limit":1,"limit":2}',
        "{\"x\":\"\xff\"}", '{"desktop_username":"a\u0000b"}',
        (map {"{\"limit\":$_}"} -1, 101, '1.0', '1e1', 'true', '""', '"x"',
            '"-1"', '[]', '"101"'),
        (map {"{\"offset\":$_}"} -1, 2147483648, '0.5', 'false',
            '"99999999999999999999"'),
        (map {"{\"desktop_ids\":$_}"} '{}', '"x"', '[1]', '[""]', '[null]',
            '["' . 'x' x 256 . '"]',
            '[' . join(',', map {"\"$_\""} 1 .. 2001) . ']'),
        (map {"{\"start_time\":\"$_\"}"} '2022-12-9', '2022-02-30',
            '20221209', ' 2022-12-09', '2022-12-17', '2022-11-15'),
        '{"start_time":1}', '{"group_by_type":"day"}', '{"group_by_type":1}',
        '{"start_time":"2022-12-10","end_time":"2022-12-09"}',
        '{"start_time":"2022-11-01","end_time":"2022-12-02"}',
        '{"start_time":"2022-06-18","end_time":"2022-06-19"}',
        '{"desktop_username":"x","start_time":"2022-11-15",'
            . '"end_time":"2022-11-16"}',
        '{"desktop_username":"' . 'x' x 256 . '"}',
        '{"desktop_user_domain":7}',
    );
    for my $body (@bad) {
        my ($status, $r) = $sim->legacy($body);
        ok($status == 400 && $r->{error_code} eq 'APIGW.0201'
                && $r->{error_msg} eq 'API request error',
            'refused: ' . substr $body =~ s/[^ -~]/?/gr, 0, 60);
    }

    my @good = (
        undef, '', '{}', '{"limit":null,"offset":"7","start_time":""}',
        '{"desktop_ids":[],"group_by_type":"","unknown":[{}]}',
        '{"limit":"007"}', '{"limit":0}', '{"offset":2147483647}',
        '{"start_time":"2022-11-16"}', '{"end_time":"2023-01-15",'
            . '"start_time":"2022-12-16"}',
        '{"start_time":"2022-06-19","end_time":"2022-06-19"}',
        '{"desktop_ids":["' . "\xc3\xa9" x 255 . '"]}',
        '{"desktop_ids":[' . join(',', map {"\"$_\""} 1 .. 2000) . ']}',
    );
    for my $body (@good) {
        my ($status) = $sim->legacy($body);
        is($status, 200, 'taken: ' . (defined $body
            ? substr $body =~ s/[^ -~]/?/gr, 0, 60 : 'no body'));
    }

    my (undef, $r) = $sim->legacy('{}');
    my $days = $r->{desktop_used_info_list}[0]{used_info_list};
    is_deeply([map { $_->{date} } @$days[0, -1]],
        ['2022-12-02', '2022-12-16'], 'by default 15 days, to today');
    (undef, $r) = $sim->legacy('{"end_time":"2022-12-10"}');
    $days = $r->{desktop_used_info_list}[0]{used_info_list};
    is_deeply([map { $_->{date} } @$days[0, -1]],
        ['2022-11-26', '2022-12-10'], '15 days, to the end');
    (undef, $r) = $sim->legacy('{"limit":0}');
    is_deeply($r, { desktop_used_info_list => [], total_count => 6 },
        'no record, but their number');
};

subtest 'filing and retention' => sub {
    my $count = sub {
        my ($api, @day) = @_;
        return ($sim->get($api, window(@day)))[1]{count};
    };

    $sim->config(now => '2022-12-16T01:59:59Z', idle => 'shown');
    is($count->($DESKTOPS, '2022-12-15'), 0, 'yesterday, before 02:00');
    is($count->($DESKTOPS, '2022-12-14'), 6, 'the day before');
    $sim->config(now => '2022-12-16T02:00:00Z');
    is($count->($DESKTOPS, '2022-12-15'), 6, 'yesterday, at 02:00');
    is($count->($DESKTOPS, '2022-12-16'), 0, 'today');
    is($count->($DESKTOPS, '2022-06-19'), 6, '180 days ago');
    is($count->($DESKTOPS, '2022-06-18'), 0, '181 days ago');
    is($count->($USERS,    '2022-11-16'), 4, '30 days ago, for users');
    is($count->($USERS,    '2022-11-15'), 0, '31 days ago, for users');

    my $boundary = sub {
        my %w = (start_time => "2022-12-$_[0]Z", end_time => "2022-12-$_[1]Z");
        return sum0(map { metric($_, 'desktop_usage') }
                all($DESKTOPS, 'items', 100, %w));
    };
    is($boundary->('09T00:00:00', '09T23:59:58'), 0, 'less than a day');
    is($boundary->('09T23:59:59', '09T23:59:59'),
        45432 + 38016, 'a day is filed at its last second');
    is($boundary->('09T12:00:00', '10T23:59:58'),
        45432 + 38016, 'only boundaries count');

    $sim->config(idle => 'hidden');
    is($count->($DESKTOPS, '2022-12-11'), 1, 'idle desktops are hidden');
    is($count->($DESKTOPS, '2022-12-09'), 2, 'those used are not');
    $sim->tenant(now => '2022-12-16T08:00:00Z', idle => 'shown');
};

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
        is(scalar @twins, $seed % 3 ? 2 : 0, 'names in two domains');
        for my $t (@twins) {
            isnt($t->[0]{domain}, $t->[1]{domain}, "$t->[0]{user_name}: two");
            is(scalar(grep { @{ $_->{alone} } + @{ $_->{shared} }
                        && @{ $_->{used} } } @$t), 2, 'each with desktops');
            my %on = map { $_ => 1 } map { @{ $t->[0]{$_} } }
                qw(alone shared used);
            is(scalar(grep { $on{$_} } map { @{ $t->[1]{$_} } }
                        qw(alone shared used)), 0, 'of their own');
        }
    }
};

# Everything that the APIs tell, computed again from the connection records.
sub agree {
    my (%recipe) = @_;

    my $made   = $sim->tenant(%recipe);
    my $now    = seconds($recipe{now});
    my $hidden = $recipe{idle} eq 'hidden';
    my @days   = map { date($now - $_ * 86400) } reverse 1 .. 12;

    my @records = all($RECORDS, 'records', 1000);
    is(scalar @records, $made->{sessions}, 'every session has its record');
    my @starts = map { $_->{connection_start_time} } @records;
    is_deeply(\@starts, [sort { $b cmp $a } @starts], 'the newest first');

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
        $kind{midnight}++ if date($span->[0]) ne date($span->[1]);
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
                'ends at an hour')], [], 'sessions of every kind');
    is(!!$kind{twins}, !$recipe{users}, 'also of two users of one name');

    my (%day, %truth, @differ);
    for my $d (@days) {
        my ($from, $to) = (seconds("${d}T00:00:00Z"), seconds("${d}T00:00:00Z") + 86400);
        my %expect = map {
            my $s = covered($from, $to, @{ $spans{$_} || [] });
            $s || !$hidden ? ($_ => $s) : ()
        } values %id;
        $truth{$d} = \%expect;
        $day{$d}   = { usage(window($d)) };
        is_deeply($day{$d}, \%expect, "$d: desktops");

        my (%rows, %own_sum);
        push @{ $rows{ $_->{username} } }, metric($_, 'user_usage')
            for all($USERS, 'items', 7, window($d));
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
                all($USERS, 'items', 100, window($d), domain => $domain);
            push @differ, map {"$d @$_"} grep { $_->[1] != $own_sum{ $_->[0] } } @in;
        }
    }
    is_deeply(\@differ, [], 'users');

    agree_on_users(\@users, \%own, @days);

    my %window = usage(window($days[0], $days[-1]));
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
            @{ $r->{desktop_used_info_list} }], 'legacy: by id')
        if $r->{total_count} <= 100;
    is($r->{total_count}, scalar keys %expect, 'legacy: the count');
    is_deeply(\%list, { map { $_ => $expect{$_} } keys %list },
        'legacy: the hours');

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
        [@expect[0 .. min(99, $#expect)]], 'hours');
    is($r->{desktop_used_info_list}[0]{used_info_list}[37]{date},
        '2022-12-20T13:00:00Z', 'their form');

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
        \%expect, 'the days of one user');
    is_deeply([grep { $_->{desktop_username} ne $user }
            @{ $r->{desktop_used_info_list} }], [], 'who is named');

    (undef, $r) = $sim->legacy({ start_time => '2022-12-15',
        desktop_username => $user }, -query => 'filed=yes');
    is_deeply([grep { $_->{used_info_list}[-1]{use_time} }
            @{ $r->{desktop_used_info_list} }], [], 'without today, if asked');
}

subtest 'sorting, paging, filters' => sub {
    $sim->tenant(seed => 5, desktops => 120, days => 8, idle => 'shown',
        now => '2022-12-20T08:00:00Z');
    my @w = window('2022-12-12', '2022-12-19');

    for my $field ('desktop_usage', 'desktop_idle_duration') {
        my @v = map { metric($_, $field) }
            all($DESKTOPS, 'items', 33, @w, sort_field => $field);
        is_deeply(\@v, [sort { $b <=> $a } @v], "$field, descending");
        @v = map { metric($_, $field) } all($DESKTOPS, 'items', 33, @w,
            sort_field => $field, sort_type => 'ASC');
        is_deeply(\@v, [sort { $a <=> $b } @v], "$field, ascending");
        is(scalar @v, 120, 'all of them');
    }

    my (undef, $r) = $sim->get($DESKTOPS, @w);
    is(scalar @{ $r->{items} }, 10,  'by default 10');
    is($r->{count},             120, 'of all');
    (undef, $r) = $sim->get($DESKTOPS, @w, offset => 120);
    is_deeply($r, { count => 120, items => [] }, 'past the end');
    (undef, $r) = $sim->get($RECORDS);
    is(scalar @{ $r->{records} }, 20, 'by default 20 records');
    (undef, $r) = $sim->get($RECORDS, limit => 0);
    is_deeply($r->{records}, [], 'or none');

    my @named = all($DESKTOPS, 'items', 100, @w, resource_name => 'esk-1');
    is(scalar @named, 1 + 10 + 20, 'a name is fuzzy');
    my $id = $sim->desktops->[1];
    (undef, $r) = $sim->get($DESKTOPS, @w, resource_id => $id);
    is($r->{count}, 1, 'an id is not');
    $sim->config(resource_id => JSON::PP::false);
    (undef, $r) = $sim->get($DESKTOPS, @w, resource_id => $id);
    is($r->{count}, 120, 'older releases know no id');
    $sim->config(resource_id => JSON::PP::true);

    my %used = usage(@w);
    (undef, $r) = $sim->get($DESKTOPS, @w, usage_min_hours => 20);
    is($r->{count}, scalar(grep { $_ >= 72000 } values %used), 'at least');
    (undef, $r) = $sim->get($DESKTOPS, @w, usage_max_hours => 20);
    is($r->{count}, scalar(grep { $_ <= 72000 } values %used), 'at most');

    (undef, $r) = $sim->get($USERS, @w, username => 'ann', limit => 100);
    my %names = map { $_->{username} => 1 } @{ $r->{items} };
    ok($names{Ann} && $names{annabel} && $names{Joann}, 'a user is fuzzy');
    for my $name ('R&D', '50%', 'c++', 'a b', "Zo\xc3\xab", 'quo"te', ' lead') {
        (undef, $r) = $sim->get($USERS, @w, username => $name);
        is($r->{count}, 1, "a user called $name");
    }

    my @ids = @{ $sim->desktops };
    (undef, $r) = $sim->get('desktops', desktop_id => [$ids[3], "$ids[5],none"]);
    is_deeply([map { $_->{desktop_id} } @{ $r->{desktops} }], [@ids[3, 5]],
        'ids, repeated and with commas');
    my ($gone) = grep { $_->{gone} } @{ $sim->desktops(detail => 1) };
    (undef, $r) = $sim->get('desktops', desktop_id => $gone->{desktop_id});
    is($r->{total_count}, 0, 'a desktop that is gone');
    (undef, $r) = $sim->get('desktops');
    is($r->{total_count}, 117, 'the others are there');
    my %kinds;
    for my $d (@{ $r->{desktops} }) {
        my $infos = $d->{attach_user_infos};
        $kinds{ !$infos ? 'bare' : !@$infos ? 'pool' : @$infos > 1 ? 'shared'
            : $infos->[0]{type} }++;
    }
    is_deeply([sort keys %kinds], [qw(GROUP USER bare pool shared)],
        'desktops of every kind');
    ok(!$gone->{used} || $used{ $gone->{desktop_id} }, 'and their past');

    my @some = all($RECORDS, 'records', 1000, window('2022-12-15'));
    my @past = grep { $_->{connection_start_time} =~ /^2022-12-15/ }
        all($RECORDS, 'records', 1000);
    is_deeply(\@some, \@past, 'records by their start');
    $sim->config(sid => JSON::PP::false);
    (undef, $r) = $sim->get($RECORDS);
    is(scalar(grep { $_->{sid} } @{ $r->{records} }), 0, 'without sid');
    $sim->config(sid => JSON::PP::true);

    my $again = $sim->legacy({});
    my @first = $sim->legacy({});
    $sim->tenant(seed => 5, desktops => 120, days => 8,
        now => '2022-12-20T08:00:00Z');
    is(($sim->legacy({}))[2], $first[2], 'the same seed, the same tenant');
    my @page = $sim->legacy({ offset => 5, limit => 2 });
    my @whole = @{ $first[1]{desktop_used_info_list} };
    is_deeply($page[1], { total_count => 120,
            desktop_used_info_list => [@whole[5, 6]] }, 'legacy pages');
    @page = $sim->legacy({ desktop_ids => [@ids[9, 2, 9], 'none'] });
    is_deeply([map { $_->{desktop_id} } @{ $page[1]{desktop_used_info_list} }],
        [@ids[9, 2]], 'in the order asked for, once, if known');
};

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
    is($sim->tenant(%tenant)->{now}, $tenant{now}, 'its clock');
    my (undef, $r) = $sim->legacy({ start_time => '2023-03-07' });
    is_deeply([map { $_->{use_time} } @{ $r->{desktop_used_info_list}[0]{used_info_list} }],
        [0, 1, 24, 0], 'across midnight, open, not yet filed');
    (undef, $r) = $sim->legacy({ start_time => '2023-03-09',
        desktop_username => 'u' });
    is($r->{desktop_used_info_list}[0]{used_info_list}[0]{use_time},
        0.51, 'half a hundredth goes up');

    for my $wrong ({ sessions => [{}] }, { sessions => {} },
        { sessions => [{ desktop_id => 'x', user_name => 'u' }] }) {
        ok(!eval { $sim->tenant(%$wrong); 1 }, 'refused');
    }
    is_deeply($sim->desktops, ['d1'], 'and nothing has changed');

    my $file = File::Temp->new;
    print $file JSON::PP->new->encode(\%tenant);
    close $file;
    my $other = Usage::Sim->start(args => ['--sessions', "$file"]);
    is_deeply($other->desktops, ['d1'], 'the same, from a file');
    is($other->stop, 0, 'a clean end');
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
    is_deeply($use->($id), \@changed, 'six minutes more on that day');
    is_deeply($use->($other), $two, 'another desktop as it was');
    my @hours = @$hours;
    $hours[24] = sprintf('%.2f', $hours[24] + 0.1) + 0;
    is_deeply($use->($id, group_by_type => 'HOUR'), \@hours, 'by the hour: in its first');
    is_deeply([ $sim->get($DESKTOPS, window('2022-12-10'), limit => 100) ],
        \@pages, 'the statistics are as they were');
    $sim->alter(desktop => $id, date => '2022-12-10', seconds => -1e6);
    $changed[1] = 0;
    is_deeply($use->($id), \@changed, 'nothing is below 0');
    $sim->alter;
    is_deeply($use->($id), $one, 'and as before');

    for (['none', '2022-12-10', 1], [$id, '2022-12-1', 1], [$id, '2022-12-10', 'x']) {
        my $r = $sim->request(POST => '/_sim/alter', content => JSON::PP->new->encode(
            { desktop => $_->[0], date => $_->[1], seconds => $_->[2] }));
        is($r->{status}, 400, "refused: @$_");
    }
    $sim->alter(desktop => $id, date => '2022-12-10', seconds => 360);
    $sim->tenant;
    is_deeply($use->($id), $one, 'another tenant forgets it');
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
        'the name in the statistics');
    is(metric($r->{items}[0], 'desktop_usage'), 3600, 'and the time');
    is_deeply([map { ($sim->get($DESKTOPS, @w, resource_name => $_))[1]{count} }
            'NEW', 'OLD'], [1, 0], 'which they are filtered by');
    (undef, $r) = $sim->get('desktops');
    is($r->{desktops}[0]{computer_name}, 'OLD', 'the directory has another');
    is_deeply([map { ($sim->get('desktops', computer_name => $_))[1]{total_count} }
            'NEW', 'OLD'], [0, 1], 'as its filter');
    is($sim->desktops(detail => 1)->[0]{resource_name}, 'NEW', 'as told');

    (undef, $r) = $sim->get($RECORDS);
    my @shown = map { my $x = $_; join ' ', map { $x->{$_} // 'none' }
            'computer_name', 'sid' } reverse @{ $r->{records} };
    is_deeply(\@shown, ['OLD s1', 'OLD s2', 'TWO s1', 'OLD none', 'NOWHERE ',
            'OLD stale'], 'names and sids of records');
    is_deeply([map { ($sim->get($RECORDS, computer_name => $_))[1]{total_count} }
            'OLD', 'TWO', 'NOWHERE'], [4, 1, 1], 'which they are filtered by');
    $sim->config(sid => JSON::PP::false);
    (undef, $r) = $sim->get($RECORDS);
    is(scalar(grep { exists $_->{sid} } @{ $r->{records} }), 0, 'no sid at all');
    $sim->config(sid => JSON::PP::true);

    (undef, $r) = $sim->legacy({ desktop_username => 'u',
        start_time => '2023-03-09', end_time => '2023-03-09' });
    is_deeply($r, { total_count => 1, desktop_used_info_list => [{
                desktop_id => 'd1', desktop_username => 'u', used_info_list =>
                    [{ date => '2023-03-09', use_time => 1 }] }] },
        'the truth is where it was');
    for my $wrong ({ sid => 1 }, { computer_name => undef }) {
        ok(!eval { $sim->tenant(desktops => [{ desktop_id => 'd1',
                    computer_name => 'x' }], sessions => [{ @on, %$wrong }]); 1 },
            'refused');
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
    is($used->(), '2 ann:7200 ann:14400', 'two rows of one name');
    is($used->(domain => 'a.com'), '1 ann:7200',  'one of its domain');
    is($used->(domain => 'b.com'), '1 ann:14400', 'and the other');
    is($used->(domain => 'c.com'), '0',           'and no other');

    my (undef, $r) = $sim->get('desktops');
    my @who = map { join ' ', map {"$_->{user_name}\@$_->{domain}"}
            @{ $_->{attach_user_infos} } } @{ $r->{desktops} };
    is_deeply(\@who, ['ann@a.com', 'ann@b.com',
            'bob@local.com ann@b.com carl@local.com', ''], 'who is attached');
    isnt($r->{desktops}[0]{attach_user_infos}[0]{user_id},
        $r->{desktops}[1]{attach_user_infos}[0]{user_id}, 'they have two ids');
    is(($sim->get('desktops', user_name => 'ann'))[1]{total_count},
        3, 'found by name');
    (undef, $r) = $sim->get($RECORDS);
    is_deeply([sort map { $_->{user_name} } @{ $r->{records} }],
        [('ann@a.com') x 2, ('ann@b.com') x 3], 'their records');

    my $truth = sub {
        my (undef, $reply) = $sim->legacy({ desktop_username => 'ann',
            start_time => '2023-03-09', end_time => '2023-03-09', @_ });
        return join ' ', map { "$_->{desktop_id}:" . sum0(map { $_->{use_time} }
                @{ $_->{used_info_list} }) } @{ $reply->{desktop_used_info_list} };
    };
    for my $type ('DAY', 'HOUR') {
        my @q = (group_by_type => $type);
        is($truth->(@q), 'd1:1 d2:2 d3:1 d4:1.5', "$type: both, as one");
        is($truth->(@q, desktop_user_domain => 'a.com'), 'd1:1 d4:1',
            "$type: one of them");
        is($truth->(@q, desktop_user_domain => 'b.com'), 'd2:2 d3:1 d4:1',
            "$type: and the other");
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
        'listed with the others');
    is($truth->('gone=apart', @u), '2 | d2 0 2 0 | - u 0 1.01 1',
        'or apart, the last, seconds added up');
    is($truth->('gone=apart', @u, offset => 1), '2 | - u 0 1.01 1', 'a page');
    is($truth->('gone=apart', @u, limit => 1), '2 | d2 0 2 0', 'and another');
    is($truth->('gone=apart', @u, offset => 2), '2', 'past it');
    is($truth->('gone=apart', desktop_username => 'v'), '1 | - v 0 1 0',
        'of a user of nothing else');
    is($truth->('gone=apart', @u, desktop_ids => ['d3', 'd2']),
        '1 | d2 0 2 0', 'not where desktops are asked for');
    is($truth->('gone=apart&filed=yes', @u),
        '2 | d2 0 2 0 | - u 0 1.01 0', 'without what is not filed');
    is($truth->('gone=apart', desktop_username => 'w', end_time => '2023-03-08'),
        '1 | d2 0 1', 'nothing where it is 0');
    is($truth->('gone=apart'), $truth->(''), 'nor without a user');
    like($truth->('gone=apart', @u, group_by_type => 'HOUR'),
        qr/^1 \| d2 (?:0 ){36}1 1 /, 'nor by the hour');
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
        'who has what');
    ok($who{'ann@b.com'}{user_id}, 'and an id');
    is_deeply($sim->users, ['ann', 'ann', 'u+v'], 'names only');

    my @range = (start => '2023-03-08', end => '2023-03-10');
    my @days  = ('2023-03-08', '2023-03-09', '2023-03-10');
    my @user  = (user_name => 'ann', @range);
    is_deeply($sim->truth(@user, domain => 'b.com'), { days => \@days,
            total => [3600, 1801, 0], desktops => { d5 => [3600, 1801, 0] } },
        'seconds, as filed');
    is_deeply($sim->truth(@user, domain => undef), { days => \@days,
            total => [7200, 3602, 0], desktops => { d4 => [3600, 1801, 0],
                d5 => [3600, 1801, 0] } }, 'of both, as one, on each desktop');
    is_deeply($sim->truth(@range, user_name => 'u+v'), { days => \@days,
            total => [0, 0, 0], desktops => {} }, 'of no use');
    is_deeply($sim->truth(@user, domain => 'c.com')->{total}, [0, 0, 0],
        'of nobody');
    $sim->config(now => '2023-03-09T01:59:59Z');
    is_deeply($sim->truth(@user)->{total}, [0, 0, 0], 'before 02:00');
    $sim->config(now => '2023-03-11T02:00:00Z');
    is_deeply($sim->truth(@user)->{total}, [7200, 3602, 46800],
        'and as the clock goes on');
    for my $wrong ([@range], [@user, end => '2023-03-07'], [@user, start => 'x'],
        [@user, start => '2022-01-01'], [user_name => 'ann', start => $days[0]]) {
        ok(!eval { $sim->truth(@$wrong); 1 }, 'refused');
    }
};

subtest 'the log' => sub {
    my $file  = File::Temp->new;
    my $other = Usage::Sim->start(token => 'secret-7',
        args => ['--log', "$file", '--keep-calls', 2]);
    $other->get('desktops', limit => 1,
        -headers => { Cookie => 'c=secret-8', 'X-Thing' => 'shown' });
    $other->legacy('{}', 'Content-Type' => 'text/plain');
    my $calls = $other->calls;
    is(scalar @$calls,         2,                 'two calls');
    is($calls->[0]{path},      '/v2/project/desktops', 'path');
    is($calls->[0]{query},     'limit=1',         'query');
    is($calls->[0]{api},       'directory',       'api');
    is($calls->[0]{status},    200,               'status');
    is($calls->[0]{token},     $other->fingerprint('secret-7'), 'token');
    is($calls->[0]{headers}{'x-thing'}, 'shown',  'a header');
    is_deeply([sort grep {/^content-/} @{ $calls->[1]{header_names} }],
        ['content-length', 'content-type'], 'names of headers');
    is($calls->[1]{body_bytes}, 2, 'bytes of the body');
    $other->get('desktops');
    is_deeply([map { $_->{n} } @{ $other->calls }], [2, 3], 'only the latest');
    $other->clear;
    is_deeply($other->calls, [], 'cleared');
    $other->stop;

    my $text = slurp("$file");
    is(scalar(() = $text =~ /\n/g), 3, 'a line for each');
    unlike($text, qr/secret-/, 'no secrets');
};

subtest 'quota' => sub {
    $sim->tenant;
    $sim->config(quota => 3, retry_after => 17);
    my @statuses = map { ($sim->get('desktops'))[0] } 1 .. 4;
    is_deeply(\@statuses, [200, 200, 200, 429], 'three calls a minute');
    my $r = $sim->request(GET => '/v2/p/desktops',
        headers => { 'X-Auth-Token' => 'token' });
    is($r->{json}{error_code},     'APIGW.0308', 'its code');
    is($r->{headers}{'retry-after'}, 17,         'when to come again');
    is(($sim->get('desktops', -headers => { 'X-Auth-Token' => 'x' }))[0],
        200, 'others are not concerned');
    is(($sim->get($RECORDS))[0], 200, 'nor is another API');
    is(($sim->legacy({}))[0],    200, 'nor the legacy call');
    $sim->config(quota => 0, retry_after => undef);
};

subtest 'faults in replies' => sub {
    $sim->tenant(seed => 4, desktops => 250, days => 3, idle => 'shown',
        now => '2022-12-12T08:00:00Z');
    my @q = (@DAY = window('2022-12-10'), sort_field => 'desktop_usage',
        limit => 100);
    my (undef, $true) = $sim->get($DESKTOPS, @q);
    my (undef, $next) = $sim->get($DESKTOPS, @q, offset => 100);
    my $hit = sub {
        my ($fault, @more) = @_;
        $sim->faults($fault);
        return $sim->get($DESKTOPS, @q, @more);
    };
    my $raw = sub { ($hit->(@_))[2] };
    my $ids = sub { return [map { $_->{resource_id} } @{ $_[0]{items} }] };

    my ($status, $r) = $hit->({ fault => 'status', status => 403,
            encoded => 'abc', code => 'X.1', msg => 'no' });
    is_deeply([$status, $r], [403, { error_code => 'X.1', error_msg => 'no',
                encoded_authorization_message => 'abc' }], 'status 403');
    ($status, $r) = $hit->({ fault => 'status', status => 503, form => 'html' });
    is($status, 503,   'status 503');
    is($r,      undef, 'not JSON');
    is_deeply([($hit->({ fault => 'status', form => 'empty' }))[0, 2]],
        [500, ''], 'status 500, empty');
    is($raw->({ fault => 'text' }), "<html>not JSON</html>\n", 'text');
    is($raw->({ fault => 'empty' }), '', 'empty');
    $sim->faults;
    my $whole = ($sim->get($DESKTOPS, @q))[2];
    is($raw->({ fault => 'truncate', at => 99 }), substr($whole, 0, 99),
        'truncate');
    is(length $raw->({ fault => 'garble' }), length $whole, 'garble: length');
    ok(!defined(($hit->({ fault => 'garble' }))[1]), 'garble: no JSON');

    is_deeply($ids->(($hit->({ fault => 'shift' }))[1]), $ids->($true),
        'shift leaves the first page alone');
    (undef, $r) = $hit->({ fault => 'shift', by => 1 }, offset => 100);
    is($r->{items}[0]{resource_id}, $true->{items}[99]{resource_id},
        'shift: one appeared');
    is($r->{count}, 251, 'and is counted');
    (undef, $r) = $hit->({ fault => 'shift', by => -1,
            keep_count => JSON::PP::true }, offset => 100);
    is($r->{items}[0]{resource_id}, $next->{items}[1]{resource_id},
        'shift: one vanished');
    is($r->{count}, 250, 'and nobody noticed');
    (undef, $r) = $hit->({ fault => 'lying-count', delta => -2 });
    is($r->{count}, 248, 'lying-count');
    for my $delta (-3, 3) {
        (undef, $r) = $hit->({ fault => 'rows', delta => $delta });
        is(scalar @{ $r->{items} }, 100 + $delta, "rows: $delta");
    }
    (undef, $r) = $hit->({ fault => 'duplicate', row => 4 });
    is_deeply($r->{items}[5], $true->{items}[4], 'duplicate');
    (undef, $r) = $hit->({ fault => 'unsorted' });
    my @v = map { metric($_, 'desktop_usage') } @{ $r->{items} };
    isnt("@v", join(' ', sort { $b <=> $a } @v), 'unsorted');

    my %value = (negative => '-1.0', null => 'null', string => '"3600.0"',
        huge => '1e999');
    for my $kind (sort keys %value) {
        like($raw->({ fault => $kind, row => 0 }),
            qr/"desktop_usage","metric_value":\Q$value{$kind}\E\}/, $kind);
    }
    like($raw->({ fault => 'value', text => '{"a":[]}' }),
        qr/"metric_value":\{"a":\[\]\}\}/, 'value');
    (undef, $r) = $hit->({ fault => 'no-metric', row => 1 });
    is_deeply([map { defined metric($_, 'desktop_usage') ? 1 : 0 }
            @{ $r->{items} }[0, 1]], [1, 0], 'no-metric');
    (undef, $r) = $hit->({ fault => 'null', idle => JSON::PP::true },
        sort_type => 'ASC');
    is_deeply([grep { defined && !$_ } map { metric($_, 'desktop_usage') }
            @{ $r->{items} }], [], 'null in all rows without use');
    (undef, $r) = $hit->({ fault => 'no-id' });
    ok(!exists $r->{items}[0]{resource_id}, 'no-id');
    (undef, $r) = $hit->({ fault => 'no-items' });
    ok(!exists $r->{items} && $r->{count}, 'no-items');
    (undef, $r) = $hit->({ fault => 'null-items' });
    ok(exists $r->{items} && !defined $r->{items}, 'null-items');
    (undef, $r) = $hit->({ fault => 'no-count' });
    ok(!exists $r->{count} && $r->{items}, 'no-count');
    (undef, $r) = $hit->({ fault => 'extra' });
    is_deeply($ids->($r), $ids->($true), 'extra changes no row');
    ok($r->{x_extra} && $r->{items}[3]{x_extra}, 'but adds keys');
    ok(length $raw->({ fault => 'pad', kb => 8 }) > 800 * 1024, 'pad');

    $sim->faults({ fault => 'status', api => 'directory', count => 2,
            skip => 1 });
    is_deeply([map { ($sim->get('desktops'))[0] } 1 .. 4],
        [200, 500, 500, 200], 'skip and count');
    is(($sim->get($DESKTOPS, @q))[0], 200, 'not the API that is meant');
    $sim->faults({ fault => 'status', day => '2022-12-10', offset => 100 });
    is_deeply([map { ($sim->get($DESKTOPS, window($_->[0]), limit => 100,
                    offset => $_->[1]))[0] }
            ['2022-12-10', 100], ['2022-12-10', 0], ['2022-12-11', 100]],
        [500, 200, 200], 'day and offset');
    for my $wrong ({}, { fault => 'none' }, { fault => 'cut', what => 1 },
        { fault => 'cut', at => 'x' }) {
        ok(!eval { $sim->faults($wrong); 1 }, 'no such fault');
    }
    is($sim->calls->[-1]{faults}[0], undef, 'calls tell their faults');
    $sim->faults;
};

subtest 'faults in lists' => sub {
    for (['desktops', 'desktops', 'desktop_id'],
        [$RECORDS, 'records', 'transaction_id']) {
        my ($path, $key, $id) = @$_;
        my $api = $path eq $RECORDS ? 'records' : 'directory';
        my @q   = (limit => 100);
        my $ids = sub { return [map { $_->{$id} } @{ $_[0]{$key} }] };
        my $hit = sub {
            my ($fault, @more) = @_;
            $sim->faults({ %$fault, api => $api });
            return ($sim->get($path, @q, @more))[1];
        };
        my (undef, $true) = $sim->get($path, @q);
        my (undef, $next) = $sim->get($path, @q, offset => 100);
        my $count = $true->{total_count};
        ok($count > 200, "$api: more than two pages");

        is_deeply($hit->({ fault => 'shift' }), $true, 'shift: not the first');
        my $r = $hit->({ fault => 'shift' }, offset => 100);
        is($r->{$key}[0]{$id}, $true->{$key}[99]{$id}, 'shift: one appeared');
        is($r->{total_count}, $count + 1, 'and is counted');
        $r = $hit->({ fault => 'shift', by => -1, keep_count => JSON::PP::true },
            offset => 100);
        is($r->{$key}[0]{$id}, $next->{$key}[1]{$id}, 'shift: one vanished');
        is($r->{total_count}, $count, 'and nobody noticed');
        $r = $hit->({ fault => 'shift', offset => 0 });
        is($r->{$key}[1]{$id}, $true->{$key}[0]{$id}, 'shift: on the first');
        like($r->{$key}[0]{$id}, qr/^phantom/, 'by one that was not there');
        is(defined $r->{$key}[0]{connection_start_time}, $api eq 'records',
            'with a start, if it is a record');

        is($hit->({ fault => 'lying-count', delta => -2 })->{total_count},
            $count - 2, 'lying-count');
        is(scalar @{ $hit->({ fault => 'rows', delta => $_ })->{$key} },
            100 + $_, "rows: $_") for -3, 3;
        is_deeply($hit->({ fault => 'duplicate', row => 4 })->{$key}[5],
            $true->{$key}[4], 'duplicate');
        $r = $hit->({ fault => 'no-count' });
        is_deeply([exists $r->{total_count}, $ids->($r)], ['', $ids->($true)],
            'no-count');
        $r = $hit->({ fault => 'no-items' });
        is_deeply([exists $r->{$key}, $r->{total_count}], ['', $count], 'no-items');
        $r = $hit->({ fault => 'null-items' });
        ok(exists $r->{$key} && !defined $r->{$key}, 'null-items');
        $r = $hit->({ fault => 'extra' });
        is_deeply($ids->($r), $ids->($true), 'extra changes no row');
        ok($r->{x_extra} && $r->{$key}[3]{x_extra}, 'but adds keys');
        $r = $hit->({ fault => 'no-id', row => 2 });
        is_deeply([map { $r->{$key}[2]{$_} } qw(desktop_id sid)], [undef,
                $api eq 'records' ? undef : $true->{$key}[2]{sid}], 'no-id');
        is_deeply($hit->({ fault => $_ }), $true, "$_ is not for desktops")
            for $api eq 'records' ? () : ('bad-time', 'end-first');
    }

    $sim->faults;
    my @q = (limit => 50, offset => 20);
    my (undef, $true) = $sim->get($RECORDS, @q);
    my %at;
    for my $n (0 .. 49) {
        my $r = $true->{records}[$n];
        $at{ !$r->{connection_setup_time} ? 'failed'
            : $r->{connection_end_time} ? 'over' : 'open' } //= $n;
    }
    is_deeply([sort keys %at], [qw(failed open over)], 'records of all kinds');
    for my $kind (sort keys %at) {
        my $n   = $at{$kind};
        my $row = { %{ $true->{records}[$n] } };
        $sim->faults({ fault => 'bad-time', row => $n });
        my (undef, $r) = $sim->get($RECORDS, @q);
        is_deeply($r->{records}[$n],
            { %$row, connection_setup_time => 'yesterday' }, "bad-time: $kind");
        $r->{records}[$n] = $true->{records}[$n];
        is_deeply($r, $true, 'of one row only');

        $sim->faults({ fault => 'end-first', row => $n });
        (undef, $r) = $sim->get($RECORDS, @q);
        if ($kind ne 'failed') {
            my $got = delete $r->{records}[$n]{connection_end_time};
            is(seconds($got), seconds($row->{connection_setup_time}) - 1,
                "end-first: $kind");
            delete $row->{connection_end_time};
        }
        is_deeply($r->{records}[$n], $row, 'and nothing else');
    }
    $sim->faults;
};

subtest 'faults of transport' => sub {
    my $path  = page_path(limit => 100);
    my $whole = (drain(connection($path)))[1];
    my $get   = sub { $sim->faults(@_); return drain(connection($path)) };

    my ($head, $body, $error) = $get->({ fault => 'cut', at => 50 });
    like($head, qr/Content-Length: @{[length $whole]}\r?/, 'cut: promised');
    is($body, substr($whole, 0, 50), 'cut: kept');
    ($head, $body, $error) = $get->({ fault => 'reset' });
    is($error, Errno::ECONNRESET, 'reset');
    ok(!defined $head, 'before anything');
    ($head, $body, $error) = $get->({ fault => 'reset', at => 20 });
    is($error, Errno::ECONNRESET, 'reset in the middle');

    ($head, $body) = $get->({ fault => 'chunked', piece => 1000 });
    like($head, qr/Transfer-Encoding: chunked/i, 'chunked');
    $body =~ s/([0-9a-f]+)\r\n/my $n = hex $1; ''/ie;
    is(($sim->get($DESKTOPS, @DAY, limit => 100))[2], $whole,
        'chunked: the same body');
    ($head, $body) = $get->({ fault => 'gzip' });
    like($head, qr/Content-Encoding: gzip/, 'gzip');
    SKIP: {
        skip 'no IO::Uncompress::Gunzip', 1
            if !eval { require IO::Uncompress::Gunzip; 1 };
        IO::Uncompress::Gunzip::gunzip(\$body, \my $plain);
        is($plain, $whole, 'gzip: the same body');
    }
    my $start = time;
    ($head, $body) = $get->({ fault => 'drip', piece => 2000, ms => 3 });
    is($body, $whole, 'drip: the same body');
    ok(time - $start >= 0.003 * int(length($whole) / 2000 - 1), 'drip: slowly');
    $sim->faults({ fault => 'close' });
    my $r = $sim->request(GET => $path, headers => { 'X-Auth-Token' => 't' });
    is(lc $r->{headers}{connection}, 'close', 'close');

    $start = time;
    $get->({ fault => 'delay', ms => 80 });
    ok(time - $start >= 0.08, 'delay');
    $sim->faults;
    $sim->config(delay_ms => '30-60');
    $start = time;
    drain(connection($path));
    ok(time - $start >= 0.03, 'delay of everything');
    $sim->config(delay_ms => 0);

    # those that wait for an hour, or for ever, don't hold up the others
    $sim->faults({ fault => 'delay', ms => 3600000, count => 1 },
        { fault => 'hang', skip => 1, count => 1 });
    $sim->clear;
    my @waiting;
    for my $n (1, 2) {
        push @waiting, connection($path);
        until_true(sub {
            my $calls = $sim->calls;
            return @$calls == $n && $calls->[-1]{status};
        });
    }
    like((drain(connection('/v2/p/desktops?limit=1')))[1],
        qr/desktops/, 'others are answered');
    ok(!IO::Select->new(@waiting)->can_read(0), 'and these are not');
    close $waiting[0];
    until_true(sub { $sim->calls->[0]{ended} });
    is($sim->calls->[0]{ended}, 'broken', 'a client that left is noticed');
    $sim->faults({ fault => 'hang', at => 30 });
    my @end = drain($waiting[1]);
    is($end[0], undef, 'a new set of faults ends those that hang');

    my $half = connection($path);
    ($head, $body) = drain($half, qr/\r\n\r\n.{30}/s);
    is($body, substr($whole, 0, 30), 'hang in the middle');
    ok(!IO::Select->new($half)->can_read(0), 'no more of it');
    $sim->faults;
    ok(!sysread($half, my $rest, 10), 'until faults are cleared');
};

subtest 'options' => sub {
    my $port  = File::Temp->new;
    my $other = Usage::Sim->start(args => [
        '--port-file', "$port", '--seed', 9, '--desktops', 5, '--days', 2,
        '--users', 3, '--now', '2024-02-29T12:00:00Z', '--project', 'project',
        '--idle', 'hidden', '--token', 'token', '--token', 'other', '--quota',
        2, '--retry-after', 5, '--records-limit', 100, '--records-clamp', '--no-sid',
        '--no-resource-id', '--fault', 'status:status=418,api=records,count=1',
        '--delay', '1-2',
    ]);
    is(slurp("$port"), $other->port . "\n", 'the port in a file');
    my $c = $other->config;
    is_deeply([@$c{qw(idle now quota retry_after records_limit desktops)}],
        ['hidden', '2024-02-29T12:00:00Z', 2, 5, 100, 5], 'settings');
    is(($other->get($RECORDS))[0], 418, 'a fault');
    is(($other->get($RECORDS, limit => 101))[0], 200, 'once');
    ok($c->{records_clamp}, 'a limit of 101 is taken for 100');
    for my $wrong ('--idle never', '--limit 3', 'x', '--fault cut:at=x',
        '--listen here', '--sessions /nowhere', '--tls-key /dev/null') {
        my $says = `$Usage::Sim::program $wrong 2>&1`;
        ok($? && $says, "refused: $wrong");
    }
    my $help = `$Usage::Sim::program --help`;
    like($help, qr/--records-limit/, 'help');
    like($help, qr/lying-count/,     'with the faults');
    is($other->stop, 0, 'a clean end');
};

subtest 'TLS' => sub {
    my $dir = File::Temp->newdir;
    plan skip_all => 'no openssl'
        if system("openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=sim "
            . "-days 2 -keyout $dir/key -out $dir/cert >$dir/out 2>&1");
    my $tls = Usage::Sim->start(
        args => ['--tls-cert', "$dir/cert", '--tls-key', "$dir/key"]);
    open my $f, '>', "$dir/request" or die $!;
    print $f "GET /_sim/desktops HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    close $f;
    my $reply = `openssl s_client -quiet -ign_eof -connect 127.0.0.1:@{[$tls->port]} <$dir/request 2>/dev/null`;
    like($reply, qr/c6e6dbd7/, 'answered');
    is($tls->stop, 0, 'a clean end');
};

is($sim->stop, 0, 'a clean end');

done_testing;
