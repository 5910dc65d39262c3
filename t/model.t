# SPDX-License-Identifier: BSD-2-Clause
#
# t/model/flight.pml, checked by spin: one fetch for all gateways. The model says
# what it has of the protocol, and what may go wrong.

use strict;
use warnings;

use File::Temp ();
use Test::More;

use Usage::Nginx;

if (!Usage::Nginx::_which('spin')) {
    die "no spin, and CI is set\n" if $ENV{CI};
    plan skip_all => 'no spin';
}

my $model = "$Usage::Nginx::root/t/model/flight.pml";
my $cc    = $ENV{CC} || 'cc';

# Looks at all states. Returns what was found: how many errors and states, and the
# text. $how is for the compiler: SAFETY for the assertions and deadlocks alone,
# else it is also checked that all requests end.
sub check {
    my ($how, @defines) = @_;

    my $dir = File::Temp->newdir('usage-model-XXXXXX', TMPDIR => 1);
    my $safety = $how eq 'SAFETY';
    my @compile = $safety ? qw(-DSAFETY -DNOCLAIM) : qw(-DNFAIR=3);
    my $run     = $safety ? '' : '-a -f';
    my $defines = join ' ', map {"-D$_"} @defines;

    my $text = qx{cd $dir && spin -a $defines $model 2>&1 \\
        && $cc -O1 -w @compile -o pan pan.c 2>&1 && ./pan -m100000 $run 2>&1};
    my ($errors) = $text =~ /errors: (\d+)/;
    my ($states) = $text =~ /(\d+) states, stored/;
    my $cut = $text =~ /max search depth too small|Search not completed/ && !$errors;
    return ($cut ? undef : $errors, $states // 0, $text);
}

# --- What holds. (Some 110,000, 920,000, 200,000 and 5,000 states.)

for (
    [ 'each request ends, without a time-out', '',       'ALL=1' ],
    [ 'no reply without a call of its own',    'SAFETY' ],
    [ 'nor with usage_timeout',                'SAFETY', 'ALL=1', 'TIMEOUT' ],
    [ 'without trouble, one of three fetches', '',       'N=3', 'CALM' ],
    )
{
    my ($name, @how) = @$_;
    my ($errors, $states, $text) = check(@how);
    is($errors, 0, $name) or diag $text;
    cmp_ok($states, '>', 1000, "$name: the model does something");
    note "$states states";
}

# --- A protocol that lacks a part of it fails, so the checks see something.

for (
    [ 'a lock that never expires',   qr/acceptance cycle/, 'ALL=1', 'NO_EXPIRY' ],
    [ 'a reply without a call',      qr/violated live/,    'ALL=1', 'TRUSTING' ],
    [ 'no second look',              qr/violated \(fetching/, 'CALM', 'NO_SECOND_LOOK' ],
    [ 'a lock dropped before the writes', qr/violated \(fetching/, 'CALM', 'HASTY' ],
    )
{
    my ($name, $what, @defines) = @$_;
    my ($errors, undef, $text) = check('', @defines);
    is($errors, 1, "$name is found") or diag $text;
    like($text, $what, "$name: that is what fails");
}

done_testing;
