// SPDX-License-Identifier: GPL-2.0
/*
 * In place of json.c when json-c is not there: nothing else is called then.
 */
#include "cmd.h"
#include "json.h"

bool json_available(void)
{
	message("--json: this ktask was built without json-c");
	return false;
}

struct json_object *json_new(void)
{
	return NULL;
}

struct json_object *json_new_list(void)
{
	return NULL;
}

void json_add_u64(struct json_object *object, const char *key, uint64_t value)
{
	(void)object, (void)key, (void)value;
}

void json_add_s64(struct json_object *object, const char *key, int64_t value)
{
	(void)object, (void)key, (void)value;
}

void json_add_bool(struct json_object *object, const char *key, bool value)
{
	(void)object, (void)key, (void)value;
}

void json_add_text(struct json_object *object, const char *key, const char *value)
{
	(void)object, (void)key, (void)value;
}

void json_add_hex(struct json_object *object, const char *key, const void *bytes, size_t len)
{
	(void)object, (void)key, (void)bytes, (void)len;
}

void json_add_child(struct json_object *object, const char *key, struct json_object *child)
{
	(void)object, (void)key, (void)child;
}

void json_append(struct json_object *list, struct json_object *child)
{
	(void)list, (void)child;
}

void json_print(struct json_object *object)
{
	(void)object;
}

void json_print_line(struct json_object *object)
{
	(void)object;
}
