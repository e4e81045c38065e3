/* What venue.c and floor.c share: time, WebSocket frames, and a look into JSON text.

   Only what the loopback suite needs: no fragments, no extensions, loopback only. */
#ifndef HALFSPREAD_WIRE_H
#define HALFSPREAD_WIRE_H

#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { OP_TEXT = 1, OP_CLOSE = 8, OP_PING = 9, OP_PONG = 10 };
enum { HEADER_MAX = 10 };

static inline int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static inline int64_t wall_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* A frame in a buffer: where its payload is, and how long it is with its header. */
typedef struct {
    int op;
    unsigned char *payload;
    size_t size, whole;
} frame_t;

/* Find the frame at the start of some bytes and unmask it; 0: it is not all there. */
static inline int next_frame(unsigned char *p, size_t n, frame_t *f) {
    size_t head = 2, mask;
    if (n < 2) return 0;
    f->op = p[0] & 15;
    f->size = p[1] & 127;
    mask = p[1] & 128 ? 4 : 0;
    if (f->size == 126) {
        if (n < 4) return 0;
        f->size = (size_t)p[2] << 8 | p[3];
        head = 4;
    } else if (f->size == 127) {
        if (n < 10) return 0;
        f->size = 0;
        for (int i = 2; i < 10; i++) f->size = f->size << 8 | p[i];
        head = 10;
    }
    f->whole = head + mask + f->size;
    if (n < f->whole) return 0;
    f->payload = p + head + mask;
    if (mask)
        for (size_t i = 0; i < f->size; i++) f->payload[i] ^= p[head + (i & 3)];
    return 1;
}

/* Write the header of an unmasked frame; return its length. */
static inline size_t put_header(char *to, int op, size_t n) {
    to[0] = (char)(0x80 | op);
    if (n < 126) {
        to[1] = (char)n;
        return 2;
    }
    if (n < 65536) {
        to[1] = 126;
        to[2] = (char)(n >> 8);
        to[3] = (char)n;
        return 4;
    }
    to[1] = 127;
    for (int i = 0; i < 8; i++) to[2 + i] = (char)((uint64_t)n >> (56 - 8 * i));
    return 10;
}

/* Copy the value behind a key as it stands, quotes too; what is not there is "". */
static inline void raw_field(const char *text, const char *key, char *to, size_t room) {
    const char *p = strstr(text, key);
    size_t n = 0;
    *to = 0;
    if (!p) return;
    p += strlen(key);
    int quoted = *p == '"';
    if (quoted) to[n++] = *p++;
    while (*p && n + 2 < room && (quoted ? *p != '"' : !strchr(",}]", *p)))
        to[n++] = *p++;
    if (quoted) to[n++] = '"';
    to[n] = 0;
}

/* The same without the quotes. */
static inline void field(const char *text, const char *key, char *to, size_t room) {
    raw_field(text, key, to, room);
    size_t n = strlen(to);
    if (n < 2 || *to != '"') return;
    memmove(to, to + 1, n - 2);
    to[n - 2] = 0;
}

#endif
