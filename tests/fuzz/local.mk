# SPDX-License-Identifier: Apache-2.0
# Each target is a LLVMFuzzerTestOneInput(). Without --enable-fuzzers they only replay files, in make check.
fuzz_targets = \
	%D%/archive \
	%D%/document \
	%D%/formats \
	%D%/recording \
	%D%/requests \
	%D%/state \
	$(NULL)

check_PROGRAMS += $(fuzz_targets)
fuzz_common = %D%/laws.c %D%/laws.h
if !FUZZERS
fuzz_common += %D%/replay.c
endif

%C%_archive_SOURCES = %D%/archive.c $(fuzz_common)
%C%_archive_LDFLAGS = $(AM_LDFLAGS) $(FUZZER_LDFLAGS)
%C%_archive_LDADD = $(topofs_LDADD)
%C%_document_SOURCES = %D%/document.c $(fuzz_common)
%C%_document_LDFLAGS = $(AM_LDFLAGS) $(FUZZER_LDFLAGS)
%C%_document_LDADD = src/libcore.a $(core_libs)
%C%_formats_SOURCES = %D%/formats.c $(fuzz_common)
%C%_formats_LDFLAGS = $(AM_LDFLAGS) $(FUZZER_LDFLAGS)
%C%_formats_LDADD = src/libcore.a $(core_libs)
%C%_recording_SOURCES = %D%/recording.c $(fuzz_common)
%C%_recording_LDFLAGS = $(AM_LDFLAGS) $(FUZZER_LDFLAGS)
%C%_recording_LDADD = $(topofs_LDADD)
# these two know the inside of src/serve
fuzz_serve = %D%/talk.c %D%/talk.h
fuzz_serve_flags = $(AM_CPPFLAGS) -I$(top_srcdir)/src/serve $(FUSE3_CFLAGS)
%C%_requests_SOURCES = %D%/requests.c $(fuzz_serve) $(fuzz_common)
%C%_requests_CPPFLAGS = $(fuzz_serve_flags)
%C%_requests_LDFLAGS = $(AM_LDFLAGS) $(FUZZER_LDFLAGS)
%C%_requests_LDADD = $(topofs_LDADD)
%C%_state_SOURCES = %D%/state.c $(fuzz_serve) $(fuzz_common)
%C%_state_CPPFLAGS = $(fuzz_serve_flags)
%C%_state_LDFLAGS = $(AM_LDFLAGS) $(FUZZER_LDFLAGS)
%C%_state_LDADD = $(topofs_LDADD)

EXTRA_DIST += \
	$(wildcard $(top_srcdir)/%D%/kept/*/*) \
	%D%/fuzz.sh \
	%D%/seeds.sh \
	$(NULL)

# Hours of it: make fuzz TARGETS=document FUZZ_SECONDS=7200
fuzz: topofs$(EXEEXT) $(fuzz_targets)
	$(AM_TESTS_ENVIRONMENT) FUZZ_SECONDS='$(FUZZ_SECONDS)' $(SHELL) '$(srcdir)/%D%/fuzz.sh' $(TARGETS)

.PHONY: fuzz
