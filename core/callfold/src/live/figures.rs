//! What a running recorder counts, by the names under which the `metrics` crate has it.
//!
//! Nothing is counted until the program installs a recorder of that crate's; then every line of the process counts into
//! it. [`describe`] says what each figure means. No figure carries a name or a number.

use std::time::Duration;

use callfold_engine::Event;
use callfold_engine::announce::announcement;
use callfold_transport::Handled;
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, histogram};

pub use callfold_transport::figures::{FRAMES, INPUTS, LAG, LINES, RECONNECTS, SOCKETS};

/// Events that were recorded.
pub const EVENTS: &str = "callfold_events_total";
/// Announcements among them.
pub const ANNOUNCEMENTS: &str = "callfold_announcements_total";
/// Gaps: how often what a line is became unknown.
pub const GAPS: &str = "callfold_gaps_total";
/// How long an append took, of one line's inputs that came together, until it was as durable as the store is opened for.
pub const APPEND: &str = "callfold_append_seconds";
/// Bytes of the store's files. Set by the program that has it open.
pub const STORE_BYTES: &str = "callfold_store_bytes";

/// Describes every figure to the recorder that is installed.
pub fn describe() {
    describe_gauge!(LINES, "lines that are open");
    describe_counter!(SOCKETS, "sockets that were opened");
    describe_counter!(FRAMES, "frames received");
    describe_counter!(INPUTS, "inputs handled: frames, commands, timers, sockets");
    describe_histogram!(LAG, Unit::Seconds, "from when an input came until it was handled and recorded");
    describe_counter!(RECONNECTS, "times that a lost connection was to be made again");
    describe_counter!(EVENTS, "events recorded");
    describe_counter!(ANNOUNCEMENTS, "announcements among the events");
    describe_counter!(GAPS, "times that the state of a line became unknown");
    describe_histogram!(
        APPEND,
        Unit::Seconds,
        "one append, until it was as durable as the store is opened for"
    );
    describe_gauge!(STORE_BYTES, Unit::Bytes, "the store on disk");
}

/// What came of inputs was recorded in this time.
pub(crate) fn appended(all: &[Handled], took: Duration) {
    let events = || all.iter().flat_map(|handled| &handled.outcome.events);
    let announced = events().filter(|event| announcement(event).is_some()).count();
    let gaps = events().filter(|event| matches!(event, Event::LineWentStale { .. })).count();
    counter!(EVENTS).increment(events().count() as u64);
    counter!(ANNOUNCEMENTS).increment(announced as u64);
    counter!(GAPS).increment(gaps as u64);
    histogram!(APPEND).record(took);
}
