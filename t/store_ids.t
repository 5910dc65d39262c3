# SPDX-License-Identifier: BSD-2-Clause
#
# The day store, for calls with desktop_ids: what is known of some desktops is
# not taken for all, nor the other way round.

use strict;
use warnings;

use Encode ();
use Test::More;

use Usage::Nginx;
use Usage::Store qw(took stored);
use Usage::Test;
use Usage::Upstream qw(json_reply page row desktop_ids);

my $slow  = Usage::Nginx->slow;
my %week  = days(-9, -3);
my $fresh = \&Usage::Store::fresh_token;
my @desktops;

my $store = Usage::Store->start;
my ($sim, $nginx) = @$store{qw(sim nginx)};

subtest 'calls for some desktops' => sub {
    @desktops = $store->tenant(seed => 9, desktops => 90);
    my @some = @desktops[ 30, 4, 71, 5 ];
    $store->twice({ %week, desktop_ids => \@some }, 'some ids');
    $store->twice({ %week, desktop_ids => [ @some, @some ] }, 'each id twice');
    $store->twice({ %week, desktop_ids => \@desktops, limit => 10, offset => 85 }, 'all ids');
    $store->twice({ %week, desktop_ids => [ $some[0] ], limit => 0 }, 'one id and limit 0');

    # days that were stored for all desktops serve some of them, in any order
    my $token = $fresh->();
    $store->ask({%week}, token => $token);
    for my $ids ([@some], [ reverse @some ], [ $some[2] ]) {
        my $body = { %week, desktop_ids => $ids };
        my $res = $store->ask($body, token => $token);
        $store->true_ok($res, $body, 'some ids after all desktops');
        took($res, 1, 'some ids after all desktops');
        stored($res, 7, 'some ids after all desktops');
    }

    # whether an unknown id exists takes a call of the directory
    my @unknown = ('nobody', map { "no-$_" } 1 .. 5);
    for my $ids ([ 'nobody' ], [ @some, @unknown ], [ @unknown, @some ]) {
        my $body = { %week, desktop_ids => $ids };
        my $res = $store->ask($body, token => $token);
        $store->true_ok($res, $body, 'unknown ids among them');
        cmp_ok(scalar @{ $res->{calls} }, '<=', 2,
            'unknown ids cost the probe and a call of the directory');
    }
    my $body = { %week, desktop_ids => [ map { "no-$_" } 1 .. 250 ] };
    my $res = $store->ask($body, token => $token);
    $store->true_ok($res, $body, '250 unknown ids');
    cmp_ok(scalar @{ $res->{calls} }, '<=', 4,
        '250 unknown ids cost the probe and three calls of the directory');

    # idle desktops, which only the directory lists
    @desktops = $store->tenant(seed => 9, desktops => 90, idle => 'hidden');
    for my $range ([%week], [ days(-3, -3) ]) {
        my $body = { @$range, desktop_ids => \@desktops };
        my $token = $fresh->();
        my $first = $store->ask($body, token => $token);
        my $again = $store->ask($body, token => $token);
        $store->true_ok($first, $body, 'idle desktops, first');
        is($again->{body}, $first->{body}, 'idle desktops, again: the same to the byte');
        cmp_ok(scalar @{ $again->{calls} }, '<=', 2,
            'idle desktops, again, cost the probe and a call of the directory');

        my ($used) = grep {
            my $id = $_; grep { $_ } use_of($first, $id) } @desktops;
        $store->twice({ @$range, desktop_ids => [$used] }, 'a desktop in use') if $used;
    }
};

# (its days without use are in the store)
subtest 'a desktop that leaves the directory is no longer listed' => sub {
    my $state = "/tmp/usage-store-$$";
    my $up = Usage::Upstream->start(sub {
        my ($req) = @_;
        return json_reply(200, page($req, [ row('used', 3600) ]))
            if $req->{path} =~ /metrics/;
        my @ids = grep { $_ eq 'used' || $_ eq 'idle' && -e $state }
            desktop_ids($req);
        return json_reply(200, { total_count => scalar @ids, desktops =>
            [ map { { desktop_id => $_, computer_name => "NAME-$_" } } @ids ] });
    });
    # (what the directory said is kept for usage_fresh, which is 0 at /never)
    my %old   = days(-14, -8);
    my $other = Usage::Nginx->start(upstream => $up->port,
        http => Usage::Store->http, server => Usage::Store->places);
    my $ask = sub {
        return $other->post('/never' . route(), body(%old, desktop_ids => [qw(idle used)]),
            'X-Auth-Token' => 'token');
    };
    my @used = ('used', (1) x 7);
    for my $known (1, 0, 1) {
        if ($known) { open my $fh, '>', $state or die $! }
        else        { unlink $state }
        for (1, 2) {
            reply_is($ask->(), $known ? 'a desktop in the directory is listed'
                : 'a desktop gone from the directory is not', from => on(-14),
                entries => [ $known ? [ 'idle', (0) x 7 ] : (), [@used] ]);
        }
    }
    unlink $state;
    $other->stop_ok;
    $up->stop;
};

subtest 'few ids of a large project are stored for themselves only' => sub {
    my $n = $slow ? 300 : 1000;
    for my $idle (qw(shown hidden)) {
        @desktops = $store->tenant(seed => 12, desktops => $n, idle => $idle);
        my %month = days(-33, -3);
        my @used = map { $_->{desktop_id} } @{ decode($store->truth(
            { %month, limit => 100 }))->{desktop_used_info_list} };
        my @ids = @used[ 7, 3, 50, 88 ];
        for my $at ('', 'id') {
            my $name = "idle $idle" . ($at && ', resource_id');
            my $token = $fresh->();
            my $body = { %month, desktop_ids => [ @ids[ 0 .. 2 ] ] };
            my $first = $store->ask($body, at => $at, token => $token);
            $store->true_ok($first, $body, "$name: three ids");
            cmp_ok(scalar @{ $first->{calls} }, '<', 200,
                "$name: three ids take far fewer calls than all pages");

            for ([ 'the same', $body ],
                [ 'one of them', { %month, desktop_ids => [ $ids[1] ] } ],
                [ 'turned round', { %month, desktop_ids => [ @ids[ 2, 1, 0 ] ] } ],
                [ 'a week', { days(-20, -14), desktop_ids => [ @ids[ 0 .. 2 ] ] } ],
                [ 'a day', { days(-9, -9), desktop_ids => [ $ids[2] ] } ])
            {
                my ($what, $b) = @$_;
                my $res = $store->ask($b, at => $at, token => $token);
                $store->true_ok($res, $b, "$name: $what");
                # (an id that no page listed takes a call of the directory)
                cmp_ok(scalar @{ $res->{calls} }, '<=',
                    $what eq 'the same' && $idle eq 'shown' ? 1 : 2,
                    "$name: $what: from the store");
            }

            # of other desktops nothing is stored yet
            for my $b ({ %month, desktop_ids => [ @ids[ 0, 3 ] ] },
                { days(-9, -9) }, { days(-9, -9), limit => 0 },
                { days(-9, -9), desktop_ids => [ $ids[3] ] }, { days(-12, -8) })
            {
                my $res = $store->ask($b, at => $at, token => $token);
                $store->true_ok($res, $b, "$name: other desktops");
            }
        }

        # days that were stored for all desktops serve few of them
        my $token = $fresh->();
        my %few = days(-9, -3);
        $store->true_ok($store->ask({%few}, token => $token), {%few}, "idle $idle: all");
        my $b = { %few, desktop_ids => \@ids };
        my $res = $store->ask($b, token => $token);
        $store->true_ok($res, $b, "idle $idle: few after all");
        cmp_ok(scalar @{ $res->{calls} }, '<=', $idle eq 'shown' ? 1 : 2,
            "idle $idle: few after all: from the store")
            or diag(join "\n", map {"$_->{path}?$_->{query}"} @{ $res->{calls} });
    }
};

# (a day of which no more pages were read once all ids were seen)
subtest 'a day that was not read to its end is not taken for whole' => sub {
    for my $idle (qw(shown hidden)) {
        @desktops = $store->tenant(seed => 21, desktops => 250, idle => $idle);
        my @used = map { $_->{desktop_id} } @{ decode($store->truth(
            { days(-6, -3), limit => 100 }))->{desktop_used_info_list} };
        for my $count (20, 60, 100) {
            my $token = $fresh->();
            for my $b ({ days(-6, -3), desktop_ids => [ @used[ 0 .. $count - 1 ] ] },
                { days(-6, -3) }, { days(-5, -5) }, { days(-5, -5), limit => 0 },
                { days(-6, -4), offset => 100 }, { days(-6, -3), offset => 200 },
                { days(-6, -3), desktop_ids => [ @desktops[ 150 .. 249 ] ] })
            {
                my $res = $store->ask($b, token => $token);
                $store->true_ok($res, $b, "idle $idle, $count ids first");
            }
        }
    }
};

# The full fan-out of a day ends at the first row without use: a deleted desktop
# that wasn't used on that day comes behind it.
subtest 'deleted desktops, which only the statistics know' => sub {
    @desktops = $store->tenant(seed => 27, desktops => 160);
    my ($status, $all) = $sim->get('desktops', limit => 1000);
    my %there = map { $_->{desktop_id} => 1 } @{ $all->{desktops} };
    my @gone  = grep { !$there{$_} } @desktops;
    cmp_ok(scalar @gone, '>', 1, 'the tenant has deleted desktops');
    my %first = (
        'all ids'   => { days(-12, -3), desktop_ids => [@desktops] },
        'no ids'    => { days(-12, -3) },
        'some ids'  => { days(-12, -3), desktop_ids => [ @desktops[ 0 .. 79 ] ] },
        'the gone'  => { days(-12, -3), desktop_ids => [@gone] },
        'the count' => { days(-12, -3), limit => 0 },
    );
    for my $name (sort keys %first) {
        my $token = $fresh->();
        $store->true_ok($store->ask($first{$name}, token => $token), $first{$name}, $name);
        for my $day (-12 .. -3) {
            for my $more ({}, { offset => 150 }) {
                my $body = { days($day, $day), desktop_ids => [ $gone[ $day % @gone ] ],
                    %$more };
                $store->true_ok($store->ask($body, token => $token), $body,
                    "$name, then a deleted one on day $day");
            }
        }
        my $body = { days(-5, -4), desktop_ids => [ @gone, 'unknown' ] };
        $store->true_ok($store->ask($body, token => $token), $body,
            "$name, then all deleted ones");
    }
};

# Ids of any length and script; some begin with others, some have the same hash.
subtest 'ids that are alike are told apart' => sub {
    my @ids = map { Encode::encode_utf8($_) } (
        (map { 'a' x $_ } 1 .. 9, 31 .. 33, 63 .. 65, 127, 128, 253 .. 255),
        (map { ('b' x 254) . $_ } 'a' .. 'c'), (map { $_ . ('b' x 254) } 'a' .. 'c'),
        qw(Aa BB AaAa BBBB AaBB BBAa a A _ - 0 00 1 01 1.0 1e0 null true),
        "\x{e4}", "a\x{308}", "\x{20ac}uro", "\x{1f600}", "\x{1f601}", 'q"uote', 'back\\slash',
        "tab\t", "\x{7f}", ' ', '  ', ' x', 'x ', '/', '%41', '&', '+', "line\nbreak",
        # crc32, murmur2, fnv (32 bits, and each half of 64)
        qw(id-25379fbc id-785c378f id-7433bd5a id-6935a528 id-48502654 id-2ab400db
        id-a9248822 id-c41bf1c1 id-9d15877c id-4ae0f9f3 id-b21a87ca id-cedddd78
        id-882f6865 id-aeb3c2da id-08708a0d id-b2e532b3 id-14cdaf40 id-fc1a910b
        id-6bee5607 id-31832d78 id-2b9f8389 id-6a496c16 id-9bbe3462 id-9a526b57)
    );
    my %seen;
    @ids = grep { !$seen{$_}++ } @ids;
    cmp_ok(scalar @ids, '<=', 100, 'all ids fit on one page');
    my @text = map { Encode::decode_utf8($_) } @ids;
    my $use  = sub {
        my ($i, $day) = @_;
        return 36 * (1 + ($i * 37 + 11 * (split /-/, $day)[2]) % 2000);
    };
    my $up = Usage::Upstream->start(sub {
        my ($req) = @_;
        return json_reply(200, { total_count => 0, desktops => [] })
            if $req->{path} !~ /metrics/;
        my $day = substr $req->{query}{start_time}, 0, 10;
        my @order = sort { $use->($b, $day) <=> $use->($a, $day) } 0 .. $#ids;
        my $page = $json->encode(page($req, [ map { row($text[$_], $use->($_, $day)) }
            @order ]));
        # (as an upstream may write them, too)
        $page =~ s/(?<="resource_id":")([A-Za])/sprintf '\\u%04x', ord $1/ge
            if $req->{query}{start_time} =~ /[02468]T/;
        return json_reply(200, $page);
    });
    my $other = Usage::Nginx->start(upstream => $up->port,
        http => Usage::Store->http, server => Usage::Store->places);
    my @order = sort { $ids[$a] cmp $ids[$b] } 0 .. $#ids;
    my $check = sub {
        my ($name, $at, $ids, %more) = @_;
        reply_is($other->post($at . route(), body(%week, %more,
            $more{desktop_ids} ? (desktop_ids => [ map { $text[$_] } @$ids ]) : ()),
            'X-Auth-Token' => 'alike'), $name, from => on(-9), entries => [ map {
                my $i = $_;
                [ $text[$i], map { $use->($i, on($_)) / 3600 } -9 .. -3 ] } @$ids ]);
    };
    $check->('all ids without a store', '/off', \@order);
    $check->('all ids, stored',         '',     \@order);
    $check->('all ids, from the store', '',     \@order);
    $check->("id $_ alone", '', [$_], desktop_ids => 1) for 0 .. $#ids;
    $check->('all ids in reverse', '', [ reverse @order ], desktop_ids => 1);
    $other->stop_ok;
    $up->stop;
};

$nginx->stop_ok;
$sim->stop;

done_testing();
