# SPDX-License-Identifier: BSD-2-Clause

package Usage::Test;

# What the tests say often: calls, dates, and the forms of replies.

use strict;
use warnings;

use B        ();
use Encode   ();
use Exporter 'import';
use JSON::PP ();
use Test::More;
use Time::Local qw(timegm);

our @EXPORT = qw(
    $json route body day date_add date_of days_between today near_midnight
    error_is reply_is decode same_json use_of ids_of
);

our $json = JSON::PP->new->canonical->utf8->allow_nonref;

# What each status says (translation.md, "Errors").
my %says = (
    400 => [ 'APIGW.0201', 'API request error' ],
    401 => ['APIGW.0301'],
    403 => ['APIGW.0302'],
    404 => [ 'APIGW.0101', 'The API does not exist' ],
    405 => [ 'APIGW.0101', 'The API does not exist' ],
    408 => [],
    413 => [ 'APIGW.0201', 'Request entity too large' ],
    429 => [ 'APIGW.0308', 'The throttling threshold has been reached' ],
    500 => [ 'APIGW.0601', 'Internal server error' ],
    502 => [ 'APIGW.0201', 'Backend unavailable' ],
    504 => [ 'APIGW.0201', 'Backend timeout' ],
);

# The legacy route.
sub route {
    my ($project) = @_;
    $project = 'demo' unless defined $project;
    return "/v2/$project/desktops/statistics/used";
}

sub body { return $json->encode({@_}) }

# --- Dates, all of them UTC.

sub date_of {
    my (@t) = gmtime $_[0];
    return sprintf '%04d-%02d-%02d', $t[5] + 1900, $t[4] + 1, $t[3];
}

sub _days {
    my ($y, $m, $d) = split /-/, $_[0];
    return timegm(0, 0, 0, $d, $m - 1, $y) / 86400;
}

sub date_add { return date_of((_days($_[0]) + $_[1]) * 86400) }

# Days from the first to the second, both counted.
sub days_between { return _days($_[1]) - _days($_[0]) + 1 }

sub today { return date_of(time) }

# So many days from today.
sub day { return date_of(time + 86400 * $_[0]) }

# Is midnight so near that a test of today could see both days?
sub near_midnight {
    my ($margin) = @_;
    $margin ||= 30;
    my $second = time % 86400;
    return $second < 2 || $second > 86400 - $margin;
}

# --- Replies.

sub decode {
    my ($text) = @_;
    my $data = eval { $json->decode($text) };
    return $data;
}

sub _type { return $_[0]{headers}{'content-type'}[0] || '' }

# A reply that is an error of the legacy form.  Named: code, msg, detail (a
# regex or a list of them), headers (name => regex, undef for absent).
sub error_is {
    my ($res, $status, $name, %want) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my @wrong;
    my ($code, $msg) = @{ $says{$status} || [] };
    $code = $want{code} if exists $want{code};
    $msg  = $want{msg}  if exists $want{msg};

    push @wrong, "no reply: $res->{error}" if $res->{error};
    push @wrong, "status $res->{status}, not $status"
        if $res->{status} != $status;
    push @wrong, 'type ' . _type($res)
        if _type($res) !~ m{\Aapplication/json(?:;|\z)};

    my $data = decode($res->{body});
    if (ref $data ne 'HASH') {
        push @wrong, 'the body is not a JSON object';

    } else {
        my $of = sub { defined $data->{ $_[0] } ? $data->{ $_[0] } : '(none)' };
        push @wrong, "error_code " . $of->('error_code')
            if !is_string($data->{error_code})
            || defined $code && $data->{error_code} ne $code
            || length $data->{error_code} > 12;
        push @wrong, "error_msg " . $of->('error_msg')
            if !is_string($data->{error_msg})
            || defined $msg && $data->{error_msg} ne $msg
            || length $data->{error_msg} > 1000;
        push @wrong, 'no error_detail'
            if !is_string($data->{error_detail})
            || !length $data->{error_detail};

        my $detail = $want{detail};
        for my $re (ref $detail eq 'ARRAY' ? @$detail
            : defined $detail ? $detail : ())
        {
            push @wrong, "error_detail \"" . $of->('error_detail')
                . "\" is not like $re"
                if $of->('error_detail') !~ /$re/;
        }
        for (keys %$data) {
            push @wrong, "key $_"
                unless /\A(?:error_code|error_msg|error_detail
                    |encoded_authorization_message)\z/x;
        }
    }

    my %headers = %{ $want{headers} || {} };
    for (sort keys %headers) {
        my $have = $res->{headers}{ lc $_ };
        push @wrong, "header $_: " . join ' and ', $have ? @$have : '(none)'
            if defined $headers{$_}
            ? !$have || @$have != 1 || $have->[0] !~ /$headers{$_}/
            : $have;
    }

    if (!ok(!@wrong, $name)) {
        diag(join "\n", @wrong, 'reply: ' . ($res->{head} || '')
                . substr $res->{body}, 0, 1000);
        return 0;
    }
    return 1;
}

# A number or a string of JSON, as the decoder saw it.
sub is_string {
    my ($value) = @_;
    return 0 if !defined $value || ref $value;
    my $flags = B::svref_2object(\$value)->FLAGS;
    return $flags & B::SVf_POK() ? 1 : 0;
}

# A 200 with exactly this: { id => [hours, ...] } in the order of the ids.
sub reply_is {
    my ($res, $name, %want) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my @wrong;
    my @entries = @{ $want{entries} || [] };
    my $total   = defined $want{total} ? $want{total} : @entries;
    my ($data, @list);

    push @wrong, "no reply: $res->{error}"     if $res->{error};
    push @wrong, "status $res->{status}"       if $res->{status} != 200;
    push @wrong, 'type ' . _type($res)
        if _type($res) !~ m{\Aapplication/json(?:;|\z)};

    $data = decode($res->{body});
    if (ref $data ne 'HASH') {
        push @wrong, 'the body is not a JSON object';
    } else {
        push @wrong, 'keys ' . join ' ', sort keys %$data
            if join(' ', sort keys %$data) ne
            'desktop_used_info_list total_count';
        push @wrong, 'total_count ' . ($data->{total_count} // 'null')
            . ", not $total"
            if !defined $data->{total_count}
            || is_string($data->{total_count})
            || $data->{total_count} != $total;
        @list = @{ $data->{desktop_used_info_list} || [] };
        push @wrong, @list . ' entries, not ' . @entries
            if @list != @entries;
    }

    for my $i (0 .. $#entries) {
        last if @wrong > 10 || !$list[$i];
        my ($id, @hours) = @{ $entries[$i] };
        my $entry = $list[$i];

        push @wrong, "entry $i: keys " . join ' ', sort keys %$entry
            if join(' ', sort keys %$entry) ne 'desktop_id used_info_list';
        push @wrong, "entry $i: id $entry->{desktop_id}, not $id"
            if $entry->{desktop_id} ne $id;

        my @days = @{ $entry->{used_info_list} || [] };
        push @wrong, "entry $i: " . @days . ' days, not ' . @hours
            if @days != @hours;

        for my $d (0 .. $#hours) {
            last unless $days[$d];
            my $date = date_add($want{from}, $d);
            push @wrong, "entry $i: date $days[$d]{date}, not $date"
                if $days[$d]{date} ne $date;
            my $time = $days[$d]{use_time};
            push @wrong, "entry $i ($id), $date: "
                . ($time // 'null') . ", not $hours[$d]"
                if !defined $time
                || ($want{string}
                ? !is_string($time) || $time ne sprintf '%.2f', $hours[$d]
                : is_string($time) || $time != $hours[$d]);
        }
    }

    if (!ok(!@wrong, $name)) {
        diag(join "\n", @wrong[ 0 .. ($#wrong > 12 ? 12 : $#wrong) ],
            'reply: ' . ($res->{head} || '') . substr $res->{body}, 0, 600);
        return 0;
    }
    return 1;
}

sub ids_of {
    my ($res) = @_;
    my $data = decode($res->{body}) or return;
    return map { $_->{desktop_id} } @{ $data->{desktop_used_info_list} };
}

sub use_of {
    my ($res, $id) = @_;
    my $data = decode($res->{body}) or return;
    for (@{ $data->{desktop_used_info_list} }) {
        return map { $_->{use_time} } @{ $_->{used_info_list} }
            if $_->{desktop_id} eq $id;
    }
    return;
}

# --- Two JSON texts that say the same: order of lists, types and values of
# numbers, strings however they are escaped.  Most pairs are equal already
# without white space, and need no decoder.

sub _squeeze {
    my ($text) = @_;
    $text =~ s/("(?:[^"\\]++|\\.)*+")|\s+/defined $1 ? $1 : ''/ge;
    $text =~ s/(?<=[:,\[])(-?\d+)\.0+(?=[,\]\}])/$1/g;
    $text =~ s/(?<=[:,\[])(-?\d+\.\d*[1-9])0+(?=[,\]\}])/$1/g;
    return $text;
}

sub same_json {
    my ($one, $two) = @_;

    return '' if $one eq $two || _squeeze($one) eq _squeeze($two);

    my ($x, $y) = (decode($one), decode($two));
    return 'the first is not JSON'  unless defined $x;
    return 'the second is not JSON' unless defined $y;
    return _differ($x, $y, '');
}

sub _differ {
    my ($x, $y, $at) = @_;

    if (ref $x ne ref $y) {
        return "$at: " . ($x // 'null') . ' and ' . ($y // 'null');
    }

    if (ref $x eq 'HASH') {
        my ($a, $b) = map { join ' ', sort keys %$_ } $x, $y;
        return "$at: keys $a and $b" if $a ne $b;
        for (sort keys %$x) {
            my $d = _differ($x->{$_}, $y->{$_}, "$at.$_");
            return $d if $d;
        }
        return '';
    }

    if (ref $x eq 'ARRAY') {
        return "$at: " . @$x . ' and ' . @$y . ' elements' if @$x != @$y;
        for (0 .. $#$x) {
            my $d = _differ($x->[$_], $y->[$_], "$at\[$_]");
            return $d if $d;
        }
        return '';
    }

    return '' if !defined $x && !defined $y;
    return "$at: " . ($x // 'null') . ' and ' . ($y // 'null')
        if !defined $x || !defined $y
        || is_string($x) != is_string($y)
        || (is_string($x) ? $x ne $y : $x != $y);
    return '';
}

1;
