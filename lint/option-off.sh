#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# option-off.sh SERIES: where the kernel's configuration lacks what the driver
# needs, whoever builds the module is told so in one sentence:
#
#	kbuild, as for any module  \
#	make, as in the README      >-->  myveth needs CONFIG_..., which ...
#	DKMS, as in dkms.conf      /
#
# and who installs it, or cleans up, is not held up. The kernel is a copy of one of
# that series' headers. Runs in the root file system that has them.

set -euo pipefail
. vm/copy-headers.sh

readonly OPTION=CONFIG_PAGE_POOL SYMBOLS=page_pool_
STATUS=0
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

fault()
{
	echo "$*"
	STATUS=1
}

# What such a kernel does not export is not in its headers either.
switch_off()
{
	sed -i "/^$OPTION=/d" "$HEADERS/include/config/auto.conf"
	sed -i "/^#define $OPTION /d" "$HEADERS/include/generated/autoconf.h"
	sed -i "/\t$SYMBOLS/d" "$HEADERS/Module.symvers"
}

# succeeds COMMAND...
succeeds()
{
	local output

	output=$("$@" 2>&1) || fault "failed: $*: $output"
}

# refuses COMMAND...: nothing but that sentence, and what make says of itself
refuses()
{
	local output

	if output=$("$@" 2>&1); then
		fault "succeeded: $*"
		return
	fi
	output=$(grep -v '^make' <<< "$output")
	[[ $output == *": *** $SENTENCE.  Stop." && $output != *$'\n'* ]] ||
		fault "another reason: $*: $output"
}

release=$(awk -v s="$1" '$1 == s { print $2 }' /boot/releases)
copy_headers "/lib/modules/$release/build" "$WORK"
readonly HEADERS=$WORK/build
readonly SENTENCE="myveth needs $OPTION, which the kernel in $HEADERS has\
 switched off"

# dkms.conf uses the first two and sets the others.
kernel_source_dir=$HEADERS dkms_tree=$WORK
# shellcheck source=dkms.conf
. ./dkms.conf
TREE=$dkms_tree/$PACKAGE_NAME/$PACKAGE_VERSION/build
mkdir -p "$TREE"
cp -r Kbuild Makefile dkms.conf install ./*.[ch] "$TREE"
kbuild=(make -C "$HEADERS" "M=$TREE" CONFIG_DEBUG_INFO_BTF_MODULES=)

succeeds "${kbuild[@]}" modules
switch_off
succeeds "${kbuild[@]}" modules_install "INSTALL_MOD_PATH=$WORK/root"
succeeds "${kbuild[@]}" clean
refuses "${kbuild[@]}" modules
refuses make -C "$TREE" modules "KDIR=$HEADERS"
# shellcheck disable=SC2086 # words they are
refuses ${MAKE[0]}
exit $STATUS
