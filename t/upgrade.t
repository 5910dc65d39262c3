# SPDX-License-Identifier: BSD-2-Clause
#
# A new build of the module: what a reload loads, what a restart does, and where
# to see it.

use strict;
use warnings;

use File::Temp ();
use Test::More;

use Usage::Nginx;
use Usage::Test;

plan skip_all => 'nginx has the module in it' if $ENV{USAGE_STATIC_MODULE};

my $dir = File::Temp::tempdir('usage-upgrade-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $old = $Usage::Nginx::module;

# Which build a file holds, as docs/operations.md tells to look.
sub build_of {
    my ($file) = @_;
    my ($build) = slurp($file) =~ /ngx_http_usage_module [\d.]+, build ([0-9a-f]{8}), for nginx/;
    return $build;
}

# A build with another sum, put in a file's place as install(1) does.
sub put {
    my ($build, $file) = @_;
    my ($was, $text) = (build_of($old), slurp($old));
    $text =~ s/\b$was\b/$build/g;
    open my $fh, '>:raw', "$file.new" or die "$file.new: $!";
    print {$fh} $text;
    close $fh or die "$file.new: $!";
    rename "$file.new", $file or die "$file: $!";
    return;
}

sub start {
    return Usage::Nginx->start(log => 'notice',
        server => 'location = /status { usage_status; }');
}

sub told { return $_[0]->request('GET', '/status')->{body} =~ /^usage_build_info\{.*build="(\w+)"/m }
sub logged { return $_[0]->error_log =~ /ngx_http_usage_module \S+ build (\w+), for nginx/g }

my $build = build_of($old);
like($build, qr/\A[0-9a-f]{8}\z/, 'a build has a sum');

local $Usage::Nginx::module = "$dir/usage.so";
put($build, "$dir/usage.so");
my $nginx = start();
is_deeply([ told($nginx) ], [$build], 'usage_build_info tells it');
is_deeply([ logged($nginx) ], [$build], 'the error log tells the build once');

put('0123abcd', "$dir/usage.so");
is(build_of("$dir/usage.so"), '0123abcd', 'another in the same place');
$nginx->reload;
is_deeply([ told($nginx) ], [$build], 'a reload keeps the old one');
is_deeply([ logged($nginx) ], [ $build, $build ],
    'the error log tells the build again at a reload');

put('4567abcd', "$dir/usage-2.so");
$Usage::Nginx::module = "$dir/usage-2.so";
$nginx->reload;
is_deeply([ told($nginx) ], ['4567abcd'], 'from another file, a reload loads it');
$nginx->stop_ok;

$Usage::Nginx::module = "$dir/usage.so";
$nginx = start();
is_deeply([ told($nginx) ], ['0123abcd'], 'a start of the new build tells the new one');
$nginx->stop_ok;

done_testing;
