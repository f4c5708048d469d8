/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Operations and their arguments, for people.
 */
#ifndef KTASK_OPS_H
#define KTASK_OPS_H

#include <stdbool.h>
#include <stdint.h>

#include "ktask.h"

/* ops.c: an operation's description; NULL: it has been said what is wrong. */
struct ktask_op_info *op_get(struct ktask_set *set, const char *name);

/**
 * struct arg_held - what has been done about an argument
 * @given: it has a value
 * @fd: the file that was opened for it, or -1
 * @data: the bytes that were put into memory for it, or NULL
 */
struct arg_held {
	bool given;
	int fd;
	void *data;
};

/**
 * struct args - the arguments of a task to be
 * @info: the operation
 * @bytes: its argument structure
 * @held: by argument
 * @check: only look at values: open and read no files
 * @why: what was wrong, or NULL
 * @at_value: and that is the value, not the key
 */
struct args {
	const struct ktask_op_info *info;
	unsigned char *bytes;
	struct arg_held *held;
	bool check;
	char *why;
	bool at_value;
};

/*
 * args.c: set each argument that is given, then finish; @has_input: it gets the output
 * of another task. These return an exit status; if it is not 0, args->why tells what is
 * wrong. Closing gives back what is held, which the kernel has for itself once the task
 * is spawned.
 */
void args_open(struct args *args, const struct ktask_op_info *info, bool check);
int args_set(struct args *args, const char *key, const char *value);
int args_finish(struct args *args, bool has_input);
void args_close(struct args *args);

/* Says it to the user: what args->why is for. Returns @status. */
int args_fail(struct args *args, int status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* What a type is called. */
const char *arg_type_name(const struct ktask_arg_info *arg);

/* Encodes a value; an exit status. */
int arg_encode(struct args *args, uint32_t index, const char *value);

/* arg_file.c, arg_data.c: values that are more than a number or a text. */
int arg_encode_file(struct args *args, uint32_t index, const char *value);
int arg_encode_data(struct args *args, uint32_t index, const char *value);

/*
 * arg_word.c: words for values of some arguments. A list of such words into a
 * number; false: it is none. And the words that there are, or those that make up
 * a number, with commas between: NULL if there are none; to be freed.
 */
bool arg_words_parse(const char *op, const char *arg, const char *text, uint64_t *value);
char *arg_words_all(const char *op, const char *arg);
char *arg_words_of(const char *op, const char *arg, uint64_t value);

#endif /* KTASK_OPS_H */
