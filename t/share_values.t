# SPDX-License-Identifier: BSD-2-Clause
#
# The values that gateways share in Redis: they tell nothing, and no value is accepted but
# what a gateway wrote for this caller, this day, this namespace and with this secret.  A
# value that was changed, swapped or cut is fetched again, and counts as rejected.
#
#   USAGE_SEED            the seed, printed if the test fails
#   USAGE_RANDOM_COUNT    values to change, 400

use strict;
use warnings;

use Test::More;

use Usage::Gateways;
use Usage::Metrics;
use Usage::Nginx;
use Usage::Random;
use Usage::Redis;
use Usage::Sim;
use Usage::Test;

Usage::Redis->need;

my %week  = days(-9, -3);
my %month = days(-33, -3);
my $http  = 'usage_timeout ' . Usage::Nginx->patience(60) . 's; usage_retries 0;';

my $g = Usage::Gateways->start(sim => [ '--desktops', 30, '--days', 60 ], http => $http);
my ($sim, $redis) = ($g->sim, $g->redis);

# Names of what is more than a lock.
sub names {
    my $all = $redis->dump;
    return grep { length $all->{$_} > 30 } sort keys %$all;
}

# A report by a group of gateways with a new token; returns the names of its days.
sub filled {
    my ($group, $body, $token) = @_;
    my %before = map { $_ => 1 } names();
    my $res = $group->ask(0, {%$body}, token => $token);
    is($group->wrong($res), '', 'a report is true');
    return grep { !$before{$_} } names();
}

sub rejected { return now($_[0])->{usage_share_rejected_total} }

# The gateway's lines about such values.
sub lines { return () = $_[0]->error_log =~ /a value of Redis at "\/redis" is not used/g }

# The same service; what has another namespace, and what another secret.
my %same   = (gateways => 1, simulator => $sim, redis => $redis, http => $http);
my $space  = Usage::Gateways->start(%same, namespace => 'other');
my $secret = Usage::Gateways->start(%same, secret => 'another secret, also of 32 bytes or more');

subtest 'what Redis has tells nothing' => sub {
    my $token = $g->tenant(seed => 21, desktops => 60);
    $g->ask(0, {%month}, token => $token, project => 'project-of-a-caller');
    my $all = $redis->dump;
    is(scalar(grep { length $all->{$_} > 30 } keys %$all), 31, 'there is an entry for each day');
    is(scalar(grep { !/\Ausage:[0-9a-f]{64}\z/ } keys %$all), 0, 'all names are alike');
    my $text = join "\0", %$all;
    my @ids = @{ $sim->desktops };
    my @users = map {@$_{qw(user_name user_id)}} @{ $sim->users(detail => 1) };
    my @clear = ($token, qw(project-of-a-caller gateway.test workspace test used_info),
        @ids, grep({ defined && length > 3 } @users), map { on($_) } -33 .. -3);
    push @clear, map { s/-//gr } @clear;
    is(scalar(grep { index($text, $_) >= 0 } @clear), 0, 'no token, id, user or date is there');
    is(scalar(grep { index($text, pack 'H*', s/-//gr) >= 0 } @ids), 0, 'nor an id as bytes');
    my %values = map { $_ => 1 } values %$all;
    is(scalar keys %values, scalar keys %$all, 'no two values are the same');
};

subtest 'values that are not for this caller and day' => sub {
    my $count = $ENV{USAGE_RANDOM_COUNT} || (Usage::Nginx->slow ? 62 : 400);
    $redis->flush;

    # what else there is: another caller's, namespace's and secret's values for these days
    $g->tenant(seed => 22, desktops => 40);
    my %others = (
        caller    => [ filled($g, \%month, $g->tenant) ],
        namespace => [ filled($space, \%month, 'token') ],
        secret    => [ filled($secret, \%month, 'token') ],
    );
    $_ = [ map { $redis->command('GET', $_) } @$_ ] for values %others;
    is(scalar @$_, 31, 'others have values') for values %others;

    $g->tenant(seed => 23, desktops => 30);
    my $all = 0;
    my $began = time;
    while ($all < $count) {
        my $token = $g->tenant;
        my @names = filled($g, \%month, $token);
        my %value = map { $_ => $redis->command('GET', $_) } @names;
        my $before = rejected($g->nginx(1));

        # the days' values change places, all of them in one round
        my $turn = 1 + rnd(@names - 1);
        my $swap = !$all;
        for my $i (0 .. $#names) {
            my $is = my $was = $value{ $names[$i] };
            my $at = rnd(length $was);
            my $way = $swap ? 0 : rnd(11);
            if    ($way == 0) { $is = $value{ $names[ ($i + $turn) % @names ] } }
            elsif ($way == 1) { $is = pick(@{ $others{caller} }) }
            elsif ($way == 2) { $is = pick(@{ $others{namespace} }) }
            elsif ($way == 3) { $is = pick(@{ $others{secret} }) }
            elsif ($way == 4) { substr $is, $at, 1, chr(ord(substr $is, $at) ^ 1 << rnd(8)) }
            elsif ($way == 5) { substr $is, $at, 1, chr((ord(substr $is, $at) + 1 + rnd(255)) % 256) }
            elsif ($way == 6) { $is = substr $was, 0, $at }
            elsif ($way == 7) { $is .= chance(50) ? "\0" : $was }
            elsif ($way == 8) { $is = '' }
            elsif ($way == 9) { $is = substr $was, 1 }
            else              { $is = join '', map { chr rnd(256) } 1 .. rnd(200) }
            $redis->command('SET', $names[$i], $is);
        }
        $all += @names;

        $g->clear;
        my $res = $g->ask(1, {%month}, token => $token);
        is($g->wrong($res), '', "$all values: the reply is true");
        is(scalar $g->took($res), 31, "$all values: each day is fetched again");
        cmp_ok(rejected($g->nginx(1)) - $before, '>=', 31, "$all values: each is rejected");
        last if !Test::More->builder->is_passing;
    }
    my $lines = lines($g->nginx(1));
    cmp_ok($lines, '>=', 1, 'the error log says so');
    cmp_ok($lines, '<=', 1 + (time - $began + 1) / 10, 'seldom');
    is(rejected($g->nginx(0)), 0, 'a gateway that reads none rejects none');
};

subtest 'one value among good ones' => sub {
    my $token = $g->tenant(seed => 24, desktops => 30);
    my @names = filled($g, \%week, $token);
    my $value = $redis->command('GET', $names[3]);
    substr $value, 40, 1, chr(ord(substr $value, 40) ^ 1);
    $redis->command('SET', $names[3], $value);
    $g->clear;
    my $res = $g->ask(1, {%week}, token => $token);
    is($g->wrong($res), '', 'the reply is true');
    is(scalar $g->took($res), 1, 'only that day is fetched again');
    isnt($redis->command('GET', $names[3]), $value, 'and written');
    $g->restart(1);
    $res = $g->ask(1, {%week}, token => $token);
    is(rejected($g->nginx(1)), 0, 'now all are good');
    is($g->wrong($res), '', 'and true');
};

subtest 'no value at all' => sub {
    for my $what ('a list', 'more than 8 MB') {
        my $token = $g->tenant(seed => 25, desktops => 30);
        my @names = filled($g, \%week, $token);
        for ($names[2], $names[5]) {
            $redis->command('DEL', $_);
            $what eq 'a list' ? $redis->command('RPUSH', $_, 'text')
                : $redis->command('SET', $_, 'x' x 8_400_000);
        }
        $g->restart(1);
        my $res = $g->ask(1, {%week}, token => $token);
        is($g->wrong($res), '', "$what: the reply is true");
        cmp_ok(now($g->nginx(1))->{
            'usage_share_operations_total{operation="get",outcome="refused"}'}, '>=', 1,
            "$what: counts as refused");
        like($g->nginx(1)->error_log, qr/Redis at "\/redis" refused \(get\): /, 'and is said');
        is(now($g->nginx(1))->{'usage_share_up{location="/redis"}'}, 1, 'Redis is up');
        $g->restart(1);
        $g->clear;
        $res = $g->ask(1, {%week}, token => $token);
        is($g->wrong($res), '', "$what: the next one, too");
        is(scalar $g->took($res), 1, "$what: good values are there instead");
    }
};

subtest 'two services in one Redis' => sub {
    my $sim2 = Usage::Sim->start(args => [ '--seed', 99, '--desktops', 30, '--days', 60 ]);
    my $two = Usage::Gateways->start(%same, gateways => 2, simulator => $sim2,
        namespace => 'second');
    my $token = $g->tenant(seed => 26, desktops => 30);
    my @one = filled($g, \%week, $token);
    my @two = filled($two, \%week, $token);
    is(@one . ' ' . @two, '7 7', 'each has entries of its own');
    for my $group ($g, $two) {
        $group->clear;
        my $res = $group->ask(1, {%week}, token => $token);
        is($group->wrong($res), '', 'each is answered with its own data');
        is(scalar $group->took($res), 1, 'which are shared');
    }
    my ($first, $second) = map { ($_->legacy({%week}))[2] } $sim, $sim2;
    isnt($first, $second, '(the data differ)');

    # entries of the one under the names of the other
    my %of = map { $_ => $redis->command('GET', $_) } @one;
    $redis->command('SET', $two[$_], $of{ $one[$_] }) for 0 .. 6;
    $two->restart(1);
    $two->clear;
    my $res = $two->ask(1, {%week}, token => $token);
    is($two->wrong($res), '', 'also with the values of the other one');
    is(scalar $two->took($res), 7, 'which are fetched anew');
    $two->nginx($_)->stop_ok for 0, 1;
};

subtest 'another secret' => sub {
    my $token = $g->tenant(seed => 27, desktops => 30);
    filled($g, \%week, $token);
    my $before = rejected($secret->nginx);
    $secret->clear;
    delete $secret->{truth};
    my $res = $secret->ask(0, {%week}, token => $token);
    is($secret->wrong($res), '', 'the reply is true');
    is(scalar $secret->took($res), 7, 'days are fetched');
    is(rejected($secret->nginx), $before, 'nothing is rejected, as nothing is found');
    is(lines($secret->nginx), 0, 'and nothing is said');
};

$_->nginx->stop_ok for $space, $secret;
$g->nginx($_)->stop_ok for 0, 1;
done_testing;
