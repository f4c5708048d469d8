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
	"Show the version of the kernel module and its counters.\n\n"
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
		json_info(&info);
	else
		print(&info);
	return STATUS_OK;
}
