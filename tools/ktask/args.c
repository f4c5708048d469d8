// SPDX-License-Identifier: GPL-2.0
/*
 * key=value words into the argument structure that an operation declares.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "ops.h"

/* Says what is wrong with an argument, and what its value should be. */
static int reject(const struct ktask_arg_info *arg, const char *value, const char *wanted)
{
	message("%s=%s: not %s", arg->name, value, wanted);
	return STATUS_USAGE;
}

static int encode_u32(const struct ktask_arg_info *arg, const char *value, void *to)
{
	uint64_t number;
	uint32_t number32;

	if (!parse_number(value, UINT32_MAX, &number))
		return reject(arg, value, "a number from 0 to 4294967295");
	number32 = number;
	memcpy(to, &number32, sizeof(number32));
	return STATUS_OK;
}

static int encode_u64(const struct ktask_arg_info *arg, const char *value, void *to)
{
	uint64_t number;

	if (!parse_number(value, UINT64_MAX, &number))
		return reject(arg, value, "a number from 0 to 18446744073709551615");
	memcpy(to, &number, sizeof(number));
	return STATUS_OK;
}

static int encode_s64(const struct ktask_arg_info *arg, const char *value, void *to)
{
	int64_t number;

	if (!parse_signed(value, &number))
		return reject(arg, value,
			      "a number from -9223372036854775808 to 9223372036854775807");
	memcpy(to, &number, sizeof(number));
	return STATUS_OK;
}

static int encode_ns(const struct ktask_arg_info *arg, const char *value, void *to)
{
	uint64_t ns;

	if (!parse_duration(value, &ns))
		return reject(arg, value, "a duration such as 10ms, 1.5s, 2m or 500 (nanoseconds)");
	memcpy(to, &ns, sizeof(ns));
	return STATUS_OK;
}

/* A path to open, or @N: a descriptor that we were started with. */
static int encode_fd(const struct ktask_arg_info *arg, const char *value, void *to)
{
	uint64_t number;
	int32_t fd;

	if (*value == '@') {
		if (!parse_number(value + 1, INT_MAX, &number))
			return reject(arg, value, "@ and the number of a descriptor");
		fd = number;
	} else {
		/* See file_open() in hash_run.c; stays open until we exit. */
		fd = open(value, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		if (fd < 0) {
			message_file(value, errno);
			return STATUS_FAILED;
		}
	}
	memcpy(to, &fd, sizeof(fd));
	return STATUS_OK;
}

static int encode_string(const struct ktask_arg_info *arg, const char *value, void *to)
{
	size_t len = strlen(value);

	if (len >= arg->len) {
		message("%s=%s: longer than %u bytes", arg->name, value, arg->len - 1);
		return STATUS_USAGE;
	}
	memcpy(to, value, len);
	return STATUS_OK;
}

/* By type: how a value is encoded, and its size; 0: as the operation says. */
static const struct type {
	int (*encode)(const struct ktask_arg_info *arg, const char *value, void *to);
	uint32_t len;
} types[] = {
	[KTASK_ARG_U32] = { encode_u32, sizeof(uint32_t) },
	[KTASK_ARG_U64] = { encode_u64, sizeof(uint64_t) },
	[KTASK_ARG_S64] = { encode_s64, sizeof(int64_t) },
	[KTASK_ARG_NS] = { encode_ns, sizeof(uint64_t) },
	[KTASK_ARG_FD] = { encode_fd, sizeof(int32_t) },
	[KTASK_ARG_STRING] = { encode_string, 0 },
};

/* NULL: a type that a newer kernel has, or nonsense. */
static const struct type *find_type(const struct ktask_op_info *info,
				    const struct ktask_arg_info *arg)
{
	const struct type *type = &types[arg->type];

	if (arg->type >= sizeof(types) / sizeof(types[0]) || !type->encode)
		return NULL;
	if (!arg->len || (type->len && type->len != arg->len))
		return NULL;
	if (arg->offset > info->args_size || arg->len > info->args_size - arg->offset)
		return NULL;
	return type;
}

/* Says what the operation takes, after what was wrong. */
static void __attribute__((format(printf, 2, 3)))
complain(const struct ktask_op_info *info, const char *fmt, ...)
{
	const struct ktask_arg_info *args = ktask_op_args(info);
	char *text = NULL, *keys = NULL;
	size_t size;
	va_list ap;
	FILE *f;

	f = open_memstream(&keys, &size);
	if (f) {
		for (uint32_t i = 0; i < info->nr_args; i++)
			fprintf(f, "%s%s", i ? ", " : "", args[i].name);
		fclose(f);
	}

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);

	message("%s; \"%s\" takes %s", text ? text : "?", info->name,
		info->nr_args && keys ? keys : "no arguments");
	free(text);
	free(keys);
}

static int encode_word(const struct ktask_op_info *info, const char *word,
		       bool *given, unsigned char *buffer)
{
	const struct ktask_arg_info *args = ktask_op_args(info);
	const char *equals = strchr(word, '=');
	const struct type *type;
	size_t len;
	uint32_t i;

	if (!equals) {
		complain(info, "\"%s\" is not of the form key=value", word);
		return STATUS_USAGE;
	}
	len = equals - word;

	for (i = 0; i < info->nr_args; i++) {
		if (strlen(args[i].name) == len && !memcmp(args[i].name, word, len))
			break;
	}
	if (i == info->nr_args) {
		complain(info, "there is no argument \"%.*s\"", (int)len, word);
		return STATUS_USAGE;
	}
	if (given[i]) {
		complain(info, "\"%s\" is given twice", args[i].name);
		return STATUS_USAGE;
	}
	given[i] = true;

	type = find_type(info, &args[i]);
	if (!type) {
		message("argument \"%s\" is of a kind that this program does not know",
			args[i].name);
		return STATUS_FAILED;
	}
	return type->encode(&args[i], equals + 1, buffer + args[i].offset);
}

int args_encode(const struct ktask_op_info *info, char *const *words, void **encoded)
{
	const struct ktask_arg_info *args = ktask_op_args(info);
	unsigned char *buffer = must_calloc(1, info->args_size + 1);
	bool *given = must_calloc(info->nr_args + 1, sizeof(*given));
	int status = STATUS_OK;

	while (!status && *words)
		status = encode_word(info, *words++, given, buffer);

	for (uint32_t i = 0; !status && i < info->nr_args; i++) {
		if ((args[i].flags & KTASK_ARG_REQUIRED) && !given[i]) {
			complain(info, "argument \"%s\" is missing", args[i].name);
			status = STATUS_USAGE;
		}
	}

	free(given);
	if (status) {
		free(buffer);
		buffer = NULL;
	}
	*encoded = buffer;
	return status;
}
