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
 * Within the set, tasks may depend on each other, and be put into groups.
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
 *             completion has been taken; or there is no such group, or op
 * EALREADY    abort: the task has already ended
 * ETIMEDOUT   join: the time ran out, the task goes on
 * EAGAIN      nothing to take yet and the file is O_NONBLOCK; or, for spawn,
 *             the set or the group holds as many tasks as it may
 * EDQUOT      the user has as many tasks, or as much memory in them, as may be
 * EPERM       not with the caller's rights; or the file has been restricted
 * EBUSY       the task has not ended; or the group has tasks
 * EMSGSIZE    join: there is no room for the output, the completion is not taken
 * ENXIO       the CPU is offline
 * ENOSPC      there are as many groups as may be
 * EBADF       not a descriptor, or not one of the kind that is needed
 * EMFILE      the process has no descriptor left, ENFILE: the system has none
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
#define KTASK_ABI_VERSION	2

#define KTASK_IOC_TYPE		'J'

enum {
	KTASK_CMD_INFO = 0,
	KTASK_CMD_OP_INFO,
	KTASK_CMD_SPAWN,
	KTASK_CMD_JOIN,
	KTASK_CMD_ABORT,
	KTASK_CMD_DETACH,
	KTASK_CMD_JOIN_ANY,
	KTASK_CMD_OUTPUT,
	KTASK_CMD_STATUS,
	KTASK_CMD_LIST,
	KTASK_CMD_GROUP,
	KTASK_CMD_FD,
	KTASK_CMD_EVENTFD,
	KTASK_CMD_RESTRICT
};

/* Bytes for the name of an op, an argument or a task, with the final zero. */
#define KTASK_NAME_MAX		32

/* Bytes of output that a completion can carry. */
#define KTASK_OUT_MAX		64

/* Bytes of output that a task can have, and of data that it can be given. */
#define KTASK_DATA_MAX		0x100000

/* Descriptors that one KTASK_SPAWN takes at most. */
#define KTASK_SPAWN_MAX		4096

/* Predecessors that a task can have, and ids that one KTASK_JOIN_ANY takes. */
#define KTASK_IDS_MAX		4096

/* Groups that a file can have. */
#define KTASK_GROUPS_MAX	65536

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
 * @helped: out: of these, how often by a thread that waited for it
 * @files: out: open files of /dev/ktask
 * @file_tasks: out: tasks of these files whose completion is not yet taken, or
 *	whose output is kept
 * @user_tasks: out: of these, tasks that the caller's user spawned
 * @user_bytes: out: bytes of data and output that the user's tasks hold, and of
 *	what they wait for, and groups
 * @user_run_ns: out: CPU time that the user's tasks have taken, those that have
 *	ended, since the user last had no file of the device open
 * @max_user_tasks: out: what @user_tasks may be
 * @max_user_bytes: out: what @user_bytes may be
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
	__aligned_u64 user_tasks;
	__aligned_u64 user_bytes;
	__aligned_u64 user_run_ns;
	__aligned_u64 max_user_tasks;
	__aligned_u64 max_user_bytes;
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
 * @KTASK_ARG_DATA: &struct ktask_data
 */
enum ktask_arg_type {
	KTASK_ARG_U32 = 1,
	KTASK_ARG_U64,
	KTASK_ARG_S64,
	KTASK_ARG_NS,
	KTASK_ARG_FD,
	KTASK_ARG_STRING,
	KTASK_ARG_DATA
};

/* The op has no sensible meaning without this argument. */
#define KTASK_ARG_REQUIRED	0x1
/* Of a descriptor: it must be open for writing, and need not be for reading. */
#define KTASK_ARG_WRITE		0x2
/* Of a descriptor: any will do, however it is open. */
#define KTASK_ARG_ANY_FD	0x4

/**
 * struct ktask_data - bytes that an op is given
 * @ptr: pointer to them; copied before the call returns
 * @len: how many, up to %KTASK_DATA_MAX
 */
struct ktask_data {
	__aligned_u64 ptr;
	__aligned_u64 len;
};

/**
 * struct ktask_arg_info - one argument of an op
 * @name: what it is called
 * @type: one of &enum ktask_arg_type
 * @flags: %KTASK_ARG_REQUIRED, %KTASK_ARG_WRITE, %KTASK_ARG_ANY_FD
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

/* struct ktask_op_info.op_flags: it can take the output of another task */
#define KTASK_OP_TAKES_INPUT	0x1

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
 * @op_flags: out: %KTASK_OP_TAKES_INPUT
 * @reserved: 0
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
	__u32 op_flags;
	__u32 reserved;
};

#define KTASK_OP_INFO	_IO(KTASK_IOC_TYPE, KTASK_CMD_OP_INFO)

/* Bits of struct ktask_after.flags */

/* In whatever way the other ends; else only if it returns 0 or more. */
#define KTASK_AFTER_ANY		0x1
/* @id is an index into the array of this call: an earlier one. */
#define KTASK_AFTER_INDEX	0x2
/* The other's output is this task's input, behind that of those named before. */
#define KTASK_AFTER_INPUT	0x4

/**
 * struct ktask_after - a task after whose end another one is to run
 * @id: the task, see @flags
 * @flags: %KTASK_AFTER_ANY, %KTASK_AFTER_INDEX, %KTASK_AFTER_INPUT
 * @reserved: must be 0
 *
 * As each names tasks that are there before it, there can be no circle.
 */
struct ktask_after {
	__aligned_u64 id;
	__u32 flags;
	__u32 reserved;
};

/**
 * enum ktask_priority - which tasks come first
 * @KTASK_PRIORITY_NORMAL: as most work of the kernel
 * @KTASK_PRIORITY_HIGH: before that; needs CAP_SYS_NICE
 * @KTASK_PRIORITY_IDLE: when the CPU has little else to do
 */
enum ktask_priority {
	KTASK_PRIORITY_NORMAL = 0,
	KTASK_PRIORITY_HIGH,
	KTASK_PRIORITY_IDLE
};

/* Bits of struct ktask_desc.flags */

/* Nobody will join it: it leaves no completion. */
#define KTASK_DESC_DETACHED	0x1
/* It runs on the CPU @cpu, and nowhere else while that is online. */
#define KTASK_DESC_ON_CPU	0x2
/* @timeout_ns is a time of CLOCK_MONOTONIC: a deadline. */
#define KTASK_DESC_DEADLINE	0x4
/* @delay_ns is a time of CLOCK_MONOTONIC: when to start. */
#define KTASK_DESC_START_AT	0x8

/**
 * struct ktask_desc - a task to be spawned
 * @flags: %KTASK_DESC_DETACHED, %KTASK_DESC_ON_CPU, %KTASK_DESC_DEADLINE,
 *	%KTASK_DESC_START_AT
 * @op: number of the op, from %KTASK_OP_INFO
 * @user_data: comes back with the completion
 * @args: pointer to the op's argument structure; copied before the call returns
 * @args_size: bytes there: extensible by the same rule as the ioctls
 * @group: the group that it shall be in, from %KTASK_GROUP; or 0
 * @name: a name for listings, zero-terminated; may be empty
 * @id: out: the task's id: not 0, and not used again in this file
 * @delay_ns: how long to wait before it may run; counted from the spawn
 * @timeout_ns: how long after the spawn it is aborted, unless it has ended; 0:
 *	never
 * @after: pointer to @nr_after of &struct ktask_after, or 0
 * @nr_after: how many tasks it is to run after, up to %KTASK_IDS_MAX
 * @priority: one of &enum ktask_priority
 * @cpu: see %KTASK_DESC_ON_CPU; else 0
 * @reserved: must be 0
 *
 * The task runs when all that it is to run after have ended, @delay_ns has
 * passed, and the limits of its group and of the file leave room. If one that
 * must succeed does not, the task is cancelled, and so are those after it.
 */
struct ktask_desc {
	__u32 flags;
	__u32 op;
	__aligned_u64 user_data;
	__aligned_u64 args;
	__u32 args_size;
	__u32 group;
	char name[KTASK_NAME_MAX];
	__aligned_u64 id;
	__aligned_u64 delay_ns;
	__aligned_u64 timeout_ns;
	__aligned_u64 after;
	__u32 nr_after;
	__u32 priority;
	__u32 cpu;
	__u32 reserved;
};

/* Bits of struct ktask_spawn.flags */

/*
 * Do not wait for room in the set or in a group, as with O_NONBLOCK. A spawn
 * beyond the module's parameter max_tasks never waits.
 */
#define KTASK_SPAWN_NOWAIT	0x1
/*
 * All or none: if one cannot be started, none has been; and none runs before all
 * are known to the kernel. Does not wait for room either.
 */
#define KTASK_SPAWN_ALL		0x2

/**
 * struct ktask_spawn - start tasks, and perhaps wait for completions
 * @size: sizeof(struct ktask_spawn)
 * @flags: %KTASK_SPAWN_NOWAIT, %KTASK_SPAWN_ALL
 * @nr: how many descriptors there are, 1 to %KTASK_SPAWN_MAX; or 0, if
 *	@max_completions is not 0
 * @desc_size: sizeof(struct ktask_desc)
 * @descs: pointer to an array of &struct ktask_desc
 * @spawned: out: how many tasks were started: the first so many
 * @error: out: 0, or the negative errno for which the next one was not
 * @completions: pointer to room for @max_completions of &struct
 *	ktask_completion, or 0
 * @max_completions: how many to take at most, of whichever tasks of the set end
 *	first; less than 2 GiB of them
 * @min_completions: how many to wait for. If it is not 0, the calling thread may
 *	do some of the tasks' work itself
 * @timeout_ns: how long to wait for these; 0: not at all; -1: until they are
 *	there
 * @completed: out: how many were taken
 * @wait_error: out: 0, or the negative errno for which not @min_completions
 *	were: ETIMEDOUT, EINTR, EFAULT, EAGAIN (timeout -1 on an O_NONBLOCK file),
 *	ENOENT (no task is left)
 *
 * If not all tasks were started, the call does not wait for completions, but
 * takes those that are there.
 *
 * Fails, with the errno that is also in @error, only when the first one could
 * not be started; or, if there is none to start, with that in @wait_error when
 * no completion was taken; or with EFAULT, perhaps with tasks started, when
 * another thread takes away the memory of this structure during the call.
 */
struct ktask_spawn {
	__u32 size;
	__u32 flags;
	__u32 nr;
	__u32 desc_size;
	__aligned_u64 descs;
	__u32 spawned;
	__s32 error;
	__aligned_u64 completions;
	__u32 max_completions;
	__u32 min_completions;
	__s64 timeout_ns;
	__u32 completed;
	__s32 wait_error;
};

#define KTASK_SPAWN	_IO(KTASK_IOC_TYPE, KTASK_CMD_SPAWN)

/*
 * IORING_OP_URING_CMD on the device: the command number, and what the command's
 * area of the SQE holds. Starts one task; the CQE comes when it has ended, its
 * res the task's result, as far as it fits (else INT_MAX or INT_MIN), and for a
 * ring with 32-byte CQEs all of it in big_cqe[0]. If the task cannot be started,
 * res is the negative errno that a spawn would fail with; it does not wait for
 * room (EAGAIN). The task is not joined by other means, and has no completion to
 * be read; %KTASK_DESC_DETACHED is refused.
 *
 * io_uring cancels the command when the ring is closed, or when the program that
 * submitted it becomes another; then the task is aborted and the CQE, if anybody
 * is there to see it, does not wait for it. IORING_OP_ASYNC_CANCEL finds a command
 * with IOSQE_ASYNC, for which a thread of io_uring's waits; any can be ended by
 * %KTASK_ABORT, or by a timeout in its descriptor.
 */
#define KTASK_URING_SPAWN \
	_IOW(KTASK_IOC_TYPE, KTASK_CMD_SPAWN, struct ktask_desc)

/**
 * struct ktask_uring_spawn - what the SQE holds
 * @desc: pointer to a &struct ktask_desc of the size that is in the command
 *	number. With what it points to, it is read when io_uring issues the command:
 *	before the submission returns, but for what is linked behind another or
 *	drained, has IOSQE_ASYNC, or is found by a thread that polls the SQ. Its id
 *	is not written
 * @completion: pointer to room for a &struct ktask_completion, or 0. Its id is
 *	filled in when the task is started, and not if it cannot be; the rest
 *	before the CQE is posted, whose res is -EFAULT if that cannot be: so also
 *	when the thread that submitted the command has ended. An output longer
 *	than it can carry is kept for %KTASK_OUTPUT; with 0 it is lost
 */
struct ktask_uring_spawn {
	__aligned_u64 desc;
	__aligned_u64 completion;
};

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
 * enum ktask_cause - why a task was cancelled
 * @KTASK_CAUSE_NONE: it was not
 * @KTASK_CAUSE_ABORT: by %KTASK_ABORT, or another call that aborts
 * @KTASK_CAUSE_TIMEOUT: its time was up
 * @KTASK_CAUSE_AFTER: a task that it was to run after has not succeeded
 */
enum ktask_cause {
	KTASK_CAUSE_NONE = 0,
	KTASK_CAUSE_ABORT,
	KTASK_CAUSE_TIMEOUT,
	KTASK_CAUSE_AFTER
};

/**
 * struct ktask_completion - what became of one task
 * @id: the task
 * @user_data: as given in its descriptor
 * @result: see &enum ktask_outcome
 * @outcome: one of &enum ktask_outcome
 * @out_len: bytes of output
 * @cause: one of &enum ktask_cause
 * @reserved: 0
 * @out: the output's first %KTASK_OUT_MAX bytes. If @out_len is more, the whole
 *	is kept for %KTASK_OUTPUT, unless it has been taken with the completion
 */
struct ktask_completion {
	__aligned_u64 id;
	__aligned_u64 user_data;
	__s64 result;
	__u32 outcome;
	__u32 out_len;
	__u32 cause;
	__u32 reserved[7];
	__u8 out[KTASK_OUT_MAX];
};

/**
 * struct ktask_join - wait for a task and take its completion
 * @size: sizeof(struct ktask_join)
 * @flags: must be 0
 * @id: the task; 0: whichever ends first, as read(2) would give it
 * @timeout_ns: how long to wait; 0: not at all; -1: until it ends
 * @completion: pointer to a &struct ktask_completion
 * @out: pointer to room for the whole output, or 0
 * @out_size: bytes there
 * @group: with @id 0: whichever of this group ends first; 0: of the set
 * @reserved: must be 0
 *
 * A completion that a joiner waits for by its id is not given to others. When
 * several threads join one task, one gets its completion and the rest ENOENT.
 * With @id 0, ENOENT means that the set, or the group, is empty.
 * On an O_NONBLOCK file -1 does not wait either, and fails with EAGAIN.
 *
 * With @out, an output longer than @out_size makes it fail with EMSGSIZE: then
 * @completion tells which task it is, and how long its output; it is as if not
 * taken. Without @out, an output that is longer than the completion can carry is
 * kept for %KTASK_OUTPUT.
 */
struct ktask_join {
	__u32 size;
	__u32 flags;
	__aligned_u64 id;
	__s64 timeout_ns;
	__aligned_u64 completion;
	__aligned_u64 out;
	__aligned_u64 out_size;
	__u32 group;
	__u32 reserved;
};

#define KTASK_JOIN	_IO(KTASK_IOC_TYPE, KTASK_CMD_JOIN)

/* struct ktask_abort.flags: every task of the set; id must be 0 */
#define KTASK_ABORT_ALL		0x1
/* struct ktask_abort.flags: every task of the group whose number is in id */
#define KTASK_ABORT_GROUP	0x2

/**
 * struct ktask_abort - ask tasks to end
 * @size: sizeof(struct ktask_abort)
 * @flags: 0, %KTASK_ABORT_ALL or %KTASK_ABORT_GROUP
 * @id: the task, or see @flags
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
 * struct ktask_detach - give up the completion of a task
 * @size: sizeof(struct ktask_detach)
 * @flags: must be 0
 * @id: the task
 *
 * The task goes on, still one of the set: the last close aborts it. Who waits
 * for it by its id gets ENOENT when it has ended, and who waits for any task of
 * what is now an empty set at once.
 */
struct ktask_detach {
	__u32 size;
	__u32 flags;
	__aligned_u64 id;
};

#define KTASK_DETACH	_IO(KTASK_IOC_TYPE, KTASK_CMD_DETACH)

/* struct ktask_join_any.flags: abort the others when one has ended */
#define KTASK_JOIN_ANY_ABORT_REST	0x1

/**
 * struct ktask_join_any - wait for the first of several tasks, and take its
 *	completion
 * @size: sizeof(struct ktask_join_any)
 * @flags: %KTASK_JOIN_ANY_ABORT_REST
 * @ids: pointer to an array of __u64: the tasks
 * @nr: how many, 1 to %KTASK_IDS_MAX
 * @index: out: which of them it is; or, with ENOENT, which is not there
 * @timeout_ns: as for %KTASK_JOIN
 * @completion: pointer to a &struct ktask_completion
 *
 * If several have ended, the one that ended first. While it waits, none of the
 * completions is given to others, but for those that join by id too.
 */
struct ktask_join_any {
	__u32 size;
	__u32 flags;
	__aligned_u64 ids;
	__u32 nr;
	__u32 index;
	__s64 timeout_ns;
	__aligned_u64 completion;
};

#define KTASK_JOIN_ANY	_IO(KTASK_IOC_TYPE, KTASK_CMD_JOIN_ANY)

/* struct ktask_output.flags: leave it there, to be fetched again */
#define KTASK_OUTPUT_KEEP	0x1

/**
 * struct ktask_output - fetch the output of a task
 * @size: sizeof(struct ktask_output)
 * @flags: %KTASK_OUTPUT_KEEP
 * @id: a task that has ended
 * @offset: where to begin in the output; EINVAL if that is beyond its end
 * @buf: pointer to room for it
 * @len: in: bytes there; out: bytes copied
 * @total: out: bytes of the whole output
 *
 * EBUSY if the task has not ended. After its completion has been taken without
 * the whole of the output, that is there until it is fetched here without
 * %KTASK_OUTPUT_KEEP, and the task counts against the limits of the user, but not
 * any more against those of set and group. Before that, it is always left there.
 */
struct ktask_output {
	__u32 size;
	__u32 flags;
	__aligned_u64 id;
	__aligned_u64 offset;
	__aligned_u64 buf;
	__aligned_u64 len;
	__aligned_u64 total;
};

#define KTASK_OUTPUT	_IO(KTASK_IOC_TYPE, KTASK_CMD_OUTPUT)

/**
 * enum ktask_state - what a task is doing
 * @KTASK_STATE_HELD: it waits for others to end
 * @KTASK_STATE_DELAYED: it waits for its time to start
 * @KTASK_STATE_LIMITED: it waits for room: as many run as may
 * @KTASK_STATE_QUEUED: it waits for a CPU
 * @KTASK_STATE_RUNNING: it has one, or a thread of its own
 * @KTASK_STATE_WAITING: it awaits something
 * @KTASK_STATE_ENDED: it has ended; its completion has not been taken
 */
enum ktask_state {
	KTASK_STATE_HELD = 1,
	KTASK_STATE_DELAYED,
	KTASK_STATE_LIMITED,
	KTASK_STATE_QUEUED,
	KTASK_STATE_RUNNING,
	KTASK_STATE_WAITING,
	KTASK_STATE_ENDED
};

/**
 * struct ktask_task - a task, for listings
 * @file: number of the open file that it belongs to
 * @id: its id there
 * @user_data: as in its descriptor; 0 in listings of all files
 * @spawned_ns: when it was spawned, CLOCK_MONOTONIC, to a tick of the clock
 * @run_ns: CPU time that it has taken so far
 * @result: if it has ended: see &enum ktask_outcome
 * @state: one of &enum ktask_state
 * @outcome: if it has ended: one of &enum ktask_outcome
 * @cause: if it was cancelled: one of &enum ktask_cause
 * @op: number of its op
 * @group: its group, or 0
 * @priority: one of &enum ktask_priority
 * @uid: the user that it works for
 * @pid: the process that opened the file; 0 if that cannot be seen from here
 * @waits_for: tasks that must end before it runs
 * @out_len: if it has ended: bytes of output
 * @name: its name; may be empty
 * @op_name: its op's name
 */
struct ktask_task {
	__aligned_u64 file;
	__aligned_u64 id;
	__aligned_u64 user_data;
	__aligned_u64 spawned_ns;
	__aligned_u64 run_ns;
	__s64 result;
	__u32 state;
	__u32 outcome;
	__u32 cause;
	__u32 op;
	__u32 group;
	__u32 priority;
	__u32 uid;
	__u32 pid;
	__u32 waits_for;
	__u32 out_len;
	char name[KTASK_NAME_MAX];
	char op_name[KTASK_NAME_MAX];
};

/**
 * struct ktask_status - what one task is doing
 * @size: sizeof(struct ktask_status)
 * @flags: must be 0
 * @id: the task
 * @task: pointer to a &struct ktask_task
 * @task_size: bytes there; what the kernel does not know becomes zero
 * @reserved: must be 0
 */
struct ktask_status {
	__u32 size;
	__u32 flags;
	__aligned_u64 id;
	__aligned_u64 task;
	__u32 task_size;
	__u32 reserved;
};

#define KTASK_STATUS	_IO(KTASK_IOC_TYPE, KTASK_CMD_STATUS)

/*
 * struct ktask_list.flags: those of all files, as far as the caller may see them:
 * its user's; with CAP_SYS_ADMIN everybody's
 */
#define KTASK_LIST_ALL		0x1

/**
 * struct ktask_list - list tasks
 * @size: sizeof(struct ktask_list)
 * @flags: 0: those of this file; or %KTASK_LIST_ALL
 * @file: in: with @id: the task after which to begin; at first 0. out: the last
 *	that was listed
 * @id: see @file
 * @tasks: pointer to an array of &struct ktask_task
 * @task_size: sizeof(struct ktask_task); see &struct ktask_status
 * @nr: in: how many there is room for; out: how many were listed; 0: no more
 *
 * Tasks come and go meanwhile: a list is right for each task by itself.
 */
struct ktask_list {
	__u32 size;
	__u32 flags;
	__aligned_u64 file;
	__aligned_u64 id;
	__aligned_u64 tasks;
	__u32 task_size;
	__u32 nr;
};

#define KTASK_LIST	_IO(KTASK_IOC_TYPE, KTASK_CMD_LIST)

/* struct ktask_group.flags: make a group; its number is put into @group */
#define KTASK_GROUP_NEW		0x1
/* struct ktask_group.flags: set the limits */
#define KTASK_GROUP_SET		0x2
/* struct ktask_group.flags: remove the group, which must have no tasks */
#define KTASK_GROUP_REMOVE	0x4

/**
 * struct ktask_group - a group of tasks of one file
 * @size: sizeof(struct ktask_group)
 * @flags: 0: only tell; or one of %KTASK_GROUP_NEW, %KTASK_GROUP_SET,
 *	%KTASK_GROUP_REMOVE
 * @group: the group; 0: the whole set, which cannot be removed
 * @max_running: in and out: how many may run at once; 0: any number. The rest
 *	wait, first come first served. Those at work are left alone by a change
 * @max_tasks: in and out: how many may be there whose completion is not taken;
 *	0: any number. A spawn beyond that waits until there is room, or fails
 *	with EAGAIN, see %KTASK_SPAWN_NOWAIT
 * @nr_tasks: out: how many there are
 * @nr_running: out: of these, how many run: all that nothing holds back
 * @reserved: must be 0
 */
struct ktask_group {
	__u32 size;
	__u32 flags;
	__u32 group;
	__u32 max_running;
	__u32 max_tasks;
	__u32 nr_tasks;
	__u32 nr_running;
	__u32 reserved;
};

#define KTASK_GROUP	_IO(KTASK_IOC_TYPE, KTASK_CMD_GROUP)

/**
 * struct ktask_fd - make a descriptor that stands for one task, or for a group
 * @size: sizeof(struct ktask_fd)
 * @flags: must be 0
 * @id: the task; or 0, for a group
 * @group: the group; or 0, for a task
 * @fd: out: the descriptor, close-on-exec
 *
 * The descriptor may be given to another process: it gives nobody more than is
 * said here, and keeps neither the task nor the set alive.
 *
 * Of a task: it polls readable when the task has ended, from then on. read(2)
 * waits for that and gives its completion, as often as one likes; the set's
 * own completion is not taken by that.
 *
 * Of a group: it polls readable when a completion of the group can be taken.
 * read(2) takes such ones, as it does from the set. When the set is closed, it
 * polls as hung up, and read(2) gives 0.
 */
struct ktask_fd {
	__u32 size;
	__u32 flags;
	__aligned_u64 id;
	__u32 group;
	__s32 fd;
};

#define KTASK_FD	_IO(KTASK_IOC_TYPE, KTASK_CMD_FD)

/**
 * struct ktask_eventfd - have an eventfd(2) count completions
 * @size: sizeof(struct ktask_eventfd)
 * @flags: must be 0
 * @fd: the eventfd; -1: none any more
 * @group: those of this group; 0: those of the set
 *
 * One is added for each completion that can be read from then on. The descriptor
 * may be closed.
 */
struct ktask_eventfd {
	__u32 size;
	__u32 flags;
	__s32 fd;
	__u32 group;
};

#define KTASK_EVENTFD	_IO(KTASK_IOC_TYPE, KTASK_CMD_EVENTFD)

/* struct ktask_restrict.flags: the set's own limits cannot be set any more */
#define KTASK_RESTRICT_LIMITS	0x1

/**
 * struct ktask_restrict - take rights away from an open file, for good
 * @size: sizeof(struct ktask_restrict)
 * @flags: %KTASK_RESTRICT_LIMITS
 * @ops: pointer to an array of __u32: the ops that may still be spawned
 * @nr: how many, up to %KTASK_RESTRICT_MAX; 0: none
 * @reserved: must be 0
 *
 * To be called before the descriptor is given to a process that is trusted less;
 * it is the open file that is restricted, not the process. A second call can
 * only take away more. A spawn of another op then fails with EPERM.
 */
struct ktask_restrict {
	__u32 size;
	__u32 flags;
	__aligned_u64 ops;
	__u32 nr;
	__u32 reserved;
};

#define KTASK_RESTRICT_MAX	256

#define KTASK_RESTRICT	_IO(KTASK_IOC_TYPE, KTASK_CMD_RESTRICT)

/**
 * struct ktask_args_nop - op "nop": end at once
 * @result: what the task shall return
 *
 * Its output is its input.
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
 * @fd: a regular file or block device, open for reading; -1, if the task is
 *	handed an input: hash that
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
 * the kernel cannot read for us, see &struct ktask_args_read; an @alg that is
 * not terminated; a range beyond the largest file; an input beside a file),
 * EOPNOTSUPP (the kernel has no such algorithm, or its digest is over
 * %KTASK_OUT_MAX).
 */
struct ktask_args_hash {
	__s32 fd;
	__u32 flags;
	__aligned_u64 offset;
	__aligned_u64 length;
	char alg[KTASK_ALG_MAX];
};

/* An offset: where the open file is, which then moves, as for read(2). */
#define KTASK_OFFSET_FILE	(~(__u64)0)

/**
 * struct ktask_args_read - op "read": bytes of a file, pipe, socket, terminal
 * @fd: open for reading
 * @flags: must be 0
 * @offset: where to begin, in bytes; or %KTASK_OFFSET_FILE. What cannot be
 *	read at an offset takes %KTASK_OFFSET_FILE only
 * @length: how many bytes at most, 1 to %KTASK_DATA_MAX
 *
 * The result is the number of bytes read, 0 at the end; the output is these. It
 * reads once, as read(2) does, but goes on after a short read of a regular file
 * or block device until that ends. If there is nothing yet, it waits, and has a
 * thread of which a user gets a few; so have it run after a "poll". For a file
 * that is O_NONBLOCK, the result is -EAGAIN.
 *
 * Spawn fails with EBADF (not a descriptor, or not open for reading), EISDIR (a
 * directory), ESPIPE (an offset for what has none), EINVAL (@length is out of
 * range, the range lies beyond the largest file, or the kernel cannot read the
 * file for us: among these are files that are O_DIRECT, files of /dev/ktask,
 * signalfds, userfaultfds, those in /proc about a process, and all in /proc/sys).
 */
struct ktask_args_read {
	__s32 fd;
	__u32 flags;
	__aligned_u64 offset;
	__aligned_u64 length;
};

/**
 * struct ktask_args_write - op "write": write bytes
 * @fd: open for writing
 * @flags: must be 0
 * @offset: where to begin, in bytes; or %KTASK_OFFSET_FILE, see &struct
 *	ktask_args_read
 * @data: what to write. The input, if there is one: then it must be empty
 *
 * The result is the number of bytes written: all, unless an error or an abort
 * comes after some, as for write(2); which it is like in all else, such as
 * O_APPEND, O_NONBLOCK and the caller's RLIMIT_FSIZE, but that there are no
 * signals: with no reader left, the result is -EPIPE.
 *
 * Spawn fails with EBADF (not a descriptor, or not open for writing), ESPIPE (an
 * offset for what has none), EFBIG (the range lies beyond the largest file),
 * EINVAL (data beside an input, data longer than %KTASK_DATA_MAX, or the kernel
 * cannot write the file for us: as for &struct ktask_args_read, and eventfds).
 */
struct ktask_args_write {
	__s32 fd;
	__u32 flags;
	__aligned_u64 offset;
	struct ktask_data data;
};

/* struct ktask_args_fsync.flags: as fdatasync(2) */
#define KTASK_FSYNC_DATA	0x1

/**
 * struct ktask_args_fsync - op "fsync": have a file on its disk; result 0
 * @fd: the file
 * @flags: 0 or %KTASK_FSYNC_DATA
 *
 * An abort that finds it at work waits for the disk.
 *
 * Spawn fails with EBADF (not a descriptor), EINVAL (not a file that can be
 * synchronized).
 */
struct ktask_args_fsync {
	__s32 fd;
	__u32 flags;
};

/**
 * struct ktask_args_copy - op "copy": copy from one file to another
 * @fd_in: a regular file, open for reading
 * @fd_out: a regular file, open for writing, not for appending
 * @flags: must be 0
 * @reserved: must be 0
 * @offset_in: where to begin to read, in bytes
 * @offset_out: where to begin to write
 * @length: how many bytes; 0: to the end of @fd_in
 *
 * As copy_file_range(2), which may share blocks or have a server copy; where that
 * cannot be, by reading and writing. Holes stay holes where the file system can
 * tell. The result is the number of bytes copied, holes included, fewer than
 * @length if @fd_in is shorter; or the first error. After that, or an abort, what
 * has been copied is there.
 *
 * Spawn fails with EBADF (not a descriptor, not open as needed, or open for
 * appending), EISDIR (a directory), EINVAL (not regular files, or such as the
 * kernel cannot read or write for us; a range beyond the largest file; ranges of
 * one file that overlap), ETXTBSY (swap space).
 */
struct ktask_args_copy {
	__s32 fd_in;
	__s32 fd_out;
	__u32 flags;
	__u32 reserved;
	__aligned_u64 offset_in;
	__aligned_u64 offset_out;
	__aligned_u64 length;
};

/**
 * struct ktask_args_poll - op "poll": wait until a descriptor is ready
 * @fd: what to wait for
 * @events: POLLIN, POLLOUT and so on, as for poll(2); POLLERR and POLLHUP are
 *	always waited for
 *
 * The result is those of the events that have happened. Holds no thread while it
 * waits. A descriptor that cannot be polled, such as that of a regular file, is
 * always ready. That of an epoll(7) is ready if it was when the task was spawned,
 * or has become so since.
 *
 * Spawn fails with EBADF (not a descriptor), EINVAL (an event that does not
 * exist, or a file of /dev/ktask), EOPNOTSUPP (a signalfd, or a file of FUSE,
 * which can be asked by a process only). The result is -EOPNOTSUPP if the file
 * has more than four wait queues, which is unheard of.
 */
struct ktask_args_poll {
	__s32 fd;
	__u32 events;
};

#endif /* _UAPI_LINUX_KTASK_H */
