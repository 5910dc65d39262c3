# SPDX-License-Identifier: BSD-2-Clause
#
# usage_status: what it counts, held against the simulator's log and the access
# log; its two forms, the dashboard and the alert rules that read it.

use strict;
use warnings;

use POSIX ();
use Test::More;
use Time::HiRes qw(time sleep);

use Usage::Nginx;
use Usage::Sim;
use Usage::Test;

my $slow = Usage::Nginx->slow;
my $root = $Usage::Nginx::root;
my $long = Usage::Nginx->patience(60);
my $wait = Usage::Nginx->patience(600);
my $sim  = Usage::Sim->start(
    args => [ '--seed', 5, '--desktops', 40, '--days', 40, '--idle', 'shown' ]);
my $closed = Usage::Nginx->bound;
my ($sim_port, $closed_port) = ($sim->port, $closed->sockport);

# (the store's zone has a name that is hard to write)
my $zone = "a \\\"day\\\\\\nb\t\xc3\xa4\xff";

my %gateway = (
    upstream => $sim_port,
    workers  => 3,
    listen   => 'reuseport',
    events   => 'accept_mutex off;',
    http     => <<"END",
    usage_timeout ${long}s;
    usage_retries 10;
    usage_store "zone=$zone:1m";
    usage_store zone=second:64k;
    limit_req_zone \$server_name zone=limit:64k rate=1r/m;
    proxy_cache_path %%PREFIX%%/cache keys_zone=cache:1m;
    log_format counted escape=json '{"status":\$status,"stored":\$usage_stored,'
        '"days":\$usage_days,"calls":\$usage_calls,"time":\$request_time,'
        '"waited":\$usage_waited,"target":"\$request_uri"}';
    map \$request_uri \$is_legacy { default 0; ~^(/\\w+)?/v2/ 1; }
    access_log %%PREFIX%%/counted.log counted if=\$is_legacy;
END
    server => join('',
        'location = /status { access_log off; usage_status; }',
        Usage::Nginx->at(store  => "usage_store \"$zone\"; usage_store_key all;"),
        Usage::Nginx->at(denied => 'deny all;'),
        Usage::Nginx->at(limited => 'limit_req zone=limit;'),
        Usage::Nginx->at(small  => 'client_max_body_size 10;'),
        Usage::Nginx->at(slowly => 'client_body_timeout 100ms;'),
        Usage::Nginx->at(paced  =>
            'usage_rate zone=p:64k rate=600r/m burst=1; usage_retries 0;'),
        Usage::Nginx->at(tight  => 'usage_rate zone=t:64k rate=1r/m; usage_timeout 1s;'),
        Usage::Nginx->at(once   => 'usage_retries 0;'),
        Usage::Nginx->at(short  => 'usage_timeout 300ms;'),
        Usage::Nginx->at(silent => '', '/to-silent'),
        Usage::Nginx->at(closed => '', '/to-closed'),
        Usage::Nginx->at(own    => '', '/to-own'),
        Usage::Nginx->at(cached => '', '/to-cached'),
        Usage::Nginx->at(cachedshort => "usage_concurrency 1; usage_timeout ${wait}ms;",
            '/to-cached'),
        Usage::Nginx->at(hours  => 'usage_connections on;'),
        Usage::Nginx->at(block  => 'if ($request_method) { add_header X-If 1; }'),
        "location /to-silent/ { internal; proxy_pass http://127.0.0.1:$sim_port/;
            proxy_read_timeout 200ms; }",
        "location /to-closed/ { internal; proxy_pass http://127.0.0.1:$closed_port/; }",
        'location /to-own/ { internal; return 503; }',
        "location /to-cached/ { internal; proxy_pass http://127.0.0.1:$sim_port/;
            proxy_cache cache; proxy_cache_key \$http_x_auth_token\$request_uri;
            proxy_cache_valid 200 1h; }",
    ),
);

my $nginx = Usage::Nginx->start(%gateway);

# --- What the page says.

sub page {
    my ($n, @headers) = @_;
    return ($n || $nginx)->request('GET', '/status', undef, @headers);
}

# Each sample of the text: its name with labels, and its value.
sub samples {
    my ($text) = @_;
    return { map { /\A([^#\s{]+(?:\{.*\})?) (\S+)\z/ ? ($1 => $2) : () }
            split /\n/, $text };
}

# The same, of the JSON.
sub json_samples {
    my ($text) = @_;
    my $data = decode($text) or return {};
    my %samples;
    for my $name (keys %$data) {
        if (!ref $data->{$name}) {
            $samples{$name} = $data->{$name};
            next;
        }
        for my $sample (@{ $data->{$name} }) {
            my %labels = %$sample;
            my $value  = delete $labels{value};
            $samples{ $name . join ',', map {"$_=$labels{$_}"} sort keys %labels } = $value;
        }
    }
    return \%samples;
}

# The labels of a sample of the text, as the names of json_samples() have them.
sub plain {
    my ($name) = @_;
    my ($metric, $labels) = $name =~ /\A([^{]+)(?:\{(.*)\})?\z/ or return;
    return $metric unless defined $labels;
    my %labels;
    while ($labels =~ /\G(\w+)="((?:[^"\\]|\\.)*)",?/g) {
        my ($key, $value) = ($1, $2);
        $value =~ s/\\(.)/$1 eq 'n' ? "\n" : $1/ge;
        utf8::decode($value);
        $labels{$key} = $value;
    }
    return $metric . join ',', map {"$_=$labels{$_}"} sort keys %labels;
}

sub now { return samples(page()->{body}) }

# What was counted since then; without durations and gauges.
sub since {
    my ($before, $now) = @_;
    $now ||= now();
    return { map { $_ => $now->{$_} - ($before->{$_} || 0) }
            grep { !/duration|_bytes/ && $now->{$_} != ($before->{$_} || 0) }
            keys %$now };
}

my ($req, $up) = ('usage_requests_total{mode="translate",status="%s"}',
    'usage_upstream_calls_total{api="%s",status="%s"}');

# These samples change by so much, and no others.  (A call is counted when it is
# over, which the client may know before.)
sub counts {
    my ($name, $what, %want) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my %expected;
    for (keys %want) {
        my $key = /\A\d+\z/ ? sprintf $req, $_
            : m{\A(\w+)/(\w+)\z} ? sprintf $up, $1, $2 : $_;
        $expected{$key} = $want{$_};
    }
    my $before = now();
    my $res    = $what->();
    my $have;
    $nginx->wait_for(sub {
        $have = since($before);
        return join(' ', map {"$_ $have->{$_}"} sort keys %$have) eq
            join ' ', map {"$_ $expected{$_}"} sort keys %expected;
    }, 5);
    is_deeply($have, \%expected, $name) or diag(explain($have));
    return $res;
}

my $serial = 0;

sub ask {
    my ($at, %body) = @_;
    my $project = 'p' . ++$serial;
    $body{start_time} //= day(-6);
    $body{end_time}   //= day(-3);
    return $nginx->post(($at ? "/$at" : '') . route($project), $json->encode(\%body),
        'X-Auth-Token' => 'token');
}

sub promtool {
    my ($text, @args) = @_;
    my $dir = $nginx->prefix;
    open my $fh, '>', "$dir/promtool.in" or die $!;
    binmode $fh;
    print {$fh} $text;
    close $fh;
    my $said = `promtool @args < $dir/promtool.in 2>&1`;
    return ($?, $said);
}

# --- The forms.

subtest 'text' => sub {
    my $res = page();
    is($res->{status}, 200, 'it is there');
    is_deeply($res->{headers}{'content-type'},
        ['text/plain; version=0.0.4; charset=utf-8'], 'its type');
    my ($status, $said) = promtool($res->{body}, 'check metrics');
    is("$status $said", '0 ', 'promtool has nothing to say');
    like($res->{body}, qr/^usage_build_info\{version="\d+\.\d+\.\d+",build="[0-9a-f]{8}",nginx="[\d.]+"\} 1$/m,
        'the version');
    my $started = now()->{usage_start_time_seconds};
    ok($started <= time && $started > time - Usage::Nginx->patience(120), 'the start');
};

subtest 'JSON' => sub {
    my $res = page(undef, Accept => 'application/json');
    is_deeply($res->{headers}{'content-type'}, ['application/json'], 'its type');
    my %text = map { plain($_) => 1 } keys %{ now() };
    my $json = json_samples($res->{body});
    is_deeply([ sort keys %$json ], [ sort keys %text ], 'it has the same samples');
};

subtest 'names of zones' => sub {
    my ($sample) = grep {/store_size/ && /day/} keys %{ now() };
    is($sample, 'usage_store_size_bytes{zone="a \\"day\\\\\\nb?' . "\xc3\xa4?\"}",
        'are escaped');
    my ($labels) = grep {/store_size.*day/s} keys %{ json_samples(
        page(undef, Accept => 'application/json')->{body}) };
    is($labels, "usage_store_size_byteszone=a \"day\\\nb?\xe4?", 'and mean the same in JSON');
};

subtest 'Accept' => sub {
    my $wants = sub {
        my ($type, @accept) = @_;
        my $res = page(undef, map { (Accept => $_) } @accept);
        like($res->{headers}{'content-type'}[0], $type, "@accept");
    };
    $wants->(qr/^application\/json$/, $_)
        for 'application/json', 'Application/JSON;q=0.9', 'application/*',
        'application/json, text/plain, */*', 'text/html, application/json',
        'application/json;q=1,text/plain';
    $wants->(qr/^text\/plain/, $_)
        for '*/*', 'text/plain', 'text/plain, application/json', 'text/*;q=0.3, application/json',
        'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
        'application/openmetrics-text;version=1.0.0,application/openmetrics-text;'
        . 'version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
        'image/png', 'application/jsonl', 'application/jso', ',;,', ' , ';
    $wants->(qr/^application\/json$/, 'text/html', 'application/json');
};

subtest 'methods' => sub {
    my $get  = page();
    my $head = $nginx->request('HEAD', '/status');
    is($head->{status}, 200, 'HEAD');
    is_deeply($head->{headers}{'content-length'}, $get->{headers}{'content-length'},
        'as long as GET');
    is($head->{body}, '', 'and empty');
    for my $method (qw(POST PUT DELETE OPTIONS)) {
        my $res = $nginx->request($method, '/status', 'x');
        is($res->{status}, 405, $method);
        is_deeply($res->{headers}{allow}, ['GET, HEAD'], 'Allow');
    }
};

subtest 'without usage_translate, and in blocks' => sub {
    my $other = Usage::Nginx->start(route => '= /none', location => '',
        whole => <<'END', ready => sub { $_[0]->request('GET', '/status')->{status} });
daemon off;
error_log %%PREFIX%%/error.log info;
pid %%PREFIX%%/nginx.pid;
events { }
http {
    access_log off;
    server {
        listen 127.0.0.1:%%PORT%%;
        gzip on;
        gzip_min_length 1;
        gzip_types text/plain;
        charset koi8-r;
        location = /status { usage_status; }
        location = /if { if ($arg_x) { add_header X-If 1; } usage_status; }
        location = /except { limit_except GET { deny all; } usage_status; }
        location = /error { error_page 405 =418 /told; usage_status; }
        location = /told { return 200 "told"; }
    }
}
END
    for my $path ('/status', '/if', '/if?x=1', '/except') {
        my $res = $other->request('GET', $path);
        is($res->{status}, 200, $path);
        is(samples($res->{body})->{ sprintf $req, 200 }, 0, 'all is 0');
        is_deeply($res->{headers}{'content-type'},
            ['text/plain; version=0.0.4; charset=utf-8'], 'its type, whatever charset says');
    }
    is($other->request('POST', '/except', 'x')->{status}, 403, 'limit_except');
    is($other->request('POST', '/error', 'x')->{status}, 418, 'error_page');
    is($other->request('GET', '/status', undef, 'Accept-Encoding' => 'gzip')
            ->{headers}{'content-encoding'}[0], 'gzip', 'gzip');
    $other->stop_ok;
};

# --- What is counted, one by one.

subtest 'legacy calls' => sub {
    counts('a 200', sub { ask() }, 200 => 1, 'desktops/200' => 4);
    counts('a 400', sub { ask('', limit => 101) }, 400 => 1);
    counts('a 404', sub { $nginx->post('/store/v2/x/y', '{}') }, 404 => 1);
    counts('a 405', sub { $nginx->request('GET', route()) }, 405 => 1);
    counts('403 of deny', sub { ask('denied') }, 403 => 1);
    counts('a 413', sub { ask('small') }, 413 => 1);
    counts('503 of limit_req', sub { ask('limited'); ask('limited') },
        200 => 1, 503 => 1, 'desktops/200' => 4);
    counts('a 408', sub {
        my $c = $nginx->client;
        $c->send("POST /slowly${\ route()} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{");
        $c->response;
    }, 408 => 1);
    counts('in an if block', sub { ask('block') }, 200 => 1, 'desktops/200' => 4);
    counts('others', sub { $nginx->request('GET', '/nothing') });
    counts('on one connection', sub {
        my $c = $nginx->client;
        $c->request('POST', route(), body(start_time => day(-3), end_time => day(-3)),
            'X-Auth-Token' => 'token') for 1 .. 3;
        $c->close;
    }, 200 => 3, 'desktops/200' => 3);
};

subtest 'upstream calls' => sub {
    my @day  = (start_time => day(-3), end_time => day(-3));
    my $with = sub {
        my ($fault, $at, %body) = @_;
        return sub {
            $sim->faults($fault);
            ask($at, @day, %body);
            $sim->faults;
        };
    };
    # (a desktop that records lead to, and nobody is attached to)
    $sim->tenant(desktops => [ { desktop_id => 'pool', computer_name => 'POOL-1' } ],
        sessions => [ { desktop_id => 'pool', user_name => 'Ann',
            setup => day(-3) . 'T10:00:00Z', end => day(-3) . 'T11:00:00Z' } ]);
    counts('all APIs', sub { ask('hours', @day, desktop_username => 'Ann') }, 200 => 1,
        'directory/200' => 2, 'users/200' => 1, 'records/200' => 1);
    $sim->tenant(seed => 5, desktops => 40, days => 40, idle => 'shown');
    counts('an error', $with->({ fault => 'status', status => 403, api => 'desktop-metrics' }),
        403 => 1, 'desktops/403' => 1);
    counts('of the directory', $with->({ fault => 'status', status => 500, api => 'directory' }, '',
        desktop_ids => ['nobody']), 500 => 1, 'directory/500' => 1, 'desktops/200' => 1);
    counts('makes no sense', $with->({ fault => 'garble' }), 502 => 1, 'desktops/200' => 1);
    counts('ends early', $with->({ fault => 'cut' }), 502 => 1, 'desktops/incomplete' => 1);
    counts('reset', $with->({ fault => 'reset' }), 502 => 1, 'desktops/unreachable' => 1);
    counts('cannot be reached', sub { ask('closed', @day) }, 502 => 1,
        'desktops/unreachable' => 1);
    counts('silent', $with->({ fault => 'hang' }, 'silent'), 504 => 1, 'desktops/timeout' => 1);
    counts('silent in its midst', $with->({ fault => 'hang', at => 50 }, 'silent'), 504 => 1,
        'desktops/timeout' => 1);
    counts('the end of usage_timeout', $with->({ fault => 'hang' }, 'short'), 504 => 1,
        'desktops/cancelled' => 1);
    counts('the location itself', sub { ask('own', @day) }, 500 => 1, 'desktops/not_made' => 1);
    counts('a cache', sub {
        $nginx->post('/cached' . route('c'), body(@day), 'X-Auth-Token' => 'token') for 1, 2;
    }, 200 => 2, 'desktops/200' => 1, 'desktops/cached' => 1);
    counts('a cache, and then no answer', sub {
        $nginx->post('/cached' . route('d'), body(start_time => day(-4), end_time => day(-4)),
            'X-Auth-Token' => 'token');
        $sim->faults({ fault => 'hang' });
        $nginx->post('/cachedshort' . route('d'),
            body(start_time => day(-4), end_time => day(-3)), 'X-Auth-Token' => 'token');
        $sim->faults;
    }, 200 => 1, 504 => 1, 'desktops/200' => 1, 'desktops/cached' => 1,
        'desktops/cancelled' => 1);
    counts('the client leaves', sub {
        $sim->faults({ fault => 'hang' });
        $sim->clear;
        my $c = $nginx->client;
        $c->send($c->format('POST', route(), body(@day), 'X-Auth-Token' => 'token'));
        $nginx->wait_for(sub { @{ $sim->calls } });
        $c->close;
        $nginx->wait_for(sub { now()->{ sprintf $req, 499 } });
        $sim->faults;
    }, 499 => 1, 'desktops/cancelled' => 1);
};

subtest 'the store' => sub {
    my %days = (start_time => day(-9), end_time => day(-3));
    my $call = sub {
        my (%body) = @_;
        return sub { $nginx->post('/store' . route('s'), body(%days, %body),
            'X-Auth-Token' => 'token') };
    };
    my ($used) = grep {/store_used.*day/} keys %{ now() };
    (my $size = $used) =~ s/used/size/;
    my $before = now()->{$used};
    counts('all is missing', $call->(end_time => day(-5)), 200 => 1, 'desktops/200' => 5,
        usage_store_misses_total => 5);
    my $now = now();
    cmp_ok($now->{$used}, '>', $before, 'room is taken');
    cmp_ok($now->{$used}, '<=', $now->{$size}, 'not more than there is');
    cmp_ok($now->{$size}, '>', 900_000, 'of nearly 1m');
    cmp_ok($now->{$size}, '<=', 1 << 20, 'and not more');
    counts('some days are', $call->(), 200 => 1, 'desktops/200' => 2,
        usage_store_misses_total => 2, usage_store_hits_total => 5);
    counts('none is', $call->(), 200 => 1, 'desktops/200' => 1,
        usage_store_hits_total => 7);
    counts('a refused call takes nothing', sub {
        $sim->faults({ fault => 'status', status => 401 });
        $call->()->();
        $sim->faults;
    }, 401 => 1, 'desktops/401' => 1);
};

subtest 'retries and pace' => sub {
    my @day = (start_time => day(-3), end_time => day(-3));
    counts('asked again', sub {
        $sim->faults({ fault => 'status', status => 503, count => 1, retry_after => 1 });
        ask('', @day);
        $sim->faults;
    }, 200 => 1, 'desktops/503' => 1, 'desktops/200' => 1, usage_upstream_retries_total => 1);
    counts('not asked again', sub {
        $sim->faults({ fault => 'status', status => 429, count => 1, retry_after => 1 });
        ask('once', @day);
        $sim->faults;
    }, 429 => 1, 'desktops/429' => 1);

    # burst=1: of four calls, three are held
    my $before = now();
    my $res    = ask('paced');
    is($res->{status}, 200, 'paced');
    ok($nginx->wait_for(sub { since($before)->{ sprintf $req, 200 } }), 'counted');
    my $line = counted(1);
    my $have = since($before);
    is($have->{usage_pacing_waits_total}, 3, 'three calls waited');
    cmp_ok(abs $have->{usage_pacing_wait_seconds_total} - $line->{waited}, '<', 0.0005,
        "for \$usage_waited, $line->{waited} s");
    counts('refused', sub { ask('tight') }, 429 => 1, usage_pacing_refused_total => 1);
};

# The last line of the log, or all of them.
sub counted {
    my ($last) = @_;
    open my $fh, '<', $nginx->prefix . '/counted.log' or die $!;
    my @lines = map { s/:(?=[,}])/:0/gr } grep {/\n\z/} <$fh>;
    return $last ? decode($lines[-1]) : map { decode($_) } @lines;
}

# --- All at once.

# Clients that make calls of all kinds, until told to end.
sub client {
    my ($n) = @_;
    my $stop = 0;
    local $SIG{TERM} = sub { $stop = 1 };
    srand $n;
    my $c;
    until ($stop) {
        my $from = -4 - int rand 25;
        my %body = (start_time => day($from), end_time => day($from + int rand -$from - 2));
        $body{limit} = 1000 if rand > 0.9;
        my $at = ('', '/store', '/store', '/denied')[ rand 4 ];
        $c ||= $nginx->client;
        my $res = $c->post($at . route("l$n"), $json->encode(\%body),
            'X-Auth-Token' => "token$n");
        undef $c if $res->{error} || rand > 0.8;
        sleep 0.01;
    }
    return;
}

# The calls by API and status, as the simulator's log has them.
sub logged {
    my %names = ('desktop-metrics' => 'desktops', 'user-metrics' => 'users',
        directory => 'directory', records => 'records');
    my %calls;
    for (@{ $sim->calls }) {
        $calls{ sprintf $up, $names{ $_->{api} } || $_->{api}, $_->{status} // 'none' }++;
    }
    return \%calls;
}

subtest 'under load, over reloads' => sub {
    $sim->config(delay_ms => '0-3');
    $sim->faults(
        { fault => 'status', status => 503, skip => 5, count => 3, retry_after => 1 },
        { fault => 'status', status => 429, skip => 40, count => 3, retry_after => 1 });
    $sim->clear;
    my $before = now();
    my $lines  = counted();
    my $start  = $before->{usage_start_time_seconds};

    my @pids;
    for my $n (1 .. 6) {
        my $pid = fork // die "fork: $!";
        if (!$pid) {
            client($n);
            POSIX::_exit(0);
        }
        push @pids, $pid;
    }

    for my $round (1 .. 3) {
        my $enough = $round * ($slow ? 60 : 300);
        ok($nginx->wait_for(sub {
            my $now = since($before);
            my $sum = 0;
            $sum += $now->{$_} for grep {/upstream_calls/} keys %$now;
            return $sum >= $enough;
        }, 60), "load, $round");
        ok($nginx->reload(workers => 1 + $round % 3), 'reload') if $round < 3;
    }

    kill 'TERM', @pids;
    waitpid $_, 0 for @pids;

    # (what the last connections had to say)
    my ($calls, $have);
    $nginx->wait_for(sub {
        $have  = since($before);
        $calls = logged();
        my %calls = map { $_ => $have->{$_} } grep {/upstream_calls/} keys %$have;
        return join(' ', map {"$_ $calls{$_}"} sort keys %calls) eq
            join ' ', map {"$_ $calls->{$_}"} sort keys %$calls;
    });
    is_deeply({ map { $_ => $have->{$_} } grep {/upstream_calls/} keys %$have }, $calls,
        'upstream calls: the simulator\'s log') or diag(explain([ $have, $calls ]));
    is($calls->{ sprintf $up, 'desktops', 503 }, 3, 'with the faults');
    is($have->{usage_upstream_retries_total}, 6, 'retries');

    my @new = counted();
    splice @new, 0, $lines;
    my (%status, $stored, $missing);
    for (@new) {
        $status{ sprintf $req, $_->{status} }++;
        next if $_->{target} !~ m{^/store/} || $_->{status} != 200;
        $stored += $_->{stored};
        $missing += $_->{days} - $_->{stored};
    }
    is_deeply({ map { $_ => $have->{$_} } grep {/requests_total/} keys %$have }, \%status,
        'legacy calls: the access log');
    cmp_ok($status{ sprintf $req, 400 }, '>', 0, 'with wrong ones');
    cmp_ok($status{ sprintf $req, 403 }, '>', 0, 'and refused ones');
    is($have->{usage_store_hits_total}, $stored, "store hits: the access log's, $stored");
    is($have->{usage_store_misses_total}, $missing, "misses: $missing");
    is(now()->{usage_start_time_seconds}, $start, 'the start is that of nginx');

    $sim->config(delay_ms => 0);
    $sim->faults;
};

subtest 'durations' => sub {
    my (%bucket, $sum, $count);
    my $now = now();
    for my $line (counted()) {
        $sum += $line->{time};
        $count++;
        for my $bound (map { /_bucket\{mode="translate",le="([\d.]+)"/ ? $1 : () } keys %$now) {
            $bucket{$bound}++ if $line->{time} <= $bound + 0.0001;
        }
    }
    my $name = 'usage_request_duration_seconds';
    is($now->{"${name}_count{mode=\"translate\"}"}, $count, 'as many as legacy calls');
    is($now->{"${name}_bucket{mode=\"translate\",le=\"+Inf\"}"}, $count, 'the last bucket');
    cmp_ok(abs $now->{"${name}_sum{mode=\"translate\"}"} - $sum, '<', 0.001,
        'the sum: the access log\'s');
    is_deeply({ map { /_bucket\{mode="translate",le="([\d.]+)"/ ? ($1 => $now->{$_}) : () } keys %$now },
        { map { /_bucket\{mode="translate",le="([\d.]+)"/ ? ($1 => $bucket{$1} || 0) : () } keys %$now },
        'each bucket');
    my $res = page();
    my ($status, $said) = promtool($res->{body}, 'check metrics');
    is("$status $said", '0 ', 'promtool has nothing to say');
    my $text = samples($res->{body});
    my $json = json_samples(page(undef, Accept => 'application/json')->{body});
    is_deeply($json, { map { plain($_) => $text->{$_} + 0 } keys %$text }, 'JSON says the same');
};

subtest 'a worker is killed' => sub {
    plan skip_all => 'not under a tool' if $slow;
    my $before = now();
    ask('', start_time => day(-3), end_time => day(-3)) for 1 .. 20;
    $nginx->wait_for(sub { (since($before)->{ sprintf $req, 200 } || 0) == 20 });
    my $now = now();
    for (1 .. 3) {
        my @workers = $nginx->workers;
        kill 'KILL', @workers;
        ok($nginx->wait_for(sub {
            my %now = map { $_ => 1 } $nginx->workers;
            return !grep({ $now{$_} } @workers) && $nginx->generation;
        }), 'others are there');
    }
    is_deeply(since($now), {}, 'nothing is lost');
    counts('and counting goes on', sub { ask() }, 200 => 1, 'desktops/200' => 4);
};

$nginx->stop_ok(undef, allow => qr/exited on signal 9|was locked by|open socket/);
$sim->stop;

done_testing();
