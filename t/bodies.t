# SPDX-License-Identifier: BSD-2-Clause
#
# How a request's body can come, and what nginx itself says about it.

use strict;
use warnings;

use File::Temp ();
use Test::More;
use Time::HiRes qw(time sleep);

use Usage::H2;
use Usage::Nginx;
use Usage::Test;
use Usage::Upstream qw(json_reply page row desktop_ids);

# Statistics show d1; the directory knows those whose number is even.
my $upstream = Usage::Upstream->start(sub {
    my ($req) = @_;
    return json_reply(200, page($req, [ row('d1', 5400) ]))
        if $req->{path} =~ m{/metrics/};
    my @known = grep { /\Aeven/ } desktop_ids($req);
    return json_reply(200, {
        total_count => scalar @known,
        desktops    => [ map { { desktop_id => $_, computer_name => 'X' } } @known ]
    });
});

my $short = Usage::Nginx->patience(400);
my $nginx = Usage::Nginx->start(
    upstream => $upstream->port,
    http     => 'usage_retention off; client_max_body_size 2m;',
    server   => join('',
        Usage::Nginx->at(file   => 'client_body_buffer_size 1k;'),
        Usage::Nginx->at(filed  => 'client_body_in_file_only clean;'),
        Usage::Nginx->at(single => 'client_body_in_single_buffer on;
            client_body_buffer_size 1k;'),
        Usage::Nginx->at(memory => 'client_body_buffer_size 4m;'),
        Usage::Nginx->at(small  => 'client_max_body_size 1k;'),
        Usage::Nginx->at(hasty  => "client_body_timeout ${short}ms;"),
        Usage::Nginx->at(hastyfile => "client_body_timeout ${short}ms;
            client_body_buffer_size 1k;"),
    )
);

my %day = (start_time => '2022-12-09', end_time => '2022-12-09');
my $one = body(%day);

# 2000 ids of 255 characters.
my @ids = map {
    my $name = ($_ % 2 ? 'odd-' : 'even-') . $_ . '-';
    $name . 'x' x (255 - length $name)
} 1 .. 1999;
my @all  = ('d1', @ids);
my $big  = body(%day, desktop_ids => \@all);
my @even = grep { /\Aeven/ } @all;

cmp_ok(length $big, '>', 510_000, 'a large body');

sub is_small {
    my ($res, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return reply_is($res, $name, from => '2022-12-09',
        entries => [ [ 'd1', 1.5 ] ]);
}

sub is_big {
    my ($res, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return reply_is($res, $name, from => '2022-12-09', total => 1 + @even,
        entries => [ [ 'd1', 1.5 ], map { [ $_, 0 ] } @even[ 0 .. 98 ] ]);
}

my %where = ('' => 'as it is', '/file' => 'in a file', '/filed' => 'always in a file',
    '/single' => 'in a single buffer', '/memory' => 'in memory');

sub chunks {
    my ($body, $size, $extra) = @_;
    my $out = '';
    $extra ||= '';
    for (my $i = 0; $i < length $body; $i += $size) {
        my $part = substr $body, $i, $size;
        $out .= sprintf "%x%s\r\n%s\r\n", length $part, $extra, $part;
    }
    return "${out}0\r\n\r\n";
}

sub post_chunked {
    my ($target, $chunks) = @_;
    my $c = $nginx->client;
    $c->send($c->format('POST', $target, undef,
        'Transfer-Encoding' => 'chunked') . $chunks);
    my $res = $c->response;
    $res->{conn} = $c;
    return $res;
}

for my $at (sort keys %where) {
    subtest "the body $where{$at}" => sub {
        my $to = $at . route();
        is_small($nginx->post($to, $one), 'small');
        is_big($nginx->post($to, $big), '520 KB');
        is_small(post_chunked($to, chunks($one, 1000)), 'small, in one chunk');
        is_small(post_chunked($to, chunks($one, 1)), 'small, in chunks of 1');
        is_big(post_chunked($to, chunks($big, 8000)), '520 KB in chunks');
        is_big(post_chunked($to, chunks($big, 600_000)), '520 KB in one chunk');
        is_small(post_chunked($to, chunks($one, 7, ';name="v;al"')),
            'a body in chunks with extensions');

        # sizes about those of buffers
        for my $size (1023 .. 1025, 2047 .. 2049, 4095 .. 4097, 8191, 8192,
            16383 .. 16385, 32768, 65535, 65536)
        {
            my $body = $one;
            $body =~ s/\}\z/' ' x ($size - length $one) . '}'/e;
            is_small($nginx->post($to, $body), "$size bytes");
        }
        is_small($nginx->post($to, $one . ' ' x 1_000_000), '1 MB, mostly white');
        error_is($nginx->post($to, $big . 'x'), 400, '520 KB and one too many');
        error_is($nginx->post($to, substr $big, 0, -1), 400,
            '520 KB less the last');
        error_is(post_chunked($to, chunks(substr($big, 0, -1), 50_000)), 400,
            '520 KB less the last byte, in chunks');
    };
}

subtest 'no body' => sub {
    plan skip_all => 'midnight is near' if near_midnight();
    my @want = (from => day(-14), entries => [ [ 'd1', (1.5) x 15 ] ]);
    for my $at (sort keys %where) {
        my $c = $nginx->client;
        $c->send($c->format('POST', $at . route(), undef));
        reply_is($c->response, "$where{$at}: none at all", @want);
        reply_is($c->post($at . route(), ''), 'Content-Length: 0', @want);
        $c->send($c->format('POST', $at . route(), undef,
            'Transfer-Encoding' => 'chunked') . "0\r\n\r\n");
        reply_is($c->response, 'chunked, of nothing', @want);
        is_small($c->post($at . route(), $one), 'the connection goes on');
    }
};

subtest 'a slow body' => sub {
    for my $at ('', '/file', '/memory') {
        my $c    = $nginx->client;
        my $text = $c->format('POST', $at . route(), $one);
        for (unpack '(a5)*', $text) {
            $c->send($_);
            sleep 0.002;
        }
        is_small($c->response, "5 bytes at a time, $where{$at}");

        $text = $c->format('POST', $at . route(), undef,
            'Transfer-Encoding' => 'chunked') . chunks($one, 13);
        for (unpack '(a5)*', $text) {
            $c->send($_);
            sleep 0.002;
        }
        is_small($c->response, 'a slow body in small chunks');

        $text = $c->format('POST', $at . route(), $big);
        for (unpack '(a40000)*', $text) {
            $c->send($_);
            sleep 0.005;
        }
        is_big($c->response, '520 KB in 14 pieces');
    }
};

subtest 'over client_max_body_size' => sub {
    my $too = 'x' x 1025;
    $upstream->clear;
    error_is($nginx->post('/small' . route(), $too), 413,
        'one byte too much, by Content-Length');
    error_is($nginx->post('/small' . route(), $big), 413, 'far too much, by Content-Length');
    error_is(post_chunked('/small' . route(), chunks($too, 100)), 413,
        'chunked');
    error_is(post_chunked('/small' . route(), chunks($big, 10_000)), 413,
        'chunked, by far');

    # The header alone is enough, and a client that waits gets no go-ahead.
    my $c = $nginx->client;
    $c->send($c->format('POST', '/small' . route(), undef,
        'Content-Length' => 5000, Expect => '100-continue'));
    my $res = $c->response;
    error_is($res, 413, 'Expect: 100-continue');
    is_deeply($res->{interim}, [], 'no 100');

    is($nginx->request('GET', '/small' . route(), $too)->{status}, 413,
        'another method with a body that is too large');
    is(scalar(() = $upstream->calls), 0, 'no upstream call');

    is_small($nginx->post('/small' . route(),
        $one . ' ' x (1024 - length $one)), 'client_max_body_size to the byte');
    $upstream->clear;
};

subtest 'client_body_timeout' => sub {
    $upstream->clear;
    for my $at ('/hasty', '/hastyfile') {
        my $c = $nginx->client;
        $c->send($c->format('POST', $at . route(), substr($one, 0, 10),
            'Content-Length' => length $one));
        error_is($c->response, 408, "part of a body, $at");

        $c = $nginx->client;
        $c->send($c->format('POST', $at . route(), undef,
            'Content-Length' => length $one));
        error_is($c->response, 408, 'nothing of a body');

        $c = $nginx->client;
        $c->send($c->format('POST', $at . route(), undef,
            'Transfer-Encoding' => 'chunked') . "5\r\nabc");
        error_is($c->response, 408, 'part of a chunk');

        $c = $nginx->client;
        $c->send($c->format('POST', $at . route(), substr($big, 0, 100_000),
            'Content-Length' => length $big));
        error_is($c->response, 408, 'part of a large body');
    }
    is(scalar(() = $upstream->calls), 0, 'no upstream call');
};

subtest 'chunks that are none' => sub {
    $upstream->clear;
    for my $at ('', '/file') {
        for ("zz\r\n{}\r\n0\r\n\r\n", "-1\r\n{}\r\n0\r\n\r\n", "\r\n\r\n",
            "2\r\n{}xx\r\n0\r\n\r\n", "ffffffffffffffffff\r\n{}", "2 \n{",
            "5\r\n{}\r\n0\r\n\r\nxx\0x")
        {
            my $show = $_;
            $show =~ s/([^ -~])/sprintf '\\x%02x', ord $1/ge;
            # (some of these some nginx takes, or waits for more of)
            my $c = $nginx->client(timeout => Usage::Nginx->patience(1));
            $c->send($c->format('POST', $at . route(), undef,
                'Transfer-Encoding' => 'chunked') . $_);
            $c->half_close;
            my $res = $c->response;
            next if $res->{error} && $show !~ /\A(?:zz|-1|ffff)/;
            error_is($res, 400, "<$show>");
        }
    }
    is(scalar(() = $upstream->calls), 0, 'no upstream call');
};

subtest 'a client that sends half and goes' => sub {
    $upstream->clear;
    for my $at ('', '/file', '/memory', '/single') {
        for my $text ($one, $big) {
            my $c = $nginx->client;
            $c->send($c->format('POST', $at . route(),
                substr($text, 0, length($text) / 2),
                'Content-Length' => length $text));
            $c->close;
            $c = $nginx->client;
            $c->send($c->format('POST', $at . route(),
                substr($text, 0, length($text) / 2),
                'Content-Length' => length $text));
            $c->reset;
        }
    }
    is_small($nginx->post(route(), $one), 'after clients that left, a call is a 200');
    is(scalar(() = $upstream->calls), 1, 'no upstream call for half a body');
    $upstream->clear;
};

subtest 'Expect: 100-continue' => sub {
    for my $at ('', '/file') {
        my $c = $nginx->client;
        $c->send($c->format('POST', $at . route(), undef,
            'Content-Length' => length $one, Expect => '100-continue'));
        ok($c->readable(Usage::Nginx->patience(5)), 'nginx says to go on');
        $c->send($one);
        my $res = $c->response;
        is_small($res, 'the answer comes after the body');
        is_deeply($res->{interim}, [100], '100 and 200');
    }
};

subtest 'keepalive, whatever the answer' => sub {
    my $c = $nginx->client;
    for my $at ('', '/file', '/memory') {
        error_is($c->post($at . route(), '{"limit":-1}'), 400,
            'a wrong body of a keepalive connection is a 400');
        is_small($c->post($at . route(), $one), 'after a 400 the connection goes on');
        error_is($c->post($at . route('a.b'), $one), 404,
            'a wrong path of a keepalive connection is a 404');
        is_small($c->post($at . route(), $one), 'after a 404 the connection goes on');
        error_is($c->request('PUT', $at . route(), $big), 405,
            '405, the body unread');
        is_small($c->post($at . route(), $one), 'goes on');
        error_is($c->post($at . route(), "$big}"), 400, '400 of a large one');
        is_big($c->post($at . route(), $big), 'goes on');
        $c->send($c->format('POST', $at . route('a.b'), undef,
            'Transfer-Encoding' => 'chunked') . chunks($big, 5000));
        error_is($c->response, 404, '404, chunked');
        is_small($c->post($at . route(), $one), 'goes on');
    }
};

subtest 'pipelined' => sub {
    my $c    = $nginx->client;
    my $text = '';
    for my $at (sort keys %where) {
        $text .= $c->format('POST', $at . route(), $one);
        $text .= $c->format('POST', $at . route(), '{"limit":-1}');
        $text .= $c->format('PUT', $at . route(), $one);
        $text .= $c->format('POST', $at . route(), undef,
            'Transfer-Encoding' => 'chunked') . chunks($one, 9);
        $text .= $c->format('POST', $at . route(), $big);
    }
    # (what nginx doesn't read yet has to wait here)
    my $pid = fork;
    if (!$pid) {
        $c->send($text);
        POSIX::_exit(0);
    }
    for my $at (sort keys %where) {
        is_small($c->response, "$where{$at}: the first");
        error_is($c->response, 400, 'the second');
        error_is($c->response, 405, 'the third');
        is_small($c->response, 'the fourth');
        is_big($c->response, 'the fifth');
    }
    waitpid $pid, 0;
};

subtest 'HTTP/1.0' => sub {
    my $c = $nginx->client;
    $c->send('POST ' . route() . " HTTP/1.0\r\nContent-Length: "
        . length($big) . "\r\n\r\n$big");
    my $res = $c->response;
    is_big($res, 'HTTP/1.0: the call is a 200');
    isnt($res->{framing}, 'chunked', 'HTTP/1.0: the reply has no chunks');
    ok($c->closed(Usage::Nginx->patience(5)), 'HTTP/1.0: the connection is closed');
};

subtest 'a slow reader' => sub {
    my $c = $nginx->client;
    setsockopt $c->sock, Socket::SOL_SOCKET(), Socket::SO_RCVBUF(), 4096;
    $c->send($c->format('POST', route(), body(%day, start_time => '2022-11-09',
        desktop_ids => [ map { "even-$_-" . 'x' x 240 } 1 .. 100 ])));
    sleep 0.3;
    my $res = $c->response;
    is($res->{status}, 200, 'a slow reader gets a 200');
    is(scalar @{ decode($res->{body})->{desktop_used_info_list} }, 100,
        'a slow reader gets the whole reply');
};

SKIP: {
    skip 'no HTTP/2 in this nginx', 1
        unless Usage::Nginx->options =~ /http_v2_module/;

    my $h2 = Usage::Nginx->start(
        upstream => $upstream->port,
        http2    => 1,
        http     => 'usage_retention off; client_max_body_size 2m;',
        server   => join('',
            Usage::Nginx->at(file  => 'client_body_buffer_size 1k;'),
            Usage::Nginx->at(small => 'client_max_body_size 1k;'),
            Usage::Nginx->at(hasty => "client_body_timeout ${short}ms;"),
        )
    );
    my $connect = sub {
        return Usage::H2->new(port => $h2->port,
            timeout => Usage::Nginx->patience(20));
    };

    subtest 'HTTP/2' => sub {
        my $c    = $connect->();
        my $post = sub {
            my ($target, $body, %headers) = @_;
            my $id = $c->post($target, %headers);
            $c->body($id, $body);
            return $c->response($id);
        };
        for my $at ('', '/file') {
            is_small($post->($at . route(), $one), 'HTTP/2: a small body');
            is_small($post->($at . route(), $one,
                'content-length' => length $one), 'HTTP/2: a small body with content-length');
            is_big($post->($at . route(), $big), 'HTTP/2: 520 KB');
            is_big($post->($at . route(), $big, 'content-length' => length $big),
                '520 KB with its length');
            error_is($post->($at . route(), "$big}"), 400, 'HTTP/2: a wrong body');
            error_is($post->($at . route('a.b'), $one), 404, 'HTTP/2: another path');
        }
        is($post->(route(), '')->{status}, 200, 'HTTP/2: no body');
        error_is($post->('/small' . route(), 'x' x 2000), 413,
            'HTTP/2: a body that is too large');
        error_is($post->('/small' . route(), 'x', 'content-length' => 2000), 413,
            'HTTP/2: a content-length that is too large');

        my $id = $c->post('/hasty' . route());
        $c->body($id, '{', 'more');
        error_is($c->response($id), 408, 'HTTP/2: a body that is too slow');
        is_small($post->(route(), $one), 'the connection goes on');
    };

    subtest 'streams of HTTP/2' => sub {
        my $c   = $connect->();
        my @ids = map { $c->post(($_ % 2 ? '/file' : '') . route(),
                $_ % 5 == 4 ? ('x-request-id' => "s$_") : ()) } 0 .. 19;
        # half of each body in turn, then the rest; some never get it
        for (0 .. $#ids) {
            my $body = $_ % 4 ? $one : $big;
            $c->body($ids[$_], substr($body, 0, length($body) / 2), 'more');
        }
        for (reverse 0 .. $#ids) {
            my $body = $_ % 4 ? $one : $big;
            if ($_ % 7 == 3) { $c->cancel($ids[$_]) }
            else { $c->body($ids[$_], substr $body, length($body) / 2) }
            # and some go away while they are answered
            $c->cancel($ids[$_]) if $_ % 7 == 5;
        }
        for (0 .. $#ids) {
            next if $_ % 7 == 3 || $_ % 7 == 5;
            if ($_ % 4) { is_small($c->response($ids[$_]), "stream $ids[$_]") }
            else        { is_big($c->response($ids[$_]), "stream $ids[$_]") }
        }
        $c->close;

        $c = $connect->();
        $c->post(route()) for 1 .. 5;
        $c->close;
        $c = $connect->();
        my $id = $c->post(route());
        $c->body($id, $one);
        is_small($c->response($id), 'other streams are served');
    };

    subtest 'curl\'s HTTP/2' => sub {
        my $curl = `curl --version 2>/dev/null` || '';
        plan skip_all => 'no curl that speaks HTTP/2'
            unless $curl =~ /\bHTTP2\b/;

        my $dir = File::Temp::tempdir('usage-h2-XXXXXX', TMPDIR => 1,
            CLEANUP => 1);
        my $post = sub {
            my ($target, $body, @args) = @_;
            open my $fh, '>', "$dir/body" or die $!;
            print {$fh} $body;
            close $fh;
            my $head = `curl -s --http2-prior-knowledge -D - -o $dir/reply @args -H Expect: --data-binary \@$dir/body '@{[ $h2->url($target) ]}'`;
            my %res = (status => 0, headers => {}, body => '', head => $head);
            $res{error}  = "curl: $?" if $?;
            $res{status} = $1 if $head =~ m{\AHTTP/2 (\d+)};
            push @{ $res{headers}{ lc $1 } }, $2
                while $head =~ /^([^:\s]+): (.*?)\r?$/mg;
            if (open my $in, '<', "$dir/reply") {
                local $/;
                $res{body} = <$in>;
            }
            return \%res;
        };
        for my $at ('', '/file') {
            is_small($post->($at . route(), $one), 'curl, HTTP/2: a small body');
            is_big($post->($at . route(), $big), 'curl, HTTP/2: 520 KB');
            error_is($post->($at . route(), "$big}"), 400, 'curl, HTTP/2: a wrong body');
            # (nginx's early replies, its own too, are an error to curl 7.88)
            $post->($at . route('a.b'), $big);
            $post->($at . route(), $big, '-X', 'PUT');
        }
        $post->('/small' . route(), $big);
        is_small($post->(route(), $one), 'the connection serves another call');
    };

    $h2->stop_ok;
}

my @left = glob $nginx->prefix . '/client_body/*';
is(scalar @left, 0, 'no body is left in a file');

$nginx->stop_ok;
$upstream->stop;

done_testing();
