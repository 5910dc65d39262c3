# SPDX-License-Identifier: BSD-2-Clause
#
# The path and the method of the legacy call: which projects, paths and methods are
# its own (translation.md, "Request").

use strict;
use warnings;

use Test::More;

use Usage::Nginx;
use Usage::Test;
use Usage::Upstream qw(json_reply page row);

my $upstream = Usage::Upstream->start(sub {
    my ($req) = @_;
    return json_reply(200, page($req, [ row('d1', 3600) ]));
});

my $nginx = Usage::Nginx->start(
    upstream => $upstream->port,
    http     => 'usage_retention off;'
);

my $day = body(dates('2022-12-09', 1));

subtest 'the project' => sub {
    my $target = sub {
        return $nginx->client->post($_[0], $day);
    };
    for ('a', '0', '-', '_', 'AZaz09-_', 'p' x 255,
        '0123456789abcdef0123456789abcdef')
    {
        my $res = $target->(route($_));
        is($res->{status}, 200, 'project ' . substr $_, 0, 40);
        my @calls = $upstream->calls;
        $upstream->clear;
        is($calls[-1]{path}, "/v2/$_/statistics/metrics/desktops",
            "the project $_ stands in the path of the upstream call");
    }
    is($target->(route() . '?x=1&offset=-1')->{status}, 200,
        'a query changes nothing');
    is(($upstream->calls)[0]{query}{offset}, '0', 'a query does not travel');
    $upstream->clear;

    for ('p' x 256, 'a.b', 'a%20b', 'a%C3%A9', 'a+b', 'a~b', 'a%00b',
        'a:b', 'a%3Fb', 'a%23b', 'a%0A', '%0Aa', '*', 'a,b', 'a%25b', '%22')
    {
        my $res = $target->(route($_));
        # (nginx itself refuses a NUL)
        if ($_ eq 'a%00b') {
            is($res->{status}, 400, "project $_");
            next;
        }
        error_is($res, 404, 'project ' . substr $_, 0, 40);
    }
    for ('{project_id}', '%7Bproject_id%7D', '%7bproject_id%7d', '%7Bproject_id%7d') {
        error_is($target->(route($_)), 404, "project $_",
            detail => qr/\Athe client put "\{project_id\}" into the path: its project id is not configured\z/);
    }
    error_is($target->(route($_)), 404, "project $_", detail => qr/\Athe path /)
        for '{project}', '%257Bproject_id%257D', '%7Bproject_id', 'project_id%7D';
    $upstream->no_calls('a project that is refused takes no upstream call');
};

subtest 'other paths' => sub {
    my $at = Usage::Nginx->start(
        upstream => $upstream->port,
        route    => '/',
        http     => 'usage_retention off;'
    );
    my $c = $at->client;
    for (
        '/', '/v2', '/v2/', '/v2/p', '/v2/p/desktops',
        '/v2/p/desktops/statistics', '/v2/p/desktops/statistics/',
        '/v2/p/desktops/statistics/used/', '/v2/p/desktops/statistics/used/x',
        '/v2/p/desktops/statistics/usedx', '/v2/p/desktops/statistics/use',
        '/v1/p/desktops/statistics/used', '/V2/p/desktops/statistics/used',
        '/v2/p/Desktops/statistics/used', '/v2/p/desktops/statistics/USED',
        '/v2//desktops/statistics/used', '/v2/p/q/desktops/statistics/used',
        '/v2/p%2Fq/desktops/statistics/used', '/x/v2/p/desktops/statistics/used',
        '/v2/p/desktops/statistics/used%0A', '/v2/p/desktops/statistics/used%0D',
        '/v2/p/desktops/statistics/used;x', '/v2/p/desktops/statistics/used%20',
        '/v2/../desktops/statistics/used', '/v2/p/statistics/metrics/desktops',
        )
    {
        error_is($c->post($_, $day), 404, $_);
    }
    $upstream->no_calls('another path takes no upstream call');
    is($c->post(route(), $day)->{status}, 200, 'the path itself is a 200');
    is($c->post('/v2/a/../p/desktops//statistics/./used', $day)->{status},
        200, 'the path is a 200 once nginx has normalized it');
    is($c->post('/%762/p/desktops/statistics/us%65d', $day)->{status},
        200, 'the escaped path is a 200');
    $upstream->clear;
    $at->stop_ok;
};

subtest 'methods' => sub {
    for (qw(GET PUT DELETE PATCH OPTIONS HEAD POSTS post PROPFIND)) {
        next if $_ eq 'post';    # (not a method to nginx)
        my $c   = $nginx->client;
        my $res = $c->request($_, route(), /GET|HEAD/ ? undef : $day);
        if ($_ eq 'HEAD') {
            is($res->{status}, 405, $_);
            is($res->{headers}{allow}[0], 'POST', "$_: Allow has POST");
            next;
        }
        error_is($res, 405, $_, headers => { Allow => qr/\APOST\z/ });
    }

    # (the body of a refused call is read)
    my $c = $nginx->client;
    error_is($c->request('PUT', route(), 'x' x 10_000), 405, 'PUT with a body');
    is($c->post(route(), $day)->{status}, 200,
        'the next call on the connection is a 200');
    is(scalar(() = $upstream->calls), 1, 'only POST takes an upstream call');
    $upstream->clear;
};
$nginx->stop_ok;
$upstream->stop;

done_testing();
