// SPDX-License-Identifier: GPL-2.0
/*
 * Tells what datagrams cost the receiver's kernel, which shows how much room
 * the sender's has left in front of them
 *
 *	truesize FROM TO ADDRESS FIRST LAST
 *
 * ADDRESS, of IPv4, belongs to the namespace TO. One datagram of each length
 * from FIRST to LAST is sent, and a line "LENGTH TRUESIZE" printed for the
 * first and for each that costs more than the one before.
 */
#include "namespace.h"

#include <arpa/inet.h>
#include <asm/socket.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define MAX_LENGTH	1472
#define PATIENCE_MS	20000

static int open_receiver(const char *namespace, struct sockaddr_in *address)
{
	socklen_t length = sizeof(*address);
	int fd;

	enter_namespace(namespace);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)address, length) < 0 ||
	    getsockname(fd, (struct sockaddr *)address, &length) < 0)
		err(EXIT_FAILURE, "cannot receive in %s", namespace);
	return fd;
}

static int open_sender(const char *namespace,
		       const struct sockaddr_in *address)
{
	int fd;

	enter_namespace(namespace);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 ||
	    connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
		err(EXIT_FAILURE, "cannot send from %s", namespace);
	return fd;
}

/* What waits in a socket's queue counts with all the memory that it takes. */
static unsigned int queued_memory(int fd)
{
	unsigned int memory[SK_MEMINFO_VARS];
	socklen_t length = sizeof(memory);

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, &length) < 0)
		err(EXIT_FAILURE, "SO_MEMINFO");
	return memory[SK_MEMINFO_RMEM_ALLOC];
}

static unsigned int truesize_of(int sender, int receiver, long length)
{
	struct pollfd arrival = { .fd = receiver, .events = POLLIN };
	static char data[MAX_LENGTH];
	unsigned int truesize;

	if (send(sender, data, length, 0) != length)
		err(EXIT_FAILURE, "send");
	if (poll(&arrival, 1, PATIENCE_MS) != 1)
		errx(EXIT_FAILURE, "%ld bytes did not arrive", length);
	truesize = queued_memory(receiver);
	if (recv(receiver, data, sizeof(data), 0) != length)
		err(EXIT_FAILURE, "recv");
	return truesize;
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	unsigned int truesize, before = 0;
	long length, last;
	int sender, receiver;

	if (argc != 6)
		errx(EXIT_FAILURE,
		     "usage: truesize FROM TO ADDRESS FIRST LAST");
	if (inet_pton(AF_INET, argv[3], &address.sin_addr) != 1)
		errx(EXIT_FAILURE, "%s is not an address", argv[3]);
	length = parse_number(argv[4], 1, MAX_LENGTH);
	last = parse_number(argv[5], length, MAX_LENGTH);

	receiver = open_receiver(argv[2], &address);
	sender = open_sender(argv[1], &address);
	for (; length <= last; length++) {
		truesize = truesize_of(sender, receiver, length);
		if (truesize > before)
			printf("%ld %u\n", length, truesize);
		before = truesize;
	}
	return EXIT_SUCCESS;
}
