/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of libktask share, and nobody else sees.
 */
#ifndef LIBKTASK_INTERNAL_H
#define LIBKTASK_INTERNAL_H

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>

#include "ktask.h"

#define KTASK_DEVICE	"/dev/ktask"

/**
 * struct op_cache - numbers of operations by name
 * @lock: protects @head
 * @head: what has been looked up, latest first; a handful, so a list will do
 */
struct op_cache {
	pthread_mutex_t lock;
	struct op_entry *head;
};

/**
 * struct ktask_set - see <ktask.h>
 * @fd: the open file of /dev/ktask, which is the set
 * @ops: numbers of operations that were looked up through this set
 */
struct ktask_set {
	int fd;
	struct op_cache ops;
};

/* The ioctls carry pointers in 64 bits. */
static inline uint64_t to_u64(const void *ptr)
{
	return (uintptr_t)ptr;
}

/* Every ioctl of the library goes through here: 0 or a negative errno. */
static inline int set_ioctl(const struct ktask_set *set, unsigned long cmd, void *arg)
{
	return ioctl(set->fd, cmd, arg) < 0 ? -errno : 0;
}

int set_ioctl_wait(const struct ktask_set *set, unsigned long cmd, void *arg,
		   __s64 *timeout_ns);

int op_number(const struct ktask_set *set, const char *name, uint32_t *op);

int name_copy(char *dst, size_t size, const char *src);

void op_cache_init(struct op_cache *cache);
void op_cache_destroy(struct op_cache *cache);
bool op_cache_get(struct op_cache *cache, const char *name, uint32_t *op);
int op_cache_put(struct op_cache *cache, const char *name, uint32_t op);
void op_cache_drop(struct op_cache *cache, const char *name, uint32_t op);

#endif /* LIBKTASK_INTERNAL_H */
