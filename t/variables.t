# SPDX-License-Identifier: BSD-2-Clause
#
# The variables: $usage_project_id, _days, _desktops, _calls and _error, in the
# access log and elsewhere.

use strict;
use warnings;

use Test::More;

use Usage::Nginx;
use Usage::Test;
use Usage::Upstream qw(json_reply page row);

my $upstream = Usage::Upstream->start(sub {
    my ($req) = @_;
    my ($project) = $req->{path} =~ m{\A/v2/([^/]+)/};
    return json_reply(500, '{"error_code":"X.1","error_msg":"m"}')
        if $project eq 'broken';
    return { hang => 1 } if $project eq 'hang';
    return json_reply(200, page($req, [ row('d1', 5400) ]));
});

my $short = Usage::Nginx->patience(300);
my $nginx = Usage::Nginx->start(
    upstream => $upstream->port,
    http     => "usage_timeout ${short}ms;",
    server => '
        location /free { return 200 "[$usage_project_id$usage_days$usage_desktops$usage_calls$usage_error]\n"; }
        location = /echo { return 200 "$usage_calls"; }
        location /head/v2/ { rewrite ^/head(/.*) $1 break;
            usage_translate /workspace;
            add_header X-Calls "$usage_calls/$usage_desktops/$usage_days" always;
            add_header X-Error "$usage_error" always; }
        '
);

my $serial = 0;

sub call {
    my ($at, $target, $body) = @_;
    return $nginx->post($at . $target, $body, 'X-Request-Id' => 'v' . ++$serial);
}

# Tests: the access log's line of the last call has these values.
sub logged {
    my ($name, %want) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $line  = $nginx->logged("v$serial");
    my $error = delete $want{error};
    is_deeply({ map { $_ => $line->{$_} } keys %want }, \%want, $name);
    like($line->{error}, $error, "$name: \$usage_error");
}

subtest 'variables in the log' => sub {
    my %range = days(-5, -3);
    call('', route('proj_1-X'), body(%range));
    logged('a reply', status => 200, project => 'proj_1-X', days => 3,
        desktops => 1, calls => 3, error => qr/\A\z/);
    call('', route('p'), body(%range, limit => 0));
    logged('limit 0', status => 200, project => 'p', desktops => 0, calls => 1,
        error => qr/\A\z/);
    call('', route('p'), body(%range, limit => 101));
    logged('a 400', status => 400, project => 'p', calls => 0, error => qr/limit/);
    call('', route('p'), '{');
    logged('not JSON', status => 400, project => 'p', calls => 0, error => qr/\w/);
    call('', route('a.b'), '{}');
    logged('a 404', status => 404, error => qr/\w/);
    call('', route('broken'), body(%range, end_time => on(-5)));
    logged('an upstream error', status => 500, project => 'broken', days => 1,
        calls => 1, error => qr/500|X\.1/);
    call('', route('hang'), body(%range, end_time => on(-5)));
    logged('a timeout', status => 504, project => 'hang', days => 1, calls => 1,
        error => qr/\w/);
    call('', '/free', '');
    logged('a location without usage_translate', status => 200, project => '', days => '', desktops => '',
        calls => '', error => qr/\A\z/);
    call('', '/workspace/v2/p', '');
    logged('the internal location', status => 404, error => qr/\A\z/);
    call('', '/nothing', '');
    logged('a 404 of another location', status => 404, error => qr/\A\z/);
};

subtest 'variables elsewhere' => sub {
    my $res = $nginx->request('GET', '/free');
    is($res->{body}, "[]\n", 'in another location, the variables are empty');
    $res = call('/head', route('p'), body(days(-5, -4)));
    is($res->{headers}{'x-calls'}[0], '2/1/2', 'a header has calls, desktops and days');
    ok(!$res->{headers}{'x-error'}, 'a header with $usage_error is empty for a 200');
    $res = call('/head', route('broken'), body(days(-5, -4)));
    is($res->{status}, 500, 'an error of the upstream is the reply');
    like($res->{headers}{'x-error'}[0], qr/\w/, 'a header has $usage_error');
};

subtest 'log_subrequest' => sub {
    my $logs = Usage::Nginx->start(upstream => $upstream->port,
        http => 'usage_retention off; log_subrequest on;');
    my $res = $logs->post(route('p'), body(dates('2022-12-01', 3)));
    is($res->{status}, 200, 'a call with log_subrequest is a 200');
    my @lines = map { decode($_) || {} } $logs->access_lines(4);
    is(scalar @lines, 4,
        'log_subrequest: a line for each upstream call, and one for the legacy call');
    is(scalar(grep { $_->{status} == 200 && $_->{project} eq 'p' } @lines), 4,
        'log_subrequest: each line has the variables');
    $logs->stop_ok;
};

$nginx->stop_ok;
$upstream->stop;

done_testing();
