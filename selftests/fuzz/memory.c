// SPDX-License-Identifier: GPL-2.0
/*
 * The memory that calls point into. All threads of a sequence share it, so one
 * may change what another's call is just reading.
 */
#include <string.h>
#include <sys/mman.h>

#include "fuzz.h"

#define PAGE	4096

struct region_info regions[REGIONS] = {
	[R_DESC] = { "desc", sizeof(struct ktask_desc), SLOTS * sizeof(struct ktask_desc) },
	[R_ARGS] = { "args", 128, SLOTS * 128 },
	[R_AFTER] = { "after", sizeof(struct ktask_after), SLOTS * sizeof(struct ktask_after) },
	[R_IDS] = { "ids", 8, SLOTS * 8 },
	[R_OPS] = { "ops", 4, SLOTS * 4 },
	[R_DONE] = { "done", sizeof(struct ktask_completion),
		     64 * sizeof(struct ktask_completion) },
	[R_TASK] = { "task", sizeof(struct ktask_task), 64 * sizeof(struct ktask_task) },
	[R_ARGINFO] = { "arginfo", sizeof(struct ktask_arg_info),
			8 * sizeof(struct ktask_arg_info) },
	[R_OUT] = { "out", 64, PAGE },
	[R_DATA] = { "data", 64, 4 * PAGE },
	[R_BIG] = { "big", PAGE, 2 << 20 },
	[R_EDGE] = { "edge", 64, PAGE },
	[R_CONST] = { "const", 64, PAGE },
	[R_HOLE] = { "hole", 64, PAGE },
	[R_TURN] = { "turn", 64, PAGE },
	[R_NULL] = { "null", 1, 0 },
	[R_KERNEL] = { "kernel", 1, 0, (char *)0xffff888000000000 },
};

static size_t pages(size_t size)
{
	return (size + PAGE - 1) / PAGE * PAGE;
}

int memory_init(void)
{
	int i;

	for (i = 0; i < R_NULL; i++) {
		/* Behind each is a page that is not there. */
		size_t size = pages(regions[i].size);
		char *p = mmap(NULL, size + PAGE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED || mprotect(p + size, PAGE, PROT_NONE))
			return -1;
		regions[i].base = p;
	}
	if (mprotect(regions[R_CONST].base, PAGE, PROT_READ) ||
	    mprotect(regions[R_HOLE].base, PAGE, PROT_NONE))
		return -1;
	return 0;
}

void memory_clear(void)
{
	int i;

	for (i = 0; i < R_SMALL; i++)
		memset(regions[i].base, 0, regions[i].size);
	mprotect(regions[R_TURN].base, PAGE, PROT_READ | PROT_WRITE);
}

void *memory_slot(int region, uint64_t slot)
{
	const struct region_info *r = &regions[region];

	return r->base + slot % (r->size / r->stride) * r->stride;
}
