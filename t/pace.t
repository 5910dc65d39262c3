# SPDX-License-Identifier: BSD-2-Clause
#
# usage_rate: the pace of a credential's upstream calls.
#
#   USAGE_LONG=1  also two minutes against a quota of 200 a minute

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time sleep);

use Usage::Nginx;
use Usage::Sim;
use Usage::Test;

my $sim = Usage::Sim->start(args => [ '--seed', 1 ]);
my $http = 'usage_retries 0; log_format start \'{"id":"$http_x_request_id",'
    . '"end":$msec,"took":$request_time,"pid":$pid,"uri":"$request_uri"}\';'
    . 'access_log %%PREFIX%%/start.log start;';

my %month = (start_time => day(-32), end_time => day(-2));
my %one   = (start_time => day(-2), end_time => day(-2));

sub gateway {
    my ($server, %o) = @_;
    return Usage::Nginx->start(
        upstream => $sim->port,
        http     => $http,
        proxy    => 'log_subrequest on; access_log %%PREFIX%%/start.log start;',
        server   => $server,
        %o
    );
}

my $serial = 0;

sub start {
    my ($nginx, $at, $body, @headers) = @_;
    my $conn = $nginx->client;
    my $id = 'p' . ++$serial;
    $conn->send($conn->format('POST', $at . route(), body(%$body),
        'X-Request-Id' => $id, @headers));
    return ($conn, $id);
}

sub ask {
    my ($nginx, $at, $body, @headers) = @_;
    @headers = ('X-Auth-Token' => 'token') if !@headers;
    my ($conn, $id) = start($nginx, $at, $body, @headers);
    my $res = $conn->response;
    $res->{log} = $nginx->logged($id);
    return $res;
}

# When nginx started its upstream calls, in ms, and for which call.
sub starts {
    my ($nginx) = @_;
    return sort { $a->{at} <=> $b->{at} }
        map { { %$_, at => int(1000 * ($_->{end} - $_->{took}) + 0.5) } }
        map { decode($_) } grep {/\n\z/} map {"$_\n"}
        split /\n/, $nginx->_slurp('start.log');
}

sub calls_of { my ($id, @starts) = @_;
    return grep { $_->{id} eq $id && $_->{uri} =~ m{^/workspace/} } @starts }

# Of any calls of one bucket: none too early, behind any other.
sub keeps_pace {
    my ($name, $rate, $burst, $window, @starts) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @at = map { $_->{at} } @starts;
    my ($most, @early) = (0);
    my ($margin, $late) = $window == 60_000 ? (1000, 500) : (100, 50);
    my $t = ($window + $margin) / ($rate - $burst + 1);
    for my $i (0 .. $#at) {
        my $n = 0;
        for my $k ($i .. $#at) {
            $n++ if $at[$k] <= $at[$i] + $window - 2;
            # (milliseconds are rounded)
            push @early, "$i to $k" if ($k - $i + 1 - $burst) * $t
                > $at[$k] - $at[$i] + $late + 3;
        }
        $most = $n if $n > $most;
    }
    cmp_ok($most, '<=', $rate, "$name: $most of $rate in any window");
    is(scalar @early, 0, "$name: each in its time") or diag("@early[0 .. 5]");
}

$sim->tenant(seed => 5, desktops => 100, days => 40, idle => 'shown');

subtest 'two workers, several calls, one bucket' => sub {
    my $nginx = gateway(join('',
        Usage::Nginx->at(a => "usage_rate zone=fast:64k rate=50r/s burst=5;"),
        Usage::Nginx->at(b => "usage_rate zone=fast;")),
        workers => 2, http => "$http usage_timeout "
            . Usage::Nginx->patience(30) . 's;');
    # (whichever worker takes a connection: with enough of them, both do)
    my ($n, $begin) = (0, time);
    my $used = $nginx->wait_for(sub {
        my @conn = map { [ start($nginx, $_ % 2 ? '/a' : '/b', \%month, 'X-Auth-Token' => 'one') ] } 1 .. 4;
        for (@conn) {
            my $res = $_->[0]->response;
            is($res->{status}, 200, 'each call is a 200') or diag($res->{body});
            cmp_ok($nginx->logged($_->[1])->{waited}, '>', 0, '$usage_waited');
            $n += 31;
        }
        my %pids = map { $_->{pid} => 1 } starts($nginx);
        return keys %pids > 1;
    }, 60);
    ok($used, 'both workers make upstream calls');
    my @starts = grep { $_->{uri} =~ m{^/workspace/} } starts($nginx);
    is(scalar @starts, $n, "$n calls");
    keeps_pace('they', 50, 5, 1000, @starts);
    cmp_ok($starts[-1]{at} - $starts[0]{at}, '>=', ($n - 5) * 1100 / 46 - 60,
        'the calls take as long as the rate demands');
    $nginx->stop_ok;
};

# 31 calls at once, and what they leave takes longer than usage_timeout
my $patience = Usage::Nginx->patience(3);
my $backlog  = int(30 + 1.1 * 31 / (1.5 * $patience));
$backlog = 31 if $backlog < 31;

my $nginx = gateway(join('',
    Usage::Nginx->at(few => "usage_rate zone=few:64k rate=2r/m burst=1; usage_timeout 2s;"),
    Usage::Nginx->at(few_other => "usage_rate zone=few; usage_timeout 2s;", '/other'),
    Usage::Nginx->at(few_long => "usage_rate zone=few; usage_timeout 100s;"),
    Usage::Nginx->at(alone => "usage_rate zone=alone:64k rate=3r/s burst=1; usage_timeout ${patience}s;"),
    Usage::Nginx->at(backlog => "usage_rate zone=backlog:64k burst=31 "
        . "rate=${backlog}r/s; usage_timeout ${patience}s;"),
    Usage::Nginx->at(even => "usage_rate zone=even:64k rate=10r/s; usage_timeout "
        . Usage::Nginx->patience(30) . "s;"),
    Usage::Nginx->at(second => 'usage_rate zone=second:64k rate=1r/s;'),
    Usage::Nginx->at(small => 'usage_rate zone=small:32k rate=1r/m;'),
    'location /other/ { internal; proxy_pass http://successors/; }',
));

subtest 'whose bucket it is' => sub {
    my $at = '/few';
    my $free = sub {
        my ($name, @args) = @_;
        local $Test::Builder::Level = $Test::Builder::Level + 1;
        my $res = ask($nginx, @args);
        is($res->{status}, 200, "$name: free") or diag($res->{body});
        is($res->{log}{waited}, '0.000', "$name: there is no wait");
    };
    my $full = sub {
        my ($name, @args) = @_;
        local $Test::Builder::Level = $Test::Builder::Level + 1;
        error_is(ask($nginx, @args), 429, "$name: full", detail => qr/usage_rate: at 2r\/m/);
    };
    my @a = ('X-Auth-Token' => 'a');
    $free->('a token', $at, \%one, @a);
    $full->('the same token', $at, \%one, @a);
    $full->('the same elsewhere', '/few_long', { %month }, @a);
    $free->('another', $at, \%one, 'X-Auth-Token' => 'A');
    $free->('the token with a security token', $at, \%one, @a, 'X-Security-Token' => 'a');
    $full->('the same token with the same security token', $at, \%one, @a, 'X-Security-Token' => 'a');
    $free->('another of these', $at, \%one, @a, 'X-Security-Token' => 'b');
    $free->('another prefix', '/few_other', \%one, @a);
    $full->('the same there', '/few_other', \%one, @a);
    # of another project, and of another API
    my $res = $nginx->post($at . route('other'), body(%one), @a);
    is($res->{status}, 200, 'another project has its own bucket');
    $res = $nginx->post($at . route('other'), body(%one), @a);
    error_is($res, 429, 'the same project has a full bucket');
    # without a credential there is no quota either
    $res = ask($nginx, $at, \%one, 'X-Auth-Token' => '') for 1 .. 3;
    is($res->{status}, 401, 'no token: the upstream decides');
};

subtest 'no token in the zone' => sub {
    my $token = 'S3cr3t' x 20;
    ask($nginx, '/few', \%one, 'X-Auth-Token' => $token);
    my ($zones, $found) = (0, 0);
    my ($pid) = $nginx->workers;
    open my $maps, '<', "/proc/$pid/maps" or die $!;
    open my $mem, '<:raw', "/proc/$pid/mem" or die $!;
    no warnings 'portable';
    for (<$maps>) {
        my ($from, $to) = /\A([0-9a-f]+)-([0-9a-f]+) rw-s/ or next;
        $zones++;
        sysseek $mem, hex $from, 0;
        sysread $mem, my $text, hex($to) - hex($from);
        $found++ if index($text // '', 'S3cr3t') >= 0;
    }
    cmp_ok($zones, '>=', 5, "$zones pieces of shared memory");
    is($found, 0, 'no token in any');
};

subtest 'refused at once: waiting does not help' => sub {
    $sim->clear;
    my $begin = time;
    my $res = ask($nginx, '/alone', \%month);
    error_is($res, 429, '31 calls at 3 a second in 3 seconds', detail => [
        qr/\Ausage_rate: at 3r\/s the call takes at least 31 upstream calls and 1[12] s, /,
        qr/, 31 of them and 1[12] s from now on; usage_timeout is ${patience}000 ms: /,
        qr/waiting does not help.*fewer days.*usage_timeout.*usage_store/ ]) if !Usage::Nginx->slow;
    is($res->{headers}{'retry-after'}, undef,
        'a call that takes too long has no Retry-After') if !Usage::Nginx->slow;
    is($res->{log}{calls}, 0, "a call that takes too long makes no upstream call, by \$usage_calls") if !Usage::Nginx->slow;
    is(scalar(@{ $sim->calls }), 0, 'a call that takes too long makes no upstream call, by the simulator') if !Usage::Nginx->slow;
    $res = ask($nginx, '/alone', \%one);
    is($res->{status}, 200, 'a day is no trouble');
};

subtest 'refused at once: a true Retry-After' => sub {
    my $res = ask($nginx, '/backlog', \%month);
    is($res->{status}, 200, 'a month is within the burst') or diag($res->{body});
    $res = ask($nginx, '/backlog', \%month);
    error_is($res, 429, 'the same at once', headers => { 'Retry-After' => qr/\A\d+\z/ },
        detail => qr/ms, which suffices after Retry-After\z/);
    is($res->{log}{calls}, 0, 'a call that is refused makes no upstream call');
    my ($after) = @{ $res->{headers}{'retry-after'} };
    cmp_ok($after, '<=', 60, "$after seconds");
    sleep $after;
    $res = ask($nginx, '/backlog', \%month);
    is($res->{status}, 200, 'after Retry-After the call is a 200') or diag($res->{body});
};

subtest 'refused when it turns out' => sub {
    # one page a day, or so it seems
    $sim->tenant(seed => 5, desktops => 1000, days => 40, idle => 'shown');
    my %days = (start_time => day(-4), end_time => day(-2));
    my $res = ask($nginx, '/alone', { %days });
    error_is($res, 429, 'many pages', detail => qr/the call takes at least 1[0-3] upstream/)
        if !Usage::Nginx->slow;
    cmp_ok($res->{log}{calls}, '<=', 3, "after $res->{log}{calls} calls")
        if !Usage::Nginx->slow;
    pass('slow machines have more time');
    $sim->tenant(seed => 5, desktops => 100, days => 40, idle => 'shown');
};

subtest 'a small call beside a large one' => sub {
    my @headers = ('X-Auth-Token' => 'even');
    my ($conn, $large) = start($nginx, '/even', \%month, @headers);
    ok($nginx->wait_for(sub { calls_of($large, starts($nginx)) >= 2 }), 'the large one runs');
    my @small = map { my ($c, $id) = start($nginx, '/even', \%one, @headers);
        is($c->response->{status}, 200, 'a small call beside a large one is a 200'); $id } 1 .. 4;
    is($conn->response->{status}, 200, 'the large call is a 200');
    $nginx->logged($large);
    my @starts = starts($nginx);
    my %mine = map { $_ => 1 } $large, @small;
    keeps_pace('all', 10, 1, 1000,
        grep { $mine{ $_->{id} } && $_->{uri} =~ m{^/workspace/} } @starts);
    for my $id (@small) {
        my ($call) = calls_of($id, @starts);
        my ($main) = grep { $_->{id} eq $id && $_->{uri} !~ m{^/workspace/} } @starts;
        my $between = grep { $_->{at} > $main->{at} + 1 && $_->{at} < $call->{at} }
            calls_of($large, @starts);
        cmp_ok($between, '<=', 2, "waits for $between calls of the large one");
    }
};

subtest 'a client that leaves gives back what it reserved' => sub {
    my @headers = ('X-Auth-Token' => 'leaves');
    is(ask($nginx, '/few', \%one, @headers)->{status}, 200, 'the first call is a 200');
    $sim->clear;
    for (1 .. 3) {
        my ($conn, $id) = start($nginx, '/few_long', \%one, @headers);
        sleep 0.1;
        $conn->close;
        my $log = $nginx->logged($id);
        is($log->{status}, 499, 'a client left while its call was held');
        is($log->{calls}, 0, 'the call was held when the client left');
    }
    my $res = ask($nginx, '/few', \%one, @headers);
    error_is($res, 429, 'the next call is refused');
    cmp_ok($res->{headers}{'retry-after'}[0], '<=', 31, 'need not wait for them');
    is(scalar(@{ $sim->calls }), 0, 'the upstream was not asked');
};

subtest 'the end of usage_timeout' => sub {
    my @headers = ('X-Auth-Token' => 'ends');
    my @conn = map { (start($nginx, '/second', \%one, @headers))[0] } 1 .. 3;
    is($_->response->{status}, 200,
        'a call that is held up to usage_timeout is a 200') for @conn;
};

subtest 'reload while calls are held' => sub {
    my @headers = ('X-Auth-Token' => 'reload');
    is(ask($nginx, '/few', \%one, @headers)->{status}, 200, 'the bucket is full');
    my @conn = map { (start($nginx, '/second', \%one, @headers))[0] } 1 .. 3;
    ok($nginx->reload, 'nginx reloads while calls are held');
    is($_->response->{status}, 200, 'a call that is held over a reload is a 200') for @conn;
    error_is(ask($nginx, '/few', \%one, @headers), 429, 'the bucket still is full');
};

subtest 'a zone that is too small' => sub {
    plan skip_all => 'slow' if Usage::Nginx->slow;
    my $conn = $nginx->client;
    my %status;
    $status{ $conn->post('/small' . route(), body(%one),
        'X-Auth-Token' => "t$_")->{status} }++ for 1 .. 1500;
    is_deeply(\%status, { 200 => 1500 }, 'with a zone that is too small all calls are a 200');
    like($nginx->log_line(qr/too small/), qr/\[warn\].*zone "small" is too small: a bucket in use was replaced/,
        'the log says that the zone is too small');
};

$nginx->stop_ok;

subtest 'workers that are killed' => sub {
    my $killed = gateway(join('',
        Usage::Nginx->at(k => 'usage_rate zone=k:64k rate=100r/s burst=3; usage_timeout 100s;'),
        Usage::Nginx->at(full => 'usage_rate zone=full:64k rate=2r/m burst=1; usage_timeout 2s;')),
        workers => 2);
    is(ask($killed, '/full', \%one)->{status}, 200, 'a bucket is full');
    for (1 .. (Usage::Nginx->slow ? 3 : 15)) {
        my @conn = map { (start($killed, '/k', \%month, 'X-Auth-Token' => 'k'))[0] } 1 .. 6;
        sleep 0.05 + rand 0.1;
        my %old = map { $_ => 1 } $killed->workers;
        kill 'KILL', keys %old;
        $_->close for @conn;
        $killed->wait_for(sub { 2 == grep { !$old{$_} } $killed->workers });
    }
    my $res = ask($killed, '/k', \%one, 'X-Auth-Token' => 'k');
    is($res->{status}, 200, 'the zone still works') or diag($res->{body});
    error_is(ask($killed, '/full', \%one), 429, 'a zone outlives its workers');
    $killed->stop_ok(undef, allow => qr/exited on signal 9|was locked by|open socket/);
};

subtest 'a quota of 200 a minute' => sub {
    plan skip_all => 'USAGE_LONG is not set' if !$ENV{USAGE_LONG};
    $sim->tenant(seed => 9, desktops => 1000, days => 40, idle => 'shown');
    $sim->config(quota => 200);
    $sim->clear;
    my $long = gateway(Usage::Nginx->at(paced => "usage_rate zone=l:1m rate=200r/m;
        usage_timeout 300s;"), http => $http);
    my @conn = map { (start($long, '/paced', \%month, 'X-Auth-Token' => 'token'))[0] } 1 .. 2;
    for (@conn) {
        $_->{timeout} = 300;
        my $res = $_->response;
        is($res->{status}, 200, 'each call is a 200') or diag($res->{body});
    }
    is(scalar(grep { $_->{status} != 200 } @{ $sim->calls }), 0,
        'the upstream refuses no call');
    cmp_ok(scalar(@{ $sim->calls }), '>', 300, 'though it is more than a minute allows');
    keeps_pace('they', 200, 20, 60_000, grep { $_->{uri} =~ m{^/workspace/} } starts($long));
    $long->stop_ok;
};

$sim->stop;

done_testing();
