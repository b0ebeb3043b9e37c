# SPDX-License-Identifier: GPL-2.0
#
# Makes the table of results.md from what subtests.awk found, and the list of
# the sub-tests that did not pass everywhere, with what reasons.tsv says of them.
# Exits with 1 when ours is worse than veth anywhere.

BEGIN {
	FS = OFS = "\t"
	while ((getline line < reasons) > 0) {
		if (line !~ /^(#|[ \t]*$)/)
			reason[++reason_count] = line
	}
	while ((getline line < tests) > 0) {
		sub(/[ \t].*/, "", line)
		if (line !~ /^(#|$)/ && !(line in listed)) {
			listed[line] = 1
			order[++order_count] = line
		}
	}
}

{
	form[$1, $2] = $4
}

!($1 in known_series) {
	known_series[$1] = 1
	series_list[++series_count] = $1
}

$5 != "absent" {
	if (!(($1, $2, $6) in known)) {
		known[$1, $2, $6] = 1
		names[$1, $2, ++name_count[$1, $2]] = $6
	}
	result[$1, $2, $6, $3] = $5
	count[$1, $2, $3, $5]++
}

function cell(series, test, kind,	results, i, text, n)
{
	split("pass fail skip xfail", results, " ")
	for (i = 1; i <= 4; i++) {
		n = count[series, test, kind, results[i]]
		if (n)
			text = text (text ? ", " : "") n " " results[i]
	}
	return text ? text : "did not run"
}

function of(series, test, name, kind)
{
	return ((series, test, name, kind) in result) ? \
		result[series, test, name, kind] : "nothing"
}

# What must not be: it does not pass, and on veth it does, or fails less
function is_worse(theirs, ours)
{
	return (theirs == "pass" && ours != "pass") ||
		(theirs != "fail" && ours == "fail")
}

function verdict(series, test,	i, name, theirs, ours, worse, better)
{
	for (i = 1; i <= name_count[series, test]; i++) {
		name = names[series, test, i]
		theirs = of(series, test, name, "veth")
		ours = of(series, test, name, "myveth")
		worse += is_worse(theirs, ours)
		better += (ours == "pass" && theirs != "pass")
	}
	all_worse += worse
	all_better += better
	if (!worse && !better)
		return "same"
	return (worse ? "**" worse " worse**" : "") \
		(worse && better ? ", " : "") (better ? better " better" : "")
}

function reason_for(series, test, name,	i, part)
{
	for (i = 1; i <= reason_count; i++) {
		split(reason[i], part, /\t+/)
		if (series ~ "^(" part[1] ")$" && test ~ "^(" part[2] ")$" &&
		    name ~ "^(" part[3] ")$")
			return part[4]
	}
	return ""
}

function print_table(series,	i, test)
{
	print "| test | its form in this tree | veth | myveth | ours is |"
	print "|---|---|---|---|---|"
	for (i = 1; i <= order_count; i++) {
		test = order[i]
		if (!((series, test) in form))
			continue
		if (form[series, test] == "-") {
			print "| " test " | not in this tree | | | |"
			continue
		}
		print "| " test " | `" form[series, test] "` | " \
			cell(series, test, "veth") " | " \
			cell(series, test, "myveth") " | " \
			verdict(series, test) " |"
	}
}

# One row for all that have the same reason: its first sub-test, and how many
# there are.
function print_exceptions(series,	i, j, k, n, test, name, row, rows, first, many)
{
	print "| test | sub-test | veth | myveth | reason |"
	print "|---|---|---|---|---|"
	for (i = 1; i <= order_count; i++) {
		test = order[i]
		n = 0
		split("", many)
		for (j = 1; j <= name_count[series, test]; j++) {
			name = names[series, test, j]
			row = exception(series, test, name)
			if (row == "")
				continue
			if (!many[row]++) {
				rows[++n] = row
				first[row] = name
			}
		}
		for (k = 1; k <= n; k++)
			print "| " test " | " first[rows[k]] \
				others(many[rows[k]] - 1) " | " rows[k] " |"
	}
}

function exception(series, test, name,	theirs, ours)
{
	theirs = of(series, test, name, "veth")
	ours = of(series, test, name, "myveth")
	if (theirs == "pass" && ours == "pass")
		return ""
	return theirs " | " ours " | " reason_for(series, test, name)
}

function others(n)
{
	return n ? ", and " n " more" : ""
}

END {
	for (s = 1; s <= series_count; s++) {
		print "## Linux " series_list[s] "\n"
		print_table(series_list[s])
		print "\nWhat did not pass on both:\n"
		print_exceptions(series_list[s])
		print ""
	}
	print all_worse + 0 " worse than veth, " all_better + 0 " better"
	exit all_worse > 0 || !series_count
}
