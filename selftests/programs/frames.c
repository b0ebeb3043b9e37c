// SPDX-License-Identifier: GPL-2.0
/*
 * Sends frames that no protocol would send, byte by byte as they are
 *
 *	frames send NAMESPACE DEVICE LENGTH COUNT [bypass]
 *		With "bypass", past the queueing discipline. Behind the header
 *		is the number of the frame, from 0, in four bytes. Prints how
 *		many the device took, and how many it refused with which errno.
 *	frames receive NAMESPACE DEVICE COUNT
 *		Says "ready", waits for SIGTERM, then until so many frames have
 *		come or none comes for ten seconds, and prints the numbers of
 *		all that have come, in their order: "0-9 12-99".
 *	frames tun NAMESPACE DEVICE LENGTH...
 *		Lets one packet of each length, without any header, come in
 *		through a tun device (made before, with "pi").
 *	frames cross FROM DEVICE TO DEVICE LENGTH...
 *		Sends one frame of each length and prints what became of it.
 *
 * Each is of the EtherType for local experiments, and so nobody else's; but for
 *
 *	frames udp NAMESPACE ADDRESS CHECKSUM
 *		A UDP packet to that IPv4 address that has this checksum, right
 *		or wrong.
 */
#include "namespace.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/udp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>

#define ETHERTYPE	0x88b5
#define MAX_LENGTH	70000
#define SOCKET_MEMORY	0x4000000

static unsigned char frame[MAX_LENGTH];

/* To everybody, from a locally administered address. */
static void fill_frame(void)
{
	struct ethhdr header = {
		.h_dest = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
		.h_source = { 0x02, 0, 0, 0, 0, 0x01 },
		.h_proto = htons(ETHERTYPE),
	};
	int i;

	for (i = sizeof(header); i < MAX_LENGTH; i++)
		frame[i] = i;
	memcpy(frame, &header, sizeof(header));
}

static int open_packet_socket(const char *namespace, const char *device)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETHERTYPE),
	};
	int fd, memory = SOCKET_MEMORY;

	enter_namespace(namespace);
	address.sll_ifindex = if_nametoindex(device);
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0 || !address.sll_ifindex ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		err(EXIT_FAILURE, "packet socket on %s", device);
	/* Frames that wait somewhere must not keep us from sending more. */
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &memory, sizeof(memory));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &memory, sizeof(memory));
	return fd;
}

static void bypass_queue(int fd)
{
	int yes = 1;

	if (setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &yes,
		       sizeof(yes)) < 0)
		err(EXIT_FAILURE, "PACKET_QDISC_BYPASS");
}

/* What became of the frames, as the sender sees it. */
struct tally {
	long accepted, refused;
	int last_errno;
};

static void send_one(int fd, long length, struct tally *tally)
{
	if (send(fd, frame, length, 0) == length) {
		tally->accepted++;
	} else {
		tally->refused++;
		tally->last_errno = errno;
	}
}

static void print_tally(const struct tally *tally)
{
	printf("accepted %ld refused %ld", tally->accepted, tally->refused);
	if (tally->refused)
		printf(" %s", strerrorname_np(tally->last_errno));
	printf("\n");
}

static void number_frame(__u32 number)
{
	number = htonl(number);
	memcpy(frame + sizeof(struct ethhdr), &number, sizeof(number));
}

static void send_frames(char **word, bool bypass)
{
	int fd = open_packet_socket(word[0], word[1]);
	long length = parse_number(word[2], 0, MAX_LENGTH);
	long count = parse_number(word[3], 1, 1000000);
	struct tally tally = {};
	long i;

	if (bypass)
		bypass_queue(fd);
	for (i = 0; i < count; i++) {
		number_frame(i);
		send_one(fd, length, &tally);
	}
	print_tally(&tally);
}

/* The number of the next frame, if one comes within these milliseconds. */
static bool receive_number(int fd, int milliseconds, __u32 *number)
{
	unsigned char arrived[ETH_HLEN + sizeof(*number)];
	struct pollfd frame_comes = { .fd = fd, .events = POLLIN };

	if (poll(&frame_comes, 1, milliseconds) != 1 ||
	    recv(fd, arrived, sizeof(arrived), 0) != sizeof(arrived))
		return false;
	memcpy(number, arrived + ETH_HLEN, sizeof(*number));
	*number = ntohl(*number);
	return true;
}

/* Those that must come may take their time; a surplus is close behind. */
static void print_numbers(int fd, long count)
{
	__u32 number, first = 0, next = 0;

	while (receive_number(fd, count > 0 ? 10000 : 300, &number)) {
		count--;
		if (number != next || first == next) {
			if (first != next)
				printf("%u-%u ", first, next - 1);
			first = number;
		}
		next = number + 1;
	}
	if (first != next)
		printf("%u-%u", first, next - 1);
	printf("\n");
}

static void receive_frames(char **word)
{
	long count = parse_number(word[2], 0, 1000000);
	int fd = open_packet_socket(word[0], word[1]);
	sigset_t end;
	int signal;

	sigemptyset(&end);
	sigaddset(&end, SIGTERM);
	sigprocmask(SIG_BLOCK, &end, NULL);
	printf("ready\n");
	fflush(stdout);
	sigwait(&end, &signal);
	print_numbers(fd, count);
}

static void let_in_through_tun(char **word)
{
	struct ifreq request = { .ifr_flags = IFF_TUN };
	struct tun_pi *info = (struct tun_pi *)frame;
	long length;
	int fd;

	enter_namespace(word[0]);
	fd = open("/dev/net/tun", O_RDWR);
	snprintf(request.ifr_name, IFNAMSIZ, "%s", word[1]);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0)
		err(EXIT_FAILURE, "tun device %s", word[1]);

	info->flags = 0;
	info->proto = htons(ETHERTYPE);
	for (word += 2; *word; word++) {
		length = parse_number(*word, 1, 1500) + sizeof(*info);
		if (write(fd, frame, length) != length)
			err(EXIT_FAILURE, "write of %s bytes", *word);
	}
}

static const char *fate_of_frame(int from, int to, long length)
{
	unsigned char arrived[MAX_LENGTH];
	ssize_t arrived_length;

	if (send(from, frame, length, 0) != length)
		return strerrorname_np(errno);
	arrived_length = recv(to, arrived, sizeof(arrived), 0);
	if (arrived_length < 0)
		return "is lost";
	if (arrived_length != length)
		return "arrives with another length";
	return memcmp(frame, arrived, length) ? "is changed" : "arrives";
}

static void cross(char **word)
{
	struct timeval patience = { .tv_sec = 5 };
	int from = open_packet_socket(word[0], word[1]);
	int to = open_packet_socket(word[2], word[3]);
	long length;

	setsockopt(to, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	for (word += 4; *word; word++) {
		length = parse_number(*word, 0, MAX_LENGTH);
		printf("%ld %s\n", length, fate_of_frame(from, to, length));
	}
}

static void send_udp(char **word)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct udphdr header = {
		.source = htons(9),
		.dest = htons(9),
		.len = htons(sizeof(header)),
		.check = htons(parse_number(word[2], 0, 0xffff)),
	};
	int fd;

	enter_namespace(word[0]);
	fd = socket(AF_INET, SOCK_RAW, IPPROTO_UDP);
	if (inet_pton(AF_INET, word[1], &to.sin_addr) != 1)
		errx(EXIT_FAILURE, "%s is not an address", word[1]);
	if (sendto(fd, &header, sizeof(header), 0, (struct sockaddr *)&to,
		   sizeof(to)) < 0)
		err(EXIT_FAILURE, "send to %s", word[1]);
}

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";
	char **words = argv + 2;

	fill_frame();
	if (argc == 6 && !strcmp(command, "send"))
		send_frames(words, false);
	else if (argc == 7 && !strcmp(command, "send") &&
		 !strcmp(argv[6], "bypass"))
		send_frames(words, true);
	else if (argc == 5 && !strcmp(command, "receive"))
		receive_frames(words);
	else if (argc > 4 && !strcmp(command, "tun"))
		let_in_through_tun(words);
	else if (argc > 6 && !strcmp(command, "cross"))
		cross(words);
	else if (argc == 5 && !strcmp(command, "udp"))
		send_udp(words);
	else
		errx(EXIT_FAILURE, "usage: frames COMMAND WORD...");
	return EXIT_SUCCESS;
}
