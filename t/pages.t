# SPDX-License-Identifier: BSD-2-Clause
#
# What pages may and may not say (translation.md, "Pages"), their rows and
# values, and the desktop directory.

use strict;
use warnings;

use Encode ();
use Test::More;

use Usage::Nginx;
use Usage::Test;
use Usage::Upstream qw(reply json_reply page row rows window desktop_ids);

my $json = JSON::PP->new->canonical->utf8;

# --- The upstream.  A project names what it does.

my (%mode, %attempt);

# 250 desktops, all in use, an hour and more.
my @many = map { row(sprintf('d%03d', $_), (1000 - $_) * 36) } 0 .. 249;
my %hours = map { sprintf('d%03d', $_) => (1000 - $_) / 100 } 0 .. 249;

# What goes wrong with a page of them: gets the page and its offset.
my %fault = (
    'count-grows'  => sub { $_[0]{count}++ if $_[1] == 100 },
    'count-shrinks' => sub { $_[0]{count}-- if $_[1] == 200 },
    'count-zero'   => sub { $_[0]{count} = 0 if $_[1] == 100 },
    'first-lies'   => sub { $_[0]{count} = 260 if $_[1] == 0 },
    'shifted-down' => sub {
        # a row came in before this page: its first is the last one's last
        if ($_[1] == 100) {
            unshift @{ $_[0]{items} }, $many[99];
            pop @{ $_[0]{items} };
        }
    },
    'last-doubled' => sub { $_[0]{items}[-1] = $many[3] if $_[1] == 200 },
    'twice-in-one' => sub { $_[0]{items}[5] = $_[0]{items}[4] if $_[1] == 0 },
    'too-few'      => sub { pop @{ $_[0]{items} } if $_[1] == 100 },
    'too-few-last' => sub { pop @{ $_[0]{items} } if $_[1] == 200 },
    'too-few-first' => sub { shift @{ $_[0]{items} } if $_[1] == 0 },
    'too-many'     => sub { push @{ $_[0]{items} }, row('new', 36) if $_[1] == 200 },
    'much-too-many' => sub { push @{ $_[0]{items} }, row('new', 36) if $_[1] == 0 },
    'empty-page'   => sub { $_[0]{items} = [] if $_[1] == 100 },
    'empty-first'  => sub { $_[0]{items} = [] if $_[1] == 0 },
);

# Which page of which window: other parameters may differ from try to try.
sub which {
    my ($req) = @_;
    return join ' ', map { $_ // '' } @{ $req->{query} }{qw(start_time end_time offset)};
}

# A fault that hits the first so many attempts at each page of each window.
for my $name (keys %fault) {
    for my $times (1, 2, 99) {
        $mode{"$name-$times"} = sub {
            my ($req, $project) = @_;
            my $offset = $req->{query}{offset} || 0;
            my $page   = page($req, \@many);
            my $n = ++$attempt{$project}{ which($req) };
            $fault{$name}->($page, $offset) if $n <= $times;
            return json_reply(200, $page);
        };
    }
}

# Whole texts of a page of one window.
my %text = (
    # ...that are fine: text and the use of "a"
    'ok-plain'      => ['{"count":1,"items":[{"resource_id":"a","metric":[{"metric_name":"desktop_usage","metric_value":3600}]}]}', 1],
    'ok-double'     => ['{"count":1,"items":[{"resource_id":"a","metric":[{"metric_name":"desktop_usage","metric_value":3600.0}]}]}', 1],
    'ok-exponent'   => ['{"count":1,"items":[{"resource_id":"a","metric":[{"metric_name":"desktop_usage","metric_value":3.6e3}]}]}', 1],
    'ok-exponent2'  => ['{"count":1,"items":[{"resource_id":"a","metric":[{"metric_name":"desktop_usage","metric_value":36000E-1}]}]}', 1],
    'ok-long'       => ['{"count":1,"items":[{"resource_id":"a","metric":[{"metric_name":"desktop_usage","metric_value":3600.' . '0' x 400 . '}]}]}', 1],
    'ok-tiny'       => ['{"count":1,"items":[{"resource_id":"a","metric":[{"metric_name":"desktop_usage","metric_value":1e-300}]}]}', 0],
    'ok-zero'       => ['{"count":1,"items":[{"resource_id":"a","metric":[{"metric_name":"desktop_usage","metric_value":0}]}]}', 0],
    'ok-order'      => ['{"items":[{"metric":[{"metric_value":3600,"metric_name":"desktop_usage"}],"resource_id":"a"}],"count":1}', 1],
    'ok-others'     => ['{"count":1,"items":[{"resource_id":"a","metric":[{"metric_name":"desktop_idle_duration","metric_value":7200},{"metric_name":"new","metric_value":"x","unit":["s"]},{"metric_name":"desktop_usage","metric_value":3600,"more":{}}]}]}', 1],
    'ok-more'       => ['{"request_id":"x","count":1,"page":{"count":9,"items":[]},"items":[{"resource_id":"a","resource_name":null,"x":[1,[2,{"metric":[{"metric_name":"desktop_usage","metric_value":1}],"resource_id":"z"}]],"metric":[{"metric_name":"desktop_usage","metric_value":3600}],"latest_connect_username":"\ud83d\ude00"}],"y":null}', 1],
    'ok-escapes'    => ['{"co\u0075nt":1,"it\u0065ms":[{"resource\u005fid":"\u0061","m\u0065tric":[{"metric_n\u0061me":"desktop\u005fusage","metric_v\u0061lue":3600}]}]}', 1],
    'ok-white'      => ["\n{ \"count\" :\t1 ,\r\n\"items\" : [ { \"resource_id\" : \"a\" , \"metric\" : [ { \"metric_name\" : \"desktop_usage\" , \"metric_value\" : 3600 } ] } ] }\n \t", 1],
    'ok-no-usage'   => ['{"count":1,"items":[{"resource_id":"a","metric":[{"metric_name":"desktop_idle_duration","metric_value":7200}]}]}', 0],
    'ok-no-metric'  => ['{"count":1,"items":[{"resource_id":"a"}]}', 0],
    'ok-metric-null' => ['{"count":1,"items":[{"resource_id":"a","metric":null}]}', 0],
    'ok-metric-empty' => ['{"count":1,"items":[{"resource_id":"a","metric":[]}]}', 0],
    'ok-value-null' => ['{"count":1,"items":[{"resource_id":"a","metric":[{"metric_name":"desktop_usage","metric_value":null}]}]}', 0],

    # ...of nothing
    'no-items'      => ['{"count":0}'],
    'no-null'       => ['{"count":0,"items":null}'],
    'no-empty'      => ['{"items":[],"count":0}'],

    # ...that are not
    map({ ("bad-$_->[0]" => [ $_->[1] ]) }
        [ 'empty',        '' ],
        [ 'white',        "  \n" ],
        [ 'word',         'ok' ],
        [ 'null',         'null' ],
        [ 'list',         '[]' ],
        [ 'string',       '"count"' ],
        [ 'object',       '{}' ],
        [ 'no-count',     '{"items":[]}' ],
        [ 'no-count-rows', '{"items":[{"resource_id":"a"}]}' ],
        [ 'count-null',   '{"count":null,"items":[]}' ],
        [ 'count-string', '{"count":"0","items":[]}' ],
        [ 'count-true',   '{"count":true,"items":[]}' ],
        [ 'count-list',   '{"count":[0],"items":[]}' ],
        [ 'count-negative', '{"count":-1,"items":[]}' ],
        [ 'count-fraction', '{"count":0.5,"items":[]}' ],
        [ 'count-huge',   '{"count":99999999999999999999,"items":[]}' ],
        [ 'count-wraps',  '{"count":4294967296,"items":[]}' ],
        [ 'count-wraps2', '{"count":18446744073709551616,"items":[]}' ],
        [ 'count-max',    '{"count":2147483647,"items":[]}' ],
        [ 'items-null',   '{"count":1,"items":null}' ],
        [ 'items-gone',   '{"count":1}' ],
        [ 'items-empty',  '{"count":1,"items":[]}' ],
        [ 'items-object', '{"count":1,"items":{"resource_id":"a"}}' ],
        [ 'items-string', '{"count":1,"items":"a"}' ],
        [ 'items-number', '{"count":0,"items":0}' ],
        [ 'row-null',     '{"count":1,"items":[null]}' ],
        [ 'row-string',   '{"count":1,"items":["a"]}' ],
        [ 'row-list',     '{"count":1,"items":[["a"]]}' ],
        [ 'row-empty',    '{"count":1,"items":[{}]}' ],
        [ 'id-gone',      '{"count":1,"items":[{"resource_name":"a","metric":[{"metric_name":"desktop_usage","metric_value":3600}]}]}' ],
        [ 'id-gone-zero', '{"count":1,"items":[{"metric":[{"metric_name":"desktop_usage","metric_value":0}]}]}' ],
        [ 'id-null',      '{"count":1,"items":[{"resource_id":null}]}' ],
        [ 'id-number',    '{"count":1,"items":[{"resource_id":1}]}' ],
        [ 'id-list',      '{"count":1,"items":[{"resource_id":["a"]}]}' ],
        [ 'trailing',     '{"count":0,"items":[]}x' ],
        [ 'trailing2',    '{"count":0,"items":[]}{}' ],
        [ 'trailing-nul', "{\"count\":0,\"items\":[]}\0" ],
        [ 'cut',          '{"count":0,"items":[]' ],
        [ 'comma',        '{"count":0,"items":[],}' ],
        [ 'utf8-id',      "{\"count\":1,\"items\":[{\"resource_id\":\"\xe9\"}]}" ],
        [ 'utf8-other',   "{\"count\":1,\"items\":[{\"resource_id\":\"a\",\"resource_name\":\"\xff\"}]}" ],
        [ 'control',      "{\"count\":1,\"items\":[{\"resource_id\":\"a\n\"}]}" ],
        [ 'gzip',         "\x1f\x8b\x08\0" ]),
    map({ ("bad-value-$_->[0]" => ['{"count":1,"items":[{"resource_id":"a","metric":[{"metric_name":"desktop_usage","metric_value":' . $_->[1] . '}]}]}']) }
        [ 'negative', '-1' ],        [ 'negative-bit', '-0.001' ],
        [ 'infinite', '1e400' ],     [ 'minus-infinite', '-1e400' ],
        [ 'string', '"3600"' ],      [ 'empty-string', '""' ],
        [ 'true', 'true' ],          [ 'false', 'false' ],
        [ 'list', '[3600]' ],        [ 'object', '{}' ],
        [ 'nan', 'NaN' ],            [ 'inf', 'Infinity' ],
        [ 'hex', '0x10' ],           [ 'octal', '010' ],
        [ 'plus', '+1' ],            [ 'point', '1.' ],
        [ 'point2', '.5' ],          [ 'exponent', '1e' ],
        [ 'minus', '-' ],            [ 'huge', '1e309' ],
        [ 'digits', '9' x 400 ],     [ 'comma', '3,6' ]),
);
for my $name (keys %text) {
    $mode{$name} = sub {
        my ($req) = @_;
        return json_reply(200, $text{$name}[0]);
    };
}

# A page whose bytes are changed: the n-th way to do so.
my $sound = $json->encode({ count => 3, items => [ row('a', 3600),
        row("\xfc\x{20ac}", 1800.5), row('q"\\/', 0) ], x => [ {}, [], -1.5e-3, undef ] });

sub mutant {
    my ($n) = @_;
    my $text = $sound;
    my $at   = int($n * 7919 % length $text);
    my $how  = $n % 5;
    my @bytes = ('"', '{', '}', '[', ']', ',', ':', '\\', "\0", "\x80", 'e', '-',
        '0', '.', ' ', 'n');
    my $byte = $bytes[ ($n / 5) % @bytes ];

    if    ($how == 0) { substr $text, $at, 1, $byte }
    elsif ($how == 1) { substr $text, $at, 0, $byte }
    elsif ($how == 2) { substr $text, $at, 1, '' }
    elsif ($how == 3) { $text = substr $text, 0, $at }
    else              { substr $text, $at, 2, scalar reverse substr $text, $at, 2 }
    return $text;
}

# Half seconds of rounding: 2400 desktops, 18 s over k hundredths.
my @halves = map { row(sprintf('h%04d', $_), 36 * $_ + 18) } 0 .. 2399;
@halves = sort { $b->{metric}[0]{metric_value} <=> $a->{metric}[0]{metric_value} }
    @halves;
my @close = map { row(sprintf('c%04d', $_), 36 * $_ + 18 - 1 / 128) } 0 .. 99;
@close = reverse @close;

$mode{halves}  = sub { json_reply(200, page($_[0], \@halves)) };
$mode{close}   = sub { json_reply(200, page($_[0], \@close)) };
$mode{hundred} = sub { json_reply(200, page($_[0], [ @many[ 0 .. 99 ] ])) };
$mode{hundredone} = sub { json_reply(200, page($_[0], [ @many[ 0 .. 100 ] ])) };
$mode{many}    = sub { json_reply(200, page($_[0], \@many)) };

# Rows of enterprise projects, over two pages: "twice" has one on each, and another
# without a project; "long" has more than 24 hours in two.
sub in_project {
    my ($project, $id, $seconds) = @_;
    return { %{ row($id, $seconds) }, enterprise_project_id => $project };
}
my @projects = (in_project('0', 'twice', 7200),
    (map { in_project('0', sprintf('d%03d', $_), 3600) } 0 .. 119),
    in_project('p', 'twice', 720), row('twice', 36));
$mode{projects} = sub { json_reply(200, page($_[0], \@projects)) };
$mode{'projects-again'} = sub { json_reply(200, page($_[0],
    [ @projects, in_project('p', 'twice', 720) ])) };
$mode{'projects-long'} = sub { json_reply(200, page($_[0],
    [ in_project('0', 'long', 86400), in_project('p', 'long', 36) ])) };

# Desktops that come and go: hidden while idle, and in any order of names.
my @names = ('10', '9', 'B', 'a', 'Z', "\xe9", "\x{20ac}", "\x{1f600}", 'a b', 'A-',
    'A', '~', '!', '"', "\x{ff}x", "\x7f", 'a"', "\\");
my @sorted = sort { Encode::encode_utf8($a) cmp Encode::encode_utf8($b) } @names;

sub in_use {
    my ($day) = @_;
    my ($d) = $day =~ /(\d\d)\z/;
    return map { $_ => 36 * ($_ + 1) } grep { ($_ + $d) % 3 == 0 } 0 .. $#names;
}
$mode{comes} = sub {
    my %use = in_use(window($_[0]));
    return json_reply(200, page($_[0], rows(map { $names[$_] => $use{$_} } keys %use)));
};
$mode{shown} = sub {
    my %use = in_use(window($_[0]));
    return json_reply(200, page($_[0],
        rows(map { $names[$_] => $use{$_} || 0 } 0 .. $#names)));
};

# --- and its directory.

my %known = map { $_ => 1 } 'idle', 'a b', 'x&y=z', 'a+b', 'a%2Cb', 'q"uote',
    "\xc3\xa4\xe2\x82\xac", 'a#b', 'a?b', 'a/b', '..', 'a;b', '%', "a\\b", "'",
    'left', 'right', '<x>', "tab\tx", "\x7f";

sub directory {
    my ($req, $project) = @_;

    my @ids = desktop_ids($req);
    return json_reply(400, { error_code => 'X.2', error_msg => 'too many' })
        if @ids > 100;
    my @found = grep { $known{$_} || /\Aknown/ } @ids;

    my $row = sub { return { desktop_id => Encode::decode_utf8($_[0]),
            computer_name => 'X', user_name => undef, sid => 's',
            attach_user_infos => [] } };

    my %answer = (
        'dir-403' => sub { json_reply(403, { error_code => 'X.3', error_msg => 'm' }) },
        'dir-403n' => sub { reply(403, '<html>') },
        'dir-401' => sub { json_reply(401, { error_code => 'APIGW.0301', error_msg => 'm' }) },
        'dir-404' => sub { json_reply(404, { error_code => 'X.4', error_msg => 'm' }) },
        'dir-500' => sub { json_reply(500, { error_code => 'X.5', error_msg => 'm' }) },
        'dir-429' => sub { json_reply(429, { error_code => 'X.6', error_msg => 'm' }) },
        'dir-400n' => sub { reply(400, 'x') },
        'dir-html' => sub { reply(200, '<html>') },
        'dir-empty' => sub { reply(200, '') },
        'dir-object' => sub { json_reply(200, '{}') },
        'dir-list' => sub { json_reply(200, '[]') },
        'dir-gone' => sub { json_reply(200, '{"total_count":1}') },
        'dir-null' => sub { json_reply(200, '{"total_count":1,"desktops":null}') },
        'dir-none' => sub { json_reply(200, '{"total_count":0,"desktops":null}') },
        'dir-noid' => sub { json_reply(200, '{"total_count":1,"desktops":[{"computer_name":"x"}]}') },
        'dir-idnull' => sub { json_reply(200, '{"total_count":1,"desktops":[{"desktop_id":null}]}') },
        'dir-row' => sub { json_reply(200, '{"total_count":1,"desktops":[1]}') },
        'dir-cut' => sub { my $t = json_reply(200,
            '{"total_count":1,"desktops":[{"desktop_id":"idle"}]}');
            substr($t, 0, -3), { close => 1 } },
        'dir-trail' => sub { json_reply(200, '{"total_count":0,"desktops":[]}x') },
        'dir-more' => sub { json_reply(200, { total_count => 3, desktops =>
            [ $row->('foreign'), $row->('idle'), $row->('d1') ] }) },
        'dir-big' => sub { json_reply(200, { total_count => scalar @found,
            desktops => [ map { my $r = $row->($_); $r->{more} = { x => [ 'y' x 5000 ] }; $r }
                @found ] }) },
    );

    return ($answer{$project} || sub {
        json_reply(200, { total_count => scalar @found,
            desktops => [ map { $row->($_) } reverse @found ] });
    })->();
}

my $upstream = Usage::Upstream->start(sub {
    my ($req) = @_;
    my ($project) = $req->{path} =~ m{\A/v2/([^/]+)/};
    return directory($req, $project) if $req->{path} =~ m{\A/v2/[^/]+/desktops\z};
    return json_reply(200, mutant($1)) if $project =~ /\Amutant-(\d+)\z/;
    return $mode{$project}->($req, $project) if $mode{$project};
    return json_reply(200, page($req, rows(d1 => 3600, d2 => 1800)));
});

my $nginx = Usage::Nginx->start(
    upstream => $upstream->port,
    http     => 'usage_retention off; usage_retries 0;',
    server   => Usage::Nginx->at(string => 'usage_use_time string;')
);
my $conn = $nginx->client;

sub ask {
    my ($project, %o) = @_;
    my $days = delete $o{days} || 1;
    my $at   = delete $o{at}   || '';
    return $conn->post($at . route($project), body(
        dates('2022-12-01', $days), %o));
}

subtest 'the edges of pages' => sub {
    for ([ hundred => 100 ], [ hundredone => 101 ], [ many => 250 ]) {
        my ($project, $n) = @$_;
        for my $offset (0, 99, 100, 101, 200, 249, 250, 251) {
            my @ids = map { sprintf 'd%03d', $_ } 0 .. $n - 1;
            @ids = $offset < @ids ? splice(@ids, $offset, 100) : ();
            reply_is(ask($project, offset => $offset), "$n, from $offset",
                from => '2022-12-01', total => $n,
                entries => [ map { [ $_, $hours{$_} ] } @ids ]);
        }
    }
};

for my $name (sort keys %fault) {
    subtest "pages that don't agree: $name" => sub {
        for my $times (1, 2) {
            my $project = "$name-$times";
            $upstream->clear;
            reply_is(ask($project), "recovers from $times", from => '2022-12-01',
                total => 250,
                entries => [ map { my $id = sprintf 'd%03d', $_;
                    [ $id, $hours{$id} ] } 0 .. 99 ]);
            cmp_ok(scalar(() = $upstream->calls($project)), '<=', 9,
                'pages that soon agree take few upstream calls');
        }

        $upstream->clear;
        error_is(ask("$name-99"), 502, 'pages that never agree are a 502');
        my (%times);
        $times{ which($_) }++ for $upstream->calls("$name-99");
        my ($most) = sort { $b <=> $a } values %times;
        is($most, 3, 'pages that never agree are fetched three times');
        cmp_ok(scalar(() = $upstream->calls("$name-99")), '<=', 9,
            'pages that never agree take few upstream calls');

        # of many days, each by itself
        reply_is(ask("$name-1", days => 7, offset => 248), 'on 7 days, pages that soon agree',
            from => '2022-12-01', total => 250,
            entries => [ map { [ $_, ($hours{$_}) x 7 ] } qw(d248 d249) ]);
        error_is(ask("$name-99", days => 7), 502,
            'on 7 days, pages that never agree are a 502');
    };
}

subtest 'rows of enterprise projects' => sub {
    reply_is(ask('projects', days => 1), 'rows of one desktop in several add up',
        from => '2022-12-01', total => 121,
        entries => [ (map { [ sprintf('d%03d', $_), 1 ] } 0 .. 99) ]);
    reply_is(ask('projects', days => 1, offset => 119), 'the last of them',
        from => '2022-12-01', total => 121, entries => [ [ 'd119', 1 ], [ 'twice', 2.21 ] ]);
    reply_is(ask('projects', days => 1, desktop_ids => [qw(twice d003)]),
        'those on a later page than the first, too', from => '2022-12-01',
        entries => [ [ 'twice', 2.21 ], [ 'd003', 1 ] ]);

    my $res = ask('projects-again', days => 1);
    error_is($res, 502, 'the same row twice, of one project');
    like($res->{body}, qr/rows of one desktop expected 1, found 2/, '... which is said');

    $res = ask('projects-long', days => 1);
    error_is($res, 502, 'a desktop with more than 24 hours in its projects');
    like($res->{body}, qr/seconds of one desktop expected 86401, found 86436/,
        '... which is said');
};

subtest 'what a page may say' => sub {
    for (sort grep { /\Aok-/ } keys %text) {
        my $use = $text{$_}[1];
        reply_is(ask($_, days => 2), $_, from => '2022-12-01',
            entries => [ [ 'a', $use, $use ] ]);
    }
    for (sort grep { /\Ano-/ } keys %text) {
        reply_is(ask($_, days => 2), $_, from => '2022-12-01', entries => []);
        reply_is(ask($_, days => 2, desktop_ids => [ 'idle', 'nobody' ]),
            "$_, with ids", from => '2022-12-01', entries => [ [ 'idle', 0, 0 ] ]);
    }
};

subtest 'what a page may not say' => sub {
    for (sort grep { /\Abad-/ } keys %text) {
        $upstream->clear;
        error_is(ask($_), 502, $_);
        cmp_ok(scalar(() = $upstream->calls($_)), '<=', 30, "$_: few upstream calls");
    }
    error_is(ask($_, days => 31), 502, "$_, 31 days")
        for qw(bad-cut bad-value-negative bad-no-count bad-items-null);
    error_is(ask($_, desktop_ids => ['b']), 502, "$_, of a desktop that is not requested")
        for qw(bad-value-negative bad-value-string bad-id-gone);
};

subtest 'a page with errors anywhere' => sub {
    my $n = Usage::Nginx->slow ? 60 : 600;
    my $strict = JSON::PP->new->utf8;
    my ($broken, @wrong) = (0);
    for my $i (0 .. $n - 1) {
        my $text = mutant($i);
        next if eval { $strict->decode($text); 1 };
        $broken++;
        my $res = ask("mutant-$i");
        push @wrong, "mutant-$i: $res->{status} $text" if $res->{status} != 502;
    }
    cmp_ok($broken, '>', $n / 3, "$broken that are not JSON");
    is(scalar @wrong, 0, 'each a 502')
        or diag(join "\n", splice @wrong, 0, 5);
};

subtest 'rounding' => sub {
    my $wrong = 0;
    for (my $offset = 0; $offset < 2400; $offset += 100) {
        my $res = ask('halves', offset => $offset);
        my $data = decode($res->{body}) || {};
        my $i = $offset;
        for (@{ $data->{desktop_used_info_list} || [] }) {
            my $use = $_->{used_info_list}[0]{use_time};
            $wrong++, diag("$_->{desktop_id}: $use")
                if $_->{desktop_id} ne sprintf('h%04d', $i)
                || "$use" ne (($i + 1) / 100);
            $i++;
        }
        $wrong++ if $i != $offset + 100;
    }
    is($wrong, 0, 'half a hundredth goes up, 2400 times');

    my $res = ask('close');
    my $i = 0;
    $wrong = 0;
    for (@{ (decode($res->{body}) || {})->{desktop_used_info_list} || [] }) {
        my $use = $_->{used_info_list}[0]{use_time};
        $wrong++, diag("$_->{desktop_id}: $use") if "$use" ne $i++ / 100;
    }
    is($wrong, 0, 'a bit less goes down');
    is($i, 100, 'there are 100 such figures');

    my $all = join '', map { $_->{body} } map { ask('halves', offset => $_ * 100) } 0 .. 23;
    unlike($all, qr/"use_time":\s*\d+(?:\.\d*0|\.)[,}]/, 'a number has its shortest form');
    unlike($all, qr/"use_time":\s*"?[\d.+-]*[eE]/, 'a number has no exponent');
    like($all, qr/"use_time":\s*1\.5\b/, '1.5');
    like($all, qr/"use_time":\s*12[,}]/, 'no decimals for a whole number');

    $all = join '', map { $_->{body} }
        map { ask('halves', offset => $_ * 100, at => '/string') } 0 .. 23;
    my @strings = $all =~ /"use_time":\s*("[^"]*"|[^,}]*)/g;
    is(scalar @strings, 2400, 'there are 2400 strings');
    is(scalar(grep { !/\A"\d+\.\d\d"\z/ } @strings), 0, 'each string has two decimals');
    like($all, qr/"12\.00"/, '12.00');
};

subtest 'desktops that come and go, in the order of bytes' => sub {
    for my $project (qw(comes shown)) {
        for my $days (1, 2, 7) {
            my %use;
            for my $d (1 .. $days) {
                my %on = in_use(sprintf '2022-12-%02d', $d);
                $use{$_}[ $d - 1 ] = $on{$_} / 3600 for keys %on;
            }
            my @entries;
            my %index = map { $names[$_] => $_ } 0 .. $#names;
            for my $name (@sorted) {
                my $u = $use{ $index{$name} };
                next if !$u && $project eq 'comes';
                push @entries, [ $name, map { $u->[$_] || 0 } 0 .. $days - 1 ];
            }
            reply_is(ask($project, days => $days), "$project, $days days",
                from => '2022-12-01', entries => \@entries);

            # asked for, backwards
            my @asked = reverse @names;
            my %entry = map { $_->[0] => $_ } @entries;
            reply_is(ask($project, days => $days, desktop_ids => \@asked),
                'the same, with desktop_ids', from => '2022-12-01',
                entries => [ map { $entry{$_} || ($known{ Encode::encode_utf8($_) }
                    ? [ $_, (0) x $days ] : ()) } @asked ]);
        }
    }
};

subtest 'the directory' => sub {
    my @two = ([ 'd2', 0.5 ], [ 'd1', 1 ]);
    $upstream->clear;
    reply_is(ask('p', desktop_ids => [qw(d2 d1)]), 'desktops that statistics list',
        from => '2022-12-01', entries => \@two);
    is(scalar(grep { $_->{path} !~ /metrics/ } $upstream->calls), 0,
        'the directory is not called for desktops that statistics list');

    reply_is(ask('p', desktop_ids => [qw(nobody d2 idle d1 known-1)]),
        'one is not', from => '2022-12-01',
        entries => [ $two[0], [ 'idle', 0 ], $two[1], [ 'known-1', 0 ] ]);
    $upstream->clear;
    reply_is(ask('p', desktop_ids => [qw(nobody no-one)], days => 3), 'ids that nobody knows',
        from => '2022-12-01', entries => []);
    is(scalar(grep { $_->{path} !~ /metrics/ } $upstream->calls), 1,
        'ids that nobody knows take one call of the directory');

    # names that need care in a query
    my @odd = map { Encode::decode_utf8($_) } sort keys %known;
    my @unknown = ('left,right', 'idle,x', "idle\n", 'idle ', 'Idle', '*', 'a',
        'idle&desktop_id=d9', 'idle#', 'idl%65', '%69dle');
    for (@odd) {
        reply_is(ask('p', desktop_ids => [$_]),
            'known: ' . s/([^ -~])/sprintf 'U+%X', ord $1/ger,
            from => '2022-12-01', entries => [ [ $_, 0 ] ]);
    }
    for (@unknown) {
        reply_is(ask('p', desktop_ids => [$_]),
            'unknown: ' . s/([^ -~])/sprintf 'U+%X', ord $1/ger,
            from => '2022-12-01', entries => []);
    }
    reply_is(ask('p', desktop_ids => [ @odd, @unknown, 'd1' ]), 'all kinds of ids at once',
        from => '2022-12-01', entries => [ (map { [ $_, 0 ] } @odd), [ 'd1', 1 ] ]);

    # a comma is a part of an id
    reply_is(ask('p', desktop_ids => [ 'idle,x', map { "known-$_" } 1 .. 99 ],
        limit => 1), 'a hundred, one with a comma', from => '2022-12-01',
        total => 99, entries => [ [ 'known-1', 0 ] ]);
    reply_is(ask('p', desktop_ids => [ ',', 'known,1', map { "$_,$_" } 1 .. 60 ]),
        'one of 62 ids with commas is known', from => '2022-12-01',
        entries => [ [ 'known,1', 0 ] ]);

    # a hundred in a call
    for my $n (100, 101, 250) {
        $upstream->clear;
        my @ids = map { "known-$_" } reverse 1 .. $n;
        my $res = ask('dir-big', desktop_ids => \@ids, offset => $n - 3);
        reply_is($res, "$n of them", from => '2022-12-01', total => $n,
            entries => [ map { [ "known-$_", 0 ] } 3, 2, 1 ]);
        is(scalar(grep { $_->{path} !~ /metrics/ } $upstream->calls),
            int(($n + 99) / 100), 'a hundred a call');
    }
};

subtest 'the directory in trouble' => sub {
    my @ids = (qw(idle d1 nobody));
    my @d1  = ([ 'd1', 1 ]);
    reply_is(ask($_, desktop_ids => \@ids), "$_: unknown", from => '2022-12-01',
        entries => \@d1) for qw(dir-403 dir-403n dir-401 dir-none);
    reply_is(ask('dir-more', desktop_ids => \@ids), 'a directory that lists more than was requested',
        from => '2022-12-01', entries => [ [ 'idle', 0 ], @d1 ]);
    for ([ 404, 'X.4' ], [ 500, 'X.5' ], [ 429, 'X.6' ]) {
        my $res = ask("dir-$_->[0]", desktop_ids => \@ids);
        is($res->{status}, $_->[0], "dir-$_->[0]");
        is((decode($res->{body}) || {})->{error_code}, $_->[1],
            'the refusal of the directory is passed on');
    }
    error_is(ask($_, desktop_ids => \@ids), 502, $_)
        for qw(dir-400n dir-html dir-empty dir-object dir-list dir-gone dir-null
        dir-noid dir-idnull dir-row dir-cut dir-trail);
};

$nginx->stop_ok;
$upstream->stop;

done_testing();
