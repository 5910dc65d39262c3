# SPDX-License-Identifier: BSD-2-Clause
#
# The directives: what they take, where, and how they are inherited; and the
# variables.

use strict;
use warnings;

use Test::More;
use Time::HiRes ();

use Usage::Nginx;
use Usage::Test;
use Usage::Upstream qw(json_reply page row window);

if (!$ENV{USAGE_STATIC_MODULE} && !-e $Usage::Nginx::module) {
    BAIL_OUT('no module: make it first, or set USAGE_MODULE');
}

sub passes {
    my ($where, $text, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($ok, $out) = Usage::Nginx->check($where => $text);
    ok($ok, $name || "$where: $text") or diag($out);
}

sub fails {
    my ($where, $text, $like) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($ok, $out) = Usage::Nginx->check($where => $text);
    my ($line) = $out =~ /^(nginx: \[emerg\].*?)(?=^nginx: )/ms;
    $line //= $out;
    my ($directive) = $text =~ /(usage_\w+)/;
    my $name = "$where: $text";
    if ($ok) {
        fail("$name: refused");
        return;
    }
    # It has to say which directive, by name or by line, and what is wrong.
    like($line, $like || qr/$directive.* in \S+nginx\.conf:\d+
        |(?:invalid|must|allowed|duplicate).* in \S+nginx\.conf:\d+/xs, "$name: refused");
}

subtest 'usage_translate' => sub {
    my $at = sub { return "location /x { usage_translate $_[0]; }" };
    passes(server => $at->($_)) for qw(/workspace / /a/b/c /a-b_c.d);
    fails(server => $at->($_)) for '', '/a /b', 'workspace', '""',
        'http://example.com/';
    fails(server => 'location /x { usage_translate /a; usage_translate /b; }',
        qr/usage_translate.*duplicate/);
    fails($_ => 'usage_translate /workspace;', qr/usage_translate.*not allowed/)
        for qw(http server main events);
};

subtest 'usage_status' => sub {
    passes(server => 'location /x { usage_status; }');
    passes(server => 'location /x { usage_status; } location /y { usage_status; }');
    fails(server => 'location /x { usage_status on; }', qr/invalid number of arguments/);
    fails(server => 'location /x { usage_status; usage_status; }', qr/usage_status.*duplicate/);
    fails(server => 'location /x { usage_status; usage_translate /workspace; }',
        qr/usage_translate.*beside "usage_status"/);
    fails(server => 'location /x { usage_translate /workspace; usage_status; }',
        qr/usage_status.*beside "usage_translate"/);
    fails($_ => 'usage_status;', qr/usage_status.*not allowed/) for qw(http server main events);
    fails(server => 'location /x { if ($arg_x) { usage_status; } }',
        qr/usage_status.*not allowed/);
    fails(http => 'limit_req_zone $uri zone=usage_status:1m rate=1r/s;',
        qr/usage_status.*already declared for a different use/);
};

subtest 'usage_concurrency' => sub {
    for my $where (qw(http server location)) {
        passes($where => "usage_concurrency $_;") for 1, 8, 31, 64;
        fails($where => "usage_concurrency $_;") for 0, -1, 'x', '1.5', '8x', '""',
            '', '1 2', '99999999999999999999';
    }
    fails(main => 'usage_concurrency 8;', qr/not allowed/);
    fails(http => 'usage_concurrency 1; usage_concurrency 2;', qr/duplicate/);
};

subtest 'usage_timeout' => sub {
    for my $where (qw(http server location)) {
        passes($where => "usage_timeout $_;") for '60s', '500ms', '1m', '2m30s', '5';
        fails($where => "usage_timeout $_;") for 'x', '-1s', '1x', '""', '', '1s 2s',
            '1.5s';
    }
    fails(main => 'usage_timeout 1s;', qr/not allowed/);
    fails(http => 'usage_timeout 1s; usage_timeout 2s;', qr/duplicate/);
};

subtest 'usage_memory' => sub {
    for my $where (qw(http server location)) {
        passes($where => "usage_memory $_;") for '1m', '1024k', '64m', '1024m', '1048577';
        fails($where => "usage_memory $_;") for 0, 'x', '1023k', '-1m', '1.5m', '""', '', '1m 2m';
    }
    fails(main => 'usage_memory 64m;', qr/not allowed/);
    fails(http => 'usage_memory 1m; usage_memory 2m;', qr/duplicate/);
    fails(http => 'usage_memory 512k;', qr/usage_memory.*must be at least 1m/);
};

subtest 'usage_use_time' => sub {
    for my $where (qw(http server location)) {
        passes($where => "usage_use_time $_;")
            for qw(number string $http_x_form $request_method);
        fails($where => "usage_use_time $_;") for qw(numbers Number float 1 ""),
            '', 'number string';
        fails($where => 'usage_use_time $no_such_variable;',
            qr/unknown "no_such_variable" variable/);
    }
    fails(main => 'usage_use_time number;', qr/not allowed/);
    fails(http => 'usage_use_time number; usage_use_time string;', qr/duplicate/);
};

subtest 'usage_retention' => sub {
    for my $where (qw(http server location)) {
        passes($where => "usage_retention $_;") for 'off',
            'desktops=180d users=30d', 'users=30d desktops=180d',
            'desktops=1y users=4w', 'desktops=24h users=24h';
        fails($where => "usage_retention $_;") for '', 'on', '180d', '180d 30d',
            'desktops=x users=30d', 'desktops=180d users=-1d', 'desktops=',
            'desktops=180d users=30d days=3d', 'off users=30d',
            'desktops=1d desktops=2d';
    }
    fails(main => 'usage_retention off;', qr/not allowed/);
    fails(http => 'usage_retention off; usage_retention off;', qr/duplicate/);
};

subtest 'usage_rate' => sub {
    for my $where (qw(http server location)) {
        passes($where => "usage_rate $_;") for 'off', 'zone=a:1m rate=200r/m',
            'rate=3r/s zone=a:32k', 'zone=a:64k burst=5 rate=200r/m',
            'zone=a:1m rate=1r/m', 'zone=a:1m rate=2r/m burst=2',
            'zone=a:1m rate=1000000r/s';
        fails($where => "usage_rate $_;") for '', 'on', 'off off', 'off zone=a:1m',
            'a:1m rate=200r/m', 'zone=:1m rate=200r/m', 'zone=a:1k rate=200r/m',
            'zone=a:x rate=200r/m', 'zone=a:1m zone=a:1m', 'rate=200r/m',
            'zone=a:1m rate=200', 'zone=a:1m rate=0r/m', 'zone=a:1m rate=-1r/m',
            'zone=a:1m rate=200r/h', 'zone=a:1m rate=r/m', 'zone=a:1m rate=1.5r/s',
            'zone=a:1m rate=1000001r/s', 'zone=a:1m rate=2r/s rate=2r/s',
            'zone=a:1m rate=200r/m burst=0', 'zone=a:1m rate=200r/m burst=201',
            'zone=a:1m rate=200r/m burst=x', 'zone=a:1m burst=5',
            'zone=a:1m rate=200r/m burst=5 burst=5', 'zone=a:1m rate=200r/m nodelay';
    }
    fails(main => 'usage_rate off;', qr/not allowed/);
    fails(http => 'usage_rate off; usage_rate off;', qr/duplicate/);

    # a zone is named again, before or behind the place that defines it
    my $two = sub { return "usage_rate $_[0]; server { listen 127.0.0.1:%%PORT0%%;
        location /x/ { usage_rate $_[1]; } }" };
    my $whole = 'zone=a:1m rate=200r/m burst=5';
    for ('zone=a', 'zone=a rate=200r/m', $whole, 'zone=a:1m', 'off',
        'zone=b:1m rate=7r/s')
    {
        passes(http => $two->($whole, $_));
        passes(http => $two->($_, $whole));
    }
    for ('zone=a rate=201r/m', 'zone=a rate=200r/s', 'zone=a rate=200r/m burst=6') {
        fails(http => $two->($whole, $_), qr/zone "a" has another rate or burst already/);
        fails(http => $two->($_, $whole), qr/zone "a" has another rate or burst already/);
    }
    fails(http => $two->($whole, 'zone=a:2m'), qr/size .* conflicts/);
    fails(http => "\nusage_rate zone=a:1m;", qr/zone "a" has no rate, in \S+nginx\.conf:\d+$/m);
    fails(http => 'usage_rate zone=a rate=200r/m;',
        qr/usage_rate zone "a" is not defined by "usage_rate zone=a:size", in \S+nginx\.conf:\d+$/m);

    # the line of the directive, not of another
    my (undef, $out) = Usage::Nginx->check(location => "\nusage_rate\nzone=nowhere;\n#\n");
    my ($line) = $out =~ /zone "nowhere" is not defined .*conf:(\d+)$/m;
    (undef, $out) = Usage::Nginx->check(location => "\nusage_rate\nzone=;\n#\n");
    is($line, $out =~ /invalid zone name .*conf:(\d+)$/m ? $1 : '', 'the line is that of the directive');
    fails(http => "limit_req_zone \$uri zone=a:1m rate=1r/s; usage_rate $whole;",
        qr/zone "a" is already/);
};

subtest 'usage_retries' => sub {
    for my $where (qw(http server location)) {
        passes($where => "usage_retries $_;") for 0, 2, 10;
        fails($where => "usage_retries $_;") for -1, 11, 'x', 'off', '""', '', '1 2';
    }
    fails(main => 'usage_retries 1;', qr/not allowed/);
    fails(http => 'usage_retries 1; usage_retries 2;', qr/duplicate/);
};

subtest 'usage_connections, usage_resource_id' => sub {
    for my $name (qw(usage_connections usage_resource_id)) {
        for my $where (qw(http server location)) {
            passes($where => "$name $_;") for qw(on off);
            fails($where => "$name $_;") for qw(yes 1 true 7d ""), '', 'on on';
        }
        fails(main => "$name on;", qr/not allowed/);
        fails(http => "$name on; $name on;", qr/duplicate/);
    }
};

subtest 'usage_connections_lookback' => sub {
    for my $where (qw(http server location)) {
        passes($where => "usage_connections_lookback $_;")
            for qw(7d 0 12h 90 1d12h 4w);
        fails($where => "usage_connections_lookback $_;") for qw(x -1d 1x 1.5d
            500ms off ""), '', '1d 2d';
    }
    fails(main => 'usage_connections_lookback 7d;', qr/not allowed/);
    fails(http => 'usage_connections_lookback 1d; usage_connections_lookback 2d;',
        qr/duplicate/);
};

subtest 'usage_hour_format' => sub {
    my $at  = sub { return "usage_hour_format $_[0];" };
    my @all = ('%Y-%m-%dT%H:00:00Z', '"%d.%m.%Y %H:00"', '%Y%j%H', '%FT%T%z',
        '"%a, %d %b %Y %H:%M:%S %Z"', '"%-I %p"', '%H%%s', '"\"%H\""', '€%H');
    for my $where (qw(http server location)) {
        passes($where => $at->($_)) for @all;
        fails($where => $at->($_)) for '', '""', '%H %H';
        # of the machine's time zone
        fails($where => $at->($_), qr/"%s" would depend on the time zone/)
            for qw(%s %H%s %Y%%%s %10s %-s %_5s %Es %0^10s);
    }

    my $long = 'x' x 253;
    passes(http => $at->("$long%H"), 'labels of 255 bytes');
    fails(http => $at->("$long-%H"), qr/must give 1 to 255 bytes/);
    # one that is longer in September, on Wednesdays, at ten o'clock
    $long = 'x' x (255 - length 'SeptemberWednesday1010');
    passes(http => $at->("$long%B%A%-d%-H"), 'a month that is too long in no year');
    fails(http => $at->("x$long%B%A%-d%-H"), qr/must give 1 to 255 bytes/);

    for ('%Y-%m-%d', '%I', '00', '%-I:00', '%p', '%Y-%m-%dT%l:00:00Z') {
        my ($ok, $out) = Usage::Nginx->check(http => $at->($_));
        ok($ok, "$_: taken");
        like($out, qr/\[warn\].*format "\Q$_\E" gives two hours of a day the same name in/,
            "$_: with a warning");
    }
    for (@all) {
        my ($ok, $out) = Usage::Nginx->check(http => $at->($_));
        unlike($out, qr/\[warn\]/, "$_: without one");
    }

    fails(main => $at->('%H'), qr/not allowed/);
    fails(http => $at->('%H') . $at->('%H'), qr/duplicate/);
};

subtest 'usage_deprecation' => sub {
    for my $where (qw(http server location)) {
        passes($where => "usage_deprecation $_;") for '2025-07-14',
            '2025-07-14 sunset=2026-12-31', '2025-07-14 link=https://example.com/',
            '2024-02-29 link=/x sunset=2026-12-31';
        fails($where => "usage_deprecation $_;") for '', '2025-02-29', '2025-7-14',
            '14.07.2025', '2025-13-01', 'x', '""', '2025-07-14 sunset=2026-02-30',
            '2025-07-14 sunset=', '2025-07-14 sunset=never', '2025-07-14 2026-12-31',
            '2025-07-14 until=2026-12-31', 'sunset=2026-12-31',
            '2025-07-14 sunset=2026-12-31 sunset=2026-12-30';
        # what would break out of the header
        fails($where => "usage_deprecation $_;") for '2025-07-14 link=',
            '2025-07-14 "link=https://x/>; rel=x"',
            "2025-07-14 \"link=https://x/\\r\\nX-Evil: 1\"",
            "2025-07-14 \"link=https://x/\ny\"";
    }
    fails(main => 'usage_deprecation 2025-07-14;', qr/not allowed/);
    fails(http => 'usage_deprecation 2025-07-14; usage_deprecation 2025-07-14;',
        qr/duplicate/);
};

# --- What has no effect.

# The warnings of nginx -t.
sub warnings {
    my (%conf) = @_;
    my ($ok, $out) = Usage::Nginx->check(%conf);
    ok($ok, 'taken') or diag($out);
    return $out =~ /\[warn\] (.*)/g;
}

sub warns {
    my ($where, $text, @like) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @warnings = warnings($where => $text);
    is(scalar @warnings, scalar @like, "$where: $text") or diag(join "\n", @warnings);
    like($warnings[$_] // '', $like[$_], 'what it says') for 0 .. $#like;
}

subtest 'what has no effect' => sub {
    my $none = sub { qr/"$_[0]" has no effect in the location "\Q$_[1]\E": there is no usage_translate in it, in \S+nginx\.conf:\d+$/ };
    warns(server => "location /x { usage_mode passthrough; }", $none->('usage_mode', '/x'));
    warns(server => "location ~ ^/x { usage_timeout 5s; usage_store off; }",
        $none->('usage_timeout', '^/x'), $none->('usage_store', '^/x'));
    warns(server => "location /x { $_ }", $none->(/(\S+)/, '/x')) for
        'usage_fallback_for 5m;', 'usage_compare_sample 1%;',
        'usage_compare_log %%PREFIX%%/c.log;', 'usage_concurrency 3;', 'usage_use_time string;',
        'usage_retention off;', 'usage_connections on;', 'usage_connections_lookback 1d;',
        'usage_hour_format %H;', 'usage_resource_id on;', 'usage_rate off;', 'usage_retries 1;',
        'usage_store_key $uri;', 'usage_final_after 30h;', 'usage_fresh 5s;',
        'usage_credentials off;', 'usage_clock_skew 5m;', 'usage_sign_host x;',
        'usage_deprecation 2025-07-14;';

    # of the location of the upstream calls as well: it is asked in the other
    warns(server => 'location /up/ { usage_sign_host x; proxy_pass http://successors/; }',
        $none->('usage_sign_host', '/up/'));

    # the line is where the location begins
    my @two = warnings(server => "location /x {\n\nusage_mode passthrough;}\nlocation /y { usage_retries 1; }");
    my @lines = map { /:(\d+)$/ } @two;
    is($lines[1] - $lines[0], 3, 'the line where it begins');

    # it has an effect on a location within, or may have one elsewhere
    warns(@$_) for
        [ server => 'location /x { usage_mode passthrough; location /x/y { usage_translate /w; } }' ],
        [ server => 'location /x { usage_mode passthrough; location /x/y { location /x/y/z { usage_translate /w; } } }' ],
        [ server => 'location /x { usage_translate /w; usage_mode passthrough; if ($arg_x) { return 403; } limit_except POST { deny all; } }' ],
        [ server => 'usage_mode passthrough; location /x { if ($arg_x) { return 403; } }' ],
        [ http => 'usage_fallback_for 5m; usage_store_key $uri; usage_compare_sample 1%; usage_clock_skew 5m;' ],
        [ server => 'usage_fallback_for 5m; usage_fresh 1s;' ];

    # of those which go with another one
    my $why = sub { qr/"$_[0]" has no effect in the location "[^"]+": $_[1], in \S+nginx\.conf:\d+$/ };
    for (
        [ 'usage_store_key $uri;', 'usage_store is off' ],
        [ 'usage_final_after 30h;', 'usage_store is off' ],
        [ 'usage_fresh 5s; usage_store off;', 'usage_store is off' ],
        [ 'usage_compare_log %%PREFIX%%/c.log;', 'usage_mode is not "compare"' ],
        [ 'usage_compare_sample 1%; usage_mode fallback;', 'usage_mode is not "compare"' ],
        [ 'usage_fallback_for 1m;', 'usage_mode is not "fallback"' ],
        [ 'usage_clock_skew 1m;', 'usage_credentials is off' ],
        [ 'usage_sign_host x;', 'usage_credentials is off' ],
        [ 'usage_connections_lookback 1d;', 'usage_connections is off' ],
        [ 'usage_hour_format %H;', 'usage_connections is off' ],
    ) {
        warns(location => $_->[0], $why->($_->[0] =~ /(\S+)/, $_->[1]));
    }
    warns(location => $_) for 'usage_compare_log %%PREFIX%%/c.log; usage_mode compare;',
        'usage_compare_sample 1%; usage_fallback_for 1m; usage_mode $arg_mode;',
        'usage_fallback_for 1m; usage_mode fallback;',
        'usage_connections_lookback 1d; usage_hour_format %H; usage_connections on;';
    is_deeply([ warnings(http => 'usage_store zone=a:1m; usage_store a; usage_connections on; usage_mode compare;',
        location => 'usage_store_key $uri; usage_fresh 1s; usage_hour_format %H; usage_compare_sample 1%;') ],
        [], 'inherited ones count');
};

subtest 'zones and keys' => sub {
    warns(http => "usage_store zone=days:1m;", qr/^usage_store zone "days" is used nowhere: it takes "usage_store days;", in \S+conf:\d+$/);
    warns(http => $_) for 'usage_store zone=days:1m; usage_store days;', 'usage_store days; usage_store zone=days:1m;',
        'usage_store zone=days:1m; server { listen 127.0.0.1:%%PORT0%%; usage_store days; }';
    fails(http => 'usage_store days;', qr/usage_store zone "days" is not defined by "usage_store zone=days:size", in \S+conf:\d+$/m);

    my $dir = File::Temp::tempdir('usage-keys-XXXXXX', TMPDIR => 1, CLEANUP => 1);
    my $file = sub {
        open my $fh, '>', "$dir/$_[0]" or die $!;
        print {$fh} $_[1];
        close $fh;
        chmod 0600, "$dir/$_[0]";
        return "usage_credentials $dir/$_[0];";
    };
    my $keys = $file->(keys => '{"AK":{"sk":"secret"}}');
    warns(http => $keys);
    warns(http => $file->(none => '{}'), qr/usage_credentials "\S+none" has no access key: each signed call is refused in \S+conf:\d+$/);
    warns(location => "$keys usage_clock_skew 0;",
        qr/"usage_clock_skew" is 0: only what is signed in this very second is accepted in \S+conf:\d+$/);
    warns(location => "$keys usage_clock_skew 1s; usage_sign_host x;");
};

# --- Inheritance.

my $upstream = Usage::Upstream->start(sub {
    my ($req) = @_;
    my ($project) = $req->{path} =~ m{\A/v2/([^/]+)/};
    return json_reply(500, '{"error_code":"X.1","error_msg":"m"}')
        if $project eq 'broken';
    return { hang => 1 } if $project eq 'hang';
    my $reply = json_reply(200, page($req, [ row('d1', 5400) ]));
    return $project eq 'slow' ? ({ sleep => 0.1 }, $reply) : $reply;
});

my $short = Usage::Nginx->patience(300);

sub post {
    my ($nginx, $at, $project, %body) = @_;
    return $nginx->post("$at" . route($project), body(
        start_time => day(-5), end_time => day(-4), %body),
        'X-Request-Id' => delete $body{id});
}

my $nginx = Usage::Nginx->start(
    upstream => $upstream->port,
    http     => "
        usage_use_time string;
        usage_concurrency 2;
        usage_timeout ${short}ms;
        usage_retention desktops=10d users=5d;
        usage_connections on;
        usage_deprecation 2025-07-14 sunset=2026-12-31;
        map \$http_x_form \$form { default number; text string; odd odd; none ''; }
        server {
            listen 127.0.0.1:%%PORT0%%;
            usage_use_time number;
            usage_concurrency 5;
            usage_retention off;
            usage_connections off;
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
            location /workspace/ { internal; proxy_pass http://successors/; }
        }",
    server => '
        location /free { return 200 "[$usage_project_id$usage_days$usage_desktops$usage_calls$usage_error]\n"; }
        location = /echo { return 200 "$usage_calls"; }
        location /head/v2/ { rewrite ^/head(/.*) $1 break;
            usage_translate /workspace;
            add_header X-Calls "$usage_calls/$usage_desktops/$usage_days" always;
            add_header X-Error "$usage_error" always; }
        '
);
my $other = sub {
    my ($at, $project, @body) = @_;
    my $c = Usage::Client->new(port => $nginx->other_port(0),
        timeout => Usage::Nginx->patience(20));
    my ($body, @headers) = ref $body[0] ? @body : ({@body});
    return $c->post($at . route($project), body(start_time => day(-5),
        end_time => day(-4), %$body), @headers);
};

my @hours = (from => day(-5), entries => [ [ 'd1', 1.5, 1.5 ] ]);

subtest 'usage_use_time, inherited' => sub {
    reply_is(post($nginx, '', 'p'), 'of http', @hours, string => 1);
    reply_is($other->('/a', 'p'), 'of the server', @hours);
    reply_is($other->('/b', 'p'), 'of the location', @hours, string => 1);
    reply_is($other->('/c', 'p'), 'of the location around, by a variable', @hours);
    reply_is($other->('/c', 'p', {}, 'X-Form' => 'text'), 'which is string now',
        @hours, string => 1);
    my $res = $other->('/c', 'p', {}, 'X-Form' => 'odd');
    reply_is($res, 'which is neither: the default', @hours);
    reply_is($other->('/c', 'p', {}, 'X-Form' => 'none'), 'which is empty', @hours);
};

subtest 'usage_retention, inherited' => sub {
    plan skip_all => 'midnight is near' if near_midnight();
    my $old = sub { return (start_time => day(-$_[0]), end_time => day(-$_[0])) };
    is(post($nginx, '', 'p', $old->(9))->{status}, 200, 'http: 9 days ago');
    error_is(post($nginx, '', 'p', $old->(12)), 400, 'http: 12 days ago',
        detail => qr/\b10\b|@{[ join '|', day(-10), day(-9) ]}/);
    is($other->('/a', 'p', $old->(500))->{status}, 200, 'server: 500 days ago');
    is($other->('/b', 'p', $old->(19))->{status}, 200, 'location: 19 days ago');
    error_is($other->('/b', 'p', $old->(22)), 400, 'location: 22 days ago',
        detail => qr/\b20\b|@{[ join '|', day(-20), day(-19) ]}/);
};

subtest 'usage_retention of users, inherited' => sub {
    plan skip_all => 'midnight is near' if near_midnight();
    my $old = sub { return (desktop_username => 'u', start_time => day(-$_[0]),
        end_time => day(-$_[0])) };
    error_is(post($nginx, '', 'p', $old->(7)), 400, 'http: 7 days ago',
        detail => qr/\b5 days that the successor API keeps of users\b/);
    error_is($other->('/b', 'p', $old->(22)), 400,
        'location: 22 days ago, which desktops are not kept for',
        detail => qr/\b20 days that the successor API keeps of desktops\b/);
};

subtest 'usage_connections, inherited' => sub {
    my $off  = qr/HOUR.*connection records.*usage_connections is off.*allowed: "DAY"/;
    my @hour = (group_by_type => 'HOUR');
    unlike(post($nginx, '', 'p', @hour)->{body}, qr/usage_connections is off/, 'http: on');
    error_is($other->('/a', 'p', @hour), 400, 'server: off', detail => $off);
    unlike($other->('/b', 'p', @hour)->{body}, qr/usage_connections is off/, 'location: on');
    error_is($other->('/c', 'p', @hour), 400, 'of the server, two locations deep',
        detail => $off);
};

subtest 'usage_concurrency, inherited' => sub {
    my $most = sub {
        my ($call) = @_;
        $upstream->clear;
        my $begin = Time::HiRes::time();
        is($call->()->{status}, 200, 'answered');
        return Time::HiRes::time() - $begin;
    };
    plan skip_all => 'times say nothing here' if Usage::Nginx->slow;
    # 6 days of 0.1 s each
    my @six = (start_time => day(-7), end_time => day(-2));
    my $five  = $most->(sub { $other->('/a', 'slow', @six) });
    my $three = $most->(sub { $other->('/b', 'slow', @six) });
    cmp_ok($five, '>=', 0.2, 'server: 5');
    cmp_ok($three, '>=', 0.2, 'location: 3');
};

subtest 'usage_timeout, inherited' => sub {
    error_is(post($nginx, '', 'hang'), 504, 'http');
    error_is($other->('/a', 'hang'), 504, 'server');
};

subtest 'usage_deprecation, inherited' => sub {
    my $of = sub { my $h = $_[0]{headers};
        join ' ', map { ($h->{$_} || ['-'])->[0] } qw(deprecation sunset link) };
    is($of->(post($nginx, '', 'p')),
        '@1752451200 Thu, 31 Dec 2026 00:00:00 GMT -', 'http');
    is($of->($other->('/a', 'p')), '@1704067200 - -', 'server');
    is($of->($other->('/b', 'p')),
        '@1672531200 - </new>; rel="successor-version"', 'location');
};

# --- Variables.

my $id = 0;

sub line {
    my ($res) = @_;
    my $line;
    my $want = "v$id";
    $nginx->wait_for(sub {
        ($line) = grep { /"id":"$want"/ } $nginx->access_lines;
        return $line;
    });
    return decode($line || '{}');
}

sub call {
    my ($at, $target, $body) = @_;
    return $nginx->post($at . $target, $body, 'X-Request-Id' => 'v' . ++$id);
}

sub logged {
    my ($name, %want) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $line  = line();
    my $error = delete $want{error};
    is_deeply({ map { $_ => $line->{$_} } keys %want }, \%want, $name);
    like($line->{error}, $error, "$name: \$usage_error");
}

subtest 'variables in the log' => sub {
    my %range = (start_time => day(-5), end_time => day(-3));
    call('', route('proj_1-X'), body(%range));
    logged('a reply', status => 200, project => 'proj_1-X', days => 3,
        desktops => 1, calls => 3, error => qr/\A\z/);
    call('', route('p'), body(%range, limit => 0));
    logged('limit 0', status => 200, project => 'p', desktops => 0, calls => 1,
        error => qr/\A\z/);
    call('', route('p'), body(%range, limit => 101));
    logged('a 400', status => 400, project => 'p', calls => 0, error => qr/limit/);
    call('', route('p'), '{');
    logged('not JSON', status => 400, project => 'p', calls => 0, error => qr/\w/);
    call('', route('a.b'), '{}');
    logged('a 404', status => 404, error => qr/\w/);
    call('', route('broken'), body(%range, end_time => day(-5)));
    logged('an upstream error', status => 500, project => 'broken', days => 1,
        calls => 1, error => qr/500|X\.1/);
    call('', route('hang'), body(%range, end_time => day(-5)));
    logged('a timeout', status => 504, project => 'hang', days => 1, calls => 1,
        error => qr/\w/);
    call('', '/free', '');
    logged('elsewhere', status => 200, project => '', days => '', desktops => '',
        calls => '', error => qr/\A\z/);
    call('', '/workspace/v2/p', '');
    logged('the internal location', status => 404, error => qr/\A\z/);
    call('', '/nothing', '');
    logged('404 of another location', status => 404, error => qr/\A\z/);
};

subtest 'variables elsewhere' => sub {
    my $res = $nginx->request('GET', '/free');
    is($res->{body}, "[]\n", 'of another location: empty');
    $res = post($nginx, '/head', 'p');
    is($res->{headers}{'x-calls'}[0], '2/1/2', 'in a header');
    ok(!$res->{headers}{'x-error'}, 'no error');
    $res = post($nginx, '/head', 'broken');
    is($res->{status}, 500, 'an error');
    like($res->{headers}{'x-error'}[0], qr/\w/, 'in a header');
};

subtest 'log_subrequest' => sub {
    my $logs = Usage::Nginx->start(upstream => $upstream->port,
        http => 'usage_retention off; log_subrequest on;');
    my $res = post($logs, '', 'p', start_time => '2022-12-01',
        end_time => '2022-12-03');
    is($res->{status}, 200, 'answered');
    my @lines = map { decode($_) || {} } $logs->access_lines(4);
    is(scalar @lines, 4, 'a line for each call, and one for the whole');
    is(scalar(grep { $_->{status} == 200 && $_->{project} eq 'p' } @lines), 4,
        'each with the variables');
    $logs->stop_ok;
};

$nginx->stop_ok;
$upstream->stop;

done_testing();
