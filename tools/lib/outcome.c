// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Words for how a task ended.
 */
#include "internal.h"

const char *ktask_outcome_name(uint32_t outcome)
{
	switch (outcome) {
	case KTASK_RETURNED:
		return "returned";
	case KTASK_CANCELLED:
		return "cancelled";
	case KTASK_FAILED:
		return "failed";
	default:
		return "unknown";
	}
}
