# SPDX-License-Identifier: BSD-2-Clause
#
# usage_status: what becomes of each kind of call in its counters.

use strict;
use warnings;

use Test::More;

use Usage::Metrics;
use Usage::Nginx;
use Usage::Sim;
use Usage::Test;

my $long = Usage::Nginx->patience(60);
my $wait = Usage::Nginx->patience(600);
my $sim  = Usage::Sim->start(
    args => [ '--seed', 5, '--desktops', 40, '--days', 40, '--idle', 'shown' ]);
my $closed = Usage::Nginx->bound;
my ($sim_port, $closed_port) = ($sim->port, $closed->sockport);

my $nginx = Usage::Nginx->start(
    upstream => $sim_port,
    workers  => 3,
    listen   => 'reuseport',
    events   => 'accept_mutex off;',
    http     => <<"END",
    usage_timeout ${long}s;
    usage_retries 10;
    usage_store zone=days:1m;
    limit_req_zone \$server_name zone=limit:64k rate=1r/m;
    proxy_cache_path %%PREFIX%%/cache keys_zone=cache:1m;
END
    server => join('',
        'location = /status { access_log off; usage_status; }',
        Usage::Nginx->at(store  => 'usage_store days; usage_store_key all;'),
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

my $serial = 0;

sub ask {
    my ($at, %body) = @_;
    my $project = 'p' . ++$serial;
    $body{start_time} //= day(-6);
    $body{end_time}   //= day(-3);
    return $nginx->post(($at ? "/$at" : '') . route($project), $json->encode(\%body),
        'X-Auth-Token' => 'token');
}

sub counted {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return counts($nginx, @_);
}

subtest 'legacy calls' => sub {
    counted('a 200', sub { ask() }, 200 => 1, 'desktops/200' => 4);
    counted('a 400', sub { ask('', limit => 101) }, 400 => 1);
    counted('a 404', sub { $nginx->post('/store/v2/x/y', '{}') }, 404 => 1);
    counted('a 405', sub { $nginx->request('GET', route()) }, 405 => 1);
    counted('403 of deny', sub { ask('denied') }, 403 => 1);
    counted('a 413', sub { ask('small') }, 413 => 1);
    counted('503 of limit_req', sub { ask('limited'); ask('limited') },
        200 => 1, 503 => 1, 'desktops/200' => 4);
    counted('a 408', sub {
        my $c = $nginx->client;
        $c->send("POST /slowly${\ route()} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{");
        $c->response;
    }, 408 => 1);
    counted('a call in an if block', sub { ask('block') }, 200 => 1, 'desktops/200' => 4);
    counted('no call of another location', sub { $nginx->request('GET', '/nothing') });
    counted('each of three calls on one connection', sub {
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
    counted('upstream calls of all APIs', sub { ask('hours', @day, desktop_username => 'Ann') }, 200 => 1,
        'directory/200' => 1, 'users/200' => 1, 'records/200' => 1);
    $sim->tenant(seed => 5, desktops => 40, days => 40, idle => 'shown');
    counted('an error of the statistics', $with->({ fault => 'status', status => 403, api => 'desktop-metrics' }),
        403 => 1, 'desktops/403' => 1);
    counted('an error of the directory', $with->({ fault => 'status', status => 500, api => 'directory' }, '',
        desktop_ids => ['nobody']), 500 => 1, 'directory/500' => 1, 'desktops/200' => 1);
    counted('a reply that makes no sense', $with->({ fault => 'garble' }), 502 => 1, 'desktops/200' => 1);
    counted('a reply that ends early', $with->({ fault => 'cut' }), 502 => 1, 'desktops/incomplete' => 1);
    counted('a reset', $with->({ fault => 'reset' }), 502 => 1, 'desktops/unreachable' => 1);
    counted('an upstream that can not be reached', sub { ask('closed', @day) }, 502 => 1,
        'desktops/unreachable' => 1);
    counted('an upstream that is silent', $with->({ fault => 'hang' }, 'silent'), 504 => 1, 'desktops/timeout' => 1);
    counted('an upstream that falls silent', $with->({ fault => 'hang', at => 50 }, 'silent'), 504 => 1,
        'desktops/timeout' => 1);
    counted('the end of usage_timeout', $with->({ fault => 'hang' }, 'short'), 504 => 1,
        'desktops/cancelled' => 1);
    counted('a 503 of the internal location', sub { ask('own', @day) }, 500 => 1, 'desktops/not_made' => 1);
    counted('a reply from a cache', sub {
        $nginx->post('/cached' . route('c'), body(@day), 'X-Auth-Token' => 'token') for 1, 2;
    }, 200 => 2, 'desktops/200' => 1, 'desktops/cached' => 1);
    counted('a reply from a cache, and a hanging one', sub {
        $nginx->post('/cached' . route('d'), body(start_time => day(-4), end_time => day(-4)),
            'X-Auth-Token' => 'token');
        $sim->faults({ fault => 'hang' });
        $nginx->post('/cachedshort' . route('d'),
            body(start_time => day(-4), end_time => day(-3)), 'X-Auth-Token' => 'token');
        $sim->faults;
    }, 200 => 1, 504 => 1, 'desktops/200' => 1, 'desktops/cached' => 1,
        'desktops/cancelled' => 1);
    counted('a client that leaves', sub {
        $sim->faults({ fault => 'hang' });
        $sim->clear;
        my $c = $nginx->client;
        $c->send($c->format('POST', route(), body(@day), 'X-Auth-Token' => 'token'));
        $nginx->wait_for(sub { @{ $sim->calls } });
        $c->close;
        $nginx->wait_for(sub { now($nginx)->{ request_metric('translate', 499) } });
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
    my ($used) = grep {/store_used.*days/} keys %{ now($nginx) };
    (my $size = $used) =~ s/used/size/;
    my $before = now($nginx)->{$used};
    counted('five missing days', $call->(end_time => day(-5)), 200 => 1, 'desktops/200' => 5,
        usage_store_misses_total => 5);
    my $now = now($nginx);
    cmp_ok($now->{$used}, '>', $before, 'stored days take room');
    cmp_ok($now->{$used}, '<=', $now->{$size}, 'no more room is taken than there is');
    cmp_ok($now->{$size}, '>', 900_000, 'a zone of 1m has nearly that');
    cmp_ok($now->{$size}, '<=', 1 << 20, 'a zone of 1m has no more than that');
    counted('two missing days and five stored ones', $call->(), 200 => 1, 'desktops/200' => 2,
        usage_store_misses_total => 2, usage_store_hits_total => 5);
    counted('seven stored days', $call->(), 200 => 1, 'desktops/200' => 1,
        usage_store_hits_total => 7);
    counted('a refused call without hits and misses', sub {
        $sim->faults({ fault => 'status', status => 401 });
        $call->()->();
        $sim->faults;
    }, 401 => 1, 'desktops/401' => 1);
};

subtest 'retries and pace' => sub {
    my @day = (start_time => day(-3), end_time => day(-3));
    counted('a retry', sub {
        $sim->faults({ fault => 'status', status => 503, count => 1, retry_after => 1 });
        ask('', @day);
        $sim->faults;
    }, 200 => 1, 'desktops/503' => 1, 'desktops/200' => 1, usage_upstream_retries_total => 1);
    counted('a 429 without retries', sub {
        $sim->faults({ fault => 'status', status => 429, count => 1, retry_after => 1 });
        ask('once', @day);
        $sim->faults;
    }, 429 => 1, 'desktops/429' => 1);

    # burst=1: of four calls, three are held
    my $before = now($nginx);
    my $res    = ask('paced');
    is($res->{status}, 200, 'a paced call is a 200');
    ok($nginx->wait_for(sub { since($nginx, $before)->{ request_metric('translate', 200) } }),
        'a paced call is counted');
    my $line = $nginx->wait_for(sub {
        decode((grep {/"project":"p$serial"/} $nginx->access_lines)[0] // '') });
    my $have = since($nginx, $before);
    is($have->{usage_pacing_waits_total}, 3, 'three upstream calls waited');
    cmp_ok(abs $have->{usage_pacing_wait_seconds_total} - $line->{waited}, '<', 0.0005,
        "they waited for \$usage_waited, $line->{waited} s");
    counted('a call that the pace refuses', sub { ask('tight') }, 429 => 1, usage_pacing_refused_total => 1);
};

$nginx->stop_ok;
$sim->stop;

done_testing();
