// SPDX-License-Identifier: GPL-2.0
/*
 * Preloaded into ip(8) or ethtool(8): lets one allocation fail in each request
 * that changes a device, another one each time
 *
 *	FAIL_NTH=1 FAIL_LOG=file LD_PRELOAD=fail_nth.so ip -force -batch ...
 *
 * The first request loses its allocation number FAIL_NTH (1 if that is not
 * said), the second one the next, and so on; with FAIL_EVERY=2 only every
 * second request loses one.  For each that was to lose one FAIL_LOG gets a line
 *
 *	NUMBER failed|passed ANSWER
 *
 * "passed" if the request does not make that many allocations; ANSWER is OK or
 * the name of the errno.
 *
 * ethtool is told that there is no generic netlink. It makes ioctls then, which
 * say at a glance whether they change anything.
 *
 * See Documentation/fault-injection/fault-injection.rst.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int control = -1;
static int requests;
static int next;
/* What became of a request that has not been answered yet. */
static const char *pending;

static int number(const char *variable)
{
	const char *value = getenv(variable);

	return value ? atoi(value) : 1;
}

/* Whether this request is to lose an allocation. */
static bool is_its_turn(void)
{
	if (control < 0) {
		control = open("/proc/thread-self/fail-nth", O_RDWR);
		if (control < 0)
			err(2, "/proc/thread-self/fail-nth");
		next = number("FAIL_NTH");
	}
	return requests++ % number("FAIL_EVERY") == 0;
}

static void set_countdown(int value)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%d", value);

	if (pwrite(control, text, length, 0) != length)
		err(2, "writing fail-nth");
}

/* 0 means that the allocation was asked for. */
static int countdown(void)
{
	char text[16] = "";

	if (pread(control, text, sizeof(text) - 1, 0) < 0)
		err(2, "reading fail-nth");
	return atoi(text);
}

/* Whatever is an answer to something else comes when none is pending. */
static void report(int error)
{
	const char *path = getenv("FAIL_LOG");
	FILE *log;

	if (!pending)
		return;
	log = path ? fopen(path, "a") : NULL;
	if (!log)
		err(2, "FAIL_LOG");
	fprintf(log, "%d %s %s\n", next, pending,
		error ? strerrorname_np(error) : "OK");
	fclose(log);
	pending = NULL;
	next++;
}

static long failing_syscall(long call, long a, long b, long c)
{
	long result;
	int error;

	if (!is_its_turn())
		return syscall(call, a, b, c);
	set_countdown(next);
	result = syscall(call, a, b, c);
	error = errno;
	pending = countdown() == 0 ? "failed" : "passed";
	set_countdown(0);
	if (result < 0)
		report(error);
	errno = error;
	return result;
}

/* Of ip; it asks for a device's index before it changes the device. */
ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	const struct nlmsghdr *header = message->msg_iov[0].iov_base;

	switch (header->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_SETLINK:
	case RTM_DELLINK:
		return failing_syscall(SYS_sendmsg, fd, (long)message, flags);
	}
	return syscall(SYS_sendmsg, fd, message, flags);
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	ssize_t length = syscall(SYS_recvmsg, fd, message, flags);
	const struct nlmsghdr *header = message->msg_iov[0].iov_base;
	int error = errno;

	if (length < 0)
		report(error);
	else if (!(flags & MSG_PEEK) && header->nlmsg_type == NLMSG_ERROR)
		report(-((struct nlmsgerr *)NLMSG_DATA(header))->error);
	errno = error;
	return length;
}

int socket(int domain, int type, int protocol)
{
	if (domain == AF_NETLINK && protocol == NETLINK_GENERIC) {
		errno = EPROTONOSUPPORT;
		return -1;
	}
	return syscall(SYS_socket, domain, type, protocol);
}

static bool changes_a_device(const struct ifreq *request)
{
	switch (*(const __u32 *)request->ifr_data) {
	case ETHTOOL_SCHANNELS:
	case ETHTOOL_SRINGPARAM:
	case ETHTOOL_SFEATURES:
	case ETHTOOL_SPFLAGS:
		return true;
	}
	return false;
}

/* Of ethtool. */
int ioctl(int fd, unsigned long command, ...)
{
	va_list arguments;
	void *argument;
	long result;

	va_start(arguments, command);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	if (command != SIOCETHTOOL || !changes_a_device(argument))
		return syscall(SYS_ioctl, fd, command, argument);
	result = failing_syscall(SYS_ioctl, fd, command, (long)argument);
	if (result >= 0)
		report(0);
	return result;
}
