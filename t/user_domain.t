# SPDX-License-Identifier: BSD-2-Clause
#
# desktop_user_domain, where the service knows the filter by domain and where it
# doesn't: translation.md, "One user".

use strict;
use warnings;

use Test::More;

use Usage::Nginx;
use Usage::Sim;
use Usage::Test;

my ($TRUE, $FALSE) = (JSON::PP::true(), JSON::PP::false());
my $NOWHERE = qr/domain=no-such-domain\.invalid/;

my $sim = Usage::Sim->start(args => [ '--seed', 1 ]);
my $nginx = Usage::Nginx->start(
    upstream => $sim->port,
    server   => Usage::Nginx->at(records => 'usage_connections on;')
);
my %range = (start_time => day(-4), end_time => day(-3));

# Two users called ann. The one of a.com has d1 alone, and uses the pool desktop p.
sub tenant {
    my ($knows, @more) = @_;
    my $used = sub {
        my ($id, $domain, $from, $to) = @_;
        return { desktop_id => $id, user_name => 'ann', domain => $domain,
            map { $_ => "$range{start_time}T" . ($_ eq 'setup' ? $from : $to) . ':00Z' }
                qw(setup end) };
    };
    $sim->tenant(idle => 'hidden', statistics_domain => $knows, records_domain => $TRUE,
        users => [ map { { user_name => 'ann', domain => $_ } } qw(a.com b.com) ],
        desktops => [ { desktop_id => 'd1', computer_name => 'PC1',
                users => [ { user_name => 'ann', domain => 'a.com' } ] },
            map { { desktop_id => $_, computer_name => "PC-$_" } } qw(p q) ],
        sessions => [ map { $used->(@$_) } [ d1 => 'a.com', '08:00', '09:00' ], @more ]);
    return;
}

my $serial = 0;

sub ask {
    my ($at, %body) = @_;
    my $token = delete $body{-token} // 'token' . ++$serial;
    $sim->clear;
    my $res = $nginx->post((length $at ? "/$at" : '') . route(),
        body(%range, desktop_username => 'ann', desktop_user_domain => 'a.com', %body),
        'X-Auth-Token' => $token);
    return ($res, scalar grep { $_->{query} =~ $NOWHERE } @{ $sim->calls });
}

subtest 'the service knows it' => sub {
    tenant($TRUE, [ p => 'a.com', '10:00', '12:00' ], [ p => 'b.com', '13:00', '16:00' ]);
    my ($res, $asked) = ask('', -token => 'one');
    is($res->{status}, 200, 'a reply');
    is($res->{headers}{'x-usage-unattributed'}[0], 2, 'with what is on no known desktop');
    is($asked, 1, 'one call finds out');
    is((ask('', -token => 'one'))[1], 0, 'and no other one');
    is((ask('', desktop_user_domain => undef))[1], 0, 'none without a domain');
};

subtest 'the service ignores it' => sub {
    tenant($FALSE, [ p => 'a.com', '10:00', '12:00' ], [ q => 'b.com', '13:00', '17:00' ]);
    my $detail = qr/ignore desktop_user_domain "a\.com": up to 6\.00 hours/;

    for my $first (1, 0) {
        my ($res, $asked) = ask('', -token => 'two');
        error_is($res, 400, 'an error that says so', detail => $detail);
        is($asked, $first, $first ? 'one call finds out' : 'which is remembered');
    }

    my ($res) = ask('', desktop_ids => ['d1']);
    is_deeply([ use_of($res, 'd1') ], [ 1, 0 ], "a desktop of the user's alone");

    # records of all domains are more than this user's
    error_is((ask('records'))[0], 400, 'records that leave a doubt', detail => qr/up to 4\.00 hours/);
    ($res) = ask('', desktop_user_domain => undef);
    is($res->{status}, 200, 'all users of the name');
};

subtest 'desktops or records tell' => sub {
    tenant($FALSE);
    my ($res, $asked) = ask('');
    is_deeply([ use_of($res, 'd1') ], [ 1, 0 ], 'desktops account for all');
    is($asked, 0, 'no call is needed');

    tenant($FALSE, [ p => 'a.com', '10:00', '12:00' ]);
    ($res, $asked) = ask('records');
    is_deeply([ map { [ use_of($res, $_) ] } qw(d1 p) ], [ [ 1, 0 ], [ 2, 0 ] ], 'records do');
    is($asked, 0, 'no call is needed');
};

# Records that don't tell the domain are of both users called ann, and add up to what
# the service says of both.
subtest 'records without domains tell nothing' => sub {
    tenant($FALSE, [ p => 'a.com', '10:00', '12:00' ], [ q => 'b.com', '13:00', '17:00' ]);
    $sim->config(records_domain => $FALSE);
    error_is((ask('records', @$_))[0], 400, join(' ', 'of', map { ref ? "@$_" : $_ } @$_),
        detail => qr/ignore desktop_user_domain "a\.com": up to [67]\.00 hours/)
        for [], [ desktop_ids => ['p'] ], [ desktop_ids => ['q'] ], [ group_by_type => 'HOUR' ];

    my ($res) = ask('records', desktop_ids => ['d1']);
    is_deeply([ use_of($res, 'd1') ], [ 1, 0 ], "a desktop of the user's alone");
    ($res) = ask('records', desktop_user_domain => undef);
    is_deeply([ map { (use_of($res, $_))[0] } qw(d1 p q) ], [ 1, 2, 4 ], 'all users of the name');
};

$nginx->stop_ok;
$sim->stop;

done_testing();
