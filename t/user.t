# SPDX-License-Identifier: BSD-2-Clause
#
# One user's days, rule by rule: translation.md, "One user".

use strict;
use warnings;

use List::Util qw(sum0);
use Test::More;

use Usage::Nginx;
use Usage::Sim;
use Usage::Test;

my $TRUE  = JSON::PP::true();
my $FALSE = JSON::PP::false();

my $sim = Usage::Sim->start(args => [ '--seed', 1 ]);

my $nginx = Usage::Nginx->start(
    upstream => $sim->port,
    http     => 'usage_retries 0;',
    server   => join('',
        Usage::Nginx->at(on     => 'usage_connections on;'),
        Usage::Nginx->at(none   => 'usage_connections on; usage_connections_lookback 0;'),
        Usage::Nginx->at(string => 'usage_use_time string;'),
        Usage::Nginx->at(long   => 'usage_retention off;'),
        Usage::Nginx->at(users  => 'usage_retention desktops=180d users=10d;'))
);

# Three days that are final whatever the time is.
my %range = (start_time => day(-4), end_time => day(-2));

# --- Tenants.

# A session on the first, second or third of these days, from so many seconds
# after midnight on, and for so long.
sub used {
    my ($desktop, $user, $nth, $from, $for, %more) = @_;
    my $at = sub {
        my ($s) = @_;
        return date_add($range{start_time}, $nth - 1 + int($s / 86400))
            . sprintf 'T%02d:%02d:%02dZ', $s / 3600 % 24, $s / 60 % 60, $s % 60;
    };
    return { desktop_id => $desktop, user_name => $user, setup => $at->($from),
        end => $at->($from + $for), %more };
}

sub desktop {
    my ($id, @users) = @_;
    return { desktop_id => $id, computer_name => "PC-$id-", users => \@users };
}

my $idle;

sub tenant {
    my ($desktops, @sessions) = @_;
    $sim->faults;
    return $sim->tenant(desktops => $desktops, sessions => \@sessions,
        sid => $TRUE, resource_id => $TRUE, records_limit => 1000,
        records_clamp => $FALSE, idle => $idle);
}

# --- Calls.

# (a 401 is remembered, so each call has a token of its own)
my $serial = 0;

sub ask {
    my ($at, %body) = @_;
    $sim->clear;
    return $nginx->post(($at ? "/$at" : '') . route(), body(%range, %body),
        'X-Auth-Token' => 'token' . ++$serial);
}

sub calls { return map { $_->{api} } @{ $sim->calls } }

# The reply's entries, as [ id or undef, hours... ]; what is wrong is added to a list.
sub entries {
    my ($data, $user, $wrong) = @_;

    my @entries;
    for my $e (@{ $data->{desktop_used_info_list} || [] }) {
        push @$wrong, 'desktop_username ' . ($e->{desktop_username} // '(none)')
            if ($e->{desktop_username} // '') ne $user;
        push @$wrong, 'keys ' . join ' ', sort keys %$e
            if join(' ', sort keys %$e) ne (exists $e->{desktop_id}
                ? 'desktop_id desktop_username used_info_list'
                : 'desktop_username used_info_list');
        push @entries, [ $e->{desktop_id}, map { $_->{use_time} }
            @{ $e->{used_info_list} } ];
    }
    return @entries;
}

sub words {
    return join '; ', map { join ' ', $_->[0] // '(none)', @$_[ 1 .. $#$_ ] } @_;
}

# The reply has exactly these entries; with -total so many in all.  An entry of
# undef is the one without desktop_id, and the header says its hours.
sub is_reply {
    my ($res, $name, $user, $entries, %o) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my @wrong;
    push @wrong, "status $res->{status}" if $res->{status} != 200;
    my $data = decode($res->{body}) || {};
    my @have = entries($data, $user, \@wrong);
    push @wrong, 'entries ' . words(@have), '   not  ' . words(@$entries)
        if words(@have) ne words(@$entries);
    my $total = $o{total} // @$entries;
    push @wrong, "total_count $data->{total_count}, not $total"
        if ($data->{total_count} // -1) != $total;

    my ($rest) = grep { !defined $_->[0] } @$entries;
    my $header = $res->{headers}{'x-usage-unattributed'};
    my $hours  = $o{unattributed} // ($rest && sum0(@$rest[ 1 .. $#$rest ]));
    push @wrong, 'X-Usage-Unattributed ' . join(', ', @{ $header || ['(none)'] })
            . ', not ' . ($hours // '(none)')
        if defined $hours
        ? !$header || @$header != 1 || abs($header->[0] - $hours) > 1e-9
        : $header;

    ok(!@wrong, $name) or diag(join "\n", @wrong,
        substr($res->{body}, 0, 1500), map { "$_->{api} $_->{query}" } @{ $sim->calls });
    return @have;
}

# The same reply as the simulator's, whose sessions know all.
sub is_true {
    my ($at, $name, %body) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $res = ask($at, %body);
    my (undef, undef, $true) = $sim->legacy({ %range, %body },
        -query => 'filed=yes&gone=apart');
    my $differ = $res->{status} != 200 ? "status $res->{status}: $res->{body}"
        : same_json($res->{body}, $true);
    is($differ, '', $name) or diag("mine $res->{body}\ntrue $true\n",
        map { "$_->{api} $_->{query}\n" } @{ $sim->calls });
    return $res;
}

for (qw(shown hidden)) {
    $idle = $_;

    subtest "desktops that are the user's, idle $idle" => sub {
        for my $at ('', 'on') {
            my $with = $at ? ', with records' : '';

            tenant([ desktop('d1', 'ann'), desktop('d2', 'bob'), desktop('pool') ],
                used('d1', 'ann', 1, 3600, 1800), used('d1', 'ann', 3, 80000, 5000),
                used('d2', 'bob', 1, 0, 100));
            is_reply(ask($at, desktop_username => 'ann'), "one desktop$with", 'ann',
                [ [ 'd1', 0.5, 0, 1.39 ] ]);
            is(scalar(grep { $_ eq 'records' } calls()), $at ? 1 : 0,
                $at ? 'usage_connections on: records are fetched'
                    : 'usage_connections off: no records are fetched');

            tenant([ desktop('d1', 'ann'), desktop('d0', 'ann'), desktop('d2', 'ann') ],
                used('d1', 'ann', 1, 0, 3600), used('d0', 'ann', 1, 0, 7200),
                used('d0', 'ann', 2, 10, 36));
            is_reply(ask($at, desktop_username => 'ann'), "three desktops, two used at once$with",
                'ann', [ [ 'd0', 2, 0.01, 0 ], [ 'd1', 1, 0, 0 ], [ 'd2', 0, 0, 0 ] ]);
            is_reply(ask($at, desktop_username => 'ann', offset => 1, limit => 1),
                "a page of three desktops$with", 'ann', [ [ 'd1', 1, 0, 0 ] ], total => 3);
            is_reply(ask($at, desktop_username => 'ann', limit => 0),
                "limit 0$with", 'ann', [], total => 3);
            is_reply(ask($at, desktop_username => 'ann', offset => 3),
                "a page beyond them$with", 'ann', [], total => 3);

            tenant([ { %{ desktop('d1', 'ann') }, attach_user_infos => $FALSE },
                    { %{ desktop('d2', 'bob') }, attach_user_infos => $FALSE },
                    { %{ desktop('d3', 'annabel') }, attach_user_infos => $FALSE } ],
                used('d1', 'ann', 2, 0, 3600), used('d2', 'bob', 2, 0, 7200),
                used('d3', 'annabel', 2, 0, 60));
            is_reply(ask($at, desktop_username => 'ann'),
                "a directory that has user_name alone$with", 'ann', [ [ 'd1', 0, 1, 0 ] ]);
            is_true($at, "a directory that has user_name alone, as the simulator$with", desktop_username => 'ann');

            tenant([ desktop('d1', 'ann') ]);
            is_reply(ask($at, desktop_username => 'ann'), "a desktop that was never used$with", 'ann',
                [ [ 'd1', 0, 0, 0 ] ]);

            is_reply(ask($at, desktop_username => 'nobody'), "an unknown user$with",
                'nobody', []);
            is_reply(ask($at, desktop_username => 'an'), "a part of a name$with",
                'an', []);
            is_reply(ask($at, desktop_username => 'ANN'), "a user name in capitals$with",
                'ANN', []);
        }
    };

    subtest "names, idle $idle" => sub {
        my @names = ('Ann', 'ann', 'annabel', 'an', 'ann b', 'a+b', 'R&D', '50%', '%41nn',
            'x=y', 'a/b?c#d', 'quo"te', "O'Neill", 'back\\slash', "caf\xc3\xa9",
            "\xe7\x8e\x8b\xe4\xbc\x9f", 'bob', 'bob@corp', 'bob@corp.com', 'a,b', 'a;b', ' lead',
            '<b>', 'null', '0', 'n' x 64, ('n' x 64) . 'a', ('n' x 64) . 'b',
            "\xc3\xa9" x 70, ("\xc3\xa9" x 70) . 'x', 'y' x 255);
        my @decoded = map { my $n = $_; utf8::decode($n); $n } @names;
        for my $bare (0, 1) {
            my (@desktops, @sessions);
            for my $i (0 .. $#names) {
                push @desktops, desktop("d$i", $decoded[$i]), desktop("e$i", $decoded[$i]);
                push @sessions, used("d$i", $decoded[$i], 1, 0, 3600 * 2 + 36 * $i,
                    $bare ? (with_domain => $FALSE) : ()),
                    used("d$i", $decoded[$i], 3, 0, 360 * ($i + 1),
                    $bare ? (with_domain => $FALSE) : ());
            }
            tenant(\@desktops, @sessions);
            for my $i (0 .. $#names) {
                for my $at ('', 'on') {
                    my $res = ask($at, desktop_username => $decoded[$i]);
                    my @calls = @{ $sim->calls };
                    is_reply($res, "$i at '$at': $names[$i]", $decoded[$i],
                        [ [ "d$i", 2 + $i / 100, 0, ($i + 1) / 10 ], [ "e$i", 0, 0, 0 ] ]);
                    my @said = map { my $q = $_->{query};
                        $q =~ /[&?](?:user_name|username)=([^&]*)/ ? $1 : () } @calls;
                    s/%(..)/chr hex $1/ge for @said;
                    my @wrong = grep { $_ ne $names[$i] && length $_ < 60 } @said;
                    is(join(' ', @wrong), '',
                        "$i at '$at': the upstream gets the name as it is");
                    is(scalar(grep { $_->{query} =~ /[^!-~]|\+/ } @calls), 0,
                        "$i at '$at': the name is percent-encoded");
                    is(scalar(grep { $_->{status} != 200 } @calls), 0,
                        "$i at '$at': the upstream refuses nothing");
                }
                last if Usage::Nginx->slow && $i > 8;
            }
        }
    };

    subtest "domains, idle $idle" => sub {
        my $who = sub { return { user_name => 'ann', domain => $_[0] } };
        tenant([ desktop('d1', $who->('a.com')), desktop('d2', $who->('b.com')),
                desktop('d3', $who->('b.com')), desktop('d4', 'bob') ],
            used('d1', 'ann', 1, 0, 3600, domain => 'a.com'),
            used('d2', 'ann', 1, 0, 7200, domain => 'b.com'),
            used('d3', 'ann', 2, 0, 3600, domain => 'b.com'),
            used('d4', 'bob', 2, 0, 3600));
        for my $at ('', 'on') {
            my %ann = (desktop_username => 'ann');
            is_reply(ask($at, %ann, desktop_user_domain => 'a.com'), "a.com at '$at'",
                'ann', [ [ 'd1', 1, 0, 0 ] ]);
            is(scalar(grep { $_->{api} eq 'user-metrics' && $_->{query} !~ /&domain=a\.com/ }
                @{ $sim->calls }), 0, 'goes to the statistics of users');
            is_reply(ask($at, %ann, desktop_user_domain => 'b.com'), "b.com at '$at'",
                'ann', [ [ 'd2', 2, 0, 0 ], [ 'd3', 0, 1, 0 ] ]);
            is_reply(ask($at, %ann), "both at '$at'", 'ann',
                [ [ 'd1', 1, 0, 0 ], [ 'd2', 2, 0, 0 ], [ 'd3', 0, 1, 0 ] ]);
            is(scalar(grep { $_->{query} =~ /domain/ } @{ $sim->calls }), 0,
                "both at '$at': no domain is sent");
            for my $domain ('a.co', 'A.COM', 'c.com', 'a.com&x=y', 'a b') {
                is_reply(ask($at, %ann, desktop_user_domain => $domain),
                    "$domain at '$at'", 'ann', []);
            }
            is_reply(ask($at, %ann, desktop_user_domain => ''), "'' at '$at'", 'ann',
                [ [ 'd1', 1, 0, 0 ], [ 'd2', 2, 0, 0 ], [ 'd3', 0, 1, 0 ] ]);
            is_reply(ask($at, %ann, desktop_user_domain => 'a.com',
                desktop_ids => [ 'd2', 'd1' ]), "ids at '$at'", 'ann', [ [ 'd1', 1, 0, 0 ] ]);
        }

        # one desktop for both, another for one
        tenant([ desktop('d1', $who->('a.com'), $who->('b.com')), desktop('d2', $who->('b.com')) ],
            used('d1', 'ann', 1, 0, 3600, domain => 'a.com'),
            used('d1', 'ann', 1, 7200, 7200, domain => 'b.com'),
            used('d2', 'ann', 2, 0, 360, domain => 'b.com'));
        for my $at ('', 'on') {
            is_true($at, "$_ of one desktop, at '$at'", desktop_username => 'ann',
                desktop_user_domain => $_) for qw(a.com b.com);
            is_true($at, "both of one desktop, at '$at'", desktop_username => 'ann');
        }

        # records whose user has no domain
        tenant([ desktop('d1', $who->('a.com')), desktop('d2', $who->('b.com')),
                desktop('p1'), desktop('p2') ],
            used('d1', 'ann', 1, 0, 3600, domain => 'a.com', with_domain => $FALSE),
            used('d2', 'ann', 1, 0, 7200, domain => 'b.com', with_domain => $FALSE),
            used('p1', 'ann', 3, 0, 3600, domain => 'b.com'),
            used('p2', 'ann', 3, 0, 1800, domain => 'a.com'));
        is_true('on', "bare names, $_", desktop_username => 'ann',
            desktop_user_domain => $_) for qw(a.com b.com);
        is_true('on', 'bare names, both', desktop_username => 'ann');

        # a directory that tells no domain
        tenant([ { %{ desktop('d1', $who->('a.com')) }, attach_user_infos => $FALSE } ],
            used('d1', 'ann', 1, 0, 3600, domain => 'a.com'));
        is_reply(ask($_, desktop_username => 'ann', desktop_user_domain => 'a.com'),
            "by user_name at '$_'", 'ann', [ [ 'd1', 1, 0, 0 ] ]) for '', 'on';
    };

    subtest "shared desktops, pools and groups, idle $idle" => sub {
        my %ann = (desktop_username => 'ann');

        # one shared desktop: the time that the own ones don't have is of it
        tenant([ desktop('d1', 'ann'), desktop('s1', 'ann', 'bob'), desktop('s9', 'bob', 'eve') ],
            used('d1', 'ann', 1, 0, 3600), used('d1', 'ann', 2, 0, 3600),
            used('s1', 'ann', 1, 600, 1800), used('s1', 'bob', 1, 3000, 9000),
            used('s1', 'ann', 3, 0, 18), used('s9', 'bob', 3, 0, 500));
        for my $at ('', 'on') {
            is_reply(ask($at, %ann), "one shared desktop at '$at'", 'ann',
                [ [ 'd1', 1, 1, 0 ], [ 's1', 0.5, 0, 0.01 ] ]);
            is_reply(ask($at, desktop_username => 'eve'), "a shared desktop without use at '$at'", 'eve',
                [ [ 's9', 0, 0, 0 ] ]);
            is_reply(ask($at, %ann, desktop_ids => ['s1']), "a shared desktop that is requested, at '$at'",
                'ann', [ [ 's1', 0.5, 0, 0.01 ] ]);
            is_reply(ask($at, %ann, desktop_ids => [ 'x', 's1', 's9', 'd1', 's1' ]),
                "requested desktops in their order, without those of others, at '$at'", 'ann',
                [ [ 's1', 0.5, 0, 0.01 ], [ 'd1', 1, 1, 0 ] ]);
            is_reply(ask($at, %ann, desktop_ids => ['s9']), "the desktop of another user at '$at'", 'ann', []);
            is_reply(ask($at, %ann, desktop_ids => ['x']), "an unknown desktop at '$at'",
                'ann', []);
            is_reply(ask($at, %ann, desktop_ids => ['d1']), "the own desktop at '$at'", 'ann',
                [ [ 'd1', 1, 1, 0 ] ]);
        }
        tenant([ desktop('s1', 'ann', 'bob') ], used('s1', 'bob', 1, 0, 3600));
        is_reply(ask($_, %ann), "a shared desktop that others use, at '$_'", 'ann', [ [ 's1', 0, 0, 0 ] ])
            for '', 'on';

        # two shared desktops: only records can tell which was used
        my @two = ([ desktop('d1', 'ann'), desktop('s1', 'ann', 'bob'),
                desktop('s2', 'ann', 'bob') ],
            used('d1', 'ann', 1, 0, 7200), used('s1', 'ann', 1, 0, 3600),
            used('s1', 'bob', 1, 0, 36000), used('s2', 'ann', 2, 0, 1800),
            used('s2', 'ann', 3, 0, 900), used('s1', 'ann', 3, 300, 900));
        tenant(@two);
        my @split = ([ 'd1', 2, 0, 0 ], [ 's1', 1, 0, 0.25 ], [ 's2', 0, 0.5, 0.25 ]);
        my @unsplit = ([ 'd1', 2, 0, 0 ], [ 's1', 0, 0, 0 ], [ 's2', 0, 0, 0 ],
            [ undef, 1, 0.5, 0.5 ]);
        is_reply(ask('on', %ann), 'two shared desktops, with records', 'ann', \@split);
        is_reply(ask('', %ann), 'two shared desktops, without records', 'ann', \@unsplit);
        is_reply(ask('', %ann, limit => 3), 'the entry without desktop_id is the last', 'ann',
            [ @unsplit[ 0 .. 2 ] ], total => 4, unattributed => 2);
        is_reply(ask('', %ann, offset => 3), 'a page with that entry alone', 'ann', [ $unsplit[3] ], total => 4);
        is_reply(ask('', %ann, offset => 2, limit => 2), 'a page with that entry and another', 'ann',
            [ @unsplit[ 2, 3 ] ], total => 4);
        is_reply(ask('', %ann, offset => 4), 'a page beyond that entry', 'ann', [], total => 4,
            unattributed => 2);
        is_reply(ask('', %ann, limit => 0), 'limit 0 with that entry', 'ann', [], total => 4,
            unattributed => 2);
        is_reply(ask('on', %ann, desktop_ids => [ 's2', 'd1' ]), 'requested desktops, with records',
            'ann',
            [ @split[ 2, 0 ] ]);
        is_reply(ask('', %ann, desktop_ids => ['d1']), 'the own desktop without records', 'ann', [ $split[0] ]);
        error_is(ask('', %ann, desktop_ids => $_), 400, "without records, time on @$_ is not told",
            detail => [ qr/ann/, qr/usage_connections/, qr/s[12]/ ])
            for ['s1'], [ 'd1', 's2' ], [ 's1', 's2', 'x' ];
        is_reply(ask('', desktop_username => 'bob'), 'another user of both shared desktops, without records', 'bob',
            [ [ 's1', 0, 0, 0 ], [ 's2', 0, 0, 0 ], [ undef, 10, 0, 0 ] ]);

        # records of sessions that began before the range
        tenant([ desktop('s1', 'ann', 'bob'), desktop('s2', 'ann', 'bob') ],
            used('s1', 'ann', 0, 82800, 7200), used('s2', 'ann', 2, 0, 1800));
        is_reply(ask('on', %ann), 'a session that began before the range', 'ann',
            [ [ 's1', 1, 0, 0 ], [ 's2', 0, 0.5, 0 ] ]);
        is_reply(ask('none', %ann), 'without look-back, its time is in the entry without desktop_id', 'ann',
            [ [ 's1', 0, 0, 0 ], [ 's2', 0, 0.5, 0 ], [ undef, 1, 0, 0 ] ]);
        error_is(ask('none', %ann, desktop_ids => ['s1']), 502, 'without look-back, a requested desktop is a 502, and not 0',
            detail => [ qr/ann/, qr/s1/, qr/record/ ]);

        # a pool
        tenant([ desktop('d1', 'ann'), desktop('p1'), desktop('p2') ],
            used('d1', 'ann', 1, 0, 3600), used('p1', 'ann', 1, 0, 1800),
            used('p2', 'ann', 1, 0, 900), used('p2', 'bob', 1, 0, 9000),
            used('p2', 'bob', 2, 0, 9000));
        is_reply(ask('on', %ann), 'a pool, with records', 'ann',
            [ [ 'd1', 1, 0, 0 ], [ 'p1', 0.5, 0, 0 ], [ 'p2', 0.25, 0, 0 ] ]);
        is_reply(ask('', %ann), 'a pool, without records', 'ann',
            [ [ 'd1', 1, 0, 0 ], [ undef, 0.75, 0, 0 ] ]);
        is_reply(ask('on', desktop_username => 'bob'), 'a user of a pool only, with records', 'bob',
            [ [ 'p2', 2.5, 2.5, 0 ] ]);
        is_reply(ask('', desktop_username => 'bob'), 'a user of a pool only, without records', 'bob',
            [ [ undef, 2.5, 2.5, 0 ] ]);
        is_reply(ask('on', %ann, desktop_ids => [ 'p2', 'p1' ]), 'desktops of a pool', 'ann',
            [ [ 'p2', 0.25, 0, 0 ], [ 'p1', 0.5, 0, 0 ] ]);
        error_is(ask('', %ann, desktop_ids => ['p1']), 400, 'a pool without records is not told',
            detail => [ qr/p1/, qr/usage_connections/ ]);
        is_reply(ask('', %ann, desktop_ids => ['d1']), 'the own desktop beside a pool', 'ann',
            [ [ 'd1', 1, 0, 0 ] ]);

        # a group, called like a user
        tenant([ { desktop_id => 'g1', computer_name => 'G', group => 'ann' }, desktop('d1', 'ann') ],
            used('g1', 'bob', 1, 0, 3600), used('d1', 'ann', 1, 0, 1800));
        is_true($_, "a group is no user, at '$_'", %ann) for '', 'on';
        is_reply(ask('', %ann), 'a group called like the user adds nothing', 'ann', [ [ 'd1', 0.5, 0, 0 ] ]);
        tenant([ { desktop_id => 'g1', computer_name => 'G', group => 'dev' } ],
            used('g1', 'ann', 1, 0, 3600), used('g1', 'bob', 1, 3600, 3600));
        is_reply(ask('on', %ann), 'a desktop of a group, with records', 'ann', [ [ 'g1', 1, 0, 0 ] ]);
        is_reply(ask('', %ann), 'a desktop of a group, without records', 'ann', [ [ undef, 1, 0, 0 ] ]);
        error_is(ask('', %ann, desktop_ids => ['g1']), 400,
            'a desktop of a group without records is not told');

        # a user and a group on one desktop
        tenant([ { %{ desktop('m1', 'ann') }, group => 'dev' }, desktop('d1', 'ann') ],
            used('m1', 'ann', 1, 0, 3600), used('m1', 'bob', 1, 0, 7200),
            used('d1', 'ann', 1, 7200, 360));
        is_reply(ask($_, %ann), "a desktop of the user and a group, at '$_'", 'ann',
            [ [ 'd1', 0.1, 0, 0 ], [ 'm1', 1, 0, 0 ] ]) for '', 'on';

        # with records the time is parted; statistics alone give all to the shared one
        tenant([ desktop('s1', 'ann', 'bob'), desktop('p1') ],
            used('s1', 'ann', 1, 0, 3600), used('p1', 'ann', 1, 7200, 1800));
        is_reply(ask('on', %ann), 'a shared desktop and a pool, with records', 'ann',
            [ [ 'p1', 0.5, 0, 0 ], [ 's1', 1, 0, 0 ] ]);
    };

    subtest "desktops that are gone, idle $idle" => sub {
        my %ann = (desktop_username => 'ann');
        tenant([ desktop('d1', 'ann'), { %{ desktop('g1', 'ann') }, in_directory => $FALSE },
                desktop('p1') ],
            used('d1', 'ann', 1, 0, 3600), used('g1', 'ann', 1, 3600, 1800),
            used('g1', 'ann', 3, 3600, 1800), used('p1', 'ann', 3, 7200, 360));
        is_reply(ask('on', %ann), 'a deleted desktop, with records', 'ann',
            [ [ 'd1', 1, 0, 0 ], [ 'p1', 0, 0, 0.1 ], [ undef, 0.5, 0, 0.5 ] ]);
        is_reply(ask('', %ann), 'a deleted desktop, without records', 'ann',
            [ [ 'd1', 1, 0, 0 ], [ undef, 0.5, 0, 0.6 ] ]);
        is_reply(ask('on', %ann, desktop_ids => [ 'p1', 'd1' ]), 'requested desktops beside a deleted one',
            'ann', [ [ 'p1', 0, 0, 0.1 ], [ 'd1', 1, 0, 0 ] ]);
        is_reply(ask('on', %ann, desktop_ids => ['g1']),
            'a deleted desktop that is requested is not listed', 'ann', []);
        my $mark = $nginx->log_mark;
        ask('on', %ann);
        like($nginx->log_line(qr/PC-g1-/, $mark) // '', qr/warn/,
            'the error log names the deleted desktop');
    };

    subtest "records that lead nowhere, idle $idle" => sub {
        my %ann   = (desktop_username => 'ann');
        my @stray = (computer_name => 'OLD', sid => undef);

        # what nobody else has is known without them
        tenant([ desktop('d1', 'ann'), desktop('d2', 'ann') ],
            used('d1', 'ann', 1, 0, 3600), used('d2', 'ann', 2, 0, 1800, @stray));
        is_reply(ask('', %ann), 'an own desktop, without records', 'ann',
            [ [ 'd1', 1, 0, 0 ], [ 'd2', 0, 0.5, 0 ] ]);
        is_reply(ask('on', %ann), 'an own desktop', 'ann',
            [ [ 'd1', 1, 0, 0 ], [ 'd2', 0, 0.5, 0 ] ]);
        is_reply(ask('on', %ann, desktop_ids => ['d2']), 'an own desktop that is requested', 'ann',
            [ [ 'd2', 0, 0.5, 0 ] ]);

        # of the others it may be any
        tenant([ desktop('s1', 'ann', 'bob'), desktop('s2', 'ann', 'bob') ],
            used('s1', 'ann', 1, 0, 3600), used('s2', 'ann', 2, 0, 1800, @stray));
        is_reply(ask('on', %ann), 'two shared', 'ann',
            [ [ 's1', 1, 0, 0 ], [ 's2', 0, 0, 0 ], [ undef, 0, 0.5, 0 ] ]);
        error_is(ask('on', %ann, desktop_ids => ['s2']), 502, 'a requested desktop that records may belong to',
            detail => [ qr/0\.50 hours/, qr/"s2"/ ]);

        # the sid leads to a desktop, whatever the name is; the name, if the sid is
        # unknown or missing
        tenant([ desktop('s1', 'ann', 'bob'), desktop('s2', 'ann', 'bob') ],
            used('s1', 'ann', 1, 0, 3600, computer_name => 'PC-s2-'),
            used('s2', 'ann', 2, 0, 1800, sid => undef),
            used('s2', 'ann', 3, 0, 1800, sid => ''));
        is_reply(ask('on', %ann), 'sid and name', 'ann',
            [ [ 's1', 1, 0, 0 ], [ 's2', 0, 0.5, 0.5 ] ]);
        $sim->config(sid => $FALSE);
        is_reply(ask('on', desktop_username => 'bob'), 'bob has none', 'bob',
            [ [ 's1', 0, 0, 0 ], [ 's2', 0, 0, 0 ] ]);
        $sim->config(sid => $TRUE);
    };

    # With records without sid, a name is all that leads to a desktop.
    subtest "two desktops of one name, idle $idle" => sub {
        my %ann = (desktop_username => 'ann');
        my @twins = map { +{ %$_, computer_name => 'TWIN' } }
            desktop('t1', 'ann'), desktop('t2'), desktop('t3', 'bob');
        tenant([ @twins, desktop('d1', 'ann') ],
            used('t1', 'ann', 1, 0, 360), used('t2', 'ann', 1, 7200, 3600),
            used('d1', 'ann', 2, 0, 1800));
        my @true = ([ 'd1', 0, 0.5, 0 ], [ 't1', 0.1, 0, 0 ]);
        is_reply(ask('on', %ann), 'two desktops of one name are told apart by sid', 'ann',
            [ @true, [ 't2', 1, 0, 0 ] ]);
        is_reply(ask('', %ann), 'without records', 'ann', [ @true, [ undef, 1, 0, 0 ] ]);
        $sim->config(sid => $FALSE);
        for my $body ({}, { desktop_ids => [ 't1', 'd1' ] }, { desktop_ids => ['t2'] }) {
            my $res = ask('on', %ann, %$body);
            my @have = entries(decode($res->{body}) || {}, 'ann', []);
            my ($t1) = grep { ($_->[0] // '') eq 't1' } @have;
            ok($res->{status} == 502 || $res->{status} == 200
                && (!$t1 || $t1->[1] == 0.1)
                && ($body->{desktop_ids} || [''])->[0] ne 't2',
                body(%$body) . ': an error, or nothing of another desktop')
                or diag($res->{body});
        }
        $sim->config(sid => $TRUE);
    };

    subtest "days, idle $idle" => sub {
        my %ann = (desktop_username => 'ann');
        tenant([ desktop('d1', 'ann'), desktop('d2', 'ann') ],
            used('d1', 'ann', 1, 82800, 7200), used('d2', 'ann', 1, 40000, 36 * 3));
        is_reply(ask('string', %ann), 'use_time as strings', 'ann',
            [ [ 'd1', '1.00', '1.00', '0.00' ], [ 'd2', '0.03', '0.00', '0.00' ] ]);
        like(ask('string', %ann)->{body}, qr/"use_time":"1\.00"/,
            'use_time of usage_use_time string is a string');
        is_reply(ask('', %ann, start_time => day(1), end_time => day(2)), "a user's days in the future",
            'ann', [ [ 'd1', 0, 0 ], [ 'd2', 0, 0 ] ]);
        is(join(' ', calls()), 'directory', 'the future takes a call of the directory only');
        is_reply(ask('on', %ann, start_time => day(1), end_time => day(2),
            desktop_ids => [ 'd2', 'x' ]), 'one in the future', 'ann', [ [ 'd2', 0, 0 ] ]);
        SKIP: {
            skip 'midnight is near', 9 if near_midnight();
            for my $at ('', 'on') {
                error_is(ask($at, %ann, start_time => day(-31), end_time => day(-30)), 400,
                    'older than 30 days', detail => [ qr/start_time/, qr/30|retention/ ]);
                is(scalar calls(), 0, 'days older than 30 make no upstream call');
                is(ask($at, %ann, start_time => day(-30), end_time => day(0))->{status}, 200,
                    'up to 30 days');
            }
            error_is(ask('users', %ann, start_time => day(-11), end_time => day(-9)), 400,
                'users=10d');
            is(ask('long', %ann, start_time => day(-45), end_time => day(-40))->{status}, 200,
                'usage_retention off');

            # an open session, and one of today, are not filed yet
            $sim->tenant(desktops => [ desktop('d1', 'ann') ], idle => $idle, sessions => [
                { desktop_id => 'd1', user_name => 'ann', setup => day(-3) . 'T12:00:00Z' } ]);
            is_true('', 'an open session', %ann, start_time => day(-4), end_time => day(1));
            is_true('on', 'an open session, with records', %ann, start_time => day(-4), end_time => day(1));
        }
    };

    subtest "rights, idle $idle" => sub {
        my %ann = (desktop_username => 'ann');
        my $refuse = sub {
            my ($api, $status) = @_;
            $sim->faults({ fault => 'status', status => $status || 403, api => $api,
                code => 'WKS.0403', msg => "no $api", encoded => 'abc' });
        };
        my $refused = sub {
            my ($res, $api, $name) = @_;
            is($res->{status}, 403, $name) or diag($res->{body});
            my $data = decode($res->{body}) || {};
            is_deeply([ @$data{qw(error_code error_msg encoded_authorization_message)} ],
                [ 'WKS.0403', "no $api", 'abc' ], "$name: the refusal goes back as it is");
        };

        # dedicated and one shared: records are not needed
        tenant([ desktop('d1', 'ann'), desktop('s1', 'ann', 'bob') ],
            used('d1', 'ann', 1, 0, 3600), used('s1', 'ann', 1, 7200, 1800),
            used('s1', 'bob', 1, 0, 1800));
        for my $at ('', 'on') {
            $refuse->($_), $refused->(ask($at, %ann), $_, "$_ at '$at'")
                for qw(directory user-metrics), $at ? () : 'desktop-metrics';
            $refuse->('records');
            is_reply(ask($at, %ann), 'records, not needed', 'ann',
                [ [ 'd1', 1, 0, 0 ], [ 's1', 0.5, 0, 0 ] ]);
            is_reply(ask($at, %ann, desktop_ids => ['d1']), 'nor of that one', 'ann',
                [ [ 'd1', 1, 0, 0 ] ]);
        }

        # two shared: they are
        tenant([ desktop('d1', 'ann'), desktop('s1', 'ann', 'bob'), desktop('s2', 'ann', 'bob') ],
            used('d1', 'ann', 1, 0, 3600), used('s1', 'ann', 1, 7200, 1800),
            used('s2', 'ann', 2, 0, 1800));
        $refuse->('records');
        $refused->(ask('on', %ann), 'records', 'records, needed for two shared desktops');
        $refused->(ask('on', %ann, desktop_ids => ['s1']), 'records',
            'records, needed for a requested desktop');
        is_reply(ask('on', %ann, desktop_ids => ['d1']), 'not for the own one', 'ann',
            [ [ 'd1', 1, 0, 0 ] ]);
        is(ask('', %ann)->{status}, 200, 'without usage_connections records are not needed');
        $refuse->('records', 401);
        is(ask('on', %ann)->{status}, 401,
            'a 401 of the records is the reply');
        $refuse->('directory', 401);
        is(ask('', %ann)->{status}, 401, 'a 401 of the directory is the reply');

        # two shared, and no time on them
        tenant([ desktop('d1', 'ann'), desktop('s1', 'ann', 'bob'), desktop('s2', 'ann', 'bob') ],
            used('d1', 'ann', 1, 0, 3600), used('s2', 'bob', 2, 0, 1800));
        $refuse->('records');
        is_reply(ask('on', %ann), 'nothing to split', 'ann',
            [ [ 'd1', 1, 0, 0 ], [ 's1', 0, 0, 0 ], [ 's2', 0, 0, 0 ] ]);
        $sim->faults;
    };

    # Whatever is wrong with an API: the true reply, or an error.
    subtest "faults, idle $idle" => sub {
        my (@desktops, @sessions);
        for my $i (1 .. 130) {
            push @desktops, desktop("f$i", "ann$i");
            push @sessions, used("f$i", "ann$i", 1, 0, 60 * $i);
        }
        my @tenants = (
            dedicated => [ [ desktop('d1', 'ann'), desktop('d2', 'ann'), @desktops ],
                used('d1', 'ann', 1, 0, 3600), used('d2', 'ann', 2, 0, 1800), @sessions ],
            shared => [ [ desktop('d1', 'ann'), desktop('s1', 'ann', 'bob'), @desktops ],
                used('d1', 'ann', 1, 0, 3600), used('s1', 'ann', 2, 0, 1800),
                used('s1', 'ann', 3, 80000, 1800), used('s1', 'bob', 3, 0, 70000), @sessions ],
            several => [ [ desktop('d1', 'ann'), desktop('s1', 'ann', 'bob'),
                    desktop('s2', 'ann', 'bob'), desktop('p1'), @desktops ],
                used('d1', 'ann', 1, 0, 3600), used('s1', 'ann', 2, 0, 1800),
                used('s2', 'ann', 2, 0, 360), used('p1', 'ann', 3, 0, 36),
                used('p1', 'ann', 3, 86000, 36),
                (map { used('d1', 'ann', 1, 7200 + 60 * $_, 30) } 1 .. 110), @sessions ],
        );
        my @faults = (
            (map { { fault => 'status', status => $_ } } 500, 503, 404, 400, 429),
            { fault => 'reset' }, { fault => 'cut' }, { fault => 'truncate' },
            { fault => 'garble' }, { fault => 'text' }, { fault => 'empty' },
            { fault => 'gzip' }, { fault => 'no-id' }, { fault => 'no-items' },
            { fault => 'null-items' }, { fault => 'no-count' },
            (map { { fault => 'lying-count', delta => $_ } } 1, -1, 100),
            (map { { fault => 'rows', delta => $_ } } 1, -1),
            (map { { fault => 'shift', by => $_ } } 1, -1),
            { fault => 'shift', by => 1, keep_count => $TRUE },
            (map { { fault => 'duplicate', row => $_ } } 0, 3),
            (map { { fault => $_ } } qw(negative string huge bad-time end-first
                unsorted extra chunked pad)),
            { fault => 'value', text => '1e999' }, { fault => 'value', text => '{}' },
        );
        while (my ($name, $t) = splice @tenants, 0, 2) {
            tenant(@$t);
            for my $at ('', 'on') {
                next if $name eq 'several' && !$at;
                my %body = (desktop_username => 'ann', %range);
                my (undef, undef, $true) = $sim->legacy(\%body, -query => 'filed=yes&gone=apart');
                my ($good, $bad, @wrong) = (0, 0);
                for my $limit (1000, 100) {
                $sim->config(records_limit => $limit);
                for my $fault (@faults) {
                    for my $api (qw(directory user-metrics desktop-metrics records)) {
                        for my $count (undef, 1) {
                            next if Usage::Nginx->slow && ($count || $limit == 100);

                            # (that one leads nowhere, and isn't wrong)
                            next if $api eq 'records' && $fault->{fault} eq 'no-id';
                            my %f = (%$fault, api => $api, $count ? (count => $count) : ());
                            $sim->faults(\%f);
                            my $res = ask($at, %body);
                            if ($res->{status} == 200) {
                                $good++;
                                my $differ = same_json($res->{body}, $true);
                                push @wrong, $json->encode(\%f) . ": $differ\n$res->{body}"
                                    if $differ;
                            } else {
                                $bad++;
                                push @wrong, "no error: $res->{body}"
                                    unless defined((decode($res->{body}) || {})->{error_code});
                            }
                        }
                    }
                }
                }
                $sim->faults;
                is(scalar @wrong, 0, "$name at '$at': $good true, $bad errors")
                    or diag(join "\n", map { substr $_, 0, 700 } @wrong);
                cmp_ok($bad, '>', 20, 'there were errors');
                cmp_ok($good, '>', 10, 'there were true replies');
            }
        }
    };
}

subtest 'the filter of records by name' => sub {
    my @sessions = (used('d1', 'ann', 1, 3600, 1800), used('p1', 'ann', 1, 7200, 7200),
        used('p2', 'ann', 3, 100, 3600), used('p2', 'annabel', 2, 0, 1800));
    my $read = sub {
        return join ' ', map { $_->{query} =~ /user_name=(\w+)/ ? $1 : 'all' }
            grep { $_->{api} eq 'records' } @{ $sim->calls };
    };
    for my $names (qw(fuzzy exact full)) {
        for my $domain ($TRUE, $FALSE) {
            tenant([ desktop('d1', { user_name => 'ann', domain => 'corp' }), desktop('p1'), desktop('p2') ],
                map { { %$_, domain => 'corp' } } @sessions);
            $sim->config(records_names => $names, records_domain => $domain);
            my $how = "$names, " . ($domain ? 'with domains' : 'without domains');
            my $all = $names eq 'full' && $domain ? ' all' : '';
            for my $body ({}, { desktop_ids => ['p2'] }, { desktop_user_domain => 'corp' }) {
                is_true('on', "$how: " . body(%$body), desktop_username => 'ann', %$body);
                is($read->(), "ann$all", "$how: the calls for records");
            }
            is_true('on', "$how: nobody", desktop_username => 'nobody');
            is($read->(), 'nobody', "$how: the call for records of nobody");
        }
    }

    # what the filter leaves out may be seconds only
    tenant([ desktop('p1'), desktop('p2') ], { %{ used('p1', 'ann', 1, 7200, 7200) }, with_domain => $FALSE },
        used('p2', 'ann', 1, 20000, 36));
    $sim->config(records_names => 'full', records_domain => $TRUE);
    is_true('on', 'a short session under another name', desktop_username => 'ann');
    is($read->(), 'ann all', 'a short session under another name: the calls for records');
    $sim->config(records_names => 'fuzzy', records_domain => $TRUE);
};

subtest 'records that are no longer kept' => sub {
    # statistics of users go back further, so there is an entry without a desktop
    tenant([ desktop('d1', 'ann'), desktop('p1'), desktop('p2') ],
        used('d1', 'ann', 1, 3600, 1800), used('p1', 'ann', 1, 7200, 7200),
        used('p2', 'ann', 3, 100, 3600));
    $sim->config(records_days => 3);
    is_reply(ask('on', desktop_username => 'ann'), 'what they lack has no desktop', 'ann',
        [ [ 'd1', 0.5, 0, 0 ], [ 'p2', 0, 0, 1 ], [ undef, 2, 0, 0 ] ]);
    error_is(ask('on', desktop_username => 'ann', desktop_ids => ['p1']), 502,
        'what they lack may be of a requested desktop', detail => [ qr/2\.00 hours/, qr/"p1"/ ]);
    $sim->config(records_days => 30);
};

$nginx->stop_ok;
$sim->stop;

done_testing();
