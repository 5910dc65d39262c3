# SPDX-License-Identifier: BSD-2-Clause

package Usage::Random;

# Random choices that a seed repeats on every machine: perl's own rand() is not
# the same in each build.
#
#   USAGE_SEED    the seed; without it each run has another one.  It is noted at
#                 the start, and printed if the test fails.

use strict;
use warnings;

use Exporter 'import';
use Test::More;

our @EXPORT = qw(rnd chance pick);

our $seed = $ENV{USAGE_SEED} // (time * 1000 ^ $$ << 8) & 0x7fffffff;

my $owner = $$;
my $state = $seed;

srand $seed;
note("USAGE_SEED=$seed");

# Begins again with another seed, as in a child process; perl's own rand(), too.
sub reseed {
    $state = $_[-1] & 0x7fffffff;
    srand $state;
    return;
}

# A whole number from 0 to one below this.
sub rnd {
    my ($n) = @_;
    $state = ($state * 1103515245 + 12345) & 0x7fffffff;
    return int(($state >> 8) / 0x800000 * $n);
}

# Whether it happens, at so many percent.
sub chance { return rnd(100) < $_[0] }

# One of these.
sub pick { return $_[ rnd(scalar @_) ] }

END {
    diag("USAGE_SEED=$seed")
        if $$ == $owner && !Test::More->builder->is_passing;
}

1;
