/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>

/*
 * The primary's server: it does to ports what secondaries ask for (traffic/request.h), in a
 * thread of its own, because the EAL's mp thread must be free for what the EAL has to ask
 * meanwhile. Main thread, where nothing else is said.
 */

/** Name of the mp messages between a secondary and the server. */
#define SERVER_ACTION "hotplug_mp_ports"

/** The server's answer, in the parameters of an mp message. */
struct server_answer {
	int32_t err;
	char why[200];
};

/** Be ready to serve, if this process is the primary. After group_enter(). @return 0 or a
 * negative errno. */
int server_start(void);

/** Serve no more. Before rte_eal_cleanup(). */
void server_stop(void);

/**
 * Show once more whether the server is at work. Every operation would wait for what another
 * process has written there. Watch thread, each beat.
 */
void server_tick(void);
