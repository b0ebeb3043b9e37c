// SPDX-License-Identifier: GPL-2.0
/*
 * Loads a small BPF program for tc, made by hand, and pins it
 *
 *	bpf redirect_peer INTERFACE_INDEX FILE
 *		on to the peer of that device, in the peer's namespace
 *
 * What is for XDP is in xdp.c.
 */
#include "load_program.h"

#include <string.h>

#define MOVE(register, value)						\
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = (register),	\
	  .imm = (value) }
#define CALL(function)							\
	{ .code = BPF_JMP | BPF_CALL, .imm = (function) }
#define EXIT								\
	{ .code = BPF_JMP | BPF_EXIT }

static void load_redirect_peer(int ifindex, const char *file)
{
	union bpf_attr load = { .prog_type = BPF_PROG_TYPE_SCHED_CLS };
	const struct bpf_insn program[] = {
		MOVE(BPF_REG_1, ifindex),
		MOVE(BPF_REG_2, 0),
		CALL(BPF_FUNC_redirect_peer),
		EXIT,
	};

	load_and_pin(&load, program, sizeof(program) / sizeof(*program), file);
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "redirect_peer"))
		load_redirect_peer(parse_number(argv[2], 1, INT_MAX), argv[3]);
	else
		errx(EXIT_FAILURE,
		     "usage: bpf redirect_peer INTERFACE_INDEX FILE");
	return EXIT_SUCCESS;
}
