// SPDX-License-Identifier: GPL-2.0
/*
 * Loading our modules while each allocation of their init functions fails in turn,
 * and no other: the module is not loaded, or it works; what it had made by then is
 * gone. Ends with ktask loaded, as it began.
 */
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>

#include "fail.h"
#include "helpers.h"

/* To try each takes some hundred loads, which "make soak" has the time for. */
#define EVERY		(getenv("KTASK_SOAK") ? 1 : 16)
#define SLOWEST		3000

static const char *const filters[] = {
	FAIL_DIR "failslab/",
	FAIL_DIR "fail_page_alloc/",
	FAIL_DIR "fail_usercopy/",
};

static void filter(const char *setting, unsigned long long value)
{
	char path[100], text[32];
	size_t i;

	snprintf(text, sizeof(text), "0x%llx", value);
	for (i = 0; i < ARRAY_SIZE(filters); i++) {
		snprintf(path, sizeof(path), "%s%s", filters[i], setting);
		fail_set(path, text);
	}
}

/* Where the kernel's function @name begins, and the next. Return: whether it has one. */
static bool find_function(const char *name, unsigned long long *begin,
			  unsigned long long *end)
{
	unsigned long long address;
	char line[300], symbol[200];
	int pass;

	*begin = 0;
	*end = ~0ULL;
	for (pass = 0; pass < 2; pass++) {
		FILE *file = fopen("/proc/kallsyms", "re");

		while (file && fgets(line, sizeof(line), file)) {
			if (sscanf(line, "%llx %*c %199s", &address, symbol) != 2)
				continue;
			if (!pass && !strcmp(symbol, name))
				*begin = address;
			if (pass && address > *begin && address < *end)
				*end = address;
		}
		if (file)
			fclose(file);
		if (!*begin)
			return false;
	}
	return true;
}

/*
 * Let only that fail which is done for an init function, but for a cache's directory
 * in sysfs: when that fails, the kernel forgets its name. Return: whether it can.
 */
static bool filter_init(void)
{
	unsigned long long begin, end;

	if (!find_function("do_one_initcall", &begin, &end))
		return false;
	filter("require-start", begin);
	filter("require-end", end);
	if (find_function("sysfs_slab_add", &begin, &end)) {
		filter("reject-start", begin);
		filter("reject-end", end);
	}
	return true;
}

static void filter_nothing(void)
{
	filter("require-start", 0);
	filter("require-end", ~0ULL);
	filter("reject-start", 0);
	filter("reject-end", 0);
}

/* Return: a descriptor of the module's file, where "make install" puts it. */
static int module_open(const char *name)
{
	struct utsname u;
	char path[300];

	uname(&u);
	snprintf(path, sizeof(path), "/lib/modules/%s/updates/%s.ko", u.release, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static int module_load(int fd)
{
	return syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
}

/* Its references may be put a moment after what has held them is over. */
static int module_unload(const char *name)
{
	int err;

	do {
		err = syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
	} while (err == -EAGAIN || err == -EBUSY);
	return err;
}

static bool module_loaded(const char *name)
{
	char path[100];

	snprintf(path, sizeof(path), "/sys/module/%s/initstate", name);
	return !access(path, F_OK);
}

FIXTURE(fail_load) {
	int nth;
	int module;
	struct stat device;
};

FIXTURE_SETUP(fail_load)
{
	self->module = -1;
	if (geteuid())
		SKIP(return, "only root may load modules");
	if (stat(DEVICE, &self->device) || !module_loaded("ktask"))
		SKIP(return, DEVICE " is not there: load ktask");
	self->nth = fail_begin();
	ASSERT_LE(0, self->nth);
	if (!filter_init())
		SKIP(return, "the kernel does not tell where its functions are");
	/* It shows a stack when there is no memory for a cache. */
	fail_set("/dev/kmsg", "ktask selftest: memory is expected to run out");
}

FIXTURE_TEARDOWN(fail_load)
{
	fail_set("/dev/kmsg", "ktask selftest: memory is not expected to run out any more");
	filter_nothing();
	fail_end(self->nth);
	close(self->module);
}

/*
 * Load @name as often as it takes for each, or each so many, of its allocations to
 * fail. @works: what a module that is loaded does.
 */
#define FAIL_LOADS(name, works)						\
do {									\
	unsigned int every = EVERY, n = 1 + time(NULL) % every;		\
	unsigned int loads = 0, refused = 0;				\
	bool failed;							\
	int err;							\
									\
	self->module = module_open(name);				\
	if (self->module < 0)						\
		SKIP(return, "there is no module " name);		\
	do {								\
		fail_nth(self->nth, n);					\
		err = module_load(self->module);			\
		failed = has_failed(self->nth);				\
		EXPECT_TRUE(!err || (failed && err == -ENOMEM)) {	\
			TH_LOG("load %u gave %d", n, err);		\
		}							\
		EXPECT_EQ(!err, module_loaded(name));			\
		if (err) {						\
			refused++;					\
		} else {						\
			EXPECT_TRUE(works);				\
			EXPECT_EQ(0, module_unload(name));		\
		}							\
		loads++;						\
		n += every;						\
	} while (failed && n < MANY);					\
	ASSERT_FALSE(failed);						\
	ASSERT_LT(0, refused);						\
	/* Some it can do without: a file in debugfs, an event. */	\
	TH_LOG("%u loads, %u of them refused", loads, refused);		\
} while (0)

static bool device_works(void)
{
	int fd = kt_open(0);
	bool works = fd >= 0 && kt_nop(fd, 0, 0) > 0;

	if (fd >= 0)
		close(fd);
	return works;
}

TEST_F_TIMEOUT(fail_load, ktask, SLOWEST)
{
	if (module_loaded("ktask_kunit") || syscall(SYS_delete_module, "ktask", O_NONBLOCK))
		SKIP(return, "ktask is in use");
	FAIL_LOADS("ktask", device_works());
	ASSERT_EQ(0, module_load(self->module));
	/* Where no udev does it. */
	EXPECT_EQ(0, chown(DEVICE, self->device.st_uid, self->device.st_gid));
}

/* A driver with runtimes. */
TEST_F_TIMEOUT(fail_load, driver, SLOWEST)
{
	FAIL_LOADS("ktask_probe", true);
}

TEST_HARNESS_MAIN
