/* SPDX-License-Identifier: Apache-2.0 */

/* Kinds of PCI functions by the words that options have for them: what of their ids and class tells. */

#include "topofs/scope.h"

static bool is_gpu(const struct pci *pci)
{
	return pci->class >> 16 == 0x03 || pci->class >> 8 == 0x1200; /* display controllers, processing accelerators */
}

static bool is_nic(const struct pci *pci)
{
	return pci->class >> 16 == 0x02 || pci->class >> 8 == 0x0c06; /* network controllers, InfiniBand */
}

static bool is_nvswitch(const struct pci *pci)
{
	return pci->vendor == 0x10de && pci->class >> 8 == 0x0680;
}

static bool is_bridge(const struct pci *pci)
{
	return pci->class >> 16 == 0x06 && !is_nvswitch(pci);
}

static bool is_nvme(const struct pci *pci)
{
	return pci->class >> 8 == 0x0108;
}

static bool is_any(const struct pci *pci)
{
	(void)pci;
	return true;
}

const struct pci_kind pci_kinds[] = {
	{ "gpu", is_gpu }, { "nic", is_nic }, { "bridge", is_bridge }, { "nvswitch", is_nvswitch }, { "nvme", is_nvme },
	{ "all", is_any },
};
const size_t n_pci_kinds = sizeof pci_kinds / sizeof *pci_kinds;
