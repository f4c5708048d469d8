// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Numbers of operations by name, so that spawning by name is one system call.
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

struct op_entry {
	struct op_entry *next;
	uint32_t op;
	char name[KTASK_NAME_MAX];
};

void op_cache_init(struct op_cache *cache)
{
	pthread_mutex_init(&cache->lock, NULL);
	cache->head = NULL;
}

void op_cache_destroy(struct op_cache *cache)
{
	struct op_entry *entry, *next;

	for (entry = cache->head; entry; entry = next) {
		next = entry->next;
		free(entry);
	}
	pthread_mutex_destroy(&cache->lock);
}

/* Where the pointer to the entry of that name is, or to the end of the list. */
static struct op_entry **find(struct op_cache *cache, const char *name)
{
	struct op_entry **link = &cache->head;

	while (*link && strcmp((*link)->name, name))
		link = &(*link)->next;
	return link;
}

bool op_cache_get(struct op_cache *cache, const char *name, uint32_t *op)
{
	struct op_entry *entry;

	pthread_mutex_lock(&cache->lock);
	entry = *find(cache, name);
	if (entry)
		*op = entry->op;
	pthread_mutex_unlock(&cache->lock);
	return entry;
}

/* The name must fit, zero included. */
int op_cache_put(struct op_cache *cache, const char *name, uint32_t op)
{
	struct op_entry *entry;
	int err = 0;

	pthread_mutex_lock(&cache->lock);
	entry = *find(cache, name);
	if (!entry) {
		entry = calloc(1, sizeof(*entry));
		if (!entry) {
			err = -ENOMEM;
			goto unlock;
		}
		name_copy(entry->name, sizeof(entry->name), name);
		entry->next = cache->head;
		cache->head = entry;
	}
	entry->op = op;
unlock:
	pthread_mutex_unlock(&cache->lock);
	return err;
}

/* Unless another thread has found a newer number meanwhile. */
void op_cache_drop(struct op_cache *cache, const char *name, uint32_t op)
{
	struct op_entry **link, *entry;

	pthread_mutex_lock(&cache->lock);
	link = find(cache, name);
	entry = *link;
	if (entry && entry->op == op) {
		*link = entry->next;
		free(entry);
	}
	pthread_mutex_unlock(&cache->lock);
}
