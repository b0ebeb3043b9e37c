// SPDX-License-Identifier: GPL-2.0
/*
 * Asks the generic netlink family "netdev" about a device, as ynl does
 *
 *	netdev_queues features NAMESPACE DEVICE
 *		what XDP can do on it, by name
 *	netdev_queues napis NAMESPACE DEVICE
 *		each queue that NAPI serves: "rx 0 8200", with the NAPI's number
 *	netdev_queues settings NAMESPACE DEVICE
 *		each NAPI, by its number, and what is set for it: "8200
 *		defer-hard-irqs 0 gro-flush-timeout 0 irq-suspend-timeout 0"
 *	netdev_queues set NAMESPACE DEVICE IRQS FLUSH SUSPEND
 *		sets these three, in that order, for each NAPI
 *	netdev_queues stats NAMESPACE DEVICE [queue]
 *		what it counts, of the whole device or of each queue:
 *		"rx 0 packets=3 bytes=180"
 *	netdev_queues bind-tx NAMESPACE DEVICE
 *		whether it would send what is in the memory of a device, by the
 *		words of the refusal; there is no such memory to really do it
 *
 * Fails when the kernel has no such family, or refuses.
 */
#include "namespace.h"
#include "netlink_text.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

/* Of linux/netdev.h, which Debian 12 does not have yet. */
enum { DEV_GET = 1, QUEUE_GET = 10, NAPI_GET, QSTATS_GET };
enum { NAPI_SET = 14, BIND_TX };
enum { DEV_IFINDEX = 1, DEV_XDP_FEATURES = 3 };
enum { QUEUE_ID = 1, QUEUE_IFINDEX, QUEUE_TYPE, QUEUE_NAPI_ID };
enum { NAPI_IFINDEX = 1, NAPI_ID };
enum { NAPI_DEFER_HARD_IRQS = 5, NAPI_GRO_FLUSH_TIMEOUT };
enum { NAPI_IRQ_SUSPEND_TIMEOUT = 7 };
enum { QSTATS_IFINDEX = 1, QSTATS_QUEUE_TYPE, QSTATS_QUEUE_ID, QSTATS_SCOPE };
enum { QSTATS_RX_PACKETS = 8, QSTATS_RX_BYTES };
enum { QSTATS_TX_PACKETS = 10, QSTATS_TX_BYTES };
enum { DMABUF_IFINDEX = 1, DMABUF_FD = 3 };
#define SCOPE_OF_QUEUES		1
#define MOST_ATTRIBUTES		64
#define MOST_NAPIS		64

static struct request {
	struct nlmsghdr header;
	struct genlmsghdr generic;
	char attributes[256];
} request;

/* A number may have four or eight bytes; absent ones are -1. */
static long long values[MOST_ATTRIBUTES];
static __u32 ifindex;

/* --- requests --------------------------------------------------------- */

static void begin_request(int family, int flags, int command)
{
	memset(&request, 0, sizeof(request));
	request.header.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	request.header.nlmsg_type = family;
	request.header.nlmsg_flags = NLM_F_REQUEST | flags;
	request.generic.cmd = command;
	request.generic.version = 1;
}

static void add_attribute(int type, const void *data, int length)
{
	char *end = (char *)&request + request.header.nlmsg_len;
	struct nlattr attribute = {
		.nla_len = NLA_HDRLEN + length,
		.nla_type = type,
	};

	memcpy(end, &attribute, sizeof(attribute));
	memcpy(end + NLA_HDRLEN, data, length);
	request.header.nlmsg_len += NLA_ALIGN(attribute.nla_len);
}

static int open_generic_netlink(void)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);

	if (fd < 0 || !ask_for_netlink_text(fd) ||
	    connect(fd, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		err(EXIT_FAILURE, "generic netlink");
	return fd;
}

/* --- answers ---------------------------------------------------------- */

static void parse_attributes(const struct nlmsghdr *message)
{
	const char *at = (char *)NLMSG_DATA(message) + GENL_HDRLEN;
	const char *end = (char *)message + message->nlmsg_len;
	const struct nlattr *attribute;
	int type, length;

	memset(values, -1, sizeof(values));
	for (; at < end; at += NLA_ALIGN(attribute->nla_len)) {
		attribute = (const struct nlattr *)at;
		type = attribute->nla_type & NLA_TYPE_MASK;
		length = attribute->nla_len - NLA_HDRLEN;
		if (type >= MOST_ATTRIBUTES || length < 2 || length > 8)
			continue;
		values[type] = 0;
		memcpy(&values[type], at + NLA_HDRLEN, length);
	}
}

/* Whether more is to come. */
static bool handle_message(const struct nlmsghdr *message,
			   void (*show)(void))
{
	const struct nlmsgerr *error = NLMSG_DATA(message);

	if (message->nlmsg_type == NLMSG_DONE)
		return false;
	if (message->nlmsg_type == NLMSG_ERROR) {
		errno = -error->error;
		if (errno)
			err(EXIT_FAILURE, "refused%s%s",
			    *netlink_text(message) ? ": " : "",
			    netlink_text(message));
		return false;
	}
	parse_attributes(message);
	show();
	return message->nlmsg_flags & NLM_F_MULTI;
}

static void ask(int fd, void (*show)(void))
{
	static char answer[65536];
	const struct nlmsghdr *message;
	bool more = true;
	ssize_t length;

	if (send(fd, &request, request.header.nlmsg_len, 0) < 0)
		err(EXIT_FAILURE, "request");
	while (more) {
		length = recv(fd, answer, sizeof(answer), 0);
		if (length < 0)
			err(EXIT_FAILURE, "answer");
		message = (const struct nlmsghdr *)answer;
		for (; NLMSG_OK(message, length);
		     message = NLMSG_NEXT(message, length))
			more = handle_message(message, show);
	}
}

static void show_nothing(void)
{
}

static int find_family(int fd)
{
	static const char name[] = "netdev";

	begin_request(GENL_ID_CTRL, 0, CTRL_CMD_GETFAMILY);
	add_attribute(CTRL_ATTR_FAMILY_NAME, name, sizeof(name));
	ask(fd, show_nothing);
	return values[CTRL_ATTR_FAMILY_ID];
}

/* --- what is shown ---------------------------------------------------- */

static void show_features(void)
{
	static const char * const names[] = {
		"basic", "redirect", "ndo-xmit", "xsk-zerocopy", "hw-offload",
		"rx-sg", "ndo-xmit-sg",
	};
	const char *space = "";
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!(values[DEV_XDP_FEATURES] & 1 << i))
			continue;
		printf("%s%s", space, names[i]);
		space = " ";
	}
	printf("\n");
}

static const char *direction(long long type)
{
	return type ? "tx" : "rx";
}

static void show_napi(void)
{
	if (values[QUEUE_IFINDEX] == ifindex && values[QUEUE_NAPI_ID] >= 0)
		printf("%s %lld %lld\n", direction(values[QUEUE_TYPE]),
		       values[QUEUE_ID], values[QUEUE_NAPI_ID]);
}

static void show_settings(void)
{
	if (values[NAPI_IFINDEX] != ifindex)
		return;
	printf("%lld defer-hard-irqs %lld ", values[NAPI_ID],
	       values[NAPI_DEFER_HARD_IRQS]);
	printf("gro-flush-timeout %lld ", values[NAPI_GRO_FLUSH_TIMEOUT]);
	printf("irq-suspend-timeout %lld\n", values[NAPI_IRQ_SUSPEND_TIMEOUT]);
}

static void show_counters(const char *which, long long queue, int packets,
			  int bytes)
{
	if (values[packets] < 0)
		return;
	printf("%s ", which);
	if (queue >= 0)
		printf("%lld ", queue);
	printf("packets=%lld bytes=%lld\n", values[packets], values[bytes]);
}

static void show_stats(void)
{
	if (values[QSTATS_IFINDEX] != ifindex)
		return;
	show_counters("rx", values[QSTATS_QUEUE_ID], QSTATS_RX_PACKETS,
		      QSTATS_RX_BYTES);
	show_counters("tx", values[QSTATS_QUEUE_ID], QSTATS_TX_PACKETS,
		      QSTATS_TX_BYTES);
}

/* --- the commands ----------------------------------------------------- */

static void ask_stats(int fd, int family, bool of_queues)
{
	static const __u64 scope = SCOPE_OF_QUEUES;

	begin_request(family, NLM_F_DUMP, QSTATS_GET);
	add_attribute(QSTATS_IFINDEX, &ifindex, sizeof(ifindex));
	if (of_queues)
		add_attribute(QSTATS_SCOPE, &scope, sizeof(scope));
	ask(fd, show_stats);
}

static void ask_napis(int fd, int family, void (*show)(void))
{
	begin_request(family, NLM_F_DUMP, NAPI_GET);
	add_attribute(NAPI_IFINDEX, &ifindex, sizeof(ifindex));
	ask(fd, show);
}

static __u32 napi_numbers[MOST_NAPIS];
static int napi_count;

static void note_napi(void)
{
	if (values[NAPI_IFINDEX] != ifindex)
		return;
	if (napi_count == MOST_NAPIS)
		errx(EXIT_FAILURE, "too many NAPIs");
	napi_numbers[napi_count++] = values[NAPI_ID];
}

static void set_napis(int fd, int family, char **words)
{
	__u32 irqs = parse_number(words[0], 0, INT_MAX);
	__u64 flush = parse_number(words[1], 0, INT_MAX);
	__u64 suspend = parse_number(words[2], 0, INT_MAX);
	int i;

	ask_napis(fd, family, note_napi);
	if (!napi_count)
		errx(EXIT_FAILURE, "no NAPI");
	for (i = 0; i < napi_count; i++) {
		begin_request(family, NLM_F_ACK, NAPI_SET);
		add_attribute(NAPI_ID, &napi_numbers[i], sizeof(__u32));
		add_attribute(NAPI_DEFER_HARD_IRQS, &irqs, sizeof(irqs));
		add_attribute(NAPI_GRO_FLUSH_TIMEOUT, &flush, sizeof(flush));
		add_attribute(NAPI_IRQ_SUSPEND_TIMEOUT, &suspend,
			      sizeof(suspend));
		ask(fd, show_nothing);
	}
}

static void ask_bind_tx(int fd, int family)
{
	static const __u32 no_memory = -1;

	begin_request(family, 0, BIND_TX);
	add_attribute(DMABUF_IFINDEX, &ifindex, sizeof(ifindex));
	add_attribute(DMABUF_FD, &no_memory, sizeof(no_memory));
	ask(fd, show_nothing);
}

int main(int argc, char **argv)
{
	const char *command = argc > 3 ? argv[1] : "";
	int fd, family;

	if (argc < 4)
		errx(EXIT_FAILURE,
		     "usage: netdev_queues COMMAND NAMESPACE DEVICE");
	enter_namespace(argv[2]);
	ifindex = if_nametoindex(argv[3]);
	if (!ifindex)
		err(EXIT_FAILURE, "%s", argv[3]);
	fd = open_generic_netlink();
	family = find_family(fd);

	if (!strcmp(command, "features")) {
		begin_request(family, 0, DEV_GET);
		add_attribute(DEV_IFINDEX, &ifindex, sizeof(ifindex));
		ask(fd, show_features);
	} else if (!strcmp(command, "napis")) {
		begin_request(family, NLM_F_DUMP, QUEUE_GET);
		add_attribute(QUEUE_IFINDEX, &ifindex, sizeof(ifindex));
		ask(fd, show_napi);
	} else if (!strcmp(command, "settings")) {
		ask_napis(fd, family, show_settings);
	} else if (!strcmp(command, "set") && argc == 7) {
		set_napis(fd, family, argv + 4);
	} else if (!strcmp(command, "stats")) {
		ask_stats(fd, family, argc == 5);
	} else if (!strcmp(command, "bind-tx")) {
		ask_bind_tx(fd, family);
	} else {
		errx(EXIT_FAILURE, "unknown command %s", command);
	}
	return EXIT_SUCCESS;
}
