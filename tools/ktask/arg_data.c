// SPDX-License-Identifier: GPL-2.0
/*
 * Arguments that are bytes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "ops.h"

/* The rest of @text if @prefix is in front of it, or NULL. */
static const char *after_prefix(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(text, prefix, len) ? NULL : text + len;
}

static int fail_file(struct args *args, const char *path, int err)
{
	return args_fail(args, STATUS_FAILED, "%s: %s", path, strerror(err));
}

/* All of a file, but no more than may be: one byte more tells that there is more. */
static int read_all(struct args *args, const char *path, char *buf, size_t room, size_t *len)
{
	bool from_stdin = !strcmp(path, "-");
	int fd = from_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int status = STATUS_OK;
	ssize_t n = 1;

	if (fd < 0)
		return fail_file(args, path, errno);
	for (*len = 0; *len < room && n; *len += n) {
		n = read(fd, buf + *len, room - *len);
		if (n < 0) {
			status = fail_file(args, path, errno);
			break;
		}
	}
	if (!from_stdin)
		close(fd);
	return status;
}

/* Text as it is, or text:TEXT, hex:DIGITS, @FILE. */
int arg_encode_data(struct args *args, uint32_t index, const char *value)
{
	const struct ktask_arg_info *arg = &ktask_op_args(args->info)[index];
	const size_t room = KTASK_DATA_MAX + 1;
	struct ktask_data data;
	const char *digits = after_prefix(value, "hex:");
	const char *path = after_prefix(value, "@");
	const char *text = after_prefix(value, "text:");
	size_t len = 0;
	char *buf;
	int status;

	buf = must_calloc(1, room);
	args->held[index].data = buf;
	if (path) {
		status = args->check ? STATUS_OK : read_all(args, path, buf, room, &len);
		if (status)
			return status;
	} else if (digits) {
		if (!unhex(buf, room, digits, &len))
			return args_fail(args, STATUS_USAGE,
					 "%s=%s: not pairs of hexadecimal digits",
					 arg->name, value);
	} else {
		text = text ? text : value;
		len = strlen(text);
		memcpy(buf, text, len < room ? len : room);
	}
	if (len >= room)
		return args_fail(args, STATUS_USAGE, "%s: longer than %d bytes", arg->name,
				 KTASK_DATA_MAX);

	data.ptr = (uintptr_t)buf;
	data.len = len;
	memcpy(args->bytes + arg->offset, &data, sizeof(data));
	return STATUS_OK;
}
