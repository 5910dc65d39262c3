# SPDX-License-Identifier: BSD-2-Clause

package Usage::Upstream;

# A small upstream whose replies a test writes byte by byte.  It knows nothing: what
# is true is the test's own affair, or the simulator's.
#
#   my $up = Usage::Upstream->start(sub {
#       my ($req, $n) = @_;          # the request, and which it is, from 1
#       return $bytes, { sleep => 0.1 }, $bytes, { close => 1 };
#   });
#
# A reply is a list of texts and of actions: sleep, close, reset, hang.
# The handler runs in the upstream's own process and keeps its state there.

use strict;
use warnings;

use Errno qw(EAGAIN EWOULDBLOCK EINTR);
use IO::Socket::INET;
use JSON::PP ();
use POSIX    ();
use Socket qw(SOL_SOCKET SO_LINGER IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(time sleep);
use File::Temp ();
use Test::More import => [qw(is diag)];

our @EXPORT_OK = qw(reply json_reply page row rows window desktop_ids);
use Exporter 'import';

my $json = JSON::PP->new->canonical->utf8->allow_nonref;

# --- What a reply is made of.

# A whole reply, with its length.
sub reply {
    my ($status, $body, @headers) = @_;
    my $text = "HTTP/1.1 $status Whatever\r\n";
    while (@headers) {
        my ($name, $value) = splice @headers, 0, 2;
        $text .= "$name: $value\r\n";
    }
    return $text . 'Content-Length: ' . length($body) . "\r\n\r\n$body";
}

# A reply of JSON, from a structure or a text.
sub json_reply {
    my ($status, $data, @headers) = @_;
    return reply($status, ref $data ? $json->encode($data) : $data,
        'Content-Type' => 'application/json', @headers);
}

# A row of a statistics page: a desktop and its seconds.
sub row {
    my ($id, $seconds) = @_;
    return {
        resource_id   => $id,
        resource_name => "NAME-$id",
        metric        => [
            { metric_name => 'desktop_usage',         metric_value => $seconds },
            { metric_name => 'desktop_idle_duration', metric_value => 0 }
        ]
    };
}

# The rows of a statistics page, the longest use first, from ids and seconds.
sub rows {
    my (%use) = @_;
    return [ map { row($_, $use{$_}) }
            sort { $use{$b} <=> $use{$a} || $a cmp $b } keys %use ];
}

# The page that a request wants, from all rows of its window.
sub page {
    my ($req, $rows) = @_;
    my $offset = $req->{query}{offset} || 0;
    my $limit  = $req->{query}{limit}  || 10;
    my @rows   = @$rows;

    @rows = reverse @rows
        if ($req->{query}{sort_type} || 'DESC') eq 'ASC';
    my $count = @rows;
    @rows = $offset < $count ? splice(@rows, $offset, $limit) : ();
    return { count => $count, items => \@rows };
}

# The first day of a request's window.
sub window {
    my ($req) = @_;
    my ($day) = ($req->{query}{start_time} || '') =~ /\A(\d{4}-\d\d-\d\d)T/;
    return $day;
}

# The ids that a request of the directory asks for, each a desktop_id of its own.
sub desktop_ids {
    my ($req) = @_;
    return map { s/%([0-9a-fA-F]{2})/chr hex $1/ger }
        $req->{target} =~ /[?&]desktop_id=([^&]*)/g;
}

# --- The server.

# Starts it, with a handler as above; port: the port to listen on.
sub start {
    my ($class, $handler, %o) = @_;

    my $listen = IO::Socket::INET->new(
        LocalAddr => '127.0.0.1',
        LocalPort => $o{port} || 0,
        Proto     => 'tcp',
        Listen    => 511,
        ReuseAddr => 1
    ) or die "upstream: $!";

    # (removed by hand: a forked child must not do it)
    my ($fh, $log) = File::Temp::tempfile('usage-upstream-XXXXXX',
        TMPDIR => 1, UNLINK => 0);
    close $fh;

    my $pid = fork;
    die "fork: $!" unless defined $pid;

    if (!$pid) {
        $SIG{$_} = 'DEFAULT' for qw(INT TERM);
        $SIG{PIPE} = 'IGNORE';
        eval { _serve($listen, $handler, $log); 1 } or warn "upstream: $@";
        POSIX::_exit(1);
    }

    my $port = $listen->sockport;
    close $listen;

    return bless {
        pid   => $pid,
        port  => $port,
        log   => $log,
        from  => 0,
        owner => $$
    }, $class;
}

# The port that it listens on.
sub port { return $_[0]{port} }

# The requests that it got since the last clear(): {method}, {path}, {query},
# {headers}, {body}; {n}, which it is from 1, and {conn}, the number of its connection.
# If a project is given, only those for it: requests of a failed call may come late.
sub calls {
    my ($self, $project) = @_;
    open my $fh, '<', $self->{log} or die "$self->{log}: $!";
    binmode $fh;

    # a line that was being written at the last clear came before it: the file
    # grows by pages, and not by lines
    if ($self->{from}) {
        seek $fh, $self->{from} - 1, 0;
        readline $fh;
    }
    return grep { !defined $project || $_->{path} =~ m{\A/v2/\Q$project\E/} }
        map { $json->decode($_) } grep { /\n\z/ } <$fh>;
}

# A test: there was no upstream call since the last time.
sub no_calls {
    my ($self, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @calls = $self->calls;
    is(scalar @calls, 0, $name || 'no upstream call was made')
        or diag(map { "$_->{target}\n" } splice @calls, 0, 5);
    $self->clear;
    return;
}

# Forgets the requests so far.
sub clear { $_[0]{from} = -s $_[0]{log} }

# Ends it.
sub stop {
    my ($self) = @_;
    my $pid = delete $self->{pid} or return;
    kill 'KILL', $pid;
    waitpid $pid, 0;
    return;
}

sub DESTROY {
    my ($self) = @_;
    return unless $self->{owner} == $$;
    local ($?, $!, $@);
    $self->stop;
    unlink $self->{log};
}

sub _serve {
    my ($listen, $handler, $logname) = @_;

    open my $log, '>>', $logname or die "$logname: $!";
    $log->autoflush(1);
    $listen->blocking(0);

    my (%conn, $count, $conns);
    my $parent = getppid;

    # (it ends with the test, however that ends)
    while (getppid == $parent) {
        my ($rin, $win) = ('', '');
        my $wait = 1;
        my $now  = time;

        vec($rin, fileno $listen, 1) = 1;

        for my $c (values %conn) {
            my $fd = fileno $c->{sock};
            if ($c->{until}) {
                if ($c->{until} > $now) {
                    my $left = $c->{until} - $now;
                    $wait = $left if $left < $wait;
                } else {
                    $c->{until} = 0;
                }
            }
            # (a hanging or sleeping connection is still read, to see it end)
            vec($rin, $fd, 1) = 1;
            vec($win, $fd, 1) = 1 if !$c->{until} && @{ $c->{out} };
        }

        my $n = select my $r = $rin, my $w = $win, undef, $wait;
        next if $n < 0;

        if (vec $r, fileno $listen, 1) {
            while (my $sock = $listen->accept) {
                $sock->blocking(0);
                setsockopt $sock, IPPROTO_TCP, TCP_NODELAY, 1;
                $conn{ fileno $sock } =
                    { sock => $sock, in => '', out => [], until => 0,
                        conn => ++$conns };
            }
        }

        for my $fd (keys %conn) {
            my $c = $conn{$fd};

            if (vec $r, $fd, 1) {
                my $got = sysread $c->{sock}, $c->{in}, 262144,
                    length $c->{in};
                if (!$got
                    && !(!defined $got
                        && ($!{EAGAIN} || $!{EWOULDBLOCK} || $!{EINTR})))
                {
                    delete $conn{$fd};
                    close $c->{sock};
                    next;
                }
            }

            if (!@{ $c->{out} } && !$c->{until}
                && $c->{in} =~ /\A(.*?)\r\n\r\n/s)
            {
                my $head = $1;
                my $req  = _parse($head);
                my ($length) = @{ $req->{headers}{'content-length'} || [0] };
                next if length $c->{in} < length($head) + 4 + $length;
                substr $c->{in}, 0, length($head) + 4, '';
                $req->{body} = substr $c->{in}, 0, $length, '' if $length;
                $req->{n}    = ++$count;
                $req->{conn} = $c->{conn};
                print {$log} $json->encode($req), "\n";
                $c->{out} = [ grep { ref || length } $handler->($req, $count) ];
                $c->{fresh} = 1;
            }

            while (!$c->{until} && @{ $c->{out} }) {
                my $piece = $c->{out}[0];

                if (ref $piece) {
                    shift @{ $c->{out} };
                    if ($piece->{sleep}) {
                        $c->{until} = time + $piece->{sleep};
                    } elsif ($piece->{hang}) {
                        $c->{until} = time + 3600;
                    } elsif ($piece->{reset}) {
                        setsockopt $c->{sock}, SOL_SOCKET, SO_LINGER,
                            pack 'ii', 1, 0;
                        delete $conn{$fd};
                        close $c->{sock};
                        last;
                    } elsif ($piece->{close}) {
                        delete $conn{$fd};
                        close $c->{sock};
                        last;
                    }
                    next;
                }

                my $done = syswrite $c->{sock}, $piece;
                if (!defined $done) {
                    last if $!{EAGAIN} || $!{EWOULDBLOCK} || $!{EINTR};
                    delete $conn{$fd};
                    close $c->{sock};
                    last;
                }
                if ($done == length $piece) { shift @{ $c->{out} } }
                else { substr $c->{out}[0], 0, $done, '' }
            }
        }
    }
}

sub _parse {
    my ($head) = @_;

    my ($line, @lines) = split /\r\n/, $head;
    my ($method, $target, $proto) = split / /, $line;
    my %req = (
        method  => $method,
        target  => $target,
        proto   => $proto,
        headers => {},
        query   => {},
        names   => []
    );

    for (@lines) {
        my ($name, $value) = /\A([^:]+):\s*(.*?)\s*\z/ or next;
        push @{ $req{headers}{ lc $name } }, $value;
    }

    my ($path, $args) = split /\?/, $target, 2;
    $req{path} = $path;
    for (split /&/, defined $args ? $args : '') {
        my ($name, $value) = split /=/, $_, 2;
        for ($name, $value) {
            $_ = '' unless defined;
            tr{+}{ };
            s/%([0-9a-fA-F]{2})/chr hex $1/ge;
        }
        push @{ $req{names} }, $name;
        $req{query}{$name} = $value;
    }

    return \%req;
}

1;
