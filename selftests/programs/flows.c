// SPDX-License-Identifier: GPL-2.0
/*
 * Sends numbered datagrams by several flows from one network namespace to
 * another, as it is told, and looks in which order each flow arrives
 *
 *	flows FROM TO ADDRESS COUNT
 *
 * ADDRESS belongs to the namespace TO. Chooses COUNT flows, each of which is
 * received by another NAPI, and puts them into the order of these. Then it does
 * what it reads, a line each:
 *
 *	send N		sends N datagrams, the flows taking turns
 *	go on		sends one after the other, with pauses, until it reads
 *			the next line
 *	receive		polls the NAPI of one flow after the other, until all
 *			has arrived or nothing more comes; so a device may put
 *			its own polls off
 *
 * After the first and the last it says what was sent and has arrived since it
 * was told to receive before: "sent 90 received 90 late 0". Late is what came
 * after a later one of the same flow.
 */
#include "namespace.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#define MOST_FLOWS	16
#define ATTEMPTS	1000
#define PAUSE_MS	2
/* Whatever has not arrived after this time is lost. */
#define PATIENCE_MS	1000
#define RECEIVE_MEMORY	0x1000000
/* One poll takes all that a ring may hold. */
#define BUDGET		1024

static struct flow {
	struct sockaddr_in address;
	int sender, receiver;
	unsigned int napi;
	long sent, highest;
} flows[MOST_FLOWS];

static int count, next;
static long sent, received, late;

/* --- the flows --------------------------------------------------------- */

static int open_socket(const char *namespace)
{
	int fd;

	enter_namespace(namespace);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0)
		err(EXIT_FAILURE, "socket");
	return fd;
}

static void set_option(int fd, int name, const void *value, socklen_t size)
{
	if (setsockopt(fd, SOL_SOCKET, name, value, size) < 0)
		err(EXIT_FAILURE, "socket option %d", name);
}

static void send_number(const struct flow *flow, long number)
{
	if (sendto(flow->sender, &number, sizeof(number), 0,
		   (struct sockaddr *)&flow->address,
		   sizeof(flow->address)) < 0)
		err(EXIT_FAILURE, "send");
}

/* The sockets are not connected. So the kernel chooses a queue for each
 * datagram, by the ports, and polls the NAPI by which the first one came.
 */
static void open_flow(struct flow *flow, char **names)
{
	const struct timeval patience = { .tv_sec = 10 };
	const int memory = RECEIVE_MEMORY, budget = BUDGET;
	socklen_t size = sizeof(flow->address);

	flow->sender = open_socket(names[0]);
	flow->receiver = open_socket(names[1]);
	flow->highest = -1;
	flow->address.sin_family = AF_INET;
	flow->address.sin_port = 0;
	if (inet_pton(AF_INET, names[2], &flow->address.sin_addr) != 1)
		errx(EXIT_FAILURE, "%s is not an address", names[2]);
	if (bind(flow->receiver, (struct sockaddr *)&flow->address, size) ||
	    getsockname(flow->receiver, (struct sockaddr *)&flow->address,
			&size))
		err(EXIT_FAILURE, "receiver");
	set_option(flow->receiver, SO_RCVBUFFORCE, &memory, sizeof(memory));
	set_option(flow->receiver, SO_RCVTIMEO, &patience, sizeof(patience));
	set_option(flow->receiver, SO_BUSY_POLL_BUDGET, &budget,
		   sizeof(budget));
}

/* By a datagram that does not count */
static void find_napi(struct flow *flow)
{
	socklen_t size = sizeof(flow->napi);
	long number;

	send_number(flow, 0);
	if (recv(flow->receiver, &number, sizeof(number), 0) < 0 ||
	    getsockopt(flow->receiver, SOL_SOCKET, SO_INCOMING_NAPI_ID,
		       &flow->napi, &size) < 0)
		err(EXIT_FAILURE, "the first datagram");
}

static void try_flow(char **names)
{
	struct flow *flow = &flows[count];
	int i;

	open_flow(flow, names);
	find_napi(flow);
	for (i = 0; i < count; i++) {
		if (flows[i].napi == flow->napi) {
			close(flow->sender);
			close(flow->receiver);
			return;
		}
	}
	count++;
}

static int compare_flows(const void *a, const void *b)
{
	const struct flow *one = a, *other = b;

	return one->napi < other->napi ? -1 : one->napi > other->napi;
}

static void choose_flows(char **names, int wanted)
{
	int i;

	for (i = 0; i < ATTEMPTS && count < wanted; i++)
		try_flow(names);
	if (count < wanted)
		errx(EXIT_FAILURE, "there are not %d NAPIs", wanted);
	qsort(flows, count, sizeof(*flows), compare_flows);
}

/* --- what it is told --------------------------------------------------- */

static void send_next(void)
{
	struct flow *flow = &flows[next];

	next = (next + 1) % count;
	send_number(flow, flow->sent++);
	sent++;
}

static void go_on(void)
{
	struct pollfd event = { .fd = STDIN_FILENO, .events = POLLIN };

	while (!poll(&event, 1, PAUSE_MS))
		send_next();
}

static void receive_flow(struct flow *flow)
{
	long number;

	while (recv(flow->receiver, &number, sizeof(number),
		    MSG_DONTWAIT) >= 0) {
		received++;
		if (number < flow->highest)
			late++;
		else
			flow->highest = number;
	}
	if (errno != EAGAIN)
		err(EXIT_FAILURE, "receive");
}

/* With @polling it polls before it says that there is nothing. */
static void receive_all(int polling)
{
	int i;

	for (i = 0; i < count; i++) {
		set_option(flows[i].receiver, SO_BUSY_POLL, &polling,
			   sizeof(polling));
		receive_flow(&flows[i]);
	}
}

static void receive_patiently(void)
{
	long before;
	int idle;

	for (idle = 0; idle < PATIENCE_MS && received < sent; idle++) {
		before = received;
		receive_all(true);
		if (received > before)
			idle = 0;
		usleep(1000);
	}
}

static void report(void)
{
	receive_all(false);
	printf("sent %ld received %ld late %ld\n", sent, received, late);
	fflush(stdout);
}

static void obey(const char *line)
{
	long n;

	if (sscanf(line, "send %ld", &n) == 1) {
		while (n-- > 0)
			send_next();
		report();
	} else if (!strcmp(line, "go on\n")) {
		go_on();
	} else if (!strcmp(line, "receive\n")) {
		receive_patiently();
		report();
		sent = 0;
		received = 0;
		late = 0;
	} else {
		errx(EXIT_FAILURE, "what is '%s'?", line);
	}
}

/* Otherwise what is sent on two processors could change places. */
static void stay_on_this_processor(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(sched_getcpu(), &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus) < 0)
		err(EXIT_FAILURE, "processor");
}

int main(int argc, char **argv)
{
	char line[32];

	if (argc != 5)
		errx(EXIT_FAILURE, "flows FROM TO ADDRESS COUNT");
	stay_on_this_processor();
	choose_flows(&argv[1], parse_number(argv[4], 1, MOST_FLOWS));
	report();
	/* Nothing may be read that poll() does not know of. */
	setvbuf(stdin, NULL, _IONBF, 0);
	while (fgets(line, sizeof(line), stdin))
		obey(line);
	return EXIT_SUCCESS;
}
