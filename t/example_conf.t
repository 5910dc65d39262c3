# SPDX-License-Identifier: BSD-2-Clause
#
# examples/nginx.conf: what users copy, in front of a service made for the
# test.  Only what differs between machines is replaced, and what is replaced
# has to be there.

use strict;
use warnings;

use HTTP::Tiny;
use IO::Socket::INET;
use POSIX ();
use Test::More;

use Usage::Nginx;
use Usage::Sim;
use Usage::Test;

my $root    = $Usage::Nginx::root;
my $name    = 'workspace.ap-southeast-1.myhuaweicloud.com';
my $example = slurp("$root/examples/nginx.conf");
my $request = slurp("$root/examples/legacy-request.json");
my $reply   = slurp("$root/examples/legacy-reply.json");

my $stream = `$Usage::Nginx::nginx -V 2>&1` =~ /--with-stream(?!\S)/
    ? ''
    : (grep { -e } map {"$_/ngx_stream_module.so"} '/usr/lib/nginx/modules',
        '/usr/share/nginx/modules')[0];
plan skip_all => 'no stream module (libnginx-mod-stream)'
    unless defined $stream;

my $dir = File::Temp::tempdir('usage-example-XXXXXX', TMPDIR => 1,
    CLEANUP => 1);
chmod 0755, $dir;

sub openssl {
    my $log = "$dir/openssl.log";
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        open STDIN,  '<',  '/dev/null';
        open STDOUT, '>>', $log;
        open STDERR, '>>', $log;
        exec 'openssl', @_ or POSIX::_exit(127);
    }
    waitpid $pid, 0;
    BAIL_OUT("openssl @_:\n" . slurp($log)) if $?;
    return;
}

sub authority {
    my ($id) = @_;
    openssl(qw(req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1
        -nodes -days 2 -subj), '/CN=Authority of the test',
        '-keyout', "$dir/$id.key", '-out', "$dir/$id.crt");
    return;
}

sub certificate {
    my ($id, $ca, $host) = @_;
    openssl(qw(req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes
        -subj), '/CN=test', '-keyout', "$dir/$id.key", '-out', "$dir/$id.csr");
    spew("$dir/$id.ext", "subjectAltName=DNS:$host\n");
    openssl(qw(x509 -req -days 2 -CAcreateserial), '-in', "$dir/$id.csr",
        '-CA', "$dir/$ca.crt", '-CAkey', "$dir/$ca.key",
        '-extfile', "$dir/$id.ext", '-out', "$dir/$id.crt");
    return;
}

authority($_) for qw(ca stranger);
certificate('service', 'ca',       $name);
certificate('false',   'stranger', $name);
certificate('other',   'ca',       'iam.ap-southeast-1.myhuaweicloud.com');
certificate('gateway', 'ca',       'gateway.test');

# --- A name server that answers with the address in a file, for a second.

my $dns = IO::Socket::INET->new(
    LocalAddr => '127.0.0.1',
    Proto     => 'udp'
) or die "name server: $!";
my $dns_port = $dns->sockport;
my $dns_pid  = fork // die "fork: $!";

if (!$dns_pid) {
    $SIG{$_} = 'DEFAULT' for qw(INT TERM);
    while (1) {
        my $from = $dns->recv(my $query, 512) // next;
        my ($question) = substr($query, 12) =~ /\A((?:[^\0].*?)?\0.{4})/s
            or next;
        my $asked = join '.', unpack '(C/a)*', $question =~ s/\0.{4}\z//sr;
        my $found = $asked eq $name;
        my $text  = substr($query, 0, 2)
            . pack('n5', $found ? 0x8180 : 0x8183, 1, $found ? 1 : 0, 0, 0)
            . $question;
        $text .= pack('n3Nn', 0xc00c, 1, 1, 1, 4)
            . pack('C4', split /\./, slurp("$dir/address")) if $found;
        $dns->send($text, 0, $from);
    }
}

my $owner = $$;
END { kill 'KILL', $dns_pid if $dns_pid && $owner && $$ == $owner }

sub moves_to {
    my ($address) = @_;
    spew("$dir/address.new", $address);
    rename "$dir/address.new", "$dir/address" or die "rename: $!";
    return;
}

# --- The service: TLS in front of the simulator.

my $user = $> ? '' : 'user root root;';
my $temp = join "\n",
    map {"${_}_temp_path %%PREFIX%%/$_;"}
    qw(client_body proxy fastcgi uwsgi scgi);

sub answers {
    my ($address, $port) = @_;
    my $sock = IO::Socket::INET->new(
        PeerAddr => $address,
        PeerPort => $port,
        Timeout  => 2
    ) or return;
    return 1;
}

my $sim = Usage::Sim->start;

sub service {
    my ($address, $port, $certificate) = @_;

    return Usage::Nginx->start(
        ready => sub { answers($address, $port || $_[0]->port) },
        whole => <<"END"
$user
daemon off;
error_log %%PREFIX%%/error.log info;
pid %%PREFIX%%/nginx.pid;
events { }
http {
    $temp
    large_client_header_buffers 4 72k;
    log_format front '\$connection \$ssl_server_name \$http_host \$uri';
    access_log %%PREFIX%%/access.log front;
    server {
        listen $address:${\ ($port || '%%PORT%%')} ssl;
        ssl_certificate $dir/$certificate.crt;
        ssl_certificate_key $dir/$certificate.key;
        location = /v2/demo/accel {
            add_header X-Accel-Redirect /workspace/v2/demo/desktops;
            add_header X-Accel-Limit-Rate 1;
            return 200 'as it is';
        }
        location / { proxy_pass http://127.0.0.1:${\ $sim->port}; }
    }
}
END
    );
}

# --- The gateway: the example.

sub replaced {
    my ($port) = @_;

    my $text = $example;
    my @wrong;

    my $replace = sub {
        my ($from, $to) = @_;
        my $count = $text =~ s/^( *)\Q$from\E$/$1$to/mg;
        push @wrong, "$from ($count times)" if $count != 1;
    };

    $replace->('load_module modules/ngx_stream_module.so;',
        $stream ? "load_module $stream;" : '');
    # (the test library loads it, from build/)
    $replace->('load_module modules/ngx_http_usage_module.so;', '');
    $replace->('user www-data;', "$user\ndaemon off;");
    $replace->('worker_processes auto;', 'worker_processes 1;');
    $replace->('pid /run/nginx.pid;',    'pid %%PREFIX%%/nginx.pid;');
    $replace->('error_log /var/log/nginx/error.log warn;',
        'error_log %%PREFIX%%/error.log warn;');
    $replace->('worker_rlimit_nofile 16384;',   '');
    $replace->('worker_connections 8192;',      'worker_connections 512;');
    $replace->('resolver 127.0.0.53 ipv6=off;',
        "resolver 127.0.0.1:$dns_port ipv6=off;");
    $replace->('listen 127.0.0.1:9443;', 'listen 127.0.0.1:%%PORT0%%;');
    $replace->('server 127.0.0.1:9443;', 'server 127.0.0.1:%%PORT0%%;');
    $replace->("set \$endpoint $name:443;", "set \$endpoint $name:$port;");
    # (the example's dates are older than what the service remembers)
    $replace->('http {', "http {\n$temp\nusage_retention off;");
    $replace->('access_log /var/log/nginx/usage.log usage;',
        'access_log %%PREFIX%%/access.log usage;');
    $replace->(
        'proxy_ssl_trusted_certificate /etc/ssl/certs/ca-certificates.crt;',
        "proxy_ssl_trusted_certificate $dir/ca.crt;");
    $replace->('listen 443 ssl;', 'listen 127.0.0.1:%%PORT%% ssl;');
    $replace->('listen 127.0.0.1:9180;', 'listen 127.0.0.1:%%PORT1%%;');
    $replace->('ssl_certificate /etc/nginx/gateway.crt;',
        "ssl_certificate $dir/gateway.crt;");
    $replace->('ssl_certificate_key /etc/nginx/gateway.key;',
        "ssl_certificate_key $dir/gateway.key;");

    return ($text, @wrong);
}

sub gateway {
    my ($port, $from, $to) = @_;
    my ($text) = replaced($port);
    $text =~ s/\Q$from\E/$to/ or die "no $from" if defined $from;
    return Usage::Nginx->start(
        whole => $text,
        ready => sub { answers('127.0.0.1', $_[0]->port) }
    );
}

# One call through it, by curl.
sub call {
    my ($gateway, $method, $path, $body, @headers) = @_;

    my $port = $gateway->port;
    my @command = ('curl', '-q', '-sS', '--noproxy', '*', '--cacert',
        "$dir/ca.crt", '--resolve', "gateway.test:$port:127.0.0.1",
        '--max-time', Usage::Nginx->patience(60), '-X', $method,
        '-o', "$dir/body", '-D', "$dir/head", '--stderr', "$dir/curl");

    unlink "$dir/body";
    my @lines;
    while (my ($key, $value) = splice @headers, 0, 2) {
        push @lines, "$key: $value\n";
    }
    push @command, '-H', '@' . spew("$dir/headers", join '', @lines);
    push @command, '--data-binary', '@' . spew("$dir/sent", $body)
        if defined $body;

    system @command, "https://gateway.test:$port$path";
    return { error => slurp("$dir/curl"), status => 0, headers => {},
        body => '' } if $?;

    my %res = (head => slurp("$dir/head"),
        body => -e "$dir/body" ? slurp("$dir/body") : '');
    ($res{status}) = $res{head} =~ m{\AHTTP/\S+ (\d+)};
    push @{ $res{headers}{ lc $1 } }, $2
        while $res{head} =~ /^([^\s:]+): *(.*?)\r?$/mg;
    return \%res;
}

# --- The tests.

my ($front, $gateway);

subtest 'the lines to replace are there' => sub {
    my (undef, @wrong) = replaced(1);
    is(join("\n", @wrong), '', 'all of them, once');
} or BAIL_OUT('examples/nginx.conf and t/example_conf.t do not fit');

my @type = ('Content-Type' => 'application/json');

subtest 'the published call' => sub {
    $front = service('127.0.0.1', undef, 'service');
    moves_to('127.0.0.1');
    $gateway = gateway($front->port);

    for my $round (1 .. 4) {
        my $res = call($gateway, 'POST', route(), $request, @type,
            'X-Auth-Token' => 'secret-of-the-caller');
        is($res->{status}, 200, "round $round: 200")
            or diag $res->{error} // $res->{body};
        is(same_json($res->{body}, $reply), '', 'the published reply');
        is($res->{headers}{deprecation}[0], '@1731542400', 'Deprecation: 2024-11-14');
        like($res->{headers}{sunset}[0], qr/\A\w+, 31 Dec 2026 /, 'Sunset');
    }

    for my $sdk (qw(go java)) {
        my $res = call($gateway, 'POST', route(), $request, @type,
            'User-Agent' => "huaweicloud-usdk-$sdk/3.0", 'X-Auth-Token' => 't');
        like($res->{body}, qr/"use_time":"12\.62"/, "strings for the SDK for $sdk");
    }

    my @calls = map { [ split / / ] } $front->access_lines(42);
    my %connections = map { $_->[0] => 1 } @calls;
    is(scalar @calls, 42, 'seven successor calls each');
    cmp_ok(scalar keys %connections, '<=', 8, 'over connections that are kept');
    is_deeply([ grep { $_->[1] ne $name || $_->[2] ne $name } @calls ], [],
        'the service is called by its name, in TLS and in Host');
};

subtest 'a token of 64,000 characters' => sub {
    $sim->clear;
    my $token = 'MII' . 'x' x 63_997;
    my $res = call($gateway, 'POST', route(), $request, @type,
        'X-Auth-Token' => $token);
    is($res->{status}, 200,
        'a token of 64,000 characters is accepted') or diag substr $res->{body}, 0, 500;
    my $print = Usage::Sim->fingerprint($token);
    my @calls = @{ $sim->calls };
    is(scalar(grep { $_->{token} eq $print } @calls), 7, 'arrives, each time');
};

subtest 'other paths' => sub {
    $sim->clear;
    my $token = 'y' x 64_000;
    my $res = call($gateway, 'GET', '/v2/demo/desktops?limit=2', undef,
        'X-Auth-Token' => $token, 'Accept' => 'application/json');
    is($res->{status}, 200, 'a call of another path is a 200');
    like($res->{body}, qr/"total_count":/,
        'a call of another path gets the answer of the service');
    ok(!$res->{headers}{deprecation}, 'a call of another path has no Deprecation');
    my ($call) = @{ $sim->calls };
    is($call->{query}, 'limit=2', 'a call of another path keeps its query');
    is($call->{token}, Usage::Sim->fingerprint($token),
        'a call of another path keeps its token');

    $res = call($gateway, 'GET', '/nowhere', undef, 'X-Auth-Token' => 't');
    is($res->{status}, 404, "errors are the service's own");
};

subtest 'the access log' => sub {
    my $res = call($gateway, 'POST', route(), '{"limit":"many"}', @type,
        'X-Auth-Token' => 't', 'X-Request-Id' => 'a"quoted"id');
    error_is($res, 400, 'a wrong call', detail => qr/limit/);
    my ($own) = map { $_->{headers}{'x-request-id'}[0] } call($gateway, 'POST', route(),
        '{"limit":"many"}', @type, 'X-Auth-Token' => 't', 'X-Request-Id' => 'a b');

    my @lines = $gateway->access_lines(11);
    my @data  = map { decode($_) } @lines;
    is(scalar(grep {defined} @data), 11, 'every line is JSON');
    is_deeply({ map { $_ => $data[0]{$_} } qw(status project_id days desktops
                calls error path method) },
        { status => 200, project_id => 'demo', days => '7', desktops => '2',
            calls => '7', error => '', path => route(), method => 'POST' },
        'a legacy call');
    is($data[7]{path},  '/v2/demo/desktops', 'another path');
    is($data[7]{calls}, '', 'another path has no upstream calls in the log');
    is($data[9]{status}, 400, 'a wrong call');
    like($data[9]{error}, qr/limit/, 'a wrong call has its error in the log');
    is($data[9]{request_id}, 'a"quoted"id', 'a wrong call has the id of the client');
    is($data[10]{request_id}, $own, 'the log and the reply have the same id');

    unlike(join("\n", @lines, $gateway->error_log),
        qr/secret-of-the-caller|xxxxxxxx|yyyyyyyy/, 'no token anywhere');
};

subtest 'the counters' => sub {
    my $url = 'http://127.0.0.1:' . $gateway->other_port(1) . '/usage_status';
    my $page = HTTP::Tiny->new->get($url);
    is($page->{status}, 200, 'usage_status is there, on a port of its own');
    my %lines = map { $_ => 1 } split /\n/, $page->{content};
    my %status;
    $status{ $_->{status} }++
        for map { decode($_) } grep {m{statistics/used}} $gateway->access_lines;
    ok($lines{"usage_requests_total{mode=\"translate\",status=\"$_\"} $status{$_}"},
        "as many with $_ as in the access log: $status{$_}") for sort keys %status;
};

subtest 'what the service says to nginx' => sub {
    my $res = call($gateway, 'GET', '/v2/demo/accel', undef, 'X-Auth-Token' => 't');
    is("$res->{status} $res->{body}", '200 as it is',
        'X-Accel headers of the service are not obeyed');
};

subtest 'too many calls of one address' => sub {
    my $slow = gateway($front->port, 'rate=10r/s', 'rate=1r/m');
    # (each with a wrong body: what is refused is refused before)
    my @status = map { call($slow, 'POST', route(), '{', @type) } 1 .. 53;
    is(join(' ', map { $_->{status} } @status), join(' ', (400) x 51, (429) x 2),
        'the burst, and no more');
    error_is($status[-1], 429, 'in the legacy form', code => 'APIGW.0308',
        headers => { 'Retry-After' => qr/\A60\z/ });
    $slow->stop_ok;

    my $alone = gateway($front->port, 'limit_conn legacy_clients 50;',
        'limit_conn legacy_clients 1;');
    is(call($alone, 'POST', route(), $request, @type, 'X-Auth-Token' => 't')->{status}, 200,
        'one at a time');
    $alone->stop_ok;
};

subtest 'nginx -t' => sub {
    my ($text) = replaced($front->port);
    my ($ok, $out) = Usage::Nginx->check(whole => $text);
    ok($ok, 'nginx -t passes');
    unlike($out, qr/\[warn\]/, 'nginx -t has no warning');
};

subtest 'the service moves' => sub {
    my $next = service('127.0.0.2', $front->port, 'service');
    my $port = $front->port;
    $front->stop_ok('the old address is gone');
    moves_to('127.0.0.2');

    my $res;
    ok(Usage::Nginx->wait_for(
            sub {
                $res = call($gateway, 'POST', route(), $request, @type,
                    'X-Auth-Token' => 't');
                return $res->{status} == 200;
            },
            20
        ),
        'the gateway finds it, without a reload');
    is(same_json($res->{body} || '', $reply), '', 'the published reply');
    ok(scalar $next->access_lines(7), 'from the new address');
    $next->stop_ok;
    $gateway->stop_ok;
};

for (
    [ 'false', 'a certificate of another authority' ],
    [ 'other', 'a certificate for another name' ]
    )
{
    my ($certificate, $title) = @$_;

    subtest $title => sub {
        $sim->clear;
        moves_to('127.0.0.1');
        my $service = service('127.0.0.1', undef, $certificate);
        my $trusting = gateway($service->port);
        my $res = call($trusting, 'POST', route(), $request, @type,
            'X-Auth-Token' => 't');
        error_is($res, 502, 'a legacy call is a 502 in the legacy form');
        $res = call($trusting, 'GET', '/v2/demo/desktops', undef,
            'X-Auth-Token' => 't');
        is($res->{status}, 502, 'a call of another path is a 502');
        is(scalar @{ $sim->calls }, 0, 'no token leaves the gateway');
        $trusting->stop_ok;
        $service->stop_ok;
    };
}

is($sim->stop, 0, 'the simulator stops');
done_testing;
