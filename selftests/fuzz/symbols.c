// SPDX-License-Identifier: GPL-2.0
/*
 * Which functions the covered blocks are of.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cover.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define LINK_ADDRESS	0xffffffff81000000

struct symbol {
	uint64_t address;
	char name[64];
	char directory[32];
	unsigned int covered;
	unsigned int blocks;
};

static struct symbol symbols[4096];
static size_t nr_symbols;

static int by_address(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

/* The module's functions. *@slide: how far the kernel is from where it was linked. */
static int read_symbols(uint64_t *slide)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	char line[512], name[64], module[64], type;
	uint64_t address;

	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file)) {
		int n = sscanf(line, "%" SCNx64 " %c %63s [%63[^]]]", &address, &type, name,
			       module);

		if (n == 3 && !strcmp(name, "_text"))
			*slide = address - LINK_ADDRESS;
		if (n < 4 || strcmp(module, "ktask") || (type != 't' && type != 'T') ||
		    nr_symbols == ARRAY_SIZE(symbols))
			continue;
		symbols[nr_symbols].address = address;
		strcpy(symbols[nr_symbols++].name, name);
	}
	fclose(file);
	qsort(symbols, nr_symbols, sizeof(symbols[0]), by_address);
	return 0;
}

/* Which are of which directory, and how many blocks they have. */
static void read_functions(const char *path)
{
	FILE *file = fopen(path, "re");
	char directory[32], name[64];
	unsigned int blocks;
	size_t i;

	if (!file) {
		fprintf(stderr, "ktask_fuzz: %s: cannot be read\n", path);
		return;
	}
	while (fscanf(file, "%31s %63s %u", directory, name, &blocks) == 3) {
		for (i = 0; i < nr_symbols; i++) {
			/* Names may be there twice, then they come in the same order. */
			if (strcmp(symbols[i].name, name) || *symbols[i].directory)
				continue;
			strcpy(symbols[i].directory, directory);
			symbols[i].blocks = blocks;
			break;
		}
	}
	fclose(file);
}

static void count(uint64_t pc)
{
	size_t i;

	/* What is returned to is behind the call. */
	for (i = nr_symbols; i-- > 0;) {
		if (symbols[i].address < pc) {
			symbols[i].covered++;
			return;
		}
	}
}

static void print_directory(const char *directory)
{
	unsigned int covered = 0, blocks = 0;
	size_t i;

	for (i = 0; i < nr_symbols; i++) {
		if (strcmp(symbols[i].directory, directory))
			continue;
		covered += symbols[i].covered;
		blocks += symbols[i].blocks;
	}
	if (blocks)
		printf("# %s: %u of %u blocks\n", directory, covered, blocks);
}

static void write_report(const char *path)
{
	FILE *file = fopen(path, "we");
	size_t i;

	if (!file)
		return;
	for (i = 0; i < nr_symbols; i++) {
		if (symbols[i].blocks || symbols[i].covered)
			fprintf(file, "%s %s %u %u\n",
				*symbols[i].directory ? symbols[i].directory : "-",
				symbols[i].name, symbols[i].covered, symbols[i].blocks);
	}
	fclose(file);
}

void cover_report(const struct number_set *edges, const char *functions, const char *report)
{
	static const char *const directories[] = {
		"kernel/device", "kernel/ops", "kernel/engine", "kernel/async",
		"kernel/observe", "kernel/adapt",
	};
	struct number_set *blocks = calloc(1, set_bytes(EDGES));
	uint64_t slide = 0;
	size_t i;

	if (!blocks || read_symbols(&slide)) {
		free(blocks);
		return;
	}
	blocks->size = EDGES;
	if (functions)
		read_functions(functions);
	for (i = 0; i < edges->size; i++) {
		uint32_t pc = edges->slots[i];

		if (pc && set_add(blocks, pc))
			count((0xffffffff00000000 | pc) + slide);
	}
	printf("# module: %zu blocks\n", (size_t)blocks->nr);
	for (i = 0; i < ARRAY_SIZE(directories); i++)
		print_directory(directories[i]);
	if (report)
		write_report(report);
	free(blocks);
}
