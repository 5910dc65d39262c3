# The end of a call while nginx still works on what its subrequests wait for.

use strict;
use warnings;

use POSIX ();
use Test::More;

use Usage::Nginx;
use Usage::Test;
use Usage::Upstream qw(json_reply);

# A name server that knows no name: its answer ends all upstream calls at once.
my $dns = Usage::Nginx->bound('udp');
my $pid = fork // die "fork: $!";

if (!$pid) {
    while (my $from = $dns->recv(my $query, 512)) {
        my $end = index($query, "\0", 12) + 5;
        $dns->send(substr($query, 0, 2) . "\x81\x83\0\1\0\0\0\0\0\0"
                . substr($query, 12, $end - 12), 0, $from);
    }
    POSIX::_exit(0);
}

my $nginx = Usage::Nginx->start(
    http     => 'usage_retention off;',
    location => 'usage_timeout 5s;',
    internal => '
        resolver 127.0.0.1:' . $dns->sockport . ' ipv6=off;
        location /workspace/ {
            internal;
            set $up nowhere.test;
            proxy_pass http://$up:8080;
        }');

my @workers = $nginx->workers;

for (1 .. 5) {
    my $res = $nginx->post(route('p'),
        body(start_time => '2022-12-09', end_time => '2022-12-16'));
    like($res->{status}, qr/\A50[24]\z/, 'a name that is unknown: an error');
}

is_deeply([ $nginx->workers ], \@workers, 'the worker lives');
$nginx->stop_ok;

kill 'TERM', $pid;
waitpid $pid, 0;

# A mirrored call fails while several of its upstream calls end together.
my $upstream = Usage::Upstream->start(sub {
    my ($req) = @_;
    return json_reply(200, { own => 1 }) if $req->{path} =~ /own/;
    return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        . "Content-Length: 10\r\n\r\n{\"count\":}";
});

$nginx = Usage::Nginx->start(
    upstream => $upstream->port,
    http     => 'usage_retention off;',
    server   => '
        location /m {
            mirror /v2/p/desktops/statistics/used;
            proxy_pass http://successors/own;
        }');

for (1 .. 20) {
    my $res = $nginx->post('/m',
        body(start_time => '2022-12-09', end_time => '2022-12-15'));
    is($res->{status}, 200, 'mirrored: the own reply');
    like($res->{body}, qr/own/, 'mirrored: whole');
}

$nginx->stop_ok;

done_testing;
