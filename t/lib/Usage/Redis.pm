# SPDX-License-Identifier: BSD-2-Clause

package Usage::Redis;

# Starts a Redis of its own, on a port of its own, and talks to it.
#
#   Usage::Redis->need;               # no Redis here: skips the test
#   my $redis = Usage::Redis->start(password => 'secret');
#   $redis->command('SET', 'name', 'value');
#   my $bytes = $redis->dump->{name};
#   $redis->kill;                     # as a machine that fails
#   $redis->restart;                  # empty, on the same port
#
#   USAGE_REDIS           the server to run, redis-server or else valkey-server

use strict;
use warnings;

use Carp qw(croak);
use File::Temp ();
use IO::Select;
use IO::Socket::UNIX;
use POSIX qw(:sys_wait_h);
use Test::More;
use Time::HiRes qw(time sleep);

use Usage::Nginx;
use Usage::Test qw(spew slurp);
use Usage::Watch;

our $program = $ENV{USAGE_REDIS}
    || Usage::Nginx::_which('redis-server')
    || Usage::Nginx::_which('valkey-server');

my %running;

# Skips the test if there is no Redis. Fails it if CI is set.
sub need {
    return if $program;
    die "no redis-server, and CI is set\n" if $ENV{CI};
    plan skip_all => 'no redis-server';
}

# start(...): starts Redis, empty, and waits until it answers. Named:
#
#   password    what AUTH has to send; none if it is not given
#   user        the user of that password; the default user if it is not given
#   rules       the ACL rules of that user; all of usage:*, all commands, if
#               they are not given
#   maxmemory   bytes, as '3mb'; a write is refused if more is needed
#   replica_of  another Usage::Redis: this one is its replica, and is up to date
#               when start() returns
#   tls         1: the port speaks TLS; certificate() is what signed it
#   config      further lines of redis.conf
sub start {
    my ($class, %o) = @_;

    croak 'no redis-server' unless $program;

    for my $try (1 .. 10) {
        my $self = bless {
            o     => \%o,
            owner => $$,
            dir   => File::Temp->newdir('usage-redis-XXXXXX', TMPDIR => 1),
            port  => Usage::Nginx::free_port(),

            # the default user's: the test may do all, whoever else may not
            admin => defined $o{user} ? "admin-$$" : $o{password},
        }, $class;

        $self->_certify if $o{tls};
        spew("$self->{dir}/redis.conf", $self->_config);
        return $self if $self->_launch;

        my $log = $self->log;
        croak "$program did not start:\n$log" if $log !~ /already in use/;
    }

    croak 'redis-server found no free port';
}

sub _config {
    my ($self) = @_;
    my ($dir, $port, %o) = (@$self{qw(dir port)}, %{ $self->{o} });

    my $conf = <<"END";
bind 127.0.0.1
unixsocket $dir/socket
dir $dir
save ""
appendonly no
daemonize no
repl-diskless-sync-delay 0
END

    $conf .= $o{tls} ? <<"END" : "port $port\n";
port 0
tls-port $port
tls-cert-file $dir/certificate.pem
tls-key-file $dir/key.pem
tls-ca-cert-file $dir/certificate.pem
tls-auth-clients no
END

    if (defined $o{user}) {
        my $rules = $o{rules} || '~usage:* +@all';
        $conf .= "user $o{user} on >$o{password} $rules\n";
    }
    $conf .= "requirepass $self->{admin}\n" if defined $self->{admin};
    $conf .= "maxmemory $o{maxmemory}\nmaxmemory-policy noeviction\n"
        if $o{maxmemory};

    if (my $master = $o{replica_of}) {
        $conf .= "replicaof 127.0.0.1 $master->{port}\n";
        $conf .= "masterauth $master->{admin}\n" if defined $master->{admin};
    }

    return $conf . ($o{config} ? "$o{config}\n" : '');
}

# A key and a certificate for 127.0.0.1 and localhost, signed by itself.
sub _certify {
    my ($self) = @_;
    my $dir = $self->{dir};
    my $out = qx{openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \\
        -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \\
        -keyout $dir/key.pem -out $dir/certificate.pem 2>&1};
    croak "openssl: $out" if $?;
    return;
}

sub _launch {
    my ($self) = @_;
    my $dir = $self->{dir};

    unlink "$dir/socket";
    my $pid = fork;
    croak "fork: $!" unless defined $pid;

    if (!$pid) {
        $SIG{PIPE} = 'DEFAULT';
        open STDIN,  '<',  '/dev/null';
        open STDOUT, '>>', "$dir/log";
        open STDERR, '>>', "$dir/log";
        no warnings 'exec';
        exec {$program} $program, "$dir/redis.conf" or POSIX::_exit(127);
    }

    $self->{pid} = $running{$pid} = $pid;
    $self->_watch;

    my $up = Usage::Nginx->wait_for(
        sub {
            return 'ended' if waitpid($pid, WNOHANG) == $pid;
            return eval { $self->command('PING') eq 'PONG' && $self->_in_step } && 'up';
        },
        20
    ) || 'late';
    return 1 if $up eq 'up';

    if ($up eq 'ended') {
        delete $self->{pid};
        delete $running{$pid};
    }
    $self->_end;
    return 0;
}

# Whether a replica has all that its master has.
sub _in_step {
    my ($self) = @_;
    return !$self->{o}{replica_of}
        || $self->command('INFO', 'replication') =~ /^master_link_status:up/m;
}

sub _watch {
    my ($self) = @_;

    $self->{watch} = Usage::Watch->start(sub {
        # (only if the process still is that Redis)
        my $is = eval { slurp("/proc/$self->{pid}/cmdline") } // '';
        CORE::kill('KILL', $self->{pid}) if $is =~ /redis|valkey/;
    });
    return;
}

sub _unwatch {
    my ($self) = @_;
    my $watch = delete $self->{watch} || return;
    $watch->end;
    return;
}

# Its address, port and pid, and the file of the certificate.
sub address     { return "127.0.0.1:$_[0]{port}" }
sub port        { return $_[0]{port} }
sub pid         { return $_[0]{pid} }
sub certificate { return "$_[0]{dir}/certificate.pem" }

# What Redis logged.
sub log { return slurp("$_[0]{dir}/log") }

# command('SET', 'name', 'value'): the reply; undef for nil, a reference for a
# list. Dies of an error, with its text, and if there is no reply in 5 seconds.
# It goes over a Unix socket, so that it needs no TLS.
sub command {
    my ($self, @args) = @_;

    my $reply = eval {
        $self->_connect unless $self->{socket};
        $self->_send(@args);
        $self->_reply;
    };
    if ($@) {
        my $error = $@;
        delete @$self{qw(socket buffer)};
        croak "$args[0]: $error";
    }
    croak $reply->{error} if ref $reply eq 'HASH';
    return $reply;
}

sub _connect {
    my ($self) = @_;

    $self->{buffer} = '';
    $self->{socket} = IO::Socket::UNIX->new(Peer => "$self->{dir}/socket")
        or die "$!\n";
    return unless defined $self->{admin};
    $self->_send('AUTH', $self->{admin});
    my $reply = $self->_reply;
    die "$reply->{error}\n" if ref $reply eq 'HASH';
    return;
}

sub _send {
    my ($self, @args) = @_;
    my $socket = $self->{socket};
    local $SIG{PIPE} = 'IGNORE';
    print {$socket} '*', scalar @args, "\r\n",
        map { ('$', length, "\r\n", $_, "\r\n") } @args;
    $socket->flush or die "$!\n";
    return;
}

# Reads on until the buffer is like a regex; takes that off its front, and returns
# what the regex caught.
sub _read {
    my ($self, $re) = @_;
    my $deadline = time + Usage::Nginx->patience(5);

    while (1) {
        return $1 if $self->{buffer} =~ s/\A$re//s;
        my $left = $deadline - time;
        IO::Select->new($self->{socket})->can_read($left > 0 ? $left : 0)
            or die "no reply\n";
        sysread $self->{socket}, $self->{buffer}, 65536, length $self->{buffer}
            or die "closed\n";
    }
}

# A reply; an error is a hash with its text.
sub _reply {
    my ($self) = @_;

    my ($kind, $text) = $self->_read(qr/([^\r]*)\r\n/) =~ /\A(.)(.*)\z/s;
    return $text                 if $kind eq '+' || $kind eq ':';
    return { error => $text }    if $kind eq '-';
    return undef                 if $text == -1;
    return $self->_bulk($text)   if $kind eq '$';
    return [ map { $self->_reply } 1 .. $text ] if $kind eq '*';
    die "a reply of kind $kind\n";
}

# So many bytes, and the end of the line behind them. (A regex counts no further
# than 32766.)
sub _bulk {
    my ($self, $length) = @_;
    my $bytes = '';
    while ((my $left = $length - length $bytes) > 0) {
        $left = 30000 if $left > 30000;
        $bytes .= $self->_read(qr/(.{$left})/s);
    }
    $self->_read(qr/()\r\n/);
    return $bytes;
}

# Forgets all, as a Redis that was restarted.
sub flush { return $_[0]->command('FLUSHALL') }

# All that it holds: a reference to a hash of names and values, as bytes.
sub dump {
    my ($self) = @_;
    my %all = map { $_ => $self->command('GET', $_) } @{ $self->command('KEYS', '*') };
    # (what expired meanwhile)
    delete @all{ grep { !defined $all{$_} } keys %all };
    return \%all;
}

# Ends it at once, by SIGKILL; its port refuses connections then.
sub kill { return $_[0]->_end }

# Stops it by SIGSTOP: connections are accepted, and nothing answers. And lets it
# go on.
sub stop { return CORE::kill('STOP', $_[0]{pid}) }
sub cont { return CORE::kill('CONT', $_[0]{pid}) }

# Starts it again on the same port, empty; ends it first if it runs.
sub restart {
    my ($self) = @_;
    $self->_end;
    $self->_launch or croak "$program did not start again:\n" . $self->log;
    return $self;
}

sub _end {
    my ($self) = @_;

    $self->_unwatch;
    delete @$self{qw(socket buffer)};
    my $pid = delete $self->{pid} or return;
    CORE::kill('KILL', $pid);
    waitpid $pid, 0;
    delete $running{$pid};
    return;
}

sub DESTROY {
    my ($self) = @_;
    return if !$self->{pid} || $self->{owner} != $$;
    local ($?, $!, $@);
    $self->_end;
    return;
}

my $main = $$;

END {
    if ($$ == $main && %running) {
        local $?;
        CORE::kill('KILL', keys %running);
        waitpid $_, 0 for keys %running;
    }
}

1;
