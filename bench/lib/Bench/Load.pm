# SPDX-License-Identifier: BSD-2-Clause

package Bench::Load;

# One round of load on one nginx: wrk asks, the kernel and the upstream count.

use strict;
use warnings;

use HTTP::Tiny;
use JSON::PP    qw(decode_json);
use Time::HiRes qw(sleep time);

use Bench::Proc qw(cpu_seconds);

my $http = HTTP::Tiny->new(timeout => 10);
my $wrk;    # its pid while it runs

# Requests an nginx has had, without the ones for its status.
my %asked;

sub requests {
    my ($server) = @_;

    my $port = $server->port;
    my $answer = $http->get("http://127.0.0.1:$port/status", { headers => { 'X-Auth-Token' => '-' } });
    my ($requests) = $answer->{content} =~ /^ *\d+ +\d+ +(\d+)/m
        or die "nginx tells no status: $answer->{status} $answer->{content}\n";
    return $requests - ++$asked{$port};
}

# Runs wrk and returns what load.lua printed.
sub _wrk {
    my ($arg, $seconds) = @_;

    my @command = (
        @{ $arg->{pin} }, 'wrk', '-t1', "-c$arg->{connections}", "-d${seconds}s",
        '--timeout', '60s', '-s', $arg->{script}, $arg->{url}, '--', @{ $arg->{ask} },
    );
    $wrk = open my $out, '-|', @command or die "wrk: $!\n";
    my $text = do { local $/ = undef; <$out> };
    close $out or die "wrk failed: $text\n";
    $wrk = undef;

    my ($line) = $text =~ /^(\{.*\})$/m or die "wrk said nothing of use: $text\n";
    return decode_json($line);
}

sub stop {
    kill 'TERM', $wrk if $wrk;
    return;
}

sub _state {
    my ($arg) = @_;

    return {
        calls => requests($arg->{upstream}),
        cpu   => cpu_seconds($arg->{server}->worker),
    };
}

# A peer may finish, or drop, what wrk no longer waits for.
sub _settle {
    my ($arg) = @_;

    my $end  = time + 10;
    my $last = _state($arg);
    while (time < $end) {
        sleep 0.1;
        my $now = _state($arg);
        return $now if $now->{calls} == $last->{calls} && $now->{cpu} - $last->{cpu} < 0.015;
        $last = $now;
    }
    return $last;
}

# server, upstream: where; url, ask, connections, script, pin: see _wrk;
# calls: upstream calls a request makes, 0 for none.
#
# When wrk stops, some requests are half done. With few and long requests they
# are a good part of the work, so work is counted in upstream calls where there
# are any: 100 calls of the 50 a request needs are 2 requests. Where there are
# none, a peer does what it has begun, for it never waits; what was done in time
# is told by the share of its CPU time.
sub round {
    my ($arg, $seconds) = @_;

    my $start   = _settle($arg);
    my $before  = requests($arg->{server});
    my $wrk     = _wrk($arg, $seconds);
    my $stop    = _state($arg);
    my $settled = _settle($arg);

    my $cpu     = $settled->{cpu} - $start->{cpu};
    my $in_time = $stop->{cpu} - $start->{cpu};

    my ($done, $all);
    if ($arg->{calls}) {
        ($done, $all) = map { ($_->{calls} - $start->{calls}) / $arg->{calls} } $stop, $settled;
    }
    else {
        $all  = requests($arg->{server}) - $before;
        $done = $cpu ? $all * $in_time / $cpu : $all;
    }
    return {
        rate   => $done / $wrk->{seconds},
        cpu    => 1000 * $cpu / ($all || 1),
        busy   => $in_time / $wrk->{seconds},
        p50    => $wrk->{p50},
        p99    => $wrk->{p99},
        failed => $wrk->{failed},
    };
}

1;
