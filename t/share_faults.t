# SPDX-License-Identifier: BSD-2-Clause
#
# Redis that hangs, refuses, sends what Redis doesn't send, or is full: each reply
# is the true one, another server is asked if that helps, and no more calls are held
# than have to be.

use strict;
use warnings;

use File::Temp ();
use IO::Select;
use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(time sleep);

use Usage::Metrics;
use Usage::Nginx;
use Usage::Redis;
use Usage::Sim;
use Usage::Test;

Usage::Redis->need;

my $dir = File::Temp->newdir('usage-faults-XXXXXX', TMPDIR => 1);
sub secret {
    my ($name, $text) = @_;
    my $file = spew("$dir/$name", $text);
    chmod 0600, $file;
    return $file;
}
my $secret = secret(secret => 'x' x 40);

my $sim   = Usage::Sim->start(args => [ '--seed', 1, '--desktops', 5, '--days', 60 ]);
my $redis = Usage::Redis->start;
my $other = Usage::Redis->start;    # which is stopped
my $full  = Usage::Redis->start(maxmemory => '1mb');
my $closed = Usage::Redis->start(password => 'pw');
my $narrow = Usage::Redis->start(user => 'u', password => 'pw', rules => '~usage:* +get');
my $replica = Usage::Redis->start(replica_of => $redis);
my $refused = Usage::Nginx->bound;

# --- Servers that aren't Redis.

my (@fakes, $main);
$main = $$;
END { if ($$ == $main) { local $?; kill 'KILL', @fakes; waitpid $_, 0 for @fakes } }

# A server that calls $serve with each connection, in a process of its own, once
# a command has come; a line in the file of that name says when the other side has
# closed.
sub fake {
    my ($name, $serve) = @_;
    my $listen = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 100)
        or die "listen: $!";
    spew("$dir/$name", '');
    my $pid = fork // die "fork: $!";
    if ($pid) {
        push @fakes, $pid;
        return '127.0.0.1:' . $listen->sockport;
    }
    @SIG{qw(CHLD PIPE TERM)} = qw(IGNORE IGNORE DEFAULT);
    while (1) {
        my $conn = $listen->accept or next;
        next if fork;
        close $listen;
        alarm 60;
        sysread $conn, my $command, 65536;
        $serve->($conn, $command);
        1 while sysread $conn, $command, 65536;
        open my $fh, '>>', "$dir/$name";
        syswrite $fh, "closed\n";
        POSIX::_exit(0);
    }
}

# Always the same, whatever is asked.
sub says {
    my ($name, $text) = @_;
    return fake($name => sub { syswrite $_[0], $text });
}

# The real Redis, whose replies are sent otherwise.
sub relay {
    my ($name, $send) = @_;
    return fake($name => sub {
        my ($conn, $command) = @_;
        my $real = IO::Socket::INET->new(PeerAddr => $redis->address) or return;
        while (length $command) {
            syswrite $real, $command;
            my $select = IO::Select->new($conn, $real);
            while (my ($from) = $select->can_read(30)) {
                sysread $from, $command, 1 << 20 or return;
                last if $from == $conn;
                $send->($conn, $command);
            }
        }
    });
}

# The real Redis, whose reply is lost when a lock is taken.
my $lossy = fake(lossy => sub {
    my ($conn, $command) = @_;
    my $real = IO::Socket::INET->new(PeerAddr => $redis->address) or return;
    while (length $command) {
        syswrite $real, $command;
        sysread $real, my $reply, 1 << 20 or return;
        return shutdown $conn, 2 if $command =~ /\r\nNX\r\n/;
        syswrite $conn, $reply;
        sysread $conn, $command, 65536 or return;
    }
});

# --- What there is: an address, what becomes of the first operation if there is no
# other server, and its further lines.

my %case = (
    refused   => [ '127.0.0.1:' . $refused->sockport, 'failed' ],
    garbage   => [ says(garbage => "HTTP/1.1 200 OK\r\n\r\n"), 'failed' ],
    nothing   => [ fake(nothing => sub { shutdown $_[0], 2 }), 'failed' ],
    hangs     => [ fake(hangs => sub { }), 'timeout' ],
    cut       => [ fake(cut => sub { syswrite $_[0], "\$300\r\nabc"; shutdown $_[0], 2 }), 'failed' ],
    unended   => [ says(unended => "\$300\r\nabc"), 'timeout' ],
    huge      => [ says(huge => "\$838860800\r\nabc"), 'refused' ],
    list      => [ says(list => "*2\r\n\$1\r\na\r\n\$1\r\nb\r\n"), 'failed' ],
    behind    => [ says(behind => "\$-1\r\n+OK\r\n"), 'failed' ],
    loading   => [ says(loading => "-LOADING Redis is loading the dataset in memory\r\n"), 'failed' ],
    moved     => [ says(moved => "-MOVED 3999 127.0.0.1:6381\r\n"), 'failed' ],
    noauth    => [ $closed->address, 'failed' ],
    wrongpass => [ $closed->address, 'failed', 'usage_redis_auth ' . secret(wrong => 'no') . ';' ],
    error     => [ says(error => "-ERR no such thing\e[1m\r\n"), 'refused' ],
    bytes     => [ relay(bytes => sub { syswrite $_[0], $_ for split //, $_[1] }), 'done' ],
);

my ($http, $server) = ("usage_store zone=days:16m; usage_store days; usage_fresh 1h;\n",
    'location = /status { access_log off; usage_status; }');

# A location for the legacy call, which shares days through these servers.
sub place {
    my ($name, $servers, $auth, $text) = @_;
    $http .= "upstream $name { $servers keepalive 16; }\n";
    $server .= "location = /r/$name { internal; usage_redis_pass $name; $auth }\n"
        . Usage::Nginx->at($name, "usage_share /r/$name namespace=a secret=$secret; $text");
    return;
}

for my $name (sort keys %case) {
    my ($address, undef, $auth) = @{ $case{$name} };
    place($name, "server $address max_fails=0;", $auth || '', '');

    # (what has another password can't be helped by a server without any)
    place("${name}_2", "server $address max_fails=0; server " . $redis->address . ' backup;', '', '');
}
place(real => 'server ' . $redis->address . ';', '', '');
place(stopped => 'server ' . $other->address . ';', '', '');
place(full => 'server ' . $full->address . ';', '', '');
place(narrow => 'server ' . $narrow->address . ';',
    'usage_redis_auth ' . secret(narrow => 'u pw') . ';', '');
place(replica => 'server ' . $replica->address . ' max_fails=0; server ' . $redis->address . ' backup;', '', '');
place(lossy => "server $lossy max_fails=0; server " . $redis->address . ' backup;', '',
    'usage_timeout ' . Usage::Nginx->patience(20) . 's;');
place(paced => 'server ' . $redis->address . ';', '', 'usage_rate zone=q:64k rate=20r/s burst=1 share;');

my $nginx = Usage::Nginx->start(upstream => $sim->port, http => $http, server => $server,
    connections => 4096);

my $serial = 0;
my %truth;

# Sends a call to a location; each has a token of its own unless one is given.
sub start {
    my ($at, $token, @days) = @_;
    my $conn = $nginx->client;
    $conn->{body} = body(@days ? @days : days(-2, -2));
    $conn->send($conn->format('POST', "/$at" . route(), $conn->{body},
        'X-Auth-Token' => $token || 'token' . ++$serial));
    return $conn;
}

# What is wrong with its reply; '' if it is the true one.
sub wrong {
    my ($conn) = @_;
    my $res = $conn->response;
    return "$res->{status} $res->{body}" if $res->{error} || $res->{status} != 200;
    return same_json($res->{body}, $truth{ $conn->{body} } ||= ($sim->legacy($conn->{body}))[2]);
}

# All samples, once no operation is under way: some are after the reply.
sub calm {
    my ($last, $now) = '';
    $nginx->wait_for(sub {
        sleep 0.05;
        $now = now($nginx);
        my $text = join ' ', map { $now->{$_} } grep {/operations_total/} sort keys %$now;
        return 1 if $text eq $last;
        $last = $text;
        return 0;
    });
    return $now;
}

# The operations since then, as 'get/done' => 2.
sub operations {
    my ($before) = @_;
    my $now = since($nginx, $before);
    return { map { /operations_total\{operation="(\w+)",outcome="(\w+)"\}/
            ? ("$1/$2" => $now->{$_}) : () } keys %$now };
}

sub outcomes {
    my ($before) = @_;
    my $have = operations($before);
    my %sum;
    $sum{ (split m{/})[1] } += $have->{$_} for keys %$have;
    return \%sum;
}

sub up { return now($nginx)->{qq(usage_share_up{location="/r/$_[0]"})} }

# Calls until Redis answers: on a slow machine it may not have, once.
sub is_back {
    my ($name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return ok($nginx->wait_for(sub { wrong(start($name)); return up($name) }), "$name: up");
}

# A call to a location, with a true reply: its operations have these outcomes. (On a
# slow machine a server may be too slow as well, so it has three tries.)
sub ends_in {
    my ($at, $name, @want) = (@_[ 0, 1 ], sort @_[ 2 .. $#_ ]);
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $have;
    for my $try (1 .. 3) {
        sleep 2.1 if $try > 1;
        my $before = calm();
        is(wrong(start($at)), '', "$name: a true reply");
        calm();
        $have = operations($before);
        last if "@want" eq join ' ', sort keys %{ outcomes($before) };
    }
    my %outcomes = map { (split m{/})[1] => 1 } keys %$have;
    is(join(' ', sort keys %outcomes), "@want", "$name: @want") or diag(explain($have));
    return $have;
}

subtest 'a server alone' => sub {
    for my $name (sort keys %case) {
        my $want = $case{$name}[1];
        my $ends = $want eq 'failed' || $want eq 'timeout';
        my $have = ends_in($name, $name, $want, $ends ? 'skipped' : ());
        is(up($name), $ends ? 0 : 1, "$name: up, or not");
        is($have->{"get/$want"}, 1, "$name: nothing more is sent") if $ends;
    }
};

subtest 'a second server' => sub {
    for my $name (sort grep { $_ ne 'wrongpass' } keys %case) {
        # (what is about the command or the value would be the same anywhere)
        ends_in("${name}_2", "$name, and another",
            $case{$name}[1] eq 'refused' ? 'refused' : 'done');
        is(up("${name}_2"), 1, "$name, and another: up");
    }
    my $have = ends_in('replica', 'READONLY', 'done');
    ok($have->{'put/done'} && $have->{'lock/done'}, 'READONLY: the master is asked')
        or diag(explain($have));
};

# (nginx asks the second server, for which the lock is taken)
subtest 'a lock that one server gave, and another one refused' => sub {
    is(wrong(start('lossy')), '', 'nobody waits for itself');
};

subtest 'connections are closed' => sub {
    for my $name (grep { -e "$dir/$_" } sort keys %case) {
        next if $name eq 'bytes';
        ok(Usage::Nginx->wait_for(sub { slurp("$dir/$name") =~ /closed/ }), "$name: closed");
    }
    my $clients = sub { $closed->command('INFO', 'clients') =~ /connected_clients:(\d+)/ && $1 };
    ok(Usage::Nginx->wait_for(sub { $clients->() == 1 }), 'NOAUTH, WRONGPASS: closed');
};

subtest 'connections are kept' => sub {
    my $count = sub { $redis->command('INFO', 'stats') =~ /total_connections_received:(\d+)/ && $1 };
    is_back('real');
    my $before = $count->();
    is(wrong(start('real')), '', 'a true reply') for 1 .. 10;
    # (what goes on after a reply may meet the next call)
    cmp_ok($count->() - $before, '<=', 2, 'hardly a new connection in 10 calls, one after the other');

    my $from = now($nginx);
    my @conn = map { start('real') } 1 .. 100;
    is(scalar(grep {$_} map { wrong($_) } @conn), 0, '100 calls at once have true replies');
    cmp_ok(outcomes($from)->{done}, '>=', 100, 'operations are done');
};

subtest 'a full Redis, a user who may only read' => sub {
    for my $name (qw(full narrow)) {
        my $before = now($nginx);
        is(wrong(start($name)), '', "$name: a true reply") for 1 .. 3;
        my $have;
        # (days are written after the reply)
        ok($nginx->wait_for(sub {
            wrong(start($name));
            $have = operations($before);
            return $have->{'get/done'} && $have->{'put/refused'};
        }), "$name: read, not written") or diag(explain($have));
    }
};

subtest 'values that are not ours' => sub {
    is_back('real');
    my ($before, $mark) = (now($nginx), $nginx->log_mark);
    is(wrong(start('real', 'same')), '', 'a true reply');
    is($nginx->reload_ok('the zone is kept', http => $nginx->{o}{http} =~ s/days:16m/days:17m/r), 1);
    for my $name (keys %{ $redis->dump }) {
        $redis->command('SET', $name, 'x' x 100);
    }
    is(wrong(start('real', 'same')), '', 'garbage: a true reply');
    my $have = since($nginx, $before);
    cmp_ok($have->{usage_share_rejected_total} || 0, '>', 0, 'rejected values are counted');
    is(scalar(() = $nginx->error_log($mark) =~ /a value of Redis at .* is not used/g), 1, 'one line is logged');
};

subtest 'Redis hangs' => sub {
    is_back('stopped');
    my ($before, $mark) = (calm(), $nginx->log_mark);
    $other->stop;
    my $begin = time;

    # at any time, at most one operation waits for Redis
    my @conn = (start('stopped'));
    is(wrong($_), '', 'the first call that meets it') for @conn;
    while (time < $begin + 5) {
        @conn = map { start('stopped') } 1 .. 4;
        my @wrong = grep {$_} map { wrong($_) } @conn;
        is("@wrong", '', 'true replies') if @wrong;
    }
    my $have = outcomes($before);
    my $took = time - $begin;
    cmp_ok($have->{timeout}, '<=', 1 + int $took / 2, "$have->{timeout} in $took s wait");
    cmp_ok($have->{timeout}, '>=', 2, 'it is tried again');
    cmp_ok($have->{skipped}, '>', 20, "$have->{skipped} are skipped");
    ok(!$have->{failed} && !$have->{done}, 'no others');
    is(up('stopped'), 0, 'not up');
    cmp_ok(scalar(() = $nginx->error_log($mark) =~ /did not reply in time/g), '<=',
        1 + int $took / 10, 'our line comes once in 10 s');

    $other->cont;
    is_back('stopped');
};

subtest 'a reload, a worker that is killed' => sub {
    my $conn = start('paced', 'paced', days(-32, -2));
    sleep 0.3;
    ok($nginx->reload, 'a reload while a call waits for its turns');
    is(wrong(start('paced', 'later')), '', 'the new worker: a true reply');
    is(wrong($conn), '', 'the old worker: a true reply');

    $other->stop;
    sleep 2.1;
    my @conn = map { start('stopped') } 1 .. 3;
    sleep 0.05;
    kill 'KILL', $nginx->workers;
    $_->response for @conn;
    $other->cont;
    is(wrong(start('real')), '', 'the worker after one that was killed: a true reply');
    is_back('stopped');
};

subtest 'clients that leave' => sub {
    $other->stop;
    for my $at ('stopped', 'real', 'bytes', 'hangs_2') {
        for my $i (1 .. 30) {
            my $conn = start($at);
            sleep 0.0008 * $i;
            $conn->close;
        }
    }
    $other->cont;
    is(wrong(start('real')), '', 'a true reply');
    is_back('stopped');
};

$nginx->stop_ok('nginx has nothing to say', allow => qr/exited on signal 9/);
done_testing;
