// Replays a recorded session: prints what the reference client would have announced, and how much that was.
//
//     cc replay.c $(pkg-config --cflags --libs callfold) -o replay
//     ./replay session.jsonl
//
// Exits with 0 if it was replayed, 1 if it cannot be, 2 if it was called wrongly.

#include <callfold.h>

#include <stdio.h>

// Says why the last call failed. The message names no person and no secret.
static int failed(const char *what) {
    char why[512];
    // Cut off, if it is longer: half a reason is better than none.
    if (callfold_error_message(why, sizeof why, NULL) != CALLFOLD_OK) {
        why[0] = '\0';
    }
    fprintf(stderr, "replay: %s: %s\n", what, why);
    return 1;
}

int main(int argc, char **argv) {
    callfold_replayed report;
    callfold_buffer announcements;
    callfold_str text;

    if (argc != 2) {
        fprintf(stderr, "usage: replay SESSION\n");
        return 2;
    }
    if (callfold_abi_version() != CALLFOLD_ABI) {
        fprintf(stderr, "replay: this was compiled for another version of callfold\n");
        return 1;
    }
    if (callfold_replay_file(callfold_text(argv[1]), NULL, &report, &announcements) != CALLFOLD_OK) {
        return failed("the session");
    }
    // Borrowed from the buffer; nothing is copied.
    if (callfold_buffer_borrow(announcements, &text) != CALLFOLD_OK) {
        return failed("the announcements");
    }
    fwrite(text.data, 1, text.length, stdout);
    callfold_buffer_free(announcements);

    fprintf(stderr, "%llu inputs, %llu talks, %llu commands refused, %llu findings, %llu lines passed over\n",
            (unsigned long long)report.inputs, (unsigned long long)report.talks, (unsigned long long)report.refused,
            (unsigned long long)report.findings, (unsigned long long)report.unknown_lines);
    if (fflush(stdout) != 0) {
        perror("replay");
        return 1;
    }
    return 0;
}
