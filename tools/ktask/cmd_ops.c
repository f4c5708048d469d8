// SPDX-License-Identifier: GPL-2.0
/*
 * ktask ops
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "json.h"
#include "ops.h"

static const char help[] =
	"Usage: ktask ops [OPTION]...\n"
	"List the operations that the kernel offers, and their arguments.\n\n"
	"      --json  as a JSON array\n"
	"      --help  show this\n";

static void print(const struct ktask_op_info *info)
{
	const struct ktask_arg_info *args = ktask_op_args(info);

	printf("%-12s %3u  %-12s %s\n", info->name, info->op, info->module, info->summary);
	for (uint32_t i = 0; i < info->nr_args; i++) {
		printf("    %s=%s", args[i].name, arg_type_name(&args[i]));
		if (args[i].type == KTASK_ARG_STRING)
			printf(", up to %u bytes", args[i].len - 1);
		printf("%s\n", args[i].flags & KTASK_ARG_REQUIRED ? ", required" : "");
	}
}

/* Numbers are given once and never again, so one that comes up meanwhile is met. */
static int list(struct ktask_set *set, bool json)
{
	struct json_object *ops = json ? json_ops_begin() : NULL;
	struct ktask_op_info *info;
	uint32_t from = 0;
	int err;

	while (!(err = ktask_op_next(set, from, &info))) {
		from = info->op + 1;
		if (json)
			json_op(ops, info);
		else
			print(info);
		ktask_op_free(info);
		if (!from)
			break;
	}
	if (json)
		json_ops_end(ops);
	return err == -ENOENT ? 0 : err;
}

int cmd_ops(int argc, char **argv)
{
	struct ktask_set *set;
	bool json;
	int err;

	err = parse_json_option(argc, argv, help, &json);
	if (err == STATUS_USAGE)
		return usage_error("ops");
	if (err >= 0)
		return err;

	set = set_open();
	if (!set)
		return STATUS_FAILED;
	err = list(set, json);
	ktask_set_close(set);
	if (err) {
		message("/dev/ktask: %s", strerror(-err));
		return STATUS_FAILED;
	}
	return STATUS_OK;
}
