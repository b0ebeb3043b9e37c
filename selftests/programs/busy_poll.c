// SPDX-License-Identifier: GPL-2.0
/*
 * Shows whether a socket that polls by itself gets what waits in a ring
 *
 *	busy_poll FROM TO ADDRESS
 *		Sends datagrams from one namespace to ADDRESS in the other.
 *		Prints the number of the NAPI that received the first one; then
 *		whether another arrives at a socket that does not poll, and at
 *		one that does: "napi 8200 waiting no polling yes".
 *
 * The polls of the device have to be put off before, so that nothing but the
 * first datagram is received otherwise.
 */
#include "namespace.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/time.h>

#define PORT		4789
#define POLL_US		2000000

static int open_socket(const char *namespace)
{
	int fd;

	enter_namespace(namespace);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0)
		err(EXIT_FAILURE, "socket");
	return fd;
}

static void set_option(int fd, int name, const void *value, socklen_t length)
{
	if (setsockopt(fd, SOL_SOCKET, name, value, length) < 0)
		err(EXIT_FAILURE, "socket option %d", name);
}

static void set_patience(int fd, long seconds)
{
	struct timeval patience = { .tv_sec = seconds };

	set_option(fd, SO_RCVTIMEO, &patience, sizeof(patience));
}

static void send_one(int fd)
{
	if (send(fd, "x", 1, 0) != 1)
		err(EXIT_FAILURE, "send");
}

static bool receives(int fd)
{
	char byte;

	return recv(fd, &byte, 1, 0) == 1;
}

static unsigned int napi_of(int fd)
{
	unsigned int napi = 0;
	socklen_t length = sizeof(napi);

	if (getsockopt(fd, SOL_SOCKET, SO_INCOMING_NAPI_ID, &napi, &length) < 0)
		err(EXIT_FAILURE, "number of the NAPI");
	return napi;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
	};
	int sender, receiver, us = POLL_US;
	bool waiting, polling;

	if (argc != 4 || inet_pton(AF_INET, argv[3], &to.sin_addr) != 1)
		errx(EXIT_FAILURE, "usage: busy_poll FROM TO ADDRESS");
	sender = open_socket(argv[1]);
	receiver = open_socket(argv[2]);
	if (bind(receiver, (struct sockaddr *)&to, sizeof(to)) < 0 ||
	    connect(sender, (struct sockaddr *)&to, sizeof(to)) < 0)
		err(EXIT_FAILURE, "%s", argv[3]);

	set_patience(receiver, 20);
	send_one(sender);
	if (!receives(receiver))
		errx(EXIT_FAILURE, "the first datagram does not arrive");
	printf("napi %u", napi_of(receiver));

	set_patience(receiver, 1);
	send_one(sender);
	waiting = receives(receiver);
	set_option(receiver, SO_BUSY_POLL, &us, sizeof(us));
	set_patience(receiver, 20);
	polling = receives(receiver);
	printf(" waiting %s polling %s\n", waiting ? "yes" : "no",
	       polling ? "yes" : "no");
	return EXIT_SUCCESS;
}
