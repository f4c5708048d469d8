// SPDX-License-Identifier: GPL-2.0
/*
 * Arguments that are files.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "ops.h"
#include "text.h"

/*
 * As the operation needs it. With O_NONBLOCK, so that nothing is waited for at a
 * place that the kernel cannot interrupt for us; what is done with the file is
 * then another matter.
 */
static int open_as_needed(const char *path, uint32_t flags)
{
	const int common = O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	int fd;

	if (flags & KTASK_ARG_WRITE) {
		fd = open(path, O_WRONLY | O_CREAT | common, 0666);
	} else {
		fd = open(path, O_RDONLY | common);
		if (fd < 0 && errno == EACCES && (flags & KTASK_ARG_ANY_FD))
			fd = open(path, O_WRONLY | common);
	}
	if (fd >= 0)
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	return fd;
}

/* A path to open, or @N: a descriptor that we were started with. */
int arg_encode_file(struct args *args, uint32_t index, const char *value)
{
	const struct ktask_arg_info *arg = &ktask_op_args(args->info)[index];
	uint64_t number;
	int status;
	int32_t fd;

	if (*value == '@') {
		if (!parse_number(value + 1, INT_MAX, &number))
			return args_fail(args, STATUS_USAGE,
					 "%s=%s: not @ and the number of a descriptor",
					 arg->name, value);
		fd = number;
	} else if (args->check) {
		return STATUS_OK;
	} else {
		fd = open_as_needed(value, arg->flags);
		if (fd < 0) {
			char *shown = text_printable(value);

			status = args_fail(args, STATUS_FAILED, "%s: %s", shown, strerror(errno));
			free(shown);
			return status;
		}
		args->held[index].fd = fd;
	}
	memcpy(args->bytes + arg->offset, &fd, sizeof(fd));
	return STATUS_OK;
}
