# SPDX-License-Identifier: GPL-2.0
#
# awk -f splat.awk CONSOLE: prints what a kernel complained of, and exits with
# status 1 if there was anything. What counts as a complaint is said here and
# nowhere else; splat-test shows it samples of both kinds.

# A program's fault is not the kernel's, and a self-test that passed is no news.
function benign(line) {
	return line ~ /^traps: .*\[[0-9]+\] / || line ~ /ODEBUG: selftest passed/
}

# A task by that name has been told to be slow, or a program wants to see how
# memory runs out, and not to be killed for it; a stack is shown once for each. It
# may be a thread of the kernel that finds it out, so the program announces it. A
# cache that cannot be made is found to be invalid sometimes.
function expected(line) {
	if (line ~ /^ktask selftest: memory is expected to run out$/)
		lean = 1
	if (line ~ /^ktask selftest: memory is not expected to run out any more$/)
		lean = 0
	if (line ~ /^ktask: .*: "expected [^"]*" .* has been running for / ||
	    line ~ /^ktask: runtime expected [^:]*: a task has been running for / ||
	    line ~ / invoked oom-killer: .*, oom_score_adj=-1000$/ ||
	    (lean && line ~ /^kworker.* invoked oom-killer: /) ||
	    (lean && line ~ /^__kmem_cache_create_args\(ktask[-_][a-z0-9]+\) failed with error -(12|22)$/))
		stacks++
	if (line ~ /has not destroyed its runtime expected /)
		return 1
	if (line ~ /Call Trace:/ && stacks > 0) {
		stacks--
		return 1
	}
	return 0
}

function splat(line) {
	return line ~ /^(watchdog: |rcu: )?BUG[: ]/ ||
	       line ~ /^(workqueue: )?WARNING: / ||
	       line ~ /^(rcu: |watchdog: )?INFO: (possible|suspicious|inconsistent|trying to register|lockdep is turned off|task |rcu_)/ ||
	       line ~ /possible (recursive|circular|irq) lock/ ||
	       line ~ /(lock inversion|locking) (bug|dependency) detected/ ||
	       line ~ /turning off the locking correctness validator/ ||
	       line ~ /DEBUG_LOCKS_WARN_ON/ ||
	       line ~ /-\[ cut here \]-/ ||
	       line ~ /KASAN: / || line ~ /KCSAN: / || line ~ /^UBSAN: / ||
	       line ~ /kmemleak: [0-9]+ new suspected memory leaks/ ||
	       line ~ /^unreferenced object 0x/ ||
	       line ~ /kmemleak: (Cannot|Kernel memory leak detector disabled|Memory pool empty)/ ||
	       line ~ /refcount_t: / || line ~ /ODEBUG: / ||
	       line ~ /list_(add|del).* corruption/ ||
	       line ~ /scheduling while atomic/ ||
	       line ~ /blocked for more than [0-9]+ seconds/ ||
	       line ~ /soft lockup/ || line ~ /hard LOCKUP/ || line ~ /workqueue lockup/ ||
	       line ~ /rcu.*(self-)?detected.* stall/ ||
	       line ~ /general protection fault/ || line ~ /^double fault:/ ||
	       line ~ /^(stack segment|divide error|invalid opcode|int3): / ||
	       line ~ /unable to handle/ || line ~ /^kernel BUG at / ||
	       line ~ /(^|[^a-z])Oops[:#]/ || line ~ /Kernel panic/ ||
	       line ~ /^ktask: .* has not destroyed its runtime/ ||
	       line ~ /Call Trace:/ || line ~ /^unchecked MSR access/
}

# KCSAN finds races of the kernel's own too. Ours are those where either stack has a
# function of a module of ours; so is a report that is cut off.
function race_over(ours,    i) {
	if (ours && race_lines > 0)
		found = 1
	for (i = 1; ours && i <= race_lines && printed < most; i++) {
		print race[i]
		printed++
	}
	race_lines = 0
}

# Known ones of the kernel's own that it comes to on our behalf. hrtimer_active()
# looks at what a timer's end writes, and again if a sequence count has changed; who
# goes to sleep in usleep_range() looks whether the timer has ended by then.
function known_race(line) {
	return line ~ /data-race in __hrtimer_run_queues \/ hrtimer_active$/ ||
	       line ~ /data-race in hrtimer_wakeup \/ schedule_hrtimeout_range_clock$/
}

BEGIN { after = 60; most = 400 }

{
	sub(/\r$/, "")
	line = $0
	# [   12.345678] and, with PRINTK_CALLER, [    T1]
	sub(/^\[ *[0-9]+\.[0-9]+\]/, "", line)
	sub(/^\[ *[TC][0-9]+\]/, "", line)
	sub(/^ /, "", line)
}

line ~ /^BUG: KCSAN: data-race in / {
	race_over(1)
	race_ours = line ~ /\[ktask/
	race_known = known_race(line)
	race[race_lines = 1] = $0
	next
}
# Somebody else may complain in between, so there is no "next".
race_lines > 0 {
	race[++race_lines] = $0
	race_ours = race_ours || line ~ /\[ktask/
	if (line ~ /^=+$/)
		race_over(race_ours && !race_known)
}

!expected(line) && !benign(line) && splat(line) { found = 1; show = after }

# A complaint and what follows it, up to its end mark or a good many lines.
show > 0 && printed < most { print; printed++ }
show > 0 { show-- }
line ~ /---\[ end trace/ { show = 0 }

END {
	race_over(1)
	exit found ? 1 : 0
}
