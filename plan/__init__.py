# SPDX-License-Identifier: BSD-3-Clause
"""Carry out the test plan on devices that are given: scripts/plan.sh, or dpdk-hotplug_mp-plan."""
