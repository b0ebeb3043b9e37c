#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Rules of this project that no other tool knows.

set -uo pipefail
cd "$(dirname "$0")/.." || exit

. lint/findings.sh

driver_version()
{
	sed -n 's/^#define MYVETH_VERSION\t"\(.*\)"/\1/p' myveth.h
}

package_version()
{
	sed -n '1s/.*(\(.*\)).*/\1/p' debian/changelog
}

differing_versions()
{
	local version

	version=$(driver_version)
	[ -n "$version" ] && [ "$version" = "$(install/version.sh)" ] &&
		[ "$version" = "$(package_version)" ] ||
		echo "myveth.h: '$version', dkms.conf: '$(install/version.sh)'," \
			"debian/changelog: '$(package_version)'"
}

# A difference from veth that no test asserts is a rumour.
untested_differences()
{
	local id

	grep -v '^#' selftests/differences.tsv | cut -f 1 | while read -r id; do
		grep -qrE --include='*.sh' "differs $id\\b" selftests ||
			echo "$id"
	done
}

malformed_differences()
{
	awk -F '\t' 'NF != 4' selftests/differences.tsv
}

# Each names a script that there is, or gives a reason; and no script is forgotten.
malformed_faults()
{
	local list=selftests/faults/list.tsv script

	awk -F '\t' '!/^#/ && NF != 3' $list
	grep -v '^#' $list | cut -f 2 | grep -vx -e - | while read -r script; do
		[ -e "selftests/$script" ] || echo "$script"
	done
	find selftests/faults -name '*.sh' -printf 'faults/%P\n' |
		while read -r script; do
			grep -qF "	$script	" $list || echo "$script"
		done
}

# A mutant like the driver would be a test that cannot pass; one that breaks two
# files is a test of neither.
mutants_of_no_file()
{
	local name expression

	mutants_and_expressions |
		while IFS=$'\t' read -r name expression; do
			[ "$(changed_files "$expression" | wc -l)" -eq 1 ] ||
				echo "$name"
		done
}

# Also those that no test notices
mutants_and_expressions()
{
	{
		cut -f 1,4 selftests/mutants/noticed{,-debug}.tsv
		cut -f 1,2 selftests/mutants/survivors.tsv
	} | grep -v '^#'
}

# A name is a mutant's own, and who survives has a reason.
malformed_mutants()
{
	mutants_and_expressions | cut -f 1 | sort | uniq -d
	awk -F '\t' '!/^#/ && NF != 4' selftests/mutants/noticed{,-debug}.tsv
	awk -F '\t' '!/^#/ && NF != 3' selftests/mutants/survivors.tsv
}

# changed_files EXPRESSION: those of the driver that sed would change by it
changed_files()
{
	local file

	for file in ./*.[ch]; do
		sed -E "$1" "$file" | cmp -s - "$file" || echo "$file"
	done
}

# A script that has no such case would end as if it had noticed the mutant.
mutants_without_case()
{
	local name script case

	cat selftests/mutants/noticed{,-debug}.tsv | grep -v '^#' |
		while IFS=$'\t' read -r name script case _; do
			sed -n '/^ALL_TESTS=/,/"$/p' "selftests/$script" |
				grep -qw -e "$case" || echo "$name"
		done
}

# Some parts of the texts are made from tables and figures. The command answers
# nothing if all are as they should be, and each must have a row that we know.
outdated_parts()
{
	grep -qF "| \`peer-up\` |" docs/differences.md || echo "no row 'peer-up'"
	grep -qF "| \`make check\` |" docs/testing.md || echo "no row 'make check'"
	lint/generated.sh --check
}

# Who reads or says a name shall know which file it is. Three have to be called
# like that.
shared_names()
{
	awk -F / '
		$NF !~ /^(README\.md|Kbuild|Makefile)$/ {
			paths[$NF] = paths[$NF] " " $0
			count[$NF]++
		}
		END {
			for (name in count)
				if (count[name] > 1)
					print name ":" paths[name]
		}' <<< "$FILES"
}

# A table is told from a script, a list, or what has a language of its own by a
# tab between two words of a line and by a name without an ending.
unnamed_tables()
{
	grep -vE '(^|/)(Makefile|Kbuild|COPYING)$|[.][^/]*$|^debian/' \
		<<< "$FILES" |
		while read -r file; do
			head -n 1 "$file" | grep -q '^#!' ||
				grep -lP '^[^#\t][^\t]*\t' "$file"
		done
}

# Of more than three files
folders_without_readme()
{
	awk -F / '
		NF > 1 {
			name = $NF
			sub("/[^/]*$", "")
			if (name == "README.md")
				explained[$0] = 1
			else
				count[$0]++
		}
		END {
			for (folder in count)
				if (count[folder] > 3 && !(folder in explained))
					print folder
		}' <<< "$FILES"
}

# The rows of README's first table, and below it the lines that prove them:
# "ROW: proof: SCRIPT CASE" or "ROW: proof: bench KEY".
reasons()
{
	sed -n '/^| you want /,/^$/s/^| \([^|]*[^ |]\) *|.*/\1/p' README.md |
		tail -n +2 | grep -v '^-'
}

proofs()
{
	sed -n '/^| you want /,/^-->$/s/^\(.*\): proof: \([^ ]*\) /\1\t\2\t/p' \
		README.md
}

# What README promises a test or a figure shows.
unproved_reasons()
{
	local row script case

	comm -3 <(reasons | sort) <(proofs | cut -f 1 | sort -u)
	proofs | while IFS=$'\t' read -r row script case; do
		if [ "$script" = bench ]; then
			grep -qF "{\"key\": \"$case\"," bench/figures.json
		else
			sed -n '/ALL_TESTS="/,/"$/p' "$script" |
				grep -qw -e "$case"
		fi || echo "$row: $script $case"
	done
}

# Each block that the texts have for check-install some step of it runs, by a
# name that no other block has: of two, the second is without a step.
names_of_blocks()
{
	check-docs/check-docs.sh -l | xargs cat |
		sed -n 's/^ *[^ ]*console .*check-install=\([^ ]*\).*/\1/p' |
		sort
}

names_in_steps()
{
	sed -n 's/^[[:space:]]*run_text \(.*\)/\1/p' check-install/*.sh | sort -u
}

# A function begins with a "{" in the first column and ends with a "}" there.
long_functions()
{
	awk '/^{/ { start = FNR }
	     /^}/ { if (start && FNR - start > 80)
			print FILENAME ":" start ": " FNR - start " lines"
		    start = 0 }' \
		./*.c debian/*.p* install/* iproute2/*.c selftests/programs/*.c \
		{bench,check-docs,check-install,lint,selftests,vm}/*.sh \
		{clients,conformance,selftests}/{,*/}*.sh selftests/*/*/*.sh
}

FILES=$(files)
[ -n "$FILES" ] || exit

broken "there are different versions" \
	"$(differing_versions)"
broken "differences without a test" "$(untested_differences)"
broken "rows of differences.tsv without four columns" \
	"$(malformed_differences)"
broken "selftests/faults/list.tsv is not as it says" "$(malformed_faults)"
broken "mutants that do not change one file" "$(mutants_of_no_file)"
broken "mutants are not listed as they should be" "$(malformed_mutants)"
broken "mutants that name no case" "$(mutants_without_case)"
broken "parts of the texts are old: lint/generated.sh --write" \
	"$(outdated_parts)"
broken "files of one name" "$(shared_names)"
broken "tables that do not end in .tsv" "$(unnamed_tables)"
broken "folders without a README.md" "$(folders_without_readme)"
broken "what README promises is not proved" "$(unproved_reasons)"
broken "blocks for check-install that no step runs, and, indented, steps' own" \
	"$(comm -3 <(names_of_blocks) <(names_in_steps))"
broken "functions of more than 80 lines" "$(long_functions)"
broken "answers of the probes are used outside compat.h" \
	"$(grep -n 'HAVE_' ./*.[ch] | grep -v '^\./compat\.h:')"
broken "version numbers where a probe should be" \
	"$(grep -nE 'LINUX_VERSION_CODE|KERNEL_VERSION\(' ./*.[ch] Kbuild)"
broken "conditions in the driver other than the kernel's configuration" \
	"$(grep -nE '^#\s*(if|elif)' ./*.c | grep -v CONFIG_)"
exit $STATUS
