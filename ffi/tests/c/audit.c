// Looking for calls and for what does not fit, comparing, and a report: `audit VECTORS`, with the recorded sessions. That it is
// what Rust says, byte for byte, is looked at in ffi/tests/audit.rs.

#define _POSIX_C_SOURCE 200809L

#include "check.h"

static const char CALL[] = "d6c8232d-4e4a-48bb-954e-c719582a4718";

static callfold_log with_sessions(const char *vectors) {
    static const char *const names[] = {"hold-and-back", "incoming-abandoned", "connection-lost", "slow-server"};
    callfold_log log;
    size_t i;
    OK(callfold_log_new(&log));
    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[128];
        snprintf(path, sizeof path, "named/%s.jsonl", names[i]);
        OK(callfold_log_import(log, text(under(vectors, path)), nothing(), NULL, NULL));
    }
    return log;
}

// How many calls are handed out; there are `total`.
static uint64_t found(callfold_log log, const callfold_find_query *query, uint64_t total) {
    callfold_calls calls;
    callfold_call call;
    callfold_damage damage;
    callfold_found report;
    callfold_buffer json;
    callfold_result result;
    uint64_t count = 0, lines = 0;
    const char *at;
    char *all;
    OK(callfold_log_find(log, query, NULL, &calls, &report));
    while ((result = callfold_calls_next(calls, &call)) == CALLFOLD_OK) {
        count++;
    }
    SAYS(CALLFOLD_END, result);
    SAYS(CALLFOLD_END, callfold_calls_damage(calls, 0, &damage));
    OK(callfold_calls_free(calls));
    CHECK(report.total == total && report.damaged == 0);
    memset(&report, 0, sizeof report);
    OK(callfold_log_find_json(log, query, NULL, &report, &json));
    CHECK(report.total == total);
    all = taken(json);
    for (at = all; (at = strchr(at, '\n')) != NULL; at++) {
        lines++;
    }
    CHECK(lines == count);
    free(all);
    return count;
}

static void calls_are_found(callfold_log log) {
    static const callfold_call_outcome outcomes[] = {CALLFOLD_CALL_OUTCOME_ABANDONED, CALLFOLD_CALL_OUTCOME_LOST};
    callfold_find_query query;
    callfold_calls calls;
    callfold_call call;
    uint64_t all;
    BEGIN(query);
    OK(callfold_log_find(log, NULL, NULL, &calls, NULL));
    for (all = 0; callfold_calls_next(calls, &call) == CALLFOLD_OK; all++) {
    }
    OK(callfold_calls_free(calls));
    CHECK(all > 2 && found(log, &query, all) == all);
    query.most = 2;
    CHECK(found(log, &query, all) == 2);

    BEGIN(query);
    query.stream = text("hold-and-back");
    query.number = text("8 (916) 123-45-67");
    query.held = true;
    query.at_least = 1000000;
    query.has_at_least = true;
    CHECK(found(log, &query, 1) == 1);
    OK(callfold_log_find(log, &query, NULL, &calls, NULL));
    OK(callfold_calls_next(calls, &call));
    CHECK(is(call.id, CALL) && is(call.stream, "hold-and-back") && call.held > 0);
    OK(callfold_calls_free(calls));
    query.at_most = 1000000;
    query.has_at_most = true;
    CHECK(found(log, &query, 0) == 0);
    query.at_most = 999999;
    SAYS(CALLFOLD_BAD_RANGE, callfold_log_find(log, &query, NULL, &calls, NULL));

    BEGIN(query);
    query.outcomes = outcomes;
    query.outcomes_count = 2;
    OK(callfold_log_find(log, &query, NULL, &calls, NULL));
    OK(callfold_calls_next(calls, &call));
    CHECK(call.outcome == CALLFOLD_CALL_OUTCOME_ABANDONED || call.outcome == CALLFOLD_CALL_OUTCOME_LOST);
    OK(callfold_calls_free(calls));
    query.agent = text("nobody");
    CHECK(found(log, &query, 0) == 0);
    query.stream = text("nobody");
    SAYS(CALLFOLD_NO_STREAM, callfold_log_find(log, &query, NULL, &calls, NULL));
}

static void what_is_near_is_offered(callfold_log log) {
    callfold_calls calls;
    callfold_call call;
    callfold_buffer picture;
    callfold_str wrong = text("d6c8232d-0000-0000-0000-000000000000");
    CHECK(callfold_log_picture(log, nothing(), wrong, CALLFOLD_PICTURE_MERMAID, 0, &picture) != CALLFOLD_OK);
    OK(callfold_log_near(log, nothing(), wrong, NULL, &calls));
    OK(callfold_calls_next(calls, &call));
    CHECK(is(call.id, CALL));
    OK(callfold_log_picture(log, call.stream, call.id, CALLFOLD_PICTURE_MERMAID, 0, &picture));
    OK(callfold_buffer_free(picture));
    OK(callfold_calls_free(calls));
    OK(callfold_log_near(log, nothing(), text("nobody at all"), NULL, &calls));
    SAYS(CALLFOLD_END, callfold_calls_next(calls, &call));
    OK(callfold_calls_free(calls));
}

static void what_does_not_fit_is_told(callfold_log log) {
    static const callfold_oddity_kind kinds[] = {CALLFOLD_ODDITY_COMMAND_NEVER_ANSWERED, CALLFOLD_ODDITY_BOUND_HIT};
    callfold_lint_query query;
    callfold_oddities oddities;
    callfold_oddity oddity;
    callfold_linted report;
    callfold_buffer json;
    callfold_result result;
    callfold_str name, stream = text("incoming-abandoned");
    uint64_t count = 0, sum = 0;
    char *all, *one;
    size_t i;
    OK(callfold_log_lint(log, NULL, NULL, &oddities, &report));
    SAYS(CALLFOLD_BAD_ARGUMENT, callfold_oddities_json(oddities, &json));
    OK(callfold_log_lint_json(log, NULL, NULL, NULL, &json));
    all = taken(json);
    while ((result = callfold_oddities_next(oddities, &oddity)) == CALLFOLD_OK) {
        bool is_there = false;
        for (i = 0; i < oddity.records_count; i++) {
            is_there = is_there || oddity.records[i] == oddity.seq;
            CHECK(i == 0 || oddity.records[i] > oddity.records[i - 1]);
        }
        CHECK(is_there && oddity.stream.length > 0 && oddity.words.length > 0 && oddity.at > 0);
        OK(callfold_oddities_json(oddities, &json));
        one = taken(json);
        CHECK(has(all, one));
        OK(callfold_word_name(CALLFOLD_WORDS_ODDITY_KIND, oddity.kind, &name));
        CHECK(strncmp(one + strlen("{\"kind\":\""), name.data, name.length) == 0);
        free(one);
        count++;
    }
    free(all);
    SAYS(CALLFOLD_END, result);
    OK(callfold_oddities_free(oddities));
    for (i = 0; i < CALLFOLD_ODDITY_KINDS; i++) {
        sum += report.of[i];
    }
    CHECK(report.found == count && sum == count && report.streams == 4 && !report.is_damaged && count > 0);
    CHECK(report.of[0] == 0 && report.of[CALLFOLD_ODDITY_COMMAND_NEVER_ANSWERED] > 0);

    BEGIN(query);
    query.kinds = kinds;
    query.kinds_count = 2;
    OK(callfold_log_lint(log, &query, NULL, &oddities, &report));
    OK(callfold_oddities_next(oddities, &oddity));
    CHECK(oddity.kind == CALLFOLD_ODDITY_COMMAND_NEVER_ANSWERED && oddity.has_command);
    OK(callfold_oddities_free(oddities));
    // Nothing is odd there.
    query.streams = &stream;
    query.streams_count = 1;
    OK(callfold_log_lint(log, &query, NULL, &oddities, &report));
    SAYS(CALLFOLD_END, callfold_oddities_next(oddities, &oddity));
    CHECK(report.found == 0 && report.streams == 1 && report.records > 50);
    OK(callfold_oddities_free(oddities));
    query.from = 7;
    query.to = 7;
    query.has_from = query.has_to = true;
    SAYS(CALLFOLD_BAD_RANGE, callfold_log_lint(log, &query, NULL, &oddities, &report));
}

static void logs_are_compared(callfold_log log, const char *vectors) {
    callfold_log other, none;
    callfold_diff_query query;
    callfold_compared report;
    callfold_buffer json;
    callfold_str stream = text("queue");
    char *lines;
    none.handle = 0;
    OK(callfold_log_diff_json(log, none, NULL, NULL, &report, &json));
    CHECK(report.is_same && !report.is_damaged && report.streams == 4 && report.calls > 2 && report.told == 0);
    lines = taken(json);
    CHECK(strncmp(lines, "{\"summary\":", 11) == 0);
    free(lines);
    OK(callfold_log_new(&other));
    OK(callfold_log_import(other, text(under(vectors, "named/hold-and-back.jsonl")), nothing(), NULL, NULL));
    OK(callfold_log_import(other, text(under(vectors, "named/queue.jsonl")), nothing(), NULL, NULL));
    OK(callfold_log_diff_json(log, other, NULL, NULL, &report, &json));
    CHECK(!report.is_same && report.told == 4 && report.differ == 0);
    lines = taken(json);
    CHECK(has(lines, "{\"stream\":\"queue\",\"differs\":{\"missing\":\"one\"}}\n"));
    free(lines);
    BEGIN(query);
    query.streams = &stream;
    query.streams_count = 1;
    SAYS(CALLFOLD_NO_STREAM, callfold_log_diff_json(log, other, &query, NULL, &report, &json));
    stream = text("hold-and-back");
    OK(callfold_log_diff_json(log, other, &query, NULL, &report, &json));
    CHECK(report.is_same && report.streams == 1);
    OK(callfold_buffer_free(json));
    OK(callfold_log_free(other));
    SAYS(CALLFOLD_BAD_HANDLE, callfold_log_diff_json(log, other, NULL, NULL, NULL, &json));
}

static void a_floor_is_reported(callfold_log log) {
    callfold_report_options options;
    callfold_reported report;
    callfold_buffer buffer;
    callfold_str agents[2];
    char *all, *page, *late;
    OK(callfold_log_report_json(log, NULL, NULL, &report, &buffer));
    CHECK(report.lines == 4 && report.damaged == 0 && report.unknown_agents == 0);
    all = taken(buffer);
    CHECK(has(all, "\"serviceLevel\"") && has(all, "\"threshold\":20000000") && has(all, "\"shortAbandon\":5000000"));
    OK(callfold_log_report_html(log, NULL, NULL, NULL, &buffer));
    page = taken(buffer);
    CHECK(strncmp(page, "<!DOCTYPE html>", 15) == 0 && strcmp(page + strlen(page) - 8, "</html>\n") == 0);
    free(page);

    agents[0] = text("ivanov");
    agents[1] = text("nobody");
    BEGIN(options);
    options.agents = agents;
    options.agents_count = 2;
    options.threshold = 1000;
    options.has_threshold = true;
    options.has_short_abandon = true;
    options.offset_seconds = 3 * 3600;
    OK(callfold_log_report_json(log, &options, NULL, &report, &buffer));
    CHECK(report.lines == 4 && report.unknown_agents == 1);
    late = taken(buffer);
    CHECK(has(late, "\"unknownAgents\":[\"nobody\"]") && has(late, "\"threshold\":1000,\"shortAbandon\":0"));
    CHECK(strcmp(all, late) != 0);
    free(late);
    free(all);
    options.threshold = -1;
    SAYS(CALLFOLD_BAD_RANGE, callfold_log_report_json(log, &options, NULL, &report, &buffer));
}

static bool give_up(void *user, uint64_t done, uint64_t of) {
    (void)done;
    (void)of;
    ++*(int *)user;
    return false;
}

// A log that is long enough for all of them to tell how far they are.
static void long_work_is_broken_off(void) {
    callfold_log log, none;
    callfold_recorder recorder;
    callfold_input input;
    callfold_progress progress;
    callfold_calls calls;
    callfold_oddities oddities;
    callfold_buffer buffer;
    int64_t at;
    int told = 0;
    none.handle = 0;
    OK(callfold_log_new(&log));
    OK(callfold_recorder_new(log, text("by-hand"), text("ivanov"), nothing(), 1, NULL, &recorder));
    BEGIN(input);
    input.kind = CALLFOLD_INPUT_FRAME;
    input.socket = 7;
    input.text = text("[\"nothing\",{}]");
    for (at = 1; at <= 1200; at++) {
        input.at = at * 1000000;
        OK(callfold_recorder_handle(recorder, &input));
    }
    OK(callfold_recorder_free(recorder));
    progress.function = give_up;
    progress.user = &told;
    SAYS(CALLFOLD_INTERRUPTED, callfold_log_find(log, NULL, &progress, &calls, NULL));
    SAYS(CALLFOLD_INTERRUPTED, callfold_log_find_json(log, NULL, &progress, NULL, &buffer));
    SAYS(CALLFOLD_INTERRUPTED, callfold_log_near(log, nothing(), text(CALL), &progress, &calls));
    SAYS(CALLFOLD_INTERRUPTED, callfold_log_lint(log, NULL, &progress, &oddities, NULL));
    SAYS(CALLFOLD_INTERRUPTED, callfold_log_lint_json(log, NULL, &progress, NULL, &buffer));
    SAYS(CALLFOLD_INTERRUPTED, callfold_log_diff_json(log, none, NULL, &progress, NULL, &buffer));
    SAYS(CALLFOLD_INTERRUPTED, callfold_log_diff_json(log, log, NULL, &progress, NULL, &buffer));
    SAYS(CALLFOLD_INTERRUPTED, callfold_log_report_json(log, NULL, &progress, NULL, &buffer));
    SAYS(CALLFOLD_INTERRUPTED, callfold_log_report_html(log, NULL, &progress, NULL, &buffer));
    CHECK(told == 9);
    OK(callfold_log_free(log));
}

// What was found outlives the log; nothing more is found then.
static void a_log_that_is_closed_tells_nothing_more(callfold_log log) {
    callfold_log none;
    callfold_calls calls;
    callfold_call call;
    callfold_oddities oddities;
    callfold_oddity oddity;
    callfold_buffer buffer;
    none.handle = 0;
    OK(callfold_log_find(log, NULL, NULL, &calls, NULL));
    OK(callfold_log_lint(log, NULL, NULL, &oddities, NULL));
    OK(callfold_log_close(log));
    OK(callfold_calls_next(calls, &call));
    OK(callfold_oddities_next(oddities, &oddity));
    CHECK(call.id.length > 0 && oddity.words.length > 0);
    OK(callfold_calls_free(calls));
    OK(callfold_oddities_free(oddities));
    SAYS(CALLFOLD_BAD_HANDLE, callfold_oddities_next(oddities, &oddity));
    SAYS(CALLFOLD_BAD_HANDLE, callfold_oddities_free(oddities));
    SAYS(CALLFOLD_BAD_HANDLE, callfold_log_find(log, NULL, NULL, &calls, NULL));
    SAYS(CALLFOLD_BAD_HANDLE, callfold_log_near(log, nothing(), text(CALL), NULL, &calls));
    SAYS(CALLFOLD_BAD_HANDLE, callfold_log_lint(log, NULL, NULL, &oddities, NULL));
    SAYS(CALLFOLD_BAD_HANDLE, callfold_log_diff_json(log, none, NULL, NULL, NULL, &buffer));
    SAYS(CALLFOLD_BAD_HANDLE, callfold_log_report_json(log, NULL, NULL, NULL, &buffer));
}

int main(int argc, char **argv) {
    callfold_log log;
    CHECK(argc == 2);
    log = with_sessions(argv[1]);
    calls_are_found(log);
    what_is_near_is_offered(log);
    what_does_not_fit_is_told(log);
    logs_are_compared(log, argv[1]);
    a_floor_is_reported(log);
    long_work_is_broken_off();
    a_log_that_is_closed_tells_nothing_more(log);
    printf("audit: good\n");
    return 0;
}
