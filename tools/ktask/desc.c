// SPDX-License-Identifier: GPL-2.0
/*
 * What can be said of a task beside its operation.
 */
#include <string.h>

#include "cmd.h"
#include "desc.h"

/* Each returns false if the value cannot be used. */

static bool set_name(struct ktask_desc *desc, const char *value)
{
	return !ktask_desc_name(desc, value);
}

static bool set_delay(struct ktask_desc *desc, const char *value)
{
	uint64_t ns;

	if (!parse_duration(value, &ns))
		return false;
	ktask_desc_delay(desc, ns);
	return true;
}

/* 0 would be none at all. */
static bool set_timeout(struct ktask_desc *desc, const char *value)
{
	uint64_t ns;

	if (!parse_duration(value, &ns) || !ns)
		return false;
	ktask_desc_timeout(desc, ns);
	return true;
}

static bool set_priority(struct ktask_desc *desc, const char *value)
{
	for (uint32_t i = KTASK_PRIORITY_NORMAL; i <= KTASK_PRIORITY_IDLE; i++) {
		if (!strcmp(value, ktask_priority_name(i))) {
			desc->priority = i;
			return true;
		}
	}
	return false;
}

static bool set_cpu(struct ktask_desc *desc, const char *value)
{
	uint64_t cpu;

	if (!parse_number(value, UINT32_MAX, &cpu))
		return false;
	ktask_desc_cpu(desc, cpu);
	return true;
}

static const struct setting {
	const char *key;
	bool (*set)(struct ktask_desc *desc, const char *value);
	const char *wanted;
} settings[] = {
	{ "name", set_name, "a name of at most 31 bytes" },
	{ "delay", set_delay, "a duration such as 1.5s" },
	{ "timeout", set_timeout, "a duration such as 1.5s" },
	{ "priority", set_priority, "one of normal, high, idle" },
	{ "cpu", set_cpu, "the number of a CPU" },
};

static const struct setting *find(const char *key)
{
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		if (!strcmp(key, settings[i].key))
			return &settings[i];
	}
	return NULL;
}

bool desc_knows(const char *key)
{
	return find(key);
}

char *desc_set(struct ktask_desc *desc, const char *key, const char *value)
{
	const struct setting *setting = find(key);

	if (setting->set(desc, value))
		return NULL;
	return must_format("\"%s\" is not %s", value, setting->wanted);
}
