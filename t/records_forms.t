# SPDX-License-Identifier: BSD-2-Clause
#
# Connection records may have forms that the vendor doesn't document: of times, of
# an end that is still open, of a desktop's name, of a transaction.  Hours are the
# true ones with each of them (translation.md, "By the hour").

use strict;
use warnings;

use Test::More;

use Usage::Nginx;
use Usage::Sim;
use Usage::Test;

my $FALSE = JSON::PP::false();
my $sim   = Usage::Sim->start(args => [ '--seed', 1 ]);
my $nginx = Usage::Nginx->start(upstream => $sim->port, location => 'usage_connections on;');

my ($day, $next) = (day(-2), day(-1));

# ann's session is still open, bob's was never connected; c was renamed.
my @desktops = map { { desktop_id => $_, computer_name => "PC-$_", users => ['ann'] } } qw(a b);
push @desktops, { desktop_id => 'c', computer_name => 'NEW-c', os_host_name => 'OS-c', users => ['bob'] };
my @sessions = (
    { desktop_id => 'a', user_name => 'ann', setup => "${day}T08:00:00Z", end => "${day}T09:20:10Z" },
    { desktop_id => 'b', user_name => 'ann', setup => "${next}T23:10:00Z", end => undef },
    { desktop_id => 'c', user_name => 'bob', setup => "${day}T23:30:00Z", end => "${next}T00:30:00Z" },
    { desktop_id => 'c', user_name => 'bob', start => "${day}T05:00:00Z", setup => undef,
        failure => 'no answer' },
    { desktop_id => 'c', user_name => 'bob', setup => "${next}T05:00:00Z", end => "${next}T05:10:00Z",
        reconnect => JSON::PP::true() },
);

sub is_true {
    my ($name) = @_;
    for my $body ({}, { desktop_ids => [qw(c a)] }, { desktop_username => 'ann' }) {
        my %body = (%$body, group_by_type => 'HOUR', start_time => $day, end_time => $next);
        my $mine = $nginx->post(route(), body(%body), 'X-Auth-Token' => 'token');
        my $what = "$name, " . (join(', ', sort keys %$body) || 'all');
        is($mine->{status}, 200, "$what: a reply") or diag($mine->{body});
        is(same_json($mine->{body}, ($sim->legacy({%body}))[2]), '', "$what: the true one");
    }
    return;
}

my @habits = (
    (map { [ times      => $_ ] } qw(T-Z T space-Z space)),
    (map { [ open_end   => $_ ] } qw(missing null empty year-1 year-1-space)),
    (map { [ no_setup   => $_ ] } qw(missing null empty year-1 year-1-space)),
    [ records_computer => 'os_host_name' ], [ transactions => 'shared' ],
);

for my $sid (JSON::PP::true(), $FALSE) {
    for (@habits) {
        my ($habit, $value) = @$_;
        $sim->tenant(desktops => \@desktops, sessions => \@sessions, habits => 'default',
            sid => $sid, $habit => $value);
        is_true("$habit $value, " . ($sid ? 'sid' : 'no sid'));
    }
}

$nginx->stop_ok;
$sim->stop;

done_testing();
