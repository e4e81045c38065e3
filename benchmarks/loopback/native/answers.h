/* What the venue answers: enough JSON-RPC for a market maker to log in and quote.

   No book stands behind it: an order is open once it is sent, nothing ever fills. */
#ifndef HALFSPREAD_ANSWERS_H
#define HALFSPREAD_ANSWERS_H

#include "conn.h"

#include <stdarg.h>

#define NAME "BTC-PERPETUAL"
#define LIMITS                                                                        \
    "{\"non_matching_engine\":{\"rate\":100000,\"burst\":100000},"                    \
    "\"matching_engine\":{\"trading\":{\"total\":{\"rate\":100000,\"burst\":100000}},"   \
    "\"spot\":{\"rate\":1000,\"burst\":1000},"                                        \
    "\"cancel_all\":{\"rate\":1000,\"burst\":1000}}}"
#define FUNDS                                                                         \
    "\"currency\":\"BTC\",\"equity\":100.0,\"balance\":100.0,"                        \
    "\"available_funds\":100.0,\"available_withdrawal_funds\":100.0,"                 \
    "\"margin_balance\":100.0,\"initial_margin\":0.0,\"maintenance_margin\":0.0,"     \
    "\"session_upl\":0.0,\"session_rpl\":0.0,\"cross_collateral_enabled\":false,"     \
    "\"portfolio_margining_enabled\":false,\"limits\":" LIMITS
#define INSTRUMENT                                                                    \
    "{\"instrument_name\":\"" NAME "\",\"kind\":\"future\",\"state\":\"open\","       \
    "\"is_active\":true,\"future_type\":\"reversed\","                                \
    "\"instrument_type\":\"reversed\",\"settlement_period\":\"perpetual\","           \
    "\"price_index\":\"btc_usd\",\"base_currency\":\"BTC\","                          \
    "\"quote_currency\":\"USD\",\"counter_currency\":\"USD\","                        \
    "\"settlement_currency\":\"BTC\",\"tick_size\":0.5,\"tick_size_steps\":[],"       \
    "\"contract_size\":10.0,\"min_trade_amount\":10.0,\"lot_size\":1,"                \
    "\"max_leverage\":50,\"maker_commission\":0.0,\"taker_commission\":0.0005,"       \
    "\"creation_timestamp\":1534242287000,\"expiration_timestamp\":32503708800000}"

enum { ORDERS_KEPT = 1 << 16, FIRST_ORDER = 427100000, METHOD_MAX = 64 };

typedef struct {
    char label[72], side[8];
    double price, amount;
} order_t;

static order_t orders[ORDERS_KEPT];
static long n_orders;

static void say(conn_t *c, const char *form, ...) {
    static char text[1 << 17];
    va_list args;
    va_start(args, form);
    int n = vsnprintf(text, sizeof text, form, args);
    va_end(args);
    if (n > 0 && n < (int)sizeof text) conn_text(c, text, (size_t)n);
}

static void reply(conn_t *c, const char *id, const char *result) {
    long long us = (long long)wall_ms() * 1000;
    say(c,
        "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":%s,\"usIn\":%lld,\"usOut\":%lld,"
        "\"usDiff\":1,\"testnet\":true}",
        id, result, us, us + 1);
}

static void write_order(char *to, size_t room, long number, const char *state) {
    const order_t *o = &orders[number % ORDERS_KEPT];
    long long ms = wall_ms();
    snprintf(to, room,
             "{\"label\":\"%s\",\"price\":%.1f,\"amount\":%.1f,\"direction\":\"%s\","
             "\"time_in_force\":\"good_til_cancelled\",\"instrument_name\":\"" NAME "\","
             "\"web\":false,\"api\":true,\"order_id\":\"%ld\","
             "\"creation_timestamp\":%lld,\"last_update_timestamp\":%lld,"
             "\"replaced\":false,\"filled_amount\":0.0,\"post_only\":true,"
             "\"reduce_only\":false,\"average_price\":0.0,\"mmp\":false,"
             "\"contracts\":%.1f,\"reject_post_only\":true,\"order_state\":\"%s\","
             "\"order_type\":\"limit\",\"max_show\":%.1f,\"is_rebalance\":false,"
             "\"is_liquidation\":false,\"risk_reducing\":false}",
             o->label, o->price, o->amount, o->side, FIRST_ORDER + number, ms, ms,
             o->amount / 10, state, o->amount);
}

/* Tell the channels of orders that somebody hears. */
static void notify(conn_t *conns[], int n_conns, const char *order) {
    for (int i = 0; i < n_conns; i++) {
        if (*conns[i]->orders_channel)
            say(conns[i],
                "{\"jsonrpc\":\"2.0\",\"method\":\"subscription\",\"params\":{\"channel\":"
                "\"%s\",\"data\":%s}}",
                conns[i]->orders_channel, order);
        if (*conns[i]->changes_channel)
            say(conns[i],
                "{\"jsonrpc\":\"2.0\",\"method\":\"subscription\",\"params\":{\"channel\":"
                "\"%s\",\"data\":{\"orders\":[%s],"
                "\"instrument_name\":\"" NAME "\",\"trades\":[],\"positions\":[]}}}",
                conns[i]->changes_channel, order);
    }
}

static double number_in(const char *text, const char *key, double otherwise) {
    char found[40];
    field(text, key, found, sizeof found);
    return *found ? atof(found) : otherwise;
}

/* Carry out a request about an order, and answer it. */
static void on_order(conn_t *c, conn_t *conns[], int n_conns, const char *method,
                     const char *text, const char *id) {
    char order[2048], result[2200], name[32];
    const char *state = "open";
    int is_new = !strcmp(method, "private/buy") || !strcmp(method, "private/sell");
    long number = n_orders;
    if (is_new) {
        n_orders++;
        field(text, "\"label\":", orders[number % ORDERS_KEPT].label, 72);
        strcpy(orders[number % ORDERS_KEPT].side, strstr(method, "buy") ? "buy" : "sell");
    } else {
        field(text, "\"order_id\":", name, sizeof name);
        number = atol(name) - FIRST_ORDER;
        if (number < 0 || number >= n_orders) {
            say(c,
                "{\"jsonrpc\":\"2.0\",\"id\":%s,\"error\":{\"message\":"
                "\"order_not_found\",\"code\":10004}}",
                id);
            return;
        }
    }
    order_t *o = &orders[number % ORDERS_KEPT];
    if (!strcmp(method, "private/cancel")) {
        state = "cancelled";
    } else {
        o->price = number_in(text, "\"price\":", o->price);
        o->amount = number_in(text, "\"contracts\":", o->amount / 10) * 10;
        o->amount = number_in(text, "\"amount\":", o->amount);
    }
    write_order(order, sizeof order, number, state);
    snprintf(result, sizeof result, *state == 'o' ? "{\"order\":%s,\"trades\":[]}" : "%s",
             order);
    reply(c, id, result);
    notify(conns, n_conns, order);
}

static void note_channel(const char *channels, const char *prefix, char to[64]) {
    const char *found = strstr(channels, prefix);
    if (found) snprintf(to, 64, "%.*s", (int)strcspn(found, "\""), found);
}

/* Note what is subscribed and return the channels as they were asked for. */
static void on_subscribe(conn_t *c, const char *text, const char *id) {
    static char channels[1 << 16];
    const char *from = strstr(text, "\"channels\":[");
    const char *end = from ? strchr(from, ']') : NULL;
    if (!end || end - from >= (long)sizeof channels) {
        reply(c, id, "[]");
        return;
    }
    from += strlen("\"channels\":");
    memcpy(channels, from, (size_t)(end - from) + 1);
    channels[end - from + 1] = 0;
    reply(c, id, channels);
    note_channel(channels, "user.orders", c->orders_channel);
    note_channel(channels, "user.changes", c->changes_channel);
    c->hears_book |= strstr(channels, "\"book.") != NULL;
}

/* Answer everything that is neither an order nor a subscription. */
static void on_question(conn_t *c, const char *method, const char *id) {
    static const char *known[][2] = {
        {"public/auth",
         "{\"access_token\":\"bench-access\",\"refresh_token\":\"bench-refresh\","
         "\"expires_in\":31536000,\"scope\":\"account:read_write trade:read_write "
         "session:bench\",\"token_type\":\"bearer\"}"},
        {"private/get_cancel_on_disconnect", "{\"scope\":\"connection\",\"enabled\":true}"},
        {"public/get_instruments", "[" INSTRUMENT "]"},
        {"public/get_instrument", INSTRUMENT},
        {"private/get_account_summaries", "{" FUNDS ",\"summaries\":[{" FUNDS "}]}"},
        {"private/get_account_summary", "{" FUNDS "}"},
        {"private/get_user_trades", "{\"trades\":[],\"has_more\":false}"},
        {"private/get_transaction_log", "{\"logs\":[],\"continuation\":null}"},
        {"private/get_open_orders", "[]"},
        {"private/get_positions", "[]"},
        {"private/cancel", "0"},
        {"public/status", "{\"locked\":\"false\"}"},
        {"public/test", "{\"version\":\"1.2.26\"}"},
    };
    char text[32];
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strncmp(method, known[i][0], strlen(known[i][0]))) {
            reply(c, id, known[i][1]);
            return;
        }
    snprintf(text, sizeof text, "%lld", (long long)wall_ms());
    reply(c, id, strstr(method, "get_time") ? text : "\"ok\"");
}

/* A plain HTTP request: the few rows a client reads by REST before it connects. */
static void on_http(conn_t *c, const char *head) {
    char body[2048], text[2400];
    const char *result = "0";
    char time[32];
    if (strstr(head, "get_instruments"))
        result = strstr(head, "kind=option") ? "[]" : "[" INSTRUMENT "]";
    else if (strstr(head, "get_time")) {
        snprintf(time, sizeof time, "%lld", (long long)wall_ms());
        result = time;
    }
    int n = snprintf(body, sizeof body,
                     "{\"jsonrpc\":\"2.0\",\"result\":%s,\"usIn\":1,\"usOut\":2,"
                     "\"usDiff\":1,\"testnet\":true}",
                     result);
    n = snprintf(text, sizeof text,
                 "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                 "Content-Length: %d\r\nConnection: keep-alive\r\n\r\n%s",
                 n, body);
    conn_send(c, text, (size_t)n);
}

#endif
