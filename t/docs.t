# SPDX-License-Identifier: BSD-2-Clause
#
# What docs quote of messages is in the code, to the letter.
#
# Quotes are: in tables the column "the error log says" or `error_detail`; lines
# of a code block that begin with "usage: "; and everywhere else what stands in
# backticks and is words, four or more.  "…" stands for what is left out, and
# for a value; values of a message's format may be anything.

use strict;
use warnings;
use utf8;

use JSON::PP qw(decode_json);
use POSIX ();
use Test::More;

use Usage::Nginx;

binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output);

my $root = $Usage::Nginx::root;
my @docs = ("$root/README.md", glob "$root/docs/*.md");

sub slurp {
    my ($file) = @_;
    open my $fh, '<:encoding(UTF-8)', $file or die "$file: $!";
    local $/;
    return scalar <$fh>;
}

# --- The messages: literals of C, joined where they stand side by side, as lists
# of characters and of undef, which is a value.

my %macro;

sub unquote {
    my ($text) = @_;
    my @out;
    while ($text =~ /\G(?:\\(.)|(%(?!%)[-+ #0-9.*]*(?:u[iz]|[lhzLj]*[duxXfgsc]|[VOTMiPL]))|(%%)|(.))/gs) {
        push @out, defined $1 ? ($1 eq 'n' ? "\n" : $1) : defined $2 ? undef : defined $3 ? '%' : $4;
    }
    return @out;
}

sub messages {
    my ($file) = @_;
    my $text = slurp($file);
    $macro{$1} = $2 while $text =~ /^#define\s+(\w+)\s+"([^"]*)"$/mg;
    $text =~ s{/\*.*?\*/}{}gs;
    my $string = qr/"(?:[^"\\\n]|\\.)*"/;
    my @found;
    while ($text =~ /((?:\b[A-Za-z_]\w+\s+)?$string(?:\s*(?:[A-Za-z_]\w+\s*)?$string)*)/g) {
        my @chars;
        my $group = $1;
        for ($group =~ /$string|\w+/g) {
            push @chars, /\A"(.*)"\z/s ? unquote($1) : exists $macro{$_} ? unquote($macro{$_}) : undef;
        }
        push @found, message(@chars);
    }
    return @found;
}

sub message { return { chars => [@_], plain => join '', map { $_ // "\0" } @_ } }

my @ours = map { messages($_) } "$root/ngx_http_usage_module.c",
    map { glob "$root/$_" } 'src/*/*/*.[hc]', 'tools/usagectl/*.[hc]';
# nginx's own are in its program, and the system's behind them.
my @nginx = map { message(split //, POSIX::strerror($_)) } 1 .. 133;
push @nginx, do {
    open my $fh, '<:raw', $Usage::Nginx::nginx or die "$Usage::Nginx::nginx: $!";
    local $/;
    map { message(unquote($_)) } <$fh> =~ /([ -~\n]{8,})(?=\0)/g;
};

# Whether a text is part of what a message can be, mostly by its own words.
sub part_of {
    my ($text, $message) = @_;
    my @tokens = @{ $message->{chars} };
    my %cost   = map { $_ => 0 } 0 .. $#tokens;
    for my $char (split //, $text) {
        my %next;
        my $reach = sub {
            my ($to, $cost) = @_;
            $next{$to} = $cost if !defined $next{$to} || $next{$to} > $cost;
        };
        my @at = sort { $a <=> $b } keys %cost;
        while (@at) {
            my $i = shift @at;
            if ($i > $#tokens) { next }
            if (defined $tokens[$i]) {
                $reach->($i + 1, $cost{$i}) if $tokens[$i] eq $char;
                next;
            }
            $reach->($i, $cost{$i} + 1);
            if (!defined $cost{ $i + 1 } || $cost{ $i + 1 } > $cost{$i}) {
                unshift @at, $i + 1 if !defined $cost{ $i + 1 };
                $cost{ $i + 1 } = $cost{$i};
            }
        }
        %cost = %next or return;
    }
    my ($least) = sort { $a <=> $b } values %cost;
    return $least <= length($text) / 2;
}

# ... or of one message within another, as the reason within a line of the log.
sub found {
    my ($text, @messages) = @_;
    return 1 if found_whole($text, @messages);
    while ($text =~ /[:;] (?=.{8})/g) {
        my ($head, $rest) = (substr($text, 0, $-[0]), substr $text, $+[0]);
        return 1 if length $head >= 8 && found_whole($head, @messages)
            && found($rest, @messages);
    }
    return;
}

sub found_whole {
    my ($text, @messages) = @_;
    my $n = length $text < 8 ? length $text : 8;
    for my $message (@messages) {
        next unless grep { index($message->{plain}, substr $text, $_, $n) >= 0 } 0 .. length($text) - $n;
        return 1 if part_of($text, $message);
    }
    return;
}

# --- The quotes.

sub quotes {
    my ($text) = @_;
    my (@quotes, $column, $block);

    for my $line (split /\n/, $text) {
        if (my ($code) = $line =~ /^    (.*)/) {
            if    ($code =~ /^usage: /) { push @quotes, $code; $block = 1 }
            elsif ($block)              { $quotes[-1] .= " $code" }
            next;
        }
        undef $block;

        if ($line =~ /^\|/) {
            my (undef, @cells) = split /(?<!\\)\|/, $line;
            my ($is) = grep { $cells[$_] =~ /the error log says|^ `error_detail` $/ } 0 .. $#cells;
            $column = $is if defined $is;
            next if defined $is || !defined $column;
            push @quotes, $cells[$column] =~ /`([^`]+)`/g;
            $cells[$column] = '';
            $line = join '|', @cells;
        } else {
            undef $column;
        }
    }

    $text =~ s/^(?:    |\|).*$//mg;
    push @quotes, grep {/\A[\w']+(?:[,:]? [\w'"…][\w'"-]*[.,]?){3,}\z/} map {s/\s+/ /gr} $text =~ /`([^`]+)`/g;
    return @quotes;
}

my $count = 0;
for my $doc (@docs) {
    my $name = $doc =~ s{.*/}{}r;
    for my $quote (quotes(slurp($doc))) {
        # (of an upstream call, the prefix is an example)
        my $rest = $quote =~ s/(?<=upstream call: ).*//r;
        my @parts = grep {/\w{3}/} map { s/\A\s+|\s+\z//gr } split /…/, $rest;
        my @missing = grep { !found($_, @ours) && !found($_, @nginx) } @parts;
        is(join(' / ', @missing), '', "$name: $quote");
        $count++;
    }
}
cmp_ok($count, '>', 50, "$count quotes");

# --- README's configuration: taken, without a warning, and TLS is verified.

my ($conf) = slurp("$root/README.md") =~ /^(    load_module .*?^    \}\n)(?=\n\S)/ms;
ok($conf, 'README has a configuration');
like($conf, qr/proxy_ssl_verify on;.*proxy_ssl_trusted_certificate/s,
    'the configuration of README.md verifies TLS');
# (the test library loads the module; names and files differ between machines)
$conf =~ s/load_module .*//;
$conf =~ s/listen 8080;/listen 127.0.0.1:%%PORT%%;/;
$conf =~ s{https://[^/]+/}{https://127.0.0.1/};
SKIP: {
    my ($ca) = $conf =~ /proxy_ssl_trusted_certificate (\S+);/;
    skip "no $ca here (ca-certificates)", 2 unless -e $ca;
    my ($ok, $out) = Usage::Nginx->check(
        whole => "error_log %%PREFIX%%/error.log;\npid %%PREFIX%%/pid;\n$conf");
    ok($ok, 'nginx takes the configuration of README.md') or diag $out;
    unlike($out, qr/\[warn\]/, 'the configuration of README.md has no warning');
}

# --- The rights that callers need.

my ($table) = slurp("$root/docs/operations.md") =~ /\| upstream call \| action \|\n(.*?)\n\n/s;
my @actions = $table =~ /`(\w+:\w+:\w+)`/g;
my @code    = slurp("$root/src/core/gather/usage_call.c") =~ /\b(\w+:\w+:\w+)\b/g;
is_deeply([ sort @actions ], [ sort @code ], 'docs/operations.md has the actions that the log names');

for my $file (qw(iam-policy iam-policy-records iam-policy-monitoring)) {
    my $policy = decode_json(slurp("$root/examples/$file.json"));
    my @allows = grep { ($file =~ /records/ || !/connections/)
            && ($file =~ /monitoring/ || !/getMonitor|metricData/) } @code;
    is_deeply([ sort @{ $policy->{Statement}[0]{Action} } ], [ sort @allows ],
        "examples/$file.json allows what is needed, and no more");
}

# --- Levels at which nginx shows headers.

for my $file (@docs, glob "$root/examples/*") {
    ok(slurp($file) !~ /error_log\s\S+\s+(?:info|debug)/, "$file: no error_log at level info");
}

done_testing();
