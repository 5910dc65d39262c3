# SPDX-License-Identifier: BSD-2-Clause
#
# What a credential costs the upstream before it is known to be good: one call,
# and after a 401, for some seconds, none.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use Usage::Nginx;
use Usage::Sim;
use Usage::Store qw(took);
use Usage::Test;
use Usage::Upstream qw(reply json_reply);

my $sim   = Usage::Sim->start(args => [ '--seed', 1 ]);
my $fresh = \&Usage::Store::fresh_token;
my %month = days(-32, -2);
my $http  = Usage::Store->http(more => 'usage_retries 0;');
my $nginx = Usage::Nginx->start(upstream => $sim->port, http => $http, workers => 2,
    server => join '', Usage::Nginx->at(off => 'usage_store off;'),
        Usage::Nginx->at(hours => 'usage_connections on;'));
my $store = Usage::Store->new(sim => $sim, nginx => $nginx);

# Calls that are never answered: how many does one request make?
sub under_way {
    my ($at, $token, $n) = @_;
    $sim->faults({ fault => 'hang', query => 'limit=100', count => $n });
    $sim->clear;
    my $c = $nginx->client;
    $c->send($c->format('POST', "/$at" . route(), body(days(-30, -3)),
        'X-Auth-Token' => $token));
    $nginx->wait_for(sub { $n <= @{ $store->calls } });
    # (so many more would come with them)
    $nginx->post('/off' . route(), body(days(-3, -3), limit => 1), 'X-Auth-Token' => 'late')
        if $n == 1;
    my $calls = grep { $_->{token} eq Usage::Sim->fingerprint($token) } @{ $store->calls };
    $c->close;
    $sim->faults;
    return $calls;
}

subtest 'one call first' => sub {
    for my $at ('off', '') {
        my $token = $fresh->();
        is(under_way($at, $token, 1), 1, "'$at': one call of one that is not known");
        $store->ask({ days(-2, -2) }, at => $at, token => $token);
        is(under_way($at, $token, 8), 8, "'$at': then usage_concurrency of them");
        is(under_way($at, $token . 'x', 1), 1, "'$at': another token has one call under way");
        took($store->ask({%month}, at => 'off', token => $fresh->()), 31,
            "'$at': the first call of a token takes no call more");
    }
};

subtest 'a bogus token' => sub {
    $sim->config(tokens => ['good']);
    for my $at ('off', '', 'hours') {
        my $bad  = $fresh->();
        my $body = { %month, $at eq 'hours' ? (group_by_type => 'HOUR', days(-3, -3)) : () };
        my $from = time;
        my $res  = $store->ask($body, at => $at, token => $bad);
        is($res->{status}, 401, "'$at': refused");
        took($res, 1, "'$at': a bogus token");
        my $again = $store->ask($body, at => $at, token => $bad);
        SKIP: {
            skip 'too slow', 1 if time - $from > 4;
            took($again, 0, "'$at': the second call makes no upstream call");
        }
        is($again->{status}, 401, "'$at': the second call is a 401");
        is($again->{body}, $res->{body}, "'$at': the second call has the same body");
        is($store->ask($body, at => $at, token => 'good')->{status}, 200,
            "'$at': a good token is a 200");
        ok($nginx->wait_for(sub {
            @{ $store->ask($body, at => $at, token => $bad)->{calls} } }, 30),
            "'$at': later the token is tried again");
    }

    # one that was good
    my $body = { days(-9, -3) };
    $sim->config(tokens => [qw(good expires)]);
    $store->ask($body, at => 'off', token => 'expires');
    $sim->config(tokens => ['good']);
    is($store->ask($body, at => 'off', token => 'expires')->{status}, 401,
        'a token that expires is a 401');
    my $from = time;
    my $res  = $store->ask($body, at => 'off', token => 'expires');
    took($res, 0, 'a token that expired, the second call') if time - $from < 4;
    $sim->config(tokens => []);
};

# What is not the service's own word about the credential isn't kept.
subtest 'what is not remembered' => sub {
    for my $fault ({ status => 403 }, { status => 500 }, { status => 404 }, { status => 429 }) {
        my $token = $fresh->();
        $sim->faults({ fault => 'status', %$fault, count => 1 });
        is($store->ask({ days(-3, -3) }, token => $token)->{status}, $fault->{status},
            "a $fault->{status}");
        is($store->ask({ days(-3, -3) }, token => $token)->{status}, 200,
            "after a $fault->{status} the next call is a 200");
    }
    # one API's word is not another's
    my $token = $fresh->();
    $sim->faults({ fault => 'status', status => 401, api => 'directory' });
    my ($user) = @{ $sim->users };
    $store->ask({ days(-3, -3), desktop_username => $user }, token => $token);
    is($store->ask({ days(-3, -3) }, token => $token)->{status}, 200,
        '401 of the directory');
    $sim->faults;
    # the operator's own
    my $own = Usage::Nginx->start(upstream => $sim->port, internal => 'location /workspace/ {
        internal; if ($http_x_request_id = stop) { return 401; }
        proxy_pass http://successors/; }');
    my %as = ('X-Auth-Token' => 'own');
    is($own->post(route(), body(days(-3, -3)), %as, 'X-Request-Id' => 'stop')->{status},
        500, 'a 401 of the location');
    is($own->post(route(), body(days(-3, -3)), %as, 'X-Request-Id' => 'go')->{status},
        200, 'a 401 of the location is not remembered');
    $own->stop_ok;
};

subtest 'a large refusal, and one that is no error of the API' => sub {
    my $up = Usage::Upstream->start(sub {
        my ($req) = @_;
        return reply(401, '<html>') if $req->{path} =~ m{/html/};
        return json_reply(401, { error_code => 'X.1', error_msg => 'm' x 2000 });
    });
    my $other = Usage::Nginx->start(upstream => $up->port);
    for my $project (qw(html large)) {
        my $first = $other->post(route($project), body(days(-9, -3)), 'X-Auth-Token' => 'a');
        is($first->{status}, 401, "$project: the first call is a 401");
        my $again = $other->post(route($project), body(days(-9, -3)), 'X-Auth-Token' => 'a');
        error_is($again, 401, 'again', detail => qr/answered 401 to this credential a moment ago/)
            if 1 == $up->calls($project);
        cmp_ok(scalar $up->calls($project), '<=', 2, 'one call each at most');
    }
    $other->stop_ok;
    $up->stop;
};

# Flooding with tokens makes nobody forget a good one.
subtest 'many bogus tokens' => sub {
    $sim->config(tokens => ['good']);
    $store->ask({%month}, token => 'good', at => 'off');
    my $c = $nginx->client;
    my %status;
    $status{ $c->post('/off' . route(), body(%month), 'X-Auth-Token' => "bad-$_")->{status} }++
        for 1 .. 600;
    is_deeply(\%status, { 401 => 600 }, '600 bogus tokens are refused');
    is(under_way('off', 'good', 8), 8, 'the good one still is known');
    $sim->config(tokens => []);
};

$nginx->stop_ok;
$sim->stop;

done_testing();
