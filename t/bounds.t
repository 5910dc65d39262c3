# SPDX-License-Identifier: BSD-2-Clause
#
# What an upstream and a client may make the gateway keep, and for how long
# (usage_memory, and bounds that are not configured).

use strict;
use warnings;

use Test::More;

use Usage::Nginx;
use Usage::Test;
use Usage::Upstream qw(json_reply page row rows window);

my $head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    . "Transfer-Encoding: chunked\r\n\r\n";

sub chunk { return sprintf "%x\r\n%s\r\n", length $_[0], $_[0] }

sub record {
    return { transaction_id => "t$_[0]", sid => 'S-1', computer_name => 'C-1',
        user_name => 'ann', connection_start_time => '2022-12-01T08:00:00Z',
        connection_setup_time => '2022-12-01T08:00:01Z',
        connection_end_time   => '2022-12-01T09:00:00Z' };
}

# The project says which reply its calls get; without one of these, a day of
# two desktops.
my %mode = (
    count     => sub { json_reply(200, { count => 2147483647, items => [ map { row("d$_", 1) } 1 .. 100 ] }) },
    directory => sub { json_reply(200, { total_count => 2147483647,
        desktops => [ map +{ desktop_id => "d$_" }, 1 .. 1000 ] }) },
    records   => sub { $_[0]{path} =~ /connections/
        ? json_reply(200, { total_count => 2147483647, records => [ map { record($_) } 1 .. 1000 ] })
        : json_reply(200, { total_count => 1, desktops => [ { desktop_id => 'd1', sid => 'S-1' } ] }) },
    rows      => sub { $head, chunk('{"count":2147483647,"items":['),
        (map { chunk(qq({"resource_id":"d$_"},)) } 1 .. 102), { hang => 1 } },
    space     => sub { $head, (chunk(' ' x 65536)) x 130, { hang => 1 } },
    body      => sub { $head, chunk('{"total_count":1,"desktops":['), (chunk(' ' x 65536)) x 130, { hang => 1 } },
    json      => sub { json_reply(200, '{"total_count":1,"desktops":[{"x":['
        . join(',', ('{}') x 20_000) . ']}]}') },
    error     => sub { json_reply(400, '{"error_code":"X.1","x":[' . join(',', ('{}') x 20_000) . ']}') },
    failing   => sub { json_reply(503, { error_code => 'X.1', error_msg => 'no', error_detail => 'y' x 3000 }) },
    many      => sub { my $at = $_[0]{query}{offset};
        json_reply(200, { count => 6000, items => [ map { row("desktop-$_", 1) } $at + 1 .. $at + 100 ] }) },
    long      => sub { json_reply(200, page($_[0], rows(d1 => 1e300))) },
    more      => sub { json_reply(200, page($_[0], rows(d1 => 86402))) },
    whole     => sub { json_reply(200, page($_[0], rows(d1 => 86400, d2 => 86400.4))) },
    leap      => sub { $_[0]{path} =~ /connections/
        ? json_reply(200, { total_count => 1, records => [ { %{ record(1) },
            connection_setup_time => '2022-12-01T22:30:00Z',
            connection_end_time   => '2022-12-01T23:59:60Z' } ] })
        : $_[0]{path} =~ /statistics/ ? json_reply(200, page($_[0], rows(d1 => 5400)))
        : json_reply(200, { total_count => 1, desktops => [ { desktop_id => 'd1', sid => 'S-1' } ] }) },
);

sub two {
    return json_reply(200, $_[0]{path} =~ /statistics/
        ? page($_[0], rows(d1 => 3600, d2 => 60)) : { total_count => 0, desktops => [] });
}

# A user's 100,000 seconds of one day, and one desktop that is shared.
$mode{shared} = sub {
    my ($req) = @_;
    return json_reply(200, { count => 1, items => [ { username => 'ann',
        metric => [ { metric_name => 'user_usage', metric_value => 100_000 } ] } ] })
        if $req->{path} =~ m{/users};
    return two(@_) if $req->{path} =~ /statistics/;
    return json_reply(200, { total_count => 1, desktops => [ { desktop_id => 'd1',
        attach_user_infos => [ map +{ user_name => $_, type => 'USER' }, qw(ann bob) ] } ] });
};

# 500 desktops; d1 has 48 hours in two days, by their window, and one by the day.
$mode{derived} = sub {
    my ($req) = @_;
    return json_reply(200, { total_count => 1,
        desktops => [ { desktop_id => 'd1', computer_name => 'NAME-d1' } ] })
        if $req->{path} !~ /statistics/;
    my $seconds = $req->{query}{end_time} !~ /-\Q01\ET/ && window($req) =~ /-01\z/ ? 172_802
        : window($req) =~ /-02\z/ ? 3600 : 0;
    return json_reply(200, page($req, [ row(d1 => $seconds) ])) if $req->{query}{resource_name};
    my $at = $req->{query}{offset};
    return json_reply(200, { count => 500, items => [ map { row("o$_", 60) } $at + 1 .. $at + 100 ] });
};

my $upstream = Usage::Upstream->start(sub {
    my ($project) = $_[0]{path} =~ m{\A/v2/([a-z]+)};
    return ($mode{$project} || \&two)->(@_);
});

my $long  = Usage::Nginx->patience(30);
my $nginx = Usage::Nginx->start(
    upstream => $upstream->port,
    http     => "usage_retention off; usage_timeout ${long}s; usage_connections on;"
        . ' usage_connections_lookback 0; client_max_body_size 9m;',
    server   => join('',
        Usage::Nginx->at(small => 'usage_memory 1m;'),
        Usage::Nginx->at(one => 'usage_concurrency 1;'),
        Usage::Nginx->at(off => 'usage_connections off;'),
    )
);

sub ask {
    my ($project, %o) = @_;
    my $at = delete $o{at} || '';
    $o{start_time} ||= '2022-12-01';
    $o{end_time}   ||= '2022-12-01';
    $upstream->clear;
    my $res = $nginx->post($at . route($project), body(%o), 'X-Auth-Token' => 'token');
    $res->{calls} = () = $upstream->calls($project);
    return $res;
}

my @hours = (group_by_type => 'HOUR');
my $spent = qr/\Athe call takes more than usage_memory \(64m\): ask for fewer days or desktops, or raise it\z/;
(my $small = "$spent") =~ s/64m/1m/;

subtest 'a count that is believed' => sub {
    for ([ 'count' ], [ 'directory', @hours ], [ 'records', @hours, desktop_ids => ['d1'] ],
        [ 'records', @hours ])
    {
        my ($project, @body) = @$_;
        my $res = ask($project, @body);
        error_is($res, 502, "2147483647, $project", detail => $spent);
        cmp_ok($res->{calls}, '<=', 2,
            "a count of 2147483647, $project: refused after two pages");
    }
    my $res = ask('count', at => '/one', end_time => '2022-12-31');
    error_is($res, 502, 'a count of 2147483647 on 31 days', detail => $spent);
    is($res->{calls}, 1, 'a count of 2147483647 on 31 days: refused after one page');
};

subtest 'replies without an end' => sub {
    error_is(ask('rows'), 502, 'a reply of rows without an end',
        detail => qr/it has more than the 100 rows that were asked for\z/);
    error_is(ask('space'), 502, 'a reply of white space without an end', detail => qr/it has more than 8 MB\z/);
    error_is(ask('body', @hours), 502, 'a reply without an end that is kept whole',
        detail => qr/\Athe upstream's reply is too large\z/);
};

# The credential isn't known to be good.  ASan sees a write beyond the buffer.
subtest 'a retry keeps as much as the try before' => sub {
    my $res = ask('failing');
    is($res->{status}, 503, 'an upstream that fails for ever is a 503');
    cmp_ok($res->{calls}, '>', 1, 'an upstream that fails is tried more than once');
};

subtest 'usage_memory' => sub {
    reply_is(ask('two', at => '/small'), 'a small reply fits in',
        from => '2022-12-01', entries => [ [ 'd1', 1 ], [ 'd2', 0.02 ] ]);
    error_is(ask('many', at => '/small', limit => 0), 502, '6000 desktops in 1m',
        detail => qr/$small/);
    my $res = ask('many', limit => 0);
    is($res->{status}, 200, '6000 desktops fit in 64m');
    like($res->{body}, qr/"total_count":6000\b/, 'all 6000 desktops are counted');
    error_is(ask('json', at => '/small', @hours), 502, 'JSON that would take more',
        detail => qr/$small/);
    error_is(ask('error'), 502, 'the JSON of an error that would take more',
        detail => qr/\Athe upstream answered 400 without an error of its API/);
};

subtest 'a large request' => sub {
    my @ids = map { sprintf '%04d' . "\x{e9}" x 251, $_ } 1 .. 2000;
    is(ask('two', desktop_ids => \@ids)->{status}, 200, '2000 ids of 255 characters');

    my $keys = join ',', map {qq("k$_":1)} 1 .. 600_000;
    $upstream->clear;
    my $res = $nginx->post(route('keys'), "{$keys}", 'X-Auth-Token' => 'token');
    error_is($res, 400, '600,000 keys',
        detail => qr/\Athe body has more than 10000 keys, values and lists; allowed:/);
    is(scalar(() = $upstream->calls), 0, '600,000 keys make no upstream call');
};

subtest 'a day has 24 hours' => sub {
    for (qw(long more)) {
        error_is(ask($_), 502, $_, detail => qr/desktop_usage of \S+ seconds; possible: at most 86401\z/);
    }
    reply_is(ask('whole'), 'a day of 24 hours passes',
        from => '2022-12-01', entries => [ [ 'd1', 24 ], [ 'd2', 24 ] ]);
};

subtest 'also what is told from other figures' => sub {
    my $res = ask('shared', at => '/off', desktop_username => 'ann');
    is($res->{status}, 200, 'more hours of a user than the one further desktop has');
    my ($d1, $rest) = @{ decode($res->{body})->{desktop_used_info_list} };
    is_deeply([ $d1->{desktop_id}, use_of($res, 'd1') ], [ 'd1', 0 ],
        'hours beyond a day are not given to the one shared desktop');
    ok(!exists $rest->{desktop_id}, 'hours beyond a day are unattributed');
    is($rest->{used_info_list}[0]{use_time}, 27.78, 'hours beyond a day are all there');

    $res = ask('derived', desktop_ids => ['d1'], end_time => '2022-12-02');
    reply_is($res, 'days that are told from other days',
        from => '2022-12-01', entries => [ [ 'd1', 0, 1 ] ]);
};

subtest 'a leap second' => sub {
    my $res = ask('leap', @hours);
    is($res->{status}, 200, 'a record that ends with a leap second is a 200');
    like($res->{body}, qr/T22:00:00Z","use_time":0\.5\b.*T23:00:00Z","use_time":1\b/,
        'the leap second is midnight');
};

$nginx->stop_ok;
$upstream->stop;

done_testing();
