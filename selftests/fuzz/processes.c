// SPDX-License-Identifier: GPL-2.0
/*
 * Processes that share the descriptors of a sequence, and are killed.
 */
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"

/* The thread of the child goes on where its parent's is, for some calls. */
static void child(struct run *run, int thread, const uint64_t *v, pid_t parent)
{
	static char *const argv[] = { "ktask_fuzz", "--idle", NULL };
	const struct call *call;
	unsigned int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	run->in_child = true;
	for (i = 0; i < v[0] % 8 && (call = run_next(run, thread)); i++)
		run_call(run, call);
	if (v[2] == 1)
		execv("/proc/self/exe", argv);
	while (v[1] & 1)
		pause();
	_exit(0);
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

long sys_fork(struct run *run, int thread, const uint64_t *v)
{
	pid_t parent = getpid(), pid, old;

	if (run->in_child)
		return -EPERM;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid)
		child(run, thread, v, parent);
	old = atomic_exchange(&run->children[run->nr_children++ % CHILDREN], pid);
	if (old > 0)
		end_child(old);
	return pid;
}

long sys_kill(struct run *run, int thread, const uint64_t *v)
{
	pid_t pid;

	(void)thread;
	if (run->in_child)
		return -EPERM;
	pid = atomic_exchange(&run->children[v[0] % CHILDREN], 0);
	if (pid <= 0)
		return -ESRCH;
	end_child(pid);
	return 0;
}

void children_end(struct run *run)
{
	int i;

	for (i = 0; i < CHILDREN; i++) {
		if (run->children[i] > 0)
			end_child(run->children[i]);
	}
}
