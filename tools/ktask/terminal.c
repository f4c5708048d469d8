// SPDX-License-Identifier: GPL-2.0
/*
 * A whole terminal to draw on.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "cmd.h"
#include "terminal.h"

/* A second screen, no cursor, and lines that are cut off; and back. */
#define ENTER		"\033[?1049h\033[?25l\033[?7l"
#define LEAVE		"\033[?7h\033[?25h\033[?1049l"

#define HOME		"\033[H"
#define ERASE_LINE	"\033[K"
#define ERASE_BELOW	"\033[J"

static struct termios before;
static bool has_keys;

void terminal_open(void)
{
	struct termios keys;

	has_keys = !tcgetattr(STDIN_FILENO, &before);
	if (has_keys) {
		keys = before;
		keys.c_lflag &= ~(ICANON | ECHO);
		keys.c_cc[VMIN] = 1;
		keys.c_cc[VTIME] = 0;
		tcsetattr(STDIN_FILENO, TCSANOW, &keys);
	}
	fputs(ENTER, stdout);
	output_flush();
}

void terminal_close(void)
{
	fputs(LEAVE, stdout);
	output_flush();
	if (has_keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

void terminal_size(size_t *lines, size_t *columns)
{
	struct winsize size;

	*lines = 24;
	*columns = 80;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		return;
	if (size.ws_row)
		*lines = size.ws_row;
	if (size.ws_col)
		*columns = size.ws_col;
}

/* What is left of longer lines and of more of them is erased. */
void terminal_draw(const char *text)
{
	size_t len;

	fputs(HOME, stdout);
	for (; *text; text += len + 1) {
		len = strcspn(text, "\n");
		printf("%.*s" ERASE_LINE "\n", (int)len, text);
		if (!text[len])
			break;
	}
	fputs(ERASE_BELOW, stdout);
	output_flush();
}
