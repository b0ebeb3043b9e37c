#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The texts: where their links lead, how long their lines are, how a page of
# docs/ begins, and how their words are spelled. Runs in the trixie root.
#
# Words that the dictionary does not know stand in lint/words, if they are used.

set -uo pipefail
export LC_ALL=C.UTF-8
cd "$(dirname "$0")/.." || exit

. lint/findings.sh

# Both words of a pair are meant.
readonly LOOKALIKES="form/from no/on there/three"

# Those at the top, those of docs/, and what explains a folder
pages()
{
	files | grep -xE '[A-Z]+\.md|docs/.*\.md|.*/README\.md' | sort
}

ask()
{
	perl lint/markdown.pl "$1" "${PAGES[@]}"
}

# --- links ---------------------------------------------------------------

broken_links()
{
	local place target

	ask links | grep -vE ' [a-z]+:' | while read -r place target; do
		leads_somewhere "${place%:*}" "$target" ||
			echo "$place: $target"
	done
}

# leads_somewhere PAGE TARGET: to a file of this tree, or a heading in it
leads_somewhere()
{
	local file=${2%%#*} anchor=

	[[ $2 != *"#"* ]] || anchor=${2#*#}
	file=$(file_of "$1" "$file")
	[[ $file != ../* ]] && [ -e "$file" ] || return
	[ -z "$anchor" ] || grep -qxF -e "$file#$anchor" <<< "$ANCHORS"
}

# file_of PAGE PATH: what the page calls so; itself, if it is nothing
file_of()
{
	if [ -n "$2" ]; then
		realpath -m --relative-to=. "$(dirname "$1")/$2"
	else
		echo "$1"
	fi
}

# --- form ----------------------------------------------------------------

# For whom a page is, and what for, its first words say.
openings_without_reader()
{
	ask openings | grep '^docs/' | grep -v ':For '
}

# --- spelling ------------------------------------------------------------

# A word and what belongs to it are spelled alike, and one that is listed with a
# small letter may begin a sentence.
unknown_words()
{
	cut -d : -f 3- <<< "$PROSE" | aspell --lang=en_GB list |
		sed "s/'s$//" | awk '
		NR == FNR { listed[$0]; next }
		{
			small = tolower(substr($0, 1, 1)) substr($0, 2)
			print small in listed ? small : $0
		}' lint/words - | LC_ALL=C sort -u
}

misspelled_words()
{
	LC_ALL=C comm -23 <(unknown_words) lint/words |
		while read -r word; do
			grep -w -e "$word" <<< "$PROSE" |
				sed -E "s/^([^:]*:[^:]*):.*/\1: $word/"
		done
}

words_listed_in_vain()
{
	LC_ALL=C comm -13 <(unknown_words) lint/words
}

# What no dictionary notices: a known word that is another one of the texts with
# two letters exchanged.
lookalikes()
{
	cut -d : -f 3- <<< "$PROSE" | tr -cs '[:alpha:]' '\n' |
		tr '[:upper:]' '[:lower:]' | sort -u | awk '
		{ used[$0] }
		END {
			for (word in used)
				for (i = 1; i < length(word); i++) {
					other = exchanged(word, i)
					if (word < other && other in used)
						print word "/" other
				}
		}
		function exchanged(word, i) {
			return substr(word, 1, i - 1) substr(word, i + 1, 1) \
				substr(word, i, 1) substr(word, i + 2)
		}' | grep -vxF -e "${LOOKALIKES// /$'\n'}"
}

mapfile -t PAGES < <(pages)
ANCHORS=$(ask anchors)
PROSE=$(ask prose)
[ -n "$ANCHORS" ] && [ -n "$PROSE" ] || exit

broken "links that lead nowhere" "$(broken_links)"
broken "lines of more than 80 columns" "$(ask long)"
broken "pages of docs/ that do not begin with \"For \" and their reader" \
	"$(openings_without_reader)"
broken "lint/words is not sorted, or has a word twice" \
	"$(LC_ALL=C sort -cu lint/words 2>&1)"
broken "words that are misspelled, or lack in lint/words" \
	"$(misspelled_words)"
broken "words that are alike but for two letters, see LOOKALIKES" \
	"$(lookalikes)"
broken "words in lint/words that are used nowhere, or known anyway" \
	"$(words_listed_in_vain)"
exit $STATUS
