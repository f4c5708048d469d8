/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libktask: tasks that run in the kernel, through /dev/ktask.
 *
 * A task set is a group of tasks: tasks are spawned into it, and their
 * completions come out of it, each exactly once: in the order in which the
 * tasks end, or one that is asked for by its id. Closing the set aborts what
 * is left and waits for it.
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
 * ktask_info() - what the kernel module is and what it has done
 * @set: any set
 * @info: filled in
 *
 * Return: 0, or -EFAULT: @info is not memory of the caller.
 */
KTASK_API int ktask_info(struct ktask_set *set, struct ktask_info *info);

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
 * -EAGAIN: the set, or its user, has as many tasks as it may: join some;
 * -ENOMEM: out of memory, or over the memory cgroup's limit;
 * -EFAULT: @args is not memory of the caller;
 * or an error of the operation about its arguments.
 */
KTASK_API int ktask_spawn(struct ktask_set *set, const char *op, const void *args,
			  size_t args_size, const char *name, uint64_t user_data,
			  uint64_t *id);

/**
 * ktask_spawn_many() - start many tasks with as few system calls as can be
 * @set: the set that shall own them
 * @descs: what to start; the id of each that was started is written into it
 * @nr: how many, which may be more than %KTASK_SPAWN_MAX
 * @error: where to put why descs[returned number] was not started, as a
 *	negative errno, or 0 when all were; may be NULL
 *
 * Return: how many were started, the first so many of @descs; when that would
 * be none, the negative errno, with the meanings of ktask_spawn().
 */
KTASK_API ssize_t ktask_spawn_many(struct ktask_set *set, struct ktask_desc *descs,
				   size_t nr, int *error);

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
 * ktask_outcome_name() - a word for how a task ended
 * @outcome: the member of that name of &struct ktask_completion
 *
 * Return: "returned", "cancelled", "failed", or "unknown". Cannot fail;
 * async-signal-safe.
 */
KTASK_API const char *ktask_outcome_name(uint32_t outcome);

#ifdef __cplusplus
}
#endif

#endif /* KTASK_H */
