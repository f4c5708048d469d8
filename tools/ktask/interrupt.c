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

/* Up to a 0. */
static const int deadly[] = { SIGHUP, SIGINT, SIGPIPE, SIGTERM, 0 };

/* What is ignored would yet be seen if it were blocked. */
static bool is_ignored(int sig)
{
	struct sigaction action;

	return sigaction(sig, NULL, &action) || action.sa_handler == SIG_IGN;
}

static sigset_t set_of(const int *signals)
{
	sigset_t set;

	sigemptyset(&set);
	for (; *signals; signals++) {
		if (!is_ignored(*signals))
			sigaddset(&set, *signals);
	}
	return set;
}

int interrupt_watch(const int *signals)
{
	sigset_t set = set_of(signals);
	int fd;

	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0) {
		message("signalfd: %s", strerror(errno));
		exit(STATUS_FAILED);
	}
	return fd;
}

int interrupt_open(void)
{
	return interrupt_watch(deadly);
}

void interrupt_deliver(void)
{
	sigset_t set = set_of(deadly);

	sigprocmask(SIG_UNBLOCK, &set, NULL);
}
