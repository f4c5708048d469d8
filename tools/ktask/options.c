// SPDX-License-Identifier: GPL-2.0
/*
 * The options of the verbs that only show something.
 */
#include <getopt.h>
#include <stdio.h>

#include "cmd.h"
#include "json.h"

int parse_json_option(int argc, char **argv, const char *help, bool *json)
{
	static const struct option long_options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	int opt;

	*json = false;
	while ((opt = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (opt) {
		case 'j':
			*json = true;
			break;
		case 'h':
			fputs(help, stdout);
			return STATUS_OK;
		default:
			return STATUS_USAGE;
		}
	}
	if (optind < argc) {
		message("there is one argument too many: \"%s\"", argv[optind]);
		return STATUS_USAGE;
	}
	if (*json && !json_available())
		return STATUS_FAILED;
	return -1;
}
