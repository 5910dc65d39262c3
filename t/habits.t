# SPDX-License-Identifier: BSD-2-Clause
#
# What the vendor doesn't document, or what came with a release, may be either way.
# For each habit of the simulator, by name, and for each of its values, replies are
# the true ones: days and hours, of all, of some desktops, of a user
# (docs/spec/bets.md).  Combinations of them: t/random.t, t/random_users.t.

use strict;
use warnings;

use Test::More;

use Usage::Pair;
use Usage::Test;

my ($TRUE, $FALSE) = (JSON::PP::true(), JSON::PP::false());

my @year_1 = qw(missing null empty year-1 year-1-space);
my %habits = (
    records_names    => [qw(fuzzy exact full)],
    records_domain   => [ $TRUE, $FALSE ],
    records_ends     => [qw(both start end none)],
    records_days     => [ 0, 30, 180 ],
    records_times    => [qw(both minutes seconds)],
    records_computer => [qw(computer_name os_host_name)],
    records_limit    => [ 1000, 100 ],
    records_clamp    => [ $FALSE, $TRUE ],
    sid              => [ $TRUE, $FALSE ],
    transactions     => [qw(one shared)],
    times            => [qw(T-Z T space-Z space)],
    open_end         => \@year_1,
    no_setup         => \@year_1,
    monitor_earlier  => [ $TRUE, $FALSE ],
    idle             => [qw(shown hidden)],
    filing_zone      => [ 0, -12, -8, -5, 1, 8, 14 ],
    statistics_names => [qw(fuzzy exact ignored)],
    statistics_domain   => [ $TRUE, $FALSE ],
    resource_id         => [ $TRUE, $FALSE ],
    users_window        => [qw(empty refused)],
    enterprise_projects => [ $FALSE, $TRUE ],
    project_in_rows     => [ $TRUE, $FALSE ],
    machine_sid         => [ $TRUE, $FALSE ],
    desktop_id          => [ $TRUE, $FALSE ],
    os_host_name        => [ $TRUE, $FALSE ],
    directory_names     => [qw(fuzzy exact)],
    directory_users     => [qw(all owner)],
);
my @releases = qw(2024-06 2024-07 2025-01 2026-01 2026-04 2026-08);

my $pair = Usage::Pair->start(places => [
    [ records => 'usage_connections on; usage_resource_id on;' ],
    [ monitor => 'usage_connections on; usage_monitoring on;' ],
]);
my $sim = $pair->sim;

is_deeply([ sort keys %{ $sim->config->{habits} } ], [ sort keys %habits ],
    'these are all habits');

# Eight days that are final, and the last eight days.
my @final = (start_time => day(-10), end_time => day(-3));
my @last  = (start_time => day(-7),  end_time => day(0));

# Requests that have a true reply with every habit: a user whose name is nobody
# else's, and whose desktops are all there.
sub requests {
    my ($user, @ids) = @_;
    my @of = ([], [ desktop_ids => \@ids ], [ desktop_username => $user ]);
    return map { my $of = $_; map { { @$of, @$_ } }
        [@final], [@last], [ @final, group_by_type => 'HOUR' ] } @of;
}

my ($user, @ids);

sub play {
    my ($name, @settings) = @_;
    $pair->tenant(seed => 11, desktops => 30, days => 40, habits => 'default', @settings);

    if (!$user) {
        my %known = map { $_->{desktop_id} => 1 }
            @{ ($sim->get('desktops', limit => 1000))[1]{desktops} };
        my %times;
        my @users = @{ $sim->users(detail => 1) };
        $times{ $_->{user_name} }++ for @users;
        my ($u) = grep { my $one = $_; $times{ $one->{user_name} } == 1
            && @{ $one->{alone} } && @{ $one->{used} } > 1
            && !grep { !$known{$_} } @{ $one->{used} } } @users or die 'no such user';
        $user = $u->{user_name};
        @ids  = ($u->{used}[0], (grep { $known{$_} } @{ $pair->{desktops} })[ 2, 5 ]);
    }

    my @wrong;
    for my $r (requests($user, @ids)) {
        my $text = $json->encode($r);
        for my $at (qw(records monitor)) {
            my $true = $pair->simulator($text, 'filed=yes&gone=apart');
            my ($mine) = $pair->gateway($at, $text);
            my $differ = $mine->{status} != 200 ? "$mine->{status} $mine->{body}"
                : same_json($mine->{body}, $true->{body});
            push @wrong, "$at: $text: $differ" if $differ;
        }
    }
    is(scalar @wrong, 0, $name) or diag(join "\n", map { substr $_, 0, 700 } @wrong);
    return;
}

for my $habit (sort keys %habits) {
    play("$habit " . (ref $_ ? ($_ ? 'true' : 'false') : $_), $habit => $_)
        for @{ $habits{$habit} };
}
play("release $_", release => $_) for @releases;

$pair->nginx->stop_ok;
$sim->stop;

done_testing();
