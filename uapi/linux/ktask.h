/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The interface of /dev/ktask: tasks that run in the kernel for a program.
 */
#ifndef _UAPI_LINUX_KTASK_H
#define _UAPI_LINUX_KTASK_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * DOC: General ioctl format
 *
 * An open file of /dev/ktask is a task set. Tasks are spawned into it with
 * %KTASK_SPAWN; their completions come out of it, each exactly once, either by
 * read(2) in the order in which tasks end, or by %KTASK_JOIN for one id. The
 * last close(2) aborts what is left and returns when nothing runs any more.
 *
 * What a task is given is copied or pinned when it is spawned: the caller may
 * reuse its memory and close the descriptors that it named.
 *
 * Every ioctl takes one structure whose first member is its size in bytes, as
 * the caller knows it. A later kernel may know a longer structure: members
 * that an older caller does not pass count as zero. An older kernel takes a
 * longer structure from a newer caller as long as the members that it does not
 * know are zero. Zero always means "as before this member existed".
 *
 * A call returns 0, or -1 with errno:
 *
 * ENOTTY      the ioctl number is not known
 * EINVAL      size is below the least there ever was, or a value is wrong
 * E2BIG       size is above a page, or a member that this kernel does not know
 *             is not zero
 * EOPNOTSUPP  a flag or value that this kernel does not know
 * EFAULT      a pointer does not point to memory of the caller
 * ENOENT      no task with this id is in the set: it never was, or its
 *             completion has been taken; or there is no such op
 * EALREADY    abort: the task has already ended
 * ETIMEDOUT   join: the time ran out, the task goes on
 * EAGAIN      nothing to take yet and the file is O_NONBLOCK; or, for spawn,
 *             the set holds as many tasks as it may
 * EINTR       a signal came first
 * ENOMEM      out of memory, or over the memory cgroup's limit
 *
 * An op's own errors are described with its arguments. One that is found while
 * the arguments are taken makes the spawn fail; one that is met later is the
 * task's result.
 *
 * Times are nanoseconds of CLOCK_MONOTONIC. Pointers are carried in 64 bits,
 * so that 32-bit callers use the same structures.
 */

/* Counts up when something is added that a program may want to ask for. */
#define KTASK_ABI_VERSION	1

#define KTASK_IOC_TYPE		'J'

enum {
	KTASK_CMD_INFO = 0,
	KTASK_CMD_OP_INFO,
	KTASK_CMD_SPAWN,
	KTASK_CMD_JOIN,
	KTASK_CMD_ABORT
};

/* Bytes for the name of an op, an argument or a task, with the final zero. */
#define KTASK_NAME_MAX		32

/* Bytes of output that a completion can carry. */
#define KTASK_OUT_MAX		64

/* Descriptors that one KTASK_SPAWN takes at most. */
#define KTASK_SPAWN_MAX		4096

/**
 * struct ktask_info - what this kernel offers, and what it has done
 * @size: sizeof(struct ktask_info)
 * @flags: must be 0
 * @abi_version: out: %KTASK_ABI_VERSION of the module
 * @module_version: out: major << 16 | minor << 8 | patch
 * @nr_ops: out: operations registered now
 * @nr_executors: out: executors of the default runtime
 * @spawned: out: tasks spawned since the module was loaded, by anybody
 * @completed: out: of these, tasks that have ended in whatever way
 * @cancelled: out: of these, tasks that ended because they were aborted
 * @resumed: out: how often a task was given a CPU
 * @helped: out: of these, how often by the thread that joined it
 * @files: out: open files of /dev/ktask
 * @file_tasks: out: tasks of these files whose completion is not yet taken
 *
 * The counters are read one after the other while tasks run; they need not
 * add up exactly.
 */
struct ktask_info {
	__u32 size;
	__u32 flags;
	__u32 abi_version;
	__u32 module_version;
	__u32 nr_ops;
	__u32 nr_executors;
	__aligned_u64 spawned;
	__aligned_u64 completed;
	__aligned_u64 cancelled;
	__aligned_u64 resumed;
	__aligned_u64 helped;
	__aligned_u64 files;
	__aligned_u64 file_tasks;
};

#define KTASK_INFO	_IO(KTASK_IOC_TYPE, KTASK_CMD_INFO)

/**
 * enum ktask_arg_type - how an op's argument is written in its structure
 * @KTASK_ARG_U32: __u32
 * @KTASK_ARG_U64: __u64
 * @KTASK_ARG_S64: __s64
 * @KTASK_ARG_NS: __u64, a duration in nanoseconds
 * @KTASK_ARG_FD: __s32, a file descriptor of the caller
 * @KTASK_ARG_STRING: char array, zero-terminated
 */
enum ktask_arg_type {
	KTASK_ARG_U32 = 1,
	KTASK_ARG_U64,
	KTASK_ARG_S64,
	KTASK_ARG_NS,
	KTASK_ARG_FD,
	KTASK_ARG_STRING
};

/* The op has no sensible meaning without this argument. */
#define KTASK_ARG_REQUIRED	0x1

/**
 * struct ktask_arg_info - one argument of an op
 * @name: what it is called
 * @type: one of &enum ktask_arg_type
 * @flags: %KTASK_ARG_REQUIRED
 * @offset: where it is in the op's argument structure, in bytes
 * @len: how long it is there, in bytes
 */
struct ktask_arg_info {
	char name[KTASK_NAME_MAX];
	__u32 type;
	__u32 flags;
	__u32 offset;
	__u32 len;
};

/* struct ktask_op_info.flags: look for @name instead of @op */
#define KTASK_OP_BY_NAME	0x1

/**
 * struct ktask_op_info - what one operation is and takes
 * @size: sizeof(struct ktask_op_info)
 * @flags: 0: the op with the lowest number not below @op;
 *	%KTASK_OP_BY_NAME: the op called @name
 * @op: in: see @flags; out: the op's number, valid until its module is unloaded.
 *	Two billion others come before it means another op
 * @args_size: out: bytes of the op's argument structure
 * @name: in: see @flags; out: the op's name
 * @module: out: the module that offers it
 * @summary: out: what it does, in a line
 * @args: in: room for @nr_args of &struct ktask_arg_info, or 0
 * @nr_args: in: how many there is room for; out: how many the op has
 * @out_size: out: bytes of output that it gives at most
 *
 * To list all: start with @op 0 and go on with the last @op + 1 until ENOENT.
 */
struct ktask_op_info {
	__u32 size;
	__u32 flags;
	__u32 op;
	__u32 args_size;
	char name[KTASK_NAME_MAX];
	char module[64];
	char summary[128];
	__aligned_u64 args;
	__u32 nr_args;
	__u32 out_size;
};

#define KTASK_OP_INFO	_IO(KTASK_IOC_TYPE, KTASK_CMD_OP_INFO)

/**
 * struct ktask_desc - a task to be spawned
 * @flags: must be 0
 * @op: number of the op, from %KTASK_OP_INFO
 * @user_data: comes back with the completion
 * @args: pointer to the op's argument structure; copied before the call returns
 * @args_size: bytes there: extensible by the same rule as the ioctls
 * @reserved: must be 0
 * @name: a name for listings, zero-terminated; may be empty
 * @id: out: the task's id: not 0, and not used again in this file
 */
struct ktask_desc {
	__u32 flags;
	__u32 op;
	__aligned_u64 user_data;
	__aligned_u64 args;
	__u32 args_size;
	__u32 reserved;
	char name[KTASK_NAME_MAX];
	__aligned_u64 id;
};

/**
 * struct ktask_spawn - start tasks
 * @size: sizeof(struct ktask_spawn)
 * @flags: must be 0
 * @nr: how many descriptors there are, 1 to %KTASK_SPAWN_MAX
 * @desc_size: sizeof(struct ktask_desc)
 * @descs: pointer to an array of &struct ktask_desc
 * @spawned: out: how many tasks were started: the first so many
 * @error: out: 0, or the negative errno for which the next one was not
 *
 * Fails, with the errno that is also in @error, only when the first one could
 * not be started; or with EFAULT, perhaps with tasks started, when another thread
 * takes away the memory of this structure during the call.
 */
struct ktask_spawn {
	__u32 size;
	__u32 flags;
	__u32 nr;
	__u32 desc_size;
	__aligned_u64 descs;
	__u32 spawned;
	__s32 error;
};

#define KTASK_SPAWN	_IO(KTASK_IOC_TYPE, KTASK_CMD_SPAWN)

/**
 * enum ktask_outcome - how a task ended
 * @KTASK_RETURNED: the op ran to its end: result is its value, or its own
 *	negative errno
 * @KTASK_CANCELLED: it was aborted first: result is -ECANCELED
 * @KTASK_FAILED: it could not be run: result is the negative errno
 */
enum ktask_outcome {
	KTASK_RETURNED = 0,
	KTASK_CANCELLED,
	KTASK_FAILED
};

/**
 * struct ktask_completion - what became of one task
 * @id: the task
 * @user_data: as given in its descriptor
 * @result: see &enum ktask_outcome
 * @outcome: one of &enum ktask_outcome
 * @out_len: bytes of output in @out
 * @reserved: 0
 * @out: the op's output
 */
struct ktask_completion {
	__aligned_u64 id;
	__aligned_u64 user_data;
	__s64 result;
	__u32 outcome;
	__u32 out_len;
	__aligned_u64 reserved[4];
	__u8 out[KTASK_OUT_MAX];
};

/**
 * struct ktask_join - wait for a task and take its completion
 * @size: sizeof(struct ktask_join)
 * @flags: must be 0
 * @id: the task; 0: whichever ends first, as read(2) would give it
 * @timeout_ns: how long to wait; 0: not at all; -1: until it ends
 * @completion: pointer to a &struct ktask_completion
 *
 * A completion that a joiner waits for by its id is not given to others. When
 * several threads join one task, one gets its completion and the rest ENOENT.
 * With @id 0, ENOENT means that the set is empty.
 * On an O_NONBLOCK file -1 does not wait either, and fails with EAGAIN.
 */
struct ktask_join {
	__u32 size;
	__u32 flags;
	__aligned_u64 id;
	__s64 timeout_ns;
	__aligned_u64 completion;
};

#define KTASK_JOIN	_IO(KTASK_IOC_TYPE, KTASK_CMD_JOIN)

/* struct ktask_abort.flags: every task of the set; id must be 0 */
#define KTASK_ABORT_ALL		0x1

/**
 * struct ktask_abort - ask tasks to end
 * @size: sizeof(struct ktask_abort)
 * @flags: 0 or %KTASK_ABORT_ALL
 * @id: the task
 *
 * Does not wait: the task's completion tells when it has ended, and how.
 * Asking again is not an error until the task has ended.
 */
struct ktask_abort {
	__u32 size;
	__u32 flags;
	__aligned_u64 id;
};

#define KTASK_ABORT	_IO(KTASK_IOC_TYPE, KTASK_CMD_ABORT)

/**
 * struct ktask_args_nop - op "nop": end at once
 * @result: what the task shall return
 */
struct ktask_args_nop {
	__s64 result;
};

/**
 * struct ktask_args_sleep - op "sleep": end after a time, with result 0
 * @duration_ns: how long
 */
struct ktask_args_sleep {
	__aligned_u64 duration_ns;
};

/* Bytes for the name of an algorithm of the kernel's crypto API, with the zero */
#define KTASK_ALG_MAX		64

/**
 * struct ktask_args_hash - op "hash": digest of a file or of a part of it
 * @fd: a regular file or block device, open for reading
 * @flags: must be 0
 * @offset: where to begin, in bytes
 * @length: how many bytes; 0: to the end of the file
 * @alg: an algorithm of the kernel's crypto API such as "sha256"
 *
 * The result is the number of bytes hashed, fewer than @length if the file is
 * shorter; the output is the digest.
 *
 * Spawn fails with EBADF (not a descriptor, or not open for reading), EISDIR
 * (a directory), ESPIPE (a pipe, a socket or a terminal), EINVAL (a file that
 * the kernel cannot read for us, an @alg that is not terminated, or a range
 * beyond the largest file), EOPNOTSUPP (the kernel has no such algorithm, or
 * its digest is over %KTASK_OUT_MAX).
 */
struct ktask_args_hash {
	__s32 fd;
	__u32 flags;
	__aligned_u64 offset;
	__aligned_u64 length;
	char alg[KTASK_ALG_MAX];
};

#endif /* _UAPI_LINUX_KTASK_H */
