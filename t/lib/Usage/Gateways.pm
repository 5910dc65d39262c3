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
#   redis      options of Usage::Redis; 0: there is none
#   share      further parameters of usage_share
#   http       further text for http{}
#   place      text for the location with usage_translate
#   nginx      further options of Usage::Nginx
sub start {
    my ($class, %o) = @_;

    my $self = bless {}, $class;
    my $n = $o{gateways} || 2;

    $self->{sim} = $o{simulator} || Usage::Sim->start(args => [ '--seed', 1, @{ $o{sim} || [] } ]);
    $self->{redis} = Usage::Redis->start(%{ $o{redis} || {} })
        if !defined $o{redis} || $o{redis};

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
            server => ($servers ? "location = /redis { internal; usage_redis_pass redis;
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

# Sends a call to a gateway; its reply is read with reply().
sub send {
    my ($self, $i, $body, %o) = @_;
    my $conn = $self->nginx($i)->client(timeout => $o{timeout} || Usage::Nginx->patience(60));
    $conn->{request} = $body;
    $conn->{id} = sprintf 'g%d-%d', $$, ++$serial;
    $conn->send($conn->format('POST', route($o{project}), $json->encode($body),
        'X-Auth-Token' => $o{token} // 'token', 'X-Request-Id' => $conn->{id}));
    return $conn;
}

sub reply {
    my ($self, $conn) = @_;
    my $res = $conn->response;
    $res->{request} = $conn->{request};
    return $res;
}

sub ask {
    my ($self, @args) = @_;
    return $self->reply($self->send(@args));
}

# What is wrong with a reply: '' if it is the true one.
sub wrong {
    my ($self, $res) = @_;
    return "no reply: $res->{error}" if $res->{error};
    return "$res->{status} $res->{body}" if $res->{status} != 200;
    my $text = $json->encode($res->{request});
    my $true = $self->{truth}{$text} ||= ($self->{sim}->legacy($text))[2];
    return same_json($res->{body}, $true);
}

# The upstream calls since clear().
sub calls {
    my ($self) = @_;
    return grep { $_->{api} ne 'legacy' && $_->{api} ne 'control' } @{ $self->{sim}->calls };
}

sub clear { return $_[0]{sim}->clear }

1;
