/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_ethdev.h>

/*
 * What the EAL takes by itself, for bench/run.py to compare with: a process that
 * starts it, says "ready", and reads lines until its input ends. "attach DEVARGS"
 * and "detach DEVARGS" print the nanoseconds of rte_dev_probe() or
 * rte_dev_remove(); "PAIRS DEVARGS" does both as often as that, in turns.
 */

#define PAIRS_MAX 10000

static uint64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* The device behind the port that has come; the devices here have one each. */
static struct rte_device *
device_of(const char *name)
{
	struct rte_eth_dev_info info;
	uint16_t id;

	if (rte_eth_dev_get_port_by_name(name, &id) < 0 || rte_eth_dev_info_get(id, &info) < 0)
		return NULL;
	return info.device;
}

/* @return nanoseconds, or 0 if it failed. */
static uint64_t
attach(const char *devargs)
{
	uint64_t begin = now_ns();

	return rte_dev_probe(devargs) == 0 ? now_ns() - begin : 0;
}

static uint64_t
detach(const char *devargs)
{
	char name[RTE_DEV_NAME_MAX_LEN];
	struct rte_device *dev;
	uint64_t begin;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(devargs, ","), devargs);
	dev = device_of(name);
	if (dev == NULL)
		return 0;
	begin = now_ns();
	return rte_dev_remove(dev) == 0 ? now_ns() - begin : 0;
}

static int
pairs(unsigned int nb, const char *devargs)
{
	static uint64_t took[2 * PAIRS_MAX];
	unsigned int i;

	for (i = 0; i < 2 * nb; i++) {
		took[i] = i % 2 == 0 ? attach(devargs) : detach(devargs);
		if (took[i] == 0)
			return -1;
	}
	for (i = 0; i < 2 * nb; i++)
		printf("%" PRIu64 "%c", took[i], i == 2 * nb - 1 ? '\n' : ' ');
	return 0;
}

static int
line_run(const char *line)
{
	char devargs[128];
	unsigned int nb;
	uint64_t took;

	if (sscanf(line, "%u %127s", &nb, devargs) == 2)
		return nb == 0 || nb > PAIRS_MAX ? -1 : pairs(nb, devargs);
	if (sscanf(line, "attach %127s", devargs) == 1)
		took = attach(devargs);
	else if (sscanf(line, "detach %127s", devargs) == 1)
		took = detach(devargs);
	else
		took = 0;
	printf("%" PRIu64 "\n", took);
	return took == 0 ? -1 : 0;
}

int
main(int argc, char **argv)
{
	char line[256];
	uint64_t owner;
	int ret = 0;

	/* Owners are in ethdev's shared data, which a secondary that starts now must find. */
	if (rte_eal_init(argc, argv) < 0 ||
		(rte_eal_process_type() == RTE_PROC_PRIMARY && rte_eth_dev_owner_new(&owner) < 0))
		return EXIT_FAILURE;
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	while (ret == 0 && fgets(line, sizeof(line), stdin) != NULL)
		ret = line_run(line);
	return rte_eal_cleanup() < 0 || ret < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
