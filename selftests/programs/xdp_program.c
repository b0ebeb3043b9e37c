// SPDX-License-Identifier: GPL-2.0
/*
 * Makes XDP programs by hand, instruction by instruction, and what they need
 *
 *	xdp_program load FILE VERDICT [OPTION...]
 *		Loads a program and pins it to FILE, for `ip link set dev
 *		DEVICE xdpdrv pinned FILE`. VERDICT is pass, drop, tx, aborted,
 *		a number that is none of them, or
 *
 *		redirect=INTERFACE_INDEX  through that device
 *		map=FILE:KEY		  where that entry of a map leads
 *		queue=FILE		  where the entry of a map leads whose
 *					  key is the receive queue, or pass
 *
 *		OPTION, done in this order:
 *
 *		frags		a frame may be in several pieces
 *		for=devmap	to be run for an entry of such a map
 *		for=cpumap
 *		bound=INTERFACE_INDEX  for that device only
 *		only=ETHERTYPE	other frames pass, and are not counted
 *		counters=FILE	count what comes, in a new map
 *		hints		ask what the device knows of the frame, and
 *				count that too (needs "bound")
 *		to=ADDRESS	make that the Ethernet destination
 *		swap		exchange the Ethernet addresses
 *		head=BYTES	more room (less, if negative) at the head,
 *		tail=BYTES	at the tail,
 *		meta=BYTES	for metadata, which gets a mark
 *		first=NUMBER	drop those after so many (needs "counters")
 *
 *	xdp_program map devmap|devmap_hash|cpumap|xskmap FILE
 *		    [KEY=VALUE[:PROGRAM]...]
 *		Makes a map and pins it. VALUE is an interface index, or the
 *		length of a processor's queue; PROGRAM, pinned, is run there.
 *	xdp_program counters FILE NAME...
 *		Prints, by name, what a program has counted: "packets"; of the
 *		last one "linear" and "total", the bytes in its first piece and
 *		in all, "meta", the bytes of metadata, "mark", their first
 *		four, "queue", by which it was received; and what its "hints"
 *		were: "timestamp", "hash" and "vlan" (0, or minus an errno),
 *		"hash_type", "vlan_protocol" and "vlan_tag".
 *	xdp_program run FILE COUNT LENGTH [INTERFACE_INDEX]
 *		Runs a program on COUNT frames of its own, as if they came from
 *		that device, and does with each what the program says. They are
 *		broadcasts of the EtherType for local experiments.
 */
#include "load_program.h"

#include <arpa/inet.h>
#include <linux/btf.h>
#include <linux/if_ether.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Linux 6.1 does not know it yet. */
#ifndef BPF_F_XDP_DEV_BOUND_ONLY
#define BPF_F_XDP_DEV_BOUND_ONLY	0x40
#endif

#define ETHERTYPE	0x88b5
#define MARK		0x4d59
#define MAX_META	32
#define MAX_LENGTH	3000
#define MAX_ADJUST	100000

static struct {
	int verdict, ifindex, map, key;
	bool by_map, by_queue;
	int attach_type, bound, ethertype, counters;
	bool frags, hints, swap, readdress;
	union {
		unsigned char bytes[ETH_ALEN];
		__u16 words[ETH_ALEN / 2];
	} to;
	int head, tail, meta, first;
} options = { .ethertype = -1, .counters = -1 };

/* --- counters --------------------------------------------------------- */

enum counter {
	PACKETS,
	LINEAR,
	TOTAL,
	META,
	META_MARK,
	QUEUE,
	TIMESTAMP,
	HASH,
	HASH_TYPE,
	VLAN,
	VLAN_PROTOCOL,
	VLAN_TAG,
	COUNTERS
};

static const char * const counter_names[COUNTERS] = {
	"packets", "linear", "total", "meta", "mark", "queue", "timestamp",
	"hash", "hash_type", "vlan", "vlan_protocol", "vlan_tag",
};

static int make_map(int type, int value_size, int entries, const char *file)
{
	union bpf_attr attributes = {
		.map_type = type,
		.key_size = sizeof(__u32),
		.value_size = value_size,
		.max_entries = entries,
	};
	int fd = bpf(BPF_MAP_CREATE, &attributes);

	if (fd < 0)
		err(EXIT_FAILURE, "cannot make a map");
	pin(fd, file);
	return fd;
}

static int open_pinned(const char *file)
{
	union bpf_attr attributes = { .pathname = (unsigned long)file };
	int fd = bpf(BPF_OBJ_GET, &attributes);

	if (fd < 0)
		err(EXIT_FAILURE, "cannot open %s", file);
	return fd;
}

static void print_counters(const char *file, char **names)
{
	__u64 values[COUNTERS];
	__u32 key = 0;
	union bpf_attr attributes = {
		.map_fd = open_pinned(file),
		.key = (unsigned long)&key,
		.value = (unsigned long)values,
	};
	int i;

	if (bpf(BPF_MAP_LOOKUP_ELEM, &attributes) < 0)
		err(EXIT_FAILURE, "cannot read %s", file);
	for (; *names; names++) {
		for (i = 0; i < COUNTERS; i++)
			if (!strcmp(counter_names[i], *names))
				break;
		if (i == COUNTERS)
			errx(EXIT_FAILURE, "no counter %s", *names);
		printf("%lld%c", values[i], names[1] ? ' ' : '\n');
	}
}

/* --- instructions ----------------------------------------------------- */

/* The registers that outlive a call; the others are named where they serve. */
#define CONTEXT		BPF_REG_6
#define VALUES		BPF_REG_7

static struct bpf_insn program[256];
static int length;
/* Jumps to the end, where the verdict is to pass. */
static int jumps_to_pass[32];
static int jumps;

static void emit(int code, int dst, int src, int offset, int number)
{
	program[length++] = (struct bpf_insn){
		.code = code,
		.dst_reg = dst,
		.src_reg = src,
		.off = offset,
		.imm = number,
	};
}

static void move_number(int to, int number)
{
	emit(BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, number);
}

static void move(int to, int from)
{
	emit(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0);
}

static void add_number(int to, int number)
{
	emit(BPF_ALU64 | BPF_ADD | BPF_K, to, 0, 0, number);
}

static void subtract(int from, int what)
{
	emit(BPF_ALU64 | BPF_SUB | BPF_X, from, what, 0, 0);
}

/* SIZE is BPF_B, BPF_H, BPF_W or BPF_DW. */
static void load(int size, int to, int from, int offset)
{
	emit(BPF_LDX | BPF_MEM | size, to, from, offset, 0);
}

static void store(int size, int to, int offset, int from)
{
	emit(BPF_STX | BPF_MEM | size, to, from, offset, 0);
}

static void call(int function)
{
	emit(BPF_JMP | BPF_CALL, 0, 0, 0, function);
}

static void leave(void)
{
	emit(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* KIND says what the number is: BPF_PSEUDO_MAP_FD or BPF_PSEUDO_MAP_VALUE. */
static void load_map(int to, int kind, int fd)
{
	emit(BPF_LD | BPF_DW | BPF_IMM, to, kind, 0, fd);
	emit(0, 0, 0, 0, 0);
}

static void pass_if_number(int comparison, int what, int number)
{
	jumps_to_pass[jumps++] = length;
	emit(BPF_JMP | comparison | BPF_K, what, 0, 0, number);
}

static void pass_if(int comparison, int what, int other)
{
	jumps_to_pass[jumps++] = length;
	emit(BPF_JMP | comparison | BPF_X, what, other, 0, 0);
}

/* The verifier wants no instruction to which nothing leads. */
static void emit_pass(void)
{
	if (!jumps)
		return;
	while (jumps--)
		program[jumps_to_pass[jumps]].off =
			length - jumps_to_pass[jumps] - 1;
	move_number(BPF_REG_0, XDP_PASS);
	leave();
}

/* --- parts of a program ----------------------------------------------- */

/* The frame begins at register 2 and ends at 3; its metadata begin at 4. */
static void load_frame(void)
{
	load(BPF_W, BPF_REG_2, CONTEXT, offsetof(struct xdp_md, data));
	load(BPF_W, BPF_REG_3, CONTEXT, offsetof(struct xdp_md, data_end));
	load(BPF_W, BPF_REG_4, CONTEXT, offsetof(struct xdp_md, data_meta));
}

/* Only what was compared with the end may be read, says the verifier. */
static void need_bytes(int begin, int bytes, int end)
{
	move(BPF_REG_1, begin);
	add_number(BPF_REG_1, bytes);
	pass_if(BPF_JGT, BPF_REG_1, end);
}

static void select_ethertype(void)
{
	load_frame();
	need_bytes(BPF_REG_2, ETH_HLEN, BPF_REG_3);
	load(BPF_H, BPF_REG_1, BPF_REG_2, offsetof(struct ethhdr, h_proto));
	pass_if_number(BPF_JNE, BPF_REG_1, htons(options.ethertype));
}

static void set_counter(enum counter counter, int from)
{
	store(BPF_DW, VALUES, counter * sizeof(__u64), from);
}

/* Several processors may count at the same time; the rest is the last's. */
static void count_packet(void)
{
	move_number(BPF_REG_1, 1);
	emit(BPF_STX | BPF_ATOMIC | BPF_DW, VALUES, BPF_REG_1,
	     PACKETS * sizeof(__u64), BPF_ADD);

	load_frame();
	subtract(BPF_REG_3, BPF_REG_2);
	set_counter(LINEAR, BPF_REG_3);
	subtract(BPF_REG_2, BPF_REG_4);
	set_counter(META, BPF_REG_2);
	load(BPF_W, BPF_REG_1, CONTEXT,
	     offsetof(struct xdp_md, rx_queue_index));
	set_counter(QUEUE, BPF_REG_1);

	move(BPF_REG_1, CONTEXT);
	call(BPF_FUNC_xdp_get_buff_len);
	set_counter(TOTAL, BPF_REG_0);
}

/* Not part of a chain of conditions: without metadata the rest goes on. */
static void count_mark(void)
{
	load_frame();
	move(BPF_REG_1, BPF_REG_4);
	add_number(BPF_REG_1, sizeof(__u32));
	emit(BPF_JMP | BPF_JGT | BPF_X, BPF_REG_1, BPF_REG_2, 2, 0);
	load(BPF_W, BPF_REG_1, BPF_REG_4, 0);
	set_counter(META_MARK, BPF_REG_1);
}

static void swap_addresses(void)
{
	int i;

	load_frame();
	need_bytes(BPF_REG_2, ETH_HLEN, BPF_REG_3);
	for (i = 0; i < ETH_ALEN; i += sizeof(__u16)) {
		load(BPF_H, BPF_REG_4, BPF_REG_2, i);
		load(BPF_H, BPF_REG_5, BPF_REG_2, ETH_ALEN + i);
		store(BPF_H, BPF_REG_2, i, BPF_REG_5);
		store(BPF_H, BPF_REG_2, ETH_ALEN + i, BPF_REG_4);
	}
}

static void change_destination(void)
{
	int i;

	load_frame();
	need_bytes(BPF_REG_2, ETH_HLEN, BPF_REG_3);
	for (i = 0; i < ETH_ALEN / 2; i++) {
		move_number(BPF_REG_1, options.to.words[i]);
		store(BPF_H, BPF_REG_2, i * sizeof(__u16), BPF_REG_1);
	}
}

/* What cannot be adjusted passes as it is. */
static void adjust(int function, int bytes)
{
	move(BPF_REG_1, CONTEXT);
	move_number(BPF_REG_2, bytes);
	call(function);
	pass_if_number(BPF_JNE, BPF_REG_0, 0);
}

static void mark_metadata(void)
{
	int i;

	load_frame();
	need_bytes(BPF_REG_4, options.meta, BPF_REG_2);
	move_number(BPF_REG_1, MARK);
	for (i = 0; i < options.meta; i += sizeof(__u32))
		store(BPF_W, BPF_REG_4, i, BPF_REG_1);
}

static void drop_after_first(void)
{
	load(BPF_DW, BPF_REG_1, VALUES, PACKETS * sizeof(__u64));
	emit(BPF_JMP | BPF_JLE | BPF_K, BPF_REG_1, 0, 2, options.first);
	move_number(BPF_REG_0, XDP_DROP);
	leave();
}

static void emit_verdict(void)
{
	if (options.by_map || options.by_queue) {
		load_map(BPF_REG_1, BPF_PSEUDO_MAP_FD, options.map);
		move_number(BPF_REG_2, options.key);
		if (options.by_queue)
			load(BPF_W, BPF_REG_2, CONTEXT,
			     offsetof(struct xdp_md, rx_queue_index));
		move_number(BPF_REG_3, options.by_queue ? XDP_PASS : 0);
		call(BPF_FUNC_redirect_map);
	} else if (options.ifindex) {
		move_number(BPF_REG_1, options.ifindex);
		move_number(BPF_REG_2, 0);
		call(BPF_FUNC_redirect);
	} else {
		move_number(BPF_REG_0, options.verdict);
	}
	leave();
}

/* --- functions of the kernel ------------------------------------------ */

static char *read_btf(void)
{
	FILE *file = fopen("/sys/kernel/btf/vmlinux", "r");
	size_t size = 0, room = 1 << 25;
	char *btf = malloc(room);

	if (!file || !btf)
		err(EXIT_FAILURE, "no description of the kernel's types");
	size = fread(btf, 1, room, file);
	if (!feof(file) || size < sizeof(struct btf_header))
		errx(EXIT_FAILURE, "the kernel's types are unreadable");
	fclose(file);
	return btf;
}

/* The bytes that follow the description of a type itself. */
static size_t size_of_details(const struct btf_type *type)
{
	int count = BTF_INFO_VLEN(type->info);

	switch (BTF_INFO_KIND(type->info)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return sizeof(__u32);
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return count * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return count * sizeof(struct btf_enum);
	case BTF_KIND_ENUM64:
		return count * sizeof(struct btf_enum64);
	case BTF_KIND_FUNC_PROTO:
		return count * sizeof(struct btf_param);
	case BTF_KIND_DATASEC:
		return count * sizeof(struct btf_var_secinfo);
	default:
		return 0;
	}
}

/* Types are numbered from 1, in their order. */
static int kernel_function(const char *name)
{
	static char *btf;
	const struct btf_header *header;
	const char *names, *at, *end;
	const struct btf_type *type;
	int id = 1;

	if (!btf)
		btf = read_btf();
	header = (const struct btf_header *)btf;
	names = btf + header->hdr_len + header->str_off;
	at = btf + header->hdr_len + header->type_off;
	end = at + header->type_len;
	for (; at < end; id++) {
		type = (const struct btf_type *)at;
		if (BTF_INFO_KIND(type->info) == BTF_KIND_FUNC &&
		    !strcmp(names + type->name_off, name))
			return id;
		at += sizeof(*type) + size_of_details(type);
	}
	errx(EXIT_FAILURE, "this kernel has no function %s", name);
}

/* Two places of 8 bytes at the top of the stack are for its answers. */
static void ask_device(const char *what, enum counter result)
{
	int i;

	move_number(BPF_REG_1, 0);
	for (i = 1; i <= 2; i++) {
		store(BPF_DW, BPF_REG_10, -8 * i, BPF_REG_1);
		move(BPF_REG_1 + i, BPF_REG_10);
		add_number(BPF_REG_1 + i, -8 * i);
	}
	move(BPF_REG_1, CONTEXT);
	emit(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0,
	     kernel_function(what));
	/* An int: its sign has to be carried into the upper half. */
	emit(BPF_ALU64 | BPF_LSH | BPF_K, BPF_REG_0, 0, 0, 32);
	emit(BPF_ALU64 | BPF_ARSH | BPF_K, BPF_REG_0, 0, 0, 32);
	set_counter(result, BPF_REG_0);
}

static void count_answer(int size, int place, enum counter counter)
{
	load(size, BPF_REG_1, BPF_REG_10, -8 * place);
	set_counter(counter, BPF_REG_1);
}

static void count_hints(void)
{
	ask_device("bpf_xdp_metadata_rx_timestamp", TIMESTAMP);
	ask_device("bpf_xdp_metadata_rx_hash", HASH);
	count_answer(BPF_W, 2, HASH_TYPE);
	ask_device("bpf_xdp_metadata_rx_vlan_tag", VLAN);
	count_answer(BPF_H, 1, VLAN_PROTOCOL);
	count_answer(BPF_H, 2, VLAN_TAG);
}

/* --- a whole program -------------------------------------------------- */

static void make_program(void)
{
	move(CONTEXT, BPF_REG_1);
	if (options.ethertype >= 0)
		select_ethertype();
	if (options.counters >= 0) {
		load_map(VALUES, BPF_PSEUDO_MAP_VALUE, options.counters);
		count_packet();
		count_mark();
	}
	if (options.hints)
		count_hints();
	if (options.readdress)
		change_destination();
	if (options.swap)
		swap_addresses();
	if (options.head)
		adjust(BPF_FUNC_xdp_adjust_head, -options.head);
	if (options.tail)
		adjust(BPF_FUNC_xdp_adjust_tail, options.tail);
	if (options.meta) {
		adjust(BPF_FUNC_xdp_adjust_meta, -options.meta);
		mark_metadata();
	}
	if (options.first)
		drop_after_first();
	emit_verdict();
	emit_pass();
}

static int flags(void)
{
	return (options.frags ? BPF_F_XDP_HAS_FRAGS : 0) |
	       (options.bound ? BPF_F_XDP_DEV_BOUND_ONLY : 0);
}

/* --- words ------------------------------------------------------------ */

/* Whether WORD is NAME=SOMETHING, with what VALUE points to then. */
static bool is_option(char *word, const char *name, char **value)
{
	size_t length = strlen(name);

	*value = word + length + 1;
	return !strncmp(word, name, length) && word[length] == '=';
}

static void parse_map_entry(char *value)
{
	char *file = strsep(&value, ":");

	if (!value)
		errx(EXIT_FAILURE, "map=%s without a key", file);
	options.by_map = true;
	options.map = open_pinned(file);
	options.key = parse_number(value, 0, INT_MAX);
}

static void parse_verdict(char *word)
{
	static const char * const names[] = {
		[XDP_ABORTED] = "aborted", [XDP_DROP] = "drop",
		[XDP_PASS] = "pass", [XDP_TX] = "tx",
	};
	unsigned int i;
	char *value;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(word, names[i])) {
			options.verdict = i;
			return;
		}
	if (is_option(word, "redirect", &value)) {
		options.ifindex = parse_number(value, 1, INT_MAX);
	} else if (is_option(word, "map", &value)) {
		parse_map_entry(value);
	} else if (is_option(word, "queue", &value)) {
		options.by_queue = true;
		options.map = open_pinned(value);
	} else {
		options.verdict = parse_number(word, 0, INT_MAX);
	}
}

static void parse_place(const char *word)
{
	if (!strcmp(word, "devmap"))
		options.attach_type = BPF_XDP_DEVMAP;
	else if (!strcmp(word, "cpumap"))
		options.attach_type = BPF_XDP_CPUMAP;
	else
		errx(EXIT_FAILURE, "no place for programs: %s", word);
}

static void make_counters(const char *file)
{
	options.counters = make_map(BPF_MAP_TYPE_ARRAY,
				    COUNTERS * sizeof(__u64), 1, file);
}

static void parse_address(const char *word)
{
	unsigned char *to = options.to.bytes;

	if (sscanf(word, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &to[0], &to[1],
		   &to[2], &to[3], &to[4], &to[5]) != ETH_ALEN)
		errx(EXIT_FAILURE, "no Ethernet address: %s", word);
	options.readdress = true;
}

static void parse_option(char *word)
{
	char *value;

	if (!strcmp(word, "frags"))
		options.frags = true;
	else if (!strcmp(word, "hints"))
		options.hints = true;
	else if (!strcmp(word, "swap"))
		options.swap = true;
	else if (is_option(word, "to", &value))
		parse_address(value);
	else if (is_option(word, "for", &value))
		parse_place(value);
	else if (is_option(word, "bound", &value))
		options.bound = parse_number(value, 1, INT_MAX);
	else if (is_option(word, "only", &value))
		options.ethertype = parse_number(value, 0, 0xffff);
	else if (is_option(word, "counters", &value))
		make_counters(value);
	else if (is_option(word, "head", &value))
		options.head = parse_number(value, -MAX_ADJUST, MAX_ADJUST);
	else if (is_option(word, "tail", &value))
		options.tail = parse_number(value, -MAX_ADJUST, MAX_ADJUST);
	else if (is_option(word, "meta", &value))
		options.meta = parse_number(value, 0, MAX_META);
	else if (is_option(word, "first", &value))
		options.first = parse_number(value, 1, INT_MAX);
	else
		errx(EXIT_FAILURE, "unknown option %s", word);
}

/* --- the commands ----------------------------------------------------- */

static void load_xdp(char **words)
{
	const char *file = *words++;
	union bpf_attr load = { .prog_type = BPF_PROG_TYPE_XDP };

	parse_verdict(*words++);
	while (*words)
		parse_option(*words++);
	if (options.hints && (options.counters < 0 || !options.bound))
		errx(EXIT_FAILURE, "hints need counters and a bound device");
	if (options.first && options.counters < 0)
		errx(EXIT_FAILURE, "first needs counters");
	make_program();

	load.expected_attach_type = options.attach_type ?: BPF_XDP;
	load.prog_flags = flags();
	load.prog_ifindex = options.bound;
	load_and_pin(&load, program, length, file);
}

static int map_type(const char *word)
{
	if (!strcmp(word, "devmap"))
		return BPF_MAP_TYPE_DEVMAP;
	if (!strcmp(word, "devmap_hash"))
		return BPF_MAP_TYPE_DEVMAP_HASH;
	if (!strcmp(word, "cpumap"))
		return BPF_MAP_TYPE_CPUMAP;
	if (!strcmp(word, "xskmap"))
		return BPF_MAP_TYPE_XSKMAP;
	errx(EXIT_FAILURE, "unknown map %s", word);
}

/* ENTRY is KEY=VALUE or KEY=VALUE:PROGRAM. */
static void set_entry(int map, char *entry)
{
	char *value = entry, *file, *key = strsep(&value, "=");
	struct bpf_devmap_val target = { .bpf_prog.fd = -1 };
	__u32 number;
	union bpf_attr attributes = {
		.map_fd = map,
		.key = (unsigned long)&number,
		.value = (unsigned long)&target,
	};

	if (!value)
		errx(EXIT_FAILURE, "no value for %s", key);
	file = value;
	value = strsep(&file, ":");
	number = parse_number(key, 0, INT_MAX);
	target.ifindex = parse_number(value, 0, INT_MAX);
	if (file)
		target.bpf_prog.fd = open_pinned(file);
	if (bpf(BPF_MAP_UPDATE_ELEM, &attributes) < 0)
		err(EXIT_FAILURE, "entry %s", key);
}

/* The values of a devmap and of a cpumap look the same to us. */
static void make_redirect_map(char **words)
{
	int type = map_type(words[0]);
	int size = type == BPF_MAP_TYPE_XSKMAP ? sizeof(int) :
						 sizeof(struct bpf_devmap_val);
	int map = make_map(type, size, 64, words[1]);

	for (words += 2; *words; words++)
		set_entry(map, *words);
}

static void fill_frame(unsigned char *frame, int length)
{
	struct ethhdr header = {
		.h_dest = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
		.h_source = { 0x02, 0, 0, 0, 0, 0x01 },
		.h_proto = htons(ETHERTYPE),
	};
	int i;

	for (i = 0; i < length; i++)
		frame[i] = i;
	memcpy(frame, &header, sizeof(header));
}

static void run_program(char **words)
{
	unsigned char frame[MAX_LENGTH];
	struct xdp_md context = {};
	union bpf_attr run = { .test = {
		.prog_fd = open_pinned(words[0]),
		.data_in = (unsigned long)frame,
		.data_size_in = parse_number(words[2], ETH_HLEN, MAX_LENGTH),
		.repeat = parse_number(words[1], 1, INT_MAX),
		.flags = BPF_F_TEST_XDP_LIVE_FRAMES,
		.ctx_in = (unsigned long)&context,
		.ctx_size_in = sizeof(context),
	} };

	fill_frame(frame, run.test.data_size_in);
	context.data_end = run.test.data_size_in;
	if (words[3])
		context.ingress_ifindex = parse_number(words[3], 1, INT_MAX);
	if (bpf(BPF_PROG_TEST_RUN, &run) < 0)
		err(EXIT_FAILURE, "cannot run %s", words[0]);
}

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";
	char **words = argv + 2;

	if (argc > 3 && !strcmp(command, "load"))
		load_xdp(words);
	else if (argc > 3 && !strcmp(command, "map"))
		make_redirect_map(words);
	else if (argc > 3 && !strcmp(command, "counters"))
		print_counters(words[0], words + 1);
	else if ((argc == 5 || argc == 6) && !strcmp(command, "run"))
		run_program(words);
	else
		errx(EXIT_FAILURE,
		     "usage: xdp_program load|map|counters|run ...");
	return EXIT_SUCCESS;
}
