// The yardstick: what a hand-written decoder in C costs, and (discard) what the socket alone costs.
//
//   client HOST PORT len|line sum|discard|echo PAYLOAD
//
// Built with -O3 and without -march=native: the build a distribution would ship.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { READ_BYTES = 64 << 10, FIELD_BYTES = 4 };

typedef struct {
  uint64_t frames, sum, bytes;
} Count;

// Decodes the whole frames in [at, end) and returns where the partial one begins. Fields of the
// frames go to `replies` unless it is NULL.
typedef const uint8_t *Decode(const uint8_t *at, const uint8_t *end, Count *count, uint8_t *replies);

static void die(const char *what) {
  fprintf(stderr, "client: %s: %s\n", what, strerror(errno));
  exit(1);
}

static uint64_t clock_ns(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline uint32_t be32(const uint8_t *at) {
  uint32_t value;
  memcpy(&value, at, sizeof value);
  return __builtin_bswap32(value);
}

static inline uint8_t *reply(uint8_t *replies, const uint8_t *field) {
  if (!replies) return NULL;
  memcpy(replies, field, FIELD_BYTES);
  return replies + FIELD_BYTES;
}

static const uint8_t *decode_len(const uint8_t *at, const uint8_t *end, Count *count,
                                 uint8_t *replies) {
  uint64_t frames = 0, sum = 0;
  while (end - at >= 4) {
    const size_t length = be32(at);
    if (length < FIELD_BYTES || length > READ_BYTES) {
      fprintf(stderr, "client: expected a length of 4 to %d, got %zu\n", READ_BYTES, length);
      exit(1);
    }
    if ((size_t)(end - at) - 4 < length) break;
    sum += be32(at + 4);
    frames++;
    replies = reply(replies, at + 4);
    at += 4 + length;
  }
  count->frames += frames;
  count->sum += sum;
  return at;
}

static const uint8_t *decode_line(const uint8_t *at, const uint8_t *end, Count *count,
                                  uint8_t *replies) {
  const uint8_t *newline;
  while ((newline = memchr(at, '\n', (size_t)(end - at)))) {
    if (newline - at < FIELD_BYTES) {
      fprintf(stderr, "client: expected lines of at least 4 bytes, got %td\n", newline - at);
      exit(1);
    }
    count->sum += be32(at);
    count->frames++;
    replies = reply(replies, at);
    at = newline + 1;
  }
  return at;
}

static void write_all(int fd, const uint8_t *bytes, size_t count) {
  while (count > 0) {
    ssize_t written = write(fd, bytes, count);
    if (written < 0) die("write");
    bytes += written;
    count -= (size_t)written;
  }
}

// Two reads' worth, so that a read of 64 KiB fits behind any partial frame.
static uint8_t buffer[2 * READ_BYTES + 4];
static uint8_t answers[sizeof buffer];

static void run(int fd, Decode *decode, bool echo, Count *count) {
  uint64_t wall = 0, cpu = 0;
  size_t held = 0;
  for (;;) {
    ssize_t got = read(fd, buffer + held, READ_BYTES);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) die("read");
    if (got == 0) break;
    if (wall == 0) {
      wall = clock_ns(CLOCK_MONOTONIC);
      cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    }
    count->bytes += (uint64_t)got;
    if (!decode) continue;
    const uint8_t *end = buffer + held + got;
    const uint64_t before = count->frames;
    const uint8_t *rest = decode(buffer, end, count, echo ? answers : NULL);
    if (echo) write_all(fd, answers, (count->frames - before) * FIELD_BYTES);
    held = (size_t)(end - rest);
    if (held > sizeof buffer - READ_BYTES) {
      fprintf(stderr, "client: expected lines of at most %d bytes\n", READ_BYTES);
      exit(1);
    }
    memmove(buffer, rest, held);
  }
  printf("{\"frames\":%llu,\"sum\":\"%llu\",\"bytes\":%llu,\"wall_ns\":%llu,\"cpu_ns\":%llu}\n",
         (unsigned long long)count->frames, (unsigned long long)count->sum,
         (unsigned long long)count->bytes,
         (unsigned long long)(clock_ns(CLOCK_MONOTONIC) - wall),
         (unsigned long long)(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu));
}

static int dial(const char *host, const char *port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
  if (inet_pton(AF_INET, host, &address.sin_addr) != 1) {
    fprintf(stderr, "client: expected an IPv4 address, got %s\n", host);
    exit(2);
  }
  const int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) die("connect");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

int main(int argc, char **argv) {
  if (argc != 6) {
    fprintf(stderr, "usage: client HOST PORT len|line sum|discard|echo PAYLOAD\n");
    return 2;
  }
  Decode *decode = strcmp(argv[3], "line") == 0 ? decode_line : decode_len;
  if (strcmp(argv[4], "discard") == 0) decode = NULL;
  Count count = {0};
  run(dial(argv[1], argv[2]), decode, strcmp(argv[4], "echo") == 0, &count);
  return 0;
}
