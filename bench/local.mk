# SPDX-License-Identifier: Apache-2.0
# `make bench` prints its table, as root, for mounts and to empty caches; make check only sees that it builds.
check_PROGRAMS += %D%/bench
%C%_bench_SOURCES = \
	%D%/bench.c \
	%D%/bench.h \
	%D%/files.c \
	%D%/machines.c \
	%D%/place.c \
	%D%/programs.c \
	%D%/table.c \
	$(NULL)
%C%_bench_LDADD = src/libserve.a src/libcore.a $(serve_libs)

bench: topofs$(EXEEXT) %D%/bench$(EXEEXT)
	@TOPOFS='$(abs_builddir)/topofs$(EXEEXT)' TOPOFS_PATH='$(abs_top_srcdir)/examples' %D%/bench$(EXEEXT) $(PARTS)

.PHONY: bench
