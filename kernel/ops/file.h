/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What ops that work on a program's files have in common.
 */
#ifndef _KTASK_OPS_FILE_H
#define _KTASK_OPS_FILE_H

#include <linux/fs.h>
#include <linux/types.h>

/**
 * struct file_pos - where to read or write next
 * @pos: in bytes
 * @at: &@pos; or NULL, for what has no position
 * @moves: it is the open file's position, which moves with it
 */
struct file_pos {
	loff_t pos;
	loff_t *at;
	bool moves;
};

int file_check_read(const struct file *file, bool at_offset);
int file_check_write(const struct file *file, bool at_offset);
bool file_is_anon(const struct file *file, const char *name);
bool file_is_regular(const struct file *file);
bool file_range_ok(u64 offset, u64 length);
u64 file_limit(void);
loff_t file_room(const struct file *file, loff_t pos, loff_t len, u64 limit);
int file_pos_begin(struct file *file, u64 offset, struct file_pos *p);
void file_pos_end(struct file *file, struct file_pos *p, ssize_t result);
long file_result(long result);

#endif /* _KTASK_OPS_FILE_H */
