// SPDX-License-Identifier: GPL-2.0
/*
 * A list of names in a file or pipe. Not by stdio, which cannot tell whether
 * the next name is there or has to be waited for.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "list.h"

#define CHUNK	16384

bool list_open(struct list *list, const char *path)
{
	if (!strcmp(path, "-")) {
		list->fd = STDIN_FILENO;
		list->label = "standard input";
		return true;
	}
	list->label = path;
	list->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (list->fd < 0)
		message_file(path, errno);
	return list->fd >= 0;
}

static char *find_end(const struct list *list)
{
	return list->len > list->start ?
	       memchr(list->text + list->start, list->end, list->len - list->start) : NULL;
}

bool list_would_wait(const struct list *list)
{
	return !list->eof && !find_end(list);
}

static void fail(struct list *list, int err)
{
	message_file(list->label, err);
	list->failed = true;
	list->eof = true;
}

void list_fill(struct list *list)
{
	ssize_t n;
	char *text;

	if (list->start) {
		memmove(list->text, list->text + list->start, list->len - list->start);
		list->len -= list->start;
		list->start = 0;
	}
	if (list->room - list->len < CHUNK) {
		text = realloc(list->text, list->room * 2 + CHUNK);
		if (!text) {
			fail(list, errno);
			return;
		}
		list->text = text;
		list->room = list->room * 2 + CHUNK;
	}

	n = read(list->fd, list->text + list->len, list->room - list->len);
	if (n > 0)
		list->len += n;
	else if (n == 0)
		list->eof = true;
	else if (errno != EINTR && errno != EAGAIN)
		fail(list, errno);
}

char *list_next(struct list *list)
{
	char *end, *name;

	while (list_would_wait(list))
		list_fill(list);

	end = find_end(list);
	if (!end) {
		/* The last name need not be ended. */
		if (list->start == list->len)
			return NULL;
		end = list->text + list->len;
	}

	name = must_strndup(list->text + list->start, end - (list->text + list->start));
	list->start = end - list->text + 1;
	if (list->start > list->len)
		list->start = list->len;
	return name;
}

void list_close(struct list *list)
{
	if (list->fd > STDERR_FILENO)
		close(list->fd);
	free(list->text);
	list->fd = -1;
}
