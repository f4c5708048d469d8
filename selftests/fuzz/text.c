// SPDX-License-Identifier: GPL-2.0
/*
 * Sequences as text, one call on a line:
 *
 *	THREAD CALL [FIELD=VALUE]...
 *
 * with the fields that are not as by default. A value is a number, fdN, idN, groupN,
 * op.NAME, REGION+OFFSET or "TEXT". What follows # is not read.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static void value_print(FILE *file, const struct value *v)
{
	unsigned long long n = v->num;

	switch (v->kind) {
	case V_FD:
		fprintf(file, "fd%llu", n);
		break;
	case V_ID:
		fprintf(file, "id%llu", n);
		break;
	case V_GROUP:
		fprintf(file, "group%llu", n);
		break;
	case V_OP:
		fprintf(file, "op.%s", op_names[n % OPS]);
		break;
	case V_MEM:
		fprintf(file, "%s+%llu", regions[v->region].name, n);
		break;
	case V_TEXT:
		fprintf(file, "\"%s\"", texts[n % nr_texts]);
		break;
	default:
		if (n < 1 << 30)
			fprintf(file, "%llu", n);
		else if (n == UINT64_MAX)
			fprintf(file, "-1");
		else
			fprintf(file, "0x%llx", n);
	}
}

void call_print(FILE *file, const struct call *call)
{
	const struct call_type *type = &call_types[call->type];
	unsigned int i, nr = call_nr_fields(type);

	fprintf(file, "%u %s", call->thread, type->name);
	for (i = 0; i < nr; i++) {
		if (call->v[i].kind == V_DEFAULT)
			continue;
		fprintf(file, " %s=", type->fields[i].name);
		value_print(file, &call->v[i]);
	}
}

void sequence_print(FILE *file, const struct sequence *s)
{
	unsigned int i;

	for (i = 0; i < s->nr; i++) {
		call_print(file, &s->calls[i]);
		fputc('\n', file);
	}
}

/* --- Reading ------------------------------------------------------------------- */

static bool number(const char *text, uint64_t *n)
{
	char *end;

	*n = strtoull(text, &end, 0);
	return end != text && !*end;
}

static bool is(const char *text, const char *prefix, uint64_t *n)
{
	size_t len = strlen(prefix);

	return !strncmp(text, prefix, len) && number(text + len, n);
}

static bool find_text(const char *text, uint64_t *n)
{
	size_t len = strlen(text);

	for (*n = 0; *n < nr_texts; ++*n) {
		if (len == strlen(texts[*n]) + 2 && !strncmp(texts[*n], text + 1, len - 2))
			return text[len - 1] == '"';
	}
	return false;
}

static bool find_op(const char *name, uint64_t *n)
{
	for (*n = 0; *n < OPS; ++*n) {
		if (!strcmp(op_names[*n], name))
			return true;
	}
	return false;
}

static bool find_memory(char *text, struct value *v)
{
	char *plus = strchr(text, '+');

	if (!plus || !number(plus + 1, &v->num))
		return false;
	*plus = 0;
	for (v->region = 0; v->region < REGIONS; v->region++) {
		if (!strcmp(regions[v->region].name, text))
			return true;
	}
	return false;
}

static bool value_read(char *text, struct value *v)
{
	if (is(text, "fd", &v->num))
		v->kind = V_FD;
	else if (is(text, "id", &v->num))
		v->kind = V_ID;
	else if (is(text, "group", &v->num))
		v->kind = V_GROUP;
	else if (*text == '"' && find_text(text, &v->num))
		v->kind = V_TEXT;
	else if (!strncmp(text, "op.", 3) && find_op(text + 3, &v->num))
		v->kind = V_OP;
	else if (number(text, &v->num))
		v->kind = V_NUM;
	else if (find_memory(text, v))
		v->kind = V_MEM;
	else
		return false;
	return true;
}

static bool field_read(char *word, struct call *call)
{
	const struct call_type *type = &call_types[call->type];
	unsigned int i, nr = call_nr_fields(type);
	char *equals = strchr(word, '=');

	if (!equals)
		return false;
	*equals = 0;
	for (i = 0; i < nr; i++) {
		if (!strcmp(type->fields[i].name, word))
			return value_read(equals + 1, &call->v[i]);
	}
	return false;
}

static bool call_read(char *line, struct call *call)
{
	char *save, *word = strtok_r(line, " \t\n", &save);
	uint64_t thread;
	int type;

	memset(call, 0, sizeof(*call));
	if (!number(word, &thread) || thread >= THREADS)
		return false;
	word = strtok_r(NULL, " \t\n", &save);
	type = word ? call_type_find(word) : -1;
	if (type < 0)
		return false;
	call->thread = thread;
	call->type = type;
	while ((word = strtok_r(NULL, " \t\n", &save))) {
		if (!field_read(word, call))
			return false;
	}
	return true;
}

int sequence_read(const char *path, struct sequence *s)
{
	FILE *file = fopen(path, "re");
	unsigned int n = 0;
	char line[4096];

	if (!file) {
		fprintf(stderr, "ktask_fuzz: %s: cannot be read\n", path);
		return -1;
	}
	s->nr = 0;
	while (fgets(line, sizeof(line), file)) {
		n++;
		line[strcspn(line, "#\n")] = 0;
		if (!line[strspn(line, " \t")])
			continue;
		if (s->nr == CALLS_MAX || !call_read(line, &s->calls[s->nr++])) {
			fprintf(stderr, "ktask_fuzz: %s:%u: not a call\n", path, n);
			fclose(file);
			return -1;
		}
	}
	fclose(file);
	return 0;
}
