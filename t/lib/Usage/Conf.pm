# SPDX-License-Identifier: BSD-2-Clause

package Usage::Conf;

# Whether nginx takes a configuration, as tests.
#
# Where a text stands is said as for Usage::Nginx: passes(http => '...'), or, with
# text in several places, passes([ http => '...', location => '...' ]).

use strict;
use warnings;

use Exporter 'import';
use Test::More;

use Usage::Nginx;

our @EXPORT = qw(passes fails);

sub _place {
    my ($where, $text) = @_;
    return ref $where ? ("@$where", @$where) : ("$where: $text", $where => $text);
}

# A test: nginx takes it.
sub passes {
    my ($where, $text, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($default, @place) = _place($where, $text);
    my ($ok, $out) = Usage::Nginx->check(@place);
    return ok($ok, ($name || $default) . ' passes') || diag($out);
}

# Tests: nginx knows the directive, and refuses it with a message that is like
# this, or else says what is wrong and in which line.
sub fails {
    my ($where, $text, $like) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($name, @place) = _place($where, $text);
    my ($ok, $out) = Usage::Nginx->check(@place);
    return fail("$name is refused") if $ok;

    my ($line) = $out =~ /^(nginx: \[emerg\].*?)(?=^nginx: )/ms;
    $line //= $out;
    my ($directive) = reverse $place[-1] =~ /(usage_\w+)/g;
    $directive //= 'usage_';
    return unlike($line, qr/unknown directive "usage_/, "$name: the directive is known")
        && like($line, $like || qr/$directive.* in \S+nginx\.conf:\d+
            |(?:invalid|must|allowed|duplicate).* in \S+nginx\.conf:\d+/xs,
            "$name is refused");
}

1;
