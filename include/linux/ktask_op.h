/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Operations: named tasks that programs may spawn through /dev/ktask.
 */
#ifndef _LINUX_KTASK_OP_H
#define _LINUX_KTASK_OP_H

#include <linux/ktask.h>
#include <linux/stddef.h>

/* Bytes that an op's argument structure may have. */
#define KTASK_OP_ARGS_MAX	256

/**
 * struct ktask_op_arg - one argument of an op, as shown to programs
 * @name: what it is called
 * @type: one of &enum ktask_arg_type
 * @flags: %KTASK_ARG_REQUIRED, %KTASK_ARG_WRITE, %KTASK_ARG_ANY_FD
 * @offset: where it is in the argument structure
 * @len: how many bytes it has there
 */
struct ktask_op_arg {
	const char *name;
	u32 type;
	u32 flags;
	u32 offset;
	u32 len;
};

/**
 * KTASK_OP_ARG - describe an argument
 * @struct_type: the op's argument structure
 * @member: its member, whose name is the argument's
 * @arg_type: one of &enum ktask_arg_type
 * @arg_flags: %KTASK_ARG_REQUIRED, %KTASK_ARG_WRITE, %KTASK_ARG_ANY_FD
 */
#define KTASK_OP_ARG(struct_type, member, arg_type, arg_flags)		\
{									\
	.name = #member,						\
	.type = arg_type,						\
	.flags = arg_flags,						\
	.offset = offsetof(struct_type, member),			\
	.len = sizeof_field(struct_type, member),			\
}

/*
 * The op does nothing on behalf of its caller that needs the caller's
 * credentials or memory cgroup.
 */
#define KTASK_OP_PURE	BIT(0)

/* The op can take the output of other tasks: see ktask_op_input(). */
#define KTASK_OP_INPUT	BIT(1)

/**
 * struct ktask_op - an operation
 * @name: its name: up to %KTASK_NAME_MAX - 1 bytes, unique
 * @summary: what it does, in a line
 * @flags: %KTASK_OP_PURE, %KTASK_OP_INPUT
 * @args: its arguments
 * @nr_args: how many there are
 * @args_size: bytes of its argument structure; by the ABI's rules it may grow
 * @args_min: bytes that it had in its first version; what a caller does not
 *	pass is zero
 * @out_size: bytes of output that it leaves at most, up to %KTASK_DATA_MAX
 * @frame_size: bytes of the task's frame
 * @prepare: check the arguments and take what they name (files, memory). Called
 *	by the program's thread, with its credentials, before the task is
 *	started; the frame is zero. May sleep. An error makes the spawn fail;
 *	then nothing else is called. Optional
 * @resume: body, if it is an async task
 * @run: body, if it is a blocking task; exactly one of @resume and @run
 * @now: does all at once what the body would do for these arguments, and returns
 *	the result: for ops that do not wait, take no time, leave no output, and
 *	change nothing. Called in place of all the others by a thread that would
 *	wait for the task, and perhaps in vain. Optional
 * @cancel: called at an abort if the body has not ended, perhaps while it runs,
 *	perhaps before it ever does; for bodies that wait for something that an
 *	abort does not end. Any context, must not sleep. Optional
 * @release: give back what @prepare took. Called once, in process context, when
 *	the body has ended in whatever way. Optional
 *
 * The body is that of any other task; ktask_op_output() gives it something to
 * leave to the program beside the result. It runs with the credentials and the
 * memory cgroup of the thread that spawned it, perhaps in another thread.
 */
struct ktask_op {
	const char *name;
	const char *summary;
	unsigned int flags;
	const struct ktask_op_arg *args;
	unsigned int nr_args;
	size_t args_size;
	size_t args_min;
	size_t out_size;
	size_t frame_size;
	int (*prepare)(struct ktask *t, const void *args);
	ktask_resume_t resume;
	ktask_blocking_t run;
	long (*now)(const void *args);
	void (*cancel)(struct ktask *t);
	void (*release)(struct ktask *t);
	/* private: set by ktask_op_register() */
	struct module *owner;
	u32 nr;
};

/**
 * ktask_op_register - offer an op to programs
 * @op: the op; must stay valid until ktask_op_unregister()
 *
 * Its tasks pin the calling module while they run.
 *
 * Context: process context, may sleep.
 * Return: 0; -EEXIST if there is an op of that name, -EINVAL if the op is not
 * as described at &struct ktask_op, -ENOMEM.
 */
#define ktask_op_register(op)	__ktask_op_register(op, THIS_MODULE)

int __ktask_op_register(struct ktask_op *op, struct module *owner);
void ktask_op_unregister(struct ktask_op *op);

/* What an op's functions may call for their task; see kernel/device/op.c. */
struct file *ktask_op_fget(struct ktask *t, int fd);
void ktask_op_fput(struct ktask *t, struct file *file);
void *ktask_op_alloc(struct ktask *t, size_t size);
void *ktask_op_copy_data(struct ktask *t, const struct ktask_data *data);
void ktask_op_free(struct ktask *t, void *buf, size_t size);
int ktask_op_output(struct ktask *t, const void *data, size_t len);
void ktask_op_output_buffer(struct ktask *t, void *buf, size_t size, size_t len);
bool ktask_op_has_input(struct ktask *t);
const void *ktask_op_input(struct ktask *t, size_t *len);

#endif /* _LINUX_KTASK_OP_H */
