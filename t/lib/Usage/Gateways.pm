# SPDX-License-Identifier: BSD-2-Clause

package Usage::Gateways;

# Several gateways before one simulator, which share a Redis.
#
#   my $g = Usage::Gateways->start(gateways => 2, sim => [ '--desktops', 300 ]);
#   my $res = $g->ask(0, { days(-9, -3) });       # of the first gateway
#   is($res->{status}, 200);
#   same_json($res->{body}, $g->truth($res->{request}));
#   $g->calls;                                    # what the simulator was asked

use strict;
use warnings;

use Test::More;

use Usage::Nginx;
use Usage::Redis;
use Usage::Sim;
use Usage::Test;

# Named, none is needed:
#
#   gateways   how many (2)
#   sim        options of the simulator
#   simulator  instead: one that runs, or another upstream
#   redis      options of Usage::Redis, or one that runs; 0: there is none
#   namespace, secret
#              of usage_share
#   share      further parameters of usage_share
#   http       further text for http{}
#   place      text for the location with usage_translate
#   nginx      further options of Usage::Nginx
sub start {
    my ($class, %o) = @_;

    my $self = bless {}, $class;
    my $n = $o{gateways} || 2;

    $self->{sim} = $o{simulator} || Usage::Sim->start(args => [ '--seed', 1, @{ $o{sim} || [] } ]);
    $self->{redis} = ref $o{redis} eq 'Usage::Redis' ? $o{redis}
        : Usage::Redis->start(%{ $o{redis} || {} }) if !defined $o{redis} || $o{redis};

    my $dir = $self->{dir} = File::Temp->newdir('usage-gateways-XXXXXX', TMPDIR => 1);
    chmod 0755, "$dir";
    $self->{secret} = "$dir/secret";
    spew($self->{secret}, $o{secret} || 'a secret of more than thirty-two bytes');
    chmod 0600, $self->{secret};

    my $share = $o{share} || '';
    my $space = $o{namespace} || 'test';
    my $auth  = $o{auth} ? "usage_redis_auth $o{auth};" : '';
    my $servers = $o{servers}
        || ($self->{redis} ? 'server 127.0.0.1:' . $self->{redis}->port . ';' : '');

    for my $i (0 .. $n - 1) {
        push @{ $self->{nginx} }, Usage::Nginx->start(
            upstream => $self->{sim}->port,
            location => $o{place} || '',
            http => "usage_store zone=days:16m; usage_store days; usage_fresh 1h;\n"
                . ($servers ? "upstream redis { $servers keepalive 8; }
                    usage_share /redis namespace=$space secret=$self->{secret}
                        gateways=$n $share;" : '')
                . ($o{http} || ''),
            server => 'location = /status { access_log off; usage_status; }'
                . ($servers ? "location = /redis { internal; usage_redis_pass redis;
                    $auth }" : '')
                . ($o{server} || ''),
            %{ $o{nginx} || {} },
        );
    }

    return $self;
}

sub sim   { return $_[0]{sim} }
sub redis { return $_[0]{redis} }
sub nginx { return $_[0]{nginx}[ $_[1] || 0 ] }

my $serial = 0;

# Ends a gateway, and starts it anew, with nothing in its memory.
sub restart {
    my ($self, $i) = @_;
    my $old = $self->{nginx}[$i];
    $old->kill_hard;
    $self->{nginx}[$i] = Usage::Nginx->start(%{ $old->{o} });
    return;
}

# Another tenant, as Usage::Sim takes it; returns a token, whose calls find nothing that
# was stored before.
my $tokens = 0;
sub tenant {
    my ($self, %o) = @_;
    $self->{sim}->tenant(days => 60, %o) if %o;
    delete $self->{truth};
    return sprintf 'token-of-%d-%d', $$, ++$tokens;
}

# Sends a call to a gateway; its reply is read with reply(). Named: token, project; at, the
# prefix of a location; headers, more of them.
sub send {
    my ($self, $i, $body, %o) = @_;
    my $conn = $self->nginx($i)->client(timeout => $o{timeout} || Usage::Nginx->patience(60));
    $conn->{request} = $body;
    $conn->{id} = sprintf 'g%d-%d', $$, ++$serial;
    $conn->send($conn->format('POST', ($o{at} ? "/$o{at}" : '') . route($o{project}),
        $json->encode($body), 'X-Auth-Token' => $o{token} // 'token',
        'X-Request-Id' => $conn->{id}, %{ $o{headers} || {} }));
    return $conn;
}

sub reply {
    my ($self, $conn) = @_;
    my $res = $conn->response;
    @$res{qw(request id)} = @$conn{qw(request id)};
    return $res;
}

sub ask {
    my ($self, @args) = @_;
    return $self->reply($self->send(@args));
}

# What is wrong with a reply: '' if it is the true one. query: what the simulator is
# asked besides.
sub wrong {
    my ($self, $res, $query) = @_;
    return "no reply: $res->{error}" if $res->{error};
    return "$res->{status} $res->{body}" if $res->{status} != 200;
    my $text = $json->encode($res->{request});
    my $true = $self->{truth}{ $text . ($query // '') }
        ||= ($self->{sim}->legacy($text, -query => $query))[2];
    return same_json($res->{body}, $true);
}

# The upstream calls since clear().
sub calls {
    my ($self) = @_;
    return grep { $_->{api} ne 'legacy' && $_->{api} ne 'control' } @{ $self->{sim}->calls };
}

# Those that a reply took.
sub took {
    my ($self, $res) = @_;
    return grep { ($_->{headers}{'x-request-id'} // '') eq $res->{id} } $self->calls;
}

sub clear { return $_[0]{sim}->clear }

1;
