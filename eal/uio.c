/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_log.h>
#include <rte_string_fns.h>

#include "base/opened.h"
#include "base/proc.h"
#include "base/text.h"
#include "eal/uio.h"

/*
 * The EAL opens /dev/uioN in every process that has the device. When any of these open files is
 * closed, and be it by the end of a process, the kernel's uio_pci_generic turns off the device's
 * bus mastering, whoever else has it open: no packet comes or goes any more, and a virtio card does
 * not even answer its driver. Only the last one that closes a file that is shared closes it for the
 * kernel. For vfio-pci the EAL shares the primary's files itself, and igb_uio counts who has the
 * device open.
 */

#define UIO_CLASS "/sys/class/uio"
#define DEV_UIO "/dev/uio"

/* In a secondary: its primary, as a pidfd and as a pid, which is 0 before uio_share(). Each thread
 * that opens a file reads them. */
static atomic_int primary_fd;
static _Atomic pid_t primary;

/* A device at uio. */
struct uio {
	char address[NAME_MAX + 1]; /* on its bus */
	dev_t device;		    /* of /dev/uioN */
	bool generic;		    /* its kernel driver is uio_pci_generic */
};

/* @param name uioN. @return false if there is no such device. */
static bool
uio_read(const char *name, struct uio *uio)
{
	char path[PATH_MAX], target[PATH_MAX], driver[64] = "";
	ssize_t len;
	FILE *file;

	snprintf(path, sizeof(path), UIO_CLASS "/%s/dev", name);
	if (!opened_numbers(path, &uio->device))
		return false;
	snprintf(path, sizeof(path), UIO_CLASS "/%s/device", name);
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return false;
	target[len] = '\0';
	strlcpy(uio->address, basename(target), sizeof(uio->address));
	snprintf(path, sizeof(path), UIO_CLASS "/%s/name", name);
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	uio->generic = fscanf(file, "%63s", driver) == 1 && strcmp(driver, "uio_pci_generic") == 0;
	fclose(file);
	return true;
}

/* Call check() for each device at uio that the EAL will probe, until it fails. @return what it
 * returned last, or 0. */
static int
uio_each(const struct uio_wanted *wanted, int (*check)(const struct uio *uio, char *why), char *why)
{
	const struct dirent *entry;
	struct uio uio;
	int ret = 0;
	DIR *dir;

	dir = opendir(UIO_CLASS);
	if (dir == NULL)
		return 0;
	while (ret == 0 && (entry = readdir(dir)) != NULL) {
		if (uio_read(entry->d_name, &uio) && wanted->probes(uio.address, wanted->arg))
			ret = check(&uio, why);
	}
	closedir(dir);
	return ret;
}

/* The devices that other processes use, as they may follow the option -b; and a user of the first.
 */
static struct {
	char list[WHY_SIZE / 2];
	char first[NAME_MAX + 1];
	pid_t user;
} used;

static int
used_add(const struct uio *uio, __rte_unused char *why)
{
	pid_t user = opened_by(uio->device, 0);

	if (user == 0)
		return 0;
	if (used.user == 0) {
		used.user = user;
		strlcpy(used.first, uio->address, sizeof(used.first));
	}
	text_add(used.list, sizeof(used.list), "%s%s", used.list[0] == '\0' ? "" : " -b ",
		uio->address);
	return 0;
}

int
uio_check(const struct uio_wanted *wanted, char *why)
{
	char program[32];

	uio_each(wanted, used_add, why);
	if (used.user == 0)
		return 0;
	proc_program(used.user, program, sizeof(program));
	return why_set(why, -EBUSY,
		"pid %d (%s) uses the PCI device %s, and this process would take it away; start "
		"with -b %s, or with --no-pci, or end that process first",
		used.user, program, used.first, used.list);
}

/* A descriptor of this process for the open file that the primary has of the device. @return it, or
 * a negative errno: -ENODEV if the primary has none. */
static int
descriptor_take(dev_t device)
{
	int there = opened_as(primary, device), fd;
	struct stat st;

	if (there < 0)
		return there;
	fd = syscall(SYS_pidfd_getfd, primary_fd, there, 0);
	if (fd < 0)
		return -errno;
	/* It may have closed it meanwhile, and opened another file. */
	if (fstat(fd, &st) == 0 && st.st_rdev == device)
		return fd;
	close(fd);
	return -ENODEV;
}

static int
can_share(const struct uio *uio, char *why)
{
	int fd = uio->generic ? descriptor_take(uio->device) : -ENODEV;

	if (fd >= 0)
		close(fd);
	if (fd >= 0 || fd == -ENODEV)
		return 0;
	return why_set(why, fd,
		"the PCI device %s is bound to uio_pci_generic, and would stop in all processes when "
		"this one ends, because this one may not share the descriptor of pid %d (primary), "
		"which takes CAP_SYS_PTRACE and Linux 5.6; bind the device to vfio-pci, or start with "
		"-b %s",
		uio->address, primary, uio->address);
}

int
uio_share(pid_t pid, const struct uio_wanted *wanted, char *why)
{
	/* Without a pidfd nothing can be shared; descriptor_take() says so if it matters. */
	primary_fd = syscall(SYS_pidfd_open, pid, 0);
	primary = pid;
	return uio_each(wanted, can_share, why);
}

/* @return the descriptor, or -1 with errno. */
static int
open_shared(dev_t device, const char *path)
{
	int fd = descriptor_take(device);

	if (fd >= 0)
		return fd;
	if (fd != -ENODEV)
		rte_log(RTE_LOG_ERR, RTE_LOGTYPE_EAL,
			"%s(): cannot share the descriptor that the primary has of %s, which takes "
			"CAP_SYS_PTRACE and Linux 5.6; bind the device to vfio-pci\n",
			__func__, path);
	errno = -fd;
	return -1;
}

/* This stands before libc's function of the same name, which the EAL calls to open a file. */
int
open64(const char *path, int flags, ...)
{
	typeof(open64) *next = dlsym(RTLD_NEXT, "open64");
	mode_t mode = 0;
	struct uio uio;
	va_list ap;

	if (primary != 0 && strncmp(path, DEV_UIO, strlen(DEV_UIO)) == 0 &&
		uio_read(path + strlen("/dev/"), &uio) && uio.generic)
		return open_shared(uio.device, path);
	if ((flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	return next(path, flags, mode);
}
