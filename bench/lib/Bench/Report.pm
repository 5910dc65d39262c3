# SPDX-License-Identifier: BSD-2-Clause

package Bench::Report;

# Prints the figures as one table, at most 100 characters wide.

use strict;
use warnings;

use List::Util qw(first);

# The heading, the width, and the text of a result.  It may be compared with those
# of Lua, of the floor, and of the file.
my @COLUMNS = (
    ['req/s',   8, sub { _number($_[0]{rate}) }],
    ['x Lua',   7, sub { _ratio('rate', $_[0], $_[1]{lua}) }],
    ['x floor', 8, sub { _ratio('rate', $_[0], $_[1]{floor}) }],
    ['CPU ms',  8, sub { _number($_[0]{cpu}) }],
    ['x Lua',   7, sub { _ratio('cpu', $_[0], $_[1]{lua}) }],
    ['x floor', 8, sub { _ratio('cpu', $_[0], $_[1]{floor}) }],
    ['x file',  7, sub { _ratio('cpu', $_[0], $_[1]{file}) }],
    ['calls',   6, sub { $_[0]{calls} }],
    ['busy',    6, sub { defined $_[0]{busy} ? sprintf '%.0f%%', 100 * $_[0]{busy} : '-' }],
    ['peak MB', 8, sub { _megabytes($_[0]{peak}) }],
    ['own',     6, sub { _megabytes($_[0]{own}) }],
);
use constant LABEL => 21;

my %FLOOR = (cold => 'proxied', warm => 'live');

# Formats a number with three significant digits.
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
    my ($field, $one, $other) = @_;

    return '-' if !$other || !$other->{$field} || !defined $one->{$field};
    return _number($one->{$field} / $other->{$field});
}

sub _line {
    my ($label, @cells) = @_;
    return sprintf('%-*s', LABEL, $label)
        . join('', map { sprintf '%*s', $_->[1], $_->[0] } @cells) . "\n";
}

# Makes the table.  cases: what Bench::Case's results() gives, the smallest project
# first.
sub table {
    my (@cases) = @_;

    my $text = _line('', map { [@$_[0, 1]] } @COLUMNS);
    for my $case (@cases) {
        for my $state ('cold', 'warm') {
            my @rows = grep { $_->{state} eq $state } @{ $case->{results} } or next;
            $text .= "$case->{desktops} desktops, $state\n";
            $text .= _row($_, $case->{results}) for @rows;
        }
    }
    return $text . _by_size(@cases);
}

sub _find {
    my ($results, $state, $peer) = @_;
    return first { $_->{state} eq $state && $_->{peer} eq $peer && !$_->{missing} } @$results;
}

sub _row {
    my ($row, $results) = @_;

    return _line($row->{label}, [$row->{missing}, $COLUMNS[0][1] + 4]) if $row->{missing};

    my $state = $row->{state};
    my %than  = (
        lua   => _find($results, $state, 'lua'),
        floor => _find($results, $state, $FLOOR{$state}),
        file  => $state eq 'warm' && _find($results, 'warm', 'static'),
    );
    return _line($row->{label}, map { [$_->[2]->($row, \%than), $_->[1]] } @COLUMNS);
}

# Shows how the cost of the same page grows with its project.
sub _by_size {
    my (@cases) = @_;

    my $least = $cases[0]{desktops};
    my $text  = '';
    for my $row (grep { $_->{state} eq 'warm' && $_->{peer} =~ /^(?:module|lua|njs)$/
                        && !$_->{missing} } @{ $cases[0]{results} }) {
        $text .= _line($row->{label}, map {
            [_ratio('cpu', _find($_->{results}, 'warm', $row->{peer}), $row), 8]
        } @cases);
    }
    return '' if @cases < 2 || $text eq '';
    return "warm, CPU ms x those of $least desktops\n"
        . _line('', map { [$_->{desktops}, 8] } @cases) . $text;
}

1;
