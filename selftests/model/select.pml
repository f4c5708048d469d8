/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The end of one select, for spin: the state word of kernel/async/select.c.
 *
 * Three arms, whose futures are completed by three others or never; their owner
 * is woken, or gives up at any time, takes the waiters back and frees the select.
 * All interleavings are searched for a touch of it after that, and for an owner
 * that waits for ever (an invalid end state).
 *
 * A compare-and-swap loop is one atomic step here. To complete a future is one
 * too: it is its completer's last touch.
 *
 * BREAK selects a bug to be planted, to see that the search would find it.
 */
#ifndef BREAK
#define BREAK 0
#endif

#define N	3

short count = N;
bool WOKEN, LEAVING;
bool done, quiet;	/* the select's futures */
bool complete[N];	/* the arms' futures: their waiters are the completer's */
bool freed;

#define touch	assert(!freed)

proctype completer(byte arm)
{
	bool leaving, first, last;

	if
	:: true -> goto out	/* it is never complete */
	:: atomic { !freed && !complete[arm] -> complete[arm] = true }
	:: freed -> goto out	/* the waiter was taken back */
	fi;

	/* select_notify() */
	atomic {
		touch;
		first = !WOKEN;
		leaving = LEAVING;
		count--;
		WOKEN = true;
		last = count == 0;
	}
	if
	:: leaving && last -> atomic { touch; quiet = true }
#if BREAK == 1
	:: !leaving && (first || last) -> atomic { touch; done = true }
	:: else
#else
	:: !leaving && first -> atomic { touch; done = true }
	:: else
#endif
	fi;
out:
	skip
}

active proctype owner()
{
	byte i;
	byte gone;
	short left;
	bool woken;

	run completer(0);
	run completer(1);
	run completer(2);

	if
	:: done		/* woken */
	:: true		/* the time is up, or the task was aborted */
	fi;

	/* select_disarm(); a waiter taken back is as good as complete. */
	i = 0;
	do
	:: i < N ->
		atomic {
			if
			:: !complete[i] -> gone++; complete[i] = true
			:: else
			fi;
			i++
		}
	:: else -> break
	od;
#if BREAK == 2
	atomic { count = count - gone; woken = WOKEN }
#else
	atomic {
		count = count - gone;
		left = count;
		woken = WOKEN;
		LEAVING = true
	}
	if
	:: left > 0 -> quiet
	:: else
	fi;
#endif
#if BREAK != 3
	if
	:: woken -> done
	:: else
	fi;
#endif
	freed = true
}
