#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The test of what tests: a script during which a fault of noticed-faults.tsv
# happens has to fail on a debug kernel, and for the reason that stands there. In a
# throw-away machine only. KTAP; the last line counts as that of ../../run.sh.

HERE=$(dirname "$(readlink -f "$0")")
SELFTESTS=${HERE%/*/*}
LOG=$(mktemp) || exit
trap 'rm -f "$LOG"' EXIT
NOTICED=0
UNNOTICED=0

# A script that passes by itself, for each fault
write_scripts()
{
	local number=100 fault

	for fault in "${FAULTS[@]%%$'\t'*}"; do
		number=$((number + 1))
		cat >"$SELFTESTS/debug/provoked_${number}_$fault.sh" <<-END
		insmod $HERE/provoke.ko fault=$fault 2>&1 |
			grep -v -e "Operation canceled" -e "Invalid"
		echo "ok 1 $fault"
		echo "1..1"
		END
	done
}

# What run.sh said was wrong with one of them
faults_of()
{
	awk -v name="provoked_[0-9]*_$1[.]sh[ :]" '
		/^# fault: / { faults = faults substr($0, 10) "\n"; next }
		/^(not )?ok / {
			if ($0 ~ name)
				printf "%s", faults
			faults = ""
		}
		!sub(/^# fault at the end: /, "") { next }
		/^kmemleak: in / { mine = $0 ~ name; next }
		mine' "$LOG"
}

report()
{
	local fault=$1 wanted=$2 number=$((NOTICED + UNNOTICED + 1)) said

	said=$(faults_of "$fault")
	if grep -qE -e "$wanted" <<<"$said"; then
		NOTICED=$((NOTICED + 1))
		echo "ok $number $fault"
	else
		UNNOTICED=$((UNNOTICED + 1))
		echo "# said: ${said:-nothing}"
		echo "not ok $number $fault"
	fi
}

mapfile -t FAULTS < <(grep -v '^#' "$HERE/noticed-faults.tsv")
write_scripts
KINDS=myveth "$SELFTESTS/run.sh" -d 'debug/provoked*' >"$LOG" 2>&1
echo "KTAP version 1"
echo "1..${#FAULTS[@]}"
for line in "${FAULTS[@]}"; do
	report "${line%%$'\t'*}" "${line#*$'\t'}"
done
[ "$UNNOTICED" -eq 0 ] || sed 's/^/# /' "$LOG"
echo "$NOTICED passed, $UNNOTICED failed, 0 skipped"
[ "$UNNOTICED" -eq 0 ] && [ "$NOTICED" -gt 0 ]
