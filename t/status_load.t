# SPDX-License-Identifier: BSD-2-Clause
#
# usage_status under load: its counters are those of the simulator's log and of the
# access log, over reloads, and when workers are killed.

use strict;
use warnings;

use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);

use Usage::Metrics;
use Usage::Nginx;
use Usage::Sim;
use Usage::Test;

my $slow = Usage::Nginx->slow;
my $long = Usage::Nginx->patience(60);
my $sim  = Usage::Sim->start(
    args => [ '--seed', 5, '--desktops', 40, '--days', 40, '--idle', 'shown' ]);

my $nginx = Usage::Nginx->start(
    upstream => $sim->port,
    workers  => 3,
    listen   => 'reuseport',
    events   => 'accept_mutex off;',
    http     => <<"END",
    usage_timeout ${long}s;
    usage_retries 10;
    usage_store zone=days:1m;
    log_format counted escape=json '{"status":\$status,"stored":\$usage_stored,'
        '"days":\$usage_days,"time":\$request_time,"target":"\$request_uri"}';
    map \$request_uri \$is_legacy { default 0; ~^(/\\w+)?/v2/ 1; }
    access_log %%PREFIX%%/counted.log counted if=\$is_legacy;
END
    server => join('',
        'location = /status { access_log off; usage_status; }',
        Usage::Nginx->at(store  => 'usage_store days; usage_store_key all;'),
        Usage::Nginx->at(denied => 'deny all;'),
    ),
);

# The lines of the access log.
sub counted {
    return map { decode(s/:(?=[,}])/:0/gr) }
        grep {/\n\z/} split /^/, slurp($nginx->prefix . '/counted.log');
}

# A client that makes calls of all kinds, until SIGTERM.
sub client {
    my ($n) = @_;
    my $stop = 0;
    local $SIG{TERM} = sub { $stop = 1 };
    srand $n;
    my $c;
    until ($stop) {
        my $from = -4 - int rand 25;
        my %body = (start_time => day($from), end_time => day($from + int rand -$from - 2));
        $body{limit} = 1000 if rand > 0.9;
        my $at = ('', '/store', '/store', '/denied')[ rand 4 ];
        $c ||= $nginx->client;
        my $res = $c->post($at . route("l$n"), $json->encode(\%body),
            'X-Auth-Token' => "token$n");
        undef $c if $res->{error} || rand > 0.8;
        sleep 0.01;
    }
    return;
}

# The calls by API and status, as the simulator's log has them.
sub logged {
    my %names = ('desktop-metrics' => 'desktops', 'user-metrics' => 'users',
        directory => 'directory', records => 'records');
    my %calls;
    for (@{ $sim->calls }) {
        $calls{ upstream_metric($names{ $_->{api} } || $_->{api}, $_->{status} // 'none') }++;
    }
    return \%calls;
}

subtest 'under load, over reloads' => sub {
    $sim->config(delay_ms => '0-3');
    $sim->faults(
        { fault => 'status', status => 503, skip => 5, count => 3, retry_after => 1 },
        { fault => 'status', status => 429, skip => 40, count => 3, retry_after => 1 });
    $sim->clear;
    my $before = now($nginx);
    my $lines  = () = counted();
    my $start  = $before->{usage_start_time_seconds};

    my @pids;
    for my $n (1 .. 6) {
        my $pid = fork // die "fork: $!";
        if (!$pid) {
            client($n);
            POSIX::_exit(0);
        }
        push @pids, $pid;
    }

    for my $round (1 .. 3) {
        my $enough = $round * ($slow ? 60 : 300);
        ok($nginx->wait_for(sub {
            my $now = since($nginx, $before);
            my $sum = 0;
            $sum += $now->{$_} for grep {/upstream_calls/} keys %$now;
            return $sum >= $enough;
        }, 60), "round $round: there is load");
        ok($nginx->reload(workers => 1 + $round % 3), "round $round: a reload") if $round < 3;
    }

    kill 'TERM', @pids;
    waitpid $_, 0 for @pids;

    # (the last calls are counted when their connections are over)
    my ($calls, $have);
    $nginx->wait_for(sub {
        $have  = since($nginx, $before);
        $calls = logged();
        my %calls = map { $_ => $have->{$_} } grep {/upstream_calls/} keys %$have;
        return join(' ', map {"$_ $calls{$_}"} sort keys %calls) eq
            join ' ', map {"$_ $calls->{$_}"} sort keys %$calls;
    });
    is_deeply({ map { $_ => $have->{$_} } grep {/upstream_calls/} keys %$have }, $calls,
        'upstream calls are those of the log of the simulator') or diag(explain([ $have, $calls ]));
    is($calls->{ upstream_metric('desktops', 503) }, 3, 'there were three 503');
    is($have->{usage_upstream_retries_total}, 6, 'each 429 and 503 led to a retry');

    my @new = counted();
    splice @new, 0, $lines;
    my (%status, $stored, $missing);
    for (@new) {
        $status{ request_metric('translate', $_->{status}) }++;
        next if $_->{target} !~ m{^/store/} || $_->{status} != 200;
        $stored += $_->{stored};
        $missing += $_->{days} - $_->{stored};
    }
    is_deeply({ map { $_ => $have->{$_} } grep {/requests_total/} keys %$have }, \%status,
        'legacy calls are those of the access log');
    cmp_ok($status{ request_metric('translate', 400) }, '>', 0, 'there were wrong calls');
    cmp_ok($status{ request_metric('translate', 403) }, '>', 0, 'there were refused calls');
    is($have->{usage_store_hits_total}, $stored,
        "store hits are those of the access log, $stored");
    is($have->{usage_store_misses_total}, $missing,
        "store misses are those of the access log, $missing");
    is(now($nginx)->{usage_start_time_seconds}, $start,
        'usage_start_time_seconds outlives reloads');

    $sim->config(delay_ms => 0);
    $sim->faults;
};

subtest 'durations' => sub {
    my (%bucket, $sum, $count);
    my $now = now($nginx);
    for my $line (counted()) {
        $sum += $line->{time};
        $count++;
        for my $bound (map { /_bucket\{mode="translate",le="([\d.]+)"/ ? $1 : () } keys %$now) {
            $bucket{$bound}++ if $line->{time} <= $bound + 0.0001;
        }
    }
    my $name = 'usage_request_duration_seconds';
    is($now->{"${name}_count{mode=\"translate\"}"}, $count,
        'there are as many durations as legacy calls');
    is($now->{"${name}_bucket{mode=\"translate\",le=\"+Inf\"}"}, $count,
        'the last bucket has all');
    cmp_ok(abs $now->{"${name}_sum{mode=\"translate\"}"} - $sum, '<', 0.001,
        'the sum is that of the access log');
    is_deeply({ map { /_bucket\{mode="translate",le="([\d.]+)"/ ? ($1 => $now->{$_}) : () } keys %$now },
        { map { /_bucket\{mode="translate",le="([\d.]+)"/ ? ($1 => $bucket{$1} || 0) : () } keys %$now },
        'each bucket is what the access log says');
    my $res = page($nginx);
    my ($status, $said) = promtool($nginx, $res->{body}, 'check metrics');
    is("$status $said", '0 ', 'promtool has nothing to say');
    my $text = samples($res->{body});
    my $json = json_samples(page($nginx, Accept => 'application/json')->{body});
    is_deeply($json, { map { plain($_) => $text->{$_} + 0 } keys %$text },
        'the JSON has the values of the text');
};

subtest 'a worker is killed' => sub {
    plan skip_all => 'workers that are slow to start' if $slow;
    my $call = sub { $nginx->post(route(), body(days(-3, -3)), 'X-Auth-Token' => 'token') };
    my $before = now($nginx);
    $call->() for 1 .. 20;
    $nginx->wait_for(sub { (since($nginx, $before)->{ request_metric('translate', 200) } || 0) == 20 });
    my $now = now($nginx);
    for (1 .. 3) {
        my @workers = $nginx->workers;
        kill 'KILL', @workers;
        ok($nginx->wait_for(sub {
            my %now = map { $_ => 1 } $nginx->workers;
            return !grep({ $now{$_} } @workers) && $nginx->generation;
        }), "round $_: new workers are there");
    }
    is_deeply(since($nginx, $now), {}, 'counters outlive workers');
    counts($nginx, 'a call after that', $call, 200 => 1, 'desktops/200' => 1);
};

$nginx->stop_ok(undef, allow => qr/exited on signal 9|was locked by|open socket/);
$sim->stop;

done_testing();
