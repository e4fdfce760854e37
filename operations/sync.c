/* SPDX-License-Identifier: BSD-3-Clause */
#define BY_SYNC
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_bus.h>
#include <rte_ethdev.h>

#include "base/clock.h"
#include "base/text.h"
#include "device/device.h"
#include "group/compare.h"
#include "group/heartbeat.h"
#include "group/primary.h"
#include "group/readiness.h"
#include "group/removal.h"
#include "group/turn.h"
#include "operations/catalogue.h"
#include "operations/leftover.h"
#include "operations/sync.h"
#include "traffic/server.h"
#include "traffic/withdraw.h"

/* For all processes together: twice the longest that the EAL keeps a request waiting. */
#define LIMIT_MS 20000

/* Remove a device that the primary lacks. The EAL lets a secondary ask for that; every process gets
 * the request, which names only the device. If the primary's part of a port went first, the driver
 * lets go of the device here, but not of the port, which it no longer finds by its name: that is
 * closed then. */
static void
stale_remove(const struct port_set *ref, unsigned int id)
{
	struct port_set ports = {0};
	struct port_device stale, other;
	struct rte_device *dev;
	struct rte_devargs da;
	unsigned int i;
	char why[WHY_SIZE];
	bool taken;

	views_device(id, &stale);
	PORT_SET_FOREACH(i, ref) {
		views_device(i, &other);
		/* The request would also remove the primary's device of the same name. */
		if (i != id && strcmp(other.name, stale.name) == 0)
			return;
	}
	if (stale.name[0] == '\0' || device_split(stale.devargs, &da, why) < 0)
		return;
	dev = device_find(&da);
	if (dev != NULL)
		ports = device_ports(dev);
	else
		port_set_add(&ports, id);
	/* Allowed without the turn, because its holder has asked, and waits. */
	taken = withdraw_ports(&ports, WITHDRAW_MS, why) == 0;
	if (taken && dev != NULL)
		rte_dev_remove(dev);
	if (taken && device_find(&da) == NULL && rte_eth_dev_is_valid_port(id))
		rte_eth_dev_close(id);
	withdraw_end(&ports, taken);
	rte_devargs_reset(&da);
}

/* Bring this process in line with its primary: attach the devices that it lacks, remove those that
 * the primary lacks. Other processes stay as they are. A device that fails is logged, and missing
 * in the views. */
static void
sync_self(void)
{
	const struct port_set *ref, *own;
	bool missing = false;
	struct views views;
	unsigned int id;

	views_take(&views);
	ref = views_reference(&views);
	own = views_own(&views);
	for (id = 0; own != NULL && id < RTE_MAX_ETHPORTS; id++) {
		if (port_set_has(own, id) && !port_set_has(ref, id))
			stale_remove(ref, id);
		missing = missing || (port_set_has(ref, id) && !port_set_has(own, id));
	}
	/* An attach by the EAL would reach every process, and if this process refused again, the
	 * EAL would detach the device from all of them. A scan of the buses, as at a start, affects
	 * only this process. Whoever asks twice for the virtual devices is told of all
	 * (eal/vdev_list.h). */
	if (missing && rte_bus_scan() == 0 && rte_bus_scan() == 0)
		rte_bus_probe();
}

void
sync_serve(void)
{
	uint64_t wanted = atomic_load(&group_self->sync_wanted);

	if (wanted == atomic_load(&group_self->sync_done))
		return;
	/* This needs the asker's turn, so skip it if the asker has given up. */
	if (wanted == turn_operation())
		sync_self();
	atomic_store(&group_self->sync_done, wanted);
}

/* Ask these processes one after the other, so that their requests to the primary do not collide,
 * and wait for each answer. */
static void
sync_ask(const struct views *who, wait_fn wait)
{
	uint64_t op = turn_operation(), until = clock_in_ms(LIMIT_MS);
	struct group_member *member;
	unsigned int i;

	for (i = 0; i < who->nb; i++) {
		member = member_find(who->peers[i].who.pid);
		if (member == NULL)
			continue;
		atomic_store(&member->sync_wanted, op);
		while (atomic_load(&member->sync_done) != op && member_alive(member)) {
			if (!wait_go_on(wait, NULL) || clock_is_past(until))
				return;
			heartbeat_sleep();
		}
	}
}

/* Copy the processes of op->before whose view differs to op->now. @return how many. */
static unsigned int
differing(struct operation *op)
{
	const struct port_set *ref = views_reference(&op->before);
	unsigned int i;

	op->now.nb = 0;
	for (i = 0; i < op->before.nb; i++) {
		if (views_count(&op->before.peers[i]) &&
			memcmp(&op->before.peers[i].ports, ref, sizeof(*ref)) != 0)
			op->now.peers[op->now.nb++] = op->before.peers[i];
	}
	return op->now.nb;
}

/* No process can get a port of the primary whose device is gone, so have the primary close it.
 *
 * @param was has views_agree()'s text, and receives which ports were closed if all agree on them.
 * @param why empty, or which ports could not be closed.
 * @return whether a port was closed.
 */
static bool
lost_close(struct operation *op, bool agree, char *was, size_t size, char *why)
{
	const struct port_set had = *views_reference(&op->before);
	struct port_device device;
	struct port_set closed;
	unsigned int id;

	why[0] = '\0';
	if (primary_is_foreign() || request_remove(LEFTOVER_LOST, why) == 0)
		why[0] = '\0';
	views_take(&op->before);
	closed = views_gone(&op->before, &had);
	if (agree && !port_set_is_empty(&closed))
		snprintf(was, size, "%s had lost the device of", who_name(primary_who()).text);
	PORT_SET_FOREACH(id, &closed) {
		views_device(id, &device);
		if (agree)
			text_add(was, size, " port %u (%s)", id,
				device.name[0] == '\0' ? "not known" : text_printable(device.name));
	}
	catalogue_forget(&closed);
	return !port_set_is_empty(&closed);
}

/* Is it only the primary that has what others lack? */
static bool
nobody_gets(const struct views *views)
{
	const struct port_set *ref = views_reference(views);
	struct port_set lacking = {0};
	unsigned int i, id;

	for (i = 0; i < views->nb; i++) {
		PORT_SET_FOREACH(id, ref) {
			if (views_count(&views->peers[i]) &&
				!port_set_has(&views->peers[i].ports, id))
				port_set_add(&lacking, id);
		}
	}
	return leftover_only_in_primary(views, &lacking);
}

void
sync_group(wait_fn wait, struct result *res)
{
	struct operation op = {.verb = "sync", .res = res, .wait = wait};
	char was[512], text[512], why[WHY_SIZE];
	bool agree, closed;

	if (operation_begin(&op, NULL) < 0)
		return;
	if (res->note[0] == '\0')
		removal_text(res->note, sizeof(res->note));
	agree = views_agree(&op.before, was, sizeof(was));
	closed = lost_close(&op, agree, was, sizeof(was), why);
	if (differing(&op) != 0) {
		sync_ask(&op.now, wait);
		readiness_settle(wait);
	} else if (!closed && why[0] == '\0') {
		result_set(res, 0, "%s; nothing to do", was);
		operation_end(&op);
		return;
	}
	views_take(&op.now);
	agree = views_agree(&op.now, text, sizeof(text));
	if (why[0] != '\0')
		result_set(res, -EAGAIN, "%s; in %s %s; restart the group", text,
			who_name(primary_who()).text, why);
	else if (agree)
		result_set(res, 0, "%s; mended: %s", text, was);
	else
		result_set(res, -EAGAIN, "%s; the log of that process may say why; restart it%s",
			text, nobody_gets(&op.now) ? ", or detach the device" : "");
	operation_end(&op);
}
