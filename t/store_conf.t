# SPDX-License-Identifier: BSD-2-Clause
#
# The day store's directives: which values they take, and where.

use strict;
use warnings;

use Test::More;

use Usage::Conf;

subtest 'usage_store' => sub {
    passes(http => "usage_store zone=a:$_;") for qw(1m 10M 2048k 100m);
    fails(http => "usage_store $_;") for 'zone=a', 'zone=a:', 'zone=a:x', 'zone=:1m',
        'zone=', 'zone=a:0', 'zone=a:1k', 'zone=a:-1m', 'zone=a:1m zone=b:1m',
        'zone=a:1m more', 'zone=a:1mm', '', 'a b', '""';
    fails(http => 'usage_store zone=a:1m; usage_store zone=a:2m;',
        qr/conflict|already|duplicate/);
    fails($_ => 'usage_store zone=a:1m;') for qw(server location);
    fails($_ => 'usage_store nosuch;') for qw(http server location);
    fails([ http => 'usage_store zone=a:1m;', server => 'usage_store b;' ]);
    fails($_, undef, qr/"a" is already declared for a different use/)
        for [ http => 'limit_req_zone $uri zone=a:1m rate=1r/s;',
            server => 'usage_store a;' ],
        [ http => 'limit_req_zone $uri zone=a:1m rate=1r/s; usage_store zone=a:1m;' ];
    fails($_ => 'usage_store zone=a:1m;', qr/not allowed/) for qw(main events);

    my @zones = (http => 'usage_store zone=a:1m; usage_store zone=b:1m;');
    passes([@zones]);
    passes([ http => "$zones[1] usage_store a;" ]);
    for my $where (qw(server location)) {
        passes([ @zones, $where => "usage_store $_;" ]) for qw(a b off);
        fails([ @zones, $where => 'usage_store a; usage_store b;' ], undef, qr/duplicate/);
        fails([ @zones, $where => 'usage_store off; usage_store off;' ], undef,
            qr/duplicate/);
        fails([ @zones, $where => "usage_store $_;" ]) for '', 'a b', '""';
    }
    passes([ @zones, server => 'usage_store a;', location => 'usage_store off;' ]);
    passes($_ => 'usage_store off;') for qw(http server location);
    # (blocks come in any order)
    passes(http => 'server { listen 127.0.0.1:%%PORT2%%; usage_store a; }
        usage_store zone=a:1m;');
};

subtest 'usage_fresh, usage_final_after, usage_store_key' => sub {
    for my $where (qw(http server location)) {
        for my $name (qw(usage_fresh usage_final_after)) {
            passes($where => "$name $_;") for qw(60s 1h 26h 1d2h 3);
            fails($where => "$name $_;") for qw(x -1s 1x ""), '', '1s 2s', '1.5h';
            fails($where => "$name 1h; $name 1h;", qr/duplicate/);
        }
        passes($where => 'usage_fresh 0;');
        passes($where => "usage_store_key $_;") for '$http_x_tenant', 'all', '""',
            '"$http_x_auth_token$remote_addr"', '$host/all';
        fails($where => "usage_store_key $_;") for '', 'a b';
        fails($where => 'usage_store_key $nosuch;', qr/unknown "nosuch" variable/);
        fails($where => 'usage_store_key a; usage_store_key b;', qr/duplicate/);
    }
    fails(main => "$_ 1h;", qr/not allowed/)
        for qw(usage_fresh usage_final_after usage_store_key);
};

done_testing();
