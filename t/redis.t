# SPDX-License-Identifier: BSD-2-Clause
#
# The directives usage_share, usage_redis_pass and usage_redis_auth: which values
# they take, and where; what they show of themselves.

use strict;
use warnings;

use File::Temp ();
use Test::More;

use Usage::Conf;
use Usage::Metrics;
use Usage::Nginx;
use Usage::Test;

my $dir = File::Temp::tempdir('usage-redis-XXXXXX', TMPDIR => 1, CLEANUP => 1);

# A file with that text, which only its owner can read; its name.
sub secret {
    my ($name, $text, $mode) = @_;
    my $file = spew("$dir/$name", $text);
    chmod $mode // 0600, $file;
    return $file;
}

my $secret = secret(good => 'x' x 32 . "\n");
my $share  = "usage_share /redis namespace=a secret=$secret";

subtest 'usage_share' => sub {
    for my $where (qw(http server location)) {
        passes($where => $_) for 'usage_share off;', "$share;",
            "$share gateways=1 timeout=1s;", "$share timeout=50ms gateways=1000;",
            "usage_share /r secret=$secret namespace=" . 'aZ09._-' x 9 . 'a;';
        fails($where => "$share; $share;", qr/duplicate/);
        fails($where => 'usage_share off; usage_share off;', qr/duplicate/);
    }
    passes([ http => "$share;", location => 'usage_share off;' ]);
    passes([ http => "$share;", location => "usage_share /other namespace=b secret=$secret;" ]);
    fails(main => "$share;", qr/not allowed/);

    fails(location => "usage_share $_;", qr/invalid URI "/)
        for 'on', 'redis', '""', '@redis', 'off off', "namespace=a secret=$secret";
    fails(location => "usage_share /redis secret=$secret;", qr/must have a "namespace"/);
    fails(location => 'usage_share /redis namespace=a;', qr/must have a "secret"/);
    fails(location => 'usage_share;', qr/invalid number of arguments/);
    fails(location => "usage_share /redis secret=$secret namespace=$_;",
        qr/invalid parameter "namespace=.* letters/)
        for '', '"a b"', 'a/b', "\xc3\xa4", 'a' x 65, '"a\0"';
    fails(location => "$share $_;", qr/invalid parameter "\Q$_\E".* each once/)
        for qw(gateways=0 gateways=1001 gateways=-1 gateways= gateways=x timeout=0 timeout=
        timeout=-1 timeout=x namespace=b secret=x off more);
    fails(location => "$share gateways=2 gateways=2;", qr/invalid parameter/);
    fails(location => "$share timeout=1s timeout=1s;", qr/invalid parameter/);
};

subtest 'the secret' => sub {
    my $with = sub { return 'usage_share /redis namespace=a secret=' . secret(@_) . ';' };
    passes(http => $with->(long => 'x' x 5000));
    passes(http => $with->(binary => join '', map { chr } 0 .. 255));
    fails(http => $with->(short => 'x' x 31 . " \t\r\n\n"), qr/has 31 bytes, it must have at least 32/);
    fails(http => $with->(empty => ''), qr/has 0 bytes/);
    for my $mode (0644, 0640, 0604, 0620, 0610, 0601) {
        fails(http => $with->(open => 'x' x 32, $mode), qr/by others than its owner; "chmod 600" it/);
    }
    fails(http => 'usage_share /redis namespace=a secret=/nowhere/at/all;', qr/No such file/);
    fails(http => "usage_share /redis namespace=a secret=$dir;", qr/is not a file/);
    my (undef, $out) = Usage::Nginx->check(http => $with->(told => 'SECRET' x 4));
    unlike($out, qr/SECRET/, 'nothing of it is shown');
};

subtest 'usage_redis_pass' => sub {
    my $up = 'upstream r { server 127.0.0.1:1; server unix:/x backup; keepalive 4; }';
    my $at = sub { return (http => $up, server => "location = /redis { internal; $_[0] }") };
    passes([ $at->("usage_redis_pass $_;") ]) for 'r', '127.0.0.1:6379', 'unix:/tmp/socket',
        '[::1]:6379', 'localhost:6379';
    fails([ $at->("usage_redis_pass $_;") ], undef, qr/no port|host not found|no host|invalid|empty/)
        for '127.0.0.1', 'nowhere.invalid:6379', '""', ':6379';
    fails([ $at->('usage_redis_pass r; usage_redis_pass r;') ], undef, qr/duplicate/);
    fails([ $at->('usage_redis_pass r; usage_status;') ], undef, qr/has no place beside/);
    fails([ $at->('usage_translate /x; usage_redis_pass r;') ], undef, qr/has no place beside/);
    fails($_ => 'usage_redis_pass 127.0.0.1:1;', qr/not allowed/) for qw(http server);
};

subtest 'usage_redis_auth' => sub {
    my $at = sub {
        my $file = secret(@_);
        return (server =>
                "location = /redis { usage_redis_auth $file; usage_redis_pass 127.0.0.1:1; }");
    };
    passes([ $at->(auth => $_) ]) for 'password', "password\n", "user password\r\n",
        "user \t password \n\n", ' password';
    fails([ $at->(auth => $_) ], undef, qr/must be one line, "password" or "user password"/)
        for '', "\n", "a b c\n", "user\npassword\n", "a\0b\nc";
    fails([ $at->(auth => 'password', 0640) ], undef, qr/usage_redis_auth.*"chmod 600" it/);
    my $file = secret(auth => 'password');
    fails(server => "location = /redis { usage_redis_auth $file; }",
        qr/"usage_redis_auth" has no "usage_redis_pass" beside it/);
    fails(server => "location = /redis { usage_redis_auth $file; usage_redis_auth $file; usage_redis_pass 127.0.0.1:1; }",
        qr/duplicate/);
    fails(server => "usage_redis_auth $file;", qr/not allowed/);
    my (undef, $out) = Usage::Nginx->check($at->(auth => "A PASS\nWORD"));
    unlike($out, qr/PASS/, 'nothing of it is shown');
};

subtest 'no effect' => sub {
    my (undef, $out) = Usage::Nginx->check(server => "location /x { $share; }");
    like($out, qr/"usage_share" has no effect in the location "\/x": there is no usage_translate/,
        'a location that does not translate');
};

subtest 'requests and metrics' => sub {
    my $nginx = Usage::Nginx->start(
        http   => "$share;",
        server => 'location = /redis { usage_redis_pass 127.0.0.1:1; }'
            . 'location = /status { usage_status; }'
            . Usage::Nginx->at(other => "usage_share /other namespace=a secret=$secret;")
            . Usage::Nginx->at(again => "$share gateways=3;"),
    );
    is($nginx->request('GET', '/redis')->{status}, 404, 'Redis takes no request of a client');
    my $have = now($nginx);
    is_deeply([ grep {/share_up/} sort keys %$have ],
        [ 'usage_share_up{location="/other"}', 'usage_share_up{location="/redis"}' ],
        'each location of Redis is there once');
    is($have->{'usage_share_operations_total{operation="get",outcome="done"}'}, 0,
        'operations are counted from 0 on');
    $nginx->stop_ok;

    $nginx = Usage::Nginx->start(server => 'location = /status { usage_status; }');
    unlike($nginx->request('GET', '/status')->{body}, qr/usage_share/,
        'there is nothing of it without usage_share');
    $nginx->stop_ok;
};

subtest 'a path that leads elsewhere' => sub {
    my $nginx = Usage::Nginx->start(
        http => "usage_store zone=days:1m; usage_store days; usage_fresh 1h;",
        server => 'location = /page { return 200 x; }'
            . Usage::Nginx->at(none => "usage_share /none namespace=a secret=$secret;")
            . Usage::Nginx->at(page => "usage_share /page namespace=a secret=$secret;"),
    );
    for ([ none => 404 ], [ page => 200 ]) {
        my ($path, $status) = @$_;
        $nginx->post("/$path" . route(), body(days(-9, -3)), 'X-Auth-Token' => 'token');
        like($nginx->error_log,
            qr/"\/$path" leads to no location with usage_redis_pass: nginx answered $status \(get\)/,
            "$path: the log says so");
    }
    $nginx->stop_ok;
};

done_testing();
