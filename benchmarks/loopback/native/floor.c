/* The least a client can do between a tick and two orders: the floor of the suite.

   floor PORT spin|block

   Reads the socket past everything, finds the frame, looks at each of its bytes once,
   and sends two prebuilt requests, masked anew, in one write. No book, no decision. */
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { IN_MAX = 1 << 18, OUT_MAX = 1024 };

static const char SUBSCRIBE[] =
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"public/subscribe\",\"params\":"
    "{\"channels\":[\"book.BTC-PERPETUAL.raw\"]}}";
static const char HELLO[] =
    "GET /ws/api/v2 HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/* Write one masked text frame; return its length. */
static size_t put_masked(char *to, const char *text, uint32_t key) {
    size_t n = strlen(text), head = put_header(to, OP_TEXT, n);
    to[1] |= (char)0x80;
    memcpy(to + head, &key, 4);
    for (size_t i = 0; i < n; i++)
        to[head + 4 + i] = (char)(text[i] ^ ((const char *)&key)[i & 3]);
    return head + 4 + n;
}

static size_t put_edit(char *to, long id, uint32_t key) {
    char text[256];
    snprintf(text, sizeof text,
             "{\"jsonrpc\":\"2.0\",\"id\":%ld,\"method\":\"private/edit\",\"params\":"
             "{\"order_id\":\"BTC-%ld\",\"amount\":100,\"price\":83950.5,"
             "\"post_only\":true}}",
             id, id & 1);
    return put_masked(to, text, key);
}

static int dial(int port) {
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    char out[OUT_MAX], in[OUT_MAX];
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(fd, (struct sockaddr *)&at, sizeof at)) return -1;
    if (send(fd, HELLO, sizeof HELLO - 1, 0) < 0) return -1;
    for (size_t n = 0; n < sizeof in - 1; n++) {
        if (recv(fd, in + n, 1, 0) != 1) return -1;
        in[n + 1] = 0;
        if (strstr(in, "\r\n\r\n")) break;
    }
    return send(fd, out, put_masked(out, SUBSCRIBE, 1), 0) < 0 ? -1 : fd;
}

int main(int count, char **words) {
    static unsigned char in[IN_MAX];
    char out[OUT_MAX];
    size_t have = 0;
    long id = 1000000, looked = 0;
    uint32_t key = 0x9E3779B9;
    if (count != 3) return 2;
    int flags = strcmp(words[2], "spin") ? 0 : MSG_DONTWAIT;
    int fd = dial(atoi(words[1]));
    if (fd < 0) return 1;
    for (;;) {
        ssize_t n = recv(fd, in + have, IN_MAX - have, flags);
        if (n < 0 && errno == EAGAIN) continue;
        if (n <= 0) return looked < 0;
        have += (size_t)n;
        frame_t f;
        size_t at = 0;
        while (next_frame(in + at, have - at, &f)) {
            at += f.whole;
            for (size_t i = 0; i < f.size; i++) looked += f.payload[i] == '[';
            if (!memmem(f.payload, f.size, "\"change\"", 8)) continue;
            key = key * 1664525 + 1013904223;
            size_t size = put_edit(out, id++, key);
            size += put_edit(out + size, id++, key ^ 0x5BD1E995);
            if (send(fd, out, size, MSG_NOSIGNAL) < 0) return 0;
        }
        memmove(in, in + at, have - at);
        have -= at;
    }
}
