# SPDX-License-Identifier: BSD-2-Clause

package Usage::Starts;

# When gateways started their upstream calls, by a log of their own: what the
# upstream sees depends on how fast the machine is, too.
#
#   my $g = Usage::Gateways->start(nginx => { proxy => $LOG }, http => $FORMAT);
#   is_within($g, 30, 'never too many');

use strict;
use warnings;

use Exporter 'import';
use Test::More;

use Usage::Test;

our @EXPORT = qw($FORMAT $LOG starts most is_within);

# For http{}, and for the internal location.
our $FORMAT = 'log_format start \'{"end":$msec,"took":$request_time,"status":"$status",'
    . '"id":"$http_x_request_id","uri":"$request_uri"}\';';
our $LOG = 'log_subrequest on; access_log %%PREFIX%%/start.log start;';

# The upstream calls of some Usage::Nginx, the first one first: {at} is when each
# started, in ms since 1970, {end} when it ended, in seconds.
sub starts {
    my @starts = sort { $a->{at} <=> $b->{at} }
        map { { %$_, at => int(1000 * ($_->{end} - $_->{took}) + 0.5) } }
        map { decode($_) || () }
        map { split /\n/, $_->_slurp('start.log') } @_;
    return @starts;
}

# The most calls in any window of so many milliseconds.
sub most {
    my ($window, @starts) = @_;
    my @at = map { $_->{at} } @starts;
    my ($most, $first) = (0, 0);
    for my $last (0 .. $#at) {
        # (milliseconds are rounded)
        $first++ while $at[$last] - $at[$first] > $window - 2;
        $most = $last - $first + 1 if $last - $first + 1 > $most;
    }
    return $most;
}

# A test: all gateways together started at most so many calls in any second.
sub is_within {
    my ($g, $rate, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @starts = starts(@{ $g->{nginx} });
    my $most = most(1000, @starts);
    ok(@starts && $most <= $rate, "$name: $most calls in a second, of $rate")
        or diag(join ' ', map { $_->{at} - $starts[0]{at} } @starts);
    return scalar @starts;
}

1;
