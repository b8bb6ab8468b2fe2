# SPDX-License-Identifier: Apache-2.0
# The core knows neither FUSE nor the command line; unit tests link it alone.
noinst_LIBRARIES += %D%/libcore.a
%C%_libcore_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
%C%_libcore_a_SOURCES = \
	%D%/base/arena.c \
	%D%/base/buf.c \
	%D%/base/err.c \
	%D%/base/idset.c \
	%D%/topo/facts.c \
	%D%/topo/resources.c \
	%D%/topo/rules.c \
	%D%/topo/topo.c \
	%D%/tree/diff.c \
	%D%/tree/dump.c \
	%D%/tree/load.c \
	%D%/tree/save.c \
	%D%/tree/tree.c \
	include/topofs/arena.h \
	include/topofs/buf.h \
	include/topofs/err.h \
	include/topofs/facts.h \
	include/topofs/idset.h \
	include/topofs/rules.h \
	include/topofs/topo.h \
	include/topofs/tree.h \
	$(NULL)
