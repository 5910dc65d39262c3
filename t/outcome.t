# SPDX-License-Identifier: BSD-2-Clause
#
# Who is to blame: what nginx itself makes of an upstream call is not told as
# the upstream's answer, and what came instead of JSON is in the error log.

use strict;
use warnings;

use IO::Compress::Gzip qw(gzip);
use IO::Socket::INET;
use POSIX ();
use Test::More;

use Usage::Nginx;
use Usage::Test;
use Usage::Upstream qw(reply json_reply page rows);

my $page = $json->encode(page({ query => {} }, rows(d1 => 3600)));
gzip(\$page, \my $gzipped) or die 'gzip';

my %mode = (
    gzip => sub { reply(200, $gzipped, 'Content-Type' => 'application/json',
        'Content-Encoding' => 'gzip') },
    identity => sub { reply(200, $page, 'Content-Encoding' => 'identity') },
    naked => sub { reply(200, $gzipped, 'Content-Type' => 'application/json') },
    html  => sub { reply(200, "\n<html>\"x\"\e</html>", 'Content-Type' => 'text/html') },
    html403 => sub { reply(403, '<html>login', 'Content-Type' => 'text/html') },
    json  => sub { json_reply(200, '{"count":"S3cr3t"}') },
);

my $upstream = Usage::Upstream->start(sub {
    my ($req) = @_;
    my ($mode) = $req->{path} =~ m{/v2/([^/]+)/};
    return ($mode{$mode} || sub { json_reply(200, $page) })->();
});

# Two resolvers: one that is silent, one that knows no name.
my $mute = Usage::Nginx->bound('udp');
my $dns  = Usage::Nginx->bound('udp');
my $nobody = Usage::Nginx->bound;

my $pid = fork // die "fork: $!";
if (!$pid) {
    while (defined $dns->recv(my $query, 512)) {
        substr $query, 2, 2, "\x81\x83";
        $dns->send($query);
    }
    POSIX::_exit(0);
}

my ($silent, $unknown, $closed) = map { $_->sockport } $mute, $dns, $nobody;
my $soon = Usage::Nginx->patience(300);

my $nginx = Usage::Nginx->start(
    upstream => $upstream->port,
    http     => 'limit_req_zone $server_port zone=z:64k rate=1r/m;
        usage_retention off;',
    server   => join('', map({ Usage::Nginx->at($_ => '', "/to-$_") }
            qw(silent unknown none closed limited denied file spare)),
        Usage::Nginx->at(gunzip => '', '/to-gunzip'),
        'location = /status { usage_status; }', "
        location /to-silent/ { internal; resolver 127.0.0.1:$silent;
            resolver_timeout ${soon}ms;
            set \$peer nosuch.invalid; proxy_pass http://\$peer:80; }
        location /to-unknown/ { internal; resolver 127.0.0.1:$unknown;
            set \$peer nosuch.invalid; proxy_pass http://\$peer:80; }
        location /to-none/ { internal;
            set \$peer nosuch.invalid; proxy_pass http://\$peer:80; }
        location /to-closed/ { internal; proxy_pass http://127.0.0.1:$closed/; }
        location /to-limited/ { internal; limit_req zone=z;
            proxy_pass http://successors/; }
        location /to-denied/ { internal; return 403; }
        location /to-file/ { internal; root %%PREFIX%%/nothing; log_not_found off; }
        location /to-spare/ { internal; proxy_pass http://127.0.0.1:$closed/;
            error_page 502 = \@spare; }
        location \@spare { rewrite ^/to-spare(/.*) \$1 break;
            proxy_pass http://successors; }
        location /to-gunzip/ { internal; gunzip on;
            proxy_set_header Accept-Encoding gzip; proxy_pass http://successors/; }
    ")
);

sub ask {
    my ($at, $project, $days) = @_;
    return $nginx->post(($at ? "/$at" : '') . route($project), body(
        dates('2022-12-01', $days || 1)
    ), 'X-Auth-Token' => 't');
}

# The line of the module in the error log, which ask() made, and those before.
sub lines {
    my ($mark) = @_;
    return grep { /\[(?:error|warn|crit|alert)\]/ } split /\n/,
        $nginx->error_log($mark);
}

sub counted {
    my $all = decode($nginx->request('GET', '/status', undef,
        Accept => 'application/json')->{body});
    my %n;
    $n{"$_->{api}/$_->{status}"} = $_->{value}
        for @{ $all->{usage_upstream_calls_total} };
    return \%n;
}

sub blames {
    my ($at, $status, $detail, $before, $outcome, $days) = @_;

    my $was  = counted()->{"desktops/$outcome"} || 0;
    my $mark = $nginx->log_mark;
    error_is(ask($at, 'x', $days), $status, $at, detail => $detail);

    my @lines = lines($mark);
    like($lines[-1], qr/usage: the legacy call is answered $status: /, 'our line is the last');
    like($lines[0], $before, "nginx's own stands before it") if $before;
    unlike($lines[-1], qr/not JSON/, "nginx's page is not told as a reply");
    cmp_ok(counted()->{"desktops/$outcome"} || 0, '>', $was, "counted as $outcome");
}

subtest 'names that are not resolved' => sub {
    blames($_->[0], 502, qr/the upstream's name could not be resolved/,
        $_->[1], 'unreachable')
        for [ silent => qr/could not be resolved \(110/ ],
        [ unknown => qr/could not be resolved \(3/ ],
        [ none => qr/no resolver defined/ ];
    blames('closed', 502, qr/could not be reached/, qr/Connection refused/,
        'unreachable');
};

subtest 'what nginx itself answers' => sub {
    my $own = qr/the gateway's own nginx answered the upstream call with/;
    is(ask('limited', 'x')->{status}, 200, 'within the limit');
    blames('limited', 500, qr/$own 503/, qr/limiting requests/, 'not_made');
    blames('denied', 500, qr/$own 403/, undef, 'not_made');
    blames('file', 500, qr/$own 404/, undef, 'not_made');
    is(ask('spare', 'x')->{status}, 200, 'error_page finds an upstream that answers');
    error_is(ask('spare', 'html403'), 403, 'or refuses',
        detail => qr/the upstream answered 403/);
};

subtest 'connections run out' => sub {
    my $few = Usage::Nginx->start(
        upstream    => $upstream->port,
        connections => 16,
        http        => 'usage_retention off; usage_concurrency 32;',
        proxy       => 'proxy_next_upstream off;'
    );
    my $mark = $few->log_mark;
    error_is($few->post(route('x'), body(start_time => '2022-12-01',
        end_time => '2022-12-31'), 'X-Auth-Token' => 't'), 500, 'the gateway\'s own fault',
        detail => qr/the gateway's own nginx answered the upstream call with 500/);
    my @lines = grep { /worker_connections are not enough|usage: / } split /\n/,
        $few->error_log($mark);
    like($lines[0], qr/worker_connections are not enough/, "nginx's line comes first");
    like($lines[-1], qr/usage: the legacy call is answered 500/, 'ours is the last');
    $few->stop_ok(undef, allow => qr/worker_connections are not enough/);
};

subtest 'replies that are not JSON' => sub {
    my $log = sub {
        my ($status, $at, $project, %want) = @_;
        my $mark = $nginx->log_mark;
        error_is(ask($at, $project), $status, $project, %want);
        return (lines($mark))[-1];
    };
    my $encoded = qr/has Content-Encoding: gzip, which this gateway never asks for/;
    $log->(502, '', 'gzip', detail => $encoded);
    $log->(502, 'gunzip', 'gzip', detail => $encoded);
    is(ask('', 'identity')->{status}, 200, 'identity is none');
    like($log->(502, '', 'naked'),
        qr{the reply is not JSON: application/json "\\x1f\\x8b}, 'type and first bytes');
    like($log->(502, '', 'html'),
        qr{the reply is not JSON: text/html "\\x0a<html>\\x22x\\x22\\x1b</html>"}, 'HTML');
    like($log->(403, '', 'html403'),
        qr{the reply is not JSON: text/html "<html>login"}, 'an error of something between');
    unlike($log->(502, '', 'json'), qr/not JSON|S3cr3t"/, 'JSON is not shown');
};

$nginx->stop_ok;

done_testing;

END {
    if ($pid) {
        local $?;
        kill 'TERM', $pid;
        waitpid $pid, 0;
    }
}
