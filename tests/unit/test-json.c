/* SPDX-License-Identifier: Apache-2.0 */

/* Documents that are damaged, and the rules that depend on the kernel below. */

#include "topofs/format.h"
#include "topofs/rules.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void read_example(struct buf *bytes)
{
	char path[512], part[4096];
	const char *top = getenv("top_srcdir");
	snprintf(path, sizeof path, "%.400s/examples/vm-small.json", top ? top : ".");
	FILE *f = fopen(path, "re");
	cr_assert(f, "%s: %m", path);
	for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
		buf_add(bytes, part, n);
	fclose(f);
}

static bool is_one_line(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;
	return true;
}

/* Reads what may be anything; whatever is refused is refused with a line. */
static bool survives(const char *bytes, size_t len)
{
	_cleanup_topo_ struct topo t = { 0 };
	struct err err = { 0 };
	if (!json_format.read(bytes, len, &t, &err))
		return true;
	cr_assert(*err.what && is_one_line(err.what) && is_one_line(err.where));
	return false;
}

Test(json, no_beginning_of_a_document_is_one)
{
	_cleanup_buf_ struct buf bytes = { 0 };
	read_example(&bytes);
	size_t end = bytes.len;
	while (bytes.data[end - 1] != '}')
		end--;
	cr_assert(survives(bytes.data, end));
	for (size_t len = 0; len < end; len += 3)
		cr_assert_not(survives(bytes.data, len), "%zu bytes", len);
}

/* Of what was captured a member that is wrong is left out whole, and of a list of names only the wrong one. */
Test(json, leaves_out_what_is_wrong_in_a_captured_machine)
{
	static const char text[] = "{\"topofs\":1,\"cpu\":{\"present\":0,\"info\":{\"a\":\"1\",\"b\":\"\\t\",\"c\":\"3\"}},"
				   "\"pci\":[{\"root\":\"00\",\"devices\":[{\"at\":\"00.0\",\"id\":\"1:2\","
				   "\"class\":\"0200\",\"resource\":[\"0x0\",\"\\t\"]}]}]}";
	_cleanup_topo_ struct topo t = { 0 };
	struct err err = { 0 };
	cr_assert_eq(json_read_captured(text, strlen(text), &t, &err), 0, "%s: %s", err.where, err.what);
	cr_assert_eq(t.pci.n, 1);
	cr_assert_eq(t.pci.at[0].resource.n, 0);
	cr_assert_eq(t.cpuinfo.n, 2);
	cr_assert_str_eq(t.cpuinfo.at[0].key, "a");
	cr_assert_str_eq(t.cpuinfo.at[1].key, "c");
}

/* Five CPUs leave room in their list, into which the writer, which spells its guesses out, has nothing to put. */
Test(json, writing_leaves_the_machine_alone)
{
	static const char text[] = "{\"topofs\":1,\"cpu\":{\"present\":\"0-4\",\"online\":\"0-1\","
				   "\"packages\":[{\"cpus\":\"0-1\"}],"
				   "\"caches\":[{\"level\":1,\"size\":\"32K\",\"per\":\"core\"}]}}";
	_cleanup_topo_ struct topo t = { 0 };
	_cleanup_buf_ struct buf out = { 0 };
	struct err err;
	cr_assert_eq(json_format.read(text, strlen(text), &t, &err), 0);
	json_format.write(&t, &out, NULL);
	cr_assert_eq(t.cpus.n, 5);
	for (uint32_t i = 0; i < t.cpus.n; i++)
		cr_assert_eq(t.cpus.at[i].id, i);
}

Test(json, any_byte_may_be_another)
{
	static const char others[] = "\"{}[],:0-/. \\\x01\x80";
	_cleanup_buf_ struct buf bytes = { 0 };
	read_example(&bytes);
	for (size_t i = 0; i < bytes.len; i += 3) {
		char was = bytes.data[i];
		bytes.data[i] = others[i / 3 % (sizeof others - 1)];
		survives(bytes.data, bytes.len);
		bytes.data[i] = was;
	}
}

/* Puts each of `others` in the place of each value below, one after the other. */
static void damage(json_t *root, json_t *at, json_t *others)
{
	size_t n = json_is_array(at) ? json_array_size(at) : json_object_size(at);
	void *member = json_object_iter(at);
	for (size_t i = 0; i < n; i++) {
		json_t *value = json_is_array(at) ? json_array_get(at, i) : json_object_iter_value(member), *other;
		size_t k;
		json_incref(value);
		json_array_foreach(others, k, other) {
			if (json_is_array(at))
				json_array_set(at, i, other);
			else
				json_object_iter_set(at, member, other);
			char *text = json_dumps(root, 0);
			survives(text, strlen(text));
			free(text);
		}
		if (json_is_array(at))
			json_array_set(at, i, value);
		else
			json_object_iter_set(at, member, value);
		damage(root, value, others);
		json_decref(value);
		member = member ? json_object_iter_next(at, member) : NULL;
	}
}

Test(json, any_value_may_be_another)
{
	_cleanup_buf_ struct buf bytes = { 0 };
	read_example(&bytes);
	json_t *root = json_loadb(bytes.data, bytes.len, 0, NULL);
	json_t *others = json_pack("[n,b,i,i,f,s,s,s,[],{}]", 1, -1, INT32_MAX, 0.5, "", "0-3", "../\n");
	damage(root, root, others);
	json_decref(root);
	json_decref(others);
}

/* What the rules find in a document on a kernel. */
static findings find(const char *text, struct host_limits limits, struct arena *a)
{
	_cleanup_topo_ struct topo t = { 0 };
	struct err err = { 0 };
	findings found = { 0 };
	cr_assert_eq(json_format.read(text, strlen(text), &t, &err), 0, "%s: %s", err.where, err.what);
	rules_check(&t, &limits, a, &found);
	return found;
}

static const struct finding *of_rule(const findings *found, const char *rule)
{
	for (size_t i = 0; i < found->n; i++)
		if (!strcmp(found->at[i].rule, rule))
			return &found->at[i];
	return NULL;
}

Test(rules, node_ids_fit_the_kernel_s_mask)
{
	_cleanup_arena_ struct arena a = { 0 };
	static const char text[] = "{\"topofs\":1,\"cpu\":{\"present\":\"0\"},\"nodes\":[{\"id\":0,\"cpus\":0},{\"id\":64}]}";
	findings small = find(text, (struct host_limits){ .node_bits = 64 }, &a);
	findings large = find(text, (struct host_limits){ .node_bits = 1024 }, &a);
	findings unknown = find(text, (struct host_limits){ 0 }, &a);
	const struct finding *finding = of_rule(&small, "node-mask");
	cr_assert(finding && finding->severity == HARMFUL);
	cr_assert_str_eq(finding->where, "node 64");
	cr_assert_null(of_rule(&large, "node-mask"));
	cr_assert_null(of_rule(&unknown, "node-mask"));
}

Test(rules, cpu_masks_fit_the_kernel_s)
{
	_cleanup_arena_ struct arena a = { 0 };
	static const char text[] = "{\"topofs\":1,\"cpu\":{\"present\":\"0-255\"}}";
	findings small = find(text, (struct host_limits){ .cpu_bits = 128 }, &a);
	findings large = find(text, (struct host_limits){ .cpu_bits = 256 }, &a);
	const struct finding *finding = of_rule(&small, "cpu-mask-width");
	cr_assert(finding && finding->severity == ODD);
	cr_assert_null(of_rule(&large, "cpu-mask-width"));
}

Test(rules, what_is_wrong_a_hundred_times_is_told_a_few_times)
{
	_cleanup_arena_ struct arena a = { 0 };
	static const char text[] = "{\"topofs\":1,\"cpu\":{\"present\":\"0\"},\"nodes\":[{\"id\":\"0-99\",\"cpus\":7}]}";
	findings found = find(text, (struct host_limits){ 0 }, &a);
	cr_assert_eq(found.n, 16);
	cr_assert(strstr(found.at[15].what, "; and 84 more like it"), "%s", found.at[15].what);
}
