// SPDX-License-Identifier: GPL-2.0
/*
 * The threads of a worker, which run one sequence after the other. One more sees
 * to it that no call lasts: a signal ends those that wait for ever.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "fuzzer.h"

#define MSEC		1000000LL
/* In a kernel that tells what is covered, which is slow, a call takes longer. */
#define PATIENCE	((covers ? 20 : 5) * MSEC)

struct thread {
	pthread_t thread;
	pid_t tid;
	int index;
	struct cover cover;
	int64_t kicked;		/* for which call */
	int64_t patience;
};

static struct thread threads[THREADS];
static struct watch *watch;
static bool covers;
static pthread_barrier_t begin, end;
static struct run run;
static struct number_set *run_edges, *run_fresh;

int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 * MSEC + ts.tv_nsec;
}

static void show(const struct call *call, long ret)
{
	flockfile(stdout);
	call_print(stdout, call);
	if (ret < 0)
		printf("\t# %s\n", strerrorname_np(-ret) ?: "?");
	else
		printf("\t# %ld\n", ret);
	funlockfile(stdout);
}

static void run_calls(struct thread *t)
{
	const struct call *call;
	long ret;

	while ((call = run_next(&run, t->index))) {
		watch->at[t->index] = call - run.s->calls;
		watch->since[t->index] = now_ns();
		cover_reset(&t->cover);
		ret = run_call(&run, call);
		cover_collect(&t->cover, run_edges, run_fresh);
		watch->since[t->index] = 0;
		watch->calls++;
		if (opt.replay)
			show(call, ret);
	}
}

static void *thread_main(void *arg)
{
	struct thread *t = arg;

	t->tid = syscall(SYS_gettid);
	if (cover_enable(&t->cover))
		abort();
	for (;;) {
		pthread_barrier_wait(&begin);
		run_calls(t);
		pthread_barrier_wait(&end);
	}
	return NULL;
}

/* Each time with more patience, as some calls begin anew after a signal. */
static void *kick_main(void *arg)
{
	int i;

	(void)arg;
	for (;;) {
		usleep(PATIENCE / 4000);
		for (i = 0; i < THREADS; i++) {
			struct thread *t = &threads[i];
			int64_t since = watch->since[i];

			if (!since || watch->at[i] < 0)
				continue;
			if (since != t->kicked)
				t->patience = PATIENCE;
			if (now_ns() - since < t->patience)
				continue;
			t->kicked = since;
			t->patience *= 2;
			syscall(SYS_tgkill, getpid(), t->tid, SIGUSR1);
		}
	}
	return NULL;
}

static void nothing(int sig)
{
	(void)sig;
}

int threads_start(struct watch *w, bool tells)
{
	struct sigaction action = { .sa_handler = nothing };
	pthread_t kicker;
	int i;

	watch = w;
	covers = tells;
	sigaction(SIGUSR1, &action, NULL);
	/* Of a pipe that nobody reads any more. */
	signal(SIGPIPE, SIG_IGN);
	pthread_barrier_init(&begin, NULL, THREADS);
	pthread_barrier_init(&end, NULL, THREADS);
	for (i = 0; i < THREADS; i++) {
		threads[i].index = i;
		threads[i].cover.fd = -1;
		watch->since[i] = 0;
		if (covers && cover_open(&threads[i].cover))
			return -1;
	}
	threads[0].tid = getpid();
	if (cover_enable(&threads[0].cover))
		return -1;
	for (i = 1; i < THREADS; i++) {
		if (pthread_create(&threads[i].thread, NULL, thread_main, &threads[i]))
			return -1;
	}
	return pthread_create(&kicker, NULL, kick_main, NULL) ? -1 : 0;
}

static bool has_threads(const struct sequence *s)
{
	unsigned int i;

	for (i = 0; i < s->nr; i++) {
		if (s->calls[i].thread)
			return true;
	}
	return false;
}

void threads_run(const struct sequence *s, struct number_set *edges, struct number_set *fresh)
{
	run_edges = edges;
	run_fresh = fresh;
	watch->s.nr = s->nr;
	memcpy(watch->s.calls, s->calls, s->nr * sizeof(s->calls[0]));
	run_begin(&run, s);
	if (has_threads(s)) {
		pthread_barrier_wait(&begin);
		run_calls(&threads[0]);
		pthread_barrier_wait(&end);
	} else {
		run_calls(&threads[0]);
	}
	watch->at[0] = -1;
	watch->since[0] = now_ns();
	cover_reset(&threads[0].cover);
	run_end(&run);
	cover_collect(&threads[0].cover, edges, fresh);
	watch->since[0] = 0;
	watch->runs++;
}
