# SPDX-License-Identifier: BSD-2-Clause

package Usage::Clock;

# A clock that programs go by and a test sets: the time of day, not the one that
# timers run on, which nobody can turn back.
#
#   my $clock = Usage::Clock->new or plan skip_all => 'no clock';
#   $clock->set('2026-06-15T01:59:30Z');
#   my $nginx = $clock->nginx(upstream => $port, ...);
#
# t/at runs whole tests by such a clock.

use strict;
use warnings;

use File::Temp ();

use Usage::Nginx;
use Usage::Test qw(seconds);

my $source = <<'END';
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t  *ahead;

__attribute__((constructor)) static void
clock_open(void)
{
    int          fd;
    void        *map;
    const char  *name = getenv("USAGE_CLOCK");

    fd = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) {
        return;
    }

    map = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
    close(fd);

    if (map != MAP_FAILED) {
        ahead = map;
    }
}

int
clock_gettime(clockid_t id, struct timespec *ts)
{
    int  rc = (int) syscall(SYS_clock_gettime, id, ts);

    if (rc == 0 && ahead
        && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
    {
        ts->tv_sec += *ahead;
    }

    return rc;
}

int
gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
    struct timespec  ts;

    (void) tz;

    clock_gettime(CLOCK_REALTIME, &ts);
    tv->tv_sec = ts.tv_sec;
    tv->tv_usec = ts.tv_nsec / 1000;

    return 0;
}

time_t
time(time_t *t)
{
    struct timespec  ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    if (t) {
        *t = ts.tv_sec;
    }

    return ts.tv_sec;
}
END

# A clock for nginx; nothing if this nginx can't take one: under a tool, or with a
# sanitizer, which have to come first.
sub new {
    my ($class) = @_;

    return if Usage::Nginx->slow || Usage::Nginx->options =~ /sanitize/;
    return $class->make;
}

# A clock for other programs; nothing if there is no compiler.
sub make {
    my ($class) = @_;

    my $dir = File::Temp::tempdir('usage-clock-XXXXXX', TMPDIR => 1,
        CLEANUP => 1);
    chmod 0755, $dir;

    open my $cc, '|-', 'cc', '-shared', '-fPIC', '-O1', '-x', 'c', '-o',
        "$dir/clock.so", '-' or return;
    print {$cc} $source;
    close $cc or return;

    my $self = bless { dir => $dir }, $class;
    $self->_write(0);
    return $self;
}

sub _write {
    my ($self, $ahead) = @_;
    # (in place, as nginx has it mapped)
    open my $fh, -e "$self->{dir}/ahead" ? '+<' : '>', "$self->{dir}/ahead"
        or die "clock: $!";
    binmode $fh;
    syswrite $fh, pack 'q', $ahead;
    close $fh or die "clock: $!";
    return;
}

# By how many seconds the clock of this process is ahead itself, under t/at.
sub _ahead {
    my $name = $ENV{USAGE_CLOCK} or return 0;
    open my $fh, '<:raw', $name or die "$name: $!";
    sysread $fh, my $bytes, 8;
    return unpack 'q', $bytes;
}

# Sets the time, such as 2026-06-15T01:59:30Z; the clock goes on from there.
sub set {
    my ($self, $time) = @_;
    my $seconds = seconds($time) // die "no time: $time";
    return $self->ahead($seconds - time);
}

# Sets by how many seconds the clock is ahead of this process's.
sub ahead {
    my ($self, $seconds) = @_;
    $self->_write($seconds + _ahead());
    return;
}

# The environment of what goes by this clock.
sub _env {
    my ($self) = @_;
    return (LD_PRELOAD => "$self->{dir}/clock.so",
        USAGE_CLOCK => "$self->{dir}/ahead");
}

# Runs a command with this clock, and returns $?.
sub run {
    my ($self, @command) = @_;

    # (the unit tests' sanitizer wants to come first, and need not)
    local %ENV = (%ENV, $self->_env,
        ASAN_OPTIONS => join ':', $ENV{ASAN_OPTIONS} // (), 'verify_asan_link_order=0');
    return system {$command[0]} @command;
}

# nginx, started with this clock.
sub nginx {
    my ($self, %o) = @_;
    my %env = $self->_env;
    local @Usage::Nginx::wrapper = ('env', map {"$_=$env{$_}"} sort keys %env);
    return Usage::Nginx->start(%o);
}

1;
