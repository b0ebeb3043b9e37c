// SPDX-License-Identifier: GPL-2.0
/*
 * Makes up descriptions of a peer, right and wrong, for newlink(1) to send.
 *
 *	random_nests peer SEED COUNT	lines "peer=HEX"
 *	random_nests data SEED COUNT	lines "data=HEX"
 *	random_nests ... down		the same, but no peer is to be up
 *
 * The same SEED gives the same lines everywhere. Some are nothing but random
 * bytes. Most are built as they should be, out of values that are at or beyond
 * a limit more often than not: random bytes alone would hardly get past the
 * first attribute.
 *
 * What veth and myveth are known to treat in different ways is left out, so
 * that their answers can be compared: IFLA_TARGET_NETNSID, which veth ignores,
 * always; and IFF_UP, which veth refuses, when "down" is asked for.
 */
#include <err.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INFO_PEER	1

struct bytes {
	unsigned char byte[512];
	size_t length;
};

static __u64 state;

/* xorshift64*: short, and the same on every machine. */
static __u32 random_number(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (state * 0x2545f4914f6cdd1dULL) >> 32;
}

static bool one_in(unsigned int n)
{
	return random_number() % n == 0;
}

static void put(struct bytes *to, const void *data, size_t length)
{
	if (to->length + length > sizeof(to->byte))
		errx(1, "too long");
	memcpy(to->byte + to->length, data, length);
	to->length += length;
}

static void put_random(struct bytes *to, size_t length)
{
	unsigned char byte;

	while (length--) {
		byte = random_number();
		put(to, &byte, 1);
	}
}

/* An attribute, the length of which is sometimes a lie. */
static void put_attribute(struct bytes *to, unsigned short type,
			  const struct bytes *value)
{
	static const unsigned char zeros[NLA_ALIGNTO];
	struct nlattr header = {
		.nla_len = NLA_HDRLEN + value->length,
		.nla_type = type,
	};

	if (one_in(30))
		header.nla_len = random_number() % 64;
	put(to, &header, sizeof(header));
	put(to, value->byte, value->length);
	put(to, zeros, NLA_ALIGN(value->length) - value->length);
}

static void put_limit(struct bytes *to)
{
	static const __u32 limits[] = {
		0, 1, 2, 67, 68, 1500, 4097, 32767, 32768, 65535, 65536,
		0x7fffffff, 0x80000000, 0xffffffff,
	};

	put(to, &limits[random_number() % (sizeof(limits) / sizeof(*limits))],
	    sizeof(*limits));
}

static void put_name(struct bytes *to)
{
	static const char * const names[] = {
		"", "lo", "p%d", "p%d%d", "p%s", ".", "..", "a/b", "a b", "a:b",
		"fifteenletters1", "sixteenletters16",
	};
	const char *name = names[random_number() % 12];

	if (one_in(2))
		name = "p%d";
	put(to, name, strlen(name) + one_in(2));
}

static void put_address(struct bytes *to)
{
	size_t length = one_in(4) ? random_number() % 40 : 6;

	put_random(to, length);
	if (length && !one_in(4))
		to->byte[0] &= ~1;
}

/* A value as most attributes have it, or something else. */
static void put_any(struct bytes *to)
{
	switch (random_number() % 4) {
	case 0:
		put_random(to, random_number() % 20);
		break;
	case 1:
		put_random(to, 1);
		break;
	default:
		put_limit(to);
	}
}

static unsigned short random_type(void)
{
	static const unsigned short common[] = {
		IFLA_IFNAME, IFLA_ADDRESS, IFLA_MTU, IFLA_TXQLEN,
		IFLA_NUM_TX_QUEUES, IFLA_NUM_RX_QUEUES, IFLA_GROUP,
		IFLA_NET_NS_PID, IFLA_NET_NS_FD, IFLA_BROADCAST,
	};
	unsigned short type;

	if (one_in(2))
		return common[random_number() % 10];
	do
		type = random_number() % 80;
	while (type == IFLA_TARGET_NETNSID);
	return type;
}

static void put_random_attribute(struct bytes *to)
{
	unsigned short type = random_type();
	struct bytes value = {};

	switch (type) {
	case IFLA_IFNAME:
		put_name(&value);
		break;
	case IFLA_ADDRESS:
	case IFLA_BROADCAST:
		put_address(&value);
		break;
	default:
		put_any(&value);
	}
	/* No process and no file of that number: stay in this namespace. */
	if ((type == IFLA_NET_NS_PID || type == IFLA_NET_NS_FD) && value.length)
		memset(value.byte, 0xff, value.length);

	if (one_in(30))
		type |= NLA_F_NESTED;
	put_attribute(to, type, &value);
}

static void put_device(struct bytes *to)
{
	struct ifinfomsg device = {};

	if (one_in(8))
		device.ifi_index = random_number();
	if (one_in(4))
		device.ifi_flags = random_number();
	if (one_in(4))
		device.ifi_change = random_number();
	put(to, &device, sizeof(device));
}

static void put_peer(struct bytes *to, bool down)
{
	struct ifinfomsg *device = (void *)to->byte;
	unsigned int attributes = 1 + random_number() % 10;

	if (one_in(16)) {
		put_random(to, random_number() % 64);
	} else {
		put_device(to);
		while (attributes--)
			put_random_attribute(to);
		if (one_in(8))
			to->length -= random_number() % 16;
	}
	if (down && to->length >= sizeof(*device))
		device->ifi_flags &= ~IFF_UP;
}

static void put_data(struct bytes *to, bool down)
{
	struct bytes peer = {};

	if (one_in(32)) {
		put_random(to, random_number() % 64);
		return;
	}
	put_peer(&peer, down);
	put_attribute(to, one_in(32) ? random_number() % 4 : INFO_PEER, &peer);
	if (one_in(32))
		put_random(to, random_number() % 16);
}

static void print_line(const char *word, const struct bytes *bytes)
{
	size_t i;

	printf("%s=", word);
	for (i = 0; i < bytes->length; i++)
		printf("%02x", bytes->byte[i]);
	printf("\n");
}

int main(int argc, char *argv[])
{
	bool down = argc == 5 && !strcmp(argv[4], "down");
	unsigned long count;

	if (argc != 4 && !down)
		errx(2, "usage: random_nests peer|data SEED COUNT [down]");

	/* xorshift has no way out of 0. */
	state = strtoul(argv[2], NULL, 0) * 2 + 1;
	for (count = strtoul(argv[3], NULL, 0); count; count--) {
		struct bytes bytes = {};

		if (!strcmp(argv[1], "peer"))
			put_peer(&bytes, down);
		else
			put_data(&bytes, down);
		print_line(argv[1], &bytes);
	}
	return 0;
}
