/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What can be said of a task beside its operation.
 */
#ifndef KTASK_DESC_H
#define KTASK_DESC_H

#include <stdbool.h>

#include "ktask.h"

/* Whether desc_set() knows it. */
bool desc_knows(const char *key);

/*
 * Sets "name", "delay", "timeout", "priority" or "cpu". NULL, or what is wrong
 * with the value; to be freed.
 */
char *desc_set(struct ktask_desc *desc, const char *key, const char *value);

#endif /* KTASK_DESC_H */
