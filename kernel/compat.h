/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the kernels ktask runs on; the only place that asks for
 * a kernel version.
 */
#ifndef _KTASK_COMPAT_H
#define _KTASK_COMPAT_H

#include <linux/version.h>

/* A symbol namespace is a bare word before 6.13, and a string from then on. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define KTASK_NS "KTASK"
#else
#define KTASK_NS KTASK
#endif

/* hrtimer_setup() takes the callback since 6.13; before, one assigns it. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#include <linux/hrtimer.h>

static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*fn)(struct hrtimer *),
				 clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = fn;
}
#endif

/* timer_delete_sync() is what del_timer_sync() is called since 6.2. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#include <linux/timer.h>

#define timer_delete_sync(timer)	del_timer_sync(timer)
#endif

/* eventfd_signal() adds one since 6.8; before, one says how many. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
#include <linux/eventfd.h>

#define eventfd_signal(ctx)	((void)eventfd_signal(ctx, 1))
#endif

#endif /* _KTASK_COMPAT_H */
