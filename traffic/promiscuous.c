/* SPDX-License-Identifier: BSD-3-Clause */
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_ethdev.h>

#include "traffic/promiscuous.h"

/* A port's interface. */
static struct {
	unsigned int index; /* 0 if it has none */
	bool was;	    /* the flag was set before the start */
	bool drivers;	    /* the driver has set it, and there is no membership instead */
	int socket;	    /* has the membership; 0 if there is none */
} interfaces[RTE_MAX_ETHPORTS];

static bool
flags_get(unsigned int index, int fd, struct ifreq *ifr)
{
	memset(ifr, 0, sizeof(*ifr));
	return if_indextoname(index, ifr->ifr_name) != NULL && ioctl(fd, SIOCGIFFLAGS, ifr) == 0;
}

/* Is the flag set? The kernel counts memberships apart from it. */
static bool
flag_get(unsigned int index)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr;
	bool set;

	set = fd >= 0 && flags_get(index, fd, &ifr) && (ifr.ifr_flags & IFF_PROMISC) != 0;
	if (fd >= 0)
		close(fd);
	return set;
}

static void
flag_set(unsigned int index, bool set)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr;

	if (fd < 0)
		return;
	if (flags_get(index, fd, &ifr) && set != ((ifr.ifr_flags & IFF_PROMISC) != 0)) {
		ifr.ifr_flags ^= IFF_PROMISC;
		ioctl(fd, SIOCSIFFLAGS, &ifr);
	}
	close(fd);
}

/* Make the interface promiscuous as long as a socket is open. @return the socket; or 0 if this
 * process may not. */
static int
membership_take(unsigned int index)
{
	struct packet_mreq request = {.mr_ifindex = (int)index, .mr_type = PACKET_MR_PROMISC};
	/* Of no protocol, so that it receives nothing. */
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd > 0 &&
		setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request, sizeof(request)) == 0)
		return fd;
	if (fd > 0)
		close(fd);
	return 0;
}

void
promiscuous_prepare(uint16_t id)
{
	struct rte_eth_dev_info info;

	/* An earlier port with this id may have gone without a stop. */
	if (interfaces[id].socket > 0)
		close(interfaces[id].socket);
	memset(&interfaces[id], 0, sizeof(interfaces[id]));
	interfaces[id].index = rte_eth_dev_info_get(id, &info) < 0 ? 0 : info.if_index;
	interfaces[id].was = interfaces[id].index != 0 && flag_get(interfaces[id].index);
}

void
promiscuous_begin(uint16_t id)
{
	unsigned int index = interfaces[id].index;
	bool was = interfaces[id].was, is;

	/* This call fails only if the port is promiscuous anyway, or has no such mode. */
	rte_eth_promiscuous_enable(id);
	if (index == 0)
		return;
	is = flag_get(index);
	if (is)
		interfaces[id].socket = membership_take(index);
	interfaces[id].drivers = is && !was && interfaces[id].socket == 0;
	if (!interfaces[id].drivers)
		flag_set(index, was);
}

void
promiscuous_end(uint16_t id)
{
	unsigned int index = interfaces[id].index;
	/* Its owner may have set the flag meanwhile, or cleared it. */
	bool set = index != 0 && !interfaces[id].drivers && flag_get(index);

	rte_eth_promiscuous_disable(id);
	if (index != 0)
		flag_set(index, set);
	if (interfaces[id].socket > 0)
		close(interfaces[id].socket);
	memset(&interfaces[id], 0, sizeof(interfaces[id]));
}
