/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include <rte_common.h>

#include "base/port_set.h"
#include "group.h"
#include "base/text.h"
#include "views.h"

void
views_take(struct views *views)
{
	views->nb = group_peers(views->peers, RTE_DIM(views->peers));
}

bool
views_count(const struct group_peer *peer)
{
	return !peer->foreign && peer->state != GROUP_GONE && peer->beat_ns != 0;
}

const struct port_set *
views_reference(const struct views *views)
{
	const struct port_set *self = &views->peers[0].view;
	unsigned int i;

	for (i = 0; i < views->nb; i++) {
		if (views->peers[i].primary && views_count(&views->peers[i]))
			return &views->peers[i].view;
		if (views->peers[i].self)
			self = &views->peers[i].view;
	}
	return self;
}

bool
views_agree(const struct views *views, char *text, size_t size)
{
	const struct port_set *ref = views_reference(views);
	unsigned int i, id, members = 0;
	const struct group_peer *peer;
	struct group_port port;
	char name[64];

	text[0] = '\0';
	for (i = 0; i < views->nb; i++) {
		peer = &views->peers[i];
		if (!views_count(peer))
			continue;
		members++;
		for (id = 0; id < RTE_MAX_ETHPORTS; id++) {
			if (port_set_has(ref, id) == port_set_has(&peer->view, id))
				continue;
			group_port_get(id, &port);
			text_add(text, size, "%s%s %s port %u (%s)", text[0] == '\0' ? "" : "; ",
				group_peer_name(peer, name, sizeof(name)),
				port_set_has(&peer->view, id) ? "alone has" : "lacks", id,
				port.name[0] == '\0' ? "not known" : text_printable(port.name));
		}
	}
	if (text[0] != '\0')
		return false;
	snprintf(text, size, "all %u processes agree: %u ports", members, port_set_count(ref));
	return true;
}

static bool
shares(const struct port_set *view, const struct port_set *ports)
{
	struct port_set common = port_set_common(view, ports);

	return !port_set_is_empty(&common);
}

/* Names of those for whom test() of their view and ports gives what is wanted. */
static unsigned int
who(const struct views *views, const struct port_set *ports,
	bool (*test)(const struct port_set *, const struct port_set *), bool wanted, char *text,
	size_t size)
{
	const struct group_peer *peer;
	unsigned int i, nb = 0;
	char name[64];

	text[0] = '\0';
	for (i = 0; i < views->nb; i++) {
		peer = &views->peers[i];
		if (!views_count(peer) || test(&peer->view, ports) != wanted)
			continue;
		text_add(text, size, "%s%s", nb++ == 0 ? "" : ", ",
			group_peer_name(peer, name, sizeof(name)));
	}
	return nb;
}

unsigned int
views_have(const struct views *views, const struct port_set *ports, char *text, size_t size)
{
	return who(views, ports, shares, true, text, size);
}

unsigned int
views_lack(const struct views *views, const struct port_set *ports, char *text, size_t size)
{
	return who(views, ports, port_set_covers, false, text, size);
}

void
views_new(const struct views *before, const struct views *now, struct port_set *ports)
{
	const struct group_peer *peer;
	unsigned int i, j, w;

	memset(ports, 0, sizeof(*ports));
	for (i = 0; i < now->nb; i++) {
		peer = &now->peers[i];
		for (j = 0; j < before->nb && before->peers[j].pid != peer->pid; j++)
			;
		if (!views_count(peer) || j == before->nb)
			continue;
		for (w = 0; w < RTE_DIM(ports->words); w++)
			ports->words[w] |= peer->view.words[w] & ~before->peers[j].view.words[w];
	}
}
