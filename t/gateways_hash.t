# SPDX-License-Identifier: BSD-2-Clause
#
# examples/gateways-hash.conf in front of two gateways: who goes where, what is
# stored there, and what it costs when a gateway dies.

use strict;
use warnings;

use File::Temp ();
use HTTP::Tiny;
use IO::Socket::INET;
use Test::More;

use Usage::Nginx;
use Usage::Sim;
use Usage::Test;

my $dir = File::Temp->newdir('usage-hash-XXXXXX', TMPDIR => 1);
chmod 0755, $dir;

my $out = qx{openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \\
    -days 2 -subj /CN=gateway.example.com \\
    -addext subjectAltName=DNS:gateway.example.com \\
    -keyout $dir/key.pem -out $dir/certificate.pem 2>&1};
BAIL_OUT("openssl: $out") if $?;

my $sim = Usage::Sim->start(args => [qw(--seed 7 --desktops 50 --days 40 --now 2023-01-05T08:00:00Z)]);

my $tls = "ssl_certificate $dir/certificate.pem; ssl_certificate_key $dir/key.pem;";

sub gateway {
    return Usage::Nginx->start(
        upstream => $sim->port,
        http     => 'usage_retention off; usage_rate zone=quota:1m rate=200r/s;
            usage_store zone=days:8m; usage_store days;',
        server   => "listen 127.0.0.1:%%PORT0%% ssl; $tls add_header X-Gateway %%PORT0%% always;",
    );
}

my @gateways = map { gateway() } 1, 2;

# --- The example: what differs between machines is replaced, and has to be there.

my $text = slurp("$Usage::Nginx::root/examples/gateways-hash.conf");
my $user = $> ? '' : 'user root root;';

sub replace {
    my ($from, $to) = @_;
    my $count = $text =~ s/^( *)\Q$from\E/$1$to/mg;
    is($count, 1, "the example has: $from");
    return;
}

replace('user www-data;', "$user daemon off;");
replace('worker_processes auto;', 'worker_processes 1;');
replace('pid /run/nginx.pid;', 'pid %%PREFIX%%/nginx.pid;');
replace('error_log /var/log/nginx/error.log warn;', 'error_log %%PREFIX%%/error.log warn;');
replace('access_log /var/log/nginx/access.log;', join ' ', 'access_log off;',
    map {"${_}_temp_path %%PREFIX%%/$_;"} qw(client_body proxy fastcgi uwsgi scgi));
replace('server 192.0.2.10:443', 'server 127.0.0.1:' . $gateways[0]->other_port(0));
replace('server 192.0.2.11:443', 'server 127.0.0.1:' . $gateways[1]->other_port(0));
# (its TLS towards clients is that of examples/nginx.conf)
replace('listen 443 ssl;', 'listen 127.0.0.1:%%PORT%%;');
replace('ssl_certificate /etc/nginx/balancer.crt;', '');
replace('ssl_certificate_key /etc/nginx/balancer.key;', '');
replace('proxy_ssl_trusted_certificate /etc/nginx/gateway-ca.crt;',
    "proxy_ssl_trusted_certificate $dir/certificate.pem;");

my $balancer = Usage::Nginx->start(
    whole => $text,
    ready => sub {
        return IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $_[0]->port) ? 1 : undef;
    },
);

my $month = body(dates('2022-12-01', 31), limit => 100);

# The gateway that answered, and the upstream calls that it took.
sub ask {
    my (@headers) = @_;
    $sim->clear;
    my $res = $balancer->post(route(), $month, @headers);
    return ($res->{headers}{'x-gateway'}[0] // '', scalar @{ $sim->calls }, $res);
}

# --- Who goes where.

my (%home, $cold);
for my $n (1 .. 20) {
    my ($where, $calls, $res) = ask('X-Auth-Token' => "token-$n");
    is($res->{status}, 200, "token $n is answered") or diag $res->{body};
    $home{"token-$n"} = $where;
    $cold = $calls;
}
my %count;
$count{$_}++ for values %home;
is(scalar keys %count, 2, 'both gateways have callers');
cmp_ok($cold, '>', 1, "a report that is not stored takes $cold upstream calls");

for my $token (sort keys %home) {
    my ($where, $calls) = ask('X-Auth-Token' => $token);
    is($where, $home{$token}, "$token goes where it went before");
    is($calls, 1, "$token: from the store, by one upstream call");
}

my %signed;
for my $key (map {"KEY$_"} 1 .. 10) {
    for my $signature (1 .. 3) {
        my $res = $balancer->post(route(), $month, 'X-Sdk-Date' => '20221201T000000Z',
            Authorization => "SDK-HMAC-SHA256 Access=$key, SignedHeaders=host;x-sdk-date, "
                . "Signature=$signature");
        $signed{$key}{ $res->{headers}{'x-gateway'}[0] // '' } = 1;
    }
}
is_deeply([ grep { keys %{ $signed{$_} } != 1 } sort keys %signed ], [],
    'an access key goes to one gateway, whatever its signatures are');
my %both = map { %$_ } values %signed;
is(scalar keys %both, 2, 'both gateways have access keys');

# --- A gateway dies.

my $lost = $gateways[0]->other_port(0);
$gateways[0]->kill_hard;

for my $token (sort keys %home) {
    my ($where, $calls, $res) = ask('X-Auth-Token' => $token);
    is($res->{status}, 200, "$token is answered by the gateway that is left");
    if ($home{$token} eq $lost) {
        is($calls, $cold, "$token: its days are fetched again");
    } else {
        is($calls, 1, "$token: nothing changes");
    }
}

$balancer->stop_ok;
$gateways[1]->stop_ok;
$sim->stop;
done_testing();
