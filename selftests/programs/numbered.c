// SPDX-License-Identifier: GPL-2.0
/*
 * Sends numbered datagrams from one network namespace to another and looks in
 * which order they arrive
 *
 *	numbered FROM TO ADDRESS [COUNT]
 *
 * ADDRESS belongs to the namespace TO. Sends COUNT datagrams, or sends until it
 * gets SIGTERM. They may get lost. Prints how many were sent, how many arrived,
 * and how many of these came after one with a higher number.
 *
 * They come in bursts, so that a ring may get full, and one process sends and
 * receives: on the processor that it is bound to, if it is.
 */
#include "namespace.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#define BURST		100
/* Whatever has not arrived after this time is lost. */
#define PATIENCE_MS	1000
#define RECEIVE_MEMORY	0x4000000

static struct {
	long sent, received, late, highest;
} seen = { .highest = -1 };

/* The signal is blocked, so that it interrupts nothing, and stays pending. */
static void block_stop(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
}

static bool is_stopped(void)
{
	sigset_t signals;

	sigpending(&signals);
	return sigismember(&signals, SIGTERM);
}

static int open_receiver(struct sockaddr_in *address)
{
	const int memory = RECEIVE_MEMORY;
	socklen_t length = sizeof(*address);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &memory,
		       sizeof(memory)) < 0 ||
	    bind(fd, (struct sockaddr *)address, sizeof(*address)) < 0 ||
	    getsockname(fd, (struct sockaddr *)address, &length) < 0)
		err(EXIT_FAILURE, "receiver");
	return fd;
}

static int open_sender(const struct sockaddr_in *address)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 ||
	    connect(fd, (struct sockaddr *)address, sizeof(*address)) < 0)
		err(EXIT_FAILURE, "sender");
	return fd;
}

static void send_burst(int fd, long count)
{
	int i;

	for (i = 0; i < BURST && seen.sent < count; i++) {
		if (send(fd, &seen.sent, sizeof(seen.sent), 0) < 0)
			err(EXIT_FAILURE, "send");
		seen.sent++;
	}
}

static void receive_all(int fd)
{
	long number;

	while (recv(fd, &number, sizeof(number), MSG_DONTWAIT) > 0) {
		seen.received++;
		if (number < seen.highest)
			seen.late++;
		else
			seen.highest = number;
	}
	if (errno != EAGAIN)
		err(EXIT_FAILURE, "receive");
}

static bool receive_rest(int fd)
{
	struct pollfd event = { .fd = fd, .events = POLLIN };

	receive_all(fd);
	return seen.received < seen.sent && poll(&event, 1, PATIENCE_MS) > 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	long count = LONG_MAX;
	int sender, receiver;

	if (argc != 4 && argc != 5)
		errx(EXIT_FAILURE, "numbered FROM TO ADDRESS [COUNT]");
	if (inet_pton(AF_INET, argv[3], &address.sin_addr) != 1)
		errx(EXIT_FAILURE, "%s is not an address", argv[3]);
	if (argc == 5)
		count = parse_number(argv[4], 1, LONG_MAX);
	block_stop();
	enter_namespace(argv[2]);
	receiver = open_receiver(&address);
	enter_namespace(argv[1]);
	sender = open_sender(&address);

	while (seen.sent < count && !is_stopped()) {
		send_burst(sender, count);
		receive_all(receiver);
	}
	while (receive_rest(receiver))
		;
	printf("sent %ld received %ld late %ld\n", seen.sent, seen.received,
	       seen.late);
	return EXIT_SUCCESS;
}
