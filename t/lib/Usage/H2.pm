# SPDX-License-Identifier: BSD-2-Clause

package Usage::H2;

# A small HTTP/2 client, for several requests at once on one connection.  It writes
# headers without Huffman codes and without indexing, and opens its own windows wide.

use strict;
use warnings;

use Usage::Client;

my %types = (0 => 'DATA', 1 => 'HEADERS', 3 => 'RST', 4 => 'SETTINGS',
    6 => 'PING', 7 => 'GOAWAY', 8 => 'WINDOW', 9 => 'CONTINUATION');

# The bytes of a frame.
sub frame {
    my ($type, $flags, $stream, $payload) = @_;
    return substr(pack('N', length $payload), 1)
        . pack('CCN', $type, $flags, $stream) . $payload;
}

# (lengths to 16510)
sub _string {
    my $n = length $_[0];
    return ($n < 127 ? pack 'C', $n : $n < 255 ? pack 'CC', 127, $n - 127
        : pack 'CCC', 127, ($n - 127) & 127 | 128, ($n - 127) >> 7) . $_[0];
}

# (name and value as they are, not indexed)
sub _field { return "\0" . _string($_[0]) . _string($_[1]) }

# A connection, named as for Usage::Client.
sub new {
    my ($class, %o) = @_;
    my $client = Usage::Client->new(%o) or return;
    my $self   = bless { c => $client, next => 1, window => 65535, in => '',
        stream => {}, initial => 65535 }, $class;

    # SETTINGS_INITIAL_WINDOW_SIZE: whatever comes, at once
    $client->send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
        . frame(4, 0, 0, pack('nN', 4, 0x7fffffff))
        . frame(8, 0, 0, pack('N', 0x7fff0000 - 65535)));
    return $self;
}

# Starts a request; its body follows by `body`.  Returns the stream.
sub post {
    my ($self, $target, %headers) = @_;
    my $id = $self->{next};
    $self->{next} += 2;
    my $block = join '', _field(':method', 'POST'), _field(':scheme', 'http'),
        _field(':path', $target), _field(':authority', 'gateway.test'),
        map { _field(lc $_, $headers{$_}) } sort keys %headers;
    $self->{stream}{$id} = { window => $self->{initial}, body => '',
        status => 0, done => 0 };
    $self->{c}->send(frame(1, 4, $id, $block));
    return $id;
}

# Sends of a body what the windows take, waiting for them to open.
sub body {
    my ($self, $id, $body, $more) = @_;
    my $s = $self->{stream}{$id};
    do {
        my $n = length $body;
        for ($s->{window}, $self->{window}, 16384) { $n = $_ if $n > $_ }
        if ($n > 0 || !length $body) {
            my $part = substr $body, 0, $n, '';
            my $end = !length $body && !$more;
            $self->{c}->send(frame(0, $end ? 1 : 0, $id, $part));
            $s->{window} -= $n;
            $self->{window} -= $n;
        } else {
            $self->read or return;
            return if $s->{done};
        }
    } while length $body;
    return 1;
}

# Cancels a stream.
sub cancel {
    my ($self, $id) = @_;
    $self->{c}->send(frame(3, 0, $id, pack 'N', 8));
    $self->{stream}{$id}{done} = 1;
    return;
}

# Reads a frame, and does what it says; nothing at the end of the connection.
sub read {
    my ($self) = @_;
    my $c        = $self->{c};
    my $deadline = Time::HiRes::time() + $c->{timeout};

    while (length $c->{in} < 9
        || length $c->{in} < 9 + unpack 'N', "\0" . substr $c->{in}, 0, 3)
    {
        $c->_fill($deadline) or return;
    }

    my $length = unpack 'N', "\0" . substr $c->{in}, 0, 3;
    my ($type, $flags, $id) = unpack 'CCN', substr $c->{in}, 3, 6;
    my $payload = substr $c->{in}, 9, $length;
    substr $c->{in}, 0, 9 + $length, '';

    my $name = $types{$type} || '';
    my $s    = $self->{stream}{$id};

    if ($name eq 'SETTINGS' && !($flags & 1)) {
        while ($payload =~ /\G(..)(....)/gs) {
            next if unpack('n', $1) != 4;
            my $value = unpack 'N', $2;
            $_->{window} += $value - $self->{initial}
                for values %{ $self->{stream} };
            $self->{initial} = $value;
        }
        $c->send(frame(4, 1, 0, ''));

    } elsif ($name eq 'WINDOW') {
        my $by = unpack 'N', $payload;
        if    ($id == 0) { $self->{window} += $by }
        elsif ($s)       { $s->{window} += $by }

    } elsif ($name eq 'HEADERS' && $s) {
        # the status comes first, of the static table or as a literal for it
        my $first = ord $payload;
        my %static = (0x88 => 200, 0x89 => 204, 0x8a => 206, 0x8b => 304,
            0x8c => 400, 0x8d => 404, 0x8e => 500);
        $s->{status} = $static{$first}
            || ($payload =~ /\A[\x08\x48]\x03(\d{3})/ ? $1 : -1);
        $s->{done} = 1 if $flags & 1;

    } elsif ($name eq 'DATA' && $s) {
        $s->{body} .= $payload;
        $s->{done} = 1 if $flags & 1;

    } elsif ($name eq 'RST' && $s) {
        $s->{reset} = 1 if !$s->{done};
        $s->{done} = 1;

    } elsif ($name eq 'PING' && !($flags & 1)) {
        $c->send(frame(6, 1, 0, $payload));

    } elsif ($name eq 'GOAWAY') {
        $self->{away} = 1;
        return;
    }

    return 1;
}

# Waits for the reply on a stream; as Usage::Client has it.
sub response {
    my ($self, $id) = @_;
    my $s = $self->{stream}{$id};
    until ($s->{done}) {
        $self->read or last;
    }
    return {
        status  => $s->{status},
        body    => $s->{body},
        headers => { 'content-type' => ['application/json'] },
        $s->{done} && !$s->{reset} ? () : (error => 'no whole reply')
    };
}

# Closes the connection.
sub close { return $_[0]{c}->close }

1;
