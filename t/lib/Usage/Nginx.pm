# SPDX-License-Identifier: BSD-2-Clause

package Usage::Nginx;

# Starts nginx with the module, in a directory and on a port of its own.
#
#   NGINX_BIN             the nginx to run, Debian's by default
#   USAGE_MODULE          the module, build/ngx_http_usage_module.so by default
#   USAGE_STATIC_MODULE   1: NGINX_BIN has the module compiled in
#   USAGE_NGINX_WRAPPER   a command to run nginx under, as valgrind with its
#                         options; everything is waited for longer then
#   USAGE_PATIENCE        factor on all times waited for

use strict;
use warnings;

use Cwd ();
use File::Basename qw(dirname);
use File::Temp     ();
use IO::Socket::INET;
use POSIX qw(:sys_wait_h);
use Test::More;
use Time::HiRes qw(time sleep);

use Usage::Client;
use Usage::Test qw(decode);
use Usage::Watch;

our $root   = Cwd::abs_path(dirname(__FILE__) . '/../../..');
our $nginx  = $ENV{NGINX_BIN} || _which('nginx') || '/usr/sbin/nginx';
our $module = Cwd::abs_path($ENV{USAGE_MODULE}
        || "$root/build/ngx_http_usage_module.so");
our @wrapper = split ' ', $ENV{USAGE_NGINX_WRAPPER} || '';
our $patience = $ENV{USAGE_PATIENCE} || (@wrapper ? 10 : 1);

my (%running, $version, $counter);

sub _which {
    my ($name) = @_;
    for (split(/:/, $ENV{PATH} || ''), '/usr/sbin', '/usr/local/sbin') {
        return "$_/$name" if -x "$_/$name";
    }
    return;
}

# A time in a configuration or a wait, made longer for slow machines and tools.
sub patience { return $_[-1] * $patience }

# Whether nginx is run under a tool that makes it slow.
sub slow { return $patience > 1 }

# The version as a number, such as 1.022001.
sub version {
    if (!$version) {
        # (of a fork, too, that has a version of its own besides)
        $version = options() =~ m{nginx/(\d+)\.(\d+)\.(\d+)}
            ? sprintf('%d.%03d%03d', $1, $2, $3)
            : 0;
    }
    return $version;
}

# What nginx -V says.
sub options {
    our $options;
    $options = `$nginx -V 2>&1` unless defined $options;
    return $options;
}

# The directive that loads the module; none if it is compiled in.
sub load_module {
    return $ENV{USAGE_STATIC_MODULE} ? '' : "load_module $module;\n";
}

# Waits until a condition holds, 30 seconds if nothing else is said; returns its
# value, or nothing in the end.
sub wait_for {
    my ($self, $cond, $timeout) = @_;

    my $deadline = time + patience($timeout || 30);
    my $pause    = 0.002;

    while (1) {
        my $value = $cond->();
        return $value if $value;
        return        if time > $deadline;
        sleep $pause;
        $pause *= 1.5 if $pause < 0.05;
    }
}

# A port that nobody listens on now.
sub free_port {
    my $sock = IO::Socket::INET->new(
        LocalAddr => '127.0.0.1',
        LocalPort => 0,
        Proto     => 'tcp',
        Listen    => 1
    ) or die "no free port: $!";
    my $port = $sock->sockport;
    close $sock;
    return $port;
}

# A further location for the legacy call, below a prefix: the text for it.
sub at {
    my ($class, $name, $text, $to) = @_;
    $to ||= '/workspace';
    return <<"END";
        location ~ ^/$name/v2/ {
            rewrite ^/$name(/.*) \$1 break;
            usage_translate $to;
            $text
        }
END
}

# A port that refuses connections, and stays so while the socket lives.
sub bound {
    my ($class, $proto) = @_;
    my $type = ($proto || 'tcp') eq 'udp' ? SOCK_DGRAM : SOCK_STREAM;
    return IO::Socket::INET->new(
        LocalAddr => '127.0.0.1',
        LocalPort => 0,
        Proto     => $proto || 'tcp',
        Type      => $type
    ) || die "no free port: $!";
}

# The configuration.  What a test gives goes into its place:
#
#   main, events, http, server    text for these blocks
#   location                      for the location with usage_translate
#   proxy                         for the internal location
#   upstream                      a port of 127.0.0.1, for proxy_pass
#   successors                    instead: the inside of the upstream block
#   internal                      instead of the whole internal location
#   route                         the location's matcher
#   listen                        parameters of listen
#   workers, master, log          worker_processes, master_process, level
#   connections                   worker_connections
#   http2                         1: the port speaks HTTP/2, without TLS
#   whole                         instead: the whole configuration
sub config {
    my ($self) = @_;

    my %o = %{ $self->{o} };

    # (the generation tells a reload's end)
    my $generation = $self->{generation} ||= 1;
    my $user       = $> ? ''                       : "user root root;\n";
    my $workers    = $o{workers}        || 1;
    my $connections = $o{connections} || 2048;
    my $master     = $o{master} // 'on';
    my $level      = $o{log} || 'info';
    my $listen     = $o{listen} ? " $o{listen}" : '';
    my $http2      = '';

    if ($o{http2}) {
        if   (version() >= 1.025001) { $http2 = "http2 on;\n" }
        else                         { $listen .= ' http2' }
    }

    $_ //= '' for @o{qw(main events http server location proxy)};
    my $route = $o{route} || '~ ^/v2/[^/]+/desktops/statistics/used$';
    my $successors = $o{successors}
        || ($o{upstream} ? "server 127.0.0.1:$o{upstream}; keepalive 64;"
        : 'server 127.0.0.1:1;');
    my $internal = $o{internal} || <<"END";
        location /workspace/ {
            internal;
            proxy_pass http://successors/;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            $o{proxy}
        }
END

    my $conf = load_module() . <<"END";
$user
daemon off;
master_process $master;
worker_processes $workers;
error_log $self->{prefix}/error.log $level;
pid $self->{prefix}/nginx.pid;
$o{main}
events {
    worker_connections $connections;
    $o{events}
}
http {
    client_body_temp_path $self->{prefix}/client_body;
    proxy_temp_path $self->{prefix}/proxy;
    fastcgi_temp_path $self->{prefix}/fastcgi;
    uwsgi_temp_path $self->{prefix}/uwsgi;
    scgi_temp_path $self->{prefix}/scgi;
    large_client_header_buffers 4 128k;
    keepalive_requests 1000000;
    lingering_time 2s;
    log_format usage escape=json '{"id":"\$http_x_request_id",'
        '"status":\$status,"method":"\$request_method","mode":"\$usage_mode",'
        '"project":"\$usage_project_id","days":"\$usage_days",'
        '"desktops":"\$usage_desktops","calls":"\$usage_calls",'
        '"waited":"\$usage_waited","error":"\$usage_error","sent":\$body_bytes_sent,'
        '"time":\$request_time}';
    access_log $self->{prefix}/access.log usage;
    $o{http}
    upstream successors { $successors }
    server {
        listen 127.0.0.1:$self->{port}$listen;
        $http2
        server_name gateway.test;
        $o{server}
        location = /-/generation {
            access_log off;
            return 200 "$self->{token} $generation\\n";
        }
        location $route {
            usage_translate /workspace;
            $o{location}
        }
$internal
    }
}
END

    if ($o{whole}) {
        $conf = load_module() . $o{whole};
    }

    $conf =~ s/%%PORT%%/$self->{port}/g;
    $conf =~ s/%%PORT(\d)%%/$self->{ports}[$1] ||= free_port()/ge;
    $conf =~ s/%%PREFIX%%/$self->{prefix}/g;

    return $conf;
}

sub _write {
    my ($self, $name, $text) = @_;
    open my $fh, '>', "$self->{prefix}/$name" or die "$name: $!";
    binmode $fh;
    print {$fh} $text;
    close $fh or die "$name: $!";
}

sub _prefix {
    my $dir = File::Temp::tempdir('usage-nginx-XXXXXX', TMPDIR => 1,
        CLEANUP => 1);
    chmod 0755, $dir;
    mkdir "$dir/logs";
    return $dir;
}

sub _need_module {
    BAIL_OUT('no module: make it first, or set USAGE_MODULE')
        if !$ENV{USAGE_STATIC_MODULE} && !(defined $module && -e $module);
}

# nginx -t: whether it passes, and what it says.
sub check {
    my ($class, %o) = @_;

    _need_module();

    my $self = bless {
        o      => \%o,
        prefix => _prefix(),
        port   => free_port(),
        token  => 'check'
    }, $class;

    $self->_write('nginx.conf', $self->config);
    my $p   = $self->{prefix};
    my $out = `$nginx -t -p $p/ -c $p/nginx.conf -e $p/error.log 2>&1`;
    return ($? == 0, $out);
}

# Starts nginx; named as for config, besides ready, a function that says which
# generation answers, for a configuration whose port doesn't speak HTTP.
sub start {
    my ($class, %o) = @_;

    _need_module();

    for my $try (1 .. 10) {
        my $self = bless {
            o      => \%o,
            prefix => _prefix(),
            port   => free_port(),
            token  => sprintf('%d.%d', $$, ++$counter),
            owner  => $$
        }, $class;

        my $state = $self->_launch;
        return $self if $state eq 'up';

        my $log = $self->error_log . $self->_slurp('stderr');
        next if $log =~ /Address already in use|test took the port/;
        die "nginx did not start ($state):\n$log";
    }

    die 'nginx found no free port';
}

sub _launch {
    my ($self) = @_;

    my $p = $self->{prefix};
    $self->_write('nginx.conf', $self->config);

    # -e, so that not even the first lines go to Debian's own log
    my @cmd = (@wrapper, $nginx, '-p', "$p/", '-c', "$p/nginx.conf",
        '-e', "$p/error.log");

    my $pid = fork;
    die "fork: $!" unless defined $pid;

    if (!$pid) {
        # dash's and perl's own signals must not reach nginx blocked
        $SIG{PIPE} = 'DEFAULT';
        open STDIN,  '<',  '/dev/null';
        open STDOUT, '>>', "$p/stderr";
        open STDERR, '>>', "$p/stderr";
        no warnings 'exec';
        exec @cmd;
        print STDERR "exec $cmd[0]: $!\n";
        POSIX::_exit(127);
    }

    $self->{pid} = $pid;
    $running{$pid} = $self->{prefix};
    $self->_watch;

    my $deadline = time + patience(15);
    my $pause    = 0.002;

    while (1) {
        if (waitpid($pid, WNOHANG) == $pid) {
            $self->{status} = my $status = $?;
            delete $running{$pid};
            delete $self->{pid};
            $self->_unwatch;
            return 'exit ' . ($status >> 8) . ' signal ' . ($status & 127);
        }

        my $gen = $self->generation(0.5);
        return 'up' if $gen;

        if (defined $gen || time > $deadline) {
            my $why = defined $gen ? 'port taken' : 'timeout';
            $self->_write('stderr', $self->_slurp('stderr')
                    . "\ntest took the port\n") if defined $gen;
            $self->kill_hard;
            return $why;
        }

        sleep $pause;
        $pause *= 1.5 if $pause < 0.1;
    }
}

sub _watch {
    my ($self) = @_;

    $self->{watch} = Usage::Watch->start(sub {
        kill 'TERM', $self->{pid};
        sleep 1;
        # (a child of a process that is gone: nobody waits for it here)
        kill 'KILL', $self->{pid} if $self->_is_mine;
    });
    return;
}

sub _unwatch {
    my ($self) = @_;
    my $watch = delete $self->{watch} || return;
    $watch->end;
    return;
}

# Whether the process is still the nginx that was started here.
sub _is_mine {
    my ($self) = @_;
    open my $fh, '<', "/proc/$self->{pid}/cmdline" or return 0;
    local $/;
    return (<$fh> // '') =~ /\Q$self->{prefix}\E/;
}

# The generation of the configuration that answers now: 0 if it is somebody else's,
# undef if nobody answers.
sub generation {
    my ($self, $timeout) = @_;

    return $self->{o}{ready}->($self) if $self->{o}{ready};

    my $c = Usage::Client->new(
        port    => $self->{port},
        once    => 1,
        timeout => patience($timeout || 2)
    ) or return;

    # HTTP/2 without TLS speaks nothing else in old releases.
    if ($self->{o}{http2} && version() < 1.025001) {
        $c->send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0");
        $c->readable(patience($timeout || 2)) or return;
        $c->close;
        return 1;
    }

    my $res = $c->request('GET', '/-/generation', undef,
        Connection => 'close');
    return   if $res->{error};
    return 0 if $res->{body} !~ /^\Q$self->{token}\E (\d+)/;
    return $1;
}

# The port, the directory, and the pid of the master process.
sub port   { return $_[0]{port} }
sub prefix { return $_[0]{prefix} }
sub pid    { return $_[0]{pid} }

# A further port of the configuration, written %%PORT0%% to %%PORT9%% there.
sub other_port { return $_[0]{ports}[ $_[1] ] }

# The address of a path.
sub url { return "http://127.0.0.1:$_[0]{port}" . ($_[1] || '') }

# A Usage::Client on a new connection.
sub client {
    my ($self, %o) = @_;
    return Usage::Client->new(
        port    => $self->{port},
        timeout => patience(60),
        %o
    );
}

# One request on a connection of its own, and its reply, as Usage::Client has it.
sub request {
    my ($self, $method, $target, $body, @headers) = @_;
    my $c = $self->client
        or return { error => "connect: $!", status => 0, body => '',
            headers => {} };
    return $c->request($method, $target, $body, Connection => 'close',
        @headers);
}

# The same with POST.
sub post { my $self = shift; return $self->request('POST', @_) }

# The text of a file in the prefix; none if it isn't there.
sub _slurp {
    my ($self, $name) = @_;
    open my $fh, '<', "$self->{prefix}/$name" or return '';
    binmode $fh;
    local $/;
    my $text = <$fh>;
    return defined $text ? $text : '';
}

# The error log; from a mark on if one is given.
sub error_log {
    my ($self, $from) = @_;
    my $log = $self->_slurp('error.log');
    return $from ? substr($log, $from) : $log;
}

# A mark of what is in the error log now.
sub log_mark { return -s "$_[0]{prefix}/error.log" || 0 }

# Waits for a line in the error log; returns it.
sub log_line {
    my ($self, $re, $from, $timeout) = @_;
    return $self->wait_for(
        sub {
            my ($line) = grep { /$re/ } split /\n/, $self->error_log($from);
            return $line;
        },
        $timeout
    );
}

# The lines of the access log, undecoded; waits until there are so many.
sub access_lines {
    my ($self, $count, $timeout) = @_;

    my @lines;
    $self->wait_for(
        sub {
            my $text = $self->_slurp('access.log');
            @lines = split /\n/, $text;
            pop @lines if length $text && $text !~ /\n\z/;
            return @lines >= ($count || 0);
        },
        $timeout
    );

    return @lines;
}

# The line of the access log for the call with this X-Request-Id, decoded; waits
# for it.
sub logged {
    my ($self, $id, $timeout) = @_;
    my $line = $self->wait_for(
        sub { (grep { /"id":"\Q$id\E"/ } $self->access_lines)[0] }, $timeout);
    return decode($line // '') || {};
}

# The pids of the workers.
sub workers {
    my ($self) = @_;
    my @pids;
    for my $stat (glob '/proc/[0-9]*/stat') {
        open my $fh, '<', $stat or next;
        my $line = <$fh>;
        next unless defined $line;
        next unless $line =~ /\A(\d+) \(.*\) (\S) (\d+)/;
        push @pids, $1 if $3 == $self->{pid} && $2 ne 'Z';
    }
    return @pids;
}

# Sends a signal to the master process.
sub signal { return kill $_[1], $_[0]{pid} }

# Whether a process accepts connections.
sub _listens {
    my ($pid) = @_;
    open my $fh, '<', '/proc/net/tcp' or die "/proc/net/tcp: $!";
    my %listens = map { $_->[9] => 1 } grep { $_->[3] eq '0A' } map { [split] } <$fh>;
    return grep { (readlink($_) // '') =~ /\Asocket:\[(\d+)\]/ && $listens{$1} }
        glob "/proc/$pid/fd/*";
}

# Reloads, with the configuration changed by what is given, and waits until
# the new one answers, and it alone.
sub reload {
    my ($self, %change) = @_;

    $self->{o} = { %{ $self->{o} }, %change };
    $self->{generation}++;
    $self->_write('nginx.conf', $self->config);
    my $old = $self->log_mark;
    my @before = $self->workers;
    $self->signal('HUP');

    my $ok = $self->wait_for(
        sub {
            my $gen = $self->generation;
            return $gen && $gen == $self->{generation}
                && !grep { _listens($_) } @before;
        },
        30
    );
    if (!$ok) {
        diag("no reload:\n" . $self->error_log($old));
    }
    return $ok;
}

# A test: the same, and the workers of before are gone.
sub reload_ok {
    my ($self, $name, %change) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my %old = map { $_ => 1 } $self->workers;
    return ok($self->reload(%change) && $self->wait_for(sub {
        !grep { $old{$_} } $self->workers }, 60), $name);
}

# Ends nginx, by SIGKILL if SIGTERM doesn't.
sub kill_hard {
    my ($self) = @_;

    my $pid = delete $self->{pid} or return;

    $self->_unwatch;
    delete $running{$pid};
    kill 'TERM', $pid;
    my $deadline = time + patience(5);
    while (time < $deadline) {
        return if waitpid($pid, WNOHANG) == $pid;
        sleep 0.01;
    }
    my @kids = do { local $self->{pid} = $pid; $self->workers };
    kill 'KILL', $pid, @kids;
    waitpid $pid, 0;
}

# Stops nginx and returns what was wrong, a list of words.
sub stop {
    my ($self, %o) = @_;

    my @wrong;
    my $pid = delete $self->{pid} or return 'not running';

    $self->_unwatch;
    kill $o{signal} || 'QUIT', $pid;

    my $deadline = time + patience($o{timeout} || 20);
    my $status;
    while (time < $deadline) {
        if (waitpid($pid, WNOHANG) == $pid) {
            $status = $?;
            last;
        }
        sleep 0.005;
    }

    if (defined $status) {
        delete $running{$pid};
        push @wrong, sprintf 'exit status %d, signal %d', $status >> 8,
            $status & 127
            if $status;

    } else {
        push @wrong, 'does not stop';
        $self->{pid} = $pid;
        $self->kill_hard;
    }

    my $allow = $o{allow};
    for (split /\n/, $self->error_log) {
        next if $allow && /$allow/;
        push @wrong, $_
            if /\[(?:alert|emerg|crit)\]/
            || /open socket|signal 11|exited on signal/
            || /exited with (?:fatal )?code [1-9]/;
    }

    # (valgrind says nothing with -q but what is wrong)
    my $report = qr/Sanitizer|runtime[ ]error:|^==\d+==[ ](?!.*SUMMARY:[ ]0[ ])
        .*(?:[ ]at[ ]0x|[ ]definitely[ ]lost|SUMMARY|ninitialised|Process[ ]terminating)/mx;
    # (nginx makes the error log its standard error)
    for my $name ('stderr', 'error.log') {
        my $text = $self->_slurp($name);
        next if $text !~ $report;
        my @lines = grep { !m{\A\d{4}/\d\d/\d\d } } split /\n/, $text;
        push @wrong, join "\n", 'reported:', splice @lines, 0, 150;
    }

    return @wrong;
}

# A test: nginx stops, and nothing was wrong. allow: a regex for lines of the error
# log that don't count.
sub stop_ok {
    my ($self, $name, %o) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my @wrong = $self->stop(%o);
    ok(!@wrong, $name || 'nginx stops, with nothing to say') or do {
        splice @wrong, 40 if @wrong > 40;
        diag(join "\n", @wrong);
    };
}

sub DESTROY {
    my ($self) = @_;
    return unless $self->{pid} && ($self->{owner} || 0) == $$;
    local ($?, $!, $@);
    $self->kill_hard;
}

my $main = $$;

END {
    if ($$ == $main && %running) {
        local $?;
        kill 'TERM', keys %running;
        waitpid $_, 0 for keys %running;
    }
}

1;
