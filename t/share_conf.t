# SPDX-License-Identifier: BSD-2-Clause
#
# usage_rate ... share: with which other directives it goes. (t/redis.t has
# usage_share itself.)

use strict;
use warnings;

use File::Temp ();
use Test::More;

use Usage::Conf;
use Usage::Nginx;
use Usage::Test;

my $dir = File::Temp->newdir('usage-share-XXXXXX', TMPDIR => 1);
my $secret = spew("$dir/secret", 'x' x 32);
chmod 0600, $secret;

my $share  = "usage_share /redis namespace=a secret=$secret";
my $shared = 'usage_rate zone=q:64k rate=200r/m share;';

subtest 'where' => sub {
    for my $where (qw(http server location)) {
        passes($where => "$share; $shared");
        passes($where => "$shared $share;", "$where: in any order");
    }
    passes([ http => "$share; $shared", location => 'usage_rate off;' ]);
    passes([ http => "$share; $shared", location => 'usage_rate zone=r:64k rate=1r/s;' ]);
    passes([ http => $shared, location => "$share;" ]);
    passes(http => "$share; usage_rate zone=q:64k share rate=200r/m burst=20;");
};

subtest 'without usage_share' => sub {
    my $missing = qr/usage_rate zone "q" has "share", but there is no usage_share here/;
    fails($_ => $shared, $missing) for qw(http server location);
    fails([ http => "$share; $shared", location => 'usage_share off;' ], undef, $missing);
    fails([ http => $shared, server => Usage::Nginx->at(other => "$share;") ], undef, $missing);

    # it is for locations that translate
    passes([ http => $shared, location => "$share;", server => 'location /other { }' ]);
};

subtest 'more gateways than calls' => sub {
    my $many = qr/usage_share has more "gateways", \d+, than usage_rate zone "q" has calls, \d+/;
    passes(http => "$share gateways=3; usage_rate zone=q:64k rate=3r/m share;");
    fails(http => "$share gateways=4; usage_rate zone=q:64k rate=3r/m share;", $many);
    fails(http => "$share; usage_rate zone=q:64k rate=1r/s share;", $many);
    passes(http => "$share gateways=1; usage_rate zone=q:64k rate=1r/s share;");
    passes(http => "$share gateways=4; usage_rate zone=q:64k rate=3r/m;");
};

subtest 'one zone, several directives' => sub {
    my $otherwise = qr/zone "q" has another rate or burst already, or is shared otherwise/;
    my $second = sub { return [ http => "$share; $shared", location => "usage_rate $_[0];" ] };
    passes($second->($_)) for 'zone=q', 'zone=q rate=200r/m share', 'zone=q rate=200r/m burst=20 share';
    fails($second->($_), undef, $otherwise) for 'zone=q rate=200r/m', 'zone=q rate=100r/m share';
    fails([ http => "$share; usage_rate zone=q:64k rate=200r/m;",
        location => 'usage_rate zone=q rate=200r/m share;' ], undef, $otherwise);
    fails($second->('zone=q share'), undef, qr/must have a "rate" with its "burst", or with "share"/);
};

subtest 'its form' => sub {
    fails(http => "$share; usage_rate zone=q:64k rate=200r/m $_;", qr/invalid parameter/)
        for 'share share', 'share=on', 'shared', 'share=';
    fails(http => "$share; usage_rate share;", qr/must have a "zone" parameter/);
    fails(http => "$share; usage_rate off share;", qr/invalid parameter "off"/);
};

done_testing;
