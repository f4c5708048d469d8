// SPDX-License-Identifier: GPL-2.0
/*
 * From a graph's text to its tasks.
 */
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "desc.h"
#include "lexer.h"

/* What may stand behind an operation. */
#define ITEMS	"an argument KEY=VALUE, or after, from, delay, timeout, priority, cpu"

/*
 * Each of these reads what its name says, and returns false if it is wrong, which has
 * been said then.
 */

static bool expected(struct lexer *lexer, const char *what)
{
	source_error(&lexer->graph->source, lexer->at, "expected %s", what);
	return false;
}

static bool read_after(struct lexer *lexer, struct graph_task *task, const char *word);
static bool read_from(struct lexer *lexer, struct graph_task *task, const char *word);
static bool read_setting(struct lexer *lexer, struct graph_task *task, const char *word);

/* These cannot be names of tasks. */
static const struct keyword {
	const char *word;
	bool (*read)(struct lexer *lexer, struct graph_task *task, const char *word);
	bool once;
} keywords[] = {
	{ "after", read_after, false },
	{ "from", read_from, false },
	{ "delay", read_setting, true },
	{ "timeout", read_setting, true },
	{ "priority", read_setting, true },
	{ "cpu", read_setting, true },
};

static const struct keyword *find_keyword(const char *word)
{
	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
		if (!strcmp(word, keywords[i].word))
			return &keywords[i];
	}
	return NULL;
}

/* Whether here is a name that can be a task's, and not the key of an argument. */
static bool at_ref(const struct lexer *lexer)
{
	struct lexer ahead = *lexer;
	char *name = lex_name(&ahead);
	bool is = name && !find_keyword(name) && *ahead.at != '=';

	free(name);
	return is;
}

static void read_ref(struct lexer *lexer, struct graph_task *task, uint32_t flags)
{
	struct graph_ref *ref;

	task->refs = must_realloc(task->refs, task->nr_refs + 1, sizeof(*task->refs));
	ref = &task->refs[task->nr_refs++];
	ref->at = lexer->at;
	ref->name = lex_name(lexer);
	ref->flags = flags;
	if (*lexer->at == '?') {
		ref->flags |= KTASK_AFTER_ANY;
		lexer->at++;
	}
	lex_blank(lexer);
}

/* With or without commas between; behind a comma there must be one more. */
static bool read_refs(struct lexer *lexer, struct graph_task *task, uint32_t flags)
{
	bool comma = true;

	while (comma || at_ref(lexer)) {
		if (!at_ref(lexer))
			return expected(lexer, "the name of a task");
		read_ref(lexer, task, flags);
		comma = *lexer->at == ',';
		if (comma) {
			lexer->at++;
			lex_blank(lexer);
		}
	}
	return true;
}

static bool read_after(struct lexer *lexer, struct graph_task *task, const char *word)
{
	(void)word;
	return read_refs(lexer, task, 0);
}

static bool read_from(struct lexer *lexer, struct graph_task *task, const char *word)
{
	(void)word;
	return read_refs(lexer, task, KTASK_AFTER_INPUT);
}

static bool read_setting(struct lexer *lexer, struct graph_task *task, const char *word)
{
	const char *at = lexer->at;
	char *value, *why;

	if (lex_at_end(lexer))
		return expected(lexer, "a value");
	value = lex_value(lexer);
	if (!value)
		return false;
	why = desc_set(&task->desc, word, value);
	if (why)
		source_error(&lexer->graph->source, at, "%s", why);
	free(value);
	free(why);
	return !why;
}

static bool read_arg(struct lexer *lexer, struct graph_task *task, char *key,
		     const char *key_at)
{
	struct graph_arg *arg;

	task->args = must_realloc(task->args, task->nr_args + 1, sizeof(*task->args));
	arg = &task->args[task->nr_args++];
	arg->key = key;
	arg->key_at = key_at;
	lexer->at++;
	arg->value_at = lexer->at;
	arg->value = lex_value(lexer);
	return arg->value;
}

static bool read_keyword(struct lexer *lexer, struct graph_task *task,
			 const struct keyword *keyword, const char *at)
{
	unsigned int bit = 1U << (keyword - keywords);

	if (keyword->once && (task->given & bit)) {
		source_error(&lexer->graph->source, at, "\"%s\" is given twice", keyword->word);
		return false;
	}
	task->given |= bit;
	lex_blank(lexer);
	return keyword->read(lexer, task, keyword->word);
}

static bool read_item(struct lexer *lexer, struct graph_task *task)
{
	const char *at = lexer->at;
	char *word = lex_name(lexer);
	const struct keyword *keyword;
	bool ok;

	if (word && *lexer->at == '=')
		return read_arg(lexer, task, word, at);

	keyword = word ? find_keyword(word) : NULL;
	free(word);
	if (keyword) {
		ok = read_keyword(lexer, task, keyword, at);
	} else {
		lexer->at = at;
		ok = expected(lexer, ITEMS);
	}
	return ok;
}

/* It is in the graph even if something is wrong with it: others may name it. */
static struct graph_task *add_task(struct graph *graph, char *name, const char *at)
{
	struct graph_task *task;
	uint32_t other;

	if (graph_name_find(graph, name, &other))
		source_error(&graph->source, at, "there is a task \"%s\" already, on line %zu",
			     name, source_line(&graph->source, graph->tasks[other].at));
	else
		graph_name_add(graph, name, graph->nr_tasks);

	graph->tasks = must_realloc(graph->tasks, graph->nr_tasks + 1, sizeof(*task));
	task = memset(&graph->tasks[graph->nr_tasks], 0, sizeof(*task));
	task->name = name;
	task->at = at;
	task->desc.user_data = graph->nr_tasks++;
	if (ktask_desc_name(&task->desc, name))
		source_error(&graph->source, at, "the name is longer than %d bytes",
			     KTASK_NAME_MAX - 1);
	return task;
}

static bool read_task(struct lexer *lexer, char *name, const char *at)
{
	struct graph_task *task = add_task(lexer->graph, name, at);

	if (find_keyword(name)) {
		source_error(&lexer->graph->source, at,
			     "\"%s\" cannot be the name of a task", name);
		return false;
	}

	lex_blank(lexer);
	task->op_at = lexer->at;
	task->op = lex_name(lexer);
	/* An argument is no operation. */
	if (!task->op || *lexer->at == '=') {
		lexer->at = task->op_at;
		return expected(lexer, "an operation");
	}
	lex_blank(lexer);
	while (!lex_at_end(lexer)) {
		if (!read_item(lexer, task))
			return false;
		lex_blank(lexer);
	}
	return true;
}

static bool read_var(struct lexer *lexer, const char *name, const char *at)
{
	struct source *source = &lexer->graph->source;
	struct graph_var *var = graph_var_find(lexer->graph, name);
	char *value;

	if (!graph_is_var_name(name)) {
		source_error(source, at, "\"%s\" cannot be the name of a variable", name);
		return false;
	}
	if (var && var->at) {
		source_error(source, at, "there is a variable \"%s\" already, on line %zu",
			     name, source_line(source, var->at));
		return false;
	}

	lex_blank(lexer);
	value = lex_value(lexer);
	if (!value)
		return false;
	/* What the command line says stands. */
	if (var)
		var->used = true;
	else
		graph_var_add(lexer->graph, name, value, at);
	free(value);

	lex_blank(lexer);
	return lex_at_end(lexer) || expected(lexer, "the end of the line");
}

static bool read_line(struct lexer *lexer)
{
	const char *at;
	char *name;
	bool ok;

	lex_blank(lexer);
	if (lex_at_end(lexer))
		return true;

	at = lexer->at;
	name = lex_name(lexer);
	if (!name)
		return expected(lexer, "the name of a task or of a variable");
	lex_blank(lexer);
	switch (*lexer->at++) {
	case ':':
		return read_task(lexer, name, at);
	case '=':
		ok = read_var(lexer, name, at);
		break;
	default:
		lexer->at--;
		ok = expected(lexer, "\":\" behind the name of a task, or \"=\" behind "
				     "that of a variable");
	}
	free(name);
	return ok;
}

/* Past this line, and those that belong to it. */
static void skip_line(struct lexer *lexer)
{
	const char *end;

	for (;;) {
		end = lexer->at += strcspn(lexer->at, "\n");
		if (end > lexer->graph->source.text && end[-1] == '\r')
			end--;
		if (!*lexer->at || end == lexer->graph->source.text || end[-1] != '\\')
			return;
		lexer->at++;
	}
}

void graph_parse(struct graph *graph)
{
	struct source *source = &graph->source;
	struct lexer lexer = { .graph = graph, .at = source->text };

	if (strlen(source->text) < source->len) {
		source_error(source, source->text + strlen(source->text),
			     "a zero byte: this is no text");
		return;
	}

	for (;;) {
		if (!read_line(&lexer))
			skip_line(&lexer);
		if (!*lexer.at)
			break;
		lexer.at++;
	}
	if (!graph->nr_tasks && !source->errors)
		source_error(source, lexer.at, "expected a task; there is none");
	if (graph->nr_tasks > KTASK_SPAWN_MAX)
		source_error(source, graph->tasks[KTASK_SPAWN_MAX].at,
			     "more than %d tasks", KTASK_SPAWN_MAX);
}
