#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# On a kernel that demands signatures, as it does with Secure Boot: what an
# unsigned module is told, and what `make sign` does. (The key is made here, and
# nobody trusts it, so that the module is refused nevertheless.)

. "$(dirname "$0")/step-lib.sh"

ALL_TESTS="
	unsigned
	no_key
	signed_with_the_keys_of_dkms
	signed
	installed
"

readonly REJECTED="Key was rejected by service"
readonly SIGNER="throw-away key of a selftest"

check_rejected()
{
	local error

	error=$("$@" 2>&1)
	check_fail $? "the module is loaded"
	check_match "$error" "$REJECTED" "error of $1"
}

unsigned()
{
	check_equal "$(cat /sys/module/module/parameters/sig_enforce)" Y \
		"sig_enforce"
	cp -r "$TREE" "$SCRATCH/tree"
	run_make
	check_err $? "make"
	check_equal "$(modinfo -F signer "$SCRATCH/tree/myveth.ko")" "" \
		"signer"
	check_rejected insmod "$SCRATCH/tree/myveth.ko"
	grep -qF "$REJECTED" "$TREE/docs/secure-boot.md"
	check_err $? "docs/secure-boot.md does not have this message"
	modprobe dummy
	check_err $? "the kernel's own modules are refused as well"
	log_test "an unsigned module"
}

no_key()
{
	run_make sign SIGN_KEY=/nowhere.key SIGN_CERT=/nowhere.pub
	check_fail $? "make sign without a key"
	check_match "$(cat "$SCRATCH/make")" "No key /nowhere.key" "error"
	log_test "make sign without a key"
}

# DKMS has made them for the package, which is gone.
signed_with_the_keys_of_dkms()
{
	run_make sign
	check_err $? "make sign: $(tail -n 1 "$SCRATCH/make")"
	check_match "$(modinfo -F signer "$SCRATCH/tree/myveth.ko")" DKMS \
		"signer"
	log_test "make sign with the keys of DKMS"
}

signed()
{
	must openssl req -new -x509 -newkey rsa:2048 -nodes -days 2 \
		-subj "/CN=$SIGNER/" -outform DER -out "$SCRATCH/key.pub" \
		-keyout "$SCRATCH/key" 2>/dev/null
	run_make sign SIGN_KEY="$SCRATCH/key" SIGN_CERT="$SCRATCH/key.pub"
	check_err $? "make sign: $(tail -n 1 "$SCRATCH/make")"
	check_match "$(cat "$SCRATCH/make")" "signed by: $SIGNER" "answer"
	check_equal "$(modinfo -F signer "$SCRATCH/tree/myveth.ko")" \
		"$SIGNER" "signer"
	log_test "make sign"
}

installed()
{
	local release

	release=$(uname -r)
	run_make install
	check_err $? "make install: $(tail -n 1 "$SCRATCH/make")"
	check_equal "$(modinfo -F signer myveth)" "$SIGNER" "signer"
	check_rejected modprobe myveth
	log_test "make install of a signed module"

	run_make dkms-install
	check_fail $? "make dkms-install beside make install"
	check_match "$(cat "$SCRATCH/make")" \
		"make uninstall-module KERNELRELEASE=${release//+/[+]}" "error"
	log_test "make dkms-install beside make install"

	apt install "$PACKAGES"/myveth-dkms_*.deb
	check_fail $? "apt install beside make install"
	check_said "uninstall-module KERNELRELEASE=${release//+/[+]}"
	check_equal "$(modinfo -F signer myveth)" "$SIGNER" "signer then"
	log_test "apt install beside make install"

	run_make drop-in
	check_err $? "make drop-in: $(tail -n 1 "$SCRATCH/make")"
	without "$INITRD_TOOLS" run_make uninstall
	check_err $? "make uninstall: $(tail -n 1 "$SCRATCH/make")"
	check_nothing_is_left
	log_test "make uninstall"

	leave_module updates
	run_make uninstall-module KERNELRELEASE=0-gone
	check_err $? "make uninstall-module: $(tail -n 1 "$SCRATCH/make")"
	check_nothing_is_left
	log_test "make uninstall-module for a kernel that is gone"
}

tests_run
exit $EXIT_STATUS
