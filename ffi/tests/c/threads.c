// Many threads use the same handles, and some free them under the others: `threads [COUNT]`. Whatever comes first, it
// is done, or the handle is none any more, or it is being used: nothing else, and nothing breaks.

#define _POSIX_C_SOURCE 200809L

#include "office.h"

#include <pthread.h>

enum { THREADS = 8 };

typedef struct {
    office here;
    callfold_log log;
    callfold_line line;
    callfold_view view;
    callfold_machine machine;
    callfold_calls calls;
    callfold_news news;
    callfold_buffer buffer;
    long count;
    int number;
    // How often it was done, and how often the handle was none or in use.
    long done, gone, used;
} worker;

static void look(worker *me, callfold_result result, const char *what, int line) {
    if (result == CALLFOLD_OK || result == CALLFOLD_END || result == CALLFOLD_NOTHING) {
        me->done++;
    } else if (result == CALLFOLD_BAD_HANDLE) {
        me->gone++;
    } else if (result == CALLFOLD_USED_AT_ONCE) {
        me->used++;
    } else {
        says_at(__FILE__, line, what, result, CALLFOLD_OK);
    }
}

#define LOOK(call) look(me, (call), #call, __LINE__)

static callfold_result free_view(callfold_result result, callfold_view view) {
    return result == CALLFOLD_OK ? callfold_view_free(view) : result;
}

static callfold_result free_buffer(callfold_result result, callfold_buffer buffer) {
    return result == CALLFOLD_OK ? callfold_buffer_free(buffer) : result;
}

static callfold_result free_streams(callfold_result result, callfold_streams streams) {
    return result == CALLFOLD_OK ? callfold_streams_free(streams) : result;
}

// One call of each kind by turns; the last rounds are after everything was freed.
static void *work(void *of) {
    worker *me = (worker *)of;
    long round;
    for (round = 0; round < me->count; round++) {
        callfold_view view;
        callfold_state state;
        callfold_buffer buffer;
        callfold_call call;
        callfold_streams streams;
        callfold_news_item item;
        callfold_str borrowed;
        int64_t at;
        switch ((round + me->number) % 11) {
        case 0: LOOK(free_view(callfold_line_view(me->line, &view), view)); break;
        case 1: LOOK(callfold_view_state(me->view, &state)); break;
        case 2: LOOK(callfold_machine_handle_json(me->machine, text("{\"at\":0,\"wake\":true}"), NULL)); break;
        case 3: LOOK(callfold_machine_next_timeout(me->machine, &at)); break;
        case 4: LOOK(callfold_calls_next(me->calls, &call)); break;
        case 5: LOOK(free_buffer(callfold_log_heads(me->log, &buffer), buffer)); break;
        case 6: LOOK(free_streams(callfold_log_streams(me->log, &streams), streams)); break;
        case 7: LOOK(callfold_news_next(me->news, 0, &item)); break;
        case 8: LOOK(callfold_buffer_borrow(me->buffer, &borrowed)); break;
        case 9:
            // It waits for the line's answer, and is let wait to its end by who frees the line.
            LOOK(free_buffer(callfold_line_command_json(me->line, text("\"Toggle\""), PATIENCE, &buffer), buffer));
            break;
        default: LOOK(free_view(callfold_machine_view(me->machine, &view), view)); break;
        }
        // In the middle of the work, each frees one of them; in the end, all do, and who comes second finds none.
        if (round == me->count / 2 + me->number || round == me->count - 1) {
            bool is_last = round == me->count - 1;
            if (is_last || me->number == 0) LOOK(callfold_view_free(me->view));
            if (is_last || me->number == 1) LOOK(callfold_machine_free(me->machine));
            if (is_last || me->number == 2) LOOK(callfold_calls_free(me->calls));
            if (is_last || me->number == 3) LOOK(callfold_news_free(me->news));
            if (is_last || me->number == 4) LOOK(callfold_buffer_free(me->buffer));
            if (is_last || me->number == 5) LOOK(callfold_line_free(me->line));
            if (is_last || me->number == 6) LOOK(callfold_log_free(me->log));
        }
    }
    return NULL;
}

int main(int argc, char **argv) {
    worker all, of[THREADS];
    pthread_t threads[THREADS];
    int i;
    memset(&all, 0, sizeof all);
    all.count = argc > 1 ? atol(argv[1]) : 10000;
    CHECK(all.count > 2 * THREADS);
    all.here = office_new(nothing(), nothing());
    OK(callfold_log_new(&all.log));
    all.line = line_new(all.here, all.log, "ivanov", "Secret1", nothing());
    OK(callfold_line_news(all.line, true, &all.news));
    OK(callfold_line_connect(all.line, PATIENCE, NULL));
    OK(callfold_simulator_hang_up(all.here.pbx, talk(all.here, all.line)));
    OK(callfold_line_view(all.line, &all.view));
    OK(callfold_log_calls(all.log, NULL, NULL, &all.calls));
    OK(callfold_machine_new(NULL, &all.machine));
    OK(callfold_view_json(all.view, &all.buffer));
    for (i = 0; i < THREADS; i++) {
        of[i] = all;
        of[i].number = i;
        CHECK(pthread_create(&threads[i], NULL, work, &of[i]) == 0);
    }
    for (i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
        all.done += of[i].done;
        all.gone += of[i].gone;
        all.used += of[i].used;
    }
    CHECK(all.done > 0 && all.gone > 0);
    office_free(all.here);
    printf("threads: %d of %ld calls: %ld done, %ld with a handle that was freed, %ld with one in use\n", THREADS,
           all.count, all.done, all.gone, all.used);
    return 0;
}
