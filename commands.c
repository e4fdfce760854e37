/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>

#include "commands.h"
#include "console/completion.h"
#include "console/console.h"
#include "console/devices.h"
#include "console/grammar.h"
#include "console/monitor.h"
#include "console/show.h"
#include "console/traffic.h"

/*
 * Every command, in the order of `help`. Grammar, TAB and help are made from this table
 * (console/grammar.h). To add a command, add a row here and its function in console/.
 *
 * name, arguments, summary, details, what TAB offers, function
 */
const struct command commands[] = {
	{"attach", "<devargs>", "attach a device in every process of the group",
		"    <devargs> is [bus:]name[,arguments], without blanks, 127 bytes at most.\n"
		"    attach 0000:88:00.0\n"
		"    attach net_af_packet,iface=ens803f1\n"
		"    It fails if the device is attached already, or if any process refuses it;\n"
		"    then it is attached nowhere.\n",
		completion_attachable, devices_attach},
	{"detach", "<device>", "detach a device from every process of the group",
		"    <device> is a name, with or without bus and arguments.\n"
		"    detach 0000:88:00.0\n"
		"    detach net_af_packet\n"
		"    It fails if the device is not attached, is locked, or if a process that\n"
		"    polls one of its ports does not let go within a second. With\n"
		"    detach --force <device> it goes on, and that process may crash.\n",
		completion_attached, devices_detach},
	{"list", NULL, "list the ethernet ports of this process",
		"    One line a port: port id, a tab, device name.\n", NULL, show_list},
	{"show", "<device|port>", "show what is known of a device and its ports",
		"    One line a value: key, colon, value. A device without a port shows only\n"
		"    name, driver, bus, devargs and numa.\n"
		"    show net_null0\n"
		"    show 0\n"
		"    It fails if the device is not attached, or no port has that id.\n",
		completion_attached, show},
	{"devices", NULL, "list what could be attached",
		"    PCI network devices: address, kernel driver, the DPDK driver that is for it,\n"
		"    and its state: attached, ready, kernel or unbound (bind it to vfio-pci\n"
		"    first), or no driver.\n"
		"    Virtual drivers: the name (add a number for attach), and its parameters.\n",
		NULL, show_devices},
	{"start", "<device> [rxq N] [txq N]", "configure and start the ports of a device",
		"    One receive and one send queue, or N of each with rxq N and txq N; a queue\n"
		"    is polled by one process. The primary does it, whoever asks.\n"
		"    start net_tap0\n"
		"    start 0000:88:00.0 rxq 2 txq 2\n"
		"    It fails if the device is not attached, is started, or does not have that\n"
		"    many queues.\n",
		completion_attached, traffic_start},
	{"stop", "<device>", "stop the ports of a device",
		"    Whatever is forwarded through them ends.\n"
		"    stop net_tap0\n"
		"    stop 0000:88:00.0\n"
		"    It fails if the device is not started, or if a process that polls a port does\n"
		"    not let go of it within a second.\n",
		completion_attached, traffic_stop},
	{"forward", "<in> <out> [both] | off", "send what comes in at one port out at another",
		"    In this process, until off, or until one of the ports is taken away. Each way\n"
		"    takes a queue that no process uses.\n"
		"    forward net_tap0 net_tap1 both\n"
		"    forward off\n"
		"    It fails if a port is not started, or all of its queues are in use.\n",
		completion_attached, traffic_forward},
	{"send", "<device> <count> [size N]", "send numbered packets",
		"    N bytes each, 60 at least. A process that forwards them counts the missing\n"
		"    ones (gaps).\n"
		"    send net_ring0 1000\n"
		"    send net_tap0 10 size 1514\n"
		"    It fails if the port is not started, has no free queue, or the port stops\n"
		"    taking packets.\n",
		completion_attached, traffic_send},
	{"stats", "[device|port | reset]", "packets by port and process",
		"    Packets and bytes received and sent; drops, which the port did not take; gaps,\n"
		"    numbered packets that were missing when a later one came; the longest pause\n"
		"    between two polls of the process that forwards, in microseconds.\n"
		"    stats net_tap0\n"
		"    stats 0\n"
		"    stats reset\n",
		completion_attached, traffic_stats},
	{"lock", "<device> [reason]", "have nobody detach a device while this process runs",
		"    The reason is the rest of the line, 95 bytes at most; it is shown to anyone\n"
		"    who tries to detach the device. The lock ends with unlock, or with this\n"
		"    process.\n"
		"    lock 0000:88:00.0 firmware update until noon\n"
		"    lock net_null0\n"
		"    It fails if the device is not attached, or is locked already.\n",
		completion_attached, devices_lock},
	{"unlock", "<device>", "let a device that this process has locked be detached again",
		"    unlock 0000:88:00.0\n"
		"    unlock net_null0\n"
		"    It fails if nobody has locked the device, or another process has.\n",
		completion_attached, devices_unlock},
	{"peers", NULL, "list the processes of the group and what each one sees",
		"    One line a process: * for this one, pid, role, program, state, port ids.\n"
		"    State: ok; stopped; frozen (by its control group); hung (its interrupt thread\n"
		"    serves no requests); short (it may open hardly any more files); cut-off (its\n"
		"    socket has been removed); gone (it has died); foreign (it is not this program,\n"
		"    and what it sees is not known). Pid ?: it is in another pid namespace.\n"
		"    The last line says whether all of them see the same ports.\n",
		NULL, show_peers},
	{"sync", NULL, "bring processes that differ back together",
		"    Ports of the primary that a peer lacks are attached there again; a port that\n"
		"    only this process has is removed. It names what it could not repair.\n",
		NULL, devices_sync},
	{"monitor", "on|off", "show the events of the group at this terminal, or not",
		"    One line an event: date, time, the pid that caused it, and what happened: a port\n"
		"    has come or gone; a process joined, left, died, is stopped or hung; an operation\n"
		"    is done or failed, and how long it took once it had the turn.\n"
		"    monitor on\n",
		completion_on_off, monitor},
	{"help", "[command]", "list the commands, or explain one", NULL, help_complete, help_print},
	{"quit", NULL, "leave the group and end this process", NULL, NULL, console_quit},
	{0},
};
