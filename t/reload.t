# SPDX-License-Identifier: BSD-2-Clause
#
# What shared memory knows over a reload: nothing is forgotten because a line
# moved, and what is configured anew holds at once.

use strict;
use warnings;

use Test::More;

use Usage::Nginx;
use Usage::Sim;
use Usage::Store qw(took);
use Usage::Test;
use Usage::Upstream qw(reply);

my $sim   = Usage::Sim->start(args => [ '--seed', 1 ]);
my %week  = days(-9, -3);
my $fresh = \&Usage::Store::fresh_token;

# Above the server of the tests: lines, and a server at the same address.
my $above = "\n# moved\n\n server { listen 127.0.0.1:%%PORT%%; server_name above.test;"
    . ' return 404; }';

subtest 'the day store' => sub {
    my $http  = Usage::Store->http;
    my $nginx = Usage::Nginx->start(upstream => $sim->port, http => $http,
        listen => 'default_server');
    my $store = Usage::Store->new(sim => $sim, nginx => $nginx);
    my $token = $fresh->();
    $store->ask({%week}, token => $token);
    for my $change ("# moved\n$http", "$above\n$http") {
        $nginx->reload_ok('a reload', http => $change);
        my $res = $store->ask({%week}, token => $token);
        $store->true_ok($res, {%week}, 'moved');
        took($res, 1, 'moved');
    }
    $nginx->stop_ok;
};

# Each of these servers is another one, though all have the same location, and
# the same clients ask for the same.
subtest 'servers are told apart' => sub {
    my $place = 'location ~ ^/v2/ { usage_translate /workspace; }
        location /workspace/ { internal; proxy_pass http://%s/; }';
    my @servers = (
        [ 'another address', 1, '', 'gateway.test' ],
        [ 'another name',    0, '', 'second.test' ],
        [ 'a regex',         0, '', '~^(a|second.test)$' ],
        [ 'the default one', 2, 'default_server', 'third.test' ],
        [ 'the same but for that', 2, '', 'third.test' ],
    );
    # (that of an address that isn't its own comes last: so each is reached)
    my $host = sub { my ($n) = @_;
        return $servers[$n][3] =~ /~/ ? 'a' : $n == 3 ? 'none.test' : $servers[$n][3] };
    my (@sim, $text);
    for my $n (0 .. $#servers) {
        push @sim, Usage::Sim->start(args => [ '--seed', 10 + $n ]);
        my (undef, $port, $listen, $name) = @{ $servers[$n] };
        $port = $port ? "%%PORT$port%%" : '%%PORT%%';
        my $server = "server { listen 127.0.0.1:$port $listen; server_name $name;\n"
            . sprintf($place, '127.0.0.1:' . $sim[$n]->port) . '}';
        $text = $n == 3 ? "$text\n$server" : "$server\n" . ($text // '');
    }
    my $nginx = Usage::Nginx->start(upstream => $sim->port, listen => 'default_server',
        http => Usage::Store->http . $text, log => 'warn');
    my $ask = sub {
        my ($n) = @_;
        my $c = $nginx->client($servers[$n][1] ? (port => $nginx->other_port($servers[$n][1])) : ());
        $_->clear for @sim;
        my $res = $c->request('POST', route(), body(%week), Host => $host->($n),
            'X-Auth-Token' => 'token');
        my @calls = map { scalar @{ $_->calls } } @sim;
        my @asked = grep { $calls[$_] } 0 .. $#sim;
        is("@asked", $n, "$servers[$n][0]: its own upstream");
        is(same_json($res->{body}, ($sim[$n]->legacy({%week}))[2]), '',
            "$servers[$n][0]: its own figures");
        return $calls[$n];
    };
    for my $round (1, 2) {
        for my $n (0 .. $#servers) {
            my $calls = $ask->($n);
            $round == 1 ? cmp_ok($calls, '>', 1, "$servers[$n][0]: nothing was stored")
                        : is($calls, 1, "$servers[$n][0]: the days are stored");
        }
        $nginx->reload_ok('a reload') if $round == 1;
    }
    $nginx->stop_ok;
    $_->stop for @sim;
};

# The host may lead to another upstream, as the operator's location sees it.
subtest 'hosts' => sub {
    my $other = Usage::Sim->start(args => [ '--seed', 2 ]);
    my $nginx = Usage::Nginx->start(http => Usage::Store->http . 'map $host $up {
            default 127.0.0.1:' . $sim->port . '; b.test 127.0.0.1:' . $other->port . '; }',
        internal => 'location /workspace/ { internal; rewrite ^/workspace(/.*) $1 break;
            proxy_pass http://$up; }');
    for (1, 2) {
        for my $at ([ 'a.test', $sim ], [ 'b.test', $other ]) {
            my $res = $nginx->client->request('POST', route(), body(%week),
                Host => $at->[0], 'X-Auth-Token' => 'token');
            is(same_json($res->{body}, ($at->[1]->legacy({%week}))[2]), '', $at->[0]);
        }
    }
    $nginx->stop_ok;
    $other->stop;
};

subtest 'fallback' => sub {
    my $gone = Usage::Upstream->start(sub { return reply(404, '') });
    my $http = sub { "usage_retention off; usage_mode fallback; usage_fallback_for $_[0];" };
    my $nginx = Usage::Nginx->start(upstream => $sim->port, listen => 'default_server',
        http => $http->('1h'), internal => 'location ~ ^/workspace/v2/[^/]+/desktops/statistics/ {
            internal; proxy_pass http://127.0.0.1:' . $gone->port . '; }
            location /workspace/ { internal; proxy_pass http://successors/; }');
    my $asked = sub {
        $gone->clear;
        is($nginx->post(route(), body(%week), 'X-Auth-Token' => 'token')->{status}, 200,
            'a call of the fallback is translated');
        return scalar $gone->calls;
    };
    # (it may take more than one call to be sure)
    $asked->() for 1 .. 3;
    is($asked->(), 0, 'the endpoint is known to be gone');
    $nginx->reload_ok('a reload', http => "$above\n" . $http->('1h'));
    is($asked->(), 0, 'known, though the server moved');
    $nginx->reload_ok('a shorter usage_fallback_for', http => $http->('1s'));
    is($nginx->wait_for(sub { $asked->() > 0 }, 30), 1,
        'a shorter usage_fallback_for holds at once');
    $nginx->stop_ok;
    $gone->stop;
};

subtest 'usage_rate' => sub {
    my $at = sub {
        my ($rate, $burst) = @_;
        return Usage::Nginx->at(few => "usage_rate zone=r:64k rate=$rate burst=$burst;
                usage_timeout 2s;")
            . Usage::Nginx->at(long => 'usage_rate zone=r:64k; usage_timeout 100s;');
    };
    my $nginx = Usage::Nginx->start(upstream => $sim->port, server => $at->('2r/m', 1),
        http => 'usage_retries 0;');
    my %one = days(-3, -3);
    my $ask = sub {
        my ($place, $body, $token) = @_;
        return $nginx->post("/$place" . route(), body(%$body), 'X-Auth-Token' => $token);
    };

    # 30 s are ahead
    is($ask->(few => \%one, 'raised')->{status}, 200, '2 in a minute: one');
    error_is($ask->(few => \%one, 'raised'), 429, 'a second call within 30 s is refused');
    $nginx->reload_ok('a raise', server => $at->('600r/m', 1));
    my $res = $ask->(few => \%one, 'raised');
    is($res->{status}, 200, 'a rate that was raised holds at once') or diag($res->{body});

    # 20 calls are ahead: 40 s, that become ten minutes
    $nginx->reload_ok('a burst', server => $at->('60r/m', 30));
    is($ask->(long => { days(-23, -4) }, 'cut')->{status}, 200,
        '20 upstream calls with a burst');
    $nginx->reload_ok('a cut', server => $at->('2r/m', 1));
    error_is($ask->(long => \%one, 'cut'), 429, 'a rate that was cut holds at once');
    $nginx->reload_ok('a reload that changes nothing');
    error_is($ask->(long => \%one, 'cut'), 429,
        'a reload that changes nothing keeps the bucket');
    is($ask->(few => \%one, 'another')->{status}, 200, 'another token has its own bucket');
    $nginx->stop_ok;
};

$sim->stop;

done_testing();
