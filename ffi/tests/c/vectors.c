// The recorded sessions through C: `vectors DIRECTORY OUT PATH...` writes of each what it announces, its events and its
// calls, which `run` holds to what every surface says. And its inputs, handled by a machine and by a recorder one by
// one, come to the same as the log has.

#define _POSIX_C_SOURCE 200809L

#include "check.h"

static FILE *out_for(const char *out, const char *path, const char *kind) {
    char name[1024];
    size_t i;
    FILE *file;
    CHECK(snprintf(name, sizeof name, "%s.%s", path, kind) < (int)sizeof name);
    for (i = 0; name[i] != '\0'; i++) {
        if (name[i] == '/') {
            name[i] = '~';
        }
    }
    file = fopen(under(out, name), "wb");
    CHECK(file != NULL);
    return file;
}

static void put(FILE *file, callfold_str line) {
    CHECK(fwrite(line.data, 1, line.length, file) == line.length);
}

static void put_line(FILE *file, callfold_buffer buffer) {
    callfold_str line;
    OK(callfold_buffer_borrow(buffer, &line));
    put(file, line);
    CHECK(fputc('\n', file) == '\n');
    OK(callfold_buffer_free(buffer));
}

// What the reference client would have announced.
static void announce(const char *session, FILE *file) {
    callfold_replayed report;
    callfold_buffer announcements;
    callfold_str all;
    OK(callfold_replay_file(text(session), NULL, &report, &announcements));
    CHECK(report.inputs > 0 && report.unknown_lines == 0);
    OK(callfold_buffer_borrow(announcements, &all));
    put(file, all);
    OK(callfold_buffer_free(announcements));
    CHECK(fclose(file) == 0);
}

static void write_events(callfold_log log, FILE *file) {
    callfold_events events;
    callfold_event event;
    callfold_buffer json;
    callfold_result result;
    OK(callfold_log_events(log, NULL, NULL, &events));
    while ((result = callfold_events_next(events, &event)) == CALLFOLD_OK) {
        OK(callfold_events_json(events, &json));
        put_line(file, json);
    }
    SAYS(CALLFOLD_END, result);
    OK(callfold_events_free(events));
    CHECK(fclose(file) == 0);
}

static void write_calls(callfold_log log, FILE *file) {
    callfold_calls calls;
    callfold_call call;
    callfold_buffer json;
    callfold_result result;
    OK(callfold_log_calls(log, NULL, NULL, &calls));
    while ((result = callfold_calls_next(calls, &call)) == CALLFOLD_OK) {
        OK(callfold_calls_json(calls, &json));
        put_line(file, json);
    }
    SAYS(CALLFOLD_END, result);
    OK(callfold_calls_free(calls));
    CHECK(fclose(file) == 0);
}

static void same_event(const callfold_event *one, const callfold_event *other) {
    CHECK(one->at == other->at && one->place == other->place && one->kind == other->kind);
    CHECK(one->line == other->line && one->code == other->code && one->command == other->command);
    CHECK(same(one->name, other->name) && same(one->announced, other->announced) && same(one->chain, other->chain));
    CHECK(same(one->number, other->number) && same(one->person, other->person));
}

static void same_json(callfold_buffer one, callfold_buffer other) {
    callfold_str first, second;
    OK(callfold_buffer_borrow(one, &first));
    OK(callfold_buffer_borrow(other, &second));
    if (!same(first, second)) {
        fprintf(stderr, "%.*s\n%.*s\n", (int)first.length, first.data, (int)second.length, second.data);
    }
    CHECK(same(first, second));
    OK(callfold_buffer_free(one));
    OK(callfold_buffer_free(other));
}

// A machine that is taken away in the middle, and goes on elsewhere.
static void move(callfold_machine *machine) {
    callfold_buffer snapshot;
    callfold_str bytes;
    OK(callfold_machine_snapshot(*machine, &snapshot));
    OK(callfold_machine_free(*machine));
    OK(callfold_buffer_borrow(snapshot, &bytes));
    OK(callfold_machine_restore(bytes, machine));
    OK(callfold_buffer_free(snapshot));
}

// What is so in the end, of a machine and of a log.
static void same_end(callfold_log log, callfold_str stream, uint64_t seq, callfold_machine machine) {
    callfold_view one, two;
    callfold_state is_so, was_so;
    callfold_buffer one_json, two_json;
    OK(callfold_machine_view(machine, &one));
    OK(callfold_log_view_at_record(log, stream, seq, &two));
    OK(callfold_view_state(one, &is_so));
    OK(callfold_view_state(two, &was_so));
    CHECK(is_so.at == was_so.at && is_so.seq == 0 && was_so.seq == seq);
    CHECK(is_so.connection == was_so.connection && is_so.line == was_so.line && is_so.held == was_so.held);
    CHECK(is_so.parties == was_so.parties && is_so.queue == was_so.queue && is_so.talk_since == was_so.talk_since);
    CHECK(same(is_so.conference, was_so.conference) && same(is_so.agent_login, was_so.agent_login));
    CHECK(is_so.agent_state == was_so.agent_state && is_so.agent_status == was_so.agent_status);
    OK(callfold_view_directory_json(one, &one_json));
    OK(callfold_view_directory_json(two, &two_json));
    same_json(one_json, two_json);
    OK(callfold_view_free(one));
    OK(callfold_view_free(two));
}

// The JSON of a record without the hash, which is its last member: it is of what was sealed with the keys of the log,
// which no other log has.
static callfold_str without_hash(callfold_buffer record) {
    callfold_str json;
    const char *hash;
    OK(callfold_buffer_borrow(record, &json));
    hash = strstr(json.data, ",\"hash\":");
    CHECK(hash != NULL && strstr(hash + 1, ",\"hash\":") == NULL);
    json.length = (size_t)(hash - json.data);
    return json;
}

// Two logs have the same records of a stream.
static void same_records(callfold_log log, callfold_log other, callfold_str stream) {
    callfold_records one, two;
    callfold_record first, second;
    callfold_buffer one_json, two_json;
    callfold_result result;
    OK(callfold_log_records(log, stream, 1, &one));
    OK(callfold_log_records(other, stream, 1, &two));
    while ((result = callfold_records_next(one, &first)) == CALLFOLD_OK) {
        OK(callfold_records_next(two, &second));
        CHECK(first.seq == second.seq && first.at == second.at && first.events == second.events);
        CHECK(!first.is_erased && !second.is_erased);
        OK(callfold_records_json(one, &one_json));
        OK(callfold_records_json(two, &two_json));
        CHECK(same(without_hash(one_json), without_hash(two_json)));
        OK(callfold_buffer_free(one_json));
        OK(callfold_buffer_free(two_json));
    }
    SAYS(CALLFOLD_END, result);
    SAYS(CALLFOLD_END, callfold_records_next(two, &second));
    OK(callfold_records_free(one));
    OK(callfold_records_free(two));
}

// The inputs of a stream, one by one.
static void run_again(callfold_log log) {
    callfold_streams streams;
    callfold_stream stream;
    callfold_config config;
    callfold_machine machine;
    callfold_recorder recorder;
    callfold_log copy;
    callfold_verified proof;
    callfold_records records;
    callfold_record record;
    callfold_events events;
    callfold_event told, decided, recorded;
    callfold_buffer input, one, two;
    callfold_str json;
    callfold_view view, then;
    callfold_effect effect;
    callfold_result result;
    uint64_t seq = 0;

    OK(callfold_log_streams(log, &streams));
    OK(callfold_streams_next(streams, &stream));
    BEGIN(config);
    config.is_replay = !stream.is_live;
    config.has_cti = stream.has_cti;
    config.stays_out = stream.stays_out;
    OK(callfold_machine_new(&config, &machine));
    OK(callfold_log_new(&copy));
    OK(callfold_recorder_new(copy, stream.name, nothing(), nothing(), stream.began, &config, &recorder));
    OK(callfold_log_events(log, NULL, NULL, &events));
    OK(callfold_log_records(log, stream.name, 1, &records));

    while ((result = callfold_records_next(records, &record)) == CALLFOLD_OK) {
        size_t place;
        seq++;
        CHECK(record.seq == seq);
        if (seq == stream.records / 2) {
            move(&machine);
        }
        OK(callfold_records_input_json(records, &input));
        OK(callfold_buffer_borrow(input, &json));
        OK(callfold_machine_handle_json(machine, json, NULL));
        OK(callfold_recorder_handle_json(recorder, json, NULL));
        OK(callfold_buffer_free(input));
        for (place = 0; place < record.events; place++) {
            OK(callfold_events_next(events, &told));
            CHECK(told.seq == seq && told.place == place && told.at == record.at && same(told.stream, stream.name));
            OK(callfold_machine_next_event(machine, &decided));
            CHECK(decided.seq == 0 && decided.stream.length == 0);
            same_event(&told, &decided);
            OK(callfold_recorder_next_event(recorder, &recorded));
            CHECK(recorded.seq == seq && same(recorded.stream, stream.name));
            same_event(&told, &recorded);
            OK(callfold_events_json(events, &one));
            OK(callfold_machine_event_json(machine, &two));
            same_json(one, two);
            OK(callfold_events_json(events, &one));
            OK(callfold_recorder_event_json(recorder, &two));
            same_json(one, two);
        }
        SAYS(CALLFOLD_END, callfold_machine_next_event(machine, &decided));
        SAYS(CALLFOLD_END, callfold_recorder_next_event(recorder, &recorded));
        // Nobody carries them out here.
        while (callfold_machine_next_effect(machine, &effect) == CALLFOLD_OK) {
            CHECK(effect.kind >= CALLFOLD_EFFECT_DIAL && effect.kind <= CALLFOLD_EFFECT_CLOSE);
        }
        while (callfold_recorder_next_effect(recorder, &effect) == CALLFOLD_OK) {
        }
    }
    SAYS(CALLFOLD_END, result);
    SAYS(CALLFOLD_END, callfold_events_next(events, &told));
    CHECK(seq == stream.records);

    OK(callfold_recorder_view(recorder, &view));
    OK(callfold_log_view_at_record(copy, stream.name, seq, &then));
    OK(callfold_view_json(view, &one));
    OK(callfold_view_json(then, &two));
    same_json(one, two);
    OK(callfold_view_free(view));
    OK(callfold_view_free(then));
    same_end(log, stream.name, seq, machine);
    same_records(log, copy, stream.name);
    OK(callfold_log_heads(copy, &one));
    OK(callfold_buffer_borrow(one, &json));
    OK(callfold_log_verify(copy, nothing(), true, json, NULL, &proof, NULL));
    OK(callfold_buffer_free(one));
    CHECK(proof.is_good && proof.streams == 1 && proof.records == seq);

    OK(callfold_events_free(events));
    OK(callfold_records_free(records));
    OK(callfold_recorder_free(recorder));
    OK(callfold_machine_free(machine));
    OK(callfold_log_free(copy));
    SAYS(CALLFOLD_END, callfold_streams_next(streams, &stream));
    OK(callfold_streams_free(streams));
}

int main(int argc, char **argv) {
    int i;
    CHECK(argc > 3);
    for (i = 3; i < argc; i++) {
        callfold_log log;
        announce(under(argv[1], argv[i]), out_for(argv[2], argv[i], "announced"));
        OK(callfold_log_new(&log));
        OK(callfold_log_import(log, text(under(argv[1], argv[i])), nothing(), NULL, NULL));
        write_events(log, out_for(argv[2], argv[i], "events"));
        write_calls(log, out_for(argv[2], argv[i], "calls"));
        run_again(log);
        OK(callfold_log_free(log));
    }
    printf("vectors: %d sessions\n", argc - 3);
    return 0;
}
