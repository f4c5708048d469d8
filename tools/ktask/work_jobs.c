// SPDX-License-Identifier: GPL-2.0
/*
 * How many files to work on at once.
 */
#include <unistd.h>

#include "cmd.h"
#include "work.h"

#define MAX_JOBS	65536

size_t work_default_jobs(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	return cpus > 4 ? 4 * cpus : 16;
}

bool work_parse_jobs(const char *text, size_t *jobs)
{
	uint64_t number;

	if (!parse_number(text, MAX_JOBS, &number) || !number) {
		message("--jobs: \"%s\" is not a number from 1 to %d", text, MAX_JOBS);
		return false;
	}
	*jobs = number;
	return true;
}
