/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One sequence being run by the threads of a process.
 */
#ifndef KTASK_FUZZ_RUN_H
#define KTASK_FUZZ_RUN_H

#include <liburing.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "fuzz.h"

/* Slots of descriptors: what is in the first ones is made when it is asked for. */
enum fd_slot {
	FD_SET,
	FD_SET_NONBLOCK,
	FD_PIPE_READ,
	FD_PIPE_WRITE,
	FD_SOCKET,
	FD_SOCKET_PEER,
	FD_EVENT,
	FD_FILE,		/* some pages, open for reading and writing */
	FD_SPARSE,		/* a terabyte that takes no memory */
	FD_DIR,
	FD_EPOLL,
	FD_TIMER,
	FD_FIRST_RESULT		/* what calls return goes to these, in turn */
};

#define FDS		32
#define IDS		32
#define GROUPS		8
#define CHILDREN	4

struct run {
	_Atomic int fds[FDS];
	_Atomic unsigned int nr_fds;
	_Atomic uint64_t ids[IDS];
	_Atomic unsigned int nr_ids;
	_Atomic uint32_t groups[GROUPS];
	_Atomic unsigned int nr_groups;
	_Atomic pid_t children[CHILDREN];
	_Atomic unsigned int nr_children;
	pthread_mutex_t lock;		/* for making the first descriptors */
	pthread_mutex_t ring_lock;
	struct io_uring ring;
	bool has_ring;
	bool in_child;			/* the process is one that FORK has made */
	/* Where each thread is, for fork to go on from. */
	const struct sequence *s;
	unsigned int at[THREADS];
};

/* --- run.c ------------------------------------------------------------------ */

void run_begin(struct run *run, const struct sequence *s);
/* Make the call. Return: what it returned, or a negative errno. */
long run_call(struct run *run, const struct call *call);
/* The next of @thread's calls, or NULL. */
const struct call *run_next(struct run *run, int thread);
/* Close and kill whatever there is. */
void run_end(struct run *run);

int run_fd(struct run *run, uint64_t slot);
int run_put_fd(struct run *run, int fd);
void run_put_id(struct run *run, uint64_t id);
void run_put_group(struct run *run, uint32_t group);
/* Numbers of the ops, asked once. */
int run_init(void);

/* --- syscalls.c, descriptors.c, processes.c, ring.c ---------------------------- */

long sys_open(struct run *run, int thread, const uint64_t *v);
long sys_close(struct run *run, int thread, const uint64_t *v);
long sys_dup(struct run *run, int thread, const uint64_t *v);
long sys_send(struct run *run, int thread, const uint64_t *v);
long sys_receive(struct run *run, int thread, const uint64_t *v);
long sys_watch(struct run *run, int thread, const uint64_t *v);
long sys_nonblock(struct run *run, int thread, const uint64_t *v);
int make_fd(struct run *run, int slot);

long sys_read(struct run *run, int thread, const uint64_t *v);
long sys_write(struct run *run, int thread, const uint64_t *v);
long sys_poll(struct run *run, int thread, const uint64_t *v);
long sys_mmap(struct run *run, int thread, const uint64_t *v);
long sys_ioctl(struct run *run, int thread, const uint64_t *v);
long sys_protect(struct run *run, int thread, const uint64_t *v);
long sys_truncate(struct run *run, int thread, const uint64_t *v);
long sys_sleep(struct run *run, int thread, const uint64_t *v);
long sys_read_proc(struct run *run, int thread, const uint64_t *v);

long sys_fork(struct run *run, int thread, const uint64_t *v);
long sys_kill(struct run *run, int thread, const uint64_t *v);
void children_end(struct run *run);

long sys_uring_spawn(struct run *run, int thread, const uint64_t *v);
long sys_uring_wait(struct run *run, int thread, const uint64_t *v);
long sys_uring_cancel(struct run *run, int thread, const uint64_t *v);
long sys_uring_close(struct run *run, int thread, const uint64_t *v);
void ring_end(struct run *run);

#endif /* KTASK_FUZZ_RUN_H */
