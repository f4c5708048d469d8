// SPDX-License-Identifier: GPL-2.0
/*
 * Hashes every file named on the command line, all at once, and prints each
 * digest as soon as it is there.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <ktask.h>

static void show(const char *path, const struct ktask_completion *c)
{
	if (c->result < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(-c->result));
		return;
	}
	for (unsigned int i = 0; i < c->out_len; i++)
		printf("%02x", c->out[i]);
	printf("  %s\n", path);
}

int main(int argc, char **argv)
{
	struct ktask_completion c;
	struct ktask_set *set;
	int64_t id;
	int err, fd, i;

	err = ktask_set_open(&set, 0);
	if (err) {
		fprintf(stderr, "/dev/ktask: %s\n", strerror(-err));
		return 1;
	}

	for (i = 1; i < argc; i++) {
		fd = open(argv[i], O_RDONLY | O_CLOEXEC);
		if (fd < 0) {
			perror(argv[i]);
			continue;
		}
		/* The task takes the file over; i tells us later whose it was. */
		id = ktask_spawn_hash(set, fd, "sha256", i);
		if (id < 0)
			fprintf(stderr, "%s: %s\n", argv[i], strerror(-id));
		close(fd);
	}

	while (ktask_join_next(set, &c, KTASK_FOREVER) == 1)
		show(argv[c.user_data], &c);

	ktask_set_close(set);
	return 0;
}
