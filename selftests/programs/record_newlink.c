// SPDX-License-Identifier: GPL-2.0
/*
 * Preloaded into ip(8): prints its RTM_NEWLINK requests instead of sending them
 *
 *	LD_PRELOAD=record_newlink.so ip link add name va type veth peer name vb
 *
 * No kernel has to know the kind, and no device comes into being: ip is told
 * that sending failed.  Of two requests that differ in the kind alone, the
 * lines printed differ in its name alone: what depends on the name's length
 * (its own attribute's length and padding, and the lengths of IFLA_LINKINFO and
 * of the message) is not printed.  That those three add up is: "left=" tells
 * how many bytes of the container remain after its last attribute.  Neither are
 * the sequence number, which is the time of day, and the port ID printed.
 * Every other byte is.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static void print_bytes(const void *data, size_t length)
{
	const unsigned char *byte = data;

	printf(" ");
	while (length--)
		printf("%02x", *byte++);
}

/* Newer releases of ip send the name with its NUL, older ones without. */
static void print_kind(const struct rtattr *attribute)
{
	int length = RTA_PAYLOAD(attribute);
	const char *name = RTA_DATA(attribute);
	int name_length = strnlen(name, length);

	printf(" kind=%.*s+%d", name_length, name, length - name_length);
}

/* Print all attributes; those of the given type by print_special(). */
static void print_attributes(const struct rtattr *attribute, int length,
			     int special_type,
			     void (*print_special)(const struct rtattr *))
{
	while (RTA_OK(attribute, length)) {
		if ((attribute->rta_type & NLA_TYPE_MASK) == special_type)
			print_special(attribute);
		else
			print_bytes(attribute, RTA_ALIGN(attribute->rta_len));
		attribute = RTA_NEXT(attribute, length);
	}
	printf(" left=%d", length);
}

static void print_linkinfo(const struct rtattr *attribute)
{
	printf(" linkinfo(%x){", attribute->rta_type);
	print_attributes(RTA_DATA(attribute), RTA_PAYLOAD(attribute),
			 IFLA_INFO_KIND, print_kind);
	printf(" }");
}

static void print_newlink(const struct nlmsghdr *header)
{
	const struct ifinfomsg *device = NLMSG_DATA(header);

	printf("RTM_NEWLINK flags=%x", header->nlmsg_flags);
	print_bytes(device, sizeof(*device));
	print_attributes(IFLA_RTA(device), IFLA_PAYLOAD(header), IFLA_LINKINFO,
			 print_linkinfo);
	printf("\n");
}

/* Everything else, like the lookup of a device's index, goes its way. */
ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	const struct nlmsghdr *header = message->msg_iov[0].iov_base;

	if (header->nlmsg_type != RTM_NEWLINK)
		return syscall(SYS_sendmsg, fd, message, flags);
	print_newlink(header);
	errno = ECANCELED;
	return -1;
}
