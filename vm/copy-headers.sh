# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Debian's headers of a kernel, copied to be changed. To be sourced.
#
#	linux-headers-RELEASE-amd64	-->	COPY/build
#	linux-headers-RELEASE-common	-->	COPY/common, of which include/ is
#						a copy, the rest are links

# copy_headers HEADERS COPY
copy_headers()
{
	local headers common copy=$2

	headers=$(realpath "$1")
	common=${headers%-*}-common
	mkdir "$copy/common"
	cp -a "$headers" "$copy/build"
	cp -a "$common/include" "$copy/common"
	ln -s "$common"/{Makefile,arch,scripts,tools} "$copy/common"
	ln -sfn "$headers/scripts" "$copy/build/scripts"
	ln -sfn "$headers/tools" "$copy/build/tools"
	sed -i "s|$headers\$|$copy/build|; s|$common/|$copy/common/|" \
		"$copy/build/Makefile"
}
