# SPDX-License-Identifier: GPL-2.0
# What the makefiles of the library, the command and the examples share.

top		:= $(abspath $(dir $(lastword $(MAKEFILE_LIST)))/../..)

KTASK_VERSION	:= $(shell cat $(top)/VERSION)
# Counts up when programs must be linked anew.
KTASK_SOVERSION	:= 0

O		?= $(top)/build/user
override O	:= $(abspath $(O))

PREFIX		?= /usr/local
BINDIR		?= $(PREFIX)/bin
LIBDIR		?= $(PREFIX)/lib
LIBEXECDIR	?= $(PREFIX)/libexec/ktask
INCLUDEDIR	?= $(PREFIX)/include
MANDIR		?= $(PREFIX)/share/man

ifeq ($(origin CC),default)
CC		:= gcc
endif
ifeq ($(origin CXX),default)
CXX		:= g++
endif
INSTALL		?= install
PKG_CONFIG	?= pkg-config

CFLAGS		?= -O2 -g
WARNINGS	:= -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes \
		   -Wold-style-definition -Wpointer-arith -Wvla -Wformat=2 \
		   -Werror=implicit-function-declaration -Werror=int-conversion \
		   -Werror=incompatible-pointer-types -Werror=return-type \
		   -Werror=format-security
# make W=e: for checks, not for users, whose compiler may know more warnings
ifeq ($(W),e)
WARNINGS	+= -Werror
endif

USER_CPPFLAGS	:= -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -I$(top)/uapi
USER_CFLAGS	:= -std=gnu11 $(WARNINGS)
USER_LDFLAGS	:= -Wl,-z,defs -Wl,-z,relro -Wl,-z,now -pthread

comma		:= ,

# make V=1 shows the commands.
ifeq ($(V),1)
run		= $(2)
else
run		= @printf '  %-7s %s\n' '$(1)' '$(patsubst $(O)/%,%,$@)'; $(2)
endif

flags		= $(USER_CPPFLAGS) $(CPPFLAGS) $(USER_CFLAGS) $(CFLAGS)

# Out of tree, with a dependency file beside each object.
compile		= $(call run,CC,$(CC) $(flags) -MMD -MP -c -o $@ $<)
link		= $(call run,LD,$(CC) $(CFLAGS) $(USER_LDFLAGS) $(LDFLAGS) -o $@ $(1))
build		= $(call run,CC,$(CC) $(flags) $(USER_LDFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS))
