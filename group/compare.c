/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "group/compare.h"

bool
views_agree(const struct views *views, char *text, size_t size)
{
	const struct port_set *ref = views_reference(views);
	unsigned int i, id, members = 0, nb_ports = 0;
	struct port_device device;
	const struct peer *peer;

	text[0] = '\0';
	for (i = 0; i < views->nb; i++) {
		peer = &views->peers[i];
		if (!views_count(peer))
			continue;
		members++;
		for (id = 0; id < RTE_MAX_ETHPORTS; id++) {
			if (port_set_has(ref, id) == port_set_has(&peer->ports, id))
				continue;
			views_device(id, &device);
			text_add(text, size, "%s%s %s port %u (%s)", text[0] == '\0' ? "" : "; ",
				who_name(peer->who).text,
				port_set_has(&peer->ports, id) ? "alone has" : "lacks", id,
				device.name[0] == '\0' ? "not known" : text_printable(device.name));
		}
	}
	if (text[0] != '\0')
		return false;
	PORT_SET_FOREACH(id, ref)
		nb_ports++;
	snprintf(text, size, "all %u processes agree: %u ports", members, nb_ports);
	return true;
}

/* Name the processes that lack any of the ports, or else the processes that have any. */
static unsigned int
who_names(
	const struct views *views, const struct port_set *ports, bool lack, char *text, size_t size)
{
	const struct peer *peer;
	struct port_set common;
	unsigned int i, nb = 0;

	text[0] = '\0';
	for (i = 0; i < views->nb; i++) {
		peer = &views->peers[i];
		common = port_set_common(&peer->ports, ports);
		if (!views_count(peer) ||
			(lack ? port_set_covers(&peer->ports, ports) : port_set_is_empty(&common)))
			continue;
		text_add(text, size, "%s%s", nb++ == 0 ? "" : ", ", who_name(peer->who).text);
	}
	return nb;
}

unsigned int
views_have(const struct views *views, const struct port_set *ports, char *text, size_t size)
{
	return who_names(views, ports, false, text, size);
}

unsigned int
views_lack(const struct views *views, const struct port_set *ports, char *text, size_t size)
{
	return who_names(views, ports, true, text, size);
}

struct port_set
views_gone(const struct views *views, const struct port_set *ports)
{
	struct port_set gone = *ports;
	unsigned int i, w;

	for (i = 0; i < views->nb; i++) {
		for (w = 0; w < RTE_DIM(gone.words) && views_count(&views->peers[i]); w++)
			gone.words[w] &= ~views->peers[i].ports.words[w];
	}
	return gone;
}

struct port_set
views_new(const struct views *before, const struct views *now)
{
	const struct peer *peer, *was;
	struct port_set ports = {0};
	unsigned int i, w;

	for (i = 0; i < now->nb; i++) {
		peer = &now->peers[i];
		was = peers_find(before, peer);
		if (!views_count(peer) || was == NULL)
			continue;
		for (w = 0; w < RTE_DIM(ports.words); w++)
			ports.words[w] |= peer->ports.words[w] & ~was->ports.words[w];
	}
	return ports;
}

bool
views_ports_at(const struct port_set *ports, bool everywhere)
{
	const struct group_member *member;
	unsigned int i;
	uint64_t has;

	MEMBER_FOREACH(member) {
		if (atomic_load(&member->state.beat_ns) == 0)
			continue;
		for (i = 0; i < RTE_DIM(ports->words); i++) {
			has = atomic_load(&member->state.ports[i]) & ports->words[i];
			if (has != (everywhere ? ports->words[i] : 0))
				return false;
		}
	}
	return true;
}
