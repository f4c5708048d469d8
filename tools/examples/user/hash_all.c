// SPDX-License-Identifier: GPL-2.0
/*
 * Hashes every file named on the command line, and all files below directories,
 * and prints each digest as soon as it is there.
 *
 * An event loop: it waits for completions, and for a signal to stop, in one place.
 * The set holds a bounded number of tasks; when it is full the walk through the
 * directories pauses until a completion has been taken. So memory and descriptors
 * stay few, however many files there are.
 */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <ktask.h>

#define MAX_TASKS	256

/**
 * struct walk - all that is going on
 * @set: where the tasks are
 * @files: the walk through the directories; NULL: it is over
 * @path: the file that comes next, which there was no room for; or NULL
 * @left: tasks that have not been joined
 * @failed: something could not be hashed
 */
struct walk {
	struct ktask_set *set;
	FTS *files;
	char *path;
	unsigned int left;
	bool failed;
};

static void complain(struct walk *walk, const char *what, int err)
{
	fprintf(stderr, "%s: %s\n", what, strerror(err));
	walk->failed = true;
}

/* The next file, to be freed; NULL: there is none. */
static char *next_path(struct walk *walk)
{
	FTSENT *entry;

	while (walk->files && (entry = fts_read(walk->files))) {
		switch (entry->fts_info) {
		case FTS_F:
			return strdup(entry->fts_path);
		case FTS_DNR:
		case FTS_ERR:
		case FTS_NS:
			complain(walk, entry->fts_path, entry->fts_errno);
		}
	}
	if (walk->files)
		fts_close(walk->files);
	walk->files = NULL;
	return NULL;
}

/* Start as many tasks as there is room for. */
static void start(struct walk *walk)
{
	int64_t id;
	int fd;

	for (;;) {
		if (!walk->path)
			walk->path = next_path(walk);
		if (!walk->path)
			return;

		fd = open(walk->path, O_RDONLY | O_CLOEXEC);
		if (fd < 0) {
			complain(walk, walk->path, errno);
			free(walk->path);
			walk->path = NULL;
			continue;
		}
		/* The task holds the file, and tells us later which it was. */
		id = ktask_spawn_hash(walk->set, fd, "sha256", (uintptr_t)walk->path);
		close(fd);
		if (id == -EAGAIN && walk->left)
			return;
		if (id < 0) {
			complain(walk, walk->path, -id);
			free(walk->path);
		} else {
			walk->left++;
		}
		walk->path = NULL;
	}
}

static void show(struct walk *walk, const struct ktask_completion *c)
{
	char *path = (char *)(uintptr_t)c->user_data;

	if (c->result < 0) {
		complain(walk, path, -c->result);
	} else {
		for (unsigned int i = 0; i < c->out_len; i++)
			printf("%02x", c->out[i]);
		printf("  %s\n", path);
	}
	free(path);
}

/* Take what has ended, without a wait, and make use of the room. */
static void on_completions(struct walk *walk)
{
	struct ktask_completion c[32];
	ssize_t n, i;

	while ((n = ktask_join_many(walk->set, c, 32, 0)) > 0) {
		for (i = 0; i < n; i++)
			show(walk, &c[i]);
		walk->left -= n;
		start(walk);
	}
	if (n < 0 && n != -ETIMEDOUT)
		complain(walk, "ktask_join_many", -n);
}

/* The tasks that are there end soon, and come through the loop as all others. */
static void on_signal(struct walk *walk)
{
	if (walk->files)
		fts_close(walk->files);
	walk->files = NULL;
	free(walk->path);
	walk->path = NULL;
	walk->failed = true;
	ktask_abort_all(walk->set);
}

static int watch(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static int catch_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	return signalfd(-1, &signals, SFD_CLOEXEC);
}

static int loop(struct walk *walk, int epoll, int signals)
{
	struct signalfd_siginfo info;
	struct epoll_event event;

	start(walk);
	while (walk->left) {
		if (epoll_wait(epoll, &event, 1, -1) < 0) {
			if (errno == EINTR)
				continue;
			perror("epoll_wait");
			return 1;
		}
		if (event.data.fd != signals)
			on_completions(walk);
		else if (read(signals, &info, sizeof(info)) == sizeof(info))
			on_signal(walk);
	}
	return walk->failed;
}

int main(int argc, char **argv)
{
	struct walk walk = { 0 };
	int epoll, signals, err;

	if (argc < 2) {
		fprintf(stderr, "usage: hash_all FILE|DIRECTORY...\n");
		return 2;
	}
	/* The loop does the waiting: what would wait elsewhere gets -EAGAIN. */
	err = ktask_set_open(&walk.set, KTASK_SET_NONBLOCK);
	if (!err)
		err = ktask_group_limit(walk.set, 0, 0, MAX_TASKS);
	if (err) {
		fprintf(stderr, "/dev/ktask: %s\n", strerror(-err));
		return 1;
	}

	walk.files = fts_open(argv + 1, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL);
	signals = catch_signals();
	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!walk.files || signals < 0 || epoll < 0 || watch(epoll, signals) ||
	    watch(epoll, ktask_set_fd(walk.set))) {
		perror("hash_all");
		return 1;
	}

	err = loop(&walk, epoll, signals);
	ktask_set_close(walk.set);
	close(epoll);
	close(signals);
	return err;
}
