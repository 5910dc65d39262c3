# SPDX-License-Identifier: BSD-2-Clause
#
# usage_mode fallback: the legacy endpoint's answer, and if it gives none, a
# translation, without a call lost.

use strict;
use warnings;

use POSIX ();
use Test::More;
use Time::HiRes qw(time sleep);

use Usage::H2;
use Usage::Nginx;
use Usage::Sim;
use Usage::Test;
use Usage::Upstream qw(reply json_reply);

my $slow = Usage::Nginx->patience(1);
my %week = (start_time => '2022-12-09', end_time => '2022-12-15');
my $week = body(%week);

# The successors, and a second simulator with the same tenant that plays the
# legacy endpoint, with one day altered so that its answers can be told.
my $sim    = Usage::Sim->start;
my $legacy = Usage::Sim->start;
my ($id)   = @{ $legacy->desktops };
$legacy->alter(desktop => $id, date => '2022-12-10', seconds => 36_000);

my ($translated, $answered) = map { ($_->legacy($week))[2] } $sim, $legacy;
isnt($translated, $answered, 'the two can be told');

# Locations that lead to a legacy endpoint and to the successors.
sub endpoint {
    my ($name, $to, $more) = @_;
    $more //= '';
    return "location ~ ^/in/$name/v2/[^/]+/desktops/statistics/used\$ {
            internal;
            $more
            rewrite ^/in/$name(/.*) \$1 break;
            proxy_pass http://$to;
            proxy_http_version 1.1;
            proxy_set_header Connection '';
        }
        location /in/$name/ { internal; proxy_pass http://successors/; }"
        . Usage::Nginx->at($name => '', "/in/$name");
}

my $timeout = Usage::Nginx->slow ? 30 : 9;
my $http    = 'usage_retention off; usage_mode fallback; usage_deprecation 2025-07-14;';

sub start {
    my ($to, %o) = @_;
    return Usage::Nginx->start(upstream => $sim->port, http => "$http "
            . ($o{more} // '') . 'usage_timeout ' . ($o{timeout} || $timeout) . 's;',
        server => endpoint('old', $to, $o{proxy}) . ($o{server} // ''), %{ $o{o} || {} });
}

my $there = '127.0.0.1:' . $legacy->port;

my $serial = 0;

# A call; who answered it, by the reply and by the access log.
sub call {
    my ($nginx, %o) = @_;
    my $rid = 'c' . ++$serial;
    my $res = $nginx->post(($o{at} // '/old') . route($o{project}), $o{body} // $week,
        'X-Auth-Token' => 't', 'X-Request-Id' => $rid, @{ $o{headers} || [] });
    @$res{qw(mode days)} = @{ $nginx->logged($rid) }{qw(mode days)};
    $res->{mode} //= '';
    return $res;
}

sub is_translated {
    my ($res, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is($res->{status}, 200, "$name: 200") or diag($res->{error} // $res->{body});
    is(same_json($res->{body}, $translated), '', 'translated');
    is($res->{mode}, 'fallback:translate', '$usage_mode');
}

sub is_answered {
    my ($res, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is($res->{status}, 200, "$name: 200") or diag($res->{error} // $res->{body});
    is($res->{body}, $answered, "the endpoint's own answer");
    is($res->{mode}, 'fallback', '$usage_mode');
    is($res->{days}, 7, '$usage_days');
}

# The probe is over, and the endpoint given up.
sub given_up {
    my ($nginx, $mark) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return ok($nginx->log_line(qr/\[warn\].*usage: .*; calls are translated/, $mark),
        'given up');
}

sub asked { return scalar grep { $_->{api} eq 'legacy' } @{ $_[0]->calls } }

subtest 'an endpoint that answers' => sub {
    my $nginx = start($there);
    $_->clear for $sim, $legacy;
    my $res = call($nginx);
    is_answered($res, 'a call');
    is($res->{headers}{deprecation}[0], '@1752451200', 'the answer has the header Deprecation');
    is($res->{headers}{'content-type'}[0], 'application/json', 'the answer has its type');
    is_deeply([ asked($legacy), scalar @{ $sim->calls } ], [ 1, 0 ],
        'only the legacy endpoint is called');

    for my $case ([ 400, 'WKS.0001' ], [ 401, 'APIGW.0301' ], [ 403, 'WKS.0403' ],
        [ 409, 'WKS.1' ], [ 429, 'APIGW.0308' ], [ 500, 'WKS.5' ], [ 503, 'WKS.6' ])
    {
        my ($status, $code) = @$case;
        $legacy->faults({ fault => 'status', status => $status, code => $code, count => 2,
            $status == 429 ? (retry_after => 17) : () });
        for my $n (1, 2) {
            $res = call($nginx);
            is($res->{status}, $status, "$status of the API, call $n, is its answer");
            is((decode($res->{body}) || {})->{error_code}, $code,
                "a $status of the API, call $n, is passed on as it came");
            is($res->{mode}, 'fallback', '$usage_mode');
        }
        is($res->{headers}{'retry-after'}[0], 17,
            'a 429 is passed on with its Retry-After') if $status == 429;
    }
    for my $status (400, 401, 403, 429) {
        $legacy->faults({ fault => 'status', status => $status, form => 'html' });
        $res = call($nginx);
        is($res->{status}, $status, "$status of a server is its answer");
        like($res->{body}, qr/<html>/i, "a $status of a server is passed on as it came");
    }
    is(scalar @{ $sim->calls }, 0, 'no successor was asked');

    $legacy->faults({ fault => 'chunked' });
    is_answered(call($nginx), 'an answer in chunks is passed on');
    $legacy->faults({ fault => 'drip', piece => 100, ms => 1 });
    is_answered(call($nginx), 'an answer in pieces is passed on');
    $legacy->faults;
    unlike($nginx->error_log, qr/usage:/, 'nothing to say');
    $nginx->stop_ok;
};

subtest 'what is no answer' => sub {
    my @html   = (form => 'html');
    my $nobody = Usage::Nginx->bound;
    my $refuse = '127.0.0.1:' . $nobody->sockport;
    my @cases  = (
        (map { [ "$_ of the API", { fault => 'status', status => $_ } ] } 404, 405, 410, 501),
        (map { [ "$_ of a server", { fault => 'status', status => $_, @html } ] }
            404, 405, 410, 501, 500, 502, 503, 504),
        [ 'APIGW.0101', { fault => 'status', status => 400, code => 'APIGW.0101' } ],
        [ 'a gateway that has nobody behind it',
            { fault => 'status', status => 502, code => 'APIGW.0201' } ],
        [ 'a redirect', { fault => 'status', status => 302, form => 'empty' } ],
        [ 'nothing said', { fault => 'status', status => 500, form => 'empty' } ],
        [ 'a sign-in page', { fault => 'text' } ],
        [ 'an empty body',  { fault => 'empty' } ],
        [ 'half a body',    { fault => 'truncate' } ],
        [ 'bytes that are wrong', { fault => 'garble' } ],
        [ 'a reset',        { fault => 'reset' } ],
        [ 'a reset within', { fault => 'reset', at => 100 } ],
        [ 'the end within', { fault => 'cut' } ],
        [ 'silence',        { fault => 'hang' } ],
        [ 'silence within', { fault => 'hang', at => 100 } ],
        [ 'a connection refused', undef, $refuse ],
        [ "nginx's own 403 on the way", undef, $there, 'return 403;' ],
    );

    # each with an endpoint of its own
    my $nginx = start($there, server => join '', map {
        endpoint("c$_", $cases[$_][2] || $there, $cases[$_][3]) } 0 .. $#cases);

    for my $n (0 .. $#cases) {
        my ($name, $fault, $elsewhere) = @{ $cases[$n] };
        my $mark = $nginx->log_mark;
        $_->clear for $sim, $legacy;
        $legacy->faults($fault || ());
        is_translated(call($nginx, at => "/c$n"), $name);
        given_up($nginx, $mark);
        $legacy->faults;
        is_translated(call($nginx, at => "/c$n"), 'the next call is translated at once');
        ok($nginx->wait_for(sub { asked($legacy) == ($fault ? 2 : 0) }),
            'the endpoint got one call of the client, and one of the gateway') or diag asked($legacy);
        my @lines = grep {/\[warn\].*usage: the legacy endpoint\S* .*; calls are translated/}
            split /\n/, $nginx->error_log($mark);
        is(scalar @lines, 1, 'one line in the error log') or diag $nginx->error_log($mark);
    }
    is_answered(call($nginx), 'another endpoint');
    $nginx->stop_ok;
};

subtest 'a second time' => sub {
    my $nginx = start($there, more => 'usage_fallback_for 1s;', o => { workers => 4 },
        server => endpoint('other', $there)
            . Usage::Nginx->at(always => 'usage_fallback_for 0;', '/in/old'));
    $legacy->clear;
    $legacy->faults({ fault => 'status', status => 410 });
    is_translated(call($nginx), 'the first call of an endpoint that is gone');
    given_up($nginx);
    # (besides the gateway's own)
    ok($nginx->wait_for(sub { asked($legacy) == 2 }), 'the gateway made a call of its own');
    my $asked = sub { asked($legacy) - 1 };

    # all workers know: in each round new connections, and one call that asks
    my $begin = time;
    my $n     = 0;
    until ($asked->() > 3 || time - $begin > 60 * $slow) {
        my @conn = map { $nginx->client } 1 .. 8;
        $_->send($_->format('POST', '/old' . route(), $week, 'X-Auth-Token' => 't')) for @conn;
        my @wrong = grep { $_->{status} != 200 || same_json($_->{body}, $translated) }
            map { $_->response } @conn;
        is(scalar @wrong, 0, '8 calls at once are translated');
        $n += 8;
        sleep 0.1 * $slow;
    }
    my $seconds = time - $begin;
    cmp_ok($asked->(), '>', 3,
        "$n calls in $seconds s: calls of the endpoint: " . $asked->() . ' times');
    cmp_ok($asked->(), '<=', 2 + $seconds, 'the endpoint gets at most one call a second');

    # one asks, and the others don't wait for it
    $legacy->faults({ fault => 'hang' });
    my $before = $asked->();
    my $probe;
    ok($nginx->wait_for(sub {
        $probe = $nginx->client;
        $probe->send($probe->format('POST', '/old' . route(), $week, 'X-Auth-Token' => 't'));
        $nginx->wait_for(sub { $probe->readable || $asked->() > $before }, 1);
        return !$probe->readable && $asked->() > $before;
    }), 'one asks an endpoint that hangs');
    is_translated(call($nginx), 'another call while one waits for the endpoint');
    is($asked->(), $before + 1, 'another call does not go to the endpoint');
    is($probe->response->{status}, 200, 'the call that waited for the endpoint gets a 200');

    $legacy->faults;
    my $res;
    ok($nginx->wait_for(sub { $res = call($nginx); $res->{mode} eq 'fallback' }),
        'an endpoint that is back is noticed');
    is_answered($res, 'the first call after that');
    is_answered(call($nginx), 'the calls after that') for 1 .. 3;
    is($nginx->log_line(qr/answers again/) =~ /\[notice\]/ ? 1 : 0, 1,
        'the log says that the endpoint answers again');

    # what belongs together
    $legacy->faults({ fault => 'status', status => 410, count => 2 });
    my $mark = $nginx->log_mark;
    is_translated(call($nginx), 'the endpoint is gone again');
    given_up($nginx, $mark);
    is_answered(call($nginx, at => '/other'),
        'the endpoint of another location is still asked');
    $legacy->faults({ fault => 'status', status => 501, count => 2 });
    is_translated(call($nginx, at => '/always'),
        'with usage_fallback_for 0 a call is translated') for 1, 2;
    $nginx->stop_ok;
};

subtest "an answer that is the client's doing" => sub {
    my %gives = ('t-301' => reply(301, '', Location => '/'), 't-405' => reply(405, ''),
        't-304' => "HTTP/1.1 304 Not Modified\r\n\r\n", 't-404' => reply(404, ''));
    my $up = Usage::Upstream->start(sub {
        my ($req) = @_;
        my $token = $req->{headers}{'x-auth-token'}[0] // '';
        return { reset => 1 } if $token eq 't-reset';
        return $gives{$token} || ($token
            ? json_reply(200, { desktop_used_info_list => [], total_count => 17 })
            : json_reply(401, { error_code => 'APIGW.0301' }));
    });
    my $nginx = start('127.0.0.1:' . $up->port, o => { log => 'info' });
    $sim->faults({ fault => 'status', status => 401, code => 'APIGW.0301' });
    for my $token (sort keys %gives, 't-reset') {
        $up->clear;
        my $mark = $nginx->log_mark;
        my $res = $nginx->post('/old' . route('demo') . '?a=b', $week, 'X-Auth-Token' => $token,
            Cookie => 'c=1');
        is($res->{status}, 401, "$token: a caller without rights");
        like($nginx->log_line(qr/answers a call of the gateway's own/, $mark),
            qr/\[info\].*usage: the legacy endpoint .*, but answers a call of the gateway's own: it is still asked/,
            "$token: the log says that the endpoint is still asked");
        my ($first, $own) = $up->calls;
        is("$own->{method} $own->{target} $own->{body}", 'POST ' . route('demo') . ' {}',
            "the gateway's own call");
        is(join(' ', sort keys %{ $own->{headers} }), 'content-length content-type host x-request-id',
            "$token: the call of the gateway has no header of the client");
        is($own->{headers}{'x-request-id'}[0], $first->{headers}{'x-request-id'}[0],
            "$token: the call of the gateway leads to the request that caused it");
        like($nginx->post('/old' . route('demo'), $week, 'X-Auth-Token' => 't')->{body},
            qr/"total_count":17/, "$token: other callers still get the answer of the endpoint");
    }
    $sim->faults;
    unlike($nginx->error_log, qr/calls are translated/,
        'an endpoint that answers the gateway is not given up');

    # one that lets callers wait, though it refuses others at once
    $up->stop;
    $up = Usage::Upstream->start(sub {
        my ($req) = @_;
        return $req->{headers}{'x-auth-token'} ? { hang => 1 }
            : json_reply(401, { error_code => 'APIGW.0301' });
    });
    $nginx->stop_ok;
    $nginx = start('127.0.0.1:' . $up->port);
    is_translated(call($nginx), 'a call that the endpoint leaves unanswered');
    given_up($nginx);
    $up->clear;
    is_translated(call($nginx), 'the call after a silence');
    is(scalar(() = $up->calls), 0, 'the call after a silence does not go to the endpoint');
    $nginx->stop_ok;
    $up->stop;
};

subtest 'over a reload' => sub {
    my $nginx = start($there);
    $legacy->faults({ fault => 'status', status => 404, count => 2 });
    $legacy->clear;
    is_translated(call($nginx), 'before the reload the endpoint is gone');
    given_up($nginx);
    ok($nginx->reload, 'nginx reloads');
    is_translated(call($nginx), 'after a reload the endpoint is still known to be gone');
    is(asked($legacy), 2, 'after a reload the endpoint is not called');
    $nginx->stop_ok;
};

subtest 'calls that are none' => sub {
    my $nginx = start($there, server => 'location /any/ { rewrite ^/any(/.*) $1 break;
        usage_translate /in/old; }');
    $legacy->clear;
    error_is($nginx->request('GET', '/old' . route()), 405, 'another method',
        headers => { Allow => qr/\APOST\z/ });
    error_is($nginx->post('/any/v2/x', ''), 404, 'another path');
    is(asked($legacy), 0, 'another method or path is not passed on');
    is(call($nginx, body => '{"limit":101}')->{mode}, 'fallback', 'a wrong body is passed on');
    is(asked($legacy), 1, 'a wrong body is for the endpoint to refuse');
    is_answered(call($nginx), 'the call after that');
    $legacy->faults({ fault => 'status', status => 410 });
    my $res = call($nginx, body => '{"limit":101}');
    error_is($res, 400, 'or for the translation', detail => qr/limit/);
    $legacy->faults;
    $nginx->stop_ok;
};

subtest 'the call as it came' => sub {
    my $up = Usage::Upstream->start(sub {
        my ($req) = @_;
        return reply(200, '{"desktop_used_info_list":[],"total_count":0}',
            'Content-Type' => 'application/json; charset=utf-8', 'X-Own' => 'yes',
            'Set-Cookie' => 'a=1', 'Set-Cookie' => 'b=2', 'Deprecation' => '@1', Link => '<a>');
    });
    my $nginx = start('127.0.0.1:' . $up->port, o => { location => 'client_body_buffer_size 1k;' });
    my %sent = (
        'X-Auth-Token' => 't' x 60_000, 'X-Sdk-Date' => '20260102T030405Z', Cookie => 'a=1',
        'Content-Type' => 'text/x', 'X-Anything' => "b\xc3\xa9", 'X-Project-Id' => 'p-1',
        'X-Security-Token' => 's', 'X-Sdk-Content-Sha256' => 'e3b0', 'X-Request-Id' => 'r',
        traceparent => 'tp', 'User-Agent' => 'u',
        Authorization => 'SDK-HMAC-SHA256 Access=AK, '
            . 'SignedHeaders=cookie;host;x-anything;x-sdk-date, Signature=ab',
    );
    my $get = sub {
        my ($body, %more) = @_;
        $up->clear;
        my $res = $nginx->post('/old' . route('p-1') . '?x=%2F%20+&y', $body, %sent, %more);
        is($res->{status}, 200, 'the call is a 200') or diag $res->{body};
        my ($call) = $up->calls;
        is($call->{method} . ' ' . $call->{target}, 'POST ' . route('p-1') . '?x=%2F%20+&y',
            'the URI is as the client sent it');
        is($call->{body} // '', $body // '', 'the body is as the client sent it');
        is(join('|', @{ $call->{headers}{ lc $_ } || [] }), $sent{$_}, $_) for sort keys %sent;
        return ($res, $call);
    };
    my ($res) = $get->($week);
    is($res->{headers}{'x-own'}[0], 'yes', 'the client gets the headers of the reply');
    is($res->{headers}{'content-type'}[0], 'application/json; charset=utf-8',
        'the client gets the type of the reply');
    is_deeply($res->{headers}{'set-cookie'}, [ 'a=1', 'b=2' ],
        'the client gets the cookies of the reply');
    is_deeply($res->{headers}{deprecation}, ['@1752451200'],
        'Deprecation is that of the gateway alone');
    $get->($_) for '', "\0\xff" x 300_000, undef;

    my (undef, $call) = $get->($week, 'Accept-Encoding' => 'gzip');
    is($call->{headers}{'accept-encoding'}, undef, 'Accept-Encoding is not passed on');
    $sent{Authorization} = 'SDK-HMAC-SHA256 Access=AK, SignedHeaders=Accept-Encoding;cookie;host;x-anything, '
        . 'Signature=ab';
    (undef, $call) = $get->($week, 'Accept-Encoding' => 'gzip');
    is($call->{headers}{'accept-encoding'}[0], 'gzip',
        'Accept-Encoding is passed on if it is signed');

    # what the call doesn't need, and isn't signed
    my %other = (Cookie => 'a=1', 'X-Anything' => 'a', 'X-Forwarded-Proto' => 'http',
        'X-HTTP-Method-Override' => 'DELETE', 'If-None-Match' => '*', Range => 'bytes=0-1',
        'If-Modified-Since' => 'Thu, 01 Jan 2099 00:00:00 GMT', Accept => 'text/html',
        Expect => '', Upgrade => 'h2c', TE => 'trailers', 'X-Original-URL' => '/');
    $up->clear;
    $res = $nginx->post('/old' . route('p-1'), $week, 'X-Auth-Token' => 't', %other);
    is($res->{status}, 200, 'a call with headers that are of no use is a 200');
    ($call) = $up->calls;
    is(join(' ', sort keys %{ $call->{headers} }), 'content-length host x-auth-token x-request-id',
        'headers that are of no use and not signed are not passed on, X-Request-Id is added');
    is_deeply($call->{headers}{'x-request-id'}, $res->{headers}{'x-request-id'},
        'X-Request-Id is that of the reply');

    $up->clear;
    my $c = $nginx->client;
    $c->send('POST /old' . route('p') . " HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
        . "\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n");
    is($c->response->{status}, 200, 'a chunked body is a 200');
    is(($up->calls)[0]{body}, 'abcdefg', 'a chunked body is passed on whole');
    is($c->post('/old' . route('p'), $week)->{status}, 200,
        'the next call on the connection is a 200');
    $nginx->stop_ok;

    SKIP: {
        skip 'without HTTP/2', 1 if Usage::Nginx->options !~ /http_v2_module/;
        $nginx = start('127.0.0.1:' . $up->port, o => { http2 => 1 });
        my $h = Usage::H2->new(port => $nginx->port, timeout => Usage::Nginx->patience(20));
        $up->clear;
        my @ids = map { $h->post('/old' . route("p$_"), 'x-auth-token' => "t$_") } 1 .. 4;
        $h->body($ids[$_], $week . ' ' x ($_ * 20_000)) for 0 .. $#ids;
        is($h->response($_)->{status}, 200, 'each stream of HTTP/2 is a 200') for @ids;
        my %calls = map { $_->{path} => $_ } $up->calls;
        is(length $calls{ route("p$_") }{body}, length($week) + ($_ - 1) * 20_000, 'its body')
            for 1 .. 4;
        $h->close;
        $nginx->stop_ok;
    }
    $up->stop;
};

subtest 'a reply in gzip all the same' => sub {
    my $nginx = start($there);
    $legacy->faults({ fault => 'gzip' });
    my $res = call($nginx);
    is($res->{status}, 200, 'a reply in gzip is a 200');
    is($res->{headers}{'content-encoding'}[0], 'gzip', 'a reply in gzip is passed on as it is');
    is($res->{mode}, 'fallback', 'a reply in gzip is the answer');
    $legacy->faults({ fault => 'gzip' }, { fault => 'status', status => 410 });
    is_translated(call($nginx), 'a translated call while the endpoint is gone');
    $legacy->faults;
    $nginx->stop_ok;
};

subtest 'a limit on the way' => sub {
    my $nginx = start($there, more => 'limit_req_zone all zone=all:1m rate=20r/s;',
        proxy => 'limit_req zone=all burst=20;');
    my @conn = map { $nginx->client } 1 .. 5;
    $_->send($_->format('POST', '/old' . route(), $week, 'X-Auth-Token' => 't')) for @conn;
    is($_->response->{body}, $answered, 'a call that is held') for @conn;
    $nginx->stop_ok;
};

subtest 'a client that leaves' => sub {
    my $nginx = start($there, timeout => 60 * $slow);
    $legacy->faults({ fault => 'hang' });
    $legacy->clear;
    my $c = $nginx->client;
    $c->send($c->format('POST', '/old' . route(), $week, 'X-Auth-Token' => 't'));
    ok($nginx->wait_for(sub { asked($legacy) == 1 }), "the client's call is at the endpoint");
    $c->close;
    ok($nginx->wait_for(sub { (($nginx->access_lines)[-1] // '') =~ /"status":499/ }),
        'the access log says 499 at once');
    $legacy->faults;
    is_answered(call($nginx), 'says nothing of the endpoint');
    $nginx->stop_ok;

    $nginx = start($there, timeout => 12);
    $legacy->faults({ fault => 'hang' });
    $legacy->clear;
    $c = $nginx->client;
    $c->send($c->format('POST', '/old' . route(), $week, 'X-Auth-Token' => 't'));
    ok($nginx->wait_for(sub { asked($legacy) == 1 }), 'the endpoint hangs again');
    # (an endpoint has a third of usage_timeout, and a quarter of that is a sign)
    sleep 1.1;
    $c->close;
    given_up($nginx);
    is_translated(call($nginx), 'late is a sign');
    $legacy->faults;
    $nginx->stop_ok;
};

# --- Switched off under load, in every way there is.

for my $way (
    [ 'gone',    sub { $_[0]->faults({ fault => 'status', status => 410 }) } ],
    [ 'hanging', sub { $_[0]->faults({ fault => 'hang' }) } ],
    [ 'dying in the middle of replies',
        sub { $_[0]->faults({ fault => 'reset', at => 300, count => 20 },
            { fault => 'cut', skip => 20, count => 20 }); $_[0]->stop } ],
    [ 'refused', sub { $_[0]->stop } ],
    )
{
    my ($name, $off) = @$way;
    subtest "switched off under load: $name" => sub {
        my $old = Usage::Sim->start;
        $old->alter(desktop => $id, date => '2022-12-10', seconds => 36_000);
        $old->config(delay_ms => '1-20');
        my $nginx = start('127.0.0.1:' . $old->port, o => { workers => 2 });

        pipe my $in, my $out or die $!;
        my $pid = fork // die "fork: $!";
        if (!$pid) {
            close $in;
            my $stop = 0;
            local $SIG{TERM} = sub { $stop = 1 };
            my (%seen, @conn);
            my $text;
            push @conn, $nginx->client for 1 .. 20;
            $text ||= $conn[0]->format('POST', '/old' . route(), $week, 'X-Auth-Token' => 't');
            until ($stop && $seen{translated}) {
                $_->send($text) for @conn;
                for (@conn) {
                    my $res  = $_->response;
                    my $what = $res->{error} || $res->{status};
                    $what = $res->{body} eq $answered ? 'answered'
                        : same_json($res->{body}, $translated) ? 'wrong' : 'translated'
                        if $what eq '200';
                    $seen{$what}++;
                    syswrite $out, "first $what\n" if $seen{$what} == 1;
                }
            }
            syswrite $out, "$_ $seen{$_}\n" for sort keys %seen;
            POSIX::_exit(0);
        }
        close $out;
        is(readline $in, "first answered\n", 'a call is under way at the endpoint');
        $off->($old);
        is(readline $in, "first translated\n", 'the other calls are translated');
        kill 'TERM', $pid;
        my %seen = map { /\A(\w+) (\d+)\n/ ? ($1 => $2) : ($_ => 1) } <$in>;
        waitpid $pid, 0;
        note(join ', ', map { "$_ $seen{$_}" } sort keys %seen);
        is(join(' ', sort keys %seen), 'answered translated',
            'no call is lost, and none is wrong');
        $nginx->stop_ok;
    };
}

is($_->stop, 0, 'a simulator stops') for $sim, $legacy;
done_testing();
