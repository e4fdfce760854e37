/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The commands about packets; rest is what was typed after the command. Main thread. */

void traffic_start(const char *rest);
void traffic_stop(const char *rest);
void traffic_forward(const char *rest);
void traffic_send(const char *rest);
void traffic_stats(const char *rest);
