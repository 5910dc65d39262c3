# SPDX-License-Identifier: BSD-2-Clause
#
# usage_replay: a signature is good for one request, in all workers and over a
# reload.

use strict;
use warnings;

use Test::More;

use Usage::Nginx;
use Usage::Signer;
use Usage::Sim;
use Usage::Test;

my %keys = (AKONE => { sk => 'sk-of-one-4711' });
my $file = Usage::Signer->file(\%keys);
my $sim  = Usage::Sim->start(args => [ '--seed', 3, '--desktops', 5 ]);
my $one  = Usage::Signer->new(host => 'gateway.test', ak => 'AKONE', sk => $keys{AKONE}{sk});
my $body = $json->encode({ start_time => day(-9), end_time => day(-3) });
my $again = qr/this very signature came with another request before/;

sub start {
    my ($zone, %o) = @_;
    return Usage::Nginx->start(upstream => $sim->port,
        http => "usage_credentials $file; usage_replay zone=$zone;", %o);
}

sub headers {
    my ($target, %o) = @_;
    return $one->headers(target => $target, body => $body, %o);
}

sub replayed {
    my ($nginx, $name, $target, @headers) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    $sim->clear;
    error_is($nginx->post($target, $body, @headers), 401, $name, detail => $again);
    is(scalar @{ $sim->calls }, 0, 'no upstream call');
}

subtest 'values' => sub {
    for my $value ('off', 'zone=a:1m') {
        my ($ok, $out) = Usage::Nginx->check(http => "usage_replay $value;");
        ok($ok, $value) or diag $out;
    }
    for my $value ('on', 'a', 'zone=', 'zone=:1m', 'zone=a:', 'zone=a:1k', 'zone=a:x') {
        my ($ok, $out) = Usage::Nginx->check(http => "usage_replay $value;");
        ok(!$ok && $out =~ /invalid value "\Q$value\E", it must be "zone=name:size"/,
            "$value is refused") or diag $out;
    }
    my ($ok, $out) = Usage::Nginx->check(http => 'usage_replay zone=a:1m;',
        server => 'usage_replay off;', location => 'usage_replay zone=a;');
    ok($ok, 'a zone may be defined at one level and used at another') or diag $out;
    ($ok, $out) = Usage::Nginx->check(http => 'usage_replay zone=a;');
    ok(!$ok && $out =~ /"a"/, 'a zone that is not defined is refused') or diag $out;
    ($ok, $out) = Usage::Nginx->check(http => 'usage_replay off; usage_replay off;');
    like($out, qr/is duplicate/, 'usage_replay stands once in a block');
};

subtest 'a signature that comes again' => sub {
    my $nginx = start('replay:1m', workers => 4, server => join '',
        Usage::Nginx->at(off => 'usage_replay off;'));
    my @headers = headers(route());
    is($nginx->post(route(), $body, @headers)->{status}, 200,
        'a signature is good the first time');
    replayed($nginx, "by a connection of its own, $_", route(), @headers) for 1 .. 8;
    replayed($nginx, 'a signature with other headers that are not signed', route(), @headers, 'X-Request-Id' => 'x',
        'X-Project-Id' => 'other');
    like($nginx->log_line($again), qr/; access key: AKONE, /, 'the error log tells whose');

    is($nginx->post(route(), $body, headers(route(), headers => { 'X-N' => $_ }))->{status}, 200,
        'another signature of the same request is good') for 1, 2;
    is($nginx->post(route(), $body, 'X-Auth-Token' => 't', @headers)->{status}, 200,
        'a token wins, the signature is not looked at');

    my %wrong = @headers;
    $wrong{Authorization} =~ s/(Signature=)(\w)/$1 . ($2 eq 'a' ? 'b' : 'a')/e;
    for (1, 2) {
        error_is($nginx->post(route(), $body, %wrong), 401, 'one that is wrong',
            detail => qr/signature differs/);
    }

    ok($nginx->reload, 'nginx reloads');
    replayed($nginx, 'is remembered', route(), @headers);

    my $off = '/off' . route();
    my @off = headers($off);
    is($nginx->post($off, $body, @off)->{status}, 200,
        'with usage_replay off a signature is good again') for 1 .. 3;
    $nginx->stop_ok;
};

subtest 'for as long as it is good' => sub {
    my $nginx = start('replay:1m', location => 'usage_clock_skew 3s;');
    my @headers = headers(route());
    is($nginx->post(route(), $body, @headers)->{status}, 200,
        'a signature is good the first time');
    my $res;
    ok($nginx->wait_for(sub {
        $res = $nginx->post(route(), $body, @headers);
        return $res->{body} !~ $again;
    }), 'until it is too old');
    error_is($res, 401, 'after its time a signature is refused as too old', detail => qr/3 seconds are allowed/);
    $nginx->stop_ok;
};

subtest 'one request that comes by twice' => sub {
    my $nginx = start('replay:1m', server => 'location ~ ^/mirrored/v2/ {
            mirror /mirror;
            rewrite ^/mirrored(/.*) $1 break;
            usage_translate /workspace;
        }
        location = /mirror {
            internal;
            rewrite ^ /v2/demo/desktops/statistics/used break;
            usage_translate /workspace;
        }');
    my $target = '/mirrored' . route();
    my @headers = headers($target);
    is($nginx->post($target, $body, @headers)->{status}, 200,
        'a request that a mirror copies is a 200');
    unlike($nginx->error_log, $again, 'a request that a mirror copies is one request');
    replayed($nginx, 'the same request sent again', $target, @headers);
    $nginx->stop_ok;
};

subtest 'a zone that is full' => sub {
    my $nginx = start('replay:32k', location => 'usage_clock_skew 1h;');
    my ($full, $n);
    for (1 .. 2000) {
        my $res = $nginx->post(route(), $body, headers(route(), headers => { 'X-N' => $_ }));
        $n++;
        next if $res->{status} == 200;
        $full = $res;
        last;
    }
    ok($full, "the zone is full after $n signatures") or return;
    error_is($full, 503, 'says so', detail =>
        qr/the zone "replay" of usage_replay has no room for a signature/);
    $nginx->stop_ok;
};

is($sim->stop, 0, 'the simulator stops');
done_testing;
