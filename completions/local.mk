# SPDX-License-Identifier: Apache-2.0
# bash-completion(1) loads what has the name of the command.
if !CROSS_COMPILING
bashcompletiondir = $(datadir)/bash-completion/completions
nodist_bashcompletion_DATA = %D%/topofs

%D%/topofs: topofs$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) %D% && ./topofs$(EXEEXT) completion >$@.part && mv $@.part $@

CLEANFILES += %D%/topofs %D%/topofs.part
endif
