// SPDX-License-Identifier: GPL-2.0
/*
 * Names of files in JSON.
 */
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "json.h"
#include "text.h"

void json_add_path(struct json_object *object, const char *key, const char *path)
{
	char *text = text_utf8(path);
	char *hex_key = must_format("%s_hex", key);

	json_add_text(object, key, text);
	if (strcmp(text, path))
		json_add_hex(object, hex_key, path, strlen(path));
	free(hex_key);
	free(text);
}
