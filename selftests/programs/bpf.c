// SPDX-License-Identifier: GPL-2.0
/*
 * Loads one of three small BPF programs, made by hand, and pins it
 *
 *	bpf redirect_peer INTERFACE_INDEX FILE
 *		for tc: on to the peer of that device, in the peer's namespace
 *	bpf xdp_pass FILE
 *		for XDP: let everything pass
 *	bpf xdp_redirect INTERFACE_INDEX FILE
 *		for XDP: send everything through that device
 */
#include "namespace.h"

#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>

#define MOVE(register, value)						\
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = (register),	\
	  .imm = (value) }
#define CALL(function)							\
	{ .code = BPF_JMP | BPF_CALL, .imm = (function) }
#define EXIT								\
	{ .code = BPF_JMP | BPF_EXIT }

static void load_and_pin(int type, const struct bpf_insn *program,
			 size_t size, const char *file)
{
	static char log[4096];
	union bpf_attr load = {
		.prog_type = type,
		.insns = (unsigned long)program,
		.insn_cnt = size / sizeof(*program),
		.license = (unsigned long)"GPL",
		.log_buf = (unsigned long)log,
		.log_size = sizeof(log),
		.log_level = 1,
	};
	union bpf_attr pin = { .pathname = (unsigned long)file };
	int fd;

	fd = syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof(load));
	if (fd < 0)
		err(EXIT_FAILURE, "cannot load:\n%s", log);
	pin.bpf_fd = fd;
	if (syscall(SYS_bpf, BPF_OBJ_PIN, &pin, sizeof(pin)) < 0)
		err(EXIT_FAILURE, "cannot pin to %s", file);
}

static void load_redirect_peer(int ifindex, const char *file)
{
	const struct bpf_insn program[] = {
		MOVE(BPF_REG_1, ifindex),
		MOVE(BPF_REG_2, 0),
		CALL(BPF_FUNC_redirect_peer),
		EXIT,
	};

	load_and_pin(BPF_PROG_TYPE_SCHED_CLS, program, sizeof(program), file);
}

static void load_xdp_pass(const char *file)
{
	const struct bpf_insn program[] = {
		MOVE(BPF_REG_0, XDP_PASS),
		EXIT,
	};

	load_and_pin(BPF_PROG_TYPE_XDP, program, sizeof(program), file);
}

static void load_xdp_redirect(int ifindex, const char *file)
{
	const struct bpf_insn program[] = {
		MOVE(BPF_REG_1, ifindex),
		MOVE(BPF_REG_2, 0),
		CALL(BPF_FUNC_redirect),
		EXIT,
	};

	load_and_pin(BPF_PROG_TYPE_XDP, program, sizeof(program), file);
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "redirect_peer"))
		load_redirect_peer(parse_number(argv[2], 1, INT_MAX), argv[3]);
	else if (argc == 3 && !strcmp(argv[1], "xdp_pass"))
		load_xdp_pass(argv[2]);
	else if (argc == 4 && !strcmp(argv[1], "xdp_redirect"))
		load_xdp_redirect(parse_number(argv[2], 1, INT_MAX), argv[3]);
	else
		errx(EXIT_FAILURE,
		     "usage: bpf redirect_peer|xdp_pass|xdp_redirect ...");
	return EXIT_SUCCESS;
}
