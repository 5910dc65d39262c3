# SPDX-License-Identifier: BSD-2-Clause
#
# Calls that are signed with an access key: verified, and signed again for the
# successors (signing.md).  The simulator verifies what it gets; most are signed
# by the vendor's own code.  What is refused: t/sign_refused.t.

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use Test::More;

use Usage::H2;
use Usage::Nginx;
use Usage::Signer;
use Usage::Sim;
use Usage::Test;
use Usage::Upstream qw(json_reply page rows);

my %keys = (
    AKPERMANENT => { sk => 'sk-permanent-4711' },
    AKTEMPORARY => { sk => 'sk-temporary-0815',
        security_token => 'token-of-the-file-' . 'x' x 600 },
    AKBOTH => { sk => 'sk-both-1234' },
);
my $file = Usage::Signer->file(\%keys);

my $sim = Usage::Sim->start(args => [ '--seed', 3, '--desktops', 30, map {
    ('--access-key', join ':', $_, grep {defined} @{ $keys{$_} }{qw(sk security_token)})
} sort keys %keys ]);
my $port = $sim->port;

my $signer = Usage::Signer->new(host => 'gateway.test', ak => 'AKPERMANENT',
    sk => $keys{AKPERMANENT}{sk});
my $temporary = $signer->with(ak => 'AKTEMPORARY', sk => $keys{AKTEMPORARY}{sk});
my $both = $signer->with(ak => 'AKBOTH', sk => $keys{AKBOTH}{sk});

my %week = (start_time => day(-9), end_time => day(-3));
my $patience = Usage::Nginx->patience(20);

sub location {
    my ($name, $text, %o) = @_;
    my $to = $o{to} || "/in/$name";
    return Usage::Nginx->at($name => $o{legacy} || '', $to) . "
        location $to/ { internal; proxy_http_version 1.1;
            proxy_set_header Connection ''; $text }";
}

my $nginx = Usage::Nginx->start(
    upstream => $port,
    log      => Usage::Nginx->options =~ /--with-debug/ ? 'debug' : 'info',
    http     => "usage_credentials $file; usage_timeout ${patience}s;
        usage_store zone=days:1m; resolver 127.0.0.1:1;
        proxy_headers_hash_max_size 1024;",
    location => 'add_header X-Credential $usage_credential always;',
    server   => join('',
        Usage::Nginx->at(off   => 'usage_credentials off;'),
        Usage::Nginx->at(file  => 'client_body_in_file_only clean;'),
        Usage::Nginx->at(small => 'client_body_buffer_size 1k;'),
        Usage::Nginx->at(store => 'usage_store days;'),
        Usage::Nginx->at(records => 'usage_connections on;'),
        location(literal => "proxy_pass http://127.0.0.1:$port/;"),
        location(variable => "set \$to 127.0.0.1:$port;
            rewrite ^/in/variable(/.*) \$1 break; proxy_pass http://\$to;"),
        location(host => "proxy_pass http://successors/;
            proxy_set_header Host service.example.com;",
            legacy => 'usage_sign_host service.example.com;'),
        location(hostvar => "proxy_pass http://successors/;
            proxy_set_header Host \$arg_limit.example.com;",
            legacy => 'usage_sign_host $arg_limit.example.com;'),
        location(elsewhere => "proxy_pass http://successors/;
            proxy_set_header Host elsewhere.example.com;"),
        location(backup => "proxy_pass http://127.0.0.1:%%PORT0%%/;
            error_page 502 = \@backup;"),
        "location \@backup { rewrite ^/in/backup(/.*) \$1 break;
            proxy_pass http://127.0.0.1:$port; }",
        location(page => "proxy_pass http://127.0.0.1:%%PORT0%%/;
            error_page 502 = /in/literal\$page_rest?\$args;
            if (\$uri ~ ^/in/page(/.*)) { set \$page_rest \$1; }"),
        "location / { proxy_pass http://127.0.0.1:$port; }",
    ),
);

# One call, signed by the vendor unless headers are given.  {calls}: what came
# upstream for it.
sub ask {
    my ($who, $body, %o) = @_;
    my $target = ($o{at} ? "/$o{at}" : '') . ($o{target} || route($o{project}));
    $body = $json->encode($body) if ref $body;
    my @headers = $o{headers} ? @{ $o{headers} } : $who->headers(
        target => $target, body => $body, headers => $o{signed}, %{ $o{sign} || {} });
    $sim->clear;
    my $res = $nginx->post($target, $body, @headers, @{ $o{more} || [] });
    $res->{calls} = [ grep { $_->{api} ne 'legacy' } @{ $sim->calls } ];
    return $res;
}

# It was answered with what is true, by calls whose signatures are right.
sub answered {
    my ($res, $body, $name, @query) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return fail("$name: $res->{status}") || diag($res->{body})
        if $res->{status} != 200;
    is(same_json($res->{body}, ($sim->legacy($body, @query))[2]), '', "$name: true");
    my @calls = @{ $res->{calls} };
    my @wrong = grep { ($_->{signature} || '') ne 'valid' } @calls;
    ok(@calls && !@wrong, "$name: " . @calls . ' calls, each signed')
        or diag($json->encode($wrong[0] || 'no calls'));
    return;
}

subtest 'awkward projects' => sub {
    for ('p', '-_-', '0b4a1d3c5e6f47889900aabbccddeeff', 'Z' x 255, 'v2',
        'desktops', '--', '_')
    {
        answered(ask($signer, \%week, project => $_), \%week,
            length > 40 ? 'a long one' : $_);
    }

    # an escape is signed as it is sent (Node, Java), or decoded (Python, Go)
    answered(ask($signer, \%week, project => 'd%65mo'), \%week,
        'an escape in the path that is signed as it is sent');
    my @decoded = $signer->headers(target => route('demo'),
        body => $json->encode(\%week));
    answered(ask(undef, \%week, project => 'd%65mo', headers => \@decoded),
        \%week, 'decoded');
};

subtest 'bodies' => sub {
    my %ids  = (%week, desktop_ids => [ 'a "b" \\ /', "J\x{fc}rgen \x{5f20}",
        @{ $sim->desktops }[ 0, 3 ] ]);
    my %many = (%week, limit => 0,
        desktop_ids => [ map { "nobody-$_-" . 'x' x 60 } 1 .. 300 ]);

    answered(ask($signer, \%ids), \%ids, 'a body of UTF-8');
    answered(ask($signer, JSON::PP->new->utf8->ascii->encode(\%ids)), \%ids,
        'a body with escapes');
    answered(ask($signer, JSON::PP->new->utf8->pretty->encode(\%ids)), \%ids,
        'a body with white space');
    answered(ask($signer, $json->encode(\%week) . "\n"), \%week,
        'a line end behind the body, as Go sends it');

    answered(ask($signer, \%many), \%many, 'a large body');
    answered(ask($signer, \%many, at => 'small'), \%many, 'large, in a file');
    answered(ask($signer, \%week, at => 'file'), \%week, 'small, in a file');

    # (pieces of 1000)
    my $text = $json->encode(\%many);
    my $chunked = join('', map { sprintf "%x\r\n%s\r\n", length, $_ }
        unpack '(a1000)*', $text) . "0\r\n\r\n";
    for ('', 'small') {
        my $target = ($_ ? "/$_" : '') . route();
        answered(ask(undef, $chunked, at => $_, headers => [
            $signer->headers(target => $target, body => $text),
            'Transfer-Encoding' => 'chunked' ]), \%many, "chunked, $_");
    }

    $text = $json->encode(\%week);
    for ([ 'its hash', sha256_hex($text) ], [ 'in capitals', uc sha256_hex($text) ]) {
        answered(ask($signer, $text, signed => { 'X-Sdk-Content-Sha256' => $_->[1] }),
            \%week, "$_->[0] in X-Sdk-Content-Sha256");
    }

    answered(ask($signer, $_), {}, "\"$_\"") for near_midnight() ? () : ('', '{}');
    error_is(ask($signer, '{"limit":101}'), 400, 'one that is wrong: 400, as ever');
};

subtest 'headers' => sub {
    answered(ask($signer, \%week, signed => {
            'content-type' => 'application/json', 'X-Project-Id' => 'demo',
            'User-Agent' => 'huaweicloud-usdk-nodejs/3.0', 'X-Request-Id' => 'r-1',
            'traceparent' => '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }),
        \%week, 'headers as SDKs sign them');
    answered(ask($signer, \%week, signed => {
            map { ("X-Many-$_" => "value $_, \"'; = a:b") } 10 .. 79 }),
        \%week, 'seventy');
    answered(ask($signer, \%week, more => [ 'X-Other' => 'not signed', Cookie => 'a=b' ]),
        \%week, 'headers that are not signed besides');
    answered(ask($signer, \%week, target => route() . '?b=2&a=1&a=0&c=%20%2B~'),
        \%week, 'a query');

    my $body = $json->encode(\%week);
    my $hand = sub {
        my ($target, $names, @headers) = @_;
        return ask(undef, \%week, target => $target, headers => [ @headers,
            Authorization => $signer->hand(target => $target, body => $body,
                headers => \@headers, names => $names) ]);
    };
    my $date = $signer->date(time);
    answered($hand->(route(), 'user-agent;x-project-id;x-sdk-date',
            Host => 'gateway.test', 'User-Agent' => 'huaweicloud-usdk-go/3.0',
            'X-Project-Id' => 'demo', 'X-Sdk-Date' => $date),
        \%week, "Go's: the host isn't signed", -query => 'use_time=string');
    answered($hand->(route(), undef, 'X-Two' => 'b', 'x-two' => 'a',
            Host => 'gateway.test', 'X-Sdk-Date' => $date),
        \%week, 'one sent twice');
    answered($hand->(route(), undef, 'X-Blank' => '  ', 'X-In' => "a  b\t",
            Host => 'gateway.test', 'X-Sdk-Date' => $date),
        \%week, 'white space');

    my $client = $nginx->client;
    $sim->clear;
    $client->send(join "\r\n", 'POST http://gateway.test' . route() . ' HTTP/1.1',
        (map {"$_->[0]: $_->[1]"} do {
            my %h = $signer->headers(target => route(), body => $body);
            map { [ $_ => $h{$_} ] } sort keys %h }),
        'Content-Length: ' . length $body, '', $body);
    answered({ %{ $client->response }, calls => $sim->calls }, \%week,
        'an absolute request line');
};

subtest 'every kind of call' => sub {
    my ($user) = grep { /\A\w+\z/ } map { $_->{user_name} } @{ $sim->users(detail => 1) };
    for ([ 'by the hour', start_time => day(-3), end_time => day(-3),
            group_by_type => 'HOUR' ],
        [ 'of a user', %week, desktop_username => $user ],
        [ 'of some', %week, desktop_ids => [ @{ $sim->desktops }[ 1, 2 ], 'nobody' ] ])
    {
        my ($name, %body) = @$_;
        answered(ask($signer, \%body, at => 'records'), \%body, $name);
    }
};

subtest 'locations of signed calls' => sub {
    for (qw(literal variable host hostvar backup page)) {
        my $res = ask($signer, \%week, at => $_);
        answered($res, \%week, $_);
        my %hosts = map { $_->{headers}{host} => 1 } @{ $res->{calls} };
        like(join(' ', keys %hosts), $_ =~ /host/ ? qr/\A\w+\.example\.com\z/
            : qr/\A127\.0\.0\.1:$port\z/, "$_: its host");
    }

    # (a Host of which the module isn't told)
    my $res = ask($signer, \%week, at => 'elsewhere');
    is($res->{status}, 401, 'another Host than is signed for');
    like($res->{calls}[0]{signature}, qr/differs/, 'the service refuses it');
};

# What docs/clients.md says of them: a signature is passed on, for a Host.
subtest 'other calls' => sub {
    my $target = '/v2/demo/desktops?limit=3&offset=0&desktop_id=%20%2B%2C~a';
    for ([ "the service's name", "127.0.0.1:$port", 200, qr/\Avalid\z/ ],
        [ "the gateway's name", 'gateway.test', 401, qr/signature differs/ ])
    {
        my ($name, $host, $status, $says) = @$_;
        $sim->clear;
        my $res = $nginx->request('GET', $target, undef, $signer->headers(
            method => 'GET', target => $target, host => $host));
        is($res->{status}, $status, "signed for $name");
        like($sim->calls->[0]{signature}, $says,
            "signed for $name: what the service says of the signature");
    }

    my @h = ('X-Sdk-Date' => $signer->date(time), 'User-Agent' => 'huaweicloud-usdk-go/3.0');
    $sim->clear;
    my $res = $nginx->request('GET', $target, undef, @h, Authorization => $signer->hand(
        method => 'GET', target => $target, headers => \@h));
    is($res->{status}, 200, "Go's, for any name");
    is($sim->calls->[0]{signature}, 'valid',
        "Go's, for any name: the service takes the signature");
};

subtest 'temporary credentials' => sub {
    my $token = $keys{AKTEMPORARY}{security_token};
    answered(ask($temporary, \%week), \%week, "the file's token");
    answered(ask($temporary, \%week, sign => { security_token => $token }), \%week,
        "the client's, signed");
    answered(ask($temporary, \%week, more => [ 'X-Security-Token' => $token ]),
        \%week, "the client's, not signed");

    # one that only the client has; the simulator knows it, the file doesn't
    $sim->config(access_keys => ["AKBOTH:$keys{AKBOTH}{sk}:only-the-client"]);
    answered(ask($both, \%week, sign => { security_token => 'only-the-client' }),
        \%week, 'one that the file lacks');
    $sim->config(access_keys => [ map {
        join ':', $_, grep {defined} @{ $keys{$_} }{qw(sk security_token)} } sort keys %keys ]);
};

subtest 'the date of a signature' => sub {
    for my $minutes (-14, 14) {
        answered(ask($signer, \%week, sign => {
                date => $signer->date(time + 60 * $minutes) }), \%week,
            "$minutes minutes off");
    }
};

subtest 'retries' => sub {
    $sim->faults({ fault => 'status', status => 429, retry_after => 1, count => 2 });
    my $res = ask($signer, \%week);
    answered($res, \%week, 'a call after two 429');
    is(scalar(grep { $_->{status} == 429 } @{ $res->{calls} }), 2, 'two calls were refused with 429');
    $sim->faults;
};

subtest 'a token' => sub {
    my %wrong = ($signer->headers(target => route()), 'X-Sdk-Date' => 'never',
        Authorization => 'SDK-HMAC-SHA256 nonsense');
    my $res = ask(undef, \%week, headers => [ %wrong, 'X-Auth-Token' => 'token' ]);
    is($res->{status}, 200, 'a token wins over a signature, whatever that is');
    my @sent = map { @{ $_->{header_names} } } @{ $res->{calls} };
    ok(!(grep { $_ eq 'authorization' || $_ eq 'x-sdk-date' } @sent),
        'nothing is signed then');
    is($res->{headers}{'x-credential'}[0],
        'token:' . substr(sha256_hex('token'), 0, 16), '$usage_credential');

    answered(ask($signer, \%week, more => [ 'X-Auth-Token' => '' ]), \%week,
        'an empty one is none');
    $res = ask($signer, \%week);
    is($res->{headers}{'x-credential'}[0], 'key:AKPERMANENT',
        '$usage_credential of an access key');

    $res = ask(undef, \%week, headers => []);
    is($res->{status}, 401, 'neither token nor signature');
    ok(scalar @{ $res->{calls} }, 'a call without token and signature goes to the service');
    is($res->{headers}{'x-credential'}, undef, 'no $usage_credential');
};

# Two keys, one with another's rights upstream.
subtest 'the day store' => sub {
    my %old = (start_time => day(-20), end_time => day(-11));
    my $first = ask($signer, \%old, at => 'store');
    answered($first, \%old, 'the first call of a key');
    is(scalar @{ $first->{calls} }, 10, 'ten days: ten calls');

    my $again = ask($signer, \%old, at => 'store',
        sign => { date => $signer->date(time + 5) });
    answered($again, \%old, 'another signature of the same key');
    is(scalar @{ $again->{calls} }, 1,
        'another signature of the same key finds the days stored');

    my $other = ask($both, \%old, at => 'store');
    answered($other, \%old, 'another key finds nothing stored');
    is(scalar @{ $other->{calls} }, 10, 'gets nothing of the first one');

    $other = ask(undef, \%old, at => 'store', headers => ['X-Auth-Token' => 'AKPERMANENT']);
    is(scalar @{ $other->{calls} }, 10, 'a token with the name of the key does not find them');

    $sim->config(access_keys => ["AKBOTH:$keys{AKBOTH}{sk}"]);
    my $gone = ask($signer, \%old, at => 'store');
    is($gone->{status}, 401, 'a key that is revoked upstream');
    is(scalar @{ $gone->{calls} }, 1, 'the authorization probe finds a key that is revoked');
    $sim->config(access_keys => [ map {
        join ':', $_, grep {defined} @{ $keys{$_} }{qw(sk security_token)} } sort keys %keys ]);
};

# The same headers, signed by the vendor, are the same Authorization.
subtest 'what the successors get' => sub {
    my $up = Usage::Upstream->start(sub {
        my ($req) = @_;
        return $req->{path} =~ m{/desktops\z} && $req->{path} !~ /metrics/
            ? json_reply(200, { total_count => 0, desktops => [] })
            : json_reply(200, page($req, rows(map { ("d$_" => 3600 * $_) } 1 .. 3)));
    });
    my $there = Usage::Nginx->start(upstream => $up->port,
        http => "usage_credentials $file;");

    for ([ 'plain', $signer, {}, 'host;x-sdk-date' ],
        [ 'a project', $signer, { 'X-Project-Id' => 'p-1' },
            'host;x-project-id;x-sdk-date' ],
        [ "the file's token", $temporary, {}, 'host;x-sdk-date;x-security-token' ],
        [ "the client's token", $both,
            { 'X-Project-Id' => 'p-1', 'X-Security-Token' => 'mine' },
            'host;x-project-id;x-sdk-date;x-security-token' ])
    {
        my ($name, $who, $headers, $names) = @$_;
        my %body = (%week, desktop_ids => [ 'd1', 'd3', "d\x{fc} +&=" ]);
        my $body = $json->encode(\%body);
        my %sent = $who->headers(target => route('p-1'), body => $body, headers => {
            %$headers, 'User-Agent' => 'mine' });
        $up->clear;
        my $res = $there->post(route('p-1'), $body, %sent);
        is($res->{status}, 200, "$name: answered") or diag $res->{body};

        my (%is, $late);
        for my $call ($up->calls) {
            my %h = map { $_ => $call->{headers}{$_} } keys %{ $call->{headers} };
            my $many = grep { @$_ > 1 } values %h;
            my ($date, $authorization) = ($h{'x-sdk-date'}[0], $h{authorization}[0]);
            my %over = map { $_ => $h{$_}[0] } grep { $h{$_} }
                qw(x-project-id x-security-token);
            my $made = $who->sign(method => $call->{method}, target => $call->{target},
                host => $h{host}[0], date => $date, headers => \%over);
            $is{same} += $authorization eq $made->{authorization};
            $is{names}{ $authorization =~ /SignedHeaders=([^,]*)/ ? $1 : 'none' }++;
            $is{headers}{ join ' ', grep { !/\A(?:connection|user-agent|x-request-id)\z/ } sort keys %h }++;
            $is{own} += $authorization eq $sent{Authorization};
            $is{many} += $many;
            $is{all}++;
            $late ||= $date lt $who->date(time - $patience - 60) || $date gt $who->date(time + 1);
        }
        is($is{same}, $is{all}, "$name: signed as the vendor's signer would");
        is(join(' ', keys %{ $is{names} }), $names, "$name: SignedHeaders");
        is(join('|', keys %{ $is{headers} }), join(' ', sort 'authorization', split /;/, $names),
            "$name: the headers sent");
        is($is{own}, 0, "$name: not the client's own Authorization");
        is($is{many}, 0, "$name: each header once");
        ok(!$late, "$name: of now");
    }

    # what the signature isn't over says nothing of whose data it is; what is for
    # logs may have been added on the way
    my $body = $json->encode(\%week);
    my $unsigned = sub {
        my ($who, %more) = @_;
        $up->clear;
        return $there->post(route('p-1'), $body,
            $who->headers(target => route('p-1'), body => $body), %more);
    };
    my %logs = ('X-Request-Id' => 'r', traceparent => 't', 'User-Agent' => 'u');
    for ($signer, $temporary) {
        my @token = $_ == $temporary ? ('X-Security-Token' => 'another') : ();
        my $res = $unsigned->($_, 'X-Project-Id' => 'other', @token, %logs);
        is($res->{status}, 200, 'headers that are not signed: answered') or diag $res->{body};
        my @calls = $up->calls;
        ok(scalar @calls, 'headers that are not signed: there are upstream calls');
        is(scalar(grep { $_->{headers}{'x-project-id'} } @calls), 0,
            'X-Project-Id that is not signed does not travel');
        is(join('|', map { @{ $_->{headers}{'x-security-token'} || [] } } @calls),
            join('|', ($keys{AKTEMPORARY}{security_token}) x (@token ? @calls : 0)),
            'the security token is that of the file, if there is one');
        for my $name (sort keys %logs) {
            is(scalar(grep { ($_->{headers}{ lc $name }[0] // '') eq $logs{$name} } @calls),
                scalar @calls, "$name travels unsigned");
        }
    }
    my $res = $unsigned->($signer, 'X-Security-Token' => 'another');
    error_is($res, 401, 'a token that is not signed, and none in the file',
        detail => qr/X-Security-Token is sent, but SignedHeaders has not "x-security-token"/);
    is(scalar(() = $up->calls), 0, 'asks for nothing');

    $there->stop_ok;
    $up->stop;
};

subtest 'HTTP/2' => sub {
    my $h2 = Usage::Nginx->start(upstream => $port, http2 => 1,
        http => "usage_credentials $file;");
    my $c = Usage::H2->new(port => $h2->port, timeout => $patience);
    my $body = $json->encode(\%week);
    my %headers = $signer->headers(target => route(), body => $body);
    delete $headers{Host};
    $sim->clear;
    my $id = $c->post(route(), %headers);
    $c->body($id, $body);
    answered({ %{ $c->response($id) }, calls => $sim->calls }, \%week,
        ':authority stands for Host');
    $id = $c->post(route(), %headers);
    $c->body($id, "$body ");
    is($c->response($id)->{status}, 401, 'a stream with another body is refused');
    $c->close;
    $h2->stop_ok;
};

# The call that is translated beside it has all that is signed, a host that isn't
# in a header too.
subtest 'usage_mode compare' => sub {
    my $there = Usage::Nginx->start(upstream => $port, log => 'info',
        http => "usage_credentials $file;", location => 'usage_mode compare;');
    my $body = $json->encode(\%week);
    my %headers = $signer->headers(target => route(), body => $body,
        headers => { 'Accept-Encoding' => 'gzip', 'User-Agent' => 'x' });
    my $compared = 0;
    my $ask = sub {
        my ($name, @lines) = @_;
        my $client = $there->client;
        $sim->clear;
        $client->send(join "\r\n", @lines, 'Content-Length: ' . length $body, '', $body);
        is($client->response->{status}, 200, "$name: answered");
        $compared++;
        ok($there->wait_for(sub {
            (() = $there->error_log =~ /usage: compared: equal, [1-9]/g) == $compared }),
            "$name: the translation is the same") or diag $there->error_log;
        my @wrong = grep { ($_->{signature} || '') ne 'valid' } @{ $sim->calls };
        is(scalar @wrong, 0, "$name: all is signed");
    };
    $ask->('a header', 'POST ' . route() . ' HTTP/1.1',
        map {"$_: $headers{$_}"} sort keys %headers);
    delete $headers{Host};
    $ask->('a request line', 'POST http://gateway.test' . route() . ' HTTP/1.0',
        map {"$_: $headers{$_}"} sort keys %headers);
    $there->stop_ok;
};

# The whole of the vendor's client, temporary credentials and all.
subtest "the vendor's client" => sub {
    my $call = sub {
        my (%o) = @_;
        $sim->clear;
        local $ENV{HOME} = $nginx->prefix; # it leaves a file there
        open my $fh, '-|', 'node', "$Usage::Signer::root/t/node/client.js",
            $json->encode([ { endpoint => $nginx->url, project => 'demo', body => \%week, %o } ])
            or die "node: $!";
        my $reply = decode((<$fh>)[-1]); # (errors are logged before it)
        close $fh;
        return ({ status => delete $reply->{httpStatusCode} // 0,
            body => $json->encode($reply), calls => $sim->calls }, $reply);
    };

    for ('AKPERMANENT', 'AKTEMPORARY') {
        my ($res) = $call->(ak => $_, sk => $keys{$_}{sk},
            token => $keys{$_}{security_token});
        answered($res, \%week, $_);
    }

    my ($res, $error) = $call->(ak => 'AKPERMANENT', sk => 'wrong');
    is("$res->{status} $error->{errorCode}", '401 APIGW.0301', 'a wrong secret')
        or diag $res->{body};
};

subtest 'other keys, by a reload' => sub {
    my %new = (%keys, AKPERMANENT => { sk => 'sk-permanent-new' }, AKNEW => { sk => 'sk-new' });
    delete $new{AKBOTH};
    my $new = $signer->with(sk => 'sk-permanent-new');

    # (a 401 of the service, as the last one, is remembered for some seconds)
    $nginx->wait_for(sub { ask($signer, \%week)->{status} != 401 });

    Usage::Signer->file(\%new, $file);
    answered(ask($signer, \%week), \%week, 'before the reload the old secret is right');
    is(ask($new, \%week)->{status}, 401, 'before the reload the new secret is wrong');

    $sim->config(access_keys => [ map { "$_:$new{$_}{sk}" } qw(AKPERMANENT AKNEW) ]);
    ok($nginx->reload && $nginx->wait_for(sub { $nginx->workers == 1 }),
        'nginx reloads with other keys');
    answered(ask($new, \%week), \%week, 'after the reload the new secret is right');
    answered(ask($signer->with(ak => 'AKNEW', sk => 'sk-new'), \%week), \%week,
        'after the reload a new key is right');
    is(ask($signer, \%week)->{status}, 401, 'the old secret is wrong');
    is(ask($both, \%week)->{status}, 401, 'a key that is gone');

    Usage::Signer->file('{', $file);
    my $mark = $nginx->log_mark;
    $nginx->signal('HUP');
    ok($nginx->log_line(qr/\[emerg\].*usage_credentials/, $mark),
        'a file that is broken is refused');
    answered(ask($new, \%week), \%week, 'after a refused reload the old configuration goes on');

    %keys = (%keys, %new);
};

# (a token of a header is in nginx's own debug lines)
my $log = $nginx->error_log;
is(scalar(() = $log =~ /$_->{sk}/g), 0, "no secret in the log")
    for map { $keys{$_} } sort keys %keys;

$nginx->stop_ok(undef, allow => qr/\[emerg\].*usage_credentials/);
is($sim->stop, 0, 'the simulator stops');

done_testing;
