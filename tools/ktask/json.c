// SPDX-License-Identifier: GPL-2.0
/*
 * --json, by json-c.
 */
#include <stdio.h>
#include <stdlib.h>

#include <json-c/json.h>

#include "cmd.h"
#include "json.h"
#include "text.h"

#define COMPACT	(JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE)

bool json_available(void)
{
	return true;
}

struct json_object *json_new(void)
{
	return json_object_new_object();
}

struct json_object *json_new_list(void)
{
	return json_object_new_array();
}

void json_add_u64(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

void json_add_s64(struct json_object *object, const char *key, int64_t value)
{
	json_object_object_add(object, key, json_object_new_int64(value));
}

void json_add_bool(struct json_object *object, const char *key, bool value)
{
	json_object_object_add(object, key, json_object_new_boolean(value));
}

/* Names in Linux are bytes, JSON is UTF-8: what is not is replaced. */
void json_add_text(struct json_object *object, const char *key, const char *value)
{
	char *text = text_utf8(value);

	json_object_object_add(object, key, json_object_new_string(text));
	free(text);
}

void json_add_hex(struct json_object *object, const char *key, const void *bytes, size_t len)
{
	char *text = must_calloc(len + 1, 2);

	hex(text, bytes, len);
	json_object_object_add(object, key, json_object_new_string(text));
	free(text);
}

void json_add_child(struct json_object *object, const char *key, struct json_object *child)
{
	json_object_object_add(object, key, child);
}

void json_append(struct json_object *list, struct json_object *child)
{
	json_object_array_add(list, child);
}

static void print(struct json_object *object, int flags)
{
	puts(json_object_to_json_string_ext(object, flags));
	json_object_put(object);
}

void json_print(struct json_object *object)
{
	print(object, COMPACT | JSON_C_TO_STRING_PRETTY);
}

void json_print_line(struct json_object *object)
{
	print(object, COMPACT);
}
