# SPDX-License-Identifier: BSD-2-Clause
#
# usage_retention by default: days that the service no longer keeps are refused,
# 180 of desktops and 30 of users (translation.md, "Request").

use strict;
use warnings;

use Test::More;

use Usage::Nginx;
use Usage::Test;
use Usage::Upstream qw(json_reply page row);

my $upstream = Usage::Upstream->start(sub {
    my ($req) = @_;
    return json_reply(200, page($req, [ row('d1', 3600) ]));
});

subtest 'retention' => sub {
    plan skip_all => 'midnight is near' if near_midnight();

    my $keep = Usage::Nginx->start(
        upstream => $upstream->port
    );
    my $ask = sub {
        my ($start, $end) = @_;
        return $keep->post(route(),
            body($start ? (start_time => $start) : (), end_time => $end));
    };

    # (what is allowed: the time kept, or the first day of it)
    my $first = join '|', '\b180\b', day(-180), day(-179);
    $first = qr/$first/;

    for (181, 182, 200, 365, 3650) {
        error_is($ask->(day(-$_), day(-$_)), 400, "$_ days ago: refused",
            detail => [ qr/\bstart_time\b/, $first ]);
    }
    error_is($ask->(day(-181), day(-170)), 400, 'a range that begins 181 days ago: refused',
        detail => qr/\bstart_time\b/);
    error_is($ask->(undef, day(-170)), 400,
        '15 days that begin 184 days ago: refused');
    error_is($keep->post(route(), body(start_time => day(-200), end_time => day(-200), limit => 0)), 400,
        '200 days ago with limit 0: refused');
    error_is($keep->post(route(), body(start_time => day(-200), end_time => day(-200),
        desktop_ids => ['d1'])), 400, '200 days ago with ids: refused');
    $upstream->no_calls('days that are refused take no upstream call');

    # of one user: 30 days

    my $user = sub {
        my ($start, %more) = @_;
        return $keep->post(route(), body(desktop_username => 'u',
            start_time => $start, end_time => $start, %more));
    };
    $first = join '|', '\b30\b', day(-30), day(-29);
    $first = qr/$first/;

    for (31, 32, 100) {
        error_is($user->(day(-$_)), 400, "of one user, $_ days ago: refused",
            detail => [ qr/\bstart_time\b.*\bof users\b/, $first ]);
    }
    error_is($user->(day(-181)), 400, 'of one user, 181 days ago: refused',
        detail => qr/\bof users\b/);
    error_is($user->(day(-31), desktop_ids => ['d1'], limit => 0), 400,
        'of one user with ids and limit 0: refused', detail => qr/\bof users\b/);
    $upstream->no_calls('days of one user that are refused take no upstream call');

    is($ask->(day(-$_), day(-$_))->{status}, 200, "$_ days ago: a 200")
        for 179, 178, 100, 0;
    is($ask->(day(-179), day(-149))->{status}, 200, '31 days that begin 179 days ago: a 200');
    is($ask->(undef, day(-165))->{status}, 200, '15 days that begin 179 days ago: a 200');
    $upstream->clear;

    is($keep->post(route(), body(start_time => day(400), end_time => day(410)))->{status}, 200,
        'days in the future: a 200');
    $upstream->no_calls('the future costs no upstream call');

    $keep->stop_ok;
};
$upstream->stop;

done_testing();
