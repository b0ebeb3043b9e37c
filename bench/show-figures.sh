#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What the texts show of figures.json; without one of its kernels too.
#
#	packets SERIES	a table of instructions per packet
#	pairs SERIES	a table of what a pair costs
#	summary		a small table, for README
#	chart		an SVG: packets, as ratios to veth

set -euo pipefail
cd "$(dirname "$0")"

# The kernel of the summary and of the chart
readonly SHOWN=6.12

# columns: KEY KERNEL KIND PROCESSORS FIGURE SPREAD, separated by tabs
figures()
{
	local member='"[a-z]*": "\{0,1\}\([^",}]*\)"\{0,1\}' line _

	line="{$member"
	for _ in 2 3 4 5 6; do
		line+=", $member"
	done
	sed -n "s/^$line}.*/\\1\t\\2\t\\3\t\\4\t\\5\t\\6/p" figures.json
}

# show PROGRAM [NAME=VALUE...]: run after what all have in common, with the
# figures and cases read.
show()
{
	local settings=() setting

	for setting in "${@:2}"; do
		settings+=(-v "$setting")
	done
	awk -F '\t' "${settings[@]}" "$COMMON$1" cases.tsv <(figures)
}

# figure[key, kind, processors] of the kernel that is shown
# shellcheck disable=SC2016 # awk expands them
readonly COMMON='
	function has(key, kind, processors) {
		return (key SUBSEP kind SUBSEP processors) in figure
	}
	# A figure up to this has no ratio: so little memory may be chance
	function negligible(key) {
		return unit[key] == "bytes" ? 5 * 1024 : 0
	}
	function of_veth(key, kind, processors) {
		if (!has(key, kind, processors) || \
		    !has(key, "veth", processors) || \
		    figure[key, "veth", processors] <= negligible(key))
			return ""
		return figure[key, kind, processors] / \
			figure[key, "veth", processors]
	}
	function ratio(key, kind, processors,	r) {
		r = of_veth(key, kind, processors)
		return r == "" ? "-" : sprintf("%.3f", r)
	}
	function thousands(n,	s, rest) {
		s = sprintf("%.0f", n)
		for (rest = ""; length(s) > 3; s = substr(s, 1, length(s) - 3))
			rest = "," substr(s, length(s) - 2) rest
		return s rest
	}
	function tenths(n,	s) {
		s = sprintf("%.1f", n)
		return s == "-0.0" ? "0.0" : s
	}
	function show(key, kind, processors,	n) {
		if (!has(key, kind, processors))
			return "-"
		n = figure[key, kind, processors]
		if (unit[key] == "bytes")
			return tenths(n / 1024)
		if (unit[key] == "uevents")
			return sprintf("%.0f", n)
		return thousands(n)
	}
	function show_spread(key, processors) {
		if (spread[key, processors] == "")
			return " - |"
		return sprintf(" %.2f %% |", spread[key, processors])
	}
	function unit_of(key) {
		return unit[key] == "bytes" ? "KiB" : unit[key]
	}
	function is_there(key, processors) {
		return has(key, "veth", processors) || \
			has(key, "myveth", processors)
	}
	/^#/ { next }
	FILENAME == "cases.tsv" {
		name[++cases] = $1
		script[$1] = $2
		unit[$1] = $3
		title[$1] = $4
		next
	}
	$2 == series {
		figure[$1, $3, $4] = $5
		if ($6 != "null" && $6 >= spread[$1, $4] + 0)
			spread[$1, $4] = $6
		by[script[$1]] = 1
		if ($3 == "netkit")
			netkit[script[$1]] = 1
	}
	function head(words, after) {
		words = "| " words " | veth | myveth | ratio |"
		if (netkit[wanted])
			words = words " netkit | ratio |"
		words = words after " key |"
		print words
		gsub(/[^|]+/, "---", words)
		print words
	}
	function row(key, processors, words, after) {
		words = "| " words " | " show(key, "veth", processors) " | " \
			show(key, "myveth", processors) " | " \
			ratio(key, "myveth", processors) " |"
		if (netkit[wanted])
			words = words " " show(key, "netkit", processors) \
				" | " ratio(key, "netkit", processors) " |"
		print words after " `" key "` |"
	}
	function is_measured() {
		if (by[wanted])
			return 1
		print "| not measured yet |"
		print "|---|"
		return 0
	}
'

packets()
{
	# shellcheck disable=SC2016 # awk expands them
	show 'END {
		if (!is_measured())
			exit
		head("instructions per packet", " spread |")
		for (i = 1; i <= cases; i++)
			if (script[name[i]] == wanted && is_there(name[i], 1))
				row(name[i], 1, title[name[i]], \
				    show_spread(name[i], 1))
	}' "series=$1" wanted=packets
}

pairs()
{
	# shellcheck disable=SC2016 # awk expands them
	show 'END {
		if (!is_measured())
			exit
		head("per pair | unit | possible CPUs", "")
		for (i = 1; i <= cases; i++)
			for (cpus = 1; cpus <= 64; cpus += 63)
				if (script[name[i]] == wanted &&
				    is_there(name[i], cpus))
					row(name[i], cpus, title[name[i]] " | " \
					    unit_of(name[i]) " | " cpus, "")
	}' "series=$1" wanted=pairs
}

# At most 7 lines
summary()
{
	# shellcheck disable=SC2016 # awk expands them
	show 'function line(key, cpus, words) {
		if (has(key, "myveth", cpus))
			print "| " words " | " show(key, "veth", cpus) " | " \
				show(key, "myveth", cpus) " | " \
				show(key, "netkit", cpus) " |"
	}
	END {
		if (!is_measured())
			exit
		print "| Linux " series " | veth | myveth | netkit |"
		print "|---|---|---|---|"
		line("udp_flood", 1, "a packet of a UDP flood, instructions")
		line("udp_flood_xdp_drop", 1, \
		     "the same, dropped by an XDP program, instructions")
		line("create_pair", 1, \
		     "make a pair, 1 possible CPU, instructions")
		line("create_pair", 64, "the same, 64 possible CPUs")
		line("memory_idle", 64, \
		     "memory of an idle pair, 64 possible CPUs, KiB")
	}' "series=$SHOWN" wanted=packets
}

# Bars to both sides of a line, which is veth. Of colours that can be told from
# white and from black, on no ground.
chart()
{
	# shellcheck disable=SC2016 # awk expands them
	show 'function text(x, y, words, more) {
		printf "<text x=\"%d\" y=\"%d\"%s>%s</text>\n", \
			x, y, more, words
	}
	function bar(y, r, kind,	w) {
		w = (r - 1) * half / largest
		printf "<rect class=\"%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\"" \
			" height=\"11\"/>\n", \
			kind, w < 0 ? middle + w : middle, y, w < 0 ? -w : w
		text(width - 8, y + 10, sprintf("%.3f", r), \
		     " class=\"" kind "\" text-anchor=\"end\"")
	}
	function see(r) {
		if (r == "")
			return
		r = r > 1 ? r - 1 : 1 - r
		if (r > largest)
			largest = r
	}
	function legend(x, kind) {
		printf "<rect class=\"%s\" x=\"%d\" y=\"38\" width=\"11\"" \
			" height=\"11\"/>\n", kind, x
		text(x + 17, 48, kind, " class=\"" kind "\"")
	}
	function begin(height) {
		printf "<svg xmlns=\"http://www.w3.org/2000/svg\"" \
			" width=\"%d\" height=\"%d\"" \
			" viewBox=\"0 0 %d %d\" role=\"img\">\n", \
			width, height, width, height
		print "<style>"
		print "text { font: 13px sans-serif; fill: #7a828c }"
		print "line { stroke: #7a828c }"
		print ".myveth { fill: #3282e6 } .netkit { fill: #b97a13 }"
		print "</style>"
		text(8, 20, "Instructions per packet as ratios to veth, " \
		     "Linux " series, "")
		legend(8, "myveth")
		if (netkit[wanted])
			legend(100, "netkit")
	}
	END {
		width = 760; middle = 505; half = 190; largest = 0.01
		for (i = 1; i <= cases; i++) {
			key = name[i]
			if (script[key] != wanted ||
			    of_veth(key, "myveth", 1) == "")
				continue
			chosen[++rows] = key
			see(of_veth(key, "myveth", 1))
			see(of_veth(key, "netkit", 1))
		}
		bottom = 86 + rows * 32
		begin(bottom + 6)
		text(middle, 66, "veth = 1", " text-anchor=\"middle\"")
		text(middle - 12, 48, "cheaper", " text-anchor=\"end\"")
		text(middle + 12, 48, "dearer", "")
		for (i = 1; i <= rows; i++) {
			y = 76 + (i - 1) * 32
			text(8, y + 16, title[chosen[i]], "")
			bar(y, of_veth(chosen[i], "myveth", 1), "myveth")
			r = of_veth(chosen[i], "netkit", 1)
			if (r != "")
				bar(y + 13, r, "netkit")
		}
		printf "<line x1=\"%d\" y1=\"72\" x2=\"%d\" y2=\"%d\"/>\n", \
			middle, middle, bottom
		print "</svg>"
	}' "series=$SHOWN" wanted=packets
}

case ${1:-} in
packets|pairs)	"$1" "$2" ;;
summary|chart)	"$1" ;;
*)		sed -n '/^# What/,/^$/s/^# \?//p' "$0" >&2
		exit 2 ;;
esac
