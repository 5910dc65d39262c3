# SPDX-License-Identifier: BSD-2-Clause

package Usage::Test;

# What most tests need: the legacy call's path and body, dates, replies as
# tests, JSON, files.

use strict;
use warnings;

use B        ();
use Encode   ();
use Exporter 'import';
use JSON::PP ();
use Test::More;
use Time::Local qw(timegm);

our @EXPORT = qw(
    $json route body slurp spew
    date_of date_add days_between dates today day on days near_midnight
    error_is reply_is decode same_json use_of ids_of
);
our @EXPORT_OK = qw(seconds);

our $json = JSON::PP->new->canonical->utf8->allow_nonref;

# The error_code and error_msg of each status (translation.md, "Errors").
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

# The legacy call's path, for a project.
sub route {
    my ($project) = @_;
    $project = 'demo' unless defined $project;
    return "/v2/$project/desktops/statistics/used";
}

# A body of JSON, from the names and values of its fields.
sub body { return $json->encode({@_}) }

# --- Files.

# All bytes of a file.
sub slurp {
    my ($file) = @_;
    open my $fh, '<:raw', $file or die "$file: $!";
    local $/;
    return scalar(<$fh>) // '';
}

# Writes a file; returns its name.
sub spew {
    my ($file, $text) = @_;
    open my $fh, '>:raw', $file or die "$file: $!";
    print {$fh} $text;
    close $fh or die "$file: $!";
    return $file;
}

# --- Dates, all of them UTC.

# The seconds of a time such as 2022-12-09T23:59:59Z; nothing of another text.
sub seconds {
    my ($y, $m, $d, $h, $min, $s) =
        $_[0] =~ /\A(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z\z/ or return;
    return timegm($s, $min, $h, $d, $m - 1, $y);
}

# The date of a time in seconds.
sub date_of {
    my (@t) = gmtime $_[0];
    return sprintf '%04d-%02d-%02d', $t[5] + 1900, $t[4] + 1, $t[3];
}

sub _days {
    my ($y, $m, $d) = split /-/, $_[0];
    return timegm(0, 0, 0, $d, $m - 1, $y) / 86400;
}

# The date so many days after one.
sub date_add { return date_of((_days($_[0]) + $_[1]) * 86400) }

# Days from the first to the second, both counted.
sub days_between { return _days($_[1]) - _days($_[0]) + 1 }

# So many days from a date on, as a body has them.
sub dates { return (start_time => $_[0], end_time => date_add($_[0], $_[1] - 1)) }

# The date now.
sub today { return date_of(time) }

# The date so many days from now.
sub day { return date_of(time + 86400 * $_[0]) }

# The date so many days from the one at which the test began, which stays the
# same however long the test takes; and a range of such days, as a body has it.
my $began = today();
sub on { return date_add($began, $_[0]) }
sub days { return (start_time => on($_[0]), end_time => on($_[1])) }

# Whether midnight is so near that a test of today could see both days.
sub near_midnight {
    my ($margin) = @_;
    $margin ||= 30;
    my $second = time % 86400;
    return $second < 2 || $second > 86400 - $margin;
}

# --- Replies.

# JSON decoded; undef if it is none.
sub decode {
    my ($text) = @_;
    my $data = eval { $json->decode($text) };
    return $data;
}

sub _type { return $_[0]{headers}{'content-type'}[0] || '' }

# A test: the reply is an error of the legacy form, with this status.  Named:
# code, msg, detail (a regex or a list of them), headers (name => regex, undef for
# absent).
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

# Whether the decoder saw a string of JSON, and not a number.
sub is_string {
    my ($value) = @_;
    return 0 if !defined $value || ref $value;
    my $flags = B::svref_2object(\$value)->FLAGS;
    return $flags & B::SVf_POK() ? 1 : 0;
}

# A test: the reply is a 200 with exactly this.  Named:
#
#   from      the first day
#   entries   a list of [ id, hours of each day ], in this order
#   total     total_count, if it is not the number of entries
#   string    1: hours are strings with two decimals
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

# The desktop_id of each entry of a reply.
sub ids_of {
    my ($res) = @_;
    my $data = decode($res->{body}) or return;
    return map { $_->{desktop_id} } @{ $data->{desktop_used_info_list} };
}

# The hours of one desktop in a reply.
sub use_of {
    my ($res, $id) = @_;
    my $data = decode($res->{body}) or return;
    for (@{ $data->{desktop_used_info_list} }) {
        return map { $_->{use_time} } @{ $_->{used_info_list} }
            if $_->{desktop_id} eq $id;
    }
    return;
}

# --- Whether two JSON texts say the same: order of lists, types and values of
# numbers, strings however they are escaped.

sub _squeeze {
    my ($text) = @_;
    $text =~ s/("(?:[^"\\]++|\\.)*+")|\s+/defined $1 ? $1 : ''/ge;
    $text =~ s/(?<=[:,\[])(-?\d+)\.0+(?=[,\]\}])/$1/g;
    $text =~ s/(?<=[:,\[])(-?\d+\.\d*[1-9])0+(?=[,\]\}])/$1/g;
    return $text;
}

# '' if they do, or else where they differ.
sub same_json {
    my ($one, $two) = @_;

    # (most pairs are equal without their white space, which is faster to see)
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
