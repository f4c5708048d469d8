// SPDX-License-Identifier: GPL-2.0
/*
 * ktask ps
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "json.h"
#include "rows.h"

static const char help[] =
	"Usage: ktask ps [OPTION]...\n"
	"List the tasks of all open files of /dev/ktask: those of yours; for root all.\n\n"
	"      --json      as a JSON array\n"
	"      --sort=KEY  by " ROWS_SORT_KEYS "; default file\n"
	"      --help      show this\n";

enum {
	OPT_JSON = 256,
	OPT_SORT,
	OPT_HELP,
};

static const struct option long_options[] = {
	{ "json", no_argument, NULL, OPT_JSON },
	{ "sort", required_argument, NULL, OPT_SORT },
	{ "help", no_argument, NULL, OPT_HELP },
	{ 0 }
};

static struct json_object *row_json(const struct row *row)
{
	const struct ktask_task *task = &row->task;
	struct json_object *object = json_new();

	json_add_u64(object, "file", task->file);
	json_add_u64(object, "id", task->id);
	json_add_u64(object, "pid", task->pid);
	json_add_u64(object, "uid", task->uid);
	json_add_text(object, "user", row->user);
	json_add_text(object, "op", task->op_name);
	json_add_text(object, "name", task->name);
	json_add_text(object, "state", ktask_state_name(task->state));
	json_add_text(object, "priority", ktask_priority_name(task->priority));
	json_add_u64(object, "group", task->group);
	json_add_u64(object, "waits_for", task->waits_for);
	json_add_u64(object, "age_ns", row->age_ns);
	json_add_u64(object, "run_ns", task->run_ns);
	if (task->state == KTASK_STATE_ENDED) {
		json_add_text(object, "outcome", ktask_outcome_name(task->outcome));
		json_add_text(object, "cause", ktask_cause_name(task->cause));
		json_add_s64(object, "result", task->result);
		json_add_u64(object, "out_len", task->out_len);
	}
	return object;
}

static void print_json(const struct rows *rows)
{
	struct json_object *list = json_new_list();

	for (size_t i = 0; i < rows->nr; i++)
		json_append(list, row_json(&rows->rows[i]));
	json_print(list);
}

int cmd_ps(int argc, char **argv)
{
	struct rows rows = { 0 };
	struct ktask_set *set;
	bool json = false;
	size_t key = 0;
	int opt;
	int err;

	while ((opt = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (opt) {
		case OPT_JSON:
			json = true;
			break;
		case OPT_SORT:
			if (!rows_sort_key(optarg, &key)) {
				message("--sort: \"%s\" is not one of " ROWS_SORT_KEYS, optarg);
				return usage_error("ps");
			}
			break;
		case OPT_HELP:
			fputs(help, stdout);
			return STATUS_OK;
		default:
			return usage_error("ps");
		}
	}
	if (optind < argc) {
		message("there is one argument too many: \"%s\"", argv[optind]);
		return usage_error("ps");
	}
	if (json && !json_available())
		return STATUS_FAILED;

	set = set_open();
	if (!set)
		return STATUS_FAILED;
	err = rows_read(set, &rows);
	ktask_set_close(set);
	if (err) {
		message("/dev/ktask: %s", strerror(-err));
		return STATUS_FAILED;
	}
	rows_sort(&rows, key);
	if (json)
		print_json(&rows);
	else
		rows_print(stdout, &rows, false, 0, 0);
	rows_free(&rows);
	return STATUS_OK;
}
