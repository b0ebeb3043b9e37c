// SPDX-License-Identifier: GPL-2.0
/*
 * Sends small datagrams from one network namespace to another, one after the
 * other, and prints how many nanoseconds that took
 *
 *	udp_flood FROM TO ADDRESS PACKETS [lost]
 *
 * ADDRESS belongs to the namespace TO. Each datagram is received before the
 * next one is sent; but when they are "lost", none may be received.
 */
#include "namespace.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* The smallest frame that Ethernet knows: 18 + 8 + 20 + 14 bytes. */
#define PAYLOAD	18
#define PORT	9

static int open_socket(const char *namespace, const struct sockaddr_in *address,
		       int (*attach)(int, const struct sockaddr *, socklen_t))
{
	int fd;

	enter_namespace(namespace);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || attach(fd, (const struct sockaddr *)address,
			     sizeof(*address)) < 0)
		err(EXIT_FAILURE, "socket in %s", namespace);
	return fd;
}

static void send_one(int sender)
{
	static const char payload[PAYLOAD];

	if (send(sender, payload, sizeof(payload), 0) != sizeof(payload))
		err(EXIT_FAILURE, "send");
}

static void receive_one(int receiver)
{
	char payload[PAYLOAD];

	if (recv(receiver, payload, sizeof(payload), 0) != sizeof(payload))
		err(EXIT_FAILURE, "receive");
}

static void check_all_lost(int receiver)
{
	char byte;

	if (recv(receiver, &byte, sizeof(byte), MSG_DONTWAIT) >= 0)
		errx(EXIT_FAILURE, "what should be lost has been received");
}

static long long nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
	};
	long long start;
	int sender, receiver;
	long packets;
	bool lost;

	lost = argc == 6 && !strcmp(argv[5], "lost");
	if (argc != 5 && !lost)
		errx(EXIT_FAILURE,
		     "udp_flood FROM TO ADDRESS PACKETS [lost]");
	if (inet_pton(AF_INET, argv[3], &address.sin_addr) != 1)
		errx(EXIT_FAILURE, "%s is not an address", argv[3]);
	packets = parse_number(argv[4], 1, LONG_MAX);
	receiver = open_socket(argv[2], &address, bind);
	sender = open_socket(argv[1], &address, connect);

	start = nanoseconds();
	while (packets--) {
		send_one(sender);
		if (!lost)
			receive_one(receiver);
	}
	printf("%lld\n", nanoseconds() - start);
	if (lost)
		check_all_lost(receiver);
	return EXIT_SUCCESS;
}
