/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_ethdev.h>
#include <rte_string_fns.h>
#include <rte_telemetry.h>

#include "base/proc.h"
#include "base/port_set.h"
#include "base/clock.h"
#include "group.h"
#include "inspect.h"
#include "lock.h"
#include "telemetry.h"
#include "base/text.h"
#include "views.h"
#include "watch.h"

#define EVENTS_MAX 64

/* Room there is for an answer, and what an event takes of it without its text. */
#define ANSWER_LEN 15000
#define EVENT_LEN 110

/*
 * Only the main thread may look at a port, and only with the turn. It is asked
 * to; when it has no time, or another process the turn, an earlier look has to do.
 */
#define REFRESH_MS 300

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t refreshed;
static struct inspect *ports; /* by port id; under lock, NULL when nothing is answered */
static uint64_t looks;	      /* how often they have been looked at; under lock */
static int wanted_fd = -1;

void
telemetry_refresh(void)
{
	char why[256];
	unsigned int id;
	uint64_t nb;

	if (read(wanted_fd, &nb, sizeof(nb)) < 0 ||
		group_turn_take("telemetry", wait_not, why, sizeof(why)) < 0)
		return;
	pthread_mutex_lock(&lock);
	for (id = 0; id < RTE_MAX_ETHPORTS; id++)
		inspect_port(id, &ports[id]);
	looks++;
	pthread_cond_broadcast(&refreshed);
	pthread_mutex_unlock(&lock);
	group_turn_release();
}

/* Have the main thread look, and wait a moment for it. Under lock. */
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

/* Telemetry escapes quotes and backslashes alone, and makes no JSON of what is not ASCII. */
static int
string_add(struct rte_tel_data *d, const char *key, const char *text)
{
	char part[RTE_TEL_MAX_STRING_LEN];

	strlcpy(part, text, sizeof(part));
	return rte_tel_data_add_dict_string(d, key, text_printable(part));
}

/* The port of this id or device name, also as list shows it; RTE_MAX_ETHPORTS if none. */
static unsigned int
port_find(const char *text, struct group_port *port)
{
	unsigned int id;
	char number[8], shown[RTE_DEV_NAME_MAX_LEN];

	for (id = 0; id < RTE_MAX_ETHPORTS; id++) {
		group_port_get(id, port);
		snprintf(number, sizeof(number), "%u", id);
		strlcpy(shown, port->name, sizeof(shown));
		if (port->name[0] != '\0' && (strcmp(text, port->name) == 0 ||
						     strcmp(text, text_printable(shown)) == 0 ||
						     strcmp(text, number) == 0))
			return id;
	}
	return RTE_MAX_ETHPORTS;
}

/* A dictionary inside of another one; NULL if memory is short. */
static struct rte_tel_data *
dict_add(struct rte_tel_data *d, const char *key)
{
	struct rte_tel_data *dict = rte_tel_data_alloc();

	if (dict == NULL)
		return NULL;
	rte_tel_data_start_dict(dict);
	if (rte_tel_data_add_dict_container(d, key, dict, 0) == 0)
		return dict;
	rte_tel_data_free(dict);
	return NULL;
}

static struct rte_tel_data *
numbers_add(struct rte_tel_data *d, const char *key)
{
	struct rte_tel_data *array = rte_tel_data_alloc();

	if (array == NULL)
		return NULL;
	rte_tel_data_start_array(array, RTE_TEL_INT_VAL);
	if (rte_tel_data_add_dict_container(d, key, array, 0) == 0)
		return array;
	rte_tel_data_free(array);
	return NULL;
}

static int
list_answer(struct rte_tel_data *d)
{
	struct group_port port;
	unsigned int id;
	char key[16];

	rte_tel_data_start_dict(d);
	for (id = 0; id < RTE_MAX_ETHPORTS; id++) {
		group_port_get(id, &port);
		snprintf(key, sizeof(key), "%u", id);
		if (port.name[0] != '\0')
			string_add(d, key, port.name);
	}
	return 0;
}

static int
peers_answer(struct rte_tel_data *d)
{
	const struct group_peer *peer;
	struct rte_tel_data *dict, *seen;
	struct views views;
	char text[32];
	unsigned int id;

	views_take(&views);
	rte_tel_data_start_dict(d);
	for (peer = views.peers; peer < views.peers + views.nb; peer++) {
		snprintf(text, sizeof(text), "%d", peer->pid);
		dict = dict_add(d, text);
		if (dict == NULL)
			return -ENOMEM;
		string_add(dict, "role", group_role_name(peer->primary));
		proc_program(peer->pid, text, sizeof(text));
		string_add(dict, "program", text);
		string_add(dict, "state", group_state_name(peer->state));
		seen = numbers_add(dict, "ports");
		for (id = 0; id < RTE_MAX_ETHPORTS && seen != NULL; id++) {
			if (port_set_has(&peer->view, id))
				rte_tel_data_add_array_int(seen, id);
		}
	}
	return 0;
}

/* A string of telemetry's is cut off where it has no room for more: what is left is a second. */
static void
long_string_add(struct rte_tel_data *d, const char *key, const char *more_key, const char *text)
{
	string_add(d, key, text);
	if (strlen(text) >= RTE_TEL_MAX_STRING_LEN)
		string_add(d, more_key, text + RTE_TEL_MAX_STRING_LEN - 1);
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
	static struct news news[EVENTS_MAX]; /* under lock */
	struct rte_tel_data *dict;
	unsigned int nb, first, i;
	size_t len = 0;
	char text[48];

	nb = group_news_last(news, EVENTS_MAX);
	/* The last ones that fit: telemetry would leave out the others. */
	for (first = nb; first > 0 && len < ANSWER_LEN; first--)
		len += EVENT_LEN + json_len(news[first - 1].text);
	rte_tel_data_start_dict(d);
	for (i = first; i < nb; i++) {
		snprintf(text, sizeof(text), "%u", i - first + 1);
		dict = dict_add(d, text);
		if (dict == NULL)
			return -ENOMEM;
		news_time_text(news[i].time_ns, text, sizeof(text));
		string_add(dict, "time", text);
		rte_tel_data_add_dict_int(dict, "pid", news[i].pid);
		string_add(dict, "role", group_role_name(news[i].primary));
		long_string_add(dict, "event", "more", news[i].text);
	}
	return 0;
}

static int
show_answer(const char *params, struct rte_tel_data *d)
{
	pid_t pids[GROUP_MAX_MEMBERS];
	const struct inspect_field *field;
	struct rte_tel_data *seen;
	struct group_port port;
	unsigned int id, i, nb;
	char holder[256];

	rte_tel_data_start_dict(d);
	if (params == NULL || params[0] == '\0')
		return string_add(
			d, "error", "missing argument; usage: /hotplug_mp/show,<device|port>");
	id = port_find(params, &port);
	if (id == RTE_MAX_ETHPORTS)
		return string_add(d, "error", "no port has this id or device name");
	refresh_wait();
	/* This process may have begun to leave meanwhile. */
	if (ports == NULL)
		return string_add(d, "error", "the primary is leaving");
	if (strcmp(ports[id].name, port.name) != 0) {
		/* Not looked at since it came. */
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
	seen = numbers_add(d, "processes");
	nb = inspect_seen_by(id, pids, RTE_DIM(pids));
	for (i = 0; i < nb && seen != NULL; i++)
		rte_tel_data_add_array_int(seen, pids[i]);
	string_add(d, "locked", lock_holder(port.name, holder, sizeof(holder)) ? holder : "no");
	return 0;
}

/* In a thread of the client's, of which there may be several. */
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
	if (!group_is_primary())
		return 0;
	clock_cond_init(&refreshed);
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
