// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Spawning a graph: as one call, if it is not too large. Otherwise its tasks are
 * kept back by a gate, see gate.h, until the last of them is there.
 */
#include <stdlib.h>

#include "gate.h"
#include "graph.h"
#include "internal.h"

#define NO_NODE		UINT32_MAX

/**
 * struct batch - a graph in the form of an array of descriptors
 * @graph: the graph
 * @nr: how many
 * @order: the numbers of the nodes, in the order in which they are spawned
 * @place: for each node, where in that order it is
 * @descs: their descriptors in that order
 * @after: what these point to
 */
struct batch {
	const struct ktask_graph *graph;
	uint32_t nr;
	uint32_t *order;
	uint32_t *place;
	struct ktask_desc *descs;
	struct ktask_after *after;
};

static void batch_free(struct batch *batch)
{
	free(batch->order);
	free(batch->place);
	free(batch->descs);
	free(batch->after);
}

static int batch_alloc(struct batch *batch)
{
	const struct ktask_graph *graph = batch->graph;
	size_t entries = 0;
	uint32_t i;

	/* With one more for each, the gate. */
	for (i = 0; i < graph->nr; i++)
		entries += graph->nodes[i].nr_after + 1;
	batch->place = calloc(batch->nr, sizeof(*batch->place));
	batch->descs = calloc(batch->nr, sizeof(*batch->descs));
	batch->after = calloc(entries, sizeof(*batch->after));
	return batch->place && batch->descs && batch->after ? 0 : -ENOMEM;
}

/* The descriptors, but for what each is to run after: there is room for that. */
static void batch_fill(struct batch *batch)
{
	struct ktask_after *after = batch->after;
	uint32_t i;

	for (i = 0; i < batch->nr; i++) {
		const struct graph_node *node = &batch->graph->nodes[batch->order[i]];

		batch->place[batch->order[i]] = i;
		batch->descs[i] = node->desc;
		ktask_desc_after(&batch->descs[i], after, 0);
		after += node->nr_after + 1;
	}
}

static int batch_make(struct batch *batch, const struct ktask_graph *graph)
{
	int err;

	*batch = (struct batch){ .graph = graph };
	err = graph_sort(graph, &batch->order, &batch->nr);
	if (err)
		return err;
	if (batch->nr < graph->nr)
		err = -ELOOP;
	else
		err = batch_alloc(batch);
	if (err)
		batch_free(batch);
	else
		batch_fill(batch);
	return err;
}

static struct ktask_after *after_of(const struct ktask_desc *desc)
{
	return (struct ktask_after *)(uintptr_t)desc->after;
}

/*
 * Say what the node at @at is to run after, for a call that starts those from
 * @first on: what is before that has an id by now.
 */
static void link_node(struct batch *batch, uint32_t at, uint32_t first)
{
	const struct graph_node *node = &batch->graph->nodes[batch->order[at]];
	struct ktask_desc *desc = &batch->descs[at];
	struct ktask_after *after = after_of(desc);
	uint32_t place, i;

	desc->nr_after = node->nr_after;
	for (i = 0; i < node->nr_after; i++) {
		after[i] = node->after[i];
		if (!is_edge(&after[i]))
			continue;
		place = batch->place[after[i].id];
		if (place < first) {
			after[i].id = batch->descs[place].id;
			after[i].flags &= ~KTASK_AFTER_INDEX;
		} else {
			after[i].id = place - first;
		}
	}
}

/*
 * Have the node at @at run after the gate too. That goes without saying if as many
 * as may be are before it, and one of these is behind the gate.
 */
static int link_gate(struct batch *batch, uint32_t at, const struct gate *gate)
{
	const struct graph_node *node = &batch->graph->nodes[batch->order[at]];
	struct ktask_desc *desc = &batch->descs[at];
	uint32_t i;

	if (desc->nr_after < KTASK_IDS_MAX) {
		after_of(desc)[desc->nr_after++] = (struct ktask_after){
			.id = gate->id,
			.flags = KTASK_AFTER_ANY,
		};
		return 0;
	}
	for (i = 0; i < node->nr_after; i++) {
		if (is_edge(&node->after[i]))
			return 0;
	}
	return -E2BIG;
}

/* A gate like the first node, which no other one of the graph is before. */
static int make_gate(struct batch *batch, struct gate *gate, struct ktask_set *set)
{
	struct ktask_desc *first = &batch->descs[0];
	uint32_t i;

	link_node(batch, 0, 0);
	for (i = 0; i < first->nr_after; i++)
		after_of(first)[i].flags |= KTASK_AFTER_ANY;
	return gate_create(gate, set, first);
}

/*
 * Takes back the first @nr, which are behind the gate, as if they had not been: first
 * they lose their completions, and then they end, each before those it is after.
 */
static void take_back(struct batch *batch, struct gate *gate, uint32_t nr)
{
	while (nr--) {
		ktask_detach(gate->set, batch->descs[nr].id);
		ktask_abort(gate->set, batch->descs[nr].id);
	}
	gate_open(gate);
}

/* All of @nr nodes from @first on, or none. @gate: NULL: nothing keeps them back. */
static int spawn_part(struct batch *batch, struct ktask_set *set, const struct gate *gate,
		      uint32_t first, uint32_t nr)
{
	uint32_t i;
	int err;

	for (i = first; i < first + nr; i++) {
		link_node(batch, i, first);
		err = gate ? link_gate(batch, i, gate) : 0;
		if (err)
			return err;
	}
	return ktask_spawn_all(set, batch->descs + first, nr);
}

/* Whether it may be the fault of one task that it cannot be started. */
static bool has_culprit(int err)
{
	return err != -ENOMEM && err != -EAGAIN && err != -EDQUOT;
}

/*
 * The kernel tells of a call that is all or nothing why it has failed, but not at
 * which task. So these are spawned one by one, behind the gate, from *@done on, until
 * it fails once more.
 */
static uint32_t find_culprit(struct batch *batch, const struct gate *gate, uint32_t *done,
			     int why)
{
	int err;

	for (; *done < batch->nr; ++*done) {
		link_node(batch, *done, *done);
		err = link_gate(batch, *done, gate);
		if (!err)
			err = ktask_spawn_all(gate->set, &batch->descs[*done], 1);
		if (err)
			return err == why ? batch->order[*done] : NO_NODE;
	}
	return NO_NODE;
}

static int spawn_small(struct batch *batch, struct ktask_set *set, uint32_t *culprit)
{
	struct gate gate;
	uint32_t done = 0;
	int err, gate_err;

	err = spawn_part(batch, set, NULL, 0, batch->nr);
	if (!err || !culprit || !has_culprit(err))
		return err;

	gate_err = make_gate(batch, &gate, set);
	if (!gate_err) {
		*culprit = find_culprit(batch, &gate, &done, err);
		take_back(batch, &gate, done);
	} else if (gate_err == err) {
		*culprit = batch->order[0];
	}
	return err;
}

/* One that is too large for one call. */
static int spawn_large(struct batch *batch, struct ktask_set *set, uint32_t *culprit)
{
	struct gate gate;
	uint32_t done, nr;
	int err;

	err = make_gate(batch, &gate, set);
	if (err) {
		if (culprit && has_culprit(err))
			*culprit = batch->order[0];
		return err;
	}
	for (done = 0; done < batch->nr; done += nr) {
		nr = batch->nr - done;
		if (nr > KTASK_SPAWN_MAX)
			nr = KTASK_SPAWN_MAX;
		err = spawn_part(batch, set, &gate, done, nr);
		if (err)
			break;
	}
	if (!err) {
		gate_open(&gate);
		return 0;
	}

	if (culprit && has_culprit(err))
		*culprit = find_culprit(batch, &gate, &done, err);
	take_back(batch, &gate, done);
	return err;
}

int ktask_graph_spawn(struct ktask_graph *graph, struct ktask_set *set, uint32_t *node)
{
	struct batch batch;
	uint32_t i;
	int err;

	if (node)
		*node = NO_NODE;
	if (!graph->nr)
		return 0;
	err = batch_make(&batch, graph);
	if (err)
		return err;

	if (batch.nr > KTASK_SPAWN_MAX)
		err = spawn_large(&batch, set, node);
	else
		err = spawn_small(&batch, set, node);

	for (i = 0; i < batch.nr && !err; i++)
		graph->nodes[batch.order[i]].id = batch.descs[i].id;
	batch_free(&batch);
	return err;
}
