# SPDX-License-Identifier: BSD-2-Clause
#
# usage_enterprise_project: statistics are of one enterprise project, and so is what
# the day store keeps.

use strict;
use warnings;

use Test::More;

use Usage::Nginx;
use Usage::Sim;
use Usage::Store;
use Usage::Test;

my $TRUE = JSON::PP::true();
my @PARTS = ('0', '6fa3c2e0-0000-4000-8000-000000000001');
my $STATISTICS = qr/^(?:desktop|user)-metrics$/;

my $sim = Usage::Sim->start(args => [ '--seed', 1 ]);
my $nginx = Usage::Nginx->start(
    upstream => $sim->port,
    http     => Usage::Store->http . 'usage_enterprise_project $http_x_part;',
    server   => join('',
        Usage::Nginx->at(fixed   => "usage_enterprise_project $PARTS[1];"),
        Usage::Nginx->at(shared  => 'usage_store_key all;'),
        Usage::Nginx->at(records => 'usage_connections on;'))
);
my %week = days(-9, -3);

# A legacy call for a part, or with undef without that header. Returns the reply
# and the successor calls.
my $serial = 0;

sub ask {
    my ($part, $at, %body) = @_;
    my $token = delete $body{-token} // 'token' . ++$serial;
    $sim->clear;
    my $res = $nginx->post((length $at ? "/$at" : '') . route(), body(%week, %body),
        'X-Auth-Token' => $token, defined $part ? ('X-Part' => $part) : ());
    return ($res, @{ $sim->calls });
}

# Those of the calls that aren't as they should be: statistics of the part, or of all
# if there is none, and anything else without a word of it.
sub others {
    my ($part, @calls) = @_;
    my $has = length($part // '') ? qr/(?:^|&)enterprise_project_id=\Q$part\E(?:&|$)/ : undef;
    return map { $_->{query} } grep {
        $_->{api} =~ $STATISTICS && $has ? $_->{query} !~ $has
            : $_->{query} =~ /enterprise_project_id/
    } @calls;
}

# The entries that a reply should have, from the simulator's own statistics.
sub entries {
    my (@query) = @_;
    my %days;
    for my $d (0 .. 6) {
        my %usage = $sim->usage(Usage::Sim::window(date_add($week{start_time}, $d)), @query);
        $days{$_}[$d] += $usage{$_} for keys %usage;
    }
    return map { my $id = $_;
        [ $id, map { 0 + sprintf '%.2f', ($days{$id}[$_] // 0) / 3600 + 1e-9 } 0 .. 6 ]
    } sort keys %days;
}

$sim->tenant(seed => 7, desktops => 90, days => 30, idle => 'hidden',
    enterprise_projects => $TRUE);
my %truth = map { $_ => [ entries(enterprise_project_id => $_) ] } @PARTS;

subtest 'days of each enterprise project' => sub {
    for my $part (@PARTS) {
        my ($res, @calls) = ask($part, '');
        reply_is($res, "of $part", from => $week{start_time}, entries => $truth{$part});
        is_deeply([ others($part, @calls) ], [], 'each call asks for it');
        is(scalar @calls, 7, '7 calls');
    }
    isnt(scalar @{ $truth{$_} }, 0, 'it has desktops') for @PARTS;

    my ($res, @calls) = ask($PARTS[0], 'fixed');
    reply_is($res, 'a value that is fixed', from => $week{start_time},
        entries => $truth{ $PARTS[1] });
    is_deeply([ others($PARTS[1], @calls) ], [], 'each call asks for that one');
};

subtest 'without a value, statistics are of all' => sub {
    for my $part (undef, '') {
        my ($res, @calls) = ask($part, '');
        is_deeply([ others($part, @calls) ], [], 'no call names one');
        my $all = ($sim->legacy({%week}))[2];
        is(same_json($res->{body}, $all), '', 'the sums of both');
    }
};

subtest 'the day store parts them' => sub {
    for my $at ('', 'shared') {
        my @order = (@PARTS, undef, reverse @PARTS);
        my %times;
        for my $part (@order) {
            my ($res, @calls) = ask($part, $at, -token => 'same');
            my $name = "at '$at', of " . ($part // 'all');
            reply_is($res, $name, from => $week{start_time}, entries => $truth{$part})
                if defined $part;
            is(scalar @calls, $times{ $part // '' }++ ? 1 : 7,
                "$name: as many calls as it takes");
            is_deeply([ others($part, @calls) ], [], "$name: of that alone");
        }
    }
};

subtest 'the value is encoded' => sub {
    my ($res, @calls) = ask('a b&limit=1/%', '');
    reply_is($res, 'nothing there', from => $week{start_time}, entries => []);
    like($_->{query}, qr/&enterprise_project_id=a%20b%26limit%3D1%2F%25(?:&|$)/, 'percent-encoded')
        for @calls;
};

subtest 'a desktop of another enterprise project has no use in this one' => sub {
    my %in = map { $_->[0] => 1 } @{ $truth{ $PARTS[1] } };
    my ($id) = grep { !$in{$_} } map { $_->[0] } @{ $truth{ $PARTS[0] } };
    my ($res, @calls) = ask($PARTS[1], '', desktop_ids => [$id]);
    reply_is($res, 'the directory knows it', from => $week{start_time},
        entries => [ [ $id, (0) x 7 ] ]);
    is_deeply([ others($PARTS[1], @calls) ], [], 'the directory is asked as ever');
    ok((grep { $_->{api} eq 'directory' } @calls), 'it is asked');
};

subtest 'connection records are of all enterprise projects' => sub {
    my %hour = (group_by_type => 'HOUR');
    error_is((ask($PARTS[0], 'records', %hour))[0], 400, 'HOUR',
        detail => qr/usage_enterprise_project/);
    is((ask(undef, 'records', %hour))[0]{status}, 200, 'but not without a value');

    my $at = sub { "$week{start_time}T$_[0]:00Z" };
    $sim->tenant(idle => 'hidden', enterprise_projects => $TRUE,
        desktops => [ map { { desktop_id => "d$_", computer_name => "PC$_",
            users => [qw(ann bob)] } } 1 .. 2 ],
        sessions => [ map { { desktop_id => $_->[0], user_name => $_->[1],
            setup => $at->($_->[2]), end => $at->($_->[3]) } }
            [ d1 => 'ann', '08:00', '09:00' ], [ d2 => 'ann', '10:00', '12:00' ],
            [ d2 => 'bob', '13:00', '14:00' ] ]);

    my ($res, @calls) = ask($PARTS[0], 'records', desktop_username => 'bob');
    is($res->{status}, 200, "a user's days");
    ok(!(grep { $_->{api} eq 'records' } @calls),
        'are told without records');
    is_deeply([ others($PARTS[0], @calls) ], [], 'from statistics of one');

    error_is((ask($PARTS[0], 'records', desktop_username => 'bob', desktop_ids => ['d2']))[0],
        400, "a user's days on one of several desktops",
        detail => qr/usage_enterprise_project/);
};

$nginx->stop_ok;
$sim->stop;

done_testing();
