# SPDX-License-Identifier: BSD-2-Clause

package Usage::Pair;

# Random legacy calls, made to a gateway and to the simulator that it stands
# before: the simulator's reply is the true one.
#
#   my $pair = Usage::Pair->start(places => [ [ one => 'usage_concurrency 1;' ] ]);
#   $pair->tenant(seed => 7, desktops => 50);
#   my ($request, $days) = $pair->some_request(0);
#   my ($mine, $id) = $pair->gateway('one', $json->encode($request));
#   my $true = $pair->simulator($json->encode($request));
#
# It keeps a connection to each open.

use strict;
use warnings;

use Exporter 'import';
use File::Temp ();
use Test::More;

use Usage::Nginx;
use Usage::Random;
use Usage::Sim;
use Usage::Test;

our @EXPORT_OK = qw(@FAULTS epoch);

# Starts both. places: pairs of a location's prefix and its settings, as
# Usage::Nginx's at() takes them; '' is the location that is always there. http: text
# for http{}.
sub start {
    my ($class, %o) = @_;

    my $dir = File::Temp::tempdir('usage-random-XXXXXX', TMPDIR => 1, CLEANUP => 1);
    my $self = bless { log => "$dir/calls", serial => 0, expected => {}, desktops => [] },
        $class;

    $self->{sim} = Usage::Sim->start(
        args => [ '--seed', 1, '--log', $self->{log}, '--keep-calls', 1 ]);

    $self->{nginx} = Usage::Nginx->start(
        upstream => $self->{sim}->port,
        http     => 'usage_retries 0;' . ($o{http} // ''),
        server   => join('', map { $_->[0] ? Usage::Nginx->at(@$_) : '' }
                @{ $o{places} })
            . 'location /in/unbuf/ { internal; proxy_pass http://successors/;
                proxy_buffering off; }
            location /in/tiny/ { internal; proxy_pass http://successors/;
                proxy_http_version 1.1; proxy_set_header Connection "";
                proxy_buffer_size 1k; proxy_buffers 2 1k;
                proxy_busy_buffers_size 1k; proxy_temp_file_write_size 1k; }'
    );

    return $self;
}

# The two.
sub sim   { return $_[0]{sim} }
sub nginx { return $_[0]{nginx} }

# Another tenant, as Usage::Sim takes it, without faults, and with a token of its own, by
# which the gateway remembers how the service behaves.
sub tenant {
    my ($self, %o) = @_;
    $self->{token} = 'token' . ++$self->{tenants};
    $self->{sim}->faults;
    $self->{sim}->tenant(%o);
    $self->{desktops} = $self->{sim}->desktops;
    return;
}

sub _post {
    my ($self, $whom, $target, $body, @headers) = @_;

    # (a connection may have been closed since the last call: then another one)
    for my $try (1, 2) {
        $self->{"c_$whom"} ||= Usage::Client->new(port => $self->{$whom}->port,
            timeout => Usage::Nginx->patience(120));
        my $res = $self->{"c_$whom"}->post($target, $body, 'X-Auth-Token' => $self->{token} // 'token',
            @headers);
        return $res unless $res->{error};
        delete $self->{"c_$whom"};
        return $res if $try == 2;
    }
}

# The gateway's reply at a place, and the X-Request-Id of the call.
sub gateway {
    my ($self, $at, $text) = @_;
    my $id = 'r' . ++$self->{serial};
    return ($self->_post('nginx', (length $at ? "/$at" : '') . route('p'), $text,
        'X-Request-Id' => $id), $id);
}

# The simulator's reply.
sub simulator {
    my ($self, $text, $query) = @_;
    return $self->_post('sim', route('p') . (length($query // '') ? "?$query" : ''), $text);
}

# The hour since the last change of what is true: the day, at midnight, and whether
# yesterday is filed, at 02:00. Two calls of different epochs need not agree.
sub epoch { return int((time - 2 * 3600) / 3600) }

# --- The access log.

# Remembers what the log has to say of a call that got a 200.
sub expect_logged {
    my ($self, $id, $days, $res, $name) = @_;
    my $desktops = () = $res->{body} =~ /"used_info_list":/g;
    $self->{expected}{$id} = [ $days, $desktops, $name ];
    return;
}

# Tests: the log has each of these calls, with its days and desktops, and as many
# upstream calls as the simulator got.
sub logged_ok {
    my ($self) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $expected = $self->{expected};

    my %calls;
    $self->{sim}->config;    # (its log is written up to this call)
    open my $fh, '<', $self->{log} or die "$self->{log}: $!";
    while (<$fh>) {
        next if /"api":\s*"(?:legacy|control)?"/ || m{"path":\s*"/_sim};
        $calls{$1}++ if /"x-request-id":\s*"([^"]+)"/;
    }
    close $fh;

    my (%seen, @wrong);
    for ($self->{nginx}->access_lines($self->{serial})) {
        my ($id) = /\A\{"id":"([^"]*)"/ or next;
        my ($days, $desktops, $name) = @{ $expected->{$id} || next };
        $seen{$id} = 1;
        my $line = decode($_) or push(@wrong, "no JSON: $_"), next;
        my %want = (calls => $calls{$id} || 0, desktops => $desktops, days => $days,
            error => '');
        push @wrong, map { "$id, $name: $_ $line->{$_}, not $want{$_}" }
            grep { $line->{$_} ne $want{$_} } sort keys %want;
    }
    my @missing = grep { !$seen{$_} } keys %$expected;
    is(scalar @missing, 0, 'the access log has each of ' . keys(%$expected) . ' calls');
    is(scalar @wrong, 0, 'the access log tells upstream calls, days and desktops')
        or diag(join "\n", splice @wrong, 0, 10);
    return;
}

# --- Requests.

sub _some_ids {
    my ($self) = @_;
    my @desktops = @{ $self->{desktops} };
    my $n = pick(1, 1, 2, 3, 5, 10, 30, 101, 300);
    $n = 2000 if chance(1);
    my @ids;
    for (1 .. $n) {
        push @ids,
              chance(80) && @desktops ? pick(@desktops)
            : @ids && chance(30)      ? pick(@ids)
            : chance(30)              ? pick('nobody', 'a,b', 'x&y', 'é€', '100%', "q\"'\\",
                ' ', '+', '#', substr(pick(@desktops, 'none'), 0, 8))
            : sprintf '%08x-0000-4000-8000-%012x', rnd(1 << 23), rnd(1 << 23);
    }
    return \@ids;
}

sub _number {
    my ($n) = @_;
    return chance(20) ? "$n" : $n + 0;
}

# A random request: its fields, and of how many days it is; 0 if it is wrong. wide:
# mostly of many days.
sub some_request {
    my ($self, $wide) = @_;
    my @desktops = @{ $self->{desktops} };
    my (%r, $days);

    my $kind = rnd(10);
    if ($kind == 0) {
        $days = 15;
    } elsif ($kind == 1) {
        $r{end_time} = day(-rnd(60) + 8);
        $days = 15;
    } elsif ($kind == 2) {
        my $back = rnd($wide ? 31 : 12);
        $r{start_time} = day(-$back);
        $days = $back + 1;
    } else {
        $days = $wide ? 1 + rnd(31) : pick(1, 1, 1, 2, 3, 4, 7, 10, 31);
        my $from = -rnd(45) + pick(0, 0, 0, 5, 12);
        $from = -rnd(170) if chance(5);
        $r{start_time} = day($from);
        $r{end_time}   = day($from + $days - 1);
    }

    $r{desktop_ids} = $self->_some_ids if chance(50);
    $r{desktop_ids} = pick([], undef) if chance(4);
    $r{offset} = _number(pick(0, 1, 5, rnd(30), rnd(150), rnd(@desktops + 3),
        scalar @desktops, 2147483647)) if chance(50);
    $r{limit} = _number(pick(0, 1, 2, 10, 99, 100, rnd(101))) if chance(60);
    $r{group_by_type} = pick('DAY', '', undef) if chance(30);
    $r{desktop_username} = pick('', undef)     if chance(10);
    $r{other} = pick(1, undef, [], { limit => 7 }) if chance(5);

    if (chance(2)) {
        # a field that is wrong
        my ($key, $value) = @{ pick([ limit => 101 ], [ offset => -1 ],
            [ start_time => '2022-02-30' ], [ desktop_ids => [''] ],
            [ end_time => day(-400) ], [ limit => 1.5 ]) };
        $r{$key} = $value;
        $days = 0;
    }

    return (\%r, $days);
}

# --- Faults: each with the statuses that it may lead to, besides a true 200.

our @FAULTS = (
    # what a client does not notice
    [ { fault => 'chunked', piece => 7 },             [] ],
    [ { fault => 'drip',    piece => 500, ms => 1 },  [] ],
    [ { fault => 'close' },                           [] ],
    [ { fault => 'delay',   ms => 20 },               [] ],
    [ { fault => 'extra' },                           [] ],
    [ { fault => 'pad',     kb => 3 },                [] ],
    [ { fault => 'unsorted' },                        [] ],
    # what fails a call, unless it hits none of its upstream calls
    [ { fault => 'status', status => 500 },           [ 500, 502 ] ],
    [ { fault => 'status', status => 503 },           [ 503, 502 ] ],
    [ { fault => 'status', status => 404 },           [ 404, 502 ] ],
    [ { fault => 'status', status => 429 },           [429] ],
    [ { fault => 'reset' },                           [502] ],
    [ { fault => 'reset', at => 100 },                [502] ],
    [ { fault => 'cut', at => 50 },                   [502] ],
    [ { fault => 'truncate' },                        [502] ],
    [ { fault => 'garble', bytes => 1 },              [502] ],
    [ { fault => 'text', body => '<html>' },          [502] ],
    [ { fault => 'empty' },                           [502] ],
    [ { fault => 'gzip' },                            [502] ],
    [ { fault => 'negative' },                        [502] ],
    [ { fault => 'string' },                          [502] ],
    [ { fault => 'huge' },                            [502] ],
    [ { fault => 'no-id' },                           [502] ],
    [ { fault => 'no-count' },                        [502] ],
    [ { fault => 'no-items' },                        [502] ],
    [ { fault => 'null-items' },                      [502] ],
    # what a later page may set right
    [ { fault => 'lying-count', delta => 1 },         [502] ],
    [ { fault => 'rows', delta => -1 },               [502] ],
    [ { fault => 'rows', delta => 1 },                [502] ],
    [ { fault => 'duplicate' },                       [502] ],
    [ { fault => 'null', idle => JSON::PP::true() },  [] ],
    [ { fault => 'no-metric', idle => JSON::PP::true() }, [] ],
);

1;
