/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>

/*
 * Promiscuous mode of ports that are started, because who forwards wants every packet. Some drivers
 * (net_af_packet, net_af_xdp, net_tap) sit on an interface of the kernel, set its flag PROMISC, and
 * leave it so. Here the flag becomes a membership of a socket of this process, which the kernel
 * ends with the process, however that ends; and the flag is left as its owner has set it. The
 * primary, with the turn or for its holder.
 */

/** Before rte_eth_dev_start(), which may clear the flag. */
void promiscuous_prepare(uint16_t id);

/** After rte_eth_dev_start(). */
void promiscuous_begin(uint16_t id);

/** Before rte_eth_dev_stop(), and after a start that failed. */
void promiscuous_end(uint16_t id);
