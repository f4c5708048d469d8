/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The parts of the verb "spawn".
 */
#ifndef KTASK_SPAWN_H
#define KTASK_SPAWN_H

#include <stdbool.h>
#include <stdint.h>

#include "ktask.h"

/**
 * struct spawn_options - what was asked for, beside the task itself
 * @op: the operation
 * @timeout: how long they may take in all, as it was written
 * @out: file for the output, "-" for stdout, or NULL
 * @out_fd: that file
 * @json: the report is for a program
 */
struct spawn_options {
	const char *op;
	const char *timeout;
	const char *out;
	int out_fd;
	bool json;
};

/**
 * struct spawn_run - tasks of one operation, started and collected
 * @desc: what to start
 * @count: how many of it
 * @out_size: bytes of output that each gives at most
 * @timeout_ns: how long they may take in all, or KTASK_FOREVER
 * @most: how many there may be at once
 * @spawned: how many were started
 * @error: 0, or the negative errno because of which no more were
 * @timed_out: the time was over first; what was left has been aborted
 * @joined: how many completions came
 * @succeeded: of these, that returned 0 or more
 * @erred: that returned a negative errno
 * @cancelled: that were aborted
 * @failed: that could not be run
 * @last: the latest completion
 * @elapsed_ns: how long it all took
 */
struct spawn_run {
	struct ktask_desc desc;
	uint64_t count;
	uint64_t out_size;
	int64_t timeout_ns;
	uint64_t most;
	uint64_t spawned;
	int error;
	bool timed_out;
	uint64_t joined;
	uint64_t succeeded;
	uint64_t erred;
	uint64_t cancelled;
	uint64_t failed;
	struct ktask_completion last;
	int64_t elapsed_ns;
};

/* 0, or a negative errno: the set cannot be used. */
int spawn_run(struct ktask_set *set, struct spawn_run *run);

/* Returns the exit status. */
int spawn_report(struct ktask_set *set, const struct spawn_options *options,
		 const struct spawn_run *run);

#endif /* KTASK_SPAWN_H */
