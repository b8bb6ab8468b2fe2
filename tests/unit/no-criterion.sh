#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Stands for the unit tests where configure did not find Criterion.
echo 'skipped: unit tests need Criterion (Debian: libcriterion-dev)' >&2
exit 77
