// SPDX-License-Identifier: GPL-2.0
/*
 * Other programs.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "subjects.h"

/* Whether there is such a program; if not, says so. */
bool program_exists(const char *name)
{
	char *path = must(strdup(getenv("PATH") ?: "/bin:/usr/bin")), *rest = path, *dir;
	bool found = strchr(name, '/') && !access(name, X_OK);

	while (!found && (dir = strsep(&rest, ":"))) {
		char *file = must_format("%s/%s", dir, name);

		found = !access(file, X_OK);
		free(file);
	}
	free(path);
	if (!found)
		why_not("there is no %s", name);
	return found;
}

static int wait_for(pid_t pid, const char *name)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return 0;
	if (WIFEXITED(status))
		why_not("%s ended with status %d", name, WEXITSTATUS(status));
	else
		why_not("%s was killed by signal %d", name, WTERMSIG(status));
	return -ECHILD;
}

/* Run it to its end, its output going to the file @out. 0 or a negative errno. */
int program_run(const char *out, const char *const *argv)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int err;

	err = posix_spawn_file_actions_init(&actions);
	if (err)
		return -err;
	err = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out,
					       O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (!err)
		err = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return err ? -err : wait_for(pid, argv[0]);
}

/* The command, which tells us where it is if it was it that started us. */
const char *program_ktask(void)
{
	return getenv("KTASK_COMMAND") ?: "ktask";
}
