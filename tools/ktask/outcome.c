// SPDX-License-Identifier: GPL-2.0
/*
 * What became of a task, for people and for programs.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "ops.h"
#include "outcome.h"

/* Results that are negative errnos, and not just negative. */
#define MAX_ERRNO	4095

bool outcome_is_success(const struct ktask_completion *completion)
{
	return completion->outcome == KTASK_RETURNED && completion->result >= 0;
}

static const char *error_of(const struct ktask_completion *completion)
{
	if (completion->result >= 0 || completion->result < -MAX_ERRNO)
		return NULL;
	return strerror(-completion->result);
}

/* The result of "poll" is of the same kind as one of its arguments. */
static char *words_of(const char *op, const struct ktask_completion *completion)
{
	if (strcmp(op, "poll") || completion->result < 0)
		return NULL;
	return arg_words_of(op, "events", completion->result);
}

char *outcome_result(const char *op, const struct ktask_completion *completion)
{
	long long result = completion->result;
	const char *error = error_of(completion);
	char *words = words_of(op, completion);
	char *text;

	if (error)
		text = must_format("%lld (%s)", result, error);
	else if (words)
		text = must_format("%lld (%s)", result, words);
	else
		text = must_format("%lld", result);
	free(words);
	return text;
}

char *outcome_output(const struct ktask_completion *completion)
{
	size_t len = completion->out_len;
	char text[2 * KTASK_OUT_MAX + 1];

	if (len <= KTASK_OUT_MAX) {
		hex(text, completion->out, len);
		return must_format("%s", text);
	}
	hex(text, completion->out, KTASK_OUT_MAX);
	return must_format("%s... (%zu bytes)", text, len);
}

int outcome_take_output(struct ktask_set *set, const struct ktask_completion *completion,
			void **out)
{
	size_t len = completion->out_len;

	if (len > KTASK_OUT_MAX)
		return ktask_output_take(set, completion->id, out, &len);
	*out = must_calloc(1, KTASK_OUT_MAX);
	memcpy(*out, completion->out, len);
	return 0;
}

void outcome_json(struct json_object *object, const char *op,
		  const struct ktask_completion *completion, const void *out)
{
	const char *error = error_of(completion);
	char *words = words_of(op, completion);

	json_add_u64(object, "id", completion->id);
	json_add_text(object, "op", op);
	json_add_text(object, "outcome", ktask_outcome_name(completion->outcome));
	if (completion->outcome == KTASK_CANCELLED)
		json_add_text(object, "cause", ktask_cause_name(completion->cause));
	json_add_s64(object, "result", completion->result);
	if (error)
		json_add_text(object, "error", error);
	if (words)
		json_add_text(object, "events", words);
	json_add_u64(object, "out_len", completion->out_len);
	json_add_hex(object, "out", out, completion->out_len);
	free(words);
}
