# SPDX-License-Identifier: BSD-2-Clause
#
# ./run, with the machine around it made up: what it installs, what it says,
# what it leaves to make.  And tools/demo, as it is.

use strict;
use warnings;

use File::Temp ();
use POSIX      ();
use Test::More;

use Usage::Client;
use Usage::Nginx;
use Usage::Test;

my $root = $Usage::Nginx::root;
my $dir  = File::Temp::tempdir('usage-run-XXXXXX', TMPDIR => 1, CLEANUP => 1);

# (prove may run below make)
delete @ENV{qw(MAKEFLAGS MAKELEVEL MFLAGS NGINX_SRC)};

# The text of a file; none if there is no such file.
sub text_of { return -e $_[0] ? slurp($_[0]) : '' }

# Runs a command; its status, standard output and standard error.
sub result {
    my ($env, @command) = @_;

    my $pid = fork // die "fork: $!";
    if (!$pid) {
        local %ENV = (%ENV, %$env);
        $SIG{PIPE} = 'DEFAULT';
        open STDIN,  '<', '/dev/null';
        open STDOUT, '>', "$dir/out";
        open STDERR, '>', "$dir/err";
        exec {$command[0]} @command or POSIX::_exit(127);
    }
    waitpid $pid, 0;
    return ($?, text_of("$dir/out"), text_of("$dir/err"));
}

# --- A machine: the programs that ./run calls, as they are or made up.

my %stub = (
    'dpkg-query' => <<'END',
for name; do :; done
grep -qx "$name" "$MACHINE/installed" && printf 'ii \n'
END
    'apt-get' => <<'END',
echo "apt-get $*, policy: $(tail -n 1 "$MACHINE/policy" 2>&1)" \
    >> "$MACHINE/calls"
echo "a line of apt-get"
case " $* " in
    *" -s "*) echo 'Inst gcc (4:12)'; echo 'Inst nginx (1.22)'; echo 'Conf gcc' ;;
    *" --print-uris "*) echo "'http://a/gcc.deb' gcc.deb 12000000 SHA256:1"
        echo "'http://a/nginx.deb' nginx.deb 3450000 SHA256:2" ;;
    *" install "*) [ ! -e "$MACHINE/broken" ] || { echo 'E: no luck' >&2; exit 100; }
        for name; do echo "$name"; done >> "$MACHINE/installed" ;;
esac
END
    'update-rc.d' => 'echo "update-rc.d $*" >> "$MACHINE/calls"',
    'sudo' => 'echo "sudo $*" >> "$MACHINE/calls"; WHO=0 exec "$@"',
    'id'   => 'echo "$WHO"',
    'make' => <<'END',
case " $* " in
    *" -q "*) exit 1 ;;
esac
echo "make $*, for ${NGINX_SRC:-Debian}" >> "$MACHINE/calls"
END
);

my $count = 0;

sub machine {
    my (%o) = @_;

    my $m = "$dir/machine" . ++$count;
    mkdir $m;
    mkdir "$m/bin";

    for my $name (qw(sh dirname nproc mktemp cat rm chmod grep tail awk)) {
        my ($path) = grep { -x } "/usr/bin/$name", "/bin/$name";
        symlink $path, "$m/bin/$name" or die "$name: $!";
    }
    for my $name (grep { !$o{without}{$_} } keys %stub) {
        spew("$m/bin/$name", "#!/bin/sh\n$stub{$name}\n");
        chmod 0755, "$m/bin/$name";
    }
    spew("$m/bin/$_", "#!/bin/sh\n"), chmod 0755, "$m/bin/$_"
        for @{ $o{commands} || [] };
    spew("$m/installed", join '', map {"$_\n"} @{ $o{installed} || [] });
    spew("$m/$_", '') for @{ $o{files} || [] };
    return $m;
}

sub run_on {
    my ($m, @args) = @_;
    my %env = ref $args[-1] ? %{ pop @args } : ();
    return result(
        {
            PATH                => "$m/bin",
            MACHINE             => $m,
            WHO                 => 0,
            USAGE_POLICY_RC_D   => "$m/policy",
            %env
        },
        "$root/run",
        @args
    );
}

my @build = qw(gcc libc6-dev make libjansson-dev libpcre2-dev libssl-dev nginx nginx-dev
    libcurl4-openssl-dev zlib1g-dev);

for ([], ['help'], ['--help'], ['dance'], [ 'demo', 'now' ]) {
    my $m = machine();
    my ($status, $out, $err) = run_on($m, @$_);
    is($status >> 8, 2, "./run @$_: status 2");
    like($err, qr/usage: .*demo.*serve.*build.*test.*bench/s, "./run @$_: the usage is told");
    is(text_of("$m/calls"), '', "./run @$_: nothing else is done");
}

subtest 'everything is there' => sub {
    my $m = machine(installed => \@build);
    my ($status, $out, $err) = run_on($m, 'build');
    is($status, 0, 'status 0');
    like(text_of("$m/calls"), qr/\Amake -s -j \d+ module ctl, for Debian\n\z/,
        'only make is called');
};

subtest 'a bare machine' => sub {
    my $m = machine();
    my ($status, $out, $err) = run_on($m, 'build');
    is($status, 0, 'status 0');
    my @calls = grep { !/^apt-get .*(?: -s | --print-uris )/ } split /\n/, text_of("$m/calls");
    is($calls[0], 'apt-get update, policy: exit 101', 'the package lists are fetched first');
    is($calls[1],
        'apt-get install -y --no-install-recommends '
            . "-o DPkg::Lock::Timeout=300 @build, policy: exit 101",
        'the packages are installed, with a policy that no service starts');
    is($calls[2], 'update-rc.d nginx disable', 'nginx does not start with the machine');
    like($calls[3], qr/\Amake -s -j \d+ module ctl, for Debian\z/,
        'then make builds the module');
    ok(!-e "$m/policy", 'the policy is gone');
    is($err, "Installing @build\n"
        . "That is 2 packages, with all that they need, 15.4 MB to fetch\nBuilding\n",
        'what is installed is told, and apt-get is quiet');
};

subtest 'what the tests take' => sub {
    my $m = machine();
    my ($status) = run_on($m, 'test');
    is($status, 0, 'status 0');
    like(text_of("$m/calls"), qr/^update-rc\.d $_ disable$/m, "the service of $_ does not start")
        for qw(nginx prometheus redis-server);
    $m = machine(installed => ['prometheus']);
    run_on($m, 'test');
    unlike(text_of("$m/calls"), qr/update-rc\.d prometheus/,
        'one that was there is left alone');
};

subtest 'the demo of several gateways' => sub {
    my $m = machine();
    run_on($m, 'demo', '--gateways');
    like(text_of("$m/calls"), qr/^apt-get install .*=300 .* redis-server,/m,
        'it takes Redis');
    like(text_of("$m/calls"), qr/^update-rc\.d redis-server disable$/m,
        'whose service does not start');
    like(text_of("$m/calls"), qr/^make .* module sim,/m, 'and what demo takes');
};

subtest 'some of it is there' => sub {
    my $m = machine(installed => [ grep { !/jansson/ } @build ]);
    my ($status, $out, $err) = run_on($m, 'build');
    is($status, 0, 'status 0');
    like(text_of("$m/calls"), qr/=300 libjansson-dev, /,
        'the packages that miss are installed');
    unlike(text_of("$m/calls"), qr/update-rc/,
        'the service of an nginx that was there is left alone');
};

subtest 'node and npm' => sub {
    for ([], ['node'], [ 'node', 'npm' ]) {
        my $m = machine(commands => $_);
        my ($status) = run_on($m, 'test');
        is($status, 0, "status 0 with (@$_)");
        my ($installed) = text_of("$m/calls") =~ /^apt-get install .*=300 (.*),/m;
        my %has = map { $_ => 1 } @$_;
        is($installed =~ /\bnodejs\b/, !$has{node}, 'nodejs is installed if there is no node');
        is($installed =~ /\bnpm\b/, !$has{npm}, 'npm is installed if there is none');
        like(text_of("$m/calls"), qr/^make -s -j \d+ test,/m, 'then make runs the tests');
    }
};

subtest 'a policy that was there' => sub {
    my $m = machine();
    spew("$m/policy", "mine\n");
    my ($status) = run_on($m, 'build');
    is($status, 0, 'status 0');
    like(text_of("$m/calls"), qr/install .*policy: mine\n/, 'a policy that was there is used');
    is(text_of("$m/policy"), "mine\n", 'a policy that was there stays');
};

subtest 'apt-get fails' => sub {
    my $m = machine(files => ['broken']);
    my ($status, $out, $err) = run_on($m, 'build');
    is($status >> 8, 1, 'status 1');
    like($err, qr/a line of apt-get\na line of apt-get\nE: no luck\n/,
        'what apt-get said is told');
    like($err, qr/could not install: gcc/, 'what could not be installed is told');
    unlike(text_of("$m/calls"), qr/^make/m, 'after a failed installation nothing is built');
    ok(!-e "$m/policy", 'the policy is gone');
};

subtest 'through sudo' => sub {
    my $m = machine();
    my ($status, $out, $err) = run_on($m, 'build', { WHO => 1000 });
    is($status, 0, 'status 0');
    like(text_of("$m/calls"), qr/\Asudo sh .*\napt-get update.*\nmake /s,
        'the packages by sudo, make without');
};

subtest 'neither root nor sudo' => sub {
    my $m = machine(without => { sudo => 1 });
    my ($status, $out, $err) = run_on($m, 'build', { WHO => 1000 });
    is($status >> 8, 1, 'status 1');
    like($err, qr/apt-get install --no-install-recommends @build$/m,
        'tells what root would do');
    is(text_of("$m/calls"), '', 'without root and sudo nothing is done');
};

subtest 'not Debian' => sub {
    my $m = machine(without => { 'dpkg-query' => 1, 'apt-get' => 1 });
    my ($status, $out, $err) = run_on($m, 'build');
    is($status >> 8, 1, 'status 1');
    like($err, qr/Debian/, 'says so');
};

subtest 'for an nginx source tree' => sub {
    my $m = machine();
    my ($status) = run_on($m, 'build', { NGINX_SRC => '/some/tree' });
    is($status, 0, 'status 0');
    my $calls = text_of("$m/calls");
    like($calls, qr/=300 gcc .*libssl-dev zlib1g-dev libcurl/,
        'what nginx itself needs is installed');
    unlike($calls, qr/nginx-dev/, "the packages of Debian's nginx are not installed");
    like($calls, qr{^make .*, for /some/tree$}m, 'make gets the tree');

    ($status) = run_on($m, 'build', { NGINX_SRC => 'tree' });
    like(text_of("$m/calls"), qr{^make .*, for /.*/tree$}m, 'make gets the tree that is there');
};

# --- The demonstration.

sub leftovers { return glob "$dir/tmp/*" }

mkdir "$dir/tmp";
my %demo = (TMPDIR => "$dir/tmp", USAGE_MODULE => $Usage::Nginx::module);

subtest 'demo' => sub {
    plan skip_all => 'it loads a module' if $ENV{USAGE_STATIC_MODULE};

    my ($status, $out, $err) = result(\%demo, "$root/tools/demo");
    is($status, 0, 'status 0') or diag $err;
    is($err, '', 'the demo has nothing to complain of');
    like($out, qr{curl http://127\.0\.0\.1:\d+/v2/demo/desktops/}, 'the demo shows the call');
    my @calls = $out =~ /^ +start_time=\S+&end_time=\S+ +200 +\d+ ms /mg;
    is(scalar @calls, 7, 'seven calls with their times');
    like($out, qr/\$usage_days 7 +\$usage_desktops 2 +\$usage_calls 7/,
        'the demo shows the variables');
    like($out, qr/^ +c6e6\S+ +12\.62 +2\.62 +1\.02 +0 +0 +3\.87 +3\.56$/m,
        'the demo shows the hours');
    like($out, qr/Equal to the published reply, to the digit/,
        'the demo says that the reply is the published one');
    unlike($out, qr/\e/, 'no colours in a file');
    is_deeply([leftovers()], [], 'nothing is left');
};

subtest 'demo, read in part' => sub {
    plan skip_all => 'it loads a module' if $ENV{USAGE_STATIC_MODULE};

    my ($status, $out, $err) = result(\%demo, 'sh', '-c', "$root/tools/demo | head -n 3");
    is($out, "\n1. The call, as published for an API that is discarded\n\n",
        'the head of the demo');
    is($err, '', 'nothing is wrong');
    ok(Usage::Nginx->wait_for(sub { my @left = leftovers(); !@left }, 10), 'nothing is left');
};

subtest 'what it does not know' => sub {
    for ([qw(demo --seed=3)], [qw(serve --seed=x)], [qw(serve now)], ['dance']) {
        my ($status, $out, $err) = result(\%demo, "$root/tools/demo", @$_);
        isnt($status, 0, "@$_");
        like($err, qr/^usage: [^\n]*\n\z/m, 'the usage');
        unlike($err, qr/line \d/, 'the usage has nothing of perl');
    }
};

for my $signal (qw(INT TERM HUP QUIT)) {
    subtest "serve, until $signal" => sub {
        plan skip_all => 'it loads a module' if $ENV{USAGE_STATIC_MODULE};

        unlink "$dir/serve", "$dir/serve.err";

        my $pid = fork // die "fork: $!";
        if (!$pid) {
            local %ENV = (%ENV, %demo);
            open STDIN,  '<', '/dev/null';
            open STDOUT, '>', "$dir/serve";
            open STDERR, '>', "$dir/serve.err";
            exec "$root/tools/demo", qw(serve --seed=3 --desktops=7)
                or POSIX::_exit(127);
        }

        my $port = Usage::Nginx->wait_for(
            sub { text_of("$dir/serve") =~ m{curl http://127.0.0.1:(\d+)/v2.*ends}s
                ? $1 : 0 }, 20);
        ok($port, 'the address is told') or diag text_of("$dir/serve.err");
        like(text_of("$dir/serve"), qr/7 desktops, made from the seed 3/,
            'what is served is told');

        # (days that are too old are refused)
        my $client = Usage::Client->new(port => $port);
        my ($days, $hours) = text_of("$dir/serve") =~ /-d '(.*)'/g;
        my $res = $client->post(route(), $days, 'X-Auth-Token' => 'token');
        is($res->{status}, 200, 'a call by day is a 200');
        my @entries = @{ decode($res->{body})->{desktop_used_info_list} };
        cmp_ok(scalar @entries, '>', 0, 'a call by day has desktops');
        is(scalar @{ $entries[0]{used_info_list} }, 7, 'a call by day has a week');
        $res = $client->post(route(), $hours, 'X-Auth-Token' => 'token');
        is($res->{status}, 200, 'a call by hour is a 200');
        ok(Usage::Nginx->wait_for(
                sub { text_of("$dir/serve") =~ /7 days, \d+ desktops, \d+ calls/ }, 10),
            'a call is told of');

        kill $signal, $pid;
        waitpid $pid, 0;
        is($?, 0, 'it ends with status 0');
        is(text_of("$dir/serve.err"), '', 'nothing is said at the end');
        is(Usage::Client->new(port => $port, once => 1), undef,
            'after the end nginx is gone');
        is_deeply([leftovers()], [], 'after the end no file is left');
    };
}

done_testing;
