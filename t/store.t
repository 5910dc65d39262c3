# SPDX-License-Identifier: BSD-2-Clause
#
# The day store: what is asked for once is not asked for again, nobody gets it
# who may not have it, and what comes out of it is what would come without it.
#
#   USAGE_SEED            the seed of the random calls, printed if not given
#   USAGE_RANDOM_COUNT    how many of them, 600

use strict;
use warnings;

use Digest::SHA qw(sha256 sha256_hex);
use Encode      ();
use Test::More;
use Time::HiRes qw(sleep);

use Usage::Clock;
use Usage::Nginx;
use Usage::Sim;
use Usage::Store qw(range took stored);
use Usage::Test;
use Usage::Upstream qw(json_reply page row);

my $slow = Usage::Nginx->slow;
my $sim  = Usage::Sim->start(args => [ '--seed', 1 ]);

# Days here are counted from one today, however long the tests take; and no
# day that is asked for is final only since now.
my $today = day(0);
sub on { return date_add($today, $_[0]) }
sub days { return (start_time => on($_[0]), end_time => on($_[1])) }
my %week = days(-9, -3);
my $fresh = \&Usage::Store::fresh_token;

my %places = (
    off    => 'usage_store off;',
    string => 'usage_use_time string;',
    id     => 'usage_resource_id on;',
    one    => 'usage_concurrency 1;',
    wide   => 'usage_concurrency 64;',
    hours  => 'usage_connections on;',
    never  => 'usage_fresh 0; usage_final_after 144h;',
    hour   => 'usage_fresh 1h; usage_final_after 144h;',
    second => 'usage_fresh 1s; usage_final_after 144h;',
    key    => 'usage_store_key $http_x_tenant;',
    all    => 'usage_store_key everybody;',
    other  => 'usage_store other;',
    soon   => 'usage_timeout ' . Usage::Nginx->patience(1) . 's;',
);
my $places = join '', map { Usage::Nginx->at($_ => $places{$_}) } sort keys %places;

my $nginx = Usage::Nginx->start(upstream => $sim->port,
    http => Usage::Store->http, server => $places);
my $store = Usage::Store->new(sim => $sim, nginx => $nginx);

my @desktops;

sub tenant {
    my (%o) = @_;
    $store->tenant(days => 60, idle => 'shown', %o);
    @desktops = @{ $sim->desktops };
    return;
}

# Twice the same call: the first is true, the second the same to the byte, and
# made of what the first one stored.
sub twice {
    my ($body, $name, %o) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    $o{token} ||= $fresh->();
    my $query  = delete $o{query};
    my $second = delete $o{second} // 1;
    my $first  = $store->ask($body, %o);
    $store->true_ok($first, $body, "$name, first", $query);
    my $again = $store->ask($body, %o);
    is($again->{body}, $first->{body}, "$name: the same to the byte");
    is($again->{head} =~ s/^Date:.*?\n//mr, $first->{head} =~ s/^Date:.*?\n//mr,
        "$name: the same headers");
    took($again, $second, "$name, again");
    return ($first, $again);
}

# --- How many calls.

for my $idle (qw(shown hidden)) {
    for my $n (0, 1, 37, 100, 101, 250) {
        subtest "$n desktops, idle $idle" => sub {
            tenant(seed => 40 + $n, desktops => $n, idle => $idle);
            for ([ 'a week', %week ], [ 'a day', days(-3, -3) ],
                [ 'a month', days(-33, -3) ])
            {
                my ($name, %body) = @$_;
                my ($first, $again) = twice({%body}, $name);
                my $d = days_between(@body{qw(start_time end_time)});
                stored($first, 0, "$name, first");
                stored($again, $d, "$name, again");
                took($first, $d, "$name, first") if $n <= 100;
            }
            twice({ %week, offset => 3, limit => 5 }, 'a page');
            twice({ %week, offset => $n, limit => 5 }, 'beyond the last');
            twice({ %week, limit => '7' }, 'limit as a string');
            twice({%week}, 'use_time as a string', at => 'string',
                query => 'use_time=string');
            twice({%week}, 'one at a time', at => 'one');
            twice({%week}, 'many at a time', at => 'wide');

            # of a page, another page, and what is written another way
            my $token = $fresh->();
            $store->ask({ %week, limit => 2 }, token => $token);
            for my $body ({ %week, limit => 100 }, { %week, offset => 1 },
                { %week, limit => 0 }, { %week, limit => 1, offset => $n })
            {
                my $res = $store->ask($body, token => $token);
                $store->true_ok($res, $body, 'another page');
                took($res, 1, 'another page');
            }
            my $res = $store->ask({%week}, token => $token, at => 'string');
            $store->true_ok($res, {%week}, 'now as a string', 'use_time=string');
            took($res, 1, 'now as a string');
        };
    }
}

subtest 'overlapping ranges' => sub {
    for my $n (60, 250) {
        tenant(seed => 3, desktops => $n);
        my $token = $fresh->();
        my $pages = int(($n + 99) / 100);
        my @have;
        for ([ -12, -8 ], [ -10, -6 ], [ -12, -6 ], [ -11, -11 ], [ -4, -3 ],
            [ -14, -3 ], [ -14, -3 ], [ -3, -3 ], [ -33, -3 ], [ -40, -20 ])
        {
            my ($from, $to) = @$_;
            my %body    = days($from, $to);
            my @missing = grep { !$have[ -$_ ] } $from .. $to;
            my $res     = $store->ask({%body}, token => $token);
            my $name    = "$n desktops, $from to $to";
            $store->true_ok($res, {%body}, $name);
            stored($res, $to - $from + 1 - @missing, $name);
            if ($n <= 100 || !@missing) {
                took($res, @missing || 1, $name);
            } else {
                # (or a window of all the range, where that is less)
                cmp_ok(scalar @{ $res->{calls} }, '<=', ($pages + 1) * @missing,
                    "$name: no more than the missing days");
            }
            $have[ -$_ ] = 1 for $from .. $to;
        }
        # what is not the live call is of a missing day, and whole
        my %days;
        my $res = $store->ask({ days(-42, -30) }, token => $token);
        $days{ ($_->{query} =~ /start_time=(\d{4}-\d\d-\d\d)/)[0] // '' }++
            for @{ $res->{calls} };
        is_deeply([ sort keys %days ], [ map { on($_) } -42, -41 ],
            "$n desktops: the missing days only") if $n <= 100;
    }
};

# Days that are stored make no call dearer than it was without them.
subtest 'some days stored, and none' => sub {
    for my $n (250, $slow ? () : 1000) {
        tenant(seed => 4, desktops => $n);
        for my $more ({}, { limit => 0 }, { desktop_ids => [ @desktops[ 5, 90 ] ] },
            { desktop_ids => [ @desktops[ 5, 90 ] ], limit => 0 })
        {
            my $body = { days(-33, -3), %$more };
            my $cold = @{ $store->ask($body, token => $fresh->())->{calls} };
            for my $days ([-3], [-17], [ -33, -20, -12, -5 ]) {
                my $token = $fresh->();
                $store->ask({ days($_, $_) }, token => $token) for @$days;
                my $res = $store->ask($body, token => $token);
                my $name = "$n desktops, " . join ' ', %$more, @$days;
                $store->true_ok($res, $body, $name);
                # (the parts of a range may each take a window over them)
                cmp_ok(scalar @{ $res->{calls} }, '<=',
                    $cold + @$days * (2 + int(($n + 99) / 100)), "$name: cold, $cold");
            }
        }
    }
};

subtest 'ids' => sub {
    tenant(seed => 9, desktops => 90);
    my @some = @desktops[ 30, 4, 71, 5 ];
    twice({ %week, desktop_ids => \@some }, 'some');
    twice({ %week, desktop_ids => [ @some, @some ] }, 'some, twice each');
    twice({ %week, desktop_ids => \@desktops, limit => 10, offset => 85 }, 'all');
    twice({ %week, desktop_ids => [ $some[0] ], limit => 0 }, 'limit 0');

    # all, then some; in their own order
    my $token = $fresh->();
    $store->ask({%week}, token => $token);
    for my $ids ([@some], [ reverse @some ], [ $some[2] ]) {
        my $body = { %week, desktop_ids => $ids };
        my $res = $store->ask($body, token => $token);
        $store->true_ok($res, $body, 'some of all');
        took($res, 1, 'some of all');
        stored($res, 7, 'some of all');
    }

    # what nobody knows takes a call of the directory
    my @unknown = ('nobody', map { "no-$_" } 1 .. 5);
    for my $ids ([ 'nobody' ], [ @some, @unknown ], [ @unknown, @some ]) {
        my $body = { %week, desktop_ids => $ids };
        my $res = $store->ask($body, token => $token);
        $store->true_ok($res, $body, 'unknown ones among them');
        cmp_ok(scalar @{ $res->{calls} }, '<=', 2, 'one call, and the directory');
    }
    my $body = { %week, desktop_ids => [ map { "no-$_" } 1 .. 250 ] };
    my $res = $store->ask($body, token => $token);
    $store->true_ok($res, $body, '250 unknown ones');
    cmp_ok(scalar @{ $res->{calls} }, '<=', 4, 'one call, and three of the directory');

    # what only the directory knows: no statistics list it
    tenant(seed => 9, desktops => 90, idle => 'hidden');
    for my $range ([%week], [ days(-3, -3) ]) {
        my $body = { @$range, desktop_ids => \@desktops };
        my $token = $fresh->();
        my $first = $store->ask($body, token => $token);
        my $again = $store->ask($body, token => $token);
        $store->true_ok($first, $body, 'idle ones, first');
        is($again->{body}, $first->{body}, 'idle ones, again');
        cmp_ok(scalar @{ $again->{calls} }, '<=', 2, 'one call, and the directory');

        my ($used) = grep {
            my $id = $_; grep { $_ } use_of($first, $id) } @desktops;
        twice({ @$range, desktop_ids => [$used] }, 'one that is used') if $used;
    }
};

# A desktop that goes from the directory is not known any more, though its days
# without use were asked for before.
subtest 'the directory is not the store' => sub {
    my $state = "/tmp/usage-store-$$";
    my $up = Usage::Upstream->start(sub {
        my ($req) = @_;
        return json_reply(200, page($req, [ row('used', 3600) ]))
            if $req->{path} =~ /metrics/;
        my @ids = grep { $_ eq 'used' || $_ eq 'idle' && -e $state }
            split /,/, $req->{query}{desktop_id} || '';
        return json_reply(200, { total_count => scalar @ids, desktops =>
            [ map { { desktop_id => $_, computer_name => "NAME-$_" } } @ids ] });
    });
    # (where usage_fresh is 0; else the directory may be as old as that)
    my %old   = days(-14, -8);
    my $other = Usage::Nginx->start(upstream => $up->port,
        http => Usage::Store->http, server => $places);
    my $ask = sub {
        return $other->post('/never' . route(), body(%old, desktop_ids => [qw(idle used)]),
            'X-Auth-Token' => 'token');
    };
    my @used = ('used', (1) x 7);
    for my $known (1, 0, 1) {
        if ($known) { open my $fh, '>', $state or die $! }
        else        { unlink $state }
        for (1, 2) {
            reply_is($ask->(), $known ? 'known' : 'gone', from => on(-14),
                entries => [ $known ? [ 'idle', (0) x 7 ] : (), [@used] ]);
        }
    }
    unlink $state;
    $other->stop_ok;
    $up->stop;
};

subtest 'few ids of a large project' => sub {
    my $n = $slow ? 300 : 1000;
    for my $idle (qw(shown hidden)) {
        tenant(seed => 12, desktops => $n, idle => $idle);
        my %month = days(-33, -3);
        my @used = map { $_->{desktop_id} } @{ decode($store->truth(
            { %month, limit => 100 }))->{desktop_used_info_list} };
        my @ids = @used[ 7, 3, 50, 88 ];
        for my $at ('', 'id') {
            my $name = "idle $idle" . ($at && ', resource_id');
            my $token = $fresh->();
            my $body = { %month, desktop_ids => [ @ids[ 0 .. 2 ] ] };
            my $first = $store->ask($body, at => $at, token => $token);
            $store->true_ok($first, $body, "$name: three");
            cmp_ok(scalar @{ $first->{calls} }, '<', 200, "$name: narrowed");

            for ([ 'the same', $body ],
                [ 'one of them', { %month, desktop_ids => [ $ids[1] ] } ],
                [ 'turned round', { %month, desktop_ids => [ @ids[ 2, 1, 0 ] ] } ],
                [ 'a week', { days(-20, -14), desktop_ids => [ @ids[ 0 .. 2 ] ] } ],
                [ 'a day', { days(-9, -9), desktop_ids => [ $ids[2] ] } ])
            {
                my ($what, $b) = @$_;
                my $res = $store->ask($b, at => $at, token => $token);
                $store->true_ok($res, $b, "$name: $what");
                # (what no page showed is for the directory to know)
                cmp_ok(scalar @{ $res->{calls} }, '<=',
                    $what eq 'the same' && $idle eq 'shown' ? 1 : 2,
                    "$name: $what: stored");
            }

            # of another, and of all, there is nothing yet
            for my $b ({ %month, desktop_ids => [ @ids[ 0, 3 ] ] },
                { days(-9, -9) }, { days(-9, -9), limit => 0 },
                { days(-9, -9), desktop_ids => [ $ids[3] ] }, { days(-12, -8) })
            {
                my $res = $store->ask($b, at => $at, token => $token);
                $store->true_ok($res, $b, "$name: others too");
            }
        }

        # all first, then few: nothing is missing
        my $token = $fresh->();
        my %few = days(-9, -3);
        $store->true_ok($store->ask({%few}, token => $token), {%few}, 'all');
        my $b = { %few, desktop_ids => \@ids };
        my $res = $store->ask($b, token => $token);
        $store->true_ok($res, $b, "idle $idle: few after all");
        cmp_ok(scalar @{ $res->{calls} }, '<=', $idle eq 'shown' ? 1 : 2,
            "idle $idle: few after all: stored")
            or diag(join "\n", map {"$_->{path}?$_->{query}"} @{ $res->{calls} });
    }
};

# Days that are left early, since all ids were seen, are not whole.
subtest 'many ids of more, then all' => sub {
    for my $idle (qw(shown hidden)) {
        tenant(seed => 21, desktops => 250, idle => $idle);
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

# What is gone from the directory is known from the statistics only, where a day
# without use comes behind the row at which a sweep ends.
subtest 'ids that only the statistics know' => sub {
    tenant(seed => 27, desktops => 160);
    my ($status, $all) = $sim->get('desktops', limit => 1000);
    my %there = map { $_->{desktop_id} => 1 } @{ $all->{desktops} };
    my @gone  = grep { !$there{$_} } @desktops;
    cmp_ok(scalar @gone, '>', 1, 'there are such');
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
                    "$name, then one that is gone on day $day");
            }
        }
        my $body = { days(-5, -4), desktop_ids => [ @gone, 'unknown' ] };
        $store->true_ok($store->ask($body, token => $token), $body, "$name, then all gone");
    }
};

# --- Figures.

# What a figure becomes may not depend on whether it was stored.
subtest 'fractions of seconds' => sub {
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
        http => Usage::Store->http, server => $places);
    for my $at ('', '/string') {
        for my $range ([ days(-3, -3) ], [ days(-5, -3) ]) {
            my @res = map { $other->post($at . route(), body(@$range),
                'X-Auth-Token' => "figures$at@$range") } 1 .. 3;
            is($res[0]{status}, 200, 'a reply') or diag($res[0]{body});
            is($_->{body}, $res[0]{body}, 'the same again') for @res[ 1, 2 ];
            my $off = $other->post('/off' . route(), body(@$range),
                'X-Auth-Token' => 'x');
            is($off->{body}, $res[0]{body}, 'and as without a store') if !$at;
        }
    }
    $other->stop_ok;
    $up->stop;
};

# Desktops come and go: a day lists those that there were on that day.
subtest 'a fleet that changes' => sub {
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
            my @ids = grep { /\Ad\d+\z/ } split /,/, $req->{query}{desktop_id} || '';
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
        http => Usage::Store->http, server => $places);

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
            reply_is($res, "$kind, $token: $from to $to " . join(' ', %more),
                from => on($from - 20), total => $total, entries => [ map {
                    my $i = $_;
                    [ sprintf('d%04d', $i), map { $exists->($i, $_)
                        ? sprintf('%.2f', int($use->($i, $_) / 36 + 0.5) / 100)
                        : 0 } $from .. $to ] } @list ]);
        };

        # the whole first, then parts of it; and the other way round
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

# Ids as long as they may be, one the beginning of the other, in any script; and
# such that a hash of them is the same.
subtest 'ids that are alike' => sub {
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
    cmp_ok(scalar @ids, '<=', 100, 'on one page');
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
        http => Usage::Store->http, server => $places);
    my @order = sort { $ids[$a] cmp $ids[$b] } 0 .. $#ids;
    my $check = sub {
        my ($name, $at, $ids, %more) = @_;
        reply_is($other->post($at . route(), body(%week, %more,
            $more{desktop_ids} ? (desktop_ids => [ map { $text[$_] } @$ids ]) : ()),
            'X-Auth-Token' => 'alike'), $name, from => on(-9), entries => [ map {
                my $i = $_;
                [ $text[$i], map { $use->($i, on($_)) / 3600 } -9 .. -3 ] } @$ids ]);
    };
    $check->('without a store', '/off', \@order);
    $check->('stored',          '',     \@order);
    $check->('again',           '',     \@order);
    $check->('one by one', '', [$_], desktop_ids => 1) for 0 .. $#ids;
    $check->('turned round', '', [ reverse @order ], desktop_ids => 1);
    $other->stop_ok;
    $up->stop;
};

# --- Days that are not final.

subtest 'days that are not final' => sub {
    tenant(seed => 5, desktops => 30);

    # (three days ago are 96 hours at most, and seven days 168 at least)
    my $token = $fresh->();
    for my $at (qw(never hour second)) {
        my $token = $fresh->();
        my $old = { days(-9, -7) };
        $store->ask($old, at => $at, token => $token);
        my $res = $store->ask($old, at => $at, token => $token);
        $store->true_ok($res, $old, "$at: final");
        took($res, 1, "$at: final");
        stored($res, 3, "$at: final");
    }

    my $young = { days(-3, -2) };
    my %again = (never => 2, hour => 1);
    for my $at (sort keys %again) {
        my $token = $fresh->();
        for my $i (1 .. 3) {
            my $res = $store->ask($young, at => $at, token => $token);
            $store->true_ok($res, $young, "$at: $i");
            took($res, $i == 1 ? 2 : $again{$at}, "$at: $i");
        }
    }

    # a second later; at a time of grace, neither says anything
    $store->ask($young, at => 'second', token => $token);
    sleep 2.1;
    my $res = $store->ask($young, at => 'second', token => $token);
    $store->true_ok($res, $young, 'after a second');
    took($res, 2, 'after a second');
    stored($res, 0, 'after a second');

    # what is not final here may be so elsewhere, and the other way round
    $token = $fresh->();
    $store->ask($young, at => 'hour', token => $token);
    $res = $store->ask($young, at => 'never', token => $token);
    took($res, 2, 'stored with usage_fresh 1h, asked for with 0');

    # the days between are one or the other, and true
    my $all = { days(-12, -1) };
    for (1 .. 3) {
        $store->true_ok($store->ask($all, at => 'never', token => $token), $all,
            'some of each');
    }
};

subtest 'days in the future' => sub {
    plan skip_all => 'midnight is near' if near_midnight(120);
    tenant(seed => 5, desktops => 30);
    my $token = $fresh->();
    my $today = day(0);
    my %range = (start_time => date_add($today, -6), end_time => date_add($today, 9));
    my $first = $store->ask({%range}, at => 'hour', token => $token);
    my $again = $store->ask({%range}, at => 'hour', token => $token);
    plan skip_all => 'midnight has come' if day(0) ne $today;
    $store->true_ok($first, {%range}, 'from last week on');
    is($again->{body}, $first->{body}, 'the same again');
    took($first, 7, 'first');
    took($again, 1, 'again');
    stored($again, 7, 'again');
    my ($of) = $again->{calls}[0]{query} =~ /start_time=(\d{4}-\d\d-\d\d)/;
    cmp_ok($of, 'le', $today, 'the live call is of no day in the future');

    my %ahead = (start_time => date_add($today, 1), end_time => date_add($today, 5));
    for my $body ({%ahead}, { %ahead, limit => 0 },
        { %ahead, desktop_ids => [ @desktops[ 0, 1 ] ] })
    {
        my $res = $store->ask($body, at => 'hour', token => $token);
        $store->true_ok($res, $body, 'only days to come');
        cmp_ok(scalar @{ $res->{calls} }, '<=', 2, 'costs next to nothing');
    }
};

subtest 'around two in the night' => sub {
    my $clock = Usage::Clock->new or plan skip_all => 'no clock to be set';
    my %at = (
        never  => 'usage_fresh 0;',
        hour   => 'usage_fresh 1h;',
        second => 'usage_fresh 1s;',
        off    => 'usage_store off;',
        late   => 'usage_fresh 0; usage_final_after 36h;',
    );
    my $set = sub {
        my ($time) = @_;
        $clock->set($time);
        $sim->config(now => $time);
    };
    $clock->set('2026-06-15T00:30:00Z');
    my $night = $clock->nginx(upstream => $sim->port, http => Usage::Store->http,
        server => join '', map { Usage::Nginx->at($_ => $at{$_}) } sort keys %at);
    my $dark = Usage::Store->new(sim => $sim, nginx => $night);
    my %range = (start_time => '2026-06-10', end_time => '2026-06-15');
    my $ask = sub {
        my ($name, $calls, %o) = @_;
        local $Test::Builder::Level = $Test::Builder::Level + 1;
        my $body = delete $o{body} || {%range};
        $dark->{truth} = {};
        my $res = $dark->ask($body, %o);
        $dark->true_ok($res, $body, $name);
        took($res, $calls, $name) if defined $calls;
        return $res;
    };

    # the tenant's data go past the night
    $sim->tenant(seed => 8, desktops => 40, days => 20, idle => 'shown',
        now => '2026-06-16T12:00:00Z');

    $set->('2026-06-15T00:30:00Z');
    my $token = $fresh->();
    $ask->('half past midnight', 6, at => 'never', token => $token);
    my $res = $ask->('again', 2, at => 'never', token => $token);
    stored($res, 4, 'yesterday and today not');
    $set->('2026-06-15T01:50:00Z');
    $ask->('before two', 2, at => 'never', token => $token);
    $set->('2026-06-15T02:00:01Z');
    $ask->('after two', 2, at => 'never', token => $token);
    $res = $ask->('again', 1, at => 'never', token => $token);
    stored($res, 5, 'today not');
    $set->('2026-06-16T01:00:00Z');
    $ask->('the night after', 1, at => 'never', token => $token);
    $set->('2026-06-16T02:30:00Z');
    $ask->('and when it is over', 1, at => 'never', token => $token);
    $res = $ask->('again', 1, at => 'never', token => $token);
    stored($res, 6, 'all');

    # what was fetched before its day was final is not final later
    $token = $fresh->();
    $set->('2026-06-15T01:50:00Z');
    $ask->('fresh for a second', 6, at => 'second', token => $token);
    $set->('2026-06-15T03:00:00Z');
    sleep 2.1;
    $ask->('it is final now', 2, at => 'second', token => $token);
    $res = $ask->('and again, at once', undef, at => 'second', token => $token);
    cmp_ok(scalar @{ $res->{calls} }, '<=', 2, 'yesterday is stored');
    $set->('2026-06-17T03:00:00Z');
    sleep 2.1;
    $ask->('much later', 1, at => 'second', token => $token);

    # fetched before, and here after
    for my $at (qw(never second)) {
        $token = $fresh->();
        $set->('2026-06-15T01:50:00Z');
        $sim->faults({ fault => 'delay', ms => 2000, api => 'desktop-metrics' });
        $sim->clear;
        my $c = $night->client;
        $c->send($c->format('POST', "/$at" . route(), body(%range),
            'X-Auth-Token' => $token));
        ok($night->wait_for(sub { 6 <= @{ $dark->calls } }), 'all calls are under way');
        $clock->set('2026-06-15T02:00:10Z');
        is($c->response->{status}, 200, 'a reply');
        $sim->faults;
        sleep 2.1;
        $set->('2026-06-15T02:00:20Z');
        $ask->("$at: what was asked for before two", 2, at => $at, token => $token);
    }

    # fresh goes by when it was asked for, and by the clock that is asked later
    $token = $fresh->();
    $set->('2026-06-15T12:00:00Z');
    $ask->('noon', 6, at => 'hour', token => $token);
    $ask->('noon, again', 1, at => 'hour', token => $token);

    # usage_final_after: until noon of the day after
    $token = $fresh->();
    $set->('2026-06-15T11:50:00Z');
    $ask->('before noon', 6, at => 'late', token => $token);
    $ask->('before noon, again', 2, at => 'late', token => $token);
    $set->('2026-06-15T12:00:01Z');
    $ask->('after noon', 2, at => 'late', token => $token);
    $ask->('after noon, again', 1, at => 'late', token => $token);

    # midnight comes between two calls: another day is today, another to come
    for my $at (qw(never hour)) {
        $token = $fresh->();
        my $ahead = { start_time => '2026-06-13', end_time => '2026-06-18' };
        for my $time (qw(14T23:50:00 15T00:00:10 16T00:00:10 16T02:00:10
            17T02:00:10 18T12:00:00 19T12:00:00))
        {
            $set->("2026-06-${time}Z");
            $ask->("$at, $time", undef, at => $at, token => $token, body => $ahead);
            $ask->("$at, $time again", undef, at => $at, token => $token,
                body => $ahead);
            $ask->("$at, $time, no dates", undef, at => $at, token => $token,
                body => {});
        }
    }

    $night->stop_ok;
    $sim->config(now => 'real');
};

# --- Whose it is.

# Figures that tell who asked, through where.
sub figures {
    my ($req) = @_;
    my ($way, $project) = $req->{path} =~ m{\A(/?.*?)/v2/([^/]+)/} or return;
    my $of = sub { join ',', @{ $req->{headers}{ $_[0] } || ['-'] } };
    my $who = join '|', $way, $project, $of->('x-auth-token'), $of->('x-security-token');
    return json_reply(401, { error_code => 'APIGW.0301', error_msg => 'Incorrect' })
        if $of->('x-auth-token') =~ /revoked/;
    return json_reply(403, { error_code => 'APIGW.0302', error_msg => 'No' })
        if $of->('x-auth-token') =~ /directory/ && $req->{path} =~ /metrics/;
    return json_reply(200, { total_count => 0, desktops => [] })
        if $req->{path} !~ /metrics/;
    return json_reply(200, page($req, [ map {
        row("d$_", 36 * (1 + unpack('N', sha256("$who|$_|$req->{query}{start_time}")) % 2400))
    } 1 .. 9 ]));
}

subtest 'partitions' => sub {
    my $one = Usage::Upstream->start(\&figures);
    my $two = Usage::Upstream->start(sub {
        $_[0]{path} = "/two$_[0]{path}";
        return figures($_[0]);
    });
    my ($p1, $p2) = ($one->port, $two->port);
    my $other = Usage::Nginx->start(
        upstream => $p1,
        http     => Usage::Store->http . "
            server {
                listen 127.0.0.1:%%PORT1%%;
                location ~ ^/v2/ { usage_translate /workspace; }
                location /workspace/ { internal; proxy_pass http://127.0.0.1:$p2/server/; }
            }",
        server => Usage::Nginx->at(two => '', '/second')
            . Usage::Nginx->at(deep => '', '/workspace/deep')
            . Usage::Nginx->at(all => 'usage_store_key all;')
            . Usage::Nginx->at(alltwo => 'usage_store_key all;', '/second')
            . Usage::Nginx->at(tenant => 'usage_store_key $http_x_tenant;')
            . Usage::Nginx->at(off => 'usage_store off;')
            . "location /second/ { internal; proxy_pass http://127.0.0.1:$p2/; }"
    );
    my $second = $other->other_port(1);

    # (project, token, X-Security-Token, location, server, more headers)
    my @who;
    for my $project (qw(a ab abc b _ -)) {
        for my $token ('t', 'ta', 'a', 'bt', "t|$project", 'T') {
            push @who, [ $project, $token ];
        }
    }
    push @who, [ 'a', 't', $_ ] for qw(s t a st);
    push @who, [ 'a', 'ts', '' ], [ 'a', 'ts', 't' ], [ 'a', 'tst', undef ],
        [ 'a', 't', 'u' ], [ 'a', 't:s' ], [ 'a', 't,s' ], [ 'a', "t\ts" ];
    push @who, [ 'a', 't', undef, $_ ] for qw(two deep);
    push @who, [ 'a', 't', undef, undef, $second ], [ 'b', 't', undef, undef, $second ];
    push @who, [ 'a', 'x' x 5000 ], [ 'a', 'x' x 5001 ];

    my $ask = sub {
        my ($project, $token, $security, $at, $port, @more) = @{ $_[0] };
        my $c = Usage::Client->new(port => $port || $other->port,
            timeout => Usage::Nginx->patience(20));
        return $c->post(($at ? "/$at" : '') . route($project), body(%week),
            'X-Auth-Token' => $token, 'X-Security-Token' => $security, @more);
    };

    my (%reply, %whose);
    for my $round (1 .. 3) {
        for my $i (0 .. $#who) {
            my $res = $ask->($who[$i]);
            is($res->{status}, 200, 'a reply') or diag($res->{body});
            $reply{$i} //= $res->{body};
            my $n = grep { $_ eq $res->{body} } values %reply;
            is($res->{body}, $reply{$i}, 'everybody gets the same again') or
                diag('WRONG 200: ' . join ' ', map { $_ // '-' } @{ $who[$i] });
            push @{ $whose{ $res->{body} } }, $i if $round == 1;
        }
    }
    # ('' is no header to nginx's upstream, or one: as it is forwarded)
    my @shared = grep { @$_ > 1 } values %whose;
    is(scalar @shared, 0, 'and nobody what is of another') or diag(map {
        'WRONG 200: shared by ' . join(' and ', map {
            join ' ', map { $_ // '-' } @{ $who[$_] } } @$_) . "\n" } @shared);

    # a header that comes twice is as without a store
    for my $tokens ([qw(r s)], [qw(s r)], [qw(r t)], ['r'], [ '', 'r' ], [ 'r', '' ], ['s'])
    {
        for my $name ('X-Auth-Token', 'X-Security-Token') {
            my @more = $name eq 'X-Auth-Token' ? () : ('X-Auth-Token' => 'q');
            my ($with, $without) = map { $other->post($_ . route('a'), body(%week),
                @more, $name => $tokens) } '', '/off';
            is("$with->{status} $with->{body}", "$without->{status} $without->{body}",
                "$name: " . join ' and ', @$tokens);
        }
    }

    # a key of one place is not the credential of another
    my $alone = $ask->([ 'a', 'credential' ]);
    isnt($ask->([ 'a', 'else', undef, 'tenant', undef, 'X-Tenant' => 'credential' ])->{body},
        $alone->{body}, 'a key is no credential') or diag('WRONG 200');

    # a key that all share: the project and the place still part them
    my %first;
    for my $place ([ 'a', 'all' ], [ 'b', 'all' ], [ 'a', 'alltwo' ], [ 'a', 'tenant' ]) {
        my ($project, $at) = @$place;
        my $key = "$project $at";
        for my $token (qw(one two three)) {
            my $res = $ask->([ $project, "$token-$at", undef, $at, undef,
                'X-Tenant' => 'the same' ]);
            $first{$key} //= $res->{body};
            is($res->{body}, $first{$key}, "$key, $token: what the first one stored");
        }
    }
    is(scalar(keys %{ { reverse %first } }), 4, 'but not across projects or places');

    # a key's parts and the project's
    my %by;
    $by{ $ask->([ $_->[0], 'k', undef, 'tenant', undef, 'X-Tenant' => $_->[1] ])->{body} }++
        for [ 'a', 'bc' ], [ 'ab', 'c' ], [ 'abc', '' ];
    is(scalar keys %by, 3, 'a key is not read together with the project');

    # with a shared key: who may not ask gets nothing, in none of its forms
    for my $token (qw(revoked directory-only)) {
        for my $body ({%week}, { %week, desktop_ids => ['d3'] },
            { %week, desktop_ids => [ 'd3', 'unknown' ] }, { %week, limit => 0 },
            { %week, desktop_ids => ['unknown'] }, { days(-9, -2) }, { days(-5, -5) },
            { days(-5, -5), desktop_ids => [ 'unknown', 'd1' ], limit => 1 })
        {
            my $res = $other->post('/all' . route('a'), body(%$body),
                'X-Auth-Token' => $token);
            my $want = $token eq 'revoked' ? 401 : 403;
            is($res->{status}, $want, "$token: refused")
                or diag('WRONG 200: ', body(%$body), ' ', $res->{body});
        }
    }

    # an empty key stores nothing; nor is there anything stored without a token
    for ([ 'an empty key', 'tenant', 'e' ],
        [ 'no token', '', undef ], [ 'an empty token', '', '' ])
    {
        my ($name, $at, $token) = @$_;
        my @calls;
        for (1 .. 2) {
            $one->clear;
            my $res = $ask->([ 'empty', $token, undef, $at ]);
            push @calls, scalar(() = $one->calls);
        }
        is($calls[1], $calls[0], "$name: nothing is stored");
    }
    $other->stop_ok;
    $_->stop for $one, $two;
};

subtest 'two zones' => sub {
    tenant(seed => 14, desktops => 30);
    my $token = $fresh->();
    for my $n (7, 1) {
        for my $at ('', 'other') {
            my $res = $store->ask({%week}, at => $at, token => $token);
            $store->true_ok($res, {%week}, 'of two zones');
            took($res, $n, 'of two zones');
        }
        took($store->ask({%week}, at => 'off', token => $token), 7, 'off');
    }
};

subtest 'a key that is wider' => sub {
    tenant(seed => 15, desktops => 30);
    my %h = (headers => { 'X-Tenant' => 'acme' });
    my $first = $store->ask({%week}, at => 'key', token => 'ann', %h);
    took($first, 7, 'the first');
    my $res = $store->ask({%week}, at => 'key', token => 'bob', %h);
    took($res, 1, 'another token, the same key');
    stored($res, 7, 'another token');
    is($res->{calls}[0]{token}, Usage::Sim->fingerprint('bob'), 'by its own token');
    $res = $store->ask({%week}, at => 'key', token => 'ann',
        headers => { 'X-Tenant' => 'other' });
    took($res, 7, 'another key, the same token');
    $res = $store->ask({%week}, token => 'ann', %h);
    took($res, 7, 'and without that key');
};

subtest 'who may not' => sub {
    tenant(seed => 16, desktops => 30);
    my %month = days(-20, -3);
    my %wide  = (headers => { 'X-Tenant' => 'shared' });
    for my $at ('', 'key', 'all') {
        my $res = $store->ask({%month}, at => $at, token => 'leaver', %wide);
        $store->true_ok($res, {%month}, 'allowed');
    }
    $store->truth($_) for { %week }, {%month};
    $sim->config(tokens => ['stayer']);

    for my $at ('', 'key', 'all') {
        for my $token ('leaver', 'nobody', 'leaver2', 'LEAVER', 'leave', '', undef) {
            for my $body ({%month}, {%week}, { %week, limit => 0 },
                { %week, desktop_ids => [ @desktops[ 0, 1 ] ] },
                { %week, desktop_ids => [ $desktops[0], 'unknown' ] },
                { %week, desktop_ids => ['unknown'] },
                { %week, desktop_ids => [ $desktops[0] ], limit => 0 },
                { days(-30, -3) }, { days(-20, -15), offset => 1000 })
            {
                my $res = $store->ask($body, at => $at, token => $token, %wide);
                is($res->{status}, 401, "$at " . ($token // 'none') . ': 401')
                    or diag('WRONG 200: ', $json->encode($body));
                ok(!grep({ index($res->{body}, $_) >= 0 } @desktops),
                    'and no word of what is stored');
            }
        }
        next if !$at;
        my $res = $store->ask({%week}, at => $at, token => 'stayer', %wide);
        $store->true_ok($res, {%week}, 'one who may');
        took($res, 1, 'one who may');
    }

    $sim->config(tokens => []);
    # (a 401 is remembered for some seconds)
    my $res;
    $nginx->wait_for(sub {
        $res = $store->ask({%month}, token => 'leaver');
        return $res->{status} != 401 }, 30);
    took($res, 1, 'when it may again, all is still there');
    $store->true_ok($res, {%month}, 'when it may again');

    # who may read the statistics but not the directory: as without a store
    my $body = { %week, desktop_ids => [ $desktops[0], 'unknown' ] };
    $sim->faults({ fault => 'status', status => 403, api => 'directory' });
    $res = $store->ask($body, token => 'leaver');
    $store->true_ok($res, $body, 'without a right to the directory');
    $sim->faults({ fault => 'status', status => 401, api => 'directory' });
    $res = $store->ask($body, token => 'leaver');
    $store->true_ok($res, $body, 'and 401 there');
    $sim->faults({ fault => 'status', status => 403, api => 'desktop-metrics' });
    $res = $store->ask($body, token => 'leaver');
    is($res->{status}, 403, 'who may read the directory only gets no figures');
    $sim->faults;
};

# What nginx's own cache answers is not live.
subtest 'with proxy_cache' => sub {
    tenant(seed => 31, desktops => 30);
    my $cached = Usage::Nginx->start(upstream => $sim->port, http => <<'    END');
        usage_store       zone=days:4m;
        usage_store       days;
        proxy_cache_path  cache keys_zone=pages:1m;
        proxy_cache       pages;
        proxy_cache_valid 10m;
        proxy_cache_key   $request_uri;
    END
    my $call = sub {
        my ($token, %body) = @_;
        $sim->clear;
        my $res = $cached->post(route(), body(%body), 'X-Auth-Token' => $token);
        return ($res, scalar grep { $_->{api} ne 'control' } @{ $sim->calls });
    };
    my ($res, $calls) = $call->('reader', days(-12, -3));
    is($res->{status}, 200, 'all is fetched');
    is($calls, 10, 'a call a day');
    for (1, 2) {
        ($res, $calls) = $call->('reader', days(-12, -3));
        is("$res->{status} $calls", '200 1', 'one live call, each time');
    }
    ($res) = $call->('other', days(-9, -2));
    is($res->{status}, 200, 'the pages are in the cache, for another token as well');

    # the windows that are missing here may come from there
    $sim->config(tokens => ['other']);
    ($res) = $call->('reader', days(-12, -2));
    is($res->{status}, 401, 'a revoked token gets nothing that was stored');
    $sim->config(tokens => []);
    $cached->stop_ok;
};

# Where callers are put together, who may not read the directory does not learn
# from it, nor makes others believe that it knows nothing.
subtest 'rights to the directory' => sub {
    tenant(seed => 28, desktops => 40, idle => 'hidden');
    my %day = days(-4, -4);
    my ($idle) = grep { my $id = $_; !grep { $_ eq $id } map { $_->{desktop_id} }
        @{ decode($store->truth({%day}))->{desktop_used_info_list} } } @desktops;
    my $body = { %day, desktop_ids => [ $idle, 'unknown' ] };
    $store->truth($body);
    for my $first ('may', 'may not') {
        for my $at ('all') {
            my $project = 'directory' . length $first;
            for my $who ($first, $first eq 'may' ? 'may not' : 'may', $first) {
                $sim->faults($who eq 'may' ? ()
                    : { fault => 'status', status => 403, api => 'directory' });
                my %o = (project => $project, token => $fresh->());
                my $res = $store->ask($body, %o, at => $at);
                my $off = $store->ask($body, %o, at => 'off');
                is($res->{body}, $off->{body}, "$at, $first first: who $who") or
                    diag('WRONG 200');
            }
            $sim->faults;
        }
    }
};

# --- What goes wrong.

subtest 'the live call goes wrong' => sub {
    tenant(seed => 17, desktops => 30);
    my $token = $fresh->();
    my %same = (token => $token);
    my $warm = $store->ask({%week}, %same);
    took($warm, 7, 'stored');
    my %one = days(-3, -3);

    for my $status (400, 401, 403, 404, 409, 500, 502) {
        for my $form (qw(json html empty)) {
            my $fault = { fault => 'status', status => $status, form => $form };
            $sim->faults($fault);
            my $res = $store->ask({%week}, %same);
            my $off = $store->ask({%one}, at => 'off', token => $token);
            is($res->{status}, $off->{status}, "$status, $form: as without a store");
            is($res->{body} =~ s/"error_detail":.*//sr,
                $off->{body} =~ s/"error_detail":.*//sr, "$status, $form: its body");
            next if $status != 401;
            # (it is remembered for some seconds)
            $sim->faults;
            $same{token} = $token = $fresh->();
            took($store->ask({%week}, %same), 7, 'another token');
        }
    }

    # (429 and 503 may be asked again, until the time is over)
    for my $status (429, 503) {
        $sim->faults({ fault => 'status', status => $status });
        my $res = $store->ask({%week}, %same);
        my $off = $store->ask({%one}, at => 'off', token => $token);
        is($res->{status}, $off->{status}, "$status: as without a store");
    }
    $sim->faults({ fault => 'status', status => 401, code => 'X.1', msg => 'gone',
        detail => 'so', encoded => 'abc' });
    my $res = $store->ask({%week}, %same);
    is($res->{status}, 401, 'a refusal');
    like($res->{body}, qr/"X\.1".*"gone"/s, 'in its own words');
    $sim->faults;
    $same{token} = $token = $fresh->();
    took($store->ask({%week}, %same), 7, 'another token');

    for my $fault (
        (map { { fault => $_ } } qw(reset cut truncate garble text empty no-items
            null-items no-count negative string huge no-id)),
        { fault => 'rows', delta => -1 },
        { fault => 'text', body => '[]' }, { fault => 'text', body => '{}' },
        { fault => 'text', body => 'null' }, { fault => 'text', body => '{"count":1}' },
        { fault => 'text', body => '{"count":-1,"items":[]}' },
        { fault => 'text', body => '{"count":0,"items":[{}]}' })
    {
        $sim->faults($fault);
        my $res = $store->ask({%week}, %same);
        error_is($res, 502, join ' ', 'live call:', %$fault);
    }

    # what is no error in a page is none here
    for my $fault (map { { fault => $_ } } qw(chunked close extra drip null no-metric)) {
        $sim->faults($fault);
        my $res = $store->ask({%week}, %same);
        is($res->{body}, $warm->{body}, "live call: $fault->{fault}");
        took($res, 1, $fault->{fault});
    }

    for my $at (0, 20) {
        $sim->faults({ fault => 'hang', $at ? (at => $at) : () });
        error_is($store->ask({%week}, %same, at => 'soon'), 504, 'no answer');
    }
    $sim->faults;
    $res = $store->ask({%week}, %same);
    is($res->{body}, $warm->{body}, 'when all is well, it is all there');
    took($res, 1, 'and not asked for again');

    # among missing windows, one is refused: that is the reply
    $sim->faults({ fault => 'status', status => 403, day => on(-12) });
    is($store->ask({ days(-12, -3) }, %same)->{status}, 403, 'a missing day is refused');
    $sim->faults;
};

subtest 'nothing is stored of what failed' => sub {
    tenant(seed => 18, desktops => 60);
    for my $fault (
        { fault => 'status', status => 403 }, { fault => 'status', status => 500 },
        map { { fault => $_ } } qw(truncate garble text lying-count no-items negative
            string huge duplicate no-id))
    {
        my $token = $fresh->();
        # (a list whose pages don't agree is asked for three times)
        $sim->faults({ %$fault, day => on(-6) });
        my $res = $store->ask({%week}, token => $token, at => 'one');
        cmp_ok($res->{status}, '>=', 400, "$fault->{fault}: an error");
        $sim->faults;
        $res = $store->ask({%week}, token => $token);
        $store->true_ok($res, {%week}, "$fault->{fault}, then well");
        took($res, 7, "$fault->{fault}, then");
        stored($res, 0, "$fault->{fault}, then");
    }

    # what is asked for again, as it changed meanwhile, is stored as it was then
    tenant(seed => 18, desktops => 250);
    for my $fault ({ fault => 'shift', offset => 100 }, { fault => 'lying-count',
        offset => 100 }, { fault => 'rows', offset => 0 }, { fault => 'duplicate' },
        { fault => 'unsorted' }, { fault => 'cut' })
    {
        for my $count (1, 2, 8) {
            my $token = $fresh->();
            $store->truth({%week});
            $sim->faults({ %$fault, count => $count,
                $fault->{fault} eq 'unsorted' ? (count => 1000) : () });
            my $res = $store->ask({%week}, token => $token);
            my $name = "$fault->{fault}, $count times";
            $store->true_ok($res, {%week}, $name) if $res->{status} == 200;
            $sim->faults;
            for my $body ({%week}, { %week, offset => 150 }, { days(-5, -5) },
                { days(-5, -5), limit => 0 })
            {
                $res = $store->ask($body, token => $token);
                $store->true_ok($res, $body, "$name: afterwards");
            }
        }
    }
};

# --- The zone.

# Reloads, and waits for the old workers to be gone.
sub reloaded {
    my ($name, %change) = @_;
    my %old = map { $_ => 1 } $nginx->workers;
    return ok($nginx->reload(%change) && $nginx->wait_for(sub {
        !grep { $old{$_} } $nginx->workers }, 60), $name);
}

subtest 'a reload' => sub {
    tenant(seed => 19, desktops => 50);
    my $token = $fresh->();
    my $first = $store->ask({%week}, token => $token);
    for my $workers (1, 2, 1) {
        reloaded('reloaded', workers => $workers);
        my $res = $store->ask({%week}, token => $token);
        is($res->{body}, $first->{body}, 'the same reply');
        took($res, 1, 'the store survives');
        stored($res, 7, 'the store survives');
    }
    # another size is another zone
    reloaded('another size', http => Usage::Store->http(size => '12m'));
    for my $n (7, 1) {
        my $res = $store->ask({%week}, token => $token);
        $store->true_ok($res, {%week}, 'a new zone');
        took($res, $n, 'a new zone');
    }
    # off, and on again
    reloaded('off', http => Usage::Store->http(size => '12m') =~
        s/usage_store days;/usage_store off;/r);
    took($store->ask({%week}, token => $token), 7, 'off');
    reloaded('on again', http => Usage::Store->http);
    $store->true_ok($store->ask({%week}, token => $token), {%week}, 'on again');
};

# The smallest size that is allowed.
sub smallest {
    for my $kb (8, 16, 24, 32, 48, 64, 96, 128, 256, 512, 1024, 2048) {
        my ($ok) = Usage::Nginx->check(http => "usage_store zone=days:${kb}k;");
        return $kb if $ok;
    }
    return 4096;
}

subtest 'a zone that is too small' => sub {
    my $size = smallest();
    note("the smallest zone has $size KB");
    my $tight = Usage::Nginx->start(upstream => $sim->port, server => $places,
        http => Usage::Store->http(size => "${size}k"));
    my $tiny = Usage::Store->new(sim => $sim, nginx => $tight);

    for my $n (20, 250, 2000) {
        tenant(seed => 20, desktops => $n);
        $tiny->{truth} = $store->{truth};
        for my $range ([ days(-9, -3) ], [ days(-33, -3) ], [ days(-4, -4) ]) {
            for my $more ({}, { offset => 10, limit => 20 },
                { desktop_ids => [ @desktops[ 3, 1 ] ] })
            {
                my $body = { @$range, %$more };
                next if $n > 250 && ($slow || days_between(@$body{
                    qw(start_time end_time)}) > 7);
                for (1 .. 2) {
                    $tiny->true_ok($tiny->ask($body, token => "of-$n"), $body,
                        "$n desktops");
                }
            }
        }
    }

    $tight->stop_ok;
};

subtest 'the least recently used goes, and what is used stays' => sub {
    my $size  = 4 * smallest();
    my $tight = Usage::Nginx->start(upstream => $sim->port, server => $places,
        http => Usage::Store->http(size => "${size}k"));
    my $tiny = Usage::Store->new(sim => $sim, nginx => $tight);
    tenant(seed => 20, desktops => 20);
    $tiny->{truth} = $store->{truth};
    my $two   = { days(-4, -3) };
    my $kept  = $fresh->();
    my $first = $fresh->();
    $tiny->ask($two, token => $_) for $kept, $first;
    took($tiny->ask($two, token => $kept), 1, 'room for these');
    my ($lost, $found) = (0, 0);
    for (1 .. 12) {
        for (1 .. 15) {
            my $res = $tiny->ask($two, token => $fresh->());
            $found++ if ($res->{log}{stored} // '') ne '0';
            $tiny->true_ok($res, $two, 'others') if $_ == 1;
        }
        # (who used what when may be known to the second only)
        sleep 1.1;
        my $res = $tiny->ask($two, token => $kept);
        $lost++ if ($res->{log}{stored} // '') ne '2';
    }
    is($lost, 0, 'what is used all the time stays');
    is($found, 0, 'of others nothing is there');
    my $res = $tiny->ask($two, token => $first);
    stored($res, 0, 'what was not used went');
    $tiny->true_ok($res, $two, 'what was not used');
    $tight->stop_ok;
};

# Days that a call needs don't go for those that it fetches itself: those of
# others do, until nothing else is left.
subtest 'a call makes no room with what it needs' => sub {
    my $size  = 2 * smallest();
    my $tight = Usage::Nginx->start(upstream => $sim->port, server => $places,
        http => Usage::Store->http(size => "${size}k"));
    my $tiny = Usage::Store->new(sim => $sim, nginx => $tight);
    tenant(seed => 26, desktops => 90);

    # so many days of others
    my $fill = sub {
        # (callers who hold much more take nothing from those who hold less)
        for (my $left = $_[0]; $left > 0; $left -= 5) {
            my $to = $left < 5 ? -41 + $left : -36;
            $tight->post(route(), $json->encode({ days(-40, $to) }),
                'X-Auth-Token' => $fresh->());
        }
    };

    # The first day is stored; others come, more and more, until it is gone when
    # the call comes: then each day is fetched once.  If it goes because of the
    # call, that takes more.
    my ($n, $token);
    my $two = { days(-4, -3) };
    for my $days (2, 5) {
        my $body = { days(-2 - $days, -3) };
        my $gone = 0;
        for ($n = 0; $n < 200 && !$gone; $n += $slow ? 8 : 1) {
            $token = $fresh->();
            $tiny->ask({ days(-2 - $days, -2 - $days) }, token => $token);
            $fill->($n);
            my $first = $tiny->ask($body, token => $token);
            $tiny->true_ok($first, $body, "$days days, $n others");
            $gone = @{ $first->{calls} } == $days;
            took($first, $days - 1, "$days days, $n others") if !$gone;
            stored($tiny->ask($body, token => $token), $days,
                "$days days, $n others, again");
        }
        ok($gone, "$days days: $n others fill the zone");
    }

    # the same where the others come while it fetches
    $token = $fresh->();
    $tiny->ask({ days(-4, -4) }, token => $token);
    $fill->(int $n * 0.7);
    # (who used what when is known to the second only)
    sleep 1.1;
    $sim->faults({ fault => 'delay', ms => 500, count => 1 });
    $sim->clear;
    my $c = $tight->client;
    $c->send($c->format('POST', route(), $json->encode($two), 'X-Auth-Token' => $token));
    ok($tight->wait_for(sub { @{ $tiny->calls } }), 'it fetches');
    $fill->(int $n * 0.7);
    $tiny->true_ok($c->response, $two, 'others meanwhile');
    $sim->faults;
    stored($tiny->ask($two, token => $token), 2, 'others meanwhile, again');
    unlike($tight->error_log, qr/no room for a call/, 'there was room');
    $tight->stop_ok;
};

# What a call has found is there, or is asked for, though it goes meanwhile.
subtest 'what goes while a call is under way' => sub {
    my $size  = smallest();
    my $tight = Usage::Nginx->start(upstream => $sim->port, server => $places,
        http => Usage::Store->http(size => "${size}k"));
    my $tiny = Usage::Store->new(sim => $sim, nginx => $tight);
    tenant(seed => 24, desktops => 30);
    $tiny->{truth} = $store->{truth};
    my $others = { days(-9, -4) };
    for my $body ({%week}, { days(-5, -3) }, { %week, desktop_ids => [ @desktops[ 8, 2 ] ] },
        { days(-12, -3) })
    {
        $store->truth($_) for $body, $others;
        for my $how ('others', 'reload') {
            my $token = $fresh->();
            $tiny->ask({%week}, token => $token);
            $sim->faults({ fault => 'hang', count => $body->{start_time} eq on(-12)
                ? 3 : 1 });
            $sim->clear;
            my $c = $tight->client;
            $c->send($c->format('POST', route(), $json->encode($body),
                'X-Auth-Token' => $token));
            ok($tight->wait_for(sub { @{ $tiny->calls } }), 'it has begun');
            if ($how eq 'others') {
                my $wrong = grep { $_->{status} != 200 } map {
                    $tiny->ask($others, token => $fresh->()) } 1 .. $size;
                is($wrong, 0, 'others fill the zone');
            } else {
                ok($tight->reload, 'a reload');
            }
            # (what hung is closed, and maybe asked for again)
            $sim->faults;
            my $res = $c->response;
            if ($res->{status} == 200) { $tiny->true_ok($res, $body, $how) }
            else { error_is($res, 502, "$how: what hung is closed") }

            # the same with a reply that comes
            $tiny->ask({%week}, token => $token);
            $sim->faults({ fault => 'delay', ms => 400, count => 1 });
            $sim->clear;
            $c = $tight->client;
            $c->send($c->format('POST', route(), $json->encode($body),
                'X-Auth-Token' => $token));
            ok($tight->wait_for(sub { @{ $tiny->calls } }), 'it has begun');
            $tiny->ask($others, token => $fresh->()) for 1 .. 8;
            $tiny->true_ok($c->response, $body, "$how: meanwhile");
            $sim->faults;
        }
    }
    $tight->stop_ok;
};

# --- Nothing of a token anywhere.

subtest 'secrets' => sub {
    tenant(seed => 22, desktops => 30);
    my %secret = map { $_ => join '', map { ('a' .. 'z', 0 .. 9)[ rand 36 ] } 1 .. 48 }
        qw(token security tenant);
    for my $at ('', 'key', 'all', 'off') {
        for my $body ({%week}, {%week}, { days(-12, -3), desktop_ids => ['x'] },
            { %week, limit => 1000 })
        {
            $store->ask($body, at => $at, token => $secret{token}, headers => {
                'X-Security-Token' => $secret{security}, 'X-Tenant' => $secret{tenant} });
        }
        $sim->faults({ fault => 'status', status => 401 });
        $store->ask({ days(-20, -3) }, at => $at, token => $secret{token});
        $sim->faults;
    }

    for my $name (qw(error.log access.log store.log stderr)) {
        open my $fh, '<', $nginx->prefix . "/$name" or next;
        local $/;
        my $text = <$fh>;
        for (sort keys %secret) {
            ok(index($text, $secret{$_}) < 0, "$name: nothing of the $_");
            ok(index($text, sha256_hex($secret{$_})) < 0, "nor its hash");
        }
    }

    # the shared memory of a worker
    my ($pid) = $nginx->workers;
    my $shared = '';
    if (open my $maps, '<', "/proc/$pid/maps") {
        while (<$maps>) {
            my ($from, $to, $mode, $name) =
                /\A([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \d+\s*(.*)/ or next;
            next unless $mode =~ /s\z/ && $name =~ m{/dev/zero};
            open my $mem, '<:raw', "/proc/$pid/mem" or last;
            no warnings 'portable';
            sysseek $mem, hex $from, 0;
            my $left = hex($to) - hex $from;
            while ($left > 0) {
                my $n = sysread $mem, $shared, $left, length $shared or last;
                $left -= $n;
            }
        }
    }
    SKIP: {
        skip 'its memory is not to be read', 1 if length $shared < 8 << 20;
        like($shared, qr/\Q$desktops[0]\E/, 'the store is in it') or
            note('ids are in no plain form');
        for (sort keys %secret) {
            my $s = $secret{$_};
            ok(index($shared, substr $s, 8, 16) < 0, "no part of the $_");
            ok(index($shared, sha256($s)) < 0, "nor of its hash");
            ok(index($shared, sha256_hex($s)) < 0, "nor of that in hex");
        }
    }
};

# --- Whatever is asked for.

subtest 'users and hours' => sub {
    plan skip_all => 'midnight is near' if near_midnight(120);
    tenant(seed => 23, desktops => 40);
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
                    'a user: as without a store');
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
    my $seed  = $ENV{USAGE_SEED} // (time ^ $$ << 8) & 0x7fffffff;
    my $total = $ENV{USAGE_RANDOM_COUNT} || ($slow ? 60 : 600);
    diag("USAGE_SEED=$seed USAGE_RANDOM_COUNT=$total") if !defined $ENV{USAGE_SEED};
    my $state = $seed;
    my $rnd = sub {
        $state = ($state * 1103515245 + 12345) & 0x7fffffff;
        return int(($state >> 8) / 0x800000 * $_[0]);
    };
    my $pick = sub { return $_[ $rnd->(scalar @_) ] };

    my $size   = smallest();
    my $little = Usage::Nginx->start(upstream => $sim->port, server => $places,
        http => Usage::Store->http(size => ($size * 8) . 'k'));
    my @stores = ($store, Usage::Store->new(sim => $sim, nginx => $little));
    my $wrong  = 0;
    my %served;

    for my $i (0 .. $total - 1) {
        if ($i % 100 == 0) {
            tenant(seed => $rnd->(1000), idle => $pick->(qw(shown hidden)),
                desktops => $pick->(0, 3, 40, 100, 101, 160, 330), days => 45);
            $stores[1]{truth} = $store->{truth};
        }
        my $from = -3 - $rnd->(35);
        my $last = $from + $pick->(0, 0, 1, 2, 6, 6, 13, 30);
        my %body = days($from, $last > -3 ? -3 : $last);
        $body{offset} = $pick->(0, 1, 50, 100, 150, 400) if $rnd->(100) < 25;
        $body{limit}  = $pick->(0, 1, 10, 99, 100)       if $rnd->(100) < 40;
        if ($rnd->(100) < 45) {
            $body{desktop_ids} = [ map { $rnd->(100) < 93 && @desktops
                ? $pick->(@desktops) : $pick->('nobody', "no-$_", 'x&y') }
                1 .. $pick->(1, 2, 3, 5, 20, 80, 150, 330) ];
        }
        my $fault;
        if ($rnd->(100) < 20) {
            $fault = { fault => $pick->(qw(status cut truncate garble shift lying-count
                rows duplicate no-items unsorted reset negative close chunked)),
                count => 1 + $rnd->(3), skip => $rnd->(6) };
            $fault->{offset} = 100 if $fault->{fault} eq 'shift';
        }
        my $truth = $store->truth(\%body);
        $sim->faults($fault) if $fault;
        my $s = $pick->(@stores);
        my %o = (token => "random-$seed-" . int($i / 100) . $pick->('a', 'a', 'a', 'b'),
            at => $pick->('', '', 'one', 'wide', 'id', 'all'));
        # (which all share, and a tenant is a project's here)
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
    is($wrong, 0, "$total calls, all true");
    cmp_ok($served{stored} || 0, '>', $total / 5, 'many of them from the store');
    $little->stop_ok;
};

# --- The configuration.

sub passes {
    my ($where, $text) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($ok, $out) = Usage::Nginx->check(
        ref $where ? @$where : ($where => $text));
    return ok($ok, ref $where ? "@$where" : "$where: $text") || diag($out);
}

sub fails {
    my ($where, $text, $like) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($ok, $out) = Usage::Nginx->check(
        ref $where ? @$where : ($where => $text));
    my $name = ref $where ? "@$where" : "$where: $text";
    return fail("$name: refused") if $ok;
    return unlike($out, qr/unknown directive "usage_/, "$name: it is known")
        && like($out, $like || qr/\[emerg\].*(?:usage_\w+|zone|invalid|allowed|duplicate)/,
            "$name: refused");
}

subtest 'usage_store' => sub {
    passes(http => "usage_store zone=a:$_;") for qw(1m 10M 2048k 100m);
    fails(http => "usage_store $_;") for 'zone=a', 'zone=a:', 'zone=a:x', 'zone=:1m',
        'zone=', 'zone=a:0', 'zone=a:1k', 'zone=a:-1m', 'zone=a:1m zone=b:1m',
        'zone=a:1m more', 'zone=a:1mm', '', 'a b', '""';
    fails(http => 'usage_store zone=a:1m; usage_store zone=a:2m;',
        qr/conflict|already|duplicate/);
    fails($_ => 'usage_store zone=a:1m;') for qw(server location);
    fails($_ => 'usage_store nosuch;') for qw(http server location);
    fails([ http => 'usage_store zone=a:1m;', server => 'usage_store b;' ]);
    fails([ http => 'limit_req_zone $uri zone=a:1m rate=1r/s;',
        server => 'usage_store a;' ]);
    fails([ http => 'limit_req_zone $uri zone=a:1m rate=1r/s; usage_store zone=a:1m;' ]);
    fails($_ => 'usage_store zone=a:1m;', qr/not allowed/) for qw(main events);

    my @zones = (http => 'usage_store zone=a:1m; usage_store zone=b:1m;');
    passes([@zones]);
    passes([ http => "$zones[1] usage_store a;" ]);
    for my $where (qw(server location)) {
        passes([ @zones, $where => "usage_store $_;" ]) for qw(a b off);
        fails([ @zones, $where => 'usage_store a; usage_store b;' ], undef, qr/duplicate/);
        fails([ @zones, $where => 'usage_store off; usage_store off;' ], undef,
            qr/duplicate/);
        fails([ @zones, $where => "usage_store $_;" ]) for '', 'a b', '""';
    }
    passes([ @zones, server => 'usage_store a;', location => 'usage_store off;' ]);
    passes($_ => 'usage_store off;') for qw(http server location);
    # (blocks come in any order)
    passes(http => 'server { listen 127.0.0.1:%%PORT2%%; usage_store a; }
        usage_store zone=a:1m;');
};

subtest 'usage_fresh, usage_final_after, usage_store_key' => sub {
    for my $where (qw(http server location)) {
        for my $name (qw(usage_fresh usage_final_after)) {
            passes($where => "$name $_;") for qw(60s 1h 26h 1d2h 3);
            fails($where => "$name $_;") for qw(x -1s 1x ""), '', '1s 2s', '1.5h';
            fails($where => "$name 1h; $name 1h;", qr/duplicate/);
        }
        passes($where => 'usage_fresh 0;');
        passes($where => "usage_store_key $_;") for '$http_x_tenant', 'all', '""',
            '"$http_x_auth_token$remote_addr"', '$host/all';
        fails($where => "usage_store_key $_;") for '', 'a b';
        fails($where => 'usage_store_key $nosuch;', qr/unknown "nosuch" variable/);
        fails($where => 'usage_store_key a; usage_store_key b;', qr/duplicate/);
    }
    fails(main => "$_ 1h;", qr/not allowed/)
        for qw(usage_fresh usage_final_after usage_store_key);
};

$nginx->stop_ok;
$sim->stop;

done_testing();
