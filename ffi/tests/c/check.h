// What the tests have in common: they look at something, and end with where and why if it is not so.

#ifndef CALLFOLD_CHECK_H
#define CALLFOLD_CHECK_H

#include <callfold.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// Results of the calls of threads are looked at in their threads: the first that is wrong ends the program.
static inline void fail_at(const char *file, int line, const char *what, const char *why) {
    fprintf(stderr, "%s:%d: %s%s%s\n", file, line, what, why[0] != '\0' ? ": " : "", why);
    fflush(stderr);
    abort();
}

#define CHECK(is_so) ((is_so) ? (void)0 : fail_at(__FILE__, __LINE__, #is_so, ""))

static inline void says_at(const char *file, int line, const char *what, callfold_result got, callfold_result wanted) {
    char why[1024], message[512];
    callfold_str name;
    if (got == wanted) {
        return;
    }
    if (callfold_error_message(message, sizeof message, NULL) != CALLFOLD_OK) {
        message[0] = '\0';
    }
    if (callfold_result_name(got, &name) != CALLFOLD_OK) {
        name = callfold_text("?");
    }
    snprintf(why, sizeof why, "%u (%.*s), not %u: %s", (unsigned)got, (int)name.length, name.data, (unsigned)wanted,
             message);
    fail_at(file, line, what, why);
}

// A call that must say this, and one that must be done.
#define SAYS(wanted, call) says_at(__FILE__, __LINE__, #call, (call), (wanted))
#define OK(call) SAYS(CALLFOLD_OK, call)

// All zeros, with the size filled in: how a structure begins that is given to callfold. C and C++ have no shorter way
// in common that compilers do not warn of.
#define BEGIN(options) (memset(&(options), 0, sizeof(options)), (options).size = sizeof(options))

static inline callfold_str text(const char *nul_terminated) {
    return callfold_text(nul_terminated);
}

static inline callfold_str nothing(void) {
    callfold_str none;
    none.data = NULL;
    none.length = 0;
    return none;
}

static inline bool same(callfold_str one, callfold_str other) {
    return one.length == other.length && (one.length == 0 || memcmp(one.data, other.data, one.length) == 0);
}

static inline bool is(callfold_str got, const char *wanted) {
    return same(got, callfold_text(wanted));
}

static inline bool has(const char *all, const char *part) {
    return strstr(all, part) != NULL;
}

// What a buffer has, as memory of the test's own; the buffer is freed.
static inline char *taken(callfold_buffer buffer) {
    callfold_str all;
    char *copy;
    OK(callfold_buffer_borrow(buffer, &all));
    CHECK(all.data[all.length] == '\0');
    copy = (char *)malloc(all.length + 1);
    CHECK(copy != NULL);
    memcpy(copy, all.data, all.length + 1);
    OK(callfold_buffer_free(buffer));
    return copy;
}

// What is at a place of a directory. Written anew with each call.
static inline const char *under(const char *directory, const char *name) {
    static char path[4096];
    int length = snprintf(path, sizeof path, "%s/%s", directory, name);
    CHECK(length > 0 && (size_t)length < sizeof path);
    return path;
}

static inline int64_t now_micros(void) {
    struct timespec now;
    CHECK(clock_gettime(CLOCK_REALTIME, &now) == 0);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static inline void sleep_millis(long millis) {
    struct timespec length;
    length.tv_sec = millis / 1000;
    length.tv_nsec = millis % 1000 * 1000000;
    nanosleep(&length, NULL);
}


static inline callfold_str read_file(const char *path, char *into, size_t capacity) {
    callfold_str all;
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL);
    all.data = into;
    all.length = fread(into, 1, capacity, file);
    CHECK(all.length > 0 && all.length < capacity);
    CHECK(fclose(file) == 0);
    return all;
}

#endif
