# SPDX-License-Identifier: BSD-2-Clause
#
# Signed calls in passthrough, compare and fallback: with its key in
# usage_credentials, a call is verified and signed anew for the legacy endpoint;
# without, it goes there as it came.  The simulator verifies what it gets.

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use Test::More;

use Usage::H2;
use Usage::Nginx;
use Usage::Signer;
use Usage::Sim;
use Usage::Test;
use Usage::Upstream qw(json_reply page row);

my %keys = (
    AKONE  => { sk => 'sk-of-one-4711' },
    AKFILE => { sk => 'sk-of-two-0815', security_token => 'token-of-the-file' },
);
my $file = Usage::Signer->file(\%keys);
my $sim  = Usage::Sim->start(args => [ '--seed', 3, '--desktops', 12, map {
    ('--access-key', join ':', $_, grep {defined} @{ $keys{$_} }{qw(sk security_token)})
} sort keys %keys ]);
my $port = $sim->port;

my $one = Usage::Signer->new(host => 'gateway.test', ak => 'AKONE', sk => $keys{AKONE}{sk});
my $two = $one->with(ak => 'AKFILE', sk => $keys{AKFILE}{sk});

my %week = (start_time => day(-9), end_time => day(-3));
my $week = $json->encode(\%week);
my $patience = Usage::Nginx->patience(20);

# A location for the legacy call, and what lies behind its prefix.
sub location {
    my ($name, $mode, $endpoint, $more) = @_;
    return Usage::Nginx->at($name => "usage_mode $mode; " . ($more // ''), "/in/$name")
        . "location ~ ^/in/$name(?<path_$name>/v2/[^/]+/desktops/statistics/used)\$ {
            internal; rewrite ^ \$path_$name break; $endpoint }
        location /in/$name/ { internal; proxy_pass http://127.0.0.1:$port/; }";
}

my %modes = (pass => 'passthrough', compare => 'compare', old => 'fallback',
    gone => 'fallback:translate');
my @modes = sort keys %modes;
my $real  = 'proxy_pass http://successors;';

my $nginx = Usage::Nginx->start(
    upstream => $port,
    log      => 'info',
    http     => "usage_credentials $file; usage_timeout ${patience}s;
        client_body_buffer_size 1k; client_max_body_size 9m;
        usage_replay zone=replay:1m;
        log_format own '\$http_x_request_id \$http_x_sdk_date \$uri';
        access_log %%PREFIX%%/own.log own; access_log %%PREFIX%%/access.log usage;",
    server   => join('',
        location(pass    => 'passthrough', $real),
        location(compare => 'compare',     $real),
        location(skipped => 'compare',     $real, 'usage_compare_sample off;'),
        location(old     => 'fallback',    $real),
        location(gone    => 'fallback',    'proxy_pass http://127.0.0.1:1;'),
        location(host    => 'passthrough', "$real proxy_set_header Host service.example.com;",
            'usage_sign_host service.example.com;'),
        location(nohost  => 'passthrough', $real, 'usage_sign_host $arg_none;'),
        location(direct  => 'passthrough', "$real proxy_request_buffering off;
            proxy_http_version 1.1;"),
        location(backup  => 'passthrough', 'proxy_pass http://127.0.0.1:1;
            error_page 502 = @backup;'),
        "location \@backup { rewrite ^/in/backup(/.*) \$1 break; $real }",
        location(page    => 'passthrough', 'proxy_pass http://127.0.0.1:1;
            error_page 502 /sorry.gif;'),
        'location = /sorry.gif { empty_gif; }',
        location(anew    => 'passthrough', 'proxy_pass http://127.0.0.1:1;
            error_page 502 = @anew;'),
        'location @anew { rewrite ^/in/anew(/.*) $1 break; usage_translate /in/anew; }',
        location(off     => 'passthrough', $real, 'usage_credentials off;'),
    ),
);

my $serial = 0;

# A call, signed unless its headers are given.  {legacy}, {calls}: what the
# legacy endpoint got, and the successors.
sub ask {
    my ($at, $body, %o) = @_;
    my $target = "/$at" . ($o{target} // route());
    my $id = 'm-' . ++$serial;
    my @headers = $o{headers} ? @{ $o{headers} } : ($o{who} // $one)->headers(
        target => $target, body => $o{text} // $body, %{ $o{sign} || {} },
        headers => { 'X-Serial' => $id, %{ $o{signed} || {} } });
    $sim->clear;
    my $mark = $nginx->log_mark;
    my $res = $nginx->post($target, $body, @headers, @{ $o{more} || [] }, 'X-Request-Id' => $id);
    $res->{mode} = $nginx->logged($id)->{mode};
    $res->{said} = $nginx->log_line(qr/usage: (?:a call is not )?compared/, $mark)
        if $at eq 'compare' && $res->{status} == 200;
    push @{ $res->{ $_->{api} eq 'legacy' ? 'legacy' : 'calls' } }, $_ for @{ $sim->calls };
    return $res;
}

# The endpoint answered what is true to a call that is signed right, or the
# translation is true.
sub answered {
    my ($at, $body, $name, %o) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $res = ask($at, $body, %o);
    $name = "$at, $name";
    return fail("$name: $res->{status}") || diag($res->{body}) if $res->{status} != 200;
    is(same_json($res->{body}, ($sim->legacy($o{text} // $body))[2]), '', "$name: true");
    is($res->{mode}, $modes{$at}, "$name: \$usage_mode") if $modes{$at};
    like($res->{said}, qr/compared: equal, [1-9]/, "$name: the translation is the same")
        if $at eq 'compare';
    my @calls = map { @{ $_ || [] } } @$res{qw(legacy calls)};
    my @wrong = grep { ($_->{signature} || '') ne 'valid' } @calls;
    ok(@calls && !@wrong, "$name: " . @calls . ' calls, each signed')
        or diag($json->encode($wrong[0] || 'no calls'));
    return $res if $at eq 'gone';
    is(scalar @{ $res->{legacy} || [] }, 1, "$name: the endpoint is asked once");
    return $res;
}

subtest 'in each mode' => sub {
    my %large = (%week, desktop_ids => [ $sim->desktops->[3],
        map { "nobody-$_-" . 'x' x 60 } 1 .. 100 ]);
    my $large = $json->encode(\%large);
    my $chunked = join('', map { sprintf "%x\r\n%s\r\n", length, $_ }
        unpack '(a1000)*', $large) . "0\r\n\r\n";

    for my $at (@modes, 'skipped') {
        answered($at, $week, 'a small body');
        answered($at, $large, 'a body in a file');
        answered($at, $chunked, 'a body in chunks', text => $large,
            more => [ 'Transfer-Encoding' => 'chunked' ]);
        answered($at, $_, "\"$_\"") for near_midnight() ? () : ('{}', '');
        answered($at, $week, 'a query, an escape', target => route('d%65mo') . '?b=2&a=%20+~');
        answered($at, $week, "the body's hash in a header",
            signed => { 'X-Sdk-Content-Sha256' => sha256_hex($week) });
        answered($at, $week, 'a project, a type', signed => {
            'X-Project-Id' => 'demo', 'content-type' => 'application/json' });
        answered($at, $week, 'a project that is not signed',
            more => [ 'X-Project-Id' => 'another' ]);
        answered($at, $week, "the file's token", who => $two);
        answered($at, $week, "the client's token, signed", who => $two,
            sign => { security_token => $keys{AKFILE}{security_token} });
        answered($at, $week, 'a token that is not signed', who => $two,
            more => [ 'X-Security-Token' => 'of somebody else' ]);
    }
};

subtest 'what is sent' => sub {
    my $date = $one->date(time - 300);
    for my $at (qw(pass old)) {
        my $res = answered($at, $week, 'headers', sign => { date => $date },
            more => [ 'X-Project-Id' => 'another', 'X-Sdk-Content-Sha256' => sha256_hex($week),
                'User-Agent' => 'mine' ]);
        my %sent = map { $_ => 1 } @{ $res->{legacy}[0]{header_names} };
        ok(!$sent{$_}, "$at: no $_") for qw(x-project-id x-sdk-content-sha256);
        is($res->{legacy}[0]{headers}{host}, 'successors', "$at: the endpoint's host");
        is($res->{legacy}[0]{headers}{'user-agent'}, 'mine', "$at: others go along");
    }

    my $res = answered('host', $week, 'another host');
    is($res->{legacy}[0]{headers}{host}, 'service.example.com', 'the one of usage_sign_host');
    $res = ask('nohost', $week);
    error_is($res, 500, 'a usage_sign_host that is empty');

    like($nginx->_slurp('own.log'), qr{^m-\d+ $date /v2/demo/}m,
        "logs have the client's own date");

    answered($_, $week, 'a location of its own') for qw(direct backup gone);
    $res = ask('anew', $week);
    is($res->{status}, 200, 'error_page may lead to a translation');
    is($res->{mode}, 'translate', 'error_page may lead to a translation: $usage_mode');
    like(ask('page', $week)->{body}, qr/\AGIF/, 'error_page may be of another handler');
};

subtest 'other methods' => sub {
    my $target = '/pass' . route();
    for ([ GET => 405, 'as it is signed' ], [ PUT => 401, 'as it is not' ]) {
        my ($method, $status, $name) = @$_;
        is($nginx->request($method, $target, undef, $one->headers(method => 'GET',
            target => $target))->{status}, $status, "$method, $name: $status");
    }
};

subtest 'HTTP/2' => sub {
    my $h2 = Usage::Nginx->start(upstream => $port, http2 => 1,
        http => "usage_credentials $file; usage_mode passthrough;");
    my $c = Usage::H2->new(port => $h2->port, timeout => $patience);
    my %headers = $one->headers(target => route(), body => $week);
    delete $headers{Host};
    for ([ $week, 200, 'valid' ], [ "$week ", 401 ]) {
        my ($body, $status, @says) = @$_;
        $sim->clear;
        my $id = $c->post(route(), %headers);
        $c->body($id, $body);
        is($c->response($id)->{status}, $status, "a stream: $status");
        is_deeply([ map { $_->{signature} } @{ $sim->calls } ], \@says, 'what was sent');
    }
    $c->close;
    $h2->stop_ok;
};

subtest 'what does not verify' => sub {
    my $refused = sub {
        my ($at, $name, $status, $detail, $body, %o) = @_;
        my $res = ask($at, $body, %o);
        error_is($res, $status, "$at, $name", detail => $detail);
        ok(!$res->{legacy} && !$res->{calls}, "$at, $name: no upstream call");
        return $res;
    };
    for my $at (@modes, 'skipped') {
        my $target = "/$at" . route();
        my $old = $one->date(time - 3600);
        my %sent = $one->headers(target => $target, body => $week, headers => { 'X-Once' => 1 });
        my $log = $nginx->log_mark;
        $refused->($at, 'another body', 401, qr/signature differs/, "$week ",
            headers => [%sent]);
        like($nginx->log_line(qr/answered 401: the signature differs/, $log),
            qr/; access key: AKONE/, "$at: the error log tells whose");
        $refused->($at, 'another secret', 401, qr/signature differs/, $week,
            who => $one->with(sk => 'wrong'));
        $refused->($at, 'a date', 401, qr/which is 36\d\d seconds ago/, $week,
            sign => { date => $old });
        $refused->($at, 'another form', 401, qr/has not the form/, $week,
            headers => [ %{ { %sent, Authorization => 'SDK-HMAC-SHA256 Access=AKONE, -' } } ]);
        $refused->($at, 'another hash', 401, qr/X-Sdk-Content-Sha256 is/, $week,
            signed => { 'X-Sdk-Content-Sha256' => 'UNSIGNED-PAYLOAD' });
        $refused->($at, 'a token that is not signed', 401, qr/X-Security-Token is sent/, $week,
            headers => [ %sent, 'X-Security-Token' => 'x' ]);

        # (a signature that was refused is not remembered)
        answered($at, $week, 'the signature itself', headers => [%sent]);
        $refused->($at, 'the same once more', 401, qr/came with another request before/, $week,
            headers => [%sent]);
    }
    $refused->('pass', 'too large', 413, qr/allowed: at most/, 'x' x (8 * 1024 * 1024 + 1));
};

subtest 'after the endpoint is gone' => sub {
    $sim->faults({ fault => 'status', status => 429, retry_after => 1, count => 2 });
    my $res = answered('gone', $week, 'two 429');
    is(scalar(grep { $_->{status} == 429 } @{ $res->{calls} }), 2, 'two calls were made again');
    $sim->faults;
    like($nginx->error_log, qr/calls are translated, and it is asked again/, 'the breaker is open');
};

# What the gateway can't verify, it doesn't touch.
subtest 'as it came' => sub {
    my $up = Usage::Upstream->start(sub {
        my ($req) = @_;
        return $req->{path} =~ /metrics/
            ? json_reply(200, page($req, [ row('d1', 3600) ]))
            : json_reply(200, { desktop_used_info_list => [], total_count => 0 });
    });
    my $there = Usage::Nginx->start(upstream => $up->port, http => "usage_credentials $file;",
        server => join '', map { Usage::Nginx->at($_ => "usage_mode $_;") }
            qw(passthrough compare fallback));
    my $unknown = $one->with(ak => 'AKNOBODY', sk => 'x');
    my %own = $one->headers(target => '/x', body => $week);

    for my $at (qw(passthrough compare fallback)) {
        my $target = "/$at" . route();
        for ([ 'a key that is not in the file', $unknown->headers(target => $target, body => $week,
                headers => { 'X-Sdk-Content-Sha256' => sha256_hex($week), 'X-Project-Id' => 'p' }) ],
            [ 'a token beside a wrong signature', %own, 'X-Auth-Token' => 't' ],
            [ 'another algorithm', %own,
                Authorization => 'V11-HMAC-SHA256 Credential=AKONE, Signature=a' ])
        {
            my ($name, @sent) = @$_;
            my %sent = @sent;
            $up->clear;
            my $res = $there->post($target, $week, %sent, 'X-Security-Token' => 's');
            is($res->{status}, 200, "$at, $name: the endpoint answers") or diag $res->{body};
            my ($call) = grep { $_->{path} =~ /used\z/ } $up->calls;
            is($call->{body}, $week, "$at, $name: the body");
            delete @sent{qw(Host X-Other)};
            $sent{'X-Security-Token'} = 's';
            is_deeply({ map { lc, $call->{headers}{ lc $_ } } keys %sent },
                { map { lc, [ $sent{$_} ] } keys %sent }, "$at, $name: the headers");
        }
    }
    $there->stop_ok;
    $up->stop;

    my $res = ask('off', $week);
    is($res->{status}, 401, 'usage_credentials off: the service refuses what it gets');
    like($res->{legacy}[0]{signature}, qr/signature differs/, 'the signature is for another host');
    $res = ask('pass', $week, headers => [ 'X-Auth-Token' => 'token' ]);
    is($res->{status}, 200, 'a token');
    ok(!(grep { $_ eq 'authorization' } @{ $res->{legacy}[0]{header_names} }),
        'nothing is signed then');
};

is(scalar(() = $nginx->error_log =~ /sk-of-/g), 0, 'no secret in the log');
$nginx->stop_ok;
is($sim->stop, 0, 'the simulator stops');

done_testing;
