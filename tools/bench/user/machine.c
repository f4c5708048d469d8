// SPDX-License-Identifier: GPL-2.0
/*
 * Where it was measured.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bench.h"

/* The first line of /proc/cpuinfo that begins so; and whether flags have @flag. */
static void read_cpuinfo(struct machine *m)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	char *line = NULL, *value;
	size_t size = 0;

	while (file && getline(&line, &size, file) > 0) {
		value = strstr(line, ": ");
		if (!value)
			continue;
		value[strcspn(value, "\n")] = '\0';
		if (!*m->cpu && !strncmp(line, "model name", strlen("model name")))
			snprintf(m->cpu, sizeof(m->cpu), "%s", value + 2);
		if (!strncmp(line, "flags", strlen("flags")) && strstr(value, " hypervisor"))
			m->virtual = true;
	}
	free(line);
	if (file)
		fclose(file);
}

void machine_get(struct machine *m)
{
	struct utsname name;

	*m = (struct machine){ 0 };
	if (!uname(&name)) {
		snprintf(m->release, sizeof(m->release), "%s", name.release);
		snprintf(m->arch, sizeof(m->arch), "%s", name.machine);
	}
	m->cpus = sysconf(_SC_NPROCESSORS_ONLN);
	m->memory_mib = (uint64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE) >> 20;
	read_cpuinfo(m);
}
