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
 * @nr: how many
 * @order: the numbers of the nodes, in the order in which they are spawned
 * @descs: their descriptors in that order
 * @after: what these point to
 */
struct batch {
	uint32_t nr;
	uint32_t *order;
	struct ktask_desc *descs;
	struct ktask_after *after;
};

static void batch_free(struct batch *batch)
{
	free(batch->order);
	free(batch->descs);
	free(batch->after);
}

static int batch_alloc(struct batch *batch, const struct ktask_graph *graph)
{
	size_t entries = 0;
	uint32_t i;

	/* With one more for each, the gate. */
	for (i = 0; i < graph->nr; i++)
		entries += graph->nodes[i].nr_after + 1;
	batch->descs = calloc(batch->nr, sizeof(*batch->descs));
	batch->after = calloc(entries, sizeof(*batch->after));
	return batch->descs && batch->after ? 0 : -ENOMEM;
}

/*
 * Puts a node behind the gate. That goes without saying if as many as may be are
 * before it, and one of these is behind the gate and must succeed.
 */
static int add_gate(struct ktask_after *after, uint32_t *nr, uint64_t gate)
{
	uint32_t i;

	if (*nr < KTASK_IDS_MAX) {
		after[*nr] = (struct ktask_after){ .id = gate };
		++*nr;
		return 0;
	}
	for (i = 0; i < *nr; i++) {
		if (is_edge(&after[i]) && !(after[i].flags & KTASK_AFTER_ANY))
			return 0;
	}
	return -E2BIG;
}

/* @gate: the task that all shall be after; 0: none */
static int batch_fill(struct batch *batch, const struct ktask_graph *graph, uint64_t gate)
{
	uint32_t *place = calloc(graph->nr, sizeof(*place));
	struct ktask_after *after = batch->after;
	uint32_t i, k;
	int err = 0;

	if (!place)
		return -ENOMEM;
	for (i = 0; i < batch->nr; i++)
		place[batch->order[i]] = i;

	for (i = 0; i < batch->nr && !err; i++) {
		const struct graph_node *node = &graph->nodes[batch->order[i]];
		struct ktask_desc *desc = &batch->descs[i];

		*desc = node->desc;
		desc->nr_after = node->nr_after;
		for (k = 0; k < node->nr_after; k++) {
			after[k] = node->after[k];
			if (is_edge(&after[k]))
				after[k].id = place[after[k].id];
		}
		if (gate)
			err = add_gate(after, &desc->nr_after, gate);
		desc->after = to_u64(after);
		after += desc->nr_after;
	}
	free(place);
	return err;
}

static int batch_make(struct batch *batch, const struct ktask_graph *graph)
{
	int err;

	*batch = (struct batch){ 0 };
	err = graph_sort(graph, &batch->order, &batch->nr);
	if (err)
		return err;
	if (batch->nr < graph->nr)
		err = -ELOOP;
	else
		err = batch_alloc(batch, graph);
	if (err)
		batch_free(batch);
	return err;
}

/*
 * As many as can be, kept back: 0, or why not all; then *@culprit tells of which
 * one, if that is known.
 */
static int spawn_behind(struct batch *batch, const struct ktask_graph *graph,
			const struct gate *gate, uint32_t flags, size_t *done,
			uint32_t *culprit)
{
	ssize_t n;
	uint32_t i;
	int err;

	*done = 0;
	err = batch_fill(batch, graph, gate->id);
	if (err)
		return err;
	for (i = 0; i < batch->nr; i++)
		batch->descs[i].flags |= flags;
	n = ktask_spawn_nowait(gate->set, batch->descs, batch->nr, &err);
	if (n > 0)
		*done = n;
	if (err && err != -ENOMEM)
		*culprit = batch->order[*done];
	return err;
}

/* One that is too large for one call. */
static int spawn_large(struct batch *batch, const struct ktask_graph *graph,
		       struct ktask_set *set, uint32_t *culprit)
{
	struct gate gate;
	size_t done, i;
	int err;

	err = gate_create(&gate, set);
	if (err)
		return err;
	err = spawn_behind(batch, graph, &gate, 0, &done, culprit);
	if (!err)
		return gate_open(&gate);

	/* As if they had not been: first no completion, and then an end. */
	for (i = 0; i < done; i++)
		ktask_detach(set, batch->descs[i].id);
	gate_break(&gate);
	return err;
}

/* The kernel does it for us. */
static int spawn_small(struct batch *batch, const struct ktask_graph *graph,
		       struct ktask_set *set)
{
	int err = batch_fill(batch, graph, 0);

	return err ? err : ktask_spawn_all(set, batch->descs, batch->nr);
}

/*
 * It tells of a call that is all or nothing why it has failed, but not at which
 * task. So those that can be are spawned, behind a gate that is never opened.
 */
static uint32_t find_culprit(struct batch *batch, const struct ktask_graph *graph,
			     struct ktask_set *set, int why)
{
	uint32_t culprit = NO_NODE;
	struct gate gate;
	size_t done;
	int err;

	if (gate_create(&gate, set))
		return NO_NODE;
	err = spawn_behind(batch, graph, &gate, KTASK_DESC_DETACHED, &done, &culprit);
	gate_break(&gate);
	return err == why ? culprit : NO_NODE;
}

int ktask_graph_spawn(struct ktask_graph *graph, struct ktask_set *set, uint32_t *node)
{
	uint32_t culprit = NO_NODE, i;
	struct batch batch;
	int err;

	if (node)
		*node = NO_NODE;
	if (!graph->nr)
		return 0;
	err = batch_make(&batch, graph);
	if (err)
		return err;

	if (batch.nr > KTASK_SPAWN_MAX) {
		err = spawn_large(&batch, graph, set, &culprit);
	} else {
		err = spawn_small(&batch, graph, set);
		if (err && node)
			culprit = find_culprit(&batch, graph, set, err);
	}

	for (i = 0; i < batch.nr && !err; i++)
		graph->nodes[batch.order[i]].id = batch.descs[i].id;
	if (node)
		*node = culprit;
	batch_free(&batch);
	return err;
}
