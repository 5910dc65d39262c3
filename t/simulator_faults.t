#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# The simulator's faults: each is what it is called, and nothing else changes.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Errno ();
use IO::Select;
use IO::Socket::INET;
use JSON::PP ();
use Test::More;
use Time::HiRes qw(time);

use Usage::Sim qw($DESKTOPS $RECORDS metric window);
use Usage::Test qw(seconds);

my @DAY = window('2022-12-10');

my $sim = Usage::Sim->start;

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

subtest 'faults in replies' => sub {
    $sim->tenant(seed => 4, desktops => 250, days => 3, idle => 'shown',
        now => '2022-12-12T08:00:00Z');
    my @q = (@DAY, sort_field => 'desktop_usage', limit => 100);
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
    is($status, 503,   'status 503, html: the status');
    is($r,      undef, 'status 503, html: no JSON');
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
        'shift by 1: rows move by one');
    is($r->{count}, 251, 'shift by 1: the count is one more');
    (undef, $r) = $hit->({ fault => 'shift', by => -1,
            keep_count => JSON::PP::true }, offset => 100);
    is($r->{items}[0]{resource_id}, $next->{items}[1]{resource_id},
        'shift by -1: rows move by one');
    is($r->{count}, 250, 'shift by -1 with keep_count: the count stays');
    (undef, $r) = $hit->({ fault => 'lying-count', delta => -2 });
    is($r->{count}, 248, 'lying-count: the count is another');
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
    ok($r->{x_extra} && $r->{items}[3]{x_extra}, 'extra adds keys');
    ok(length $raw->({ fault => 'pad', kb => 8 }) > 800 * 1024, 'pad');

    $sim->faults({ fault => 'status', api => 'directory', count => 2,
            skip => 1 });
    is_deeply([map { ($sim->get('desktops'))[0] } 1 .. 4],
        [200, 500, 500, 200], 'skip and count');
    is(($sim->get($DESKTOPS, @q))[0], 200, 'a fault of one API leaves others alone');
    $sim->faults({ fault => 'status', day => '2022-12-10', offset => 100 });
    is_deeply([map { ($sim->get($DESKTOPS, window($_->[0]), limit => 100,
                    offset => $_->[1]))[0] }
            ['2022-12-10', 100], ['2022-12-10', 0], ['2022-12-11', 100]],
        [500, 200, 200], 'day and offset');
    for my $wrong ({}, { fault => 'none' }, { fault => 'cut', what => 1 },
        { fault => 'cut', at => 'x' }) {
        ok(!eval { $sim->faults($wrong); 1 }, 'a wrong fault is refused: ' . join ' ', %$wrong);
    }
    is($sim->calls->[-1]{faults}[0], undef, 'calls tell their faults');
    $sim->faults;
};

subtest 'faults of the directory' => sub {
    my @all = @{ $sim->desktops(detail => 1) };
    my ($gone) = map { $_->{desktop_id} } grep { $_->{gone} } @all;
    my (undef, $true) = $sim->get('desktops');
    $sim->faults({ fault => 'ignored-ids' });
    my (undef, $r) = $sim->get('desktops', desktop_id => ['none']);
    is_deeply($r, $true, 'ignored-ids: all desktops are listed');
    $sim->faults({ fault => 'deleted' });
    (undef, $r) = $sim->get('desktops', desktop_id => [$gone]);
    is_deeply([map { "$_->{desktop_id} $_->{status}" } @{ $r->{desktops} }],
        ["$gone DELETED"], 'deleted: one that is gone is listed');
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

        is_deeply($hit->({ fault => 'shift' }), $true,
            "$api: shift leaves the first page alone");
        my $r = $hit->({ fault => 'shift' }, offset => 100);
        is($r->{$key}[0]{$id}, $true->{$key}[99]{$id}, "$api: shift by 1: rows move by one");
        is($r->{total_count}, $count + 1, "$api: shift by 1: the count is one more");
        $r = $hit->({ fault => 'shift', by => -1, keep_count => JSON::PP::true },
            offset => 100);
        is($r->{$key}[0]{$id}, $next->{$key}[1]{$id}, "$api: shift by -1: rows move by one");
        is($r->{total_count}, $count, "$api: shift by -1 with keep_count: the count stays");
        $r = $hit->({ fault => 'shift', offset => 0 });
        is($r->{$key}[1]{$id}, $true->{$key}[0]{$id}, "$api: shift of the first page");
        like($r->{$key}[0]{$id}, qr/^phantom/, "$api: shift of the first page adds a row");
        is(defined $r->{$key}[0]{connection_start_time}, $api eq 'records',
            "$api: the added row has a start if it is a record");

        is($hit->({ fault => 'lying-count', delta => -2 })->{total_count},
            $count - 2, "$api: lying-count");
        is(scalar @{ $hit->({ fault => 'rows', delta => $_ })->{$key} },
            100 + $_, "$api: rows: $_") for -3, 3;
        is_deeply($hit->({ fault => 'duplicate', row => 4 })->{$key}[5],
            $true->{$key}[4], "$api: duplicate");
        $r = $hit->({ fault => 'no-count' });
        is_deeply([exists $r->{total_count}, $ids->($r)], ['', $ids->($true)],
            "$api: no-count");
        $r = $hit->({ fault => 'no-items' });
        is_deeply([exists $r->{$key}, $r->{total_count}], ['', $count], "$api: no-items");
        $r = $hit->({ fault => 'null-items' });
        ok(exists $r->{$key} && !defined $r->{$key}, "$api: null-items");
        $r = $hit->({ fault => 'extra' });
        is_deeply($ids->($r), $ids->($true), "$api: extra changes no row");
        ok($r->{x_extra} && $r->{$key}[3]{x_extra}, "$api: extra adds keys");
        $r = $hit->({ fault => 'no-id', row => 2 });
        is_deeply([map { $r->{$key}[2]{$_} } qw(desktop_id sid)], [undef,
                $api eq 'records' ? undef : $true->{$key}[2]{sid}], "$api: no-id");
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
    is_deeply([sort keys %at], [qw(failed open over)], 'the page has records of all kinds');
    for my $kind (sort keys %at) {
        my $n   = $at{$kind};
        my $row = { %{ $true->{records}[$n] } };
        $sim->faults({ fault => 'bad-time', row => $n });
        my (undef, $r) = $sim->get($RECORDS, @q);
        is_deeply($r->{records}[$n],
            { %$row, connection_setup_time => 'yesterday' }, "bad-time: $kind");
        $r->{records}[$n] = $true->{records}[$n];
        is_deeply($r, $true, "bad-time: $kind: no other row changes");

        $sim->faults({ fault => 'end-first', row => $n });
        (undef, $r) = $sim->get($RECORDS, @q);
        if ($kind ne 'failed') {
            my $got = delete $r->{records}[$n]{connection_end_time};
            is(seconds($got), seconds($row->{connection_setup_time}) - 1,
                "end-first: $kind");
            delete $row->{connection_end_time};
        }
        is_deeply($r->{records}[$n], $row, "end-first: $kind: nothing else changes");
    }
    $sim->faults;
};

subtest 'faults of transport' => sub {
    my $path  = page_path(limit => 100);
    my $whole = (drain(connection($path)))[1];
    my $get   = sub { $sim->faults(@_); return drain(connection($path)) };

    my ($head, $body, $error) = $get->({ fault => 'cut', at => 50 });
    like($head, qr/Content-Length: @{[length $whole]}\r?/, 'cut: the head promises all bytes');
    is($body, substr($whole, 0, 50), 'cut: 50 bytes come');
    ($head, $body, $error) = $get->({ fault => 'reset' });
    is($error, Errno::ECONNRESET, 'reset: the connection is reset');
    ok(!defined $head, 'reset: nothing comes before');
    ($head, $body, $error) = $get->({ fault => 'reset', at => 20 });
    is($error, Errno::ECONNRESET, 'reset in the middle');

    ($head, $body) = $get->({ fault => 'chunked', piece => 1000 });
    like($head, qr/Transfer-Encoding: chunked/i, 'chunked: the header');
    is(($sim->get($DESKTOPS, @DAY, limit => 100))[2], $whole,
        'chunked: the same body');
    ($head, $body) = $get->({ fault => 'gzip' });
    like($head, qr/Content-Encoding: gzip/, 'gzip: the header');
    SKIP: {
        skip 'no IO::Uncompress::Gunzip', 1
            if !eval { require IO::Uncompress::Gunzip; 1 };
        IO::Uncompress::Gunzip::gunzip(\$body, \my $plain);
        is($plain, $whole, 'gzip: the same body');
    }
    my $start = time;
    ($head, $body) = $get->({ fault => 'drip', piece => 2000, ms => 3 });
    is($body, $whole, 'drip: the same body');
    ok(time - $start >= 0.003 * int(length($whole) / 2000 - 1), 'drip: the body comes slowly');
    $sim->faults({ fault => 'close' });
    my $r = $sim->request(GET => $path, headers => { 'X-Auth-Token' => 't' });
    is(lc $r->{headers}{connection}, 'close', 'close: the header');

    $start = time;
    $get->({ fault => 'delay', ms => 80 });
    ok(time - $start >= 0.08, 'delay: one reply is late');
    $sim->faults;
    $sim->config(delay_ms => '30-60');
    $start = time;
    drain(connection($path));
    ok(time - $start >= 0.03, 'delay_ms: each reply is late');
    $sim->config(delay_ms => 0);

    # calls that are delayed for an hour, or hang, don't hold up others
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
        qr/desktops/, 'hang: other calls are answered');
    ok(!IO::Select->new(@waiting)->can_read(0), 'hang: the calls get no byte');
    close $waiting[0];
    until_true(sub { $sim->calls->[0]{ended} });
    is($sim->calls->[0]{ended}, 'broken', 'hang: the log says that the client left');
    $sim->faults({ fault => 'hang', at => 30 });
    my @end = drain($waiting[1]);
    is($end[0], undef, 'hang: a new set of faults closes the connection');

    my $half = connection($path);
    ($head, $body) = drain($half, qr/\r\n\r\n.{30}/s);
    is($body, substr($whole, 0, 30), 'hang at 30: 30 bytes come');
    ok(!IO::Select->new($half)->can_read(0), 'hang at 30: no more bytes come');
    $sim->faults;
    ok(!sysread($half, my $rest, 10), 'hang at 30: clearing faults closes the connection');
};

is($sim->stop, 0, 'the simulator ends cleanly');

done_testing;
