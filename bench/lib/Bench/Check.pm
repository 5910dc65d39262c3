# SPDX-License-Identifier: BSD-2-Clause

package Bench::Check;

# Checks, before anything is measured, that the peers give the right replies.

use strict;
use warnings;

use HTTP::Tiny;
use JSON::PP;
use List::Util qw(first);

use Bench::Load;

my $http = HTTP::Tiny->new(timeout => 60);
my $json = JSON::PP->new->canonical->allow_nonref;

# (load.lua sends the same)
my @TOKEN = ('X-Auth-Token' => 'a-token-made-for-the-benchmark');

# Gives cases: name, body, and the text of the reply, or its status if that isn't 200.
sub cases {
    my ($tenant) = @_;

    my %range = (start_time => $tenant->{first}, end_time => $tenant->{last});
    my @used = map { $_->{id} } grep { $_->{total} } @{ $tenant->{desktops} };
    my @ids = (@used[50, 3, 17, 3], 'unknown-desktop');

    my $good = sub {
        my ($name, %fields) = @_;
        return [$name, $json->encode({ %range, %fields }), $tenant->truth(%fields)];
    };
    my $bad = sub {
        my ($name, %fields) = @_;
        return [$name, $json->encode({ %range, %fields }), 400];
    };

    return (
        $good->('the whole range'),
        $good->('a page of it', offset => 37, limit => 5),
        $good->('beyond the end', offset => 5000),
        $good->('the count alone', limit => 0),
        $good->('some desktops', desktop_ids => \@ids),
        ['fields left out', $json->encode({ %range, desktop_ids => [], group_by_type => '', offset => undef }),
            $tenant->truth],
        ['no JSON', '{"start_time":', 400],
        ['an array', '[]', 400],
        $bad->('a day too many',     end_time    => '2024-02-01'),
        $bad->('no such date',       end_time    => '2024-01-32'),
        $bad->('the end first',      end_time    => '2023-12-31'),
        $bad->('a limit too high',   limit       => 101),
        $bad->('a fraction',         offset      => 0.5),
        $bad->('an empty id',        desktop_ids => ['']),
        $bad->('an id of a number',  desktop_ids => [7]),
        $bad->('an unknown group',   group_by_type => 'WEEK'),
    );
}

# Makes a legacy call; gives its status and its body, as canonical JSON.
sub _call {
    my ($server, $tenant, $body, @token) = @_;

    my $answer = $http->post(
        'http://127.0.0.1:' . $server->port . $tenant->route,
        { headers => { 'Content-Type' => 'application/json', @token }, content => $body }
    );
    my $value = eval { $json->decode($answer->{content}) };
    return ($answer->{status}, defined $value ? $json->encode($value) : "no JSON: $answer->{content}");
}

# Says what is wrong with a peer's replies; gives nothing if they are right.
sub faults {
    my ($server, $upstream, $tenant) = @_;

    my @faults;

    for my $case (cases($tenant)) {
        my ($name, $body, $expected) = @$case;
        my $before = Bench::Load::requests($upstream);
        my ($status, $text) = _call($server, $tenant, $body, @TOKEN);

        if ($expected =~ /^\d+$/) {
            my $calls = Bench::Load::requests($upstream) - $before;
            push @faults, "$name: status $status, expected $expected"      if $status != $expected;
            push @faults, "$name: $calls upstream calls, expected none" if $calls;
            next;
        }
        my $true = $json->encode($json->decode($expected));
        push @faults, "$name: status $status: " . _difference($text, $true)
            if $status != 200 || $text ne $true;
    }

    my ($status, $text) = _call($server, $tenant, '{}');
    push @faults, "no token: status $status, expected the upstream's 401 as it is: $text"
        if $status != 401 || $text !~ /"APIGW\.0301"/;
    return @faults;
}

# Says where two texts begin to differ.
sub _difference {
    my ($is, $should) = @_;

    my $at = first { substr($is, $_, 1) ne substr($should, $_, 1) }
        0 .. (length $is < length $should ? length $is : length $should) - 1;
    return 'the reply is longer or shorter than it should be' if !defined $at;

    my $from = $at < 60 ? 0 : $at - 60;
    return sprintf "at character %d: ...%s..., expected ...%s...", $at,
        substr($is, $from, 120), substr($should, $from, 120);
}

# Counts the upstream calls that the measured call makes when it is made again.
sub cost {
    my ($server, $upstream, $tenant) = @_;

    my $body = $json->encode({ start_time => $tenant->{first}, end_time => $tenant->{last} });
    _call($server, $tenant, $body, @TOKEN);

    my $before = Bench::Load::requests($upstream);
    _call($server, $tenant, $body, @TOKEN);
    return Bench::Load::requests($upstream) - $before;
}

1;
