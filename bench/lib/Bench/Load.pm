# SPDX-License-Identifier: BSD-2-Clause

package Bench::Load;

# A round of load on one nginx: wrk makes the calls, the kernel counts CPU time, and
# the upstream counts its requests.

use strict;
use warnings;

use HTTP::Tiny;
use JSON::PP    qw(decode_json);
use Time::HiRes qw(sleep time);

use Bench::Proc qw(cpu_seconds);

my $http = HTTP::Tiny->new(timeout => 10);
my $wrk;    # its pid while it runs

my %own;    # by port: how many requests were those for the status

# Gives how many requests an nginx has had, without those for its status.

sub requests {
    my ($server) = @_;

    my $port = $server->port;
    my $answer = $http->get("http://127.0.0.1:$port/status", { headers => { 'X-Auth-Token' => '-' } });
    my ($requests) = $answer->{content} =~ /^ *\d+ +\d+ +(\d+)/m
        or die "nginx tells no status: $answer->{status} $answer->{content}\n";
    return $requests - ++$own{$port};
}

# Runs wrk; gives what load.lua printed.
sub _wrk {
    my ($arg, $seconds) = @_;

    my @command = (
        @{ $arg->{pin} }, 'wrk', '-t1', "-c$arg->{connections}", "-d${seconds}s",
        '--timeout', '60s', '-s', $arg->{script}, $arg->{url}, '--', @{ $arg->{request} },
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

# Waits until a peer is idle: it may still finish what wrk no longer waits for.
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

# Runs a round; gives its figures.  server, upstream: a Bench::Nginx each; url, request,
# connections, script, pin: for wrk; calls: the upstream calls that a request makes,
# 0 for none.
#
# When wrk stops, some requests are half done.  If requests are few and long, that is a
# good part of the work.  So work is counted in upstream calls if there are any: if a
# request needs 50 of them, 100 are 2 requests.  If there are none, a peer finishes what
# it has begun, as it never waits; then the share of its CPU time says how much was done
# in time.
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
