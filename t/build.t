# SPDX-License-Identifier: BSD-2-Clause
#
# tools/build-module, for a tree that was configured otherwise than the nginx
# that loads the module: what it takes from the tree, and what depends on it.

use strict;
use warnings;

use File::Temp ();
use Test::More;

use Usage::Nginx;
use Usage::Sim;
use Usage::Test;

my $debian = '/usr/share/nginx/src';

plan skip_all => 'it loads a module' if $ENV{USAGE_STATIC_MODULE};
plan skip_all => "nginx isn't Debian's" if $ENV{NGINX_BIN} || !-e "$debian/conf_flags";

my $root = $Usage::Nginx::root;
my $dir  = File::Temp::tempdir('usage-build-XXXXXX', TMPDIR => 1, CLEANUP => 1);
delete @ENV{qw(MAKEFLAGS MAKELEVEL MFLAGS WERROR)};

# A tree that is configured for clang, without stub_status, with paths that lead
# from where it is, and another module's.  A header of its own warns.
mkdir "$dir/$_" for qw(nginx nginx/objs extra addon);
symlink "$debian/$_", "$dir/nginx/$_" or die "$_: $!" for qw(auto src configure);
spew("$dir/extra/extra.h", qq(#warning "a warning"\n));
spew("$dir/addon/config",  "ngx_addon_name=addon\n");
spew("$dir/nginx/objs/ngx_auto_config.h",
    '#define NGX_CONFIGURE "--with-cc=clang --with-compat '
        . '--with-cc-opt=\'-I ../extra -include extra.h\' '
        . '--add-module=../addon --add-dynamic-module=../no-such-module"' . "\n");

my $said = `NGINX_SRC=$dir/nginx BUILD=$dir/build JOBS=2 $root/tools/build-module 2>&1`;
is($?, 0, 'the module is built') or diag $said;
like($said, qr/a warning/, 'though there was a warning');
$Usage::Nginx::module = "$dir/build/ngx_http_usage_module.so";

SKIP: {
    skip 'there is no module', 1 if !-e $Usage::Nginx::module;
    skip 'nginx has no stub_status', 1
        if Usage::Nginx->options !~ /http_stub_status_module/;

    my $sim   = Usage::Sim->start;
    my $nginx = Usage::Nginx->start(
        upstream => $sim->port,
        http     => 'usage_retention off; usage_mode compare;
            usage_compare_log %%PREFIX%%/compare.log;',
        server => 'location = /status { stub_status; access_log off; }'
    );

    my $week = body(start_time => '2022-12-09', end_time => '2022-12-15');
    my $c    = $nginx->client;
    $c->post(route(), $week, 'X-Auth-Token' => 't') for 1 .. 10;
    ok($nginx->wait_for(sub {
        (() = $nginx->error_log =~ /usage: compared: equal/g) == 10
    }, 20), 'calls are compared');

    my $text;
    $nginx->wait_for(sub {
        $text = $nginx->request('GET', '/status')->{body};
        $text =~ /Active connections: 2 /;
    }, 10);
    like($text, qr/Active connections: 2 \n/,     'connections are counted right');
    like($text, qr/Reading: 0 Writing: 1 /,       'what nginx reads and writes is counted right');
    my ($handled, $requests) = $text =~ /^ \d+ (\d+) (\d+) /m;
    is($requests - $handled, 9,
        'requests are counted right: the client made ten on one connection');
    $nginx->stop_ok;
}

# What nginx may be built without.
my @failed;
my @without = map {"-DNGX_HTTP_$_=0"} qw(CACHE SSL V2 GZIP REALIP);
for my $file (glob "$root/src/nginx/*/*.c $root/ngx_http_usage_module.c") {
    my $nginx = "$dir/build/nginx";
    my @command = ('gcc', '-fsyntax-only', '-Wall', '-Wextra', '-Wno-unused-parameter',
        '-Werror', @without, '-DNGX_THREADS=0', '-DNGX_STAT_STUB=0',
        (map {"-I$nginx/$_"} qw(objs src/core src/event src/event/modules src/os/unix
            src/http src/http/modules src/http/v2)), "-I$root/src/core",
        "-I$root/src/nginx", $file);
    push @failed, $file if system @command;
}
is_deeply(\@failed, [], 'each file, without what nginx may be built without');

done_testing;
