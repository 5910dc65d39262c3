# SPDX-License-Identifier: BSD-2-Clause
#
# What a client or an upstream sends does nothing to who reads logs at a
# terminal: controls of C0 and C1, the direction of text, separators of lines.

use strict;
use warnings;

use Test::More;

use Usage::Nginx;
use Usage::Test;
use Usage::Upstream qw(json_reply page row);

my $evil = join '', map { chr } 0x9b, 0x85, 0x61c, 0x200e, 0x200f, 0x2028 .. 0x202e,
    0x2066 .. 0x2069;
utf8::encode($evil);
$evil = "E$evil";

# (a header can't have C0, JSON and paths can)
my $worse = "$evil\e\n\x7f";

my ($text, $code) = ($worse, $evil);
utf8::decode($_) for $text, $code;

my $upstream = Usage::Upstream->start(sub {
    my ($req) = @_;
    return json_reply(403, { error_code => "X.$text", error_msg => 'm' })
        if $req->{path} =~ m{/v2/refused/};
    return json_reply(410, { error_code => "Y.$code", error_msg => 'm' })
        if $req->{method} eq 'POST' && $req->{path} =~ m{/v2/gone/};
    return json_reply(400, { error_code => "Z.$code", error_msg => 'm' })
        if $req->{method} eq 'POST';
    return json_reply(200, page($req, [ row('d1', 3600) ]));
});

my $nginx = Usage::Nginx->start(
    upstream => $upstream->port,
    http     => q(
        log_format words escape=none "$usage_error|$usage_credential|";
        usage_retention off;),
    server => join('', 'access_log %%PREFIX%%/words.log words;',
        Usage::Nginx->at(mode    => 'usage_mode $http_x_mode; usage_use_time $http_x_form;'),
        Usage::Nginx->at(back    => 'usage_mode fallback;'),
        Usage::Nginx->at(compare => 'usage_mode compare;
            usage_compare_log %%PREFIX%%/compare.log;'),
        Usage::Nginx->at(told    => 'usage_mode compare;')),
);

sub call {
    my ($at, $project, $body, @headers) = @_;
    return $nginx->post($at . route($project), $body
        || body(start_time => '2022-12-01', end_time => '2022-12-01'), @headers);
}

my $mark = $nginx->log_mark;
my $res = call('', 'p', body(start_time => $text));
error_is($res, 400, 'a value of the client');
unlike($res->{body}, qr/[^ -~]/, 'the error_detail has no control bytes');
error_is($nginx->post('/v2/E%C2%9B%0A%FF/desktops/statistics/used', '{}'), 404,
    'a path with controls is a 404');
is(call('', 'refused')->{status}, 403, "an upstream's error");
is(call('/mode', 'p', undef, 'X-Mode' => $evil, 'X-Form' => $evil)->{status}, 200,
    'variables with controls: the call is a 200');
error_is(call('', 'p', undef, 'X-Sdk-Date' => '20221201T000000Z',
    Authorization => "SDK-HMAC-SHA256 Access=$evil, SignedHeaders=host, Signature=" . '0' x 64),
    401, 'an access key');
is(call('/back', 'gone')->{status}, 200, 'an endpoint that is gone');
is(call($_, 'p', undef, 'X-Request-Id' => $evil)->{status}, 400, 'a comparison')
    for '/compare', '/told';

ok(defined $nginx->log_line(qr/usage: compared: .*different/, $mark),
    'the comparison is in the error log');
ok($nginx->wait_for(sub { $nginx->_slurp('compare.log') =~ /\n\z/ }),
    'the comparison is in its own file');
$nginx->stop_ok;

my @lines = grep { /usage/ } split /\n/, $nginx->error_log($mark);
is(scalar(grep {/E[?\\]/} @lines), 8,
    'the error log has all eight lines') or diag join "\n", @lines;

my %log = (
    'error.log'   => join("\n", map { s/, (?:client|request): .*//r } @lines),
    'words.log'   => $nginx->_slurp('words.log'),
    'compare.log' => $nginx->_slurp('compare.log'),
);
for (sort keys %log) {
    ok(length $log{$_}, "$_: is there");
    unlike($log{$_}, qr/[^ -~\n]/, "$_ has nothing that a terminal obeys");
}
is(scalar(split /\n/, $log{'words.log'}), 8, 'a line for each call');

$upstream->stop;

done_testing();
