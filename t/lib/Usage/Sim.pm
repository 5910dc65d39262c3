# SPDX-License-Identifier: BSD-2-Clause

package Usage::Sim;

# Starts the simulator, build/usagesim, on a port of its own and talks to it.
#
#   my $sim = Usage::Sim->start(args => ['--seed', 7, '--desktops', 50]);
#   my ($status, $reply, $raw) = $sim->legacy({ limit => 3 });
#   $sim->faults({ fault => 'status', status => 503, count => 1 });
#   is(scalar @{ $sim->calls }, 1);
#   my %seconds = $sim->usage(window('2022-12-09'));
#   $sim->stop;
#
#   USAGE_SIM             the simulator to run, build/usagesim by default
#   USAGE_SIM_WRAPPER     a command to run it under, as "valgrind -q
#                         --error-exitcode=99"

use strict;
use warnings;

use Carp           qw(croak);
use Cwd            ();
use Exporter       'import';
use File::Basename qw(dirname);
use HTTP::Tiny;
use JSON::PP     ();
use POSIX        qw(:sys_wait_h);
use Scalar::Util qw(weaken);

our @EXPORT_OK = qw($DESKTOPS $USERS $RECORDS metric window);

# The paths of successors, for get() and all().
our $DESKTOPS = 'statistics/metrics/desktops';
our $USERS    = 'statistics/metrics/users';
our $RECORDS  = 'connections/desktops';

our $root    = Cwd::abs_path(dirname(__FILE__) . '/../../..');
our $program = $ENV{USAGE_SIM} || "$root/build/usagesim";

my $json = JSON::PP->new->utf8->canonical->allow_nonref;
my %running;

# start(args => [...]): runs the simulator and waits until it listens.
# env => {...} adds to its environment, token => T is what calls carry.
sub start {
    my ($class, %o) = @_;

    my $self = bless {
        owner => $$,
        token => defined $o{token} ? $o{token} : 'token',
        http  => HTTP::Tiny->new(timeout => 300, max_redirect => 0),
    }, $class;

    my @command = (
        split(' ', $ENV{USAGE_SIM_WRAPPER} || ''),
        $program, '--stdin', @{ $o{args} || [] },
    );

    pipe(my $in,  my $stdin) or croak "pipe: $!";
    pipe(my $out, my $done)  or croak "pipe: $!";

    my $pid = fork;
    croak "fork: $!" unless defined $pid;

    if (!$pid) {
        local %ENV = (%ENV, %{ $o{env} || {} });
        open(STDIN,  '<&', $in)   or POSIX::_exit(127);
        open(STDOUT, '>&', $done) or POSIX::_exit(127);
        exec {$command[0]} @command or POSIX::_exit(127);
    }

    # It ends when its standard input does: also if this process is killed.
    @$self{qw(pid stdin)} = ($pid, $stdin);
    close $in;
    close $done;

    my $line = <$out>;
    if (!defined $line || $line !~ /^usagesim: listening on (\S+):(\d+)$/) {
        waitpid $pid, 0;
        $self->{status} = $?;
        delete $self->{pid};
        croak "$program did not start: "
            . (defined $line ? $line : "status $self->{status}")
            unless $o{may_fail};
        return;
    }

    @$self{qw(host port out)} = ($1, $2, $out);
    weaken($running{$self} = $self);
    return $self;
}

# Where it listens, its pid, and the token that calls carry.
sub host  { return $_[0]{host} }
sub port  { return $_[0]{port} }
sub pid   { return $_[0]{pid} }
sub token { return $_[0]{token} }
sub url   { return "http://$_[0]{host}:$_[0]{port}" }

# request(METHOD, path, content => ..., headers => {...}) as HTTP::Tiny
# answers it, with {json}: the decoded body, or undef.
sub request {
    my ($self, $method, $path, %o) = @_;

    my $r = $self->{http}->request($method, $self->url . $path, \%o);
    $r->{json} = eval { $json->decode($r->{content}) };
    return $r;
}

sub _control {
    my ($self, $method, $path, $body) = @_;

    my $r = $self->request($method, "/_sim/$path",
        defined $body ? (content => $json->encode($body)) : ());
    croak "/_sim/$path: $r->{status} $r->{content}" if $r->{status} != 200;
    return $r->{json};
}

# The calls it got, oldest first.
sub calls { return $_[0]->_control(GET => 'calls') }

# Forgets the calls, and what they used up of the quota.
sub clear { return $_[0]->_control(DELETE => 'calls') }

# tenant(seed => 3, desktops => 50, days => 20, ...): another tenant.
sub tenant {
    my ($self, %o) = @_;
    return $self->_control(POST => 'tenant', \%o);
}

# config(idle => 'hidden', ...): other settings; without any, those in force.
sub config {
    my ($self, %o) = @_;
    return $self->_control(%o ? (POST => 'config', \%o) : (GET => 'config'));
}

# faults({...}, ...): these faults and no others; none: no faults.
sub faults {
    my ($self, @f) = @_;
    return $self->_control(POST => 'faults', \@f);
}

# alter(desktop => 'd1', date => '2022-12-09', seconds => 36): the legacy call
# answers otherwise than its successors; without anything, as they do.
sub alter {
    my ($self, %o) = @_;
    return $self->_control(%o ? (POST => 'alter', \%o) : (DELETE => 'alter'));
}

# desktops(): the ids of all desktops; with detail => 1, each with what the tenant
# has of it.
sub desktops {
    my ($self, %o) = @_;
    return $self->_control(
        GET => $o{detail} ? 'desktops?detail=yes' : 'desktops');
}

# users(detail => 1): who there is, and with detail, each one's desktops:
# {alone} and {shared}, as the directory attaches them, and {used}, ever.
sub users {
    my ($self, %o) = @_;
    return $self->_control(GET => $o{detail} ? 'users?detail=yes' : 'users');
}

# truth(user_name => 'ann', domain => 'a.com', start => '2022-12-09', end => ...):
# the seconds that a user was filed with: {days}, {total}, and {desktops} by id.
# Without a domain (or with undef), all users of that name.
sub truth {
    my ($self, %q) = @_;
    return $self->_control(GET => 'truth/user?' . join '&',
        map { "$_=" . escape($q{$_}) } grep { defined $q{$_} } sort keys %q);
}

# legacy($body, %headers): the legacy call, answered by the simulator itself.
# $body is JSON text, or a structure, or undef for none. -project and -query
# among the headers say where it goes. Returns status, structure and text.
sub legacy {
    my ($self, $body, %h) = @_;

    my $project = delete $h{-project};
    my $query   = delete $h{-query};

    my $r = $self->request(
        POST => '/v2/'
            . (defined $project ? $project : 'project')
            . '/desktops/statistics/used'
            . (defined $query ? "?$query" : ''),
        headers => { 'X-Auth-Token' => $self->{token}, %h },
        defined $body
        ? (content => ref $body ? $json->encode($body) : $body)
        : (),
    );

    return ($r->{status}, $r->{json}, $r->{content});
}

# get('statistics/metrics/users', limit => 3, ...): a successor call; an array
# for a value repeats the parameter. -project, -headers as above. Returns the
# same as legacy().
sub get {
    my ($self, $api, @query) = @_;

    my ($project, $headers, @words) = ('project', {});

    while (my ($name, $value) = splice @query, 0, 2) {
        if    ($name eq '-project') { $project = $value }
        elsif ($name eq '-headers') { $headers = $value }
        else {
            push @words, map { "$name=" . escape($_) }
                ref $value ? @$value : $value;
        }
    }

    my $r = $self->request(
        GET     => "/v2/$project/$api" . (@words ? '?' . join '&', @words : ''),
        headers => { 'X-Auth-Token' => $self->{token}, %$headers },
    );

    return ($r->{status}, $r->{json}, $r->{content});
}

# all($DESKTOPS, 'items', 100, ...): all rows of a list, read by pages of 100; 'items'
# is the key that has them. Dies of any status but 200.
sub all {
    my ($self, $api, $key, $limit, @query) = @_;

    my @rows;
    while (1) {
        my ($status, $r) = $self->get($api, @query, offset => scalar @rows,
            limit => $limit);
        die "$api: $status" if $status != 200;
        push @rows, @{ $r->{$key} };
        return @rows
            if !@{ $r->{$key} } || @rows >= ($r->{count} || $r->{total_count});
    }
}

# usage(window($day)): the seconds of each desktop in a window, by id.
sub usage {
    my ($self, @query) = @_;
    return map { $_->{resource_id} => metric($_, 'desktop_usage') }
        $self->all($DESKTOPS, 'items', 100, @query);
}

# window($first, $last): the query for these days, whole; $last is $first if it is
# not given.
sub window {
    my ($first, $last) = (@_, @_);
    return (start_time => "${first}T00:00:00Z", end_time => "${last}T23:59:59Z");
}

# metric($row, 'desktop_usage'): a value of a row of statistics.
sub metric {
    my ($row, $name) = @_;
    my ($m) = grep { $_->{metric_name} eq $name } @{ $row->{metric} };
    return $m && $m->{metric_value};
}

# Text as it is written into a query.
sub escape {
    my $s = $_[-1];
    utf8::encode($s) if utf8::is_utf8($s);
    $s =~ s/([^A-Za-z0-9_.~-])/sprintf '%%%02X', ord $1/ge;
    return $s;
}

# What the log shows instead of a token: FNV-1a, 64 bits, in hex.
sub fingerprint {
    my $s = $_[-1];
    use integer;
    my $h = -3750763034362895579;
    $h = ($h ^ ord $_) * 1099511628211 for split //, $s;
    return sprintf '%016x', $h;
}

# Ends it. Anything but a clean end is an error.
sub stop {
    my ($self) = @_;

    delete $running{$self};
    my $pid = delete $self->{pid} or return $self->{status};

    kill TERM => $pid;
    waitpid $pid, 0;
    $self->{status} = $?;
    close $_ for grep {defined} delete @$self{qw(stdin out)};

    croak sprintf 'usagesim ended with status 0x%x', $self->{status}
        if $self->{status};

    return 0;
}

sub DESTROY {
    my ($self) = @_;

    return if $self->{owner} != $$ || !$self->{pid};
    local ($@, $?, $!);
    eval { $self->stop; 1 } or _complain($@);
    return;
}

my $failed;

sub _complain {
    $failed = 1;
    print STDERR "# $_[0]";
    return;
}

END {
    for my $self (values %running) {
        next if !$self || $self->{owner} != $$;
        local ($@, $?, $!);
        eval { $self->stop; 1 } or _complain($@);
    }
    $? ||= 1 if $failed;
}

1;
