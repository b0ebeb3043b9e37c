/* SPDX-License-Identifier: GPL-2.0 */
/* What programs need that open sockets in network namespaces by their names */
#ifndef NAMESPACE_H
#define NAMESPACE_H

#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A socket belongs for ever to the namespace in which it was made. */
static inline void enter_namespace(const char *name)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		err(EXIT_FAILURE, "network namespace %s", name);
	close(fd);
}

static inline long parse_number(const char *text, long min, long max)
{
	char *end;
	long value;

	value = strtol(text, &end, 0);
	if (*end || end == text || value < min || value > max)
		errx(EXIT_FAILURE, "%s is not a number from %ld to %ld", text,
		     min, max);
	return value;
}

#endif
