// SPDX-License-Identifier: GPL-2.0
/*
 * stall MS COMMAND [ARG...]: runs a command, and now and then stops one of its
 * threads, for up to MS milliseconds and mostly for much less. For a guest this is
 * what a host does that has too much to do: a CPU stands still, while time and the
 * other CPUs go on. What a test takes for certain, and is not, then shows.
 */
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Between two stops, on average. */
#define GAP_MS	100

static double random_part(void)
{
	return random() / (RAND_MAX + 1.0);
}

static void sleep_ms(double ms)
{
	struct timespec ts = {
		.tv_sec = ms / 1000,
		.tv_nsec = (long)(ms * 1e6) % 1000000000,
	};

	nanosleep(&ts, NULL);
}

/* Any thread of the process; 0 if it is gone. */
static pid_t pick_thread(pid_t pid)
{
	pid_t tid, picked = 0;
	struct dirent *entry;
	char path[32];
	int n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		return 0;
	while ((entry = readdir(dir))) {
		tid = atoi(entry->d_name);
		/* Each of those so far is as likely. */
		if (tid && random() % ++n == 0)
			picked = tid;
	}
	closedir(dir);
	return picked;
}

/*
 * Stop @tid for a while, unless it is gone or another traces it.
 * Return: whether it ended meanwhile, with *@status.
 */
static bool stop(pid_t tid, double ms, int *status)
{
	int signal;

	if (ptrace(PTRACE_SEIZE, tid, 0, 0))
		return false;
	ptrace(PTRACE_INTERRUPT, tid, 0, 0);
	if (waitpid(tid, status, __WALL) != tid)
		return false;
	if (!WIFSTOPPED(*status))
		return true;
	/* It may have stopped for a signal, which it shall get. */
	signal = *status >> 16 ? 0 : WSTOPSIG(*status);
	sleep_ms(ms);
	if (!ptrace(PTRACE_DETACH, tid, 0, signal))
		return false;
	return waitpid(tid, status, __WALL) == tid;
}

/* Return: what @pid ended with. */
static int run(pid_t pid, double ms)
{
	int status, ended;
	pid_t tid;

	while (!waitpid(pid, &status, WNOHANG)) {
		tid = pick_thread(pid);
		if (stop(tid, ms * random_part() * random_part() * random_part(),
			 &ended) && tid == pid)
			return ended;
		sleep_ms(2 * GAP_MS * random_part());
	}
	return status;
}

int main(int argc, char **argv)
{
	int status;
	pid_t pid;

	if (argc < 3) {
		fprintf(stderr, "usage: %s MS COMMAND [ARG...]\n", argv[0]);
		return 2;
	}
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execvp(argv[2], argv + 2);
	}
	if (pid <= 0) {
		perror(argv[2]);
		return 127;
	}
	srandom(pid);
	status = run(pid, atof(argv[1]));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
