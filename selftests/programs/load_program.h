/* SPDX-License-Identifier: GPL-2.0 */
/* What programs need that load BPF programs, made by hand, and pin them */
#ifndef LOAD_PROGRAM_H
#define LOAD_PROGRAM_H

#include "namespace.h"

#include <linux/bpf.h>
#include <sys/syscall.h>

static inline long bpf(int command, union bpf_attr *attributes)
{
	return syscall(SYS_bpf, command, attributes, sizeof(*attributes));
}

static inline void pin(int fd, const char *file)
{
	union bpf_attr attributes = {
		.pathname = (unsigned long)file,
		.bpf_fd = fd,
	};

	if (bpf(BPF_OBJ_PIN, &attributes) < 0)
		err(EXIT_FAILURE, "cannot pin to %s", file);
}

/* @load says what the program is, but not what it is made of. */
static inline void load_and_pin(union bpf_attr *load,
				const struct bpf_insn *program, int length,
				const char *file)
{
	static char log[65536];
	int fd;

	load->insns = (unsigned long)program;
	load->insn_cnt = length;
	load->license = (unsigned long)"GPL";
	load->log_buf = (unsigned long)log;
	load->log_size = sizeof(log);
	load->log_level = 1;
	fd = bpf(BPF_PROG_LOAD, load);
	if (fd < 0)
		err(EXIT_FAILURE, "cannot load:\n%s", log);
	pin(fd, file);
}

#endif
