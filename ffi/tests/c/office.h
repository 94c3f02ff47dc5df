// A simulated PBX with some agents, and lines to it.

#ifndef CALLFOLD_OFFICE_H
#define CALLFOLD_OFFICE_H

#include "check.h"

#define CUSTOMER "+79161234567"
#define SESSION "3f2504e0-4f89-41d3-9a0c-0305e82c3301"

// Longer than anything takes, also on a slow machine and under valgrind: what waits longer hangs.
#define PATIENCE 120000

typedef struct {
    callfold_runtime runtime;
    callfold_simulator pbx;
} office;

// Waits for something that is asked for again and again.
#define AWAIT(is_so)                                                                                                   \
    do {                                                                                                               \
        int64_t until = now_micros() + PATIENCE * INT64_C(1000);                                                       \
        while (!(is_so)) {                                                                                             \
            if (now_micros() > until) {                                                                                \
                fail_at(__FILE__, __LINE__, #is_so, "it does not come");                                               \
            }                                                                                                          \
            sleep_millis(5);                                                                                           \
        }                                                                                                              \
    } while (0)

static inline callfold_account account(const char *login, const char *password, const char *number) {
    callfold_account user;
    memset(&user, 0, sizeof user);
    user.login = text(login);
    user.password = text(password);
    user.number = text(number);
    return user;
}

// With a certificate and its key, the PBX speaks wss.
static inline office office_new(callfold_str certificate, callfold_str key) {
    office here;
    callfold_account users[4];
    callfold_simulator_options options;
    callfold_str queue = text("700");
    users[0] = account("ivanov", "Secret1", "101");
    users[0].name = text("Ivan Ivanov");
    users[0].session = text(SESSION);
    users[1] = account("petrova", "Secret2", "102");
    users[1].name = text("Anna Petrova");
    users[1].chief = text("ivanov");
    users[2] = account("sidorov", "Secret3", "103");
    users[2].answers_by_hand = true;
    users[3] = account("desk", "Secret4", "104");
    users[3].is_at_desktop = true;
    BEGIN(options);
    options.users = users;
    options.users_count = 4;
    options.queues = &queue;
    options.queues_count = 1;
    options.certificate = certificate;
    options.key = key;
    OK(callfold_runtime_new(0, &here.runtime));
    OK(callfold_simulator_new(here.runtime, &options, &here.pbx));
    return here;
}

static inline void office_free(office here) {
    OK(callfold_simulator_free(here.pbx));
    OK(callfold_runtime_free(here.runtime));
}

// A line that is not connected yet. A password of NULL is none; an authority may be nothing.
static inline callfold_line line_new(office here, callfold_log log, const char *login, const char *password,
                                     callfold_str authority) {
    callfold_line line;
    callfold_str address;
    callfold_endpoint endpoint;
    callfold_line_options options;
    OK(callfold_simulator_url(here.pbx, &address));
    BEGIN(endpoint);
    endpoint.addresses = &address;
    endpoint.addresses_count = 1;
    endpoint.login = text(login);
    endpoint.secret = text(password);
    endpoint.secret_is_session = password != NULL && strcmp(password, SESSION) == 0;
    BEGIN(options);
    options.endpoint = &endpoint;
    options.authority = authority;
    options.first_wait = 20;
    options.longest_wait = 200;
    OK(callfold_line_open(here.runtime, log, &options, &line));
    return line;
}

static inline callfold_log no_log(void) {
    callfold_log none;
    none.handle = 0;
    return none;
}

static inline callfold_line connected(office here, const char *login, const char *password) {
    callfold_line line = line_new(here, no_log(), login, password, nothing());
    OK(callfold_line_connect(line, PATIENCE, NULL));
    return line;
}

static inline callfold_command command(callfold_command_kind kind, const char *number) {
    callfold_command order;
    BEGIN(order);
    order.kind = kind;
    order.number = text(number);
    return order;
}

static inline callfold_result give(callfold_line line, callfold_command_kind kind, const char *number) {
    callfold_command order = command(kind, number);
    return callfold_line_command(line, &order, PATIENCE, NULL);
}

// What is so on a line, without the texts: those go with the view.
static inline callfold_state seen(callfold_line line) {
    callfold_view view;
    callfold_state state;
    OK(callfold_line_view(line, &view));
    OK(callfold_view_state(view, &state));
    OK(callfold_view_free(view));
    return state;
}

static inline callfold_line_state line_state(callfold_line line) {
    return seen(line).line;
}

// Whether a number is among those on the line, or the one held.
static inline bool is_among(callfold_line line, callfold_parties parties, const char *number) {
    callfold_view view;
    callfold_party party;
    callfold_result result;
    size_t index;
    bool found = false;
    OK(callfold_line_view(line, &view));
    for (index = 0; (result = callfold_view_party(view, parties, index, &party)) == CALLFOLD_OK; index++) {
        found = found || is(party.number, number);
    }
    SAYS(CALLFOLD_END, result);
    OK(callfold_view_free(view));
    return found;
}

static inline bool talks_to(callfold_line line, const char *number) {
    return line_state(line) == CALLFOLD_LINE_STATE_TALK && is_among(line, CALLFOLD_PARTIES_ON_LINE, number);
}

static inline callfold_phone phone_of(const char *number) {
    callfold_phone phone;
    phone.line = text(number);
    phone.outside = 0;
    return phone;
}

static inline callfold_outside_state outside(office here, callfold_phone phone) {
    callfold_outside_state state;
    OK(callfold_simulator_outside_state(here.pbx, phone, &state));
    return state;
}

// The customer calls 101.
static inline callfold_phone rings(office here, callfold_line line) {
    callfold_phone customer;
    OK(callfold_simulator_external_call(here.pbx, text(CUSTOMER), text("101"), &customer));
    AWAIT(line_state(line) == CALLFOLD_LINE_STATE_RING);
    return customer;
}

// The customer calls 101, and is answered at the phone.
static inline callfold_phone talk(office here, callfold_line line) {
    callfold_phone customer = rings(here, line);
    OK(callfold_simulator_answer(here.pbx, phone_of("101")));
    AWAIT(line_state(line) == CALLFOLD_LINE_STATE_TALK);
    return customer;
}

static inline void leave(callfold_line line) {
    OK(callfold_line_close(line, PATIENCE));
    OK(callfold_line_free(line));
}

#endif
