# SPDX-License-Identifier: BSD-2-Clause

package Usage::Ctl;

# Runs usagectl.
#
#   my ($status, $out, $err) = ctl({ in => $body }, 'plan', '--count');
#
#   USAGECTL    the program, build/usagectl by default

use strict;
use warnings;

use Cwd            ();
use Exporter       qw(import);
use File::Basename qw(dirname);
use File::Temp     ();
use POSIX          ();

our @EXPORT = qw(ctl ctl_file);

my $root    = Cwd::abs_path(dirname(__FILE__) . '/../../..');
my $program = Cwd::abs_path($ENV{USAGECTL} || "$root/build/usagectl");
my $dir     = File::Temp::tempdir('usagectl-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $count   = 0;

# Runs it; its exit status (or 1000 and a signal), standard output, standard
# error. The first argument may be { in => standard input, env => {...} }.
sub ctl {
    my %o = ref $_[0] ? %{ +shift } : ();
    my @command = ($program, @_);

    ctl_file(stdin => defined $o{in} ? $o{in} : '');

    my $pid = fork;
    die "fork: $!" unless defined $pid;

    if (!$pid) {
        local %ENV = (%ENV, %{ $o{env} || {} });
        open STDIN,  '<', "$dir/stdin"  or POSIX::_exit(127);
        open STDOUT, '>', "$dir/stdout" or POSIX::_exit(127);
        open STDERR, '>', "$dir/stderr" or POSIX::_exit(127);
        exec {$command[0]} @command or POSIX::_exit(127);
    }

    waitpid $pid, 0;
    my $status = $? & 127 ? 1000 + ($? & 127) : $? >> 8;
    return ($status, map { _slurp("$dir/$_") } qw(stdout stderr));
}

# A file with that text; gives its path.
sub ctl_file {
    my ($name, $text) = @_;
    open my $fh, '>', "$dir/$name" or die "$name: $!";
    binmode $fh;
    print {$fh} $text;
    close $fh or die "$name: $!";
    return "$dir/$name";
}

sub _slurp {
    my ($file) = @_;
    open my $fh, '<', $file or return '';
    binmode $fh;
    local $/;
    my $text = <$fh>;
    return defined $text ? $text : '';
}

1;
