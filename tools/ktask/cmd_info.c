// SPDX-License-Identifier: GPL-2.0
/*
 * ktask info
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "json.h"

static const char help[] =
	"Usage: ktask info [OPTION]...\n"
	"Show the version of the kernel module, its counters, and what you may use.\n\n"
	"      --json  as a JSON object\n"
	"      --help  show this\n";

static void show(const char *what, uint64_t number)
{
	printf("%-22s %" PRIu64 "\n", what, number);
}

static void print(const struct ktask_info *info)
{
	char version[VERSION_TEXT_MAX];

	version_text(version, info->module_version);
	printf("%-22s %s\n", "module version", version);
	show("ABI version", info->abi_version);
	show("executors", info->nr_executors);
	show("operations", info->nr_ops);
	show("tasks spawned", info->spawned);
	show("tasks completed", info->completed);
	show("  of these cancelled", info->cancelled);
	show("tasks given a CPU", info->resumed);
	show("  of these by a joiner", info->helped);
	show("open files", info->files);
	show("tasks of open files", info->file_tasks);
	show("your tasks", info->user_tasks);
	show("your tasks at most", info->max_user_tasks);
	show("your bytes", info->user_bytes);
	show("your bytes at most", info->max_user_bytes);
	printf("%-22s %.6f s\n", "your CPU time", info->user_run_ns / 1e9);
}

static void print_json(const struct ktask_info *info)
{
	struct json_object *object = json_new();
	char version[VERSION_TEXT_MAX];

	version_text(version, info->module_version);
	json_add_text(object, "module_version", version);
	json_add_u64(object, "abi_version", info->abi_version);
	json_add_u64(object, "nr_executors", info->nr_executors);
	json_add_u64(object, "nr_ops", info->nr_ops);
	json_add_u64(object, "spawned", info->spawned);
	json_add_u64(object, "completed", info->completed);
	json_add_u64(object, "cancelled", info->cancelled);
	json_add_u64(object, "resumed", info->resumed);
	json_add_u64(object, "helped", info->helped);
	json_add_u64(object, "files", info->files);
	json_add_u64(object, "file_tasks", info->file_tasks);
	json_add_u64(object, "user_tasks", info->user_tasks);
	json_add_u64(object, "user_bytes", info->user_bytes);
	json_add_u64(object, "user_run_ns", info->user_run_ns);
	json_add_u64(object, "max_user_tasks", info->max_user_tasks);
	json_add_u64(object, "max_user_bytes", info->max_user_bytes);
	json_print(object);
}

int cmd_info(int argc, char **argv)
{
	struct ktask_info info;
	struct ktask_set *set;
	bool json;
	int err;

	err = parse_json_option(argc, argv, help, &json);
	if (err == STATUS_USAGE)
		return usage_error("info");
	if (err >= 0)
		return err;

	set = set_open();
	if (!set)
		return STATUS_FAILED;
	err = ktask_info(set, &info);
	ktask_set_close(set);
	if (err) {
		message("/dev/ktask: %s", strerror(-err));
		return STATUS_FAILED;
	}

	if (json)
		print_json(&info);
	else
		print(&info);
	return STATUS_OK;
}
