# SPDX-License-Identifier: BSD-2-Clause
#
# usagectl plan: the calls that it tells are those that the module makes.

use strict;
use warnings;

use Test::More;

use Usage::Ctl;
use Usage::Nginx;
use Usage::Sim;
use Usage::Test;

my $sim   = Usage::Sim->start;
my $nginx = Usage::Nginx->start(
    upstream => $sim->port,
    http     => 'usage_retention off;',
    server   => Usage::Nginx->at('records', 'usage_connections on;')
        . Usage::Nginx->at('monitor', 'usage_monitoring on;')
        . Usage::Nginx->at('id', 'usage_resource_id on;'),
);

# So many desktops, each used by its own user for an hour on each day.
sub tenant {
    my ($desktops, $in_use) = @_;

    my (@desktops, @sessions);
    for my $i (1 .. $desktops) {
        push @desktops, {
            desktop_id    => sprintf('d%04d', $i),
            computer_name => sprintf('NAME-OF-d%04d', $i),
            users         => ["user$i"],
        };
        next if $i > $in_use;
        push @sessions, map { {
            desktop_id => sprintf('d%04d', $i),
            user_name  => "user$i",
            setup      => day(-$_) . 'T08:00:00Z',
            end        => day(-$_) . 'T09:00:00Z',
        } } 1 .. 12;
    }
    $sim->tenant(desktops => \@desktops, sessions => \@sessions, users => []);
    $sim->config(now => 'real');
    return;
}

# The calls that the module makes of a body, sorted.
sub made {
    my ($place, $body) = @_;
    $sim->clear;
    my $res = $nginx->post(($place ? "/$place" : '') . route(), body(%$body),
        'X-Auth-Token' => 'token');
    is($res->{status}, 200, 'the module answers the same call') or diag($res->{body});
    return [ sort map {"$_->{path}?$_->{query}"} grep { $_->{api} } @{ $sim->calls } ];
}

# The calls that usagectl tells.
sub told {
    my ($body, @options) = @_;
    my ($status, $out, $err) = ctl({ in => body(%$body) }, 'plan', '--project=demo',
        '--format=json', '--retention=off', @options);
    is($status, 0, 'usagectl plan ends with status 0') or diag($err);
    my $data = decode($out) or diag($out);
    is($data->{calls_in_all}, scalar @{ $data->{calls} }, 'the number of calls');
    is(scalar(grep { $_->{certain} } @{ $data->{calls} }), $data->{certain},
        'the number of certain calls');
    my $count = (ctl({ in => body(%$body) }, 'plan', '--count', '--retention=off',
        @options))[1];
    is($count, "$data->{calls_in_all}\n", '--count');
    return $data;
}

sub same {
    my ($name, $place, $body, @options) = @_;
    subtest $name => sub {
        plan skip_all => 'midnight is near' if near_midnight();
        my $data = told($body, @options);
        my $made = made($place, $body);
        # (the end of records is the time itself)
        my @told = sort map { $_->{url} } @{ $data->{calls} };
        s/(connections.*end_time=[^T]*T)[\d:]+/$1/ for @told, @$made;
        is_deeply(\@told, $made, scalar(@$made) . ' calls are the same ones')
            or diag(join "\n", 'told:', @told, 'made:', @$made);
    };
    return;
}

my %week  = (start_time => day(-9), end_time => day(-3));
my %three = (start_time => day(-5), end_time => day(-3));

tenant(100, 100);
same('100 desktops', '', {%week});
same('count only', '', { %week, limit => 0 });
same('some desktops', '', { %week, desktop_ids => [qw(d0001 d0002)] });
same('the days left out', '', {}) if !near_midnight(60);
same('the future', '', { start_time => day(-1), end_time => day(3) });
same('hours', 'records', { %three, group_by_type => 'HOUR' }, '--connections',
    '--lookback=7d');

tenant(250, 250);
same('250 desktops', '', {%week}, '--desktops=250');
same('one of 250', '', { %week, desktop_ids => ['d0001'] }, '--desktops=250');
same('one of 250 by its id', 'id', { %week, desktop_ids => ['d0001'] },
    '--desktops=250', '--resource-id');
same('count only', '', { %week, limit => 0 }, '--desktops=250');

same('one of 250, monitored', 'monitor', { %week, desktop_ids => ['d0001'] },
    '--desktops=250', '--monitoring');
same('hours of one of 250, monitored', 'monitor',
    { %three, desktop_ids => ['d0001'], group_by_type => 'HOUR' },
    '--desktops=250', '--monitoring');

tenant(250, 20);
same('20 of 250 in use', '', {%week}, '--desktops=250', '--in-use=20');

subtest 'certain is what no reply changes' => sub {
    for my $body ({%week}, { %week, desktop_ids => ['d0001'] },
        { %week, desktop_username => 'user1' }, { %week, limit => 0 })
    {
        my $data = told($body, '--desktops=250');
        my @certain = map { $_->{url} } grep { $_->{certain} } @{ $data->{calls} };
        ok(@certain > 0, 'some calls are certain');
        for my $tenant ([ 1, 1 ], [ 250, 0 ], [ 250, 250 ]) {
            tenant(@$tenant);
            my %made = map { $_ => 1 } @{ made('', $body) };
            is_deeply([ grep { !$made{$_} } @certain ], [],
                "made with @$tenant desktops");
        }
    }
};

subtest 'a user' => sub {
    my %body = (%week, desktop_username => 'user1');
    my $data = told(\%body);
    tenant(3, 3);
    my $made = made('', \%body);
    is($data->{calls_in_all}, scalar @$made, 'a user: as many calls as the module makes');
    is($data->{certain}, 1, 'a user: one call is certain');

    $data = told(\%body, '--connections');
    is($data->{calls_in_all}, scalar @{ made('records', \%body) },
        'a user with records: as many calls as the module makes');
};

subtest 'what it looks like' => sub {
    my $body = ctl_file(body => body(start_time => '2026-11-01', end_time => '2026-11-02'));
    my @now  = ('--now=2026-11-10');

    my ($status, $out, $err) = ctl('plan', @now, $body);
    is($status, 0, 'plan in lines: status 0');
    is($err,    '', 'plan in lines: no complaint');
    my @lines = split /\n/, $out;
    is(scalar(grep {m{\AGET /v2/\{project_id\}/statistics/metrics/desktops\?}} @lines),
        2, 'two addresses');
    is(scalar(grep { !/\A(?:GET |#|\z)/ } @lines), 0, 'all other lines are remarks');

    ($status, $out) = ctl('plan', @now, '--format=curl', $body);
    like($out, qr{^curl -sS -H "X-Auth-Token: \$TOKEN" "\$ENDPOINT/v2/\$PROJECT/stat}m,
        'lines for a shell');
    like($out, qr/^# Set TOKEN, ENDPOINT, PROJECT/m,
        'the lines for a shell say what has to be set');

    # they work
    $sim->tenant;
    $sim->clear;
    ($status, $out) = ctl('plan', @now, '-f', 'curl', '-p', 'demo', '-e', $sim->url . '/', $body);
    my $script = ctl_file(script => $out);
    my $reply  = `TOKEN=token sh $script 2>&1`;
    is(() = $reply =~ /"count"/g, 2, 'the lines for a shell work') or diag($reply);
    is(scalar @{ $sim->calls }, 2, 'the shell lines made two calls');

    ($status, $out) = ctl({ in => '{"start_time":"2026-12-01","end_time":"2026-12-01"}' },
        'plan', @now);
    is($status, 0, 'the future: status 0');
    like($out, qr/\A# No call/, 'no call');
};

subtest 'a wrong body' => sub {
    my $strict = Usage::Nginx->start(upstream => $sim->port);
    for my $body ('{', '[]', '{"start_time":"yesterday"}', '{"limit":101}',
        '{"group_by_type":"HOUR"}', '{"start_time":"2020-01-01","end_time":"2020-01-02"}',
        '{"offset":1,"offset":2}', '{"desktop_ids":[""]}')
    {
        my ($status, $out, $err) = ctl({ in => $body }, 'plan');
        is($status, 1,  "$body: status 1");
        is($out,    '', 'no calls');
        my $res = $strict->post(route(), $body, 'X-Auth-Token' => 'token');
        is($res->{status}, 400, 'the module refuses it');
        my ($first, @more) = split /\n/, $err;
        is($first, 'usagectl plan: 400: ' . decode($res->{body})->{error_detail},
            'a wrong body is refused in the words of the module');
        my @hint = $body =~ /2020/
            ? 'usagectl plan: --now=2020-01-03 plans it as on that day,'
                . ' --retention=off whatever its age'
            : ();
        is_deeply(\@more, \@hint, @hint ? 'with a hint' : 'a wrong body of the past has a hint');
    }

    # the hint helps
    my $example = "$Usage::Nginx::root/examples/legacy-request.json";
    my ($status, $out, $err) = ctl('plan', $example);
    is($status, 1, 'the example is old');
    for ($err =~ /(--\S+=\S+)/g) {
        is((ctl('plan', $_, $example))[0], 0, "$_ plans it");
    }
    is(() = $err =~ /(--\S+=\S+)/g, 2, 'two ways');

    ($status, $out, $err) = ctl({ in => qq({"desktop_ids":["a\xc2\x9b1m\xe2\x80\xae"],"limit":"\xc2\x9b"}) },
        'plan');
    is($status, 1, 'a body with controls: refused');
    unlike($err, qr/\xc2\x9b|\xe2\x80\xae/, 'nothing gets at the terminal');
};

subtest 'wrong usage' => sub {
    my $body = ctl_file(body => '{}');
    for (['--desktops=0'], ['--desktops=x'], ['--format=xml'], ['--endpoint=ftp://x'],
        ['--endpoint=https://'], ['--endpoint=http:///'],
        [q(--endpoint=http://x"$(id)")], ['--project=a/b'], ['--now=today'],
        ['--lookback=7'], ['--retention=all'], ['--nothing'], [ $body, $body ], ['/nowhere'])
    {
        my ($status, $out, $err) = ctl('plan', @$_, @$_ == 1 && $_->[0] =~ /^-/ ? $body : ());
        is($status, 2, "@$_: status 2");
        is($out, '', 'nothing on standard output');
        like($err, qr/\Ausagectl plan: /, 'a complaint');
    }
    my ($status, $out) = ctl('plan', '--help');
    is($status, 0, '--help: status 0');
    like($out, qr/\Ausage: usagectl plan/, 'says how');
    is(scalar(grep { length > 80 } split /\n/, $out), 0, '--help is at most 80 columns wide');
};

$nginx->stop_ok;
$sim->stop;

done_testing();
