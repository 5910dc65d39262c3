# SPDX-License-Identifier: BSD-2-Clause
#
# usagectl report: who still calls, from the log that nginx writes.

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use Test::More;

use Usage::Ctl;
use Usage::Nginx;
use Usage::Sim;
use Usage::Test;

# A line of the format, in the order of its fields.
sub line {
    my (%o) = @_;
    my %l = (
        time => '2026-11-20T10:00:00+00:00', client => '10.0.0.1', agent => 'old/1.0',
        method => 'POST', path => route('p1'), status => 200, bytes => 709,
        seconds => 0.055, project_id => 'p1', credential => 'token:0011223344556677',
        mode => 'translate', days => 7, desktops => 2, calls => 7, error => '', %o
    );
    return '{' . join(',', map { "\"$_\":" . (/status|bytes|seconds/ ? $l{$_} : "\"$l{$_}\"") }
        sort keys %l) . "}\n";
}

sub report { return ctl(@_ && ref $_[0] ? shift : {}, 'report', @_) }

sub clients {
    my ($status, $out, $err) = report(@_);
    is($status, 0, 'usagectl report ends with status 0') or diag($err);
    my $data = decode($out) or diag($out);
    return $data;
}

my $log = join '', map { line(%$_) } (
    {},
    { time => '2026-11-21T10:00:00+02:00', days => 31 },
    { client => '10.0.0.2', agent => 'huaweicloud-usdk-go/3.0', project_id => 'p2',
        credential => 'key:AKEXAMPLE', time => '2026-11-20T23:59:59-01:00' },
    { client => '10.0.0.2', agent => 'huaweicloud-usdk-go/3.0', project_id => 'p2',
        credential => 'key:AKEXAMPLE', status => 502, days => '', error => 'no' },
    # the route, but nothing of the module; and other calls
    { project_id => '', days => '', status => 404, path => route('p3'), mode => '' },
    { project_id => '', days => '', path => '/v2/p1/desktops' },
    { project_id => '', days => '', path => '/' },
);

subtest 'who' => sub {
    my $file = ctl_file(log => $log);
    my $data = clients('--format=json', $file);
    is_deeply($data->{clients}, [
        { client => '10.0.0.1', agent => 'old/1.0', project => 'p1', calls => 2, days => 38,
            errors => 0, first_seen => '2026-11-20T10:00:00Z', last_seen => '2026-11-21T08:00:00Z' },
        { client => '10.0.0.2', agent => 'huaweicloud-usdk-go/3.0', project => 'p2', calls => 2,
            days => 7, errors => 1, first_seen => '2026-11-20T10:00:00Z',
            last_seen => '2026-11-21T00:59:59Z' },
        { client => '10.0.0.1', agent => 'old/1.0', project => 'p3', calls => 1, days => 0,
            errors => 1, first_seen => '2026-11-20T10:00:00Z', last_seen => '2026-11-20T10:00:00Z' },
    ], 'clients, the most frequent first') or diag explain $data->{clients};
    is($data->{sum}{calls}, 5, 'the JSON has the sum of calls');
    is($data->{lines}, 7, 'the JSON has the number of lines');
    is($data->{other_lines}, 2, 'lines of other calls are counted');
    is($data->{strange_lines}, 0, 'all lines have the log format');

    my %of = (
        credential => [ 'token:0011223344556677', 3, 'key:AKEXAMPLE', 2 ],
        client     => [ '10.0.0.1', 3, '10.0.0.2', 2 ],
        status     => [ 200, 3, 404, 1, 502, 1 ],
        mode       => [ 'translate', 4, '', 1 ],
    );
    for my $by (sort keys %of) {
        my @have = map { $_->{$by}, $_->{calls} } @{ clients('-f', 'json', "--by=$by", $file)->{clients} };
        is_deeply(\@have, $of{$by}, "--by=$by");
    }
    my @both = map {"$_->{project} $_->{status}"}
        @{ clients('-f', 'json', '--by=project,status', '--sort=errors', $file)->{clients} };
    is_deeply(\@both, [ 'p2 502', 'p3 404', 'p1 200', 'p2 200' ],
        'clients by several keys, sorted by errors');

    my @last = map { $_->{client} }
        @{ clients('-f', 'json', '--by=client', '--sort=last', '--top=1', $file)->{clients} };
    is_deeply(\@last, ['10.0.0.1'], '--sort, --top');
};

subtest 'when' => sub {
    my $file = ctl_file(log => $log);
    for (['2026-11-21', 2], ['2026-11-21T00:59:59Z', 2], ['2026-11-21T01:00:00Z', 1],
        ['2026-11-22', 0])
    {
        my $data = clients('-f', 'json', "--since=$_->[0]", $file);
        is($data->{sum}{calls}, $_->[1], "since $_->[0]");
        is($data->{sum}{calls} + $data->{out_of_time}, 5,
            "since $_->[0]: calls out of time are counted");
    }
    is(clients('-f', 'json', '--until=2026-11-21', $file)->{sum}{calls}, 3,
        '--until counts calls before a time');

    my @t = gmtime(time - 3600);
    my $recent = ctl_file(recent => line(time => sprintf('%04d-%02d-%02dT%02d:%02d:%02d+00:00',
        $t[5] + 1900, $t[4] + 1, @t[ 3, 2, 1, 0 ])) . line());
    is(clients('-f', 'json', '--since=2h', $recent)->{sum}{calls}, 1, '--since takes hours');
    is(clients('-f', 'json', '--since=30m', $recent)->{sum}{calls}, 0, 'half an hour ago');

    is((report('--expect-none', $file))[0], 1, '--expect-none: somebody calls');
    is((report('--expect-none', '--since=2026-11-22', $file))[0], 0,
        '--expect-none: nobody calls');
    my $other = ctl_file(combined =>
        qq(10.0.0.1 - - [20/Nov/2026:07:44:43 +0100] "POST ${\ route()} HTTP/1.1" 200 2\n));
    is((report('--expect-none', $other))[0], 2, 'a log in another format proves nothing');
    is((report($other))[0], 0, 'without --expect-none another format is only told');
};

subtest 'forms of logs' => sub {
    my $file = ctl_file(log => $log);
    my $gz   = ctl_file('log.gz' => '');
    system "gzip -c $file > $gz";

    is(clients('-f', 'json', $gz)->{sum}{calls}, 5, 'a log in gzip');
    is(clients('-f', 'json', $file, $gz)->{sum}{calls}, 10, 'several logs');
    is(clients({ in => $log }, '-f', 'json')->{sum}{calls}, 5, 'standard input');
    is(clients({ in => $log }, '-f', 'json', '-', $file)->{sum}{calls}, 10,
        'standard input and a file');
    is(clients({ in => line() . substr line(), 0, -1 }, '-f', 'json')->{sum}{calls}, 2,
        'a last line without an end is read');
    is(clients({ in => '' }, '-f', 'json')->{sum}{calls}, 0, 'an empty log');

    my ($status, $out, $err) = report({ in => '' });
    is($out, "No legacy call, in 0 lines of log.\n", 'no calls, in words');

    ($status, $out, $err) = report('/nowhere');
    is($status, 2, 'a log that does not exist: status 2');
    like($err, qr/nowhere/, 'a log that does not exist is named');

    open my $fh, '<', $gz;
    binmode $fh;
    my $cut = ctl_file('cut.gz' => substr join('', <$fh>), 0, -20);
    is((report($cut))[0], 2, 'one that is cut off: status 2');
};

subtest 'lines that are none' => sub {
    my $long = line(agent => 'x' x 3_000_000);
    my @strange = ("\n", "10.0.0.1 - - [20/Nov/2026] \"POST\"\n", "{}\n", "[]\n", "null\n",
        "{\"status\":200}\n", line(time => 'noon'), line(status => '"x"'),
        line(time => '2026-11-31T10:00:00+00:00'), line(time => '0001-01-01T00:00:00+01:00'),
        line(time => '9999-12-31T23:59:59-01:00'),
        (map { line(time => "2026-11-20T10:00:00$_") } '+-1:00', '+1 :00', '+25:00', '+01:60',
            '+01:-9', 'Z     '), $long, substr(line(), 0, 100) . "\n",
        "\0\0\n");
    for (@strange) {
        my ($status, $out, $err) = report({ in => line() . $_ . line() });
        my $name = substr $_, 0, 40;
        $name =~ s/[^ -~]/./g;
        is($status, 0, "$name: status 0");
        like($out, qr/^2 legacy calls, .* in 3 lines of log\.$/m,
            "$name: the other lines are counted");
        is($err, "usagectl report: -:2: not of the log format \"usage\"\n"
            . "usagectl report: 1 of 3 lines are not of the log format \"usage\"\n",
                "$name: the line is told");
    }

    is((report({ in => $long }))[2],
        "usagectl report: -:1: not of the log format \"usage\"\n"
            . "usagectl report: 1 of 1 lines are not of the log format \"usage\"\n",
        'a long line is one line, also at the end of a log');

    # strange lines are told with file and line: the first ones, if there are many
    my @logs = (ctl_file(one => line() . "x\n"), ctl_file(two => line() . line() . "x\n" x 10));
    my ($code, undef, $said) = report(@logs);
    is($code, 0, 'two logs: status 0');
    is_deeply([ $said =~ /^usagectl report: (\S+:\d+): not of/mg ],
        [ "$logs[0]:2", map {"$logs[1]:$_"} 3 .. 6 ], 'files and lines');
    like($said, qr/^usagectl report: 11 of 14 lines /m, 'the number of strange lines is told');

    # a header's bytes, as nginx writes them
    my $data = clients({ in => line(agent => "b\xffd\xc3\xa9 \\u001b[31m \\\"q\\\" \\u0000 x") },
        '-f', 'json', '--by=agent');
    is($data->{clients}[0]{agent}, "b?d\x{e9} \e[31m \"q\" ", 'what is not UTF-8 is replaced');

    my ($status, $out) = report({ in => line(agent => "b\\u001b[31mad, \\\"q\\\"") },
        '--by=agent');
    like($out, qr/^b\?\[31mad, "q"  /m, 'nothing gets at the terminal');
    ($status, $out) = report({ in => line(agent => "b\\u001b[31mad, \\\"q\\\"") }, '--by=agent,client',
        '--format=csv');
    is($out, "agent,client,calls,days,errors,first_seen,last_seen\r\n"
        . "\"b?[31mad, \"\"q\"\"\",10.0.0.1,1,7,0,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z\r\n",
        'CSV');

    # no formulas: what begins as one is text
    for ('=1+1', '+1', '-1+1', '@SUM(A1)', "\\t=1", "\\r=1") {
        ($status, $out) = report({ in => line(agent => $_) }, '--by=agent', '-f', 'csv');
        (my $want = $_) =~ s/\\./?/;
        like($out, qr/^"'\Q$want\E",1,7,0,2026/m, "CSV: $_");
    }

    # C1, the direction of text, separators of lines
    my $controls = join '', map { chr } 0x9b, 0x61c, 0x200e, 0x200f, 0x2028 .. 0x202e, 0x2066 .. 0x2069;
    utf8::encode($controls);
    ($status, $out) = report({ in => line(agent => "a${controls}z") }, '--by=agent', '-f', $_),
        unlike($out, qr/[^ -~\r\n]/, "nothing gets at the terminal: $_") for qw(table csv json);
    is(decode($out)->{clients}[0]{agent}, do { utf8::decode($controls); "a${controls}z" },
        'JSON has it');

    # two that differ late, and one character cut off
    my $two = clients({ in => join '', map { line(agent => $_) } 'a' x 2000, 'a' x 2001,
        'b' x 511 . "\xc3\xa9" }, '-f', 'json', '--by=agent');
    is(scalar @{ $two->{clients} }, 2, 'long ones are cut');
    is($two->{clients}[1]{agent}, 'b' x 511, 'between characters');
};

subtest 'days' => sub {
    my $in = join '', map { line(time => "2026-11-$_") } '20T23:30:00-01:00', '21T12:00:00+00:00',
        '20T12:00:00+00:00';
    is_deeply([ map {"$_->{day} $_->{calls}"} @{ clients({ in => $in }, '-f', 'json', @$_)->{clients} } ],
        [ '2026-11-21 2', '2026-11-20 1' ], "@$_") for ['--by=day'], [qw(--by day)];
};

subtest 'in a file' => sub {
    my $in = line(map { $_ => 'x' x 200 } qw(agent client project_id));
    for ([ undef, 100 ], [ 80, 80 ], [ 120, 120 ], [ 0, 100 ], [ '90x', 100 ], [ '', 100 ]) {
        my ($columns, $width) = @$_;
        local $ENV{COLUMNS} = $columns;
        delete $ENV{COLUMNS} unless defined $columns;
        my ($status, $out) = report({ in => $in });
        utf8::decode($out);
        my ($longest) = sort { $b <=> $a } map {length} (split /\n/, $out)[ 0, 1 ];
        is($longest, $width, 'COLUMNS ' . ($columns // 'unset') . ": $width columns");
    }
};

subtest 'on a terminal' => sub {
    plan skip_all => 'there is no script(1), or no terminal for it'
        if system('script -qec true /dev/null < /dev/null > /dev/null 2>&1');
    my $program = $ENV{USAGECTL} || "$Usage::Nginx::root/build/usagectl";
    my $file    = ctl_file(log => line(agent => 'x' x 200 . "\xc3\xa9"));
    local $ENV{TERM} = 'xterm';
    for my $width (70, 100) {
        my $out = `script -qec "stty cols $width; $program report $file" /dev/null < /dev/null`;
        my @lines = grep {length} map { s/\e\[\d*m//g ? $_ : $_ } split /\r?\n/, $out;
        utf8::decode($_) for @lines;
        is(scalar(grep { length > $width } @lines[ 0, 1 ]), 0,
            "fits $width columns") or diag($out);
        like($lines[1], qr/x\x{2026} /, 'a long line is cut');
        like($out, qr/\A\e\[1mclient/, 'a bold line');
    }
    local $ENV{NO_COLOR} = 1;
    unlike(`script -qec "$program report $file" /dev/null < /dev/null`, qr/\e/,
        'with NO_COLOR no line is bold');
};

subtest 'the log of the example' => sub {
    my $conf = do {
        open my $fh, '<', "$Usage::Nginx::root/examples/nginx.conf" or die $!;
        local $/;
        <$fh>;
    };
    my ($format) = $conf =~ /(log_format usage .*?;)/s or return fail('no format');
    my ($map) = $conf =~ /(map \S+ \$call_id \{.*?\n    \})/s or return fail('no map');
    $format =~ s/log_format usage/log_format example/;
    my $sim   = Usage::Sim->start;
    my $nginx = Usage::Nginx->start(
        upstream => $sim->port,
        http     => "usage_retention off; $map $format",
        server   => 'access_log %%PREFIX%%/example.log example; location / { return 200; }',
    );
    $nginx->post(route('example'), body(start_time => '2022-12-09', end_time => '2022-12-15'),
        'X-Auth-Token' => 'token', 'User-Agent' => "quo\"te\xff");
    $nginx->post(route('example'), '{', 'X-Auth-Token' => 'token', 'User-Agent' => 'bad');
    $nginx->request('GET', '/other');
    $nginx->stop_ok;
    my $data = clients('-f', 'json', $nginx->prefix . '/example.log');
    is($data->{strange_lines}, 0, 'the log of the example has the log format');
    is($data->{other_lines}, 1, 'the example: another call is counted apart');
    is_deeply([ map { [ @$_{qw(agent client project calls days errors)} ] } @{ $data->{clients} } ],
        [ [ 'bad', '127.0.0.1', 'example', 1, 0, 1 ], [ 'quo"te?', '127.0.0.1', 'example', 1, 7, 0 ] ],
        'the example: who called') or diag explain $data;

    $data = clients('-f', 'json', '--by=credential,mode', $nginx->prefix . '/example.log');
    is_deeply([ map { [ @$_{qw(credential mode calls)} ] } @{ $data->{clients} } ],
        [ [ 'token:' . substr(sha256_hex('token'), 0, 16), 'translate', 2 ] ],
        'the log of the example tells credential, mode and calls') or diag explain $data;
    $sim->stop;
};

subtest 'wrong usage' => sub {
    for (['--by=colour'], ['--by='], ['--since=then'], ['--top=0'], ['--format=xml'],
        ['--sort=name'], ['--nothing'])
    {
        my ($status, $out, $err) = report({ in => '' }, @$_);
        is($status, 2, "@$_: status 2");
        like($err, qr/\Ausagectl report: /, 'a complaint');
    }
    my ($status, $out) = report('--help');
    is($status, 0, '--help');
    is(scalar(grep { length > 80 } split /\n/, $out), 0, '--help is at most 80 columns wide');

    ($status, $out) = ctl('--version');
    like($out, qr/\Ausagectl \d+\.\d+\.\d+\n\z/, '--version');
    is((ctl())[0], 2, 'no command: status 2');
    is((ctl('dance'))[0], 2, 'an unknown one: status 2');
    ($status, $out) = ctl('--help');
    is($status, 0, 'help: status 0');
    like($out, qr/plan .*check .*report /s, 'tells the commands');
};

done_testing();
