// SPDX-License-Identifier: GPL-2.0
/*
 * Files to work on, in a directory of our own, and what subjects found in them.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "subjects.h"

/* Of the files in turn; as in a source tree with some larger ones, and odd ones. */
static const unsigned int sizes[] = { 700, 4096, 9001, 32768, 65537, 131072, 200000, 400000 };

#define NR_SIZES	(sizeof(sizes) / sizeof(sizes[0]))
#define SIZE_MAX_FILE	400000
#define FILES_PER_DIR	32

struct tree tree;
static char *root;

static void paths_free(void)
{
	for (unsigned int i = 0; i < tree.nr; i++)
		free(tree.paths[i]);
	free(tree.paths);
	free(tree.sums);
	free(tree.found);
	free(tree.found_copy);
	free(tree.dir);
	free(tree.copy);
	free(tree.out);
	if (tree.fd > 0)
		close(tree.fd);
	tree = (struct tree){ 0 };
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path) ? -errno : 0;
}

static int remove_below(const char *dir)
{
	int err = nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);

	return err == -1 && errno == ENOENT ? 0 : err;
}

/* Bytes that no two files have in common: numbers that follow each other strangely. */
static void fill(unsigned char *buf, size_t len, uint64_t seed)
{
	uint64_t x = seed * 0x9e3779b97f4a7c15ULL + 1;

	for (size_t i = 0; i < len; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		buf[i] = x;
	}
}

static int write_file(const char *path, const unsigned char *buf, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	int err = 0;

	if (fd < 0)
		return -errno;
	while (len && !err) {
		ssize_t n = write(fd, buf, len);

		if (n < 0) {
			err = -errno;
		} else {
			buf += n;
			len -= n;
		}
	}
	return close(fd) ? -errno : err;
}

static int make_file(unsigned int i, unsigned char *buf)
{
	unsigned int len = sizes[i % NR_SIZES];
	char *path = must_format("%s/%03u", tree.dir, i / FILES_PER_DIR);
	int err = 0;

	if (mkdir(path, 0755) && errno != EEXIST)
		err = -errno;
	free(path);
	if (err)
		return err;
	tree.paths[i] = must_format("%03u/%05u", i / FILES_PER_DIR, i);
	path = must_format("%s/%s", tree.dir, tree.paths[i]);
	fill(buf, len, i);
	err = write_file(path, buf, len);
	free(path);
	tree.bytes += len;
	return err;
}

static int make_dirs(void)
{
	const char *where = options.dir;

	if (!where)
		where = !access("/dev/shm", W_OK | X_OK) ? "/dev/shm" : "/tmp";
	root = must_format("%s/ktask-bench.XXXXXX", where);
	if (!mkdtemp(root)) {
		why_not("%s: %s", where, strerror(errno));
		free(root);
		root = NULL;
		return -ENOENT;
	}
	tree.dir = must_format("%s/tree", root);
	tree.copy = must_format("%s/copy", root);
	tree.out = must_format("%s/out", root);
	if (mkdir(tree.dir, 0755))
		return -errno;
	tree.fd = open(tree.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return tree.fd < 0 ? -errno : 0;
}

int tree_make(unsigned int *nr)
{
	unsigned char *buf;
	int err;

	err = make_dirs();
	if (err && !root)
		return err;
	buf = must(malloc(SIZE_MAX_FILE));
	tree.nr = *nr;
	tree.nr_dirs = (*nr + FILES_PER_DIR - 1) / FILES_PER_DIR;
	tree.paths = must(calloc(*nr, sizeof(*tree.paths)));
	tree.sums = must(calloc(*nr, sizeof(*tree.sums)));
	tree.found = must(calloc(*nr, sizeof(*tree.found)));
	tree.found_copy = must(calloc(*nr, sizeof(*tree.found_copy)));
	for (unsigned int i = 0; !err && i < *nr; i++)
		err = make_file(i, buf);
	free(buf);
	if (err)
		tree_remove();
	return err;
}

void tree_remove(void)
{
	int err = remove_below(root);

	if (err)
		say("%s: %s", root, strerror(-err));
	free(root);
	root = NULL;
	paths_free();
}

/* Which file it is whose path ends a line; or -1. */
static int index_of(const char *line)
{
	const char *name = strrchr(line, '/');
	unsigned long i;
	char *end;

	if (!name)
		return -1;
	i = strtoul(name + 1, &end, 10);
	return *end != '\n' || end == name + 1 || i >= tree.nr ? -1 : (int)i;
}

static bool read_digest(const char *line, struct digest *digest)
{
	for (int i = 0; i < DIGEST_LEN; i++) {
		if (sscanf(line + 2 * i, "%2hhx", &digest->bytes[i]) != 1)
			return false;
	}
	digest->known = true;
	return true;
}

/* What sha256sum, or one like it, has printed, of the tree and of copies. */
int tree_read_sums(void)
{
	FILE *file = fopen(tree.out, "re");
	size_t size = 0, len = strlen(tree.copy);
	char *line = NULL;
	int err = 0;

	if (!file)
		return -errno;
	while (!err && getline(&line, &size, file) > 2 * DIGEST_LEN + 2) {
		int i = index_of(line);
		bool copy = !strncmp(line + 2 * DIGEST_LEN + 2, tree.copy, len);

		if (i < 0 || !read_digest(line, copy ? &tree.found_copy[i] : &tree.found[i]))
			err = -EBADMSG;
	}
	free(line);
	fclose(file);
	return err;
}

/* Directories for copies. */
int tree_copy_dirs(int *fd)
{
	char name[16];
	int err = 0;

	if (mkdir(tree.copy, 0755))
		return -errno;
	*fd = open(tree.copy, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0)
		return -errno;
	for (unsigned int i = 0; i < tree.nr_dirs && !err; i++) {
		snprintf(name, sizeof(name), "%03u", i);
		if (mkdirat(*fd, name, 0755))
			err = -errno;
	}
	if (err)
		close(*fd);
	return err;
}

/* All as before any subject was at work. */
int tree_reset(void)
{
	memset(tree.found, 0, tree.nr * sizeof(*tree.found));
	memset(tree.found_copy, 0, tree.nr * sizeof(*tree.found_copy));
	return remove_below(tree.copy);
}

/* The first one says what is right; that others, who work otherwise, agree is the test. */
static bool agrees(const struct digest *found)
{
	for (unsigned int i = 0; i < tree.nr; i++) {
		if (!found[i].known)
			return false;
		if (!tree.sums[i].known)
			tree.sums[i] = found[i];
		else if (memcmp(tree.sums[i].bytes, found[i].bytes, DIGEST_LEN))
			return false;
	}
	return true;
}

bool tree_found_right(void)
{
	return agrees(tree.found);
}

static bool same_files(const char *a, const char *b)
{
	static unsigned char buf[2][SIZE_MAX_FILE + 1];
	FILE *files[2] = { fopen(a, "re"), fopen(b, "re") };
	size_t len[2] = { 0 };
	bool ok = files[0] && files[1];

	for (int i = 0; i < 2; i++) {
		if (!files[i])
			continue;
		len[i] = fread(buf[i], 1, sizeof(buf[i]), files[i]);
		fclose(files[i]);
	}
	return ok && len[0] == len[1] && !memcmp(buf[0], buf[1], len[0]);
}

/* The copies are right, and so is what the subject found in both. */
bool tree_copied_right(void)
{
	if (!agrees(tree.found) || !agrees(tree.found_copy))
		return false;
	for (unsigned int i = 0; i < tree.nr; i++) {
		char *from = must_format("%s/%s", tree.dir, tree.paths[i]);
		char *to = must_format("%s/%s", tree.copy, tree.paths[i]);
		bool same = same_files(from, to);

		free(from);
		free(to);
		if (!same)
			return false;
	}
	return true;
}
