# SPDX-License-Identifier: Apache-2.0
dist_man_MANS = \
	%D%/topofs-attributes.7 \
	%D%/topofs-containers.7 \
	%D%/topofs-machines.7 \
	%D%/topofs.1 \
	%D%/topofs.json.5 \
	$(NULL)
