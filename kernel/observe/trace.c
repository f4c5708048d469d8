// SPDX-License-Identifier: GPL-2.0
/*
 * The tracepoints, of which include/trace/events/ktask.h tells.
 */
#define CREATE_TRACE_POINTS
#include <trace/events/ktask.h>
