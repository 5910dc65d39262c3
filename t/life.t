# SPDX-License-Identifier: BSD-2-Clause
#
# Reloads, clients that go away, upstreams that die, ends.

use strict;
use warnings;

use POSIX ();
use Test::More;
use Time::HiRes qw(time sleep);

use Usage::Nginx;
use Usage::Test;
use Usage::Upstream qw(json_reply page row);

my $slow = Usage::Nginx->patience(1);

# The project tells how long an upstream call takes, in ms; some never end, unless
# the request is called "answer".
sub answer {
    my ($req) = @_;
    my ($project) = $req->{path} =~ m{\A/v2/([^/]+)/};
    my $hangs = ($req->{headers}{'x-request-id'}[0] // '') ne 'answer';
    return { hang => 1 } if $project eq 'hang' && $hangs;
    my @rows  = map { row("d$_", 3600 * $_) } 3, 2, 1;
    my $reply = $req->{path} =~ m{/metrics/}
        ? json_reply(200, page($req, \@rows))
        : json_reply(200, { total_count => 0, desktops => [] });
    return substr($reply, 0, -9), { hang => 1 }
        if $project eq 'hangbody' && $hangs;
    return { hang => 1 } if $project eq 'hangdir' && $req->{path} !~ m{/metrics/};
    return { sleep => $1 / 1000 }, $reply if $project =~ /\A(\d+)ms\z/;
    return $reply;
}

my $upstream = Usage::Upstream->start(\&answer);

my %week = (start_time => '2022-12-09', end_time => '2022-12-15');
my $week = body(%week);
my @reply = (from => '2022-12-09',
    entries => [ map { [ "d$_", ($_) x 7 ] } 1 .. 3 ]);
my $http = 'usage_retention off;';

sub many {
    my ($nginx, $n, $project, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @conn = map { $nginx->client } 1 .. $n;
    $_->send($_->format('POST', route($project), $week)) for @conn;
    my (%bodies, %status);
    for (@conn) {
        my $res = $_->response;
        $bodies{ $res->{body} }++;
        $status{ $res->{error} || $res->{status} }++;
    }
    is_deeply(\%status, { 200 => $n }, "$name: each answered");
    is(scalar keys %bodies, 1, "$name: all the same");
}

for my $set ([ 1, 'on' ], [ 2, 'on' ], [ 4, 'on' ], [ 1, 'off' ]) {
    my ($workers, $master) = @$set;
    subtest "$workers workers, master_process $master" => sub {
        my $nginx = Usage::Nginx->start(upstream => $upstream->port,
            workers => $workers, master => $master, http => $http);
        ok($nginx->wait_for(sub { $workers == (() = $nginx->workers) }), 'they run')
            if $master eq 'on';
        reply_is($nginx->post(route('x'), $week), 'one call', @reply);
        many($nginx, 60, '5ms', '60 at once');
        $nginx->stop_ok;
    };
}

my $nginx = Usage::Nginx->start(
    upstream => $upstream->port,
    http     => $http,
    proxy    => 'proxy_read_timeout ' . 60 * $slow . 's;',
    server   => Usage::Nginx->at(three => 'usage_concurrency 3;')
);

subtest 'many at once' => sub {
    many($nginx, 200, '2ms', '200');
};

subtest 'more calls than nginx has connections for' => sub {
    my $small = Usage::Nginx->start(upstream => $upstream->port, http => $http,
        connections => 80);

    # 60 calls that hang want 120 of its 80: some are refused
    my @held = map { $small->client } 1 .. 60;
    $_->send($_->format('POST', route('hang'), $week)) for @held;
    ok($small->wait_for(sub { grep { $_->readable } @held }), 'there are too few');
    undef @held;

    my @conn = map { $small->client } 1 .. 40;
    $_->send($_->format('POST', route('20ms'), $week)) for @conn;
    for (@conn) {
        my $res = $_->response;
        # (a connection that nginx has none for is closed unheard)
        next if $res->{error} && !length $res->{raw};
        if ($res->{status} == 200) { reply_is($res, 'a true reply', @reply) }
        else { error_is($res, $res->{status} == 500 ? 500 : 502, 'an error') }
    }
    undef @conn;
    reply_is($small->post(route('x'), $week), 'after the rush a call is a 200', @reply);
    $small->stop_ok(undef, allow => qr/worker_connections are not enough/);
};

subtest 'reload under load' => sub {
    pipe my $in, my $out or die $!;
    my @pids;
    for my $k (1 .. 2) {
        my $pid = fork // die "fork: $!";
        if (!$pid) {
            close $in;
            my $stop = 0;
            local $SIG{TERM} = sub { $stop = 1 };
            my ($n, %bad) = (0);
            until ($stop) {
                my $res = $nginx->post(route($k == 1 ? 'x' : '10ms'), $week);
                $n++;
                my $ok = !$res->{error} && $res->{status} == 200
                    && $res->{body} =~ /"total_count":\s*3/;
                $bad{ $res->{error} || $res->{status} }++ unless $ok;
            }
            syswrite $out, join(' ', $n, %bad) . "\n";
            POSIX::_exit(0);
        }
        push @pids, $pid;
    }
    close $out;

    my $times = Usage::Nginx->slow ? 3 : 8;
    for (1 .. $times) {
        ok($nginx->reload(workers => $_ % 2 + 1), "reload $_");
        reply_is($nginx->post(route('x'), $week), 'a call after it', @reply);
    }
    kill 'TERM', @pids;
    waitpid $_, 0 for @pids;
    for (map { [split] } <$in>) {
        my ($n, @bad) = @$_;
        cmp_ok($n, '>=', $times, "$n calls meanwhile");
        is("@bad", '', 'no call failed');
    }
    $nginx->reload(workers => 1);
    ok($nginx->wait_for(sub { $nginx->workers == 1 }, 20), 'the old ones ended');
};

subtest 'a call that spans a reload' => sub {
    my $c = $nginx->client;
    $c->send($c->format('POST', route(300 * $slow . 'ms'), $week));
    ok($nginx->wait_for(sub { scalar(() = $upstream->calls) }), 'a call is under way');
    ok($nginx->reload, 'nginx reloads while a call is under way');
    reply_is($c->response, 'a call that spans a reload is answered', @reply);
    ok($nginx->wait_for(sub { $nginx->workers == 1 }, 20),
        'a call that spans a reload ends with the old worker');
};

subtest 'a client that goes away' => sub {
    for my $how (qw(close reset)) {
        for my $project (1000 * $slow . 'ms', 'hang', 'hangbody') {
            # (a token that isn't known to be good has one call under way)
            my @token = ('X-Auth-Token' => "$how-$project");
            is($nginx->post("/three" . route($project), $week, @token,
                'X-Request-Id' => 'answer')->{status}, 200, 'the token is good');
            $upstream->clear;
            my $c = $nginx->client;
            $c->send($c->format('POST', "/three" . route($project), $week, @token));
            $nginx->wait_for(sub { 3 <= (() = $upstream->calls) });
            is(scalar(() = $upstream->calls), 3, "$how, $project: three calls");
            $c->$how;
            my $line;
            ok($nginx->wait_for(sub {
                ($line) = grep { /"status":499/ && /"days":"7"/ }
                    ($nginx->access_lines)[-1] || '';
            }, 10), 'nginx has seen it');
            # (what the upstream would take for them and the next ones)
            sleep 1.5 * $slow if $project !~ /hang/;
            is(scalar(() = $upstream->calls), 3, 'no further call begins');
        }
    }

    $upstream->clear;
    my $c = $nginx->client;
    $c->send($c->format('POST', route('hangdir'),
        body(%week, desktop_ids => ['nobody'])));
    ok($nginx->wait_for(sub {
        grep { $_->{path} !~ /metrics/ } $upstream->calls }), 'a call waits for the directory');
    $c->close;
    ok($nginx->wait_for(sub {
        (($nginx->access_lines)[-1] || '') =~ /"status":499/ }),
        'the access log says 499 for it');

    # half a connection: it is for nginx to say whether that is a client
    $c = $nginx->client;
    $c->send($c->format('POST', route('20ms'), $week));
    $c->half_close;
    my $res = $c->response;
    ok($res->{error} || $res->{status} == 200,
        'a connection that is half closed gets a reply, or is closed');

    reply_is($nginx->post(route('x'), $week), 'after clients that left, a call is a 200', @reply);
};

subtest 'at any time' => sub {
    my $n = Usage::Nginx->slow ? 20 : 150;
    my @open;
    for my $i (1 .. $n) {
        my $c = $nginx->client;
        my $text = $c->format('POST', route($i % 3 ? 'x' : '3ms'), $week);
        if ($i % 5 == 0) {
            $c->send(substr $text, 0, length($text) * $i / $n);
        } else {
            $c->send($text);
        }
        sleep $i % 7 / 2000;
        if   ($i % 2) { $c->reset }
        else          { $c->close }
        # another on the same worker at the same time
        if ($i % 10 == 0) {
            push @open, $nginx->client;
            $open[-1]->send($open[-1]->format('POST', route('3ms'), $week));
        }
    }
    reply_is($_->response, 'one that stayed', @reply) for @open;
    reply_is($nginx->post(route('x'), $week), 'one after them', @reply);
};

subtest 'while the calls are not at an upstream yet, or no more' => sub {
    my $mute   = Usage::Nginx->bound('udp');
    my $silent = $mute->sockport;
    my $aio    = Usage::Nginx->options =~ /--with-threads/ ? 'aio threads;' : '';
    my $soon   = int 300 * $slow;
    my $away   = Usage::Nginx->start(
        upstream => $upstream->port,
        http     => "$http proxy_cache_path %%PREFIX%%/cache keys_zone=store:1m;
            sendfile off; output_buffers 1 600;",
        server   => join('',
            Usage::Nginx->at(named => '', '/in/named'),
            Usage::Nginx->at(namedsoon => "usage_timeout ${soon}ms;", '/in/named'),
            Usage::Nginx->at(lock => '', '/in/lock'),
            Usage::Nginx->at(locksoon => "usage_timeout ${soon}ms;", '/in/lock'),
            Usage::Nginx->at(aio => '', '/in/aio'), "
            location /in/named/ {
                internal;
                resolver 127.0.0.1:$silent;
                resolver_timeout 60s;
                set \$peer nosuch.invalid;
                rewrite ^/in/named(/.*) \$1 break;
                proxy_pass http://\$peer:80;
            }
            location /in/lock/ {
                internal;
                proxy_cache store;
                proxy_cache_key \"\$uri\$args\";
                proxy_cache_valid 200 1h;
                proxy_cache_lock on;
                proxy_cache_lock_timeout 60s;
                proxy_pass http://successors/;
            }
            location /in/aio/ {
                internal;
                $aio
                proxy_cache store;
                proxy_cache_key \"aio \$uri\$args\";
                proxy_cache_valid 200 1h;
                proxy_pass http://successors/;
            }")
    );
    my $go = sub {
        my ($at, $project) = @_;
        my $c = $away->client;
        $c->send($c->format('POST', "/$at" . route($project), $week));
        return $c;
    };

    my $c = $go->('named', 'x');
    sleep 0.1 * $slow;
    $c->close;
    error_is($away->post('/namedsoon' . route('x'), $week), 504,
        'a name that is not resolved');

    my $first = $go->('lock', 'hang');
    ok($away->wait_for(sub { scalar(() = $upstream->calls('hang')) }),
        'a call holds the lock of the cache');
    my $second = $go->('lock', 'hang');
    error_is($away->post('/locksoon' . route('hang'), $week), 504,
        'a cache that is locked');
    $second->close;
    $first->close;

    reply_is($away->post('/aio' . route('x'), $week), 'a reply from the cache', @reply);
    for (1 .. (Usage::Nginx->slow ? 10 : 100)) {
        my $c = $go->('aio', 'x');
        sleep $_ % 10 / 10000;
        $_ % 2 ? $c->close : $c->reset;
    }
    reply_is($away->post('/aio' . route('x'), $week), 'after clients that left, a call is a 200', @reply);
    $away->stop_ok;
};

subtest 'a client that leaves before it reads a large reply' => sub {
    for (1 .. 10) {
        my $c = $nginx->client;
        $c->send($c->format('POST', route('x'), body(start_time => '2022-12-01',
            end_time => '2022-12-31')));
        $c->readable(5 * $slow);
        $c->reset;
    }
    reply_is($nginx->post(route('x'), $week), 'after clients that left, a call is a 200', @reply);
};

subtest 'an upstream that dies under load, and comes back' => sub {
    my $mortal = Usage::Upstream->start(\&answer);
    my $port   = $mortal->port;
    my $over   = Usage::Nginx->start(http => $http,
        successors => "server 127.0.0.1:$port max_fails=0; keepalive 16;");

    # (those that hang are under way for certain when it dies)
    my @conn = map { $over->client } 1 .. 30;
    $conn[$_]->send($conn[$_]->format('POST',
        route($_ % 2 ? 'hang' : '50ms'), $week)) for 0 .. $#conn;
    ok($over->wait_for(sub { 40 < (() = $mortal->calls)
        && $mortal->calls('hang') }), 'under way');
    $mortal->stop;
    my %status;
    for (@conn) {
        my $res = $_->response;
        $status{ $res->{status} }++;
        next if $res->{status} == 200
            && $res->{body} =~ /"total_count":\s*3\s*\}\s*\z/;
        error_is($res, 502, 'a failed call is an error of the legacy form');
    }
    cmp_ok($status{502} || 0, '>', 0, 'while the upstream was down some calls failed');
    error_is($over->post(route('x'), $week), 502, 'while the upstream is down a call is a 502');

    my $again = Usage::Upstream->start(\&answer, port => $port);
    reply_is($over->post(route('x'), $week), 'as soon as the upstream is back a call is a 200', @reply);
    many($over, 20, '5ms', '20 at once');
    $over->stop_ok;
    $again->stop;
};

subtest 'the end, gracefully' => sub {
    my $end = Usage::Nginx->start(upstream => $upstream->port, http => $http,
        workers => 2);
    my @conn = map { $end->client } 1 .. 10;
    $upstream->clear;
    $_->send($_->format('POST', route(60 * $slow . 'ms'), $week)) for @conn;
    $end->wait_for(sub { 20 < (() = $upstream->calls) });
    $end->signal('QUIT');
    reply_is($_->response, 'a call under way is answered', @reply) for @conn;
    $end->stop_ok('nginx ends with nothing to say');
};

subtest 'the end, at once' => sub {
    my $end = Usage::Nginx->start(upstream => $upstream->port, http => $http);
    my @conn = map { $end->client } 1 .. 10;
    $upstream->clear;
    $_->send($_->format('POST', route($_ % 2 ? 'hang' : '500ms'), $week)) for @conn;
    $end->wait_for(sub { 20 < (() = $upstream->calls) });
    $end->stop_ok('nginx has ended', signal => 'TERM');
};

subtest 'memory' => sub {
    plan skip_all => 'under a tool with a memory of its own'
        if Usage::Nginx->slow || Usage::Nginx->options =~ /sanitize/;
    my ($pid) = $nginx->workers;
    my $rss = sub {
        open my $fh, '<', "/proc/$pid/statm" or return 0;
        return (split ' ', <$fh>)[1] * POSIX::sysconf(POSIX::_SC_PAGESIZE()) / 1024;
    };
    my $c = $nginx->client;
    my $run = sub {
        for (1 .. $_[0]) {
            $c->post(route('x'), $_ % 10 ? $week : '{"limit":-1}');
            if ($_ % 25 == 0) {
                my $other = $nginx->client;
                $other->send($other->format('POST', route('3ms'), $week));
                $other->close;
            }
        }
    };
    $run->(200);
    my $before = $rss->();
    $run->(800);
    my $after = $rss->();
    cmp_ok($after - $before, '<', 600, "$before KB, 800 calls later $after KB");
};

$nginx->stop_ok;
$upstream->stop;

done_testing();
