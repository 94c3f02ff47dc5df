// What goes wrong is told, and nothing else happens: handles that are none, texts that are none, places that are too
// short. The tests in Rust do this to every function; here it is done as a program in C would.

#define _POSIX_C_SOURCE 200809L

#include "check.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

static void handles_that_are_none(void) {
    callfold_log log, none, copy;
    callfold_machine machine, wrong;
    callfold_buffer buffer;
    callfold_str borrowed;

    none.handle = 0;
    SAYS(CALLFOLD_BAD_HANDLE, callfold_log_sync(none));
    SAYS(CALLFOLD_BAD_HANDLE, callfold_log_free(none));
    none.handle = UINT64_MAX;
    SAYS(CALLFOLD_BAD_HANDLE, callfold_log_sync(none));
    OK(callfold_log_new(&log));
    // A copy of a handle is the same handle.
    copy = log;
    OK(callfold_log_sync(copy));
    wrong.handle = log.handle;
    SAYS(CALLFOLD_WRONG_HANDLE, callfold_machine_free(wrong));
    OK(callfold_log_free(log));
    SAYS(CALLFOLD_BAD_HANDLE, callfold_log_free(log));
    SAYS(CALLFOLD_BAD_HANDLE, callfold_log_sync(copy));
    // Whatever comes into its place has another handle.
    OK(callfold_machine_new(NULL, &machine));
    CHECK(machine.handle != log.handle);
    SAYS(CALLFOLD_BAD_HANDLE, callfold_log_sync(log));
    OK(callfold_machine_snapshot(machine, &buffer));
    OK(callfold_machine_free(machine));
    OK(callfold_buffer_free(buffer));
    SAYS(CALLFOLD_BAD_HANDLE, callfold_buffer_borrow(buffer, &borrowed));
    SAYS(CALLFOLD_BAD_HANDLE, callfold_buffer_free(buffer));
}

static void arguments_that_are_none(void) {
    callfold_log log;
    callfold_buffer buffer;
    callfold_view view;
    callfold_calls calls;
    callfold_machine machine;
    callfold_str row;
    OK(callfold_log_new(&log));
    SAYS(CALLFOLD_NULL_POINTER, callfold_log_new(NULL));
    SAYS(CALLFOLD_NULL_POINTER, callfold_log_calls(log, NULL, NULL, NULL));
    SAYS(CALLFOLD_NULL_POINTER, callfold_log_open(nothing(), NULL, &log));
    SAYS(CALLFOLD_NULL_POINTER, callfold_log_view_at(log, nothing(), 0, &view));
    SAYS(CALLFOLD_NO_STREAM, callfold_log_view_at(log, text("nobody"), 0, &view));
    row.data = NULL;
    row.length = 3;
    SAYS(CALLFOLD_NULL_POINTER, callfold_log_view_at(log, row, 0, &view));
    row.data = "nobody";
    row.length = SIZE_MAX;
    SAYS(CALLFOLD_BAD_ARGUMENT, callfold_log_view_at(log, row, 0, &view));
    SAYS(CALLFOLD_NOT_UTF8, callfold_log_view_at(log, text("nob\xffody"), 0, &view));
    SAYS(CALLFOLD_NOT_UTF8, callfold_log_view_at(log, text("\xed\xa0\x80"), 0, &view));
    SAYS(CALLFOLD_BAD_ARGUMENT, callfold_log_open(text(""), NULL, &log));
    SAYS(CALLFOLD_STORE_MISSING, callfold_log_open(text("there is none"), NULL, &log));
    OK(callfold_machine_new(NULL, &machine));
    SAYS(CALLFOLD_NOT_JSON, callfold_machine_handle_json(machine, text("{\"at\":0"), &buffer));
    OK(callfold_machine_free(machine));
    SAYS(CALLFOLD_BAD_SNAPSHOT, callfold_machine_restore(text("no snapshot"), &machine));
    SAYS(CALLFOLD_BAD_SNAPSHOT, callfold_machine_restore(text(""), &machine));
    OK(callfold_log_calls(log, NULL, NULL, &calls));
    OK(callfold_log_free(log));
    // What was asked for before is still told.
    SAYS(CALLFOLD_BAD_ARGUMENT, callfold_calls_json(calls, &buffer));
    OK(callfold_calls_free(calls));
}

static void sizes_that_are_none(void) {
    callfold_log log;
    callfold_calls calls;
    callfold_call_query query;
    OK(callfold_log_new(&log));
    BEGIN(query);
    OK(callfold_log_calls(log, &query, NULL, &calls));
    OK(callfold_calls_free(calls));
    query.size = 0;
    SAYS(CALLFOLD_BAD_ARGUMENT, callfold_log_calls(log, &query, NULL, &calls));
    query.size = sizeof query - 1;
    SAYS(CALLFOLD_BAD_ARGUMENT, callfold_log_calls(log, &query, NULL, &calls));
    query.size = sizeof query + 8;
    SAYS(CALLFOLD_BAD_ARGUMENT, callfold_log_calls(log, &query, NULL, &calls));
    query.size = SIZE_MAX;
    SAYS(CALLFOLD_BAD_ARGUMENT, callfold_log_calls(log, &query, NULL, &calls));
    OK(callfold_log_free(log));
}

static void places_that_are_too_short(void) {
    callfold_log log;
    callfold_buffer buffer;
    char into[8] = "1234567";
    size_t length = 0;
    OK(callfold_log_new(&log));
    OK(callfold_log_notes_json(log, &buffer));
    SAYS(CALLFOLD_BUFFER_TOO_SHORT, callfold_buffer_copy(buffer, NULL, 0, &length));
    CHECK(length == 2);
    SAYS(CALLFOLD_BUFFER_TOO_SHORT, callfold_buffer_copy(buffer, into, 2, &length));
    CHECK(strcmp(into, "1234567") == 0);
    OK(callfold_buffer_copy(buffer, into, 3, &length));
    CHECK(length == 2 && strcmp(into, "[]") == 0 && into[3] == '4');
    OK(callfold_buffer_copy(buffer, into, sizeof into, NULL));
    SAYS(CALLFOLD_NULL_POINTER, callfold_buffer_copy(buffer, NULL, 8, &length));
    OK(callfold_buffer_free(buffer));
    OK(callfold_log_free(log));
}

static void *other_thread(void *unused) {
    char message[256];
    size_t length = 1;
    callfold_log none;
    none.handle = 0;
    (void)unused;
    OK(callfold_error_message(message, sizeof message, &length));
    CHECK(length == 0 && message[0] == '\0');
    SAYS(CALLFOLD_BAD_HANDLE, callfold_log_sync(none));
    OK(callfold_error_message(message, sizeof message, NULL));
    CHECK(has(message, "zero"));
    return NULL;
}

static void why_is_kept_for_each_thread(void) {
    char message[256], short_one[4];
    size_t length = 0;
    callfold_log log;
    callfold_view view;
    callfold_buffer json;
    callfold_str name;
    pthread_t thread;
    char *why;
    OK(callfold_log_new(&log));
    SAYS(CALLFOLD_NO_STREAM, callfold_log_view_at(log, text("+79161234567"), 0, &view));
    CHECK(pthread_create(&thread, NULL, other_thread, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    // Also a call that is done leaves it as it is.
    OK(callfold_log_sync(log));
    OK(callfold_error_message(message, sizeof message, &length));
    CHECK(length > 0 && strlen(message) == length && has(message, "stream"));
    SAYS(CALLFOLD_BUFFER_TOO_SHORT, callfold_error_message(short_one, sizeof short_one, &length));
    OK(callfold_error_message(message, length + 1, NULL));
    OK(callfold_error_json(&json));
    why = taken(json);
    CHECK(has(why, "\"code\":5108") && has(why, "\"name\":\"no_stream\""));
    free(why);
    OK(callfold_result_name(CALLFOLD_NO_STREAM, &name));
    CHECK(is(name, "no_stream"));
    OK(callfold_result_text(CALLFOLD_NO_STREAM, &name));
    CHECK(name.length > 0);
    SAYS(CALLFOLD_BAD_ARGUMENT, callfold_result_name(4999, &name));
    OK(callfold_word_name(CALLFOLD_WORDS_LINE_STATE, CALLFOLD_LINE_STATE_READY, &name));
    CHECK(is(name, "ready"));
    SAYS(CALLFOLD_UNKNOWN_NAME, callfold_word_name(CALLFOLD_WORDS_LINE_STATE, 99, &name));
    OK(callfold_log_free(log));
}

static void a_child_has_no_log_of_its_parent(void) {
    callfold_log log;
    callfold_machine machine;
    callfold_buffer json;
    int status = 0;
    pid_t child;
    OK(callfold_log_new(&log));
    OK(callfold_machine_new(NULL, &machine));
    fflush(NULL);
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        // What lives by nothing of the process goes on living.
        bool good = callfold_log_sync(log) == CALLFOLD_AFTER_FORK && callfold_log_free(log) == CALLFOLD_AFTER_FORK &&
                    callfold_log_close(log) == CALLFOLD_AFTER_FORK &&
                    callfold_machine_handle_json(machine, text("{\"at\":0,\"wake\":true}"), NULL) == CALLFOLD_OK &&
                    callfold_machine_free(machine) == CALLFOLD_OK;
        _exit(good ? 0 : 1);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    OK(callfold_log_notes_json(log, &json));
    OK(callfold_buffer_free(json));
    OK(callfold_log_close(log));
    OK(callfold_machine_free(machine));
}

int main(void) {
    callfold_str version = callfold_version();
    CHECK(callfold_abi_version() == CALLFOLD_ABI && version.length >= 5);
    handles_that_are_none();
    arguments_that_are_none();
    sizes_that_are_none();
    places_that_are_too_short();
    why_is_kept_for_each_thread();
    a_child_has_no_log_of_its_parent();
    printf("misuse: good\n");
    return 0;
}
