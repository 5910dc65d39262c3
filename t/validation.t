# SPDX-License-Identifier: BSD-2-Clause
#
# Every rule for the body of a request (translation.md "Request", legacy.md): what
# is wrong is refused before any upstream call, by name; what is right passes.
# Paths and methods: t/routes.t.  Days that are too old: t/retention.t.

use strict;
use warnings;
use utf8;

use Encode qw(encode_utf8);
use Test::More;

use Usage::Nginx;
use Usage::Test;
use Usage::Upstream qw(json_reply page row desktop_ids);

binmode Test::More->builder->$_, ':encoding(UTF-8)'
    for qw(output failure_output todo_output);

# One desktop, in use an hour a day, and a directory of those named known...
sub answer {
    my ($req) = @_;

    if ($req->{path} =~ m{/statistics/metrics/desktops\z}) {
        return json_reply(200, page($req, [ row('d1', 3600) ]));
    }

    my @known = grep { /^known/ } desktop_ids($req);
    return json_reply(200, {
        total_count => scalar @known,
        desktops    => [ map { { desktop_id => $_ } } @known ]
    });
}

my $upstream = Usage::Upstream->start(\&answer);
my $nginx    = Usage::Nginx->start(
    upstream => $upstream->port,
    http     => 'usage_retention off; client_max_body_size 8m;',
);

my $conn;

sub call {
    my ($body, @headers) = @_;
    my $res;
    for (1 .. 2) {
        $conn ||= $nginx->client;
        $res = $conn->post(route(), $body, @headers);
        last unless $res->{error};
        diag("connection: $res->{error}");
        undef $conn;
    }
    return $res;
}

sub bad {
    my ($name, $body, @detail) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    $body = encode_utf8($body) if utf8::is_utf8($body);
    error_is(call($body), 400, $name, detail => \@detail);
}

# Tests: the request passes, with these days requested.
sub good {
    my ($name, $body, $from, $days) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    $body = encode_utf8($body) if defined $body && utf8::is_utf8($body);
    reply_is(call($body), $name,
        from    => $from,
        entries => [ [ 'd1', map { day_is_future($from, $_) ? 0 : 1 }
                    0 .. $days - 1 ] ]);
}

sub day_is_future { return date_add($_[0], $_[1]) gt today() }

# A range that needs few calls.
my $range = '"start_time":"2022-12-09","end_time":"2022-12-09"';

subtest 'not JSON' => sub {
    for (
        '{',            '}',           '[',             '"',
        'nul',          'x',           '{"offset"}',    '{"offset":}',
        '{"offset":1,}', '{offset:1}', "{'offset':1}",  '{"offset":01}',
        '{"offset":+1}', '{"offset":1.}', '{"offset":.5}', '{"offset":NaN}',
        '{"x":Infinity}', '{"x":"\\x"}', '{"x":"\\u12"}', "{\"x\":\"\t\"}",
        "{\"x\":\"a\nb\"}", '{"x":[1,]}', '{"x":tru}', '{"x":True}',
        '{"x":1 "y":2}', '/* */ {}', '{} // no', "\0", "{\"x\":\"\0\"}",
        ' ', "\r\n", '=', 'a=1&b=2', '{"x":"abc}', '{"x":[}', '{"x":1]',
        )
    {
        my $show = $_;
        $show =~ s/([^ -~])/sprintf '\\x%02x', ord $1/ge;
        bad("<$show>", $_);
    }
    $upstream->no_calls();
};

subtest 'not an object' => sub {
    bad("<$_>", $_, qr/object/)
        for '[]', '[{}]', '"{}"', '0', '1.5', 'true', 'false', 'null', '""';
    $upstream->no_calls();
};

subtest 'anything after the object' => sub {
    for ('{}{}', '{} {}', '{}x', '{},', '{}]', '{}}', "{}\0", "{} \0 ",
        '{"offset":1}null', "{}\xff", '{}""')
    {
        my $show = $_;
        $show =~ s/([^ -~])/sprintf '\\x%02x', ord $1/ge;
        bad("<$show>", $_);
    }
    $upstream->no_calls();
    good('white space around is none', " \r\n\t{$range} \r\n\t", '2022-12-09', 1);
    $upstream->clear;
};

subtest 'duplicate keys' => sub {
    bad('a known one',       '{"offset":1,"offset":1}');
    bad('with null',         '{"offset":null,"offset":1}');
    bad('an unknown one',    '{"x":1,"x":2}');
    bad('a nested one',      '{"x":{"a":1,"a":2}}');
    bad('nested deep',       '{"x":[[{"a":[{"b":1,"b":1}]}]]}');
    bad('written otherwise', '{"offset":1,"off\u0073et":1}');
    $upstream->no_calls();
    good('the same key on two levels passes',
        "{$range,\"x\":{\"x\":{\"x\":1}},\"y\":{\"x\":2}}", '2022-12-09', 1);
    $upstream->clear;
};

subtest 'invalid UTF-8' => sub {
    my %bytes = (
        'lone continuation'  => "\x80",
        'lone start'         => "\xc3",
        'cut'                => "\xe2\x82",
        'overlong 2'         => "\xc0\xaf",
        'overlong NUL'       => "\xc0\x80",
        'overlong 3'         => "\xe0\x80\xaf",
        'overlong 4'         => "\xf0\x80\x80\xaf",
        'surrogate'          => "\xed\xa0\x80",
        'beyond U+10FFFF'    => "\xf4\x90\x80\x80",
        'five bytes'         => "\xf8\x88\x80\x80\x80",
        'latin-1'            => "caf\xe9",
        'ff'                 => "\xff",
    );
    for (sort keys %bytes) {
        bad("$_, in desktop_ids", qq({"desktop_ids":["a$bytes{$_}b"]}));
        bad("$_, in a date",      qq({"start_time":"$bytes{$_}"}));
        bad("$_, in an unknown field", qq({"x":"$bytes{$_}"}));
        bad("$_, in a key",       qq({"$bytes{$_}":1}));
        bad("$_, outside",        qq({$bytes{$_}}));
    }
    bad('half a pair, escaped',   '{"desktop_ids":["\ud800"]}');
    bad('the other half',         '{"desktop_ids":["\udc00x"]}');
    $upstream->no_calls();
};

subtest 'NUL in a string' => sub {
    bad('in desktop_ids',  '{"desktop_ids":["a\u0000b"]}');
    bad('at its end',      '{"desktop_ids":["d1\u0000"]}');
    bad('in a date',       '{"start_time":"2022-12-09\u0000"}');
    bad('in group_by_type', '{"group_by_type":"DAY\u0000"}');
    bad('in offset',       '{"offset":"1\u0000"}');
    bad('in a user',       '{"desktop_username":"\u0000"}');
    bad('in an unknown',   '{"x":"\u0000"}');
    bad('in a nested one', '{"x":[{"y":"a\u0000"}]}');
    $upstream->no_calls();
};

subtest 'types' => sub {
    my %wrong = (
        string => [ 1, 1.5, 'true', 'false', '[]', '{}', '["2022-12-09"]' ],
        number => [ 'true', 'false', '[]', '{}', '[1]', '1.5', '0.5', '-0.5' ],
        ids    => [ 1, 'true', 'false', '{}', '"d1"', '{"0":"d1"}' ],
        id     => [ 1, 1.5, 'null', 'true', 'false', '[]', '{}', '["d1"]' ],
    );

    for my $field (qw(start_time end_time group_by_type desktop_username
        desktop_user_domain))
    {
        bad("$field: $_", qq({"$field":$_}), qr/\b$field\b/)
            for @{ $wrong{string} };
    }
    for my $field (qw(offset limit)) {
        bad("$field: $_", qq({"$field":$_}), qr/\b$field\b/)
            for @{ $wrong{number} };
    }
    bad("desktop_ids: $_", qq({"desktop_ids":$_}), qr/\bdesktop_ids\b/)
        for @{ $wrong{ids} };
    bad("desktop_ids: [$_]", qq({"desktop_ids":[$_]}), qr/\bdesktop_ids\b/)
        for @{ $wrong{id} };
    bad("desktop_ids: [\"d1\",$_]", qq({"desktop_ids":["d1",$_]}),
        qr/\bdesktop_ids\b/)
        for @{ $wrong{id} };
    $upstream->no_calls();
};

subtest 'left out: nothing, null, and empty strings' => sub {
    my $from = day(-14);
    plan skip_all => 'midnight is near' if near_midnight();

    good('no body',        undef, $from, 15);
    good('empty body',     '',    $from, 15);
    good('empty object',   '{}',  $from, 15);
    good('all fields null',
        '{' . join(',', map { "\"$_\":null" } qw(desktop_ids start_time
            end_time group_by_type desktop_username desktop_user_domain
            offset limit)) . '}', $from, 15);
    good('empty strings',
        '{' . join(',', map { "\"$_\":\"\"" } qw(start_time end_time
            group_by_type desktop_username desktop_user_domain))
            . ',"desktop_ids":[]}', $from, 15);
    $upstream->clear;

    bad("$_: empty string", qq({"$_":""}), qr/\b$_\b/)
        for qw(offset limit desktop_ids);
    $upstream->no_calls();
};

subtest 'unknown fields are ignored' => sub {
    for (
        '"x":1', '"x":null', '"X":"é€😀"', '"Offset":-1', '"offset ":"x"',
        '"":0', '"x":{"offset":-1}', '"x":[[],{},[{}]]', '"x":1.5e3',
        '"x":-0', '"x":"\ud83d\ude00\"\\\\\/\b\f\n\r\t"', '"limit\t":7',
        '"desktop_ids2":"x"',
        )
    {
        good("<$_>", "{$_,$range}", '2022-12-09', 1);
    }

    # JSON's grammar has no largest number.
    good('a great number', "{\"x\":123456789012345678901234567890,$range}",
        '2022-12-09', 1);

    # Depth may be limited, at the cost of the caller alone.
    my $deep = call('{"x":' . '[' x 100_000 . ']' x 100_000 . ",$range}");
    ok($deep->{status} == 200 || $deep->{status} == 400, 'a deep one')
        or diag($deep->{error} || $deep->{head});

    good('and the next call is fine', "{$range}", '2022-12-09', 1);
    $upstream->clear;
};

subtest 'the body is JSON whatever the Content-Type' => sub {
    for ('application/json', 'text/plain', 'application/x-www-form-urlencoded',
        'multipart/form-data; boundary=x', 'nonsense', '')
    {
        reply_is(call("{$range}", 'Content-Type' => $_), "<$_>",
            from => '2022-12-09', entries => [ [ 'd1', 1 ] ]);
    }
    $upstream->clear;
};

subtest 'dates to the letter' => sub {
    for my $field (qw(start_time end_time)) {
        for (
            '2022-12-9',     '2022-1-09',      '22-12-09',
            '2022/12/09',    '20221209',       '2022-12',
            '2022',          ' 2022-12-09',    '2022-12-09 ',
            '2022-12-09\n',  '2022-12-09\r\n', '\n2022-12-09',
            '2022-12-09Z',   '2022-12-09T00:00:00Z', '02022-12-09',
            '+2022-12-09',   '-2022-12-09',    '2022-12-0a',
            '2022-12-0x9',   '2022-0x-09',     '２０２２-12-09',
            '2022-12-٠٩',    '2022−12−09',     '2022-12-09-01',
            '12-09-2022',    '09.12.2022',     'today',
            '1670544000',    '2022-+1-09',     '2022- 1-09',
            '----------',    '2022-12--9',
            )
        {
            my $other = $field eq 'start_time' ? 'end_time' : 'start_time';
            bad("$field: $_", qq({"$field":"$_","$other":"2022-12-09"}),
                qr/\b$field\b/, qr/yyyy-MM-dd/);
        }
    }
    $upstream->no_calls();
};

subtest 'dates of the calendar' => sub {
    for my $field (qw(start_time end_time)) {
        for (qw(2022-00-10 2022-13-01 2022-12-00 2022-12-32 2022-01-32
            2022-04-31 2022-06-31 2022-09-31 2022-11-31 2022-02-29
            2022-02-30 2023-02-29 2024-02-30 1900-02-29 2100-02-29
            2022-99-99))
        {
            my $other = $field eq 'start_time' ? 'end_time' : 'start_time';
            bad("$field: $_", qq({"$field":"$_","$other":"2022-12-09"}),
                qr/\b$field\b/);
        }
    }
    $upstream->no_calls();

    good($_, qq({"start_time":"$_","end_time":"$_"}), $_, 1)
        for qw(2022-01-31 2022-04-30 2022-12-31 2024-02-29 2000-02-29
        2022-02-28 2020-02-29 1972-02-29);
    good('over the end of a year',
        '{"start_time":"2022-12-30","end_time":"2023-01-02"}', '2022-12-30', 4);
    good('over a leap day',
        '{"start_time":"2024-02-27","end_time":"2024-03-02"}', '2024-02-27', 5);
    good('over no leap day',
        '{"start_time":"2023-02-27","end_time":"2023-03-02"}', '2023-02-27', 4);
    $upstream->clear;
};

subtest 'range' => sub {
    plan skip_all => 'midnight is near' if near_midnight();

    good('one day', "{$range}", '2022-12-09', 1);
    good('31 days', '{"start_time":"2022-12-01","end_time":"2022-12-31"}',
        '2022-12-01', 31);
    good('31 days over February',
        '{"start_time":"2024-02-01","end_time":"2024-03-02"}', '2024-02-01', 31);
    good('only an end', '{"end_time":"2022-12-15"}', '2022-12-01', 15);
    good('only an end, in March', '{"end_time":"2024-03-01"}', '2024-02-16', 15);
    good('only a start: to today', '{"start_time":"' . day(-3) . '"}', day(-3), 4);
    good('only a start: today', '{"start_time":"' . today() . '"}', today(), 1);
    good('only a start: 31 days', '{"start_time":"' . day(-30) . '"}', day(-30), 31);
    good('the future is 0', '{"start_time":"' . day(-1) . '","end_time":"'
        . day(5) . '"}', day(-1), 7);
    good('neither', '{}', day(-14), 15);
    $upstream->clear;

    bad('32 days', '{"start_time":"2022-12-01","end_time":"2023-01-01"}',
        qr/\b(?:start|end)_time\b/, qr/\b31\b/);
    bad('32 days over February',
        '{"start_time":"2024-02-01","end_time":"2024-03-03"}', qr/\b31\b/);
    bad('years', '{"start_time":"2012-12-01","end_time":"2022-12-01"}',
        qr/\b31\b/);
    bad('the end before the start',
        '{"start_time":"2022-12-10","end_time":"2022-12-09"}', qr/\bend_time\b/);
    bad('the end long before the start',
        '{"start_time":"2022-12-10","end_time":"1999-12-09"}', qr/\bend_time\b/);
    bad('only a start, 32 days ago', '{"start_time":"' . day(-31) . '"}',
        qr/\b31\b/);
    bad('only a start, in the future', '{"start_time":"' . day(1) . '"}',
        qr/\bstart_time\b|\bend_time\b/);
    $upstream->no_calls();
};

subtest 'desktop_ids' => sub {
    my @many = map { "known-$_" } 1 .. 2000;
    my $ids  = sub {
        return encode_utf8('{"desktop_ids":['
                . join(',', map { "\"$_\"" } @_) . "],$range}");
    };

    my $res = call($ids->(@many));
    is($res->{status}, 200, '2000 of them') or diag($res->{head} . $res->{body});
    is(decode($res->{body})->{total_count}, 2000, 'all of 2000 desktops are known');

    for (255, 'é', '€', '😀') {
        my $id = $_ eq '255' ? 'k' x 255 : $_ x 255;
        $res = call($ids->($id));
        reply_is($res, "255 characters of $_" =~ s/([^ -~])/sprintf 'U+%X', ord $1/ger,
            from => '2022-12-09', entries => []);
    }

    $res = call($ids->('d1', 'd1', 'known-1', 'd1', 'known-1'));
    reply_is($res, 'duplicates count once', from => '2022-12-09',
        entries => [ [ 'd1', 1 ], [ 'known-1', 0 ] ]);
    $res = call('{"desktop_ids":["d1","\u00641","\u0064\u0031"],' . $range . '}');
    reply_is($res, 'the same, written otherwise', from => '2022-12-09',
        entries => [ [ 'd1', 1 ] ]);
    $upstream->clear;

    bad('2001 of them', $ids->(@many, 'x'), qr/\bdesktop_ids\b/, qr/\b2000\b/);
    bad('2001 times the same', $ids->(('d1') x 2001), qr/\bdesktop_ids\b/);
    bad('256 characters', $ids->('k' x 256), qr/\bdesktop_ids\b/, qr/\b255\b/);
    bad('256 characters of two bytes', $ids->('é' x 256), qr/\bdesktop_ids\b/);
    bad('256 characters of four bytes', $ids->('😀' x 256), qr/\bdesktop_ids\b/);
    bad('256 characters, as escapes', $ids->('\u20ac' x 256),
        qr/\bdesktop_ids\b/);
    bad('256 characters, the last', $ids->(@many[ 0 .. 1998 ], 'k' x 256),
        qr/\bdesktop_ids\b/);
    bad('an empty one',           $ids->(''), qr/\bdesktop_ids\b/);
    bad('an empty one among them', $ids->('d1', '', 'd2'), qr/\bdesktop_ids\b/);
    bad('an empty one at the end', $ids->('d1', ''), qr/\bdesktop_ids\b/);
    $upstream->no_calls();
};

subtest 'offset and limit' => sub {
    my %ok = (
        offset => [ 0, 1, 2147483647, '"0"', '"1"', '"2147483647"', '"007"',
            'null' ],
        limit  => [ 0, 1, 99, 100, '"0"', '"1"', '"100"', '"050"', 'null' ],
    );
    my %wrong = (
        offset => [ -1, 2147483648, 4294967296, '9223372036854775808',
            '99999999999999999999', '-99999999999999999999', '1e400',
            '"2147483648"', '"4294967296"', '"18446744073709551616"',
            '"99999999999999999999"', '"-1"' ],
        limit => [ -1, 101, 256, 4294967297, '99999999999999999999', '"101"',
            '"4294967297"', '"18446744073709551617"', '"-1"' ],
    );

    for my $field (sort keys %ok) {
        for (@{ $ok{$field} }) {
            my $res = call(qq({"$field":$_,$range}));
            my ($n) = /(\d+)/;
            my $empty = defined $n
                && ($field eq 'offset' ? $n > 0 : $n == 0);
            reply_is($res, "$field: $_", from => '2022-12-09', total => 1,
                entries => $empty ? [] : [ [ 'd1', 1 ] ]);
        }
    }
    $upstream->clear;

    for my $field (sort keys %wrong) {
        bad("$field: $_", qq({"$field":$_}), qr/\b$field\b/)
            for @{ $wrong{$field} };
        bad("$field: $_", qq({"$field":$_}), qr/\b$field\b/)
            for '"1.5"', '"1.0"', '" 1"', '"1 "', '"+1"', '"1e1"', '"0x1"',
            '"1\n"', '"a"', '"１"', '"1,5"', '"null"', '"true"', '"-0"';
    }
    $upstream->no_calls();
};

subtest 'group_by_type' => sub {
    good('DAY', "{\"group_by_type\":\"DAY\",$range}", '2022-12-09', 1);
    $upstream->clear;
    for (qw(day Day MONTH DAYS DAY\n), ' DAY', 'D', 'HOURS', 'hour', 'é') {
        bad($_ =~ s/[^ -~]/?/gr, qq({"group_by_type":"$_"}),
            qr/\bgroup_by_type\b/, qr/DAY/);
    }
    # what connection records are needed for, which are off here
    for ('', ',"desktop_username":"u"', ",$range", ',"limit":0') {
        bad("HOUR$_", "{\"group_by_type\":\"HOUR\"$_}", qr/\bgroup_by_type\b/,
            qr/HOUR.*connection records.*usage_connections is off.*allowed: "DAY"/);
    }
    $upstream->no_calls();
};

subtest 'desktop_username and desktop_user_domain' => sub {
    for ('u', 'é', '€', '😀') {
        my $show = sprintf '256 characters of U+%X', ord;
        my $name = $_ x 256;
        bad($show, qq({"desktop_username":"$name"}),
            qr/\bdesktop_username\b/, qr/\b256\b.*\b255\b/);
        bad("$show, the domain",
            qq({"desktop_username":"u","desktop_user_domain":"$name"}),
            qr/\bdesktop_user_domain\b/, qr/\b256\b.*\b255\b/);
    }
    bad('a type of the domain, with a user',
        '{"desktop_username":"u","desktop_user_domain":[]}',
        qr/\bdesktop_user_domain\b/);
    bad('types first, then the range',
        '{"desktop_username":1,"start_time":"1999-01-01"}',
        qr/\bdesktop_username\b/);
    $upstream->no_calls();

    my $long = 'd' x 300;
    good("a domain without a user is ignored: $_",
        "{\"desktop_user_domain\":\"$_\",$range}", '2022-12-09', 1)
        for 'local.com', $long;
    good('the domain with an empty user name',
        "{\"desktop_user_domain\":\"local.com\",\"desktop_username\":\"\",$range}",
        '2022-12-09', 1);
    $upstream->clear;
};

subtest 'what an error names' => sub {
    my $long = 'x' x 300;
    my $res  = call(qq({"start_time":"$long"}));
    my $data = decode($res->{body}) || {};
    my ($run) = ($data->{error_detail} || '') =~ /(x{20,})/;
    is(length($run || ''), 100, 'the value, cut to 100 bytes');

    # (a cut may not split a character: the reply would not be UTF-8)
    for my $char ('é', '€', '😀') {
        for my $pad (0 .. 3) {
            my $value = 'y' x $pad . $char x 200;
            bad(sprintf('a cut at any place of U+%X, %d', ord $char, $pad),
                qq({"start_time":"$value"}), qr/\bstart_time\b/);
        }
    }

    bad('quotes and controls', '{"start_time":"a\"b\\\\c\u0001\n\u001f/\u007f"}',
        qr/\bstart_time\b/, qr/a"b\\c/);
    bad('the value itself',  '{"limit":4711}',         qr/limit.*4711/s);
    bad('a value as string', '{"limit":"4712"}',       qr/limit.*4712/s);
    bad('what is allowed',   '{"limit":101}',          qr/\b100\b/);
    bad('what is allowed',   '{"offset":-5}',          qr/-5.*\b2147483647\b/s);
    bad('the date',          '{"end_time":"2022-02-30"}', qr/2022-02-30/);
    bad('the type',          '{"group_by_type":"WEEK"}', qr/WEEK.*DAY/s);
    bad('a long id', '{"desktop_ids":["' . 'z' x 256 . '"]}',
        qr/(?<!z)z{1,100}(?!z)/);
    $upstream->no_calls();
};

subtest 'the longest dates' => sub {
    my $res = call('{"start_time":"9999-12-01","end_time":"9999-12-31"}');
    reply_is($res, 'the end of the calendar', from => '9999-12-01',
        entries => []);
    $upstream->no_calls();
};

undef $conn;
$nginx->stop_ok;
$upstream->stop;

done_testing();
