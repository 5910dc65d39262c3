# SPDX-License-Identifier: BSD-2-Clause

package Usage::Client;

# A bare HTTP/1.1 client on one connection, for what HTTP::Tiny hides: parts
# of a body, chunks right and wrong, pipelining, half-open and cut
# connections, interim replies.

use strict;
use warnings;

use Errno qw(EINTR EAGAIN EWOULDBLOCK);
use IO::Select;
use IO::Socket::INET;
use Socket qw(SOL_SOCKET SO_LINGER SHUT_WR IPPROTO_TCP TCP_NODELAY);
use Time::HiRes ();

# A connection; nothing if there is none. host, port; timeout: seconds for all
# that it waits for; once: don't try again if it is refused; name: the Host header.
sub new {
    my ($class, %o) = @_;

    my $deadline = Time::HiRes::time() + ($o{timeout} || 10);
    my $sock;

    # (a listener whose queue is full refuses for a moment)
    until ($sock) {
        $sock = IO::Socket::INET->new(
            PeerAddr => $o{host} || '127.0.0.1',
            PeerPort => $o{port},
            Proto    => 'tcp',
            Timeout  => $o{timeout} || 10
        );
        last if $sock || $o{once} || Time::HiRes::time() > $deadline;
        Time::HiRes::sleep(0.02);
    }

    return unless $sock;

    setsockopt($sock, IPPROTO_TCP, TCP_NODELAY, 1);
    $sock->blocking(0);
    return bless {
        sock    => $sock,
        in      => '',
        timeout => $o{timeout} || 10,
        host    => $o{name} || 'gateway.test'
    }, $class;
}

# The socket.
sub sock { return $_[0]{sock} }

# Writes all of the data, or stops early: if the other side takes no more, or, with
# `until_reply`, if it has answered.  Returns the number of bytes written.
sub send {
    my ($self, $data, %o) = @_;

    my $done     = 0;
    my $deadline = Time::HiRes::time() + $self->{timeout};
    my $sel      = IO::Select->new($self->{sock});

    local $SIG{PIPE} = 'IGNORE';

    while ($done < length $data) {
        last if $o{until_reply} && $sel->can_read(0);

        my $n = syswrite $self->{sock}, $data, length($data) - $done, $done;
        if (defined $n) {
            $done += $n;
            next;
        }
        last unless $!{EAGAIN} || $!{EWOULDBLOCK} || $!{EINTR};
        last if Time::HiRes::time() > $deadline;
        $sel->can_write(0.1);
    }

    return $done;
}

# Reads what there is, waiting for it: the number of bytes, 0 at the end or after an
# error, undef after the deadline.
sub _fill {
    my ($self, $deadline) = @_;

    my $sel = IO::Select->new($self->{sock});

    while (1) {
        my $n = sysread $self->{sock}, $self->{in}, 262144,
            length $self->{in};
        return $n if defined $n;

        if (!($!{EAGAIN} || $!{EWOULDBLOCK} || $!{EINTR})) {
            $self->{error} = "$!";
            return 0;
        }

        my $left = $deadline - Time::HiRes::time();
        if ($left <= 0) {
            $self->{error} = 'timeout';
            return;
        }
        $sel->can_read($left);
    }
}

# Waits for a reply: {status}, {reason}, {head}, {headers} as lists by name in lower
# case, {body}, {framing}, {interim} for the statuses of interim replies before it;
# and {error} if it isn't whole.
sub response {
    my ($self, %o) = @_;

    my $deadline = Time::HiRes::time() + ($o{timeout} || $self->{timeout});
    my @interim;

    while (1) {
        my $res = $self->_response($deadline, $o{method} || 'POST');
        if (!$res->{error} && $res->{status} >= 100 && $res->{status} < 200) {
            push @interim, $res->{status};
            next;
        }
        $res->{interim} = \@interim;
        return $res;
    }
}

sub _response {
    my ($self, $deadline, $method) = @_;

    until ($self->{in} =~ /\r\n\r\n/) {
        my $n = $self->_fill($deadline);
        return { error => defined $n
            ? 'closed' . ($self->{error} ? ": $self->{error}" : '')
            : 'timeout', raw => $self->{in}, status => 0, headers => {},
            body => '' } unless $n;
    }

    my ($head) = $self->{in} =~ /\A(.*?\r\n)\r\n/s;
    substr $self->{in}, 0, length($head) + 2, '';

    my ($line, @lines) = split /\r\n/, $head;
    my %res = (head => $head, headers => {}, body => '', status => 0);

    if ($line !~ m{\AHTTP/1\.[01] (\d{3})(?: (.*))?\z}) {
        $res{error} = "not a status line: $line";
        return \%res;
    }
    @res{qw(status reason)} = ($1, $2);

    for (@lines) {
        if (!/\A([^\s:]+):\s*(.*?)\s*\z/) {
            $res{error} = "not a header: $_";
            return \%res;
        }
        push @{ $res{headers}{ lc $1 } }, $2;
    }

    my $h = $res{headers};

    return \%res
        if $res{status} < 200
        || $res{status} == 204
        || $res{status} == 304
        || $method eq 'HEAD';

    if (($h->{'transfer-encoding'}[0] || '') eq 'chunked') {
        $res{framing} = 'chunked';
        while (1) {
            my $end;
            while (($end = index $self->{in}, "\r\n") < 0) {
                if (!$self->_fill($deadline)) {
                    $res{error} = 'cut in a chunk size';
                    return \%res;
                }
            }
            if ($self->{in} !~ /\A([0-9a-fA-F]+)[\s;]/) {
                $res{error} = 'not a chunk size';
                return \%res;
            }
            my $size = hex $1;
            my $from = $end + 2;
            while (length $self->{in} < $from + $size + 2) {
                if (!$self->_fill($deadline)) {
                    $res{error} = 'cut in a chunk';
                    return \%res;
                }
            }
            $res{body} .= substr $self->{in}, $from, $size;
            substr $self->{in}, 0, $from + $size + 2, '';
            last unless $size;
        }

    } elsif (defined $h->{'content-length'}) {
        $res{framing} = 'length';
        my $size = $h->{'content-length'}[0];
        while (length $self->{in} < $size) {
            if (!$self->_fill($deadline)) {
                $res{error} = 'cut body';
                $res{body}  = $self->{in};
                return \%res;
            }
        }
        $res{body} = substr $self->{in}, 0, $size, '';

    } else {
        $res{framing} = 'close';
        1 while $self->_fill($deadline);
        if ($self->{error}) {
            $res{error} = $self->{error};
        }
        $res{body} = $self->{in};
        $self->{in} = '';
    }

    return \%res;
}

# The text of a request.  A header's value may be a list, for one sent more
# than once, or undef, for one not sent at all.
sub format {
    my ($self, $method, $target, $body, @headers) = @_;

    my %given = map { lc($headers[ 2 * $_ ]) => 1 } 0 .. @headers / 2 - 1;
    my $text  = "$method $target HTTP/1.1\r\n";

    $text .= "Host: $self->{host}\r\n" unless $given{host};

    while (@headers) {
        my ($name, $value) = splice @headers, 0, 2;
        next unless defined $value;
        $text .= "$name: $_\r\n" for ref $value ? @$value : $value;
    }

    if (defined $body) {
        $text .= 'Content-Length: ' . length($body) . "\r\n"
            unless $given{'content-length'} || $given{'transfer-encoding'};
        return "$text\r\n$body";
    }

    return "$text\r\n";
}

# Sends a request, named as for format(), and waits for the reply.
sub request {
    my ($self, $method, $target, $body, @headers) = @_;

    $self->send($self->format($method, $target, $body, @headers));
    return $self->response(method => $method);
}

# The same with POST.
sub post { my $self = shift; return $self->request('POST', @_) }

# Whether the other side closes within a time.
sub closed {
    my ($self, $timeout) = @_;

    my $deadline = Time::HiRes::time() + (defined $timeout ? $timeout : 10);
    while (1) {
        my $n = $self->_fill($deadline);
        return 0 unless defined $n;
        return 1 unless $n;
    }
}

# Whether there is something to read, within a time; 0 if none is given.
sub readable {
    my ($self, $timeout) = @_;
    return 1 if length $self->{in};
    return !!IO::Select->new($self->{sock})->can_read($timeout || 0);
}

# Ends what is sent, and still reads.
sub half_close { shutdown $_[0]{sock}, SHUT_WR }

# Closes the connection.
sub close { return CORE::close($_[0]{sock}) }

# Closes the connection with a reset.
sub reset {
    my ($self) = @_;
    setsockopt $self->{sock}, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
    CORE::close($self->{sock});
}

1;
