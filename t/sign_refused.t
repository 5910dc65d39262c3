# SPDX-License-Identifier: BSD-2-Clause
#
# Signatures that don't verify, and what else is wrong with a signed call: 401,
# and no successor call.  What is accepted: t/sign.t.
#
#   USAGE_SEED            the seed of the random calls, printed if the test fails
#   USAGE_RANDOM_COUNT    how many of them, 10000 (500 under valgrind)

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use Test::More;

use Usage::Nginx;
use Usage::Random;
use Usage::Signer;
use Usage::Sim;
use Usage::Test;

my %keys = (
    AKONE => { sk => 'sk-of-one-4711' },
    AKTWO => { sk => 'sk-of-two-0815', security_token => 'token-of-two' },
);
my $file = Usage::Signer->file(\%keys);
my $sim  = Usage::Sim->start(args => [ '--seed', 3, '--desktops', 5 ]);

my $nginx = Usage::Nginx->start(
    upstream => $sim->port,
    http     => "usage_credentials $file;
        client_body_buffer_size 16k;",
    server   => join('',
        Usage::Nginx->at(off    => 'usage_credentials off;'),
        Usage::Nginx->at(minute => 'usage_clock_skew 1m;'),
        Usage::Nginx->at(file   => 'client_body_in_file_only clean;'))
);

my $one = Usage::Signer->new(host => 'gateway.test', ak => 'AKONE', sk => $keys{AKONE}{sk});
my $two = $one->with(ak => 'AKTWO', sk => $keys{AKTWO}{sk});
my %week = (start_time => day(-9), end_time => day(-3));
my $body = $json->encode(\%week);
my @call = (target => route(), body => $body);

sub upstream_calls { return scalar @{ $sim->calls } }

# A 401 of the gateway itself.
sub refused {
    my ($name, $detail, $body, @headers) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $target = @headers % 2 ? shift @headers : route();
    $sim->clear;
    my $res = $nginx->post($target, $body, @headers);
    error_is($res, 401, $name, detail => $detail,
        msg => 'Incorrect IAM authentication information');
    is(upstream_calls(), 0, "$name: no upstream call");
    return $res;
}

sub accepted {
    my ($name, $body, @headers) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $target = @headers % 2 ? shift @headers : route();
    my $res = $nginx->post($target, $body, @headers);
    return is($res->{status}, 200, $name) || diag $res->{body};
}

# The headers with some of them replaced.
sub but {
    my ($headers, %o) = @_;
    return %{ { @$headers, %o } };
}

my @right = $one->headers(@call);
accepted('the call as it is', $body, @right);

subtest 'one byte that is changed' => sub {
    my @headers = $one->headers(@call, headers => {
        'Content-Type' => 'application/json', 'X-Project-Id' => 'demo',
        'X-Security-Token' => 'mine', 'User-Agent' => 'x' });
    my %sent = @headers;
    accepted('unchanged', $body, @headers);

    my $c = $nginx->client;
    my (@told, $count);
    $sim->clear;
    my $try = sub {
        my ($what, $target, $text, @h) = @_;
        my $res = $c->post($target, $text, @h);
        push @told, "$what: $res->{status}" if $res->{status} != 401;
        push @told, "$what: not ours" if $res->{body} !~ /APIGW\.0301/;
        $count++;
    };

    for my $i (0 .. length($body) - 1) {
        my $text = $body;
        substr($text, $i, 1) ^= "\1";
        $try->("body, $i", route(), $text, @headers);
    }
    $try->('a byte less', route(), substr($body, 0, -1), @headers);
    $try->('a byte more', route(), "$body\n", @headers);
    $try->('no body', route(), '', @headers);

    for (qw(demn Demo dem demoo demo-)) {
        $try->("project $_", route($_), $body, @headers);
    }
    $try->('a query', route() . '?a=1', $body, @headers);
    $try->('an escape', route('d%65no'), $body, @headers);

    for my $name (sort grep { $_ ne 'Authorization' } keys %sent) {
        for my $i (0 .. length($sent{$name}) - 1) {
            my $value = $sent{$name};
            # (nginx takes few characters in a Host)
            substr($value, $i, 1) = $name eq 'Host' ? 'x' : substr($value, $i, 1) ^ "\1";
            $try->("$name, $i", route(), $body, but(\@headers, $name => $value));
        }
        $try->("no $name", route(), $body, but(\@headers, $name => undef))
            if $name ne 'Host';
        $try->("$name twice", route(), $body,
            but(\@headers, $name => [ $sent{$name}, $sent{$name} ])) if $name ne 'Host';
        $try->("$name, empty", route(), $body, but(\@headers, $name => ''))
            if $name ne 'Host';
    }

    for my $i (0 .. length($sent{Authorization}) - 1) {
        my $value = $sent{Authorization};
        substr($value, $i, 1) ^= "\1";
        $try->("Authorization, $i", route(), $body, but(\@headers, Authorization => $value));
    }

    is("@told[ 0 .. ($#told > 9 ? 9 : $#told) ]", '', "$count changes: 401 each");
    is(upstream_calls(), 0, 'no upstream call');

    # the method is signed, and no other one gets here
    is($nginx->request('PUT', route(), $body, @headers)->{status}, 405,
        'a signature of another method');
};

subtest 'in a query' => sub {
    my $target = route() . '?a=1&b=%20%2B';
    my @headers = $one->headers(@call, target => $target);
    accepted('a query as it was signed', $body, $target, @headers);
    accepted('another order', $body, route() . '?b=%20%2B&a=1', @headers);
    refused("query $_", qr/signature differs/, $body, route() . $_, @headers)
        for '', '?a=1', '?a=1&b=%20', '?a=1&b=%20%2B&b', '?a=2&b=%20%2B';
};

subtest 'dates' => sub {
    for my $minutes (-16, 16, -60 * 24 * 365, 60 * 24 * 365) {
        refused("$minutes minutes", qr/X-Sdk-Date.*900 seconds/, $body,
            $one->headers(@call, date => $one->date(time + 60 * $minutes)));
    }
    accepted("$_ minutes", $body,
        $one->headers(@call, date => $one->date(time + 60 * $_))) for -14, 14;

    my $at = '/minute' . route();
    refused("usage_clock_skew 1m: $_ s", qr/ 60 seconds/, $body, $at,
        $one->headers(@call, target => $at, date => $one->date(time + $_))) for -90, 90;
    accepted('and 30', $body, $at,
        $one->headers(@call, target => $at, date => $one->date(time - 30)));

    # (signed as they stand)
    my $now = $one->date(time);
    for ('', 'now', substr($now, 0, 15), "${now}Z", $now =~ s/Z/z/r, $now =~ s/T/ /r,
        '2026-01-02T03:04:05Z', '20260230T000000Z', '20261301T000000Z',
        '20260101T240000Z', '20260101T006000Z', '00000000T000000Z', '99999999T999999Z',
        '-0260101T000000Z', "\x{fe}" x 16, '9' x 3000, 'Mon, 23 Nov 2026 16:00:00 GMT')
    {
        my @h = (Host => 'gateway.test', 'X-Sdk-Date' => $_);
        refused('date "' . substr($_, 0, 20) . '"', qr/X-Sdk-Date/, $body, @h,
            Authorization => $one->hand(@call, headers => \@h));
    }
};

subtest 'what the signature says' => sub {
    my $now = $one->date(time);
    my @h = (Host => 'gateway.test', 'X-Sdk-Date' => $now, 'X-A' => 'a');
    my $names = sub {
        my ($list, $detail) = @_;
        refused("SignedHeaders=$list", $detail, $body, @h,
            Authorization => $one->hand(@call, headers => \@h, names => $list));
    };
    $names->('x-sdk-date;host', qr/SignedHeaders.*sorted.*"host"/);
    $names->('host;host;x-sdk-date', qr/SignedHeaders.*each once/);
    $names->('Host;X-Sdk-Date', qr/SignedHeaders.*lower case/);
    $names->('host;x-gone;x-sdk-date', qr/"x-gone".*did not arrive/);
    $names->(';host;x-sdk-date', qr/SignedHeaders/);
    $names->('host;x-sdk-date;', qr/SignedHeaders/);
    $names->('host;;x-sdk-date', qr/SignedHeaders/);

    my %right = @right;
    my ($signature) = $right{Authorization} =~ /Signature=(\w+)/;
    my $form = sub {
        my ($value) = @_;
        refused('Authorization: ' . substr($value, 0, 60), qr/Authorization has not the form/,
            $body, but(\@right, Authorization => $value));
    };
    my $all = $right{Authorization};
    $form->($_) for 'SDK-HMAC-SHA256', 'SDK-HMAC-SHA256 ', 'SDK-HMAC-SHA256 Access=AKONE',
        $all =~ s/SDK-HMAC-SHA256/sdk-hmac-sha256/r, $all =~ s/SDK/V11/r,
        $all =~ s/SDK-HMAC-SHA256/SDK-HMAC-SM3/r, $all =~ s/SDK-HMAC-SHA256/AWS4-HMAC-SHA256/r,
        $all =~ s/Access=/Credential=/r, $all =~ s/Access=AKONE/Access=/r,
        $all =~ s/, SignedHeaders=[^,]*//r, $all =~ s/(SignedHeaders=)[^,]*/$1/r,
        $all =~ s/, / ,/gr, $all =~ s/, /,/gr, "$all, x", "$all,", "x$all", "\t$all x",
        $all =~ s/Signature=\w+/Signature=/r, $all =~ s/(Signature=\w+)\w/$1/r,
        $all =~ s/(Signature=)/${1}0/r, $all =~ s/(Signature=.*)/uc $1/er,
        $all =~ s/(Signature=)(\w+)/$1 . uc $2/er, $all =~ s/(Signature=)\w/${1}g/r,
        $all =~ s/\w+\z/"\x{e9}" x 64/er, 'HMAC-SHA256', 'Basic SDK-HMAC-SHA256';

    refused('no Authorization', qr/no Authorization/, $body, but(\@right, Authorization => undef));
    refused('no date', qr/X-Sdk-Date/, $body, but(\@right, 'X-Sdk-Date' => undef));

    # (nginx itself allows one of them)
    my $res = $nginx->post(route(), $body, but(\@right, Authorization => [ $all, $all ]));
    is($res->{status}, 400, 'two Authorization headers');
    is(upstream_calls(), 0, 'no upstream call');

    $res = $nginx->post(route(), $body, but(\@right, 'X-Sdk-Date' => undef,
        Authorization => 'Basic QTpC'));
    is($res->{status}, 401, 'another kind of Authorization is a 401');
    isnt(upstream_calls(), 0, 'another kind of Authorization is refused by the service');
};

# A list that is longer than any signer's, with more of one name than there are
# headers: the canonical request would be longer than what was received.
subtest 'many names' => sub {
    my $long = 'v' x 3000;
    my @h = (Host => 'gateway.test', 'X-Sdk-Date' => $one->date(time),
        (map { (sprintf('x-a%03d', $_) => 'x') } 1 .. 110), 'X-Z' => $long);
    my @names = map { sprintf 'x-a%03d', $_ } 1 .. 110;
    for my $n (98 .. 103, 110) {
        my $names = join ';', @names[ 0 .. $n - 1 ], ('x-z') x 300;
        refused("$n names, and one 300 times", qr/SignedHeaders/, $body, @h,
            Authorization => "SDK-HMAC-SHA256 Access=AKONE, SignedHeaders=$names, "
                . 'Signature=' . '0' x 64);
    }
    refused('80 KB of names', qr/SignedHeaders/, $body, @h,
        Authorization => 'SDK-HMAC-SHA256 Access=AKONE, SignedHeaders='
            . join(';', ('host') x 16000) . ', Signature=' . '0' x 64);
};

subtest 'the hash of the body' => sub {
    my $other = sha256_hex('other');
    for ($other, 'UNSIGNED-PAYLOAD', '', sha256_hex($body) . '0', substr(sha256_hex($body), 1)) {
        for my $at ('', '/file') {
            refused("X-Sdk-Content-Sha256 \"$_\"$at", qr/X-Sdk-Content-Sha256/, $body, $at . route(),
                do {
                    my @h = (Host => 'gateway.test', 'X-Sdk-Date' => $one->date(time),
                        'X-Sdk-Content-Sha256' => $_);
                    (@h, Authorization => $one->hand(@call, target => $at . route(),
                        headers => \@h, hash => $_)) });
        }
    }

    # a wrong hash is wrong though the header isn't signed
    refused('not signed', qr/X-Sdk-Content-Sha256/, $body, @right,
        'X-Sdk-Content-Sha256' => $other);
};

subtest 'who it is' => sub {
    my $date = $one->date(time);
    my @wrong = map { $_->headers(@call, date => $date) } $one->with(sk => 'wrong');
    my $known = refused('a wrong secret', qr/signature differs/, $body, @wrong);
    my $nobody = refused('an unknown key', qr/signature differs/, $body,
        $one->with(ak => 'NOBODY')->headers(@call, date => $date));
    is($nobody->{body}, $known->{body}, 'one reads as the other');
    refused("another's", qr/signature differs/, $body,
        $one->with(ak => 'AKTWO')->headers(@call, date => $date));
    refused('a key in other case', qr/signature differs/, $body,
        $one->with(ak => 'akone')->headers(@call));
    refused('a key that begins so', qr/signature differs/, $body,
        $one->with(ak => 'AKON')->headers(@call));
    refused('an endless key', qr/signature differs/, $body,
        $one->with(ak => 'A' x 20000)->headers(@call));

    # what helps the client's developer
    my $detail = decode($known->{body})->{error_detail};
    my $canonical = sha256_hex($one->sign(@call, date => $date)->{canonical});
    like($detail, qr/\b$canonical\b/, 'the hash of the canonical request');
    like($detail, qr/\bhost;x-sdk-date\b/, 'error_detail names the signed headers');
    like($detail, qr/\bgateway\.test\b/, 'error_detail names the host');

    my $line = $nginx->log_line(qr/\Q$canonical\E/);
    ok($line, 'the error log has the canonical request');
    like($line, qr/; access key: AKONE, client: /, 'the error log has the access key');
    like($nginx->log_line(qr/answered 401: .*; access key: NOBODY, client: /), qr/signature differs/,
        'the error log has an access key that nobody knows');
    my $mark = $nginx->log_mark;
    refused('an odd key', qr/signature differs/, $body,
        $one->with(ak => "A\x01B\x7f" . 'C' x 2000)->headers(@call));
    like($nginx->log_line(qr/; access key: /, $mark), qr/; access key: A\?B\?C{50,100}, client: /,
        'cut, and without control bytes');

    my $at = '/off' . route();
    refused('no usage_credentials', qr/usage_credentials/, $body, $at,
        $one->headers(@call, target => $at));
};

# Authorizations, dates and lists that are all but right, or far from it.
my $count = $ENV{USAGE_RANDOM_COUNT} || (Usage::Nginx->slow ? 500 : 10000);

my @pieces = (', ', ',', ';', '=', ' ', "\t", 'Access=', 'SignedHeaders=', 'Signature=',
    'SDK-HMAC-SHA256 ', 'host', 'x-sdk-date', 'x-a', 'x-b', 'AKONE', 'AKTWO', '0' x 64,
    'f' x 64, "\x{ff}", "\1", '"', '%00', 'x' x 500, 'host;' x 50);

sub mutate {
    my ($text) = @_;
    for (0 .. rand 3) {
        my $at = int rand 1 + length $text;
        my $n  = int rand pick(2, 10, 100);
        my $how = int rand 6;
        if    ($how == 0) { substr $text, $at, 1, chr 1 + rand 255 }
        elsif ($how == 1) { substr $text, $at, $n, '' }
        elsif ($how == 2) { substr $text, $at, 0, pick(@pieces) }
        elsif ($how == 3) { substr $text, $at, 0, substr $text, int rand length $text, $n }
        elsif ($how == 4) { $text =~ s/([^,;=]+)([,;=]\s*)([^,;=]+)/$3$2$1/ }
        else { my @parts = split /(;)/, $text; $text = join '', map { pick($_, $_, @parts) } @parts }
    }
    return $text =~ tr/\r\n\0//dr =~ s/\A[ \t]+|[ \t]+\z//gr;
}

subtest "$count mutations of a signature" => sub {
    my $date = $one->date(time);
    my @h = (Host => 'gateway.test', 'X-Sdk-Date' => $date, 'X-A' => 'a', 'X-B' => 'b');
    my %right = (@h, Authorization => $one->hand(@call, headers => \@h));
    accepted('the signature without mutations', $body, %right);
    $sim->clear;

    my ($c, @sent, %told);
    my $done = 0;
    my $read = sub {
        for (@sent) {
            my $res = $c->response;
            $told{ $res->{status} }++;
            if ($res->{status} != 401 || $res->{body} !~ /APIGW\.0301/) {
                diag("$res->{status}\n$_") if ++$told{shown} < 5;
                $c = $nginx->client, last if $res->{error};
            }
        }
        @sent = ();
    };

    $c = $nginx->client;
    while ($done < $count) {
        my %h = %right;
        my $how = int rand 4;
        $h{Authorization} = mutate($right{Authorization}) if $how != 1;
        $h{'X-Sdk-Date'} = mutate($date) if $how == 1 || $how == 2;
        $h{Authorization} = $right{Authorization} =~ s/(SignedHeaders=)([^,]*)/
            $1 . mutate($2)/er if $how == 3;
        next if $h{Authorization} eq $right{Authorization} && $h{'X-Sdk-Date'} eq $date;
        $done++;
        push @sent, $c->format('POST', route(), $body, %h);
        $c->send($sent[-1]);
        $read->() if @sent == 20;
    }
    $read->();
    is_deeply(\%told, { 401 => $count }, 'each of them 401');
    is(upstream_calls(), 0, 'no upstream call');
    accepted('after all mutations a right signature is good', $body, $one->headers(@call));
};

# --- The file.

subtest 'files that are refused' => sub {
    my $check = sub {
        my ($name, $text, $says, $mode) = @_;
        my $keys = Usage::Signer->file($text);
        chmod $mode, $keys if $mode;
        my ($ok, $out) = Usage::Nginx->check(http => "usage_credentials $keys;");
        ok(!$ok, "$name: refused");
        like($out, qr/\[emerg\].*usage_credentials "\Q$keys\E".*$says/s, "$name: $says");
        unlike($out, qr/sk-of|token-of|[Ss]ecret-/, "$name: nothing of a secret");
        unlink $keys;
    };
    $check->(sprintf('mode %o', $_), \%keys, qr/others/, $_)
        for 0640, 0604, 0660, 0644, 0620, 0601;
    $check->('a list', [ { sk => 'secret-a' } ], qr/\S/);
    $check->('cut', '{"AK": {"sk": "secret-a', qr/\S/);
    $check->('empty', '', qr/\S/);
    $check->('more after it', '{"AK": {"sk": "secret-a"}} secret-b', qr/\S/);
    $check->('no sk', { AK => {} }, qr/sk/);
    $check->('an empty sk', { AK => { sk => '' } }, qr/sk/);
    $check->('a number', '{"AK": {"sk": 12}}', qr/sk/);
    $check->('a string', { AK => 'secret-a' }, qr/\S/);
    $check->('an unknown member', { AK => { sk => 'secret-a', secret => 'secret-b' } }, qr/\S/);
    $check->('a token that is null', '{"AK": {"sk": "secret-a", "security_token": null}}',
        qr/security_token/);
    $check->('a key twice', '{"AK": {"sk": "secret-a"}, "AK": {"sk": "secret-b"}}', qr/\S/);
    $check->('a member twice', '{"AK": {"sk": "secret-a", "sk": "secret-b"}}', qr/\S/);
    $check->('an empty key', { '' => { sk => 'secret-a' } }, qr/\S/);

    my ($ok, $out) = Usage::Nginx->check(http => 'usage_credentials /nowhere/keys;');
    ok(!$ok && $out =~ m{/nowhere/keys}, 'one that is not there');
    ($ok, $out) = Usage::Nginx->check(http => 'usage_credentials %%PREFIX%%;');
    ok(!$ok && $out =~ /not a file/, 'a directory is no file of keys');
    ($ok, $out) = Usage::Nginx->check(http => "usage_credentials $file; usage_credentials off;");
    ok(!$ok && $out =~ /duplicate/, 'usage_credentials stands once in a block');
    ($ok, $out) = Usage::Nginx->check(http => "usage_credentials $file; usage_clock_skew soon;");
    ok(!$ok, 'usage_clock_skew that is no time');
    my $empty = Usage::Signer->file({});
    ($ok, $out) = Usage::Nginx->check(http => "usage_credentials $empty;",
        location => "usage_credentials $file; usage_clock_skew 5m; usage_sign_host \$host;",
        server => 'usage_credentials off;');
    ok($ok, 'a file without keys, and each level') or diag $out;
};

my $log = $nginx->error_log;
is(scalar(() = $log =~ /sk-of-|token-of-/g), 0, 'nothing of a secret in the log');
$nginx->stop_ok;
is($sim->stop, 0, 'the simulator stops');

done_testing;
