# SPDX-License-Identifier: Apache-2.0
nodist_systemdsystemunit_DATA = %D%/topofs@.service %D%/topofs-cdi.service
dist_systemdsystemunit_DATA = %D%/topofs-cdi.path %D%/topofs-mount@.service
tmpfilesdir = $(prefix)/lib/tmpfiles.d
dist_tmpfiles_DATA = %D%/topofs.conf

%D%/topofs@.service: %D%/topofs@.service.in
	$(AM_V_GEN)$(MKDIR_P) %D% && sed 's|@[b]indir@|$(bindir)|g' '$(srcdir)/%D%/topofs@.service.in' >$@

CLEANFILES += %D%/topofs@.service
EXTRA_DIST += %D%/topofs@.service.in

%D%/topofs-cdi.service: %D%/topofs-cdi.service.in
	$(AM_V_GEN)$(MKDIR_P) %D% && sed 's|@[b]indir@|$(bindir)|' '$(srcdir)/%D%/topofs-cdi.service.in' >$@

CLEANFILES += %D%/topofs-cdi.service
EXTRA_DIST += %D%/topofs-cdi.service.in
