# SPDX-License-Identifier: BSD-2-Clause
#
# The directives: which values they take, where, and what nginx -t says of those
# that have no effect.  How they are inherited: t/conf_inherited.t.  Those of the day
# store: t/store_conf.t.

use strict;
use warnings;

use File::Temp ();
use Test::More;

use Usage::Conf;
use Usage::Nginx;
use Usage::Test;

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
            for qw(auto number string $http_x_form $request_method);
        fails($where => "usage_use_time $_;") for qw(numbers Number Auto float 1 ""),
            '', 'number string';
        fails($where => 'usage_use_time $no_such_variable;',
            qr/unknown "no_such_variable" variable/);
    }
    fails(http => 'usage_use_time numbers;',
        qr/"numbers", it must be "auto", "number", "string" or a variable/);
    fails(main => 'usage_use_time number;', qr/not allowed/);
    fails(http => 'usage_use_time number; usage_use_time string;', qr/duplicate/);
};

subtest 'usage_retention' => sub {
    for my $where (qw(http server location)) {
        passes($where => "usage_retention $_;") for 'off',
            'desktops=180d users=30d', 'users=30d desktops=180d',
            'desktops=1y users=4w', 'desktops=24h users=24h', 'records=30d',
            'records=90d desktops=180d users=30d';
        fails($where => "usage_retention $_;") for '', 'on', '180d', '180d 30d',
            'desktops=x users=30d', 'desktops=180d users=-1d', 'desktops=',
            'desktops=180d users=30d days=3d', 'off users=30d',
            'desktops=1d desktops=2d', 'records=', 'records=0', 'records=30d records=30d',
            'desktops=180d users=30d records=30d days=3d';
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

    # a zone may be named before or behind the place that defines it
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

    my (undef, $out) = Usage::Nginx->check(location => "\nusage_rate\nzone=nowhere;\n#\n");
    my ($line) = $out =~ /zone "nowhere" is not defined .*conf:(\d+)$/m;
    (undef, $out) = Usage::Nginx->check(location => "\nusage_rate\nzone=;\n#\n");
    is($line, $out =~ /invalid zone name .*conf:(\d+)$/m ? $1 : '',
        'an undefined zone: the message has the line of the directive');
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

subtest 'usage_connections, usage_monitoring, usage_resource_id' => sub {
    for my $name (qw(usage_connections usage_monitoring usage_resource_id)) {
        for my $where (qw(http server location)) {
            passes($where => "$name $_;") for qw(on off);
            fails($where => "$name $_;") for qw(yes 1 true 7d ""), '', 'on on';
        }
        fails(main => "$name on;", qr/not allowed/);
        fails(http => "$name on; $name on;", qr/duplicate/);
    }
};

subtest 'usage_enterprise_project' => sub {
    for my $where (qw(http server location)) {
        passes($where => "usage_enterprise_project $_;") for qw(0 a-b $http_x_part x$arg_p ""), '"a b"';
        fails($where => "usage_enterprise_project $_;") for '', '0 1';
        fails($where => 'usage_enterprise_project $no_such_variable;', qr/unknown "no_such_variable" variable/);
    }
    fails(main => 'usage_enterprise_project 0;', qr/not allowed/);
    fails(http => 'usage_enterprise_project 0; usage_enterprise_project 0;', qr/duplicate/);
};

subtest 'usage_connections_tolerance' => sub {
    for my $where (qw(http server location)) {
        passes($where => "usage_connections_tolerance $_;")
            for '1%', '0%', '100%', '0.25%', '1% 1m', '0% 0', '2.5% 1d', '1% 90';
        fails($where => "usage_connections_tolerance $_;") for '', '1', '%', '-1%', '101%',
            '1.125%', 'x%', '""', 'off', '1m', '1m 1%', '1% 1x', '1% -1', '1% 25h', '1% ""',
            '1% 1m 1m';
    }
    fails(main => 'usage_connections_tolerance 1%;', qr/not allowed/);
    fails(http => 'usage_connections_tolerance 1%; usage_connections_tolerance 2%;', qr/duplicate/);
    fails(http => 'usage_connections_tolerance 1;', qr/invalid share "1", it must be "0%" to "100%"/);
    fails(http => 'usage_connections_tolerance 1% 2d;', qr/invalid time "2d", it must be at most a day/);
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
        # (%s depends on the machine's time zone)
        fails($where => $at->($_), qr/"%s" would depend on the time zone/)
            for qw(%s %H%s %Y%%%s %10s %-s %_5s %Es %0^10s);
    }

    my $long = 'x' x 253;
    passes(http => $at->("$long%H"), 'usage_hour_format with labels of 255 bytes');
    fails(http => $at->("$long-%H"), qr/must give 1 to 255 bytes/);
    # the longest labels are those of Wednesdays in September, at ten o'clock
    $long = 'x' x (255 - length 'SeptemberWednesday1010');
    passes(http => $at->("$long%B%A%-d%-H"),
        'usage_hour_format with labels of at most 255 bytes in any month');
    fails(http => $at->("x$long%B%A%-d%-H"), qr/must give 1 to 255 bytes/);

    for ('%Y-%m-%d', '%I', '00', '%-I:00', '%p', '%Y-%m-%dT%l:00:00Z') {
        my ($ok, $out) = Usage::Nginx->check(http => $at->($_));
        ok($ok, "usage_hour_format $_ passes");
        like($out, qr/\[warn\].*format "\Q$_\E" gives two hours of a day the same name in/,
            "usage_hour_format $_ has a warning");
    }
    for (@all) {
        my ($ok, $out) = Usage::Nginx->check(http => $at->($_));
        unlike($out, qr/\[warn\]/, "usage_hour_format $_ has no warning");
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
        # (these would break out of the header)
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

# The warnings of nginx -t about a configuration that it takes.
sub warnings {
    my (%conf) = @_;
    my ($ok, $out) = Usage::Nginx->check(%conf);
    ok($ok, join(' ', map { "$_: $conf{$_}" } sort keys %conf) . ' passes') or diag($out);
    return $out =~ /\[warn\] (.*)/g;
}

# Tests: there are so many warnings, each like one of these.
sub warns {
    my ($where, $text, @like) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @warnings = warnings($where => $text);
    is(scalar @warnings, scalar @like,
        "$where: $text: so many warnings") or diag(join "\n", @warnings);
    like($warnings[$_] // '', $like[$_], "$where: $text: warning $_") for 0 .. $#like;
}

subtest 'what has no effect' => sub {
    my $none = sub { qr/"$_[0]" has no effect in the location "\Q$_[1]\E": there is no usage_translate in it, in \S+nginx\.conf:\d+$/ };
    warns(server => "location /x { usage_mode passthrough; }", $none->('usage_mode', '/x'));
    warns(server => "location ~ ^/x { usage_timeout 5s; usage_store off; }",
        $none->('usage_timeout', '^/x'), $none->('usage_store', '^/x'));
    warns(server => "location /x { $_ }", $none->(/(\S+)/, '/x')) for
        'usage_fallback_for 5m;', 'usage_compare_sample 1%;',
        'usage_compare_log %%PREFIX%%/c.log;', 'usage_concurrency 3;', 'usage_use_time string;',
        'usage_retention off;', 'usage_retention records=20d;', 'usage_connections on;',
        'usage_connections_lookback 1d;', 'usage_connections_tolerance 1%;',
        'usage_monitoring on;', 'usage_hour_format %H;', 'usage_resource_id on;',
        'usage_enterprise_project 0;',
        'usage_rate off;', 'usage_retries 1;',
        'usage_store_key $uri;', 'usage_final_after 30h;', 'usage_fresh 5s;',
        'usage_credentials off;', 'usage_clock_skew 5m;', 'usage_sign_host x;',
        'usage_deprecation 2025-07-14;';

    # the location of the upstream calls isn't that of the legacy call
    warns(server => 'location /up/ { usage_sign_host x; proxy_pass http://successors/; }',
        $none->('usage_sign_host', '/up/'));

    my @two = warnings(server => "location /x {\n\nusage_mode passthrough;}\nlocation /y { usage_retries 1; }");
    my @lines = map { /:(\d+)$/ } @two;
    is($lines[1] - $lines[0], 3, 'a warning tells the line in which the location begins');

    # no warning: it has an effect on a location within, or may have one elsewhere
    warns(@$_) for
        [ server => 'location /x { usage_mode passthrough; location /x/y { usage_translate /w; } }' ],
        [ server => 'location /x { usage_mode passthrough; location /x/y { location /x/y/z { usage_translate /w; } } }' ],
        [ server => 'location /x { usage_translate /w; usage_mode passthrough; if ($arg_x) { return 403; } limit_except POST { deny all; } }' ],
        [ server => 'usage_mode passthrough; location /x { if ($arg_x) { return 403; } }' ],
        [ http => 'usage_fallback_for 5m; usage_store_key $uri; usage_compare_sample 1%; usage_clock_skew 5m;' ],
        [ server => 'usage_fallback_for 5m; usage_fresh 1s;' ];

    # directives that depend on another one
    my $why = sub { qr/"$_[0]" has no effect in the location "[^"]+": $_[1], in \S+nginx\.conf:\d+$/ };
    for (
        [ 'usage_store_key $uri;', 'usage_store is off' ],
        [ 'usage_fresh 5s; usage_store off;', 'usage_store is off' ],
        [ 'usage_compare_log %%PREFIX%%/c.log;', 'usage_mode is not "compare"' ],
        [ 'usage_compare_sample 1%; usage_mode fallback;', 'usage_mode is not "compare"' ],
        [ 'usage_fallback_for 1m;', 'usage_mode is not "fallback"' ],
        [ 'usage_clock_skew 1m;', 'usage_credentials is off' ],
        [ 'usage_sign_host x;', 'usage_credentials is off' ],
        [ 'usage_connections_lookback 1d;', 'usage_connections is off' ],
        [ 'usage_hour_format %H;', 'usage_connections and usage_monitoring are off' ],
        [ 'usage_connections_tolerance 1%;', 'usage_connections and usage_monitoring are off' ],
    ) {
        warns(location => $_->[0], $why->($_->[0] =~ /(\S+)/, $_->[1]));
    }
    warns(location => $_) for 'usage_compare_log %%PREFIX%%/c.log; usage_mode compare;',
        'usage_compare_sample 1%; usage_fallback_for 1m; usage_mode $arg_mode;',
        'usage_fallback_for 1m; usage_mode fallback;',
        'usage_connections_lookback 1d; usage_hour_format %H; usage_connections on;',
        'usage_hour_format %H; usage_monitoring on;';
    is_deeply([ warnings(http => 'usage_store zone=a:1m; usage_store a; usage_connections on; usage_mode compare;',
        location => 'usage_store_key $uri; usage_fresh 1s; usage_hour_format %H; usage_compare_sample 1%;') ],
        [], 'directives that are inherited have an effect');
};

subtest 'zones and keys' => sub {
    warns(http => "usage_store zone=days:1m;", qr/^usage_store zone "days" is used nowhere: it takes "usage_store days;", in \S+conf:\d+$/);
    warns(http => $_) for 'usage_store zone=days:1m; usage_store days;', 'usage_store days; usage_store zone=days:1m;',
        'usage_store zone=days:1m; server { listen 127.0.0.1:%%PORT0%%; usage_store days; }';
    fails(http => 'usage_store days;', qr/usage_store zone "days" is not defined by "usage_store zone=days:size", in \S+conf:\d+$/m);

    my $dir = File::Temp::tempdir('usage-keys-XXXXXX', TMPDIR => 1, CLEANUP => 1);
    my $file = sub {
        chmod 0600, spew("$dir/$_[0]", $_[1]);
        return "usage_credentials $dir/$_[0];";
    };
    my $keys = $file->(keys => '{"AK":{"sk":"secret"}}');
    warns(http => $keys);
    warns(http => $file->(none => '{}'), qr/usage_credentials "\S+none" has no access key: each signed call is refused in \S+conf:\d+$/);
    warns(location => "$keys usage_clock_skew 0;",
        qr/"usage_clock_skew" is 0: only what is signed in this very second is accepted in \S+conf:\d+$/);
    warns(location => "$keys usage_clock_skew 1s; usage_sign_host x;");
};

done_testing();
