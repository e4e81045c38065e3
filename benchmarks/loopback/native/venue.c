/* A venue on loopback that takes the time from a tick to the order it causes.

   venue [--tls CERT KEY] [--greet] ticks SNAPSHOT FRAMES COUNT WARM INTERVAL_US REST_US
   venue [--tls CERT KEY] [--greet] stream SNAPSHOT FRAMES RATE

   SNAPSHOT: frames sent to whoever subscribes a book (--greet: to whoever connects).
   FRAMES: changes, one a line; their "timestamp" is set to the time they are sent.

   ticks: changes, from half of INTERVAL_US to one and a half of it between two: nothing
   that comes round regularly, in a client or in the system, can keep step with them. The
   time from before its send() until the first request about an order stands whole in our
   buffer is a sample. COUNT are taken after WARM that are not. With REST_US the venue
   sleeps between ticks until so long before the next, so that it does not eat the core it
   may share; 0: it never sleeps.

   stream: at the line "go" on standard input everything goes out, RATE a second, 0: as
   fast as it is taken. Pings between the frames tell how far behind the client is.

   Says on standard output: "port N" once it listens, "book" once somebody was sent
   the snapshot, then "latency NS ..." or "sent FRAMES WALL_NS" and "behind NS ...".
   Ends with its standard input. */
#include "answers.h"
#include "handshake.h"

#include <poll.h>
#include <signal.h>

enum {
    PING_EVERY_NS = 5000000,
    PINGS_MAX = 20000,
    UNANSWERED_NS = 50000000,
    AFTER_ORDER_NS = 150000,
    BEHIND_MAX_NS = 2000000000,
    CHUNK = 60000
};

typedef struct {
    char *text;
    size_t size;
    char **lines; /* each ends where the next begins */
    long count;
} lines_t;

static conn_t *conns[CONNS_MAX];
static int n_conns, listener, greets;
static lines_t snapshot, changes;
static int64_t order_ns; /* when a request about an order was whole; 0: wait for one */
static long orders_seen;

static int read_lines(const char *path, lines_t *to) {
    FILE *file = fopen(path, "rb");
    if (!file) return 0;
    fseek(file, 0, SEEK_END);
    to->size = (size_t)ftell(file);
    rewind(file);
    to->text = malloc(to->size + 1);
    to->size = fread(to->text, 1, to->size, file);
    fclose(file);
    for (size_t i = 0; i < to->size; i++) to->count += to->text[i] == '\n';
    to->lines = malloc(sizeof(char *) * (size_t)(to->count + 1));
    char *p = to->text;
    for (long i = 0; i <= to->count; i++) {
        to->lines[i] = p;
        if (i < to->count) p = strchr(p, '\n') + 1;
    }
    return 1;
}

static size_t line_size(const lines_t *from, long i) {
    return (size_t)(from->lines[i + 1] - from->lines[i]) - 1;
}

/* Put the time into a frame: thirteen digits, as many as stand there. */
static void date(char *line) {
    char digits[16];
    char *p = strstr(line, "\"timestamp\":");
    snprintf(digits, sizeof digits, "%013lld", (long long)wall_ms());
    if (p) memcpy(p + 12, digits, 13);
}

static void send_snapshot(conn_t *c) {
    for (long i = 0; i < snapshot.count; i++) {
        date(snapshot.lines[i]);
        conn_text(c, snapshot.lines[i], line_size(&snapshot, i));
    }
    printf("book\n");
    fflush(stdout);
}

static void on_message(conn_t *c, char *text) {
    char method[METHOD_MAX], id[32];
    int had_book = c->hears_book;
    field(text, "\"method\":", method, sizeof method);
    raw_field(text, "\"id\":", id, sizeof id);
    if (!strcmp(method, "private/buy") || !strcmp(method, "private/sell") ||
        !strcmp(method, "private/edit") || !strcmp(method, "private/cancel")) {
        if (!order_ns) order_ns = now_ns();
        orders_seen++;
        on_order(c, conns, n_conns, method, text, id);
    } else if (strstr(method, "/subscribe")) {
        on_subscribe(c, text, id);
        if (c->hears_book && !had_book) send_snapshot(c);
    } else if (*method) {
        on_question(c, method, id);
    }
}

/* Take one HTTP request, perhaps the handshake of a WebSocket; 0: not whole yet. */
static int take_head(conn_t *c) {
    char key[32], accept[32], text[256];
    c->in[c->have] = 0;
    char *end = strstr(c->in, "\r\n\r\n");
    if (!end) return 0;
    end[2] = 0;
    const char *at = strcasestr(c->in, "sec-websocket-key:");
    if (at) {
        sscanf(at + 18, " %24s", key);
        accept_value(key, accept);
        int n = snprintf(text, sizeof text,
                         "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                         "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                         accept);
        conn_send(c, text, (size_t)n);
        c->is_ws = 1;
    } else {
        on_http(c, c->in);
    }
    size_t size = (size_t)(end + 4 - c->in);
    memmove(c->in, c->in + size, c->have - size);
    c->have -= size;
    if (at && greets) {
        c->hears_book = 1;
        send_snapshot(c);
    }
    return 1;
}

static void take_frames(conn_t *c) {
    frame_t f;
    size_t at = 0;
    while (next_frame((unsigned char *)c->in + at, c->have - at, &f)) {
        at += f.whole;
        if (f.op == OP_TEXT) {
            unsigned char kept = f.payload[f.size];
            f.payload[f.size] = 0;
            on_message(c, (char *)f.payload);
            f.payload[f.size] = kept;
        } else if (f.op == OP_PONG) {
            c->pongs++;
            c->pong_ns = now_ns();
        } else if (f.op == OP_PING && f.size < 126) {
            char pong[128];
            size_t head = put_header(pong, OP_PONG, f.size);
            memcpy(pong + head, f.payload, f.size);
            conn_send(c, pong, head + f.size);
        } else if (f.op == OP_CLOSE) {
            c->is_open = 0;
        }
    }
    memmove(c->in, c->in + at, c->have - at);
    c->have -= at;
}

/* Read what has come on every connection. */
static void serve(void) {
    for (int i = 0; i < n_conns; i++) {
        conn_t *c = conns[i];
        ssize_t n = conn_recv(c, c->in + c->have, IN_MAX - 1 - c->have);
        if (n > 0) {
            c->have += (size_t)n;
            while (!c->is_ws && take_head(c)) continue;
            if (c->is_ws) take_frames(c);
        } else if (n == 0 || errno != EAGAIN) {
            c->is_open = 0;
        }
        if (!c->is_open) {
            conn_free(c);
            conns[i--] = conns[--n_conns];
        }
    }
}

/* Accept, and look at standard input: 1 when a line came, -1 when it has ended. */
static int look_around(int timeout_ms) {
    struct pollfd fds[CONNS_MAX + 2] = {{.fd = 0, .events = POLLIN},
                                        {.fd = listener, .events = POLLIN}};
    char line[64];
    int fd;
    for (int i = 0; i < n_conns; i++)
        fds[i + 2] = (struct pollfd){.fd = conns[i]->fd, .events = POLLIN};
    poll(fds, (nfds_t)n_conns + 2, timeout_ms);
    while (n_conns < CONNS_MAX && (fd = accept(listener, NULL, NULL)) >= 0)
        conns[n_conns++] = conn_new(fd);
    serve();
    if (!(fds[0].revents & (POLLIN | POLLHUP))) return 0;
    return read(0, line, sizeof line) > 0 ? 1 : -1;
}

static conn_t *book_reader(void) {
    for (int i = 0; i < n_conns; i++)
        if (conns[i]->hears_book) return conns[i];
    return NULL;
}

/* Sleep, then look again and again, until a time. */
static void wait_until(int64_t t_ns, int64_t rest_ns) {
    int64_t wake_ns = t_ns - rest_ns;
    if (rest_ns && wake_ns > now_ns()) {
        struct timespec at = {wake_ns / 1000000000, wake_ns % 1000000000};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
    }
    do serve();
    while (now_ns() < t_ns);
}

/* From half the interval to one and a half; the same ones in every run. */
static int64_t irregular(int64_t interval_ns) {
    static uint64_t luck = 88172645463325252;
    luck ^= luck << 13;
    luck ^= luck >> 7;
    luck ^= luck << 17;
    return interval_ns / 2 + (int64_t)(luck % (uint64_t)interval_ns);
}

static void run_ticks(long count, long warm, int64_t interval_ns, int64_t rest_ns) {
    int64_t *samples = malloc(sizeof *samples * (size_t)count);
    long taken = 0, unanswered = 0;
    int64_t next_ns = now_ns() + UNANSWERED_NS;
    for (long at = 0; taken < count + warm && at < changes.count; at++) {
        wait_until(next_ns, rest_ns);
        conn_t *c = book_reader();
        if (!c || ((at & 63) == 0 && look_around(0) < 0)) break;
        date(changes.lines[at]);
        order_ns = orders_seen = 0;
        int64_t start_ns = now_ns();
        conn_text(c, changes.lines[at], line_size(&changes, at));
        while (!order_ns && now_ns() - start_ns < UNANSWERED_NS) serve();
        next_ns = start_ns + irregular(interval_ns);
        if (!order_ns) {
            unanswered++;
            continue;
        }
        if (taken >= warm) samples[taken - warm] = order_ns - start_ns;
        taken++;
        /* The other side's order: one that came late would answer the next tick. */
        while (orders_seen < 2 && now_ns() - start_ns < UNANSWERED_NS) serve();
        if (rest_ns) wait_until(now_ns() + AFTER_ORDER_NS, 0);
    }
    printf("unanswered %ld\nlatency", unanswered);
    for (long i = warm; i < taken; i++) printf(" %lld", (long long)samples[i - warm]);
    printf("\n");
    fflush(stdout);
    free(samples);
}

static int64_t pings[PINGS_MAX], behind[PINGS_MAX];
static long n_pings, n_pongs;

static void ping(conn_t *c) {
    char frame[HEADER_MAX];
    if (n_pings == PINGS_MAX) return;
    pings[n_pings++] = now_ns();
    conn_send(c, frame, put_header(frame, OP_PING, 0));
}

/* Take note of the pongs that have come. */
static void hear_pongs(const conn_t *c) {
    for (; n_pongs < c->pongs && n_pongs < n_pings; n_pongs++)
        behind[n_pongs] = c->pong_ns - pings[n_pongs];
}

/* Send whole frames and sleep while they are not taken. Nobody is answered meanwhile:
   an answer must not stand in the middle of a frame. */
static void pour(conn_t *c, const char *p, size_t n) {
    while (n && c->is_open) {
        ssize_t sent = conn_send_some(c, p, n);
        if (sent > 0) {
            p += sent;
            n -= (size_t)sent;
        } else if (sent == 0 || errno != EAGAIN) {
            c->is_open = 0;
        } else {
            struct pollfd one = {.fd = c->fd, .events = POLLOUT};
            poll(&one, 1, 100);
        }
    }
}

static long next_chunk(char *chunk, long from, long until, size_t *size) {
    for (*size = 0; from < until; from++) {
        size_t n = line_size(&changes, from);
        if (*size + n + HEADER_MAX > CHUNK) break;
        *size += put_header(chunk + *size, OP_TEXT, n);
        memcpy(chunk + *size, changes.lines[from], n);
        *size += n;
    }
    return from;
}

/* Hear what the one who is streamed to has to say; 0: it has gone. */
static int still_there(const conn_t *c) {
    serve();
    if (c != book_reader()) return 0;
    hear_pongs(book_reader());
    return 1;
}

static int run_stream(double rate) {
    static char chunk[CHUNK];
    conn_t *c = book_reader();
    size_t size;
    for (long i = 0; i < changes.count; i++) date(changes.lines[i]);
    int64_t start_ns = now_ns(), ping_ns = start_ns;
    for (long at = 0; at < changes.count;) {
        int64_t t_ns = now_ns();
        long due = (long)(rate * 1e-9 * (double)(t_ns - start_ns));
        long until = rate && due < changes.count ? due : changes.count;
        at = next_chunk(chunk, at, until, &size);
        pour(c, chunk, size);
        if (t_ns >= ping_ns) {
            ping(c);
            ping_ns = t_ns + PING_EVERY_NS;
        }
        if (!still_there(c)) return 0;
    }
    ping(c);
    int64_t sent_ns = now_ns();
    while (n_pongs < n_pings && now_ns() - sent_ns < BEHIND_MAX_NS)
        if (!still_there(c)) return 0;
    printf("sent %ld %lld\nbehind", changes.count, (long long)(now_ns() - start_ns));
    for (long i = 0; i < n_pongs; i++) printf(" %lld", (long long)behind[i]);
    printf("\n");
    fflush(stdout);
    return 1;
}

static int listen_somewhere(void) {
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&at, n) || listen(listener, 16)) return 0;
    fcntl(listener, F_SETFL, O_NONBLOCK);
    getsockname(listener, (struct sockaddr *)&at, &n);
    printf("port %d\n", ntohs(at.sin_port));
    fflush(stdout);
    return 1;
}

int main(int count, char **words) {
    int at = 1;
    signal(SIGPIPE, SIG_IGN);
    for (; at < count && !strncmp(words[at], "--", 2); at++) {
        if (!strcmp(words[at], "--greet")) {
            greets = 1;
        } else if (!strcmp(words[at], "--tls") && at + 2 < count) {
#ifdef WITH_TLS
            if (!tls_setup(words[at + 1], words[at + 2])) return 2;
            at += 2;
#else
            fprintf(stderr, "built without OpenSSL\n");
            return 2;
#endif
        }
    }
    int is_ticks = count - at == 7 && !strcmp(words[at], "ticks");
    int is_stream = count - at == 4 && !strcmp(words[at], "stream");
    if (!is_ticks && !is_stream) return 2;
    if (!read_lines(words[at + 1], &snapshot) || !read_lines(words[at + 2], &changes))
        return 2;
    if (!listen_somewhere()) return 1;
    int heard = 0;
    while (heard >= 0 && !(book_reader() && (is_ticks || heard > 0)))
        heard = look_around(100);
    if (heard >= 0 && is_ticks)
        run_ticks(atol(words[at + 3]), atol(words[at + 4]), atol(words[at + 5]) * 1000,
                  atol(words[at + 6]) * 1000);
    else if (heard >= 0 && !run_stream(atof(words[at + 3])))
        return 1;
    while (heard >= 0) heard = look_around(100);
    return 0;
}
