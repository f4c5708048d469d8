// SPDX-License-Identifier: GPL-2.0
/*
 * Making up values, calls and whole sequences.
 */
#include <string.h>

#include "fuzz.h"
#include "run.h"

#define MSEC	1000000ULL

static const uint64_t magic[] = {
	0, 1, 2, 3, 7, 8, 15, 16, 31, 63, 64, 65, 127, 128, 255, 256, 4095, 4096, 4097,
	65535, 65536, 1 << 20, (1 << 20) + 1, INT32_MAX, 1ULL << 31, UINT32_MAX, 1ULL << 32,
	INT64_MAX, 1ULL << 63, UINT64_MAX, UINT64_MAX - 1, UINT64_MAX - 4095,
};

static struct value num(uint64_t n)
{
	return (struct value){ .kind = V_NUM, .num = n };
}

static struct value mem(int region, uint64_t offset)
{
	return (struct value){ .kind = V_MEM, .region = region, .num = offset };
}

static uint64_t any_number(struct random *r)
{
	switch (below(r, 4)) {
	case 0:
		return random_next(r);
	case 1:
		return below(r, 64);
	default:
		return magic[below(r, ARRAY_SIZE(magic))];
	}
}

/* Mostly where such a thing is; else misaligned, across an end, or nowhere. */
static struct value pointer(struct random *r, const struct field *f)
{
	int region = f->region % REGIONS;

	switch (below(r, 8)) {
	case 0:
		return mem(R_EDGE, 4096 - below(r, 256));
	case 1:
		return mem(R_CONST + below(r, REGIONS - R_CONST), below(r, 2) * below(r, 4096));
	case 2:
		return mem(region, below(r, 512));
	case 3:
		return mem(R_BIG, below(r, 2 << 20));
	default:
		return mem(region, below(r, SLOTS) * (regions[region].stride ?: 1));
	}
}

static struct value some_fd(struct random *r)
{
	if (one_in(r, 20))
		return num(one_in(r, 2) ? UINT64_MAX : 999);
	/* What the first calls have made is most likely there. */
	if (one_in(r, 2))
		return (struct value){ .kind = V_FD, .num = FD_FIRST_RESULT + below(r, 4) };
	return (struct value){ .kind = V_FD, .num = below(r, FDS) };
}

static struct value some_size(struct random *r, const struct field *f)
{
	switch (below(r, 4)) {
	case 0:
		return num(any_number(r));
	case 1:
		return num(f->def * (1 + below(r, 16)));
	default:
		return num(f->def + below(r, 33) - 16);
	}
}

static struct value some_time(struct random *r, bool wait)
{
	switch (below(r, 6)) {
	case 0:
		return num(wait ? UINT64_MAX : 3600 * 1000 * MSEC);
	case 1:
		return num(any_number(r));
	case 2:
		return num(0);
	default:
		return num(below(r, 2 * MSEC));
	}
}

static struct value some_text(struct random *r)
{
	return (struct value){ .kind = V_TEXT, .num = below(r, nr_texts) };
}

struct value make_value(struct random *r, const struct field *f)
{
	/* What makes no sense at all. */
	if (one_in(r, 40))
		return num(any_number(r));
	switch (f->class) {
	case C_ZERO:
		return one_in(r, 10) ? num(any_number(r)) : (struct value){};
	case C_PLAIN:
		return num(below(r, f->max + 1));
	case C_SIZE:
		return some_size(r, f);
	case C_FLAGS:
		if (one_in(r, 20))
			return num(any_number(r));
		return num(random_next(r) & (one_in(r, 2) ? random_next(r) : ~0ULL) & f->max);
	case C_NR:
		return num(one_in(r, 20) ? any_number(r) : below(r, f->max + 1));
	case C_FD:
		return some_fd(r);
	case C_ID:
		if (one_in(r, 3))
			return num(below(r, SLOTS));
		return (struct value){ .kind = V_ID, .num = below(r, 8) };
	case C_GROUP:
		return (struct value){ .kind = V_GROUP, .num = below(r, 4) };
	case C_OP:
		return (struct value){ .kind = V_OP, .num = below(r, OPS) };
	case C_PTR:
		return f->region == REGIONS && !one_in(r, 10) ? (struct value){} : pointer(r, f);
	case C_NS:
		return some_time(r, false);
	case C_WAIT:
		return some_time(r, true);
	case C_OFFSET:
		return one_in(r, 3) ? num(KTASK_OFFSET_FILE) :
		       one_in(r, 3) ? num(any_number(r)) : num(below(r, 20000));
	case C_LEN:
		if (one_in(r, 8))
			return num(any_number(r));
		return num(below(r, one_in(r, 3) ? f->max + 2 : 9000));
	case C_TEXT:
		return some_text(r);
	default:
		return num(any_number(r));
	}
}

/* How often a field is other than it is by default. */
static bool changes(struct random *r, const struct field *f)
{
	switch (f->class) {
	case C_ZERO:
		return one_in(r, 30);
	case C_SIZE:
		return one_in(r, 15);
	case C_PTR:
		return one_in(r, 6);
	case C_FD:
		return one_in(r, f->def == FD_SET ? 5 : 2);
	default:
		return one_in(r, 2);
	}
}

static void make_call_of(struct random *r, struct call *call, int type)
{
	const struct call_type *t = &call_types[type];
	unsigned int i, nr = call_nr_fields(t);

	memset(call, 0, sizeof(*call));
	call->type = type;
	for (i = 0; i < nr; i++) {
		if (changes(r, &t->fields[i]))
			call->v[i] = make_value(r, &t->fields[i]);
	}
}

static int some_type(struct random *r)
{
	unsigned int i, sum = 0, at;

	for (i = 0; i < nr_call_types; i++)
		sum += call_types[i].weight;
	at = below(r, sum);
	for (i = 0; at >= call_types[i].weight; i++)
		at -= call_types[i].weight;
	return i;
}

void make_call(struct random *r, struct call *call)
{
	make_call_of(r, call, some_type(r));
}

/* --- What goes together -------------------------------------------------------- */

static struct call *append(struct random *r, struct sequence *s, unsigned int thread,
			   const char *name)
{
	/* When it is full, something goes to where it does no harm: nowhere. */
	static struct call lost;
	struct call *call = s->nr < CALLS_MAX ? &s->calls[s->nr++] : &lost;

	make_call_of(r, call, call_type_find(name));
	call->thread = thread;
	return call;
}

static void set(struct call *call, const char *name, struct value v)
{
	const struct call_type *t = &call_types[call->type];
	unsigned int i, nr = call_nr_fields(t);

	for (i = 0; i < nr; i++) {
		if (!strcmp(t->fields[i].name, name))
			call->v[i] = v;
	}
}

/* Arguments of an op, and a task of it, in the slot @slot; perhaps after another. */
static void add_task(struct random *r, struct sequence *s, unsigned int thread, unsigned int slot)
{
	int op = below(r, OPS - 1);
	struct call *args = append(r, s, thread, op_names[op]), *desc;

	set(args, "slot", num(slot));
	/* One that is not seen to is enough of them. */
	if (op == 2 && !one_in(r, 30))
		set(args, "alg", (struct value){ .kind = V_TEXT, .num = below(r, 2) });
	desc = append(r, s, thread, "desc");
	set(desc, "slot", num(slot));
	set(desc, "op", (struct value){ .kind = V_OP, .num = op });
	set(desc, "args", mem(R_ARGS, slot * 128));
	if (!one_in(r, 20))
		set(desc, "args_size", num(call_types[args->type].size));
	if (!one_in(r, 3))
		return;
	set(desc, "after", mem(R_AFTER, slot * sizeof(struct ktask_after)));
	set(desc, "nr_after", num(1));
	desc = append(r, s, thread, "after");
	set(desc, "slot", num(slot));
	if (slot && one_in(r, 2)) {
		set(desc, "id", num(below(r, slot)));
		set(desc, "flags", num(KTASK_AFTER_INDEX | below(r, 2) << 2 | below(r, 2)));
	}
}

static void add_spawn(struct random *r, struct sequence *s, unsigned int thread)
{
	unsigned int nr = 1 + below(r, one_in(r, 3) ? 4 : 2), i;
	struct call *spawn;

	for (i = 0; i < nr; i++)
		add_task(r, s, thread, i);
	if (one_in(r, 6)) {
		append(r, s, thread, "uring_spawn");
		return;
	}
	spawn = append(r, s, thread, "spawn");
	set(spawn, "nr", num(nr));
	set(spawn, "desc_size", (struct value){});
	set(spawn, "descs", (struct value){});
}

/* With room for its output, or all of it. */
static void add_join(struct random *r, struct sequence *s, unsigned int thread)
{
	struct call *join = append(r, s, thread, "join");
	int region = one_in(r, 2) ? R_OUT : R_BIG;

	set(join, "out", mem(region, 0));
	set(join, "out_size", num(regions[region].size));
}

static void add_join_any(struct random *r, struct sequence *s, unsigned int thread)
{
	unsigned int i, nr = 1 + below(r, 3);

	for (i = 0; i < nr; i++)
		set(append(r, s, thread, "id"), "slot", num(i));
	set(append(r, s, thread, "join_any"), "nr", num(nr));
}

static void add_group(struct random *r, struct sequence *s, unsigned int thread)
{
	struct call *group = append(r, s, thread, "group");

	set(group, "flags", num(KTASK_GROUP_NEW));
	set(group, "group", num(0));
}

void add_calls(struct random *r, struct sequence *s, unsigned int thread)
{
	switch (below(r, 12)) {
	case 0:
	case 1:
	case 2:
		add_spawn(r, s, thread);
		return;
	case 3:
		add_group(r, s, thread);
		return;
	case 4:
		if (one_in(r, 2))
			add_join(r, s, thread);
		else
			add_join_any(r, s, thread);
		return;
	default:
		if (s->nr == CALLS_MAX)
			return;
		make_call(r, &s->calls[s->nr]);
		s->calls[s->nr++].thread = thread;
	}
}

void make_sequence(struct random *r, struct sequence *s)
{
	unsigned int threads = one_in(r, 2) ? 1 : THREADS;
	unsigned int nr = 4 + below(r, CALLS_MAX - 4);

	s->nr = 0;
	add_spawn(r, s, 0);
	while (s->nr < nr)
		add_calls(r, s, below(r, threads));
}
