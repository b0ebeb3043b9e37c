// SPDX-License-Identifier: GPL-2.0
/*
 * Shows whether a socket of XDP that polls by itself gets what waits in a ring
 *
 *	xdp_socket FROM DEVICE TO DEVICE MAP
 *		Binds an AF_XDP socket to the first queue of the DEVICE in the
 *		namespace TO, in copy mode, and makes it the entry of MAP that
 *		belongs to that queue. Sends frames by the DEVICE in FROM.
 *		Prints the number of the NAPI that the socket knows when it has
 *		received the first one; then whether another arrives while the
 *		socket does not poll, and when it does: "napi 8200 waiting no
 *		polling yes".
 *
 * An XDP program has to lead the frames to MAP, and the polls of the device
 * have to be put off before: then only the first frame is received by itself.
 */
#include "load_program.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_xdp.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

#define ETHERTYPE	0x88b5
#define QUEUE		0
#define CHUNKS		8
#define CHUNK_SIZE	2048
#define POLL_US		1000
#define POLL_SECONDS	5

/* How many frames the kernel has put into the ring, and how many we took. */
static __u32 *produced, *consumed;

static void set_option(int fd, int level, int name, const void *value,
		       socklen_t length)
{
	if (setsockopt(fd, level, name, value, length) < 0)
		err(EXIT_FAILURE, "socket option %d", name);
}

static int index_of(const char *device)
{
	int ifindex = if_nametoindex(device);

	if (!ifindex)
		err(EXIT_FAILURE, "%s", device);
	return ifindex;
}

/* --- the sender ------------------------------------------------------- */

static int open_sender(const char *namespace, const char *device)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET };
	int fd;

	enter_namespace(namespace);
	address.sll_ifindex = index_of(device);
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address,
			   sizeof(address)) < 0)
		err(EXIT_FAILURE, "packet socket");
	return fd;
}

static void send_one(int fd)
{
	unsigned char frame[ETH_ZLEN] = {};
	struct ethhdr header = {
		.h_dest = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
		.h_source = { 0x02, 0, 0, 0, 0, 0x01 },
		.h_proto = htons(ETHERTYPE),
	};

	memcpy(frame, &header, sizeof(header));
	if (send(fd, frame, sizeof(frame), 0) != sizeof(frame))
		err(EXIT_FAILURE, "send");
}

/* --- the receiver ----------------------------------------------------- */

static void *map_ring(int fd, size_t length, off_t which)
{
	void *ring = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			  which);

	if (ring == MAP_FAILED)
		err(EXIT_FAILURE, "ring");
	return ring;
}

static void make_chunks(int fd)
{
	struct xdp_umem_reg memory = {
		.len = CHUNKS * CHUNK_SIZE,
		.chunk_size = CHUNK_SIZE,
	};
	void *chunks = mmap(NULL, memory.len, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (chunks == MAP_FAILED)
		err(EXIT_FAILURE, "memory");
	memory.addr = (unsigned long)chunks;
	set_option(fd, SOL_XDP, XDP_UMEM_REG, &memory, sizeof(memory));
}

/* All chunks are given to the kernel; there are more than frames. */
static void give_chunks(int fd, const struct xdp_ring_offset *at)
{
	char *ring = map_ring(fd, at->desc + CHUNKS * sizeof(__u64),
			      XDP_UMEM_PGOFF_FILL_RING);
	__u64 *chunks = (__u64 *)(ring + at->desc);
	int i;

	for (i = 0; i < CHUNKS; i++)
		chunks[i] = i * CHUNK_SIZE;
	__atomic_store_n((__u32 *)(ring + at->producer), CHUNKS,
			 __ATOMIC_RELEASE);
}

static void make_rings(int fd)
{
	static const int size = CHUNKS;
	struct xdp_mmap_offsets at;
	socklen_t length = sizeof(at);
	char *ring;

	set_option(fd, SOL_XDP, XDP_UMEM_FILL_RING, &size, sizeof(size));
	set_option(fd, SOL_XDP, XDP_UMEM_COMPLETION_RING, &size, sizeof(size));
	set_option(fd, SOL_XDP, XDP_RX_RING, &size, sizeof(size));
	if (getsockopt(fd, SOL_XDP, XDP_MMAP_OFFSETS, &at, &length) < 0)
		err(EXIT_FAILURE, "places in the rings");
	give_chunks(fd, &at.fr);
	ring = map_ring(fd, at.rx.desc + CHUNKS * sizeof(struct xdp_desc),
			XDP_PGOFF_RX_RING);
	produced = (__u32 *)(ring + at.rx.producer);
	consumed = (__u32 *)(ring + at.rx.consumer);
}

static int open_receiver(const char *namespace, const char *device)
{
	struct sockaddr_xdp address = {
		.sxdp_family = AF_XDP,
		.sxdp_flags = XDP_COPY,
		.sxdp_queue_id = QUEUE,
	};
	int fd;

	enter_namespace(namespace);
	address.sxdp_ifindex = index_of(device);
	fd = socket(AF_XDP, SOCK_RAW, 0);
	if (fd < 0)
		err(EXIT_FAILURE, "socket of XDP");
	make_chunks(fd);
	make_rings(fd);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		err(EXIT_FAILURE, "%s", device);
	return fd;
}

static void put_into_map(int fd, const char *file)
{
	union bpf_attr open = { .pathname = (unsigned long)file };
	__u32 key = QUEUE;
	union bpf_attr entry = {
		.map_fd = bpf(BPF_OBJ_GET, &open),
		.key = (unsigned long)&key,
		.value = (unsigned long)&fd,
	};

	if (bpf(BPF_MAP_UPDATE_ELEM, &entry) < 0)
		err(EXIT_FAILURE, "%s", file);
}

static bool take_one(void)
{
	if (__atomic_load_n(produced, __ATOMIC_ACQUIRE) == *consumed)
		return false;
	__atomic_store_n(consumed, *consumed + 1, __ATOMIC_RELEASE);
	return true;
}

static bool receives_within(int fd, int milliseconds)
{
	struct pollfd readable = { .fd = fd, .events = POLLIN };

	poll(&readable, 1, milliseconds);
	return take_one();
}

static bool receives_by_polling(int fd)
{
	static const int us = POLL_US;
	time_t end = time(NULL) + POLL_SECONDS;

	set_option(fd, SOL_SOCKET, SO_BUSY_POLL, &us, sizeof(us));
	/* Such a socket polls once when it is asked, and never waits. */
	do {
		recv(fd, NULL, 0, MSG_DONTWAIT);
		if (take_one())
			return true;
	} while (time(NULL) < end);
	return false;
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
	int sender, receiver;
	bool waiting;

	if (argc != 6)
		errx(EXIT_FAILURE,
		     "usage: xdp_socket FROM DEVICE TO DEVICE MAP");
	sender = open_sender(argv[1], argv[2]);
	receiver = open_receiver(argv[3], argv[4]);
	put_into_map(receiver, argv[5]);

	send_one(sender);
	if (!receives_within(receiver, 20000))
		errx(EXIT_FAILURE, "the first frame does not arrive");
	printf("napi %u", napi_of(receiver));

	send_one(sender);
	waiting = receives_within(receiver, 1000);
	printf(" waiting %s polling %s\n", waiting ? "yes" : "no",
	       receives_by_polling(receiver) ? "yes" : "no");
	return EXIT_SUCCESS;
}
