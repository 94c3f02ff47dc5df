// What a call across C costs, beside the same in Rust with nothing between: `crossing [--rounds N] [--machines N]`, which
// `ffi/benches/run` builds and runs. All cases take turns in one process, each turn is measured in CPU time of the thread, and
// what is told are medians, with the middle half of all rounds beside them.

#define _POSIX_C_SOURCE 200809L

#include <callfold.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// The same in Rust: ffi/benches/alone.rs.
typedef struct {
    const char *data;
    size_t length;
} alone_bytes;
typedef struct {
    alone_bytes snapshot, ring, nothing;
    int64_t at;
    uint64_t socket;
} alone_work_on;
alone_work_on alone_work(void);
void alone_prepare(size_t count);
uint64_t alone_timeout(size_t times);
uint64_t alone_nothing(size_t times);
uint64_t alone_ring(size_t times);
uint64_t alone_events(size_t times);
uint64_t alone_events_json(size_t times);
uint64_t alone_view(size_t times);
uint64_t alone_view_json(size_t times);

static void must(callfold_result result, const char *what) {
    char why[512];
    if (result == CALLFOLD_OK) {
        return;
    }
    if (callfold_error_message(why, sizeof why, NULL) != CALLFOLD_OK) {
        why[0] = '\0';
    }
    fprintf(stderr, "crossing: %s: %s\n", what, why);
    exit(1);
}

// ---- the same through C ----

static alone_work_on work;
static callfold_machine *machines;
static size_t count;

static void prepare(void) {
    callfold_str snapshot;
    size_t i;
    snapshot.data = work.snapshot.data;
    snapshot.length = work.snapshot.length;
    for (i = 0; i < count; i++) {
        if (machines[i].handle != 0) {
            must(callfold_machine_free(machines[i]), "a machine");
        }
        must(callfold_machine_restore(snapshot, &machines[i]), "the snapshot");
    }
}

static uint64_t empty(size_t times) {
    uint64_t sum = 0;
    size_t i;
    for (i = 0; i < times * count; i++) {
        sum += callfold_abi_version();
    }
    return sum / CALLFOLD_ABI;
}

static uint64_t timeout(size_t times) {
    uint64_t there = 0;
    size_t i, time;
    for (i = 0; i < count; i++) {
        for (time = 0; time < times; time++) {
            int64_t at;
            there += callfold_machine_next_timeout(machines[i], &at) == CALLFOLD_OK;
        }
    }
    return there;
}

static void handle(callfold_machine machine, alone_bytes frame) {
    callfold_input input;
    memset(&input, 0, sizeof input);
    input.size = sizeof input;
    input.kind = CALLFOLD_INPUT_FRAME;
    input.at = work.at;
    input.socket = work.socket;
    input.text.data = frame.data;
    input.text.length = frame.length;
    must(callfold_machine_handle(machine, &input), "a frame");
}

// It is asked for an event each time, as by whoever handles frames: there is none.
static uint64_t nothing(size_t times) {
    callfold_event event;
    uint64_t events = 0;
    size_t i, time;
    for (i = 0; i < count; i++) {
        for (time = 0; time < times; time++) {
            handle(machines[i], work.nothing);
            events += callfold_machine_next_event(machines[i], &event) == CALLFOLD_OK;
        }
    }
    return events;
}

static uint64_t ring(size_t times) {
    size_t i;
    (void)times;
    for (i = 0; i < count; i++) {
        handle(machines[i], work.ring);
    }
    return 0;
}

static uint64_t events(size_t times) {
    callfold_event event;
    uint64_t told = 0;
    size_t i;
    (void)times;
    for (i = 0; i < count; i++) {
        while (callfold_machine_next_event(machines[i], &event) == CALLFOLD_OK) {
            told++;
        }
    }
    return told;
}

static uint64_t events_json(size_t times) {
    callfold_event event;
    callfold_buffer json;
    callfold_str text;
    uint64_t told = 0;
    size_t i;
    (void)times;
    for (i = 0; i < count; i++) {
        while (callfold_machine_next_event(machines[i], &event) == CALLFOLD_OK) {
            must(callfold_machine_event_json(machines[i], &json), "an event's JSON");
            must(callfold_buffer_borrow(json, &text), "an event's JSON");
            told += text.length > 0;
            must(callfold_buffer_free(json), "an event's JSON");
        }
    }
    return told;
}

static uint64_t view(size_t times) {
    callfold_view view;
    callfold_state state;
    uint64_t seen = 0;
    size_t i, time;
    for (i = 0; i < count; i++) {
        for (time = 0; time < times; time++) {
            must(callfold_machine_view(machines[i], &view), "a view");
            must(callfold_view_state(view, &state), "a state");
            seen += state.line != 0;
            must(callfold_view_free(view), "a view");
        }
    }
    return seen;
}

static uint64_t view_json(size_t times) {
    callfold_view view;
    callfold_buffer json;
    callfold_str text;
    uint64_t seen = 0;
    size_t i, time;
    for (i = 0; i < count; i++) {
        for (time = 0; time < times; time++) {
            must(callfold_machine_view(machines[i], &view), "a view");
            must(callfold_view_json(view, &json), "a view's JSON");
            must(callfold_buffer_borrow(json, &text), "a view's JSON");
            seen += text.length > 0;
            must(callfold_buffer_free(json), "a view's JSON");
            must(callfold_view_free(view), "a view");
        }
    }
    return seen;
}

// ---- by turns ----

typedef struct {
    const char *name;
    uint64_t (*through_c)(size_t times);
    // NULL where there is nothing of the kind.
    uint64_t (*alone)(size_t times);
    // What is done once for each machine: how often, so that a turn is longer than it takes to ask the clock.
    size_t times;
    // What must have been done before, on either side: the ring.
    bool after_ring;
    // For how many items a turn is: of each event, of each handled frame.
    bool per_event;
} crossing;

static const crossing CASES[] = {
    {"a call that does nothing", empty, NULL, 100, false, false},
    {"a handle looked up: the next timeout", timeout, alone_timeout, 50, false, false},
    {"a frame that changes nothing", nothing, alone_nothing, 5, false, false},
    {"a frame that rings", ring, alone_ring, 1, false, false},
    {"the next event, as a structure", events, alone_events, 1, true, true},
    {"an event as JSON", events_json, alone_events_json, 1, true, true},
    {"a view, and its state as a structure", view, alone_view, 2, true, false},
    {"a view as JSON", view_json, alone_view_json, 1, true, false},
};
enum { CASES_COUNT = sizeof CASES / sizeof CASES[0] };

static uint64_t now(void) {
    struct timespec spent;
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent) != 0) {
        perror("crossing: the clock");
        exit(1);
    }
    return (uint64_t)spent.tv_sec * 1000000000u + (uint64_t)spent.tv_nsec;
}

// Nanoseconds for an item. What came of it is the same on both sides, or nothing can be compared.
static double turn(const crossing *of, bool is_alone, uint64_t ring_events) {
    uint64_t (*does)(size_t) = is_alone ? of->alone : of->through_c;
    uint64_t before, spent, came, wanted;
    size_t items = of->per_event ? (size_t)ring_events : count * of->times;
    if (is_alone) {
        alone_prepare(count);
        if (of->after_ring && alone_ring(1) != ring_events) {
            fprintf(stderr, "crossing: it rings otherwise in Rust\n");
            exit(1);
        }
    } else {
        prepare();
        if (of->after_ring) {
            ring(1);
        }
    }
    before = now();
    came = does(of->times);
    spent = now() - before;
    if (of->through_c == nothing) {
        wanted = 0;
    } else if (of->through_c == ring) {
        wanted = is_alone ? ring_events : 0;
    } else {
        wanted = items;
    }
    if (came != wanted) {
        fprintf(stderr, "crossing: %s%s: %llu of %llu\n", of->name, is_alone ? ", in Rust" : "",
                (unsigned long long)came, (unsigned long long)wanted);
        exit(1);
    }
    return (double)spent / (double)items;
}

static int by_size(const void *one, const void *other) {
    double first = *(const double *)one, second = *(const double *)other;
    return (first > second) - (first < second);
}

// What stands so many quarters of the way from the smallest to the greatest.
static double part(double *all, size_t rounds, size_t quarters) {
    qsort(all, rounds, sizeof *all, by_size);
    return all[(rounds - 1) * quarters / 4];
}

static void tell(const char *name, double *through_c, double *alone, double *ratios, size_t rounds) {
    printf("  %-38s %8.1f ns (%.1f-%.1f)", name, part(through_c, rounds, 2), part(through_c, rounds, 1),
           part(through_c, rounds, 3));
    if (alone != NULL) {
        printf(", in Rust %.1f ns, x %.2f (%.2f-%.2f)", part(alone, rounds, 2), part(ratios, rounds, 2),
               part(ratios, rounds, 1), part(ratios, rounds, 3));
    }
    printf("\n");
}

static size_t number(const char *text) {
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*end != '\0' || value == 0 || value > 1000000) {
        fprintf(stderr, "usage: crossing [--rounds N] [--machines N]\n");
        exit(2);
    }
    return (size_t)value;
}

int main(int argc, char **argv) {
    size_t rounds = 101, round, place;
    uint64_t ring_events;
    double *told;
    int i;
    count = 500;
    for (i = 1; i < argc; i += 2) {
        bool is_rounds = strcmp(argv[i], "--rounds") == 0;
        size_t value = number(is_rounds || strcmp(argv[i], "--machines") == 0 ? (i + 1 < argc ? argv[i + 1] : "") : "");
        *(is_rounds ? &rounds : &count) = value;
    }
    work = alone_work();
    if (work.nothing.data == NULL) {
        fprintf(stderr, "crossing: the session has no ring, or no frame that changes nothing\n");
        return 1;
    }
    machines = (callfold_machine *)calloc(count, sizeof *machines);
    // For each case: what it took through C, in Rust, and the ratio.
    told = (double *)calloc(3 * CASES_COUNT * rounds, sizeof *told);
    if (machines == NULL || told == NULL) {
        fprintf(stderr, "crossing: there is not so much memory\n");
        return 1;
    }
    prepare();
    ring(1);
    ring_events = events(1);
    if (ring_events < count) {
        fprintf(stderr, "crossing: nothing rings\n");
        return 1;
    }
    // One round more: what is cold is not measured.
    for (round = 0; round <= rounds; round++) {
        for (place = 0; place < CASES_COUNT; place++) {
            // Every round begins with another case, and every other one with Rust.
            size_t which = (round + place) % CASES_COUNT;
            const crossing *of = &CASES[which];
            bool rust_first = of->alone != NULL && round % 2 == 1;
            double rust = rust_first ? turn(of, true, ring_events) : 0;
            double c = turn(of, false, ring_events);
            if (of->alone != NULL && !rust_first) {
                rust = turn(of, true, ring_events);
            }
            if (round > 0) {
                told[(3 * which) * rounds + round - 1] = c;
                told[(3 * which + 1) * rounds + round - 1] = rust;
                told[(3 * which + 2) * rounds + round - 1] = rust > 0 ? c / rust : 0;
            }
        }
    }
    printf("across C, medians of %lu rounds with %lu machines (the middle half)\n", (unsigned long)rounds,
           (unsigned long)count);
    for (place = 0; place < CASES_COUNT; place++) {
        double *of = told + 3 * place * rounds;
        tell(CASES[place].name, of, CASES[place].alone == NULL ? NULL : of + rounds, of + 2 * rounds, rounds);
    }
    printf("a ring has %.1f events\n", (double)ring_events / (double)count);
    for (place = 0; place < count; place++) {
        must(callfold_machine_free(machines[place]), "a machine");
    }
    free(told);
    free(machines);
    return 0;
}
