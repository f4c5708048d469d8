// SPDX-License-Identifier: GPL-2.0
/*
 * Words for the types of arguments.
 */
#include "ops.h"

const char *arg_type_name(const struct ktask_arg_info *arg)
{
	switch (arg->type) {
	case KTASK_ARG_U32:
		return "u32";
	case KTASK_ARG_U64:
		return "u64";
	case KTASK_ARG_S64:
		return "s64";
	case KTASK_ARG_NS:
		return "duration";
	case KTASK_ARG_FD:
		return "file";
	case KTASK_ARG_STRING:
		return "string";
	default:
		return "unknown";
	}
}
