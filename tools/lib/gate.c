// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A task that ends when we say so: it polls an eventfd of ours.
 */
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "gate.h"
#include "internal.h"

int gate_create(struct gate *gate, struct ktask_set *set)
{
	struct ktask_args_poll args = { .events = POLLIN };
	struct ktask_desc desc;
	ssize_t n;
	int err;

	gate->set = set;
	gate->event = eventfd(0, EFD_CLOEXEC);
	if (gate->event < 0)
		return -errno;

	args.fd = gate->event;
	err = ktask_desc_init(set, &desc, "poll", &args, sizeof(args));
	if (!err) {
		ktask_desc_detached(&desc);
		n = ktask_spawn_nowait(set, &desc, 1, NULL);
		err = n < 0 ? n : 0;
	}
	if (err)
		close(gate->event);
	else
		gate->id = desc.id;
	return err;
}

/* Those after it may run, unless they fail: 0, or a negative errno. */
int gate_open(struct gate *gate)
{
	int err = eventfd_write(gate->event, 1) ? -errno : 0;

	close(gate->event);
	return err;
}

/* Those that run only after its success never will. */
void gate_break(struct gate *gate)
{
	ktask_abort(gate->set, gate->id);
	close(gate->event);
}
