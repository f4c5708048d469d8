// SPDX-License-Identifier: GPL-2.0
/*
 * Edges: pairs of blocks that were run one after the other in one call. Only the
 * module is compiled to tell of its blocks, so all of them are its own.
 */
#include <fcntl.h>
#include <linux/kcov.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cover.h"

#define PCS	(1 << 16)

/* --- Sets ---------------------------------------------------------------------- */

size_t set_bytes(size_t size)
{
	return sizeof(struct number_set) + size * sizeof(uint64_t);
}

static size_t set_hash(const struct number_set *set, uint64_t number)
{
	return (number * 0x9e3779b97f4a7c15 >> 32) & (set->size - 1);
}

bool set_add(struct number_set *set, uint64_t number)
{
	size_t at = set_hash(set, number), tries;

	for (tries = 0; tries < set->size; tries++) {
		uint64_t there = 0;

		if (set->slots[at] == number)
			return false;
		if (!set->slots[at] &&
		    atomic_compare_exchange_strong(&set->slots[at], &there, number)) {
			set->nr++;
			return true;
		}
		if (there == number)
			return false;
		at = (at + 1) & (set->size - 1);
	}
	return false;
}

bool set_has(const struct number_set *set, uint64_t number)
{
	size_t at = set_hash(set, number), tries;

	for (tries = 0; tries < set->size && set->slots[at]; tries++) {
		if (set->slots[at] == number)
			return true;
		at = (at + 1) & (set->size - 1);
	}
	return false;
}

void set_clear(struct number_set *set)
{
	if (!set->nr)
		return;
	memset((void *)set->slots, 0, set->size * sizeof(uint64_t));
	set->nr = 0;
}

/* --- kcov ---------------------------------------------------------------------- */

int cover_open(struct cover *c)
{
	c->fd = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);
	if (c->fd < 0)
		return -1;
	if (ioctl(c->fd, KCOV_INIT_TRACE, (unsigned long)PCS))
		return -1;
	c->pcs = mmap(NULL, PCS * sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED,
		      c->fd, 0);
	return c->pcs == MAP_FAILED ? -1 : 0;
}

int cover_enable(struct cover *c)
{
	return c->fd < 0 ? 0 : ioctl(c->fd, KCOV_ENABLE, (unsigned long)KCOV_TRACE_PC);
}

void cover_reset(struct cover *c)
{
	if (c->fd >= 0)
		__atomic_store_n(&c->pcs[0], 0, __ATOMIC_RELAXED);
}

void cover_collect(struct cover *c, struct number_set *edges, struct number_set *fresh)
{
	uint64_t nr, i, last = 0;

	if (c->fd < 0)
		return;
	nr = __atomic_load_n(&c->pcs[0], __ATOMIC_RELAXED);
	for (i = 1; i <= nr && i < PCS; i++) {
		/* The upper halves of all are the same. */
		uint64_t edge = last << 32 | (uint32_t)c->pcs[i];

		last = (uint32_t)c->pcs[i];
		if (set_add(edges, edge) && fresh)
			set_add(fresh, edge);
	}
}
