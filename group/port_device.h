/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "group/shared.h"

/* The device behind a port, as the group remembers it. operations/catalogue.h writes it. */

/** What is remembered of a port; its name is empty if nothing is. Any thread. */
void port_device_get(unsigned int id, struct port_device *device);
