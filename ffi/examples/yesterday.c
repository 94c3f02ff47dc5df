// Prints the calls of yesterday, or of another day, as a table.
//
//     cc yesterday.c $(pkg-config --cflags --libs callfold) -o yesterday
//     ./yesterday --store DIR [--day YYYY-MM-DD] [--offset +HH:MM]
//
// The offset says where a day begins: +03:00 is three hours ahead of UTC, which is what a day is by without it.
// Exits with 0 if all went well, 1 if not, 2 if it was called wrongly.

#include <callfold.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

static const int64_t SECOND = 1000000;
static const int64_t DAY = INT64_C(86400) * 1000000;

// Says why the last call failed. The message names no person and no secret.
static int failed(const char *what) {
    char why[512];
    if (callfold_error_message(why, sizeof why, NULL) != CALLFOLD_OK) {
        why[0] = '\0';
    }
    fprintf(stderr, "yesterday: %s: %s\n", what, why);
    return 1;
}

// The number of a day, from 1970-01-01 (days_from_civil of Howard Hinnant).
static int64_t day_of(int64_t year, int month, int day) {
    int64_t from_march = month > 2 ? month - 3 : month + 9;
    int64_t era, of_era, of_year;
    year -= month <= 2;
    era = (year >= 0 ? year : year - 399) / 400;
    of_era = year - era * 400;
    of_year = (153 * from_march + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool read_day(const char *text, int64_t *day) {
    int y, m, d, end = 0;
    if (sscanf(text, "%4d-%2d-%2d%n", &y, &m, &d, &end) != 3 || end != 10 || text[end] != '\0' || y < 1 || m < 1 ||
        m > 12 || d < 1 || d > 31) {
        return false;
    }
    *day = day_of(y, m, d);
    // The 30th of February is none: it would be a day of March.
    return m == 12 || *day < day_of(y, m + 1, 1);
}

static bool read_offset(const char *text, int64_t *offset) {
    int hours, minutes, end = 0;
    if ((text[0] != '+' && text[0] != '-') || sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &end) != 2 || end != 5 ||
        text[6] != '\0' || hours < 0 || hours > 14 || minutes < 0 || minutes > 59) {
        return false;
    }
    *offset = (hours * 3600 + minutes * 60) * SECOND * (text[0] == '-' ? -1 : 1);
    return true;
}

static void print_length(int64_t micros) {
    long seconds = (long)(micros / SECOND);
    printf("  %3ld:%02ld", seconds / 60, seconds % 60);
}

// A word of callfold's, such as `answered`.
static callfold_str word(uint32_t words, uint32_t which) {
    callfold_str name;
    if (callfold_word_name(words, which, &name) != CALLFOLD_OK) {
        name = callfold_text("?");
    }
    return name;
}

static void print_call(const callfold_call *call, int64_t offset, int64_t midnight) {
    long of_day = (long)((call->began.at + offset - midnight) / SECOND);
    callfold_str direction = word(CALLFOLD_WORDS_CALL_DIRECTION, call->direction);
    callfold_str outcome = word(CALLFOLD_WORDS_CALL_OUTCOME, call->outcome);

    printf("%02ld:%02ld:%02ld  %-9.*s  %-16.*s  %-12.*s", of_day / 3600, of_day / 60 % 60, of_day % 60,
           (int)direction.length, direction.data, (int)call->number.length,
           call->number.length > 0 ? call->number.data : "", (int)outcome.length, outcome.data);
    print_length(call->waited);
    print_length(call->talk);
    print_length(call->held);
    printf("\n");
}

// The calls of a day of a log; `day` is counted from 1970-01-01.
static int print_day(callfold_log log, int64_t day, int64_t offset) {
    callfold_call_query query;
    callfold_calls calls;
    callfold_call call;
    callfold_result result;
    unsigned long count = 0;

    memset(&query, 0, sizeof query);
    query.size = sizeof query;
    query.from = day * DAY - offset;
    query.to = query.from + DAY;
    query.has_from = query.has_to = true;
    if (callfold_log_calls(log, &query, NULL, &calls) != CALLFOLD_OK) {
        return failed("the calls");
    }
    printf("%-8s  %-9s  %-16s  %-12s  %6s  %6s  %6s\n", "time", "direction", "number", "outcome", "waited", "talk",
           "held");
    while ((result = callfold_calls_next(calls, &call)) == CALLFOLD_OK) {
        print_call(&call, offset, day * DAY);
        count++;
    }
    if (result != CALLFOLD_END) {
        failed("the calls");
    } else {
        printf("%lu call%s\n", count, count == 1 ? "" : "s");
    }
    callfold_calls_free(calls);
    return result == CALLFOLD_END ? 0 : 1;
}

int main(int argc, char **argv) {
    const char *store = NULL, *day_text = NULL;
    int64_t offset = 0, day;
    callfold_log log;
    bool good = true;
    int status, i;

    for (i = 1; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (value != NULL && strcmp(argv[i], "--store") == 0) {
            store = value;
        } else if (value != NULL && strcmp(argv[i], "--day") == 0) {
            day_text = value;
        } else if (value == NULL || strcmp(argv[i], "--offset") != 0 || !read_offset(value, &offset)) {
            good = false;
        }
    }
    day = ((int64_t)time(NULL) * SECOND + offset) / DAY - 1;
    if (!good || store == NULL || (day_text != NULL && !read_day(day_text, &day))) {
        fprintf(stderr, "usage: yesterday --store DIR [--day YYYY-MM-DD] [--offset +HH:MM]\n");
        return 2;
    }
    // Nothing for the options: the store must be there.
    if (callfold_log_open(callfold_text(store), NULL, &log) != CALLFOLD_OK) {
        return failed("the store");
    }
    status = print_day(log, day, offset);
    callfold_log_free(log);
    return status;
}
