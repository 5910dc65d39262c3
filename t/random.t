# Random legacy calls over random tenants: the module's reply is the
# simulator's own, which knows the sessions themselves.  Then the same with
# faults: the true reply or an error, never anything else.
#
#   USAGE_SEED            the seed, printed where it was not given
#   USAGE_RANDOM_COUNT    the calls to make, 3000

use strict;
use warnings;

use Test::More;
use Time::HiRes ();

use Usage::Nginx;
use Usage::Sim;
use Usage::Test;

my $seed  = $ENV{USAGE_SEED} // (time ^ $$ << 8) & 0x7fffffff;
my $total = $ENV{USAGE_RANDOM_COUNT} || (Usage::Nginx->slow ? 150 : 3000);

note("USAGE_SEED=$seed USAGE_RANDOM_COUNT=$total");

# (perl's own generator differs between builds; this one does not)
my $state = $seed;

sub rnd {
    my ($n) = @_;
    $state = ($state * 1103515245 + 12345) & 0x7fffffff;
    return int(($state >> 8) / 0x800000 * $n);
}
sub chance { return rnd(100) < $_[0] }
sub pick   { return $_[ rnd(scalar @_) ] }

my $dir = File::Temp::tempdir('usage-random-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $log = "$dir/calls";
my $sim = Usage::Sim->start(
    args => [ '--seed', 1, '--log', $log, '--keep-calls', 1 ]);

my @places = (
    [ ''     => '' ],
    [ one    => 'usage_concurrency 1;' ],
    [ three  => 'usage_concurrency 3;' ],
    [ wide   => 'usage_concurrency 64;' ],
    [ string => 'usage_use_time string;' ],
    [ unbuf  => '', '/in/unbuf' ],
    [ tiny   => 'usage_concurrency 20;', '/in/tiny' ],
);

my $nginx = Usage::Nginx->start(
    upstream => $sim->port,
    server   => join('', map { $_->[0] ? Usage::Nginx->at(@$_) : '' } @places)
        . 'location /in/unbuf/ { internal; proxy_pass http://successors/;
            proxy_buffering off; }
        location /in/tiny/ { internal; proxy_pass http://successors/;
            proxy_http_version 1.1; proxy_set_header Connection "";
            proxy_buffer_size 1k; proxy_buffers 2 1k;
            proxy_busy_buffers_size 1k; proxy_temp_file_write_size 1k; }'
);

my ($conn, $truth);

# One call, on the connection that stays open.
sub post {
    my ($c, $port, $target, $body, @headers) = @_;
    for (1 .. 2) {
        $$c ||= Usage::Client->new(port => $port, timeout => Usage::Nginx->patience(120));
        my $res = $$c->post($target, $body, 'X-Auth-Token' => 'token', @headers);
        return $res unless $res->{error};
        undef $$c;
        return $res if $_ == 2;
    }
}

# --- Requests.

my @desktops;

sub some_ids {
    my $n = pick(1, 1, 2, 3, 5, 10, 30, 101, 300);
    $n = 2000 if chance(1);
    my @ids;
    for (1 .. $n) {
        push @ids,
              chance(80) && @desktops ? pick(@desktops)
            : @ids && chance(30)      ? pick(@ids)
            : chance(30)              ? pick('nobody', 'a,b', 'x&y', 'é€', '100%', "q\"'\\",
                ' ', '+', '#', substr(pick(@desktops, 'none'), 0, 8))
            : sprintf '%08x-0000-4000-8000-%012x', rnd(1 << 23), rnd(1 << 23);
    }
    return \@ids;
}

sub number {
    my ($n) = @_;
    return chance(20) ? "$n" : $n + 0;
}

# The body, and how many days it asks for.
sub some_request {
    my ($wide) = @_;
    my (%r, $days);

    my $kind = rnd(10);
    if ($kind == 0) {
        $days = 15;
    } elsif ($kind == 1) {
        $r{end_time} = day(-rnd(60) + 8);
        $days = 15;
    } elsif ($kind == 2) {
        my $back = rnd($wide ? 31 : 12);
        $r{start_time} = day(-$back);
        $days = $back + 1;
    } else {
        $days = $wide ? 1 + rnd(31) : pick(1, 1, 1, 2, 3, 4, 7, 10, 31);
        my $from = -rnd(45) + pick(0, 0, 0, 5, 12);
        $from = -rnd(170) if chance(5);
        $r{start_time} = day($from);
        $r{end_time}   = day($from + $days - 1);
    }

    $r{desktop_ids} = some_ids() if chance(50);
    $r{desktop_ids} = pick([], undef) if chance(4);
    $r{offset} = number(pick(0, 1, 5, rnd(30), rnd(150), rnd(@desktops + 3),
        scalar @desktops, 2147483647)) if chance(50);
    $r{limit} = number(pick(0, 1, 2, 10, 99, 100, rnd(101))) if chance(60);
    $r{group_by_type} = pick('DAY', '', undef) if chance(30);
    $r{desktop_username} = pick('', undef)     if chance(10);
    $r{other} = pick(1, undef, [], { limit => 7 }) if chance(5);

    if (chance(2)) {
        # a wrong one among them
        my ($key, $value) = @{ pick([ limit => 101 ], [ offset => -1 ],
            [ start_time => '2022-02-30' ], [ desktop_ids => [''] ],
            [ end_time => day(-400) ], [ limit => 1.5 ]) };
        $r{$key} = $value;
        $days = 0;
    }

    return (\%r, $days);
}

# The day, and whether yesterday is filed already: where these change between
# two calls, they need not agree.
sub epoch { return int((time - 2 * 3600) / 3600) }

my ($serial, %want, %kept) = (0);

sub compare {
    my ($r, $days, $place, $name) = @_;

    my $id   = 'r' . ++$serial;
    my $text = $json->encode($r);
    my ($at) = @$place;
    my $begin = epoch();

    my $mine = post(\$conn, $nginx->port, ($at ? "/$at" : '') . route('p'), $text,
        'X-Request-Id' => $id);
    my $true = post(\$truth, $sim->port, route('p')
        . ($at eq 'string' ? '?use_time=string' : ''), $text);

    return if epoch() != $begin;

    my $differ = $mine->{error} ? "no reply: $mine->{error}"
        : $mine->{status} != $true->{status}
        ? "status $mine->{status}, not $true->{status}"
        : $true->{status} == 200 ? same_json($mine->{body}, $true->{body})
        : '';

    if ($true->{status} == 200) {
        my $sent = () = $mine->{body} =~ /"desktop_id":/g;
        $want{$id} = [ $days, $sent, $name ];
    }

    return $differ ? "$name, $id at '$at': $differ\n" . substr($text, 0, 500)
        . "\nmine: " . substr($mine->{body}, 0, 500)
        . "\ntrue: " . substr($true->{body}, 0, 500) : '';
}

# --- Tenants: desktops, share of the calls, wide ranges.

my @tenants = (
    [ 0,    2 ],  [ 1,    6 ],  [ 2,    8, 1 ], [ 7,   12, 1 ],
    [ 20,   15, 1 ], [ 20,  15, 1 ], [ 60,  10, 1 ], [ 99,  6 ],
    [ 100,  7 ],  [ 101,  6 ],  [ 250,  6 ],    [ 199, 3 ],
    [ 201,  2 ],  [ 1000, 1.2 ],
    [ 2000, 0.6 ],
);
my $shares = 0;
$shares += $_->[1] for @tenants;

for (@tenants) {
    my ($desktops, $share, $wide) = @$_;
    my $count = int($total * $share / $shares) || 1;

    for my $idle (qw(shown hidden)) {
        my $tenant = rnd(1 << 20);
        $sim->tenant(seed => $tenant, desktops => $desktops,
            days => pick(10, 31, 40), idle => $idle);
        @desktops = @{ $sim->desktops };
        my $name = "$desktops desktops, idle $idle, tenant $tenant";
        my $begin = Time::HiRes::time();

        my @wrong;
        for (1 .. int($count / 2) || 1) {
            my ($r, $days) = some_request($wide);
            my $why = compare($r, $days, pick(@places), $name);
            push @wrong, $why if $why;
            last if @wrong > 3;
        }
        is(scalar @wrong, 0, "$name: " . (int($count / 2) || 1) . ' calls')
            or diag(join "\n", @wrong);
        note(sprintf '%.1f s', Time::HiRes::time() - $begin);
    }
}

subtest 'the variables' => sub {
    my %calls;
    $sim->config;    # (an answer to this: the log is written up to here)
    open my $fh, '<', $log or die "$log: $!";
    while (<$fh>) {
        next if /"api":\s*"(?:legacy|control)?"/ || m{"path":\s*"/_sim};
        $calls{$1}++ if /"x-request-id":\s*"([^"]+)"/;
    }
    close $fh;

    my (%seen, @wrong);
    for ($nginx->access_lines($serial)) {
        my ($id) = /\A\{"id":"([^"]*)"/ or next;
        my $want = $want{$id} or next;
        $seen{$id} = 1;
        my $line = decode($_) or push(@wrong, "no JSON: $_"), next;
        my ($days, $desktops, $name) = @$want;
        push @wrong, "$id, $name: calls $line->{calls}, not " . ($calls{$id} || 0)
            if $line->{calls} ne ($calls{$id} || 0);
        push @wrong, "$id, $name: desktops $line->{desktops}, not $desktops"
            if $line->{desktops} ne $desktops;
        push @wrong, "$id, $name: days $line->{days}, not $days"
            if $line->{days} ne $days;
        push @wrong, "$id, $name: error $line->{error}" if $line->{error} ne '';
    }
    my @missing = grep { !$seen{$_} } keys %want;
    is(scalar @missing, 0, scalar(keys %want) . ' calls are in the log');
    is(scalar @wrong, 0, 'and tell the upstream calls, days and desktops')
        or diag(join "\n", splice @wrong, 0, 10);
};

# --- With faults.  Each kind: what may come of it, besides the truth.

my @faults = (
    # what a client must not notice
    [ { fault => 'chunked', piece => 7 },             [] ],
    [ { fault => 'drip',    piece => 500, ms => 1 },  [] ],
    [ { fault => 'close' },                           [] ],
    [ { fault => 'delay',   ms => 20 },               [] ],
    [ { fault => 'extra' },                           [] ],
    [ { fault => 'pad',     kb => 3 },                [] ],
    [ { fault => 'unsorted' },                        [] ],
    # what it must
    [ { fault => 'status', status => 500 },           [ 500, 502 ] ],
    [ { fault => 'status', status => 503 },           [ 503, 502 ] ],
    [ { fault => 'status', status => 404 },           [ 404, 502 ] ],
    [ { fault => 'status', status => 429 },           [429] ],
    [ { fault => 'reset' },                           [502] ],
    [ { fault => 'reset', at => 100 },                [502] ],
    [ { fault => 'cut', at => 50 },                   [502] ],
    [ { fault => 'truncate' },                        [502] ],
    [ { fault => 'garble', bytes => 1 },              [502] ],
    [ { fault => 'text', body => '<html>' },          [502] ],
    [ { fault => 'empty' },                           [502] ],
    [ { fault => 'gzip' },                            [502] ],
    [ { fault => 'negative' },                        [502] ],
    [ { fault => 'string' },                          [502] ],
    [ { fault => 'huge' },                            [502] ],
    [ { fault => 'no-id' },                           [502] ],
    [ { fault => 'no-count' },                        [502] ],
    [ { fault => 'no-items' },                        [502] ],
    [ { fault => 'null-items' },                      [502] ],
    # what it must not, if it passes
    [ { fault => 'lying-count', delta => 1 },         [502] ],
    [ { fault => 'rows', delta => -1 },               [502] ],
    [ { fault => 'rows', delta => 1 },                [502] ],
    [ { fault => 'duplicate' },                       [502] ],
    [ { fault => 'null', idle => JSON::PP::true() },  [] ],
    [ { fault => 'no-metric', idle => JSON::PP::true() }, [] ],
);

subtest 'with faults' => sub {
    my $count = int($total / 10) || 10;
    my ($true, $errors, @wrong) = (0, 0);

    for my $i (0 .. $count - 1) {
        my ($fault, $may) = @{ $faults[ $i % @faults ] };
        if ($i % @faults == 0) {
            $sim->tenant(seed => rnd(1 << 20), desktops => pick(5, 30, 120, 250),
                days => 31, idle => pick(qw(shown hidden)));
            @desktops = @{ $sim->desktops };
        }

        my ($r) = some_request(0);
        $sim->faults();
        my $expect = post(\$truth, $sim->port, route('p'), $json->encode($r));
        next if $expect->{status} != 200;

        my %f = (%$fault, chance(70) ? (count => pick(1, 1, 2, 5)) : (),
            chance(50) ? (skip => rnd(6)) : (),
            $fault->{fault} =~ /^(?:status|reset|cut|truncate|text|empty|drip|delay)/
            ? () : (api => 'desktop-metrics'));
        $sim->faults(\%f);

        my $begin = epoch();
        my $id    = 'f' . ++$serial;
        my $mine  = post(\$conn, $nginx->port, route('p'), $json->encode($r),
            'X-Request-Id' => $id);
        next if epoch() != $begin;

        my $what = $json->encode(\%f);
        if ($mine->{error}) {
            push @wrong, "$what: no reply: $mine->{error}";
        } elsif ($mine->{status} == 200) {
            $true++;
            my $differ = same_json($mine->{body}, $expect->{body});
            push @wrong, "$what: a wrong 200: $differ\n" . $json->encode($r)
                if $differ;
        } else {
            $errors++;
            push @wrong, "$what: $mine->{status}\n$mine->{body}\n"
                . substr $json->encode($r), 0, 1000
                unless grep { $_ == $mine->{status} } @$may;
            push @wrong, "$what: not an error reply: $mine->{body}"
                unless decode($mine->{body})
                && defined decode($mine->{body})->{error_code};
        }
        last if @wrong > 5;
    }

    $sim->faults();
    is(scalar @wrong, 0, "$count calls: $true true replies, $errors errors")
        or diag(join "\n", @wrong);
};

diag("USAGE_SEED=$seed") unless Test::More->builder->is_passing;

$nginx->stop_ok;
$sim->stop;

done_testing();
