/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rte_common.h>

#include "base/force.h"
#include "base/signals.h"
#include "base/stream.h"

/* Most bytes of the log that are kept. The lines that come then are counted and dropped. */
#define LOG_MAX ((size_t)256 * 1024)

#define ROOM_MIN 4096
#define FOR_EVER_MS (1U << 30)

/* How to write without waiting. */
enum way {
	WAY_UNKNOWN, /* not looked at yet */
	WAY_PLAIN,   /* write(2) waits for nobody: a file, or a description with O_NONBLOCK */
	WAY_SEND,    /* a socket */
	WAY_POLL,    /* ask first, and then write little */
};

struct stream {
	int fd;	 /* the standard stream */
	int out; /* what is written to */
	enum way way;
	size_t piece; /* most bytes to write at once */
	/* What is kept is text[begin] to text[end - 1]. */
	char *text;
	size_t begin, end, size;
	bool owes; /* some of it is no log, so that a failure must be told */
	int err;   /* why that could not be written; told to the next caller */
	bool losing;
	unsigned int nb_lost; /* lines of the log, since losing is set */
};

static struct stream standard_output = {.fd = STDOUT_FILENO};
static struct stream standard_error = {.fd = STDERR_FILENO};
/* Where the log goes: to standard_output if both are the same terminal or pipe, to keep the order.
 */
static struct stream *log_stream = &standard_error;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int wake_fd = -1; /* readable after text was kept */

/* Open the file of a descriptor anew. O_NONBLOCK of the present description would be set for all
 * processes that share it, such as the user's shell. */
static int
open_anew(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static void
stream_look(struct stream *stream)
{
	bool terminal = isatty(stream->fd);
	unsigned int number;
	struct stat st;

	stream->out = stream->fd;
	stream->way = WAY_PLAIN;
	stream->piece = SIZE_MAX;
	if (fstat(stream->fd, &st) < 0 || (fcntl(stream->fd, F_GETFL) & O_ACCMODE) == O_RDONLY)
		return;
	if (S_ISSOCK(st.st_mode))
		stream->way = WAY_SEND;
	if (!terminal && !S_ISFIFO(st.st_mode))
		return;
	/* To open the master side of a terminal would make another terminal. */
	if (!terminal || ioctl(stream->fd, TIOCGPTN, &number) < 0)
		stream->out = open_anew(stream->fd);
	else
		stream->out = -1;
	if (stream->out >= 0)
		return;
	/* It belongs to another user, as after su(1). A pipe that is ready takes PIPE_BUF bytes, a
	 * terminal perhaps only one. */
	stream->out = stream->fd;
	stream->way = WAY_POLL;
	stream->piece = terminal ? 1 : PIPE_BUF;
}

static bool
same_reader(const struct stream *a, const struct stream *b)
{
	struct stat at, bt;

	return fstat(a->fd, &at) == 0 && fstat(b->fd, &bt) == 0 && at.st_dev == bt.st_dev &&
	       at.st_ino == bt.st_ino && (S_ISFIFO(at.st_mode) || isatty(a->fd));
}

static ssize_t
piece_write(const struct stream *stream, const char *text, size_t len)
{
	struct pollfd ready = {.fd = stream->out, .events = POLLOUT};

	if (stream->way == WAY_SEND)
		return send(stream->out, text, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (stream->way == WAY_POLL && poll(&ready, 1, 0) <= 0) {
		errno = EAGAIN;
		return -1;
	}
	return write(stream->out, text, RTE_MIN(len, stream->piece));
}

static void
forget(struct stream *stream)
{
	if (stream->size > LOG_MAX) {
		free(stream->text);
		stream->text = NULL;
		stream->size = 0;
	}
	stream->begin = stream->end = 0;
	stream->owes = false;
}

/* @return 0 or an errno. */
static int
keep(struct stream *stream, const char *text, size_t len)
{
	size_t kept = stream->end - stream->begin, size;
	char *more;

	if (len == 0)
		return 0;
	if (stream->begin > 0)
		memmove(stream->text, stream->text + stream->begin, kept);
	stream->begin = 0;
	stream->end = kept;
	if (kept + len > stream->size) {
		size = RTE_MAX(2 * (kept + len), (size_t)ROOM_MIN);
		more = realloc(stream->text, size);
		if (more == NULL)
			return ENOMEM;
		stream->text = more;
		stream->size = size;
	}
	memcpy(stream->text + kept, text, len);
	stream->end += len;
	return 0;
}

/* Write what is kept. */
static void
flush(struct stream *stream)
{
	char note[96];
	ssize_t done;
	int len;

	while (stream->begin < stream->end || stream->losing) {
		if (stream->begin == stream->end) {
			len = snprintf(note, sizeof(note),
				"%s: %u lines were lost here, as nobody read them\n", PROGRAM,
				stream->nb_lost);
			stream->losing = false;
			keep(stream, note, len);
		}
		done = piece_write(
			stream, stream->text + stream->begin, stream->end - stream->begin);
		if (done >= 0) {
			stream->begin += done;
		} else if (errno == EAGAIN) {
			return;
		} else if (errno != EINTR) {
			if (stream->owes)
				stream->err = errno;
			stream->losing = false;
			break;
		}
	}
	forget(stream);
}

static void
begin(struct stream *stream)
{
	pthread_mutex_lock(&lock);
	if (stream->way == WAY_UNKNOWN)
		stream_look(stream);
}

void
stream_wake(void)
{
	const uint64_t one = 1;

	/* If that fails, who waits is woken already. */
	if (write(wake_fd, &one, sizeof(one)) < 0)
		return;
}

static void
end(const struct stream *stream, bool kept_before)
{
	bool kept = stream->begin < stream->end;

	pthread_mutex_unlock(&lock);
	if (kept && !kept_before)
		stream_wake();
}

static int
error_take(struct stream *stream)
{
	int err = stream->err;

	stream->err = 0;
	return err;
}

int
stream_print(const char *text, size_t len)
{
	struct stream *stream = &standard_output;
	bool kept_before;
	int err;

	begin(stream);
	kept_before = stream->begin < stream->end;
	err = keep(stream, text, len);
	stream->owes = true;
	flush(stream);
	if (err == 0)
		err = error_take(stream);
	end(stream, kept_before);
	return err;
}

static void
log_print(const char *text, size_t len)
{
	struct stream *stream = log_stream;
	bool kept_before;
	const char *c;

	begin(stream);
	flush(stream);
	kept_before = stream->begin < stream->end;
	if (!stream->losing && stream->end - stream->begin + len > LOG_MAX) {
		stream->losing = true;
		stream->nb_lost = 0;
	}
	if (stream->losing) {
		for (c = text; c < text + len; c++)
			stream->nb_lost += *c == '\n';
	} else {
		keep(stream, text, len);
		flush(stream);
	}
	end(stream, kept_before);
}

int
stream_flush(void)
{
	int err;

	pthread_mutex_lock(&lock);
	flush(&standard_output);
	flush(&standard_error);
	err = error_take(&standard_output);
	if (err == 0 && standard_output.begin < standard_output.end)
		err = EAGAIN;
	pthread_mutex_unlock(&lock);
	return err;
}

static void
stream_poll_one(const struct stream *stream, struct pollfd *fd)
{
	*fd = (struct pollfd){
		.fd = stream->begin < stream->end ? stream->out : -1, .events = POLLOUT};
}

void
stream_poll(struct pollfd *fds)
{
	uint64_t nb;

	pthread_mutex_lock(&lock);
	/* From here on, only text that is kept later makes it readable. */
	if (read(wake_fd, &nb, sizeof(nb)) < 0)
		nb = 0;
	stream_poll_one(&standard_output, &fds[0]);
	stream_poll_one(&standard_error, &fds[1]);
	fds[2] = (struct pollfd){.fd = wake_fd, .events = POLLIN};
	pthread_mutex_unlock(&lock);
}

void
streams_end(void)
{
	struct pollfd fds[STREAM_FDS + 1] = {[STREAM_FDS] = {.fd = signals_fd(), .events = POLLIN}};
	bool first = true;

	fflush(stdout);
	for (;; first = false) {
		stream_flush();
		stream_poll(fds);
		if (signals_caught() != 0 || (fds[0].fd < 0 && fds[1].fd < 0))
			return;
		/* Nothing is left that should be ended by force. */
		if (first)
			force_allow(FOR_EVER_MS);
		if (poll(fds, RTE_DIM(fds), -1) < 0 && errno != EINTR)
			return;
	}
}

static ssize_t
output_write(void *cookie, const char *buf, size_t size)
{
	int err = stream_print(buf, size);

	(void)cookie;
	if (err == 0)
		return size;
	errno = err;
	return 0;
}

static ssize_t
error_write(void *cookie, const char *buf, size_t size)
{
	(void)cookie;
	log_print(buf, size);
	return size;
}

int
streams_start(void)
{
	const cookie_io_functions_t output = {.write = output_write},
				    error = {.write = error_write};
	FILE *out = fopencookie(NULL, "w", output), *err = fopencookie(NULL, "w", error);

	wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (out == NULL || err == NULL || wake_fd < 0)
		return -errno;
	if (same_reader(&standard_output, &standard_error))
		log_stream = &standard_output;
	/* As the C library does by itself with the standard streams, which are variables. */
	setvbuf(out, NULL, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF, BUFSIZ);
	setvbuf(err, NULL, _IONBF, 0);
	stdout = out;
	stderr = err;
	return atexit(streams_end) == 0 ? 0 : -ENOMEM;
}
