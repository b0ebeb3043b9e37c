# SPDX-License-Identifier: GPL-2.0
#
# Finds the sub-tests in what run-kernel-tests.sh wrote. Prints a line for each:
#
#	SERIES TEST KIND FORM RESULT NAME	separated by tabs
#
# RESULT is pass, fail, skip or xfail, or absent when this kernel has no such
# test. The exit status of a test is a sub-test too. Names that appear more than
# once get a number.

BEGIN {
	OFS = "\t"
}

# Some scripts name what a group of sub-tests has in common only once:
# "heading - first", then "        - second"
function found(result, name)
{
	if (name ~ /^ +- /)
		name = heading " " name
	else if (match(name, / - /))
		heading = substr(name, 1, RSTART - 1)
	gsub(/^[ \t.:-]+|[ \t.:-]+$/, "", name)
	gsub(/myveth/, "veth", name)
	gsub(/[ \t]+/, " ", name)
	sub(/_ve[0-9]+_/, "_ve_", name)	# a random number
	if (++seen[name] > 1)
		name = name " (" seen[name] ")"
	print series, test, kind, form, result, name
}

$1 == "@@" && $2 == "kernel" {
	series = $3
}

$1 == "@@" && $2 == "absent" {
	print series, $3, "-", "-", "absent", "-"
}

# The guest may have ended before the test did
function end_of_test()
{
	if (test != "")
		found("fail", "end")
	test = ""
}

$1 == "@@" && $2 == "begin" {
	end_of_test()
	test = $3
	kind = $4
	form = $5
	for (i = 6; i <= NF; i++)
		form = form " " $i
	heading = pending = ""
	split("", seen)
	faults = 0
	next
}

$1 == "@@" && $2 == "fault" {
	faults++
}

$1 == "@@" && $2 == "end" {
	found($3 == 0 ? "pass" : $3 == 4 ? "skip" : "fail", "exit status")
	found(faults ? "fail" : "pass", "kernel log")
	test = ""
}

test == "" {
	next
}

# TAP
/^(not )?ok [0-9]+/ {
	result = /^ok/ ? "pass" : "fail"
	name = $0
	sub(/^(not )?ok [0-9]+ */, "", name)
	if (match(name, / *# *(SKIP|XFAIL|XPASS)/)) {
		result = /SKIP/ ? "skip" : /XFAIL/ ? "xfail" : "pass"
		name = substr(name, 1, RSTART - 1)
	} else {
		sub(/ *#.*/, "", name)
	}
	found(result, name)
	next
}

# test_progs
/^#[0-9]+(\/[0-9]+)? +[^ ].*:(OK|FAIL|SKIP)$/ {
	match($0, /:(OK|FAIL|SKIP)$/)
	result = substr($0, RSTART + 1, RLENGTH - 1)
	name = substr($0, 1, RSTART - 1)
	sub(/^#[0-9\/]+ +/, "", name)
	found(result == "OK" ? "pass" : tolower(result), name)
	next
}

# What is behind a TAP result, or the trace of a Python program; a sum; what is
# said of a ping that had to fail
/^(# |Summary:|Success:)/ {
	next
}

# xdp_features: what a driver can do and what it says are to agree
/^Feature .*DETECTED/ {
	gsub(/\033\[[0-9;]*m/, "")
	found(/NOT DETECTED/ == /NOT ADVERTISED/ ? "pass" : "fail", $0)
	next
}

# Scripts: what was tested, then how that ended, which may be in another line
/^ *(ok|failed) *$/ {
	if (pending != "")
		found($1 == "ok" ? "pass" : "fail", pending)
	pending = ""
	next
}

/([ \t]|\[ ?)(ok|OK|PASS|pass)( ?\])? *$/ {
	name = $0
	sub(/\[? ?(ok|OK|PASS|pass)( ?\])? *$/, "", name)
	found("pass", name)
	next
}

/([ \t]|\[ ?)(fail|FAIL|failed|FAILED|skip|SKIP)( ?\]|[ \t]|$)/ {
	result = tolower($0) ~ /[ \t[]fail/ ? "fail" : "skip"
	name = $0
	sub(/\[? ?(fail|FAIL|failed|FAILED|skip|SKIP)( ?\]|[ \t]|$).*/, "", name)
	found(result, name)
	next
}

/^(PASS|FAIL|SKIP|XFAIL|Pass|fail):/ {
	result = tolower($1)
	sub(/:.*/, "", result)
	name = $0
	sub(/^[A-Za-z]+: */, "", name)
	found(result, name)
}

match($0, /^ *(- )?[A-Za-z][^:]*[^ :]  +/) {
	pending = substr($0, 1, RLENGTH)
}

END {
	end_of_test()
}
