// SPDX-License-Identifier: GPL-2.0
/*
 * Signals that would end the program, where something must be done first.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>

#include "cmd.h"
#include "interrupt.h"

static const int deadly[] = { SIGHUP, SIGINT, SIGPIPE, SIGTERM };

/* What is ignored would yet be seen if it were blocked. */
static bool is_ignored(int sig)
{
	struct sigaction action;

	return sigaction(sig, NULL, &action) || action.sa_handler == SIG_IGN;
}

static void add_deadly(sigset_t *set)
{
	for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++) {
		if (!is_ignored(deadly[i]))
			sigaddset(set, deadly[i]);
	}
}

int interrupt_open(const int *others)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	add_deadly(&set);
	for (; others && *others; others++)
		sigaddset(&set, *others);

	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0) {
		message("signalfd: %s", strerror(errno));
		exit(STATUS_FAILED);
	}
	return fd;
}

void interrupt_deliver(void)
{
	sigset_t set;

	sigemptyset(&set);
	add_deadly(&set);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}
