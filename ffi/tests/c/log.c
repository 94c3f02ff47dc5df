// Logs: `log VECTORS SCRATCH`, with the recorded sessions and an empty directory to write in.

#define _POSIX_C_SOURCE 200809L

#include "check.h"

#include <unistd.h>

static const char NUMBER[] = "+79161234567";

static callfold_log opened(const char *path, bool create, callfold_durability durability) {
    callfold_log_options options;
    callfold_log log;
    BEGIN(options);
    options.create = create;
    options.durability = durability;
    OK(callfold_log_open(text(path), &options, &log));
    return log;
}

static void import(callfold_log log, const char *vectors, const char *name) {
    callfold_buffer names;
    OK(callfold_log_import(log, text(under(vectors, name)), nothing(), NULL, &names));
    OK(callfold_buffer_free(names));
}

static callfold_verified verified(callfold_log log, callfold_str heads) {
    callfold_verified report;
    OK(callfold_log_verify(log, nothing(), true, heads, NULL, &report, NULL));
    return report;
}

static char *heads_of(callfold_log log) {
    callfold_buffer heads;
    OK(callfold_log_heads(log, &heads));
    return taken(heads);
}

// How many calls there are with a number; with any, if it is NULL.
static int calls_with(callfold_log log, const char *number) {
    callfold_call_query query;
    callfold_calls calls;
    callfold_call call;
    callfold_result result;
    int count = 0;
    BEGIN(query);
    query.number = text(number);
    OK(callfold_log_calls(log, &query, NULL, &calls));
    while ((result = callfold_calls_next(calls, &call)) == CALLFOLD_OK) {
        CHECK(number == NULL || is(call.number, number) || call.legs > 1);
        count++;
    }
    SAYS(CALLFOLD_END, result);
    OK(callfold_calls_free(calls));
    return count;
}

static void a_store_is_opened_kept_and_opened_again(const char *vectors, const char *scratch) {
    char path[4096], beside[4096];
    callfold_log log, second;
    callfold_log_options options;
    callfold_verified proof;
    callfold_buffer notes;
    char *heads, *after, *told;
    FILE *file;

    snprintf(path, sizeof path, "%s/store", scratch);
    SAYS(CALLFOLD_STORE_MISSING, callfold_log_open(text(path), NULL, &log));
    log = opened(path, true, CALLFOLD_DURABLE_ALWAYS);
    BEGIN(options);
    SAYS(CALLFOLD_STORE_IN_USE, callfold_log_open(text(path), &options, &second));
    import(log, vectors, "named/hold-and-back.jsonl");
    import(log, vectors, "named/connection-lost.jsonl");
    SAYS(CALLFOLD_NAME_TAKEN,
         callfold_log_import(log, text(under(vectors, "named/hold-and-back.jsonl")), nothing(), NULL, NULL));
    OK(callfold_log_sync(log));
    heads = heads_of(log);
    OK(callfold_log_close(log));
    SAYS(CALLFOLD_BAD_HANDLE, callfold_log_sync(log));

    log = opened(path, false, 20);
    OK(callfold_log_notes_json(log, &notes));
    told = taken(notes);
    CHECK(told[0] == '[');
    free(told);
    after = heads_of(log);
    CHECK(strcmp(heads, after) == 0);
    free(after);
    proof = verified(log, text(heads));
    CHECK(proof.is_good && !proof.is_damaged && proof.streams == 2 && proof.records > 200 && proof.missing == 0);
    CHECK(calls_with(log, NULL) >= 2 && calls_with(log, NUMBER) >= 1 && calls_with(log, "99999") == 0);
    OK(callfold_log_close(log));
    log = opened(path, false, CALLFOLD_DURABLE_NEVER);
    OK(callfold_log_free(log));

    // Heads of a log that another one does not have.
    OK(callfold_log_new(&log));
    import(log, vectors, "named/hold-and-back.jsonl");
    proof = verified(log, text(heads));
    CHECK(!proof.is_good && proof.missing + proof.findings > 0);
    OK(callfold_log_free(log));
    free(heads);

    snprintf(beside, sizeof beside, "%s/no-store", scratch);
    file = fopen(beside, "wb");
    CHECK(file != NULL && fputs("something else", file) >= 0 && fclose(file) == 0);
    CHECK(callfold_log_open(text(beside), &options, &log) != CALLFOLD_OK);
    CHECK(unlink(beside) == 0);
}

static void calls_are_told_whole(callfold_log log) {
    callfold_calls calls;
    callfold_call call;
    callfold_spell spell;
    callfold_leg leg;
    callfold_hold hold;
    callfold_transfer transfer;
    callfold_irregularity odd;
    callfold_buffer text_of;
    callfold_view view, then;
    callfold_state state, at_time;
    callfold_party party;
    callfold_moment held;
    size_t index;
    int64_t talk = 0, on_hold = 0, until;
    char *picture;
    callfold_picture which;

    OK(callfold_log_calls(log, NULL, NULL, &calls));
    SAYS(CALLFOLD_BAD_ARGUMENT, callfold_calls_leg(calls, 0, &leg));
    OK(callfold_calls_next(calls, &call));
    CHECK(is(call.stream, "hold-and-back") && call.outcome == CALLFOLD_CALL_OUTCOME_ANSWERED);
    CHECK(call.began.seq > 0 && call.answered.at > call.began.at && call.ended.at > call.answered.at);
    CHECK(call.spells > 2 && call.legs == 1 && call.holds == 1);
    until = call.began.at;
    for (index = 0; index < call.spells; index++) {
        OK(callfold_calls_spell(calls, index, &spell));
        CHECK(spell.from.at >= until && spell.to.at >= spell.from.at);
        until = spell.to.at;
        talk += spell.kind == CALLFOLD_SPELL_TALK || spell.kind == CALLFOLD_SPELL_CONFERENCE
                    ? spell.to.at - spell.from.at
                    : 0;
        on_hold += spell.kind == CALLFOLD_SPELL_HOLD ? spell.to.at - spell.from.at : 0;
    }
    SAYS(CALLFOLD_END, callfold_calls_spell(calls, index, &spell));
    SAYS(CALLFOLD_END, callfold_calls_spell(calls, SIZE_MAX, &spell));
    CHECK(talk == call.talk && on_hold == call.held && call.held > 0);
    OK(callfold_calls_leg(calls, 0, &leg));
    CHECK(same(leg.number, call.number) && leg.number.length > 0 && leg.from.seq >= call.began.seq);
    SAYS(CALLFOLD_END, callfold_calls_leg(calls, 1, &leg));
    OK(callfold_calls_hold(calls, 0, &hold));
    CHECK(hold.reason == CALLFOLD_HOLD_REASON_PUT_BY_US && hold.end == CALLFOLD_HOLD_END_RETURNED);
    CHECK(hold.to.at - hold.from.at == call.held);
    SAYS(CALLFOLD_END, callfold_calls_hold(calls, 1, &hold));
    SAYS(CALLFOLD_END, callfold_calls_transfer(calls, call.transfers, &transfer));
    SAYS(CALLFOLD_END, callfold_calls_gap(calls, call.gaps, &spell));
    SAYS(CALLFOLD_END, callfold_calls_irregularity(calls, call.irregularities, &odd));

    // What was so when the hold began: by its record, and by its time.
    OK(callfold_calls_hold(calls, 0, &hold));
    held = hold.from;
    OK(callfold_log_view_at_record(log, call.stream, held.seq, &view));
    OK(callfold_view_state(view, &state));
    CHECK(state.seq == held.seq && state.at == held.at && state.held == 1);
    OK(callfold_view_party(view, CALLFOLD_PARTIES_HELD, 0, &party));
    CHECK(same(party.number, call.number));
    SAYS(CALLFOLD_END, callfold_view_party(view, CALLFOLD_PARTIES_HELD, 1, &party));
    OK(callfold_log_view_at(log, call.stream, held.at, &then));
    OK(callfold_view_state(then, &at_time));
    CHECK(at_time.held == 1 && at_time.seq >= held.seq && at_time.line == state.line);
    OK(callfold_view_free(then));
    OK(callfold_log_view_at(log, call.stream, held.at - 1, &then));
    OK(callfold_view_state(then, &at_time));
    CHECK(at_time.held == 0 && at_time.seq < held.seq && at_time.at == held.at - 1);
    OK(callfold_view_free(then));
    OK(callfold_view_free(view));
    SAYS(CALLFOLD_TOO_EARLY, callfold_log_view_at(log, call.stream, 0, &view));
    SAYS(CALLFOLD_NO_RECORD, callfold_log_view_at_record(log, call.stream, 1000000, &view));

    for (which = CALLFOLD_PICTURE_TIMELINE_TEXT; which <= CALLFOLD_PICTURE_HTML; which++) {
        OK(callfold_log_picture(log, call.stream, call.id, which, 3 * 3600, &text_of));
        picture = taken(text_of);
        CHECK(strlen(picture) > 100);
        CHECK((which == CALLFOLD_PICTURE_TIMELINE_SVG || which == CALLFOLD_PICTURE_LADDER_SVG) ==
              (strncmp(picture, "<svg", 4) == 0));
        free(picture);
    }
    SAYS(CALLFOLD_UNKNOWN_NAME, callfold_log_picture(log, call.stream, call.id, 99, 0, &text_of));
    OK(callfold_calls_free(calls));
}

static void times_add_up(callfold_log log) {
    callfold_times times;
    callfold_time row;
    callfold_buffer json;
    callfold_result result;
    char *all;
    int rows = 0, kind;
    OK(callfold_log_times(log, nothing(), 3 * 3600, NULL, &times));
    while ((result = callfold_times_next(times, &row)) == CALLFOLD_OK) {
        int64_t sum = 0;
        for (kind = 0; kind < CALLFOLD_TIME_KINDS; kind++) {
            CHECK(row.of[kind] >= 0);
            sum += row.of[kind];
        }
        CHECK(sum == row.logged_in && row.of[0] == 0 && row.logged_in > 0 && row.stream.length > 0);
        OK(callfold_times_json(times, &json));
        all = taken(json);
        CHECK(has(all, "\"time\""));
        free(all);
        rows++;
    }
    SAYS(CALLFOLD_END, result);
    CHECK(rows >= 2);
    OK(callfold_times_free(times));
    SAYS(CALLFOLD_NO_STREAM, callfold_log_times(log, text("nobody"), 0, NULL, &times));
}

static void events_are_chosen(callfold_log log) {
    callfold_event_query query;
    callfold_events events;
    callfold_event event;
    callfold_str names[2], streams[1];
    callfold_result result;
    int changed = 0, held = 0;
    names[0] = text("line_changed");
    names[1] = text("hold_entered");
    streams[0] = text("hold-and-back");
    BEGIN(query);
    query.names = names;
    query.names_count = 2;
    query.streams = streams;
    query.streams_count = 1;
    OK(callfold_log_events(log, &query, NULL, &events));
    while ((result = callfold_events_next(events, &event)) == CALLFOLD_OK) {
        CHECK(is(event.stream, "hold-and-back") && event.seq > 0);
        CHECK(event.kind == CALLFOLD_EVENT_LINE_CHANGED || event.kind == CALLFOLD_EVENT_HOLD_ENTERED);
        CHECK((event.kind == CALLFOLD_EVENT_LINE_CHANGED) == (event.line != 0));
        changed += event.kind == CALLFOLD_EVENT_LINE_CHANGED;
        held += event.kind == CALLFOLD_EVENT_HOLD_ENTERED;
    }
    SAYS(CALLFOLD_END, result);
    CHECK(changed > 2 && held == 1);
    OK(callfold_events_free(events));
    names[1] = text("no_such_event");
    SAYS(CALLFOLD_UNKNOWN_NAME, callfold_log_events(log, &query, NULL, &events));
    query.names_count = 1;
    streams[0] = text("nobody");
    SAYS(CALLFOLD_NO_STREAM, callfold_log_events(log, &query, NULL, &events));
}

static bool give_up(void *user, uint64_t done, uint64_t of) {
    (void)done;
    (void)of;
    ++*(int *)user;
    return false;
}

// A recorder is fed by hand. That is also a stream long enough for progress to be told.
static void long_work_is_broken_off(const char *scratch) {
    callfold_log log;
    callfold_recorder recorder;
    callfold_input input;
    callfold_event event;
    callfold_progress progress;
    callfold_verified report;
    callfold_buffer json;
    int64_t at;
    int calls = 0;
    char *all;

    OK(callfold_log_new(&log));
    OK(callfold_recorder_new(log, text("by-hand"), text("ivanov"), nothing(), 1, NULL, &recorder));
    BEGIN(input);
    input.kind = CALLFOLD_INPUT_FRAME;
    input.socket = 7;
    input.text = text("[\"nothing\",{}]");
    for (at = 1; at <= 2500; at++) {
        input.at = at * 1000000;
        OK(callfold_recorder_handle(recorder, &input));
        OK(callfold_recorder_next_event(recorder, &event));
        CHECK(event.kind == CALLFOLD_EVENT_FRAME_ON_DEAD_SOCKET && event.seq == (uint64_t)at && event.at == input.at);
        SAYS(CALLFOLD_END, callfold_recorder_next_event(recorder, &event));
    }
    input.kind = 99;
    SAYS(CALLFOLD_UNKNOWN_NAME, callfold_recorder_handle(recorder, &input));
    OK(callfold_recorder_free(recorder));

    progress.function = give_up;
    progress.user = &calls;
    SAYS(CALLFOLD_INTERRUPTED, callfold_log_verify(log, nothing(), true, nothing(), &progress, &report, NULL));
    CHECK(calls == 1);
    SAYS(CALLFOLD_INTERRUPTED,
         callfold_log_export(log, NULL, 0, text(under(scratch, "broken-off.jsonl")), &progress, NULL));
    CHECK(calls == 2 && access(under(scratch, "broken-off.jsonl"), F_OK) != 0);
    OK(callfold_log_verify(log, nothing(), false, nothing(), NULL, &report, &json));
    CHECK(report.is_good && report.records == 2500);
    all = taken(json);
    CHECK(has(all, "\"stream\":\"by-hand\""));
    free(all);
    OK(callfold_log_free(log));
}

// The export with one byte of its middle changed is another file.
static void change_a_byte(const char *from, const char *to) {
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    long length, at;
    CHECK(in != NULL && out != NULL && fseek(in, 0, SEEK_END) == 0);
    length = ftell(in);
    CHECK(length > 1000 && fseek(in, 0, SEEK_SET) == 0);
    for (at = 0; at < length; at++) {
        int byte = fgetc(in);
        // A digit stays one: the line is still JSON.
        static bool is_changed;
        if (at > length / 2 && !is_changed && byte >= '0' && byte <= '8') {
            byte++;
            is_changed = true;
        }
        CHECK(fputc(byte, out) != EOF);
    }
    CHECK(fclose(in) == 0 && fclose(out) == 0);
}

static void an_export_is_the_log_elsewhere(callfold_log log, const char *scratch) {
    char whole[4096], changed[4096];
    callfold_log copy;
    callfold_verified proof;
    callfold_buffer names;
    callfold_str streams[1];
    callfold_result result;
    uint64_t records = 0, of_one = 0;
    char *heads = heads_of(log), *theirs;

    snprintf(whole, sizeof whole, "%s/whole.jsonl", scratch);
    snprintf(changed, sizeof changed, "%s/changed.jsonl", scratch);
    OK(callfold_log_export(log, NULL, 0, text(whole), NULL, &records));
    CHECK(records > 200);
    OK(callfold_log_new(&copy));
    OK(callfold_log_import(copy, text(whole), nothing(), NULL, &names));
    theirs = taken(names);
    CHECK(has(theirs, "\"hold-and-back\"") && has(theirs, "\"connection-lost\""));
    free(theirs);
    proof = verified(copy, text(heads));
    CHECK(proof.is_good && proof.records == records);
    theirs = heads_of(copy);
    CHECK(strcmp(heads, theirs) == 0);
    free(theirs);
    CHECK(calls_with(copy, NULL) == calls_with(log, NULL));
    OK(callfold_log_free(copy));

    change_a_byte(whole, changed);
    OK(callfold_log_new(&copy));
    result = callfold_log_import(copy, text(changed), nothing(), NULL, NULL);
    CHECK(result == CALLFOLD_EXPORT_CHANGED || result == CALLFOLD_NOT_AN_EXPORT);
    OK(callfold_log_free(copy));

    streams[0] = text("hold-and-back");
    OK(callfold_log_export(log, streams, 1, text(changed), NULL, &of_one));
    CHECK(of_one > 0 && of_one < records);
    CHECK(callfold_log_export(log, NULL, 0, text(under(scratch, "no/such/place")), NULL, NULL) != CALLFOLD_OK);
    free(heads);
}

static void records_have_their_chain(callfold_log log) {
    callfold_streams streams;
    callfold_stream stream;
    callfold_records records;
    callfold_record record;
    callfold_buffer json;
    callfold_result result;
    char head[65], *all;
    uint64_t seq = 10;
    size_t i;
    OK(callfold_log_streams(log, &streams));
    OK(callfold_streams_next(streams, &stream));
    CHECK(!stream.is_live && stream.records > 100 && stream.head.length == 64 && stream.last > stream.began);
    OK(callfold_log_records(log, stream.name, 10, &records));
    SAYS(CALLFOLD_BAD_ARGUMENT, callfold_records_json(records, &json));
    while ((result = callfold_records_next(records, &record)) == CALLFOLD_OK) {
        CHECK(record.seq == seq++);
    }
    SAYS(CALLFOLD_END, result);
    CHECK(seq == stream.records + 1);
    // The last one's is the head of the stream.
    for (i = 0; i < sizeof record.hash; i++) {
        snprintf(head + 2 * i, 3, "%02x", (unsigned)record.hash[i]);
    }
    CHECK(is(stream.head, head));
    OK(callfold_records_free(records));
    OK(callfold_log_commands_json(log, stream.name, NULL, &json));
    all = taken(json);
    CHECK(all[0] == '{' && all[strlen(all) - 1] == '\n');
    free(all);
    OK(callfold_streams_free(streams));
}

static void somebody_is_erased(callfold_log log) {
    callfold_erased counted, erased;
    callfold_verified proof;
    int calls = calls_with(log, NULL), theirs = calls_with(log, NUMBER);
    char *heads = heads_of(log), *after;
    CHECK(theirs > 0);
    SAYS(CALLFOLD_NOT_ERASABLE, callfold_log_erase(log, text("7"), false, NULL, &erased));
    OK(callfold_log_erase(log, text(NUMBER), true, NULL, &counted));
    CHECK(counted.records > 0 && calls_with(log, NUMBER) == theirs);
    OK(callfold_log_erase(log, text(NUMBER), false, NULL, &erased));
    CHECK(erased.records == counted.records && erased.still_readable == 0);
    CHECK(calls_with(log, NUMBER) == 0 && calls_with(log, NULL) == calls);
    proof = verified(log, text(heads));
    CHECK(proof.is_good && proof.erased == erased.records);
    after = heads_of(log);
    CHECK(strcmp(heads, after) == 0);
    free(after);
    free(heads);
}

// The log is closed while what was made of it is still being read, and is closed for good when that is freed.
static void what_was_asked_for_outlives_the_log(const char *scratch) {
    char path[4096];
    callfold_log log, again;
    callfold_calls calls;
    callfold_call call;
    callfold_records records;
    callfold_record record;
    callfold_events events;
    callfold_event event;
    callfold_streams streams;
    callfold_stream stream;
    callfold_view view;
    callfold_state state;
    int i;

    snprintf(path, sizeof path, "%s/store", scratch);
    log = opened(path, false, 0);
    OK(callfold_log_calls(log, NULL, NULL, &calls));
    OK(callfold_log_streams(log, &streams));
    OK(callfold_streams_next(streams, &stream));
    OK(callfold_log_records(log, stream.name, 1, &records));
    OK(callfold_log_events(log, NULL, NULL, &events));
    OK(callfold_log_view_at_record(log, stream.name, 1, &view));
    OK(callfold_events_next(events, &event));
    OK(callfold_log_close(log));
    OK(callfold_calls_next(calls, &call));
    OK(callfold_records_next(records, &record));
    CHECK(record.seq == 1);
    OK(callfold_events_next(events, &event));
    OK(callfold_view_state(view, &state));
    SAYS(CALLFOLD_STORE_IN_USE, callfold_log_open(text(path), NULL, &again));
    OK(callfold_calls_free(calls));
    OK(callfold_records_free(records));
    OK(callfold_events_free(events));
    OK(callfold_streams_free(streams));
    OK(callfold_view_free(view));
    // The thread that read ahead for the events ends by itself.
    for (i = 0; callfold_log_open(text(path), NULL, &again) != CALLFOLD_OK; i++) {
        CHECK(i < 1000);
        sleep_millis(10);
    }
    OK(callfold_log_close(again));
}

int main(int argc, char **argv) {
    callfold_log log;
    const char *vectors, *scratch;
    CHECK(argc == 3);
    vectors = argv[1];
    scratch = argv[2];
    a_store_is_opened_kept_and_opened_again(vectors, scratch);
    OK(callfold_log_new(&log));
    import(log, vectors, "named/hold-and-back.jsonl");
    import(log, vectors, "named/connection-lost.jsonl");
    calls_are_told_whole(log);
    times_add_up(log);
    events_are_chosen(log);
    long_work_is_broken_off(scratch);
    an_export_is_the_log_elsewhere(log, scratch);
    records_have_their_chain(log);
    somebody_is_erased(log);
    OK(callfold_log_close(log));
    what_was_asked_for_outlives_the_log(scratch);
    printf("log: good\n");
    return 0;
}
