// SPDX-License-Identifier: GPL-2.0
/*
 * What a value stands for now, and the call made with it.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "run.h"

/* Of each op, or one that there is not. */
static uint32_t op_numbers[OPS];

/* From here on, descriptors are those of a sequence. */
static int first_fd;

int run_init(void)
{
	int fd = open("/dev/ktask", O_RDWR | O_CLOEXEC);
	unsigned int i;

	if (fd < 0)
		return -1;
	for (i = 0; i < OPS; i++) {
		struct ktask_op_info info = { .size = sizeof(info), .flags = KTASK_OP_BY_NAME };

		strncpy(info.name, op_names[i], sizeof(info.name) - 1);
		op_numbers[i] = ioctl(fd, KTASK_OP_INFO, &info) ? UINT32_MAX : info.op;
	}
	close(fd);
	first_fd = fd;
	return memory_init();
}

void run_begin(struct run *run, const struct sequence *s)
{
	unsigned int i;

	memory_clear();
	memset(run, 0, sizeof(*run));
	run->s = s;
	for (i = 0; i < FDS; i++)
		run->fds[i] = -1;
	pthread_mutex_init(&run->lock, NULL);
	pthread_mutex_init(&run->ring_lock, NULL);
}

/* Those of sets first: their tasks hold others. */
void run_end(struct run *run)
{
	int i, fd;

	children_end(run);
	ring_end(run);
	for (i = 0; i < FDS; i++) {
		fd = run->fds[i];
		if (fd >= 0)
			close(fd);
	}
	/* And those that a call has made, but not told. */
	syscall(SYS_close_range, first_fd, ~0U, 0);
}

/* --- What there is ---------------------------------------------------------------- */

int run_fd(struct run *run, uint64_t slot)
{
	int fd;

	slot %= FDS;
	fd = run->fds[slot];
	if (fd >= 0 || slot >= FD_FIRST_RESULT || run->in_child)
		return fd;
	pthread_mutex_lock(&run->lock);
	fd = run->fds[slot];
	/* -2: it has been closed. */
	if (fd == -1)
		fd = make_fd(run, slot);
	pthread_mutex_unlock(&run->lock);
	return fd;
}

int run_put_fd(struct run *run, int fd)
{
	const unsigned int nr = FDS - FD_FIRST_RESULT;
	int old;

	if (fd < 0)
		return -errno;
	old = atomic_exchange(&run->fds[FD_FIRST_RESULT + run->nr_fds++ % nr], fd);
	if (old >= 0)
		close(old);
	return fd;
}

void run_put_id(struct run *run, uint64_t id)
{
	run->ids[run->nr_ids++ % IDS] = id;
}

void run_put_group(struct run *run, uint32_t group)
{
	run->groups[run->nr_groups++ % GROUPS] = group;
}

/* The @n th last, 0 is the last. */
static uint64_t some_id(struct run *run, uint64_t n)
{
	return run->ids[(run->nr_ids - 1 - n) % IDS];
}

static uint64_t some_group(struct run *run, uint64_t n)
{
	return run->groups[(run->nr_groups - 1 - n) % GROUPS];
}

/* --- Values ------------------------------------------------------------------------ */

static uint64_t default_value(struct run *run, const struct field *f)
{
	switch (f->class) {
	case C_FD:
		return run_fd(run, f->def);
	case C_ID:
		return some_id(run, 0);
	case C_OP:
		return op_numbers[0];
	case C_PTR:
		return f->region == REGIONS ? 0 : (uintptr_t)regions[f->region].base;
	case C_TEXT:
		return (uintptr_t)texts[0];
	default:
		return f->def;
	}
}

static uint64_t resolve(struct run *run, const struct field *f, const struct value *v)
{
	/* Whoever is given a name reads it. */
	if (f->class == C_TEXT && v->kind != V_DEFAULT)
		return (uintptr_t)texts[v->num % nr_texts];
	switch (v->kind) {
	case V_DEFAULT:
		return default_value(run, f);
	case V_FD:
		return run_fd(run, v->num);
	case V_ID:
		return some_id(run, v->num);
	case V_GROUP:
		return some_group(run, v->num);
	case V_OP:
		return op_numbers[v->num % OPS];
	case V_MEM:
		return (uintptr_t)regions[v->region % REGIONS].base + v->num;
	default:
		return v->num;
	}
}

/* Names of tasks and algorithms are part of their structure; those of ops too. */
static void put_text(char *to, size_t size, const struct value *v)
{
	/* The algorithm is needed; no other field of that size is. */
	bool none = v->kind == V_DEFAULT && size != KTASK_ALG_MAX;
	const char *text = none ? "" : texts[v->num % nr_texts];
	size_t len = strlen(text);

	memset(to, 0, size);
	memcpy(to, text, len < size ? len : size);
}

static void fill(struct run *run, const struct call *call, char *to, unsigned int first)
{
	const struct call_type *type = &call_types[call->type];
	unsigned int i, nr = call_nr_fields(type);

	for (i = first; i < nr; i++) {
		const struct field *f = &type->fields[i];
		uint64_t x;

		if (f->class == C_TEXT) {
			put_text(to + f->offset, f->size, &call->v[i]);
			continue;
		}
		x = resolve(run, f, &call->v[i]);
		memcpy(to + f->offset, &x, f->size);
	}
}

/* --- Calls ------------------------------------------------------------------------- */

/* Where the structure of an ioctl is: its own place, or wherever it may be put. */
static char *place(const struct value *v, char *own, size_t size)
{
	const struct region_info *r = &regions[v->region % REGIONS];

	if (v->kind != V_MEM)
		return v->kind == V_DEFAULT ? own : (char *)(uintptr_t)v->num;
	switch (v->region % REGIONS) {
	case R_CONST:
	case R_HOLE:
	case R_TURN:
	case R_NULL:
	case R_KERNEL:
		break;
	default:
		if (v->num + size <= r->size)
			memcpy(r->base + v->num, own, size);
	}
	return r->base + v->num;
}

static long call_ioctl(struct run *run, const struct call *call)
{
	const struct call_type *type = &call_types[call->type];
	char own[512] = {}, *arg;
	int fd = resolve(run, &type->fields[0], &call->v[0]);

	fill(run, call, own, 2);
	arg = place(&call->v[1], own, type->size);
	if (ioctl(fd, type->cmd, arg))
		return -errno;
	if (type->harvest && arg == own)
		type->harvest(run, own);
	return 0;
}

long run_call(struct run *run, const struct call *call)
{
	const struct call_type *type = &call_types[call->type];
	uint64_t v[FIELDS_MAX] = {};
	unsigned int i, nr;

	switch (type->kind) {
	case CALL_IOCTL:
		return call_ioctl(run, call);
	case CALL_FILL:
		fill(run, call, memory_slot(type->region, call->v[0].num), 1);
		return 0;
	default:
		nr = call_nr_fields(type);
		for (i = 0; i < nr; i++)
			v[i] = resolve(run, &type->fields[i], &call->v[i]);
		return type->sys(run, call->thread, v);
	}
}

const struct call *run_next(struct run *run, int thread)
{
	while (run->at[thread] < run->s->nr) {
		const struct call *call = &run->s->calls[run->at[thread]++];

		if (call->thread == thread)
			return call;
	}
	return NULL;
}
