// A loopback push server: it sends a fixed number of frames to one client, flat out, at a rate with
// a reply to every frame, or at a pace, and says on standard output what the client must have
// counted. At a pace it also says how long its socket took nothing.
//
//   server PORT len|line PAYLOAD FRAMES
//          [--echo RATE] [--warmup N] [--rounds N] [--send-buffer BYTES] [--pace BYTES_A_SECOND]
//
// The frames come from a buffer made beforehand, so that generating them costs nothing.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER_BYTES = 4 << 20, SEND_BYTES = 256 << 10, PATIENCE_SECONDS = 30, FIELD_BYTES = 4 };
enum { PACE_NS = 1000000 }; // how often a paced feed sends

typedef struct {
  uint8_t *bytes;
  size_t frames;      // whole frames in the buffer
  size_t frame_bytes; // on the wire: prefix or newline included
  size_t field_at;    // offset of the 4-byte field in a frame
  uint64_t sum;       // of the fields of all frames in the buffer
} Feed;

typedef struct {
  uint16_t port;
  bool line;
  size_t payload;
  uint64_t frames;
  uint64_t rate; // frames a second with a reply each; 0 = flat out
  uint64_t warmup;
  uint64_t rounds;
  int send_buffer;
  uint64_t pace; // bytes a second; 0 = flat out
} Options;

typedef struct {
  uint64_t blocked_ns; // in which the socket took nothing
  uint64_t longest_ns; // of that, at a stretch
  uint64_t behind_ns;  // how late the last byte was
} Blocked;

static void die(const char *what) {
  fprintf(stderr, "server: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void usage(const char *why) {
  fprintf(stderr,
          "server: %s\nusage: server PORT len|line PAYLOAD FRAMES "
          "[--echo RATE] [--warmup N] [--rounds N] [--send-buffer BYTES] [--pace BYTES_A_SECOND]\n",
          why);
  exit(2);
}

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint32_t hash(uint32_t x) {
  x = (x ^ (x >> 16)) * 0x7feb352du;
  x = (x ^ (x >> 15)) * 0x846ca68bu;
  return x ^ (x >> 16);
}

static void put_be32(uint8_t *at, uint32_t value) {
  value = htonl(value);
  memcpy(at, &value, sizeof value);
}

static uint32_t get_be32(const uint8_t *at) {
  uint32_t value;
  memcpy(&value, at, sizeof value);
  return ntohl(value);
}

// Printable ASCII only, so that no payload byte of a line is a newline or a carriage return.
static void fill_printable(uint8_t *at, size_t count, uint32_t seed) {
  for (size_t i = 0; i < count; i++) at[i] = (uint8_t)('!' + (hash(seed + (uint32_t)i) & 63));
}

static void fill_binary(uint8_t *at, size_t count, uint32_t seed) {
  for (size_t i = 0; i < count; i++) at[i] = (uint8_t)hash(seed + (uint32_t)i);
}

static Feed make_feed(const Options *options) {
  Feed feed = {0};
  feed.frame_bytes = options->payload + (options->line ? 1 : 4);
  feed.field_at = options->line ? 0 : 4;
  feed.frames = BUFFER_BYTES / feed.frame_bytes;
  if (feed.frames == 0) feed.frames = 1;
  feed.bytes = malloc(feed.frames * feed.frame_bytes);
  if (!feed.bytes) die("malloc");
  for (size_t i = 0; i < feed.frames; i++) {
    uint8_t *frame = feed.bytes + i * feed.frame_bytes;
    uint32_t seed = hash((uint32_t)i + 1);
    if (options->line) {
      fill_printable(frame, options->payload, seed);
      frame[options->payload] = '\n';
    } else {
      put_be32(frame, (uint32_t)options->payload);
      fill_binary(frame + 4, options->payload, seed);
    }
    feed.sum += get_be32(frame + feed.field_at);
  }
  return feed;
}

static uint64_t expected_sum(const Feed *feed, uint64_t frames) {
  uint64_t sum = frames / feed->frames * feed->sum;
  for (size_t i = 0; i < frames % feed->frames; i++)
    sum += get_be32(feed->bytes + i * feed->frame_bytes + feed->field_at);
  return sum;
}

static void send_all(int fd, const uint8_t *bytes, size_t count) {
  while (count > 0) {
    ssize_t sent = send(fd, bytes, count < SEND_BYTES ? count : SEND_BYTES, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) die("send");
    bytes += sent;
    count -= (size_t)sent;
  }
}

static void push(int fd, const Feed *feed, uint64_t frames) {
  for (uint64_t left = frames; left > 0;) {
    uint64_t part = left < feed->frames ? left : feed->frames;
    send_all(fd, feed->bytes, part * feed->frame_bytes);
    left -= part;
  }
}

static void wait_until(uint64_t deadline) {
  const struct timespec at = {(time_t)(deadline / 1000000000u), (long)(deadline % 1000000000u)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR) continue;
}

// Sends at once; waits while the socket takes nothing, and counts that.
static void send_counting(int fd, const uint8_t *bytes, size_t count, Blocked *blocked) {
  while (count > 0) {
    ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno != EAGAIN) die("send");
    if (sent < 0) {
      const uint64_t since = now_ns();
      struct pollfd ready = {fd, POLLOUT, 0};
      if (poll(&ready, 1, PATIENCE_SECONDS * 1000) != 1) die("the client reads nothing");
      const uint64_t waited = now_ns() - since;
      blocked->blocked_ns += waited;
      if (waited > blocked->longest_ns) blocked->longest_ns = waited;
      continue;
    }
    bytes += sent;
    count -= (size_t)sent;
  }
}

// Sends what is due every millisecond, in bytes, whether frames end there or not.
static Blocked push_paced(int fd, const Feed *feed, const Options *options) {
  const uint64_t total = options->frames * feed->frame_bytes;
  const size_t buffer = feed->frames * feed->frame_bytes;
  const uint64_t start = now_ns();
  Blocked blocked = {0};
  for (uint64_t sent = 0, tick = 1; sent < total; tick++) {
    wait_until(start + tick * PACE_NS);
    const double elapsed = (double)(now_ns() - start) / 1e9;
    uint64_t due = (uint64_t)(elapsed * (double)options->pace);
    if (due > total) due = total;
    while (sent < due) {
      const size_t at = sent % buffer;
      const size_t part = due - sent < buffer - at ? due - sent : buffer - at;
      send_counting(fd, feed->bytes + at, part, &blocked);
      sent += part;
    }
  }
  const uint64_t planned = (uint64_t)((double)total / (double)options->pace * 1e9);
  const uint64_t took = now_ns() - start;
  blocked.behind_ns = took > planned ? took - planned : 0;
  return blocked;
}

static int by_value(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

// Waits for a reply until `deadline`; false when there is none by then.
static bool reply_before(int fd, uint64_t deadline) {
  uint64_t now = now_ns();
  uint64_t wait = deadline > now ? deadline - now : 0;
  struct timespec timeout = {(time_t)(wait / 1000000000u), (long)(wait % 1000000000u)};
  struct pollfd ready = {fd, POLLIN, 0};
  int count = ppoll(&ready, 1, &timeout, NULL);
  if (count < 0 && errno != EINTR) die("ppoll");
  return count > 0;
}

// Sends frames on schedule and takes the time from each send to the reply with its field.
// The stamps become latencies as the replies come in, which they do in order.
static void echo(int fd, const Feed *feed, const Options *options, uint64_t *times) {
  const uint64_t period = 1000000000u / options->rate;
  const uint64_t patience = (uint64_t)PATIENCE_SECONDS * 1000000000u;
  uint64_t due = now_ns() + period, sent = 0, answered = 0;
  uint8_t replies[4096];
  size_t held = 0;
  while (answered < options->frames) {
    if (sent < options->frames && now_ns() >= due) {
      times[sent] = now_ns();
      send_all(fd, feed->bytes + sent % feed->frames * feed->frame_bytes, feed->frame_bytes);
      sent++;
      due += period;
      continue;
    }
    if (!reply_before(fd, sent < options->frames ? due : now_ns() + patience)) continue;
    ssize_t count = read(fd, replies + held, sizeof replies - held);
    if (count < 0) die("read of a reply");
    if (count == 0) {
      fprintf(stderr, "server: expected %llu replies, the client closed after %llu\n",
              (unsigned long long)options->frames, (unsigned long long)answered);
      exit(1);
    }
    const uint64_t arrived = now_ns();
    held += (size_t)count;
    size_t at = 0;
    for (; held - at >= FIELD_BYTES; at += FIELD_BYTES, answered++) {
      const uint8_t *frame = feed->bytes + answered % feed->frames * feed->frame_bytes;
      if (answered == sent || memcmp(replies + at, frame + feed->field_at, FIELD_BYTES) != 0) {
        fprintf(stderr, "server: reply %llu is not the field of its frame\n",
                (unsigned long long)answered);
        exit(1);
      }
      times[answered] = arrived - times[answered];
    }
    memmove(replies, replies + at, held - at);
    held -= at;
  }
}

static void print_latency(uint64_t *times, const Options *options) {
  uint64_t *kept = times + options->warmup, count = options->frames - options->warmup;
  qsort(kept, count, sizeof *kept, by_value);
  printf(",\"p50_us\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f", (double)kept[count / 2] / 1e3,
         (double)kept[count * 99 / 100] / 1e3, (double)kept[count - 1] / 1e3);
}

// Waits for the client to close, so that nothing it has not read yet is lost to a reset.
static void finish(int fd) {
  uint8_t rest[256];
  shutdown(fd, SHUT_WR);
  while (read(fd, rest, sizeof rest) > 0) continue;
  close(fd);
}

static void serve(int fd, const Feed *feed, const Options *options) {
  const int on = 1;
  const struct timeval patience = {PATIENCE_SECONDS, 0};
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  uint64_t *times = NULL;
  Blocked blocked = {0};
  if (options->pace > 0) {
    blocked = push_paced(fd, feed, options);
  } else if (options->rate > 0) {
    times = calloc(options->frames, sizeof *times);
    if (!times) die("calloc");
    echo(fd, feed, options, times);
  } else {
    push(fd, feed, options->frames);
  }
  finish(fd);
  printf("{\"frames\":%llu,\"sum\":\"%llu\",\"bytes\":%llu", (unsigned long long)options->frames,
         (unsigned long long)expected_sum(feed, options->frames),
         (unsigned long long)(options->frames * feed->frame_bytes));
  if (times) print_latency(times, options);
  if (options->pace > 0)
    printf(",\"blocked_ms\":%.3f,\"longest_ms\":%.3f,\"behind_ms\":%.3f",
           (double)blocked.blocked_ns / 1e6, (double)blocked.longest_ns / 1e6,
           (double)blocked.behind_ns / 1e6);
  printf("}\n");
  fflush(stdout);
  free(times);
}

static int listen_on(const Options *options) {
  const int on = 1;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) die("socket");
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (options->send_buffer > 0)
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &options->send_buffer, sizeof options->send_buffer);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(options->port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(fd, (struct sockaddr *)&address, size) != 0) die("bind");
  if (listen(fd, 1) != 0) die("listen");
  if (getsockname(fd, (struct sockaddr *)&address, &size) != 0) die("getsockname");
  printf("port %u\n", ntohs(address.sin_port));
  fflush(stdout);
  return fd;
}

static int accept_one(int listener) {
  struct pollfd ready = {listener, POLLIN, 0};
  if (poll(&ready, 1, PATIENCE_SECONDS * 1000) != 1) {
    fprintf(stderr, "server: no client connected within %d s\n", PATIENCE_SECONDS);
    exit(1);
  }
  int fd = accept(listener, NULL, NULL);
  if (fd < 0) die("accept");
  return fd;
}

static uint64_t number(const char *text) {
  char *end;
  errno = 0;
  uint64_t value = strtoull(text, &end, 10);
  if (errno != 0 || *text < '0' || *text > '9' || *end != '\0') usage("expected a whole number");
  return value;
}

static Options parse(int argc, char **argv) {
  if (argc < 5) usage("expected four arguments");
  Options options = {.rounds = 1};
  options.port = (uint16_t)number(argv[1]);
  options.line = strcmp(argv[2], "line") == 0;
  if (!options.line && strcmp(argv[2], "len") != 0) usage("expected the framing len or line");
  options.payload = number(argv[3]);
  options.frames = number(argv[4]);
  for (int i = 5; i < argc; i += 2) {
    if (i + 1 == argc) usage("expected a value after the last option");
    uint64_t value = number(argv[i + 1]);
    if (strcmp(argv[i], "--echo") == 0) options.rate = value;
    else if (strcmp(argv[i], "--warmup") == 0) options.warmup = value;
    else if (strcmp(argv[i], "--rounds") == 0) options.rounds = value;
    else if (strcmp(argv[i], "--send-buffer") == 0) options.send_buffer = (int)value;
    else if (strcmp(argv[i], "--pace") == 0) options.pace = value;
    else usage("expected --echo, --warmup, --rounds, --send-buffer or --pace");
  }
  if (options.payload < FIELD_BYTES) usage("expected a payload of at least 4 bytes");
  if (options.frames == 0) usage("expected at least one frame");
  if (options.warmup >= options.frames) usage("expected fewer warm-up frames than frames");
  return options;
}

int main(int argc, char **argv) {
  const Options options = parse(argc, argv);
  const Feed feed = make_feed(&options);
  const int listener = listen_on(&options);
  for (uint64_t round = 0; round < options.rounds; round++)
    serve(accept_one(listener), &feed, &options);
  return 0;
}
