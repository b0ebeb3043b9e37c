// SPDX-License-Identifier: GPL-2.0
/*
 * udp_tunnel DEVICE LOCAL REMOTE PORT
 *
 * Make a tun device and join it to that of another udp_tunnel: each IP packet
 * which the kernel sends out through DEVICE travels as one UDP datagram from
 * LOCAL to REMOTE, and each datagram from there comes in through DEVICE. Both
 * sides use PORT. The device lasts as long as the program does.
 */

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define LARGEST_PACKET 65535

static int open_tun(const char *name)
{
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int tun;

	if (strlen(name) >= IFNAMSIZ)
		errx(1, "%s: name too long", name);
	memcpy(request.ifr_name, name, strlen(name));

	tun = open("/dev/net/tun", O_RDWR);
	if (tun < 0)
		err(1, "/dev/net/tun");
	if (ioctl(tun, TUNSETIFF, &request))
		err(1, "%s", name);
	return tun;
}

static struct sockaddr_in parse_address(const char *address, const char *port)
{
	struct sockaddr_in parsed = { .sin_family = AF_INET };
	char *end;
	long number;

	number = strtol(port, &end, 10);
	if (*end || number < 1 || number > 65535)
		errx(1, "%s: no port", port);
	parsed.sin_port = htons(number);
	if (inet_pton(AF_INET, address, &parsed.sin_addr) != 1)
		errx(1, "%s: no IPv4 address", address);
	return parsed;
}

static int open_udp(struct sockaddr_in local, struct sockaddr_in remote)
{
	int udp;

	udp = socket(AF_INET, SOCK_DGRAM, 0);
	if (udp < 0)
		err(1, "socket");
	if (bind(udp, (struct sockaddr *)&local, sizeof(local)))
		err(1, "bind");
	if (connect(udp, (struct sockaddr *)&remote, sizeof(remote)))
		err(1, "connect");
	return udp;
}

/*
 * A tunnel may lose packets, as any wire may: while the other side or the
 * device is not up yet, they are dropped.
 */
static void carry_one(int from, int to)
{
	static char packet[LARGEST_PACKET];
	ssize_t length;

	length = read(from, packet, sizeof(packet));
	if (length < 0 && errno != ECONNREFUSED)
		err(1, "read");
	if (length > 0 && write(to, packet, length) < 0 &&
	    errno != ECONNREFUSED && errno != EIO)
		err(1, "write");
}

int main(int argc, char *argv[])
{
	struct pollfd fds[2];
	int tun, udp;

	if (argc != 5) {
		fprintf(stderr, "usage: %s DEVICE LOCAL REMOTE PORT\n",
			argv[0]);
		return 2;
	}
	udp = open_udp(parse_address(argv[2], argv[4]),
		       parse_address(argv[3], argv[4]));
	tun = open_tun(argv[1]);

	fds[0] = (struct pollfd){ .fd = tun, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = udp, .events = POLLIN };
	for (;;) {
		if (poll(fds, 2, -1) < 0)
			err(1, "poll");
		if (fds[0].revents)
			carry_one(tun, udp);
		if (fds[1].revents)
			carry_one(udp, tun);
	}
}
