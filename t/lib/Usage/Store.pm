# SPDX-License-Identifier: BSD-2-Clause

package Usage::Store;

# What the tests of the day store have in common: nginx with a store, legacy
# calls with what they took, and what is true.
#
#   my $store = Usage::Store->new(sim => $sim, nginx => $nginx);
#   my $res = $store->ask({ start_time => ..., end_time => ... });
#   @{ $res->{calls} }       the upstream calls that it took
#   $res->{log}{stored}      $usage_stored

use strict;
use warnings;

use Exporter 'import';
use Test::More;

use Usage::Nginx;
use Usage::Test;

our @EXPORT_OK = qw(range took stored);

# The text for http{}: two zones, the use of one, and a log of every call.
sub http {
    my ($class, %o) = @_;
    my $size = $o{size} || '16m';
    my $more = $o{more} || '';
    return <<"END";
    usage_store zone=days:$size;
    usage_store zone=other:1m;
    usage_store days;
    log_format store escape=json '{"id":"\$http_x_request_id",'
        '"status":\$status,"calls":"\$usage_calls",'
        '"stored":"\$usage_stored","pid":"\$pid"}';
    access_log %%PREFIX%%/store.log store;
    $more
END
}

sub new {
    my ($class, %o) = @_;
    return bless { %o, serial => 0, truth => {} }, $class;
}

# A token that was not there before: whose calls find nothing stored.
my $tokens = 0;
sub fresh_token { return sprintf 'fresh-%d-%d', $$, ++$tokens }

# A range of days, counted from the one that is today here.
sub range {
    my ($from, $to) = @_;
    return (start_time => day($from), end_time => day($to));
}

# The simulator's own reply, asked for once for each tenant.
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

# Another tenant.
sub tenant {
    my ($self, %o) = @_;
    $self->{truth} = {};
    return $self->{sim}->tenant(%o);
}

# The upstream calls since the last clear.
sub calls {
    my ($self) = @_;
    return [ grep { $_->{api} ne 'legacy' && $_->{api} ne 'control' }
            @{ $self->{sim}->calls } ];
}

# A line of store.log.
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

# All lines of it.
sub log_lines {
    my ($self) = @_;
    open my $fh, '<', $self->{nginx}->prefix . '/store.log' or return;
    return map { decode($_) } grep { /\n\z/ } <$fh>;
}

# One call.  at: a location's prefix; token, undef for none; project; headers.
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

# The calls that it took are so many, and the log says so.
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

# So many windows were taken from the store.
sub stored {
    my ($res, $n, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return is($res->{log}{stored}, $n, "$name: \$usage_stored");
}

# A 200, and what it says is true.
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

1;
