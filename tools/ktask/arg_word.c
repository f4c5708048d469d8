// SPDX-License-Identifier: GPL-2.0
/*
 * Words for the values of arguments whose numbers nobody can remember.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "ops.h"

static const struct word {
	const char *op;
	const char *arg;
	const char *name;
	uint64_t value;
} words[] = {
	{ "poll", "events", "in", POLLIN },
	{ "poll", "events", "pri", POLLPRI },
	{ "poll", "events", "out", POLLOUT },
	{ "poll", "events", "err", POLLERR },
	{ "poll", "events", "hup", POLLHUP },
	{ "poll", "events", "rdhup", POLLRDHUP },
	{ "poll", "events", "rdnorm", POLLRDNORM },
	{ "poll", "events", "rdband", POLLRDBAND },
	{ "poll", "events", "wrnorm", POLLWRNORM },
	{ "poll", "events", "wrband", POLLWRBAND },
	{ "fsync", "flags", "data", KTASK_FSYNC_DATA },
	{ "read", "offset", "file", KTASK_OFFSET_FILE },
	{ "write", "offset", "file", KTASK_OFFSET_FILE },
};

#define NR_WORDS (sizeof(words) / sizeof(words[0]))

static bool is_about(const struct word *word, const char *op, const char *arg)
{
	return !strcmp(word->op, op) && !strcmp(word->arg, arg);
}

static const struct word *find(const char *op, const char *arg, const char *name, size_t len)
{
	for (size_t i = 0; i < NR_WORDS; i++) {
		if (is_about(&words[i], op, arg) && strlen(words[i].name) == len &&
		    !memcmp(words[i].name, name, len))
			return &words[i];
	}
	return NULL;
}

bool arg_words_parse(const char *op, const char *arg, const char *text, uint64_t *value)
{
	const struct word *word;
	size_t len;

	*value = 0;
	for (;; text += len + 1) {
		len = strcspn(text, ",|");
		word = find(op, arg, text, len);
		if (!word)
			return false;
		*value |= word->value;
		if (!text[len])
			return true;
	}
}

/* Those of which all bits are in @mask. */
static char *list(const char *op, const char *arg, uint64_t mask)
{
	size_t size = 1;
	char *text, *to;

	for (size_t i = 0; i < NR_WORDS; i++)
		size += strlen(words[i].name) + 1;
	text = must_calloc(size, 1);

	to = text;
	for (size_t i = 0; i < NR_WORDS; i++) {
		if (is_about(&words[i], op, arg) && !(words[i].value & ~mask))
			to = stpcpy(stpcpy(to, *text ? "," : ""), words[i].name);
	}
	if (!*text) {
		free(text);
		text = NULL;
	}
	return text;
}

char *arg_words_all(const char *op, const char *arg)
{
	return list(op, arg, UINT64_MAX);
}

char *arg_words_of(const char *op, const char *arg, uint64_t value)
{
	return list(op, arg, value);
}
