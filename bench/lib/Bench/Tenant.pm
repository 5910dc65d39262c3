# SPDX-License-Identifier: BSD-2-Clause

package Bench::Tenant;

# A project that is made up: N desktops and a month of use.  From these come the pages
# that the statistics API would serve, and the reply of the legacy API.  The same
# seed makes the same tenant, byte for byte.

use strict;
use warnings;

use File::Path qw(make_path);
use List::Util qw(min sum0);
use POSIX      qw(strftime);
use Time::Local qw(timegm);

use constant { DAY => 86_400, PAGE => 100 };

sub new {
    my ($class, %arg) = @_;

    my $self = bless {
        project => 'bench0project0id',
        first   => '2024-01-01',
        days    => 31,
        %arg,
    }, $class;

    my ($y, $m, $d) = split /-/, $self->{first};
    my $start = timegm(0, 0, 0, $d, $m - 1, $y);
    $self->{dates}
        = [map { strftime('%Y-%m-%d', gmtime($start + $_ * DAY)) } 0 .. $self->{days} - 1];
    $self->{last} = $self->{dates}[-1];
    $self->{weekend}
        = [map { my $w = (gmtime($start + $_ * DAY))[6]; $w == 0 || $w == 6 }
           0 .. $self->{days} - 1];

    srand($self->{seed});
    $self->{desktops} = [sort { $a->{id} cmp $b->{id} }
                         map  { $self->_desktop($_) } 1 .. $self->{count}];
    return $self;
}

# Makes a desktop.  On a workday seven desktops in ten are in use, at a weekend one.
# Two in a hundred are never used; they are listed, with 0.
sub _desktop {
    my ($self, $n) = @_;

    my $hex = join '', map { sprintf '%04x', int rand 65_536 } 1 .. 8;
    my $id = join '-', unpack 'A8 A4 A4 A4 A12', $hex;
    my $idle = $n % 50 == 7;
    my @use;

    for my $day (0 .. $self->{days} - 1) {
        my $odds = $self->{weekend}[$day] ? 0.1 : 0.7;
        my $used = !$idle && rand() < $odds;
        # one in four is half way between two hundredths of an hour
        my $seconds = $used ? 60 + int rand 43_200 : 0;
        $seconds += 18 - $seconds % 36 if $used && rand() < 0.25;
        push @use, $seconds;
    }

    return {
        id    => $id,
        name  => sprintf('DESK-%05d',     $n),
        user  => sprintf('user%05d',      $n),
        pool  => $n % 10 ? undef : '7a9f2c51-0d3e-4b68-9c1f-5e2d8a6b4f03',
        use   => \@use,
        total => sum0(@use),
    };
}

sub _row {
    my ($desktop, $seconds, $flip) = @_;

    my @metric = (
        sprintf('{"metric_name":"desktop_usage","metric_value":%d.0}', $seconds),
        sprintf('{"metric_name":"desktop_idle_duration","metric_value":%d.0}',
            $seconds ? 0 : DAY),
    );
    @metric = reverse @metric if $flip;

    return sprintf '{"resource_id":"%s","resource_name":"%s",%s'
        . '"latest_connect_username":"%s","metric":[%s]}',
        $desktop->{id}, $desktop->{name},
        defined $desktop->{pool} ? qq("resource_pool_id":"$desktop->{pool}",) : '',
        $desktop->{user}, join(',', @metric);
}

sub _page {
    my ($list, $rows) = @_;
    return sprintf '{"count":%d,"items":[%s]}', scalar @$list, join ',', @$rows;
}

# Writes the pages of one window: in both orders that can be requested, and for each
# order a page with its first row only.
sub _window {
    my ($self, $dir, $from, $to, $value) = @_;

    my @plain = @{ $self->{desktops} };
    my @desc  = sort { $value->($b) <=> $value->($a) || $a->{id} cmp $b->{id} } @plain;

    for my $order (['plain', \@plain], ['desc', \@desc]) {
        my ($name, $list) = @$order;
        my $where = "$dir/$name/${from}_$to";
        make_path($where);
        _write("$where/one.json", _page($list, [_row($list->[0], $value->($list->[0]))]));

        for (my $at = 0; $at < @$list; $at += PAGE) {
            my $n    = $at;
            my @rows = map { _row($_, $value->($_), $n++ % 3 == 2) }
                @$list[$at .. min($at + PAGE, scalar @$list) - 1];
            _write("$where/$at.json", _page($list, \@rows));
        }
    }
    return;
}

sub write_pages {
    my ($self, $dir) = @_;

    for my $day (0 .. $self->{days} - 1) {
        my $date = $self->{dates}[$day];
        $self->_window($dir, $date, $date, sub { $_[0]{use}[$day] });
    }
    $self->_window($dir, $self->{first}, $self->{last}, sub { $_[0]{total} });
    return;
}

sub route {
    my ($self) = @_;
    return "/v2/$self->{project}/desktops/statistics/used";
}

sub _call {
    my ($self, $from, $to, $offset, $limit) = @_;

    return "/v2/$self->{project}/statistics/metrics/desktops"
        . "?start_time=${from}T00:00:00Z&end_time=${to}T23:59:59Z"
        . "&sort_field=desktop_usage&sort_type=DESC&offset=$offset&limit=$limit";
}

# Gives the authorization probe: the upstream call that shows whether the caller may
# still see what the cache has.
sub live {
    my ($self) = @_;
    return $self->_call($self->{last}, $self->{last}, 0, 1);
}

# Gives the fewest upstream calls that answer the whole range: for each day the pages
# down to the first row without use; and if a day has more than one page, those of
# the whole range, which list all desktops.
sub plan {
    my ($self) = @_;

    my @calls;
    my $pages = sub {
        my ($from, $to, $n) = @_;
        push @calls, map { $self->_call($from, $to, $_ * PAGE, PAGE) } 0 .. $n - 1;
    };

    my $all = POSIX::ceil($self->{count} / PAGE);
    for my $day (0 .. $self->{days} - 1) {
        my $used = grep { $_->{use}[$day] } @{ $self->{desktops} };
        $pages->($self->{dates}[$day], $self->{dates}[$day],
            min($all, int($used / PAGE) + 1));
    }
    $pages->($self->{first}, $self->{last}, $all) if $all > 1;
    return \@calls;
}

# Gives the legacy reply as JSON text.  Seconds are integers here, so hundredths of an
# hour can be rounded exactly; halves go up.
sub truth {
    my ($self, %request) = @_;

    my @list = @{ $self->{desktops} };
    if ($request{desktop_ids}) {
        my %known = map { $_->{id} => $_ } @list;
        my %seen;
        @list = map { $known{$_} // () } grep { !$seen{$_}++ } @{ $request{desktop_ids} };
    }

    my $total = @list;
    my @page  = splice @list, min($request{offset} // 0, $total), $request{limit} // PAGE;

    return sprintf '{"desktop_used_info_list":[%s],"total_count":%d}',
        join(',', map { $self->_entry($_) } @page), $total;
}

sub _entry {
    my ($self, $desktop) = @_;

    return sprintf '{"desktop_id":"%s","used_info_list":[%s]}', $desktop->{id},
        join ',', map {
            sprintf '{"date":"%s","use_time":%s}', $self->{dates}[$_],
                int(($desktop->{use}[$_] * 100 + 1800) / 3600) / 100
        } 0 .. $self->{days} - 1;
}

sub _write {
    my ($path, $text) = @_;

    open my $fh, '>', $path or die "$path: $!\n";
    print {$fh} $text or die "$path: $!\n";
    close $fh or die "$path: $!\n";
    return;
}

1;
