/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The life of one task, for spin: kernel/engine/{spawn,task,executor,spread,
 * await,timer,future,blocking}.c with everything left out that does not decide
 * who starts, runs, wakes, ends or frees it.
 *
 * There are two executors with a queue each, both of which steal from the other;
 * a waker that completes the future, or never does; a timer that fires or is
 * disarmed; somebody who may abort; and two joiners that help. The task is
 *
 *	PLAIN		queued; its body awaits the future, with or without a
 *			timeout, may yield, and returns
 *	HERE		begun by who starts it; the same body
 *	HELD		made to be held until the future is complete, a time has
 *			passed, or one of them, and being started; its body returns
 *	BLOCKING	the same, and blocking, or blocking and not held
 *
 * All interleavings are searched for
 *
 *	a double run		two runners at once; a body resumed too often
 *	a lost wake-up		somebody waits for ever (an invalid end state)
 *	a missing completion	joiners wait for ever; the task never ends
 *	an early free		any touch of the task after its last put
 *	a leak			a reference left in the end
 *	a broken queue		linked twice, or unlinked under another's lock
 *
 * A compare-and-swap loop is one atomic step here: it succeeds on the value
 * that it has seen. So is what is done under an executor's lock, but for a
 * helper, which holds it for several. The processor's memory ordering is not
 * modelled; compare-and-swaps that succeed and locks order all these steps in the
 * kernel, and a release and an acquire do where a helper finds another executor.
 *
 * BREAK selects a bug to be planted, to see that the search would find it.
 */
#ifndef BREAK
#define BREAK 0
#endif

#ifdef BLOCKING
#define HELD
#define IS_BLOCKING	true
#else
#define IS_BLOCKING	false
#endif

/* The state word, a bit each. */
bool NEW, READY, QUEUED, RUNNING, COMPLETE, ABORT, FIRED_WAITER, FIRED_TIMER;
bool KT_HELD;

/* Where it is linked: in a list of executor "at". */
#define NOWHERE		0
#define INBOX		1	/* where a helper cannot take it off */
#define QUEUE		2
#define LOOT		3	/* on its way to the queue of a thief */
byte place;
bit at;

bit ex;			/* t->ex: 0 or 1 */
bool locked[2];		/* by a helper */

byte refs;
bool freed;

/* Private to the runner. */
bool armed_waiter, armed_timer, fired_waiter, fired_timer;
byte resumed;
byte cleaned;
byte runners;

/* The awaited future, the task's own future, the timer, a blocking one's work. */
bool with_waiter, with_timer;
bool f_done, f_waiting;
bool ended;
bool timer_active, timer_running;
bool work_queued;
bool endless;		/* a blocking body that ends only because of an abort */
bool interrupted;	/* abort_asked */

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
inline push(to) {
	touch();
	to = ex;
	atomic {
		touch();
		assert(place == NOWHERE && to == ex);
		at = to;
		to = 0;
		if
		:: !locked[at] -> place = QUEUE
		:: place = INBOX
		fi
	}
}

#define BY_WAITER	1
#define BY_TIMER	2
#define BY_ABORT	3

/* task_wake(), the compare-and-swap */
inline wake_word(why, must_push) {
	touch();
	if
	:: why == BY_WAITER -> FIRED_WAITER = true
	:: why == BY_TIMER -> FIRED_TIMER = true
	:: why == BY_ABORT -> ABORT = true
	fi;
	must_push = false;
	if
	:: (!NEW || BREAK == 10) && !READY && !COMPLETE ->
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

inline push_if(must_push, to) {
	if
	:: must_push -> push(to)
	:: else
	fi;
	must_push = false
}

inline wake(why, must_push, to) {
	d_step { wake_word(why, must_push) }
	push_if(must_push, to)
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
			assert(!NEW && runners == 1);
			fired_waiter = fired_waiter || FIRED_WAITER;
			fired_timer = fired_timer || FIRED_TIMER;
			FIRED_WAITER = false;
			FIRED_TIMER = false
		:: else ->
			let_go = off_queue && COMPLETE && BREAK != 13
		fi
	}
	if
	:: let_go -> put()
	:: else
	fi;
	let_go = false
}

/* task_suspend() */
inline suspend(again, must_push, to) {
	d_step {
		touch();
		RUNNING = false;
		runners--;
		READY = READY || again;
		must_push = false;
		if
		:: READY && (!QUEUED || BREAK == 12) && BREAK != 11 ->
			QUEUED = true;
			must_push = true
		:: else
		fi
	}
	push_if(must_push, to)
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
	assert(!work_queued);
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

/* task_begin_blocking() */
inline begin_blocking(let_go) {
	/* The work is where these were. */
	assert(!armed_waiter && !armed_timer && !timer_running);
	if
	:: d_step {
		!ABORT ->
		touch();
		assert(!QUEUED);
		RUNNING = false;
		runners--;
		if
		:: BREAK != 14 -> KT_HELD = false
		:: else
		fi;
		FIRED_WAITER = false;
		FIRED_TIMER = false;
		READY = true
	   }
	   assert(!work_queued && !freed);
	   work_queued = true;
	   if
	   :: BREAK == 14 -> KT_HELD = false
	   :: else
	   fi
	:: else -> finish(let_go)
	fi
}

/* The body of a held one returns; another one awaits, and may yield. */
inline body(over, let_go, must_push, to) {
	resumed++;
#ifdef HELD
	assert(resumed == 1);
	finish(let_go)
#else
	assert(resumed <= 3);
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
			if
			:: with_timer ->
				armed_timer = true;
				timer_active = true
			:: else
			fi;
			suspend(false, must_push, to)
		:: else -> finish(let_go)
		fi
	:: resumed == 2 -> suspend(true, must_push, to)
	:: resumed >= 2 || ABORT -> finish(let_go)
	fi
#endif
}

/* task_run() */
inline task_run(over, let_go, must_push, to) {
	over = true;
	if
	:: armed_waiter || armed_timer -> await_over(over)
	:: else
	fi;
	if
	:: !over -> suspend(false, must_push, to)
	:: over && ABORT -> finish(let_go)
	:: else ->
		if
		:: IS_BLOCKING -> begin_blocking(let_go)
		:: else -> body(over, let_go, must_push, to)
		fi
	fi;
	over = false
}

/* drainer_work(), inbox_work() and spread_steal() */
proctype executor(bit self) {
	bool claimed, let_go, over, must_push;
	bit to;

end:	do
	:: atomic {
		at == self && (place == INBOX || place == QUEUE) && !locked[self] ->
		place = NOWHERE;
		at = 0
	   }
	   claim(true, claimed, let_go);
	   if
	   :: claimed -> claimed = false; task_run(over, let_go, must_push, to)
	   :: else
	   fi
	:: atomic {
		place == INBOX && at == self && !locked[self] ->
		place = QUEUE
	   }
	:: atomic {
		place == QUEUE && at != self && !locked[1 - self] ->
		touch();
		place = LOOT;
		at = self;
		if
		:: BREAK != 6 -> ex = self
		:: else
		fi
	   }
	   if
	   :: BREAK == 6 -> ex = self
	   :: else
	   fi;
	   atomic {
		!locked[self] ->
		touch();
		assert(place == LOOT && at == self && ex == self);
		place = QUEUE
	   }
	od
}

/* blocking_work() */
proctype worker() {
	bool claimed, let_go;

end:	do
	:: atomic { work_queued -> touch(); work_queued = false }
	   claim(false, claimed, let_go);
	   assert(claimed);
	   claimed = false;
	   if
	   :: ABORT -> skip
	   :: else ->
		resumed++;
		assert(resumed == 1);
		if
		:: endless -> interrupted
		:: else
		fi
	   fi;
	   finish(let_go)
	od
}

proctype waker() {
	bool taken, must_push;
	bit to;

	if
	:: atomic {
		f_done = true;
		taken = f_waiting;
		f_waiting = false
	   }
	   if
	   :: taken -> wake(BY_WAITER, must_push, to)
	   :: else
	   fi
	:: with_timer -> skip		/* never completes it */
	fi;
	finished++
}

proctype timer() {
	bool must_push;
	bit to;

end:	do
	:: atomic {
		timer_active ->
		timer_active = false;
		timer_running = true
	   }
	   wake(BY_TIMER, must_push, to);
	   timer_running = false
	od
}

/* ktask_start() of one that is held, or blocking */
proctype starter() {
	bool held, must_push;
	bit to;

	held = with_waiter || with_timer;
	if
	:: with_waiter ->
		atomic {
			if
			:: f_done -> held = false
			:: else -> f_waiting = true
			fi
		}
	:: else
	fi;
	if
	:: held ->
		if
		:: with_timer -> timer_active = true
		:: else
		fi;
		d_step {
			NEW = false;
			if
			:: (ABORT || FIRED_WAITER || FIRED_TIMER) && BREAK != 9 ->
				READY = true;
				QUEUED = true;
				must_push = true
			:: else
			fi
		}
	:: else ->
		armed_waiter = false;
		armed_timer = false;
		d_step {
			NEW = false;
			READY = true;
			if
			:: IS_BLOCKING && !KT_HELD -> skip
			:: else -> QUEUED = true; must_push = true
			fi
		}
		if
		:: must_push -> skip
		:: else -> assert(!work_queued && !freed); work_queued = true
		fi
	fi;
	push_if(must_push, to);
	put();
	finished++
}

/* task_start_here(), from where the task is RUNNING */
proctype here() {
	bool over, let_go, must_push;
	bit to;

	task_run(over, let_go, must_push, to);
	finished++
}

/* ktask_abort() */
proctype aborter() {
	bool must_push, cancel;
	bit to;

	if
	:: !endless -> skip	/* nobody aborts it */
	:: ended -> skip
	:: !ended ->
		d_step {
			cancel = IS_BLOCKING && !KT_HELD;
			wake_word(BY_ABORT, must_push)
		}
		push_if(must_push, to);
		/* blocking_abort() */
		if
		:: cancel ->
			touch();
			interrupted = true;
			if
			:: atomic { work_queued || BREAK == 15 -> work_queued = false }
			   QUEUED = true;
			   push(to)
			:: else
			fi
		:: else
		fi
	fi;
	put();
	finished++
}

proctype joiner() {
	bool was_linked, claimed, let_go, over, must_push;
	bit to, its;

	/* ktask_help() */
	if
	:: READY && !ended && !IS_BLOCKING ->
		/* executor_lock_of() */
again:		its = ex;
		atomic {
			!locked[its];
			if
			:: its != ex && BREAK != 8 -> goto again
			:: else -> locked[its] = true
			fi
		}
		d_step {
			touch();
			was_linked = place == QUEUE || (BREAK == 7 && place == LOOT);
			if
			:: was_linked ->
				assert(at == its);
				place = NOWHERE;
				at = 0
			:: else
			fi
		}
		claim(was_linked, claimed, let_go);
		was_linked = false;
		d_step { locked[its] = false; its = 0 }
		if
		:: claimed -> claimed = false; task_run(over, let_go, must_push, to)
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
	byte all;

	atomic {
		/* Two joiners, the aborter, the runtime. */
		refs = 4;
		all = 4;
#ifdef HELD
		refs++;
		all++;
		NEW = true;
		if
		:: with_waiter = true
		:: with_timer = true
		:: with_waiter = true; with_timer = true
		:: IS_BLOCKING
		fi;
		armed_waiter = with_waiter;
		armed_timer = with_timer;
		KT_HELD = with_waiter || with_timer;
		run starter();
#else
		if
		:: with_timer = true
		:: skip
		fi;
#ifdef HERE
		RUNNING = true;
		runners = 1;
		all++;
		run here();
#else
		READY = true;
		QUEUED = true;
		if
		:: place = QUEUE
		:: place = INBOX
		fi;
#endif
#endif
#ifdef BLOCKING
		if
		:: endless = true
		:: skip
		fi;
		run worker();
#endif
		run executor(0);
		run executor(1);
		run waker();
		run timer();
		run aborter();
		run joiner();
		run joiner()
	}
	finished == all;
	/* What is left is for an executor that still has the task queued. */
	(freed);
	assert(refs == 0 && cleaned == 1 && runners == 0)
}
