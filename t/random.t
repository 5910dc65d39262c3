# SPDX-License-Identifier: BSD-2-Clause
#
# Random legacy calls for desktops over random tenants: the module's reply is the
# simulator's own, which knows the sessions themselves.  With faults, it is the true
# reply or an error, never anything else.  Users and hours: t/random_users.t.
#
#   USAGE_SEED            the seed, printed if the test fails
#   USAGE_RANDOM_COUNT    the calls to make, 3000

use strict;
use warnings;

use Test::More;
use Time::HiRes ();

use Usage::Nginx;
use Usage::Pair qw(@FAULTS epoch);
use Usage::Random;
use Usage::Test;

my $total = $ENV{USAGE_RANDOM_COUNT} || (Usage::Nginx->slow ? 150 : 3000);

my @places = (
    [ ''     => '' ],
    [ one    => 'usage_concurrency 1;' ],
    [ three  => 'usage_concurrency 3;' ],
    [ wide   => 'usage_concurrency 64;' ],
    [ string => 'usage_use_time string;' ],
    [ unbuf  => '', '/in/unbuf' ],
    [ tiny   => 'usage_concurrency 20;', '/in/tiny' ],
    [ id     => 'usage_resource_id on;' ],
    [ monitor => 'usage_monitoring on;' ],
    [ both   => 'usage_monitoring on; usage_resource_id on;' ],
);

my $pair = Usage::Pair->start(places => \@places);

# Makes a call; gives what is wrong, in words.
sub differs {
    my ($r, $days, $place, $name) = @_;

    my $text  = $json->encode($r);
    my ($at)  = @$place;
    my $begin = epoch();

    my ($mine, $id) = $pair->gateway($at, $text);
    my $true = $pair->simulator($text, $at eq 'string' ? 'use_time=string' : '');

    return if epoch() != $begin;

    my $differ = $mine->{error} ? "no reply: $mine->{error}"
        : $mine->{status} != $true->{status}
        ? "status $mine->{status}, not $true->{status}"
        : $true->{status} == 200 ? same_json($mine->{body}, $true->{body})
        : '';

    $pair->expect_logged($id, $days, $mine, $name) if $true->{status} == 200;

    return $differ ? "$name, $id at '$at': $differ\n" . substr($text, 0, 500)
        . "\nmine: " . substr($mine->{body}, 0, 500)
        . "\ntrue: " . substr($true->{body}, 0, 500) : '';
}

# Tenants: how many desktops, the share of the calls, whether ranges are wide.
my @tenants = (
    [ 0,    2 ],  [ 1,    6 ],  [ 2,    8, 1 ], [ 7,   12, 1 ],
    [ 20,   15, 1 ], [ 20,  15, 1 ], [ 60,  10, 1 ], [ 99,  6 ],
    [ 100,  7 ],  [ 101,  6 ],  [ 250,  6 ],    [ 199, 3 ],
    [ 201,  2 ],  [ 1000, 1.2 ],
    [ 2000, 0.6 ],
);
my $shares = 0;
$shares += $_->[1] for @tenants;

for (@tenants) {
    my ($desktops, $share, $wide) = @$_;
    my $count = int($total * $share / $shares) || 1;

    for my $idle (qw(shown hidden)) {
        my $tenant = rnd(1 << 20);
        $pair->tenant(seed => $tenant, desktops => $desktops,
            days => pick(10, 31, 40), habits => "random:$tenant", idle => $idle);
        my $name = "$desktops desktops, idle $idle, tenant $tenant";
        my $begin = Time::HiRes::time();

        my @wrong;
        for (1 .. int($count / 2) || 1) {
            my ($r, $days) = $pair->some_request($wide);
            my $why = differs($r, $days, pick(@places), $name);
            push @wrong, $why if $why;
            last if @wrong > 3;
        }
        is(scalar @wrong, 0, "$name: " . (int($count / 2) || 1) . ' calls')
            or diag(join "\n", @wrong);
        note(sprintf '%.1f s', Time::HiRes::time() - $begin);
    }
}

subtest 'variables in the access log' => sub { $pair->logged_ok };

subtest 'with faults, a reply is true or an error' => sub {
    my $count = int($total / 10) || 10;
    my ($true, $errors, @wrong) = (0, 0);

    for my $i (0 .. $count - 1) {
        my ($fault, $may) = @{ $FAULTS[ $i % @FAULTS ] };
        if ($i % @FAULTS == 0) {
            $pair->tenant(seed => rnd(1 << 20), desktops => pick(5, 30, 120, 250),
                days => 31, idle => pick(qw(shown hidden)));
        }

        my ($r) = $pair->some_request(0);
        $pair->sim->faults();
        my $expect = $pair->simulator($json->encode($r));
        next if $expect->{status} != 200;

        my %f = (%$fault, chance(70) ? (count => pick(1, 1, 2, 5)) : (),
            chance(50) ? (skip => rnd(6)) : (),
            $fault->{fault} =~ /^(?:status|reset|cut|truncate|text|empty|drip|delay)/
            ? () : (api => 'desktop-metrics'));
        $pair->sim->faults(\%f);

        my $begin = epoch();
        my ($mine) = $pair->gateway('', $json->encode($r));
        next if epoch() != $begin;

        my $what = $json->encode(\%f);
        if ($mine->{error}) {
            push @wrong, "$what: no reply: $mine->{error}";
        } elsif ($mine->{status} == 200) {
            $true++;
            my $differ = same_json($mine->{body}, $expect->{body});
            push @wrong, "$what: a wrong 200: $differ\n" . $json->encode($r)
                if $differ;
        } else {
            $errors++;
            push @wrong, "$what: $mine->{status}\n$mine->{body}\n"
                . substr $json->encode($r), 0, 1000
                unless grep { $_ == $mine->{status} } @$may;
            push @wrong, "$what: not an error reply: $mine->{body}"
                unless decode($mine->{body})
                && defined decode($mine->{body})->{error_code};
        }
        last if @wrong > 5;
    }

    $pair->sim->faults();
    is(scalar @wrong, 0, "$count calls: $true true replies, $errors errors")
        or diag(join "\n", @wrong);
};

$pair->nginx->stop_ok;
$pair->sim->stop;

done_testing();
