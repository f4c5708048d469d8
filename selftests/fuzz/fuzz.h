/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktask_fuzz: sequences of calls to /dev/ktask, made up and changed at random.
 *
 * A sequence is a list of calls, each of a type that calls.c describes, with a
 * value for each of its fields. It holds no pointers, so that it can be copied,
 * shared between processes, and written as text.
 */
#ifndef KTASK_FUZZ_H
#define KTASK_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <linux/ktask.h>

#define THREADS		3
#define CALLS_MAX	24
#define FIELDS_MAX	16

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* --- Sequences --------------------------------------------------------------- */

/* What a value stands for is only known when the call is made. */
enum value_kind {
	V_DEFAULT,		/* what makes the call a sensible one */
	V_NUM,			/* @num itself */
	V_FD,			/* descriptor in slot @num */
	V_ID,			/* the @num th latest id of a task */
	V_GROUP,		/* the @num th latest group */
	V_OP,			/* the op whose name is op_names[@num] */
	V_MEM,			/* @num bytes into the memory region @region */
	V_TEXT			/* texts[@num] */
};

struct value {
	uint8_t kind;
	uint8_t region;
	uint64_t num;
};

struct call {
	uint8_t type;		/* index into call_types */
	uint8_t thread;
	struct value v[FIELDS_MAX];
};

struct sequence {
	unsigned int nr;
	struct call calls[CALLS_MAX];
};

/* --- What calls there are, calls.c ------------------------------------------ */

/* What values make sense for a field. */
enum field_class {
	C_PLAIN,		/* a number up to @max */
	C_ZERO,			/* should be 0 */
	C_ANY,			/* any number */
	C_SIZE,			/* of a structure: by default @def */
	C_FLAGS,		/* bits out of @max */
	C_NR,			/* how many; by default @def, seldom above @max */
	C_FD,			/* by default the slot @def */
	C_ID,
	C_GROUP,
	C_OP,
	C_PTR,			/* by default the start of @region */
	C_NS,			/* a duration that need not be short */
	C_WAIT,			/* for how long to wait: -1 is for ever */
	C_OFFSET,		/* in a file */
	C_LEN,			/* of data */
	C_TEXT			/* a name */
};

/* Of no member of a structure. */
#define NOWHERE		0xffff

struct field {
	const char *name;
	uint16_t offset;
	uint16_t size;
	uint8_t class;
	uint8_t region;
	uint64_t max;
	uint64_t def;
};

enum call_kind {
	CALL_IOCTL,		/* v[0] is the descriptor, v[1] where the structure is */
	CALL_FILL,		/* writes a structure into a region, at slot v[0] */
	CALL_SYS		/* @sys does it */
};

struct run;

struct call_type {
	const char *name;
	uint8_t kind;
	uint8_t region;		/* of CALL_FILL */
	uint16_t size;		/* of the structure */
	uint16_t weight;	/* how often it is made up */
	unsigned long cmd;
	long (*sys)(struct run *run, int thread, const uint64_t *v);
	/* Note what the call has made, for calls to come. */
	void (*harvest)(struct run *run, const void *arg);
	struct field fields[FIELDS_MAX];
};

extern const struct call_type call_types[];
extern const unsigned int nr_call_types;

int call_type_find(const char *name);
unsigned int call_nr_fields(const struct call_type *type);

#define OPS		9
extern const char *const op_names[OPS];

extern const char *const texts[];
extern const unsigned int nr_texts;
/* The first so many name algorithms, the rest files; see calls.c. */
extern const unsigned int nr_algs;

/* --- Memory that the calls work on, memory.c ---------------------------------- */

enum region {
	R_DESC,
	R_ARGS,
	R_AFTER,
	R_IDS,
	R_OPS,
	R_DONE,			/* completions */
	R_TASK,
	R_ARGINFO,
	R_OUT,
	R_DATA,
	R_SMALL,		/* regions up to here are cleared for each sequence */
	R_BIG = R_SMALL,
	R_EDGE,			/* a page before one that is not there */
	R_CONST,		/* read-only */
	R_HOLE,			/* not there */
	R_TURN,			/* that PROTECT makes come and go */
	R_NULL,
	R_KERNEL,
	REGIONS
};

#define SLOTS		16	/* structures in a region of them */

struct region_info {
	const char *name;
	size_t stride;
	size_t size;
	char *base;
};

extern struct region_info regions[REGIONS];

int memory_init(void);
void memory_clear(void);
/* A slot of a region of structures. */
void *memory_slot(int region, uint64_t slot);

/* --- Random numbers, random.c --------------------------------------------------- */

struct random {
	uint64_t state;
};

uint64_t random_next(struct random *r);
uint64_t below(struct random *r, uint64_t n);
/* True once in @n times. */
bool one_in(struct random *r, unsigned int n);

/* --- Making and changing sequences, generate.c, mutate.c ------------------------ */

struct value make_value(struct random *r, const struct field *f);
void make_call(struct random *r, struct call *call);
/* Append a call, or some that go together. */
void add_calls(struct random *r, struct sequence *s, unsigned int thread);
void make_sequence(struct random *r, struct sequence *s);
/* @other: another, to take calls from. */
void mutate(struct random *r, struct sequence *s, const struct sequence *other);

/* --- Text, text.c --------------------------------------------------------------- */

void sequence_print(FILE *file, const struct sequence *s);
void call_print(FILE *file, const struct call *call);
/* Return: 0; -1, and why on stderr. */
int sequence_read(const char *path, struct sequence *s);

#endif /* KTASK_FUZZ_H */
