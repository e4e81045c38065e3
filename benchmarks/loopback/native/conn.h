/* A client's connection: plain, or TLS where OpenSSL was there to build with. */
#ifndef HALFSPREAD_CONN_H
#define HALFSPREAD_CONN_H

#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#ifdef WITH_TLS
#include <openssl/err.h>
#include <openssl/ssl.h>
#endif

enum { CONNS_MAX = 16, IN_MAX = 1 << 18 };

typedef struct {
    int fd, is_open, is_ws, hears_book;
    char orders_channel[64], changes_channel[64]; /* "": not subscribed */
    size_t have;
    int64_t pong_ns; /* when the last pong came */
    long pongs;
#ifdef WITH_TLS
    SSL *tls;
    int is_shaken;
#endif
    char in[IN_MAX];
} conn_t;

#ifdef WITH_TLS
static SSL_CTX *tls_context;

static int tls_setup(const char *cert, const char *key) {
    tls_context = SSL_CTX_new(TLS_server_method());
    return tls_context &&
           SSL_CTX_use_certificate_file(tls_context, cert, SSL_FILETYPE_PEM) == 1 &&
           SSL_CTX_use_PrivateKey_file(tls_context, key, SSL_FILETYPE_PEM) == 1;
}

/* A result of OpenSSL as one of recv or send: -1 with EAGAIN when it has to wait. */
static ssize_t tls_result(conn_t *c, int n) {
    if (n > 0) return n;
    int why = SSL_get_error(c->tls, n);
    ERR_clear_error();
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
        errno = EAGAIN;
        return -1;
    }
    return 0;
}
#endif

static conn_t *conn_new(int fd) {
    int one = 1;
    conn_t *c = calloc(1, sizeof *c);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    c->fd = fd;
    c->is_open = 1;
#ifdef WITH_TLS
    if (tls_context) {
        c->tls = SSL_new(tls_context);
        SSL_set_fd(c->tls, fd);
        SSL_set_accept_state(c->tls);
    }
#endif
    return c;
}

static void conn_free(conn_t *c) {
#ifdef WITH_TLS
    if (c->tls) SSL_free(c->tls);
#endif
    close(c->fd);
    free(c);
}

static ssize_t conn_recv(conn_t *c, char *to, size_t n) {
#ifdef WITH_TLS
    if (c->tls) return tls_result(c, SSL_read(c->tls, to, (int)n));
#endif
    return recv(c->fd, to, n, 0);
}

static ssize_t conn_send_some(conn_t *c, const char *p, size_t n) {
#ifdef WITH_TLS
    if (c->tls) return tls_result(c, SSL_write(c->tls, p, (int)n));
#endif
    return send(c->fd, p, n, MSG_NOSIGNAL);
}

/* Send everything, whatever it takes; a broken connection is closed. */
static void conn_send(conn_t *c, const char *p, size_t n) {
    while (n && c->is_open) {
        ssize_t sent = conn_send_some(c, p, n);
        if (sent > 0) {
            p += sent;
            n -= (size_t)sent;
        } else if (sent == 0 || errno != EAGAIN) {
            c->is_open = 0;
        }
    }
}

static void conn_text(conn_t *c, const char *p, size_t n) {
    static char frame[IN_MAX + HEADER_MAX];
    if (n > IN_MAX) {
        c->is_open = 0;
        return;
    }
    size_t head = put_header(frame, OP_TEXT, n);
    memcpy(frame + head, p, n);
    conn_send(c, frame, head + n);
}

#endif
