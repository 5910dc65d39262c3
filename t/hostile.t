# SPDX-License-Identifier: BSD-2-Clause
#
# A hostile upstream and hostile clients at once, in every mode: no worker dies,
# no sanitizer reports anything, and of a project whose upstream stays honest
# each 200 is the true one.
#
#   USAGE_SEED             the seed, printed if the test fails
#   USAGE_HOSTILE_SECONDS  how long, 6
#
# What to run for longer, on upstream's nginx under ASan:
#
#   ASAN_OPTIONS=detect_leaks=0 USAGE_STATIC_MODULE=1 \
#       NGINX_BIN=$PWD/build/vanilla/nginx USAGE_HOSTILE_SECONDS=1200 \
#       prove -It/lib t/hostile.t

use strict;
use warnings;

use POSIX ();
use Test::More;
use Time::HiRes qw(time sleep);

use Usage::Nginx;
use Usage::Random;
use Usage::Test;
use Usage::Upstream qw(reply json_reply page rows window);

my $seconds = $ENV{USAGE_HOSTILE_SECONDS} || 6;
my $clients = 4;

note("USAGE_HOSTILE_SECONDS=$seconds");

# --- What is true: 150 desktops, each with hours of its own on each day.

my @ids = map { sprintf 'desktop-%03d', $_ } 1 .. 150;

sub seconds {
    my ($n, $day) = @_;
    return 36 * (($n * 7 + substr($day, -2) * 13) % 1000);
}

sub honest {
    my ($req) = @_;
    if ($req->{path} =~ m{/metrics/desktops}) {
        my ($from) = window($req);
        my ($to)   = $req->{query}{end_time} =~ /\A([\d-]+)T/;
        my %use    = map { $_ => 0 } @ids;
        for my $n (0 .. $#ids) {
            for (my $day = $from; $day le $to; $day = date_add($day, 1)) {
                $use{ $ids[$n] } += seconds($n, $day);
            }
        }
        return json_reply(200, page($req, rows(%use)));
    }
    return json_reply(200, page($req, [])) if $req->{path} =~ m{/metrics/};
    return json_reply(200, { total_count => 0, records => [] })
        if $req->{path} =~ /connections/;
    return json_reply(200, { error_code => 'X.1' }) if $req->{method} ne 'GET';
    return json_reply(200, { total_count => scalar @ids,
        desktops => [ map +{ desktop_id => $_, computer_name => "NAME-$_" }, @ids ] });
}

# --- The upstream.

my @texts = ('', '{}', '[]', 'null', '"', '{"count":', '{"count":2147483648}',
    '{"count":-1,"items":[]}', '{"count":1e400,"items":[]}', '[' x 5000,
    '{"count":1,"items":[{"resource_id":"\u0000","metric":[]}]}',
    '{"count":1,"items":[{"resource_id":"a","metric":[{"metric_name":"desktop_usage","metric_value":-1}]}]}',
    '{"count":1,"items":[{"resource_id":"' . 'x' x 70_000 . '"}]}',
    '{"error_code":"APIGW.0308","error_msg":"limit:200,time:1 minute"}',
    '{"error_code":17,"error_msg":[]}', "\xff\xfe\0", '{"total_count":5,"desktops":[]}',
    '{"total_count":1,"desktops":[null]}', '{"total_count":1,"records":[{}]}',
    '{"total_count":0,"desktop_used_info_list":[]}');

sub mutated {
    my ($text) = @_;
    for (1 .. 1 + int rand 3) {
        my $at = int rand(1 + length $text);
        my $to = $at + int rand 40;
        $to = length $text if $to > length $text;
        my $way = int rand 4;
        if    ($way == 0) { substr $text, $at, $to - $at, '' }
        elsif ($way == 1) { substr $text, $at, 0, substr $text, $at, $to - $at }
        elsif ($way == 2) { substr $text, $at, 0, pick('0', '"', ',', '}', "\\u0000", '1e999', "\n") }
        else              { substr $text, $at, 0, chr int rand 256 }
    }
    return $text;
}

sub framed {
    my ($body) = @_;
    my $status = chance(70) ? 200 : pick(100, 201, 204, 206, 301, 304, 400, 401, 403, 404,
        408, 429, 429, 429, 499, 500, 502, 503, 504, 599, 999);
    my $more = chance(20)
        ? pick([ 'Retry-After' => pick(0, 1, -1, '99999999999', 'soon') ],
            [ 'Content-Encoding' => 'gzip' ], [ 'X-Accel-Redirect' => '/-/generation' ],
            [ 'X-Long' => 'y' x (rand() * 20_000) ], [ 'Set-Cookie' => 'a=b' ],
            [ 'X-Accel-Buffering' => 'no' ], [ 'Connection' => 'close' ])
        : [];
    my $text = reply($status, $body,
        'Content-Type' => pick('application/json', 'text/html', ''), @$more);
    my $way = int rand 10;
    $text =~ s/Content-Length: \K(\d+)/$1 + pick(-1, 1, 10_000)/e if $way == 0;
    $text =~ s/Content-Length: \d+/pick('Content-Length: x', 'Transfer-Encoding: chunked', 'X: y')/e
        if $way == 1;
    return $text;
}

my $upstream = Usage::Upstream->start(sub {
    my ($req, $n) = @_;
    Usage::Random->reseed($Usage::Random::seed) if $n == 1;
    my ($good) = honest($req);
    return $good if $req->{path} =~ m{\A/v2/honest/} || chance(60);

    my ($body) = $good =~ /\r\n\r\n(.*)\z/s;
    my $text = framed(chance(50) ? mutated($body) : chance(50) ? pick(@texts) : $body);
    my $way  = int rand 9;
    my $cut  = int rand length $text;

    return { pick(qw(reset close)) => 1 } if $way == 0;
    return substr($text, 0, $cut), { pick(qw(reset close)) => 1 } if $way == 1;
    return substr($text, 0, $cut), { sleep => rand 0.3 }, substr $text, $cut if $way == 2;
    return substr($text, 0, $cut), { hang => 1 } if $way == 3 && chance(30);
    return mutated($text) if $way == 4;
    return $text, $text if $way == 5;
    return $text;
});

# --- The gateway.

my %place = (
    plain    => 'usage_store off;',
    store    => '',
    records  => 'usage_connections on;',
    one      => 'usage_concurrency 1; usage_retries 0;',
    wide     => 'usage_concurrency 64; usage_resource_id on;',
    rate     => 'usage_rate zone=quota;',
    pass     => 'usage_mode passthrough;',
    compare  => 'usage_mode compare; usage_compare_sample 100%; usage_compare_log %%PREFIX%%/compare.log;',
    fallback => 'usage_mode fallback; usage_fallback_for 1s;',
);

# The honest project has connections of its own: an upstream that answers twice on
# a connection that is kept has answered the next request on it, whoever makes that.
# nginx can't see it, and nor can the module.
my $port   = $upstream->port;
my $honest = <<"END";
    location /workspace/v2/honest/ {
        internal;
        proxy_pass http://honest/v2/honest/;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_read_timeout 1s;
    }
END

my $nginx = Usage::Nginx->start(
    upstream => $port,
    workers  => 2,
    http     => "upstream honest { server 127.0.0.1:$port; keepalive 64; }" . 'usage_retention off; usage_timeout ' . Usage::Nginx->patience(3) . 's;
        usage_retries 1; usage_store zone=days:192k; usage_store days;
        usage_rate zone=quota:256k rate=60000r/m; usage_memory 4m;
        client_header_timeout 2s; client_body_timeout 2s; send_timeout 2s;',
    proxy    => 'proxy_read_timeout 1s; proxy_buffer_size 4k;',
    server   => join '', $honest, map { Usage::Nginx->at($_ => $place{$_}) } sort keys %place
);

# --- The clients.  Each is a process, and says what was wrong in the end.

my @bodies = ('', '{', '[]', '{"start_time":7}', '{"limit":-1}', '{"x":' . '[' x 3000,
    body(start_time => '2022-12-09', end_time => '2023-12-15'),
    body(start_time => '2022-02-30', end_time => '2022-03-01'),
    body(desktop_ids => [ ('d') x 2001 ]), body(desktop_ids => [ 'd' x 256 ]));

sub asked {
    my $from = sprintf '2022-12-%02d', 1 + rand 20;
    my %body = (start_time => $from, end_time => date_add($from, int rand 9));
    $body{desktop_ids} = [ map { pick(@ids, 'none', "\x{e9}\"") } 1 .. rand 30 ] if chance(40);
    $body{offset} = int rand 200 if chance(20);
    $body{limit}  = int rand 101 if chance(20);
    $body{group_by_type}    = pick('DAY', 'HOUR', 'YEAR') if chance(15);
    $body{desktop_username} = pick('ann', "\x{4e2d}", '') if chance(15);
    return \%body;
}

sub hostile {
    my ($c) = @_;
    my $body = chance(15) ? pick(@bodies) : $json->encode(asked());
    $body = mutated($body) if chance(15);
    my $text = $c->format('POST',
        '/' . pick(keys %place) . '/v2/' . pick('demo', 'p' . int rand 5, 'a%20b', '{project_id}')
            . '/desktops/statistics/used' . (chance(10) ? '?x=' . 'y' x 300 : ''),
        $body, 'X-Auth-Token' => pick('one', 'two', 't' . int rand 1000),
        chance(10) ? (Authorization => 'SDK-HMAC-SHA256 Access=x, SignedHeaders=host, Signature=y') : (),
        chance(10) ? ('X-Project-Id' => pick('demo', 'p1')) : (),
        chance(10) ? (Expect => '100-continue') : ());
    $text = mutated($text) if chance(10);
    my $way = int rand 8;
    if ($way < 2) {
        $c->send(substr $text, 0, rand length $text);
        sleep rand 0.05;
        return $c->reset if $way;
        return $c->close;
    }
    $c->send($way == 2 ? $text x 3 : $text);
    if ($way == 3) {
        sleep rand 0.2;
        return chance(50) ? $c->reset : $c->close;
    }
    $c->half_close if $way == 4;
    $c->response(timeout => rand 2);
    return $c->close;
}

# Of a whole call for some days of the honest project, what is wrong with it.
sub judged {
    my ($at) = @_;
    my $from = sprintf '2022-12-%02d', 1 + rand 20;
    my $days = 1 + int rand 5;
    my @some = chance(50) ? map { int rand @ids } 1 .. 5 : ();
    my %body = (start_time => $from, end_time => date_add($from, $days - 1));
    $body{desktop_ids} = [ @ids[@some] ] if @some;
    my $res = $nginx->post("/$at" . route('honest'), body(%body), 'X-Auth-Token' => pick('one',
        'two'));
    return ($res->{status}) if $res->{status} != 200 || $res->{error};

    my %seen;
    my $data = decode($res->{body}) or return (200, 'not JSON');
    for my $entry (@{ $data->{desktop_used_info_list} }) {
        my ($n) = $entry->{desktop_id} =~ /(\d+)\z/;
        for my $i (0 .. $days - 1) {
            my $day  = date_add($from, $i);
            my $want = sprintf '%.2f', seconds($n - 1, $day) / 3600;
            my $have = sprintf '%.2f', $entry->{used_info_list}[$i]{use_time};
            return (200, "$entry->{desktop_id}, $day: $have, not $want") if $have != $want;
        }
        $seen{$n}++;
    }
    my %want = map { $_ => 1 } @some ? @some : 0 .. $#ids;
    return (200, "$data->{total_count} desktops, not " . keys %want)
        if $data->{total_count} != keys %want;
    return (200);
}

# (judged are those places whose reply is always a translation)
my @judged = qw(plain store one wide rate);
$nginx->wait_for(sub { 2 == (() = $nginx->workers) });
my @before = sort $nginx->workers;

my $end  = time + $seconds;
my $dir  = $nginx->prefix;
my @kids;
for my $k (1 .. $clients) {
    my $pid = fork // die "fork: $!";
    if ($pid) {
        push @kids, $pid;
        next;
    }
    Usage::Random->reseed($Usage::Random::seed + 100 * $k);
    open my $out, '>', "$dir/client.$k" or die $!;
    my ($right, $calls) = (0, 0);
    while (time < $end) {
        $calls++;
        if (chance(20)) {
            my ($status, $wrong) = judged(pick(@judged));
            $right++ if $status == 200 && !$wrong;
            print {$out} "$wrong\n" if $wrong;

        } elsif (my $c = $nginx->client(timeout => 2)) {
            hostile($c);
        }
    }
    print {$out} "$right right of $calls calls\n";
    close $out;
    POSIX::_exit(0);
}

waitpid $_, 0 for @kids;

my ($right, @wrong) = (0);
for my $k (1 .. $clients) {
    open my $in, '<', "$dir/client.$k" or die $!;
    for (<$in>) {
        if (/\A(\d+) right of \d+/) { $right += $1; note($_) }
        else                        { push @wrong, "client $k: $_" }
    }
}

is(join('', @wrong), '', 'no wrong 200 for a project whose upstream is honest');
cmp_ok($right, '>', 0, 'there are right replies');
is("@{[ sort $nginx->workers ]}", "@before", 'no worker died');

# (what the storm left behind takes some seconds)
for my $at (@judged) {
    my ($status, $wrong);
    $nginx->wait_for(sub {
        ($status, $wrong) = judged($at);
        return $status == 200;
    });
    is("$status " . ($wrong // ''), '200 ', "after the storm: $at");
}

$nginx->stop_ok;
$upstream->stop;

done_testing();
