package Usage::Clock;

# A clock that nginx goes by and a test sets: the time of day, not the one that
# timers run on, which nobody can turn back.
#
#   my $clock = Usage::Clock->new or plan skip_all => 'no clock';
#   $clock->set('2026-06-15T01:59:30Z');
#   my $nginx = $clock->nginx(upstream => $port, ...);

use strict;
use warnings;

use File::Temp ();
use Time::Local qw(timegm);

use Usage::Nginx;

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

# Nothing where a library can't be put in front of nginx's own.
sub new {
    my ($class) = @_;

    return if Usage::Nginx->slow || Usage::Nginx->options =~ /sanitize/;

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

sub seconds {
    my ($text) = @_;
    my ($y, $m, $d, $h, $min, $s) =
        $text =~ /\A(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z\z/
        or die "no time: $text";
    return timegm($s, $min, $h, $d, $m - 1, $y);
}

# From now on it is this time; the clock goes on from there.
sub set {
    my ($self, $time) = @_;
    $self->_write(seconds($time) - time);
    return;
}

# nginx, started with this clock.
sub nginx {
    my ($self, %o) = @_;
    local @Usage::Nginx::wrapper = (
        'env', "LD_PRELOAD=$self->{dir}/clock.so",
        "USAGE_CLOCK=$self->{dir}/ahead"
    );
    return Usage::Nginx->start(%o);
}

1;
