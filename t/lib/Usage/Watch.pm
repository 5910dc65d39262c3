# SPDX-License-Identifier: BSD-2-Clause

package Usage::Watch;

# A process that ends what a test started, if the test is killed and can't: it reads
# from a pipe that nobody else writes to.
#
#   my $watch = Usage::Watch->start(sub { kill 'KILL', $pid });
#   $watch->end;        # the test has ended it itself

use strict;
use warnings;

use POSIX ();

sub start {
    my ($class, $end) = @_;

    pipe my $in, my $out or die "pipe: $!";
    my $pid = fork;
    die "fork: $!" unless defined $pid;

    if (!$pid) {
        $SIG{$_} = 'IGNORE' for qw(INT HUP TERM);
        close $out;
        open STDIN,  '<', '/dev/null';
        open STDOUT, '>', '/dev/null';
        open STDERR, '>', '/dev/null';
        $end->() if !sysread $in, my $byte, 1;
        POSIX::_exit(0);
    }

    close $in;
    return bless { pid => $pid, out => $out }, $class;
}

sub end {
    my ($self) = @_;
    local $SIG{PIPE} = 'IGNORE';
    syswrite $self->{out}, '.';
    close $self->{out};
    waitpid $self->{pid}, 0;
    return;
}

1;
