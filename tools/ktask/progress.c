// SPDX-License-Identifier: GPL-2.0
/*
 * A line on the terminal that tells how far a verb has come.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "progress.h"

/* Often enough to look alive, seldom enough to cost nothing. */
#define INTERVAL_S	0.1

static bool enabled, shares_terminal;
static volatile sig_atomic_t shown;
static double started, last;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* From a signal handler too. */
static void erase(void)
{
	static const char text[] = "\r\033[K";

	if (shown) {
		shown = false;
		(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	}
}

/* Ends the program as the signal would have, without the line left behind. */
static void on_signal(int sig)
{
	erase();
	raise(sig);
}

void progress_start(void)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGPIPE, SIGTERM };
	struct sigaction action = {
		.sa_handler = on_signal,
		.sa_flags = SA_RESETHAND,
	};
	struct sigaction old;

	if (!isatty(STDERR_FILENO))
		return;

	enabled = true;
	shares_terminal = isatty(STDOUT_FILENO);
	started = now();
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		/* What we were started to ignore stays ignored. */
		if (!sigaction(signals[i], NULL, &old) && old.sa_handler == SIG_DFL)
			sigaction(signals[i], &action, NULL);
	}
}

int progress_interval(void)
{
	return enabled ? INTERVAL_S * 1000 : -1;
}

bool progress_due(void)
{
	double at;

	if (!enabled)
		return false;
	at = now();
	return at - started >= INTERVAL_S && (!shown || at - last >= INTERVAL_S);
}

void progress_show(uint64_t files, uint64_t bytes)
{
	double mib = bytes / 1048576.0;
	double at = now();
	char line[100];
	int len;

	last = at;
	len = snprintf(line, sizeof(line), "\r\033[K%" PRIu64 " files, %.1f MiB, %.1f MiB/s",
		       files, mib, mib / (at - started));
	shown = true;
	(void)!write(STDERR_FILENO, line, len);
}

void progress_hide(void)
{
	erase();
}

void progress_make_way(void)
{
	if (shares_terminal)
		erase();
}
