// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The clock of all times here.
 */
#include "deadline.h"

uint64_t ktask_now(void)
{
	return deadline_now();
}
