# SPDX-License-Identifier: BSD-2-Clause
#
# What can go wrong upstream, and what the client gets (translation.md,
# "Errors").

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time sleep);

use Usage::Nginx;
use Usage::Test;
use Usage::Upstream qw(reply json_reply page rows);

my $token = 'tok-' . 'S3cr3t' x 20;

# The project of a call tells the upstream what to do.
my (%mode, %seen);

my $error = qq( {"error_code" : "WKS.0123",\n\t"error_msg":"caf\xc3\xa9 )
    . qq(\\u00e9 \\/ no","error_detail":"x",)
    . qq("encoded_authorization_message":"abc==","more":[1,{"a":null}]}\r\n);

my $good = sub { return json_reply(200, page($_[0], rows(d1 => 3600, d2 => 60))) };

my @own = (400, 401, 403, 404, 409, 429, 500, 501, 502, 503, 504, 507, 599);

for my $status (@own, 201, 202, 203, 206, 402, 405, 406, 408, 410, 413, 422,
    451, 301, 302, 307)
{
    $mode{"own-$status"}  = sub { reply($status, $error,
        'Content-Type' => 'application/json',
        Location => 'http://127.0.0.1/', 'Set-Cookie' => 'u=1') };
    $mode{"html-$status"} = sub { reply($status, '<html>no</html>',
        'Content-Type' => 'text/html', Location => '/x') };
    $mode{"none-$status"} = sub { reply($status, '') };
    $mode{"page-$status"} = sub { json_reply($status,
        page($_[0], rows(d1 => 3600)), Location => '/x') };
    $mode{"codeless-$status"} = sub { json_reply($status,
        { error_msg => 'no code', errorcode => 'x' }) };
    $mode{"array-$status"} = sub { json_reply($status,
        '[{"error_code":"X.1","error_msg":"y"}]') };
    $mode{"brokenjson-$status"} = sub { json_reply($status,
        '{"error_code":"X.1","error_msg":"y"') };
    $mode{"inner-$status"} = sub { json_reply($status,
        '{"error":{"error_code":"X.1"}}') };
}
$mode{'text-400'}  = sub { reply(400, $error, 'Content-Type' => 'text/plain') };
$mode{'type-400'}  = sub { reply(400, $error,
    'Content-Type' => 'application/json;charset=UTF-8') };
$mode{'notype-400'} = sub { reply(400, $error) };
$mode{'chunked-403'} = sub {
    return "HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n"
        . "Content-Type: application/json\r\n\r\n",
        (map { sprintf("1\r\n%s\r\n", $_), { sleep => 0.0005 } } split //, $error),
        "0\r\n\r\n";
};
my $long = '{"error_code":"X.1","error_msg":"' . 'm' x 50_000 . '"}';
$mode{'long-400'}  = sub { json_reply(400, $long) };
$mode{'429-after'} = sub { json_reply(429, $error, 'Retry-After' => 17) };
$mode{'429-date'}  = sub { json_reply(429, $error,
    'Retry-After' => 'Wed, 21 Oct 2037 07:28:00 GMT') };
$mode{'429-none'}  = sub { json_reply(429, $error) };
$mode{'429-html'}  = sub { reply(429, 'slow down', 'Retry-After' => 18) };
$mode{'429-empty'} = sub { reply(429, '') };

$mode{close}     = sub { { close => 1 } };
$mode{reset}     = sub { { reset => 1 } };
$mode{half}      = sub { "HTTP/1.1 200 OK\r\nContent-Le", { close => 1 } };
$mode{garbage}   = sub { "HELLO\r\n\r\n{}", { close => 1 } };
$mode{badheader} = sub { "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n{}", { close => 1 } };
$mode{bighead}   = sub { reply(200, '{}', X => 'y' x 100_000) };
$mode{cutlength} = sub {
    my $r = $good->(@_);
    return substr($r, 0, length($r) - 10), { close => 1 };
};
$mode{cutreset} = sub {
    my $r = $good->(@_);
    return substr($r, 0, length($r) - 10), { sleep => 0.02 }, { reset => 1 };
};
$mode{cutnothing} = sub { "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n",
    { close => 1 } };
my $whole = sub { return $good->(@_) =~ s/\A.*?\r\n\r\n//sr };
$mode{cutchunks} = sub {
    my $b = $whole->(@_);
    return sprintf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        . "%x\r\n%s\r\n", length $b, $b), { close => 1 };
};
$mode{badchunks} = sub {
    return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        $whole->(@_), { close => 1 };
};
$mode{cutclose} = sub {
    my $b = $whole->(@_);
    return "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
        . substr($b, 0, length($b) - 5), { close => 1 };
};
$mode{cut500} = sub { "HTTP/1.1 500 No\r\nContent-Length: 500\r\n\r\n$error",
    { close => 1 } };
$mode{empty200} = sub { reply(200, '') };
$mode{html200}  = sub { reply(200, '<html>maintenance</html>') };
$mode{error200} = sub { json_reply(200, $error) };
$mode{limit200} = sub { json_reply(200, { count => 0, items => [],
    error_code => 'APIGW.0308', error_msg => 'm' x 99 . "\xe9\n" }) };
$mode{dir200} = sub {
    my ($req) = @_;
    return $req->{path} =~ /desktops\z/ && $req->{path} !~ /metrics/
        ? json_reply(200, { total_count => 0, error_code => 'WKS.7', error_msg => "no\e[m" })
        : json_reply(200, page($req, rows()));
};
$mode{gzip200}  = sub { reply(200, "\x1f\x8b\x08\0\0\0\0\0\0\3\xab\xae\5\0\x43",
    'Content-Encoding' => 'gzip', 'Content-Type' => 'application/json') };
$mode{forged}   = sub { json_reply(403, { error_code => "X\nFORGED", error_msg => 'm' }) };
$mode{hang}     = sub { { hang => 1 } };
$mode{hangbody} = sub { substr($good->(@_), 0, -20), { hang => 1 } };
$mode{drip}     = sub { map { ($_, { sleep => 0.05 }) }
    split //, $good->(@_) };

# What happens at the n-th call of a project only.
sub nth {
    my ($nth, $then, $else) = @_;
    return sub {
        my ($req, $project) = @_;
        my $n = ++$seen{$project};
        return $n == $nth ? $then->($req) : ($else || $good)->($req);
    };
}
my $late = sub { return { sleep => 1.5 * Usage::Nginx->patience(1) }, $good->(@_) };

for my $n (1 .. 8) {
    for my $c (1, 4) {
        $mode{"fail$n-$c"} = nth($n, sub { json_reply(500, $error) });
    }
    $mode{"cutat$n"}  = nth($n, $mode{cutlength});
    $mode{"slow$n"}   = nth($n, sub { json_reply(503, $error) },
        sub { $seen{"slow$n"} == 1 ? $good->(@_) : $late->(@_) });
    $mode{"stuck$n"}  = nth($n, sub { json_reply(503, $error) },
        sub { $seen{"stuck$n"} == 1 ? $good->(@_) : { hang => 1 } });
}

my $upstream = Usage::Upstream->start(sub {
    my ($req) = @_;
    my ($project) = $req->{path} =~ m{\A/v2/([^/]+)/};
    return ($mode{$project} || $good)->($req, $project);
});

# Ports that are taken, but by nobody who answers.
my $bound  = Usage::Nginx->bound;
my $nobody = $bound->sockport;
my $mute   = Usage::Nginx->bound('udp');
my $silent = $mute->sockport;

my $soon  = Usage::Nginx->patience(400);
my $nginx = Usage::Nginx->start(
    upstream => $upstream->port,
    http     => 'usage_retention off; usage_retries 0; upstream two { server 127.0.0.1:'
        . "$nobody; server 127.0.0.1:" . $upstream->port . '; }',
    # (only if nobody answers at all may the time be short: machines can be slow)
    proxy    => 'proxy_next_upstream off;',
    server   => join('',
        Usage::Nginx->at(hasty   => '', '/soon'),
        Usage::Nginx->at(four    => 'usage_concurrency 4;', '/calm'),
        Usage::Nginx->at(one     => 'usage_concurrency 1;', '/calm'),
        Usage::Nginx->at(patient => "usage_timeout ${soon}ms;", '/calm'),
        Usage::Nginx->at(dead    => '', '/nobody'),
        Usage::Nginx->at(nowhere => '', '/not/configured'),
        Usage::Nginx->at(named   => '', '/byname'),
        Usage::Nginx->at(second  => '', '/two'), "
        location /calm/ {
            internal;
            proxy_pass http://successors/;
        }
        location /soon/ {
            internal;
            proxy_pass http://successors/;
            proxy_read_timeout ${soon}ms;
        }
        location /nobody/ {
            internal;
            proxy_pass http://127.0.0.1:$nobody/;
        }
        location /byname/ {
            internal;
            resolver 127.0.0.1:$silent;
            resolver_timeout ${soon}ms;
            set \$peer nosuch.invalid;
            rewrite ^/byname(/.*) \$1 break;
            proxy_pass http://\$peer:80;
        }
        location /two/ {
            internal;
            proxy_pass http://two/;
        }
    ")
);

my $serial = 0;

sub ask {
    my ($project, %o) = @_;
    my $days = $o{days} || 1;
    return $nginx->post(
        ($o{at} || '') . route($project),
        body(dates('2022-12-01', $days),
            %{ $o{body} || {} }),
        'X-Auth-Token' => $token,
        'X-Request-Id' => 'r' . ++$serial
    );
}

# What the access log has of the last call.
sub logged { return $nginx->logged("r$serial") }

subtest 'a good call to compare with' => sub {
    my $mark = $nginx->log_mark;
    my $res  = ask('good', days => 2);
    reply_is($res, 'a good call is a 200', from => '2022-12-01',
        entries => [ [ 'd1', 1, 1 ], [ 'd2', 0.02, 0.02 ] ]);
    my $log = logged();
    is($log->{error}, '', '$usage_error is empty');
    is($log->{calls}, 2,  '$usage_calls');
    unlike($nginx->error_log($mark), qr/\[(?:error|warn)\]/, 'a good call logs no error');
    $upstream->clear;
};

subtest 'an upstream error goes back as it is' => sub {
    for my $status (@own) {
        my $mark = $nginx->log_mark;
        my $res  = ask("own-$status");
        is($res->{status}, $status, "$status: the status");
        is($res->{body}, $error, "$status: the body, byte for byte");
        like($res->{headers}{'content-type'}[0], qr{\Aapplication/json\b},
            "$status: the type");
        is_deeply($res->{headers}{'retry-after'},
            $status == 429 ? ['60'] : undef, "$status: Retry-After");
        ok(!$res->{headers}{'set-cookie'}, "$status: no cookie");

        my $log = logged();
        like($log->{error}, qr/\S/, "$status: \$usage_error");
        is($log->{status}, $status, "$status: in the access log");
        my @lines = grep { /\[(?:error|warn)\]/ } split /\n/,
            $nginx->error_log($mark);
        is(scalar @lines, 1, "$status: one line in the error log")
            or diag(join "\n", @lines);
    }
    for (qw(text-400 type-400 notype-400)) {
        my $res = ask($_);
        is("$res->{status} $res->{body}", "400 $error", $_);
        like($res->{headers}{'content-type'}[0], qr{\Aapplication/json\b},
            "$_: our type");
    }
    my $res = ask('chunked-403');
    is("$res->{status} $res->{body}", "403 $error", 'an error in small chunks');
    $res = ask('long-400');
    ok($res->{status} == 400 && $res->{body} eq $long, 'a long error is passed on');
};

subtest 'a status that is no error of theirs' => sub {
    error_is(ask("own-$_"), 502, "$_, with a body of theirs")
        for 201, 202, 203, 206, 402, 405, 406, 408, 410, 413, 422, 451, 301,
        302, 307;
    error_is(ask("page-$_"), 502, "$_, with a page")
        for 201, 202, 203, 206, 301, 302, 307, 400, 404, 500, 503;
    error_is(ask("none-$_"), 502, "$_, without a body")
        for 201, 206, 302, 400, 404, 409, 500, 502, 503, 504;
    error_is(ask("html-$_"), 502, "$_, HTML")
        for 302, 400, 404, 409, 410, 500, 502, 503, 504;
    error_is(ask("$_-500"), 502, "500, $_")
        for qw(codeless array brokenjson inner);
    error_is(ask("$_-404"), 502, "404, $_")
        for qw(codeless array brokenjson inner);
};

subtest '401 and 403 keep their status' => sub {
    for my $how (qw(html none codeless array brokenjson inner page)) {
        error_is(ask("$how-401"), 401, "401, $how", code => 'APIGW.0301');
        like(logged()->{error}, qr/\S/, "401, $how: the log has the error");
        my $from = length $nginx->error_log;
        error_is(ask("$how-403"), 403, "403, $how", code => 'APIGW.0302');
        like($nginx->log_line(qr/answered 403/, $from),
            qr/; missing right: workspace:statistics:listDesktopMetrics[;,]/,
            "403, $how: the error log names the action that is missing");
    }
};

subtest '429 has a Retry-After' => sub {
    my $after = sub {
        my ($project, $value, $body) = @_;
        my $res = ask($project);
        is($res->{status}, 429, $project);
        is_deeply($res->{headers}{'retry-after'}, [$value],
            "$project: $value");
        return $res;
    };
    is($after->('429-after', 17)->{body}, $error, 'a 429 keeps its body');
    $after->('429-date', 'Wed, 21 Oct 2037 07:28:00 GMT');
    $after->('429-none', 60);
    error_is($after->('429-html', 18), 429, 'a 429 of HTML gets the legacy form');
    error_is($after->('429-empty', 60), 429, 'an empty 429 gets the legacy form');
};

subtest 'no sensible answer: 502' => sub {
    for (qw(close reset half garbage badheader bighead cutlength cutreset
        cutnothing cutchunks badchunks cutclose cut500 empty200 html200
        error200 limit200 gzip200))
    {
        my $mark = $nginx->log_mark;
        error_is(ask($_), 502, $_);
        my $log = logged();
        like($log->{error}, qr/\S/, "$_: \$usage_error");
        is($log->{calls}, 1, "$_: calls");
        ok(scalar(grep { /usage/i && /\[(?:error|warn)\]/ } split /\n/,
            $nginx->error_log($mark)), "$_: a line in the error log");
    }
    error_is(ask($_, days => 31), 502, "$_, 31 days")
        for qw(close reset cutlength cutchunks html200);
    error_is(ask('d', at => '/dead'), 502, 'nothing listens');
    error_is(ask('d', at => '/dead', days => 31), 502, 'nothing listens, 31 days');
    error_is(ask('d', at => '/named'), 502, 'no such name');
    error_is(ask('d', at => '/nowhere'), 500, 'no such location');
    reply_is(ask('d', at => '/second', days => 5), 'one of two upstreams down',
        from => '2022-12-01',
        entries => [ [ 'd1', (1) x 5 ], [ 'd2', (0.02) x 5 ] ]);
};

subtest 'an error with status 200: 502' => sub {
    my $told = 'the upstream answered 200 with an error of its API: ';
    error_is(ask('error200'), 502, 'statistics', detail => "${told}WKS.0123, caf\xe9 \xe9 / no\\z");
    error_is(ask('error200', days => 31), 502, 'statistics, 31 days');
    error_is(ask('limit200'), 502, 'beside a list, cut',
        detail => "${told}APIGW.0308, m{99}\\z");
    error_is(ask('dir200', body => { desktop_ids => ['d9'] }), 502, 'the directory',
        detail => "\Q${told}WKS.7, no?[m\E\\z");
    error_is(ask('own-402'), 502, 'another status',
        detail => "the upstream answered 402 with an error of its API: WKS.0123, caf\xe9 \xe9 / no\\z");
};

subtest 'no answer in time: 504' => sub {
    error_is(ask('hang', at => '/hasty'), 504, 'proxy_read_timeout');
    error_is(ask('hang', at => '/hasty', days => 31), 504, 'proxy_read_timeout on 31 days');
    error_is(ask('hang', at => '/patient'), 504, 'usage_timeout');
    like(logged()->{error}, qr/\S/, '$usage_error');
    error_is(ask('hang', at => '/patient', days => 31), 504, 'usage_timeout on 31 days');
    error_is(ask('hangbody', at => '/patient'), 504, 'usage_timeout within the body');
    error_is(ask('drip', at => '/patient'), 504, 'usage_timeout at a drip');
    error_is(ask('hangbody', at => '/hasty'), 504, 'proxy_read_timeout within the body');
    error_is(ask('hangbody', at => '/hasty', days => 31), 504,
        'proxy_read_timeout within the body, on 31 days');
};

subtest 'the first failure ends the call' => sub {
    for my $n (1 .. 8) {
        for my $c (1, 4) {
            $upstream->clear;
            my $res = ask("fail$n-$c", days => 31,
                at => $c == 1 ? '/one' : '/four');
            is("$res->{status} $res->{body}", "500 $error",
                "call $n fails, $c at a time");
            my @calls = $upstream->calls("fail$n-$c");
            cmp_ok(scalar @calls, '<=', $n + $c - 1, 'none begins after it');
            is(logged()->{calls}, scalar @calls, '$usage_calls counts them')
                if $c == 1;
        }
        error_is(ask("cutat$n", days => 31), 502, "call $n is cut");
    }
};

subtest 'and waits for no other' => sub {
    my $conn = $nginx->client;
    $upstream->clear;
    my %month = (start_time => '2022-12-01', end_time => '2022-12-31');
    for my $n (2 .. 4) {
        # (were they waited for, it would be a 504)
        for my $how ('stuck', 'slow') {
            my $res = $conn->post('/four' . route("$how$n"), body(%month));
            is("$res->{status} $res->{body}", "503 $error",
                "call $n of those that are $how");
        }
    }
    # (the others' time passes)
    sleep 1.9 * Usage::Nginx->patience(1);
    for my $n (2 .. 4) {
        cmp_ok(scalar(() = $upstream->calls("$_$n")), '<=', $n + 3,
            "$_ calls: none begins after the error") for qw(stuck slow);
    }
    is($conn->post(route('good'), body(start_time => '2022-12-01',
        end_time => '2022-12-01'))->{status}, 200, 'the connection lives on');
};

subtest 'errors that nginx makes itself' => sub {
    my $own = Usage::Nginx->start(
        upstream => $upstream->port,
        http     => 'usage_retention off; usage_retries 0;
            limit_req_zone $http_x_zone zone=one:1m rate=1r/m;',
        server   => join('',
            Usage::Nginx->at(limited => 'limit_req zone=one;'),
            Usage::Nginx->at(quota => 'limit_req zone=one; limit_req_status 429;'),
            Usage::Nginx->at(denied => 'deny all;'),
            Usage::Nginx->at(dead => '', '/nobody'),
            Usage::Nginx->at(paged => 'error_page 400 404 413 502 504 /50x.html;
                client_max_body_size 200;'), "
            location = /50x.html { internal; return 200 '<html>page</html>'; }
            location /nobody/ {
                internal;
                proxy_pass http://127.0.0.1:$nobody/;
                error_page 500 502 503 504 /50x.html;
            }"),
        proxy => 'error_page 500 502 503 504 /50x.html;'
    );
    my $call = sub {
        my ($at, $project, %headers) = @_;
        return $own->post("/$at" . route($project), body(
            start_time => '2022-12-01', end_time => '2022-12-01'), %headers);
    };
    is($call->('limited', 'good', 'X-Zone' => 'a')->{status}, 200,
        'limit_req lets the first call pass');
    error_is($call->('limited', 'good', 'X-Zone' => 'a'), 503,
        'limit_req refuses the next call with 503');
    is($call->('quota', 'good', 'X-Zone' => 'b')->{status}, 200,
        'limit_req with status 429 lets the first call pass');
    error_is($call->('quota', 'good', 'X-Zone' => 'b'), 429, 'limit_req with status 429 refuses the next call',
        headers => { 'Retry-After' => qr/\A60\z/ });
    error_is($call->('denied', 'good'), 403, 'deny', code => undef);

    # with pages for errors, as many servers have them
    error_is($call->('dead', 'good'), 502, 'an error_page: nothing listens');
    my $res = $call->('limited', 'own-503', 'X-Zone' => 'c');
    is("$res->{status} $res->{body}", "503 $error",
        'with error_page, an error of the upstream is passed on');
    error_is($call->('limited', 'html-503', 'X-Zone' => 'd'), 502, 'a page of an upstream');
    error_is($own->post('/paged' . route('good'), '{'), 400,
        'with error_page, a bad request gets the legacy form');
    error_is($own->post('/paged' . route('a.b'), '{}'), 404,
        'with error_page, a wrong project gets the legacy form');
    error_is($call->('paged', 'reset'), 502, 'with error_page, a reset gets the legacy form');
    $own->stop_ok;
};

subtest 'nobody else writes lines of the log' => sub {
    my $mark = $nginx->log_mark;
    error_is($nginx->post(route('good'), body(start_time => "x\nFORGED\e[2J")),
        400, 'a value of the client');
    error_is($nginx->post('/v2/a%0AFORGED/desktops/statistics/used', '{}'),
        404, 'a path of the client');
    is(ask('forged')->{status}, 403, 'an error of the upstream');
    my @lines = grep { /FORGED/ } split /\n/, $nginx->error_log($mark);
    is(scalar(grep { /answered (?:400|404|403): .*FORGED/ } @lines), 3, 'each error is told');
    is(scalar(grep { !/ \[\w+\] / } @lines), 0, 'no line of the log is forged')
        or diag(join "\n", @lines);
    unlike($nginx->error_log($mark), qr/\e/, 'the log has nothing that a terminal obeys');
};

subtest 'no token in the log' => sub {
    my $log = $nginx->error_log;
    unlike($log, qr/S3cr3t/, 'nowhere');
    cmp_ok(scalar(() = $log =~ /\[error\]/g), '>', 50, 'though much is there');
};

$nginx->stop_ok;
$upstream->stop;

done_testing();
