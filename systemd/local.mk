# SPDX-License-Identifier: Apache-2.0
nodist_systemdsystemunit_DATA = %D%/topofs@.service

%D%/topofs@.service: %D%/topofs@.service.in
	$(AM_V_GEN)$(MKDIR_P) %D% && sed 's|@[b]indir@|$(bindir)|' '$(srcdir)/%D%/topofs@.service.in' >$@

CLEANFILES += %D%/topofs@.service
EXTRA_DIST += %D%/topofs@.service.in
