// SPDX-License-Identifier: GPL-2.0
/*
 * ktask_fuzz: starts the workers, kills them at random, looks for calls that hang
 * and for complaints of the kernel, and at last for what was left.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fuzzer.h"

#define MSEC	1000000LL
#define SEC	(1000 * MSEC)

struct options opt = { .workers = 2, .seconds = 10, .hang = 60, .times = 1 };
struct shared *shared;

static unsigned int kills;
static bool failed;

static void *share(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* --- What is said when something is wrong ---------------------------------------- */

static long long ms_since(int64_t then)
{
	return (now_ns() - then) / MSEC;
}

static void print_watch(const struct watch *w)
{
	unsigned int i, t;

	for (i = 0; i < w->s.nr; i++) {
		call_print(stdout, &w->s.calls[i]);
		for (t = 0; t < THREADS; t++) {
			if (w->since[t] && w->at[t] == (int)i)
				printf("\t# for %lld ms", ms_since(w->since[t]));
		}
		putchar('\n');
	}
	if (w->since[0] && w->at[0] < 0)
		printf("# closing for %lld ms\n", ms_since(w->since[0]));
}

static void complain(const char *what)
{
	unsigned int i;

	failed = true;
	printf("# %s. At work:\n", what);
	for (i = 0; i < opt.workers; i++) {
		printf("# worker %u\n", i);
		print_watch(&shared->workers[i]);
	}
	fflush(stdout);
}

/* The kernel tells where all sleep. */
static void show_blocked(void)
{
	int fd = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "w", 1) != 1)
		printf("# no sysrq\n");
	close(fd);
}

static unsigned long tainted(void)
{
	FILE *file = fopen("/proc/sys/kernel/tainted", "re");
	unsigned long value = 0;

	if (file) {
		if (fscanf(file, "%lu", &value) != 1)
			value = 0;
		fclose(file);
	}
	return value;
}

static bool find_hung(void)
{
	int64_t now = now_ns();
	unsigned int i, t;

	for (i = 0; i < opt.workers; i++) {
		for (t = 0; t < THREADS; t++) {
			int64_t since = shared->workers[i].since[t];

			if (since && now - since > opt.hang * SEC)
				return true;
		}
	}
	return false;
}

/* --- Workers --------------------------------------------------------------------- */

static void start_worker(unsigned int index)
{
	struct watch *w = &shared->workers[index];
	unsigned int t;
	pid_t pid;

	for (t = 0; t < THREADS; t++)
		w->since[t] = 0;
	w->kill_at = INT64_MAX;
	fflush(stdout);
	pid = fork();
	if (!pid)
		worker_main(index);
	w->pid = pid;
	if (pid < 0)
		complain("cannot fork");
}

static void kill_some(void)
{
	int64_t now = now_ns();
	unsigned int i;

	if (opt.no_kill || opt.replay || shared->next_replay < shared->nr_loaded)
		return;
	for (i = 0; i < opt.workers; i++) {
		struct watch *w = &shared->workers[i];

		if (w->pid > 0 && now > w->kill_at && !kill(w->pid, SIGKILL)) {
			kills++;
			w->kill_at = INT64_MAX;
		}
	}
}

static unsigned int index_of(pid_t pid)
{
	unsigned int i;

	for (i = 0; i < opt.workers && shared->workers[i].pid != pid; i++)
		;
	return i;
}

/* Those that sequences have made, and left when they were killed, end up here too. */
static void reap(void)
{
	int status, i;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		i = index_of(pid);
		if (i == (int)opt.workers)
			continue;
		if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL) {
			printf("# worker %d: %s\n", i, strsignal(WTERMSIG(status)));
			complain("a worker has died");
		}
		if (WIFEXITED(status) && WEXITSTATUS(status))
			complain("a worker has given up");
		shared->workers[i].pid = 0;
		if (!shared->stop && !failed && !opt.replay)
			start_worker(i);
	}
}

static bool any_worker(void)
{
	unsigned int i;

	for (i = 0; i < opt.workers; i++) {
		if (shared->workers[i].pid > 0)
			return true;
	}
	return false;
}

static uint64_t all_calls(void)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < opt.workers; i++)
		sum += shared->workers[i].calls;
	return sum;
}

static uint64_t all_runs(void)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < opt.workers; i++)
		sum += shared->workers[i].runs;
	return sum;
}

/* Once in a while, so that who waits sees that it goes on. */
static void show_progress(int64_t start)
{
	static int64_t shown;
	int64_t seconds = (now_ns() - start) / SEC;

	if (seconds < shown + 20)
		return;
	shown = seconds;
	printf("# %lld s: %llu calls, %zu edges, %u kept, %u kills\n", (long long)seconds,
	       (unsigned long long)all_calls(), (size_t)shared->edges->nr,
	       shared->nr_entries, kills);
	fflush(stdout);
}

static void watch_workers(void)
{
	int64_t start = now_ns(), end = start + opt.seconds * SEC, look_at = 0;
	unsigned long taint = tainted();
	unsigned int i;

	for (i = 0; i < opt.workers; i++)
		start_worker(i);
	while (any_worker() && !failed) {
		usleep(5000);
		kill_some();
		reap();
		if (now_ns() < look_at)
			continue;
		look_at = now_ns() + SEC / 2;
		show_progress(start);
		/* What is kept is run in any case. */
		if (!opt.replay && shared->next_replay >= shared->nr_loaded &&
		    (now_ns() > end || (opt.calls && all_calls() >= opt.calls)))
			shared->stop = true;
		if (find_hung()) {
			complain("a call hangs");
			show_blocked();
		}
		if (tainted() != taint)
			complain("the kernel has complained");
	}
	for (i = 0; i < opt.workers; i++) {
		if (shared->workers[i].pid > 0)
			kill(shared->workers[i].pid, SIGKILL);
	}
}

/* --- What is left ---------------------------------------------------------------- */

static int ask(struct ktask_info *info)
{
	int fd = open("/dev/ktask", O_RDWR | O_CLOEXEC), err;

	if (fd < 0)
		return -1;
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	err = ioctl(fd, KTASK_INFO, info);
	close(fd);
	return err;
}

/* Rings of io_uring, and what is in flight in sockets, are gone a moment later. */
static void look_for_leftovers(const struct ktask_info *before)
{
	int64_t end = now_ns() + opt.hang * SEC;
	struct ktask_info now;

	do {
		usleep(1000);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (ask(&now)) {
			complain("no device any more");
			return;
		}
		if (now.files == before->files && now.file_tasks == before->file_tasks &&
		    now.user_tasks == before->user_tasks && now.user_bytes == before->user_bytes)
			return;
	} while (now_ns() < end);
	printf("# left: %lld files, %lld tasks, %lld of the user's, %lld bytes\n",
	       (long long)(now.files - before->files),
	       (long long)(now.file_tasks - before->file_tasks),
	       (long long)(now.user_tasks - before->user_tasks),
	       (long long)(now.user_bytes - before->user_bytes));
	complain("something is left");
}

/* --- Options ---------------------------------------------------------------------- */

static const char usage[] =
"usage: ktask_fuzz [OPTION...]\n"
"       ktask_fuzz [OPTION...] --replay FILE...\n"
"Makes up sequences of calls to /dev/ktask, runs them, and changes those that ran\n"
"through code that was not reached before.\n"
"  --seed N          what is random depends on (default: the time)\n"
"  --seconds N       for how long (default 10)\n"
"  --calls N         how many calls at most\n"
"  --workers N       processes (default 2)\n"
"  --hang N          seconds after which a call has hung (default 60)\n"
"  --corpus DIR      begin with the sequences there\n"
"  --save DIR        write those that matter there\n"
"  --functions FILE  lines of \"DIRECTORY FUNCTION BLOCKS\", to tell the share covered\n"
"  --report FILE     write how many blocks of each function were covered\n"
"  --no-kill         let workers live\n"
"  --replay FILE...  run these, --times N times, and show what each call gave\n";

static const struct option long_options[] = {
	{ "seed", required_argument, NULL, 's' },
	{ "seconds", required_argument, NULL, 't' },
	{ "calls", required_argument, NULL, 'n' },
	{ "workers", required_argument, NULL, 'w' },
	{ "hang", required_argument, NULL, 'h' },
	{ "corpus", required_argument, NULL, 'c' },
	{ "save", required_argument, NULL, 'o' },
	{ "functions", required_argument, NULL, 'f' },
	{ "report", required_argument, NULL, 'r' },
	{ "times", required_argument, NULL, 'x' },
	{ "no-kill", no_argument, NULL, 'k' },
	{ "replay", no_argument, NULL, 'p' },
	{ "idle", no_argument, NULL, 'i' },
	{}
};

static bool replay;

static void set_option(int c)
{
	switch (c) {
	case 's':
		opt.seed = strtoull(optarg, NULL, 0);
		break;
	case 't':
		opt.seconds = strtoul(optarg, NULL, 0);
		break;
	case 'n':
		opt.calls = strtoull(optarg, NULL, 0);
		break;
	case 'w':
		opt.workers = strtoul(optarg, NULL, 0);
		break;
	case 'h':
		opt.hang = strtoul(optarg, NULL, 0);
		break;
	case 'c':
		opt.corpus = optarg;
		break;
	case 'o':
		opt.save = optarg;
		break;
	case 'f':
		opt.functions = optarg;
		break;
	case 'r':
		opt.report = optarg;
		break;
	case 'x':
		opt.times = strtoul(optarg, NULL, 0);
		break;
	case 'k':
		opt.no_kill = true;
		break;
	case 'p':
		replay = true;
		break;
	case 'i':
		/* What a sequence executes: it waits to be killed. */
		for (;;)
			pause();
	default:
		fputs(usage, stderr);
		exit(2);
	}
}

static void parse(int argc, char **argv)
{
	bool has_files;
	int c;

	opt.seed = time(NULL);
	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		set_option(c);
	has_files = optind < argc;
	if (!opt.workers || opt.workers > WORKERS_MAX || replay != has_files) {
		fputs(usage, stderr);
		exit(2);
	}
	if (replay) {
		opt.replay = argv + optind;
		opt.nr_replay = argc - optind;
		opt.workers = 1;
	}
}

/*
 * A blind run is for volume. If nobody of a user has the device open, that user's
 * workqueues are made and destroyed with each sequence, and that takes most of the time.
 */
static int keep_users(void)
{
	int fds[2];
	char byte;

	if (pipe(fds))
		return -1;
	if (!fork()) {
		bool there = open("/dev/ktask", O_RDWR) >= 0;

		be_ordinary();
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (!there || open("/dev/ktask", O_RDWR) < 0 || write(fds[1], "", 1) != 1)
			_exit(2);
		for (;;)
			pause();
	}
	close(fds[1]);
	if (read(fds[0], &byte, 1) != 1)
		return -1;
	close(fds[0]);
	return 0;
}

/* Return: 0; -1: there is no memory, or no device. */
static int prepare(struct ktask_info *before)
{
	struct cover cover;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	dup2(null, STDIN_FILENO);
	close(null);
	shared = share(sizeof(*shared));
	if (!shared)
		return -1;
	shared->edges = share(set_bytes(EDGES));
	if (!shared->edges)
		return -1;
	shared->edges->size = EDGES;
	shared->covers = !cover_open(&cover);
	if (cover.fd >= 0)
		close(cover.fd);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (!shared->covers && !opt.replay && keep_users())
		return -1;
	return ask(before);
}

int main(int argc, char **argv)
{
	struct ktask_info before;

	parse(argc, argv);
	if (prepare(&before)) {
		fprintf(stderr, "ktask_fuzz: /dev/ktask: %s\n", strerror(errno));
		return 4;
	}
	if (opt.corpus && corpus_load(opt.corpus))
		return 2;
	printf("# seed %llu, %u sequences to begin with, %s\n", (unsigned long long)opt.seed,
	       shared->nr_loaded, shared->covers ? "guided by coverage" : "blind");
	watch_workers();
	look_for_leftovers(&before);
	if (shared->covers)
		cover_report(shared->edges, opt.functions, opt.report);
	if (opt.save && corpus_save(opt.save))
		failed = true;
	printf("# %llu calls, %llu sequences, %zu edges, %u kept, %u kills, seed %llu\n",
	       (unsigned long long)all_calls(), (unsigned long long)all_runs(),
	       (size_t)shared->edges->nr, shared->nr_entries, kills,
	       (unsigned long long)opt.seed);
	return failed;
}
