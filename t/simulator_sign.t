# SPDX-License-Identifier: BSD-2-Clause
#
# The simulator's check of signatures (docs/simulator.md), by the vendor's
# signer.

use strict;
use warnings;

use Test::More;

use Usage::Client;
use Usage::Nginx;
use Usage::Signer;
use Usage::Sim;
use Usage::Test;

my $sim = Usage::Sim->start(args => [
    '--access-key', 'AK1:secret-one', '--access-key', 'AK2:secret-two:temporary' ]);
my $host = $sim->host . ':' . $sim->port;
my $path = '/v2/project/statistics/metrics/desktops'
    . '?start_time=2022-12-09T00%3A00%3A00Z&end_time=2022-12-09T23%3A59%3A59Z'
    . '&limit=5&offset=0';
my $body = body(start_time => '2022-12-09', end_time => '2022-12-10');

my $one = Usage::Signer->new(host => $host, ak => 'AK1', sk => 'secret-one');
my $two = Usage::Signer->new(host => $host, ak => 'AK2', sk => 'secret-two',
    security_token => 'temporary');

sub ask {
    my ($method, $target, $body, @headers) = @_;
    $sim->clear;
    my $res = Usage::Client->new(port => $sim->port,
        timeout => Usage::Nginx->patience(10))
        ->request($method, $target, $body, @headers);
    return ($res, $sim->calls->[-1]);
}

sub right {
    my ($name, @call) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($res, $entry) = ask(@call);
    is("$res->{status} $entry->{signature}", '200 valid', $name);
    return;
}

sub wrong {
    my ($name, $why, @call) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($res, $entry) = ask(@call);
    is($res->{status}, 401, "$name: 401");
    my $error = decode($res->{body}) || {};
    is("$error->{error_code} $error->{error_msg}", 'APIGW.0301 Incorrect IAM '
        . 'authentication information: verify aksk signature fail', 'its error');
    like($entry->{signature}, qr/\Awrong: .*$why/, "why: $why");
    return;
}

subtest 'signed by the vendor' => sub {
    for ($one, $two) {
        right("a GET of $_->{ak}", 'GET', $path, undef,
            $_->headers(method => 'GET', target => $path));
        right("a POST of $_->{ak}", 'POST', route(), $body,
            $_->headers(target => route(), body => $body));
    }
    right('all headers', 'POST', route(), $body, $one->headers(
        target => route(), body => $body, headers => {
            'content-type' => 'application/json', 'X-Project-Id' => 'demo',
            'User-Agent' => 'huaweicloud-usdk-nodejs/3.0' }));
    right('a header twice', 'GET', $path, undef, do {
        my @headers = (Host => $host, 'X-Sdk-Date' => $one->date(time),
            'X-Twice' => 'b', 'X-Twice' => 'a');
        (@headers, Authorization => $one->hand(
                method => 'GET', target => $path, headers => \@headers));
    });
};

subtest 'anything else' => sub {
    my @get  = $one->headers(method => 'GET', target => $path);
    my @post = $one->headers(target => route(), body => $body);

    wrong('another method', 'differs', 'GET', $path, undef,
        $one->headers(method => 'POST', target => $path));
    wrong('another query', 'differs', 'GET', $path =~ s/limit=5/limit=6/r, undef, @get);
    wrong('another project', 'differs', 'GET', $path =~ s/project/projecd/r, undef, @get);
    wrong('another body', 'differs', 'POST', route(), "$body ", @post);
    wrong('another host', 'differs', 'GET', $path, undef,
        %{ { @get, Host => 'localhost' } });
    wrong('another secret', 'differs', 'GET', $path, undef,
        $one->with(sk => 'secret-two')->headers(method => 'GET', target => $path));
    wrong('an unknown key', 'no such access key: AK3', 'GET', $path, undef,
        $one->with(ak => 'AK3')->headers(method => 'GET', target => $path));
    wrong('no token', 'X-Security-Token', 'GET', $path, undef,
        $two->with(security_token => undef)->headers(
            method => 'GET', target => $path));
    wrong('another token', 'X-Security-Token', 'GET', $path, undef,
        $two->with(security_token => 'other')->headers(
            method => 'GET', target => $path));
    wrong('another hash', 'X-Sdk-Content-Sha256', 'POST', route(), $body,
        $one->headers(target => route(), body => $body,
            headers => { 'X-Sdk-Content-Sha256' => 'UNSIGNED-PAYLOAD' }));
    wrong('no date', 'not sent: x-sdk-date', 'GET', $path, undef,
        %{ { @get, 'X-Sdk-Date' => undef } });
    wrong('no signature', 'form of Authorization', 'GET', $path, undef,
        %{ { @get, Authorization => 'SDK-HMAC-SHA256 Access=AK1' } });

    for ([ -16 * 60, 0 ], [ -14 * 60, 1 ], [ 14 * 60, 1 ], [ 16 * 60, 0 ]) {
        my ($off, $ok) = @$_;
        my @call = ('GET', $path, undef, $one->headers(method => 'GET',
            target => $path, date => $one->date(time + $off)));
        if   ($ok) { right("$off s off", @call) }
        else       { wrong("$off s off", '15 minutes off', @call) }
    }
};

subtest 'tokens' => sub {
    my ($res, $entry) = ask('GET', $path, undef, 'X-Auth-Token' => 'any');
    is($res->{status}, 200, 'a token will do');
    is($entry->{signature}, undef, 'nothing is said of a signature');

    my %bad = ($one->headers(method => 'GET', target => $path),
        Authorization => 'SDK-HMAC-SHA256 Access=AK1, SignedHeaders=, Signature=');
    ($res, $entry) = ask('GET', $path, undef, 'X-Auth-Token' => 'any', %bad);
    is($res->{status}, 200, 'the token wins');
    is($entry->{signature}, undef, 'the signature is not looked at');

    ($res, $entry) = ask('GET', $path, undef, 'X-Auth-Token' => '',
        $one->headers(method => 'GET', target => $path));
    is($res->{status}, 200, 'an empty token is none');

    $sim->config(tokens => ['token']);
    right('known tokens are not access keys', 'GET', $path, undef,
        $one->headers(method => 'GET', target => $path));
    $sim->config(tokens => []);
};

subtest 'keys, changed' => sub {
    $sim->config(access_keys => ['AK1:other']);
    wrong('the old secret', 'differs', 'GET', $path, undef,
        $one->headers(method => 'GET', target => $path));
    wrong('the old key', 'no such access key', 'GET', $path, undef,
        $two->headers(method => 'GET', target => $path));
    right('the new secret', 'GET', $path, undef,
        $one->with(sk => 'other')->headers(method => 'GET', target => $path));

    for ('AK1', 'AK1:', ':x', {}, 1) {
        my $r = $sim->request(POST => '/_sim/config',
            content => $json->encode({ access_keys => [$_] }));
        is($r->{status}, 400, 'refused');
    }

    $sim->config(access_keys => []);
    my ($res, $entry) = ask('GET', $path, undef,
        Authorization => 'SDK-HMAC-SHA256 Access=AK9, Signature=0');
    is($res->{status}, 200, 'without keys, any signature will do');
    is($entry->{signature}, undef, 'and nothing is said of it');

    my $says = `$Usage::Sim::program --access-key AK 2>&1`;
    ok($? && $says =~ /AK:SK/, '--access-key without a secret is refused');
};

is($sim->stop, 0, 'a clean end');

done_testing;
