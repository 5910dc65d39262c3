# The end of a call while nginx still works on what its subrequests wait for.

use strict;
use warnings;

use POSIX ();
use Test::More;

use Usage::Nginx;
use Usage::Test;

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

done_testing;
