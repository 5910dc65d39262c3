# SPDX-License-Identifier: BSD-2-Clause
#
# However the successors' replies come, and whatever nginx does with them on
# the way, they are read whole.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep);

use Usage::Nginx;
use Usage::Test;
use Usage::Upstream qw(reply json_reply page row window);

my $count = 230;
my @days  = ('2022-12-09', '2022-12-10', '2022-12-11');

# Use in hours, of a desktop on a day; longest first, each differs.
sub hours {
    my ($i, $day) = @_;
    my ($d) = $day =~ /(\d\d)\z/;
    return (2400 - $i * 10 - $d % 10) / 100;
}

sub rows_of {
    my ($day) = @_;
    return [ map { row(sprintf('d%03d', $_), hours($_, $day) * 3600) }
            0 .. $count - 1 ];
}

my $json = JSON::PP->new->canonical->utf8;

sub text {
    my ($req) = @_;
    my $day = window($req);
    return $json->encode(page($req, rows_of($day)));
}

sub chunked {
    my ($text, $size, %o) = @_;
    my @out = ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
        . "Content-Type: application/json\r\n\r\n");
    my $buf = '';
    while (length $text) {
        my $part = substr $text, 0, ref $size ? $size->() : $size, '';
        $buf .= sprintf "%x%s\r\n%s\r\n", length $part, $o{ext} || '', $part;
        if ($o{sleep} || length $buf > 60_000) {
            push @out, $buf, $o{sleep} ? { sleep => $o{sleep} } : ();
            $buf = '';
        }
    }
    return @out, $buf . "0\r\n" . ($o{trailer} || '') . "\r\n";
}

sub padded {
    my ($text) = @_;
    my $pad = ' ' x 300;
    $text =~ s/(?<=[,\[\{])/\n$pad/g;
    return $text;
}

my %mode = (
    length => sub { json_reply(200, text($_[0])) },
    chunk  => sub { chunked(text($_[0]), 1_000_000) },
    chunks => sub { my $n = 0; chunked(text($_[0]), sub { 1 + $n++ % 50 }) },
    bytes  => sub { chunked(text($_[0]), 1) },
    extras => sub { chunked(text($_[0]), 97, ext => ';a="b;c"',
        trailer => "X-Checksum: 1\r\nX-More: 2\r\n") },
    close  => sub { "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" . text($_[0]),
        { close => 1 } },
    http10 => sub { "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n"
        . text($_[0]), { close => 1 } },
    big      => sub { json_reply(200, padded(text($_[0]))) },
    bigchunk => sub { chunked(padded(text($_[0])), 10_007) },
    bigclose => sub { "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
        . padded(text($_[0])), { close => 1 } },
    # (the padding goes out in pieces, as the upstream's own memory is short)
    huge => sub {
        my ($body) = text($_[0]);
        my $pad = ' ' x 65536;
        return sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n",
            96 * 65536 + length $body),
            substr($body, 0, 100) =~ s/(?<=,).*//sr . '', (map { $pad } 1 .. 48),
            substr($body, length(substr($body, 0, 100) =~ s/(?<=,).*//sr)),
            (map { $pad } 1 .. 48);
    },
    drip => sub {
        my @p = unpack '(a700)*', json_reply(200, text($_[0]));
        return map { ($_, { sleep => 0.001 }) } @p;
    },
    dripchunk => sub { chunked(text($_[0]), 900, sleep => 0.001) },
    splithead => sub {
        my $r = json_reply(200, text($_[0]));
        return (map { ($_, { sleep => 0.001 }) } unpack '(a1)*', substr $r, 0, 60),
            substr $r, 60;
    },
);
my @all = sort grep { $_ ne 'huge' } keys %mode;

my $upstream = Usage::Upstream->start(sub {
    my ($req) = @_;
    my ($project) = $req->{path} =~ m{\A/v2/([^/]+)/};
    return ($mode{$project} || $mode{length})->($req);
});
my $port = $upstream->port;

my @want = map {
    my $i = $_;
    [ sprintf('d%03d', $i), map { hours($i, $_) } @days ]
} 0 .. $count - 1;

my %tokens = ('X-Auth-Token' => 'one');

sub whole {
    my ($nginx, $at, $project, $name, %o) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $offset = $o{offset} // 150;
    my $c = $nginx->client($o{timeout} ? (timeout => $o{timeout}) : ());
    my $res = $c->post(($at ? "/$at" : '') . route($project),
        body(start_time => $days[0], end_time => $days[-1], offset => $offset,
            limit => 100),
        'X-Auth-Token' => $o{token} || 'one', %{ $o{headers} || {} });
    my @part = @want[ $offset .. ($offset + 99 > $#want ? $#want : $offset + 99) ];
    reply_is($res, $name || $project, from => $days[0], total => $count,
        entries => \@part);
    return $res;
}

sub internal {
    my ($name, $text, $to) = @_;
    $to ||= 'http://successors/';
    return Usage::Nginx->at($name, '', "/in/$name")
        . "location /in/$name/ { internal; proxy_pass $to; $text }\n";
}

my $eleven = 'proxy_http_version 1.1; proxy_set_header Connection "";';

my %place = (
    plain   => '',
    eleven  => $eleven,
    unbuf   => "$eleven proxy_buffering off;",
    unbufsmall => 'proxy_buffering off; proxy_buffer_size 1k;',
    notemp  => "$eleven proxy_max_temp_file_size 0;",
    tiny    => "$eleven proxy_buffer_size 1k; proxy_buffers 2 1k;
        proxy_busy_buffers_size 1k; proxy_temp_file_write_size 1k;",
    tinynotemp => 'proxy_buffer_size 1k; proxy_buffers 2 1k;
        proxy_busy_buffers_size 1k; proxy_max_temp_file_size 0;',
    tinysend => "sendfile on; sendfile_max_chunk 4k; proxy_buffer_size 1k;
        proxy_buffers 2 1k; proxy_busy_buffers_size 1k;
        proxy_temp_file_write_size 1k;",
    odd     => "$eleven output_buffers 1 512; postpone_output 1;
        tcp_nopush on; sendfile on; proxy_limit_rate 40m;",
    intercept => 'proxy_intercept_errors on; gzip on; gzip_types *;
        gzip_proxied any; gzip_min_length 1; gunzip on;',
);

my $nginx = Usage::Nginx->start(
    upstream => $port,
    http     => 'usage_retention off; gzip_vary on;',
    server   => join('', map { internal($_, $place{$_}) } sort keys %place)
);

for my $at (sort keys %place) {
    subtest "through \"$at\"" => sub {
        whole($nginx, $at, $_) for @all;
    };
}

subtest 'the first rows too' => sub {
    whole($nginx, 'eleven', 'bigchunk', undef, offset => 0);
    whole($nginx, 'tiny', 'big', undef, offset => 0);
};

subtest 'a client that takes gzip' => sub {
    for (qw(intercept plain)) {
        whole($nginx, $_, 'chunks', $_, headers => {
            'Accept-Encoding' => 'gzip', Range => 'bytes=0-99' });
    }
};

subtest 'connections are used again' => sub {
    for my $at (qw(eleven unbuf tiny intercept)) {
        next if $place{$at} !~ /http_version 1.1/;
        for my $project (qw(length chunks bigchunk big dripchunk)) {
            whole($nginx, $at, $project) for 1, 2;
            $upstream->clear;
            whole($nginx, $at, $project) for 1 .. 3;
            my %conns = map { $_->{conn} => 1 } $upstream->calls;
            cmp_ok(scalar keys %conns, '<=', 8, "$at, $project");
        }
    }
};

subtest 'replies of many megabytes' => sub {
    my ($pid) = $nginx->workers;
    my $peak = sub {
        open my $fh, '<', "/proc/$pid/status" or return 0;
        my ($kb) = map { /^VmHWM:\s*(\d+)/ ? $1 : () } <$fh>;
        return $kb || 0;
    };
    for my $at (qw(eleven unbuf tinynotemp)) {
        whole($nginx, $at, 'length');
        my $before = $peak->();
        whole($nginx, $at, 'huge', "$at: 9 pages of 6 MB");
        my $more = $peak->() - $before;
        cmp_ok($more, '<', 4096, "$at: $more KB of memory for them")
            unless Usage::Nginx->slow;
    }
};

$nginx->stop_ok;

# --- nginx's own cache

my @variants = ('sendfile off;', 'sendfile on;', 'sendfile off; aio threads;',
    'sendfile on; aio threads;', 'sendfile off; output_buffers 2 700;',
    'sendfile on; aio threads; aio_write on; output_buffers 1 1k;
        directio 4k; sendfile_max_chunk 1k;');
my %key = (
    args  => '"$http_x_auth_token $uri$is_args$args"',
    map   => '"$http_x_auth_token $uri $mapped_args"',
    uri   => '"$http_x_auth_token $proxy_host$uri?$arg_start_time,$arg_end_time,$arg_offset"',
    request => '"$http_x_auth_token $request_uri"',
    mapuri => '"$http_x_auth_token $mapped_offset $mapped_uri"',
);

SKIP: {
    my $threads = Usage::Nginx->options =~ /--with-threads/;
    my ($places, $n, @names) = ('', 0);

    for my $variant (@variants) {
        next if $variant =~ /aio/ && !$threads;
        my $name = 'cache' . $n++;
        push @names, [ $name, $variant =~ s/\s+/ /gr ];
        $places .= internal($name, "$eleven $variant proxy_cache store;
            proxy_cache_key \"$name \$http_x_auth_token \$uri\$is_args\$args\";
            proxy_cache_valid 200 1h;");
    }
    for my $key (sort keys %key) {
        push @names, [ "key$key", "a key of $key{$key}" ];
        $places .= internal("key$key", "$eleven proxy_cache store;
            proxy_cache_key $key{$key};
            proxy_cache_valid 200 1h;");
    }
    # nginx's own key has no token
    push @names, [ 'keyown', 'no key given' ], [ 'notemp', 'no temporary files' ];
    $places .= internal('keyown', "$eleven proxy_cache store;
        proxy_cache_valid 200 1h;");
    $places .= internal('notemp', "$eleven proxy_cache store;
        proxy_cache_key \"notemp \$http_x_auth_token \$uri\$is_args\$args\";
        proxy_cache_valid 200 1h; proxy_max_temp_file_size 0;
        proxy_buffers 2 1k; proxy_buffer_size 1k; proxy_busy_buffers_size 1k;");
    push @names, [ 'lock', 'proxy_cache_lock' ];
    $places .= internal('lock', "$eleven proxy_cache store; proxy_cache_lock on;
        proxy_cache_key \"lock \$http_x_auth_token \$uri\$is_args\$args\";
        proxy_cache_valid 200 1h;");

    my $cached = Usage::Nginx->start(
        upstream => $port,
        http     => "usage_retention off;
            proxy_cache_path %%PREFIX%%/cache keys_zone=store:1m
                use_temp_path=off;
            map \$args \$mapped_args { default \$args; }
            map \$args \$mapped_offset { ~(offset=\\d+) \$1; default none; }
            map \$uri\$is_args\$args \$mapped_uri { ~^(?<whole>.*)\$ \$whole; }",
        server => $places
    );

    for (@names) {
        my ($at, $name) = @$_;
        subtest "cached: $name" => sub {
            for my $project (qw(length chunks bigchunk big close),
                $at =~ /\A(?:cache[01]|keyuri)\z/ ? 'huge' : ())
            {
                $upstream->clear;
                my $first = whole($cached, $at, $project, "$project: not from the cache");
                my $calls = () = $upstream->calls;
                cmp_ok($calls, '>=', 3 * 3, "$project: the first call goes upstream");
                $upstream->clear;
                my $again = whole($cached, $at, $project, "$project: from the cache");
                is($again->{body}, $first->{body},
                    "$project: the reply from the cache is the same to the byte");
                is(scalar(() = $upstream->calls), 0,
                    "$project: a cached reply takes no upstream call");
            }
            return if $at eq 'keyown';
            # another caller's token is another key
            $upstream->clear;
            whole($cached, $at, 'length', 'another token', token => 'two');
            cmp_ok(scalar(() = $upstream->calls), '>=', 9,
                'another token goes upstream');
        };
    }

    subtest 'many at once, locked' => sub {
        $upstream->clear;
        my @conn = map { $cached->client } 1 .. 8;
        $_->send($_->format('POST', '/lock' . route('drip'),
            body(start_time => $days[0], end_time => $days[-1], offset => 150),
            'X-Auth-Token' => 'many')) for @conn;
        my @bodies = map { $_->response->{body} } @conn;
        is(scalar(grep { $_ eq $bodies[0] && /total_count/ } @bodies), 8,
            'all eight replies are the same');
        my (%times);
        $times{ $_->{target} }++ for $upstream->calls;
        is_deeply([ grep { $_ > 1 } values %times ], [], 'each upstream call was made once');
    };

    $cached->stop_ok;
}

# --- What else an operator may put there

my $all_rows = $json->encode({ count => 2, items => [ row('b', 7200), row('a', 36) ] });
my $other = Usage::Nginx->start(
    upstream => $port,
    http     => "usage_retention off; default_type application/json;
        map \$arg_start_time \$per_day {
            2022-12-09T00:00:00Z    '{\"count\":1,\"items\":[{\"resource_id\":\"a\",\"metric\":[{\"metric_name\":\"desktop_usage\",\"metric_value\":3600}]}]}';
            2022-12-09T00%3A00%3A00Z '{\"count\":1,\"items\":[{\"resource_id\":\"a\",\"metric\":[{\"metric_name\":\"desktop_usage\",\"metric_value\":3600}]}]}';
            default                 '{\"count\":0,\"items\":[]}';
        }
        limit_req_zone \$server_name zone=few:1m rate=3r/s;
        proxy_cache_path %%PREFIX%%/cache keys_zone=store:1m;
        server {
            listen unix:%%PREFIX%%/up.sock;
            location / { proxy_pass http://127.0.0.1:$port; }
        }",
    server => join('',
        Usage::Nginx->at(static => '', '/in/static'),
        Usage::Nginx->at(each   => '', '/in/each'),
        Usage::Nginx->at(none   => '', '/in/none'),
        Usage::Nginx->at(gone   => '', '/in/gone'),
        Usage::Nginx->at(busy   => '', '/in/busy'),
        Usage::Nginx->at(redirect => '', '/in/redirect'),
        Usage::Nginx->at(file   => '', '/in/file'),
        Usage::Nginx->at(rewrite => '', '/in/rewrite'),
        Usage::Nginx->at(named  => '', '/in/named'),
        Usage::Nginx->at(fallback => '', '/in/fallback'),
        Usage::Nginx->at(authed => 'auth_request /auth;'),
        Usage::Nginx->at(refused => 'auth_request /noauth;'),
        Usage::Nginx->at(allowed => '', '/in/allowed'),
        Usage::Nginx->at(limited => "usage_timeout ${\ Usage::Nginx->patience(3)}s;", '/in/limited'),
        Usage::Nginx->at(stale   => '', '/in/stale'),
        internal('unix', '', 'http://unix:%%PREFIX%%/up.sock:/'),
        "
        location /in/static/ { internal; return 200 '$all_rows'; }
        location /in/each/ { internal; return 200 \$per_day; }
        location /in/none/ { internal; return 204; }
        location /in/gone/ { internal; return 410; }
        location /in/busy/ { internal; return 429
            '{\"error_code\":\"X.9\",\"error_msg\":\"m\"}'; }
        location /in/redirect/ { internal; return 302 http://127.0.0.1/; }
        location /in/file/ { internal; rewrite ^ /page.json break;
            root %%PREFIX%%/files; }
        location /in/rewrite/ { internal; rewrite ^/in/rewrite(/.*) /up\$1 last; }
        location /up/ { internal; proxy_pass http://successors/; }
        location /in/named/ { internal; root %%PREFIX%%/nothing;
            try_files \$uri \@up; }
        location \@up { rewrite ^/in/named(/.*) \$1 break;
            proxy_pass http://successors; $eleven }
        location /in/fallback/ { internal; error_page 404 = \@fallback;
            root %%PREFIX%%/nothing; log_not_found off; }
        location \@fallback { rewrite ^/in/fallback(/.*) \$1 break;
            proxy_pass http://successors; }
        location /auth { internal; return 204; }
        location /in/allowed/ { internal; auth_request /auth;
            proxy_pass http://successors/; }
        location /in/limited/ { internal; limit_req zone=few burst=200;
            limit_rate 1m; proxy_pass http://successors/; }
        location /in/stale/ { internal; proxy_pass http://successors/;
            proxy_cache store; proxy_cache_key \"\$uri\$args\";
            proxy_cache_valid 200 1s; proxy_cache_use_stale updating;
            proxy_cache_background_update on; }
        location /noauth { internal; return 403; }
    ")
);

mkdir $other->prefix . '/files';
{
    open my $fh, '>', $other->prefix . '/files/page.json' or die $!;
    print {$fh} ' ' x 100_000, $all_rows, ' ' x 50_000, "\n";
    close $fh;
}

sub ask {
    my ($at) = @_;
    return $other->post("/$at" . route(), body(start_time => $days[0],
        end_time => $days[-1]));
}

subtest 'a location without proxy_pass' => sub {
    reply_is(ask('static'), 'a location with return 200', from => $days[0],
        entries => [ [ 'a', (0.01) x 3 ], [ 'b', (2) x 3 ] ]);
    reply_is(ask('each'), 'a location with return 200 of a map', from => $days[0],
        entries => [ [ 'a', 1, 0, 0 ] ]);
    reply_is(ask('file'), 'a location with a file', from => $days[0],
        entries => [ [ 'a', (0.01) x 3 ], [ 'b', (2) x 3 ] ]);
    error_is(ask('none'), 502, 'a location with return 204');
    error_is(ask('gone'), 500, 'a location with return 410');
    error_is(ask('redirect'), 500, 'a location with return 302');
    my $res = ask('busy');
    is("$res->{status} $res->{body}",
        '429 {"error_code":"X.9","error_msg":"m"}', 'return 429');
    is($res->{headers}{'retry-after'}[0], 60, 'return 429 has Retry-After');
};

for my $at (qw(unix rewrite named fallback authed allowed)) {
    subtest "by the way of \"$at\"" => sub {
        whole($other, $at, $_) for qw(length chunks bigchunk big);
    };
}

# nginx counts a client's request once, and delays the one that is over.
subtest 'limit_req with a delay' => sub {
    whole($other, 'limited', 'length', $_, timeout => Usage::Nginx->patience(6))
        for qw(first second third);
};

subtest 'a cache that is renewed in the background' => sub {
    whole($other, 'stale', 'drip', 'a page that is fresh in the cache');
    for (1 .. 3) {
        sleep 1.1;
        whole($other, 'stale', 'drip', 'a page that is stale in the cache') for 1 .. 3;
    }
};

subtest 'auth_request that refuses' => sub {
    $upstream->clear;
    error_is(ask('refused'), 403, 'auth_request that refuses is a 403', code => undef);
    is(scalar(() = $upstream->calls), 0, 'auth_request that refuses: no upstream call');
};

$other->stop_ok;
$upstream->stop;

done_testing();
