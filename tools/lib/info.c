// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the module is and what it has done.
 */
#include <string.h>

#include "internal.h"

int ktask_info(struct ktask_set *set, struct ktask_info *info)
{
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	return set_ioctl(set, KTASK_INFO, info);
}
