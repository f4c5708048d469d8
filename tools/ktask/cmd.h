/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the verbs of the command share.
 */
#ifndef KTASK_CMD_H
#define KTASK_CMD_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ktask.h"

/* Exit statuses; 130 and the like are left to signals. */
enum {
	STATUS_OK = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
	STATUS_TIMED_OUT = 124,		/* as timeout(1) has it */
};

/* The verbs: argv[0] is the verb; the return value is the exit status. */
int cmd_bench(int argc, char **argv);
int cmd_copy(int argc, char **argv);
int cmd_hash(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_ops(int argc, char **argv);
int cmd_ps(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_spawn(int argc, char **argv);
int cmd_top(int argc, char **argv);

/* message.c: one line each on stderr, with the name of the command in front. */
void message(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void message_file(const char *path, int err);
void message_files(const char *what, const char *from, const char *to, const char *why);
int usage_error(const char *verb);

/* output.c: false: stdout could not be written, which has been said once. */
bool output_flush(void);
bool output_close(void);

/* set.c */
struct ktask_set *set_open(void);

/* memory.c: these do not return without memory. */
void *must(void *ptr);
void *must_calloc(size_t nr, size_t size);
void *must_realloc(void *ptr, size_t nr, size_t size);
char *must_strndup(const char *text, size_t len);
char *must_format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *must_vformat(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

/* number.c */
bool parse_number(const char *text, uint64_t max, uint64_t *value);
bool parse_signed(const char *text, int64_t *value);

/* duration.c */
bool parse_duration(const char *text, uint64_t *ns);

/* version.c */
#define VERSION_TEXT_MAX	16
void version_text(char text[VERSION_TEXT_MAX], uint32_t version);

/* options.c: for verbs that know --json and --help only; -1: go on. */
int parse_json_option(int argc, char **argv, const char *help, bool *json);

/* hex.c: room for 2 * len + 1 characters; and back, false: not such digits. */
void hex(char *text, const void *bytes, size_t len);
bool unhex(void *bytes, size_t room, const char *text, size_t *len);

#endif /* KTASK_CMD_H */
