# SPDX-License-Identifier: BSD-2-Clause
#
# usage_status: its page, as text and as JSON.  What it counts: t/status_counts.t,
# t/status_load.t and t/status_modes.t.

use strict;
use warnings;

use Test::More;

use Usage::Metrics;
use Usage::Nginx;
use Usage::Test;

# (the store's zone has a name that is hard to write)
my $zone = "a \\\"day\\\\\\nb\t\xc3\xa4\xff";

my $nginx = Usage::Nginx->start(
    http   => qq{usage_store "zone=$zone:1m";},
    server => 'location = /status { access_log off; usage_status; }'
        . Usage::Nginx->at(store => qq{usage_store "$zone";}),
);

subtest 'text' => sub {
    my $res = page($nginx);
    is($res->{status}, 200, 'the page is a 200');
    is_deeply($res->{headers}{'content-type'},
        ['text/plain; version=0.0.4; charset=utf-8'], 'the type of the text');
    my ($status, $said) = promtool($nginx, $res->{body}, 'check metrics');
    is("$status $said", '0 ', 'promtool has nothing to say');
    like($res->{body}, qr/^usage_build_info\{version="\d+\.\d+\.\d+",build="[0-9a-f]{8}",nginx="[\d.]+"\} 1$/m,
        'usage_build_info tells the version');
    my $started = now($nginx)->{usage_start_time_seconds};
    ok($started <= time && $started > time - Usage::Nginx->patience(120),
        'usage_start_time_seconds is when nginx started');
};

subtest 'JSON' => sub {
    my $res = page($nginx, Accept => 'application/json');
    is_deeply($res->{headers}{'content-type'}, ['application/json'], 'the type of the JSON');
    my %text = map { plain($_) => 1 } keys %{ now($nginx) };
    my $json = json_samples($res->{body});
    is_deeply([ sort keys %$json ], [ sort keys %text ],
        'the JSON has the samples of the text');
};

subtest 'names of zones' => sub {
    my ($sample) = grep {/store_size/ && /day/} keys %{ now($nginx) };
    is($sample, 'usage_store_size_bytes{zone="a \\"day\\\\\\nb?' . "\xc3\xa4?\"}",
        'in the text, a zone of any name is escaped');
    my ($labels) = grep {/store_size.*day/s} keys %{ json_samples(
        page($nginx, Accept => 'application/json')->{body}) };
    is($labels, "usage_store_size_byteszone=a \"day\\\nb?\xe4?",
        'in the JSON, the zone has the same name');
};

subtest 'Accept' => sub {
    my $wants = sub {
        my ($type, @accept) = @_;
        my $res = page($nginx, map { (Accept => $_) } @accept);
        like($res->{headers}{'content-type'}[0], $type, "Accept: @accept");
    };
    $wants->(qr/^application\/json$/, $_)
        for 'application/json', 'Application/JSON;q=0.9', 'application/*',
        'application/json, text/plain, */*', 'text/html, application/json',
        'application/json;q=1,text/plain';
    $wants->(qr/^text\/plain/, $_)
        for '*/*', 'text/plain', 'text/plain, application/json', 'text/*;q=0.3, application/json',
        'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
        'application/openmetrics-text;version=1.0.0,application/openmetrics-text;'
        . 'version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
        'image/png', 'application/jsonl', 'application/jso', ',;,', ' , ';
    $wants->(qr/^application\/json$/, 'text/html', 'application/json');
};

subtest 'methods' => sub {
    my $get  = page($nginx);
    my $head = $nginx->request('HEAD', '/status');
    is($head->{status}, 200, 'HEAD is a 200');
    is_deeply($head->{headers}{'content-length'}, $get->{headers}{'content-length'},
        'HEAD has the Content-Length of GET');
    is($head->{body}, '', 'HEAD has no body');
    for my $method (qw(POST PUT DELETE OPTIONS)) {
        my $res = $nginx->request($method, '/status', 'x');
        is($res->{status}, 405, "$method is a 405");
        is_deeply($res->{headers}{allow}, ['GET, HEAD'], "$method: Allow has GET and HEAD");
    }
};

subtest 'without usage_translate, and in blocks' => sub {
    my $other = Usage::Nginx->start(route => '= /none', location => '',
        whole => <<'END', ready => sub { $_[0]->request('GET', '/status')->{status} });
daemon off;
error_log %%PREFIX%%/error.log info;
pid %%PREFIX%%/nginx.pid;
events { }
http {
    access_log off;
    server {
        listen 127.0.0.1:%%PORT%%;
        gzip on;
        gzip_min_length 1;
        gzip_types text/plain;
        charset koi8-r;
        location = /status { usage_status; }
        location = /if { if ($arg_x) { add_header X-If 1; } usage_status; }
        location = /except { limit_except GET { deny all; } usage_status; }
        location = /error { error_page 405 =418 /told; usage_status; }
        location = /told { return 200 "told"; }
    }
}
END
    for my $path ('/status', '/if', '/if?x=1', '/except') {
        my $res = $other->request('GET', $path);
        is($res->{status}, 200, "$path is a 200");
        is(samples($res->{body})->{ request_metric('translate', 200) }, 0,
            "$path: nothing is counted yet");
        is_deeply($res->{headers}{'content-type'},
            ['text/plain; version=0.0.4; charset=utf-8'],
                "$path: the type doesn't depend on charset");
    }
    is($other->request('POST', '/except', 'x')->{status}, 403, 'limit_except holds');
    is($other->request('POST', '/error', 'x')->{status}, 418, 'error_page holds');
    is($other->request('GET', '/status', undef, 'Accept-Encoding' => 'gzip')
            ->{headers}{'content-encoding'}[0], 'gzip', 'gzip holds');
    $other->stop_ok;
};

$nginx->stop_ok;

done_testing();
