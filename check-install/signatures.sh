#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# On a kernel that demands signatures, as it does with Secure Boot: what an
# unsigned module is told, and what `make sign` does. (Nobody trusts the key
# that is made here, so that the module is refused nevertheless.)

. "$(dirname "$0")/step-lib.sh"

ALL_TESTS="
	unsigned
	no_key
	signed_with_the_keys_of_dkms
	signed
	ways_exclude_each_other
	uninstalled
"

readonly REJECTED="Key was rejected by service"

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
	get_source
	run_text from-source
	check_equal "$(modinfo -F signer myveth)" "" "signer"
	check_rejected modprobe myveth
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
	check_match "$(cat "$SCRATCH/make")" "signed by: DKMS" "answer"
	check_match "$(modinfo -F signer ./myveth.ko)" DKMS "signer"
	log_test "make sign with the keys of DKMS"
}

signed()
{
	run_text own-key
	check_equal "$(modinfo -F signer myveth)" myveth "signer"
	check_rejected modprobe myveth
	log_test "make sign with a key of one's own, and make install"
}

ways_exclude_each_other()
{
	local release

	release=$(uname -r)
	run_make dkms-install
	check_fail $? "make dkms-install beside make install"
	check_match "$(cat "$SCRATCH/make")" \
		"make uninstall-module KERNELRELEASE=${release//+/[+]}" "error"
	log_test "make dkms-install beside make install"

	apt install "$PACKAGES"/myveth-dkms_*.deb >/dev/null
	check_fail $? "apt install beside make install"
	check_said "uninstall-module KERNELRELEASE=${release//+/[+]}"
	check_equal "$(modinfo -F signer myveth)" myveth "signer then"
	log_test "apt install beside make install"
}

uninstalled()
{
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
