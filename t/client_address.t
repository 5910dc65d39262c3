# SPDX-License-Identifier: BSD-2-Clause
#
# The client's address, as nginx's realip module has it, is the same in each
# upstream call and in the access log, however many upstream calls there are, in
# whatever order they end.

use strict;
use warnings;

use Test::More;

use Usage::Nginx;
use Usage::Test;
use Usage::Upstream qw(reply json_reply page rows window);

plan skip_all => 'no realip module' if Usage::Nginx->options !~ /http_realip_module/;

# Replies come out of order, and for some projects one of them fails.
my $upstream = Usage::Upstream->start(sub {
    my ($req) = @_;
    my ($day) = (window($req) || '') =~ /(\d\d)\z/;
    return json_reply(500, '{"error_code":"X.1","error_msg":"m"}')
        if $req->{path} =~ m{/bad/} && $day == 5;
    return { sleep => 0.001 * ($day * 7 % 11) },
        json_reply(200, page($req, rows(d1 => 3600)));
});

# The network of the clients is trusted, too: an address that came once is not
# the end of the matter for a module that is run anew.
my $nginx = Usage::Nginx->start(
    upstream => $upstream->port,
    http     => 'usage_retention off; set_real_ip_from 127.0.0.0/8;
        set_real_ip_from 10.0.0.0/8; set_real_ip_from 192.0.2.0/24;
        log_format address "$remote_addr $realip_remote_addr $status";
        access_log %%PREFIX%%/address.log address;
        server {
            listen 127.0.0.1:%%PORT2%% proxy_protocol;
            location ~ ^/v2/ { usage_translate /late; }
            location /late/ {
                internal;
                real_ip_header proxy_protocol;
                proxy_set_header X-Client $remote_addr;
                proxy_set_header X-Peer $realip_remote_addr;
                proxy_pass http://successors/;
            }
        }',
    proxy => 'proxy_set_header X-Client $remote_addr;
        proxy_set_header X-Peer $realip_remote_addr;',
    server => 'real_ip_header proxy_protocol;
        listen 127.0.0.1:%%PORT1%% proxy_protocol;'
        . Usage::Nginx->at(header => 'real_ip_header X-Real-IP;', '/workspace')
);

sub lines {
    open my $fh, '<', $nginx->prefix . '/address.log' or return;
    return map { chomp; $_ } <$fh>;
}

# Calls of several clients at once, each of them several on one connection: all
# that nginx says of their addresses.
sub addresses {
    my ($at, $project, %o) = @_;

    $upstream->clear;
    my $before = () = lines();
    my (%client, %seen);

    for my $n (1 .. 6) {
        my $c = $nginx->client($o{port} ? (port => $nginx->other_port($o{port})) : ());
        $c->send("PROXY TCP4 10.1.0.$n 10.0.0.9 1000 80\r\n") if $o{port};
        $client{$n} = $c;
    }
    for my $round (1 .. 4) {
        for my $n (sort keys %client) {
            $client{$n}->send($client{$n}->format('POST', $at . route($project),
                body(start_time => '2022-12-01', end_time => '2022-12-31'),
                'X-Auth-Token' => "t$n", 'X-Request-Id' => $n,
                $o{header} ? ('X-Real-IP' => "192.0.2.$n") : ()));
        }
        $client{$_}->response for sort keys %client;
    }
    undef %client;

    $seen{ sprintf '%s: %s %s', map { $_->[0] }
            @{ $_->{headers} }{qw(x-request-id x-client x-peer)} }++
        for $upstream->calls;
    $nginx->wait_for(sub { my @l = lines(); @l >= $before + 24 });
    my %logged;
    my @lines = lines();
    $logged{$_}++ for @lines[ $before .. $#lines ];
    return ([ sort keys %seen ], \%logged);
}

for my $project (qw(good bad)) {
    my $status = $project eq 'good' ? 200 : 500;

    my ($seen, $logged) = addresses('', $project, port => 1);
    is_deeply($seen, [ map { "$_: 10.1.0.$_ 127.0.0.1" } 1 .. 6 ],
        "$project, proxy_protocol: upstream calls");
    is_deeply($logged, { map { ("10.1.0.$_ 127.0.0.1 $status" => 4) } 1 .. 6 },
        'the access log');

    ($seen, $logged) = addresses('/header', $project, header => 1);
    is_deeply($seen, [ map { "$_: 192.0.2.$_ 127.0.0.1" } 1 .. 6 ],
        "$project, X-Real-IP: upstream calls");
    is_deeply($logged, { map { ("192.0.2.$_ 127.0.0.1 $status" => 4) } 1 .. 6 },
        'the access log');

    # realip in the prefix's location only: there, and nowhere else
    ($seen, $logged) = addresses('', $project, port => 2);
    my %of = map { s/ \S+\z//r => 1 } @$seen;
    is_deeply([ sort keys %of ], [ map { "$_: 10.1.0.$_" } 1 .. 6 ],
        "$project, in the prefix's location: upstream calls");
    is_deeply($logged, { "127.0.0.1 127.0.0.1 $status" => 24 },
        'the access log');
}

$nginx->stop_ok(undef);

done_testing;
