# SPDX-License-Identifier: BSD-2-Clause

package Bench::Nginx;

# An nginx with one worker, in a directory and on a port of its own.

use strict;
use warnings;

use IO::Socket::INET;
use POSIX       qw(WNOHANG);
use Time::HiRes qw(sleep time);

use Bench::Proc qw(child_of);

my %running;    # master's pid => object
my @INCLUDED = qw(common http status proxy headers successors zone cache);

sub _free_port {
    my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1)
        or die "no free port: $!\n";
    return $socket->sockport;
}

# Starts an nginx.  conf: the directory of the templates; name: which of them; dir:
# where it runs; vars: what replaces @name@ in the templates.
sub start {
    my ($class, %arg) = @_;

    # another program may take the port before nginx does
    for my $try (1 .. 3) {
        my $self = bless { %arg, port => _free_port() }, $class;
        return $self if $self->_launch;
        warn $self->log if $try == 3;
    }
    die "nginx for $arg{name} does not start\n";
}

sub _launch {
    my ($self) = @_;

    my $dir = $self->{dir};
    -d $dir or mkdir $dir or die "$dir: $!\n";
    $self->_fill($_) for @INCLUDED, $self->{name};

    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        setpgrp;    # Ctrl-C reaches the parent only, which stops this one
        open STDERR, '>>', "$dir/stderr" or POSIX::_exit(1);
        open STDOUT, '>&', \*STDERR or POSIX::_exit(1);
        { no warnings 'exec'; exec 'nginx', '-p', "$dir/", '-c', "$self->{name}.conf"; }
        POSIX::_exit(127);
    }
    $self->{pid} = $pid;
    $running{$pid} = $self;

    my $end = time + 10;
    while (time < $end) {
        if (waitpid($pid, WNOHANG) == $pid) {
            delete $running{$pid};
            return;
        }
        if ($self->_answers) {
            $self->{worker} = child_of($pid) and return 1;
        }
        sleep 0.02;
    }
    $self->stop;
    return;
}

sub _answers {
    my ($self) = @_;
    return IO::Socket::INET->new(PeerAddr => "127.0.0.1:$self->{port}", Timeout => 1);
}

# Writes a configuration from its template.
sub _fill {
    my ($self, $name) = @_;

    open my $in,  '<', "$self->{conf}/$name.conf" or die "$self->{conf}/$name.conf: $!\n";
    open my $out, '>', "$self->{dir}/$name.conf"  or die "$self->{dir}/$name.conf: $!\n";
    my %var = (%{ $self->{vars} }, port => $self->{port});
    while (my $line = <$in>) {
        $line =~ s/\@(\w+)\@/$var{$1} \/\/ die "$name.conf: \@$1\@ is unknown\n"/ge;
        print {$out} $line;
    }
    close $out or die "$self->{dir}/$name.conf: $!\n";
    return;
}

sub port   { return $_[0]{port} }
sub worker { return $_[0]{worker} }

# Gives what nginx has logged.
sub log {
    my ($self) = @_;

    my $text = '';
    for my $file ("$self->{dir}/stderr", "$self->{dir}/error.log") {
        open my $fh, '<', $file or next;
        $text .= join '', <$fh>;
    }
    return $text;
}

sub stop {
    my ($self) = @_;

    my $pid = delete $self->{pid} or return;
    delete $running{$pid};
    kill 'TERM', $pid;
    my $end = time + 5;
    while (time < $end) {
        return if waitpid($pid, WNOHANG) != 0;
        sleep 0.02;
    }
    kill 'KILL', grep { defined } $self->{worker}, $pid;
    waitpid $pid, 0;
    return;
}

sub stop_all {
    $_->stop for values %running;
    return;
}

1;
