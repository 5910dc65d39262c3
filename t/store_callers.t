# SPDX-License-Identifier: BSD-2-Clause
#
# The day store parts callers: nobody gets what was fetched by another, or what
# the service would refuse; and nothing of a token is kept anywhere.

use strict;
use warnings;

use Digest::SHA qw(sha256 sha256_hex);
use Test::More;

use Usage::Nginx;
use Usage::Sim;
use Usage::Store qw(took stored);
use Usage::Test;
use Usage::Upstream qw(json_reply page row);

my %week  = days(-9, -3);
my $fresh = \&Usage::Store::fresh_token;
my @desktops;

my $store = Usage::Store->start;
my ($sim, $nginx) = @$store{qw(sim nginx)};

# An upstream whose figures tell which credential asked, for which project, by
# which way.
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

subtest 'credentials, projects, servers and locations are told apart' => sub {
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
            is($res->{status}, 200, "caller $i, round $round: a 200") or diag($res->{body});
            $reply{$i} //= $res->{body};
            is($res->{body}, $reply{$i}, "caller $i, round $round: the reply of round 1") or
                diag('WRONG 200: ' . join ' ', map { $_ // '-' } @{ $who[$i] });
            push @{ $whose{ $res->{body} } }, $i if $round == 1;
        }
    }
    my @shared = grep { @$_ > 1 } values %whose;
    is(scalar @shared, 0, 'no two callers get the same reply') or diag(map {
        'WRONG 200: shared by ' . join(' and ', map {
            join ' ', map { $_ // '-' } @{ $who[$_] } } @$_) . "\n" } @shared);

    # a header that comes twice makes the reply that it makes without a store
    for my $tokens ([qw(r s)], [qw(s r)], [qw(r t)], ['r'], [ '', 'r' ], [ 'r', '' ], ['s'])
    {
        for my $name ('X-Auth-Token', 'X-Security-Token') {
            my @more = $name eq 'X-Auth-Token' ? () : ('X-Auth-Token' => 'q');
            my ($with, $without) = map { $other->post($_ . route('a'), body(%week),
                @more, $name => $tokens) } '', '/off';
            is("$with->{status} $with->{body}", "$without->{status} $without->{body}",
                "as without a store, $name: " . join ' and ', @$tokens);
        }
    }

    # usage_store_key with the value of a token
    my $alone = $ask->([ 'a', 'credential' ]);
    isnt($ask->([ 'a', 'else', undef, 'tenant', undef, 'X-Tenant' => 'credential' ])->{body},
        $alone->{body}, 'a key is not taken for a token of the same text')
        or diag('WRONG 200');

    # a key that all share still goes with the project and the place
    my %first;
    for my $place ([ 'a', 'all' ], [ 'b', 'all' ], [ 'a', 'alltwo' ], [ 'a', 'tenant' ]) {
        my ($project, $at) = @$place;
        my $key = "$project $at";
        for my $token (qw(one two three)) {
            my $res = $ask->([ $project, "$token-$at", undef, $at, undef,
                'X-Tenant' => 'the same' ]);
            $first{$key} //= $res->{body};
            is($res->{body}, $first{$key},
                "$key, $token: gets what the first caller with this key stored");
        }
    }
    is(scalar(keys %{ { reverse %first } }), 4,
        'one key in two projects or places shares nothing');

    # keys and projects that are the same text when one follows the other
    my %by;
    $by{ $ask->([ $_->[0], 'k', undef, 'tenant', undef, 'X-Tenant' => $_->[1] ])->{body} }++
        for [ 'a', 'bc' ], [ 'ab', 'c' ], [ 'abc', '' ];
    is(scalar keys %by, 3, "a key and a project's name are kept apart");

    # with a shared key, a caller whom the service refuses gets nothing
    for my $token (qw(revoked directory-only)) {
        for my $body ({%week}, { %week, desktop_ids => ['d3'] },
            { %week, desktop_ids => [ 'd3', 'unknown' ] }, { %week, limit => 0 },
            { %week, desktop_ids => ['unknown'] }, { days(-9, -2) }, { days(-5, -5) },
            { days(-5, -5), desktop_ids => [ 'unknown', 'd1' ], limit => 1 })
        {
            my $res = $other->post('/all' . route('a'), body(%$body),
                'X-Auth-Token' => $token);
            my $want = $token eq 'revoked' ? 401 : 403;
            is($res->{status}, $want, "$token, with the shared key: refused")
                or diag('WRONG 200: ', body(%$body), ' ', $res->{body});
        }
    }

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

subtest 'a location uses its own zone, or none' => sub {
    @desktops = $store->tenant(seed => 14, desktops => 30);
    my $token = $fresh->();
    for my $n (7, 1) {
        for my $at ('', 'other') {
            my $res = $store->ask({%week}, at => $at, token => $token);
            my $name = ($at eq '' ? 'the first zone' : 'the other zone')
                . ($n == 7 ? ', empty' : ', filled');
            $store->true_ok($res, {%week}, $name);
            took($res, $n, $name);
        }
        took($store->ask({%week}, at => 'off', token => $token), 7, 'usage_store off');
    }
};

subtest 'callers with one usage_store_key share days' => sub {
    @desktops = $store->tenant(seed => 15, desktops => 30);
    my %h = (headers => { 'X-Tenant' => 'acme' });
    my $first = $store->ask({%week}, at => 'key', token => 'ann', %h);
    took($first, 7, 'the first token');
    my $res = $store->ask({%week}, at => 'key', token => 'bob', %h);
    took($res, 1, 'another token, the same key');
    stored($res, 7, 'another token, the same key');
    is($res->{calls}[0]{token}, Usage::Sim->fingerprint('bob'),
        'the authorization probe carries the own token of the caller');
    $res = $store->ask({%week}, at => 'key', token => 'ann',
        headers => { 'X-Tenant' => 'other' });
    took($res, 7, 'another key, the same token');
    $res = $store->ask({%week}, token => 'ann', %h);
    took($res, 7, 'the same token and header where there is no usage_store_key');
};

subtest 'a caller whom the service refuses gets nothing stored' => sub {
    @desktops = $store->tenant(seed => 16, desktops => 30);
    my %month = days(-20, -3);
    my %wide  = (headers => { 'X-Tenant' => 'shared' });
    for my $at ('', 'key', 'all') {
        my $res = $store->ask({%month}, at => $at, token => 'leaver', %wide);
        $store->true_ok($res, {%month}, "'$at': allowed");
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
                my $name = "'$at', " . ($token // 'none');
                is($res->{status}, 401, "$name: 401")
                    or diag('WRONG 200: ', $json->encode($body));
                ok(!grep({ index($res->{body}, $_) >= 0 } @desktops),
                    "$name: the reply names no desktop");
            }
        }
        next if !$at;
        my $res = $store->ask({%week}, at => $at, token => 'stayer', %wide);
        $store->true_ok($res, {%week}, "'$at', who may still ask");
        took($res, 1, "'$at', who may still ask");
    }

    $sim->config(tokens => []);
    # (a 401 is remembered for some seconds)
    my $res;
    $nginx->wait_for(sub {
        $res = $store->ask({%month}, token => 'leaver');
        return $res->{status} != 401 }, 30);
    took($res, 1, 'who may ask again');
    $store->true_ok($res, {%month}, 'who may ask again');

    # a caller who may read the statistics and not the directory
    my $body = { %week, desktop_ids => [ $desktops[0], 'unknown' ] };
    $sim->faults({ fault => 'status', status => 403, api => 'directory' });
    $res = $store->ask($body, token => 'leaver');
    $store->true_ok($res, $body, 'the directory answers 403');
    $sim->faults({ fault => 'status', status => 401, api => 'directory' });
    $res = $store->ask($body, token => 'leaver');
    $store->true_ok($res, $body, 'the directory answers 401');
    $sim->faults({ fault => 'status', status => 403, api => 'desktop-metrics' });
    $res = $store->ask($body, token => 'leaver');
    is($res->{status}, 403, 'a caller who may read the directory only gets no figures');
    $sim->faults;
};

subtest "the authorization probe passes nginx's own cache" => sub {
    @desktops = $store->tenant(seed => 31, desktops => 30);
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
    is($res->{status}, 200, 'the first call gets a 200');
    is($calls, 10, 'the first call takes one upstream call a day');
    for (1, 2) {
        ($res, $calls) = $call->('reader', days(-12, -3));
        is("$res->{status} $calls", '200 1', 'a later call takes one upstream call');
    }
    ($res) = $call->('other', days(-9, -2));
    is($res->{status}, 200, 'another token is served pages of the cache');

    # (one day of these is not in the store, and may be in the cache)
    $sim->config(tokens => ['other']);
    ($res) = $call->('reader', days(-12, -2));
    is($res->{status}, 401, 'a revoked token gets nothing that was stored');
    $sim->config(tokens => []);
    $cached->stop_ok;
};

# Callers who share a key may have different rights.
subtest 'what the directory refuses to one is not known from another' => sub {
    @desktops = $store->tenant(seed => 28, desktops => 40, idle => 'hidden');
    my %day = days(-4, -4);
    my ($idle) = grep { my $id = $_; !grep { $_ eq $id } map { $_->{desktop_id} }
        @{ decode($store->truth({%day}))->{desktop_used_info_list} } } @desktops;
    my $body = { %day, desktop_ids => [ $idle, 'unknown' ] };
    $store->truth($body);
    for my $first ('may', 'may not') {
        my $project = 'directory' . length $first;
        for my $who ($first, $first eq 'may' ? 'may not' : 'may', $first) {
            $sim->faults($who eq 'may' ? ()
                : { fault => 'status', status => 403, api => 'directory' });
            my %o = (project => $project, token => $fresh->());
            my $res = $store->ask($body, %o, at => 'all');
            my $off = $store->ask($body, %o, at => 'off');
            is($res->{body}, $off->{body}, "a caller who $who read the directory, after"
                . " one who $first: as without a store") or diag('WRONG 200');
        }
        $sim->faults;
    }
};

subtest 'no credential is logged, or kept in shared memory' => sub {
    @desktops = $store->tenant(seed => 22, desktops => 30);
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
            ok(index($text, $secret{$_}) < 0, "$name has no $_");
            ok(index($text, sha256_hex($secret{$_})) < 0, "$name has no SHA-256 of the $_");
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
        skip 'the shared memory can not be read', 1 if length $shared < 8 << 20;
        like($shared, qr/\Q$desktops[0]\E/, 'the store is in the shared memory') or
            note('ids are in no plain form');
        for (sort keys %secret) {
            my $s = $secret{$_};
            ok(index($shared, substr $s, 8, 16) < 0, "the memory has no part of the $_");
            ok(index($shared, sha256($s)) < 0, "the memory has no SHA-256 of the $_");
            ok(index($shared, sha256_hex($s)) < 0,
                "the memory has no SHA-256 of the $_ in hex");
        }
    }
};

$nginx->stop_ok;
$sim->stop;

done_testing();
