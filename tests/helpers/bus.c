/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * A bus whose devices the EAL can find but not walk, like vmbus and ifpga, and the driver of its
 * devices. They are there from the start:
 *
 * bus_card0     has a port of another name, bus_port0
 * bus_card1     has a port of the same name
 * 0000:88:0b.0  the same; it is called like a PCI device
 * bus_bare0     has no port
 *
 * DPDK's headers for drivers are not installed. What is needed of them is declared here, as it is
 * in DPDK 22.11, 24.11 and 25.11.
 */
#include <errno.h>
#include <string.h>

#include <rte_common.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>
#include <rte_version.h>

struct rte_driver {
	void *list[2];
	const char *name, *alias;
};

struct rte_device {
	void *list[2];
	const char *name, *bus_info;
	const struct rte_driver *driver;
	const struct rte_bus *bus;
	int numa_node;
	struct rte_devargs *devargs;
};

struct rte_bus {
	void *list[2];
	const char *name;
	int (*scan)(void);
	int (*probe)(void);
	struct rte_device *(*find_device)(
		const struct rte_device *start, rte_dev_cmp_t cmp, const void *data);
	int (*plug)(struct rte_device *dev);
	int (*unplug)(struct rte_device *dev);
	int (*parse)(const char *name, void *addr);
	void *others[16]; /* dev_iterate is one of them */
};

#if RTE_VERSION < RTE_VERSION_NUM(24, 11, 0, 0)
enum { INFOS_GET = 0xc0 / 8, MAC_ADDRS = 0x960 };
struct rte_eth_dev {
	void *functions[6];
	char *data;
	void *process_private;
	const void *ops;
	struct rte_device *device;
};
#else
enum { INFOS_GET = 0xd8 / 8, MAC_ADDRS = 0x968 };
struct rte_eth_dev {
	void *functions[9];
	char *data;
	void *process_private;
	const void *ops;
	void *flow_ops;
	struct rte_device *device;
};
#endif

void rte_bus_register(struct rte_bus *bus);
struct rte_eth_dev *rte_eth_dev_allocate(const char *name);
struct rte_eth_dev *rte_eth_dev_attach_secondary(const char *name);
void rte_eth_dev_probing_finish(struct rte_eth_dev *eth);
int rte_eth_dev_release_port(struct rte_eth_dev *eth);

static struct rte_bus bus;
static const struct rte_driver driver = {.name = "bus_driver"};

static struct card {
	struct rte_device device;
	const char *port; /* name of its port, NULL if it has none */
	struct rte_eth_dev *eth;
} cards[] = {
	{.device = {.name = "bus_card0", .bus = &bus}, .port = "bus_port0"},
	{.device = {.name = "bus_card1", .bus = &bus}, .port = "bus_card1"},
	{.device = {.name = "0000:88:0b.0", .bus = &bus}, .port = "0000:88:0b.0"},
	{.device = {.name = "bus_bare0", .bus = &bus}},
};

static int
infos_get(__rte_unused struct rte_eth_dev *eth, struct rte_eth_dev_info *info)
{
	info->max_rx_queues = info->max_tx_queues = 1;
	return 0;
}

static int (*const ops[128])(struct rte_eth_dev *, struct rte_eth_dev_info *) = {
	[INFOS_GET] = infos_get};

static int
plug(struct rte_device *device)
{
	struct card *card = (struct card *)device;
	void *mac;

	if (device->driver != NULL)
		return -EEXIST;
	if (card->port != NULL && rte_eal_process_type() == RTE_PROC_PRIMARY) {
		card->eth = rte_eth_dev_allocate(card->port);
		mac = rte_zmalloc(NULL, RTE_ETHER_ADDR_LEN, 0);
		if (card->eth == NULL || mac == NULL)
			return -ENOMEM;
		memcpy(card->eth->data + MAC_ADDRS, &mac, sizeof(mac));
	} else if (card->port != NULL) {
		card->eth = rte_eth_dev_attach_secondary(card->port);
		if (card->eth == NULL)
			return -ENODEV;
	}
	device->driver = &driver;
	if (card->eth != NULL) {
		card->eth->device = device;
		card->eth->ops = ops;
		rte_eth_dev_probing_finish(card->eth);
	}
	return 0;
}

static int
unplug(struct rte_device *device)
{
	struct card *card = (struct card *)device;

	if (device->driver == NULL)
		return -ENOENT;
	if (card->eth != NULL)
		rte_eth_dev_release_port(card->eth);
	card->eth = NULL;
	device->driver = NULL;
	return 0;
}

static int
scan(void)
{
	return 0;
}

/* When a process starts, or brings itself in line: a secondary takes what its primary has. */
static int
probe(void)
{
	unsigned int i;

	for (i = 0; i < RTE_DIM(cards) && rte_eal_process_type() != RTE_PROC_PRIMARY; i++) {
		if (cards[i].port != NULL)
			plug(&cards[i].device);
	}
	return 0;
}

static struct rte_device *
find_device(const struct rte_device *start, rte_dev_cmp_t cmp, const void *data)
{
	unsigned int i = start == NULL ? 0 : (const struct card *)start - cards + 1;

	for (; i < RTE_DIM(cards); i++) {
		if (cmp(&cards[i].device, data) == 0)
			return &cards[i].device;
	}
	return NULL;
}

static int
parse(const char *name, __rte_unused void *addr)
{
	return strncmp(name, "bus_", 4) == 0 || strcmp(name, "0000:88:0b.0") == 0 ? 0 : -EINVAL;
}

static struct rte_bus bus = {
	.name = "test",
	.scan = scan,
	.probe = probe,
	.find_device = find_device,
	.plug = plug,
	.unplug = unplug,
	.parse = parse,
};

RTE_INIT(bus_init)
{
	rte_bus_register(&bus);
}
