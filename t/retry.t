# SPDX-License-Identifier: BSD-2-Clause
#
# What the upstream refuses for a while, 429 and 503, is retried
# (usage_retries).

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time sleep);

use Usage::Nginx;
use Usage::Test;
use Usage::Upstream qw(reply json_reply page rows window);

my $error = '{"error_code":"WKS.0123","error_msg":"busy"}';
my $good  = sub { return json_reply(200, page($_[0], rows(d1 => 3600))) };

# The project tells which status its first calls get, how many of them, or those
# of which day, with which Retry-After: 429x1, 503x2-1, 429d03-9, ...;
# 429x1-s2 has none, and 2 seconds in its words ("m" and "h" are other units).
my (%seen, %date);

my $upstream = Usage::Upstream->start(sub {
    my ($req) = @_;
    my ($project) = $req->{path} =~ m{\A/v2/([^/]+)/};
    my ($status, $how, $n, $after) =
        $project =~ /\A(\d{3})([xdh])(\d+)(?:-([a-z0-9]+))?(?:_|\z)/ or return $good->($req);
    my $words = $error;
    if (my ($u, $number) = ($after || '') =~ /\A([smh])(\d+)\z/) {
        my %unit = (s => 'second', m => 'minutes', h => 'HOUR');
        $words =~ s/busy/over ratelimit,limit:200,time:$number $unit{$u}/;
        undef $after;
    }
    my @after = !defined $after ? () : ('Retry-After' => $after eq 'date'
        ? $date{$project} ||= http_date(time + 2) : $after eq 'past'
        ? 'Wed, 21 Oct 2015 07:28:00 GMT' : $after eq 'minus' ? '-5'
        : $after eq 'zone' ? 'Wed, 21 Oct 2037 07:28:00 CET'
        : $after eq 'rest' ? 'soon, 21 Oct 2037 07:28:00 GMT' : $after);
    return $good->($req) if window($req) =~ /\A2022-11/;
    return $good->($req) if $how eq 'd' && window($req) !~ /-$n\z/;
    return $good->($req) if ++$seen{$project} > ($how eq 'd' ? 1 : $n);
    return $how eq 'h' ? reply($status, '<html>busy', @after)
        : json_reply($status, $words, @after);
});

sub http_date {
    my (@t) = gmtime $_[0];
    return sprintf '%s, %02d %s %d %02d:%02d:%02d GMT',
        (qw(Sun Mon Tue Wed Thu Fri Sat))[ $t[6] ], $t[3],
        (qw(Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec))[ $t[4] ],
        $t[5] + 1900, @t[ 2, 1, 0 ];
}

my $long  = Usage::Nginx->patience(20);
my $nginx = Usage::Nginx->start(
    upstream => $upstream->port,
    http     => "usage_retention off; usage_timeout ${long}s;",
    server   => join('',
        Usage::Nginx->at(off   => 'usage_retries 0;'),
        Usage::Nginx->at(once  => 'usage_retries 1;'),
        Usage::Nginx->at(one   => 'usage_concurrency 1;'),
        Usage::Nginx->at(paced => "usage_rate zone=p:64k rate=1000r/s;"),
        Usage::Nginx->at(own   => '', '/busy'),
        'location /busy/ { internal; return 503; }',
    )
);

my $serial = 0;

# One call: the reply, the times at which its upstream calls came are not
# known, but how many, how long it took, and what the access log says.
sub ask {
    my ($project, %o) = @_;
    my $days = $o{days} || 1;
    my $id   = 'r' . ++$serial;
    my $begin = time;
    my $res = $nginx->post(($o{at} || '') . route($project), body(
        dates('2022-12-01', $days)), 'X-Request-Id' => $id,
        'X-Auth-Token' => $o{token} || 'token');
    $res->{took}  = time - $begin;
    $res->{calls} = () = $upstream->calls($project);
    $res->{log}   = $nginx->logged($id);
    return $res;
}

sub one { return (from => '2022-12-01', entries => [ [ 'd1', (1) x ($_[0] || 1) ] ]) }

subtest 'with a Retry-After' => sub {
    for my $status (429, 503) {
        my $mark = $nginx->log_mark;
        my $res  = ask("${status}x1-1");
        reply_is($res, "$status, then 200", one());
        is($res->{calls}, 2, 'two calls');
        is($res->{log}{calls}, 2, '$usage_calls counts both');
        cmp_ok($res->{took}, '>=', 1, 'a second is waited');
        cmp_ok($res->{log}{waited}, '>=', 1, '$usage_waited tells');
        like($res->{log}{waited}, qr/\A\d+\.\d{3}\z/, "\$usage_waited has three decimals");
        my $line = $nginx->log_line(qr/asked again/, $mark);
        like($line, qr/\[warn\]/, 'a retry is a warning in the log');
        like($line, qr/usage: the upstream answered $status, it is asked again in 1000 ms/,
            'the log tells why, and how long it waits');
        like($line, qr/, 1 of 2 times; upstream call: \/workspace\/v2\//,
            'the log tells which try it is, and of which upstream call');
    }
    my $res = ask('503x1-date');
    reply_is($res, 'a date', one());
    cmp_ok($res->{took}, '>=', 0.9, 'a Retry-After that is a date is waited for');
    reply_is(ask('429h1-1'), 'without an error of the API', one());
};

subtest 'without' => sub {
    for ('503x1', '503x1-0', '503x1-past', '503x1-soon') {
        my $res = ask($_);
        reply_is($res, $_, one());
        cmp_ok($res->{took}, '>=', 0.75, 'a second, more or less');
    }
    my $res = ask('503x2');
    reply_is($res, 'twice', one());
    is($res->{calls}, 3, 'three calls');
    cmp_ok($res->{took}, '>=', 0.75 + 1.5, 'the second wait is twice as long');
};

subtest 'a period in the words of a 429' => sub {
    my $mark = $nginx->log_mark;
    my $res  = ask('429x1-s2');
    reply_is($res, 'two seconds', one());
    cmp_ok($res->{took}, '>=', 2, 'they are waited');
    like($nginx->log_line(qr/asked again/, $mark), qr/asked again in 2000 ms/,
        'the log tells how long');

    for ([ m2 => 120 ], [ h1 => 3600 ], [ h999 => 86400 ]) {
        my ($how, $seconds) = @$_;
        $res = ask("429x1-${how}_off", at => '/off');
        is($res->{status}, 429, "$how: the 429 is passed on");
        is_deeply($res->{headers}{'retry-after'}, [$seconds], "$how: the Retry-After");
    }
    $res = ask('429x1-h1');
    is($res->{calls}, 1, 'beyond usage_timeout: one upstream call');
    is_deeply($res->{headers}{'retry-after'}, [3600], 'beyond usage_timeout: the Retry-After');

    $res = ask('503x1-s30');
    reply_is($res, 'a 503 names none', one());
    cmp_ok($res->{took}, '<', 30, 'a 503 is asked again after a second');
};

subtest 'exhausted' => sub {
    my $res = ask('503x3-1');
    is("$res->{status} $res->{body}", "503 $error", 'the third time is the last');
    is($res->{calls}, 3, 'three calls');
    $res = ask('429x2-1', at => '/once');
    is("$res->{status} $res->{body}", "429 $error",
        'usage_retries 1: a 429 that stays is passed on');
    is($res->{calls}, 2, 'usage_retries 1: two upstream calls');
    is_deeply($res->{headers}{'retry-after'}, [1], 'a 429 that stays keeps its Retry-After');
    $res = ask('429x1-1_off', at => '/off');
    is("$res->{status} $res->{body}", "429 $error", 'usage_retries 0: a 429 is passed on');
    is($res->{calls}, 1, 'usage_retries 0: one upstream call');
    is($res->{log}{waited}, '0.000', 'usage_retries 0: nothing is waited');
    error_is(ask('429h3-1'), 429, 'a 429 without JSON gets the legacy form');
    $res = ask('429x1-86400');
    is("$res->{status} $res->{body}", "429 $error",
        'a Retry-After beyond usage_timeout is not waited for');
    is($res->{calls}, 1, 'a Retry-After beyond usage_timeout: one upstream call');
    is_deeply($res->{headers}{'retry-after'}, [86400],
        'a Retry-After beyond usage_timeout is passed on');
};

subtest 'a Retry-After that is none' => sub {
    for my $after (qw(soon minus zone rest 9999999999999999999999 1x)) {
        my $res = ask("429x1-${after}_off", at => '/off');
        is($res->{status}, 429, "429, $after");
        is_deeply($res->{headers}{'retry-after'}, [60], 'counts as left out');
        $res = ask("503x1-${after}_off", at => '/off');
        is($res->{status}, 503, "503, $after");
        is($res->{headers}{'retry-after'}, undef, 'counts as left out');
    }
    my $res = ask('503x1-past_off', at => '/off');
    is_deeply($res->{headers}{'retry-after'}, ['Wed, 21 Oct 2015 07:28:00 GMT'],
        'a date goes on as it is');
};

subtest 'only what passes' => sub {
    for my $status (500, 502, 504, 400, 403, 404) {
        my $res = ask("${status}x1-1");
        is("$res->{status} $res->{body}", "$status $error", "$status: at once");
        is($res->{calls}, 1, "$status: one upstream call");
    }
    my $res = ask('own', at => '/own');
    isnt($res->{status}, 200, "a refusal of the location itself is not the upstream's");
    is($res->{log}{waited}, '0.000', 'a refusal of the location itself is not waited out');
};

subtest 'the other days go on' => sub {
    my $res = ask('503d03-2', days => 20);
    reply_is($res, 'one of them refused', one(20));
    is($res->{calls}, 21, 'one refused day of many: one upstream call more');
    cmp_ok($res->{log}{waited}, '>=', 2, 'one of many days is retried after its Retry-After');

    # each window has its own tries (a token that isn't known begins with one)
    $nginx->post(route('503x16-1'), body(start_time => '2022-11-01',
        end_time => '2022-11-01'), 'X-Auth-Token' => 'token');
    $upstream->clear;
    $res = ask('503x16-1', days => 8);
    reply_is($res, 'each of eight twice', one(8));
    is($res->{calls}, 24, 'each day is tried three times');

    $res = ask('503x2-1', days => 3, at => '/one');
    reply_is($res, 'one at a time', one(3));
    is($res->{calls}, 5, 'a call that waits holds its place');
};

subtest 'with usage_rate, a 429 holds back the credential' => sub {
    my $begin = time;
    my $conn  = $nginx->client;
    $conn->send($conn->format('POST', '/paced' . route('429x1-2_held'), body(
        start_time => '2022-12-01', end_time => '2022-12-01'),
        'X-Auth-Token' => 'held'));
    ok($nginx->log_line(qr/asked again.*429x1-2_held/), 'the first call is refused, and waits');
    my $res = ask('429x1-2_held', at => '/paced', token => 'other');
    reply_is($res, 'another credential', one());
    is($res->{log}{waited}, '0.000', 'another credential does not wait');
    $res = ask('429x1-2_held', at => '/paced', token => 'held');
    reply_is($res, 'the same credential', one());
    cmp_ok(time - $begin, '>=', 2, 'another call of the same credential waits');
    reply_is($conn->response, 'the first one', one());

    $begin = time;
    $conn->send($conn->format('POST', '/paced' . route('429x1-s2_words'), body(
        start_time => '2022-12-01', end_time => '2022-12-01'),
        'X-Auth-Token' => 'words'));
    ok($nginx->log_line(qr/asked again.*429x1-s2_words/), 'refused for two seconds, in words');
    reply_is(ask('429x1-s2_words', at => '/paced', token => 'words'),
        'the same credential, after a period in words', one());
    cmp_ok(time - $begin, '>=', 2, 'another call waits for the period');
    reply_is($conn->response, 'the first one, after a period in words', one());
};

subtest 'the client leaves while its call waits' => sub {
    my $conn = $nginx->client;
    $conn->send($conn->format('POST', route('503x1-3_left'), body(
        start_time => '2022-12-01', end_time => '2022-12-01')));
    ok($nginx->log_line(qr/asked again.*503x1-3_left/), 'a call waits');
    $conn->close;
    ok($nginx->wait_for(sub { grep {/503x1-3_left/} $nginx->access_lines }),
        'the client has left');
    sleep 3.2;
    is(scalar(() = $upstream->calls('503x1-3_left')), 1,
        'after the client left there is no retry');
};

subtest 'the end of usage_timeout while a call waits' => sub {
    my $short = Usage::Nginx->start(upstream => $upstream->port,
        http => 'usage_retention off; usage_timeout 1500ms;');
    my $res = $short->post(route('503x9-1_end'), body(
        start_time => '2022-12-01', end_time => '2022-12-01'));
    # (on a slow machine not even the first is answered in time)
    ok($res->{status} == 503 || $res->{status} == 504, 'the call ends with usage_timeout');
    is(scalar(grep { $_->{path} =~ /_end/ } $upstream->calls) <= 2, 1,
        'there are two upstream calls at most');
    $short->stop_ok;
};

subtest 'reload while a call waits' => sub {
    my $conn = $nginx->client;
    $conn->send($conn->format('POST', route('503x1-2_reload'), body(
        start_time => '2022-12-01', end_time => '2022-12-01')));
    ok($nginx->log_line(qr/asked again.*503x1-2_reload/), 'a call waits over a reload');
    ok($nginx->reload, 'nginx reloads while a call waits');
    reply_is($conn->response, 'it is answered', one());
};

$nginx->stop_ok;
$upstream->stop;

done_testing();
