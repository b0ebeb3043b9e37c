// SPDX-License-Identifier: GPL-2.0
/*
 * Sends from one network namespace to another whatever may happen on the way
 *
 *	traffic FROM TO ADDRESS udp|tcp
 *
 * ADDRESS belongs to the namespace TO, when it is there at all: devices come
 * and go, and what cannot be sent now is tried again. UDP in datagrams of all
 * sizes, some of them cut by the kernel; TCP in connections that last for a
 * second. Goes on until SIGTERM, and then prints how much was received, in
 * datagrams or kilobytes.
 */
#include "namespace.h"

#include <arpa/inet.h>
#include <netinet/udp.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

/* With its headers, the largest that UDP has. */
#define MAX_SIZE	65507
#define SEGMENT		1400
/* Between two pauses, in which others get the processor. */
#define BURST		32
#define PAUSE_US	500

static struct sockaddr_in address = { .sin_family = AF_INET };
static char bytes[MAX_SIZE];

/* The signal is blocked, so that it interrupts nothing, and stays pending. */
static void block_stop(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
}

static bool is_over(void)
{
	sigset_t signals;

	sigpending(&signals);
	return sigismember(&signals, SIGTERM);
}

static void set_option(int fd, int level, int name, const void *value,
		       socklen_t size)
{
	if (setsockopt(fd, level, name, value, size) < 0)
		err(EXIT_FAILURE, "socket option %d of %d", name, level);
}

/* Nobody waits for longer than this. */
static int open_socket(int type)
{
	const struct timeval patience = { .tv_usec = 200000 };
	const int yes = 1;
	int fd = socket(AF_INET, type, 0);

	if (fd < 0)
		err(EXIT_FAILURE, "socket");
	set_option(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	set_option(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	set_option(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	return fd;
}

/* Bound to no address, which may not be there yet, but to a port. */
static int open_receiver(int type)
{
	struct sockaddr_in any = { .sin_family = AF_INET };
	socklen_t length = sizeof(any);
	int fd = open_socket(type);

	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) < 0 ||
	    getsockname(fd, (struct sockaddr *)&any, &length) < 0)
		err(EXIT_FAILURE, "bind");
	if (type == SOCK_STREAM && listen(fd, 8) < 0)
		err(EXIT_FAILURE, "listen");
	address.sin_port = any.sin_port;
	return fd;
}

/* --- UDP --------------------------------------------------------------- */

static void send_datagrams(void)
{
	const int segment = SEGMENT;
	int whole = open_socket(SOCK_DGRAM), cut = open_socket(SOCK_DGRAM);
	int i;

	set_option(cut, SOL_UDP, UDP_SEGMENT, &segment, sizeof(segment));
	while (!is_over()) {
		for (i = 0; i < BURST; i++)
			sendto(whole, bytes, 1 + random() % SEGMENT, 0,
			       (struct sockaddr *)&address, sizeof(address));
		sendto(whole, bytes, 1 + random() % MAX_SIZE, 0,
		       (struct sockaddr *)&address, sizeof(address));
		sendto(cut, bytes, 1 + random() % (20 * SEGMENT), 0,
		       (struct sockaddr *)&address, sizeof(address));
		usleep(PAUSE_US);
	}
}

static void receive_datagrams(int fd)
{
	long received = 0;

	while (!is_over())
		if (recv(fd, bytes, sizeof(bytes), 0) >= 0)
			received++;
	printf("%ld\n", received);
}

/* --- TCP --------------------------------------------------------------- */

static void send_for_a_second(int fd)
{
	time_t enough = time(NULL) + 1;

	while (time(NULL) <= enough && !is_over()) {
		if (send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL) < 0)
			return;
		usleep(PAUSE_US);
	}
}

static void send_streams(void)
{
	const struct linger at_once = { .l_onoff = 1 };
	int fd;

	while (!is_over()) {
		fd = open_socket(SOCK_STREAM);
		if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
			send_for_a_second(fd);
		else
			usleep(PAUSE_US);
		set_option(fd, SOL_SOCKET, SO_LINGER, &at_once,
			   sizeof(at_once));
		close(fd);
	}
}

static void receive_streams(int listener)
{
	long long received = 0;
	ssize_t length;
	int fd;

	while (!is_over()) {
		fd = accept(listener, NULL, NULL);
		if (fd < 0)
			continue;
		while ((length = recv(fd, bytes, sizeof(bytes), 0)) > 0)
			received += length;
		close(fd);
	}
	printf("%lld\n", received / 1000);
}

int main(int argc, char **argv)
{
	int receiver, type;
	pid_t sender;

	if (argc != 5 || (strcmp(argv[4], "udp") && strcmp(argv[4], "tcp")))
		errx(EXIT_FAILURE,
		     "traffic FROM TO ADDRESS udp|tcp");
	if (inet_pton(AF_INET, argv[3], &address.sin_addr) != 1)
		errx(EXIT_FAILURE, "%s is not an address", argv[3]);
	type = strcmp(argv[4], "tcp") ? SOCK_DGRAM : SOCK_STREAM;
	enter_namespace(argv[2]);
	receiver = open_receiver(type);
	block_stop();

	sender = fork();
	if (sender < 0)
		err(EXIT_FAILURE, "fork");
	if (!sender) {
		enter_namespace(argv[1]);
		if (type == SOCK_DGRAM)
			send_datagrams();
		else
			send_streams();
		return EXIT_SUCCESS;
	}
	if (type == SOCK_DGRAM)
		receive_datagrams(receiver);
	else
		receive_streams(receiver);
	kill(sender, SIGTERM);
	waitpid(sender, NULL, 0);
	return EXIT_SUCCESS;
}
