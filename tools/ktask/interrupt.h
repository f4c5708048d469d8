/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Signals that would end the program, where something must be done first.
 */
#ifndef KTASK_INTERRUPT_H
#define KTASK_INTERRUPT_H

/*
 * Holds back SIGHUP, SIGINT, SIGPIPE and SIGTERM, as far as we were not started to
 * ignore them, and @others up to a 0. The descriptor that it returns polls readable
 * when one has come. Exits if there can be none.
 */
int interrupt_open(const int *others);

/* Lets those that have come end the program. */
void interrupt_deliver(void);

#endif /* KTASK_INTERRUPT_H */
