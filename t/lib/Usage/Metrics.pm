# SPDX-License-Identifier: BSD-2-Clause

package Usage::Metrics;

# What usage_status says, and what changes of it. Its page is at /status, and not
# in the access log.

use strict;
use warnings;

use Exporter 'import';
use Test::More;

use Usage::Test;

our @EXPORT = qw(page samples json_samples plain now since counts
    request_metric upstream_metric promtool);

# The name of the sample for legacy calls in a mode, and of the one for upstream
# calls.
sub request_metric  { return sprintf 'usage_requests_total{mode="%s",status="%s"}', @_ }
sub upstream_metric { return sprintf 'usage_upstream_calls_total{api="%s",status="%s"}', @_ }

# The reply of usage_status.
sub page {
    my ($nginx, @headers) = @_;
    return $nginx->request('GET', '/status', undef, @headers);
}

# Each sample of the text: its name with labels, and its value.
sub samples {
    my ($text) = @_;
    return { map { /\A([^#\s{]+(?:\{.*\})?) (\S+)\z/ ? ($1 => $2) : () }
            split /\n/, $text };
}

# Each sample of the JSON, by name and labels as plain() writes them.
sub json_samples {
    my ($text) = @_;
    my $data = decode($text) or return {};
    my %samples;
    for my $name (keys %$data) {
        if (!ref $data->{$name}) {
            $samples{$name} = $data->{$name};
            next;
        }
        for my $sample (@{ $data->{$name} }) {
            my %labels = %$sample;
            my $value  = delete $labels{value};
            $samples{ $name . join ',', map {"$_=$labels{$_}"} sort keys %labels } = $value;
        }
    }
    return \%samples;
}

# The name of a sample of the text, with its labels unquoted.
sub plain {
    my ($name) = @_;
    my ($metric, $labels) = $name =~ /\A([^{]+)(?:\{(.*)\})?\z/ or return;
    return $metric unless defined $labels;
    my %labels;
    while ($labels =~ /\G(\w+)="((?:[^"\\]|\\.)*)",?/g) {
        my ($key, $value) = ($1, $2);
        $value =~ s/\\(.)/$1 eq 'n' ? "\n" : $1/ge;
        utf8::decode($value);
        $labels{$key} = $value;
    }
    return $metric . join ',', map {"$_=$labels{$_}"} sort keys %labels;
}

# All samples as they are now.
sub now { return samples(page($_[0])->{body}) }

# The samples that changed since then, and by how much; without gauges and without
# how long calls took.
sub since {
    my ($nginx, $before) = @_;
    my $now = now($nginx);
    return { map { $_ => $now->{$_} - ($before->{$_} || 0) }
            grep { !/duration_seconds_(?:bucket|sum)|_bytes/
                && $now->{$_} != ($before->{$_} || 0) } keys %$now };
}

# A test: by what is done these samples change by so much, and no others do.  Names
# may be short: 200, for legacy calls with that status; 'compare 200', for those
# in a mode; 'desktops/200', for upstream calls.  Returns what $do returns.
sub counts {
    my ($nginx, $name, $do, %want) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my (%expected, %requests);
    for (keys %want) {
        if (/\A(?:(\S+) )?(\d+)\z/) {
            my $mode = $1 // 'translate';
            $expected{ request_metric($mode, $2) } = $want{$_};
            $expected{qq(usage_request_duration_seconds_count{mode="$mode"})} += $want{$_};
        } else {
            $expected{ m{\A(\w+)/(\w+)\z} ? upstream_metric($1, $2) : $_ } = $want{$_};
        }
    }

    my $before = now($nginx);
    my $res    = $do->();

    # (a call is counted when it is over, which may be after its reply)
    my $have;
    my $text = sub { join ' ', map {"$_ $_[0]{$_}"} sort keys %{ $_[0] } };
    $nginx->wait_for(sub {
        $have = since($nginx, $before);
        return $text->($have) eq $text->(\%expected);
    });
    is_deeply($have, \%expected, "counted: $name") or diag(explain($have));
    return $res;
}

# Runs promtool with a text as its standard input; its status, and what it says.
sub promtool {
    my ($nginx, $text, $command) = @_;
    my $file = spew($nginx->prefix . '/promtool.in', $text);
    my $said = `promtool $command < $file 2>&1`;
    return ($?, $said);
}

1;
