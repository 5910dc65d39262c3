# SPDX-License-Identifier: BSD-2-Clause
#
# The directives, as http, server and location inherit them.

use strict;
use warnings;

use Test::More;
use Time::HiRes ();

use Usage::Nginx;
use Usage::Test;
use Usage::Upstream qw(json_reply page row);

my $upstream = Usage::Upstream->start(sub {
    my ($req) = @_;
    my ($project) = $req->{path} =~ m{\A/v2/([^/]+)/};
    return { hang => 1 } if $project eq 'hang';
    my $reply = json_reply(200, page($req, [ row('d1', 5400) ]));
    return $project eq 'slow' ? ({ sleep => 0.1 }, $reply) : $reply;
});

my $short = Usage::Nginx->patience(2000);

my $nginx = Usage::Nginx->start(
    upstream => $upstream->port,
    http     => "
        usage_use_time string;
        usage_concurrency 2;
        usage_timeout ${short}ms;
        usage_retention desktops=10d users=5d;
        usage_connections on;
        usage_monitoring on;
        usage_deprecation 2025-07-14 sunset=2026-12-31;
        map \$http_x_form \$form { default number; text string; odd odd; none ''; }
        server {
            listen 127.0.0.1:%%PORT0%%;
            usage_use_time number;
            usage_concurrency 5;
            usage_retention off;
            usage_connections off;
            usage_monitoring off;
            usage_deprecation 2024-01-01;
            location /a/v2/ { rewrite ^/a(/.*) \$1 break;
                usage_translate /workspace; }
            location /b/v2/ { rewrite ^/b(/.*) \$1 break;
                usage_translate /workspace;
                usage_use_time string;
                usage_concurrency 3;
                usage_timeout 60s;
                usage_retention desktops=20d users=25d;
                usage_connections on;
                usage_deprecation 2023-01-01 link=/new; }
            location /c/ {
                usage_use_time \$form;
                location /c/v2/ { rewrite ^/c(/.*) \$1 break;
                    usage_translate /workspace; }
            }
            location /d/v2/ { rewrite ^/d(/.*) \$1 break;
                usage_translate /workspace;
                usage_monitoring on; }
            location /workspace/ { internal; proxy_pass http://successors/; }
        }",
);

# A call to the first server, for two days if nothing else is said.
sub post {
    my ($project, %body) = @_;
    return $nginx->post(route($project), body(days(-5, -4), %body));
}

# The same to the other server, at a location: $body has fields, as a list or as a
# hash that headers follow.
sub other {
    my ($at, $project, @body) = @_;
    my $c = Usage::Client->new(port => $nginx->other_port(0),
        timeout => Usage::Nginx->patience(20));
    my ($body, @headers) = ref $body[0] ? @body : ({@body});
    return $c->post($at . route($project), body(days(-5, -4), %$body), @headers);
}

my @hours = (from => on(-5), entries => [ [ 'd1', 1.5, 1.5 ] ]);

subtest 'usage_use_time, inherited' => sub {
    reply_is(post('p'), 'http: string', @hours, string => 1);
    reply_is(other('/a', 'p'), 'server: number', @hours);
    reply_is(other('/b', 'p'), 'location: string', @hours, string => 1);
    reply_is(other('/c', 'p'), 'location around: a variable, by default number', @hours);
    reply_is(other('/c', 'p', {}, 'X-Form' => 'text'), 'location around: a variable with string',
        @hours, string => 1);
    my $res = other('/c', 'p', {}, 'X-Form' => 'odd');
    reply_is($res, 'location around: a variable with another value is auto', @hours);
    reply_is(other('/c', 'p', {}, 'X-Form' => 'none'), 'location around: an empty variable is auto', @hours);
};

subtest 'usage_retention, inherited' => sub {
    plan skip_all => 'midnight is near' if near_midnight();
    my $old = sub { return (start_time => day(-$_[0]), end_time => day(-$_[0])) };
    is(post('p', $old->(9))->{status}, 200, 'http: 9 days ago');
    error_is(post('p', $old->(12)), 400, 'http: 12 days ago',
        detail => qr/\b10\b|@{[ join '|', day(-10), day(-9) ]}/);
    is(other('/a', 'p', $old->(500))->{status}, 200, 'server: 500 days ago');
    is(other('/b', 'p', $old->(19))->{status}, 200, 'location: 19 days ago');
    error_is(other('/b', 'p', $old->(22)), 400, 'location: 22 days ago',
        detail => qr/\b20\b|@{[ join '|', day(-20), day(-19) ]}/);
};

subtest 'usage_retention of users, inherited' => sub {
    plan skip_all => 'midnight is near' if near_midnight();
    my $old = sub { return (desktop_username => 'u', start_time => day(-$_[0]),
        end_time => day(-$_[0])) };
    error_is(post('p', $old->(7)), 400, 'http: 7 days ago',
        detail => qr/\b5 days that the successor API keeps of users\b/);
    error_is(other('/b', 'p', $old->(22)), 400,
        'location: 22 days ago, when desktops are not kept',
        detail => qr/\b20 days that the successor API keeps of desktops\b/);
};

subtest 'usage_connections, inherited' => sub {
    my $off  = qr/HOUR.*connection records.*usage_connections is off.*allowed: "DAY"/;
    my @hour = (group_by_type => 'HOUR');
    unlike(post('p', @hour)->{body}, qr/usage_connections is off/, 'http: on');
    error_is(other('/a', 'p', @hour), 400, 'server: off', detail => $off);
    unlike(other('/b', 'p', @hour)->{body}, qr/usage_connections is off/, 'location: on');
    error_is(other('/c', 'p', @hour), 400, 'two locations deep: off, as the server',
        detail => $off);
};

subtest 'usage_monitoring, inherited' => sub {
    my @hour = (group_by_type => 'HOUR');
    error_is(other('/a', 'p', @hour), 400, 'server: off', detail => qr/usage_monitoring is off/);
    error_is(other('/d', 'p', @hour), 400, 'location: on', detail => qr/hours of desktop_ids only/);
};

subtest 'usage_concurrency, inherited' => sub {
    my $most = sub {
        my ($call) = @_;
        $upstream->clear;
        my $begin = Time::HiRes::time();
        is($call->()->{status}, 200, 'a slow call is a 200');
        return Time::HiRes::time() - $begin;
    };
    plan skip_all => 'times say nothing here' if Usage::Nginx->slow;
    # 6 days of 0.1 s each
    my @six = (start_time => day(-7), end_time => day(-2));
    my $five  = $most->(sub { other('/a', 'slow', @six) });
    my $three = $most->(sub { other('/b', 'slow', @six) });
    cmp_ok($five, '>=', 0.2, 'server: 5 at a time, so six days take two rounds');
    cmp_ok($three, '>=', 0.2, 'location: 3 at a time, so six days take two rounds');
};

subtest 'usage_timeout, inherited' => sub {
    error_is(post('hang'), 504, 'http: a call that hangs is a 504');
    error_is(other('/a', 'hang'), 504, 'server: a call that hangs is a 504');
};

subtest 'usage_deprecation, inherited' => sub {
    my $of = sub { my $h = $_[0]{headers};
        join ' ', map { ($h->{$_} || ['-'])->[0] } qw(deprecation sunset link) };
    is($of->(post('p')),
        '@1752451200 Thu, 31 Dec 2026 00:00:00 GMT -', 'http');
    is($of->(other('/a', 'p')), '@1704067200 - -', 'server');
    is($of->(other('/b', 'p')),
        '@1672531200 - </new>; rel="successor-version"', 'location');
};

$nginx->stop_ok;
$upstream->stop;

done_testing();
