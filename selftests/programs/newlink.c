// SPDX-License-Identifier: GPL-2.0
/*
 * Sends RTM_NEWLINK as it is told to, right or wrong, where ip(8) would not.
 *
 *	newlink KIND [WORD...]		one request
 *	newlink KIND -			one request for each line of stdin
 *
 * Prints how the kernel answered, a line for each request: "OK" or the name of
 * the errno, and the text that came with it. The exit status of a single
 * request is 1 when it was refused. A WORD is one of
 *
 *	ATTRIBUTE=VALUE	an attribute, see the table below
 *	index=NUMBER	ifi_index
 *	flags=NUMBER	ifi_flags, and nothing else is to be changed
 *	bytes=HEX	these bytes in the place of an attribute
 *	peer		the words that follow describe the peer
 *	peer=HEX	these bytes are the peer's nest, header included
 *	data=HEX	these bytes are IFLA_INFO_DATA
 *
 *	newlink veth name=a mtu=1400 peer name=b address=020304
 *	newlink veth bytes=ff000300 peer
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netlink_text.h"

/* Any kind of pairs has its peer in this attribute, see myveth.h. */
#define INFO_PEER	1

enum format { STRING, NUMBER, HEX };

static const struct attribute {
	const char *word;
	unsigned short type;
	enum format format;
} attributes[] = {
	{ "address",		IFLA_ADDRESS,		HEX },
	{ "broadcast",		IFLA_BROADCAST,		HEX },
	{ "fd",			IFLA_NET_NS_FD,		NUMBER },
	{ "group",		IFLA_GROUP,		NUMBER },
	{ "link-netnsid",	IFLA_LINK_NETNSID,	NUMBER },
	{ "mtu",		IFLA_MTU,		NUMBER },
	{ "name",		IFLA_IFNAME,		STRING },
	{ "numrxqueues",	IFLA_NUM_RX_QUEUES,	NUMBER },
	{ "numtxqueues",	IFLA_NUM_TX_QUEUES,	NUMBER },
	{ "pid",		IFLA_NET_NS_PID,	NUMBER },
	{ "target-netnsid",	IFLA_TARGET_NETNSID,	NUMBER },
	{ "txqueuelen",		IFLA_TXQLEN,		NUMBER },
};

static struct {
	struct nlmsghdr header;
	unsigned char body[8192];
} request;

/* The header that index= and flags= mean. */
static struct ifinfomsg *device;
/* LINKINFO, and in it INFO_DATA, and in it the peer. */
static struct nlattr *open_nests[3];
static int nests;

static void *append(const void *data, size_t length)
{
	void *to = (char *)&request + NLMSG_ALIGN(request.header.nlmsg_len);

	if (NLMSG_ALIGN(request.header.nlmsg_len) + length > sizeof(request))
		errx(2, "request too long");
	memcpy(to, data, length);
	request.header.nlmsg_len = (char *)to - (char *)&request + length;
	return to;
}

static struct nlattr *append_attribute(unsigned short type, const void *data,
				       size_t length)
{
	struct nlattr header = {
		.nla_len = NLA_HDRLEN + length,
		.nla_type = type,
	};
	struct nlattr *attribute = append(&header, sizeof(header));

	append(data, length);
	return attribute;
}

static void append_hex(const char *hex)
{
	unsigned char bytes[sizeof(request.body)];
	size_t length;

	for (length = 0; hex[2 * length]; length++)
		if (length == sizeof(bytes) ||
		    sscanf(hex + 2 * length, "%2hhx", &bytes[length]) != 1 ||
		    !hex[2 * length + 1])
			errx(2, "not bytes in hexadecimal: %s", hex);
	append(bytes, length);
}

static void open_nest(unsigned short type)
{
	open_nests[nests++] = append_attribute(type, NULL, 0);
}

static void close_nests(void)
{
	char *end = (char *)&request + request.header.nlmsg_len;

	while (nests--)
		open_nests[nests]->nla_len = end - (char *)open_nests[nests];
}

static struct ifinfomsg *append_device(void)
{
	static const struct ifinfomsg none;

	return append(&none, sizeof(none));
}

static void begin_request(void)
{
	static unsigned int sequence;

	memset(&request, 0, sizeof(request));
	request.header = (struct nlmsghdr){
		.nlmsg_len = NLMSG_HDRLEN,
		.nlmsg_type = RTM_NEWLINK,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK |
			       NLM_F_CREATE | NLM_F_EXCL,
		.nlmsg_seq = ++sequence,
	};
	nests = 0;
	device = append_device();
}

static void open_linkinfo(const char *kind)
{
	if (nests)
		errx(2, "the peer is described once");
	open_nest(IFLA_LINKINFO);
	append_attribute(IFLA_INFO_KIND, kind, strlen(kind));
}

static void open_peer(const char *kind)
{
	open_linkinfo(kind);
	open_nest(IFLA_INFO_DATA);
	open_nest(INFO_PEER);
}

static const struct attribute *find_attribute(const char *word)
{
	size_t i;

	for (i = 0; i < sizeof(attributes) / sizeof(*attributes); i++)
		if (!strcmp(attributes[i].word, word))
			return &attributes[i];
	errx(2, "unknown word: %s", word);
}

static void append_value(const struct attribute *attribute, const char *value)
{
	unsigned int number = strtoul(value, NULL, 0);
	struct nlattr *header;

	switch (attribute->format) {
	case STRING:
		append_attribute(attribute->type, value, strlen(value) + 1);
		break;
	case NUMBER:
		append_attribute(attribute->type, &number, sizeof(number));
		break;
	case HEX:
		header = append_attribute(attribute->type, NULL, 0);
		append_hex(value);
		header->nla_len += strlen(value) / 2;
		break;
	}
}

static void append_word(const char *kind, char *word)
{
	char *value = word;

	strsep(&value, "=");
	if (!strcmp(word, "peer")) {
		open_peer(kind);
		if (value)
			append_hex(value);
		else
			device = append_device();
		return;
	}

	if (!value)
		errx(2, "no value: %s", word);
	if (!strcmp(word, "data")) {
		open_linkinfo(kind);
		open_nest(IFLA_INFO_DATA);
		append_hex(value);
	} else if (!strcmp(word, "bytes")) {
		append_hex(value);
	} else if (!strcmp(word, "index")) {
		device->ifi_index = strtol(value, NULL, 0);
	} else if (!strcmp(word, "flags")) {
		device->ifi_flags = strtoul(value, NULL, 0);
		device->ifi_change = device->ifi_flags;
	} else {
		append_value(find_attribute(word), value);
	}
}

/* Returns whether the kernel did what it was asked for. */
static bool send_request(int fd)
{
	union {
		struct nlmsghdr header;
		char bytes[8192];
	} answer;
	const struct nlmsgerr *result = NLMSG_DATA(&answer.header);
	const char *text;

	if (send(fd, &request, request.header.nlmsg_len, 0) < 0)
		err(2, "send");
	if (recv(fd, &answer, sizeof(answer), 0) < 0)
		err(2, "recv");
	if (answer.header.nlmsg_type != NLMSG_ERROR ||
	    answer.header.nlmsg_seq != request.header.nlmsg_seq)
		errx(2, "not an answer to the request");

	text = netlink_text(&answer.header);
	printf("%s%s%s\n",
	       result->error ? strerrorname_np(-result->error) : "OK",
	       *text ? " " : "", text);
	return !result->error;
}

static bool finish_request(int fd, const char *kind)
{
	if (!nests)
		open_linkinfo(kind);
	close_nests();
	return send_request(fd);
}

static void send_lines(int fd, const char *kind)
{
	char *line = NULL, *rest, *word;
	size_t size = 0;

	while (getline(&line, &size, stdin) > 0) {
		rest = line;
		begin_request();
		rest[strcspn(rest, "\n")] = '\0';
		while ((word = strsep(&rest, " ")))
			if (*word)
				append_word(kind, word);
		finish_request(fd, kind);
	}
	free(line);
}

static int open_socket(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	if (fd < 0 || !ask_for_netlink_text(fd))
		err(2, "netlink socket");
	return fd;
}

int main(int argc, char *argv[])
{
	int fd = open_socket(), i;

	if (argc < 2)
		errx(2, "usage: newlink KIND [WORD...|-]");
	if (argc == 3 && !strcmp(argv[2], "-")) {
		send_lines(fd, argv[1]);
		return 0;
	}

	begin_request();
	for (i = 2; i < argc; i++)
		append_word(argv[1], argv[i]);
	return !finish_request(fd, argv[1]);
}
