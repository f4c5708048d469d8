// SPDX-License-Identifier: GPL-2.0
/*
 * Keys and values into the argument structure that an operation declares.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "ops.h"

void args_open(struct args *args, const struct ktask_op_info *info, bool check)
{
	const struct ktask_arg_info *list = ktask_op_args(info);
	static const int32_t none = -1;

	args->info = info;
	args->bytes = must_calloc(1, info->args_size + 1);
	args->held = must_calloc(info->nr_args + 1, sizeof(*args->held));
	args->check = check;
	args->why = NULL;
	args->at_value = false;

	for (uint32_t i = 0; i < info->nr_args; i++) {
		args->held[i].fd = -1;
		/* No descriptor is none, not standard input. */
		if (list[i].type == KTASK_ARG_FD && list[i].len == sizeof(none) &&
		    list[i].offset <= info->args_size - sizeof(none))
			memcpy(args->bytes + list[i].offset, &none, sizeof(none));
	}
}

int args_fail(struct args *args, int status, const char *fmt, ...)
{
	va_list ap;

	free(args->why);
	va_start(ap, fmt);
	args->why = must_vformat(fmt, ap);
	va_end(ap);
	return status;
}

/* The keys that there are, to be freed. */
static char *all_keys(const struct ktask_op_info *info)
{
	const struct ktask_arg_info *list = ktask_op_args(info);
	size_t size = sizeof("no arguments");
	char *keys, *to;

	for (uint32_t i = 0; i < info->nr_args; i++)
		size += strlen(list[i].name) + strlen(", ");
	keys = must_calloc(size, 1);

	to = keys;
	for (uint32_t i = 0; i < info->nr_args; i++)
		to = stpcpy(stpcpy(to, i ? ", " : ""), list[i].name);
	if (!info->nr_args)
		strcpy(keys, "no arguments");
	return keys;
}

/* With what the operation takes behind what was wrong with @key. */
static int fail_keys(struct args *args, const char *key, bool missing)
{
	char *keys = all_keys(args->info);
	int status;

	status = args_fail(args, STATUS_USAGE, "%s \"%s\"%s; \"%s\" takes %s",
			   missing ? "argument" : "there is no argument", key,
			   missing ? " is missing" : "", args->info->name, keys);
	free(keys);
	return status;
}

int args_set(struct args *args, const char *key, const char *value)
{
	const struct ktask_op_info *info = args->info;
	const struct ktask_arg_info *list = ktask_op_args(info);
	uint32_t i = 0;

	args->at_value = false;
	while (i < info->nr_args && strcmp(list[i].name, key))
		i++;
	if (i == info->nr_args)
		return fail_keys(args, key, false);
	if (args->held[i].given)
		return args_fail(args, STATUS_USAGE, "\"%s\" is given twice", key);
	args->held[i].given = true;
	args->at_value = true;
	return arg_encode(args, i, value);
}

int args_finish(struct args *args, bool has_input)
{
	const struct ktask_op_info *info = args->info;
	const struct ktask_arg_info *list = ktask_op_args(info);

	for (uint32_t i = 0; i < info->nr_args; i++) {
		/* An input is in place of a file to be read. */
		bool replaced = has_input && list[i].type == KTASK_ARG_FD &&
				!(list[i].flags & KTASK_ARG_WRITE);

		if ((list[i].flags & KTASK_ARG_REQUIRED) && !args->held[i].given && !replaced)
			return fail_keys(args, list[i].name, true);
	}
	return STATUS_OK;
}

void args_close(struct args *args)
{
	for (uint32_t i = 0; args->held && i < args->info->nr_args; i++) {
		if (args->held[i].fd >= 0)
			close(args->held[i].fd);
		free(args->held[i].data);
	}
	free(args->held);
	free(args->bytes);
	free(args->why);
	memset(args, 0, sizeof(*args));
}
