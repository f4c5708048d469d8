// SPDX-License-Identifier: GPL-2.0
/*
 * The types of arguments, and how values of each are written.
 */
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "ops.h"

static const struct ktask_arg_info *arg_of(const struct args *args, uint32_t index)
{
	return &ktask_op_args(args->info)[index];
}

static void *place_of(struct args *args, uint32_t index)
{
	return args->bytes + arg_of(args, index)->offset;
}

static int reject(struct args *args, uint32_t index, const char *value, const char *wanted)
{
	const char *key = arg_of(args, index)->name;
	char *words = arg_words_all(args->info->name, key);
	int status;

	status = args_fail(args, STATUS_USAGE, "%s=%s: not %s%s%s", key, value, wanted,
			   words ? ", or some of " : "", words ? words : "");
	free(words);
	return status;
}

/* A number, or words for one. */
static bool unsigned_value(struct args *args, uint32_t index, const char *text,
			   uint64_t max, uint64_t *value)
{
	return parse_number(text, max, value) ||
	       (arg_words_parse(args->info->name, arg_of(args, index)->name, text, value) &&
		*value <= max);
}

static int encode_u32(struct args *args, uint32_t index, const char *value)
{
	uint64_t number;
	uint32_t number32;

	if (!unsigned_value(args, index, value, UINT32_MAX, &number))
		return reject(args, index, value, "a number from 0 to 4294967295");
	number32 = number;
	memcpy(place_of(args, index), &number32, sizeof(number32));
	return STATUS_OK;
}

static int encode_u64(struct args *args, uint32_t index, const char *value)
{
	uint64_t number;

	if (!unsigned_value(args, index, value, UINT64_MAX, &number))
		return reject(args, index, value, "a number from 0 to 18446744073709551615");
	memcpy(place_of(args, index), &number, sizeof(number));
	return STATUS_OK;
}

static int encode_s64(struct args *args, uint32_t index, const char *value)
{
	int64_t number;

	if (!parse_signed(value, &number))
		return reject(args, index, value,
			      "a number from -9223372036854775808 to 9223372036854775807");
	memcpy(place_of(args, index), &number, sizeof(number));
	return STATUS_OK;
}

static int encode_ns(struct args *args, uint32_t index, const char *value)
{
	uint64_t ns;

	if (!parse_duration(value, &ns))
		return reject(args, index, value,
			      "a duration such as 10ms, 1.5s, 2m or 500 (nanoseconds)");
	memcpy(place_of(args, index), &ns, sizeof(ns));
	return STATUS_OK;
}

static int encode_string(struct args *args, uint32_t index, const char *value)
{
	const struct ktask_arg_info *arg = arg_of(args, index);
	size_t len = strlen(value);

	if (len >= arg->len)
		return args_fail(args, STATUS_USAGE, "%s=%s: longer than %u bytes", arg->name,
				 value, arg->len - 1);
	memcpy(place_of(args, index), value, len);
	return STATUS_OK;
}

/* By type: its name, how a value is encoded, and its size; 0: as the operation says. */
static const struct type {
	const char *name;
	int (*encode)(struct args *args, uint32_t index, const char *value);
	uint32_t len;
} types[] = {
	[KTASK_ARG_U32] = { "u32", encode_u32, sizeof(uint32_t) },
	[KTASK_ARG_U64] = { "u64", encode_u64, sizeof(uint64_t) },
	[KTASK_ARG_S64] = { "s64", encode_s64, sizeof(int64_t) },
	[KTASK_ARG_NS] = { "duration", encode_ns, sizeof(uint64_t) },
	[KTASK_ARG_FD] = { "file", arg_encode_file, sizeof(int32_t) },
	[KTASK_ARG_STRING] = { "string", encode_string, 0 },
	[KTASK_ARG_DATA] = { "data", arg_encode_data, sizeof(struct ktask_data) },
};

/* NULL: one that a newer kernel has. */
static const struct type *find_type(const struct ktask_arg_info *arg)
{
	if (arg->type >= sizeof(types) / sizeof(types[0]) || !types[arg->type].name)
		return NULL;
	return &types[arg->type];
}

const char *arg_type_name(const struct ktask_arg_info *arg)
{
	const struct type *type = find_type(arg);

	return type ? type->name : "unknown";
}

int arg_encode(struct args *args, uint32_t index, const char *value)
{
	const struct ktask_arg_info *arg = arg_of(args, index);
	const struct type *type = find_type(arg);
	uint32_t size = args->info->args_size;

	/* An operation of another module may tell nonsense of itself. */
	if (!type || !arg->len || (type->len && type->len != arg->len) ||
	    arg->offset > size || arg->len > size - arg->offset)
		return args_fail(args, STATUS_FAILED,
				 "argument \"%s\" is of a kind that this program does not know",
				 arg->name);
	return type->encode(args, index, value);
}
