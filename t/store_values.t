# SPDX-License-Identifier: BSD-2-Clause
#
# The day store gives back what was put into it: figures to the last digit, each
# day's own desktops, and for any call the reply that it has without a store.
#
#   USAGE_SEED            the seed of the random calls, printed if the test fails
#   USAGE_RANDOM_COUNT    how many of them, 600

use strict;
use warnings;

use Test::More;

use Usage::Nginx;
use Usage::Random;
use Usage::Store;
use Usage::Test;
use Usage::Upstream qw(json_reply page row desktop_ids);

my $slow  = Usage::Nginx->slow;
my $fresh = \&Usage::Store::fresh_token;
my @desktops;

my $store = Usage::Store->start;
my ($sim, $nginx) = @$store{qw(sim nginx)};

subtest 'a figure is the same with and without a store' => sub {
    my @figures = qw(0 0.0 -0.0 1 0.1 0.5 0.999 0.9999 17.9 17.99 17.999 17.9996
        17.99999 17.9999999999 18 18.0000001 53.9996 53.99999999 54 89.9999 90
        125.9995 126 1234.5678 3599.9999999 3600 45432.0 45432.123456789
        65535 65535.5 65536 86399.9996 86400 86400.4 1e-7 1e-300 4.9e-324 null);
    my $up = Usage::Upstream->start(sub {
        my ($req) = @_;
        my @rows = map { row(sprintf('d%02d', $_), 'FIGURE' . $_) } 0 .. $#figures;
        my $text = $json->encode(page($req, \@rows));
        $text =~ s/"FIGURE(\d+)"/$figures[$1]/g;
        return json_reply(200, $text);
    });
    my $other = Usage::Nginx->start(upstream => $up->port,
        http => Usage::Store->http, server => Usage::Store->places);
    for my $at ('', '/string') {
        for my $range ([ days(-3, -3) ], [ days(-5, -3) ]) {
            my @res = map { $other->post($at . route(), body(@$range),
                'X-Auth-Token' => "figures$at@$range") } 1 .. 3;
            is($res[0]{status}, 200, "'$at': the first call gets a 200")
                or diag($res[0]{body});
            is($_->{body}, $res[0]{body}, "'$at': a later call gets the same to the byte")
                for @res[ 1, 2 ];
            my $off = $other->post('/off' . route(), body(@$range),
                'X-Auth-Token' => 'x');
            is($off->{body}, $res[0]{body}, 'the reply is the same without a store') if !$at;
        }
    }
    $other->stop_ok;
    $up->stop;
};

subtest 'a stored day lists the desktops of that day' => sub {
    my %size = (small => 40, large => 260);
    my $exists = sub {
        my ($i, $day) = @_;
        my $born = $i % 13;
        my $dies = $i % 3 ? 99 : $born + 2 + $i % 7;
        return $day >= $born && $day < $dies;
    };
    my $use = sub {
        my ($i, $day) = @_;
        return ($i * 7 + $day * 11) % 5 ? 0 : 60 * (1 + ($i * 31 + $day * 17) % 1000);
    };
    # day 0 is 20 days ago
    my $up = Usage::Upstream->start(sub {
        my ($req) = @_;
        my ($kind) = $req->{path} =~ m{\A/v2/([a-z]+)};
        if ($req->{path} !~ /metrics/) {
            my @ids = grep { /\Ad\d+\z/ } desktop_ids($req);
            return json_reply(200, { total_count => scalar @ids, desktops =>
                [ map { { desktop_id => $_, computer_name => "NAME-$_" } } @ids ] });
        }
        my ($from, $to) = map { days_between(on(-20),
            substr $req->{query}{$_}, 0, 10) - 1 } qw(start_time end_time);
        my %sum;
        for my $day ($from .. $to) {
            for my $i (grep { $exists->($_, $day) } 0 .. $size{$kind} - 1) {
                $sum{$i} += $use->($i, $day);
            }
        }
        my @order = sort { $sum{$b} <=> $sum{$a} || $a <=> $b } keys %sum;
        @order = sort { $a <=> $b } @order unless $req->{query}{sort_field};
        my $part = $req->{query}{resource_name};
        @order = grep { index(sprintf('NAME-d%04d', $_), $part) >= 0 } @order
            if defined $part;
        return json_reply(200, page($req,
            [ map { row(sprintf('d%04d', $_), $sum{$_}) } @order ]));
    });
    my $other = Usage::Nginx->start(upstream => $up->port,
        http => Usage::Store->http, server => Usage::Store->places);

    for my $kind (sort keys %size) {
        my $check = sub {
            my ($token, $from, $to, %more) = @_;
            my $res = $other->post(route($kind), body(days($from - 20, $to - 20),
                %more), 'X-Auth-Token' => $token);
            my @list = grep { my $i = $_;
                grep { $exists->($i, $_) } $from .. $to } 0 .. $size{$kind} - 1;
            @list = map { /(\d+)/ } @{ $more{desktop_ids} } if $more{desktop_ids};
            my $total = @list;
            my $offset = $more{offset} || 0;
            @list = $offset < @list ? splice @list, $offset, $more{limit} // 100 : ();
            reply_is($res, "$kind, $token: day $from to $to " . join(' ', %more),
                from => on($from - 20), total => $total, entries => [ map {
                    my $i = $_;
                    [ sprintf('d%04d', $i), map { $exists->($i, $_)
                        ? sprintf('%.2f', int($use->($i, $_) / 36 + 0.5) / 100)
                        : 0 } $from .. $to ] } @list ]);
        };

        # the whole range first, then parts of it; and the other way round
        my @parts = ([ 0, 15 ], [ 0, 0 ], [ 3, 5 ], [ 5, 5 ], [ 12, 15 ], [ 2, 9 ],
            [ 0, 15, limit => 0 ], [ 4, 4, limit => 0 ], [ 6, 6, offset => 50 ],
            [ 0, 15, offset => 150 ], [ 3, 8, limit => 0 ]);
        $check->('down', @$_) for @parts;
        $check->('up', @$_)   for reverse @parts;
        $check->('sums', @$_) for [ 0, 15, limit => 0 ], [ 3, 5, limit => 0 ],
            [ 3, 5 ], [ 0, 15 ], [ 4, 4 ];
        my @ids = map { sprintf 'd%04d', $_ } 3, 26, 9, 38;
        $check->('ids', @$_) for [ 2, 9, desktop_ids => \@ids ], [ 2, 9 ], [ 3, 5 ],
            [ 3, 5, limit => 0 ], [ 0, 0, desktop_ids => \@ids ],
            [ 0, 15, desktop_ids => \@ids ], [ 14, 15 ];
    }
    $other->stop_ok;
    $up->stop;
};

subtest 'calls for a user and by the hour are as without a store' => sub {
    plan skip_all => 'midnight is near' if near_midnight(120);
    @desktops = $store->tenant(seed => 23, desktops => 40);
    my $token = $fresh->();
    my @users = @{ $sim->users(detail => 1) };
    @users = @users[ 0 .. 11 ] if @users > 12;
    for my $user (@users) {
        for my $range ([ days(-9, -3) ], [ days(-12, -5) ]) {
            my $body = { @$range, desktop_username => $user->{user_name} };
            my $off = $store->ask($body, at => 'off', token => $token);
            for (1 .. 2) {
                my $res = $store->ask($body, token => $token);
                is("$res->{status} $res->{body}", "$off->{status} $off->{body}",
                    "the days of a user ($user->{user_id}) are as without a store");
            }
            $store->ask({ days(-10, -6) }, token => $token);
        }
    }
    my $body = { days(-4, -3), group_by_type => 'HOUR', limit => 7 };
    for (1 .. 2) {
        $store->true_ok($store->ask($body, at => 'hours', token => $token), $body, 'hours');
    }
};

subtest 'random calls' => sub {
    my $total = $ENV{USAGE_RANDOM_COUNT} || ($slow ? 60 : 600);
    my $seed  = $Usage::Random::seed;
    my @stores = ($store, $store->sized(8 * Usage::Store->smallest));
    my $wrong  = 0;
    my %served;

    for my $i (0 .. $total - 1) {
        if ($i % 100 == 0) {
            @desktops = $store->tenant(seed => rnd(1000), idle => pick(qw(shown hidden)),
                desktops => pick(0, 3, 40, 100, 101, 160, 330), days => 45);
        }
        my $from = -3 - rnd(35);
        my $last = $from + pick(0, 0, 1, 2, 6, 6, 13, 30);
        my %body = days($from, $last > -3 ? -3 : $last);
        $body{offset} = pick(0, 1, 50, 100, 150, 400) if chance(25);
        $body{limit}  = pick(0, 1, 10, 99, 100)       if chance(40);
        if (chance(45)) {
            $body{desktop_ids} = [ map { chance(93) && @desktops
                ? pick(@desktops) : pick('nobody', "no-$_", 'x&y') }
                1 .. pick(1, 2, 3, 5, 20, 80, 150, 330) ];
        }
        my $fault;
        if (chance(20)) {
            $fault = { fault => pick(qw(status cut truncate garble shift lying-count
                rows duplicate no-items unsorted reset negative close chunked)),
                count => 1 + rnd(3), skip => rnd(6) };
            $fault->{offset} = 100 if $fault->{fault} eq 'shift';
        }
        my $truth = $store->truth(\%body);
        $sim->faults($fault) if $fault;
        my $s = pick(@stores);
        my %o = (token => "random-$seed-" . int($i / 100) . pick('a', 'a', 'a', 'b'),
            at => pick('', '', 'one', 'wide', 'id', 'all'));
        # (each tenant is a project of its own, as all callers share what is at 'all')
        $o{project} = 'random' . int $i / 100;
        my $res = $s->ask(\%body, %o);
        $sim->faults if $fault;
        $served{ ($res->{log}{stored} || 0) > 0 ? 'stored' : 'not' }++;
        if ($fault ? $res->{error} || $res->{status} == 200 : 1) {
            my $differs = $res->{error} ? $res->{error}
                : $res->{status} != 200 ? "status $res->{status}: $res->{body}"
                : same_json($res->{body}, $truth);
            if ($differs) {
                $wrong++;
                diag("WRONG 200: call $i: $differs\n",
                    $json->encode({ body => \%body, fault => $fault, %o,
                        tight => $s == $stores[1] ? 1 : 0 })) if $wrong < 6;
            }
        }
    }
    is($wrong, 0, "$total calls: no reply is wrong");
    cmp_ok($served{stored} || 0, '>', $total / 5,
        "many of $total calls are served from the store");
    $stores[1]{nginx}->stop_ok;
};

$nginx->stop_ok;
$sim->stop;

done_testing();
