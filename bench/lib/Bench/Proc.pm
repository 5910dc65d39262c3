# SPDX-License-Identifier: BSD-2-Clause

package Bench::Proc;

# What the kernel says of a process.

use strict;
use warnings;

use Exporter qw(import);
use POSIX    qw(sysconf _SC_CLK_TCK);

our @EXPORT_OK = qw(child_of cpu_seconds memory_kb);

my $TICKS = sysconf(_SC_CLK_TCK);

sub _slurp {
    my ($path) = @_;

    open my $fh, '<', $path or return '';
    local $/ = undef;
    return scalar(<$fh>) // '';
}

# Gives the fields of /proc/PID/stat from the state on.  (The name before it may
# have blanks and parentheses.)
sub _stat {
    my ($pid) = @_;

    my ($rest) = _slurp("/proc/$pid/stat") =~ /.*\) (.*)/s;
    return defined $rest ? split ' ', $rest : ();
}

# Gives the pid of a child, if there is one.
sub child_of {
    my ($parent) = @_;

    for my $dir (glob '/proc/[0-9]*') {
        my ($pid) = $dir =~ /(\d+)$/;
        my (undef, $ppid) = _stat($pid);
        return $pid if defined $ppid && $ppid == $parent;
    }
    return;
}

# Gives the CPU time that a process has taken.
sub cpu_seconds {
    my ($pid) = @_;

    my @stat = _stat($pid) or die "process $pid is gone\n";
    return ($stat[11] + $stat[12]) / $TICKS;
}

# Gives the memory of a process, in KB: VmRSS, VmHWM (its peak), RssShmem.
sub memory_kb {
    my ($pid) = @_;

    my %kb = _slurp("/proc/$pid/status") =~ /^(Vm(?:RSS|HWM)|RssShmem):\s+(\d+)/mg;
    $_ += 0 for values %kb;
    return \%kb;
}

1;
