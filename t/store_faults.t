# SPDX-License-Identifier: BSD-2-Clause
#
# The day store, when upstream calls fail: the client gets the error that it gets
# without a store, and only days that were whole by then are kept.  What else there is
# to keep: t/kept.t.

use strict;
use warnings;

use Test::More;

use Usage::Store qw(took stored);
use Usage::Test;

my %week  = days(-9, -3);
my $fresh = \&Usage::Store::fresh_token;

my $store = Usage::Store->start;
my ($sim, $nginx) = @$store{qw(sim nginx)};

subtest 'the authorization probe fails' => sub {
    $store->tenant(seed => 17, desktops => 30);
    my $token = $fresh->();
    my %same = (token => $token);
    my $warm = $store->ask({%week}, %same);
    took($warm, 7, 'a week that becomes stored');
    my %one = days(-3, -3);

    for my $status (400, 401, 403, 404, 409, 500, 502) {
        for my $form (qw(json html empty)) {
            my $fault = { fault => 'status', status => $status, form => $form };
            $sim->faults($fault);
            my $res = $store->ask({%week}, %same);
            my $off = $store->ask({%one}, at => 'off', token => $token);
            is($res->{status}, $off->{status},
                "$status, $form: the status is as without a store");
            is($res->{body} =~ s/"error_detail":.*//sr,
                $off->{body} =~ s/"error_detail":.*//sr,
                "$status, $form: code and message are as without a store");
            next if $status != 401;
            # (it is remembered for some seconds)
            $sim->faults;
            $same{token} = $token = $fresh->();
            took($store->ask({%week}, %same), 7, "$status, $form: the next token");
        }
    }

    # (429 and 503 may be tried again, until usage_timeout)
    for my $status (429, 503) {
        $sim->faults({ fault => 'status', status => $status });
        my $res = $store->ask({%week}, %same);
        my $off = $store->ask({%one}, at => 'off', token => $token);
        is($res->{status}, $off->{status}, "$status: the status is as without a store");
    }
    $sim->faults({ fault => 'status', status => 401, code => 'X.1', msg => 'gone',
        detail => 'so', encoded => 'abc' });
    my $res = $store->ask({%week}, %same);
    is($res->{status}, 401, 'a 401 of the service reaches the client');
    like($res->{body}, qr/"X\.1".*"gone"/s, 'a 401 keeps the words of the service');
    $sim->faults;
    $same{token} = $token = $fresh->();
    took($store->ask({%week}, %same), 7, 'the token after that');

    for my $fault (
        (map { { fault => $_ } } qw(reset cut truncate garble text empty no-items
            null-items no-count negative string huge no-id)),
        { fault => 'rows', delta => -1 },
        { fault => 'text', body => '[]' }, { fault => 'text', body => '{}' },
        { fault => 'text', body => 'null' }, { fault => 'text', body => '{"count":1}' },
        { fault => 'text', body => '{"count":-1,"items":[]}' },
        { fault => 'text', body => '{"count":0,"items":[{}]}' })
    {
        $sim->faults($fault);
        my $res = $store->ask({%week}, %same);
        error_is($res, 502, join ' ', 'a bad reply to the probe is a 502:', %$fault);
    }

    # what a page may do without being wrong, the probe's reply may do
    for my $fault (map { { fault => $_ } } qw(chunked close extra drip null no-metric)) {
        $sim->faults($fault);
        my $res = $store->ask({%week}, %same);
        is($res->{body}, $warm->{body}, "the probe's reply may be: $fault->{fault}");
        took($res, 1, "a probe with $fault->{fault}");
    }

    for my $at (0, 20) {
        $sim->faults({ fault => 'hang', $at ? (at => $at) : () });
        error_is($store->ask({%week}, %same, at => 'soon'), 504,
            "a reply that hangs after $at bytes is a 504");
    }
    $sim->faults;
    $res = $store->ask({%week}, %same);
    is($res->{body}, $warm->{body}, 'after all these faults the reply is the same to the byte');
    took($res, 1, 'after all these faults');

    # of several missing days one is refused: that is the reply
    $sim->faults({ fault => 'status', status => 403, day => on(-12) });
    is($store->ask({ days(-12, -3) }, %same)->{status}, 403,
        'the refusal of one missing day is the reply');
    $sim->faults;
};

subtest 'of what failed, only the days before it are stored' => sub {
    $store->tenant(seed => 18, desktops => 60);
    for my $fault (
        { fault => 'status', status => 403 }, { fault => 'status', status => 500 },
        map { { fault => $_ } } qw(truncate garble text lying-count no-items negative
            string huge duplicate no-id))
    {
        my $token = $fresh->();
        # (a list whose pages don't agree is fetched up to three times)
        $sim->faults({ %$fault, day => on(-6) });
        my $res = $store->ask({%week}, token => $token, at => 'one');
        cmp_ok($res->{status}, '>=', 400, "$fault->{fault}: the reply is an error");
        $sim->faults;
        $res = $store->ask({%week}, token => $token);
        $store->true_ok($res, {%week}, "after $fault->{fault}");
        took($res, 4, "after $fault->{fault}");
        stored($res, 3, "after $fault->{fault}");
    }

    # lists that are fetched again, as they changed between two pages
    $store->tenant(seed => 18, desktops => 250);
    for my $fault ({ fault => 'shift', offset => 100 }, { fault => 'lying-count',
        offset => 100 }, { fault => 'rows', offset => 0 }, { fault => 'duplicate' },
        { fault => 'unsorted' }, { fault => 'cut' })
    {
        for my $count (1, 2, 8) {
            my $token = $fresh->();
            $store->truth({%week});
            $sim->faults({ %$fault, count => $count,
                $fault->{fault} eq 'unsorted' ? (count => 1000) : () });
            my $res = $store->ask({%week}, token => $token);
            my $name = "$fault->{fault}, $count times";
            $store->true_ok($res, {%week}, $name) if $res->{status} == 200;
            $sim->faults;
            for my $body ({%week}, { %week, offset => 150 }, { days(-5, -5) },
                { days(-5, -5), limit => 0 })
            {
                $res = $store->ask($body, token => $token);
                $store->true_ok($res, $body, "after $name");
            }
        }
    }
};

$nginx->stop_ok;
$sim->stop;

done_testing();
