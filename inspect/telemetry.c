/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_string_fns.h>
#include <rte_telemetry.h>

#include "base/clock.h"
#include "base/proc.h"
#include "base/text.h"
#include "base/wait.h"
#include "group/events.h"
#include "group/primary.h"
#include "group/turn.h"
#include "group/views.h"
#include "inspect/inspect.h"
#include "inspect/telemetry.h"
#include "operations/lock.h"
#include "operations/which.h"

#define EVENTS_MAX 64

/* Bytes for a whole answer, and for an event without its text. */
#define ANSWER_LEN 15000
#define EVENT_LEN 110

/* Only the main thread may look at a port, and only with the turn. A client's thread asks the main
 * thread to look, and waits this long. If the main thread is busy, or another process has the turn,
 * the answer comes from an earlier look. */
#define REFRESH_MS 300

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t refreshed = PTHREAD_COND_INITIALIZER;
static struct inspect *ports; /* by port id; under lock; NULL when nothing is answered */
static uint64_t looks;	      /* at all ports, so far; under lock */
static int wanted_fd = -1;    /* readable when a client wants a look */

void
telemetry_refresh(void)
{
	char why[WHY_SIZE];
	unsigned int id;
	uint64_t nb;

	if (read(wanted_fd, &nb, sizeof(nb)) < 0 || turn_take("telemetry", wait_not, why) < 0)
		return;
	pthread_mutex_lock(&lock);
	for (id = 0; id < RTE_MAX_ETHPORTS; id++)
		inspect_port(id, &ports[id]);
	looks++;
	pthread_cond_broadcast(&refreshed);
	pthread_mutex_unlock(&lock);
	turn_release();
}

/* Ask the main thread to look, and wait a moment for that. Under lock. */
static void
refresh_wait(void)
{
	const uint64_t one = 1, before = looks;
	uint64_t until;

	if (write(wanted_fd, &one, sizeof(one)) < 0)
		return;
	until = clock_in_ms(REFRESH_MS);
	while (looks == before && ports != NULL && clock_cond_wait(&refreshed, &lock, until) == 0)
		;
}

/* librte_telemetry escapes only quotes and backslashes; other bytes may break its JSON. */
static int
string_add(struct rte_tel_data *d, const char *key, const char *text)
{
	char part[RTE_TEL_MAX_STRING_LEN];

	strlcpy(part, text, sizeof(part));
	return rte_tel_data_add_dict_string(d, key, text_printable(part));
}

/* Add an array of numbers, or else a dictionary, to a dictionary. @return it, or NULL if memory is
 * short. */
static struct rte_tel_data *
container_add(struct rte_tel_data *d, const char *key, bool numbers)
{
	struct rte_tel_data *container = rte_tel_data_alloc();

	if (container == NULL)
		return NULL;
	if (numbers)
		rte_tel_data_start_array(container, RTE_TEL_INT_VAL);
	else
		rte_tel_data_start_dict(container);
	if (rte_tel_data_add_dict_container(d, key, container, 0) == 0)
		return container;
	rte_tel_data_free(container);
	return NULL;
}

static int
list_answer(struct rte_tel_data *d)
{
	struct port_device port;
	unsigned int id;
	char key[16];

	rte_tel_data_start_dict(d);
	for (id = 0; id < RTE_MAX_ETHPORTS; id++) {
		views_device(id, &port);
		snprintf(key, sizeof(key), "%u", id);
		if (port.name[0] != '\0')
			string_add(d, key, port.name);
	}
	return 0;
}

static int
peers_answer(struct rte_tel_data *d)
{
	const struct peer *peer;
	struct rte_tel_data *dict, *seen;
	struct views views;
	char text[32];
	unsigned int id;

	views_take(&views);
	rte_tel_data_start_dict(d);
	for (peer = views.peers; peer < views.peers + views.nb; peer++) {
		snprintf(text, sizeof(text), "%d", peer->who.pid);
		dict = container_add(d, text, false);
		if (dict == NULL)
			return -ENOMEM;
		string_add(dict, "role", who_role(peer->who.primary));
		proc_program(peer->who.pid, text, sizeof(text));
		string_add(dict, "program", text);
		string_add(dict, "state", peers_state_name(peer->state));
		seen = container_add(dict, "ports", true);
		PORT_SET_FOREACH(id, &peer->ports) {
			if (seen != NULL)
				rte_tel_data_add_array_int(seen, id);
		}
	}
	return 0;
}

/* Bytes of JSON that a text takes: quotes and backslashes take two. */
static size_t
json_len(const char *text)
{
	size_t len = 0;

	for (; *text != '\0'; text++)
		len += *text == '"' || *text == '\\' ? 2 : 1;
	return len;
}

static int
events_answer(struct rte_tel_data *d)
{
	static struct event events[EVENTS_MAX]; /* under lock */
	struct rte_tel_data *dict;
	unsigned int nb, first, i;
	size_t len = 0;
	char text[48];

	nb = events_last(events, EVENTS_MAX);
	/* Send the newest events that fit; librte_telemetry would leave out the end. */
	for (first = nb; first > 0 && len < ANSWER_LEN; first--)
		len += EVENT_LEN + json_len(events[first - 1].text);
	rte_tel_data_start_dict(d);
	for (i = first; i < nb; i++) {
		snprintf(text, sizeof(text), "%u", i - first + 1);
		dict = container_add(d, text, false);
		if (dict == NULL)
			return -ENOMEM;
		events_time_text(events[i].time_ns, text, sizeof(text));
		string_add(dict, "time", text);
		rte_tel_data_add_dict_int(dict, "pid", events[i].pid);
		string_add(dict, "role", who_role(events[i].primary));
		string_add(dict, "event", events[i].text);
		/* librte_telemetry cuts off a long string. */
		if (strlen(events[i].text) >= RTE_TEL_MAX_STRING_LEN)
			string_add(dict, "more", events[i].text + RTE_TEL_MAX_STRING_LEN - 1);
	}
	return 0;
}

static int
show_answer(const char *params, struct rte_tel_data *d)
{
	pid_t pids[GROUP_MAX_MEMBERS];
	const struct inspect_field *field;
	struct rte_tel_data *seen;
	struct port_device port;
	struct port_set known;
	unsigned int id, i, nb;
	char holder[256];

	rte_tel_data_start_dict(d);
	if (params == NULL || params[0] == '\0')
		return string_add(
			d, "error", "missing argument; usage: /hotplug_mp/show,<device|port>");
	known = which_ports(params);
	id = port_set_next(&known, 0);
	if (id == RTE_MAX_ETHPORTS)
		return string_add(d, "error", "no port has this id or device name");
	views_device(id, &port);
	refresh_wait();
	/* The wait has released the lock, and telemetry_stop() may have been called. */
	if (ports == NULL)
		return string_add(d, "error", "the primary is leaving");
	if (strcmp(ports[id].name, port.name) != 0) {
		/* The main thread has not looked since this port came. */
		string_add(d, "note", "the primary is busy, and knows no more now");
		rte_tel_data_add_dict_int(d, "port", id);
		string_add(d, "name", port.name);
		string_add(d, "devargs", port.devargs);
	} else {
		for (field = ports[id].fields; field < ports[id].fields + ports[id].nb_fields;
			field++) {
			if (field->number)
				rte_tel_data_add_dict_int(d, field->key, atoi(field->text));
			else
				string_add(d, field->key, field->text);
		}
	}
	seen = container_add(d, "processes", true);
	nb = inspect_seen_by(id, pids, RTE_DIM(pids));
	for (i = 0; i < nb && seen != NULL; i++)
		rte_tel_data_add_array_int(seen, pids[i]);
	string_add(d, "locked", lock_holder(port.name, holder, sizeof(holder)) ? holder : "no");
	return 0;
}

/* Each client has a thread, which calls this. */
static int
answer(const char *cmd, const char *params, struct rte_tel_data *d)
{
	int ret;

	pthread_mutex_lock(&lock);
	if (ports == NULL)
		ret = -ENODEV;
	else if (strcmp(cmd, "/hotplug_mp/list") == 0)
		ret = list_answer(d);
	else if (strcmp(cmd, "/hotplug_mp/peers") == 0)
		ret = peers_answer(d);
	else if (strcmp(cmd, "/hotplug_mp/events") == 0)
		ret = events_answer(d);
	else
		ret = show_answer(params, d);
	pthread_mutex_unlock(&lock);
	return ret;
}

int
telemetry_start(void)
{
	if (!primary_is_self())
		return 0;
	wanted_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (wanted_fd < 0)
		return -errno;
	pthread_mutex_lock(&lock);
	ports = calloc(RTE_MAX_ETHPORTS, sizeof(*ports));
	pthread_mutex_unlock(&lock);
	if (ports == NULL)
		return -ENOMEM;
	rte_telemetry_register_cmd("/hotplug_mp/list", answer,
		"Ports of the group: port id and device name. Takes no parameters");
	rte_telemetry_register_cmd("/hotplug_mp/show", answer,
		"What is known of a port, and which processes see it. Parameters: device name or "
		"port id");
	rte_telemetry_register_cmd("/hotplug_mp/peers", answer,
		"Processes of the group: pid, role, state, the ports each one sees. Takes no "
		"parameters");
	rte_telemetry_register_cmd("/hotplug_mp/events", answer,
		"The last events of the group, at most 64, oldest first. Takes no parameters");
	return 0;
}

void
telemetry_stop(void)
{
	pthread_mutex_lock(&lock);
	free(ports);
	ports = NULL;
	pthread_cond_broadcast(&refreshed);
	pthread_mutex_unlock(&lock);
}

int
telemetry_fd(void)
{
	return wanted_fd;
}
