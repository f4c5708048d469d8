/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The words of a graph's text.
 */
#ifndef KTASK_LEXER_H
#define KTASK_LEXER_H

#include "graph.h"

/**
 * struct lexer - where we are in the text
 * @graph: whose text and variables
 * @at: the next character
 */
struct lexer {
	struct graph *graph;
	const char *at;
};

/* Past blanks, comments, and line ends behind a backslash. */
void lex_blank(struct lexer *lexer);

/* At the end of a line, or of the text. */
bool lex_at_end(const struct lexer *lexer);

/* Past the rest of the line, whatever is there. */
void lex_skip_line(struct lexer *lexer);

/* A name, to be freed; NULL: here is none. */
char *lex_name(struct lexer *lexer);

/*
 * A value up to the next blank, without its quotes and with its variables replaced;
 * to be freed. NULL: it is wrong, which has been said.
 */
char *lex_value(struct lexer *lexer);

#endif /* KTASK_LEXER_H */
