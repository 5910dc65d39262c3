# SPDX-License-Identifier: BSD-2-Clause
#
# examples/split.conf, as it is: which client gets which mode.

use strict;
use warnings;

use Test::More;

use Usage::Nginx;
use Usage::Sim;
use Usage::Test;

plan skip_all => 'no realip module to be other clients with'
    if Usage::Nginx->options !~ /http_realip_module/;

my $sim   = Usage::Sim->start;
my $nginx = Usage::Nginx->start(
    upstream => $sim->port,
    http     => "usage_retention off; include $Usage::Nginx::root/examples/split.conf;
        set_real_ip_from 127.0.0.1; real_ip_header X-Client;
        add_header X-Mode \$usage_mode always;",
    location => 'usage_mode $mode_of_client; usage_compare_log %%PREFIX%%/compare.log;',
);

my $c    = $nginx->client;
my $week = body(start_time => '2022-12-09', end_time => '2022-12-15');

sub mode {
    my ($address, $agent, $project) = @_;
    my $res = $c->post(route($project), $week, 'X-Auth-Token' => 't', 'X-Client' => $address,
        'User-Agent' => $agent // 'some/1');
    is($res->{status}, 200, "$address is answered") or diag $res->{body};
    return $res->{headers}{'x-mode'}[0] // '';
}

is(mode('192.0.2.10'), 'translate', 'an address that is to be translated');
is(mode('192.0.2.20'), 'passthrough', 'an address that is to be passed on');
is(mode('192.0.2.20', 'billing-report/2'), 'passthrough',
    'the address comes before the User-Agent');
is(mode('198.51.100.1', 'billing-report/2'), 'compare', 'a User-Agent that is to be compared');
is(mode('198.51.100.1', 'a billing-report/2', '0a1b2c3d4e5f'), 'translate',
    'a project that is to be translated');

my (%first, %count);
for my $n (1 .. 300) {
    my $address = '198.51.' . int($n / 200) . '.' . $n % 200;
    $count{ $first{$address} = mode($address) }++;
}
is(join(' ', sort keys %count), 'compare fallback translate',
    'all other addresses have one of three modes');

# (six standard deviations and more)
cmp_ok($count{translate}, '>', 0,  "$count{translate} of 300, a tenth");
cmp_ok($count{translate}, '<', 62, 'no more');
cmp_ok($count{compare},   '>', 18, "$count{compare} of 300, a fifth");
cmp_ok($count{compare},   '<', 102, 'fewer than 102 of 300 are compared');
is(mode($_), $first{$_}, 'an address keeps its mode') for (sort keys %first)[ 0 .. 20 ];

$nginx->stop_ok;
$sim->stop;
done_testing();
