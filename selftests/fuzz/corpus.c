// SPDX-License-Identifier: GPL-2.0
/*
 * The sequences that were the first to run through some edge. Workers share them,
 * and a directory keeps them, one in a file.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzzer.h"

static struct entry *new_entry(void)
{
	unsigned int i = shared->nr_entries++;

	if (i < CORPUS_MAX)
		return &shared->corpus[i];
	shared->nr_entries--;
	return NULL;
}

/* The threads of others that it had need not be there any more. */
void corpus_add(const struct sequence *s, unsigned int nr_edges)
{
	struct entry *e = new_entry();

	if (!e)
		return;
	e->s = *s;
	e->nr_edges = nr_edges;
	e->ready = true;
}

const struct sequence *corpus_pick(struct random *r)
{
	unsigned int nr = shared->nr_entries;
	struct entry *e = nr ? &shared->corpus[below(r, nr < CORPUS_MAX ? nr : CORPUS_MAX)] : NULL;

	/* Who was to write it may have been killed. */
	return e && e->ready ? &e->s : NULL;
}

static int is_visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

int corpus_load(const char *directory)
{
	struct dirent **names;
	int nr = scandir(directory, &names, is_visible, alphasort), i, err = 0;

	if (nr < 0) {
		fprintf(stderr, "ktask_fuzz: %s: %s\n", directory, strerror(errno));
		return -1;
	}
	for (i = 0; i < nr; i++) {
		static struct sequence s;
		char path[4096];

		snprintf(path, sizeof(path), "%s/%s", directory, names[i]->d_name);
		if (sequence_read(path, &s))
			err = -1;
		else
			corpus_add(&s, 0);
		free(names[i]);
	}
	free(names);
	shared->nr_loaded = shared->nr_entries;
	return err;
}

/* FNV-1a: a name that is the same for the same text */
static uint64_t hash(const char *text, size_t len)
{
	uint64_t h = 0xcbf29ce484222325;

	while (len--)
		h = (h ^ (unsigned char)*text++) * 0x100000001b3;
	return h;
}

static int save(const struct entry *e, const char *directory)
{
	char path[4096], *text;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	if (!file)
		return -1;
	sequence_print(file, &e->s);
	fclose(file);
	snprintf(path, sizeof(path), "%s/%016llx", directory,
		 (unsigned long long)hash(text, len));
	file = fopen(path, "we");
	if (file) {
		fprintf(file, "# SPDX-License-Identifier: GPL-2.0\n%s", text);
		fclose(file);
	}
	free(text);
	return file ? 0 : -1;
}

int corpus_save(const char *directory)
{
	unsigned int i, nr = 0;

	mkdir(directory, 0755);
	for (i = 0; i < shared->nr_entries && i < CORPUS_MAX; i++) {
		const struct entry *e = &shared->corpus[i];

		if (!e->ready || !e->nr_edges)
			continue;
		if (save(e, directory)) {
			fprintf(stderr, "ktask_fuzz: cannot write to %s\n", directory);
			return -1;
		}
		nr++;
	}
	printf("# %u sequences saved\n", nr);
	return 0;
}
