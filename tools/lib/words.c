// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Words for the numbers that tell what a task is, does and has come to.
 */
#include "internal.h"

static const char *const outcomes[] = {
	[KTASK_RETURNED] = "returned",
	[KTASK_CANCELLED] = "cancelled",
	[KTASK_FAILED] = "failed",
};

static const char *const causes[] = {
	[KTASK_CAUSE_NONE] = "none",
	[KTASK_CAUSE_ABORT] = "abort",
	[KTASK_CAUSE_TIMEOUT] = "timeout",
	[KTASK_CAUSE_AFTER] = "after",
};

static const char *const states[] = {
	[KTASK_STATE_HELD] = "held",
	[KTASK_STATE_DELAYED] = "delayed",
	[KTASK_STATE_LIMITED] = "limited",
	[KTASK_STATE_QUEUED] = "queued",
	[KTASK_STATE_RUNNING] = "running",
	[KTASK_STATE_WAITING] = "waiting",
	[KTASK_STATE_ENDED] = "ended",
};

static const char *const priorities[] = {
	[KTASK_PRIORITY_NORMAL] = "normal",
	[KTASK_PRIORITY_HIGH] = "high",
	[KTASK_PRIORITY_IDLE] = "idle",
};

/* A newer kernel may know more numbers than we have words for. */
#define WORD(words, n) \
	((n) < sizeof(words) / sizeof((words)[0]) && (words)[n] ? (words)[n] : "unknown")

const char *ktask_outcome_name(uint32_t outcome)
{
	return WORD(outcomes, outcome);
}

const char *ktask_cause_name(uint32_t cause)
{
	return WORD(causes, cause);
}

const char *ktask_state_name(uint32_t state)
{
	return WORD(states, state);
}

const char *ktask_priority_name(uint32_t priority)
{
	return WORD(priorities, priority);
}
