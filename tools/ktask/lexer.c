// SPDX-License-Identifier: GPL-2.0
/*
 * The words of a graph's text.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "lexer.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("_.-", c));
}

/* How long the line end is that a backslash here hides; 0: none. */
static size_t hidden_line_end(const char *at)
{
	if (at[0] != '\\')
		return 0;
	if (at[1] == '\n')
		return 2;
	return at[1] == '\r' && at[2] == '\n' ? 3 : 0;
}

/* In the midst of a word "#" is a character like others. */
static bool at_comment(const struct lexer *lexer)
{
	const char *at = lexer->at;

	return *at == '#' && (at == lexer->graph->source.text || is_blank(at[-1]) ||
			      at[-1] == '\n');
}

void lex_blank(struct lexer *lexer)
{
	size_t len;

	while ((len = is_blank(*lexer->at) ? 1 : hidden_line_end(lexer->at)))
		lexer->at += len;
	if (at_comment(lexer))
		lex_skip_line(lexer);
}

bool lex_at_end(const struct lexer *lexer)
{
	return *lexer->at == '\n' || !*lexer->at;
}

void lex_skip_line(struct lexer *lexer)
{
	lexer->at += strcspn(lexer->at, "\n");
}

char *lex_name(struct lexer *lexer)
{
	const char *begin = lexer->at;

	while (is_name(*lexer->at))
		lexer->at++;
	return lexer->at > begin ? must_strndup(begin, lexer->at - begin) : NULL;
}

/* What is to be put in place of a variable; NULL: there is none, has been said. */
static const char *variable(struct lexer *lexer)
{
	const char *dollar = lexer->at++;
	bool braces = *lexer->at == '{';
	struct graph_var *var;
	const char *begin;
	char *name;

	lexer->at += braces;
	begin = lexer->at;
	while (isalnum((unsigned char)*lexer->at) || *lexer->at == '_')
		lexer->at++;
	name = must_strndup(begin, lexer->at - begin);

	var = NULL;
	if (!graph_is_var_name(name)) {
		source_error(&lexer->graph->source, begin,
			     "expected the name of a variable; for the character, write \\$");
	} else if (braces && *lexer->at != '}') {
		source_error(&lexer->graph->source, lexer->at, "expected \"}\"");
	} else {
		lexer->at += braces;
		var = graph_var_find(lexer->graph, name);
		if (!var)
			source_error(&lexer->graph->source, dollar,
				     "there is no variable \"%s\" yet", name);
	}
	free(name);
	if (!var)
		return NULL;
	var->used = true;
	return var->value;
}

/* What a backslash in double quotes means; false: nothing, has been said. */
static bool escape(struct lexer *lexer, FILE *to)
{
	static const char letters[] = "nrt\\\"$", meanings[] = "\n\r\t\\\"$";
	const char *backslash = lexer->at++;
	const char *letter;
	unsigned char byte;
	char digits[3];
	size_t len;

	letter = *lexer->at ? strchr(letters, *lexer->at) : NULL;
	if (letter) {
		fputc(meanings[letter - letters], to);
		lexer->at++;
		return true;
	}
	if (*lexer->at == 'x') {
		snprintf(digits, sizeof(digits), "%s", lexer->at + 1);
		if (unhex(&byte, 1, digits, &len) && len && byte) {
			fputc(byte, to);
			lexer->at += 3;
			return true;
		}
	}
	source_error(&lexer->graph->source, backslash,
		     "expected one of \\n \\r \\t \\\\ \\\" \\$ \\xHH, HH not 00");
	return false;
}

/* Up to the quote that closes it, on the same line. */
static bool quoted(struct lexer *lexer, FILE *to)
{
	const char *open = lexer->at++;
	const char *value;

	while (*lexer->at != *open) {
		if (lex_at_end(lexer)) {
			source_error(&lexer->graph->source, open,
				     "this quote is not closed on its line");
			return false;
		}
		if (*open == '"' && *lexer->at == '\\') {
			if (!escape(lexer, to))
				return false;
		} else if (*open == '"' && *lexer->at == '$') {
			value = variable(lexer);
			if (!value)
				return false;
			fputs(value, to);
		} else {
			fputc(*lexer->at++, to);
		}
	}
	lexer->at++;
	return true;
}

static bool value_to(struct lexer *lexer, FILE *to)
{
	const char *value;

	while (!lex_at_end(lexer) && !is_blank(*lexer->at)) {
		switch (*lexer->at) {
		case '"':
		case '\'':
			if (!quoted(lexer, to))
				return false;
			break;
		case '$':
			value = variable(lexer);
			if (!value)
				return false;
			fputs(value, to);
			break;
		case '\\':
			if (hidden_line_end(lexer->at))
				return true;
			lexer->at++;
			if (lex_at_end(lexer)) {
				source_error(&lexer->graph->source, lexer->at,
					     "expected a character behind the backslash");
				return false;
			}
			/* fall through */
		default:
			fputc(*lexer->at++, to);
		}
	}
	return true;
}

char *lex_value(struct lexer *lexer)
{
	char *text = NULL;
	size_t size;
	FILE *to;
	bool ok;

	to = must(open_memstream(&text, &size));
	ok = value_to(lexer, to);
	fclose(to);
	must(text);
	if (!ok) {
		free(text);
		text = NULL;
	}
	return text;
}
