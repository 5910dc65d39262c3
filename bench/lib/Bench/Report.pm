package Bench::Report;

# The figures of one case as two tables: work and memory.

use strict;
use warnings;

# heading, width, and how to get the text from a result, Lua's and the floor's
my @WORK = (
    ['req/s',   9, sub { _number($_[0]{rate}) }],
    ['x Lua',   7, sub { _ratio($_[0], $_[1], 'rate') }],
    ['x floor', 8, sub { _ratio($_[0], $_[2], 'rate') }],
    ['CPU ms',  9, sub { _number($_[0]{cpu}) }],
    ['x Lua',   7, sub { _ratio($_[0], $_[1], 'cpu') }],
    ['x floor', 8, sub { _ratio($_[0], $_[2], 'cpu') }],
    ['p50 ms',  8, sub { _number($_[0]{p50}) }],
    ['p99 ms',  8, sub { _number($_[0]{p99}) }],
    ['calls',   7, sub { $_[0]{calls} }],
    ['busy',    7, sub { sprintf '%.0f%%', 100 * $_[0]{busy} }],
);

my @MEMORY = (
    ['idle MB', 9, sub { _megabytes($_[0]{idle}) }],
    ['after',   8, sub { _megabytes($_[0]{rss}) }],
    ['x Lua',   7, sub { _ratio($_[0], $_[1], 'rss') }],
    ['peak',    8, sub { _megabytes($_[0]{peak}) }],
    ['x Lua',   7, sub { _ratio($_[0], $_[1], 'peak') }],
    ['added',   8, sub { _megabytes($_[0]{added}) }],
    ['x Lua',   7, sub { _ratio($_[0], $_[1], 'added') }],
);

# Three digits that matter, as far as there are any.
sub _number {
    my ($value) = @_;

    return '-' if !defined $value;
    my $digits = $value >= 100 ? 0 : $value >= 10 ? 1 : $value >= 1 ? 2 : 3;
    return sprintf "%.${digits}f", $value;
}

sub _megabytes {
    my ($kb) = @_;
    return sprintf '%.1f', $kb / 1024;
}

sub _ratio {
    my ($one, $other, $field) = @_;

    return '-' if !$other || !$other->{$field} || !defined $one->{$field};
    return _number($one->{$field} / $other->{$field});
}

# results: a list in the order of the table, each with peer, label and figures
sub tables {
    my (@results) = @_;
    return join "\n", map { _table($_, @results) } \@WORK, \@MEMORY;
}

sub _table {
    my ($columns, @results) = @_;

    my ($lua)   = grep { $_->{peer} eq 'lua' } @results;
    my ($floor) = grep { $_->{peer} eq 'proxied' } @results;

    my $text = sprintf '%-22s', '';
    $text .= sprintf "%$_->[1]s", $_->[0] for @$columns;
    $text .= "\n";
    for my $result (@results) {
        $text .= sprintf '%-22s', $result->{label};
        $text .= sprintf "%$_->[1]s", $_->[2]->($result, $lua, $floor) for @$columns;
        $text .= "\n";
    }
    return $text;
}

1;
