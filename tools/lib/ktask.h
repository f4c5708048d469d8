/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libktask: tasks that run in the kernel, through /dev/ktask.
 *
 * A task set owns tasks: they are spawned into it, and their completions come
 * out of it, each exactly once: in the order in which the tasks end, or one that
 * is asked for by its id. Closing the set aborts what is left and waits for it.
 * Within a set tasks may run after each other, be limited, and be in groups.
 *
 * The structures and constants of <linux/ktask.h>, which this file includes, are
 * those of the kernel: a task to be spawned is a struct ktask_desc, what became
 * of it is a struct ktask_completion. See ktask(7) for the model.
 *
 * Errors are returned as negative errno values; errno itself means nothing
 * after a call, and nothing is ever printed. Unless said otherwise a function
 * may be called from any number of threads at once, on the same set too, and
 * is not async-signal-safe. None is a cancellation point to rely on.
 *
 * Times are nanoseconds of CLOCK_MONOTONIC. A call that waits is not ended by
 * a signal: it goes on for the time that remains. A program that wants signals
 * to end its waits polls ktask_set_fd() beside a signalfd(2).
 */
#ifndef KTASK_H
#define KTASK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/ktask.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KTASK_API __attribute__((visibility("default")))

/* A timeout: wait until it happens. */
#define KTASK_FOREVER		((int64_t)-1)

/* ktask_set_open(): KTASK_FOREVER does not wait but fails with -EAGAIN. */
#define KTASK_SET_NONBLOCK	(1U << 0)

struct ktask_set;
struct ktask_graph;

/* --- Sets --- */

/**
 * ktask_set_open() - create a task set
 * @set: where to put it; NULL is put there on failure
 * @flags: 0 or %KTASK_SET_NONBLOCK
 *
 * Opens /dev/ktask, close-on-exec. A child process that inherits the set by
 * fork(2) shares it: tasks are then left until both have closed it.
 *
 * Return: 0, or
 * -ENOENT, -ENXIO, -ENODEV: the kernel module is not loaded;
 * -EACCES, -EPERM: the caller may not use it;
 * -EINVAL: unknown @flags;
 * -EMFILE, -ENFILE: too many open files; -ENOMEM: out of memory.
 */
KTASK_API int ktask_set_open(struct ktask_set **set, unsigned int flags);

/**
 * ktask_set_adopt() - make a task set of a descriptor
 * @set: where to put it; NULL is put there on failure
 * @fd: an open file of /dev/ktask, such as one that another process has sent; it
 *	belongs to the set from then on, and on failure still to the caller
 *
 * What is known of it stays as it was: %O_NONBLOCK, close-on-exec, limits and
 * what it has been restricted to.
 *
 * Return: 0, or
 * -EBADF: @fd is not a descriptor; -ENOTTY: it is not one of /dev/ktask;
 * -ENOMEM: out of memory.
 */
KTASK_API int ktask_set_adopt(struct ktask_set **set, int fd);

/**
 * ktask_set_close() - abort the tasks that are left, wait for them, free the set
 * @set: from ktask_set_open(), or NULL
 *
 * No other thread may use @set any more. Completions not yet taken are lost.
 * When the call returns no task of the set runs, unless another process has
 * the set's descriptor too.
 */
KTASK_API void ktask_set_close(struct ktask_set *set);

/**
 * ktask_set_fd() - the set's file descriptor, for poll(2) and epoll(7)
 * @set: the set
 *
 * It polls readable when a completion can be taken; it never polls readable
 * when the set is empty. The set keeps owning it: it must not be closed.
 *
 * Return: the descriptor. Cannot fail; async-signal-safe.
 */
KTASK_API int ktask_set_fd(const struct ktask_set *set);

/**
 * ktask_set_eventfd() - have an eventfd(2) count the completions of a set
 * @set: the set
 * @fd: the eventfd, which may be closed; -1: none any more
 *
 * One is added for each completion that can be taken from then on.
 *
 * Return: 0, or -EBADF: @fd is not an eventfd.
 */
KTASK_API int ktask_set_eventfd(struct ktask_set *set, int fd);

/**
 * ktask_set_restrict() - leave a set only some operations, for good
 * @set: the set
 * @ops: names of the operations that may still be spawned
 * @nr: how many, up to %KTASK_RESTRICT_MAX; 0: none
 * @flags: 0 or %KTASK_RESTRICT_LIMITS: the limits of the set cannot be set any
 *	more
 *
 * For a descriptor that is to be given to a process that is trusted less. It is
 * the open file that is restricted, for whoever has it. Another call can only
 * take away more.
 *
 * Return: 0, or
 * -ENOENT: there is no such operation, nothing has been restricted;
 * -ENAMETOOLONG: a name is too long to be one; -EINVAL: @nr is too large;
 * -EOPNOTSUPP: unknown @flags; -ENOMEM: out of memory.
 */
KTASK_API int ktask_set_restrict(struct ktask_set *set, const char *const *ops,
				 size_t nr, uint32_t flags);

/**
 * ktask_info() - what the kernel module is and what it has done
 * @set: any set
 * @info: filled in
 *
 * Return: 0, or -EFAULT: @info is not memory of the caller.
 */
KTASK_API int ktask_info(struct ktask_set *set, struct ktask_info *info);

/* --- Operations --- */

/**
 * ktask_op_find() - the number of an operation
 * @set: any set; it remembers the answer
 * @name: what the operation is called
 * @op: where to put the number, which descriptors for ktask_spawn_many() need
 *
 * The number is good until the module that offers the operation is unloaded;
 * spawning then fails with -ENOENT. ktask_spawn() copes with that by itself.
 *
 * Return: 0, or -ENOENT: there is no such operation;
 * -ENAMETOOLONG: @name is too long to be one; -ENOMEM: out of memory.
 */
KTASK_API int ktask_op_find(struct ktask_set *set, const char *name, uint32_t *op);

/**
 * ktask_op_get() - what an operation is, and its arguments
 * @set: any set
 * @name: what the operation is called
 * @info: where to put the answer, to be freed with ktask_op_free()
 *
 * Return: 0, or as ktask_op_find().
 */
KTASK_API int ktask_op_get(struct ktask_set *set, const char *name,
			   struct ktask_op_info **info);

/**
 * ktask_op_next() - the operation with the lowest number that is not below one
 * @set: any set
 * @op: the number to begin at: 0, then the last answer's number plus 1
 * @info: where to put the answer, to be freed with ktask_op_free()
 *
 * Return: 0, or -ENOENT: there is none; -ENOMEM: out of memory.
 */
KTASK_API int ktask_op_next(struct ktask_set *set, uint32_t op,
			    struct ktask_op_info **info);

/**
 * ktask_op_args() - the arguments of an operation
 * @info: from ktask_op_get() or ktask_op_next()
 *
 * Return: an array of @info->nr_args, which lives as long as @info.
 */
KTASK_API const struct ktask_arg_info *ktask_op_args(const struct ktask_op_info *info);

/**
 * ktask_op_free() - free what ktask_op_get() or ktask_op_next() gave
 * @info: may be NULL
 */
KTASK_API void ktask_op_free(struct ktask_op_info *info);

/* --- Descriptors of tasks --- */

/**
 * ktask_desc_init() - begin a descriptor
 * @set: any set; see ktask_op_find()
 * @desc: filled in: a task with no name, no limit of time, and none to run after
 * @op: name of the operation
 * @args: the operation's argument structure, which must stay as it is until the
 *	task is spawned, or added to a graph
 * @args_size: its size in bytes
 *
 * Members that need no more than that are set directly, such as @desc->user_data,
 * @desc->group and @desc->priority. For the rest there are the functions below.
 *
 * Return: 0, or
 * -ENOENT: there is no such operation; -ENAMETOOLONG: @op is too long to be one;
 * -E2BIG: @args_size does not fit in the descriptor; -ENOMEM: out of memory.
 */
KTASK_API int ktask_desc_init(struct ktask_set *set, struct ktask_desc *desc,
			      const char *op, const void *args, size_t args_size);

/**
 * ktask_desc_name() - give a task a name for listings
 * @desc: its descriptor
 * @name: the name
 *
 * Return: 0, or -ENAMETOOLONG: it does not fit in %KTASK_NAME_MAX, and has not
 * been set. Async-signal-safe, as all ktask_desc_...() but ktask_desc_init().
 */
KTASK_API int ktask_desc_name(struct ktask_desc *desc, const char *name);

/**
 * ktask_desc_timeout() - have a task aborted some time after its spawn
 * @desc: its descriptor
 * @timeout_ns: how long after that; 0: never
 *
 * It or ktask_desc_deadline(), whichever is called last, counts.
 */
KTASK_API void ktask_desc_timeout(struct ktask_desc *desc, uint64_t timeout_ns);

/**
 * ktask_desc_deadline() - have a task aborted at some time
 * @desc: its descriptor
 * @at_ns: the time, see ktask_now()
 */
KTASK_API void ktask_desc_deadline(struct ktask_desc *desc, uint64_t at_ns);

/**
 * ktask_desc_delay() - have a task not run before some time after its spawn
 * @desc: its descriptor
 * @delay_ns: how long after that
 *
 * It or ktask_desc_start_at(), whichever is called last, counts.
 */
KTASK_API void ktask_desc_delay(struct ktask_desc *desc, uint64_t delay_ns);

/**
 * ktask_desc_start_at() - have a task not run before some time
 * @desc: its descriptor
 * @at_ns: the time, see ktask_now()
 */
KTASK_API void ktask_desc_start_at(struct ktask_desc *desc, uint64_t at_ns);

/**
 * ktask_desc_cpu() - have a task run on one CPU
 * @desc: its descriptor
 * @cpu: the CPU
 */
KTASK_API void ktask_desc_cpu(struct ktask_desc *desc, uint32_t cpu);

/**
 * ktask_desc_detached() - have a task leave no completion
 * @desc: its descriptor
 */
KTASK_API void ktask_desc_detached(struct ktask_desc *desc);

/**
 * ktask_desc_after() - have a task run after others
 * @desc: its descriptor
 * @after: an array, which must stay as it is until the task is spawned, or added
 *	to a graph
 * @nr: how many there are, up to %KTASK_IDS_MAX
 */
KTASK_API void ktask_desc_after(struct ktask_desc *desc,
				const struct ktask_after *after, uint32_t nr);

/**
 * ktask_now() - the time that deadlines and the like are compared with
 *
 * Return: nanoseconds of CLOCK_MONOTONIC. Cannot fail; async-signal-safe.
 */
KTASK_API uint64_t ktask_now(void);

/* --- Spawning --- */

/**
 * ktask_spawn() - start a task
 * @set: the set that shall own it
 * @op: name of the operation
 * @args: the operation's argument structure; copied before the call returns
 * @args_size: its size in bytes
 * @name: a name for listings, or NULL
 * @user_data: comes back in the task's completion
 * @id: where to put the task's id, or NULL
 *
 * Return: 0, or
 * -ENOENT: there is no such operation;
 * -ENAMETOOLONG: @op or @name does not fit in %KTASK_NAME_MAX;
 * -EINVAL: a wrong argument, or a structure too short for the operation;
 * -E2BIG: arguments that the operation does not know;
 * -EAGAIN: the set holds as many tasks as it may, and this set does not wait for
 *	room: join some;
 * -EDQUOT: the user has as many tasks, or as much memory in them, as may be;
 * -EPERM: the set has been restricted to other operations;
 * -ENOMEM: out of memory, or over the memory cgroup's limit;
 * -EFAULT: @args is not memory of the caller;
 * or an error of the operation about its arguments.
 */
KTASK_API int ktask_spawn(struct ktask_set *set, const char *op, const void *args,
			  size_t args_size, const char *name, uint64_t user_data,
			  uint64_t *id);

/**
 * ktask_spawn_desc() - start a task that has a descriptor
 * @set: the set that shall own it
 * @desc: the descriptor; the id is put there too
 *
 * Return: the task's id, which is above 0, or as ktask_spawn(), or
 * -ENOENT: also that it is to run after a task that the set does not have, or in
 *	a group that it does not have;
 * -EINVAL: also a wrong value in @desc, such as that it is to run after more than
 *	%KTASK_IDS_MAX tasks;
 * -EOPNOTSUPP: an unknown flag or priority, or the operation takes no input;
 * -EPERM: also a priority or a CPU that the caller may not use;
 * -ENXIO: the CPU is offline.
 */
KTASK_API int64_t ktask_spawn_desc(struct ktask_set *set, struct ktask_desc *desc);

/**
 * ktask_spawn_many() - start many tasks with as few system calls as can be
 * @set: the set that shall own them
 * @descs: what to start; the id of each that was started is written into it
 * @nr: how many, which may be more than %KTASK_SPAWN_MAX
 * @error: where to put why descs[returned number] was not started, as a
 *	negative errno, or 0 when all were; may be NULL
 *
 * %KTASK_AFTER_INDEX is for ktask_spawn_all(); here tasks run after tasks that are
 * there already.
 *
 * Waits for room where the set or a group is limited: somebody else must take
 * completions then.
 *
 * Return: how many were started, the first so many of @descs; when that would
 * be none, the negative errno, with the meanings of ktask_spawn_desc().
 */
KTASK_API ssize_t ktask_spawn_many(struct ktask_set *set, struct ktask_desc *descs,
				   size_t nr, int *error);

/**
 * ktask_spawn_nowait() - start as many tasks as there is room for
 * @set: the set that shall own them
 * @descs: as for ktask_spawn_many()
 * @nr: as for ktask_spawn_many()
 * @error: as for ktask_spawn_many(): -EAGAIN if there was no room for the next
 *
 * Return: as ktask_spawn_many(); -EAGAIN if there was no room for the first.
 */
KTASK_API ssize_t ktask_spawn_nowait(struct ktask_set *set, struct ktask_desc *descs,
				     size_t nr, int *error);

/**
 * ktask_spawn_all() - start all of some tasks, or none
 * @set: the set that shall own them
 * @descs: what to start; the id of each is written into it
 * @nr: how many, up to %KTASK_SPAWN_MAX
 *
 * None runs before all have been taken. With %KTASK_AFTER_INDEX they may run after
 * others of the same array, which come before them. Does not wait for room.
 *
 * Return: 0, or as ktask_spawn_desc(); -EAGAIN: there is no room for all;
 * -EINVAL: @nr is out of range.
 */
KTASK_API int ktask_spawn_all(struct ktask_set *set, struct ktask_desc *descs,
			      size_t nr);

/**
 * ktask_spawn_wait() - start tasks and wait for completions, in one system call
 * @set: the set that shall own them
 * @spawn: what to start and what to wait for, and what has come of it; see
 *	&struct ktask_spawn. Its sizes are filled in here
 *
 * The completions are those of whichever tasks of the set end first.
 *
 * A wait that a signal interrupts goes on with another system call. Then
 * @spawn->spawned, @spawn->completed and the errors tell of all together, while
 * the other members are left as the caller has set them.
 *
 * Return: 0: see in @spawn how many were started and taken, and why not all; or,
 * if no task could be started, as ktask_spawn_desc(); or, if there was none to
 * start and no completion was taken, what is in @spawn->wait_error:
 * -ETIMEDOUT: the time ran out; -ENOENT: the set is empty;
 * -EAGAIN: a timeout of %KTASK_FOREVER in a %KTASK_SET_NONBLOCK set;
 * -EINVAL: nothing to do, or a wrong value in @spawn.
 */
KTASK_API int ktask_spawn_wait(struct ktask_set *set, struct ktask_spawn *spawn);

/**
 * ktask_spawn_nop() - start a task that ends at once
 * @set: the set that shall own it
 * @result: what the task shall return
 * @user_data: comes back in the completion
 *
 * Return: the task's id, which is above 0, or as ktask_spawn().
 */
KTASK_API int64_t ktask_spawn_nop(struct ktask_set *set, int64_t result,
				  uint64_t user_data);

/**
 * ktask_spawn_sleep() - start a task that ends after a time, with result 0
 * @set: the set that shall own it
 * @duration_ns: how long, in nanoseconds
 * @user_data: comes back in the completion
 *
 * Return: the task's id, which is above 0, or as ktask_spawn().
 */
KTASK_API int64_t ktask_spawn_sleep(struct ktask_set *set, uint64_t duration_ns,
				    uint64_t user_data);

/**
 * ktask_spawn_hash() - start a task that hashes a file
 * @set: the set that shall own it
 * @fd: a regular file or block device, open for reading; may be closed as soon
 *	as the call returns
 * @alg: an algorithm of the kernel's crypto API, such as "sha256"
 * @user_data: comes back in the completion
 *
 * The task's result is the number of bytes hashed, its output the digest. It
 * reads from the beginning of the file to its end, and does not move the file
 * offset of @fd.
 *
 * Return: the task's id, which is above 0, or as ktask_spawn(), or
 * -EBADF: @fd is not open for reading; -EISDIR: it is a directory;
 * -ESPIPE: it is a pipe, a socket or a terminal;
 * -EINVAL: it is something else that the kernel cannot read for us;
 * -EOPNOTSUPP: the kernel does not know @alg;
 * -ENAMETOOLONG: @alg does not fit in %KTASK_ALG_MAX.
 */
KTASK_API int64_t ktask_spawn_hash(struct ktask_set *set, int fd, const char *alg,
				   uint64_t user_data);

/**
 * ktask_spawn_hash_range() - start a task that hashes a part of a file
 * @set: the set that shall own it
 * @fd: as for ktask_spawn_hash()
 * @offset: where to begin, in bytes
 * @length: how many bytes; 0: to the end of the file
 * @alg: as for ktask_spawn_hash()
 * @user_data: comes back in the completion
 *
 * The result is below @length when the file ends first.
 *
 * Return: as ktask_spawn_hash(); -EINVAL also when the range reaches beyond
 * the largest possible file.
 */
KTASK_API int64_t ktask_spawn_hash_range(struct ktask_set *set, int fd,
					 uint64_t offset, uint64_t length,
					 const char *alg, uint64_t user_data);

/**
 * ktask_spawn_read() - start a task that reads
 * @set: the set that shall own it
 * @fd: open for reading; may be closed as soon as the call returns
 * @offset: where to begin, in bytes; %KTASK_OFFSET_FILE: where the open file is,
 *	and for what cannot be read at an offset, such as a pipe
 * @length: how many bytes at most, 1 to %KTASK_DATA_MAX
 * @user_data: comes back in the completion
 *
 * The task's result is the number of bytes read, 0 at the end of the file; the
 * bytes are its output, see ktask_join_output().
 *
 * Return: the task's id, which is above 0, or as ktask_spawn(), or
 * -EBADF: @fd is not open for reading; -EISDIR: it is a directory;
 * -ESPIPE: it cannot be read at an offset;
 * -EINVAL: @length is out of range, or the range beyond the largest file, or it
 *	is something that the kernel cannot read for us.
 */
KTASK_API int64_t ktask_spawn_read(struct ktask_set *set, int fd, uint64_t offset,
				   uint64_t length, uint64_t user_data);

/**
 * ktask_spawn_write() - start a task that writes
 * @set: the set that shall own it
 * @fd: open for writing; may be closed as soon as the call returns
 * @offset: where to begin, in bytes, or %KTASK_OFFSET_FILE
 * @data: what to write; copied before the call returns
 * @length: how many bytes, up to %KTASK_DATA_MAX
 * @user_data: comes back in the completion
 *
 * The task's result is the number of bytes written.
 *
 * Return: the task's id, which is above 0, or as ktask_spawn(), or
 * -EBADF: @fd is not open for writing; -ESPIPE: it has no offsets;
 * -EFBIG: the range reaches beyond the largest file;
 * -EINVAL: @length is too large, or it is something that the kernel cannot write
 *	for us.
 */
KTASK_API int64_t ktask_spawn_write(struct ktask_set *set, int fd, uint64_t offset,
				    const void *data, size_t length,
				    uint64_t user_data);

/**
 * ktask_spawn_fsync() - start a task that has a file written to its disk
 * @set: the set that shall own it
 * @fd: the file; may be closed as soon as the call returns
 * @flags: 0 or %KTASK_FSYNC_DATA: only what is needed to read its data again
 * @user_data: comes back in the completion
 *
 * Return: the task's id, which is above 0, or as ktask_spawn(), or
 * -EBADF: @fd is not a descriptor; -EINVAL: it cannot be synchronized, or
 * unknown @flags.
 */
KTASK_API int64_t ktask_spawn_fsync(struct ktask_set *set, int fd, uint32_t flags,
				    uint64_t user_data);

/**
 * ktask_spawn_copy() - start a task that copies a file
 * @set: the set that shall own it
 * @fd_in: a regular file, open for reading
 * @fd_out: another, open for writing and not for appending
 * @user_data: comes back in the completion
 *
 * Copies from the beginning to the end of @fd_in to the beginning of @fd_out, and
 * moves the file offset of neither; both may be closed as soon as the call
 * returns. The task's result is the number of bytes copied.
 *
 * Return: the task's id, which is above 0, or as ktask_spawn(), or
 * -EBADF: a descriptor is not open as needed, or open for appending;
 * -EISDIR: a directory; -EINVAL: not regular files, or ranges of one file that
 * overlap; -ETXTBSY: @fd_out may not be written now.
 */
KTASK_API int64_t ktask_spawn_copy(struct ktask_set *set, int fd_in, int fd_out,
				   uint64_t user_data);

/**
 * ktask_spawn_copy_range() - start a task that copies a part of a file
 * @set: the set that shall own it
 * @fd_in: as for ktask_spawn_copy()
 * @offset_in: where to begin to read, in bytes
 * @fd_out: as for ktask_spawn_copy(); may be the same file
 * @offset_out: where to begin to write
 * @length: how many bytes; 0: to the end of @fd_in
 * @user_data: comes back in the completion
 *
 * The result is below @length when @fd_in ends first.
 *
 * Return: as ktask_spawn_copy(); -EINVAL also when a range reaches beyond the
 * largest possible file.
 */
KTASK_API int64_t ktask_spawn_copy_range(struct ktask_set *set, int fd_in,
					 uint64_t offset_in, int fd_out,
					 uint64_t offset_out, uint64_t length,
					 uint64_t user_data);

/**
 * ktask_spawn_poll() - start a task that waits until a descriptor is ready
 * @set: the set that shall own it
 * @fd: what to wait for; may be closed as soon as the call returns
 * @events: POLLIN, POLLOUT and so on, as for poll(2)
 * @user_data: comes back in the completion
 *
 * The task's result is those of the events that have happened.
 *
 * Return: the task's id, which is above 0, or as ktask_spawn(), or
 * -EBADF: @fd is not a descriptor; -EINVAL: it is one of /dev/ktask, or there is
 * no such event.
 */
KTASK_API int64_t ktask_spawn_poll(struct ktask_set *set, int fd, uint32_t events,
				   uint64_t user_data);

/* --- Joining --- */

/**
 * ktask_join() - wait for one task and take its completion
 * @set: the set that owns it
 * @id: the task
 * @completion: filled in on success
 * @timeout_ns: how long to wait at most, in nanoseconds; 0: not at all;
 *	%KTASK_FOREVER: until the task ends
 *
 * While a thread waits here, the task's completion is not given to
 * ktask_join_next() in another one; but a signal handler that runs in between
 * makes room for it, and then the call returns -ENOENT.
 *
 * Return: 0, or
 * -ETIMEDOUT: the time ran out; the task goes on;
 * -ENOENT: the set has no such task, or its completion has been taken;
 * -EAGAIN: it has not ended, in a %KTASK_SET_NONBLOCK set with %KTASK_FOREVER;
 * -EINVAL: @timeout_ns is below -1;
 * -EFAULT: @completion is not memory of the caller.
 */
KTASK_API int ktask_join(struct ktask_set *set, uint64_t id,
			 struct ktask_completion *completion, int64_t timeout_ns);

/**
 * ktask_join_next() - take the completion of the task that ended first
 * @set: the set
 * @completion: filled in when the return value is 1
 * @timeout_ns: as for ktask_join()
 *
 * Return: 1, or 0: the set is empty: every task has been joined; or as
 * ktask_join_many().
 */
KTASK_API int ktask_join_next(struct ktask_set *set,
			      struct ktask_completion *completion, int64_t timeout_ns);

/**
 * ktask_join_many() - take the completions of the tasks that ended first
 * @set: the set
 * @completions: an array for them
 * @max: how many it has room for, at least 1
 * @timeout_ns: as for ktask_join()
 *
 * Waits until there is one, and takes as many as there are, without waiting
 * for more.
 *
 * Return: how many, or 0: the set is empty: every task has been joined; or
 * -ETIMEDOUT: the time ran out; the tasks go on;
 * -EAGAIN: none has ended, in a %KTASK_SET_NONBLOCK set with %KTASK_FOREVER;
 * -EINVAL: @max is 0 or @timeout_ns is below -1;
 * -EFAULT: @completions is not memory of the caller.
 */
KTASK_API ssize_t ktask_join_many(struct ktask_set *set,
				  struct ktask_completion *completions, size_t max,
				  int64_t timeout_ns);

/**
 * ktask_join_any() - wait for the first of several tasks
 * @set: the set that owns them
 * @ids: the tasks
 * @nr: how many, 1 to %KTASK_IDS_MAX
 * @flags: 0 or %KTASK_JOIN_ANY_ABORT_REST: abort the others then; their
 *	completions are to be taken as ever
 * @index: where to put which of @ids it is; with -ENOENT, the first that the set
 *	does not have. May be NULL
 * @completion: filled in on success
 * @timeout_ns: as for ktask_join()
 *
 * If several have ended, it takes the completion of that which ended first.
 *
 * Return: 0, or
 * -ETIMEDOUT: the time ran out; the tasks go on;
 * -ENOENT: the set does not have one of them, or its completion has been taken;
 * -EAGAIN: none has ended, in a %KTASK_SET_NONBLOCK set with %KTASK_FOREVER;
 * -EINVAL: @nr is out of range or @timeout_ns is below -1;
 * -EOPNOTSUPP: unknown @flags;
 * -EFAULT: @ids or @completion is not memory of the caller; -ENOMEM: out of
 * memory.
 */
KTASK_API int ktask_join_any(struct ktask_set *set, const uint64_t *ids, size_t nr,
			     uint32_t flags, size_t *index,
			     struct ktask_completion *completion, int64_t timeout_ns);

/**
 * ktask_join_ids() - wait for all of several tasks
 * @set: the set that owns them
 * @ids: the tasks
 * @nr: how many, any number
 * @completions: an array of @nr; each is put at the place of its id
 * @timeout_ns: as for ktask_join(), for all together
 * @error: where to put why the completion of ids[returned number] was not taken,
 *	as a negative errno, or 0 when all were; may be NULL
 *
 * It takes them in the order of @ids. Other threads should not take completions
 * of the set meanwhile, unless by id or of other groups.
 *
 * Return: how many were taken, those of the first so many of @ids; when that
 * would be none, the negative errno, with the meanings of ktask_join().
 */
KTASK_API ssize_t ktask_join_ids(struct ktask_set *set, const uint64_t *ids, size_t nr,
				 struct ktask_completion *completions,
				 int64_t timeout_ns, int *error);

/**
 * ktask_join_all() - wait until a set, or a group of it, is empty
 * @set: the set
 * @group: the group; 0: the whole set
 * @completions: an array for them, in the order in which the tasks end; NULL: do
 *	not keep them
 * @max: how many it has room for; then it is enough. Any number for NULL
 * @timeout_ns: as for ktask_join(), for all together
 * @error: where to put why there is no next one, as a negative errno; 0: there is
 *	none, or no room for it. May be NULL
 *
 * Return: how many were taken; 0: the set or group is empty. When there are none
 * because of an error, that: as ktask_join_group().
 */
KTASK_API ssize_t ktask_join_all(struct ktask_set *set, uint32_t group,
				 struct ktask_completion *completions, size_t max,
				 int64_t timeout_ns, int *error);

/**
 * ktask_join_group() - take the completion of the task of a group that ended first
 * @set: the set
 * @group: the group; 0: the whole set
 * @completion: filled in when the return value is 1
 * @timeout_ns: as for ktask_join()
 *
 * Return: 1, or 0: the group is empty: every task of it has been joined; or
 * -ENOENT: there is no such group;
 * -ETIMEDOUT: the time ran out; the tasks go on;
 * -EAGAIN: none has ended, in a %KTASK_SET_NONBLOCK set with %KTASK_FOREVER;
 * -EINVAL: @timeout_ns is below -1;
 * -EFAULT: @completion is not memory of the caller.
 */
KTASK_API int ktask_join_group(struct ktask_set *set, uint32_t group,
			       struct ktask_completion *completion, int64_t timeout_ns);

/**
 * ktask_join_output() - wait for one task, and take its completion and all of its
 *	output
 * @set: the set that owns it
 * @id: the task; 0: whichever ends first
 * @completion: filled in on success: @completion->out_len is how long the output is
 * @out: where to put the output, to be freed with free(3), and NULL if there is none
 * @timeout_ns: as for ktask_join()
 *
 * A completion alone carries up to %KTASK_OUT_MAX bytes of the output.
 *
 * Return: 0, or as ktask_join(), where for an @id of 0 -ENOENT means that the set
 * is empty; or
 * -ENOMEM: out of memory; the completion has not been taken.
 */
KTASK_API int ktask_join_output(struct ktask_set *set, uint64_t id,
				struct ktask_completion *completion, void **out,
				int64_t timeout_ns);

/**
 * ktask_join_into() - wait for one task, and take its completion, and its output
 *	into memory that is there
 * @set: the set that owns it
 * @id: the task; 0: whichever ends first
 * @completion: filled in on success
 * @buf: room for the output
 * @size: how many bytes there are
 * @timeout_ns: as for ktask_join()
 *
 * Return: 0, or as ktask_join_output() but -ENOMEM; or
 * -EMSGSIZE: the output does not fit: @completion tells which task it is, and how
 * much room there must be, but the completion has not been taken;
 * -EFAULT: @buf is not memory of the caller.
 */
KTASK_API int ktask_join_into(struct ktask_set *set, uint64_t id,
			      struct ktask_completion *completion, void *buf,
			      size_t size, int64_t timeout_ns);

/**
 * ktask_detach() - give up the completion of a task
 * @set: the set that owns it
 * @id: the task, which goes on
 *
 * Who waits for it in ktask_join() gets -ENOENT when it has ended.
 *
 * Return: 0, or -ENOENT: the set has no such task, or its completion has been
 * taken, or it is detached already.
 */
KTASK_API int ktask_detach(struct ktask_set *set, uint64_t id);

/* --- Output --- */

/**
 * ktask_output_take() - take the output of a task that has been joined
 * @set: the set that owned it
 * @id: the task
 * @out: where to put the output, to be freed with free(3)
 * @len: where to put how long it is
 *
 * For outputs longer than %KTASK_OUT_MAX, after a join that takes only
 * completions. Before the join it gives the output but leaves it there.
 *
 * Return: 0, or
 * -ENOENT: the set has no such task, or its output has been taken;
 * -EBUSY: the task has not ended; -ENOMEM: out of memory, nothing was taken.
 */
KTASK_API int ktask_output_take(struct ktask_set *set, uint64_t id, void **out,
				size_t *len);

/**
 * ktask_output_read() - a part of the output of a task that has ended
 * @set: the set that owns it, or owned it
 * @id: the task
 * @buf: room for it
 * @len: how many bytes there are
 * @offset: where to begin in the output
 *
 * It leaves the output there; ktask_output_take() or ktask_output_drop() ends
 * that.
 *
 * Return: how many bytes were copied, 0 at the end, or
 * -ENOENT, -EBUSY: as ktask_output_take();
 * -EINVAL: @offset is beyond the end;
 * -EFAULT: @buf is not memory of the caller.
 */
KTASK_API ssize_t ktask_output_read(struct ktask_set *set, uint64_t id, void *buf,
				    size_t len, uint64_t offset);

/**
 * ktask_output_drop() - give up the output of a task that has been joined
 * @set: the set that owned it
 * @id: the task
 *
 * Return: 0, or -ENOENT, -EBUSY: as ktask_output_take().
 */
KTASK_API int ktask_output_drop(struct ktask_set *set, uint64_t id);

/* --- Aborting --- */

/**
 * ktask_abort() - ask a task to end
 * @set: the set that owns it
 * @id: the task
 *
 * Does not wait: the task's completion tells when it has ended, and how.
 *
 * Return: 0, also when it has been asked before; or
 * -EALREADY: the task has already ended;
 * -ENOENT: the set has no such task, or its completion has been taken.
 */
KTASK_API int ktask_abort(struct ktask_set *set, uint64_t id);

/**
 * ktask_abort_all() - ask every task of a set to end
 * @set: the set
 *
 * Does not wait; the completions are there to be taken as ever.
 *
 * Return: 0, also for an empty set.
 */
KTASK_API int ktask_abort_all(struct ktask_set *set);

/**
 * ktask_abort_group() - ask every task of a group to end
 * @set: the set
 * @group: the group; 0: the whole set
 *
 * Does not wait; the completions are there to be taken as ever.
 *
 * Return: 0, also for an empty group, or -ENOENT: there is no such group.
 */
KTASK_API int ktask_abort_group(struct ktask_set *set, uint32_t group);

/* --- Groups --- */

/**
 * ktask_group_create() - make a group in a set
 * @set: the set
 * @max_running: how many of its tasks may run at once; 0: any number. The rest
 *	wait, first come first served
 * @max_tasks: how many it may hold whose completion has not been taken; 0: any
 *	number. A spawn beyond that waits for room; see ktask_spawn_nowait()
 * @group: where to put its number, for @group of &struct ktask_desc and the
 *	functions here
 *
 * Return: 0, or -ENOSPC: there are %KTASK_GROUPS_MAX;
 * -EDQUOT: the user has as much memory in tasks and groups as may be;
 * -ENOMEM: out of memory.
 */
KTASK_API int ktask_group_create(struct ktask_set *set, uint32_t max_running,
				 uint32_t max_tasks, uint32_t *group);

/**
 * ktask_group_limit() - set the limits of a group
 * @set: the set
 * @group: the group; 0: the whole set
 * @max_running: as for ktask_group_create()
 * @max_tasks: as for ktask_group_create()
 *
 * Tasks that are there already are left alone.
 *
 * Return: 0, or -ENOENT: there is no such group;
 * -EPERM: the set has been restricted.
 */
KTASK_API int ktask_group_limit(struct ktask_set *set, uint32_t group,
				uint32_t max_running, uint32_t max_tasks);

/**
 * ktask_group_info() - the limits of a group, and what is in it
 * @set: the set
 * @group: the group; 0: the whole set
 * @info: filled in
 *
 * Return: 0, or -ENOENT: there is no such group;
 * -EFAULT: @info is not memory of the caller.
 */
KTASK_API int ktask_group_info(struct ktask_set *set, uint32_t group,
			       struct ktask_group *info);

/**
 * ktask_group_remove() - remove a group
 * @set: the set
 * @group: the group
 *
 * Return: 0, or -EBUSY: it has tasks; -ENOENT: there is no such group;
 * -EINVAL: @group is 0.
 */
KTASK_API int ktask_group_remove(struct ktask_set *set, uint32_t group);

/**
 * ktask_group_fd() - make a descriptor that stands for a group
 * @set: the set
 * @group: the group, not 0: ktask_set_fd() is the whole set's
 *
 * It polls readable when a completion of the group can be taken, gives it with
 * ktask_fd_read(), and may be given to another process, which gets no other right
 * by it. It is close-on-exec, and the caller's to close. When the set is closed
 * it polls as hung up.
 *
 * Return: the descriptor, or -ENOENT: there is no such group;
 * -EMFILE, -ENFILE: too many open files; -ENOMEM: out of memory.
 */
KTASK_API int ktask_group_fd(struct ktask_set *set, uint32_t group);

/**
 * ktask_group_eventfd() - have an eventfd(2) count the completions of a group
 * @set: the set
 * @group: the group
 * @fd: as for ktask_set_eventfd()
 *
 * Return: as ktask_set_eventfd(), or -ENOENT: there is no such group.
 */
KTASK_API int ktask_group_eventfd(struct ktask_set *set, uint32_t group, int fd);

/* --- Tasks --- */

/**
 * ktask_task_status() - what one task is doing
 * @set: the set that owns it
 * @id: the task
 * @task: filled in
 *
 * Return: 0, or -ENOENT: the set has no such task, or its completion has been
 * taken; -EFAULT: @task is not memory of the caller.
 */
KTASK_API int ktask_task_status(struct ktask_set *set, uint64_t id,
				struct ktask_task *task);

/**
 * ktask_task_list() - tasks and what they do
 * @set: the set
 * @flags: 0: the tasks of @set; %KTASK_LIST_ALL: those of all open files, as far
 *	as the caller may see them
 * @after: the last one that was listed, where to go on; may be in @tasks. NULL: begin
 * @tasks: an array
 * @max: how many it has room for, at least 1
 *
 * Tasks come and go meanwhile: a list is right for each task by itself.
 *
 * Return: how many were listed, 0: there are no more; or
 * -EINVAL: @max is 0; -EOPNOTSUPP: unknown @flags;
 * -EFAULT: a pointer does not point to memory of the caller; -ENOMEM: out of memory.
 */
KTASK_API ssize_t ktask_task_list(struct ktask_set *set, uint32_t flags,
				  const struct ktask_task *after,
				  struct ktask_task *tasks, size_t max);

/**
 * ktask_task_for_each() - call a function for each task
 * @set: the set
 * @flags: as for ktask_task_list()
 * @fn: the function; it ends the listing by returning what is not 0, and may call
 *	any function of the library
 * @data: what it is given
 *
 * Return: 0, or what @fn returned, or as ktask_task_list().
 */
KTASK_API int ktask_task_for_each(struct ktask_set *set, uint32_t flags,
				  int (*fn)(const struct ktask_task *task, void *data),
				  void *data);

/**
 * ktask_task_fd() - make a descriptor that stands for a task
 * @set: the set that owns it
 * @id: the task
 *
 * It polls readable from when the task has ended on. ktask_fd_read() gives its
 * completion, as often as one likes; the set's own is not taken by that. It may be
 * given to another process, which gets no other right by it. It is close-on-exec,
 * and the caller's to close.
 *
 * Return: the descriptor, or
 * -ENOENT: the set has no such task, or its completion has been taken;
 * -EMFILE, -ENFILE: too many open files; -ENOMEM: out of memory.
 */
KTASK_API int ktask_task_fd(struct ktask_set *set, uint64_t id);

/**
 * ktask_fd_read() - take completions from a descriptor
 * @fd: of a task, of a group, or of a set; perhaps from another process
 * @completions: an array for them
 * @max: how many it has room for, at least 1
 *
 * Waits until there is one, unless the descriptor is %O_NONBLOCK.
 *
 * Return: how many, or 0: there are no tasks; or
 * -EAGAIN: none yet, in an %O_NONBLOCK file; -EINVAL: @max is 0;
 * -EBADF: @fd is not a descriptor;
 * -EFAULT: @completions is not memory of the caller.
 */
KTASK_API ssize_t ktask_fd_read(int fd, struct ktask_completion *completions,
				size_t max);

/* --- Graphs --- */

/**
 * ktask_graph_create() - begin a graph: tasks that run after each other
 * @graph: where to put it; NULL is put there on failure
 *
 * A graph is used by one thread at a time.
 *
 * Return: 0, or -ENOMEM: out of memory.
 */
KTASK_API int ktask_graph_create(struct ktask_graph **graph);

/**
 * ktask_graph_free() - free a graph; its tasks are those of the set
 * @graph: from ktask_graph_create(), or NULL
 */
KTASK_API void ktask_graph_free(struct ktask_graph *graph);

/**
 * ktask_graph_add() - add a task to a graph
 * @graph: the graph
 * @desc: what to spawn. The task may also run after tasks that a set has already:
 *	only then the graph is for that set alone, and %KTASK_AFTER_INDEX is not
 *	for it
 *
 * Copies @desc, its arguments, and what it is to run after. What the arguments point
 * to, such as data to be written, and descriptors that they name, must be there when
 * the graph is spawned.
 *
 * Return: the number of the task in the graph, counting from 0, or
 * -EINVAL: %KTASK_AFTER_INDEX; -E2BIG: the graph has 2^31 tasks;
 * -ENOMEM: out of memory.
 */
KTASK_API int64_t ktask_graph_add(struct ktask_graph *graph,
				  const struct ktask_desc *desc);

/**
 * ktask_graph_after() - have a task of a graph run after another one
 * @graph: the graph
 * @node: the number of the task
 * @before: the number of the one that is to end before
 * @flags: 0: only if that returns 0 or more; %KTASK_AFTER_ANY: in whatever way it
 *	ends; and %KTASK_AFTER_INPUT: its output is input, behind that of the tasks
 *	that @node was put after earlier
 *
 * Return: 0, or
 * -ENOENT: the graph has no such task; -EOPNOTSUPP: unknown @flags;
 * -E2BIG: @node is after %KTASK_IDS_MAX tasks already; -ENOMEM: out of memory.
 */
KTASK_API int ktask_graph_after(struct ktask_graph *graph, uint32_t node,
				uint32_t before, uint32_t flags);

/**
 * ktask_graph_size() - how many tasks a graph has
 * @graph: the graph
 *
 * Return: how many. Cannot fail.
 */
KTASK_API uint32_t ktask_graph_size(const struct ktask_graph *graph);

/**
 * ktask_graph_cycle() - find tasks that are to run after themselves
 * @graph: the graph
 * @nodes: where to put their numbers: each is to run after the one before it, and
 *	the first after the last
 * @max: how many it has room for
 *
 * If there are several circles, it tells of one.
 *
 * Return: how many tasks the circle has, which may be more than @max; 0: there is
 * none; or -ENOMEM: out of memory.
 */
KTASK_API ssize_t ktask_graph_cycle(const struct ktask_graph *graph, uint32_t *nodes,
				    size_t max);

/**
 * ktask_graph_spawn() - start all tasks of a graph, or none
 * @graph: the graph, which may be spawned again
 * @set: the set that shall own the tasks
 * @node: where to put the number of the task that could not be started; UINT32_MAX
 *	if it is not one in particular. May be NULL
 *
 * No task runs before all have been taken. Does not wait for room.
 *
 * Return: 0, or
 * -ELOOP: a task is to run after itself, see ktask_graph_cycle();
 * -ENOMEM: out of memory;
 * or as ktask_spawn_all() for that task.
 */
KTASK_API int ktask_graph_spawn(struct ktask_graph *graph, struct ktask_set *set,
				uint32_t *node);

/**
 * ktask_graph_id() - the id of a task of a graph that has been spawned
 * @graph: the graph
 * @node: the number of the task
 *
 * Return: the id that it got at the last ktask_graph_spawn() that succeeded; 0: there
 * was none, or the graph has no such task.
 */
KTASK_API uint64_t ktask_graph_id(const struct ktask_graph *graph, uint32_t node);

/* --- Words --- */

/**
 * ktask_outcome_name() - a word for how a task ended
 * @outcome: the member of that name of &struct ktask_completion
 *
 * Return: "returned", "cancelled", "failed", or "unknown". Cannot fail;
 * async-signal-safe.
 */
KTASK_API const char *ktask_outcome_name(uint32_t outcome);

/**
 * ktask_cause_name() - a word for why a task was cancelled
 * @cause: the member of that name of &struct ktask_completion
 *
 * Return: "none", "abort", "timeout", "after", or "unknown". Cannot fail;
 * async-signal-safe.
 */
KTASK_API const char *ktask_cause_name(uint32_t cause);

/**
 * ktask_state_name() - a word for what a task is doing
 * @state: the member of that name of &struct ktask_task
 *
 * Return: "held", "delayed", "limited", "queued", "running", "waiting", "ended",
 * or "unknown". Cannot fail; async-signal-safe.
 */
KTASK_API const char *ktask_state_name(uint32_t state);

/**
 * ktask_priority_name() - a word for which tasks come first
 * @priority: the member of that name of &struct ktask_task
 *
 * Return: "normal", "high", "idle", or "unknown". Cannot fail; async-signal-safe.
 */
KTASK_API const char *ktask_priority_name(uint32_t priority);

#ifdef __cplusplus
}
#endif

#endif /* KTASK_H */
