// SPDX-License-Identifier: GPL-2.0
/*
 * Opening a task set, and saying clearly why that did not work.
 */
#include <errno.h>
#include <string.h>

#include "cmd.h"

/* NULL: it has been said why. */
struct ktask_set *set_open(void)
{
	struct ktask_set *set;
	const char *hint = "";
	int err;

	err = ktask_set_open(&set, 0);
	if (!err)
		return set;

	switch (-err) {
	case ENOENT:
	case ENXIO:
	case ENODEV:
		hint = ": the ktask module is not loaded (try \"modprobe ktask\")";
		break;
	case EACCES:
	case EPERM:
		hint = ": only root and members of the group \"ktask\" may use it";
		break;
	}
	message("/dev/ktask: %s%s", strerror(-err), hint);
	return NULL;
}
