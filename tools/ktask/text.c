// SPDX-License-Identifier: GPL-2.0
/*
 * Text of others, made fit to be shown.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "text.h"

/* U+FFFD, the character for what is none. */
#define REPLACEMENT	"\xef\xbf\xbd"

/* The first byte tells the length and the least code point that needs it. */
static const struct lead {
	uint8_t mask;
	uint8_t bits;
	uint32_t least;
} leads[] = {
	{ 0x80, 0x00, 0 },
	{ 0xe0, 0xc0, 0x80 },
	{ 0xf0, 0xe0, 0x800 },
	{ 0xf8, 0xf0, 0x10000 },
};

size_t text_sequence(const char *text)
{
	const unsigned char *bytes = (const unsigned char *)text;

	for (size_t more = 0; more < sizeof(leads) / sizeof(leads[0]); more++) {
		const struct lead *lead = &leads[more];
		uint32_t point;

		if ((bytes[0] & lead->mask) != lead->bits)
			continue;
		point = bytes[0] & ~lead->mask;
		for (size_t i = 1; i <= more; i++) {
			if ((bytes[i] & 0xc0) != 0x80)
				return 0;
			point = point << 6 | (bytes[i] & 0x3f);
		}
		/* Too long a form, half of a surrogate pair, beyond the last. */
		if (point < lead->least || (point >= 0xd800 && point < 0xe000) ||
		    point > 0x10ffff)
			return 0;
		return more + 1;
	}
	return 0;
}

/* Those of ASCII, and U+0080 to U+009F, which some terminals obey as well. */
static bool is_control(const char *text, size_t len)
{
	return len == 1 ? iscntrl((unsigned char)*text) :
	       len == 2 && text[0] == '\xc2' && (unsigned char)text[1] < 0xa0;
}

/*
 * Control characters in a name would be its giver speaking to the terminal of
 * whoever lists it.
 */
char *text_printable(const char *text)
{
	char *copy = must_calloc(strlen(text) + 1, 1);
	char *to = copy;

	while (*text) {
		size_t len = text_sequence(text);

		if (!len || is_control(text, len))
			*to++ = '?';
		else
			to = mempcpy(to, text, len);
		text += len ? len : 1;
	}
	return copy;
}

char *text_utf8(const char *text)
{
	char *copy = must_calloc(strlen(text) + 1, strlen(REPLACEMENT));
	char *to = copy;

	while (*text) {
		size_t len = text_sequence(text);

		to = mempcpy(to, len ? text : REPLACEMENT, len ? len : strlen(REPLACEMENT));
		text += len ? len : 1;
	}
	return copy;
}

size_t text_width(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += text_begins_character(*text);
	return width;
}

size_t text_fitting(const char *text, size_t width)
{
	size_t len = 0;

	for (; text[len]; len++) {
		if (text_begins_character(text[len]) && !width--)
			break;
	}
	return len;
}
