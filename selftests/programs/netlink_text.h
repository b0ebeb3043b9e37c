/* SPDX-License-Identifier: GPL-2.0 */
/* Why the kernel has refused a request, in its own words (extack). */
#ifndef NETLINK_TEXT_H
#define NETLINK_TEXT_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <sys/socket.h>

/* The text, if there is one, follows the echo of the request's header. */
static inline const char *netlink_text(const struct nlmsghdr *answer)
{
	int length = NLMSG_PAYLOAD(answer, sizeof(struct nlmsgerr));
	struct rtattr *attribute;

	if (!(answer->nlmsg_flags & NLM_F_ACK_TLVS))
		return "";
	attribute = (void *)((struct nlmsgerr *)NLMSG_DATA(answer) + 1);
	for (; RTA_OK(attribute, length);
	     attribute = RTA_NEXT(attribute, length))
		if (attribute->rta_type == NLMSGERR_ATTR_MSG)
			return RTA_DATA(attribute);
	return "";
}

/* An answer shall bring it, and the header of the request only. */
static inline bool ask_for_netlink_text(int fd)
{
	int on = 1;

	return !setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on)) &&
	       !setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
}

#endif
