/* SPDX-License-Identifier: GPL-2.0 */
/*
 * --json, for those who build with json-c. Values are put together, printed, and
 * are gone then.
 */
#ifndef KTASK_JSON_H
#define KTASK_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object;

/* False: built without; has been said. Otherwise the functions below do work. */
bool json_available(void);

struct json_object *json_new(void);
struct json_object *json_new_list(void);

/* Members of an object. */
void json_add_u64(struct json_object *object, const char *key, uint64_t value);
void json_add_s64(struct json_object *object, const char *key, int64_t value);
void json_add_bool(struct json_object *object, const char *key, bool value);
void json_add_text(struct json_object *object, const char *key, const char *value);
void json_add_hex(struct json_object *object, const char *key, const void *bytes, size_t len);
void json_add_child(struct json_object *object, const char *key, struct json_object *child);

/*
 * json_path.c: a file's name, which need not be UTF-8: then KEY_hex is there too, with
 * its bytes.
 */
void json_add_path(struct json_object *object, const char *key, const char *path);

/* Entries of a list. */
void json_append(struct json_object *list, struct json_object *child);

/* Many lines for people to look at, or one line. */
void json_print(struct json_object *object);
void json_print_line(struct json_object *object);

#endif /* KTASK_JSON_H */
