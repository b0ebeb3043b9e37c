/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the driver and its clients have to agree on.
 *
 * Plain macros and an enum, so that the kernel, the plugin for ip(8) and any
 * other user-space program can include it as it is.
 */
#ifndef MYVETH_H
#define MYVETH_H

/* The word after `type` in `ip link add`, and IFLA_INFO_KIND on the wire. */
#define MYVETH_KIND	"myveth"

/* Also in dkms.conf and debian/changelog; `make lint` compares them. */
#define MYVETH_VERSION	"0.2.0"

/**
 * enum myveth_info_attr - attributes nested in IFLA_INFO_DATA
 * @MYVETH_INFO_UNSPEC: never used
 * @MYVETH_INFO_PEER: the peer: a struct ifinfomsg, then IFLA_* attributes
 * @__MYVETH_INFO_MAX: end marker
 *
 * The layout is veth's, number for number, so that a client which can speak
 * to veth can speak to myveth. It may grow; it must never change.
 */
enum myveth_info_attr {
	MYVETH_INFO_UNSPEC,
	MYVETH_INFO_PEER,

	__MYVETH_INFO_MAX
};

#define MYVETH_INFO_MAX	(__MYVETH_INFO_MAX - 1)

#endif /* MYVETH_H */
