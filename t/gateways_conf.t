# SPDX-License-Identifier: BSD-2-Clause
#
# examples/gateways.conf as it is, on two gateways, with Redis, its replica, and the
# ACL rules of docs/gateways.md; and the TLS relay of that page.

use strict;
use warnings;

use File::Temp ();
use Test::More;

use Usage::Nginx;
use Usage::Redis;
use Usage::Sim;
use Usage::Test;

Usage::Redis->need;

my $root    = $Usage::Nginx::root;
my $example = slurp("$root/examples/gateways.conf");
my $page    = slurp("$root/docs/gateways.md");

my $dir = File::Temp->newdir('usage-gateways-XXXXXX', TMPDIR => 1);
chmod 0755, $dir;

umask 077;
spew("$dir/secret", ('0123456789abcdef' x 4) . "\n");
spew("$dir/auth",   "gateway word\n");
umask 022;

# --- What the page and the example say.

my ($rules) = $page =~ /^    user gateway on >PASSWORD (.*)/m;
ok($rules, 'docs/gateways.md has the rules of the user');

my ($location) = $example =~ /^(#     location = \/redis \{.*?\n#     \}\n)/ms;
ok($location, 'examples/gateways.conf has the location');
$location =~ s/^#//mg;

# Replaces what differs between machines, in a text that has to have it.
sub replaced {
    my ($text, @pairs) = @_;
    while (my ($from, $to) = splice @pairs, 0, 2) {
        ok($text =~ s/\Q$from\E/$to/, "there is: $from");
    }
    return $text;
}

# A gateway; $server is the address of Redis, $replica that of its replica.
my $sim = Usage::Sim->start(args => [qw(--seed 7 --desktops 50 --days 40 --now 2023-01-05T08:00:00Z)]);

sub gateway {
    my ($server, $replica, %o) = @_;
    my $http = $example;
    $http =~ s/^#.*\n//mg;
    return Usage::Nginx->start(
        upstream => $sim->port,
        http     => 'usage_retention off; ' . replaced($http,
            '192.0.2.30:6379'        => $server,
            '192.0.2.31:6379'        => $replica,
            '/etc/nginx/share.secret' => "$dir/secret"),
        server => replaced($location, '/etc/nginx/redis.auth' => "$dir/auth"),
        %o,
    );
}

# (so few days that they fit into the burst)
my $half = body(dates('2022-12-01', 15), limit => 100);

# A report: the upstream calls that it took, and its text.
sub report {
    my ($gateway, $token) = @_;
    $sim->clear;
    my $res = $gateway->post(route(), $half, 'X-Auth-Token' => $token);
    is($res->{status}, 200, 'a report is a 200') or diag $res->{body};
    return (scalar @{ $sim->calls }, $res->{body});
}

# A test: what one gateway fetched, the other has.
sub shares_ok {
    my ($name, $token, $one, $other) = @_;
    my ($calls, $text) = report($one, $token);
    cmp_ok($calls, '>', 1, "$name: the first report takes $calls upstream calls");
    my ($again, $same) = report($other, $token);
    is($again, 1,     "$name: on the other gateway it takes one");
    is($same,  $text, "$name: the replies are the same");
    return;
}

# --- Redis with a user who can do little, and a replica that is promoted.

my %user    = (user => 'gateway', password => 'word', rules => $rules);
my $redis   = Usage::Redis->start(%user);
my $replica = Usage::Redis->start(%user, replica_of => $redis);
my @gateways = map { gateway($redis->address, $replica->address) } 1, 2;

shares_ok('Redis', 'token-of-one', @gateways);

my $all = $redis->dump;
cmp_ok(scalar keys %$all, '>=', 15, 'Redis has the days');
is_deeply([ grep { !/\Ausage:/ } keys %$all ], [], 'all names begin with usage:');
unlike(join("\n", %$all), qr/token-of-one|demo/, 'nothing tells whose they are');
cmp_ok($redis->command('TTL', $_), '>', 0, 'an entry expires')
    for grep { length $all->{$_} > 100 } keys %$all;

$redis->kill;
$replica->command('REPLICAOF', 'NO', 'ONE');
shares_ok('the replica', 'token-of-two', @gateways);

for my $gateway (@gateways) {
    unlike($gateway->error_log, qr/usage: Redis .* refused/, 'Redis refused nothing');
    $gateway->stop_ok;
}

# --- The relay of the page.

SKIP: {
    my $stream = Usage::Nginx->options =~ /--with-stream(?!\S)/ ? ''
        : (grep { -e } map {"$_/ngx_stream_module.so"} '/usr/lib/nginx/modules',
            '/usr/share/nginx/modules')[0];
    skip 'no stream module', 1 unless defined $stream;

    my ($relay) = $page =~ /^(    stream \{\n.*?^    \}\n)/ms;
    ok($relay, 'docs/gateways.md has the relay');

    my $tls = Usage::Redis->start(%user, tls => 1);
    my @relayed = map {
        gateway('127.0.0.1:%%PORT1%%', '127.0.0.1:1',
            main => ($stream ? "load_module $stream;\n" : '') . replaced($relay,
                'listen 127.0.0.1:6379'    => 'listen 127.0.0.1:%%PORT1%%',
                '192.0.2.30:6379'          => $tls->address,
                '/etc/nginx/redis-ca.crt'  => $tls->certificate,
                'redis.example.com'        => 'localhost'))
    } 1, 2;
    shares_ok('the relay', 'token-of-three', @relayed);
    unlike($_->error_log, qr/usage: Redis/, 'nothing to say of Redis') for @relayed;
    $_->stop_ok for @relayed;
}

$sim->stop;
done_testing();
