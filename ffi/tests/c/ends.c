// How things end: in order, with a goodbye, and without ending the program. The directory given has a certificate and its
// authority, as for live.c.

#define _POSIX_C_SOURCE 200809L

#include "office.h"

#include <signal.h>

// Until the line has ended; how many answers came.
static void read_to_the_end(callfold_news news, int *answers, bool *said_goodbye) {
    callfold_news_item item;
    callfold_result result;
    bool has_ended = false;
    *answers = 0;
    *said_goodbye = false;
    while ((result = callfold_news_next(news, PATIENCE, &item)) == CALLFOLD_OK) {
        CHECK(!has_ended);
        if (item.kind == CALLFOLD_NEWS_ANSWER) {
            *answers += 1;
        }
        if (item.kind == CALLFOLD_NEWS_EVENT && item.event.kind == CALLFOLD_EVENT_LEAVING) {
            *said_goodbye = true;
        }
        if (item.kind == CALLFOLD_NEWS_ENDED) {
            CHECK(item.result == CALLFOLD_OK);
            has_ended = true;
        }
    }
    CHECK(result == CALLFOLD_END);
    CHECK(has_ended);
}

// Commands that one thread sends are given in that order: the log says so.
static void what_is_sent_keeps_its_order(void) {
    enum { MANY = 200 };
    office here = office_new(nothing(), nothing());
    callfold_log log;
    callfold_line line;
    callfold_events events;
    callfold_event event;
    callfold_event_query query;
    callfold_str name = text("command_given");
    char number[16];
    int given = 0, sent;
    OK(callfold_log_new(&log));
    line = line_new(here, log, "ivanov", "Secret1", nothing());
    OK(callfold_line_connect(line, PATIENCE, NULL));
    for (sent = 0; sent < MANY; sent++) {
        callfold_command order;
        snprintf(number, sizeof number, "%d", 1000 + sent);
        order = command(CALLFOLD_COMMAND_SET_REDIRECT_NUMBER, number);
        OK(callfold_line_send(line, &order, NULL));
    }
    OK(callfold_line_close(line, PATIENCE));
    BEGIN(query);
    query.names = &name;
    query.names_count = 1;
    OK(callfold_log_events(log, &query, NULL, &events));
    while (callfold_events_next(events, &event) == CALLFOLD_OK) {
        snprintf(number, sizeof number, "%d", 1000 + given);
        // The first one connects.
        if (event.number.length > 0) {
            CHECK(is(event.number, number));
            given++;
        }
    }
    CHECK(given == MANY);
    OK(callfold_events_free(events));
    OK(callfold_line_free(line));
    OK(callfold_log_free(log));
    office_free(here);
}

// Freed right after something was sent: everything is answered, and the goodbye is said.
static void who_is_freed_says_goodbye(void) {
    int round;
    for (round = 0; round < 20; round++) {
        office here = office_new(nothing(), nothing());
        callfold_line line = connected(here, "ivanov", "Secret1");
        callfold_news news;
        int answers, sent;
        bool said_goodbye;
        OK(callfold_line_news(line, false, &news));
        for (sent = 0; sent < 5; sent++) {
            callfold_command order = command(CALLFOLD_COMMAND_SET_REDIRECT_NUMBER, "102");
            OK(callfold_line_send(line, &order, NULL));
        }
        OK(callfold_line_free(line));
        if (round % 2 == 0) {
            // The PBX goes as well, so there may be nobody to say goodbye to; but everything is answered.
            office_free(here);
            read_to_the_end(news, &answers, &said_goodbye);
        } else {
            read_to_the_end(news, &answers, &said_goodbye);
            CHECK(said_goodbye);
            office_free(here);
        }
        CHECK(answers == 5);
        OK(callfold_news_free(news));
    }
}

// News that were only just asked for end as well.
static void news_end_with_the_runtime(void) {
    int round;
    for (round = 0; round < 50; round++) {
        office here = office_new(nothing(), nothing());
        callfold_line line = line_new(here, no_log(), "ivanov", "Secret1", nothing());
        callfold_news news;
        int answers;
        bool said_goodbye;
        OK(callfold_line_news(line, false, &news));
        OK(callfold_line_free(line));
        office_free(here);
        read_to_the_end(news, &answers, &said_goodbye);
        OK(callfold_news_free(news));
    }
}

// A reader that is stopped ends, and what it had borrowed stays until it is freed.
static void who_is_stopped_keeps_what_was_borrowed(office here) {
    callfold_line line = line_new(here, no_log(), "ivanov", "Secret1", nothing());
    callfold_news news;
    callfold_news_item item;
    OK(callfold_line_news(line, true, &news));
    OK(callfold_line_connect(line, PATIENCE, NULL));
    OK(callfold_news_next(news, PATIENCE, &item));
    OK(callfold_news_stop(news));
    CHECK(item.json.length > 0 && item.event.name.data[0] != '\0');
    SAYS(CALLFOLD_END, callfold_news_next(news, PATIENCE, &item));
    OK(callfold_news_free(news));
    leave(line);
}

// A program that does not ignore SIGPIPE goes on when the other side of a TLS connection is gone.
static void a_connection_that_is_cut_ends_no_program(const char *directory) {
    static char certificate[8192], key[8192], authority[8192];
    callfold_str trusted = nothing();
    office here = office_new(read_file(under(directory, "server.pem"), certificate, sizeof certificate),
                             read_file(under(directory, "server.key"), key, sizeof key));
    int round;
    trusted = read_file(under(directory, "authority.pem"), authority, sizeof authority);
    signal(SIGPIPE, SIG_DFL);
    for (round = 0; round < 10; round++) {
        callfold_line line = line_new(here, no_log(), "ivanov", "Secret1", trusted);
        int sent;
        OK(callfold_line_connect(line, PATIENCE, NULL));
        for (sent = 0; sent < 200; sent++) {
            callfold_command order = command(CALLFOLD_COMMAND_CALL_JOURNAL, NULL);
            order.text = text("a-chain");
            OK(callfold_line_send(line, &order, NULL));
            if (sent == 20) {
                OK(callfold_simulator_cut(here.pbx, text("101"), NULL));
            }
        }
        OK(callfold_line_free(line));
    }
    office_free(here);
}

int main(int argc, char **argv) {
    office here = office_new(nothing(), nothing());
    CHECK(argc == 2);
    what_is_sent_keeps_its_order();
    who_is_freed_says_goodbye();
    news_end_with_the_runtime();
    who_is_stopped_keeps_what_was_borrowed(here);
    office_free(here);
    a_connection_that_is_cut_ends_no_program(argv[1]);
    printf("ends: good\n");
    return 0;
}
