// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks that sleep: joined, joined with a timeout, aborted while queued and while
 * suspended, and ten thousand at once. Says what happens, and fails if that is
 * not what should.
 */
#include <errno.h>
#include <ktask.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MS		1000000LL
#define SLEEPERS	10000

static void check(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "sleepers: %s\n", what);
	exit(1);
}

/* For calls that return a negative errno. */
static int64_t must(int64_t ret, const char *what)
{
	if (ret >= 0)
		return ret;
	fprintf(stderr, "sleepers: %s: %s\n", what, strerror(-ret));
	exit(1);
}

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 * MS + ts.tv_nsec;
}

static void join_for_good(struct ktask_set *set)
{
	struct ktask_completion c;
	int64_t start = now();
	int64_t id;

	id = must(ktask_spawn_sleep(set, 100 * MS, 0), "spawn");
	must(ktask_join(set, id, &c, KTASK_FOREVER), "join");
	printf("a sleeper of 100 ms: %s %lld after %lld ms\n",
	       ktask_outcome_name(c.outcome), (long long)c.result,
	       (long long)((now() - start) / MS));
	check(c.outcome == KTASK_RETURNED && !c.result, "it should have returned");
}

static void join_with_timeout(struct ktask_set *set, int64_t id)
{
	struct ktask_completion c;
	int ret = ktask_join(set, id, &c, 20 * MS);

	printf("a sleeper of an hour, joined for 20 ms: %s\n", strerror(-ret));
	check(ret == -ETIMEDOUT, "the join should have timed out");
}

static void abort_and_join(struct ktask_set *set, int64_t id, const char *what)
{
	struct ktask_completion c;
	int64_t start = now();

	must(ktask_abort(set, id), "abort");
	must(ktask_join(set, id, &c, KTASK_FOREVER), "join");
	printf("a sleeper of an hour, aborted while %s: %s within %lld ms\n", what,
	       ktask_outcome_name(c.outcome),
	       (long long)((now() - start) / MS));
	check(c.outcome == KTASK_CANCELLED, "it should have been cancelled");
}

/* One may run at once, so the second is queued as long as the first is there. */
static void abort_two(struct ktask_set *set)
{
	int64_t first, second;

	must(ktask_group_limit(set, 0, 1, 0), "limit");
	first = must(ktask_spawn_sleep(set, 3600 * 1000 * MS, 0), "spawn");
	second = must(ktask_spawn_sleep(set, 3600 * 1000 * MS, 0), "spawn");
	join_with_timeout(set, first);
	abort_and_join(set, second, "queued");
	abort_and_join(set, first, "suspended");
	must(ktask_group_limit(set, 0, 0, 0), "limit");
}

static void many(struct ktask_set *set)
{
	struct ktask_completion c;
	int64_t start = now();
	uint64_t sum = 0;
	int i, n = 0;

	for (i = 1; i <= SLEEPERS; i++)
		must(ktask_spawn_sleep(set, 500 * MS, i), "spawn");
	printf("%d sleepers of 500 ms: spawned in %lld ms", SLEEPERS,
	       (long long)((now() - start) / MS));
	while (must(ktask_join_next(set, &c, KTASK_FOREVER), "join")) {
		check(c.outcome == KTASK_RETURNED, "all should return");
		sum += c.user_data;
		n++;
	}
	printf(", all %d joined after %lld ms\n", n,
	       (long long)((now() - start) / MS));
	check(n == SLEEPERS && sum == SLEEPERS * (SLEEPERS + 1ULL) / 2,
	      "each should be joined once");
}

int main(void)
{
	struct ktask_set *set;

	must(ktask_set_open(&set, 0), "open /dev/ktask");
	join_for_good(set);
	abort_two(set);
	many(set);
	ktask_set_close(set);
	return 0;
}
