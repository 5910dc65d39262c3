# SPDX-License-Identifier: BSD-2-Clause
#
# The end of a call while nginx still works on what its subrequests wait for.

use strict;
use warnings;

use POSIX ();
use Test::More;

use Usage::Nginx;
use Usage::Test;
use Usage::Upstream qw(json_reply page rows);

# (a token that isn't known to be good has one call under way, so each is made
# known by a first call, which the upstream answers)
my $upstream = Usage::Upstream->start(sub {
    my ($req) = @_;
    return json_reply(200, { own => 1 }) if $req->{path} =~ /own/;
    return json_reply(200, page($req, rows(d1 => 3600)))
        if ($req->{headers}{'x-request-id'}[0] || '') eq 'known';
    return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        . "Content-Length: 10\r\n\r\n{\"count\":}";
});

# A name server that knows no name, or fails: its answer ends all upstream calls
# at once.
my $dns = Usage::Nginx->bound('udp');
my $pid = fork // die "fork: $!";

if (!$pid) {
    while (my $from = $dns->recv(my $query, 512)) {
        my $end = index($query, "\0", 12) + 5;
        my $code = $query =~ /fails/ ? "\x82" : "\x83";
        $dns->send(substr($query, 0, 2) . "\x81$code\0\1\0\0\0\0\0\0"
                . substr($query, 12, $end - 12), 0, $from);
    }
    POSIX::_exit(0);
}

my $port  = $upstream->port;
my $nginx = Usage::Nginx->start(
    http => 'usage_retention off; map $http_x_request_id $up {
        default nowhere.test; fails fails.test; known 127.0.0.1; }',
    location => 'usage_timeout 5s;',
    internal => "
        resolver 127.0.0.1:${\ $dns->sockport} ipv6=off;
        location /workspace/ {
            internal;
            rewrite ^/workspace(/.*) \$1 break;
            proxy_pass http://\$up:$port;
        }"
);

my @workers = $nginx->workers;
my $eight   = body(start_time => '2022-12-09', end_time => '2022-12-16');

for my $name ('fails', 'unknown') {
    for my $n (1 .. 5) {
        my @token = ('X-Auth-Token' => "$name-$n");
        is($nginx->post(route('p'), $eight, @token, 'X-Request-Id' => 'known')->{status},
            200, 'the token is good');
        my $res = $nginx->post(route('p'), $eight, @token, 'X-Request-Id' => $name);
        like($res->{status}, qr/\A50[24]\z/, "a name server that says $name: an error");
    }
}

is_deeply([ $nginx->workers ], \@workers, 'the worker outlives it');
$nginx->stop_ok;

kill 'TERM', $pid;
waitpid $pid, 0;

# A mirrored call fails while several of its upstream calls end together.
$nginx = Usage::Nginx->start(
    upstream => $upstream->port,
    http     => 'usage_retention off;',
    server   => '
        location /m {
            mirror /v2/p/desktops/statistics/used;
            proxy_pass http://successors/own;
        }');

is($nginx->post(route('p'), $eight, 'X-Auth-Token' => 't',
    'X-Request-Id' => 'known')->{status}, 200, 'the token is good');

for (1 .. 20) {
    my $res = $nginx->post('/m', $eight, 'X-Auth-Token' => 't');
    is($res->{status}, 200, 'mirrored: the own reply');
    like($res->{body}, qr/own/, 'a mirrored call gets the whole reply');
}

$nginx->stop_ok;

done_testing;
