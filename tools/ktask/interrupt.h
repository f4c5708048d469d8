/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Signals that would end the program, where something must be done first.
 */
#ifndef KTASK_INTERRUPT_H
#define KTASK_INTERRUPT_H

/*
 * Holds back SIGHUP, SIGINT, SIGPIPE and SIGTERM, as far as we were not started to
 * ignore them. The descriptor that it returns polls readable when one has come; it is
 * not to be read. Exits if there can be none.
 */
int interrupt_open(void);

/* The same for other signals, up to a 0; reading from it takes them. See signalfd(2). */
int interrupt_watch(const int *signals);

/* Lets those that have come end the program. */
void interrupt_deliver(void);

#endif /* KTASK_INTERRUPT_H */
