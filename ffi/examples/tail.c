// Tails a live line: prints what happens on it until it is closed. The PBX is the simulator, so that this runs
// anywhere: with one of your own, leave out what is done with `pbx`, and name its address, login and password.
//
//     cc tail.c $(pkg-config --cflags --libs callfold) -o tail
//     ./tail [--store DIR]
//
// With --store, everything is recorded there: yesterday.c prints the calls of a store.
// Exits with 0 if all went well, 1 if not, 2 if it was called wrongly.

#define _POSIX_C_SOURCE 200809L

#include <callfold.h>

#include <poll.h>
#include <stdio.h>
#include <string.h>

static const char CUSTOMER[] = "+79161234567";

// What there is. Zero is none, and freeing none does no harm.
typedef struct {
    callfold_runtime runtime;
    callfold_simulator pbx;
    callfold_log log;
    callfold_line line;
    callfold_news news;
    // How far the scene is: what is to be done next.
    int scene;
} office;

// Whether a call was done; if not, says why. The message names no person and no secret.
static bool done(callfold_result result, const char *what) {
    char why[512];
    if (result == CALLFOLD_OK) {
        return true;
    }
    if (callfold_error_message(why, sizeof why, NULL) != CALLFOLD_OK) {
        why[0] = '\0';
    }
    fprintf(stderr, "tail: %s: %s\n", what, why);
    return false;
}

// A PBX with one agent, on a free port of this machine.
static bool start_pbx(office *here) {
    callfold_account ivanov;
    callfold_simulator_options options;

    memset(&ivanov, 0, sizeof ivanov);
    ivanov.login = callfold_text("ivanov");
    ivanov.password = callfold_text("Secret1");
    ivanov.number = callfold_text("101");

    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.users = &ivanov;
    options.users_count = 1;
    return done(callfold_simulator_new(here->runtime, &options, &here->pbx), "the simulator");
}

static bool open_line(office *here) {
    callfold_str address;
    callfold_endpoint endpoint;
    callfold_line_options options;

    if (!done(callfold_simulator_url(here->pbx, &address), "the address")) {
        return false;
    }
    memset(&endpoint, 0, sizeof endpoint);
    endpoint.size = sizeof endpoint;
    endpoint.addresses = &address;
    endpoint.addresses_count = 1;
    endpoint.login = callfold_text("ivanov");
    endpoint.secret = callfold_text("Secret1");

    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.endpoint = &endpoint;

    // The news are asked for before the line is connected: so nothing is missed.
    return done(callfold_line_open(here->runtime, here->log, &options, &here->line), "the line") &&
           done(callfold_line_news(here->line, false, &here->news), "the news") &&
           done(callfold_line_connect(here->line, 10000, NULL), "connecting");
}

static bool command(office *here, callfold_command_kind kind, const char *what) {
    callfold_command order;
    memset(&order, 0, sizeof order);
    order.size = sizeof order;
    order.kind = kind;
    // A refusal is a failure as well, and the message has the protocol's code.
    return done(callfold_line_command(here->line, &order, 10000, NULL), what);
}

// What an agent does, a step at a time: each when the line or the hold says that the one before has taken effect.
static bool act(office *here, const callfold_event *event) {
    callfold_phone customer;
    callfold_line_state line = event->kind == CALLFOLD_EVENT_LINE_CHANGED ? event->line : 0;

    if (here->scene == 0 && event->kind == CALLFOLD_EVENT_CONNECTED) {
        here->scene = 1;
        return done(
            callfold_simulator_external_call(here->pbx, callfold_text(CUSTOMER), callfold_text("101"), &customer),
            "a call from outside");
    }
    if (here->scene == 1 && line == CALLFOLD_LINE_STATE_RING) {
        here->scene = 2;
        return command(here, CALLFOLD_COMMAND_ANSWER, "answering");
    }
    if (here->scene == 2 && line == CALLFOLD_LINE_STATE_TALK) {
        here->scene = 3;
        return command(here, CALLFOLD_COMMAND_HOLD, "holding");
    }
    if (here->scene == 3 && event->kind == CALLFOLD_EVENT_HOLD_ENTERED) {
        here->scene = 4;
        return command(here, CALLFOLD_COMMAND_HOLD, "taking back");
    }
    if (here->scene == 4 && event->kind == CALLFOLD_EVENT_HOLD_LEFT) {
        here->scene = 5;
        return command(here, CALLFOLD_COMMAND_END_CALL, "ending");
    }
    if (here->scene == 5 && line == CALLFOLD_LINE_STATE_READY) {
        here->scene = 6;
        return done(callfold_line_close(here->line, 10000), "closing");
    }
    return true;
}

static void print(const callfold_event *event) {
    callfold_str state;
    printf("%.*s", (int)event->name.length, event->name.data);
    if (event->line != 0 && callfold_word_name(CALLFOLD_WORDS_LINE_STATE, event->line, &state) == CALLFOLD_OK) {
        printf(" %.*s", (int)state.length, state.data);
    }
    if (event->number.length > 0) {
        printf(" %.*s", (int)event->number.length, event->number.data);
    }
    if (event->code != 0) {
        printf(" (%lu)", (unsigned long)event->code);
    }
    printf("\n");
}

// Prints and does all there is to do now, until there is nothing (wait for more) or the line has ended.
static bool take_news(office *here, bool *has_ended) {
    callfold_news_item item;
    callfold_result result;

    while ((result = callfold_news_next(here->news, 0, &item)) == CALLFOLD_OK) {
        if (item.kind == CALLFOLD_NEWS_EVENT) {
            // What it says is borrowed until the next news are asked for.
            print(&item.event);
            if (!act(here, &item.event)) {
                return false;
            }
        } else if (item.kind == CALLFOLD_NEWS_MISSED) {
            printf("(%llu passed over)\n", (unsigned long long)item.missed);
        } else if (item.kind == CALLFOLD_NEWS_RECONNECTING) {
            printf("(connecting again in %llu ms)\n", (unsigned long long)item.wait);
        }
    }
    *has_ended = result == CALLFOLD_END;
    return *has_ended || result == CALLFOLD_NOTHING || done(result, "the news");
}

// The loop of a program that may have other descriptors to wait for as well.
static bool tail(office *here) {
    struct pollfd waiting;
    bool has_ended = false;
    int32_t fd;

    if (!done(callfold_news_fd(here->news, &fd), "the descriptor of the news")) {
        return false;
    }
    waiting.fd = fd;
    waiting.events = POLLIN;
    while (take_news(here, &has_ended)) {
        if (has_ended) {
            return true;
        }
        if (poll(&waiting, 1, 10000) <= 0) {
            fprintf(stderr, "tail: nothing happens any more\n");
            return false;
        }
    }
    return false;
}

static bool open_store(office *here, const char *path) {
    callfold_log_options options;
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.create = true;
    return done(callfold_log_open(callfold_text(path), &options, &here->log), "the store");
}

int main(int argc, char **argv) {
    office here;
    bool good;

    if (argc != 1 && (argc != 3 || strcmp(argv[1], "--store") != 0)) {
        fprintf(stderr, "usage: tail [--store DIR]\n");
        return 2;
    }
    memset(&here, 0, sizeof here);
    good = (argc == 1 || open_store(&here, argv[2])) && done(callfold_runtime_new(0, &here.runtime), "threads") &&
           start_pbx(&here) && open_line(&here) && tail(&here);

    callfold_news_free(here.news);
    callfold_line_free(here.line);
    callfold_simulator_free(here.pbx);
    callfold_runtime_free(here.runtime);
    if (here.log.handle != 0 && !done(callfold_log_close(here.log), "closing the store")) {
        good = false;
    }
    return good ? 0 : 1;
}
