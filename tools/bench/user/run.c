// SPDX-License-Identifier: GPL-2.0
/*
 * Running the rows of programs.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define SUBJECTS_MAX	16

/**
 * struct runner - a subject at work
 * @subject: who
 * @count: operations in a round
 */
struct runner {
	const struct subject *subject;
	unsigned int count;
};

/**
 * struct course - a row at work
 * @row: which
 * @name: as series have it
 * @runners: those of the subjects that can be had
 * @nr: how many
 */
struct course {
	const struct row *row;
	char *name;
	struct runner runners[SUBJECTS_MAX];
	size_t nr;
};

static char reason[128];

/* For the one who returns an error next. */
void why_not(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
}

static const char *why(int err)
{
	return *reason ? reason : strerror(-err);
}

static bool is_ours(const struct subject *subject)
{
	return !strncmp(subject->name, "ktask", strlen("ktask"));
}

/* A peer may be missing, what is ours may not. */
static void leave_out(struct course *c, const struct subject *subject, int err)
{
	if (is_ours(subject))
		fail("%s: %s: %s", c->name, subject->name, why(err));
	else
		say("%s: without %s: %s", c->name, subject->name, why(err));
}

static void open_subjects(struct course *c, unsigned int count)
{
	for (const struct subject *const *s = c->row->subjects; *s; s++) {
		unsigned int share = (*s)->share && !options.quick ? (*s)->share : 1;
		int err;

		*reason = '\0';
		err = (*s)->open ? (*s)->open() : 0;
		if (err) {
			leave_out(c, *s, err);
			continue;
		}
		c->runners[c->nr++] = (struct runner){
			.subject = *s,
			.count = count / share ?: 1,
		};
	}
}

static void close_subjects(struct course *c)
{
	while (c->nr) {
		const struct subject *subject = c->runners[--c->nr].subject;

		if (subject->close)
			subject->close();
	}
}

/* Once; the time that it took goes to *@ns. */
static int run_once(const struct runner *runner, bool check, uint64_t *ns)
{
	const struct subject *subject = runner->subject;
	uint64_t start = ktask_now();
	int err = subject->run(runner->count);

	*ns = ktask_now() - start;
	if (!err && check && subject->check && !subject->check()) {
		why_not("the result is wrong");
		err = -EBADMSG;
	}
	/* Also after a failure: what is left must not disturb the others. */
	if (subject->reset) {
		int undone = subject->reset();

		err = err ?: undone;
	}
	return err;
}

static bool fails(struct course *c, const struct runner *runner, int err)
{
	if (err)
		fail("%s: %s: %s", c->name, runner->subject->name, why(err));
	return err;
}

/* Those that do not come through it take no part in what follows. */
static void warm_up(struct course *c)
{
	size_t left = 0;
	uint64_t ns;

	for (size_t i = 0; i < c->nr; i++) {
		struct runner runner = c->runners[i];

		*reason = '\0';
		if (!fails(c, &runner, run_once(&runner, true, &ns)))
			c->runners[left++] = runner;
		else if (runner.subject->close)
			runner.subject->close();
	}
	c->nr = left;
}

static void add(struct course *c, const struct runner *runner, uint64_t ns)
{
	double value = !strcmp(c->row->metric, "ms") ? ns / 1e6 : (double)ns / runner->count;

	series_add(c->name, runner->subject->name, c->row->metric, value);
}

/* So that the table has them in the order of the source, whoever is first. */
static bool run_round(struct course *c, unsigned int round)
{
	uint64_t ns[SUBJECTS_MAX];

	for (size_t i = 0; i < c->nr; i++) {
		size_t turn = (i + round) % c->nr;

		*reason = '\0';
		if (fails(c, &c->runners[turn], run_once(&c->runners[turn], false, &ns[turn])))
			return false;
	}
	for (size_t i = 0; i < c->nr; i++)
		add(c, &c->runners[i], ns[i]);
	return true;
}

static void run_row(const struct row *row)
{
	struct course c = { .row = row, .name = must_format("user/%s", row->name) };
	unsigned int count = options.count ?: options.quick ? row->quick : row->count;
	unsigned int rounds = options.rounds ?: options.quick ? 1 : row->rounds;
	int err;

	*reason = '\0';
	err = row->open ? row->open(&count) : 0;
	if (err) {
		fail("%s: %s", c.name, why(err));
		free(c.name);
		return;
	}
	open_subjects(&c, count);
	warm_up(&c);
	for (unsigned int i = 0; i < rounds && run_round(&c, i); i++)
		;
	close_subjects(&c);
	if (row->close)
		row->close();
	free(c.name);
}

void run_rows(void)
{
	for (const struct row *const *row = rows; *row; row++) {
		if (selected("user", (*row)->name))
			run_row(*row);
	}
}
