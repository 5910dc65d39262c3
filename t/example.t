# SPDX-License-Identifier: BSD-2-Clause
#
# The published example, to the digit.

use strict;
use warnings;

use Test::More;

use Usage::Nginx;
use Usage::Sim;
use Usage::Test;

my $dir = "$Usage::Nginx::root/../shared/examples";

# (its text is here too: a clone has no shared directory beside it)
my @ids = qw(c6e6dbd7-c950-471d-a6a7-01d0fb62f450
    d5367f84-1d64-498e-9b92-093002ac6ce9);
my $request = $json->encode({ desktop_ids => \@ids,
    start_time => '2022-12-09', end_time => '2022-12-15' });
my @use = (
    [ 12.62, 2.62, 1.02, 0, 0, 3.87, 3.56 ],
    [ 10.56, 1.38, 0,    0, 0, 3.87, 3.56 ]
);
my $text = '{"desktop_used_info_list":[' . join(',', map {
    my $i = $_;
    qq({"desktop_id":"$ids[$i]","used_info_list":[) . join(',', map {
        qq({"date":"2022-12-) . ($_ + 9 < 10 ? '09' : $_ + 9)
            . qq(","use_time":$use[$i][$_]})
    } 0 .. 6) . ']}'
} 0, 1) . '],"total_count":2}';

my $sim   = Usage::Sim->start;
my $nginx = Usage::Nginx->start(
    upstream => $sim->port,
    http     => 'usage_retention off;',
    server => join('',
        Usage::Nginx->at(number => 'usage_use_time number;'),
        Usage::Nginx->at(string => 'usage_use_time string;'),
        Usage::Nginx->at(auto   => 'usage_use_time auto;'),
        Usage::Nginx->at(form   => 'usage_use_time $http_x_form;'),
    )
);

my @token = ('X-Auth-Token' => 'token');

subtest 'the published files' => sub {
    plan skip_all => 'no shared directory' unless -d $dir;
    my $read = sub {
        open my $fh, '<', "$dir/$_[0]" or die "$dir/$_[0]: $!";
        local $/;
        return scalar <$fh>;
    };
    is(same_json($read->('legacy-request.json'), $request), '', 'the request');
    is(same_json($read->('legacy-reply.json'), $text), '', 'the reply');

    my $res = $nginx->post(route(), $read->('legacy-request.json'), @token);
    is(same_json($res->{body}, $read->('legacy-reply.json')), '',
        'one is the answer to the other');
};

subtest 'as numbers' => sub {
    $sim->clear;
    my $res = $nginx->post(route('0123456789abcdef'), $request, @token,
        'Content-Type' => 'application/json', 'User-Agent' => 'curl/8.0',
        'X-Request-Id' => 'example');
    reply_is($res, 'the reply', from => '2022-12-09',
        entries => [ map { [ $ids[$_], @{ $use[$_] } ] } 0, 1 ]);
    is($res->{body} =~ s/\s+//gr, $text, 'the reply is the published one, to the digit');

    my @calls = @{ $sim->calls };
    is(scalar @calls, 7, 'seven calls, one a day');
    is(scalar(grep { $_->{api} eq 'desktop-metrics' && $_->{status} == 200
            && $_->{path} eq '/v2/0123456789abcdef/statistics/metrics/desktops' }
        @calls), 7, 'the example takes seven calls of the statistics');
    my @want = map { sprintf '2022-12-%02dT00:00:00Z 2022-12-%02dT23:59:59Z',
            $_, $_ } 9 .. 15;
    my @windows = sort map {
        my $q = $_->{query} =~ s/%3A/:/gr;
        my ($from) = $q =~ /\bstart_time=([^&]*)/;
        my ($to)   = $q =~ /\bend_time=([^&]*)/;
        "$from $to";
    } @calls;
    is_deeply(\@windows, \@want, 'each a whole day');

    my ($line) = map { decode($_) } grep { /"example"/ } $nginx->access_lines(1);
    is_deeply({ map { $_ => $line->{$_} } qw(project days desktops calls error) },
        { project => '0123456789abcdef', days => 7, desktops => 2, calls => 7,
            error => '' }, 'the access log has days, desktops and calls');
};

subtest 'as strings' => sub {
    my @want = (from => '2022-12-09', string => 1,
        entries => [ map { [ $ids[$_], @{ $use[$_] } ] } 0, 1 ]);
    my $res = $nginx->post('/string' . route(), $request, @token);
    reply_is($res, 'use_time as strings, by the directive', @want);
    my $strings = $text =~ s/"use_time":([\d.]+)/sprintf '"use_time":"%.2f"', $1/ger;
    is($res->{body} =~ s/\s+//gr, $strings,
        'the strings are the published figures, to the digit');
    is(same_json($res->{body}, ($sim->legacy($request, -query =>
        'use_time=string'))[2]), '', 'the strings are what the simulator says');

    reply_is($nginx->post('/number' . route(), $request, @token,
        'User-Agent' => 'huaweicloud-usdk-go/3.0'), 'number, whoever asks',
        @want, string => 0);
};

subtest 'by the User-Agent' => sub {
    my @want = (from => '2022-12-09',
        entries => [ map { [ $ids[$_], @{ $use[$_] } ] } 0, 1 ]);
    my $asked = sub { return $nginx->post("$_[0]" . route(), $request, @token, @_[ 1 .. $#_ ]) };

    for my $agent ('huaweicloud-usdk-go/3.0 (linux; amd64)', 'huaweicloud-usdk-java/3.0',
        'huaweicloud-usdk-python/3.0', 'curl/8.0', undef)
    {
        my $is = ($agent || '') =~ /-(?:go|java)/ ? 1 : 0;
        for my $at ('', '/auto') {
            reply_is($asked->($at, 'User-Agent' => $agent),
                "at '$at', for " . ($agent || 'nobody'), @want, string => $is);
        }
    }

    my @go = ('User-Agent' => 'huaweicloud-usdk-go/3.0');
    for ([ auto => 1 ], [ number => 0 ], [ string => 1 ], [ numbers => 1 ], [ '' => 1 ]) {
        reply_is($asked->('/form', @go, 'X-Form' => $_->[0]),
            "a variable that says '$_->[0]', for Go", @want, string => $_->[1]);
    }
    reply_is($asked->('/form', 'X-Form' => 'numbers'),
        'a variable that says anything else, for nobody', @want);
    ok($nginx->log_line(qr/usage_use_time is "numbers", none of .*: it is taken as "auto"/),
        'a value of a variable that is none is in the error log');
};

subtest 'in another order, in part' => sub {
    for ([ 1, 0 ], [1], [0], []) {
        my @order = @$_;
        my $res = $nginx->post(route(), body(
            desktop_ids => [ (map { $ids[$_] } @order), ('nobody') x !@order ],
            start_time => '2022-12-09', end_time => '2022-12-15'), @token);
        reply_is($res, "desktops @order", from => '2022-12-09',
            entries => [ map { [ $ids[$_], @{ $use[$_] } ] } @order ]);
    }
    reply_is($nginx->post(route(), body(start_time => '2022-12-09',
        end_time => '2022-12-15', desktop_ids => \@ids, offset => 1,
        limit => 1), @token), 'the second', from => '2022-12-09', total => 2,
        entries => [ [ $ids[1], @{ $use[1] } ] ]);
};

$nginx->stop_ok;
$sim->stop;

done_testing();
