# SPDX-License-Identifier: BSD-2-Clause
#
# The shared pace if Redis goes, comes back, forgets or is another one: never
# more than the rate, and each request ends well.
#
# All is tried at once, each with gateways and a Redis of its own, as most of it is
# waiting.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time sleep);

use Usage::Gateways;
use Usage::Metrics;
use Usage::Nginx;
use Usage::Redis;
use Usage::Sim;
use Usage::Starts;
use Usage::Test;

Usage::Redis->need;

my $RATE = 30;

# s: before a gateway that is alone starts a call, at this rate and burst
my $BURST = 15;
my $PAUSE = 3 + 0.05 + ($BURST + 2) * 1.1 / $RATE;

my $sim = Usage::Sim->start(args => [ '--seed', 1, '--desktops', 5, '--days', 60 ]);

# Gateways that fetch all days of each request.
sub gateways {
    my (%o) = @_;
    my $burst = delete $o{burst} || $BURST;
    return Usage::Gateways->start(
        simulator => $sim,
        place     => 'usage_store off;',
        http      => "$FORMAT usage_rate zone=q:64k rate=${RATE}r/s burst=$burst share;"
            . 'usage_timeout ' . Usage::Nginx->patience(60) . 's; usage_retries 0;',
        nginx     => { proxy => $LOG },
        %o
    );
}

my ($dead, $killed, $restarted, $slow, $blink, $stopped, $flushed, $full)
    = map { gateways() } 1 .. 8;
my $idle = gateways(burst => 25);
my $gone = Usage::Redis->start;

my $replica = Usage::Redis->start(replica_of => $gone);
my $over = gateways(redis => 0, servers => 'server ' . $gone->address
        . ' max_fails=1 fail_timeout=2s; server ' . $replica->address . ' backup max_fails=0;');
$_->redis->kill for $dead, $idle;

# what is done with which Redis, at which time in s; calls of two gateways begin
# at once if they aren't among it
my %month = days(-32, -2);
my @plan = (
    [ 'never there',             $dead,      [ 6 => sub { $_->restart } ] ],
    [ 'gone, back, gone again',  $idle,
        [ 0   => sub { $idle->{one} = $idle->send(1, { days(-2, -2) }) } ],
        [ 5   => sub { $_->restart } ],
        [ 8   => sub { ask($idle, 0) } ],
        [ 8.3 => sub { $_->kill; ask($idle, 1) } ] ],
    [ 'killed',                  $killed,    [ 0.3 => sub { $_->kill } ] ],
    [ 'killed, back later',      $slow,      [ 0.3 => sub { $_->kill } ], [ 6 => sub { $_->restart } ] ],
    [ 'restarted, empty',        $restarted, [ 0.3 => sub { $_->restart } ] ],
    [ 'emptied, twice',          $flushed,   [ 0.3 => sub { $_->flush } ], [ 3 => sub { $_->flush } ] ],
    [ 'stopped for a moment',    $blink,     [ 0.3 => sub { $_->stop } ], [ 0.7 => sub { $_->cont } ] ],
    [ 'stopped for some time',   $stopped,   [ 0.3 => sub { $_->stop } ], [ 6 => sub { $_->cont } ] ],
    [ 'full',                    $full,
        [ 0.3 => sub { $_->command('CONFIG', 'SET', 'maxmemory', '1mb') } ],
        [ 6 => sub { $_->command('CONFIG', 'SET', 'maxmemory', '0') } ] ],
    [ 'failed over',             $over,
        [ 0.3 => sub { $gone->kill } ],
        [ 2 => sub { $replica->command('REPLICAOF', 'NO', 'ONE') } ] ],
);

# A month, asked for at these gateways.
sub ask {
    my ($g, @gateways) = @_;
    push @{ $g->{conn} }, map { $g->send($_, {%month}) } @gateways;
    return;
}

my $begin = time;
$_ == $idle or ask($_, 0, 1, 0, 1) for map { $_->[1] } @plan;

# Does what is to be done, in its order.
for my $act (sort { $a->[0] <=> $b->[0] }
    map { my $g = $_->[1]; map { [ @$_, $g ] } @$_[ 2 .. $#$_ ] } @plan)
{
    my ($at, $do, $g) = @$act;
    my $left = $begin + $at - time;
    sleep $left if $left > 0;
    $do->() for $g->redis;
}

for my $case (@plan) {
    my ($name, $g, @acts) = @$case;
    subtest $name => sub {
        my @wrong = grep {$_} map { $g->wrong($g->reply($_)) } @{ $g->{conn} };
        is(scalar @wrong, 0, 'all replies are true') or diag($wrong[0]);
        is(is_within($g, $RATE, 'both gateways'), $g == $idle ? 63 : 4 * 31, 'each call was made once');

        if ($g == $dead) {
            for my $nginx (@{ $g->{nginx} }) {
                my @starts = starts($nginx);
                cmp_ok($starts[0]{at} / 1000 - $begin, '>=', $PAUSE - 0.1, 'alone after a pause');
                my @before = grep { $_->{at} / 1000 < $begin + 6 } @starts;
                cmp_ok(most(1000, @before), '<=', $RATE / 2, 'alone at half of the rate');
            }
        }

        # (a Redis that is gone for a moment may not be missed)
        if ($name !~ /empt|moment/) {
            my @lost = map { now($_)->{usage_share_degraded_seconds_total} } @{ $g->{nginx} };
            cmp_ok($_, '>', 0, "$_ s alone are counted") for $g == $idle ? $lost[1] : @lost;
        }
        $_->stop_ok for @{ $g->{nginx} };
    };
}

done_testing;
