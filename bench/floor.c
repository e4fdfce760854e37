/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_random.h>

/*
 * What the EAL takes by itself, for bench/run.py to compare with: a process that
 * starts it, says "ready", and reads lines "PAIRS PAUSE DEVARGS" until its input ends.
 * For each it attaches and detaches the device as often as that, each time after a
 * pause of up to so many microseconds, and prints the nanoseconds of every
 * rte_dev_probe() and rte_dev_remove(), in turns.
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

/* Up to pause_us, at random: what waits for the kernel's clock is not to be in step with it. */
static void
rest(unsigned int pause_us)
{
	if (pause_us > 0)
		rte_delay_us_sleep(rte_rand_max(pause_us) + 1);
}

static int
pairs(unsigned int nb, unsigned int pause_us, const char *devargs)
{
	static uint64_t took[2 * PAIRS_MAX];
	char name[RTE_DEV_NAME_MAX_LEN];
	struct rte_device *dev;
	uint64_t begin;
	unsigned int i;
	int ret;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(devargs, ","), devargs);
	for (i = 0; i < nb; i++) {
		rest(pause_us);
		begin = now_ns();
		ret = rte_dev_probe(devargs);
		took[2 * i] = now_ns() - begin;
		dev = device_of(name);
		if (ret != 0 || dev == NULL)
			return -1;
		rest(pause_us);
		begin = now_ns();
		ret = rte_dev_remove(dev);
		took[2 * i + 1] = now_ns() - begin;
		if (ret != 0)
			return -1;
	}
	for (i = 0; i < 2 * nb; i++)
		printf("%" PRIu64 "%c", took[i], i == 2 * nb - 1 ? '\n' : ' ');
	return 0;
}

int
main(int argc, char **argv)
{
	char line[256], devargs[128];
	unsigned int nb, pause_us;
	uint64_t owner;
	int ret = 0;

	/* Owners are in ethdev's shared data, which a secondary that starts now must find. */
	if (rte_eal_init(argc, argv) < 0 ||
		(rte_eal_process_type() == RTE_PROC_PRIMARY && rte_eth_dev_owner_new(&owner) < 0))
		return EXIT_FAILURE;
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	while (ret == 0 && fgets(line, sizeof(line), stdin) != NULL) {
		if (sscanf(line, "%u %u %127s", &nb, &pause_us, devargs) != 3 || nb == 0 ||
			nb > PAIRS_MAX)
			ret = -1;
		else
			ret = pairs(nb, pause_us, devargs);
	}
	return rte_eal_cleanup() < 0 || ret < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
