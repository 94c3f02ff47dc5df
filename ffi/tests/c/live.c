// Live lines, over sockets, against the simulated PBX: `live DIRECTORY`, where a certificate for this machine is
// (`server.pem`, `server.key`) and the authority that signed it (`authority.pem`).

#define _POSIX_C_SOURCE 200809L

#include "office.h"

#include <poll.h>
#include <pthread.h>

static void connects_and_leaves(office here) {
    callfold_line line = connected(here, "ivanov", "Secret1");
    callfold_view view;
    callfold_state state;
    callfold_buffer json;
    char *all;
    uint64_t clients = 1;

    OK(callfold_line_view(line, &view));
    OK(callfold_view_state(view, &state));
    CHECK(state.connection == CALLFOLD_CONNECTION_CONNECTED && state.line == CALLFOLD_LINE_STATE_READY);
    CHECK(is(state.agent_login, "ivanov") && is(state.agent_number, "101") && is(state.agent_name, "Ivan Ivanov"));
    CHECK(state.turn > 0 && state.seq == 0 && state.parties == 0 && state.held == 0 && state.queue == 0);
    CHECK(state.talk_since == CALLFOLD_NEVER && state.stale_since == CALLFOLD_NEVER);
    OK(callfold_view_actions_json(view, text("102"), &json));
    all = taken(json);
    CHECK(has(all, "\"call\"") && all[0] == '[');
    free(all);
    OK(callfold_view_directory_json(view, &json));
    all = taken(json);
    CHECK(has(all, "Anna Petrova") && has(all, "\"700\""));
    free(all);
    OK(callfold_view_json(view, &json));
    all = taken(json);
    CHECK(has(all, "\"state\":\"ready\""));
    free(all);
    OK(callfold_line_close(line, PATIENCE));
    // What was so is still there; nothing more is done.
    CHECK(seen(line).connection == CALLFOLD_CONNECTION_OFFLINE);
    SAYS(CALLFOLD_LINE_CLOSED, give(line, CALLFOLD_COMMAND_ANSWER, NULL));
    CHECK(is(state.agent_login, "ivanov"));
    OK(callfold_view_free(view));
    OK(callfold_line_free(line));
    AWAIT(callfold_simulator_say(here.pbx, text("101"), text("[\"nothing\",{}]"), &clients) == CALLFOLD_OK &&
          clients == 0);
}

static void refuses(office here, const char *login, const char *password, uint32_t code) {
    callfold_line line = line_new(here, no_log(), login, password, nothing());
    callfold_answer answer;
    callfold_buffer json;
    char *why, number[16];
    SAYS(CALLFOLD_COMMAND_REFUSED, callfold_line_connect(line, PATIENCE, &answer));
    CHECK(answer.kind == CALLFOLD_ANSWER_REFUSED && answer.code == code && answer.text.length > 0);
    OK(callfold_error_json(&json));
    why = taken(json);
    snprintf(number, sizeof number, "%u", (unsigned)code);
    CHECK(has(why, "\"code\":5401") && has(why, number));
    CHECK(password == NULL || !has(why, password));
    free(why);
    OK(callfold_line_free(line));
}

static void logins_are_refused_and_say_why(office here) {
    refuses(here, "ivanov", "wrong-Canary", 1202);
    refuses(here, "nobody", "Secret1", 1202);
    refuses(here, "desk", "Secret4", 1204);
    refuses(here, "ivanov", NULL, 1213);
    // A session ends with the goodbye: this one was not used before.
    leave(connected(here, "ivanov", SESSION));
}

static void a_call_is_answered_held_taken_back_and_ended(office here) {
    callfold_line line = connected(here, "ivanov", "Secret1");
    callfold_phone customer = rings(here, line);
    callfold_answer answer;
    callfold_command order = command(CALLFOLD_COMMAND_ANSWER, NULL);
    CHECK(is_among(line, CALLFOLD_PARTIES_ON_LINE, CUSTOMER));
    OK(callfold_line_command(line, &order, PATIENCE, &answer));
    CHECK(answer.kind == CALLFOLD_ANSWER_DONE && answer.code == 0);
    AWAIT(talks_to(line, CUSTOMER));
    CHECK(seen(line).talk_since != CALLFOLD_NEVER);
    OK(give(line, CALLFOLD_COMMAND_HOLD, NULL));
    AWAIT(is_among(line, CALLFOLD_PARTIES_HELD, CUSTOMER));
    AWAIT(outside(here, customer) == CALLFOLD_OUTSIDE_HELD);
    OK(give(line, CALLFOLD_COMMAND_HOLD, NULL));
    AWAIT(seen(line).held == 0 && talks_to(line, CUSTOMER));
    OK(give(line, CALLFOLD_COMMAND_END_CALL, NULL));
    AWAIT(line_state(line) == CALLFOLD_LINE_STATE_READY);
    AWAIT(outside(here, customer) == CALLFOLD_OUTSIDE_GONE);
    leave(line);
}

static void a_consultation_ends_in_a_transfer(office here) {
    callfold_line line = connected(here, "ivanov", "Secret1"), colleague = connected(here, "petrova", "Secret2");
    callfold_phone customer = talk(here, line);
    OK(give(line, CALLFOLD_COMMAND_CALL, "102"));
    AWAIT(line_state(colleague) == CALLFOLD_LINE_STATE_RING);
    OK(give(colleague, CALLFOLD_COMMAND_ANSWER, NULL));
    AWAIT(talks_to(line, "102") && is_among(line, CALLFOLD_PARTIES_HELD, CUSTOMER));
    OK(give(line, CALLFOLD_COMMAND_TOGGLE, NULL));
    AWAIT(talks_to(line, CUSTOMER) && is_among(line, CALLFOLD_PARTIES_HELD, "102"));
    OK(give(line, CALLFOLD_COMMAND_TOGGLE, NULL));
    AWAIT(talks_to(line, "102"));
    OK(give(line, CALLFOLD_COMMAND_COMMUTATE, NULL));
    AWAIT(line_state(line) == CALLFOLD_LINE_STATE_READY && seen(line).held == 0);
    AWAIT(talks_to(colleague, CUSTOMER));
    CHECK(outside(here, customer) == CALLFOLD_OUTSIDE_TALKING);
    OK(callfold_simulator_hang_up(here.pbx, customer));
    AWAIT(line_state(colleague) == CALLFOLD_LINE_STATE_READY);
    leave(colleague);
    leave(line);
}

static void a_call_is_passed_on(office here) {
    callfold_line line = connected(here, "ivanov", "Secret1"), colleague = connected(here, "petrova", "Secret2");
    callfold_phone customer = talk(here, line);
    OK(give(line, CALLFOLD_COMMAND_TRANSFER, "102"));
    AWAIT(line_state(line) == CALLFOLD_LINE_STATE_READY);
    AWAIT(line_state(colleague) == CALLFOLD_LINE_STATE_RING);
    CHECK(is_among(colleague, CALLFOLD_PARTIES_ON_LINE, CUSTOMER));
    OK(give(colleague, CALLFOLD_COMMAND_ANSWER, NULL));
    AWAIT(talks_to(colleague, CUSTOMER));
    OK(callfold_simulator_hang_up(here.pbx, customer));
    AWAIT(line_state(colleague) == CALLFOLD_LINE_STATE_READY);
    leave(colleague);
    leave(line);
}

static void a_conference_is_made_and_ends(office here) {
    callfold_line line = connected(here, "ivanov", "Secret1"), colleague = connected(here, "petrova", "Secret2");
    callfold_phone customer = talk(here, line);
    callfold_str whom = text("102");
    callfold_command order = command(CALLFOLD_COMMAND_CONFERENCE, NULL);
    callfold_view view;
    callfold_state state;
    order.numbers = &whom;
    order.numbers_count = 1;
    OK(callfold_line_command(line, &order, PATIENCE, NULL));
    AWAIT(line_state(colleague) == CALLFOLD_LINE_STATE_RING);
    OK(give(colleague, CALLFOLD_COMMAND_ANSWER, NULL));
    AWAIT(is_among(line, CALLFOLD_PARTIES_ON_LINE, "102") && is_among(line, CALLFOLD_PARTIES_ON_LINE, CUSTOMER));
    AWAIT(outside(here, customer) == CALLFOLD_OUTSIDE_CONFERENCE);
    OK(callfold_line_view(line, &view));
    OK(callfold_view_state(view, &state));
    CHECK(state.conference.length > 0);
    OK(callfold_view_free(view));
    OK(callfold_simulator_hang_up(here.pbx, customer));
    AWAIT(!is_among(line, CALLFOLD_PARTIES_ON_LINE, CUSTOMER));
    OK(give(line, CALLFOLD_COMMAND_END_CALL, NULL));
    AWAIT(line_state(line) == CALLFOLD_LINE_STATE_READY);
    AWAIT(line_state(colleague) == CALLFOLD_LINE_STATE_READY);
    leave(colleague);
    leave(line);
}

static void a_lost_connection_is_told_as_unknown_and_made_again(office here) {
    callfold_line line = connected(here, "ivanov", "Secret1");
    callfold_news news;
    callfold_news_item item;
    uint64_t clients = 0;
    int gone = 0, stale = 0, known = 0, again = 0, sockets = 0;
    OK(callfold_line_news(line, false, &news));
    OK(callfold_simulator_cut(here.pbx, text("101"), &clients));
    CHECK(clients == 1);
    while (!known) {
        OK(callfold_news_next(news, PATIENCE, &item));
        if (item.kind == CALLFOLD_NEWS_EVENT) {
            gone += item.event.kind == CALLFOLD_EVENT_DISCONNECTED;
            stale += item.event.kind == CALLFOLD_EVENT_LINE_WENT_STALE;
            known += item.event.kind == CALLFOLD_EVENT_LINE_KNOWN_AGAIN;
        } else if (item.kind == CALLFOLD_NEWS_SOCKET) {
            CHECK(item.result == CALLFOLD_CONNECTION_CUT);
            sockets++;
        } else if (item.kind == CALLFOLD_NEWS_RECONNECTING) {
            CHECK(item.tries == 1 && item.wait <= 200);
            again++;
        }
    }
    CHECK(gone == 1 && stale == 1 && again == 1 && sockets == 1);
    AWAIT(seen(line).connection == CALLFOLD_CONNECTION_CONNECTED);
    CHECK(seen(line).stale_since == CALLFOLD_NEVER && line_state(line) == CALLFOLD_LINE_STATE_READY);
    OK(callfold_news_free(news));
    leave(line);
}

static void refused(callfold_line line, callfold_command_kind kind, const char *number, uint32_t code) {
    callfold_command order = command(kind, number);
    callfold_answer answer;
    SAYS(CALLFOLD_COMMAND_REFUSED, callfold_line_command(line, &order, PATIENCE, &answer));
    CHECK(answer.kind == CALLFOLD_ANSWER_REFUSED && answer.code == code && answer.text.length > 0);
}

static void what_is_refused_has_its_code(office here) {
    callfold_line line = connected(here, "ivanov", "Secret1");
    callfold_buffer json;
    char *told;
    refused(line, CALLFOLD_COMMAND_ANSWER, NULL, 2901);
    refused(line, CALLFOLD_COMMAND_END_CALL, NULL, 2901);
    refused(line, CALLFOLD_COMMAND_TOGGLE, NULL, 2402);
    refused(line, CALLFOLD_COMMAND_CALL, "", 2106);
    refused(line, CALLFOLD_COMMAND_MODEL_ANSWER_CALL, NULL, 1000);
    OK(callfold_line_command_json(line, text("\"Toggle\""), PATIENCE, &json));
    told = taken(json);
    CHECK(has(told, "\"result\":false") && has(told, "2402"));
    free(told);
    SAYS(CALLFOLD_NOT_JSON, callfold_line_command_json(line, text("{"), PATIENCE, &json));
    CHECK(line_state(line) == CALLFOLD_LINE_STATE_READY);
    leave(line);
}

// The loop of a program that waits for a descriptor: all that happens, until the line has ended.
static void news_come_by_a_descriptor(office here) {
    callfold_line line = connected(here, "ivanov", "Secret1");
    callfold_command order = command(CALLFOLD_COMMAND_TOGGLE, NULL);
    callfold_news news;
    callfold_news_item item;
    callfold_phone customer;
    callfold_result result = CALLFOLD_NOTHING;
    struct pollfd waiting;
    int32_t fd, second;
    uint64_t turn = 0, ticket = 0, other = 0;
    int answers = 0;
    bool is_closed = false;
    char states[256] = "";

    OK(callfold_line_news(line, true, &news));
    OK(callfold_news_fd(news, &fd));
    OK(callfold_news_fd(news, &second));
    CHECK(fd >= 0 && fd == second);
    waiting.fd = fd;
    waiting.events = POLLIN;
    // What loading still brings.
    do {
        while ((result = callfold_news_next(news, 100, &item)) == CALLFOLD_OK) {
        }
        SAYS(CALLFOLD_NOTHING, result);
    } while (poll(&waiting, 1, 0) != 0);
    OK(callfold_line_send(line, &order, &ticket));
    OK(callfold_line_send(line, &order, &other));
    CHECK(ticket != 0 && other != ticket);
    OK(callfold_simulator_external_call(here.pbx, text(CUSTOMER), text("101"), &customer));
    while (result != CALLFOLD_END) {
        CHECK(poll(&waiting, 1, PATIENCE) == 1 && (waiting.revents & POLLIN) != 0);
        while ((result = callfold_news_next(news, 0, &item)) == CALLFOLD_OK) {
            if (item.kind == CALLFOLD_NEWS_ANSWER) {
                CHECK(item.result == CALLFOLD_COMMAND_REFUSED && item.answer.code == 2402);
                CHECK(item.ticket == ticket || item.ticket == other);
                CHECK(item.json.length > 0 && item.json.data[0] == '{');
                answers++;
                continue;
            }
            if (item.kind != CALLFOLD_NEWS_EVENT) {
                continue;
            }
            CHECK(item.turn >= turn && item.json.length > 0 && item.event.name.length > 0 && item.event.seq == 0);
            turn = item.turn;
            CHECK(seen(line).turn >= turn);
            if (item.event.kind != CALLFOLD_EVENT_LINE_CHANGED) {
                continue;
            }
            strcat(states, item.event.line == CALLFOLD_LINE_STATE_RING ? "ring " : "");
            strcat(states, item.event.line == CALLFOLD_LINE_STATE_TALK ? "talk " : "");
            strcat(states, item.event.line == CALLFOLD_LINE_STATE_READY ? "ready " : "");
            CHECK(strlen(states) < sizeof states / 2);
            if (item.event.line == CALLFOLD_LINE_STATE_RING) {
                OK(give(line, CALLFOLD_COMMAND_ANSWER, NULL));
            } else if (item.event.line == CALLFOLD_LINE_STATE_TALK) {
                OK(callfold_simulator_hang_up(here.pbx, customer));
            }
        }
        CHECK(result == CALLFOLD_END || result == CALLFOLD_NOTHING);
        if (!is_closed && answers == 2 && strcmp(states, "ring talk ready ") == 0) {
            is_closed = true;
            OK(callfold_line_close(line, PATIENCE));
        }
    }
    CHECK(answers == 2 && is_closed && strncmp(states, "ring talk ready ", 16) == 0);
    // The end stays readable, and stays the end.
    CHECK(poll(&waiting, 1, 0) == 1);
    SAYS(CALLFOLD_END, callfold_news_next(news, CALLFOLD_FOREVER, &item));
    OK(callfold_line_free(line));
    SAYS(CALLFOLD_END, callfold_news_next(news, 0, &item));
    OK(callfold_news_free(news));
}

// Whoever sent a command is told how it ended before the line's end is. At a PBX of its own: calls are left there.
static void an_answer_comes_before_the_end(void) {
    office here = office_new(nothing(), nothing());
    callfold_command order = command(CALLFOLD_COMMAND_CALL, "102");
    callfold_faults faults;
    int time;
    for (time = 0; time < 20; time++) {
        callfold_line line = connected(here, "ivanov", "Secret1");
        callfold_news news;
        callfold_news_item item;
        callfold_result result;
        uint64_t ticket;
        int answers = 0;
        OK(callfold_line_news(line, false, &news));
        BEGIN(faults);
        faults.latency = 50;
        OK(callfold_simulator_set_faults(here.pbx, &faults));
        OK(callfold_line_send(line, &order, &ticket));
        // Freed and not waited for, now and then.
        OK(time % 2 == 0 ? callfold_line_close(line, PATIENCE) : callfold_line_free(line));
        while ((result = callfold_news_next(news, PATIENCE, &item)) == CALLFOLD_OK) {
            if (item.kind == CALLFOLD_NEWS_ANSWER) {
                CHECK(item.ticket == ticket);
                answers++;
            }
        }
        SAYS(CALLFOLD_END, result);
        CHECK(answers == 1);
        OK(callfold_news_free(news));
        if (time % 2 == 0) {
            OK(callfold_line_free(line));
        }
        BEGIN(faults);
        OK(callfold_simulator_set_faults(here.pbx, &faults));
    }
    office_free(here);
}

static void *wait_for_news(void *of) {
    callfold_news_item item;
    callfold_result result;
    while ((result = callfold_news_next(*(callfold_news *)of, CALLFOLD_FOREVER, &item)) == CALLFOLD_OK) {
    }
    SAYS(CALLFOLD_END, result);
    return NULL;
}

static void who_waits_is_told_of_the_end(office here) {
    callfold_line line = connected(here, "ivanov", "Secret1");
    callfold_news one, two;
    pthread_t first, second;
    OK(callfold_line_news(line, false, &one));
    OK(callfold_line_news(line, false, &two));
    CHECK(pthread_create(&first, NULL, wait_for_news, &one) == 0);
    CHECK(pthread_create(&second, NULL, wait_for_news, &two) == 0);
    sleep_millis(50);
    OK(callfold_news_free(one));
    CHECK(pthread_join(first, NULL) == 0);
    // Freed and not closed: it says goodbye by itself.
    OK(callfold_line_free(line));
    CHECK(pthread_join(second, NULL) == 0);
    OK(callfold_news_free(two));
}

typedef struct {
    callfold_line line;
    callfold_listener listener;
    pthread_mutex_t lock;
    int calls, events, ends, freed;
    bool is_slow, frees_itself, is_over;
} listening;

static void hear(void *user, const callfold_news_item *news) {
    listening *me = (listening *)user;
    callfold_listener own;
    CHECK(!me->is_over);
    CHECK(pthread_mutex_lock(&me->lock) == 0);
    own = me->listener;
    me->calls++;
    me->events += news->kind == CALLFOLD_NEWS_EVENT;
    CHECK(me->ends == 0);
    me->ends += news->kind == CALLFOLD_NEWS_ENDED;
    CHECK(pthread_mutex_unlock(&me->lock) == 0);
    if (news->kind != CALLFOLD_NEWS_EVENT) {
        return;
    }
    if (me->is_slow) {
        sleep_millis(20);
        CHECK(!me->is_over);
    }
    if (me->frees_itself && own.handle != 0) {
        // Back into the line, and waiting for its answer.
        CHECK(seen(me->line).turn >= news->turn);
        SAYS(CALLFOLD_COMMAND_REFUSED, give(me->line, CALLFOLD_COMMAND_TOGGLE, NULL));
        OK(callfold_listener_free(own));
        SAYS(CALLFOLD_BAD_HANDLE, callfold_listener_free(own));
        // What it was called with is still there.
        CHECK(news->event.name.length > 0);
        CHECK(pthread_mutex_lock(&me->lock) == 0);
        me->freed = me->calls;
        CHECK(pthread_mutex_unlock(&me->lock) == 0);
    }
}

static void listen_to(listening *me, callfold_line line) {
    me->line = line;
    CHECK(pthread_mutex_init(&me->lock, NULL) == 0);
    CHECK(pthread_mutex_lock(&me->lock) == 0);
    OK(callfold_line_listen(line, hear, me, true, &me->listener));
    CHECK(pthread_mutex_unlock(&me->lock) == 0);
}

static int counted(listening *me, const int *count) {
    int is;
    CHECK(pthread_mutex_lock(&me->lock) == 0);
    is = *count;
    CHECK(pthread_mutex_unlock(&me->lock) == 0);
    return is;
}

static void listeners_call_back_and_free_themselves(office here) {
    callfold_line line = connected(here, "ivanov", "Secret1");
    listening own, slow, other;
    int calls;
    memset(&own, 0, sizeof own);
    memset(&slow, 0, sizeof slow);
    memset(&other, 0, sizeof other);
    own.frees_itself = true;
    slow.is_slow = true;
    SAYS(CALLFOLD_NULL_POINTER, callfold_line_listen(line, NULL, NULL, false, &own.listener));
    listen_to(&own, line);
    listen_to(&slow, line);
    listen_to(&other, line);
    rings(here, line);
    AWAIT(counted(&own, &own.freed) > 0);
    AWAIT(counted(&slow, &slow.events) > 2);
    // It waits for the call under way; after that, there is none any more.
    OK(callfold_listener_free(slow.listener));
    slow.is_over = true;
    OK(give(line, CALLFOLD_COMMAND_END_CALL, NULL));
    AWAIT(line_state(line) == CALLFOLD_LINE_STATE_READY);
    calls = counted(&own, &own.calls);
    CHECK(calls == own.freed && own.ends == 0);
    OK(callfold_line_close(line, PATIENCE));
    AWAIT(counted(&other, &other.ends) == 1);
    CHECK(other.events > own.events && own.calls == calls);
    OK(callfold_listener_free(other.listener));
    OK(callfold_line_free(line));
    pthread_mutex_destroy(&own.lock);
    pthread_mutex_destroy(&slow.lock);
    pthread_mutex_destroy(&other.lock);
}

static void a_command_that_is_waited_for_no_more_takes_its_course(office here) {
    callfold_line line = connected(here, "ivanov", "Secret1");
    callfold_command order = command(CALLFOLD_COMMAND_CALL, "102");
    callfold_faults faults;
    BEGIN(faults);
    faults.latency = 300;
    OK(callfold_simulator_set_faults(here.pbx, &faults));
    SAYS(CALLFOLD_TIMED_OUT, callfold_line_command(line, &order, 20, NULL));
    AWAIT(line_state(line) != CALLFOLD_LINE_STATE_READY);
    BEGIN(faults);
    OK(callfold_simulator_set_faults(here.pbx, &faults));
    AWAIT(give(line, CALLFOLD_COMMAND_END_CALL, NULL) == CALLFOLD_OK);
    AWAIT(line_state(line) == CALLFOLD_LINE_STATE_READY);
    leave(line);
}

static void the_model_is_kept_where_it_is_asked_for(office here) {
    callfold_str address;
    callfold_endpoint endpoint;
    callfold_config config;
    callfold_line_options options;
    callfold_line line;
    callfold_command order = command(CALLFOLD_COMMAND_MODEL_CANCEL_TRANSFER, NULL);
    callfold_answer answer;

    OK(callfold_simulator_url(here.pbx, &address));
    BEGIN(endpoint);
    endpoint.addresses = &address;
    endpoint.addresses_count = 1;
    endpoint.login = text("ivanov");
    endpoint.secret = text("Secret1");
    BEGIN(config);
    config.has_cti = true;
    BEGIN(options);
    options.endpoint = &endpoint;
    options.config = &config;
    OK(callfold_line_open(here.runtime, no_log(), &options, &line));
    OK(callfold_line_connect(line, PATIENCE, NULL));
    rings(here, line);
    OK(give(line, CALLFOLD_COMMAND_MODEL_ANSWER_CALL, NULL));
    AWAIT(talks_to(line, CUSTOMER));
    // A command of the model that makes no sense now is told as such, and not as a refusal.
    SAYS(CALLFOLD_COMMAND_MISUSED, callfold_line_command(line, &order, PATIENCE, &answer));
    CHECK(answer.kind == CALLFOLD_ANSWER_MISUSED && answer.text.length > 0);
    OK(give(line, CALLFOLD_COMMAND_MODEL_DROP_CALL, NULL));
    AWAIT(line_state(line) == CALLFOLD_LINE_STATE_READY);
    leave(line);
}

// The handle of a runtime may be freed first: its threads live as long as what lives by them.
static void a_runtime_lives_as_long_as_its_lines(office here) {
    office mine = here;
    callfold_line line;
    callfold_news news;
    callfold_log log;
    callfold_streams streams;
    callfold_stream stream;
    callfold_verified proof;
    uint64_t clients = 1;
    OK(callfold_runtime_new(1, &mine.runtime));
    OK(callfold_log_new(&log));
    line = line_new(mine, log, "ivanov", "Secret1", nothing());
    OK(callfold_runtime_free(mine.runtime));
    OK(callfold_line_news(line, false, &news));
    OK(callfold_line_connect(line, PATIENCE, NULL));
    OK(callfold_line_free(line));
    wait_for_news(&news);
    OK(callfold_news_free(news));
    AWAIT(callfold_simulator_say(here.pbx, text("101"), text("[\"nothing\",{}]"), &clients) == CALLFOLD_OK &&
          clients == 0);
    OK(callfold_log_verify(log, nothing(), true, nothing(), NULL, &proof, NULL));
    CHECK(proof.is_good);
    OK(callfold_log_streams(log, &streams));
    OK(callfold_streams_next(streams, &stream));
    CHECK(stream.is_live && is(stream.agent, "ivanov") && stream.server.length > 0 && stream.records > 10);
    OK(callfold_streams_free(streams));
    OK(callfold_log_close(log));
}

static void a_line_is_recorded(office here) {
    callfold_log log;
    callfold_line line;
    callfold_line_options options;
    callfold_endpoint endpoint;
    callfold_str address;
    callfold_calls calls;
    callfold_call call;
    callfold_verified proof;
    callfold_line again;
    int time;

    OK(callfold_log_new(&log));
    for (time = 0; time < 2; time++) {
        line = line_new(here, log, "ivanov", "Secret1", nothing());
        OK(callfold_line_connect(line, PATIENCE, NULL));
        // One line records in a stream at a time.
        OK(callfold_simulator_url(here.pbx, &address));
        BEGIN(endpoint);
        endpoint.addresses = &address;
        endpoint.addresses_count = 1;
        endpoint.login = text("ivanov");
        BEGIN(options);
        options.endpoint = &endpoint;
        SAYS(CALLFOLD_STREAM_IN_USE, callfold_line_open(here.runtime, log, &options, &again));
        endpoint.login = text("petrova");
        options.stream = text("ivanov");
        SAYS(CALLFOLD_STREAM_OF_ANOTHER, callfold_line_open(here.runtime, log, &options, &again));
        OK(callfold_simulator_hang_up(here.pbx, talk(here, line)));
        AWAIT(line_state(line) == CALLFOLD_LINE_STATE_READY);
        leave(line);
    }
    OK(callfold_log_calls(log, NULL, NULL, &calls));
    for (time = 0; time < 2; time++) {
        OK(callfold_calls_next(calls, &call));
        CHECK(is(call.stream, "ivanov") && is(call.number, CUSTOMER));
        CHECK(call.outcome == CALLFOLD_CALL_OUTCOME_ANSWERED && call.ended.at != CALLFOLD_NEVER);
    }
    SAYS(CALLFOLD_END, callfold_calls_next(calls, &call));
    OK(callfold_calls_free(calls));
    OK(callfold_log_verify(log, nothing(), true, nothing(), NULL, &proof, NULL));
    CHECK(proof.is_good && proof.streams == 1 && proof.records > 50);
    OK(callfold_log_close(log));
}
static void a_line_is_safe_by_an_authority_of_its_own(const char *directory) {
    char certificate[8192], key[8192], authority[8192];
    callfold_str address, trusted;
    callfold_line line;
    callfold_news news;
    callfold_news_item item;
    office here = office_new(read_file(under(directory, "server.pem"), certificate, sizeof certificate),
                             read_file(under(directory, "server.key"), key, sizeof key));
    OK(callfold_simulator_url(here.pbx, &address));
    CHECK(address.length > 6 && memcmp(address.data, "wss://", 6) == 0);
    trusted = read_file(under(directory, "authority.pem"), authority, sizeof authority);
    line = line_new(here, no_log(), "ivanov", "Secret1", trusted);
    OK(callfold_line_connect(line, PATIENCE, NULL));
    leave(line);

    // Nobody else's certificates are trusted.
    line = line_new(here, no_log(), "ivanov", "Secret1", nothing());
    OK(callfold_line_news(line, false, &news));
    CHECK(callfold_line_connect(line, PATIENCE, NULL) != CALLFOLD_OK);
    do {
        OK(callfold_news_next(news, PATIENCE, &item));
    } while (item.kind != CALLFOLD_NEWS_SOCKET);
    CHECK(item.result == CALLFOLD_TLS_FAILED);
    OK(callfold_news_free(news));
    OK(callfold_line_free(line));
    office_free(here);
}

int main(int argc, char **argv) {
    office here = office_new(nothing(), nothing());
    CHECK(argc == 2);
    logins_are_refused_and_say_why(here);
    connects_and_leaves(here);
    a_call_is_answered_held_taken_back_and_ended(here);
    a_consultation_ends_in_a_transfer(here);
    a_call_is_passed_on(here);
    a_conference_is_made_and_ends(here);
    a_lost_connection_is_told_as_unknown_and_made_again(here);
    what_is_refused_has_its_code(here);
    news_come_by_a_descriptor(here);
    an_answer_comes_before_the_end();
    who_waits_is_told_of_the_end(here);
    listeners_call_back_and_free_themselves(here);
    a_command_that_is_waited_for_no_more_takes_its_course(here);
    the_model_is_kept_where_it_is_asked_for(here);
    a_runtime_lives_as_long_as_its_lines(here);
    a_line_is_recorded(here);
    office_free(here);
    a_line_is_safe_by_an_authority_of_its_own(argv[1]);
    printf("live: good\n");
    return 0;
}
