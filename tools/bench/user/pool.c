// SPDX-License-Identifier: GPL-2.0
/*
 * A thread for each CPU, which all take the next file of the tree until there is none,
 * each with a socket and a buffer of its own. Threads and sockets are made anew each time,
 * as for the other programs, which are started anew.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "subjects.h"

#define THREADS_MAX	256

static int (*work_on)(struct pool_worker *worker, unsigned int file);
static atomic_uint next_file;
static atomic_int error;

static void *thread(void *arg)
{
	struct pool_worker worker = { .alg = alg_open() };
	unsigned int i;
	int err = worker.alg < 0 ? worker.alg : 0;

	worker.buf = must(aligned_alloc(4096, POOL_BUF));
	while (!err && !error && (i = next_file++) < tree.nr)
		err = work_on(&worker, i);
	if (err)
		error = err;
	if (worker.alg >= 0)
		close(worker.alg);
	free(worker.buf);
	return arg;
}

static unsigned int nr_threads(void)
{
	cpu_set_t cpus;
	unsigned int nr = 1;

	if (!sched_getaffinity(0, sizeof(cpus), &cpus))
		nr = CPU_COUNT(&cpus);
	return nr < THREADS_MAX ? nr : THREADS_MAX;
}

/* Whether there is what the threads need. */
int pool_open(void)
{
	int alg = alg_open();

	if (alg < 0) {
		why_not("AF_ALG: %s", strerror(-alg));
		return alg;
	}
	close(alg);
	return 0;
}

int pool_run(int (*work)(struct pool_worker *worker, unsigned int file))
{
	unsigned int wanted = nr_threads(), nr;
	pthread_t threads[THREADS_MAX];
	int err = 0;

	work_on = work;
	next_file = 0;
	error = 0;
	/* This thread is one of them. */
	for (nr = 0; nr + 1 < wanted && !err; nr++)
		err = -pthread_create(&threads[nr], NULL, thread, NULL);
	if (err) {
		nr--;
		error = err;
	}
	thread(NULL);
	while (nr--)
		pthread_join(threads[nr], NULL);
	return error;
}
