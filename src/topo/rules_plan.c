/* SPDX-License-Identifier: Apache-2.0 */

/* What must hold of what a guest tells of its host. */

#include "checks.h"

static bool has_function(const struct topo *t, uint64_t address)
{
	for (size_t i = 0; i < t->pci.n; i++)
		if (t->pci.at[i].address == address)
			return true;
	return false;
}

void check_plan(const struct inspection *in)
{
	const struct topo *t = in->topo;
	for (size_t i = 0; i < t->plan.cpus.n; i++) {
		const char *rest = beyond(in, &t->plan.cpus.at[i].cpus, &t->present);
		if (rest)
			report(in, "plan", "tells of CPUs %s, which there are not", rest);
	}
	for (size_t i = 0; i < t->plan.nodes.n; i++)
		IDSET_EACH (id, &t->plan.nodes.at[i].nodes)
			if (!topo_node(t, (uint32_t)id))
				report(in, "plan", "tells of node %u, which there is not", (unsigned)id);
	for (size_t i = 0; i < t->plan.devices.n; i++)
		if (!has_function(t, t->plan.devices.at[i].function))
			report(in, "plan", "tells of function %s, which there is not",
			       bdf_text(in->arena, t->plan.devices.at[i].function));
}
