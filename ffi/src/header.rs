//! The part of the header that is not read from the sources: its rules, and the numbers of the tables.

use std::fmt::Write as _;

use callfold::problem::ProblemCode;

use crate::words::{ALL, Words};

/// What stands at the head of the header: what it is, and the rules that all of it keeps.
pub const RULES: &str = "\
// callfold for C: an event-sourced CTI engine for the Oktell PBX.
//
// This header is written by cbindgen from ffi/src. `ffi/README.md` has examples.
//
// The rules, which everything here keeps:
//
// - **Results.** Functions say how it went: CALLFOLD_OK, CALLFOLD_END (there is no more), CALLFOLD_NOTHING (there is nothing
//   now), or, from 5001 up, what went wrong, by the numbers that all surfaces of callfold share and that are never reused.
//   Why, in words, is kept for each thread: callfold_error_message. Places to fill in are only filled in at CALLFOLD_OK,
//   where a comment does not say otherwise.
// - **Handles** are small structures with a number in them, for what callfold keeps: zero is none. They are checked: one that
//   was freed, made up or freed twice is CALLFOLD_BAD_HANDLE, one of another type CALLFOLD_WRONG_HANDLE, one from before a
//   fork CALLFOLD_AFTER_FORK, and nothing happens. What `_new`, `_open`, `_restore` and the like make, `_free` frees. Whoever is
//   in a call while another thread frees its handle comes to the end of that call, which may be CALLFOLD_OK: who frees
//   makes sure that nobody reads any more what was borrowed.
// - **Order of arguments.** What is worked on, what goes in, what comes out.
// - **Text** is UTF-8 with a length, and need not end with NUL: callfold_text makes one of a text that does. What is given is
//   borrowed for the call, and copied where it is kept. What comes is `borrowed_…`, for as long as the comment says, or
//   `owned_…`: a callfold_buffer, until callfold_buffer_free. Text that is not UTF-8 is CALLFOLD_NOT_UTF8.
// - **Structures that you fill in** begin with `size`: set it to sizeof, and zero the rest (`= {0}`, in C++
//   `= {}`) for the defaults, so that a program keeps its meaning when they grow. NULL for one that may be left out is all
//   defaults.
//   Those that stand in rows (callfold_account, callfold_outside), callfold_phone and callfold_progress have no size and do
//   not grow. Pointers are to memory that is aligned as the type wants it.
// - **Structures that callfold fills in** do not change within a version of the ABI (CALLFOLD_ABI).
// - **Threads.** Logs, lines, simulators, runtimes, views and buffers may be used by any number of threads at once.
//   Machines, recorders, iterators and readers of news are used by one thread at a time, whichever: a second one gets
//   CALLFOLD_USED_AT_ONCE. There is nothing to initialise and nothing to shut down.
// - **Time** is microseconds of UTC since 1970 in an int64_t; lengths are microseconds, where no unit is named.
// - **JSON** is what the functions with `_json` give and take: the same text as on every surface of callfold.
// - **Forks.** In the child of a program with one thread, what lives by threads or files is CALLFOLD_AFTER_FORK. A program
//   with more threads may call nothing of callfold between fork and exec, as POSIX says of every library with locks.
// - **No surprises.** No function throws, aborts or exits; a fault of callfold's own is CALLFOLD_INTERNAL, and is also told on
//   standard error. Secrets are in no message and no JSON but that of a login's frame. Names and numbers of people are in
//   what is asked for, and in no error message; names of streams are, so name them by what may stand in a log.
";

/// The words of an enumeration, as constants.
fn enumeration(out: &mut String, words: &Words) {
    let prefix = words.of.strip_suffix("_kind").unwrap_or(words.of).to_uppercase();
    let _ = writeln!(out, "\n// The words of {}.\nenum {{", words.of);
    for word in words.words {
        let name = word.name.to_uppercase().replace('-', "_");
        let _ = writeln!(out, "    // {}\n    {prefix}_{name} = {},", word.text, word.number);
    }
    out.push_str("};\n");
}

/// The constants of all tables.
#[must_use]
pub fn constants() -> String {
    let version = env!("CARGO_PKG_VERSION");
    let mut out = String::from(
        "\n// The version of callfold that this header is of; callfold_version() has that of the library.\n",
    );
    let _ = writeln!(out, "#define CALLFOLD_VERSION \"{version}\"");
    out += "\n// What functions say (callfold_result).\nenum {\n";
    out += "    // It was done.\n    CALLFOLD_OK = 0,\n    // There is no more.\n    CALLFOLD_END = 1,\n";
    out += "    // There is nothing now.\n    CALLFOLD_NOTHING = 2,\n";
    for code in ProblemCode::ALL {
        let mut text = code.text().to_owned();
        text.get_mut(..1).map(str::make_ascii_uppercase);
        let _ = writeln!(
            out,
            "    // {}.\n    CALLFOLD_{} = {},",
            text,
            code.name().to_uppercase(),
            code.number()
        );
    }
    out += "};\n\n// Enumerations, for callfold_word_name.\nenum {\n";
    for words in ALL {
        let name = words.of.trim_start_matches("callfold_").to_uppercase();
        let _ = writeln!(out, "    CALLFOLD_WORDS_{name} = {},", words.number);
    }
    out += "};\n";
    for words in ALL {
        enumeration(&mut out, words);
    }
    out
}
