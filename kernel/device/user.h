/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Small structures of programs', read and written a word at a time. The processor's
 * instruction for copies, which copy_from_user() uses, is made for long ones: it
 * takes longer to begin than these take. Their size is most often known, so that the
 * loops need not be any.
 */
#ifndef _KTASK_DEVICE_USER_H
#define _KTASK_DEVICE_USER_H

#include <linux/align.h>
#include <linux/fault-inject-usercopy.h>
#include <linux/uaccess.h>

static __always_inline bool is_of_words(const void __user *p, size_t size)
{
	return IS_ALIGNED((unsigned long)p | size, sizeof(u64));
}

/* Return: 0 or -EFAULT. */
static __always_inline int read_words(void *to, const void __user *from,
				      size_t size)
{
	const u64 __user *word = from;
	u64 *p = to;
	size_t i;

	if (!is_of_words(from, size))
		return copy_from_user(to, from, size) ? -EFAULT : 0;
	if (should_fail_usercopy() || !user_read_access_begin(from, size))
		return -EFAULT;
#ifndef __clang__ /* which warns where it cannot */
#pragma GCC unroll 16
#endif
	for (i = 0; i < size / sizeof(u64); i++)
		unsafe_get_user(p[i], &word[i], fault);
	user_read_access_end();
	return 0;

fault:
	user_read_access_end();
	return -EFAULT;
}

/* Likewise, the other way. */
static __always_inline int write_words(void __user *to, const void *from,
				       size_t size)
{
	u64 __user *word = to;
	const u64 *p = from;
	size_t i;

	if (!is_of_words(to, size))
		return copy_to_user(to, from, size) ? -EFAULT : 0;
	if (should_fail_usercopy() || !user_write_access_begin(to, size))
		return -EFAULT;
#ifndef __clang__ /* which warns where it cannot */
#pragma GCC unroll 16
#endif
	for (i = 0; i < size / sizeof(u64); i++)
		unsafe_put_user(p[i], &word[i], fault);
	user_write_access_end();
	return 0;

fault:
	user_write_access_end();
	return -EFAULT;
}

/* As copy_struct_from_user(), for what most programs know just as we do. */
static __always_inline int read_struct(void *to, size_t ours,
				       const void __user *from, size_t theirs)
{
	if (likely(theirs == ours))
		return read_words(to, from, ours);
	return copy_struct_from_user(to, ours, from, theirs);
}

/* What a program knows of it. Return: 0 or -EFAULT. */
static __always_inline int write_struct(void __user *to, size_t theirs,
					const void *from, size_t ours)
{
	if (likely(theirs == ours))
		return write_words(to, from, ours);
	return copy_to_user(to, from, min(theirs, ours)) ? -EFAULT : 0;
}

/*
 * Read a structure that begins with its size, a u32, if the program knows it just as
 * we do; and find out whether it can be written, if it will be, @rw. All in one go,
 * as each go has its price. Return: false if it is not so, or not to be had.
 */
static __always_inline bool read_usual(void *to, size_t size, void __user *from,
				       bool rw)
{
	u64 __user *word = from;
	u64 *p = to;
	size_t i;

	if (!is_of_words(from, size) || should_fail_usercopy() ||
	    !user_access_begin(from, size))
		return false;
	unsafe_get_user(p[0], &word[0], other);
	if (*(u32 *)to != size)
		goto other;
#ifndef __clang__ /* which warns where it cannot */
#pragma GCC unroll 16
#endif
	for (i = 1; i < size / sizeof(u64); i++)
		unsafe_get_user(p[i], &word[i], other);
	if (rw) {
		/* It may be in two pages. */
		unsafe_put_user(p[0], &word[0], other);
		unsafe_put_user(p[i - 1], &word[i - 1], other);
	}
	user_access_end();
	return true;

other:
	user_access_end();
	return false;
}

#endif /* _KTASK_DEVICE_USER_H */
