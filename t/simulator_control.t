#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# The simulator as a program: its options, its log of calls, its quota, and TLS.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Temp ();
use Test::More;

use Usage::Sim qw($RECORDS);
use Usage::Test qw(slurp);

my $sim = Usage::Sim->start;

subtest 'the log of calls' => sub {
    my $file  = File::Temp->new;
    my $other = Usage::Sim->start(token => 'secret-7',
        args => ['--log', "$file", '--keep-calls', 2]);
    $other->get('desktops', limit => 1,
        -headers => { Cookie => 'c=secret-8', 'X-Thing' => 'shown' });
    $other->legacy('{}', 'Content-Type' => 'text/plain');
    my $calls = $other->calls;
    is(scalar @$calls,         2,                 'two calls are logged');
    is($calls->[0]{path},      '/v2/project/desktops', 'a call has its path');
    is($calls->[0]{query},     'limit=1',         'a call has its query');
    is($calls->[0]{api},       'directory',       'a call has its api');
    is($calls->[0]{status},    200,               'a call has its status');
    is($calls->[0]{token},     $other->fingerprint('secret-7'),
        'a call has the fingerprint of its token');
    is($calls->[0]{headers}{'x-thing'}, 'shown',  'a call has its headers');
    is_deeply([sort grep {/^content-/} @{ $calls->[1]{header_names} }],
        ['content-length', 'content-type'], 'a call has the names of its headers');
    is($calls->[1]{body_bytes}, 2, 'a call has the size of its body');
    $other->get('desktops');
    is_deeply([map { $_->{n} } @{ $other->calls }], [2, 3],
        '--keep-calls 2 keeps the latest two');
    $other->clear;
    is_deeply($other->calls, [], 'a cleared log is empty');
    $other->stop;

    my $text = slurp("$file");
    is(scalar(() = $text =~ /\n/g), 3, '--log writes a line for each call');
    unlike($text, qr/secret-/, '--log writes no secret');
};

subtest 'quota' => sub {
    $sim->tenant;
    $sim->config(quota => 3, retry_after => 17);
    my @statuses = map { ($sim->get('desktops'))[0] } 1 .. 4;
    is_deeply(\@statuses, [200, 200, 200, 429],
        'of four calls in a minute the fourth is refused');
    my $r = $sim->request(GET => '/v2/p/desktops',
        headers => { 'X-Auth-Token' => 'token' });
    is($r->{json}{error_code},     'APIGW.0308', 'a 429 has its error_code');
    like($r->{json}{error_msg}, qr/,limit:3,time:1 minute\z/, 'a 429 names the quota');
    is($r->{headers}{'retry-after'}, 17,         'a 429 has Retry-After');
    $sim->config(retry_after => undef);
    $r = $sim->request(GET => '/v2/p/desktops', headers => { 'X-Auth-Token' => 'token' });
    is("$r->{status} " . exists $r->{headers}{'retry-after'}, '429 ',
        'a 429 has no Retry-After by default');
    is(($sim->get('desktops', -headers => { 'X-Auth-Token' => 'x' }))[0],
        200, 'another token has a quota of its own');
    is(($sim->get($RECORDS))[0], 200, 'another API has a quota of its own');
    is(($sim->legacy({}))[0],    200, 'the legacy call has a quota of its own');
    $sim->config(quota => 0, retry_after => undef);
};

subtest 'options' => sub {
    my $port  = File::Temp->new;
    my $other = Usage::Sim->start(args => [
        '--port-file', "$port", '--seed', 9, '--desktops', 5, '--days', 2,
        '--users', 3, '--now', '2024-02-29T12:00:00Z', '--project', 'project',
        '--idle', 'hidden', '--token', 'token', '--token', 'other', '--quota',
        2, '--retry-after', 5, '--records-limit', 100, '--records-clamp', '--no-sid',
        '--no-resource-id', '--fault', 'status:status=418,api=records,count=1',
        '--delay', '1-2',
    ]);
    is(slurp("$port"), $other->port . "\n", '--port-file has the port');
    my $c = $other->config;
    is_deeply([@$c{qw(now quota retry_after desktops)}, @{ $c->{habits} }{qw(idle records_limit)}],
        ['2024-02-29T12:00:00Z', 2, 5, 5, 'hidden', 100],
            'the settings are what the options say');
    is(($other->get($RECORDS))[0], 418, '--fault holds for the first call');
    is(($other->get($RECORDS, limit => 101))[0], 200, '--fault with count=1 holds once');
    ok($c->{habits}{records_clamp}, '--records-clamp is set');
    for my $wrong ('--idle never', '--limit 3', 'x', '--fault cut:at=x',
        '--listen here', '--sessions /nowhere', '--tls-key /dev/null') {
        my $says = `$Usage::Sim::program $wrong 2>&1`;
        ok($? && $says, "refused: $wrong");
    }
    my $help = `$Usage::Sim::program --help`;
    like($help, qr/--records-limit/, '--help lists the options');
    like($help, qr/lying-count/,     '--help lists the faults');
    like($help, qr/records_names=fuzzy/, '--help lists the habits');
    is($other->stop, 0, 'a simulator with all options ends cleanly');
};

subtest 'TLS' => sub {
    my $dir = File::Temp->newdir;
    plan skip_all => 'no openssl'
        if system("openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=sim "
            . "-days 2 -keyout $dir/key -out $dir/cert >$dir/out 2>&1");
    my $tls = Usage::Sim->start(
        args => ['--tls-cert', "$dir/cert", '--tls-key', "$dir/key"]);
    open my $f, '>', "$dir/request" or die $!;
    print $f "GET /_sim/desktops HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    close $f;
    my $reply = `openssl s_client -quiet -ign_eof -connect 127.0.0.1:@{[$tls->port]} <$dir/request 2>/dev/null`;
    like($reply, qr/c6e6dbd7/, 'a call over TLS is answered');
    is($tls->stop, 0, 'a simulator with TLS ends cleanly');
};

is($sim->stop, 0, 'the simulator ends cleanly');

done_testing;
