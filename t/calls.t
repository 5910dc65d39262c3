# SPDX-License-Identifier: BSD-2-Clause
#
# How few upstream calls a legacy call takes, and how many at a time.

use strict;
use warnings;

use Test::More;

use Usage::Nginx;
use Usage::Sim;
use Usage::Test;
use Usage::Upstream qw(json_reply page row window desktop_ids);

my $sim   = Usage::Sim->start(args => [ '--seed', 1 ]);
my $nginx = Usage::Nginx->start(
    upstream => $sim->port,
    server   => join('',
        map { Usage::Nginx->at("c$_", "usage_concurrency $_;") } 1, 2, 3, 20)
);

sub ask {
    my ($where, %body) = @_;
    $sim->clear;
    return $nginx->post($where . route(), body(%body), 'X-Auth-Token' => 'token');
}

# The last call's upstream calls; each has to be one of its kind.
sub calls {
    my ($name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @calls = grep { $_->{api} ne 'control' } @{ $sim->calls };
    my %times;
    $times{"$_->{path}?$_->{query}"}++ for @calls;
    my @twice = grep { $times{$_} > 1 } keys %times;
    is(scalar @twice, 0, "$name: none twice") or diag(join "\n", @twice);
    return @calls;
}

sub is_true {
    my ($res, $name, %body) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is($res->{status}, 200, $name) or diag($res->{body});
    is(same_json($res->{body}, ($sim->legacy({%body}))[2]), '', "$name: true");
}

my %month = (start_time => day(-32), end_time => day(-2));

for my $idle (qw(shown hidden)) {
    subtest "100 desktops, 31 days, idle $idle" => sub {
        $sim->tenant(seed => 5, desktops => 100, days => 40, idle => $idle);
        my $res = ask('', %month);
        is(scalar(calls('all')), 31, 'one a day');
        is_true($res, 'the reply', %month);

        for (101, 250) {
            $sim->tenant(seed => 5, desktops => $_, days => 40, idle => $idle);
            my %day = (start_time => day(-3), end_time => day(-3));
            my $res = ask('', %day);
            my $total = (decode($res->{body}) || {})->{total_count} || 0;
            is(scalar(calls("$_")), int(($total + 99) / 100) || 1,
                "$_, one day: a call for each page");
            is_true($res, 'the reply', %day);
        }
    };

    subtest "limit 0, idle $idle" => sub {
        for my $n (0, 1, 100, 101, 1000) {
            $sim->tenant(seed => 6, desktops => $n, days => 40, idle => $idle);
            for my $range ({%month}, {}, { start_time => day(-9) },
                { start_time => day(-1), end_time => day(3) })
            {
                my %body = (%$range, limit => 0);
                my $res = ask('', %body);
                my $total = (decode($res->{body}) || {})->{total_count} || 0;
                is(scalar(calls("$n")), int(($total + 99) / 100) || 1,
                    "$n desktops: one window, however many days");
                is_true($res, "$n desktops", %body);
            }
        }
        my %ids = (%month, limit => 0, desktop_ids => [ 'nobody',
            @{ $sim->desktops }[ 0 .. 9 ] ]);
        is_true(ask('', %ids), 'limit 0 with desktop_ids', %ids);
    };

    subtest "the future costs nothing, idle $idle" => sub {
        plan skip_all => 'midnight is near' if near_midnight();
        $sim->tenant(seed => 7, desktops => 30, days => 40, idle => $idle);

        my %ahead = (start_time => day(1), end_time => day(31));
        my $res = ask('', %ahead);
        is(scalar(calls('ahead')), 0, 'a month ahead: no call');
        is_true($res, 'the reply', %ahead);

        $res = ask('', %ahead, limit => 0);
        is(scalar(calls('ahead')), 0, 'days to come with limit 0 take no call');

        my %from = (start_time => day(-2), end_time => day(28));
        $res = ask('', %from);
        cmp_ok(scalar(calls('from')), '<=', 3, 'from two days ago: three calls');
        is_true($res, 'the reply', %from);

        my %ids = (%ahead, desktop_ids => [ @{ $sim->desktops }, 'nobody' ]);
        $res = ask('', %ids);
        is(scalar(grep { $_->{api} =~ /metrics/ } calls('ids')), 0,
            'days to come with ids take no call of the statistics');
        is_true($res, 'the reply', %ids);
    };
}

subtest 'a large tenant with little use' => sub {
    my @names  = map { sprintf 'desk-%04d', $_ } 0 .. 1999;
    my %number = map { $names[$_] => $_ + 1 } 0 .. 1999;
    # 40 of them a day, others each day, in two halves of the year's days
    my $in_use = sub {
        my ($d) = $_[0] =~ /(\d\d)\z/;
        return map { ($d * 37 + $_ * 13) % 2000 => 36 * ($_ + 1) } 0 .. 39;
    };
    my $up = Usage::Upstream->start(sub {
        my ($req) = @_;
        if ($req->{path} =~ m{/desktops\z} && $req->{path} !~ /metrics/) {
            my @known = grep { $number{$_} } desktop_ids($req);
            return json_reply(200, { total_count => scalar @known, desktops => [
                map { { desktop_id => $_, computer_name => "NAME-$_" } } @known ] });
        }
        my ($from, $to) = map { substr $_, 0, 10 } @{ $req->{query} }{qw(start_time end_time)};
        my %use;
        for (my $day = $from; $day le $to; $day = date_add($day, 1)) {
            my %on = $in_use->($day);
            $use{$_} += $on{$_} for keys %on;
        }
        my @order = sort { ($use{$b} || 0) <=> ($use{$a} || 0) || $a <=> $b }
            $req->{path} =~ /hidden/ ? keys %use : 0 .. 1999;
        @order = sort { $a <=> $b } @order unless $req->{query}{sort_field};
        # (the filter is fuzzy)
        my $part = $req->{query}{resource_name};
        @order = grep { index(lc "NAME-$names[$_]", lc $part) >= 0 } @order
            if defined $part;
        return json_reply(200, page($req, [ map { row($names[$_], $use{$_} || 0) } @order ]));
    });
    my $wide = Usage::Nginx->start(upstream => $up->port,
        http => 'usage_retention off;');
    my %range = (start_time => '2022-12-01', end_time => '2022-12-31');
    my $check = sub {
        my ($project, $most, %more) = @_;
        $up->clear;
        my $res = $wide->post(route($project), body(%range, %more));
        my @ids = $more{desktop_ids} ? @{ $more{desktop_ids} } : ();
        my %any;
        for my $d (0 .. 30) {
            my %on = $in_use->(date_add('2022-12-01', $d));
            $any{$_} = 1 for keys %on;
        }
        my @all = @ids ? map { /(\d+)\z/ ? $1 + 0 : () } @ids
            : sort { $a <=> $b } $project eq 'hidden' ? keys %any : 0 .. 1999;
        my $total = @all;
        @all = splice @all, $more{offset} || 0, $more{limit} // 100;
        my @entries = map {
            my $i = $_;
            [ $names[$i], map { my %on = $in_use->(date_add('2022-12-01', $_));
                ($on{$i} || 0) / 3600 } 0 .. 30 ];
        } @all;
        reply_is($res, "$project: the reply", from => '2022-12-01',
            total => $total, entries => \@entries);
        my $calls = () = $up->calls;
        cmp_ok($calls, '<=', $most, "$project: $calls calls of 620");
        return grep { $_->{query}{resource_name} } $up->calls;
    };

    # once through all of them, then a page a day
    $check->('shown', 31 + 19 + 20);
    $check->('shown', 31 + 19 + 20, offset => 1950);
    $check->('hidden', 31);
    $check->('hidden', 31, offset => 100, limit => 10);

    # of some desktops: their number, their names, then each one's range, and
    # five halves of it for each day of use, however many desktops there are
    my %days = (518 => 2, 50 => 1, 1999 => 0, 3 => 0, 705 => 2);
    for my $some ([518], [ 5, 1999, 3 ], [ 518, 1999, 50, 3, 705 ]) {
        my $used = 0;
        $used += $days{$_} || 0 for @$some;
        ok(scalar $check->('shown', 2 + @$some + 5 * $used,
            desktop_ids => [ @names[@$some] ]), 'narrowed by name');
        is(scalar $check->('hidden', 31 + 1, desktop_ids => [ @names[@$some] ]),
            0, 'a page a day is less, and not narrowed') if @$some > 1;
    }

    # with most of the desktops no name is looked up
    is(scalar $check->('shown', 31 + 19 + 20, desktop_ids => [ @names[ 0 .. 99 ] ]),
        0, 'with 100 desktops no name is looked up');
    $wide->stop_ok;
    $up->stop;
};

# Calls that nobody answers: as many are under way as may be at once.
subtest 'usage_concurrency' => sub {
    $sim->tenant(seed => 8, desktops => 120, days => 40, idle => 'shown');
    my $held = Usage::Nginx->start(
        upstream => $sim->port,
        http     => 'usage_timeout ' . Usage::Nginx->patience(1) . 's;',
        server   => join('', map {
            Usage::Nginx->at("c$_", "usage_concurrency $_;") } 1, 2, 3, 20)
    );
    my %ids = (%month, desktop_ids => [ map { "nobody-$_" } 1 .. 2000 ],
        limit => 0);

    # a credential that isn't known to be good has one call under way
    is($held->post(route(), body(%month), 'X-Auth-Token' => 'token')->{status},
        200, 'the token is good');

    for ([ '', 8 ], [ '/c1', 1 ], [ '/c2', 2 ], [ '/c3', 3 ], [ '/c20', 20 ]) {
        my ($at, $n) = @$_;
        for my $body (\%month, \%ids) {
            $sim->clear;
            $sim->faults({ fault => 'hang' });
            my $res = $held->post($at . route(), body(%$body),
                'X-Auth-Token' => 'token');
            is($res->{status}, 504,
                'a call whose upstream hangs is a 504') or diag($res->{body});
            ok($held->wait_for(sub { @{ $sim->calls } >= $n }), "$n at a time");
            is(scalar(calls("$n at a time")), $n, "no more than $n upstream calls at a time");
            $sim->faults;
        }
    }
    $held->stop_ok;
};

subtest 'a directory that ignores desktop_id is listed' => sub {
    $sim->tenant(seed => 5, desktops => 1200, days => 3, idle => 'hidden');
    my @all  = @{ $sim->desktops(detail => 1) };
    my @gone = grep { $_->{gone} } @all;
    my @ids  = map { $_->{desktop_id} } @all[ 0 .. 149, 1100 .. 1199 ], $gone[0];
    my %day  = (start_time => day(-3), end_time => day(-3), desktop_ids => [ @ids, 'none' ]);
    my $want = ($sim->legacy({%day}))[2];

    $sim->faults({ fault => 'ignored-ids' });
    my $res = ask('', %day);
    is($res->{status}, 200, 'ignored-ids') or diag($res->{body});
    is(same_json($res->{body}, $want), '', 'the reply is true');
    my @directory = grep { $_->{api} eq 'directory' } @{ $sim->calls };
    is(scalar(grep { $_->{query} !~ /desktop_id/ } @directory), 2,
        'all of the directory is listed, once');

    $sim->faults({ fault => 'deleted' });
    is(same_json(ask('', %day)->{body}, $want), '',
        'a desktop whose status is DELETED is not there');
    $sim->faults;
};

$nginx->stop_ok;
$sim->stop;

done_testing();
