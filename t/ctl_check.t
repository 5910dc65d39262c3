# SPDX-License-Identifier: BSD-2-Clause
#
# usagectl check: equal replies have no difference; if one is altered, exactly that
# desktop and day is told.

use strict;
use warnings;

use POSIX ();
use Test::More;

use Usage::Ctl;
use Usage::Nginx;
use Usage::Sim;
use Usage::Test;
use Usage::Upstream qw(json_reply);

my $legacy = Usage::Sim->start;
my $sim    = Usage::Sim->start(args => [ '--seed', 5, '--desktops', 40, '--days', 40 ]);
my $nginx  = Usage::Nginx->start(
    upstream => $sim->port,
    http     => 'usage_retries 0; usage_connections on;',
    server   => Usage::Nginx->at('string', 'usage_use_time string;'),
);

# The simulator takes a user's days for filed, and what is gone apart, as the
# successors can tell no more.
my $query = '?filed=yes&gone=apart';
my @token = (env => { USAGECTL_TOKEN => 'token' });

sub check {
    my %o = ref $_[0] ? %{ +shift } : ();
    return ctl({ @token, %o }, 'check', @_);
}

sub to {
    my ($old, $new) = @_;
    return ('--legacy', $old->url . route('p') . $query,
        '--translated', (ref $new ? $new->url . route('p') : $new));
}

sub json {
    my ($out) = @_;
    my $data = decode($out);
    ok($data, 'the output is JSON') or diag($out);
    return $data || {};
}

sub bodies { return ctl_file(bodies => join '', map { (ref $_ ? body(%$_) : $_) . "\n" } @_) }

subtest 'equal' => sub {
    my @lists = (
        '--desktops=@' . ctl_file(ids => join '', map {"$_\n"} @{ $sim->desktops }),
        '--users=@' . ctl_file(users =>
            join '', map { utf8::encode(my $u = $_); "$u\n" } @{ $sim->users }),
    );

    for my $idle (qw(shown hidden)) {
        $sim->config(idle => $idle);
        my ($status, $out, $err) = check(to($sim, $nginx), @lists, '--hours', '--calls=150',
            '--seed=' . ($ENV{USAGE_SEED} || 1), '--tolerance=0', '--json');
        is($status, 0, "idle $idle: status 0") or diag($out, $err);
        my $data = json($out);
        is($data->{calls_made}, 150, "idle $idle: all calls were made");
        is_deeply($data->{calls}, [], "idle $idle: no call differs");
        is($data->{equal} + $data->{refused_alike}, 150, "idle $idle: all calls are equal");
        cmp_ok($data->{equal}, '>', 130, "idle $idle: most calls were answered");
        cmp_ok($data->{values}, '>', 10000, "idle $idle: values were compared");
    }
    $sim->config(idle => 'shown');

    my ($status, $out) = check(to($sim, $nginx->url . '/string' . route('p')), '-n', 5);
    is($status, 0, 'a number, and a string of it') or diag($out);
    like($out, qr/^5 equal, 0 refused by both alike, 0 different, 0 failed\.$/m,
        'the summary in words');

    # the same seed makes the same calls
    my @said;
    for my $seed (1, 1, 2) {
        $legacy->clear;
        check('--legacy', $legacy->url, '--translated', $legacy->url, '-p', 'p', '-n', 5,
            "--seed=$seed", '--from', day(-20), '--to', day(-2));
        push @said, join ' ', map { $_->{body_bytes} } @{ $legacy->calls };
    }
    is($said[0], $said[1], 'the same seed makes the same calls');
    isnt($said[0], $said[2], 'another seed, other ones');
};

# --- One session, half an hour longer there than here.

my @sessions = map {
    my $d = $_;
    map { {
        desktop_id => "d$d", user_name => 'ann',
        setup => day(-$_) . sprintf('T%02d:00:00Z', $d), end => day(-$_) . "T1$d:00:00Z",
    } } 2 .. 20
} 1 .. 5;
my %tenant = (
    users    => [],
    desktops => [ map { { desktop_id => "d$_", computer_name => "D$_", users => ['ann'] } } 1 .. 5 ],
);

sub differ {
    my ($change) = @_;
    my @other = map { {%$_} } @sessions;
    $change->($other[ 2 * 19 + 6 ]);    # of d3, eight days ago
    $sim->tenant(%tenant, sessions => \@sessions);
    $legacy->tenant(%tenant, sessions => \@other);
    $_->config(now => 'real') for $sim, $legacy;
    return;
}

subtest 'one session altered' => sub {
    plan skip_all => 'midnight is near' if near_midnight();
    my $day = day(-8);
    differ(sub { $_[0]{end} =~ s/:00:00Z/:30:00Z/ });

    my ($status, $out, $err) = check(to($legacy, $nginx), '--calls=60',
        '--desktops=d1,d2,d3,d4,d5', '--users=ann', '--from', day(-20), '--to', day(-2),
        '--no-paging', '--json', '--show=10000');
    is($status, 1, 'an altered session: status 1');
    my $data = json($out);
    my %where;
    for my $call (@{ $data->{calls} }) {
        is($call->{outcome}, 'different', 'an altered session is a difference');
        $where{"$_->{desktop} $_->{date} $_->{what} $_->{legacy} $_->{translated}"}++
            for @{ $call->{differences} };
    }
    is_deeply([ keys %where ], ["d3 $day use_time 10.5 10"],
        'the very desktop and day, and no other');
    is($data->{different}, scalar @{ $data->{calls} }, 'the JSON lists all calls that differ');
    is($data->{equal} + $data->{different}, 60, 'the calls that do not differ are equal');

    # in words, and on standard output alone
    my @ask = ('--bodies', bodies({ start_time => day(-9), end_time => day(-2) },
        { start_time => day(-7), end_time => day(-2) }));
    ($status, $out, $err) = check(to($legacy, $nginx), @ask);
    is($status, 1, 'a file of bodies: status 1');
    like($out, qr/^call 1 differs: \{"end_time":/m,          'the report tells which call differs');
    like($out, qr/^  d3 +\Q$day\E +10\.5 +10$/m,              'the report tells the desktop, the day and the values');
    unlike($out, qr/\e/, 'no colours in a file');
    like($out, qr/^1 equal, 0 refused by both alike, 1 different, 0 failed\.$/m,
        'the report ends with the sum');
    is($err, '', 'standard error is empty');

    ($status, $out) = check(to($legacy, $nginx), @ask, '--tolerance=0.5');
    is($status, 0, 'within the tolerance: status 0');
    like($out, qr/^Values are 0\.5 hours apart at most; 0\.5 are tolerated\.$/m,
        'the report tells of differences within the tolerance');
};

subtest 'days that are not final' => sub {
    plan skip_all => 'midnight is near' if near_midnight();
    # a service that is ahead of the other by what today has seen
    my @services = map { my $n = $_; Usage::Upstream->start(sub {
        my ($today, $old) = (day(0), day(-5));
        return json_reply(200, qq({"desktop_used_info_list":[{"desktop_id":"d1","used_info_list":[)
            . qq({"date":"$old","use_time":1},{"date":"$today","use_time":$n}]}],"total_count":1}));
    }) } 1, 2;
    my @to   = map { 'http://127.0.0.1:' . $_->port . route('p') } @services;
    my @call = ('--legacy', $to[0], '--translated', $to[1], '-b', bodies({}));
    my ($status, $out) = check(@call);
    is($status, 1, 'a day that is not final: status 1');
    like($out, qr/^1 of the calls differ in days that aren't final: .*\n.*The last final day is \d{4}-\d\d-\d\d /m,
        'the report hints at days that are not final') or diag($out);
    is(json((check(@call, '--json'))[1])->{not_final}, 1,
        'the JSON counts differences in days that are not final');
};

subtest 'a desktop that one lacks' => sub {
    plan skip_all => 'midnight is near' if near_midnight();
    my $day = day(-8);
    $_->config(idle => 'hidden') for $sim, $legacy;
    differ(sub { $_[0]{desktop_id} = 'd4' });
    my ($status, $out) = check(to($legacy, $nginx),
        '-b', bodies({ start_time => $day, end_time => $day }));
    is($status, 1, 'a desktop that one reply lacks: status 1');
    like($out, qr/^  d3 +entry +missing +10$/m,      'the report tells of a desktop that one reply lacks');
    like($out, qr/^  d3 +\Q$day\E +missing +10$/m,    'the report tells of a day of it');
    like($out, qr/^  \(the reply\) +total_count +4 +5$/m,
        'the report tells that total_count differs');

    ($status, $out) = check(to($legacy, $nginx), '--show=1',
        '-b', bodies({ start_time => $day, end_time => $day }));
    like($out, qr/^4 differences in all, 1 of them shown/m,
        '--show limits the differences that are shown') or diag($out);
    $_->config(idle => 'shown') for $sim, $legacy;
};

subtest 'refusals' => sub {
    differ(sub { });
    my ($status, $out) = check(to($legacy, $nginx), '-b', bodies('{"limit":1000}', '{', '{}'));
    is($status, 0, 'alike: status 0') or diag($out);
    like($out, qr/^1 equal, 2 refused by both alike, 0 different/m,
        'calls that both refuse are counted');

    ($status, $out) = check(to($legacy, $nginx), '-b', bodies('{"limit":1000}'));
    is($status, 2, 'nothing but refusals proves nothing: status 2');

    $sim->faults({ fault => 'status', status => 404, code => 'X.1', msg => 'no', count => 1 });
    ($status, $out) = check(to($legacy, $nginx), '--first', '-b', bodies({}, {}, {}));
    is($status, 1, 'a refusal of one of them: status 1');
    like($out, qr/^  legacy      200$/m,           'the report tells the 200 of the one');
    like($out, qr/^  translated  404 X\.1: no$/m, 'the report tells the 404 of the other');
    like($out, qr/^1 call, 0 values .*stopped at the first/m, '--first');
    $sim->faults;

    ($status, $out) = ctl('check', to($legacy, $nginx), '-n', 1000);
    is($status, 2, '401 of both: status 2');
    like($out, qr/\b10 failed\./, 'after ten failed calls it gives up');
    like($out, qr/401 APIGW\.0301/, 'the report tells the reason');
};

subtest 'waiting' => sub {
    $legacy->clear;
    $legacy->faults({ fault => 'status', status => 429, code => 'APIGW.0308',
        retry_after => 1, count => 1 });
    my ($status, $out) = check(to($legacy, $nginx), '-b', bodies({}));
    is($status, 0, 'a call after a 429 that is retried: status 0') or diag($out);
    is(scalar @{ $legacy->calls }, 2, 'a 429 is retried once');

    $legacy->faults({ fault => 'status', status => 429, code => 'APIGW.0308' });
    ($status, $out) = check(to($legacy, $nginx), '-b', bodies({}), '--retries=0');
    is($status, 1, 'one that stays is a difference');
    $legacy->faults;

    my $begun = time;
    ($status, $out) = check(to($legacy, $nginx), '-n', 3, '--rate=120');
    is($status, 0, '--rate');
    cmp_ok(time - $begun, '>=', 1, '--rate spreads the calls');
};

subtest 'no reply, or none of the call' => sub {
    my ($status, $out) = check(to($legacy, 'http://127.0.0.1:1/'), '-p', 'p', '-b', bodies({}),
        '--retries=0');
    is($status, 2, 'nobody there: status 2');
    like($out, qr/^  translated  .*onnect/m, 'the report tells that nobody answers');

    $legacy->faults({ fault => 'truncate' });
    ($status, $out) = check(to($legacy, $nginx), '-b', bodies({}));
    is($status, 2, 'a broken reply: status 2');
    like($out, qr/^  legacy      the legacy reply is not JSON/m,
        'the report tells that a reply is not JSON') or diag($out);
    $legacy->faults;
};

subtest 'headers' => sub {
    my @ask = ('-b', bodies({}));
    my $file = ctl_file(headers => "X-Auth-Token: secret\nX-Request-Id: mine\n");
    $_->clear for $legacy, $sim;
    my ($status, $out) = check(to($legacy, $nginx), @ask, "--header=\@$file",
        '--legacy-header=X-Request-Id: yours', '--translated-header', 'X-Other: 1');
    is($status, 0, 'headers from a file: status 0') or diag($out);
    my $of = sub { (grep { $_->{headers}{'x-auth-token'} } @{ $_[0]->calls })[0]{headers} };
    is($of->($legacy)->{'x-request-id'}, 'yours', '--legacy-header is for one endpoint');
    is($of->($sim)->{'x-request-id'},    'mine',  '--header is for both endpoints');
    like($of->($_)->{'x-auth-token'}, qr/length 6\z/,
        'the token of the file') for $legacy, $sim;
};

subtest 'on a terminal' => sub {
    plan skip_all => 'there is no script(1), or no terminal for it'
        if system('script -qec true /dev/null < /dev/null > /dev/null 2>&1');
    $_->config(delay_ms => 15) for $legacy, $sim;
    local @ENV{qw(USAGECTL_TOKEN TERM)} = qw(token xterm);
    my $program = $ENV{USAGECTL} || "$Usage::Nginx::root/build/usagectl";
    my $command = join ' ', map {"'$_'"} $program, 'check', to($legacy, $nginx), '-n', 20,
        '--from', day(-2), '--to', day(-2);

    my $out = `script -qec "stty cols 50; $command" /dev/null < /dev/null`;
    is($? >> 8, 0, 'on a terminal: status 0');
    like($out, qr/\r\e\[K\d+ of 20 calls, 0 differ; /,
        'progress is a line that is written again');
    is(scalar(grep { length > 55 } map { split /\r/ } $out =~ /([^\n]*calls, [^\n]*left)/g), 0,
        'no wider than the terminal');
    like($out, qr/\e\[32m20 equal/, 'on a terminal there are colours');

    local $ENV{NO_COLOR} = 1;
    $out = `script -qec "$command" /dev/null < /dev/null`;
    unlike($out, qr/\e\[\d*m/, 'with NO_COLOR there is no color');
    $_->config(delay_ms => 0) for $legacy, $sim;
};

subtest 'interrupted' => sub {
    $legacy->clear;
    my $program = $ENV{USAGECTL} || "$Usage::Nginx::root/build/usagectl";
    my $to      = ctl_file(said => '');
    my $pid     = fork // die "fork: $!";
    if (!$pid) {
        $ENV{USAGECTL_TOKEN} = 'token';
        open STDOUT, '>', $to;
        exec $program, 'check', to($legacy, $nginx), '-n', 1000000, '-q' or POSIX::_exit(127);
    }
    ok($nginx->wait_for(sub { @{ $legacy->calls } > 3 }), 'many calls are being made');
    kill INT => $pid;
    waitpid $pid, 0;
    is($? >> 8, 2, 'status 2');
    open my $fh, '<', $to;
    my $said = join '', <$fh>;
    like($said, qr/\(of 1000000: interrupted\)/,
        'an interrupted run reports what is known by then');
};

subtest 'wrong usage' => sub {
    my @to = to($legacy, $nginx);
    for ([], [ @to[ 0, 1 ] ], [ @to, '--tolerance=x' ], [ @to, '--from=2026-02-30' ],
        [ @to, '--from', day(-1), '--to', day(-2) ], [ @to, '--header=X' ],
        [ @to, '--bodies=/nowhere' ], [ @to, '--bodies', ctl_file(none => "\n\n") ], [ @to, 'more' ],
        [ '--legacy=x y', '--translated=http://x/' ],
        [ '--legacy=ftp://x/', '--translated=http://x/', '--project=p' ],
        [ @to, '--desktops', "\xff" ],
        [ '--legacy=http://x/', '--translated=http://x/' ])
    {
        my ($status, $out, $err) = check(@$_);
        is($status, 2, "@$_: status 2");
        is($out, '', 'nothing on standard output');
        like($err, qr/\Ausagectl check: /, 'a complaint');
    }
    my ($status, $out) = check('--help');
    is($status, 0, '--help');
    is(scalar(grep { length > 80 } split /\n/, $out), 0, '--help is at most 80 columns wide');
};

subtest 'TLS, by an authority of its own' => sub {
    my $key  = ctl_file(key => '');
    my $cert = ctl_file(cert => '');
    is(system("openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=sim "
                . "-addext subjectAltName=IP:127.0.0.1 -days 2 "
                . "-keyout $key -out $cert > /dev/null 2>&1"), 0, 'a certificate');
    my $tls = Usage::Sim->start(args => [ '--tls-cert', $cert, '--tls-key', $key ]);
    my @to  = map {"--$_=https://127.0.0.1:" . $tls->port} qw(legacy translated);
    my @how = (@to, '--project=p', '--calls=2', '--retries=0',
        '--from=2022-12-09', '--to=2022-12-15');

    my ($status, $out, $err) = check(@how, "--cacert=$cert");
    is($status, 0, 'trusted') or diag($out, $err);
    ($status, $out, $err) = check(@how);
    is($status, 2, 'without the authority: status 2');
    like("$out$err", qr/certificate/i, 'without the authority the reason is told');
    is($tls->stop, 0, 'a clean end');
};

$nginx->stop_ok;
$_->stop for $legacy, $sim;

done_testing();
