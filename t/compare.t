# SPDX-License-Identifier: BSD-2-Clause
#
# usage_mode compare: the client gets the legacy endpoint's reply, and what the
# translation would have said otherwise is in a log.
#
#   USAGE_SEED            the seed, printed if the test fails
#   USAGE_COMPARE_COUNT   the random calls to make, 400

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use Test::More;
use Time::HiRes qw(time);

use Usage::H2;
use Usage::Nginx;
use Usage::Random;
use Usage::Sim;
use Usage::Test;

my $slow = Usage::Nginx->patience(1);
my $week = body(start_time => '2022-12-09', end_time => '2022-12-15');
my $http = 'usage_retention off; usage_mode compare; usage_retries 0;
    usage_compare_log %%PREFIX%%/compare.log; usage_deprecation 2025-07-14;';

my $sim = Usage::Sim->start;

sub start {
    my (%o) = @_;
    my $more = delete $o{more} // '';
    return Usage::Nginx->start(upstream => $sim->port, log => 'info',
        http => "$http $more", %o);
}

sub call {
    my ($nginx, $body, @headers) = @_;
    return $nginx->post(route(), $body // $week, 'X-Auth-Token' => 't', @headers);
}

# What was compared: lines of the error log, once there are so many.
sub compared {
    my ($nginx, $count, $mark) = @_;
    my @lines;
    $nginx->wait_for(sub {
        @lines = grep {/usage: (?:compared: equal|a call is not compared)/}
            split /\n/, $nginx->error_log($mark);
        return @lines + reports($nginx) >= $count;
    }, 20);
    return @lines;
}

sub reports {
    my ($nginx) = @_;
    return map { decode($_) } split /\n/, $nginx->_slurp('compare.log');
}

# Successor calls, and those of the legacy endpoint.
sub successors { return grep { $_->{api} ne 'legacy' } @{ $sim->calls } }

subtest 'values' => sub {
    for my $value (qw(10% 0.25% 100% 0% 0.01% 0.1 1 0.0001 0 off)) {
        my ($ok, $out) = Usage::Nginx->check(location => "usage_compare_sample $value;");
        ok($ok, "$value is taken") or diag $out;
    }
    for my $value (qw(10 1.5 0.00001 100.01% 101% -1% x% % 0.001% on), '""') {
        my ($ok, $out) = Usage::Nginx->check(location => "usage_compare_sample $value;");
        ok(!$ok && $out =~ /must be a percentage/, "$value is refused") or diag $out;
    }
    my ($ok, $out) = Usage::Nginx->check(
        location => 'usage_compare_sample 1%; usage_compare_sample 1%;');
    like($out, qr/is duplicate/, 'usage_compare_sample stands once in a block');
    for my $value ('""', 'syslog:server=127.0.0.1') {
        ($ok, $out) = Usage::Nginx->check(location => "usage_compare_log $value;");
        ok(!$ok && $out =~ /must be a file/, "a log in $value is refused") or diag $out;
    }
    ($ok, $out) = Usage::Nginx->check(location => 'usage_compare_log a; usage_compare_log b;');
    like($out, qr/is duplicate/, 'one log in a block');
};

subtest 'equal, and not' => sub {
    my $nginx = start();
    my $res   = call($nginx, undef, 'X-Request-Id' => 'one');
    my ($status, undef, $text) = $sim->legacy($week);
    is($res->{status}, 200, 'the client gets a 200');
    is($res->{body}, $text, 'the client gets the body of the legacy endpoint');
    is($res->{headers}{deprecation}[0], '@1752451200', 'the reply has the header Deprecation');
    my @lines = compared($nginx, 1);
    like($lines[0], qr/\[info\].*compared: equal, 42 values, client: "?127\.0\.0\.1\b.*: "POST/,
        'the error log says that the replies are equal');
    is(scalar(grep { $_->{api} eq 'desktop-metrics' } successors()), 7,
        'the translation takes a call for each of seven days');
    is_deeply([ @{ $nginx->logged('one') }{qw(mode calls days status)} ], [ 'compare', 0, 7, 200 ],
        'the access log has the client\'s call');

    my ($id, $other) = @{ $sim->desktops };
    $sim->alter(desktop => $other, date => '2022-12-13', seconds => 180);
    $sim->clear;
    $res = call($nginx, undef, 'X-Request-Id' => 'a"quoted\id');
    is($res->{status}, 200, 'a reply that differs from its translation is a 200');
    my ($entry) = grep { $_->{desktop_id} eq $other }
        @{ decode($res->{body})->{desktop_used_info_list} };
    my $hours = $entry->{used_info_list}[4]{use_time};
    compared($nginx, 2);
    my ($report) = reports($nginx);
    like(delete $report->{time}, qr/\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/,
        'one line, with the time');
    is_deeply($report, { result => 'different', request_id => 'a"quoted\id',
        client => '127.0.0.1', credential => 'token:' . substr(sha256_hex('t'), 0, 16),
        project_id => 'demo', legacy => { status => 200 },
        translated => { status => 200 }, values => 42, differences => 1,
        first => [ { what => 'use_time', desktop => $other, date => '2022-12-13',
            legacy => "$hours", translated => sprintf('%.2f', $hours - 0.05) + 0 . '' } ] },
        'the report names the desktop and the day');

    # many differences: the first of them
    for my $d ($id, $other) {
        $sim->alter(desktop => $d, date => sprintf('2022-12-%02d', $_), seconds => 7200)
            for 9 .. 15;
    }
    call($nginx);
    compared($nginx, 3);
    (undef, $report) = reports($nginx);
    is($report->{differences}, 14, 'the report counts all 14 differences');
    is(scalar @{ $report->{first} }, 10, 'the report shows ten differences');
    $sim->alter;
    $nginx->stop_ok;
};

subtest 'in the error log' => sub {
    my $nginx = Usage::Nginx->start(upstream => $sim->port,
        http => 'usage_retention off; usage_mode compare;', log => 'warn');
    for my $d (@{ $sim->desktops }) {
        $sim->alter(desktop => $d, date => sprintf('2022-12-%02d', $_), seconds => 7200)
            for 9 .. 15;
    }
    call($nginx);
    my $line = $nginx->log_line(qr/usage: compared/);
    like($line, qr/\[warn\].*usage: compared: \{/,
        'the error log has a line of the comparison');
    my ($text) = $line =~ /compared: (\{.*\}), client: "?127\.0\.0\.1\b/;
    my $report = decode($text // '');
    is($report->{differences}, 42, 'the report in the error log is whole JSON');
    cmp_ok(scalar @{ $report->{first} }, '>', 4,
        'the report has as many differences as a line of the log has room for');
    $sim->alter;
    $nginx->stop_ok;
};

subtest 'statuses' => sub {
    my $nginx = start();
    my $n     = 0;
    my $get   = sub {
        my ($name, $body) = @_;
        my $mark = $nginx->log_mark;
        my $had  = () = reports($nginx);
        my $res  = call($nginx, $body);
        my @lines = compared($nginx, $had + 1, $mark);
        my @new = reports($nginx);
        return ($res, $lines[0] // '', $new[$had]);
    };

    my ($res, $line, $report) = $get->('both 400', '{"limit":101}');
    is($res->{status}, 400, 'a call that is wrong for both is a 400');
    like($line, qr/compared: equal, 0 values/, 'two 400 are equal');

    $sim->faults({ fault => 'status', status => 403, code => 'WKS.1', api => 'legacy' });
    ($res, $line, $report) = $get->();
    is($res->{status}, 403, 'the refusal of the legacy endpoint alone reaches the client');
    is_deeply([ @$report{qw(result legacy translated)} ], [ 'different',
        { status => 403, error_code => 'WKS.1' }, { status => 200 } ],
            'a 403 and a 200 differ');

    $sim->faults({ fault => 'status', status => 403, code => 'WKS.1' });
    (undef, $line) = $get->();
    like($line, qr/compared: equal/, 'two 403 with one error_code are equal');

    $sim->faults({ fault => 'status', status => 403, code => 'WKS.1', api => 'legacy' },
        { fault => 'status', status => 403, code => 'WKS.2', api => 'desktop-metrics' });
    (undef, $line, $report) = $get->();
    is($report->{result}, 'different', 'two 403 with different error_codes differ');

    for my $fault ({ fault => 'status', status => 500 }, { fault => 'status', status => 429 },
        { fault => 'garble' }, { fault => 'reset' }, { fault => 'lying-count' })
    {
        $sim->faults({ %$fault, api => 'desktop-metrics' });
        ($res, $line, $report) = $get->();
        is($res->{status}, 200, 'a translation that fails is not for the client');
        is($report->{result}, 'failed', 'a translation that fails is in the log');
        ok(length $report->{error},
            'the log says why a translation failed') or diag explain $report;
    }

    for my $case (
        (map { [ "status $_", { fault => 'status', status => $_ }, qr/answered $_/ ] }
            404, 405, 410, 501, 502, 504),
        [ 'APIGW.0101', { fault => 'status', status => 400, code => 'APIGW.0101' }, qr/APIGW.0101/ ],
        [ '429', { fault => 'status', status => 429 }, qr/had no answer/ ],
        [ '503', { fault => 'status', status => 503 }, qr/had no answer/ ],
        [ 'a page', { fault => 'text' }, qr/without a legacy reply/ ],
        [ 'half a reply', { fault => 'truncate' }, qr/without a legacy reply/ ],
        [ 'a reply cut', { fault => 'cut' }, qr/did not reach its end/ ],
        [ 'gzip unasked', { fault => 'gzip' }, qr/is encoded/ ],
        [ 'a reset', { fault => 'reset' }, qr/could not be asked/ ],
        )
    {
        my ($name, $fault, $why) = @$case;
        $sim->faults({ %$fault, api => 'legacy' });
        $sim->clear;
        ($res, $line, $report) = $get->();
        if ($fault->{fault} eq 'status') {
            is($res->{status}, $fault->{status}, "$name: as it is");
        } elsif ($fault->{fault} eq 'reset') {
            error_is($res, 502, $name);
        }
        like($line, $why, 'the log says why a call is not compared');
        is(scalar(() = successors()), 0, 'a call that is not compared makes no successor call');
    }
    $sim->faults;

    unlike($nginx->error_log, qr/the legacy call is answered/, 'no line of a call that failed');
    $nginx->stop_ok;
};

# (a token that isn't known to be good has one call under way)
sub known {
    my ($nginx) = @_;
    is(call($nginx)->{status}, 200, 'the token is good');
    compared($nginx, 1);
    return $nginx;
}

subtest 'the client waits for nothing' => sub {
    my $nginx = known(start());
    $sim->faults({ fault => 'hang', api => 'desktop-metrics' });
    $sim->clear;
    my $c = $nginx->client;
    is($c->post(route(), $week, 'X-Auth-Token' => 't')->{status}, 200, "reply $_ on a connection")
        for 1 .. 3;
    ok($nginx->wait_for(sub { 3 * 7 <= grep { !defined $_->{ended} } successors() }),
        'the client has its reply while the successors have not answered');
    $c->close;
    is(call($nginx)->{status}, 200, 'a client that leaves at once gets its reply');
    ok($nginx->wait_for(sub { 4 * 7 <= (() = successors()) }),
        'the call of a client that left is translated');
    my $res = call($nginx, $week . ' ' x 500_000);
    is($res->{status}, 200, 'a call with a large body gets its reply');
    ok($nginx->wait_for(sub { 5 * 7 <= (() = successors()) }),
        'the call with a large body, which is in a file, is translated');
    $sim->faults;
    compared($nginx, 6);
    is(join(' ', map { $_->{result} } reports($nginx)), 'failed ' x 4 . 'failed',
        'all comparisons come to their end');
    $nginx->stop_ok;

    SKIP: {
        skip 'without HTTP/2', 1 if Usage::Nginx->options !~ /http_v2_module/;
        $nginx = start(http2 => 1);
        my $h = Usage::H2->new(port => $nginx->port, timeout => Usage::Nginx->patience(20));
        my @ids = map { $h->post(route(), 'x-auth-token' => 't') } 1 .. 4;
        $h->body($ids[$_], $week . ' ' x ($_ * 20_000)) for 0 .. $#ids;
        is($h->response($_)->{status}, 200, 'a call over HTTP/2 gets its reply') for @ids;
        $h->close;
        my @lines = compared($nginx, 4);
        is(scalar(grep {/equal, 42/} @lines), 4,
            'a call over HTTP/2 is compared') or diag join "\n", @lines;
        $nginx->stop_ok;
    }
};

subtest 'a client that leaves' => sub {
    my $nginx = start();
    $sim->clear;
    $sim->faults({ fault => 'hang', api => 'legacy' });
    my $c = $nginx->client;
    $c->send($c->format('POST', route(), $week, 'X-Auth-Token' => 't'));
    ok($nginx->wait_for(sub { scalar @{ $sim->calls } }), 'the endpoint hangs');
    $c->close;
    my ($line) = compared($nginx, 1);
    like($line, qr/did not reach its end/,
        'a reply that did not reach the client is not compared');
    $sim->faults;
    for my $i (1 .. 30) {
        $c = $nginx->client;
        $c->send($c->format('POST', route(), $week, 'X-Auth-Token' => 't'));
        $c->readable(20 * $slow) if $i % 3;
        $i % 2 ? $c->close : $c->reset;
    }
    my @lines = compared($nginx, 31);
    is(scalar @lines, 31, 'each is compared or is not');
    is(call($nginx)->{status}, 200, 'another call is served');
    $nginx->stop_ok;
};

subtest 'as many as there is room for' => sub {
    my $nginx = known(start(connections => 64));
    $sim->faults({ fault => 'hang', api => 'desktop-metrics' });
    is(call($nginx)->{status}, 200, "call $_") for 1 .. 7;
    my @lines = compared($nginx, 4);
    is(scalar(grep {/too many are under way/} @lines), 3,
        'three of seven comparisons are not made');
    $sim->faults;
    compared($nginx, 8);
    is(call($nginx)->{status}, 200, 'a call after that gets its reply');
    @lines = compared($nginx, 9);
    is(scalar(grep {/equal/} @lines), 2, 'later there is room to compare again');
    $nginx->stop_ok;
};

subtest 'samples' => sub {
    my $nginx = start(server => Usage::Nginx->at(none => 'usage_compare_sample off;')
        . Usage::Nginx->at(half => 'usage_compare_sample 50%;'));
    $sim->clear;
    my $c = $nginx->client;
    my $n = Usage::Nginx->slow ? 40 : 200;
    my $text = body(start_time => '2022-12-09', end_time => '2022-12-09');
    is($c->post('/none' . route(), $text, 'X-Auth-Token' => 't')->{status}, 200, 'none')
        for 1 .. 3;
    $c->post('/half' . route(), $text, 'X-Auth-Token' => 't') for 1 .. $n;
    # (mean n/2, and more than six standard deviations)
    my @lines;
    $nginx->wait_for(sub { @lines = compared($nginx, 0); @lines > 0.05 * $n });
    $nginx->signal('QUIT');
    $nginx->wait_for(sub { !$nginx->workers });
    @lines = compared($nginx, 0);
    my ($low, $high) = Usage::Nginx->slow ? (2, 38) : (55, 145);
    ok(@lines >= $low && @lines <= $high, "half of $n: " . @lines);
    my %count;
    $count{ $_->{api} }++ for @{ $sim->calls };
    is($count{legacy}, $n + 3, 'the endpoint answers them all');
    is($count{'desktop-metrics'}, scalar @lines, 'a successor for each of the sample');
    $nginx->stop_ok;
};

subtest 'reloads and ends' => sub {
    my $nginx = start(workers => 2);
    $sim->config(delay_ms => 0);
    $sim->faults({ fault => 'delay', ms => 300 * $slow, api => 'desktop-metrics' });
    is(call($nginx)->{status}, 200, "call $_") for 1 .. 5;
    ok($nginx->reload(workers => 1), 'a reload while comparisons are under way');
    is(call($nginx)->{status}, 200, "call $_") for 6 .. 8;
    my @lines = compared($nginx, 8);
    is(scalar(grep {/equal/} @lines), 8, 'all calls are compared over a reload');
    is(call($nginx)->{status}, 200, "call $_") for 9 .. 11;
    $nginx->stop_ok('a graceful end');
    is(scalar(grep {/equal/} compared($nginx, 0)), 11,
        'nginx ends when the comparisons have ended');

    $sim->faults({ fault => 'hang', api => 'desktop-metrics' });
    $nginx = start(main => 'worker_shutdown_timeout 100ms;');
    is(call($nginx)->{status}, 200, "call $_") for 1 .. 3;
    $nginx->wait_for(sub { 3 * 7 <= (() = grep { !defined $_->{ended} } successors()) });
    $nginx->stop_ok('worker_shutdown_timeout ends them', timeout => 15);

    $nginx = start();
    is(call($nginx)->{status}, 200, 'a call that is compared');
    $nginx->stop_ok('an end at once', signal => 'TERM');
    $sim->faults;
};

subtest 'the log is opened anew' => sub {
    my $nginx = start();
    my ($id) = @{ $sim->desktops };
    $sim->alter(desktop => $id, date => '2022-12-10', seconds => 3600);
    call($nginx);
    compared($nginx, 1);
    my $file = $nginx->prefix . '/compare.log';
    rename $file, "$file.1" or die $!;
    $nginx->signal('USR1');
    ok($nginx->wait_for(sub { -e $file }), 'a new file');
    call($nginx);
    ok($nginx->wait_for(sub { -s $file }), 'the new file is written to');
    is(scalar(() = $nginx->_slurp('compare.log.1') =~ /\n/g), 1, 'the old one has one line');
    $sim->alter;
    $nginx->stop_ok;
};

subtest 'a mirror' => sub {
    my $nginx = start(server => 'location /mirrored/ {
            mirror /mirror;
            rewrite ^/mirrored(/.*) $1 break;
            usage_translate /workspace;
            usage_mode passthrough;
        }
        location = /mirror {
            internal;
            rewrite ^ ' . route() . ' break;
            usage_translate /workspace;
        }');
    $sim->clear;
    is($nginx->post('/mirrored' . route(), $week, 'X-Auth-Token' => 't')->{status}, 200,
        'a call that is mirrored');
    ok($nginx->wait_for(sub { 2 == @{ $sim->calls } }),
        'a call that is mirrored makes two upstream calls');
    unlike($nginx->error_log, qr/usage:/,
        'a call that is mirrored is not compared, as nobody reads the reply');
    $nginx->stop_ok;
};

subtest 'limits' => sub {
    my $nginx = start(more => 'limit_req_zone all zone=all:1m rate=1r/m;',
        server => 'limit_req zone=all burst=2 nodelay;');
    is(call($nginx)->{status}, 200, "call $_") for 1 .. 3;
    my @lines = compared($nginx, 3);
    is(scalar(grep {/equal, 42/} @lines), 3,
        'limits do not hold for the calls of a comparison');
    error_is(call($nginx), 503, 'a further call is');
    $nginx->stop_ok;
};

subtest 'nothing is left over' => sub {
    my $status = Usage::Nginx->options =~ /http_stub_status_module/
        ? 'location = /status { stub_status; access_log off; }' : '';
    my $nginx = start(server => $status, location => 'lingering_close always;',
        more => 'gzip on; gzip_types application/json; gzip_min_length 1;');
    my ($pid) = $nginx->workers;
    my $fds = sub { return scalar(() = glob "/proc/$pid/fd/*") };
    my $c = $nginx->client;
    my $n = Usage::Nginx->slow ? 20 : 150;
    my $run = sub {
        my ($times, $from) = @_;
        $c->post(route(), $_ % 7 ? $week : '{"limit":-1}', 'X-Auth-Token' => 't') for 1 .. $times;
        compared($nginx, $from + $times);
    };
    $run->(20, 0);
    my $before = $fds->();
    $run->($n, 20);
    ok($nginx->wait_for(sub { $fds->() <= $before + 8 }),
        'no file descriptor is left over') or diag $fds->();
    if ($status) {
        my $text = $nginx->request('GET', '/status')->{body};
        like($text, qr/Active connections: 2 \n/, 'no connection is left over');
        my ($requests) = $text =~ /^ \d+ \d+ (\d+) /m;
        like($text, qr/Reading: 0 Writing: 1 /, 'nothing is read or written');
        cmp_ok($requests, '<', 20 + $n + 20, 'the calls of a comparison are no requests');
    }
    my $res = $c->post(route(), $week, 'X-Auth-Token' => 't', 'Accept-Encoding' => 'gzip');
    is($res->{headers}{'content-encoding'}[0], 'gzip', 'the client still gets gzip');
    $nginx->stop_ok;
};

# --- Random calls: no difference, but the one that is made.

my $total = $ENV{USAGE_COMPARE_COUNT} || (Usage::Nginx->slow ? 40 : 400);

sub random_call {
    my ($desktops, $users) = @_;
    my %r;
    my $from = -1 - rnd(28);
    my $days = pick(1, 1, 2, 3, 7, rnd(28) + 1);
    $days = -$from if $days > -$from;
    $r{start_time} = day($from);
    $r{end_time}   = day($from + $days - 1);
    my $kind = rnd(10);
    if ($kind >= 8) {
        my $user = pick(@$users);
        @r{qw(desktop_username desktop_user_domain)} = @$user{qw(user_name domain)};
    } elsif ($kind == 7) {
        $r{end_time} = $r{start_time};
        $r{group_by_type} = 'HOUR';
    }
    $r{desktop_ids} = [ map { pick(@$desktops, 'nobody') } 1 .. 1 + rnd(5) ]
        if rnd(3) == 0 && !$r{desktop_username};
    $r{offset} = pick(0, 1, 5, rnd(60)) if rnd(3) == 0;
    $r{limit}  = pick(0, 1, 10, 100)    if rnd(3) == 0;
    $r{limit}  = 101                    if rnd(50) == 0;
    return \%r;
}

subtest 'random calls' => sub {
    plan skip_all => 'midnight, or the hour of filing, is near'
        if near_midnight(300) || time % 86400 > 7000 && time % 86400 < 7500;
    my $nginx = start(more => 'usage_connections on;', workers => 2);
    my ($done, $altered) = (0, 0);
    for my $desktops (5, 40, 120) {
        $sim->tenant(seed => rnd(1 << 20), desktops => $desktops, days => 31, now => 'real');
        my @ids   = @{ $sim->desktops };
        my @users = grep { length $_->{domain} } @{ $sim->users(detail => 1) };
        my $c = $nginx->client;
        my %statuses;
        for (1 .. $total / 3) {
            # (what lies ahead of the simulator's clock, as statistics have it)
            my $res = $c->post(route() . '?filed=yes&gone=apart',
                body(%{ random_call(\@ids, \@users) }), 'X-Auth-Token' => 't');
            $statuses{ $res->{status} }++;
            $done++;
        }
        compared($nginx, $done);
        is(join(' ', sort keys %statuses) =~ s/ 400//r, '200', "$desktops desktops: answered");

        my @lines = compared($nginx, $done);
        my $had   = () = reports($nginx);
        is(scalar(grep {/compared: equal/} @lines), $done - $had, 'each is compared');
        is($had, $altered, 'and equal')
            or diag join "\n", map { $json->encode($_) } reports($nginx);

        # one session more on one day, for the legacy endpoint alone
        my ($id, $date) = (pick(@ids), day(-2 - rnd(25)));
        $sim->alter(desktop => $id, date => $date, seconds => 120);
        $c->post(route(), body(desktop_ids => [$id], start_time => day(-28), end_time => day(-1)),
            'X-Auth-Token' => 't');
        $done++;
        compared($nginx, $done);
        my @reports = reports($nginx);
        is_deeply([ map { "$_->{desktop} $_->{date}" } @{ $reports[-1]{first} } ], ["$id $date"],
            'one altered session: exactly that desktop and day');
        is(scalar @reports, ++$altered, 'an altered session makes one report');
        $sim->alter;
    }
    $nginx->stop_ok;
};

is($sim->stop, 0, 'the simulator stops');
done_testing();
