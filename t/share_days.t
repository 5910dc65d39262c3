# SPDX-License-Identifier: BSD-2-Clause
#
# Days that gateways share in Redis: what one gateway fetched costs the other one call,
# which shows the caller's right, and so it is after a restart; replies are true. Which
# days are shared, with whom, and for how long.

use strict;
use warnings;

use POSIX ();
use Test::More;

use Usage::Clock;
use Usage::Gateways;
use Usage::Metrics;
use Usage::Nginx;
use Usage::Redis;
use Usage::Test;
use Usage::Upstream qw(json_reply page row desktop_ids);

Usage::Redis->need;
require Usage::Signer; # (hand() needs nothing of the vendor's)

my %keys = (AKONE => { sk => 'sk-of-one-4711' }, AKTWO => { sk => 'sk-of-two-0815' });
my $file = Usage::Signer->file(\%keys);
my $late = 'usage_final_after 144h;';

my %places = (
    string => 'usage_use_time string;',
    key    => 'usage_store_key $http_x_tenant;',
    late   => $late,
    alone  => 'usage_share off;',
    off    => 'usage_store off;',
);
my $server = join '', map { Usage::Nginx->at($_ => $places{$_}) } sort keys %places;
my $patience = Usage::Nginx->patience(60);
my %common = (server => $server,
    http => "usage_credentials $file; usage_timeout ${patience}s;");

my $g = Usage::Gateways->start(%common,
    sim => [ '--desktops', 120, '--days', 60, map { ('--access-key', "$_:$keys{$_}{sk}") }
        sort keys %keys ]);
my ($sim, $redis) = ($g->sim, $g->redis);

my %week  = days(-9, -3);
my %month = days(-33, -3);

# A test: a gateway's reply is true, and took so many upstream calls.
sub reply_ok {
    my ($i, $body, $calls, $name, %o) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $query = delete $o{query};
    my $res = $g->ask($i, {%$body}, %o);
    is($g->wrong($res, $query), '', "$name: true");
    is(scalar $g->took($res), $calls, "$name: upstream calls");
    return $res;
}

# What a gateway counts now, when each lock is given back: that is counted after a reply.
sub settled {
    my ($nginx) = @_;
    my $now;
    ok($nginx->wait_for(sub {
        $now = now($nginx);
        my %n;
        /operations_total\{operation="((?:un)?lock)"/ and $n{$1} += $now->{$_} for keys %$now;
        return $n{lock} == $n{unlock};
    }), 'each lock is given back');
    return $now;
}

# The operations on Redis that a gateway makes while something is done, by name.
sub operations {
    my ($i, $do) = @_;
    my $before = settled($g->nginx($i));
    $do->();
    settled($g->nginx($i));
    my $since = since($g->nginx($i), $before);
    return { map { /\Ausage_share_operations_total\{operation="(\w+)",outcome="(\w+)"\}/
        ? ("$1 $2" => $since->{$_}) : () } keys %$since };
}

sub names { return grep { length $redis->command('GET', $_) > 30 } keys %{ $redis->dump } }

for my $idle (qw(shown hidden)) {
    subtest "a report, desktops without use $idle" => sub {
        $redis->flush;
        my $token = $g->tenant(seed => 3, desktops => 120, idle => $idle);
        $g->clear;
        my $first = $g->ask(0, {%week}, token => $token);
        is($g->wrong($first), '', 'the first gateway: true');
        cmp_ok(scalar $g->took($first), '>=', 7, 'the first gateway fetches all days');
        is(scalar names(), 7, 'all days are in Redis');

        my $res = reply_ok(1, \%week, 1, 'the other', token => $token);
        is($res->{body}, $first->{body}, 'the other: the same to the byte');
        reply_ok($_, \%week, 1, "gateway $_ once more", token => $token) for 0, 1;
        $g->restart(0);
        reply_ok(0, \%week, 1, 'after a restart', token => $token);
    };

    subtest "other requests of those days, desktops without use $idle" => sub {
        my @ids = do { $g->tenant(seed => 4, desktops => 120, idle => $idle);
            @{ $sim->desktops } };
        my %asks = (
            'the second page'   => { %week, offset => 100, limit => 20 },
            'no desktops'       => { %week, limit => 0 },
            'behind the last'   => { %week, offset => 1000 },
            'one day'           => { days(-5, -5) },
            'some days'         => { days(-8, -4), offset => 3, limit => 7 },
            'a desktop'         => { %week, desktop_ids => [ $ids[7] ] },
            'some desktops'     => { %week, desktop_ids => [ @ids[ 3, 9, 2, 110, 9 ] ] },
            'a page of them'    => { %week, desktop_ids => [ @ids[ 3 .. 60 ] ],
                offset => 20, limit => 9 },
            'an unknown one'    => { days(-7, -6), desktop_ids => [ $ids[1], 'nobody' ] },
        );
        for my $name (sort keys %asks) {
            my $token = $g->tenant;
            is($g->wrong($g->ask(0, {%week}, token => $token)), '', "before $name: true");
            $g->clear;
            my $cold = $g->ask(1, { %{ $asks{$name} } }, token => $token);
            my $warm = $g->ask(0, { %{ $asks{$name} } }, token => $token);
            is($g->wrong($cold), '', "$name: true");
            is($cold->{body}, $warm->{body}, "$name: the same to the byte as the first's");
            is(scalar $g->took($cold), scalar $g->took($warm),
                "$name: as many calls as at the first gateway");
            is(scalar $g->took($cold), 1, "$name: one call") if !$asks{$name}{desktop_ids};
            cmp_ok(scalar $g->took($cold), '<=', 2, "$name: two calls at most");
        }

        my $token = $g->tenant;
        $g->ask(0, {%week}, token => $token);
        $g->clear;
        reply_ok(1, \%week, 1, 'use_time as a string', token => $token, at => 'string',
            query => 'use_time=string');
    };
}

subtest 'days that are only partly there' => sub {
    my $token = $g->tenant(seed => 5, desktops => 30);
    $g->ask(0, { days(-9, -4) }, token => $token);
    $g->clear;
    my $res = $g->ask(1, {%week}, token => $token);
    is($g->wrong($res), '', 'a day more: true');
    is(scalar $g->took($res), 1, 'a day more: its call, which shows the right, too');
    reply_ok(0, \%week, 1, 'that day is there for the first', token => $token);

    $token = $g->tenant;
    $g->ask(0, { days($_, $_) }, token => $token) for -9, -6, -3;
    $g->clear;
    $res = $g->ask(1, {%week}, token => $token);
    is($g->wrong($res), '', 'days with gaps: true');
    is(scalar $g->took($res), 4, 'days with gaps: only those are fetched');
    reply_ok(0, \%week, 1, 'all are there for the first', token => $token);
};

subtest 'no desktops, many desktops' => sub {
    my $token = $g->tenant(seed => 6, desktops => 0);
    is($g->wrong($g->ask(0, {%week}, token => $token)), '', 'no desktops: true');
    $g->clear;
    reply_ok(1, \%week, 1, 'no desktops, at the other', token => $token);

    $redis->flush;
    $token = $g->tenant(seed => 7, desktops => 2000, idle => 'shown');
    is($g->wrong($g->ask(0, {%month}, token => $token)), '', '2000 desktops, 31 days: true');
    $g->clear;
    reply_ok(1, \%month, 1, '2000 desktops, 31 days, at the other', token => $token);
    my %sizes = map { $redis->command('STRLEN', $_) => $redis->command('MEMORY', 'USAGE', $_) }
        names();
    diag(map {"a day of 2000 desktops: $_ bytes, $sizes{$_} in Redis\n"} sort keys %sizes)
        if $ENV{USAGE_SIZES};
    is(scalar names(), 31, 'an entry for each of 31 days');
    ok(!(grep { $_ > 43_000 } keys %sizes), 'each of 43 KB at most');
};

subtest 'figures and ids as they come' => sub {
    my @ids = ('d', 'x' x 64, 'y' x 254, 'é€漢', 'A0B1C2D3-0000-4000-8000-0123456789AB',
        '00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000', 'a b"\\');
    my @figures = qw(0 0.5 0.9999 17.9996 18 53.99999999 1234.5678 65535.5 86400 1e-7 3600);
    my $up = Usage::Upstream->start(sub {
        my ($req) = @_;
        my @rows = map { row($ids[$_], 'FIGURE' . $_ % @figures) } 0 .. $#ids;
        my $text = $json->encode(page($req, \@rows));
        $text =~ s/"FIGURE(\d+)"/$figures[$1]/g;
        return json_reply(200, $text);
    });
    for my $whole (0, 1) {
        @figures = grep { /\A\d+\z/ } @figures if $whole;
        my $few = Usage::Gateways->start(%common, simulator => $up, redis => $redis,
            namespace => "figures-$whole");
        for my $at ('', 'string') {
            my @res = map { $few->ask($_, {%week}, at => $at, token => "t$at") } 0, 1;
            is($_->{status}, 200, "'$at', whole $whole: 200") or diag $_->{body} for @res;
            is($res[1]{body}, $res[0]{body}, "'$at', whole $whole: the same to the byte");
            is(decode($res[0]{body})->{total_count}, scalar @ids, 'each desktop is there');
        }
        my $off = $few->ask(1, {%week}, at => 'off');
        is($few->ask(1, {%week}, token => 't')->{body}, $off->{body}, 'as without a store');
        my $n = now($few->nginx(1));
        is($n->{'usage_share_hits_total{level="shared"}'}, 14, 'days came from Redis');
        $few->nginx($_)->stop_ok for 0, 1;
    }
    $up->stop;
};

subtest 'a store with no room for what is in Redis' => sub {
    my $token = $g->tenant(seed => 8, desktops => 600, idle => 'shown');
    $g->ask(0, {%month}, token => $token);
    my $small = Usage::Gateways->start(gateways => 1, simulator => $sim, redis => $redis,
        http => 'usage_store zone=small:64k;', place => 'usage_store small;');
    my $res = $small->ask(0, {%month}, token => $token);
    is($small->wrong($res), '', 'its reply is true');
    $small->nginx->stop_ok(undef, allow => qr/no memory|slab/);
};

subtest 'days that are not final' => sub {
    $redis->flush;
    my $token = $g->tenant(seed => 9, desktops => 30);
    $g->clear;
    my $ops = operations(0, sub { reply_ok(0, \%week, 7, 'the first', token => $token,
        at => 'late') });
    is($ops->{'put done'}, 4, 'days are written if they are final');
    is(scalar names(), 4, 'and no others are in Redis');

    $ops = operations(1, sub { reply_ok(1, \%week, 3, 'another, for which all are final',
        token => $token) });
    is($ops->{'put done'}, 3, 'it writes the others');

    $g->restart(0);
    $g->clear;
    $ops = operations(0, sub { reply_ok(0, \%week, 3, 'the first, again', token => $token,
        at => 'late') });
    # (who has the lock looks for the first of the missing days again)
    cmp_ok($ops->{'get done'}, '<=', 5, 'days are read if they are final for it');

    $redis->flush;
    is($g->ask(0, { days(-1, 3) }, token => $g->tenant)->{status}, 200, 'today, and days to come');
    cmp_ok(scalar names(), '<=', 1, 'are not in Redis');
};

subtest 'by the clock' => sub {
    my $clock = Usage::Clock->new or plan skip_all => 'no clock';
    plan skip_all => 'midnight is near' if near_midnight(120);
    my $late_token = $g->tenant(seed => 10, desktops => 30);
    my $old_token = $g->tenant;
    $g->ask(0, {%week}, token => $_) for $late_token, $old_token;
    # Redis' own clock doesn't go ahead: so each entry outlives its time
    my %conf = %{ $g->nginx(0)->{o} };

    my $ahead = sub {
        my ($hours) = @_;
        $clock->set(POSIX::strftime('%Y-%m-%dT%H:%M:%SZ', gmtime(time + 3600 * $hours)));
        my $nginx = $clock->nginx(%conf);
        local $g->{nginx} = [ $g->nginx(1), $nginx ];
        my $take = sub {
            my ($token, $at) = @_;
            my $before = now($nginx);
            my $res = $g->ask(1, {%week}, token => $token, at => $at);
            is($g->wrong($res), '', "$hours hours later, $at: true");
            my $since = since($nginx, $before);
            return [ scalar $g->took($res),
                map { $since->{"usage_share_$_"} // 0 } 'hits_total{level="shared"}',
                'rejected_total' ];
        };
        my @all = ($take->($late_token, 'late'), $take->($old_token, ''));
        $nginx->stop_ok;
        return @all;
    };

    is_deeply([ $ahead->(24) ], [ [ 3, 4, 0 ], [ 1, 7, 0 ] ],
        'a day later: a day that was not final when it was fetched is fetched again');
    my ($late, $old) = $ahead->(26);
    is($old->[1], 0, 'after 26 hours a value of a token is not taken');
    cmp_ok($old->[2], '>=', 7, 'and counts as rejected');
    is($old->[0], 7, 'its days are fetched again');
};

subtest 'rights' => sub {
    my $token = $g->tenant(seed => 11, desktops => 30);
    $g->ask(0, {%week}, token => $token);
    for my $status (401, 403) {
        $g->restart(1); # (a token that was refused is refused for a while)
        $sim->faults({ fault => 'status', status => $status });
        my $res = $g->ask(1, {%week}, token => $token);
        is($res->{status}, $status, "a token that the service refuses with $status");
        unlike($res->{body}, qr/used_info_list/, 'gets no data');
    }
    $sim->faults;
    $g->restart(1);
    $g->clear;
    reply_ok(1, \%week, 1, 'once it is good again', token => $token);
    reply_ok(1, \%week, 7, 'another token', token => $g->tenant);
    reply_ok(1, \%week, 7, 'another project', token => $token, project => 'another');

    my @two = map { $g->tenant } 0, 1;
    my %o = (at => 'key', headers => { 'X-Tenant' => "tenant-$$" });
    $redis->flush;
    reply_ok(0, \%week, 7, 'usage_store_key', %o, token => $two[0]);
    lifes_ok(30 * 86400, 'usage_store_key');
    reply_ok(1, \%week, 1, 'usage_store_key, another token', %o, token => $two[1]);
    $sim->faults({ fault => 'status', status => 401 });
    $g->restart(1);
    is($g->ask(1, {%week}, %o, token => $two[1])->{status}, 401, 'it shows its right, too');
    $sim->faults;
    reply_ok(1, \%week, 7, 'another key', token => $two[0], at => 'key',
        headers => { 'X-Tenant' => 'other' });
};

# A test: all days in Redis live for so many seconds at most, and nearly as long.
sub lifes_ok {
    my ($life, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @ttl = map { $redis->command('PTTL', $_) / 1000 } names();
    is(scalar(grep { $_ <= $life && $_ > $life - 600 } @ttl), 7, "$name: days live $life s")
        or diag("@ttl");
    return;
}

sub signed {
    my ($i, $ak) = @_;
    my $body = $json->encode(\%week);
    my @headers = (Host => 'gateway.test', 'X-Sdk-Date' => Usage::Signer->date(time),
        'X-Project-Id' => 'demo');
    my $signer = Usage::Signer->new(ak => $ak, %{ $keys{$ak} });
    my $res = $g->nginx($i)->post(route(), $body, @headers, Authorization =>
        $signer->hand(target => route(), body => $body, headers => \@headers),
        'X-Request-Id' => my $id = $g->tenant);
    @$res{qw(request id)} = ({%week}, $id);
    return $res;
}

subtest 'how long, and signed calls' => sub {
    $redis->flush;
    my $token = $g->tenant(seed => 12, desktops => 30);
    $g->ask(0, {%week}, token => $token);
    lifes_ok(25 * 3600, 'a token');

    $redis->flush;
    $g->clear;
    for ([ 0, 'AKONE', 7 ], [ 1, 'AKONE', 1 ], [ 1, 'AKTWO', 7 ], [ 0, 'AKTWO', 1 ]) {
        my ($i, $ak, $calls) = @$_;
        my $res = signed($i, $ak);
        is($g->wrong($res), '', "$ak at gateway $i: true");
        is(scalar $g->took($res), $calls, "$ak at gateway $i: upstream calls");
        lifes_ok(30 * 86400, $ak) if "$i $ak" eq '0 AKONE';
    }
};

subtest 'what is not shared makes no operation' => sub {
    my $token = $g->tenant(seed => 13, desktops => 30);
    for my $at (qw(alone off)) {
        my $own = $g->tenant;
        is_deeply(operations(0, sub { reply_ok(0, \%week, 7, $at, token => $own, at => $at) }),
            {}, "$at: no operation");
    }
    my $ops = operations(0, sub { reply_ok(0, \%week, 7, 'cold', token => $token) });
    is($ops->{'put done'}, 7, 'a cold call writes its days');
    is_deeply(operations(0, sub { reply_ok(0, \%week, 1, 'warm', token => $token) }), {},
        'a warm call makes no operation');
    is_deeply(operations(1, sub { reply_ok(1, \%week, 1, 'the other', token => $token) }),
        { 'get done' => 7 }, 'the other gateway reads each day once');
    my $before = now($g->nginx(1));
    reply_ok(1, \%week, 1, 'the other, warm', token => $token);
    my $since = since($g->nginx(1), $before);
    is($since->{'usage_share_hits_total{level="memory"}'}, 7, 'days of memory are counted');
    is($since->{'usage_share_hits_total{level="shared"}'}, undef, 'as such');

    my $paced = Usage::Gateways->start(gateways => 1, simulator => $sim, redis => $redis,
        namespace => 'paced', http => 'usage_rate zone=pace:64k rate=6000r/m share;');
    $paced->ask(0, {%week}, token => $token);
    $before = settled($paced->nginx);
    is($paced->wrong($paced->ask(0, {%week}, token => $token)), '', 'with a pace: true');
    $since = since($paced->nginx, $before);
    is_deeply({ map { /operations/ ? ($_ => $since->{$_}) : () } keys %$since },
        { 'usage_share_operations_total{operation="pace",outcome="done"}' => 1 },
        'with a pace, a warm call makes one operation, for the pace');
    $paced->nginx->stop_ok;
};

$g->nginx($_)->stop_ok for 0, 1;
done_testing;
