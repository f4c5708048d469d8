// SPDX-License-Identifier: GPL-2.0
/*
 * Versions as the module packs them.
 */
#include <stdio.h>

#include "cmd.h"

void version_text(char text[VERSION_TEXT_MAX], uint32_t version)
{
	snprintf(text, VERSION_TEXT_MAX, "%u.%u.%u", version >> 16, version >> 8 & 255,
		 version & 255);
}
