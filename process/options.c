/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_eal.h>
#include <rte_string_fns.h>
#include <rte_version.h>

#include "base/text.h"
#include "device/device.h"
#include "process/options.h"

/* Flush what was printed. @return the exit status. */
static int
printed(void)
{
	if (fflush(stdout) == 0)
		return EXIT_SUCCESS;
	perror(PROGRAM ": cannot write to standard output");
	return EXIT_FAILURE;
}

/* Print our options; then the EAL prints its own and exits. */
static int
help(void)
{
	char program[] = PROGRAM, help_option[] = "--help";
	char *argv[] = {program, help_option, NULL};

	printf("Usage: " PROGRAM " [EAL options] [-- [options]]\n"
	       "Attach and detach devices in every process of a DPDK group, from a prompt in any.\n"
	       "\n"
	       "  --proc-type=auto     EAL: be the primary, or join the one that runs\n"
	       "  --file-prefix=NAME   EAL: which group, if there are several\n"
	       "\n"
	       "  --cmd COMMAND        run it and leave; as often as wanted, in order\n"
	       "  --cmdline-file FILE  run the commands in it and leave\n"
	       "  --interactive        do not leave then, go on with standard input\n"
	       "  --keep-going         do not stop at the first of these commands that fails\n"
	       "  --trace              show each of them before it is run\n"
	       "  --monitor            show the events of the group, one line each, until a signal\n"
	       "  --mbufs N            as primary: in the pool that all ports share\n"
	       "  --poll-core N        bind the thread that forwards to this core\n"
	       "  --auto-attach        as primary: attach devices that arrive and are given to "
	       "vfio-pci or uio\n"
	       "  --plain-scans        as primary: answer scans of virtual devices as DPDK does\n"
	       "  --help               show this and the EAL's options, and exit\n"
	       "  --version            show the versions of program and DPDK, and exit\n"
	       "\n"
	       "Exit status: 0 if all commands succeeded, 1 if one failed, 2 for wrong usage;\n"
	       "what is typed at a terminal does not count.\n");
	if (printed() != EXIT_SUCCESS)
		return EXIT_FAILURE;
	return rte_eal_init(2, argv) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int
version(void)
{
	printf(PROGRAM " " PROGRAM_VERSION " (%s)\n", rte_version());
	return printed();
}

static int
wrong(const char *what, const char *text)
{
	fprintf(stderr, PROGRAM ": %s \"%s\"; try --help\n", what, text);
	return OPTIONS_EXIT_USAGE;
}

/* Open a file of commands before this process joins, so that a wrong path does no harm. */
static int
script_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		close(fd);
		fd = -1;
		errno = EISDIR;
	}
	if (fd < 0)
		fprintf(stderr, PROGRAM ": cannot read the commands in \"%s\": %s\n", path,
			strerror(errno));
	return fd;
}

int
options_parse(int argc, char **argv, struct options *own)
{
	enum { CMD = 1, CMDLINE_FILE, MBUFS, POLL_CORE, VERSION };
	const struct option options[] = {
		{"auto-attach", no_argument, &own->auto_attach, 1},
		{"cmd", required_argument, NULL, CMD},
		{"cmdline-file", required_argument, NULL, CMDLINE_FILE},
		{"help", no_argument, NULL, 'h'},
		{"interactive", no_argument, &own->interactive, 1},
		{"keep-going", no_argument, &own->keep_going, 1},
		{"mbufs", required_argument, NULL, MBUFS},
		{"monitor", no_argument, &own->monitor, 1},
		{"plain-scans", no_argument, &own->plain_scans, 1},
		{"poll-core", required_argument, NULL, POLL_CORE},
		{"trace", no_argument, &own->trace, 1},
		{"version", no_argument, NULL, VERSION},
		{0},
	};
	struct options_script *script;
	unsigned int value;
	int first, opt;

	memset(own, 0, sizeof(*own));
	own->poll_core = -1;
	for (first = 1; first < argc && strcmp(argv[first], "--") != 0; first++) {
		if (strcmp(argv[first], "--help") == 0 || strcmp(argv[first], "-h") == 0)
			return help();
		if (strcmp(argv[first], "--version") == 0)
			return version();
	}
	own->scripts = calloc(argc, sizeof(*own->scripts));
	if (own->scripts == NULL) {
		perror(PROGRAM);
		return EXIT_FAILURE;
	}
	own->nb_words = RTE_MAX(argc - first - 1, 0);
	optind = first + 1;
	opterr = 0;
	while ((opt = getopt_long(argc, argv, "+:h", options, NULL)) != -1) {
		script = &own->scripts[own->nb_scripts];
		switch (opt) {
		case 0: /* it only sets its flag */
			break;
		case CMD:
			script->text = optarg;
			own->nb_scripts++;
			break;
		case CMDLINE_FILE:
			script->fd = script_open(optarg);
			if (script->fd < 0)
				return OPTIONS_EXIT_USAGE;
			own->nb_scripts++;
			break;
		case 'h':
			return help();
		case MBUFS:
			if (!text_number(optarg, 1, INT_MAX, &value))
				return wrong("--mbufs wants a number from 1 on, not", optarg);
			own->nb_mbufs = value;
			break;
		case POLL_CORE:
			if (!text_number(optarg, 0, CPU_SETSIZE - 1, &value))
				return wrong("--poll-core wants the number of a core, not", optarg);
			own->poll_core = value;
			break;
		case VERSION:
			return version();
		case ':':
			return wrong("no argument after", argv[optind - 1]);
		default:
			return wrong("unknown option", argv[optind - 1]);
		}
	}
	if (optind < argc)
		return wrong("unexpected argument", argv[optind]);
	if (own->monitor && own->interactive)
		return wrong("--monitor reads nothing, so it excludes", "--interactive");
	return -1;
}

/* The EAL compares the names of devices as texts, in this process and with others. So write the one
 * in these devargs, with which a word of the command line ends, as its bus does. @return the
 * devargs in the word, which may be another one now; NULL without memory. */
static const char *
word_spell(char **word, const char *devargs)
{
	static const char *const buses[] = {"pci:", "vmbus:"};
	char name[RTE_DEV_NAME_MAX_LEN], canonical[RTE_DEV_NAME_MAX_LEN];
	const size_t before = devargs - *word;
	size_t bus = 0, len;
	unsigned int i;

	for (i = 0; i < RTE_DIM(buses); i++) {
		if (strncmp(devargs, buses[i], strlen(buses[i])) == 0)
			bus = strlen(buses[i]);
	}
	len = strcspn(devargs + bus, ",");
	if (len >= sizeof(name))
		return devargs;
	strlcpy(name, devargs + bus, len + 1);
	device_canonical(name, canonical, sizeof(canonical));
	if (strcmp(name, canonical) == 0)
		return devargs;
	/* It is used until the process ends. */
	if (asprintf(word, "%.*s%s%s", (int)(before + bus), *word, canonical, devargs + bus + len) <
		0)
		return NULL;
	return *word + before;
}

/* The EAL calls getopt_long() as well, so abbreviations mean the same here and there. getopt_long()
 * moves arguments, so it gets a copy. The EAL judges options that are not known here. A word after
 * such an option may be its argument, so words do not end the search. */
int
eal_options_read(int argc, char **argv, struct eal_options *wanted)
{
	enum { FILE_PREFIX = 1000, PROC_TYPE, HUGE_DIR, HUGE_UNLINK, VDEV };
	const struct option known[] = {
		{"allow", required_argument, NULL, 'a'},
		{"block", required_argument, NULL, 'b'},
		{"file-prefix", required_argument, NULL, FILE_PREFIX},
		{"proc-type", required_argument, NULL, PROC_TYPE},
		{"huge-dir", required_argument, NULL, HUGE_DIR},
		{"huge-unlink", optional_argument, NULL, HUGE_UNLINK},
		{"vdev", required_argument, NULL, VDEV},
		{"in-memory", no_argument, &wanted->shared, false},
		{"no-shconf", no_argument, &wanted->shared, false},
		{"no-huge", no_argument, &wanted->huge, false},
		{"no-pci", no_argument, &wanted->pci, false},
		{0},
	};
	static const char **devices; /* room for the words after -a, -b and --vdev */
	char **copy;
	const char *word;
	int opt, ret = 0;

	*wanted = (struct eal_options){
		.file_prefix = "rte", .shared = true, .huge = true, .pci = true};
	copy = calloc(argc + 1, sizeof(*copy));
	free(devices);
	devices = calloc(argc, 3 * sizeof(*devices));
	if (copy == NULL || devices == NULL) {
		free(copy);
		return -ENOMEM;
	}
	wanted->allowed = devices;
	wanted->blocked = devices + argc;
	wanted->vdevs = wanted->blocked + argc;
	memcpy(copy, argv, argc * sizeof(*copy));
	opterr = 0;
	/* From 1 on, the library would keep the order that an earlier call asked for. */
	optind = 0;
	/* Of the short options, only those of devices matter; the others tell what is an argument,
	 * which may follow without a blank. */
	while ((opt = getopt_long(argc, copy, "-a:b:c:d:hl:m:n:r:s:S:v", known, NULL)) != -1) {
		switch (opt) {
		case 'a':
			word = word_spell(&argv[optind - 1], optarg);
			ret = word == NULL ? -ENOMEM : ret;
			wanted->allowed[wanted->nb_allowed++] = word;
			break;
		case 'b':
			word = word_spell(&argv[optind - 1], optarg);
			ret = word == NULL ? -ENOMEM : ret;
			wanted->blocked[wanted->nb_blocked++] = word;
			break;
		case FILE_PREFIX:
			strlcpy(wanted->file_prefix, optarg, sizeof(wanted->file_prefix));
			break;
		case PROC_TYPE:
			/* The EAL ignores case, too. */
			wanted->secondary = strcasecmp(optarg, "secondary") == 0;
			wanted->auto_role = strcasecmp(optarg, "auto") == 0;
			break;
		case HUGE_DIR:
			strlcpy(wanted->huge_dir, optarg, sizeof(wanted->huge_dir));
			break;
		case VDEV:
			wanted->vdevs[wanted->nb_vdevs++] = optarg;
			break;
		case HUGE_UNLINK:
			word = copy[optind - 1];
			wanted->huge_kept = strcmp(word + strcspn(word, "="), "=never") == 0;
			break;
		}
	}
	/* The EAL begins at 1, so ask for the usual order here. */
	optind = 0;
	getopt_long(1, copy, "", known, NULL);
	opterr = 1;
	optind = 1;
	free(copy);
	return ret;
}

struct address {
	unsigned int domain, bus, device, function;
};

/* Read a PCI address, which devargs may begin with. @return false if the text is none. */
static bool
address_read(const char *text, struct address *address)
{
	int end = 0;

	if (strncmp(text, "pci:", 4) == 0)
		text += 4;
	else if (strncmp(text, "bus=pci,addr=", 13) == 0)
		text += 13;
	if (sscanf(text, "%x:%x:%x.%x%n", &address->domain, &address->bus, &address->device,
		    &address->function, &end) != 4) {
		address->domain = 0;
		end = 0;
		if (sscanf(text, "%x:%x.%x%n", &address->bus, &address->device, &address->function,
			    &end) != 3)
			return false;
	}
	return text[end] == '\0' || text[end] == ',';
}

/* Is the address in a list of devices? @param any receives whether the list has PCI devices. */
static bool
address_listed(const struct address *address, const char *const *list, unsigned int nb, bool *any)
{
	struct address other;
	bool found = false;
	unsigned int i;

	*any = false;
	for (i = 0; i < nb; i++) {
		if (!address_read(list[i], &other))
			continue;
		*any = true;
		found = found || memcmp(address, &other, sizeof(other)) == 0;
	}
	return found;
}

bool
eal_options_probe(const char *text, const void *arg)
{
	const struct eal_options *options = arg;
	struct address address;
	bool any, listed;

	if (!options->pci || !address_read(text, &address))
		return false;
	listed = address_listed(&address, options->allowed, options->nb_allowed, &any);
	if (any)
		return listed;
	return !address_listed(&address, options->blocked, options->nb_blocked, &any);
}
