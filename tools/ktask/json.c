// SPDX-License-Identifier: GPL-2.0
/*
 * --json, by json-c.
 */
#include <stdio.h>

#include <json-c/json.h>

#include "cmd.h"
#include "json.h"
#include "ops.h"

bool json_available(void)
{
	return true;
}

static void add_u64(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

static void add_string(struct json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key, json_object_new_string(value));
}

static void print(struct json_object *object)
{
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_SPACED |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

void json_info(const struct ktask_info *info)
{
	struct json_object *object = json_object_new_object();
	char version[VERSION_TEXT_MAX];

	version_text(version, info->module_version);
	add_string(object, "module_version", version);
	add_u64(object, "abi_version", info->abi_version);
	add_u64(object, "nr_executors", info->nr_executors);
	add_u64(object, "nr_ops", info->nr_ops);
	add_u64(object, "spawned", info->spawned);
	add_u64(object, "completed", info->completed);
	add_u64(object, "cancelled", info->cancelled);
	add_u64(object, "resumed", info->resumed);
	add_u64(object, "helped", info->helped);
	add_u64(object, "files", info->files);
	add_u64(object, "file_tasks", info->file_tasks);
	print(object);
}

struct json_object *json_ops_begin(void)
{
	return json_object_new_array();
}

void json_op(struct json_object *ops, const struct ktask_op_info *info)
{
	const struct ktask_arg_info *args = ktask_op_args(info);
	struct json_object *op = json_object_new_object();
	struct json_object *list = json_object_new_array();

	add_u64(op, "op", info->op);
	add_string(op, "name", info->name);
	add_string(op, "module", info->module);
	add_string(op, "summary", info->summary);
	add_u64(op, "args_size", info->args_size);
	add_u64(op, "out_size", info->out_size);
	for (uint32_t i = 0; i < info->nr_args; i++) {
		struct json_object *arg = json_object_new_object();

		add_string(arg, "name", args[i].name);
		add_string(arg, "type", arg_type_name(&args[i]));
		json_object_object_add(arg, "required",
				       json_object_new_boolean(args[i].flags & KTASK_ARG_REQUIRED));
		add_u64(arg, "offset", args[i].offset);
		add_u64(arg, "len", args[i].len);
		json_object_array_add(list, arg);
	}
	json_object_object_add(op, "args", list);
	json_object_array_add(ops, op);
}

void json_ops_end(struct json_object *ops)
{
	print(ops);
}
