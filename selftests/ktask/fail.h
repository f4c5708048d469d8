/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Making things fail in turn in the kernel, for the calling thread: see
 * /proc/self/fail-nth in the kernel's fault-injection documentation.
 */
#ifndef KTASK_SELFTESTS_FAIL_H
#define KTASK_SELFTESTS_FAIL_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest.h"

/* More than any of what is tried makes. */
#define MANY		2000

#define FAIL_NTH	"/proc/thread-self/fail-nth"
#define FAIL_DIR	"/sys/kernel/debug/"

/* By default only those allocations fail that could not wait for memory. */
static const struct {
	const char *path;
	const char *meanwhile;
	const char *by_default;
} fail_settings[] = {
	{ FAIL_DIR "failslab/ignore-gfp-wait", "N", "Y" },
	{ FAIL_DIR "fail_page_alloc/ignore-gfp-wait", "N", "Y" },
	{ FAIL_DIR "fail_page_alloc/ignore-gfp-highmem", "N", "Y" },
	{ FAIL_DIR "fail_page_alloc/min-order", "0", "1" },
};

static inline void fail_set(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, value, strlen(value)) < 0)
		fprintf(stderr, "# %s: %s\n", path, strerror(errno));
	if (fd >= 0)
		close(fd);
}

/* Few kernels have it: then skip all of a program at once, not each test. */
static void __attribute__((constructor)) need_fault_injection(void)
{
	const char *why = NULL;

	if (access(FAIL_NTH, F_OK))
		why = "the kernel has no fault injection";
	else if (access(FAIL_NTH, W_OK) || access(fail_settings[0].path, W_OK))
		why = "no permission, or no debugfs, to inject faults";
	if (!why)
		return;
	printf("TAP version 13\n1..0 # SKIP %s\n", why);
	exit(KSFT_SKIP);
}

/* Return: a descriptor for fail_nth(). */
static inline int fail_begin(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fail_settings); i++)
		fail_set(fail_settings[i].path, fail_settings[i].meanwhile);
	return open(FAIL_NTH, O_RDWR | O_CLOEXEC);
}

static inline void fail_end(int fd)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fail_settings); i++)
		fail_set(fail_settings[i].path, fail_settings[i].by_default);
	close(fd);
}

/* Have the @n-th from now on fail, in this thread. */
static inline void fail_nth(int fd, unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	/* This may be what fails; then nothing will any more. */
	while (pwrite(fd, text, len, 0) < 0) {
		if (errno != EFAULT)
			abort();
	}
}

/* No more of it. Return: whether there has been one that failed. */
static inline bool has_failed(int fd)
{
	char text[16] = "";
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	/* Again, if this is what fails no other did. */
	if (n < 0 && errno != EFAULT)
		abort();
	fail_nth(fd, 0);
	return n > 0 && !atoi(text);
}

#endif /* KTASK_SELFTESTS_FAIL_H */
