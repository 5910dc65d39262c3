# SPDX-License-Identifier: BSD-2-Clause
#
# The legacy call as the vendor's five SDKs make it, signed and with a token, in
# each mode of README.md's configuration: the reply is true, and of the types
# that the SDK takes.  The SDK for Node.js runs itself.
#
# What each of them sends is what was seen when they were run: docs/clients.md,
# "What breaks a signature".

use strict;
use warnings;

use IO::Socket::INET;
use Test::More;

use Usage::Nginx;
use Usage::Signer;
use Usage::Sim;
use Usage::Test qw(:DEFAULT);

my $root = $Usage::Nginx::root;
my %key  = (ak => 'AKSDK', sk => 'sk-of-an-sdk-4711');
my $file = Usage::Signer->file({ $key{ak} => { sk => $key{sk} } });
my $sim  = Usage::Sim->start(args => [ '--seed', 3, '--desktops', 4,
    '--access-key', "$key{ak}:$key{sk}" ]);

# What an SDK calls itself, signs beside its date, and sends beside that; how it
# writes JSON; the type of use_time that it takes.
my $type = [ 'Content-Type', 'application/json' ];
my %sdks = (
    go => { agent => 'go', signs => [], sends => [$type],
        text => sub {"$_[0]\n"}, use_time => 'string' },
    java => { agent => 'java', signs => ['Host'], sends => [$type],
        text => sub { $_[0] }, use_time => 'string' },
    python => { agent => 'python', signs => [ 'Host', 'Content-Type' ], sends => [$type],
        text => sub { $_[0] =~ s/([,:])(?=")/$1 /gr }, use_time => 'number' },
    nodejs => { agent => 'nodejs', signs => [ 'Host', 'Content-Type' ], sends => [$type],
        text => sub { $_[0] }, use_time => 'number', unsigned_agent => 1 },
    net => { agent => 'net', signs => ['Host'], sends => [$type],
        text => sub { $_[0] }, use_time => 'number', no_port => 1 },
);

my $week   = $json->encode({ start_time => day(-9), end_time => day(-3), limit => 3 });
my @bodies = ($week, near_midnight(60) ? () : ('{}', ''));

# What the endpoint answers, and with strings.
my (%true, %strings);
for (@bodies) {
    $true{$_}    = ($sim->legacy($_))[2];
    $strings{$_} = ($sim->legacy($_, -query => 'use_time=string'))[2];
}

# --- README's configuration, with a mode and the file of access keys.  What
# differs between machines is replaced, and TLS left out.

my ($readme) = slurp("$root/README.md") =~ /^(    load_module .*?^    \}\n)(?=\n\S)/ms;

sub gateway {
    my ($mode) = @_;
    my $text = $readme;
    my $user = $> ? '' : 'user root root;';
    my $temp = join ' ', map {"${_}_temp_path %%PREFIX%%/$_;"}
        qw(client_body proxy fastcgi uwsgi scgi);
    for ([ 'load_module modules/ngx_http_usage_module.so;', "$user daemon off;
            pid %%PREFIX%%/nginx.pid; error_log %%PREFIX%%/error.log info;" ],
        [ 'http {', "http { $temp access_log off;" ],
        [ 'listen 8080;', 'listen 127.0.0.1:%%PORT%%;' ],
        [ 'https://workspace.ap-southeast-1.myhuaweicloud.com/', $sim->url . '/' ],
        [ 'usage_translate /workspace;', "usage_translate /workspace;
            usage_mode $mode; usage_credentials $file;" ])
    {
        my ($from, $to) = @$_;
        is(scalar($text =~ s/\Q$from\E/$to/g), 1, "README.md has $from");
    }
    return Usage::Nginx->start(whole => $text, ready => sub {
        IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $_[0]->port) });
}

# The headers of an SDK's call.
sub headers {
    my ($sdk, $port, $body, $token) = @_;
    my $host = '127.0.0.1' . ($sdk->{no_port} ? '' : ":$port");
    my @all = ([ Host => $host ], [ 'User-Agent' => "huaweicloud-usdk-$sdk->{agent}/3.0" ],
        [ 'X-Project-Id' => 'demo' ], [ 'X-Sdk-Date' => Usage::Signer->date(time) ],
        @{ $sdk->{sends} }, $token ? [ 'X-Auth-Token' => 'token' ] : ());
    my %signs = map { lc, 1 } @{ $sdk->{signs} }, 'X-Project-Id', 'X-Sdk-Date', 'X-Auth-Token',
        $sdk->{unsigned_agent} ? () : 'User-Agent';

    # with a token there has to be some key, which isn't used
    my $signer = Usage::Signer->new($token ? (ak => 'any', sk => 'text') : %key);
    return ((map {@$_} @all), Authorization => $signer->hand(target => route(), body => $body,
        headers => [ map {@$_} grep { $signs{ lc $_->[0] } } @all ]));
}

# Whether an SDK's types take a reply: '' or what is wrong.
sub refuses {
    my ($sdk, $body) = @_;
    my $data = decode($body);
    return 'no object' if ref $data ne 'HASH';
    return 'total_count' if Usage::Test::is_string($data->{total_count});
    for my $entry (@{ $data->{desktop_used_info_list} }) {
        return 'desktop_id' if !Usage::Test::is_string($entry->{desktop_id});
        for (@{ $entry->{used_info_list} }) {
            return 'date' if !Usage::Test::is_string($_->{date});
            return "use_time $_->{use_time}"
                if Usage::Test::is_string($_->{use_time}) != ($sdk->{use_time} eq 'string');
        }
    }
    return @{ $data->{desktop_used_info_list} } ? '' : 'no entries';
}

# Calls of the real SDK for Node.js: what it gives, for each of them.
sub node {
    my ($nginx, @calls) = @_;
    local $ENV{HOME} = $nginx->prefix; # it leaves a file there
    open my $fh, '-|', 'node', "$root/t/node/client.js", $json->encode([ map { {
        endpoint => $nginx->url, project => 'demo', %$_ } } @calls ]) or die "node: $!";
    my @replies = map { decode($_) } <$fh>;
    close $fh;
    return @replies;
}

for my $mode (qw(translate passthrough compare fallback)) {
    subtest $mode => sub {
        my $nginx = gateway($mode);
        my $gone = $mode eq 'fallback';
        $sim->faults({ fault => 'status', status => 410, api => 'legacy' }) if $gone;
        my $translates = $gone || $mode eq 'translate';
        my $count = 0;

        for my $name (sort keys %sdks) {
            my $sdk = $sdks{$name};
            for my $token (0, 1) {
                for my $body (@bodies) {
                    my $text = length $body ? $sdk->{text}->($body) : '';
                    my $is = "$name, " . ($token ? 'a token' : 'signed') . ", \"$body\"";
                    my $c = $nginx->client;
                    my $res = $c->post(route(), $text, headers($sdk, $nginx->port, $text, $token));
                    $count++;
                    is($res->{status}, 200, "$is: 200") or diag $res->{body};
                    if ($translates) {
                        is(refuses($sdk, $res->{body}), '', "$is: the SDK takes it");
                        is(same_json($res->{body}, ($sdk->{use_time} eq 'string'
                            ? \%strings : \%true)->{$body}), '', "$is: true");

                    } else {
                        is($res->{body}, $true{$body}, "$is: the endpoint's own reply");
                    }
                }
            }
        }

        my @calls = map { my $body = $_;
            map { { %$_, length $body ? (body => decode($body)) : () } }
                {%key}, { ak => 'any', sk => 'text', headers => { 'X-Auth-Token' => 'token' } }
        } @bodies;
        my @replies = node($nginx, @calls);
        is(scalar @replies, scalar @calls, 'the SDK for Node.js: all calls are made');
        for my $i (0 .. $#replies) {
            $count++;
            is(delete $replies[$i]{httpStatusCode}, 200, "call $i: 200")
                or diag $json->encode($replies[$i]);
            is(same_json($json->encode($replies[$i]), $true{ $bodies[ $i / 2 ] }), '',
                "call $i: true");
        }

        if ($mode eq 'compare') {
            ok($nginx->wait_for(sub {
                (() = $nginx->error_log =~ /usage: compared: equal, [1-9]/g) == $count }),
                "$count translations are the same") or diag $nginx->error_log;
        }
        my %said;
        $said{ $_->{signature} // 'none' }++ for @{ $sim->calls };
        is(join(' ', sort keys %said), 'none valid', 'each signature was right');
        $sim->clear;
        $sim->faults;
        $nginx->stop_ok;
    };
}

is($sim->stop, 0, 'the simulator stops');
done_testing;
