// SPDX-License-Identifier: GPL-2.0
/*
 * Sends a stream of bytes from one network namespace to another and checks that
 * it arrives, whole and in order
 *
 *	stream FROM TO ADDRESS PROTOCOL BYTES [OPTION...]
 *
 * ADDRESS belongs to the namespace TO; PROTOCOL is udp, tcp or sctp. OPTION:
 *
 *	size=N		bytes in a write, and so in a datagram (1000)
 *	segment=N	the kernel cuts each write into datagrams of N bytes
 *	zerocopy	the pages of the sender are sent, not copies of them.
 *			Of a datagram the sender gets its pages back before
 *			the receiver looks at it.
 *	timestamps	both sockets ask for software timestamps
 *	expect=N	wait for the first N bytes only: the others are lost
 *	watch=DEVICE	look at the frames that DEVICE of FROM sends, or at
 *	watch_to=DEVICE	those that DEVICE of TO receives, but only when the
 *			whole stream has arrived: whoever changes them until
 *			then spoils what others have
 *
 * Each word of the stream is its own position, so that what is lost, repeated,
 * changed or out of order is found and named. Both sockets belong to one
 * process: nobody has to wait until somebody else is ready.
 */
#include "namespace.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <linux/if_packet.h>
#include <linux/net_tstamp.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define MAX_SIZE	0x100000
#define PATIENCE_MS	20000
/* So many writes may be on their way; the receiver's memory is for all. */
#define BURST		64
#define RECEIVE_MEMORY	0x4000000

static struct {
	const char *from, *to, *address, *watched, *watched_in;
	int type, protocol;
	long bytes, expected, size, segment;
	bool zerocopy, timestamps;
} options = { .size = 1000 };

static struct {
	long sent, received;
	/* What the sender's error queue says. */
	long writes, completed, copied;
	long sent_stamps, received_stamps;
	struct timespec last_sent, last_received;
} seen;

/* --- sockets ---------------------------------------------------------- */

static void set_option(int fd, int level, int name, int value)
{
	if (setsockopt(fd, level, name, &value, sizeof(value)) < 0)
		err(EXIT_FAILURE, "socket option %d of %d", name, level);
}

/* Any free port of the address. */
static socklen_t fill_address(struct sockaddr_storage *address)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;

	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, options.address, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		return sizeof(*v4);
	}
	if (inet_pton(AF_INET6, options.address, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		return sizeof(*v6);
	}
	errx(EXIT_FAILURE, "%s is not an address", options.address);
}

static int make_socket(int family)
{
	int fd = socket(family, options.type, options.protocol);

	if (fd < 0)
		err(EXIT_FAILURE, "socket");
	if (options.timestamps)
		set_option(fd, SOL_SOCKET, SO_TIMESTAMPING,
			   SOF_TIMESTAMPING_TX_SOFTWARE |
			   SOF_TIMESTAMPING_RX_SOFTWARE |
			   SOF_TIMESTAMPING_SOFTWARE |
			   SOF_TIMESTAMPING_OPT_TSONLY);
	return fd;
}

static int open_receiver(struct sockaddr_storage *address, socklen_t length)
{
	int fd;

	enter_namespace(options.to);
	fd = make_socket(address->ss_family);
	set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_MEMORY);
	if (bind(fd, (struct sockaddr *)address, length) < 0 ||
	    getsockname(fd, (struct sockaddr *)address, &length) < 0)
		err(EXIT_FAILURE, "bind to %s", options.address);
	if (options.type == SOCK_STREAM && listen(fd, 1) < 0)
		err(EXIT_FAILURE, "listen");
	return fd;
}

static int open_sender(const struct sockaddr_storage *address,
		       socklen_t length)
{
	int fd;

	enter_namespace(options.from);
	fd = make_socket(address->ss_family);
	if (options.zerocopy)
		set_option(fd, SOL_SOCKET, SO_ZEROCOPY, 1);
	if (options.segment)
		set_option(fd, SOL_UDP, UDP_SEGMENT, options.segment);
	if (connect(fd, (struct sockaddr *)address, length) < 0)
		err(EXIT_FAILURE, "connect to %s", options.address);
	return fd;
}

static void open_both(int *sender, int *receiver)
{
	struct sockaddr_storage address;
	socklen_t length = fill_address(&address);
	int listener;

	*receiver = open_receiver(&address, length);
	*sender = open_sender(&address, length);
	if (options.type == SOCK_DGRAM)
		return;
	listener = *receiver;
	*receiver = accept(listener, NULL, NULL);
	if (*receiver < 0)
		err(EXIT_FAILURE, "accept");
	close(listener);
}

/* --- the stream ------------------------------------------------------- */

/* Byte n is one of the four bytes of the number n / 4. */
static unsigned char byte_at(long position)
{
	return position / 4 >> 8 * (position % 4);
}

static void check_bytes(const unsigned char *bytes, long length)
{
	long i;

	if (seen.received + length > options.bytes)
		errx(EXIT_FAILURE, "more arrives than was sent");
	for (i = 0; i < length; i++)
		if (bytes[i] != byte_at(seen.received + i))
			errx(EXIT_FAILURE,
			     "byte %ld is wrong, in a piece of %ld from %ld",
			     seen.received + i, length, seen.received);
}

/* Returns whether anything was sent. */
static bool send_some(int fd)
{
	/* One for each write: the kernel may still read the others. */
	static unsigned char *buffers[BURST];
	int flags = MSG_DONTWAIT | (options.zerocopy ? MSG_ZEROCOPY : 0);
	unsigned char **buffer = &buffers[seen.writes % BURST];
	long length = options.bytes - seen.sent, i;

	if (length > options.size)
		length = options.size;
	if (!length)
		return false;
	if (!*buffer)
		*buffer = malloc(MAX_SIZE);
	for (i = 0; i < length; i++)
		(*buffer)[i] = byte_at(seen.sent + i);

	length = send(fd, *buffer, length, flags);
	if (length < 0 && errno == EAGAIN)
		return false;
	if (length < 0)
		err(EXIT_FAILURE, "send at byte %ld", seen.sent);
	seen.sent += length;
	seen.writes++;
	return true;
}

static void read_timestamp(struct msghdr *message, long *count,
			   struct timespec *last)
{
	struct cmsghdr *part = CMSG_FIRSTHDR(message);

	for (; part; part = CMSG_NXTHDR(message, part))
		if (part->cmsg_level == SOL_SOCKET &&
		    part->cmsg_type == SCM_TIMESTAMPING) {
			memcpy(last, CMSG_DATA(part), sizeof(*last));
			++*count;
		}
}

static bool receive_some(int fd)
{
	static unsigned char bytes[MAX_SIZE];
	char control[512];
	struct iovec vector = { .iov_base = bytes, .iov_len = sizeof(bytes) };
	struct msghdr message = {
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t length = recvmsg(fd, &message, MSG_DONTWAIT);

	if (length < 0 && errno == EAGAIN)
		return false;
	if (length < 0)
		err(EXIT_FAILURE, "receive");
	if (!length)
		errx(EXIT_FAILURE, "the stream ends early");
	check_bytes(bytes, length);
	read_timestamp(&message, &seen.received_stamps, &seen.last_received);
	seen.received += length;
	return true;
}

static void read_completion(struct msghdr *message)
{
	struct cmsghdr *part = CMSG_FIRSTHDR(message);
	struct sock_extended_err *event;
	long writes;

	for (; part; part = CMSG_NXTHDR(message, part)) {
		event = (struct sock_extended_err *)CMSG_DATA(part);
		if (part->cmsg_level == SOL_SOCKET ||
		    event->ee_origin != SO_EE_ORIGIN_ZEROCOPY)
			continue;
		writes = event->ee_data - event->ee_info + 1;
		seen.completed += writes;
		if (event->ee_code & SO_EE_CODE_ZEROCOPY_COPIED)
			seen.copied += writes;
	}
}

/* The kernel stamps what it receives from a moment after the first socket has
 * asked for it. This one stays open, and asks until the others are served.
 */
static void wait_for_stamping(void)
{
	struct sockaddr_in self = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct sockaddr *address = (struct sockaddr *)&self;
	socklen_t length = sizeof(self);
	char control[512];
	struct msghdr message = { .msg_control = control };
	struct timespec stamp;
	long stamps = 0;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	set_option(fd, SOL_SOCKET, SO_TIMESTAMPING,
		   SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE);
	if (bind(fd, address, length) < 0 ||
	    getsockname(fd, address, &length) < 0)
		err(EXIT_FAILURE, "bind to the loopback address");
	while (!stamps) {
		message.msg_controllen = sizeof(control);
		if (sendto(fd, "", 1, 0, address, length) < 0 ||
		    recvmsg(fd, &message, 0) < 0)
			err(EXIT_FAILURE, "to the loopback address");
		read_timestamp(&message, &stamps, &stamp);
	}
}

static bool read_error_queue(int fd)
{
	char control[512];
	struct msghdr message = {
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};

	if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		return false;
	read_completion(&message);
	read_timestamp(&message, &seen.sent_stamps, &seen.last_sent);
	return true;
}

static void wait_for_events(int sender, int receiver)
{
	struct pollfd events[] = {
		{ .fd = sender },
		{ .fd = receiver, .events = receiver < 0 ? 0 : POLLIN },
	};

	/* A stream may wait for room; a datagram does not find its way. */
	if (receiver >= 0 && seen.sent < options.bytes)
		events[0].events = POLLOUT;
	if (poll(events, 2, PATIENCE_MS) <= 0)
		errx(EXIT_FAILURE,
		     "sent %ld received %ld, completed %ld of %ld writes",
		     seen.sent, seen.received, seen.completed, seen.writes);
}

static void wait_for_completions(int sender)
{
	while (options.zerocopy && seen.completed < seen.writes)
		if (!read_error_queue(sender))
			wait_for_events(sender, -1);
}

static void transfer(int sender, int receiver)
{
	bool progress;
	int burst;

	while (seen.sent < options.bytes || seen.received < options.expected) {
		for (burst = 0; burst < BURST && send_some(sender); burst++)
			;
		progress = burst > 0;
		if (options.type == SOCK_DGRAM)
			wait_for_completions(sender);
		while (receive_some(receiver))
			progress = true;
		while (read_error_queue(sender))
			progress = true;
		if (!progress)
			wait_for_events(sender, receiver);
	}
	wait_for_completions(sender);
	while (options.timestamps && !seen.sent_stamps)
		if (!read_error_queue(sender))
			wait_for_events(sender, -1);
}

/* --- the watched device ----------------------------------------------- */

static int open_watch(void)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
	};
	int fd;

	enter_namespace(options.watched_in);
	address.sll_ifindex = if_nametoindex(options.watched);
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0 || !address.sll_ifindex ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		err(EXIT_FAILURE, "packet socket on %s", options.watched);
	set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_MEMORY);
	set_option(fd, SOL_PACKET, PACKET_AUXDATA, 1);
	return fd;
}

struct watched_frame {
	ssize_t length;
	bool is_partial, has_separate_tag;
	unsigned short ethertype;
};

/* A frame is as long as it is sent, and can be read to its end. */
static union {
	struct ether_header header;
	unsigned char bytes[0x20000];
} watched;

/* Reads the next frame; its length is negative when there is none. */
static struct watched_frame read_frame(int fd)
{
	char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	struct iovec vector = {
		.iov_base = &watched,
		.iov_len = sizeof(watched),
	};
	struct msghdr message = {
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	const struct tpacket_auxdata *aux;
	struct watched_frame frame = {};

	frame.length = recvmsg(fd, &message, MSG_DONTWAIT | MSG_TRUNC);
	if (frame.length < 0 && errno != EAGAIN)
		err(EXIT_FAILURE, "a frame that %s has passed on is spoilt",
		    options.watched);
	if (frame.length < 0)
		return frame;
	aux = (void *)CMSG_DATA(CMSG_FIRSTHDR(&message));
	frame.is_partial = aux->tp_status & TP_STATUS_CSUMNOTREADY;
	frame.has_separate_tag = aux->tp_status & TP_STATUS_VLAN_VALID;
	frame.ethertype = ntohs(watched.header.ether_type);
	return frame;
}

/* The longest is one of ours: whoever else sends, sends short ones. */
static void print_longest_frame(int fd)
{
	struct watched_frame frame, longest = { .length = -1 };
	const char *tag = "without";

	while ((frame = read_frame(fd)).length >= 0)
		if (frame.length > longest.length)
			longest = frame;
	if (longest.has_separate_tag)
		tag = "beside";
	else if (longest.ethertype == ETH_P_8021Q ||
		 longest.ethertype == ETH_P_8021AD)
		tag = "inside";
	printf("frame %zd checksum %s tag %s\n", longest.length,
	       longest.is_partial ? "partial" : "done", tag);
}

/* --- the command line ------------------------------------------------- */

static void parse_protocol(const char *word)
{
	options.type = SOCK_STREAM;
	if (!strcmp(word, "udp"))
		options.type = SOCK_DGRAM;
	else if (!strcmp(word, "sctp"))
		options.protocol = IPPROTO_SCTP;
	else if (strcmp(word, "tcp"))
		errx(EXIT_FAILURE, "unknown protocol %s", word);
}

static void parse_option(char *word)
{
	char *value = word;

	strsep(&value, "=");
	if (!strcmp(word, "zerocopy")) {
		options.zerocopy = true;
	} else if (!strcmp(word, "timestamps")) {
		options.timestamps = true;
	} else if (!value) {
		errx(EXIT_FAILURE, "unknown option or no value: %s", word);
	} else if (!strcmp(word, "size")) {
		options.size = parse_number(value, 1, MAX_SIZE);
	} else if (!strcmp(word, "expect")) {
		options.expected = parse_number(value, 0, options.bytes);
	} else if (!strcmp(word, "segment")) {
		options.segment = parse_number(value, 1, MAX_SIZE);
	} else if (!strcmp(word, "watch")) {
		options.watched = value;
		options.watched_in = options.from;
	} else if (!strcmp(word, "watch_to")) {
		options.watched = value;
		options.watched_in = options.to;
	} else {
		errx(EXIT_FAILURE, "unknown option %s", word);
	}
}

static void print_result(void)
{
	bool in_order = seen.last_sent.tv_sec < seen.last_received.tv_sec ||
		(seen.last_sent.tv_sec == seen.last_received.tv_sec &&
		 seen.last_sent.tv_nsec <= seen.last_received.tv_nsec);

	printf("received %ld\n", seen.received);
	if (options.zerocopy)
		printf("completed %ld of %ld, copied %ld\n", seen.completed,
		       seen.writes, seen.copied);
	if (options.timestamps)
		printf("timestamps sent %ld received %ld %s\n",
		       seen.sent_stamps, seen.received_stamps,
		       in_order ? "in order" : "received before sent");
}

int main(int argc, char **argv)
{
	int sender, receiver, watch = -1, i;

	if (argc < 6)
		errx(EXIT_FAILURE,
		     "stream FROM TO ADDRESS PROTOCOL BYTES [OPTION]...");
	options.from = argv[1];
	options.to = argv[2];
	options.address = argv[3];
	parse_protocol(argv[4]);
	options.bytes = parse_number(argv[5], 1, LONG_MAX);
	options.expected = options.bytes;
	for (i = 6; i < argc; i++)
		parse_option(argv[i]);

	if (options.watched)
		watch = open_watch();
	open_both(&sender, &receiver);
	if (options.timestamps)
		wait_for_stamping();
	transfer(sender, receiver);
	print_result();
	if (options.watched)
		print_longest_frame(watch);
	return EXIT_SUCCESS;
}
