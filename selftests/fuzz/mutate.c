// SPDX-License-Identifier: GPL-2.0
/*
 * Changing a sequence.
 */
#include <string.h>

#include "fuzz.h"

static void remove_call(struct sequence *s, unsigned int at)
{
	memmove(&s->calls[at], &s->calls[at + 1], (s->nr - at - 1) * sizeof(s->calls[0]));
	s->nr--;
}

static void insert_call(struct sequence *s, unsigned int at, const struct call *call)
{
	if (s->nr == CALLS_MAX)
		return;
	memmove(&s->calls[at + 1], &s->calls[at], (s->nr - at) * sizeof(s->calls[0]));
	s->calls[at] = *call;
	s->nr++;
}

static void change_value(struct random *r, struct sequence *s)
{
	struct call *call = &s->calls[below(r, s->nr)];
	const struct call_type *type = &call_types[call->type];
	unsigned int nr = call_nr_fields(type), i = below(r, nr);
	struct value *v = &call->v[i];

	if (!nr)
		return;
	if (one_in(r, 4))
		*v = (struct value){};
	else if (v->kind == V_NUM && one_in(r, 3))
		v->num += below(r, 5) - 2;
	else if (v->kind == V_NUM && one_in(r, 4))
		v->num ^= 1ULL << below(r, 64);
	else
		*v = make_value(r, &type->fields[i]);
}

/* Some calls of another in between. */
static void splice(struct random *r, struct sequence *s, const struct sequence *other)
{
	unsigned int from = below(r, other->nr), nr = 1 + below(r, other->nr - from);
	unsigned int at = below(r, s->nr + 1);

	while (nr-- && s->nr < CALLS_MAX)
		insert_call(s, at++, &other->calls[from++]);
}

static void append_calls(struct random *r, struct sequence *s)
{
	add_calls(r, s, one_in(r, 2) ? 0 : below(r, THREADS));
}

void mutate(struct random *r, struct sequence *s, const struct sequence *other)
{
	unsigned int rounds = 1 + below(r, 4);
	struct call call;

	while (rounds--) {
		if (!s->nr) {
			append_calls(r, s);
			continue;
		}
		switch (below(r, 12)) {
		case 0:
			if (s->nr > 1)
				remove_call(s, below(r, s->nr));
			break;
		case 1:
			make_call(r, &call);
			call.thread = below(r, THREADS);
			insert_call(s, below(r, s->nr + 1), &call);
			break;
		case 2:
			call = s->calls[below(r, s->nr)];
			insert_call(s, below(r, s->nr + 1), &call);
			break;
		case 3:
			if (other->nr)
				splice(r, s, other);
			break;
		case 4:
			s->calls[below(r, s->nr)].thread = below(r, THREADS);
			break;
		case 5:
		case 6:
			append_calls(r, s);
			break;
		default:
			change_value(r, s);
		}
	}
}
