// SPDX-License-Identifier: GPL-2.0
/*
 * Loads a small BPF program for tc, made by hand, and pins it
 *
 *	bpf redirect_peer INTERFACE_INDEX FILE
 *		on to the peer of that device, in the peer's namespace
 *	bpf drop_marked FILE
 *		drops what has the mark of xdp.c in its metadata
 *	bpf drop_summed FILE
 *		drops what has a checksum of all of it (CHECKSUM_COMPLETE)
 *	bpf name_queue FIRST LAST FILE
 *		names a transmit queue, any of these, which the device may not
 *		have
 *
 * What is for XDP is in xdp.c.
 */
#include "load_program.h"

#include <linux/pkt_cls.h>
#include <stddef.h>
#include <string.h>

/* That of xdp.c. */
#define MARK	0x4d59

#define MOVE(register, value)						\
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = (register),	\
	  .imm = (value) }
#define COPY(to, from)							\
	{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = (to),		\
	  .src_reg = (from) }
#define ADD(register, value)						\
	{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = (register),	\
	  .imm = (value) }
#define REMAINDER(register, value)					\
	{ .code = BPF_ALU64 | BPF_MOD | BPF_K, .dst_reg = (register),	\
	  .imm = (value) }
#define LOAD_WORD(to, from, offset)					\
	{ .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = (to),		\
	  .src_reg = (from), .off = (offset) }
#define STORE_WORD(to, offset, from)					\
	{ .code = BPF_STX | BPF_MEM | BPF_W, .dst_reg = (to),		\
	  .src_reg = (from), .off = (offset) }
#define SKIP_IF_GREATER(a, b, instructions)				\
	{ .code = BPF_JMP | BPF_JGT | BPF_X, .dst_reg = (a),		\
	  .src_reg = (b), .off = (instructions) }
#define SKIP_IF_NOT(register, value, instructions)			\
	{ .code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = (register),	\
	  .imm = (value), .off = (instructions) }
#define SKIP_IF_NEGATIVE(register, instructions)			\
	{ .code = BPF_JMP | BPF_JSLT | BPF_K, .dst_reg = (register),	\
	  .off = (instructions) }
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

/* Metadata end where the packet begins. */
static void load_drop_marked(const char *file)
{
	union bpf_attr load = { .prog_type = BPF_PROG_TYPE_SCHED_CLS };
	const struct bpf_insn program[] = {
		MOVE(BPF_REG_0, TC_ACT_UNSPEC),
		LOAD_WORD(BPF_REG_2, BPF_REG_1,
			  offsetof(struct __sk_buff, data_meta)),
		LOAD_WORD(BPF_REG_3, BPF_REG_1,
			  offsetof(struct __sk_buff, data)),
		COPY(BPF_REG_4, BPF_REG_2),
		ADD(BPF_REG_4, sizeof(__u32)),
		SKIP_IF_GREATER(BPF_REG_4, BPF_REG_3, 3),
		LOAD_WORD(BPF_REG_5, BPF_REG_2, 0),
		SKIP_IF_NOT(BPF_REG_5, MARK, 1),
		MOVE(BPF_REG_0, TC_ACT_SHOT),
		EXIT,
	};

	load_and_pin(&load, program, sizeof(program) / sizeof(*program), file);
}

/* Only to such a checksum something can be added. */
static void load_drop_summed(const char *file)
{
	union bpf_attr load = { .prog_type = BPF_PROG_TYPE_SCHED_CLS };
	const struct bpf_insn program[] = {
		MOVE(BPF_REG_2, 0),
		CALL(BPF_FUNC_csum_update),
		SKIP_IF_NEGATIVE(BPF_REG_0, 2),
		MOVE(BPF_REG_0, TC_ACT_SHOT),
		EXIT,
		MOVE(BPF_REG_0, TC_ACT_UNSPEC),
		EXIT,
	};

	load_and_pin(&load, program, sizeof(program) / sizeof(*program), file);
}

static void load_name_queue(int first, int last, const char *file)
{
	union bpf_attr load = { .prog_type = BPF_PROG_TYPE_SCHED_CLS };
	const struct bpf_insn program[] = {
		COPY(BPF_REG_6, BPF_REG_1),
		CALL(BPF_FUNC_get_prandom_u32),
		REMAINDER(BPF_REG_0, last - first + 1),
		ADD(BPF_REG_0, first),
		STORE_WORD(BPF_REG_6, offsetof(struct __sk_buff, queue_mapping),
			   BPF_REG_0),
		MOVE(BPF_REG_0, TC_ACT_UNSPEC),
		EXIT,
	};

	if (last < first)
		errx(EXIT_FAILURE, "no queue from %d to %d", first, last);
	load_and_pin(&load, program, sizeof(program) / sizeof(*program), file);
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "redirect_peer"))
		load_redirect_peer(parse_number(argv[2], 1, INT_MAX), argv[3]);
	else if (argc == 3 && !strcmp(argv[1], "drop_marked"))
		load_drop_marked(argv[2]);
	else if (argc == 3 && !strcmp(argv[1], "drop_summed"))
		load_drop_summed(argv[2]);
	else if (argc == 5 && !strcmp(argv[1], "name_queue"))
		load_name_queue(parse_number(argv[2], 0, 4095),
				parse_number(argv[3], 0, 4095), argv[4]);
	else
		errx(EXIT_FAILURE, "usage: bpf COMMAND WORD...");
	return EXIT_SUCCESS;
}
