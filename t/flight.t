# SPDX-License-Identifier: BSD-2-Clause
#
# Many calls at once that need the same days: the leader fetches them, the followers
# wait; if the leader can't, a follower does.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time sleep);

use Usage::H2;
use Usage::Nginx;
use Usage::Sim;
use Usage::Store;
use Usage::Test;

my $slow  = Usage::Nginx->slow;
my $sim   = Usage::Sim->start(args => [ '--seed', 1 ]);
my %month = days(-33, -3);
my %week  = days(-9, -3);
my $patient = Usage::Nginx->patience(120) . 's';

# A token that is known to be good, and that nothing is stored for.  (An unknown token
# begins with one upstream call, and leads nobody before that is answered.)
sub fresh {
    my ($store, %o) = @_;
    my $token = $o{token} || Usage::Store::fresh_token();
    my $res = $store->ask({ days(-50, -50) }, at => 'off', %o, token => $token);
    is($res->{status}, 200, 'a good token') or diag($res->{body} || $res->{error});
    $sim->clear;
    return $token;
}

my %places = (
    off  => 'usage_store off;',
    one  => 'usage_concurrency 1;',
    wide => 'usage_concurrency 64;',
    all  => 'usage_store_key all;',
    key  => 'usage_store_key $http_x_tenant;',
    soon => 'usage_timeout ' . Usage::Nginx->patience(2) . 's;',
);

# (with reuseport the kernel spreads connections over the workers)
sub gateway {
    my ($workers) = @_;
    my $nginx = Usage::Nginx->start(
        upstream => $sim->port,
        workers  => $workers,
        listen   => $workers > 1 ? 'reuseport' : '',
        http     => Usage::Store->http,
        server   => join '', "usage_timeout $patient;",
            map { Usage::Nginx->at($_ => $places{$_}) } sort keys %places
    );
    $nginx->wait_for(sub { $workers == (() = $nginx->workers) });
    return Usage::Store->new(sim => $sim, nginx => $nginx);
}

my $serial = 0;

# Starts a call on a connection of its own.
sub go {
    my ($store, $body, %o) = @_;
    my $c = $store->{nginx}->client(timeout => Usage::Nginx->patience(120));
    $c->{id} = sprintf 'f%d-%d', $$, ++$serial;
    $c->{body} = $body;
    $c->send($c->format('POST', ($o{at} ? "/$o{at}" : '') . route($o{project}),
        $json->encode($body), 'X-Auth-Token' => $o{token} // 'token',
        'X-Request-Id' => $c->{id}, %{ $o{headers} || {} }));
    return $c;
}

# Their replies: all true, or what is allowed besides.
sub all_true {
    my ($store, $name, $conns, %allowed) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my (%wrong, %status);
    for my $c (@$conns) {
        my $res = $c->response;
        $status{ $res->{error} || $res->{status} }++;
        if ($res->{error}) {
            $wrong{ $res->{error} }++;
        } elsif ($res->{status} == 200) {
            my $differs = same_json($res->{body}, $store->truth($c->{body}));
            $wrong{"WRONG 200: $differs"}++ if $differs;
        } elsif (!$allowed{ $res->{status} }) {
            $wrong{"$res->{status} $res->{body}"}++;
        }
    }
    is_deeply(\%wrong, {}, "$name: all true");
    return \%status;
}

sub is_live { return $_[0]{query} =~ /(?:\A|&)limit=1(?:&|\z)/ }

# The windows that were fetched, with how often.
sub windows {
    my (@calls) = @_;
    my %n;
    for (grep { $_->{api} eq 'desktop-metrics' && !is_live($_) } @calls) {
        my ($from) = $_->{query} =~ /start_time=(\d{4}-\d\d-\d\d)/;
        my ($offset) = $_->{query} =~ /offset=(\d+)/;
        $n{ "$from " . ($offset || 0) }++;
    }
    return %n;
}

# The workers that answered.
sub workers_of {
    my ($store, @conns) = @_;
    my %id = map { $_->{id} => 1 } @conns;
    my %pid;
    $store->log_of($_->{id}) for @conns;
    $pid{ $_->{pid} }++ for grep { $id{ $_->{id} } } $store->log_lines;
    return \%pid;
}

my %store = map { $_ => gateway($_) } 1, 2, 4;

for my $workers (1, 2, 4) {
    my $store = $store{$workers};
    my $nginx = $store->{nginx};

    subtest "$workers workers: identical calls" => sub {
        for my $n (60, 250) {
            for my $idle (qw(shown hidden)) {
                $store->tenant(seed => 4, desktops => $n, days => 60, idle => $idle);
                my @ids = @{ $sim->desktops }[ 3, 9, 27 ];
                for my $body ({%month}, { %month, offset => 7, limit => 9 },
                    { %month, desktop_ids => \@ids }, { days(-3, -3) })
                {
                    next if $slow && $n > 100;
                    $store->truth($body);
                    my $name = "$n desktops, idle $idle, " . join ' ',
                        grep { !/_time/ } sort keys %$body;

                    # what one takes; some milliseconds each, so that they overlap
                    $sim->config(delay_ms => '5-15');
                    my $alone = $store->ask($body, token => fresh($store));
                    $store->true_ok($alone, $body, "$name: one alone");
                    my $cost = @{ $alone->{calls} };

                    $sim->clear;
                    my $token = fresh($store);
                    my @conns = map { go($store, $body, token => $token) } 1 .. 50;
                    all_true($store, $name, \@conns);
                    my @calls = @{ $store->calls };
                    my $directory = grep { $_->{api} eq 'directory' } @calls;

                    # an id that no page shows is looked up for everyone; nothing
                    # else is
                    if ($body->{desktop_ids}) {
                        cmp_ok(scalar @calls, '<=', $cost + 49 * 2,
                            "$name: $cost calls, and 49 times one or two");
                        cmp_ok(scalar(@calls) - $directory, '<=', $cost + 49,
                            "$name: and 49 of statistics");
                    } else {
                        is(scalar @calls, $cost + 49, "$name: $cost calls, and 49");
                    }
                    my %n = windows(@calls);
                    my @twice = $body->{desktop_ids} || days_between(@$body{
                        qw(start_time end_time)}) == 1 ? ()
                        : grep { $n{$_} > 1 } sort keys %n;
                    # (a window of the whole range begins like its first day's)
                    @twice = grep { !/\A\Q$body->{start_time}\E / } @twice;
                    is("@twice", '', "$name: no window twice");
                    if ($workers > 1) {
                        cmp_ok(scalar keys %{ workers_of($store, @conns) }, '>', 1,
                            "$name: by several workers");
                    }
                    $sim->config(delay_ms => 0);
                }
            }
        }
    };

    subtest "$workers workers: ranges that overlap" => sub {
        $store->tenant(seed => 5, desktops => 80);
        my @ranges = ([ -12, -3 ], [ -20, -8 ], [ -30, -10 ], [ -33, -3 ], [ -9, -9 ],
            [ -33, -25 ], [ -28, -15 ]);
        for my $round (1 .. 4) {
            my @bodies = map { { days(@{ $_ }) } } @ranges;
            @bodies = reverse @bodies if $round % 2;
            $store->truth($_) for @bodies;
            $sim->config(delay_ms => '2-20');
            $sim->clear;
            my $token = fresh($store);
            my %o     = (token => $token, $round > 2 ? (at => 'one') : ());
            my @conns = map { my $b = $_; map { go($store, $b, %o) } 1, 2, 3 } @bodies;
            all_true($store, 'overlapping', \@conns);
            my @calls = @{ $store->calls };
            my %n = windows(@calls);
            is(scalar keys %n, 31, 'all days were fetched');
            is(scalar(grep { $_ > 1 } values %n), 0, 'no day was fetched twice');
            cmp_ok(scalar @calls, '<=', 31 + @conns,
                'each call makes at most one authorization probe');
            $sim->config(delay_ms => 0);
            my $res = $store->ask({%month}, token => $token);
            is(scalar @{ $res->{calls} }, 1, 'afterwards all days are stored');
        }
    };

    subtest "$workers workers: the fetching client leaves" => sub {
        for my $how (qw(close reset)) {
            for my $n (60, 250) {
                $store->tenant(seed => 6, desktops => $n);
                my $body = {%month};
                $store->truth($body);
                my $alone = @{ $store->ask($body, token => fresh($store))->{calls} };

                # its first calls are never answered
                my $token = fresh($store);
                $sim->faults({ fault => 'hang', count => 8 });
                $sim->clear;
                my $leaver = go($store, $body, token => $token);
                ok($nginx->wait_for(sub { 8 <= @{ $store->calls } }, 60),
                    'the leader fetches the days');
                my @others = map { go($store, $body, token => $token) } 1 .. 20;
                ok($nginx->wait_for(sub { 8 + 20 <= @{ $store->calls } }, 60),
                    'the followers made their authorization probes') or
                    diag(scalar @{ $store->calls });
                is(scalar(grep { $_->readable } @others), 0, 'the followers wait');
                $leaver->$how;
                all_true($store, "$n desktops, $how", \@others);
                cmp_ok(scalar @{ $store->calls }, '<=', 8 + 20 + $alone,
                    "$how: fetched once more");
                $sim->faults;
                my $res = $store->ask($body, token => $token);
                is(scalar @{ $res->{calls} }, 1, 'afterwards all days are stored');
            }
        }

        # one after the other
        my $body  = {%month};
        my $token = fresh($store);
        $sim->faults({ fault => 'hang', query => 'limit=100' });
        $sim->clear;
        my @conns = map { go($store, $body, token => $token) } 1 .. 8;
        my $seen = 0;
        while (@conns > 2) {
            ok($nginx->wait_for(sub {
                $seen + 8 <= grep { !is_live($_) } @{ $store->calls } }, 60),
                'the leader fetches the days') or last;
            # (who does is known to nobody: the half goes)
            $seen = grep { !is_live($_) } @{ $store->calls };
            my %first = map { $_->{headers}{'x-request-id'} => 1 }
                grep { !is_live($_) } @{ $store->calls };
            my @gone = grep { $first{ $_->{id} } } @conns;
            last if !@gone;
            $_->close for @gone;
            @conns = grep { !$first{ $_->{id} } } @conns;
        }
        cmp_ok(scalar @conns, '<', 4, 'the clients left one by one');
        $sim->faults;
        $_->close for @conns;
        $store->true_ok($store->ask($body, token => $token), $body, 'a call after that');
    };

    subtest "$workers workers: the fetching call fails" => sub {
        for my $fault ({ fault => 'status', status => 403 }, { fault => 'status',
            status => 500 }, { fault => 'text' }, { fault => 'truncate' },
            { fault => 'no-items' }, { fault => 'reset' })
        {
            $store->tenant(seed => 7, desktops => 60);
            my $body = {%week};
            $store->truth($body);
            my $name = $fault->{status} || $fault->{fault};
            $sim->config(delay_ms => '10-30');
            $sim->faults({ %$fault, count => 1, day => on(-6) });
            $sim->clear;
            my $token = fresh($store);
            my @conns = map { go($store, $body, token => $token) } 1 .. 20;
            my $status = all_true($store, $name, \@conns,
                map { $_ => 1 } 403, 500, 502);
            # (one that is asked for again may not even fail)
            cmp_ok($status->{200} || 0, '>=', 19, "$name: one fails at most");
            cmp_ok(scalar @{ $store->calls }, '<=', 3 * 7 + 20, "$name: calls");
            $sim->config(delay_ms => 0);
            $sim->faults;
            my $res = $store->ask($body, token => $token);
            $store->true_ok($res, $body, "$name: then");
            is(scalar @{ $res->{calls} }, 1, "$name: stored");
        }

        # it always fails: so does everybody, and nobody waits for ever
        $sim->faults({ fault => 'status', status => 403, day => on(-6) });
        my $token = fresh($store);
        my @conns = map { go($store, {%week}, token => $token) } 1 .. 20;
        my $status = all_true($store, 'for ever', \@conns, 403 => 1);
        is($status->{403}, 20, 'all calls are refused');
        $sim->faults;
        $store->true_ok($store->ask({%week}, token => $token), {%week},
            'after the fault all is well');
    };

    subtest "$workers workers: who may not does not wait" => sub {
        $store->tenant(seed => 8, desktops => 60);
        $store->truth({%week});
        $sim->config(tokens => [qw(one two token)]);
        fresh($store, token => 'one', project => 'shared');
        $sim->faults({ fault => 'hang', query => 'limit=100', count => 8 });
        $sim->clear;
        my $first = go($store, {%month}, at => 'all', token => 'one', project => 'shared');
        ok($nginx->wait_for(sub { 8 <= @{ $store->calls } }, 60),
            'the leader fetches the days');
        my @two  = map { go($store, {%week}, at => 'all', token => 'two', project => 'shared') } 1 .. 3;
        my @none = map { go($store, {%week}, at => 'all', token => $_, project => 'shared') } qw(three four);
        is($_->response->{status}, 401, 'a caller without rights is refused at once') for @none;
        $sim->config(tokens => [qw(two token)]);
        $first->close;
        all_true($store, 'the others', \@two);
        my @later = grep { $_->{token} eq Usage::Sim->fingerprint('one') }
            @{ $store->calls };
        is(scalar @later, 8, 'each with its own token');
        $sim->faults;
        $sim->config(tokens => []);
    };

    subtest "$workers workers: usage_timeout" => sub {
        $store->tenant(seed => 9, desktops => 60);
        my $body  = {%month};
        my $token = fresh($store);
        $store->truth($body);
        $sim->faults({ fault => 'hang', query => 'limit=100' });
        $sim->clear;
        my $from  = time;
        my @conns = map { go($store, $body, at => 'soon', token => $token) } 1 .. 12;
        my %status;
        for (@conns) {
            my $res = $_->response;
            $status{ $res->{error} || $res->{status} }++;
        }
        is_deeply(\%status, { 504 => 12 }, 'followers end with usage_timeout');
        cmp_ok(time - $from, '>=', Usage::Nginx->patience(2) * 0.9,
            "followers don't end before usage_timeout");
        my $res = $store->ask({%week}, at => 'soon', token => $token);
        is($res->{status}, 504, 'the next call ends with usage_timeout');
        $sim->faults;
        $res = $store->ask($body, token => $token);
        $store->true_ok($res, $body, 'after the fault all is well');
    };

    # who asks at another place waits as long as that one says
    subtest "$workers workers: a fetch that goes on behind a timeout" => sub {
        $store->tenant(seed => 10, desktops => 60);
        my $body  = {%week};
        my $token = fresh($store);
        $store->truth($body);
        $sim->faults({ fault => 'hang', query => 'limit=100', count => 7 });
        $sim->clear;
        my $soon = go($store, $body, at => 'soon', token => $token);
        ok($nginx->wait_for(sub { 7 <= @{ $store->calls } }, 60),
            'the leader fetches the days');
        my @long = map { go($store, $body, token => $token) } 1 .. 5;
        is($soon->response->{status}, 504, 'the leader gives up');
        all_true($store, 'another takes over', \@long);
        $sim->faults;
    };

    subtest "$workers workers: a reload in the middle" => sub {
        $store->tenant(seed => 11, desktops => 60);
        my $body  = {%month};
        my $token = fresh($store);
        $store->truth($body);
        $sim->config(delay_ms => '20-60');
        my @conns = map { go($store, $body, token => $token) } 1 .. 10;
        $nginx->wait_for(sub { @{ $store->calls } }, 60);
        ok($nginx->reload, 'nginx reloads while the leader fetches');
        push @conns, map { go($store, $body, token => $token) } 1 .. 10;
        all_true($store, 'old workers and new', \@conns);
        $sim->config(delay_ms => 0);
        is(scalar @{ $store->ask($body, token => $token)->{calls} }, 1,
            'after the reload all days are stored');
    };
}

# What the store has no room for is fetched by each call.
subtest 'a zone that holds nothing of it' => sub {
    my ($size) = grep { (Usage::Nginx->check(http => "usage_store zone=days:${_}k;"))[0] }
        8, 16, 24, 32, 48, 64, 96, 128, 256, 512, 1024;
    my $n = $slow ? 300 : 2000;
    for my $workers (1, 2) {
        my $nginx = Usage::Nginx->start(upstream => $sim->port, workers => $workers,
            http => Usage::Store->http(size => "${size}k", more =>
                "usage_timeout $patient;"));
        my $tight = Usage::Store->new(sim => $sim, nginx => $nginx);
        $tight->tenant(seed => 13, desktops => $n);
        my @bodies = ({%week}, { days(-5, -3), offset => 150 }, { days(-20, -18) });
        $tight->truth($_) for @bodies;
        $sim->config(delay_ms => '1-5');
        my @conns = map { my $b = $_; map { go($tight, $b, token => 'narrow') } 1 .. 5 }
            @bodies;
        all_true($tight, "$workers workers, $size KB", \@conns);
        $sim->config(delay_ms => 0);
        $nginx->stop_ok;
    }
};

# On one connection they are of one worker, and end one by one.
subtest 'streams of one connection' => sub {
    my $nginx = Usage::Nginx->start(upstream => $sim->port, http2 => 1,
        http => Usage::Store->http);
    my $h2    = Usage::Store->new(sim => $sim, nginx => $nginx);
    $h2->tenant(seed => 14, desktops => 60);
    my $truth = $h2->truth({%month});
    my $text  = $json->encode({%month});
    for my $round (1 .. 3) {
        my $token = Usage::Store::fresh_token();
        my $c = Usage::H2->new(port => $nginx->port, timeout => Usage::Nginx->patience(60));
        my $start = sub {
            my ($body) = (@_, $text);
            my $id = $c->post(route(), 'x-auth-token' => $token,
                'content-length' => length $body);
            $c->body($id, $body);
            return $id;
        };
        is($c->response($start->($json->encode({ days(-50, -50) })))->{status}, 200,
            'a good token');
        $sim->faults({ fault => 'hang', count => 8 });
        $sim->clear;
        my $leader = $start->();
        ok($nginx->wait_for(sub { 8 <= @{ $h2->calls } }, 60), 'the leader fetches the days');
        my @others = map { $start->() } 1 .. 20;
        ok($nginx->wait_for(sub { 28 <= @{ $h2->calls } }, 60), 'the followers wait');
        $c->cancel($leader);
        $c->cancel(pop @others);
        my %differs = map { $_ => 1 } grep { $_ } map {
            my $res = $c->response($_);
            $res->{status} == 200 ? same_json($res->{body}, $truth)
                : "status $res->{status}" } @others;
        is_deeply(\%differs, {}, 'the followers are answered');
        cmp_ok(scalar @{ $h2->calls }, '<=', 28 + 31, 'the days are fetched once more');
        $c->close;
        $sim->faults;
    }
    $nginx->stop_ok;
};

# All at once: tokens, ranges, ids, clients that leave, calls that fail.
subtest 'all at once' => sub {
    srand 7;
    my $store = $store{2};
    $store->tenant(seed => 12, desktops => 120);
    my @ids = @{ $sim->desktops };
    for my $round (1 .. ($slow ? 2 : 8)) {
        my @bodies = map {
            my $from = -3 - int rand 30;
            my $to   = $from + int rand 12;
            +{ days($from, $to > -3 ? -3 : $to),
                rand > 0.7 ? (limit => int rand 101) : (),
                rand > 0.6 ? (desktop_ids => [ map { $ids[ rand @ids ] } 1 .. 5 ]) : () }
        } 1 .. 60;
        $store->truth($_) for @bodies;
        $sim->config(delay_ms => '0-20');
        $sim->faults({ fault => 'status', status => 403, skip => int rand 100, count => 3 },
            { fault => 'truncate', skip => int rand 100, count => 3 },
            { fault => 'delay', ms => 300, skip => int rand 100, count => 5 });
        my @conns = map { go($store, $_, project => 'many',
            token => "many-$round-" . int rand 3, rand > 0.8 ? (at => 'all') : ()) } @bodies;
        for (0 .. $#conns) {
            next if $_ % 5;
            sleep rand 0.01;
            $conns[$_]->close;
        }
        all_true($store, "round $round", [ @conns[ grep { $_ % 5 } 0 .. $#conns ] ],
            map { $_ => 1 } 403, 502);
        $sim->faults;
        $sim->config(delay_ms => 0);
    }
};

$_->{nginx}->stop_ok for map { $store{$_} } sort keys %store;
$sim->stop;

done_testing();
