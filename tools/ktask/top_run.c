// SPDX-License-Identifier: GPL-2.0
/*
 * Looking again and again, until the user has seen enough.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "interrupt.h"
#include "terminal.h"
#include "top.h"

/**
 * struct screen - a terminal that shows it
 * @is_terminal: it is one; else what is printed goes one after the other
 * @deadly_fd: signals that end us
 * @other_fd: signals that do not
 * @key_fd: where keys come from, or -1
 */
struct screen {
	bool is_terminal;
	int deadly_fd;
	int other_fd;
	int key_fd;
};

/**
 * enum event - what we have waited for
 * @EVENT_NONE: nothing that matters
 * @EVENT_TIME: the time to look again has come
 * @EVENT_REDRAW: the terminal is another one, or was others' for a while
 * @EVENT_END: it is enough
 */
enum event {
	EVENT_NONE,
	EVENT_TIME,
	EVENT_REDRAW,
	EVENT_END,
};

/* Whether stdout is a terminal, and one that can do more than print. */
static bool is_terminal(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && term && strcmp(term, "dumb");
}

static void open_screen(struct screen *screen)
{
	static const int others[] = { SIGWINCH, SIGTSTP, 0 };

	screen->is_terminal = is_terminal();
	screen->key_fd = -1;
	if (!screen->is_terminal)
		return;
	if (isatty(STDIN_FILENO))
		screen->key_fd = STDIN_FILENO;
	screen->deadly_fd = interrupt_open();
	screen->other_fd = interrupt_watch(others);
	terminal_open();
}

static void close_screen(const struct screen *screen)
{
	if (!screen->is_terminal)
		return;
	terminal_close();
	interrupt_deliver();
}

/* The terminal is the shell's until we are continued. */
static void take_signals(const struct screen *screen)
{
	struct signalfd_siginfo info;

	while (read(screen->other_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo != SIGTSTP)
			continue;
		terminal_close();
		raise(SIGSTOP);
		terminal_open();
	}
}

/* A blank looks at once. */
static enum event take_key(struct screen *screen)
{
	char key;

	switch (read(screen->key_fd, &key, 1)) {
	case 1:
		break;
	case 0:
		screen->key_fd = -1;
		return EVENT_NONE;
	default:
		return EVENT_NONE;
	}
	if (key == 'q' || key == 'Q')
		return EVENT_END;
	return key == ' ' ? EVENT_TIME : EVENT_NONE;
}

static enum event wait_until(struct screen *screen, uint64_t at)
{
	struct pollfd fds[] = {
		{ .fd = screen->deadly_fd, .events = POLLIN },
		{ .fd = screen->other_fd, .events = POLLIN },
		{ .fd = screen->key_fd, .events = POLLIN },
	};
	uint64_t now = ktask_now();
	struct timespec left = { 0 };

	if (now < at) {
		left.tv_sec = (at - now) / 1000000000;
		left.tv_nsec = (at - now) % 1000000000;
	}
	if (ppoll(fds, screen->is_terminal ? 3 : 0, &left, NULL) <= 0)
		return ktask_now() >= at ? EVENT_TIME : EVENT_NONE;
	if (fds[0].revents)
		return EVENT_END;
	if (fds[1].revents) {
		take_signals(screen);
		return EVENT_REDRAW;
	}
	return take_key(screen);
}

static enum event wait_long(struct screen *screen, uint64_t at)
{
	enum event event;

	do
		event = wait_until(screen, at);
	while (event == EVENT_NONE);
	return event;
}

static void draw(const struct screen *screen, const struct top_sample *sample,
		 const struct top_sample *before)
{
	size_t lines = 0, columns = 0;
	char *text;

	if (screen->is_terminal)
		terminal_size(&lines, &columns);
	text = top_text(sample, before, lines, columns);
	if (screen->is_terminal)
		terminal_draw(text);
	else
		printf("%s%s", before ? "\n" : "", text);
	free(text);
}

static int look_on(const struct top *top, struct screen *screen)
{
	struct top_sample samples[2] = { 0 };
	enum event event = EVENT_TIME;
	uint64_t next = ktask_now();
	uint64_t count = 0;
	int err = 0;

	while (!err && event != EVENT_END) {
		/* The one before is the other of the two. */
		struct top_sample *sample = &samples[count % 2];
		struct top_sample *before = count ? &samples[(count + 1) % 2] : NULL;

		err = top_look(top, sample, before);
		if (err)
			break;
		count++;
		next += top->delay_ns;
		/* After a long stop, not all at once that was missed. */
		if (next < ktask_now())
			next = ktask_now() + top->delay_ns;
		do {
			draw(screen, sample, before);
			if (!output_flush() || count == top->iterations)
				event = EVENT_END;
			else
				event = wait_long(screen, next);
		} while (event == EVENT_REDRAW);
	}
	rows_free(&samples[0].rows);
	rows_free(&samples[1].rows);
	return err;
}

int top_run(const struct top *top)
{
	struct screen screen;
	int err;

	open_screen(&screen);
	err = look_on(top, &screen);
	close_screen(&screen);
	if (err) {
		message("/dev/ktask: %s", strerror(-err));
		return STATUS_FAILED;
	}
	return STATUS_OK;
}
