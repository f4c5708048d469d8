# SPDX-License-Identifier: GPL-2.0
#
# Counts the tests in a file of blocks, each "# === NAME" and then KTAP, with
# "# NAME exit=STATUS" where it is a program's; "# === end" must be the last.
# Prints what failed or was skipped, then "PASSED FAILED SKIPPED".
#
# A block that does not keep its own plan is a failure, and so is one whose
# program fails without saying which test.
#
# With what failed comes what the test said of it, in comments: before its line as
# kselftest's harness does, or after it as our scripts do.

BEGIN {
	remarks_max = 6
}

function over() {
	if (name == "" || name == "end")
		return
	if (plan == "") {
		print name ": has no plan"
		fail++
	} else if (ran != plan) {
		print name ": planned " plan " tests, ran " ran
		fail++
	} else if (status != 0 && !failed) {
		print name ": ended with status " status
		fail++
	}
}

/^# === / {
	over()
	name = $0
	sub(/^# === /, "", name)
	plan = ""
	ran = failed = status = 0
	remarks = telling = 0
	next
}
/^# .* exit=[0-9]+$/ {
	status = $0
	sub(/.*exit=/, "", status)
	if (status == 4)	# kselftest's word for skipped
		status = 0
	next
}
/^# / && !/^# +(RUN|OK|FAIL|Totals)/ {
	if (telling) {
		telling--
		print name ": " $0
	} else {
		remark[remarks++ % remarks_max] = $0
	}
	next
}
/^1\.\.[0-9]+/ {
	plan = $0
	sub(/^1\.\./, "", plan)
	sub(/[^0-9].*/, "", plan)
	plan += 0
	if (plan == 0 && $0 ~ /SKIP/) {
		print name ": " $0
		skip++
	}
	next
}
/^ok / {
	ran++
	if ($0 ~ /# *SKIP/) {
		print name ": " $0
		skip++
	} else {
		pass++
	}
	remarks = telling = 0
	next
}
/^not ok / {
	ran++
	failed = 1
	fail++
	i = remarks > remarks_max ? remarks - remarks_max : 0
	for (; i < remarks; i++)
		print name ": " remark[i % remarks_max]
	print name ": " $0
	remarks = 0
	telling = remarks_max
}
END {
	over()
	if (name != "end") {
		print "the tests did not come to their end"
		fail++
	}
	print pass + 0, fail + 0, skip + 0
}
