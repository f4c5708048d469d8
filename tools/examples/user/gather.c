// SPDX-License-Identifier: GPL-2.0
/*
 * A graph whose tasks hand data on: reads files, puts what they hold one behind the
 * other, and both writes that to a file and hashes it.
 *
 *	read first --+              +--> write --+
 *	read second -+--> gather ---+            +--> done (in any case)
 *	...          |              +--> hash ---+
 *
 * No data comes to the program on its way. It names its tasks, and shows what became
 * of each; if a file cannot be read, it shows what that did to the others.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ktask.h>

/* For calls that return a negative errno. */
static int64_t must(int64_t ret, const char *what)
{
	if (ret >= 0)
		return ret;
	fprintf(stderr, "gather: %s: %s\n", what, strerror(-ret));
	exit(1);
}

static int must_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0666);

	return must(fd < 0 ? -errno : fd, path);
}

static uint32_t add(struct ktask_graph *graph, struct ktask_set *set, const char *name,
		    const char *op, const void *args, size_t size)
{
	struct ktask_desc desc;

	must(ktask_desc_init(set, &desc, op, args, size), op);
	must(ktask_desc_name(&desc, name), name);
	desc.user_data = ktask_graph_size(graph);
	return must(ktask_graph_add(graph, &desc), name);
}

static void after(struct ktask_graph *graph, uint32_t node, uint32_t before, uint32_t flags)
{
	must(ktask_graph_after(graph, node, before, flags), "after");
}

/* Edges and tasks may be added in any order, as is convenient. */
static struct ktask_graph *build(struct ktask_set *set, int out, char **paths, int nr)
{
	struct ktask_args_write write = { .fd = out };
	struct ktask_args_hash hash = { .fd = -1, .alg = "sha256" };
	struct ktask_args_read read = { .length = KTASK_DATA_MAX };
	struct ktask_args_nop nop = { 0 };
	struct ktask_graph *graph;
	uint32_t done, gather, writer, hasher, reader;
	char name[KTASK_NAME_MAX];
	int i;

	must(ktask_graph_create(&graph), "graph");
	done = add(graph, set, "done", "nop", &nop, sizeof(nop));
	writer = add(graph, set, "write", "write", &write, sizeof(write));
	hasher = add(graph, set, "hash", "hash", &hash, sizeof(hash));
	gather = add(graph, set, "gather", "nop", &nop, sizeof(nop));
	after(graph, done, writer, KTASK_AFTER_ANY);
	after(graph, done, hasher, KTASK_AFTER_ANY);
	after(graph, writer, gather, KTASK_AFTER_INPUT);
	after(graph, hasher, gather, KTASK_AFTER_INPUT);
	for (i = 0; i < nr; i++) {
		snprintf(name, sizeof(name), "read %d", i + 1);
		read.fd = must_open(paths[i], O_RDONLY);
		reader = add(graph, set, name, "read", &read, sizeof(read));
		/* In the order of the files. */
		after(graph, gather, reader, KTASK_AFTER_INPUT);
	}
	return graph;
}

static void show(const char *name, const struct ktask_completion *c)
{
	unsigned int i;

	printf("%-8s %s", name, ktask_outcome_name(c->outcome));
	if (c->cause)
		printf(" (%s)", ktask_cause_name(c->cause));
	else if (c->result < 0)
		printf(" %s", strerror(-c->result));
	else
		printf(" %lld", (long long)c->result);
	if (!strcmp(name, "hash")) {
		putchar(' ');
		for (i = 0; i < c->out_len; i++)
			printf("%02x", c->out[i]);
	}
	putchar('\n');
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "done", "write", "hash", "gather", "read" };
	struct ktask_completion c;
	struct ktask_graph *graph;
	struct ktask_set *set;
	int failed = 0;
	uint32_t node;
	int err;

	if (argc < 3) {
		fprintf(stderr, "usage: gather OUTPUT FILE...\n");
		return 2;
	}
	must(ktask_set_open(&set, 0), "/dev/ktask");
	graph = build(set, must_open(argv[1], O_WRONLY | O_CREAT | O_TRUNC), argv + 2, argc - 2);
	err = ktask_graph_spawn(graph, set, &node);
	if (err) {
		fprintf(stderr, "gather: %s: %s\n", node > 3 ? "read" : names[node],
			strerror(-err));
		return 1;
	}
	ktask_graph_free(graph);

	while (must(ktask_join_next(set, &c, KTASK_FOREVER), "join")) {
		show(names[c.user_data < 4 ? c.user_data : 4], &c);
		failed |= c.outcome != KTASK_RETURNED || c.result < 0;
	}
	ktask_set_close(set);
	return failed;
}
