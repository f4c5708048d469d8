/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What became of a task, for people and for programs.
 */
#ifndef KTASK_OUTCOME_H
#define KTASK_OUTCOME_H

#include <stdbool.h>

#include "json.h"
#include "ktask.h"

/* It did what it was asked to do. */
bool outcome_is_success(const struct ktask_completion *completion);

/* The result in words, and the output's beginning in digits; to be freed. */
char *outcome_result(const char *op, const struct ktask_completion *completion);
char *outcome_output(const struct ktask_completion *completion);

/*
 * The whole output, if @out is its beginning only because there is more. 0 or a
 * negative errno; to be freed.
 */
int outcome_take_output(struct ktask_set *set, const struct ktask_completion *completion,
			void **out);

/* All of it as members of @object; @out: the whole output. */
void outcome_json(struct json_object *object, const char *op,
		  const struct ktask_completion *completion, const void *out);

#endif /* KTASK_OUTCOME_H */
