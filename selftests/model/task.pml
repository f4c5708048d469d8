/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The life of one task, for spin: kernel/engine/task.c, executor.c, await.c and
 * future.c with everything left out that does not decide who runs, wakes, ends
 * or frees it.
 *
 * One task whose body awaits a future with a timeout, then returns. Two
 * executors that both take from its queue, a waker that may complete the future
 * or never does, a timer that may fire or be disarmed, an aborter, and two
 * joiners that help. All interleavings are searched for
 *
 *	a double run		two runners at once; a body resumed too often
 *	a lost wake-up		somebody waits for ever (an invalid end state)
 *	a missing completion	joiners wait for ever; the task never ends
 *	an early free		any touch of the task after its last put
 *	a leak			a reference left in the end
 *
 * A compare-and-swap loop is one atomic step here: it succeeds on the value
 * that it has seen. The processor's memory ordering is not modelled; all these
 * steps are fully ordered in the kernel.
 *
 * BREAK selects a bug to be planted, to see that the search would find it.
 */
#ifndef BREAK
#define BREAK 0
#endif

/* The state word, a bit each. */
bool READY, QUEUED, RUNNING, COMPLETE, ABORT, FIRED_WAITER, FIRED_TIMER;

bool linked;		/* in ex->queue, where a helper can take it off */
bool inboxed;		/* in ex->inbox, where it cannot */
byte refs;
bool freed;

/* Private to the runner. */
bool armed_waiter, armed_timer, fired_waiter, fired_timer;
byte resumed;
byte cleaned;
byte runners;

/* The awaited future, the task's own future, the timer. */
bool f_done, f_waiting;
bool ended;
bool timer_active, timer_running;

byte finished;		/* processes that are through */

#define touch()	assert(!freed)

inline put() {
	d_step {
		touch();
		assert(refs > 0);
		refs--;
		if
		:: refs == 0 -> freed = true
		:: else
		fi
	}
}

/* executor_push(): to either place, as the lock happens to be free. */
inline push() {
	atomic {
		touch();
		assert(!linked && !inboxed);
		if
		:: linked = true
		:: inboxed = true
		fi
	}
}

#define BY_WAITER	1
#define BY_TIMER	2
#define BY_ABORT	3

/* task_wake() */
inline wake(why, must_push) {
	d_step {
		touch();
		if
		:: why == BY_WAITER -> FIRED_WAITER = true
		:: why == BY_TIMER -> FIRED_TIMER = true
		:: why == BY_ABORT -> ABORT = true
		fi;
		must_push = false;
		if
		:: !READY && !COMPLETE ->
			READY = true;
			if
			:: !RUNNING && (!QUEUED || BREAK == 1) ->
				QUEUED = true;
				must_push = true
			:: else
			fi
		:: else
		fi
	}
	if
	:: must_push -> push()
	:: else
	fi;
	must_push = false
}

/* task_claim() */
inline claim(off_queue, claimed, let_go) {
	d_step {
		touch();
		let_go = false;
		if
		:: off_queue -> QUEUED = false
		:: else
		fi;
		claimed = READY && (!RUNNING || BREAK == 2);
		if
		:: claimed ->
			READY = false;
			RUNNING = true;
			runners++;
			assert(runners == 1);
			fired_waiter = fired_waiter || FIRED_WAITER;
			fired_timer = fired_timer || FIRED_TIMER;
			FIRED_WAITER = false;
			FIRED_TIMER = false
		:: else ->
			let_go = off_queue && COMPLETE
		fi
	}
	if
	:: let_go -> put()
	:: else
	fi;
	let_go = false
}

/* task_suspend() */
inline suspend(must_push) {
	d_step {
		touch();
		RUNNING = false;
		runners--;
		must_push = false;
		if
		:: READY && !QUEUED ->
			QUEUED = true;
			must_push = true
		:: else
		fi
	}
	if
	:: must_push -> push()
	:: else
	fi;
	must_push = false
}

/* timer_disarm() */
inline disarm_timer() {
	if
	:: atomic { timer_active -> timer_active = false }
	:: atomic {
		!timer_active && (!timer_running || BREAK == 3) ->
		touch();
		if
		:: !fired_timer -> FIRED_TIMER = false
		:: else
		fi
	   }
	fi;
	armed_timer = false
}

/* await_over(): "over", or it must be suspended again. */
inline await_over(over) {
	touch();
	if
	:: !fired_waiter && !fired_timer && !ABORT -> over = false
	:: else ->
		if
		:: armed_timer -> disarm_timer()
		:: else
		fi;
		over = true;
		if
		:: armed_waiter && !fired_waiter ->
			atomic {
				if
				:: f_done && BREAK != 4 -> over = false
				:: else -> f_waiting = false
				fi
			}
		:: else
		fi;
		if
		:: over -> armed_waiter = false
		:: else
		fi
	fi
}

/* task_finish() */
inline finish(let_go) {
	touch();
	cleaned++;
	assert(cleaned == 1);
	assert(!armed_waiter && !armed_timer);
	ended = true;		/* publish; joiners go on */
	d_step {
		touch();
		RUNNING = false;
		runners--;
		READY = false;
		COMPLETE = true;
		let_go = !QUEUED || BREAK == 5
	}
	if
	:: let_go -> put()
	:: else
	fi;
	let_go = false
}

/* The body: await the future with a timeout; then return. */
inline body(over, let_go, must_push) {
	resumed++;
	assert(resumed <= 2);
	if
	:: resumed == 1 && !ABORT ->
		fired_waiter = false;
		fired_timer = false;
		atomic {
			if
			:: f_done -> skip
			:: else -> f_waiting = true; armed_waiter = true
			fi
		};
		if
		:: armed_waiter ->
			armed_timer = true;
			timer_active = true;
			suspend(must_push)
		:: else -> finish(let_go)
		fi
	:: else -> finish(let_go)
	fi
}

/* task_run() */
inline task_run(over, let_go, must_push) {
	over = true;
	if
	:: armed_waiter || armed_timer -> await_over(over)
	:: else
	fi;
	if
	:: !over -> suspend(must_push)
	:: over && ABORT -> finish(let_go)
	:: else -> body(over, let_go, must_push)
	fi
}

/* executor_work(): it ends when all who may push are through. */
proctype executor() {
	bool claimed, let_go, over, must_push;

end:	do
	:: atomic {
		linked || inboxed ->
		linked = false;
		inboxed = false
	   }
	   claim(true, claimed, let_go);
	   if
	   :: claimed -> task_run(over, let_go, must_push)
	   :: else
	   fi
	:: atomic { inboxed -> inboxed = false; linked = true }
	od
}

proctype waker() {
	bool taken, must_push;

	if
	:: atomic {
		f_done = true;
		taken = f_waiting;
		f_waiting = false
	   }
	   if
	   :: taken -> wake(BY_WAITER, must_push)
	   :: else
	   fi
	:: skip		/* never completes it: the abort must do */
	fi;
	finished++
}

proctype timer() {
	bool must_push;

end:	do
	:: atomic {
		timer_active ->
		timer_active = false;
		timer_running = true
	   }
	   wake(BY_TIMER, must_push);
	   timer_running = false
	od
}

proctype aborter() {
	bool must_push;

	if
	:: ended
	:: !ended -> wake(BY_ABORT, must_push)
	fi;
	put();
	finished++
}

proctype joiner() {
	bool was_linked, claimed, let_go, over, must_push;

	/* ktask_help(), under the executor's lock */
	if
	:: READY && !ended ->
		atomic {
			was_linked = linked;
			linked = false
		}
		claim(was_linked, claimed, let_go);
		if
		:: claimed -> task_run(over, let_go, must_push)
		:: else
		fi
	:: skip
	fi;
	ended;			/* wait for the future */
	COMPLETE;		/* task_settle() */
	touch();
	put();
	finished++
}

init {
	atomic {
		/* Two joiners, the aborter, the runtime. */
		refs = 4;
		READY = true;
		QUEUED = true;
		if
		:: linked = true
		:: inboxed = true
		fi;
		run executor();
		run executor();
		run waker();
		run timer();
		run aborter();
		run joiner();
		run joiner()
	}
	finished == 4;
	/* What is left is for an executor that still has the task queued. */
	(freed);
	assert(refs == 0 && cleaned == 1 && runners == 0)
}
