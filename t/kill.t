# SPDX-License-Identifier: BSD-2-Clause
#
# Workers that are killed, at any time, while the store is read and written: no
# reply is wrong, nobody waits for ever, and the store still serves.

use strict;
use warnings;

use POSIX ();
use Test::More;
use Time::HiRes qw(time sleep);

use Usage::Nginx;
use Usage::Random;
use Usage::Sim;
use Usage::Store qw(took);
use Usage::Test;

my $slow  = Usage::Nginx->slow;
my $kills = $slow ? 8 : 100;
my $limit = Usage::Nginx->patience(60);

# Two tenants, so that days that get mixed up are seen.
my %sim = map { $_ => Usage::Sim->start(args => [ '--seed', 1 ]) } qw(one two);

sub gateway {
    my (%o) = @_;
    my $two = $sim{two}->port;
    return Usage::Nginx->start(
        upstream => $sim{one}->port,
        workers  => $o{workers},
        listen   => 'reuseport',
        # (a connection that an upstream has closed is no failure)
        http     => Usage::Store->http(size => $o{size}),
        server   => "usage_timeout ${limit}s;"
            . Usage::Nginx->at(all => 'usage_store_key all;')
            . Usage::Nginx->at(two => 'usage_store_key all;', '/second')
            . Usage::Nginx->at(wide => 'usage_concurrency 31;')
            . "location /second/ {
                internal;
                proxy_pass http://127.0.0.1:$two/;
            }",
        events => 'accept_mutex off;',
    );
}

# Calls with their replies: for each place, ranges, pages and ids.
sub repertoire {
    my (@list) = @_;
    for my $which (sort keys %sim) {
        my $sim = $sim{$which};
        $sim->tenant(seed => $which eq 'one' ? 31 : 32, days => 60,
            desktops => 130, idle => $which eq 'one' ? 'shown' : 'hidden');
        my @ids = @{ $sim->desktops };
        for my $n (1 .. 40) {
            my $from = -3 - int rand 30;
            my $to   = $from + int rand 8;
            my %body = days($from, $to > -3 ? -3 : $to);
            $body{limit} = int rand 101 if rand > 0.7;
            $body{offset} = int rand 120 if rand > 0.7;
            $body{desktop_ids} = [ map { $ids[ rand @ids ] } 1 .. 1 + rand 6 ]
                if rand > 0.7;
            my ($status, undef, $raw) = $sim->legacy({%body});
            die "no truth: $status" if $status != 200;
            push @list, { text => $json->encode(\%body), true => $raw,
                at => $which eq 'one' ? [ '', '/all', '/wide' ] : ['/two'] };
        }
    }
    return @list;
}

# A client that asks on and on, and tells what was not as it should be.
sub client {
    my ($nginx, $calls, $out, $n) = @_;
    my ($c, $stop);
    local $SIG{TERM} = sub { $stop = 1 };
    srand $$;
    until ($stop) {
        my $call = $calls->[ rand @$calls ];
        my $at   = $call->{at}[ rand @{ $call->{at} } ];
        my $from = time;
        $c ||= Usage::Client->new(port => $nginx->port, timeout => $limit * 1.5);
        my $res = !$c ? { error => 'connect' } : $c->post($at . route(),
            $call->{text}, 'X-Auth-Token' => 't' . int rand 6);
        my $took = time - $from;
        my $said;
        if ($res->{error}) {
            undef $c;
            # its worker is gone, and the call with it
            $said = $res->{error} =~ /timeout/ ? "no reply in time: $took s"
                : 'gone';
        } elsif ($res->{status} != 200) {
            $said = "status $res->{status}: $res->{body}";
        } else {
            my $differs = same_json($res->{body}, $call->{true});
            $said = $differs ? "WRONG 200: $differs: $at $call->{text}" : 'true';
        }
        $said =~ s/\s+/ /g;
        syswrite $out, substr($said, 0, 400) . "\n";
    }
    return;
}

for my $set ({ workers => 2, size => '4m' }, { workers => 3, size => '256k' }) {
    subtest "$set->{workers} workers, $set->{size}" => sub {
        my $nginx = gateway(%$set);
        my @calls = repertoire();
        $_->config(delay_ms => '0-4') for values %sim;
        ok($nginx->wait_for(sub { $set->{workers} == (() = $nginx->workers) }),
            'the workers run');

        pipe my $in, my $out or die $!;
        my @pids;
        for my $n (1 .. 6) {
            my $pid = fork // die "fork: $!";
            if (!$pid) {
                close $in;
                client($nginx, \@calls, $out, $n);
                POSIX::_exit(0);
            }
            push @pids, $pid;
        }
        close $out;
        $in->blocking(0);

        my (%said, $text);
        my $hear = sub {
            while (sysread $in, $text, 65536, length($text // '')) { }
            while ($text =~ s/\A(.*)\n//) { $said{$1}++ }
            return $said{true} || 0;
        };

        my $half = int($kills / 2);
        for my $i (1 .. $half) {
            # some replies since the last one, then at any moment
            my $before = $hear->();
            $nginx->wait_for(sub { $hear->() >= $before + 3 }, $limit * 1.5)
                or diag("nothing is answered any more, after $i kills"), last;
            sleep rand 0.05;
            my @workers = $nginx->workers;
            kill 'KILL', $i % 10 ? $workers[ rand @workers ] : @workers;
            $nginx->wait_for(sub { my @now = $nginx->workers;
                @now == $set->{workers} && "@now" ne "@workers" }, 20);
        }

        my $before = $hear->();
        ok($nginx->wait_for(sub { $hear->() >= $before + 20 }, $limit * 1.5),
            'calls are answered after the last');
        kill 'TERM', @pids;
        # (what they are told meanwhile may not fill the pipe)
        my %left = map { $_ => 1 } @pids;
        ok($nginx->wait_for(sub {
            $hear->();
            delete @left{ grep { waitpid($_, POSIX::WNOHANG()) > 0 } keys %left };
            return !%left;
        }, $limit * 2), 'no client waits for ever');
        kill 'KILL', keys %left;
        waitpid $_, 0 for keys %left;
        $hear->();

        my $true = delete $said{true} || 0;
        my $gone = delete $said{gone} || 0;
        cmp_ok($true, '>=', 3 * $half, "$true true replies, $gone that were cut");
        is_deeply(\%said, {}, 'there are no other replies');

        # the store serves: other calls, and those of before
        $_->config(delay_ms => 0) for values %sim;
        my $store = Usage::Store->new(sim => $sim{one}, nginx => $nginx);
        for my $token ('t0', 't1', Usage::Store->fresh_token) {
            for my $range ([ -4, -3 ], [ -5, -4 ], [ -8, -6 ]) {
                my $body = { days(@$range) };
                $store->true_ok($store->ask($body, token => $token), $body, $token);
                my $res = $store->ask($body, token => $token);
                $store->true_ok($res, $body, "$token, again");
                took($res, 1, "$token, $$range[0]..$$range[1], again");
            }
        }
        ok($nginx->reload, 'nginx reloads');
        my $body = { days(-4, -3) };
        $store->true_ok($store->ask($body, token => 't0'), $body, 'after the reload');
        $nginx->stop_ok('it stops', allow => qr/exited on signal 9|open socket|was locked by/);
    };
}

# The one that fetches is killed: those that wait for it, in another worker, are
# not forgotten.
subtest 'the worker that fetches' => sub {
    my $sim   = $sim{one};
    my $nginx = gateway(workers => 2, size => '4m');
    my $store = Usage::Store->new(sim => $sim, nginx => $nginx);
    $store->tenant(seed => 33, desktops => 60);
    my $body = { days(-12, -3) };
    $store->truth($body);

    for my $round (1 .. ($slow ? 2 : 10)) {
        $nginx->wait_for(sub { 2 == (() = $nginx->workers) });
        my %before = map { $_ => 1 } $nginx->workers;
        # (a token that isn't known to be good has one call under way)
        my $token = Usage::Store->fresh_token;
        $store->ask({ days(-20, -20) }, token => $token);

        $sim->faults({ fault => 'hang', count => 8, query => 'limit=100' });
        $sim->clear;

        # whose worker it is: the one that has a connection to the client
        my $send = sub {
            my $c = $nginx->client(timeout => $limit * 1.5);
            my $first = $c->request('GET', '/-/generation');
            $c->send($c->format('POST', route(), $json->encode($body),
                'X-Auth-Token' => $token));
            return $c;
        };
        my $leader = $send->();
        ok($nginx->wait_for(sub { 8 <= @{ $store->calls } }), 'the leader fetches the days') or last;
        my @others = map { $send->() } 1 .. 12;
        ok($nginx->wait_for(sub { 8 + 12 <= @{ $store->calls } }), 'the followers wait');

        my ($pid) = grep { has_connection($_, $leader->sock->sockport) } keys %before;
        ok($pid, 'the worker of the leader is known') or last;
        kill 'KILL', $pid;

        my (%status, $wrong);
        for my $c (@others) {
            my $res = $c->response;
            $status{ $res->{error} ? $res->{error} =~ /timeout/ ? 'timeout' : 'gone'
                : $res->{status} }++;
            $wrong = same_json($res->{body}, $store->truth($body))
                if !$res->{error} && $res->{status} == 200 && !$wrong;
        }
        ok(!$wrong, 'no reply is wrong') or diag("WRONG 200: $wrong");
        delete $status{gone};
        is_deeply([ keys %status ], keys %status ? ['200'] : [],
            'who is left is answered') or diag(explain \%status);
        $sim->faults;
        my $res = $store->ask($body, token => $token);
        $store->true_ok($res, $body, "a call after the leader's worker was killed");
        is(scalar @{ $store->ask($body, token => $token)->{calls} }, 1,
            'afterwards all days are stored');
    }
    $nginx->stop_ok('it stops', allow => qr/exited on signal 9|open socket|was locked by/);
};

# Has the process the connection that comes from this port?
sub has_connection {
    my ($pid, $port) = @_;
    my %inode;
    open my $tcp, '<', '/proc/net/tcp' or return;
    while (my $line = <$tcp>) {
        my @f = split ' ', $line;
        $inode{ $f[9] } = 1 if ($f[2] // '') =~ /:(\w{4})\z/ && hex $1 == $port;
    }
    return grep { (readlink($_) // '') =~ /\Asocket:\[(\d+)\]/ && $inode{$1} }
        glob "/proc/$pid/fd/*";
}

$_->stop for values %sim;

done_testing();
