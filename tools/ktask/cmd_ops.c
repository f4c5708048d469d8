// SPDX-License-Identifier: GPL-2.0
/*
 * ktask ops
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "json.h"
#include "ops.h"

static const char help[] =
	"Usage: ktask ops [OPTION]...\n"
	"List the operations that the kernel offers, and what they take and give.\n\n"
	"      --json  as a JSON array\n"
	"      --help  show this\n";

static void print_arg(const struct ktask_op_info *info, const struct ktask_arg_info *arg)
{
	char *words = arg_words_all(info->name, arg->name);

	printf("    %s=%s", arg->name, arg_type_name(arg));
	if (arg->type == KTASK_ARG_STRING)
		printf(", up to %u bytes", arg->len - 1);
	if (arg->flags & KTASK_ARG_WRITE)
		printf(", for writing");
	if (arg->flags & KTASK_ARG_ANY_FD)
		printf(", of any kind");
	if (arg->flags & KTASK_ARG_REQUIRED)
		printf(", required");
	if (words)
		printf(", or words: %s", words);
	putchar('\n');
	free(words);
}

static void print(const struct ktask_op_info *info)
{
	const struct ktask_arg_info *args = ktask_op_args(info);

	printf("%-12s %3u  %-12s %s\n", info->name, info->op, info->module, info->summary);
	for (uint32_t i = 0; i < info->nr_args; i++)
		print_arg(info, &args[i]);
	if (info->op_flags & KTASK_OP_TAKES_INPUT)
		printf("    takes the output of other tasks\n");
	if (info->out_size)
		printf("    gives up to %u bytes\n", info->out_size);
}

static struct json_object *arg_json(const struct ktask_op_info *info,
				    const struct ktask_arg_info *arg)
{
	char *words = arg_words_all(info->name, arg->name);
	struct json_object *object = json_new();

	json_add_text(object, "name", arg->name);
	json_add_text(object, "type", arg_type_name(arg));
	json_add_bool(object, "required", arg->flags & KTASK_ARG_REQUIRED);
	if (arg->type == KTASK_ARG_FD) {
		json_add_bool(object, "write", arg->flags & KTASK_ARG_WRITE);
		json_add_bool(object, "any_fd", arg->flags & KTASK_ARG_ANY_FD);
	}
	json_add_u64(object, "offset", arg->offset);
	json_add_u64(object, "len", arg->len);
	if (words)
		json_add_text(object, "words", words);
	free(words);
	return object;
}

static struct json_object *op_json(const struct ktask_op_info *info)
{
	const struct ktask_arg_info *args = ktask_op_args(info);
	struct json_object *object = json_new();
	struct json_object *list = json_new_list();

	json_add_u64(object, "op", info->op);
	json_add_text(object, "name", info->name);
	json_add_text(object, "module", info->module);
	json_add_text(object, "summary", info->summary);
	json_add_u64(object, "args_size", info->args_size);
	json_add_u64(object, "out_size", info->out_size);
	json_add_bool(object, "takes_input", info->op_flags & KTASK_OP_TAKES_INPUT);
	for (uint32_t i = 0; i < info->nr_args; i++)
		json_append(list, arg_json(info, &args[i]));
	json_add_child(object, "args", list);
	return object;
}

/* Numbers are given once and never again, so one that comes up meanwhile is met. */
static int list(struct ktask_set *set, bool json)
{
	struct json_object *ops = json ? json_new_list() : NULL;
	struct ktask_op_info *info;
	uint32_t from = 0;
	int err;

	while (!(err = ktask_op_next(set, from, &info))) {
		from = info->op + 1;
		if (json)
			json_append(ops, op_json(info));
		else
			print(info);
		ktask_op_free(info);
		if (!from)
			break;
	}
	if (json)
		json_print(ops);
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
