# SPDX-License-Identifier: BSD-2-Clause
#
# usage_mode: which mode a call is in, and passthrough: the legacy endpoint's
# own answer to the client's own call.

use strict;
use warnings;

use Test::More;

use Usage::H2;
use Usage::Nginx;
use Usage::Test;
use Usage::Upstream qw(reply json_reply page row);

my $week = body(start_time => '2022-12-09', end_time => '2022-12-15');

# The project tells how the endpoint answers.
my %answers = (
    created  => reply(201, 'made', 'Content-Type' => 'text/plain', 'X-Own' => 'yes'),
    none     => "HTTP/1.1 204 No Content\r\nX-Own: yes\r\n\r\n",
    moved    => reply(302, '', Location => 'https://elsewhere.example/'),
    wrong    => json_reply(400, { error_code => 'WKS.0001' }),
    gone     => json_reply(404, { error_code => 'APIGW.0101' }),
    strange  => reply(418, '<html>', 'Content-Type' => 'text/html'),
    broken   => reply(500, 'no'),
    closed   => json_reply(503, { error_code => 'X.1' }, 'Retry-After' => 7),
    itself   => json_reply(200, {}, Deprecation => '@1', Sunset => 'Thu, 01 Jan 1970 00:00:00 GMT',
        Link => '<https://own.example>; rel="help"'),
    cookies  => json_reply(200, {}, 'Set-Cookie' => 'a=1', 'Set-Cookie' => 'b=2'),
    named    => json_reply(200, {}, 'X-Request-Id' => 'up'),
    large    => json_reply(200, { x => 'y' x 3_000_000 }),
    chunked  => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
);

my $upstream = Usage::Upstream->start(sub {
    my ($req) = @_;
    my ($project) = $req->{path} =~ m{\A/v2/([^/]+)/};
    return json_reply(200, page($req, [ row('d1', 3600) ]))
        if $req->{path} =~ m{/metrics/};
    return { reset => 1 } if ($project // '') eq 'reset';
    return "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc", { close => 1 }
        if ($project // '') eq 'cut';
    return $answers{ $project // '' }
        || json_reply(200, { desktop_used_info_list => [], total_count => 17 });
});

my $headers = 'usage_deprecation 2025-07-14 sunset=2026-12-31 link=https://e.example/n;';
my $nginx   = Usage::Nginx->start(
    upstream => $upstream->port,
    http     => "usage_retention off;
        log_format own '\$http_x_request_id \$uri \$usage_days';
        access_log %%PREFIX%%/own.log own; access_log %%PREFIX%%/access.log usage;
        map \$http_x_mode \$mode { default \$http_x_mode; none ''; }",
    location => "$headers usage_mode \$mode;",
    server   => join('',
        Usage::Nginx->at(pass => "usage_mode passthrough; $headers
            client_body_buffer_size 1k;"),
        Usage::Nginx->at(direct => 'usage_mode passthrough;', '/in/direct'),
        Usage::Nginx->at(uri    => 'usage_mode passthrough;', '/in/uri'),
        "location ~ ^/in/uri(/.*)\$ {
            internal;
            proxy_pass http://successors\$1\$is_args\$args;
        }",
        Usage::Nginx->at(page   => "usage_mode passthrough; $headers", '/in/page'),
        Usage::Nginx->at(small  => "usage_mode passthrough; $headers", '/in/small'),
        Usage::Nginx->at(nobody => "usage_mode passthrough; $headers", '/in/nobody'),
        "location /any/ { rewrite (?s)^/any(/.*) \$1 break; usage_translate /workspace;
            usage_mode \$mode; $headers }
        location /in/direct/ {
            internal;
            proxy_pass http://successors/;
            proxy_http_version 1.1;
            proxy_request_buffering off;
            proxy_buffering off;
        }
        location /in/small/ {
            internal;
            client_max_body_size 10;
            proxy_pass http://successors/;
        }
        location /in/page/ {
            internal;
            proxy_pass http://successors/;
            error_page 502 /sorry;
        }
        location = /sorry { return 200 'sorry'; }
        location /asks/ {
            auth_request /asked;
            rewrite ^/asks(/.*) \$1 break;
            usage_translate /workspace;
        }
        location = /asked {
            internal;
            rewrite ^ /v2/broken/desktops/statistics/used break;
            usage_translate /in/asked;
            usage_mode passthrough;
        }
        location /in/asked/ {
            internal;
            proxy_pass http://successors/;
            proxy_pass_request_body off;
            proxy_set_header Content-Length '';
        }
        location /in/nobody/ { internal; proxy_pass http://127.0.0.1:1/; }"),
);

sub one_call {
    my @calls = $upstream->calls;
    is(scalar @calls, 1, 'there is one upstream call') or return { headers => {} };
    return $calls[0];
}

subtest 'values' => sub {
    for my $value (qw(translate passthrough compare fallback $arg_mode x$arg_mode)) {
        my ($ok, $out) = Usage::Nginx->check(location => "usage_mode $value;");
        ok($ok, $value) or diag $out;
    }
    for my $value (qw(Translate off none pass fallback:translate), '""') {
        my ($ok, $out) = Usage::Nginx->check(location => "usage_mode $value;");
        ok(!$ok && $out =~ /must be "translate", "passthrough", "compare", "fallback"/,
            "$value is refused") or diag $out;
    }
    my ($ok, $out) = Usage::Nginx->check(location => 'usage_mode translate; usage_mode fallback;');
    like($out, qr/is duplicate/, 'usage_mode stands once in a block');
    ($ok, $out) = Usage::Nginx->check(http => 'usage_mode fallback;',
        server => 'usage_mode compare;', location => 'usage_mode translate;');
    ok($ok, 'usage_mode may stand at each level') or diag $out;
};

subtest 'by a variable' => sub {
    my $mark = $nginx->log_mark;
    for (['translate', 200, qr/"total_count":1\b/], ['passthrough', 200, qr/"total_count":17\b/]) {
        my ($mode, $status, $like) = @$_;
        my $res = $nginx->post(route('x'), $week, 'X-Mode' => $mode, 'X-Request-Id' => "v-$mode");
        is($res->{status}, $status, $mode);
        like($res->{body}, $like, 'the reply');
        is($nginx->logged("v-$mode")->{mode}, $mode, '$usage_mode');
        is($nginx->logged("v-$mode")->{project}, 'x', '$usage_project_id');
    }
    unlike($nginx->error_log($mark), qr/usage_mode/, 'the log has no warning');

    for my $mode ('none', 'Passthrough', 'passthrough ,') {
        $mark = $nginx->log_mark;
        my $res = $nginx->post(route('x'), $week, 'X-Mode' => $mode);
        like($res->{body}, qr/"total_count":1\b/, "'$mode': translated");
        like($nginx->error_log($mark), qr/\[warn\].*usage_mode is "[^"]*", which is no mode/,
            "'$mode': the log has a warning");
    }
};

subtest 'the call as it came' => sub {
    my %sent = (
        'X-Auth-Token'  => 't' x 60_000,
        'Authorization' => 'SDK-HMAC-SHA256 Access=AK, SignedHeaders=host;x-sdk-date, Signature=ab',
        'X-Sdk-Date'    => '20260102T030405Z',
        'X-Sdk-Content-Sha256' => 'e3b0',
        'X-Security-Token' => 's',
        'Content-Type'  => 'application/json;charset=utf-8',
        'Accept-Encoding' => 'gzip, br',
        'If-None-Match' => '"x"',
        'Range'         => 'bytes=0-1',
        'Cookie'        => 'a=1',
        'X-Anything'    => "b\xc3\xa9",
    );
    for my $body ($week, '', "\0\xff" x 40_000, '{"a":' . '"b"' x 1000 . '}') {
        $upstream->clear;
        my $res = $nginx->post('/pass' . route('p-1') . '?x=%2F%20+&y', $body, %sent);
        is($res->{status}, 200, length($body) . ' bytes');
        my $call = one_call();
        is($call->{method}, 'POST', "${\ length $body} bytes: the method is as the client sent it");
        is($call->{target}, route('p-1') . '?x=%2F%20+&y', "${\ length $body} bytes: the URI is as the client sent it");
        is($call->{body} // '', $body, "${\ length $body} bytes: the body is as the client sent it");
        is(join('|', @{ $call->{headers}{ lc $_ } || [] }), $sent{$_}, $_) for sort keys %sent;
    }

    $upstream->clear;
    my $c = $nginx->client;
    $c->send("POST /pass" . route('p') . " HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
        . "\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n");
    is($c->response->{status}, 200, 'a chunked body is a 200');
    is(one_call()->{body}, 'abcdefg', 'a chunked body is passed on whole');
};

subtest 'X-Request-Id' => sub {
    my $id = sub { return join '|', @{ $_[0]{headers}{'x-request-id'} || [] } };
    my @mine = ('X-Request-Id' => 'mine');
    is($id->($nginx->post('/pass' . route('p'), $week, @mine)), 'mine',
        'a reply of the endpoint without an id gets that of the client');
    like($id->($nginx->post('/pass' . route('p'), $week)), qr/\A[0-9a-f]{32}\z/,
        'or one of nginx');
    is($id->($nginx->post('/pass' . route('named'), $week, @mine)), 'up',
        'a reply of the endpoint keeps its own');
    is($id->($nginx->post('/nobody' . route('p'), $week, @mine)), 'mine',
        'an error of nginx has that of the client');
};

subtest 'the access log' => sub {
    $nginx->post('/pass' . route('p') . '?x', $week, 'X-Request-Id' => 'l-1');
    $nginx->post('/nobody' . route('p'), $week, 'X-Request-Id' => 'l-2');
    $nginx->post('/pass' . route('p'), '{"limit":101}', 'X-Request-Id' => 'l-3');
    $nginx->post('/pass' . route('p'), $json->encode({ start_time => '2022-12-09',
            end_time => '2022-12-10', desktop_ids => [ map {"d-$_"} 1 .. 1999 ] }),
        'X-Request-Id' => 'l-4');
    $nginx->logged('l-4');
    my $log = $nginx->_slurp('own.log');
    like($log, qr{^l-1 \Q${\ route('p')}\E 7$}m,
        "the access log has the client's path, and the days of the body");
    like($log, qr{^l-2 \Q${\ route('p')}\E 7$}m,
        'the access log has them where nobody answers');
    like($log, qr{^l-3 \S+ 0$}m, 'no days of a wrong body');
    like($log, qr{^l-4 \S+ 2$}m, 'the access log has the days of a body in a file');
};

subtest 'the reply as it comes' => sub {
    for my $project (sort keys %answers) {
        my ($status, $body) = $answers{$project} =~ m{\AHTTP/1.1 (\d+).*?\r\n\r\n(.*)\z}s;
        $body = 'abc' if $project eq 'chunked';
        for my $at ('/pass', '/direct') {
            my $res = $nginx->post($at . route($project), $week);
            is($res->{status}, $status, "$at $project: $status");
            ok($res->{body} eq $body, 'the body');
            is(join('|', @{ $res->{headers}{ lc $1 } || [] } ), $2, $1)
                while $answers{$project} =~ /^(X-Own|Location|Retry-After): (.*?)\r$/mg;
            is(scalar @{ $res->{headers}{deprecation} || [] },
                $at eq '/pass' || $project eq 'itself' ? 1 : 0, 'Deprecation');
        }
    }

    my $res = $nginx->post('/pass' . route('itself'), $week);
    is($res->{headers}{deprecation}[0], '@1752451200', "the gateway's date");
    is(join('|', @{ $res->{headers}{sunset} }), 'Thu, 31 Dec 2026 00:00:00 GMT',
        "the gateway's own Sunset");
    is(join('|', @{ $res->{headers}{link} }), '<https://own.example>; rel="help"|'
        . '<https://e.example/n>; rel="successor-version"', 'both links');
    is_deeply($nginx->post('/direct' . route('itself'), $week)->{headers}{deprecation}, ['@1'],
        "the endpoint's own, where none is configured");
    is_deeply($nginx->post('/pass' . route('cookies'), $week)->{headers}{'set-cookie'},
        [ 'a=1', 'b=2' ], 'every cookie');

    $res = $nginx->post('/pass' . route('cut'), $week);
    like($res->{error}, qr/cut/, 'a reply that is cut upstream is cut for the client');
};

subtest 'other methods, other paths' => sub {
    for my $method (qw(GET PUT DELETE PATCH OPTIONS FOO)) {
        $upstream->clear;
        my $res = $nginx->request($method, '/pass' . route('p'), $method eq 'GET' ? undef : 'abc');
        is($res->{status}, 200, $method);
        is(one_call()->{method}, $method, "$method arrives as $method");
    }
    $upstream->clear;
    my $res = $nginx->request('HEAD', '/pass' . route('p'));
    is($res->{status}, 200, 'HEAD');

    my $used = 'desktops/statistics/used';
    for my $path ("/v2/a%20b/$used", '/v2/x/other', '/v3/', '/v2/', "/v2//$used",
        "/v2/p%0d%0aX-Own:%20x/$used", "/v2/p%01/$used", "/v2/p%7f/$used",
        "/v2/p%3fa/$used", "/v2/p%23/$used", "/v2/%c3%a9/$used", "/v2/p/$used%0a",
        "/v2/p/$used/", "/v2/p%2fq/$used", "/v2/../$used",
        '/v2/' . 'p' x 256 . "/$used")
    {
        for my $mode (qw(passthrough compare fallback translate)) {
            $upstream->clear;
            error_is($nginx->post("/any$path", $week, 'X-Mode' => $mode), 404, "$mode: $path",
                headers => { Deprecation => qr/\@1752451200/ });
            is(scalar(() = $upstream->calls), 0, "$mode: $path takes no upstream call");
        }
    }
    for my $case (["/v2/p/./x/../$used", 'p'], ["/v2/%70/$used", 'p'], ["/v2//p/$used", 'p'],
        ["/v2%2fp%2f$used", 'p'], ['/v2/' . 'p' x 255 . "/$used", 'p' x 255])
    {
        my ($path, $project) = @$case;
        $upstream->clear;
        is($nginx->post("/any$path", $week, 'X-Mode' => 'passthrough')->{status}, 200, $path);
        is(one_call()->{target}, route($project), "arrives in nginx's normal form");
    }
    $upstream->clear;
    is($nginx->post('/uri' . route('p') . '?a=%0d%0aX-Own:%20x%00%20', $week)->{status}, 200,
        'a query is passed on');
    is(one_call()->{target}, route('p') . '?a=%0d%0aX-Own:%20x%00%20',
        'a query stays encoded');
};

subtest "nginx's own replies" => sub {
    my $res = $nginx->post('/nobody' . route('p'), $week, 'X-Request-Id' => 'n-1');
    error_is($res, 502, "an endpoint that can't be reached is a 502",
        headers => { Deprecation => qr/\@1752451200/ });
    is($nginx->logged('n-1')->{mode}, 'passthrough', '$usage_mode');
    like($nginx->logged('n-1')->{error}, qr/answered 502/, '$usage_error');
    error_is($nginx->post('/pass' . route('reset'), $week), 502, 'a reset is a 502');
    error_is($nginx->post('/small' . route('p'), $week), 413, 'a body that is too large there',
        detail => qr/allowed: at most 10/);
    is($nginx->post('/page' . route('reset'), $week)->{body}, 'sorry',
        "error_page stays the operator's");
    is($nginx->request('GET', '/workspace/v2/p/desktops')->{status}, 404,
        'the internal location stays internal');
};

subtest 'a subrequest that is passed on' => sub {
    my $res = $nginx->post('/asks' . route('p'), $week, 'X-Request-Id' => 's-1');
    error_is($res, 500, "leaves the client's own reply alone");
    is($nginx->logged('s-1')->{mode}, 'translate', "the client's own call keeps its mode");
};

subtest 'a reply on its way' => sub {
    my $slow = Usage::Upstream->start(sub {
        return "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc", { hang => 1 } });
    my $direct = Usage::Nginx->start(upstream => $slow->port,
        location => 'usage_mode passthrough;', proxy => 'proxy_buffering off;');
    my $c = $direct->client;
    $c->send($c->format('POST', route('p'), $week));
    ok($direct->wait_for(sub { $c->readable && do { $c->_fill(time + 1); $c->{in} =~ /abc\z/ } }),
        'the first bytes of a reply come before the last');
    $c->close;
    $direct->stop_ok;
    $slow->stop;
};

subtest 'kept connections' => sub {
    my $c = $nginx->client;
    for my $n (1 .. 5) {
        is($c->post('/pass' . route('p'), $week)->{status}, 200, "call $n");
        is($c->post(route('p'), $week, 'X-Mode' => 'translate')->{status}, 200,
            'another mode gets its own reply');
    }
};

subtest 'HTTP/2' => sub {
    plan skip_all => 'without HTTP/2' if Usage::Nginx->options !~ /http_v2_module/;
    my $two = Usage::Nginx->start(upstream => $upstream->port, http2 => 1,
        location => "usage_mode passthrough; $headers");
    my $h = Usage::H2->new(port => $two->port, timeout => Usage::Nginx->patience(20));
    $upstream->clear;
    my @ids = map { $h->post(route("p$_"), 'x-auth-token' => "t$_") } 1 .. 5;
    $h->body($ids[$_], "$week" . ' ' x ($_ * 20_000)) for 0 .. $#ids;
    for (@ids) {
        my $res = $h->response($_);
        is($res->{status}, 200, 'each stream of HTTP/2 is a 200');
        like($res->{body}, qr/"total_count":17/,
            'each stream of HTTP/2 has the reply of the endpoint');
    }
    my %calls = map { $_->{path} => $_ } $upstream->calls;
    for (1 .. 5) {
        is($calls{ route("p$_") }{headers}{'x-auth-token'}[0], "t$_",
            "stream $_ of HTTP/2 has its own token");
        is(length $calls{ route("p$_") }{body}, length($week) + ($_ - 1) * 20_000,
            "stream $_ of HTTP/2 has its own body");
    }
    $h->close;
    $two->stop_ok;
};

$nginx->stop_ok;
$upstream->stop;
done_testing();
