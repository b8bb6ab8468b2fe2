/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/format.h"

const struct format *const formats[] = {
	&json_format,
};
const size_t n_formats = sizeof formats / sizeof *formats;
