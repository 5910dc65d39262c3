# SPDX-License-Identifier: BSD-2-Clause

package Bench::Case;

# A project of the benchmark: its upstream, and the rows of the table, each with an
# nginx of its own.

use strict;
use warnings;

use Bench::Check;
use Bench::Nginx;
use Bench::Proc qw(memory_kb);
use Bench::Tenant;

# how a warm peer caches the successors' replies
my $CACHE = { zone => 'include zone.conf;', cache => 'include cache.conf;' };
my %CACHES = (
    lua    => $CACHE,
    njs    => $CACHE,
    module => { zone => 'usage_store zone=days:32m;', cache => 'usage_store days;' },
);

# Starts the upstream of a project.  count, seed: of the tenant; dir: for all files;
# conf: the directory of the templates; vars: for these; cpu: the affinity of the
# upstream and of the peers; load: what all rounds have in common; concurrency: how
# many upstream calls of one legacy call run at once.
sub new {
    my ($class, %arg) = @_;

    my $self   = bless { %arg, rows => [] }, $class;
    my $tenant = $self->{tenant}
        = Bench::Tenant->new(seed => $arg{seed}, count => $arg{count});
    my $dir = $self->{dir};

    $tenant->write_pages("$dir/pages");
    _write("$dir/pages/reply.json", $tenant->truth);
    _write("$dir/body", sprintf '{"start_time":"%s","end_time":"%s"}',
        $tenant->{first}, $tenant->{last});
    _write("$dir/plan", map { "$_\n" } @{ $tenant->plan });
    _write("$dir/reply", "/reply.json\n");

    $self->{upstream} = $self->_start('upstream', 'upstream', upstream => 0);
    return $self;
}

sub _start {
    my ($self, $conf, $name, %vars) = @_;

    return Bench::Nginx->start(
        name => $conf,
        conf => $self->{conf},
        dir  => "$self->{dir}/$name",
        vars => {
            zone     => '',
            cache    => '',
            project  => $self->{tenant}{project},
            live     => $self->{tenant}->live,
            pages    => "$self->{dir}/pages",
            affinity => $self->{cpu}{ $conf eq 'upstream' ? 'upstream' : 'peer' },
            %{ $self->{vars} },
            %vars,
        },
    );
}

# Adds a row of a peer and a state: starts its nginx, and checks the replies if the peer
# translates.  Says what is wrong with them.
sub add {
    my ($self, $peer, $state, $label) = @_;

    my $translates = $CACHES{$peer};
    my $caches     = $translates && $state eq 'warm' ? $translates : {};
    my $server     = $self->_start($peer, "$peer-$state",
        upstream => $self->{upstream}->port, %$caches);
    my $url = 'http://127.0.0.1:' . $server->port;
    my %load = (%{ $self->{load} }, server => $server, upstream => $self->{upstream});

    my @faults;
    if ($translates) {
        # once to fill the cache, once out of it
        for my $time (1 .. ($state eq 'warm' ? 2 : 1)) {
            @faults = Bench::Check::faults($server, $self->{upstream}, $self->{tenant});
            last if @faults;
        }
        $load{calls} = Bench::Check::cost($server, $self->{upstream}, $self->{tenant});
        @load{qw(url request)} = ($url . $self->{tenant}->route, ['POST', "$self->{dir}/body"]);
    }
    elsif ($peer eq 'proxied') {
        $load{connections} *= $self->{concurrency};
        $load{calls} = @{ $self->{tenant}->plan };
        @load{qw(url request)} = ($url, ['GET', "$self->{dir}/plan"]);
    }
    else {
        $load{calls} = $peer eq 'live' ? 1 : 0;
        @load{qw(url request)} = ($url, ['GET', "$self->{dir}/reply"]);
    }

    push @{ $self->{rows} }, {
        count   => $self->{count},
        peer    => $peer,
        state   => $state,
        label   => $label,
        server  => $server,
        load    => \%load,
        checked => $translates && !@faults,
    };
    return if !@faults;
    return (map { "$self->{count} desktops, $state, $label: $_" } @faults), $server->log;
}

# Adds a row that can't be measured, and says why.
sub add_missing {
    my ($self, $peer, $state, $label, $why) = @_;

    push @{ $self->{rows} },
        { peer => $peer, state => $state, label => $label, missing => $why };
    return;
}

# Gives the rows that can be measured.
sub runs { return grep { $_->{load} } @{ $_[0]{rows} } }

sub headline {
    my ($self) = @_;

    my $tenant = $self->{tenant};
    return sprintf '%d desktops, %d days: reply of %.0f kB, %d upstream calls at the least',
        $self->{count}, $tenant->{days}, length($tenant->truth) / 1000,
        scalar @{ $tenant->plan };
}

# Gives the result of all rounds, row by row.
sub results {
    my ($self) = @_;
    return { desktops => $self->{count}, days => $self->{tenant}{days},
        fewest_calls => scalar @{ $self->{tenant}->plan },
        results => [map { _figures($_) } @{ $self->{rows} }] };
}

# Gives the median of each figure, and the memory of the worker at the end.
sub _figures {
    my ($row) = @_;

    my %result = map { $_ => $row->{$_} } qw(peer state label);
    if ($row->{missing}) {
        $result{missing} = $row->{missing};
        return \%result;
    }

    my $memory = memory_kb($row->{server}->worker);
    @result{qw(rss peak shared)} = @$memory{qw(VmRSS VmHWM RssShmem)};
    $result{own}   = $result{peak} - $result{shared};
    $result{calls} = $row->{load}{calls};
    if ($row->{rounds}) {
        $result{$_} = _median($_, $row->{rounds}) for qw(rate cpu busy p50 p99);
        $result{rounds} = $row->{rounds};
    }
    # (these would be of one upstream call, not of a legacy call)
    delete @result{qw(p50 p99)} if $row->{peer} eq 'proxied';
    return \%result;
}

sub _median {
    my ($field, $rounds) = @_;

    my @sorted = sort { $a <=> $b } map { $_->{$field} } @$rounds;
    my $middle = int(@sorted / 2);
    return @sorted % 2 ? $sorted[$middle] : ($sorted[$middle - 1] + $sorted[$middle]) / 2;
}

sub _write {
    my ($path, @text) = @_;

    open my $fh, '>', $path or die "$path: $!\n";
    print {$fh} @text or die "$path: $!\n";
    close $fh or die "$path: $!\n";
    return;
}

1;
