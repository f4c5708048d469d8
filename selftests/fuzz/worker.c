// SPDX-License-Identifier: GPL-2.0
/*
 * A worker: runs what was kept, then what it makes up or changes, and keeps what
 * was the first to run through some edge, after it has been made as short as still
 * does that. Every other worker is an ordinary user.
 */
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzzer.h"

#define ORDINARY	1000

static struct number_set *fresh;	/* of the last run */
static struct number_set *wanted;	/* that what is made shorter must have */
static struct number_set *trial;

static struct number_set *new_set(void)
{
	struct number_set *set = calloc(1, set_bytes(RUN_EDGES));

	if (set)
		set->size = RUN_EDGES;
	return set;
}

void be_ordinary(void)
{
	struct stat st;

	if (getuid() || stat("/dev/ktask", &st))
		return;
	if (setgroups(1, &st.st_gid) || setresgid(ORDINARY, ORDINARY, ORDINARY) ||
	    setresuid(ORDINARY, ORDINARY, ORDINARY))
		_exit(2);
	prctl(PR_SET_DUMPABLE, 1);
}

/* Return: whether @s runs through all that is wanted. */
static bool still(const struct sequence *s)
{
	size_t i;

	set_clear(trial);
	threads_run(s, trial, NULL);
	for (i = 0; i < wanted->size; i++) {
		if (wanted->slots[i] && !set_has(trial, wanted->slots[i]))
			return false;
	}
	return true;
}

/* Which of the fresh edges a second run has too goes to what is wanted. */
static bool want(const struct sequence *s)
{
	size_t i;

	set_clear(trial);
	set_clear(wanted);
	threads_run(s, trial, NULL);
	for (i = 0; i < fresh->size; i++) {
		if (fresh->slots[i] && set_has(trial, fresh->slots[i]))
			set_add(wanted, fresh->slots[i]);
	}
	return wanted->nr;
}

static void drop_calls(struct sequence *s)
{
	static struct sequence shorter;
	unsigned int i = s->nr;

	while (i-- && s->nr > 1 && !shared->stop) {
		shorter = *s;
		memmove(&shorter.calls[i], &shorter.calls[i + 1],
			(shorter.nr - i - 1) * sizeof(shorter.calls[0]));
		shorter.nr--;
		if (still(&shorter))
			*s = shorter;
	}
}

static void drop_values(struct sequence *s)
{
	unsigned int i, j;

	for (i = 0; i < s->nr; i++) {
		struct call *call = &s->calls[i];

		for (j = 0; j < FIELDS_MAX; j++) {
			struct value was = call->v[j];

			if (was.kind == V_DEFAULT || shared->stop)
				continue;
			call->v[j] = (struct value){};
			if (!still(s))
				call->v[j] = was;
		}
	}
}

static void keep(const struct sequence *found)
{
	static struct sequence s;
	unsigned int nr = fresh->nr;

	s = *found;
	/* By chance, such as threads meeting, and not to be had again: as it is. */
	if (want(&s)) {
		drop_calls(&s);
		if (opt.save)
			drop_values(&s);
	}
	corpus_add(&s, nr);
}

static void replay_corpus(void)
{
	unsigned int i;

	while (!shared->stop && (i = shared->next_replay++) < shared->nr_loaded) {
		set_clear(fresh);
		threads_run(&shared->corpus[i].s, shared->edges, fresh);
		shared->corpus[i].nr_edges = fresh->nr;
	}
}

static void fuzz(struct random *r)
{
	static struct sequence s;

	while (!shared->stop) {
		const struct sequence *from = one_in(r, 5) ? NULL : corpus_pick(r);
		const struct sequence *other = corpus_pick(r);

		if (from) {
			s = *from;
			mutate(r, &s, other ?: from);
		} else {
			make_sequence(r, &s);
		}
		set_clear(fresh);
		threads_run(&s, shared->edges, fresh);
		if (fresh->nr)
			keep(&s);
	}
}

static void replay_files(void)
{
	static struct sequence s;
	unsigned int i, n;

	for (i = 0; i < opt.nr_replay; i++) {
		if (sequence_read(opt.replay[i], &s))
			_exit(2);
		for (n = 0; n < opt.times; n++) {
			printf("# %s\n", opt.replay[i]);
			threads_run(&s, shared->edges, NULL);
		}
	}
}

void worker_main(unsigned int index)
{
	struct watch *watch = &shared->workers[index];
	struct random r = {
		.state = opt.seed + index * 1000003ULL + watch->births++ * 1009ULL,
	};

	/* Small numbers are descriptors, too: what is written there must not be seen. */
	if (!opt.replay) {
		dup2(STDIN_FILENO, STDOUT_FILENO);
		dup2(STDIN_FILENO, STDERR_FILENO);
	}
	fresh = new_set();
	wanted = new_set();
	trial = new_set();
	if (!fresh || !wanted || !trial || threads_start(watch, shared->covers))
		_exit(2);
	if (index & 1)
		be_ordinary();
	/* A change of the user would undo it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (run_init())
		_exit(2);
	watch->kill_at = now_ns() + below(&r, one_in(&r, 4) ? 300 : 15000) * 1000000;
	if (opt.replay) {
		replay_files();
	} else {
		replay_corpus();
		fuzz(&r);
	}
	fflush(stdout);
	_exit(0);
}
