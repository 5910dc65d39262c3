# SPDX-License-Identifier: BSD-2-Clause

package Usage::Store;

# What the tests of the day store share: nginx with a store, legacy calls with
# what each took, and the simulator's own replies to compare with.
#
#   my $store = Usage::Store->start;
#   my @ids = $store->tenant(seed => 3, desktops => 60);
#   my $res = $store->ask({ days(-9, -3) });
#   @{ $res->{calls} }       the upstream calls that it took
#   $res->{log}{stored}      $usage_stored

use strict;
use warnings;

use Exporter 'import';
use Test::More;

use Usage::Nginx;
use Usage::Sim;
use Usage::Test;

our @EXPORT_OK = qw(took stored);

# The text for http{}: two zones, the use of one, and a log of every call.  What
# isn't final, as the directory's word, is fresh for longer than any test takes.
# size: that of the zone; more: text to follow.
sub http {
    my ($class, %o) = @_;
    my $size = $o{size} || '16m';
    my $more = $o{more} || '';
    return <<"END";
    usage_store zone=days:$size;
    usage_store zone=other:1m;
    usage_store days;
    usage_fresh 1h;
    log_format store escape=json '{"id":"\$http_x_request_id",'
        '"status":\$status,"calls":"\$usage_calls",'
        '"stored":"\$usage_stored","pid":"\$pid"}';
    access_log %%PREFIX%%/store.log store;
    $more
END
}

# The text for server{}: locations for the legacy call, each with its settings.
# never, hour and second say how long days are fresh that are not final yet,
# with a usage_final_after that makes days from -3 on such days.
sub places {
    my ($class) = @_;
    my %places = (
        off    => 'usage_store off;',
        string => 'usage_use_time string;',
        id     => 'usage_resource_id on;',
        one    => 'usage_concurrency 1;',
        wide   => 'usage_concurrency 64;',
        hours  => 'usage_connections on;',
        never  => 'usage_fresh 0; usage_final_after 144h;',
        hour   => 'usage_fresh 1h; usage_final_after 144h;',
        second => 'usage_fresh 1s; usage_final_after 144h;',
        key    => 'usage_store_key $http_x_tenant;',
        all    => 'usage_store_key everybody;',
        other  => 'usage_store other;',
        soon   => 'usage_timeout ' . Usage::Nginx->patience(1) . 's;',
    );
    return join '', map { Usage::Nginx->at($_ => $places{$_}) } sort keys %places;
}

# A store to make calls to: sim is the simulator, nginx what stands before it.
sub new {
    my ($class, %o) = @_;
    return bless { serial => 0, truth => {}, %o }, $class;
}

# The same with a simulator and an nginx of its own, which has all places().
sub start {
    my ($class) = @_;
    my $sim = Usage::Sim->start(args => [ '--seed', 1 ]);
    my $nginx = Usage::Nginx->start(upstream => $sim->port, http => $class->http,
        server => $class->places);
    return $class->new(sim => $sim, nginx => $nginx);
}

# Another nginx before the same simulator, with a zone of so many KB.
sub sized {
    my ($self, $kb) = @_;
    my $nginx = Usage::Nginx->start(upstream => $self->{sim}->port,
        http => $self->http(size => "${kb}k"), server => $self->places);
    return ref($self)->new(sim => $self->{sim}, nginx => $nginx,
        truth => $self->{truth});
}

# The KB of the smallest zone that nginx takes.
sub smallest {
    for my $kb (8, 16, 24, 32, 48, 64, 96, 128, 256, 512, 1024, 2048) {
        my ($ok) = Usage::Nginx->check(http => "usage_store zone=days:${kb}k;");
        return $kb if $ok;
    }
    return 4096;
}

# A token that was not used before, so that its calls find nothing stored.
my $tokens = 0;
sub fresh_token { return sprintf 'fresh-%d-%d', $$, ++$tokens }

# The simulator's own reply, fetched once for each tenant.
sub truth {
    my ($self, $body, $query) = @_;
    my $key = ($query || '') . $json->encode($body);
    return $self->{truth}{$key} ||= do {
        my ($status, undef, $raw) =
            $self->{sim}->legacy({%$body}, $query ? (-query => $query) : ());
        die "no truth: $status $raw" if $status != 200;
        $raw;
    };
}

# Another tenant; returns the ids of its desktops.  Named as in Usage::Sim, with
# 60 days of use, and desktops without use shown, if nothing else is said.
sub tenant {
    my ($self, %o) = @_;
    %{ $self->{truth} } = ();
    $self->{sim}->tenant(days => 60, idle => 'shown', %o);
    return @{ $self->{sim}->desktops };
}

# The upstream calls since the last clear.
sub calls {
    my ($self) = @_;
    return [ grep { $_->{api} ne 'legacy' && $_->{api} ne 'control' }
            @{ $self->{sim}->calls } ];
}

# The line of store.log for a call, decoded; waits for it.
sub log_of {
    my ($self, $id) = @_;
    my $nginx = $self->{nginx};
    my $line  = $nginx->wait_for(sub {
        open my $fh, '<', $nginx->prefix . '/store.log' or return;
        my ($line) = grep { /"id":"\Q$id\E"/ && /\n\z/ } <$fh>;
        return $line;
    });
    return decode($line || '{}') || {};
}

# All lines of store.log, decoded.
sub log_lines {
    my ($self) = @_;
    open my $fh, '<', $self->{nginx}->prefix . '/store.log' or return;
    return map { decode($_) } grep { /\n\z/ } <$fh>;
}

# One legacy call.  at: a location's prefix; token, undef for none; project;
# headers.
sub ask {
    my ($self, $body, %o) = @_;

    my $id    = sprintf 's%d-%d', $$, ++$self->{serial};
    my $token = exists $o{token} ? $o{token} : 'token';
    my $sim   = $o{sim} || $self->{sim};

    $sim->clear if $sim;

    my $res = $self->{nginx}->post(
        (defined $o{at} && length $o{at} ? "/$o{at}" : '')
            . route($o{project}),
        ref $body ? $json->encode($body) : $body,
        'X-Auth-Token' => $token,
        'X-Request-Id' => $id,
        %{ $o{headers} || {} }
    );

    $res->{log}   = $self->log_of($id);
    $res->{calls} = [
        grep { ($_->{headers}{'x-request-id'} || '') eq $id }
            @{ $sim->calls }
    ] if $sim;
    return $res;
}

# A test: the call took so many upstream calls, and the log says so.
sub took {
    my ($res, $n, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @calls = @{ $res->{calls} };
    is(scalar @calls, $n, "$name: upstream calls")
        or diag(join "\n", map { "  $_->{path}?$_->{query}" }
            @calls[ 0 .. ($#calls > 9 ? 9 : $#calls) ]);
    is($res->{log}{calls}, scalar @calls, "$name: \$usage_calls");
    return;
}

# A test: so many windows came from the store.
sub stored {
    my ($res, $n, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return is($res->{log}{stored}, $n, "$name: \$usage_stored");
}

# A test: the reply is a 200, and what it says is true.
sub true_ok {
    my ($self, $res, $body, $name, $query) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return fail("$name: " . ($res->{error} || "status $res->{status}"))
        || diag(substr $res->{body}, 0, 500)
        if $res->{error} || $res->{status} != 200;
    my $differs = same_json($res->{body}, $self->truth($body, $query));
    return ok($differs eq '', "$name: true")
        || diag("WRONG 200: $differs\n", $json->encode($body));
}

# Tests: of two calls of the same, the first is true; the second is the same to
# the byte, and took so many upstream calls (second, 1 by default).
sub twice {
    my ($self, $body, $name, %o) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    $o{token} ||= fresh_token();
    my $query  = delete $o{query};
    my $second = delete $o{second} // 1;
    my $first  = $self->ask($body, %o);
    $self->true_ok($first, $body, "$name, first", $query);
    my $again = $self->ask($body, %o);
    is($again->{body}, $first->{body}, "$name: the same to the byte");
    my $own = qr/^(?:Date|X-Request-Id):.*?\n/m;
    is($again->{head} =~ s/$own//gr, $first->{head} =~ s/$own//gr, "$name: the same headers");
    took($again, $second, "$name, again");
    return ($first, $again);
}

1;
