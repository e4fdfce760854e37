/* SPDX-License-Identifier: BSD-3-Clause */
#include <dlfcn.h>
#include <limits.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>

#include <rte_common.h>
#include <rte_string_fns.h>

#include "base/text.h"
#include "eal/plugins.h"

static unsigned int nb_before;

struct list {
	unsigned int nb;
	char *text;
	size_t size;
};

static int
count(__rte_unused struct dl_phdr_info *object, __rte_unused size_t size, void *nb)
{
	++*(unsigned int *)nb;
	return 0;
}

void
plugins_begin(void)
{
	nb_before = 0;
	dl_iterate_phdr(count, &nb_before);
}

/* Does the library need one of DPDK's? The libraries that drivers need may be others. */
static bool
needs_dpdk(const struct dl_phdr_info *object)
{
	const char *strings = NULL;
	const ElfW(Dyn) *dyn = NULL, *entry;
	unsigned int i;

	for (i = 0; i < object->dlpi_phnum; i++) {
		if (object->dlpi_phdr[i].p_type == PT_DYNAMIC)
			/* NOLINTNEXTLINE(performance-no-int-to-ptr): the loader gives a number. */
			dyn = (const void *)(object->dlpi_addr + object->dlpi_phdr[i].p_vaddr);
	}
	for (entry = dyn; entry != NULL && entry->d_tag != DT_NULL; entry++) {
		/* On most processors the dynamic linker has added the library's address. */
		if (entry->d_tag == DT_STRTAB)
			/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
			strings = (const void *)(entry->d_un.d_ptr < object->dlpi_addr
							 ? object->dlpi_addr + entry->d_un.d_ptr
							 : entry->d_un.d_ptr);
	}
	for (entry = dyn; strings != NULL && entry->d_tag != DT_NULL; entry++) {
		if (entry->d_tag == DT_NEEDED &&
			strncmp(strings + entry->d_un.d_val, "librte_", 7) == 0)
			return true;
	}
	return false;
}

/* The dynamic linker lists what is loaded later last. */
static int
list_add(struct dl_phdr_info *object, __rte_unused size_t size, void *arg)
{
	const char *name = strrchr(object->dlpi_name, '/');
	struct list *list = arg;

	if (list->nb++ >= nb_before && needs_dpdk(object))
		text_add(list->text, list->size, "%s\n",
			name == NULL ? object->dlpi_name : name + 1);
	return 0;
}

void
plugins_list(char *text, size_t size)
{
	struct list list = {.text = text, .size = size};

	text[0] = '\0';
	dl_iterate_phdr(list_add, &list);
}

struct search {
	const char *library;
	char path[PATH_MAX];
};

static int
search_match(struct dl_phdr_info *object, __rte_unused size_t size, void *arg)
{
	const char *name = strrchr(object->dlpi_name, '/');
	struct search *search = arg;
	size_t len = strlen(search->library);

	if (name == NULL || strncmp(name + 1, search->library, len) != 0 || name[len + 1] != '.')
		return 0;
	strlcpy(search->path, object->dlpi_name, sizeof(search->path));
	return 1;
}

void *
plugins_function(const char *library, const char *function)
{
	struct search search = {.library = library};
	void *handle, *found;

	/* A DPDK that is linked into the program has no such library. */
	if (dl_iterate_phdr(search_match, &search) == 0)
		return dlsym(RTLD_DEFAULT, function);
	handle = dlopen(search.path, RTLD_NOW | RTLD_NOLOAD);
	if (handle == NULL)
		return NULL;
	found = dlsym(handle, function);
	dlclose(handle);
	return found;
}
