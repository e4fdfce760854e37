/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TRAFFIC_H
#define TRAFFIC_H

#include <cmdline.h>

/*
 * The commands about packets; rest is what was typed after the command. They
 * print, and call console_fail() if they could not. Main thread.
 */
void traffic_start(struct cmdline *cl, const char *rest);
void traffic_stop(struct cmdline *cl, const char *rest);
void traffic_forward(struct cmdline *cl, const char *rest);
void traffic_send(struct cmdline *cl, const char *rest);
void traffic_stats(struct cmdline *cl, const char *rest);

#endif
