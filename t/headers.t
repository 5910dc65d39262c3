# SPDX-License-Identifier: BSD-2-Clause
#
# Which headers travel, and which are added (docs/directives.md, "Headers").

use strict;
use warnings;

use IO::Uncompress::Gunzip qw(gunzip);
use POSIX ();
use Test::More;

use Usage::Nginx;
use Usage::Test;
use Usage::Upstream qw(reply json_reply page row);

my @travel = qw(X-Auth-Token X-Project-Id X-Security-Token X-Request-Id
    traceparent User-Agent);

# Statistics of 150 desktops, a directory of one more; some projects fail.
my @rows = map { row("d$_", 3600) } 1 .. 150;
my $upstream = Usage::Upstream->start(sub {
    my ($req) = @_;
    my ($project) = $req->{path} =~ m{\A/v2/([^/]+)/};
    return json_reply(429, '{"error_code":"X.1","error_msg":"m"}')
        if $project eq 'throttled';
    return reply(500, 'no') if $project eq 'broken';
    return json_reply(200, page($req, \@rows), 'Set-Cookie' => 'up=1',
        ETag => '"x"', 'Last-Modified' => 'Fri, 09 Dec 2022 00:00:00 GMT')
        if $req->{path} =~ m{/metrics/};
    return json_reply(200, {
        total_count => 1, desktops => [ { desktop_id => 'other' } ] });
});

my $short = Usage::Nginx->patience(300);
my $all   = 'usage_deprecation 2025-07-14 sunset=2026-12-31'
    . ' link=https://example.com/a?b=c;';
my $nginx = Usage::Nginx->start(
    upstream => $upstream->port,
    http     => q(usage_retention off; usage_retries 0;
        log_format own escape=none '$http_x_request_id|$http_cookie|$http_range|$http_accept_encoding|$content_length|$content_type|$http_if_none_match|$http_x_auth_token|$request_method|$http_x_own';
        access_log %%PREFIX%%/own.log own;),
    server   => join('',
        Usage::Nginx->at(file => 'client_body_buffer_size 1k;'),
        Usage::Nginx->at(gzip => 'gzip on; gzip_types application/json;
            gzip_min_length 1; gzip_proxied any;'),
        Usage::Nginx->at(set => '', '/in/set'),
        Usage::Nginx->at(deprecated => $all),
        Usage::Nginx->at(plain => 'usage_deprecation 2024-02-29;'),
        Usage::Nginx->at(sunset => 'usage_deprecation 1970-01-01 sunset=2038-01-20;'),
        Usage::Nginx->at(linked => 'usage_deprecation 2025-07-14 link=/docs/new;'),
        Usage::Nginx->at(order => 'usage_deprecation 2025-07-14 link=/docs/new sunset=2027-01-01;'),
        Usage::Nginx->at(limited => "$all client_max_body_size 10;"),
        Usage::Nginx->at(hasty => "$all client_body_timeout ${short}ms;"),
        "location /any/ { usage_translate /workspace; $all }
        location /in/set/ {
            internal;
            proxy_pass http://successors/;
            proxy_set_header Host service.example;
            proxy_set_header X-Extra \"extra \$usage_project_id\";
            proxy_set_header X-Project-Id \"\";
        }"
    )
);

my %range = (start_time => '2022-12-09', end_time => '2022-12-10');
my $body  = body(%range, desktop_ids => [ (map { "d$_" } 1 .. 99), 'other' ]);

# Headers of a client that a careless proxy would send on.
my @foreign = (
    'Cookie'              => 'session=Secret1; a=b',
    'Range'               => 'bytes=0-10',
    'If-None-Match'       => '"x"',
    'If-Match'            => '*',
    'If-Modified-Since'   => 'Fri, 09 Dec 2022 00:00:00 GMT',
    'If-Unmodified-Since' => 'Fri, 09 Dec 2039 00:00:00 GMT',
    'If-Range'            => '"x"',
    'Accept-Encoding'     => 'gzip, br',
    'Accept'              => 'application/json',
    'Accept-Language'     => 'de',
    'Accept-Charset'      => 'utf-8',
    'Content-Type'        => 'application/json;charset=utf-8',
    'Content-Language'    => 'de',
    'Content-MD5'         => 'Q2hlY2sgSW50ZWdyaXR5IQ==',
    'Authorization'       => 'SDK-HMAC-SHA256 Access=A, SignedHeaders=host, Signature=0',
    'Proxy-Authorization' => 'Basic Zm9vOmJhcg==',
    'X-Sdk-Date'          => '20221209T000000Z',
    'X-Sdk-Content-Sha256' => 'x',
    'X-Forwarded-For'     => '192.0.2.1',
    'X-Forwarded-Host'    => 'evil.example',
    'X-Real-IP'           => '192.0.2.1',
    'Forwarded'           => 'for=192.0.2.1',
    'Via'                 => '1.1 x',
    'Referer'             => 'http://x.example/',
    'Origin'              => 'http://x.example',
    'TE'                  => 'trailers',
    'Pragma'              => 'no-cache',
    'Cache-Control'       => 'no-cache',
    'Keep-Alive'          => 'timeout=5',
    'DNT'                 => '1',
    'Date'                => 'Fri, 09 Dec 2022 00:00:00 GMT',
    'From'                => 'x@example.com',
    'Max-Forwards'        => '3',
    'Upgrade'             => 'h2c',
    'Warning'             => '199 - x',
    'X-Auth-Tokens'       => 'x',
    'X-Auth'              => 'x',
    'XX-Auth-Token'       => 'x',
    'tracestate'          => 'x=1',
    'X-Own'               => 'mine',
    'X-HTTP-Method-Override' => 'DELETE',
);

my @mine = (
    'X-Auth-Token'     => 'Token/+=1',
    'X-Project-Id'     => 'demo',
    'X-Security-Token' => 'Security==',
    'X-Request-Id'     => 'req-1',
    'traceparent'      => '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    'User-Agent'       => 'huaweicloud-usdk-go/3.0 (x; y)',
);
my %mine = @mine;

sub upstream_is {
    my ($name, %want) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my @calls = $upstream->calls;
    $upstream->clear;
    my ($id) = map { @{ $_->{headers}{'x-request-id'} || [] } } @calls;
    $want{'X-Request-Id'} //= ($id // '') =~ /\A[0-9a-f]{32}\z/ ? $id : q(one of nginx's own);
    my %may = map { lc $_ => 1 } 'Host', 'Connection', keys %want;
    my @wrong;
    for my $call (@calls) {
        my $at = "$call->{method} $call->{path}";
        push @wrong, "$at: not GET" if $call->{method} ne 'GET';
        push @wrong, "$at: a body"  if defined $call->{body};
        for (keys %{ $call->{headers} }) {
            push @wrong, "$at: $_: @{ $call->{headers}{$_} }" unless $may{$_};
        }
        for (keys %want) {
            my $have = $call->{headers}{ lc $_ } || [];
            push @wrong, "$at: $_: @$have"
                if @$have != 1 || $have->[0] ne $want{$_};
        }
    }
    ok(@calls && !@wrong, $name)
        or diag(join "\n", scalar(@calls) . ' calls', splice @wrong, 0, 10);
    return @calls;
}

subtest 'the headers named travel, the others stay' => sub {
    my $conn = $nginx->client;
    my $res  = $conn->post(route(), $body, @mine, @foreign);
    is($res->{status}, 200, 'a call with many headers is a 200');
    is(decode($res->{body})->{total_count}, 100,
        'a call with many headers gets the whole reply');
    my @calls = upstream_is('all headers that travel, and no others', %mine);
    cmp_ok(scalar @calls, '>=', 3, 'there are calls of statistics and directory');
    ok(scalar(grep { $_->{path} =~ m{/desktops\z} && $_->{path} !~ /metrics/ }
        @calls), 'the directory gets them');

    $res = $conn->post('/file' . route(),
        body(%range, desktop_ids => [ map { "d$_-" . 'x' x 200 } 1 .. 200 ]),
        @mine, @foreign);
    is($res->{status}, 200, 'a call with a body in a file is a 200');
    upstream_is('the same headers travel with a body in a file', %mine);

    $conn->send($conn->format('POST', route(), undef, @mine, @foreign,
        'Transfer-Encoding' => 'chunked')
        . sprintf("%x\r\n%s\r\n0\r\nX-Trailer: x\r\n\r\n", length $body, $body));
    is($conn->response->{status}, 200, 'a call with a chunked body and a trailer is a 200');
    upstream_is('the same headers travel with a chunked body', %mine);

    is($conn->post(route(), undef, 'Content-Length' => undef, @mine,
        @foreign)->{status}, 200, 'a call without a body is a 200');
    upstream_is('the same headers travel without a body', %mine);
};

subtest 'the client\'s request stays what it was' => sub {
    my $log;
    $nginx->wait_for(sub {
        open my $fh, '<', $nginx->prefix . '/own.log' or return;
        ($log) = <$fh>;
        return defined $log && $log =~ /\n/;
    });
    my %h = @foreign;
    is($log, join('|', 'req-1', @h{qw(Cookie Range Accept-Encoding)},
        length $body, @h{qw(Content-Type If-None-Match)}, 'Token/+=1', 'POST',
        'mine') . "\n", 'the access log has the headers of the client');
};

subtest 'what the client does not send is not made up' => sub {
    my $conn = $nginx->client;
    is($conn->post(route(), $body)->{status}, 200, 'a call without these headers is a 200');
    upstream_is('no header is made up but X-Request-Id');

    for (@travel) {
        is($conn->post(route(), $body, $_ => $mine{$_})->{status}, 200,
            "only $_");
        upstream_is('only that upstream', $_ => $mine{$_});
    }
    is($conn->post(route(), $body, (map { $_ => $mine{$_} } reverse @travel),
        @foreign)->{status}, 200, 'a call with the headers in another order is a 200');
    upstream_is('the same headers travel in another order', %mine);
};

subtest 'the letter case of names' => sub {
    my $conn = $nginx->client;
    $conn->post(route(), $body, map { lc($_) => $mine{$_} } @travel);
    upstream_is('lower', %mine);
    $conn->post(route(), $body, map { uc($_) => $mine{$_} } @travel);
    upstream_is('upper', %mine);
};

subtest 'values' => sub {
    my $conn = $nginx->client;
    for ("\xc3\xa9\xe2\x82\xac", "caf\xe9", 'a"b\\c', '%0d%0aX-Evil: 1', 'a b;c,d',
        '$http_cookie', '=?utf-8?q?x?=', "a\tb")
    {
        my %want = map { $_ => "$mine{$_} ($_)" } @travel;
        $want{'X-Auth-Token'} = $_;
        $want{'X-Project-Id'} = 'demo';
        delete $want{'X-Request-Id'};
        is($conn->post(route(), $body, %want)->{status}, 200,
            'a call with such a value is a 200');
        upstream_is(sprintf('%vd as it is', $_), %want);
    }
};

# A reply has this X-Request-Id, and no other; undef: one of nginx's own.  Returns
# it.
sub id_is {
    my ($res, $want, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $have = $res->{headers}{'x-request-id'} || [];
    like("@$have", defined $want ? qr/\A\Q$want\E\z/ : qr/\A[0-9a-f]{32}\z/, $name);
    return $have->[0];
}

subtest 'X-Request-Id' => sub {
    my $conn = $nginx->client;
    for ('req-1', 'x' x 128, '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~', '0') {
        id_is($conn->post(route(), $body, 'X-Request-Id' => $_), $_,
            'the reply has the client\'s: ' . substr $_, 0, 40);
        upstream_is('and so have the upstream calls', 'X-Request-Id' => $_);
    }
    my %seen;
    for (undef, 'x' x 129, 'a b', "a\tb", "caf\xe9", "a\x7f", '') {
        my $id = id_is($conn->post(route(), $body, 'X-Request-Id' => $_), undef,
            'nginx\'s own, for ' . (defined $_ ? sprintf '%vd', substr $_, 0, 9 : 'none'));
        upstream_is('it is that of the upstream calls, too', 'X-Request-Id' => $id);
        $seen{$id}++;
    }
    is(scalar keys %seen, 7, 'each request has another');
    id_is($conn->post(route(), $body, map { ('X-Request-Id', $_) } 'a', 'b'), undef,
        'nginx\'s own, for two');
    $upstream->clear;

    my @id = ('X-Request-Id' => 'mine');
    for ([ 400, '', route(), '{"limit":-1}' ], [ 404, '/any/thing', '', $body ],
        [ 429, '', route('throttled'), $body ], [ 502, '', route('broken'), $body ],
        [ 413, '/limited', route(), $body ])
    {
        my ($status, $at, $route, $text) = @$_;
        my $res = $nginx->post("$at$route", $text, @id);
        is($res->{status}, $status, "a $status");
        id_is($res, 'mine', "the client's on a $status");
        id_is($nginx->post("$at$route", $text), undef, "nginx's own on a $status");
    }
    my $res = $nginx->request('GET', route(), undef, @id);
    is($res->{status}, 405, 'a 405');
    id_is($res, 'mine', "the client's on a 405");
    my $c = $nginx->client;
    $c->send($c->format('POST', '/hasty' . route(), '{', 'Content-Length' => 9, @id));
    id_is($c->response, 'mine', "the client's on a 408");
    $upstream->clear;
};

# Else the service might answer for one project, and the gateway keep it for
# another.
subtest 'another project' => sub {
    my $conn = $nginx->client;
    for my $other ([ 'another' ], [ 'Demo' ], [ 'dem' ], [ 'demo,demo' ], [ '' ],
        [ 'demo', 'another' ], [ 'another', 'demo' ], [ 'demo', '' ])
    {
        my $res = $conn->post(route(), $body, 'X-Auth-Token' => 'token',
            map { ('X-Project-Id', $_) } @$other);
        my ($wrong) = grep { $_ ne 'demo' } @$other;
        error_is($res, 400, "'$wrong' of " . @$other, detail =>
            qr/X-Project-Id is \"\Q$wrong\E\"; allowed: the project_id of the path, "demo"/);
    }
    is(scalar $upstream->calls, 0, 'no upstream call');
    is($conn->post(route(), $body, 'X-Auth-Token' => 'token',
        ('X-Project-Id' => 'demo') x 2)->{status}, 200,
            'one X-Project-Id that is sent twice is accepted');
    $upstream->clear;
};

subtest 'long tokens' => sub {
    my $conn = $nginx->client;
    my %want = (%mine,
        'X-Auth-Token'     => join('', map { chr(65 + $_ % 26) } 1 .. 64_000));
    my $res = $conn->post(route(), $body, %want, @foreign);
    is($res->{status}, 200, 'a token of 64,000 characters is accepted');
    upstream_is('upstream', %want);

    $want{'X-Security-Token'} = 'S' x 64_000;
    is($conn->post(route(), body(%range), %want, @foreign)->{status}, 200,
        'two tokens of 64,000 characters are accepted');
    upstream_is('upstream', %want);

    my $many = body(start_time => '2022-12-01', end_time => '2022-12-31');
    is($conn->post(route(), $many, %want)->{status}, 200,
        'two tokens of 64,000 characters on 31 days are accepted');
    my @calls = upstream_is('upstream', %want);
    cmp_ok(scalar @calls, '>=', 62, 'each upstream call has the tokens');
    is($conn->post(route(), $body, %mine)->{status}, 200,
        'the next call on the connection is accepted');
    upstream_is('the next call on the connection has its own headers only', %mine);
};

subtest 'the operator adds and takes away' => sub {
    is($nginx->post('/set' . route(), $body, @mine, @foreign)->{status}, 200,
        'a call by a location that changes headers is a 200');
    my %want = %mine;
    delete $want{'X-Project-Id'};
    $want{'X-Extra'} = 'extra demo';
    $want{Host}      = 'service.example';
    upstream_is('proxy_set_header adds and replaces headers', %want);
};

subtest 'the reply is nginx\'s own' => sub {
    my $res = $nginx->post(route(), $body, @mine, @foreign);
    is($res->{status}, 200, 'neither part nor "not modified"');
    is($res->{headers}{'content-type'}[0] =~ s/;.*//r, 'application/json',
        'the reply has its own Content-Type');
    ok(!$res->{headers}{$_}, "no $_")
        for qw(set-cookie etag last-modified content-range content-encoding);
    is(scalar @{ $res->{headers}{$_} || [] }, 1, "one $_")
        for qw(content-type date server);

    my $zip = $nginx->post('/gzip' . route(), $body, @mine, @foreign);
    is($zip->{headers}{'content-encoding'}[0], 'gzip', 'nginx may compress it');
    my $plain = '';
    gunzip(\$zip->{body} => \$plain);
    is($plain, $res->{body}, 'the gzip reply has the same body');
    $upstream->clear;
};

# --- usage_deprecation

sub deprecation {
    my ($date, $sunset, $link) = @_;
    my $unix = sub { (days_between('1970-01-01', $_[0]) - 1) * 86400 };
    return {
        Deprecation => qr/\A\@@{[ $unix->($date) ]}\z/,
        Sunset      => $sunset ? do {
            local $ENV{LC_ALL} = 'C';
            my $http = POSIX::strftime('%a, %d %b %Y 00:00:00 GMT',
                gmtime $unix->($sunset));
            qr/\A\Q$http\E\z/;
        } : undef,
        Link => $link ? qr/\A<\Q$link\E>; rel="successor-version"\z/ : undef
    };
}

sub headers_are {
    my ($res, $status, $want, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @wrong = $res->{status} == $status ? () : "status $res->{status}";
    for (sort keys %$want) {
        my $have = $res->{headers}{ lc $_ };
        push @wrong, "$_: " . join ' and ', $have ? @$have : '(none)'
            if $want->{$_}
            ? !$have || @$have != 1 || $have->[0] !~ $want->{$_}
            : $have;
    }
    ok(!@wrong, $name) or diag(join "\n", @wrong);
}

subtest 'usage_deprecation' => sub {
    my $full = deprecation('2025-07-14', '2026-12-31',
        'https://example.com/a?b=c');
    is($full->{Deprecation}, qr/\A\@1752451200\z/, 'the day, in seconds');
    is($full->{Sunset}, qr/\A\QThu, 31 Dec 2026 00:00:00 GMT\E\z/, 'as HTTP has it');

    headers_are($nginx->post("/deprecated" . route(), $body), 200, $full,
        'Deprecation, Sunset and Link on a 200');
    headers_are($nginx->post('/plain' . route(), $body), 200,
        deprecation('2024-02-29'), 'a date alone');
    headers_are($nginx->post('/sunset' . route(), $body), 200,
        deprecation('1970-01-01', '2038-01-20'), 'a date and an end');
    headers_are($nginx->post('/linked' . route(), $body), 200,
        deprecation('2025-07-14', undef, '/docs/new'), 'a date and a link');
    headers_are($nginx->post('/order' . route(), $body), 200,
        deprecation('2025-07-14', '2027-01-01', '/docs/new'),
            'the parameters of usage_deprecation in any order');
    headers_are($nginx->post(route(), $body), 200,
        { Deprecation => undef, Sunset => undef, Link => undef },
        'no such headers without the directive');

    # on errors
    headers_are($nginx->post('/deprecated' . route(), '{"limit":-1}'), 400,
        $full, 'the headers on a 400');
    headers_are($nginx->post('/any/thing', $body), 404, $full, 'the headers on a 404');
    headers_are($nginx->request('GET', '/deprecated' . route()), 405,
        { %$full, Allow => qr/\APOST\z/ }, 'the headers on a 405');
    headers_are($nginx->request('HEAD', '/deprecated' . route()), 405, $full,
        'HEAD');
    headers_are($nginx->post('/deprecated' . route('broken'), $body), 502,
        $full, 'the headers on a 502');
    headers_are($nginx->post('/deprecated' . route('throttled'), $body), 429,
        { %$full, 'Retry-After' => qr/\A60\z/ }, '429 of the upstream');
    headers_are($nginx->post('/limited' . route(), $body), 413, $full, 'the headers on a 413');
    my $c = $nginx->client;
    $c->send($c->format('POST', '/hasty' . route(), '{', 'Content-Length' => 9));
    headers_are($c->response, 408, $full, 'the headers on a 408');
};

$nginx->stop_ok;
$upstream->stop;

done_testing();
