# SPDX-License-Identifier: GPL-2.0
# ktask: module, library, command, and what tests them. "make help" tells more.

SHELL		:= /bin/bash
top		:= $(CURDIR)
build		:= $(top)/build

# The kernel to build and install for, on a machine of one's own.
KVER		?= $(shell uname -r)
KDIR		?= /lib/modules/$(KVER)/build

PREFIX		?= /usr/local
DEPMOD		?= depmod
# As LANE:KERNEL; several lanes may have one kernel, and so one build of the module.
lane-kernels	:= $(shell awk '/^[a-z]/ { print $$1 ":" $$5 }' selftests/vm/lanes)
lane-of		= $(firstword $(subst :, ,$(1)))
kernel-of	= $(lastword $(subst :, ,$(1)))
LANES		:= $(foreach pair,$(lane-kernels),$(call lane-of,$(pair)))
KERNELS		:= $(sort $(foreach pair,$(lane-kernels),$(call kernel-of,$(pair))))
LANE		?= stock-6.1
jobs		:= -j$(shell nproc)

export O	:= $(build)/user
export PREFIX

.PHONY: all module user install uninstall demo check check-all check-fast style coverage clean help
all: module user

# --- Build ---------------------------------------------------------------------

# The kernel's build system writes beside its sources; to keep the tree clean,
# and for several kernels at once, it gets a tree of links to them.
sources := Kbuild VERSION include kernel uapi selftests tools
mirror = mkdir -p $(1) && find $(1) -type l -xtype l -delete && \
	cp -asf $(sources:%=$(top)/%) $(1)

# $(1): directory of the kernel's build files, $(2): ours, $(3): arguments
kbuild = $(MAKE) --no-print-directory -C "$(1)" M=$(2) $(3) modules

module:
	@[ -d "$(KDIR)" ] || { \
	echo "There are no files to build modules for kernel $(KVER) with: install linux-headers-$(KVER)," \
	"or name their directory with KDIR=. To try ktask in a virtual machine: make demo." >&2; exit 1; }
	@$(call mirror,$(build)/$(KVER))
	+@$(call kbuild,$(KDIR),$(build)/$(KVER))

user:
	+@$(MAKE) --no-print-directory -C tools/lib
	+@$(MAKE) --no-print-directory -C tools/ktask
	+@$(MAKE) --no-print-directory -C tools/bench/user
	+@$(MAKE) --no-print-directory -C tools/examples/user

# The module, the examples and the tests for a lane's kernel.
.PHONY: $(LANES:%=module-%) $(KERNELS:%=module-%)
$(KERNELS:%=module-%): module-%:
	@$(call mirror,$(build)/$*)
	@selftests/readme $(build)/$*/readme
	+@kernel=$$(selftests/vm/kernel $*) && \
	$(call kbuild,$$kernel/build,$(build)/$*,W=1 KTASK_TESTS=y) $(jobs) >$(build)/$*.log 2>&1 || \
	{ cat $(build)/$*.log >&2; exit 1; }
	@! grep -E 'warning:|WARNING:' $(build)/$*.log

# A lane with the kernel of another.
shared-lanes := $(filter-out $(KERNELS),$(LANES))
$(foreach pair,$(lane-kernels),$(if $(filter $(call lane-of,$(pair)),$(shared-lanes)),\
	$(eval module-$(call lane-of,$(pair)): module-$(call kernel-of,$(pair)))))
$(shared-lanes:%=module-%): module-%:
	@ln -sfn $(<:module-%=%) $(build)/$*

# That of the debug lane, with counters of the lines that run.
.PHONY: module-coverage
module-coverage: dir := $(build)/coverage/debug
module-coverage:
	@$(call mirror,$(dir))
	@selftests/readme $(dir)/readme
	+@kernel=$$(selftests/vm/kernel debug) && \
	$(call kbuild,$$kernel/build,$(dir),KTASK_TESTS=y KTASK_COVERAGE=y) $(jobs) >$(dir).log 2>&1 || \
	{ cat $(dir).log >&2; exit 1; }

# That of a lane, with nothing that tells what it does, and the bench.
.PHONY: module-unobserved
module-unobserved: dir := $(build)/unobserved/$(LANE)
module-unobserved:
	@$(call mirror,$(dir))
	+@kernel=$$(selftests/vm/kernel $(LANE)) && \
	$(call kbuild,$$kernel/build,$(dir),KTASK_BENCH=y KTASK_UNOBSERVED=y) $(jobs) >$(dir).log 2>&1 || \
	{ cat $(dir).log >&2; exit 1; }

.PHONY: tests
tests: user
	+@sources=$$(selftests/vm/sources) && \
	$(MAKE) --no-print-directory -C selftests/ktask \
		KSELFTEST_DIR=$$sources/tools/testing/selftests
	+@$(MAKE) --no-print-directory -C selftests/fuzz
	@selftests/readme $(build)/readme
	@$(CC) -Wall -Wextra -Werror -Itools/lib -Iuapi -o $(O)/selftests/readme_program \
		$(build)/readme/readme.c $(O)/lib/libktask.a
	@install selftests/ktask/*.sh $(O)/selftests

# --- Run -----------------------------------------------------------------------

demo:
	@mkdir -p $(build)
	@selftests/vm/tools user boot module
	+@$(MAKE) --no-print-directory user $(jobs) >$(build)/user.log 2>&1 || { cat $(build)/user.log >&2; exit 1; }
	+@$(MAKE) --no-print-directory module-stock-6.1
	@selftests/vm/run --lane stock-6.1 --copy tools/examples/demo.sh -- demo.sh

# What has to pass before a change lands, ending with "N passed, N failed, N skipped".
check:
	@selftests/check

# The same in every lane.
check-all:
	@selftests/check --all

check-fast:
	@selftests/check --quick stock-6.1

.PHONY: $(LANES:%=check-%)
$(LANES:%=check-%): check-%:
	@selftests/check $*

.PHONY: soak
# For as long as one likes, each: torture of the kernel API, fuzzing of the ABI, and
# programs that are killed, frozen, short of memory, or without the module. Last, each
# allocation of a module that is loaded fails, which only the debug lane can have.
SOAK_SECONDS	?= 600
SEED		?= 0
soak:
	@selftests/torture/soak $(LANE) $(SOAK_SECONDS) $(SEED)
	@selftests/fuzz/soak $(LANE) $(SOAK_SECONDS) $(filter-out 0,$(SEED))
	@selftests/vm/run --lane $(LANE) --smp 2 --timeout $$(($(SOAK_SECONDS) + 600)) \
		--copy selftests/fuzz/lives -- lives -s $(SOAK_SECONDS)
	@selftests/vm/run --lane debug --smp 2 --timeout 3600 -- env KTASK_SOAK=1 fail_load_test

style:
	@selftests/check style

coverage:
	@selftests/coverage

# ktask beside its peers, in the guest of LANE; EXTRA= has what was measured elsewhere.
bench:
	@tools/bench/run --lane $(LANE) $(EXTRA:%=--extra %)

# --- Install -------------------------------------------------------------------

moddir = $(DESTDIR)/lib/modules/$(KVER)/updates
# For other drivers: their Kbuild has ccflags-y := -I$(PREFIX)/include/ktask and
# KBUILD_EXTRA_SYMBOLS := $(PREFIX)/include/ktask/Module.symvers
kerneldir = $(DESTDIR)$(PREFIX)/include/ktask

install: all
	install -d $(moddir) $(kerneldir)/linux $(kerneldir)/uapi/linux
	install -m 644 $(build)/$(KVER)/ktask.ko $(moddir)
	install -m 644 include/linux/ktask*.h $(kerneldir)/linux
	install -m 644 uapi/linux/ktask.h $(kerneldir)/uapi/linux
	install -m 644 $(build)/$(KVER)/Module.symvers $(kerneldir)
	+$(MAKE) --no-print-directory -C tools/lib install
	+$(MAKE) --no-print-directory -C tools/ktask install
	+$(MAKE) --no-print-directory -C tools/bench/user install
	[ -n "$(DESTDIR)" ] || $(DEPMOD) $(KVER)

uninstall:
	rm -f $(moddir)/ktask.ko
	rm -rf $(kerneldir)
	+$(MAKE) --no-print-directory -C tools/lib uninstall
	+$(MAKE) --no-print-directory -C tools/ktask uninstall
	+$(MAKE) --no-print-directory -C tools/bench/user uninstall
	[ -n "$(DESTDIR)" ] || $(DEPMOD) $(KVER)

# --- Other ---------------------------------------------------------------------

clean:
	rm -rf $(build)

help:
	@echo 'To try it, in a virtual machine:'
	@echo '  demo          boot a kernel, load ktask, hash files and sleep'
	@echo 'On a machine of your own:'
	@echo '  all           the module for this kernel, the library, the command (default)'
	@echo '  module        the module alone; KVER=, KDIR= for another kernel'
	@echo '  user          the library, the command and the examples alone'
	@echo '  install       all of them; DESTDIR=, PREFIX=$(PREFIX)'
	@echo '  uninstall     and back'
	@echo 'To work on it:'
	@echo '  check         all tests, in the lanes marked * below'
	@echo '  check-all     all tests in all lanes'
	@echo '  check-fast    the tests in one lane, in some minutes'
	@echo '  check-LANE    the tests in LANE'
	@echo '  soak          torture, fuzz and kill for long: LANE=$(LANE) SOAK_SECONDS=$(SOAK_SECONDS) SEED='
	@echo '  style         checkpatch, sparse, coccinelle, clang, kernel-doc, man pages, scripts'
	@echo '  bench         ktask beside its peers, in a table; LANE=$(LANE)'
	@echo '  coverage      which lines of the module all tests run; an hour'
	@echo '  module-LANE   build for the kernel of LANE, to use with selftests/vm/run'
	@echo '  clean         remove build/; kernels stay in ~/.cache/ktask'
	@echo 'Lanes:'
	@awk -F '[ \t]*[|][ \t]*' '/^[a-z]/ { \
		printf "%s %-13s %s\n", $$2 == "check" ? "*" : " ", $$1, $$NF }' selftests/vm/lanes
