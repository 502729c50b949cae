/*
 * The server of the story: pushes numbered frames in bursts, whether or not the
 * client reads, and resets a client whose send queue overruns or whose kernel
 * takes nothing for too long.
 *
 * A frame is its payload's length as big-endian u32, then the payload: the
 * frame's number as big-endian u32, then filler. Each client gets frames 0 to
 * N-1 on its own clock: frame i is due at floor(i / burst) * every ms after
 * accept. What is due and not yet taken by the kernel is the send queue; the
 * frames can be computed from their numbers, so it is kept as two counters.
 *
 * Logs one JSON object a line on standard output: listening, accept, then cut,
 * finish or client_error. Exits with 0 once all clients have ended, 1 on a
 * failed system call, 2 on wrong arguments, 3 when its time is over.
 *
 * Build: gcc -O2 -Wall -Wextra -o story story.c      Linux only (SIOCOUTQ).
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CLIENTS = 64, STAGING = 64 * 1024, MAX_PAYLOAD = 32 * 1024, HEADER = 4 };

static struct {
    long port, payload, frames, burst, every_ms, max_queue, no_progress_ms, clients, max_seconds;
} options = {
    .payload = 60, .frames = 100000, .burst = 1000, .every_ms = 100,
    .clients = 1, .max_seconds = 60,
};

/* What has become of a client. */
enum state { PUSHING, LINGERING, GONE };

struct client {
    int fd, id;
    enum state state;
    bool peer_ended;
    int64_t accepted_at, progress_at;
    int64_t frames_due, bytes_taken, max_queue, longest_stall;
    int outq_high;
};

static struct client clients[MAX_CLIENTS];
static int client_count;

static void die(const char *what) {
    fprintf(stderr, "story: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t frame_size(void) { return HEADER + options.payload; }

static int64_t queue_bytes(const struct client *c) {
    return c->frames_due * frame_size() - c->bytes_taken;
}

__attribute__((format(printf, 1, 2))) static void log_line(const char *format, ...) {
    va_list args;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
}

/* Logs how a client ended; `extra` is empty or further members, each with a comma behind. */
static void log_ending(const struct client *c, const char *type, const char *extra) {
    log_line("{\"type\":\"%s\",%s\"client\":%d,\"elapsedMs\":%lld,\"framesDue\":%lld,"
             "\"framesAccepted\":%lld,\"bytesAccepted\":%lld,\"queueBytes\":%lld,"
             "\"maxQueueBytesSeen\":%lld,\"longestStallMs\":%lld,\"maxKernelQueueBytes\":%d}",
             type, extra, c->id, (long long)(now_ms() - c->accepted_at),
             (long long)c->frames_due, (long long)(c->bytes_taken / frame_size()),
             (long long)c->bytes_taken, (long long)queue_bytes(c), (long long)c->max_queue,
             (long long)c->longest_stall, c->outq_high);
}

static void put_u32(unsigned char *to, uint32_t value) {
    value = htonl(value);
    memcpy(to, &value, sizeof value);
}

/* Writes the frames from `first` on into `buffer`, as many as fit and are due; returns the bytes. */
static size_t stage(unsigned char *buffer, int64_t first, int64_t end) {
    size_t size = 0;
    for (int64_t i = first; i < end && size + frame_size() <= STAGING; i++) {
        unsigned char *frame = buffer + size;
        put_u32(frame, (uint32_t)options.payload);
        put_u32(frame + HEADER, (uint32_t)i);
        memset(frame + HEADER + 4, 'a' + (int)(i % 26), options.payload - 4);
        size += frame_size();
    }
    return size;
}

static void drop(struct client *c, bool reset) {
    struct linger linger = { .l_onoff = 1, .l_linger = 0 };
    if (reset) setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    close(c->fd);
    c->state = GONE;
}

static void fail(struct client *c, int error) {
    char extra[64];
    const char *name = strerrorname_np(error);
    snprintf(extra, sizeof extra, "\"code\":\"%s\",", name ? name : "UNKNOWN");
    log_ending(c, "client_error", extra);
    drop(c, false);
}

static void cut(struct client *c, const char *reason) {
    char extra[64];
    snprintf(extra, sizeof extra, "\"reason\":\"%s\",\"how\":\"rst\",", reason);
    log_ending(c, "cut", extra);
    drop(c, true);
}

static void note_stall(struct client *c, int64_t now) {
    if (queue_bytes(c) > 0 && now - c->progress_at > c->longest_stall)
        c->longest_stall = now - c->progress_at;
}

static void note_kernel_queue(struct client *c) {
    int outq = 0;
    if (ioctl(c->fd, SIOCOUTQ, &outq) == 0 && outq > c->outq_high) c->outq_high = outq;
}

/* Appends what has become due. */
static void produce(struct client *c, int64_t now) {
    if (queue_bytes(c) == 0) c->progress_at = now;
    int64_t bursts = (now - c->accepted_at) / options.every_ms + 1;
    int64_t due = bursts * options.burst;
    c->frames_due = due < options.frames ? due : options.frames;
}

/* Gives the kernel what it takes. */
static void send_due(struct client *c) {
    static unsigned char buffer[STAGING];
    while (c->state == PUSHING && queue_bytes(c) > 0) {
        int64_t first = c->bytes_taken / frame_size();
        size_t skip = c->bytes_taken % frame_size();
        size_t size = stage(buffer, first, c->frames_due);
        ssize_t taken = send(c->fd, buffer + skip, size - skip, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (taken < 0) {
            if (errno != EAGAIN && errno != EINTR) fail(c, errno);
            return;
        }
        int64_t now = now_ms();
        note_stall(c, now);
        c->bytes_taken += taken;
        c->progress_at = now;
        note_kernel_queue(c);
    }
}

/* Takes what the client sends, and drops it. */
static void receive(struct client *c) {
    char sink[4096];
    ssize_t got = recv(c->fd, sink, sizeof sink, MSG_DONTWAIT);
    if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR))) return;
    if (c->state == LINGERING) drop(c, false);
    else if (got < 0) fail(c, errno);
    else c->peer_ended = true;
}

static void judge(struct client *c, int64_t now) {
    note_stall(c, now);
    if (queue_bytes(c) > c->max_queue) c->max_queue = queue_bytes(c);
    if (options.max_queue > 0 && queue_bytes(c) > options.max_queue)
        cut(c, "queue_overrun");
    else if (options.no_progress_ms > 0 && queue_bytes(c) > 0 &&
             now - c->progress_at >= options.no_progress_ms)
        cut(c, "no_progress");
}

static void step(struct client *c) {
    int64_t now = now_ms();
    produce(c, now);
    send_due(c);
    if (c->state != PUSHING) return;
    judge(c, now_ms());
    if (c->state != PUSHING || c->frames_due < options.frames || queue_bytes(c) > 0) return;
    log_ending(c, "finish", "");
    shutdown(c->fd, SHUT_WR);
    c->state = LINGERING;
    if (c->peer_ended) drop(c, false);
}

/* ms until this client needs attention though its socket is quiet. */
static int64_t wait_ms(const struct client *c, int64_t now) {
    int64_t next = INT64_MAX;
    if (c->frames_due < options.frames)
        next = c->accepted_at + c->frames_due / options.burst * options.every_ms;
    if (options.no_progress_ms > 0 && queue_bytes(c) > 0 &&
        c->progress_at + options.no_progress_ms < next)
        next = c->progress_at + options.no_progress_ms;
    if (next == INT64_MAX) return 1000;
    return next > now ? next - now : 0;
}

static void accept_client(int listener) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    int64_t now = now_ms();
    struct client *c = &clients[client_count++];
    *c = (struct client){ .fd = fd, .id = client_count, .accepted_at = now, .progress_at = now };
    log_line("{\"type\":\"accept\",\"client\":%d}", c->id);
    step(c);
}

static int listen_on(long port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
    if (fd < 0) die("socket");
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(fd, (struct sockaddr *)&address, size) < 0) die("bind");
    if (listen(fd, 16) < 0) die("listen");
    if (getsockname(fd, (struct sockaddr *)&address, &size) < 0) die("getsockname");
    log_line("{\"type\":\"listening\",\"port\":%d}", ntohs(address.sin_port));
    return fd;
}

static bool all_gone(void) {
    for (int i = 0; i < client_count; i++)
        if (clients[i].state != GONE) return false;
    return client_count == options.clients;
}

/* Waits for the sockets or the next due time, and deals with what came. */
static void turn(int listener, int64_t ends_at) {
    struct pollfd polled[MAX_CLIENTS + 1];
    int64_t now = now_ms(), wait = ends_at - now;
    polled[0] = (struct pollfd){ client_count < options.clients ? listener : -1, POLLIN, 0 };
    int count = client_count;
    for (int i = 0; i < count; i++) {
        struct client *c = &clients[i];
        short events = c->peer_ended ? 0 : POLLIN;
        if (c->state == PUSHING) {
            if (queue_bytes(c) > 0) events |= POLLOUT;
            int64_t due = wait_ms(c, now);
            if (due < wait) wait = due;
        }
        polled[i + 1] = (struct pollfd){ c->state == GONE ? -1 : c->fd, events, 0 };
    }
    if (poll(polled, count + 1, wait < 0 ? 0 : (int)wait) < 0 && errno != EINTR) die("poll");
    for (int i = 0; i < count; i++) {
        struct client *c = &clients[i];
        if (polled[i + 1].revents & (POLLIN | POLLERR | POLLHUP)) receive(c);
        if (c->state == PUSHING) step(c);
    }
    if (polled[0].revents & POLLIN) accept_client(listener);
}

static long number(const char *name, const char *text, long min, long max) {
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno == 0 && end != text && *end == '\0' && value >= min && value <= max) return value;
    fprintf(stderr, "story: --%s must be a number from %ld to %ld, got %s\n", name, min, max, text);
    exit(2);
}

static void parse(int argc, char **argv) {
    static const struct { const char *name; long *to, min, max; } known[] = {
        { "port", &options.port, 0, 65535 },
        { "payload", &options.payload, 4, MAX_PAYLOAD },
        { "frames", &options.frames, 1, INT32_MAX },
        { "burst", &options.burst, 1, INT32_MAX },
        { "every-ms", &options.every_ms, 1, 3600000 },
        { "max-queue", &options.max_queue, 0, INT32_MAX },
        { "no-progress-ms", &options.no_progress_ms, 0, 3600000 },
        { "clients", &options.clients, 1, MAX_CLIENTS },
        { "max-seconds", &options.max_seconds, 1, 3600 },
    };
    enum { KNOWN = sizeof known / sizeof *known };
    struct option longs[KNOWN + 1] = { 0 };
    for (int i = 0; i < KNOWN; i++)
        longs[i] = (struct option){ known[i].name, required_argument, NULL, i };
    for (int i; (i = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
        if (i == '?') exit(2);
        *known[i].to = number(known[i].name, optarg, known[i].min, known[i].max);
    }
    if (optind < argc) {
        fprintf(stderr, "story: takes options only, got %s\n", argv[optind]);
        exit(2);
    }
}

int main(int argc, char **argv) {
    parse(argc, argv);
    int listener = listen_on(options.port);
    int64_t ends_at = now_ms() + options.max_seconds * 1000;
    while (!all_gone()) {
        if (now_ms() >= ends_at) {
            fprintf(stderr, "story: not all clients ended within %ld s\n", options.max_seconds);
            return 3;
        }
        turn(listener, ends_at);
    }
    return 0;
}
