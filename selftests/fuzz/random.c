// SPDX-License-Identifier: GPL-2.0
/*
 * Random numbers that are the same for the same seed.
 */
#include "fuzz.h"

/* splitmix64 */
uint64_t random_next(struct random *r)
{
	uint64_t x = r->state += 0x9e3779b97f4a7c15;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

uint64_t below(struct random *r, uint64_t n)
{
	return n ? random_next(r) % n : 0;
}

bool one_in(struct random *r, unsigned int n)
{
	return below(r, n) == 0;
}
