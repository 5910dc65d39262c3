# SPDX-License-Identifier: BSD-2-Clause
#
# What reads the counters: the Grafana dashboard, the alert rules, and the table
# in docs/operations.md.  Each metric there has to be on the page of usage_status.

use strict;
use warnings;

use File::Temp ();
use Test::More;

use Usage::Nginx;
use Usage::Store;
use Usage::Test;

my $root = $Usage::Nginx::root;

# --- The page: its metrics, as families and as samples.

my $secret = File::Temp->new; # (only its owner can read it)
print {$secret} 'x' x 32;
close $secret;

my $nginx = Usage::Nginx->start(
    http   => Usage::Store->http . "usage_share /redis namespace=a secret=$secret;",
    server => 'location = /status { usage_status; }'
);
my $page = $nginx->request('GET', '/status')->{body};
my %family = map { $_ => 1 } $page =~ /^# TYPE (\S+)/mg;
my %sample = map { $_ => 1 } $page =~ /^(\w+)[{ ]/mg;
my %label  = map { $_ => 1 } $page =~ /[{,](\w+)="/g;
$nginx->stop_ok;

cmp_ok(scalar keys %family, '>=', 15, 'there are metrics');

# Prometheus adds one.
$label{instance} = 1;

# The metrics and labels of an expression that there are not.
sub unknown {
    my ($expr) = @_;
    $expr =~ s/"(?:[^"\\]|\\.)*"/""/g;
    my @wrong = grep { !$sample{$_} } $expr =~ /\b(usage_\w+)/g;
    push @wrong, grep { !$label{$_} } map { split /[\s,]+/ } $expr =~ /\bby \(([^)]*)\)/g;
    push @wrong, grep { !$label{$_} } $expr =~ /(\w+)\s*=~?\s*""/g;
    return @wrong;
}

sub promtool {
    my ($text, @args) = @_;
    my $file = $nginx->prefix . '/rules.yml';
    open my $fh, '>', $file or die "$file: $!";
    print {$fh} $text;
    close $fh;
    my $said = `promtool @args $file 2>&1`;
    return ($?, $said);
}

# --- The dashboard.

my $dashboard = decode(slurp("$root/examples/grafana-dashboard.json")) || {};
my @panels    = @{ $dashboard->{panels} || [] };
my @targets   = map { @{ $_->{targets} || [] } } @panels;

subtest 'the dashboard' => sub {
    cmp_ok(scalar @panels, '>', 10, 'the dashboard is JSON, with panels');
    cmp_ok($dashboard->{schemaVersion}, '>=', 36, 'the dashboard is of Grafana 10 or later');
    is(ref $dashboard->{schemaVersion}, '', 'schemaVersion is a number');
    like($dashboard->{uid}, qr/\A[\w-]{8,40}\z/, 'the dashboard has a uid');
    ok(!exists $dashboard->{id}, 'no id of the Grafana that it was made in');

    my ($source) = @{ $dashboard->{templating}{list} };
    is("$source->{type} $source->{query} $source->{name}", 'datasource prometheus datasource',
        'the data source is a variable');
    my %known = map { $_->{name} => 1 } @{ $dashboard->{templating}{list} };
    my $text  = slurp("$root/examples/grafana-dashboard.json");
    my @used  = grep { !/\A__/ } $text =~ /\$\{?(\w+)/g;
    is(join(' ', grep { !$known{$_} } @used), '', 'all variables that are used are defined');

    my (%id, %at, @wrong);
    for my $panel (@panels) {
        my $name = $panel->{title} // 'a panel without title';
        push @wrong, "$name: type"       if $panel->{type} !~ /\A(?:row|stat|timeseries)\z/;
        push @wrong, "$name: id"         if $id{ $panel->{id} }++;
        my ($x, $y, $w, $h) = @{ $panel->{gridPos} }{qw(x y w h)};
        push @wrong, "$name: too wide"   if $x + $w > 24 || $w < 1 || $h < 1;
        for my $cx ($x .. $x + $w - 1) {
            for my $cy ($y .. $y + $h - 1) {
                push @wrong, "$name lies on $at{$cx,$cy}" if $at{ $cx, $cy };
                $at{ $cx, $cy } = $name;
            }
        }
        next if $panel->{type} eq 'row';
        my %ref;
        push @wrong, "$name: data source"
            for grep { $_->{datasource}{uid} ne '${datasource}'
                || $_->{datasource}{type} ne 'prometheus' } $panel, @{ $panel->{targets} };
        push @wrong, "$name: refId"  for grep { $ref{ $_->{refId} }++ } @{ $panel->{targets} };
        push @wrong, "$name: no expression" if !@{ $panel->{targets} };
        push @wrong, "$name: no description" if !length($panel->{description} // '');
        push @wrong, "$name: no unit" if !$panel->{fieldConfig}{defaults}{unit};
        my $legend = join ' ', map { $_->{legendFormat} =~ /\{\{(\w+)\}\}/g }
            @{ $panel->{targets} };
        push @wrong, "$name: legend $_" for grep { !$label{$_} } split / /, $legend;
    }
    is(join("\n", @wrong), '', 'panels are as Grafana wants them');
};

subtest 'its expressions' => sub {
    is(join(' ', map { unknown($_->{expr}) } @targets), '',
        'metrics and labels are on the page');
    my %shown = map { $_ => 1 } map { $_->{expr} =~ /\b(usage_\w+)/g } @targets;
    is(join(' ', grep { !$shown{$_} && !$shown{"${_}_bucket"} } sort keys %family), '',
        'all metrics of the page are shown');

    my ($n, $rules) = (0, "groups:\n- name: dashboard\n  rules:\n");
    for (@targets) {
        my $expr = $_->{expr} =~ s/\$__(?:rate_interval|range|interval)/5m/gr;
        $rules .= sprintf "  - record: expression:%d\n    expr: '%s'\n", ++$n,
            $expr =~ s/'/''/gr;
    }
    my ($status, $said) = promtool($rules, 'check rules');
    is($status, 0, 'promtool can read them') or diag($said);
    like($said, qr/SUCCESS: $n rules/, "promtool finds all $n rules");
};

# --- The rules.

my $rules = slurp("$root/examples/prometheus-rules.yml");

subtest 'alert rules' => sub {
    my ($status, $said) = promtool($rules, 'check rules', '--lint=all', '--lint-fatal');
    is($status, 0, 'promtool check rules') or diag($said);
    is(join(' ', map { unknown($_) } $rules =~ /^ +expr: (.*?)(?=^ +(?:for|labels):)/msg), '',
        'metrics and labels are on the page');
    is_deeply([ sort($rules =~ /^ +- alert: (\w+)/mg) ],
        [ sort(slurp("$root/docs/operations.md") =~ /^\| `(Usage\w+)` \|/mg) ],
        'docs/operations.md has all of them');
};

# A gateway over 120 steps: what it counts in each, and which alerts that gives.
my ($step, $end) = ('1m', '2h');

sub alerts {
    my ($name, $series, @alerts) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my %wanted = map { $_ => 1 } @alerts;
    my $text = "rule_files:\n- $root/examples/prometheus-rules.yml\n"
        . "evaluation_interval: $step\ntests:\n- interval: $step\n  input_series:\n";
    for (sort keys %$series) {
        my $labels = /\{/ ? s/\{/{instance="a",/r : "$_\{instance=\"a\"}";
        $text .= "  - series: '$labels'\n    values: '$series->{$_}'\n";
    }
    $text .= "  promql_expr_test:\n";
    for ($rules =~ /^ +- alert: (\w+)/mg) {
        my $count = $wanted{$_} ? "\n    - labels: '{}'\n      value: 1" : ' []';
        $text .= "  - expr: 'count(ALERTS{alertname=\"$_\",alertstate=\"firing\"} > 0)'\n"
            . "    eval_time: $end\n    exp_samples:$count\n";
    }
    my ($status, $said) = promtool($text, 'test rules');
    return is($status, 0, $name) || diag($said);
}

subtest 'when they fire' => sub {
    my %well = (
        'usage_build_info' => '1x120',
        'usage_requests_total{mode="translate",status="200"}' => '0+60x120',
        'usage_requests_total{mode="translate",status="400"}' => '0+2x120',
        'usage_requests_total{mode="translate",status="502"}' => '0+1x120',
        'usage_upstream_calls_total{api="desktops",status="200"}' => '0+900x120',
        'usage_upstream_calls_total{api="desktops",status="503"}' => '0+1x120',
        'usage_pacing_refused_total' => '0x120',
        'usage_store_hits_total' => '0+500x120',
        'usage_store_misses_total' => '0+900x120',
        'usage_compare_total' => '0+60x120',
        'usage_compare_differences_total' => '0x120',
        'usage_signatures_refused_total' => '0x120',
        'usage_share_up{location="/redis"}' => '1x120',
        'usage_share_rejected_total' => '0x120',
        'usage_request_duration_seconds_bucket{mode="translate",le="1"}' => '0+60x120',
        'usage_request_duration_seconds_bucket{mode="translate",le="30"}' => '0+63x120',
        'usage_request_duration_seconds_bucket{mode="translate",le="60"}' => '0+63x120',
        'usage_request_duration_seconds_bucket{mode="translate",le="+Inf"}' => '0+63x120',
    );
    alerts('all is well', \%well);
    alerts('nothing there', { other => '1x120' }, 'UsageGatewayGone');
    alerts('server errors', { %well,
        'usage_requests_total{mode="translate",status="504"}' => '0+9x120' },
        'UsageServerErrors');
    alerts('an API that times out', { %well,
        'usage_upstream_calls_total{api="users",status="timeout"}' => '0+1x120' },
        'UsageUpstreamUnreachable');
    alerts('no rights', { %well,
        'usage_upstream_calls_total{api="records",status="403"}' => '0+1x120' },
        'UsageRightsMissing');
    alerts('the quota', { %well,
        'usage_upstream_calls_total{api="desktops",status="429"}' => '0+1x120' },
        'UsageQuotaExceeded');
    alerts('the pace', { %well, usage_pacing_refused_total => '0+1x120' },
        'UsagePacingRefuses');
    alerts('slow', { %well,
        'usage_request_duration_seconds_bucket{mode="translate",le="60"}' => '0+70x120',
        'usage_request_duration_seconds_bucket{mode="translate",le="+Inf"}' => '0+70x120' },
        'UsageSlow');
    alerts('differences', { %well, usage_compare_differences_total => '0x100 1x20' },
        'UsageCompareDiffers');
    alerts('signatures', { %well, usage_signatures_refused_total => '0+2x120' },
        'UsageSignaturesRefused');

    alerts('Redis is away', { %well, 'usage_share_up{location="/redis"}' => '1x100 0x20' },
        'UsageShareDown');
    alerts('values that do not verify', { %well, usage_share_rejected_total => '0x100 1+1x20' },
        'UsageShareRejects');

    # what shows in months only
    ($step, $end) = ('12h', '60d');
    my %quiet = (usage_build_info => '1x120',
        'usage_requests_total{mode="translate",status="200"}' => '0+60x120');
    alerts('two months', { %quiet, usage_store_hits_total => '0+500x120',
        usage_store_misses_total => '0+900x120' });
    alerts('no store', { %quiet, usage_store_hits_total => '0x120',
        usage_store_misses_total => '0x120' });
    alerts('a store that is no use', { %quiet, usage_store_hits_total => '0+50x120',
        usage_store_misses_total => '0+900x120' }, 'UsageStoreUseless');
    alerts('nobody calls', { usage_build_info => '1x120',
        'usage_requests_total{mode="translate",status="200"}' => '0+60x50 3000x70' },
        'UsageNobodyCalls');
    alerts('a new gateway', { usage_build_info => '_x80 1x40',
        'usage_requests_total{mode="translate",status="200"}' => '_x80 0x40' });
};

# --- The table.

subtest 'docs/operations.md' => sub {
    my ($text) = slurp("$root/docs/operations.md") =~ /^## Metrics\n(.*?)(?=^## )/ms;
    is_deeply([ sort(($text // '') =~ /^\| `(usage_\w+)/mg) ], [ sort keys %family ],
        'the table has all metrics, and no others');
};

done_testing();
