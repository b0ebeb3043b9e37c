// SPDX-License-Identifier: GPL-2.0
/*
 * Runs a command and prints for how many nanoseconds it had a processor
 *
 *	cpu_time COMMAND [WORD...]
 *
 * Fails when the command does.
 */
#define _GNU_SOURCE
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static long long microseconds(struct timeval time)
{
	return time.tv_sec * 1000000LL + time.tv_usec;
}

int main(int argc, char **argv)
{
	struct rusage usage;
	int status;
	pid_t pid;

	if (argc < 2)
		errx(EXIT_FAILURE, "cpu_time COMMAND [WORD]...");
	pid = fork();
	if (pid < 0)
		err(EXIT_FAILURE, "fork");
	if (!pid) {
		execvp(argv[1], argv + 1);
		err(EXIT_FAILURE, "%s", argv[1]);
	}
	if (wait4(pid, &status, 0, &usage) < 0)
		err(EXIT_FAILURE, "wait");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS)
		return EXIT_FAILURE;
	printf("%lld\n", 1000 * (microseconds(usage.ru_utime) +
				 microseconds(usage.ru_stime)));
	return EXIT_SUCCESS;
}
