#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# The simulator's APIs: as strict as the real ones, with lists that are sorted,
# paged and filtered as there.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP   ();
use List::Util qw(sum0);
use Test::More;

use Usage::Sim qw($DESKTOPS $USERS $RECORDS metric window);

my @DAY = window('2022-12-09');

my $sim = Usage::Sim->start;

subtest 'the published example' => sub {
    my $request = '{"desktop_ids": ["c6e6dbd7-c950-471d-a6a7-01d0fb62f450", '
        . '"d5367f84-1d64-498e-9b92-093002ac6ce9"], '
        . '"start_time": "2022-12-09", "end_time": "2022-12-15"}';
    my %hours = (
        'c6e6dbd7-c950-471d-a6a7-01d0fb62f450' =>
            '12.62 2.62 1.02 0 0 3.87 3.56',
        'd5367f84-1d64-498e-9b92-093002ac6ce9' =>
            '10.56 1.38 0 0 0 3.87 3.56',
    );

    my $expected = '{"desktop_used_info_list":['
        . join(',', map {
            my $day = 9;
            qq({"desktop_id":"$_","used_info_list":[)
                . join(',', map {
                    sprintf '{"date":"2022-12-%02d","use_time":%s}', $day++, $_
                } split / /, $hours{$_})
                . ']}'
        } sort keys %hours)
        . '],"total_count":2}';

    for my $idle ('hidden', 'shown') {
        $sim->config(idle => $idle);
        my ($status, undef, $raw) = $sim->legacy($request);
        is($status, 200,       "idle desktops $idle: the example call gets a 200");
        is($raw,    $expected, "idle desktops $idle: the example reply, to the digit");
    }

    my (undef, $r) = $sim->legacy($request, -query => 'use_time=string');
    is($r->{desktop_used_info_list}[0]{used_info_list}[3]{use_time},
        '0.00', 'use_time=string: 0 has two decimals');
    is($r->{desktop_used_info_list}[0]{used_info_list}[0]{use_time},
        '12.62', 'use_time=string: a figure is a string');

    my %used = $sim->usage(@DAY);
    is($used{'c6e6dbd7-c950-471d-a6a7-01d0fb62f450'}, 45432,
        'the statistics have 12.62 hours in seconds');
};

subtest 'routes and rights' => sub {
    my %t = ('X-Auth-Token' => 't');
    my $r = $sim->request(GET => '/v2/p/statistics', headers => \%t);
    is($r->{status},           404,          'an unknown path is a 404');
    is($r->{json}{error_code}, 'APIGW.0101', 'an unknown path has its error_code');
    for my $path ('/', '/v2', '/v2//desktops', '/v2/a%20b/desktops',
        '/v1/p/desktops', '/v2/p/desktops/', '/v2/' . 'x' x 256 . '/desktops')
    {
        is($sim->request(GET => $path, headers => \%t)->{status},
            404, 'a 404: ' . substr $path, 0, 30);
    }
    is($sim->request(GET => '/v2/' . 'x' x 255 . '/desktops',
            headers => \%t)->{status}, 200, 'a project may have 255 characters');

    $r = $sim->request(POST => "/v2/p/$DESKTOPS", headers => \%t);
    is($r->{status},         405,   'a wrong method is a 405');
    is($r->{headers}{allow}, 'GET', 'Allow says the right method');
    $r = $sim->request(GET => '/v2/p/desktops/statistics/used',
        headers => \%t);
    is("$r->{status} $r->{headers}{allow}", '405 POST', 'the legacy call allows POST');

    for my $h ({}, { 'X-Auth-Token' => '' }, { Authorization => 'Basic eDp5' })
    {
        $r = $sim->request(GET => '/v2/p/desktops', headers => $h);
        my $with = join(' ', %$h) || 'no header';
        is($r->{status},           401,          "$with: 401");
        is($r->{json}{error_code}, 'APIGW.0301', "$with: the error_code of a 401");
    }

    my $signed = 'SDK-HMAC-SHA256 Access=AK1, SignedHeaders=host, Signature=0';
    $r = $sim->request(GET => '/v2/p/desktops',
        headers => { Authorization => $signed });
    is($r->{status}, 200, 'any signature is good where no key is known');
    is(($sim->legacy(undef, 'X-Auth-Token' => 'x' x 65000))[0],
        200, 'a token may have 65,000 characters');

    $sim->config(tokens => ['good', 'AK1'], project => 'mine');
    my %as = map { $_ => ($sim->get('desktops', -project => 'mine',
                -headers => { 'X-Auth-Token' => $_ }))[0] } 'good', 'bad';
    is_deeply(\%as, { good => 200, bad => 401 }, 'with --token, only known tokens are good');
    $r = $sim->request(GET => '/v2/mine/desktops',
        headers => { Authorization => $signed });
    is($r->{status}, 200, 'with --token, a known access key is good');
    is(($sim->get('desktops', -headers => { 'X-Auth-Token' => 'good' }))[0],
        404, 'another project than the configured one is a 404');
    $sim->config(tokens => [], project => undef);
};

subtest 'queries that are refused' => sub {
    my @stats = (
        [], [start_time => '2022-12-09T00:00:00Z'],
        [end_time => '2022-12-09T00:00:00Z'],
        (map { [@DAY, limit => $_] } 0, 101, '', '-1', '+5', '1.0', 'x', ' 5'),
        (map { [@DAY, offset => $_] } 2147483647, -1, '', '99999999999999999999'),
        [@DAY, sort_field => 'nothing'], [@DAY, sort_type => 'desc'],
        (map { [start_time => $_, end_time => '2022-12-31T00:00:00Z'] }
                '2022-12-09', '2022-12-09T00:00:00', '2022-13-09T00:00:00Z',
            '2022-02-30T00:00:00Z', '2022-12-09T24:00:00Z',
            '2022-12-09 00:00:00Z', ''),
        [start_time => '2022-12-10T00:00:00Z',
            end_time => '2022-12-09T00:00:00Z'],
        [@DAY, limit => [5, 6]],
    );
    my %wrong = (
        $DESKTOPS => [@stats, [@DAY, sort_field => 'user_usage'],
            [@DAY, min_idle_days => 'x']],
        $USERS => [@stats, [@DAY, username => 'x' x 65]],
        desktops => [[limit => 1001], [limit => -1],
            [desktop_id => [1 .. 101]], [desktop_id => ''], [desktop_id => ['a', '']]],
        $RECORDS => [[limit => 1001], [start_time => '2022-12-09T00:00:00Z'],
            [end_time => '2022-12-09T00:00:00Z'],
            [start_time => 'x', end_time => 'x']],
    );
    for my $api (sort keys %wrong) {
        for my $query (@{ $wrong{$api} }) {
            my ($status, $r) = $sim->get($api, @$query);
            my $words = substr join(' ', map { ref $_ ? "@$_" : $_ } @$query),
                0, 60;
            ok($status == 400 && $r->{error_code} && $r->{error_msg},
                "$api: $words");
        }
    }

    is($sim->request(GET => '/v2/p/desktops?user_name=%4',
            headers => { 'X-Auth-Token' => 't' })->{status},
        400, 'a broken escape is a 400');
    is(($sim->get('desktops', anything => 'goes', limit => 1))[0],
        200, 'unknown parameters are ignored');

    $sim->config(records_limit => 100);
    is(($sim->get($RECORDS, limit => 101))[0], 400, 'records_limit 100: limit 101 is refused');
    is(($sim->get($RECORDS, limit => 100))[0], 200, 'records_limit 100: limit 100 is taken');
    $sim->config(records_limit => 5, records_clamp => JSON::PP::true);
    my ($status, $r) = $sim->get($RECORDS, limit => 1000);
    is("$status " . @{ $r->{records} }, '200 5',
        'records_clamp: a greater limit gives what records_limit allows');
    is($r->{total_count}, 18, 'records_clamp: total_count counts all records');
    (undef, $r) = $sim->get($RECORDS, limit => 3, offset => 1);
    is(scalar @{ $r->{records} }, 3, 'records_clamp: a smaller limit is kept');
    (undef, $r) = $sim->get($RECORDS);
    is(scalar @{ $r->{records} }, 5, 'records_clamp: the default limit is cut');
    is(($sim->get($RECORDS, limit => -1))[0], 400, 'records_clamp: limit -1 is refused');
    ok(!eval { $sim->config(records_clamp => 1); 1 }, 'records_clamp takes true or false');
    ok($sim->config->{habits}{records_clamp}, 'a refused setting stays as it was');
    $sim->config(records_limit => 1000, records_clamp => JSON::PP::false);
    is(($sim->get($RECORDS, limit => 1001))[0], 400,
        'without records_clamp, limit 1001 is refused');
};

subtest 'legacy bodies' => sub {
    my @bad = (
        '[]', 'null', 'x', '{', '{} {}', ' ', '{"limit":1,"limit":2}',
        "{\"x\":\"\xff\"}", '{"desktop_username":"a\u0000b"}',
        (map {"{\"limit\":$_}"} -1, 101, '1.0', '1e1', 'true', '""', '"x"',
            '"-1"', '[]', '"101"'),
        (map {"{\"offset\":$_}"} -1, 2147483648, '0.5', 'false',
            '"99999999999999999999"'),
        (map {"{\"desktop_ids\":$_}"} '{}', '"x"', '[1]', '[""]', '[null]',
            '["' . 'x' x 256 . '"]',
            '[' . join(',', map {"\"$_\""} 1 .. 2001) . ']'),
        (map {"{\"start_time\":\"$_\"}"} '2022-12-9', '2022-02-30',
            '20221209', ' 2022-12-09', '2022-12-17', '2022-11-15'),
        '{"start_time":1}', '{"group_by_type":"day"}', '{"group_by_type":1}',
        '{"start_time":"2022-12-10","end_time":"2022-12-09"}',
        '{"start_time":"2022-11-01","end_time":"2022-12-02"}',
        '{"start_time":"2022-06-18","end_time":"2022-06-19"}',
        '{"desktop_username":"x","start_time":"2022-11-15",'
            . '"end_time":"2022-11-16"}',
        '{"desktop_username":"' . 'x' x 256 . '"}',
        '{"desktop_user_domain":7}',
    );
    for my $body (@bad) {
        my ($status, $r) = $sim->legacy($body);
        ok($status == 400 && $r->{error_code} eq 'APIGW.0201'
                && $r->{error_msg} eq 'API request error',
            'refused: ' . substr $body =~ s/[^ -~]/?/gr, 0, 60);
    }

    my @good = (
        undef, '', '{}', '{"limit":null,"offset":"7","start_time":""}',
        '{"desktop_ids":[],"group_by_type":"","unknown":[{}]}',
        '{"limit":"007"}', '{"limit":0}', '{"offset":2147483647}',
        '{"start_time":"2022-11-16"}', '{"end_time":"2023-01-15",'
            . '"start_time":"2022-12-16"}',
        '{"start_time":"2022-06-19","end_time":"2022-06-19"}',
        '{"desktop_ids":["' . "\xc3\xa9" x 255 . '"]}',
        '{"desktop_ids":[' . join(',', map {"\"$_\""} 1 .. 2000) . ']}',
    );
    for my $body (@good) {
        my ($status) = $sim->legacy($body);
        is($status, 200, 'taken: ' . (defined $body
            ? substr $body =~ s/[^ -~]/?/gr, 0, 60 : 'no body'));
    }

    my (undef, $r) = $sim->legacy('{}');
    my $days = $r->{desktop_used_info_list}[0]{used_info_list};
    is_deeply([map { $_->{date} } @$days[0, -1]],
        ['2022-12-02', '2022-12-16'], 'without dates, the range is 15 days up to today');
    (undef, $r) = $sim->legacy('{"end_time":"2022-12-10"}');
    $days = $r->{desktop_used_info_list}[0]{used_info_list};
    is_deeply([map { $_->{date} } @$days[0, -1]],
        ['2022-11-26', '2022-12-10'],
            'without start_time, the range is 15 days up to end_time');
    (undef, $r) = $sim->legacy('{"limit":0}');
    is_deeply($r, { desktop_used_info_list => [], total_count => 6 },
        'limit 0 gives total_count and no entry');
};

subtest 'filing and retention' => sub {
    my $count = sub {
        my ($api, @day) = @_;
        return ($sim->get($api, window(@day)))[1]{count};
    };

    $sim->config(now => '2022-12-16T01:59:59Z', idle => 'shown');
    is($count->($DESKTOPS, '2022-12-15'), 0, 'yesterday is not filed before 02:00');
    is($count->($DESKTOPS, '2022-12-14'), 6, 'the day before yesterday is filed');
    $sim->config(now => '2022-12-16T02:00:00Z');
    is($count->($DESKTOPS, '2022-12-15'), 6, 'yesterday is filed at 02:00');
    is($count->($DESKTOPS, '2022-12-16'), 0, 'today is not filed');
    is($count->($DESKTOPS, '2022-06-19'), 6, 'desktops: 180 days ago is kept');
    is($count->($DESKTOPS, '2022-06-18'), 0, 'desktops: 181 days ago is not kept');
    is($count->($USERS,    '2022-11-16'), 4, 'users: 30 days ago is kept');
    is($count->($USERS,    '2022-11-15'), 0, 'users: 31 days ago is not kept');

    my $boundary = sub {
        my %w = (start_time => "2022-12-$_[0]Z", end_time => "2022-12-$_[1]Z");
        return sum0(map { metric($_, 'desktop_usage') }
                $sim->all($DESKTOPS, 'items', 100, %w));
    };
    is($boundary->('09T00:00:00', '09T23:59:58'), 0,
        'a window without a last second of a day is empty');
    is($boundary->('09T23:59:59', '09T23:59:59'),
        45432 + 38016, 'a day is filed at its last second');
    is($boundary->('09T12:00:00', '10T23:59:58'),
        45432 + 38016, 'of a window only the last seconds of days count');

    $sim->config(idle => 'hidden');
    is($count->($DESKTOPS, '2022-12-11'), 1, 'idle desktops are hidden');
    is($count->($DESKTOPS, '2022-12-09'), 2, 'desktops in use are not hidden');
    $sim->tenant(now => '2022-12-16T08:00:00Z', idle => 'shown');
};

subtest 'sorting, paging, filters' => sub {
    $sim->tenant(seed => 5, desktops => 120, days => 8, idle => 'shown',
        now => '2022-12-20T08:00:00Z');
    my @w = window('2022-12-12', '2022-12-19');

    for my $field ('desktop_usage', 'desktop_idle_duration') {
        my @v = map { metric($_, $field) }
            $sim->all($DESKTOPS, 'items', 33, @w, sort_field => $field);
        is_deeply(\@v, [sort { $b <=> $a } @v], "$field, descending");
        @v = map { metric($_, $field) } $sim->all($DESKTOPS, 'items', 33, @w,
            sort_field => $field, sort_type => 'ASC');
        is_deeply(\@v, [sort { $a <=> $b } @v], "$field, ascending");
        is(scalar @v, 120, "$field: all desktops are listed");
    }

    my (undef, $r) = $sim->get($DESKTOPS, @w);
    is(scalar @{ $r->{items} }, 10,  'the default limit of statistics is 10');
    is($r->{count},             120, 'count is that of all rows');
    (undef, $r) = $sim->get($DESKTOPS, @w, offset => 120);
    is_deeply($r, { count => 120, items => [] }, 'past the end there are no rows');
    (undef, $r) = $sim->get($RECORDS);
    is(scalar @{ $r->{records} }, 20, 'the default limit of records is 20');
    (undef, $r) = $sim->get($RECORDS, limit => 0);
    is_deeply($r->{records}, [], 'records: limit 0 gives none');

    my @named = $sim->all($DESKTOPS, 'items', 100, @w, resource_name => 'esk-1');
    is(scalar @named, 1 + 10 + 20, 'resource_name matches parts of names');
    my $id = $sim->desktops->[1];
    (undef, $r) = $sim->get($DESKTOPS, @w, resource_id => $id);
    is($r->{count}, 1, 'resource_id matches a whole id');
    $sim->config(resource_id => JSON::PP::false);
    (undef, $r) = $sim->get($DESKTOPS, @w, resource_id => $id);
    is($r->{count}, 120, '--no-resource-id: resource_id is ignored');
    $sim->config(resource_id => JSON::PP::true);

    my %used = $sim->usage(@w);
    (undef, $r) = $sim->get($DESKTOPS, @w, usage_min_hours => 20);
    is($r->{count}, scalar(grep { $_ >= 72000 } values %used), 'usage_min_hours');
    (undef, $r) = $sim->get($DESKTOPS, @w, usage_max_hours => 20);
    is($r->{count}, scalar(grep { $_ <= 72000 } values %used), 'usage_max_hours');

    (undef, $r) = $sim->get($USERS, @w, username => 'ann', limit => 100);
    my %names = map { $_->{username} => 1 } @{ $r->{items} };
    ok($names{Ann} && $names{annabel} && $names{Joann}, 'username matches parts of names');
    for my $name ('R&D', '50%', 'c++', 'a b', "Zo\xc3\xab", 'quo"te', ' lead') {
        (undef, $r) = $sim->get($USERS, @w, username => $name);
        is($r->{count}, 1, "a user called $name is found");
    }

    my @ids = @{ $sim->desktops };
    (undef, $r) = $sim->get('desktops', desktop_id => [ @ids[3, 5], 'none', "$ids[6],$ids[7]" ]);
    is_deeply([map { $_->{desktop_id} } @{ $r->{desktops} }], [@ids[3, 5]],
        'desktop_id may be repeated; one with a comma is one id');
    my ($gone) = grep { $_->{gone} } @{ $sim->desktops(detail => 1) };
    (undef, $r) = $sim->get('desktops', desktop_id => $gone->{desktop_id});
    is($r->{total_count}, 0, 'the directory does not list a deleted desktop');
    (undef, $r) = $sim->get('desktops');
    is($r->{total_count}, 117, 'the directory lists all others');
    my %kinds;
    for my $d (@{ $r->{desktops} }) {
        my $infos = $d->{attach_user_infos};
        $kinds{ !$infos ? 'bare' : !@$infos ? 'pool' : @$infos > 1 ? 'shared'
            : $infos->[0]{type} }++;
    }
    is_deeply([sort keys %kinds], [qw(GROUP USER bare pool shared)],
        'the directory has desktops of every kind');
    ok(!$gone->{used} || $used{ $gone->{desktop_id} },
        'the statistics list a deleted desktop that was used');

    my @some = $sim->all($RECORDS, 'records', 1000, window('2022-12-15'));
    my @past = grep { $_->{connection_start_time} =~ /^2022-12-15/ }
        $sim->all($RECORDS, 'records', 1000);
    is_deeply(\@some, \@past, 'a window selects records by their start');
    $sim->config(sid => JSON::PP::false);
    (undef, $r) = $sim->get($RECORDS);
    is(scalar(grep { $_->{sid} } @{ $r->{records} }), 0, '--no-sid: no record has a sid');
    $sim->config(sid => JSON::PP::true);

    my @first = $sim->legacy({});
    $sim->tenant(seed => 5, desktops => 120, days => 8,
        now => '2022-12-20T08:00:00Z');
    is(($sim->legacy({}))[2], $first[2], 'the same seed makes the same tenant');
    my @page = $sim->legacy({ offset => 5, limit => 2 });
    my @whole = @{ $first[1]{desktop_used_info_list} };
    is_deeply($page[1], { total_count => 120,
            desktop_used_info_list => [@whole[5, 6]] },
                'the legacy call gives the page that is requested');
    @page = $sim->legacy({ desktop_ids => [@ids[9, 2, 9], 'none'] });
    is_deeply([map { $_->{desktop_id} } @{ $page[1]{desktop_used_info_list} }],
        [@ids[9, 2]], 'desktop_ids are listed in their order, once, if they are known');
};

is($sim->stop, 0, 'the simulator ends cleanly');

done_testing;
