#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0
#
# What the checks of texts.sh ask about Markdown, of which the pages use little:
#
#	markdown.pl prose PAGE...	each line of text, "PAGE:LINE:TEXT", without
#					code, comments, tags and addresses
#	markdown.pl links PAGE...	"PAGE:LINE TARGET"
#	markdown.pl anchors PAGE...	"PAGE#ANCHOR", by the rules of GitHub
#	markdown.pl long PAGE...	lines of more than 80 columns that could
#					be shorter
#	markdown.pl openings PAGE...	the beginning of the first paragraph

use strict;
use warnings;
use open qw(:std :encoding(UTF-8));

# Whichever begins first: a comment in a block of code is code.
my $fence = qr/^[ ]*(?<mark>```+|~~~+)[^`\n]*\n.*?^[ ]*\g{mark}[ ]*$/ms;
my $indented = qr/(?<=\n\n)(?:(?:[ ]{4}|[ ]*\t)[^\n]*\n|\n(?=[ ]{4}|[ ]*\t))+/;
my $comment = qr/<!--.*?-->/s;
my $span = qr/(?<!`)(?<ticks>`+)(?!`)(?:(?!\n\n).)+?(?<!`)\g{ticks}(?!`)/s;

my $table = qr/^\s*\|/;
my $heading = qr/^#{1,6}\s+(.*?)\s*#*$/;
my $target = qr/\]\(([^)\s]*)[^)]*\)/;
my $definition = qr/^\s*\[[^\]]+\]:\s+(\S+).*/;
my $attribute = qr/\b(?:src|srcset|href)="([^"]*)"/;
my $address = qr/\b[a-z]+:\/\/[^\s>)]+/;

my %questions = (
	prose => \&prose,
	links => \&links,
	anchors => \&anchors,
	long => \&long,
	openings => \&openings,
);

sub blocks_and_comments_away {
	my ($text, $what_else) = @_;

	$text =~ s{($fence|$indented|$comment)|($span)}{
		defined $1 || $what_else ? empty_lines($&) : $& }ge;
	return $text;
}

# As many as before, so that the others keep their numbers
sub empty_lines {
	return "\n" x ($_[0] =~ tr/\n//);
}

sub without_blocks {
	return split /\n/, blocks_and_comments_away($_[0], 0);
}

sub without_code {
	return split /\n/, blocks_and_comments_away($_[0], 1);
}

sub prose {
	my ($page, $text) = @_;
	my $number = 0;

	for (without_code($text)) {
		$number++;
		s/$target/]/g;
		s/$definition//;
		s/<[^>]*>//g;
		s/$address//g;
		print "$page:$number:$_\n" if /\S/;
	}
}

sub links {
	my ($page, $text) = @_;
	my $number = 0;

	for (without_code($text)) {
		$number++;
		for my $pattern ($target, $definition, $attribute) {
			print "$page:$number $1\n" while /$pattern/g;
		}
	}
}

# Of two headings that are alike the second one's ends in -1
sub anchors {
	my ($page, $text) = @_;
	my %times;

	for (without_blocks($text)) {
		next unless /$heading/;
		my $anchor = lc $1;
		$anchor =~ s/$target/]/g;
		$anchor =~ s/[^\w\- ]//g;
		$anchor =~ tr/ /-/;
		my $before = $times{$anchor}++;
		print "$page#$anchor", $before ? "-$before" : "", "\n";
	}
}

# A target or an address cannot be broken, and what it takes does not count.
sub long {
	my ($page, $text) = @_;
	my $number = 0;

	for (without_blocks($text)) {
		$number++;
		next if /$table/ || /$definition/;
		s/$target/]/g;
		s/$address//g;
		print "$page:$number\n" if length > 80;
	}
}

sub openings {
	my ($page, $text) = @_;

	my ($first) = grep { /\S/ && !/$heading/ } without_blocks($text);
	print "$page:", $first // "", "\n";
}

my $question = $questions{shift // ""} or die "usage: see $0\n";
for my $page (@ARGV) {
	open my $file, "<", $page or die "$page: $!\n";
	local $/;
	$question->($page, <$file>);
}
