# SPDX-License-Identifier: BSD-2-Clause

package Usage::Signer;

# Signs calls with the vendor's own code (t/node/signer.js), in a process that
# lives as long as the tests do.
#
#   my $signer = Usage::Signer->new(ak => 'AK', sk => 'SK');
#   my @headers = $signer->headers(target => $path, host => $host,
#       body => $body, headers => { 'X-Project-Id' => 'demo' });
#
# Calls that the vendor's code wouldn't sign are signed by hand(), here.
#
# A test that uses it is skipped if that code isn't here.

use strict;
use warnings;

use Carp           qw(croak);
use Cwd            ();
use Digest::SHA    qw(sha256_hex hmac_sha256_hex);
use File::Basename qw(dirname);
use File::Temp     ();
use IPC::Open2     qw(open2);
use JSON::PP       ();
use MIME::Base64   qw(encode_base64);
use POSIX          ();
use Test::More     ();

our $root = Cwd::abs_path(dirname(__FILE__) . '/../../..');

my $json = JSON::PP->new->utf8->canonical;
my ($in, $out, $pid);

# Skips the test if the vendor's code isn't here.
sub import {
    Test::More::plan(skip_all => "the vendor's SDK is not here (make node)")
        unless -e "$root/build/node/fetched";
    return;
}

# A signer with a key: ak, sk, security_token, host, as sign() takes them.
sub new {
    my ($class, %o) = @_;
    return bless {%o}, $class;
}

# The same key for other calls: what is given takes the place of what was.
sub with {
    my ($self, %o) = @_;
    return bless { %$self, %o }, ref $self;
}

# A file for usage_credentials, which only its owner can read: text, or
# what is to be JSON.
sub file {
    my ($class, $keys, $name) = @_;
    $name ||= (File::Temp::tempfile('usage-keys-XXXXXX', TMPDIR => 1,
        UNLINK => 1))[1];
    open my $fh, '>', $name or croak "$name: $!";
    chmod 0600, $name;
    print {$fh} ref $keys ? $json->encode($keys) : $keys;
    close $fh or croak "$name: $!";
    return $name;
}

# A time as X-Sdk-Date says it.
sub date { return POSIX::strftime('%Y%m%dT%H%M%SZ', gmtime $_[-1]) }

sub _ask {
    my ($what) = @_;

    if (!$pid) {
        $pid = open2($out, $in, 'node', "$root/t/node/signer.js");
    }

    print {$in} $json->encode($what), "\n";
    $in->flush;

    my $line = <$out>;
    croak "t/node/signer.js ended; is it all there (make node)?"
        unless defined $line;

    my $made = $json->decode($line);
    croak "the vendor's signer: $made->{error}" if $made->{error};
    return $made;
}

END {
    local $?;
    if ($pid) {
        close $in;
        waitpid $pid, 0;
    }
}

# What the vendor's signer makes of a call: {headers}, {authorization},
# {signed}, {signature}, {canonical}, {sign}.  Named:
#
#   method      POST by default
#   target      the path, and the query
#   host        as the client calls it
#   body        bytes; none by default
#   headers     a hash of those to be signed, besides host and date
#   date        X-Sdk-Date, now by default
#   ak, sk, security_token
sub sign {
    my ($self, %o) = @_;

    %o = (method => 'POST', %$self, %o);
    my ($path, $query) = split /\?/, $o{target}, 2;
    my %headers = %{ $o{headers} || {} };
    my %query;

    $headers{'X-Sdk-Date'} = $o{date} || date(time);
    $headers{'X-Security-Token'} = $o{security_token} if $o{security_token};

    for (split /&/, defined $query ? $query : '') {
        my ($name, $value) = map {
            my $text = s/%([0-9a-fA-F]{2})/chr hex $1/ger;
            utf8::decode($text);
            $text } split /=/, $_, 2;
        push @{ $query{$name} }, $value;
    }

    return _ask({
        method   => $o{method},
        endpoint => "http://$o{host}$path",
        query    => \%query,
        headers  => \%headers,
        ak       => $o{ak},
        sk       => $o{sk},
        base64   => encode_base64(defined $o{body} ? $o{body} : '', ''),
    });
}

# The headers of a call as the vendor's client sends them, for Usage::Client.
sub headers {
    my $self = shift;
    my %made = %{ $self->sign(@_)->{headers} };
    return (Host => delete $made{host}, map { $_ => $made{$_} } sort keys %made);
}

# Signs by hand: the path and query as they are to be signed, the headers as
# pairs in any order, the names as the list is to be.  Named as above, besides:
#
#   headers     an array of pairs, Host and X-Sdk-Date among them
#   names       the value of SignedHeaders; all of them, by default
#   hash        what stands for the body's
sub hand {
    my ($self, %o) = @_;

    %o = (method => 'POST', %$self, %o);
    my ($path, $query) = split /\?/, $o{target}, 2;
    my @pairs = @{ $o{headers} };
    my %values;

    while (my ($name, $value) = splice @pairs, 0, 2) {
        push @{ $values{ lc $name } }, $value =~ s/\A[ \t]+|[ \t]+\z//gr;
    }

    my $names = defined $o{names} ? $o{names} : join ';', sort keys %values;
    my $hash = $o{hash} || sha256_hex(defined $o{body} ? $o{body} : '');

    my $canonical = join "\n", $o{method},
        $path =~ m{/\z} ? $path : "$path/",
        join('&', sort split /&/, defined $query ? $query : ''),
        (map { my $name = $_; map {"$name:$_"} sort @{ $values{$name} || [''] } }
            split /;/, lc $names),
        '', $names, $hash;

    my ($date) = $o{date} || $values{'x-sdk-date'}[0] || '';
    my $sign = join "\n", 'SDK-HMAC-SHA256', $date, sha256_hex($canonical);

    return 'SDK-HMAC-SHA256 Access=' . $o{ak} . ", SignedHeaders=$names, "
        . 'Signature=' . hmac_sha256_hex($sign, $o{sk});
}

1;
