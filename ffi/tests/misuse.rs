//! Every function of the header, called with what makes no sense: always a code, never a crash, and the right one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
// A case speaks of what it is about; everything else is as it is.
#![allow(clippy::wildcard_enum_match_arm)]

use std::collections::BTreeSet;
use std::ffi::{c_char, c_void};
use std::mem::MaybeUninit;
use std::path::Path;
use std::ptr;
use std::sync::OnceLock;

use callfold_ffi::*;

const INTERNAL: u32 = 5901;
const NULL_POINTER: u32 = 5008;
const NOT_UTF8: u32 = 5007;
const BAD_HANDLE: u32 = 5708;
const WRONG_HANDLE: u32 = 5709;

/// What the arguments of a call are like. Whatever a case does not speak of is as sound as can be without knowing the function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    /// Handles are zero.
    Zero,
    /// Handles were freed.
    Freed,
    /// Handles were made up.
    MadeUp(u64),
    /// Handles are of another type.
    Wrong,
    /// Places to fill in are NULL.
    NoOut,
    /// Texts are not UTF-8.
    BadText,
    /// Texts are NULL, and have a length.
    NoText,
    /// Structures are of a size that there is not.
    BadSize(usize),
    /// Numbers are as large as they can be, rows are longer than memory.
    Huge,
}

/// An argument, made for a case.
trait Argument {
    fn make(case: Case) -> Self;
    const IS_HANDLE: bool = false;
    const IS_OUT: bool = false;
}

fn number(case: Case, kind: u64) -> u64 {
    // One of each type that there is, made once, and one that was freed.
    static LIVE: OnceLock<(u64, u64)> = OnceLock::new();
    let (view, log) = *LIVE.get_or_init(|| {
        let mut machine = MaybeUninit::<callfold_machine>::uninit();
        assert_eq!(callfold_machine_new(ptr::null(), Some(&mut machine)), 0);
        let mut view = MaybeUninit::<callfold_view>::uninit();
        // SAFETY: both were filled in, as their results say.
        unsafe {
            assert_eq!(callfold_machine_view(machine.assume_init(), Some(&mut view)), 0);
            let mut log = MaybeUninit::<callfold_log>::uninit();
            assert_eq!(callfold_log_new(Some(&mut log)), 0);
            (view.assume_init().handle, log.assume_init().handle)
        }
    });
    match case {
        Case::Freed => {
            // The place of a view that is gone, under every type's name.
            let mut copy = MaybeUninit::<callfold_machine>::uninit();
            assert_eq!(callfold_machine_new(ptr::null(), Some(&mut copy)), 0);
            // SAFETY: it was filled in.
            let machine = unsafe { copy.assume_init() };
            assert_eq!(callfold_machine_free(machine), 0);
            machine.handle & !(0xff << 56) | kind << 56
        }
        Case::MadeUp(made_up) => made_up,
        Case::Wrong if view >> 56 == kind => log,
        Case::Wrong => view,
        _ => 0,
    }
}

macro_rules! handles {
    ($($number:literal $type:ident,)+) => {$(
        impl Argument for $type {
            fn make(case: Case) -> Self {
                Self { handle: number(case, $number) }
            }
            const IS_HANDLE: bool = true;
        }
    )+};
}

handles! {
    1 callfold_buffer,
    2 callfold_runtime,
    3 callfold_machine,
    4 callfold_recorder,
    5 callfold_view,
    6 callfold_log,
    7 callfold_streams,
    8 callfold_calls,
    9 callfold_events,
    10 callfold_records,
    11 callfold_times,
    12 callfold_line,
    13 callfold_news,
    14 callfold_listener,
    15 callfold_simulator,
    16 callfold_oddities,
}

impl Argument for callfold_str {
    fn make(case: Case) -> Self {
        static BAD: [u8; 3] = [b'a', 0xff, b'b'];
        match case {
            Case::BadText => Self { data: BAD.as_ptr().cast(), length: BAD.len() },
            Case::NoText => Self { data: ptr::null(), length: 5 },
            Case::Huge => Self { data: c"x".as_ptr(), length: usize::MAX },
            _ => Self { data: c"x".as_ptr(), length: 1 },
        }
    }
}

impl Argument for callfold_phone {
    fn make(case: Case) -> Self {
        Self { line: callfold_str::make(case), outside: u64::MAX }
    }
}

impl<T> Argument for Option<&'static mut MaybeUninit<T>> {
    fn make(case: Case) -> Self {
        if case == Case::NoOut { None } else { Some(Box::leak(Box::new(MaybeUninit::uninit()))) }
    }
    const IS_OUT: bool = true;
}

impl Argument for Option<&'static callfold_progress> {
    fn make(_: Case) -> Self {
        None
    }
}

/// Structures that begin with their size.
macro_rules! structures {
    ($($type:ident,)+) => {$(
        impl Argument for *const $type {
            fn make(case: Case) -> Self {
                let Case::BadSize(size) = case else { return ptr::null() };
                let memory: &'static mut [usize; 512] = Box::leak(Box::new([0; 512]));
                memory[0] = size;
                memory.as_ptr().cast()
            }
        }
    )+};
}

structures! {
    callfold_config,
    callfold_endpoint,
    callfold_input,
    callfold_command,
    callfold_log_options,
    callfold_call_query,
    callfold_diff_query,
    callfold_event_query,
    callfold_find_query,
    callfold_lint_query,
    callfold_report_options,
    callfold_line_options,
    callfold_simulator_options,
    callfold_faults,
}

impl Argument for *const callfold_str {
    fn make(case: Case) -> Self {
        if case == Case::Huge { ptr::dangling() } else { ptr::null() }
    }
}

impl Argument for *mut c_char {
    fn make(_: Case) -> Self {
        ptr::null_mut()
    }
}

impl Argument for *mut c_void {
    fn make(_: Case) -> Self {
        ptr::null_mut()
    }
}

impl Argument for callfold_news_function {
    fn make(case: Case) -> Self {
        extern "C" fn deaf(_: *mut c_void, _: &callfold_news_item) {}
        if case == Case::NoOut { None } else { Some(deaf) }
    }
}

macro_rules! numbers {
    ($($type:ident $sound:literal,)+) => {$(
        impl Argument for $type {
            fn make(case: Case) -> Self {
                if case == Case::Huge { Self::MAX } else { $sound }
            }
        }
    )+};
}

// A word, a kind or some milliseconds; no rows.
numbers! { u32 1, u64 1, i32 0, i64 0, usize 0, }

impl Argument for callfold_flag {
    fn make(case: Case) -> Self {
        Self(if case == Case::Huge { u8::MAX } else { 0 })
    }
}

/// A function of the header.
struct Function {
    name: &'static str,
    call: Box<dyn Fn(Case) -> u32>,
    has_handle: bool,
    has_out: bool,
}

trait Described {
    fn described(self, name: &'static str) -> Function;
}

macro_rules! described {
    ($($argument:ident)*) => {
        impl<$($argument: Argument + 'static),*> Described for extern "C" fn($($argument),*) -> u32 {
            fn described(self, name: &'static str) -> Function {
                Function {
                    name,
                    call: Box::new(move |_case| self($($argument::make(_case)),*)),
                    has_handle: false $(|| $argument::IS_HANDLE)*,
                    has_out: false $(|| $argument::IS_OUT)*,
                }
            }
        }
    };
}

described!(A);
described!(A B);
described!(A B C);
described!(A B C D);
described!(A B C D E);
described!(A B C D E F);
described!(A B C D E F G);

macro_rules! functions {
    ($($name:ident($($argument:tt),+),)+) => {
        fn functions() -> Vec<Function> {
            vec![$(($name as extern "C" fn($($argument),+) -> u32).described(stringify!($name)),)+]
        }
    };
}

functions! {
    callfold_log_calls(_, _, _, _),
    callfold_calls_next(_, _),
    callfold_calls_spell(_, _, _),
    callfold_calls_leg(_, _, _),
    callfold_calls_hold(_, _, _),
    callfold_calls_transfer(_, _, _),
    callfold_calls_gap(_, _, _),
    callfold_calls_irregularity(_, _, _),
    callfold_calls_json(_, _),
    callfold_calls_damage(_, _, _),
    callfold_calls_free(_),
    callfold_log_times(_, _, _, _, _),
    callfold_times_next(_, _),
    callfold_times_json(_, _),
    callfold_times_free(_),
    callfold_result_name(_, _),
    callfold_result_text(_, _),
    callfold_error_message(_, _, _),
    callfold_error_json(_),
    callfold_log_events(_, _, _, _),
    callfold_events_next(_, _),
    callfold_events_json(_, _),
    callfold_events_free(_),
    callfold_log_records(_, _, _, _),
    callfold_records_next(_, _),
    callfold_records_input_json(_, _),
    callfold_records_json(_, _),
    callfold_records_free(_),
    callfold_log_find(_, _, _, _, _),
    callfold_log_find_json(_, _, _, _, _),
    callfold_log_near(_, _, _, _, _),
    callfold_log_lint(_, _, _, _, _),
    callfold_log_lint_json(_, _, _, _, _),
    callfold_oddities_next(_, _),
    callfold_oddities_json(_, _),
    callfold_oddities_free(_),
    callfold_log_diff_json(_, _, _, _, _, _),
    callfold_log_report_json(_, _, _, _, _),
    callfold_log_report_html(_, _, _, _, _),
    callfold_line_open(_, _, _, _),
    callfold_line_connect(_, _, _),
    callfold_line_command(_, _, _, _),
    callfold_line_command_json(_, _, _, _),
    callfold_line_send(_, _, _),
    callfold_line_view(_, _),
    callfold_line_close(_, _),
    callfold_line_free(_),
    callfold_log_open(_, _, _),
    callfold_log_new(_),
    callfold_log_notes_json(_, _),
    callfold_log_import(_, _, _, _, _),
    callfold_log_export(_, _, _, _, _, _),
    callfold_log_sync(_),
    callfold_log_close(_),
    callfold_log_free(_),
    callfold_log_streams(_, _),
    callfold_streams_next(_, _),
    callfold_streams_free(_),
    callfold_log_view_at(_, _, _, _),
    callfold_log_view_at_record(_, _, _, _),
    callfold_log_verify(_, _, _, _, _, _, _),
    callfold_log_heads(_, _),
    callfold_log_picture(_, _, _, _, _, _),
    callfold_log_commands_json(_, _, _, _),
    callfold_log_erase(_, _, _, _, _),
    callfold_machine_new(_, _),
    callfold_machine_restore(_, _),
    callfold_machine_snapshot(_, _),
    callfold_machine_connect(_, _, _),
    callfold_machine_handle(_, _),
    callfold_machine_handle_json(_, _, _),
    callfold_machine_next_event(_, _),
    callfold_machine_event_json(_, _),
    callfold_machine_next_effect(_, _),
    callfold_machine_next_timeout(_, _),
    callfold_machine_view(_, _),
    callfold_machine_free(_),
    callfold_line_news(_, _, _),
    callfold_news_next(_, _, _),
    callfold_news_stop(_),
    callfold_news_fd(_, _),
    callfold_news_free(_),
    callfold_line_listen(_, _, _, _, _),
    callfold_listener_free(_),
    callfold_recorder_new(_, _, _, _, _, _, _),
    callfold_recorder_connect(_, _, _),
    callfold_recorder_handle(_, _),
    callfold_recorder_handle_json(_, _, _),
    callfold_recorder_next_event(_, _),
    callfold_recorder_event_json(_, _),
    callfold_recorder_next_effect(_, _),
    callfold_recorder_next_timeout(_, _),
    callfold_recorder_view(_, _),
    callfold_recorder_free(_),
    callfold_replay_file(_, _, _, _),
    callfold_runtime_new(_, _),
    callfold_runtime_free(_),
    callfold_simulator_new(_, _, _),
    callfold_simulator_url(_, _),
    callfold_simulator_external_call(_, _, _, _),
    callfold_simulator_find_outside(_, _, _),
    callfold_simulator_outside_state(_, _, _),
    callfold_simulator_dial(_, _, _),
    callfold_simulator_answer(_, _),
    callfold_simulator_decline(_, _),
    callfold_simulator_hang_up(_, _),
    callfold_simulator_hold(_, _),
    callfold_simulator_choose(_, _, _),
    callfold_simulator_conference(_, _, _, _, _),
    callfold_simulator_invite(_, _, _),
    callfold_simulator_set_agent(_, _, _, _, _),
    callfold_simulator_unplug(_, _),
    callfold_simulator_plug_in(_, _),
    callfold_simulator_say(_, _, _, _),
    callfold_simulator_cut(_, _, _),
    callfold_simulator_freeze(_, _, _),
    callfold_simulator_set_faults(_, _),
    callfold_simulator_free(_),
    callfold_buffer_borrow(_, _),
    callfold_buffer_copy(_, _, _, _),
    callfold_buffer_free(_),
    callfold_view_state(_, _),
    callfold_view_party(_, _, _, _),
    callfold_view_actions_json(_, _, _),
    callfold_view_json(_, _),
    callfold_view_directory_json(_, _),
    callfold_view_free(_),
    callfold_word_name(_, _, _),
}

/// What has no result to give.
const WITHOUT: [&str; 3] = ["callfold_abi_version", "callfold_text", "callfold_version"];

/// A function of the header is one of a code below 5001 or from the table, whatever it was given.
fn is_a_code(result: u32) -> bool {
    let mut name = MaybeUninit::uninit();
    callfold_result_name(result, Some(&mut name)) == 0
}

#[test]
fn every_function_of_the_header_is_called_here() {
    let header = Path::new(env!("CARGO_MANIFEST_DIR")).join("include/callfold.h");
    let header = std::fs::read_to_string(header).unwrap();
    let code: Vec<&str> = header.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join("\n");
    let mut declared = BTreeSet::new();
    for (at, _) in code.match_indices('(').filter(|(at, _)| !code[at + 1..].starts_with('*')) {
        let name = code[..at].rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap();
        if name.starts_with("callfold_") {
            declared.insert(name.to_owned());
        }
    }
    let mut called: BTreeSet<String> = functions().iter().map(|function| function.name.to_owned()).collect();
    called.extend(WITHOUT.map(str::to_owned));
    assert_eq!(called, declared);
}

#[test]
fn handles_that_name_nothing_are_told() {
    for function in functions().iter().filter(|function| function.has_handle) {
        for case in [
            Case::Zero,
            Case::Freed,
            Case::MadeUp(1),
            Case::MadeUp(u64::MAX),
            Case::MadeUp(0x00ff_0000_0000_0001),
        ] {
            assert_eq!((function.call)(case), BAD_HANDLE, "{} {case:?}", function.name);
        }
    }
}

#[test]
fn handles_of_another_type_are_told() {
    for function in functions().iter().filter(|function| function.has_handle) {
        assert_eq!((function.call)(Case::Wrong), WRONG_HANDLE, "{}", function.name);
    }
}

/// Those whose every place may be NULL.
const MAY_LEAVE_OUT: [&str; 13] = [
    "callfold_buffer_copy",
    "callfold_error_message",
    "callfold_line_command",
    "callfold_line_connect",
    "callfold_line_send",
    "callfold_log_export",
    "callfold_log_import",
    "callfold_machine_handle_json",
    "callfold_recorder_handle_json",
    "callfold_simulator_conference",
    "callfold_simulator_cut",
    "callfold_simulator_freeze",
    "callfold_simulator_say",
];

#[test]
fn places_that_are_missing_are_told() {
    for function in functions().iter().filter(|function| function.has_out) {
        let result = (function.call)(Case::NoOut);
        let may = MAY_LEAVE_OUT.contains(&function.name);
        assert_eq!(result == NULL_POINTER, !may, "{}: {result}", function.name);
    }
}

#[test]
fn every_function_survives_everything() {
    let sizes = [0, 1, 7, 8, 4096, usize::MAX].map(Case::BadSize);
    let cases = [Case::BadText, Case::NoText, Case::Huge].into_iter().chain(sizes);
    for case in cases {
        for function in functions() {
            // Waits as long as it is told to; with a handle that is none, it does not.
            let result = (function.call)(case);
            assert!(is_a_code(result), "{} {case:?}: {result}", function.name);
            if function.has_handle && function.name != "callfold_log_free" {
                assert!(result >= 5001, "{} {case:?}: {result}", function.name);
            }
        }
    }
}

#[test]
fn a_panic_is_a_code_and_the_next_call_is_as_before() {
    // They are told on standard error by the test's own hook; there are many.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    for function in functions() {
        let before = (function.call)(Case::Zero);
        injected::panic_next();
        assert_eq!((function.call)(Case::Zero), INTERNAL, "{}", function.name);
        assert_eq!((function.call)(Case::Zero), before, "{}", function.name);
    }
    std::panic::set_hook(hook);
}

// ---- texts that are read ----

fn made<T>(make: impl FnOnce(Option<&mut MaybeUninit<T>>) -> u32) -> T {
    let mut out = MaybeUninit::uninit();
    assert_eq!(make(Some(&mut out)), 0);
    // SAFETY: it was filled in, as the result says.
    unsafe { out.assume_init() }
}

fn text(text: &'static str) -> callfold_str {
    callfold_str { data: text.as_ptr().cast(), length: text.len() }
}

const BAD: callfold_str = callfold_str { data: [0xff_u8, 0xfe].as_ptr().cast(), length: 2 };

fn nothing<T>() -> MaybeUninit<T> {
    MaybeUninit::uninit()
}

#[test]
fn texts_that_are_not_utf_8_are_told_wherever_they_are_read() {
    let log = made(|log| callfold_log_new(log));
    let none = callfold_str { data: ptr::null(), length: 0 };
    let row = [BAD];
    assert_eq!(callfold_log_open(BAD, ptr::null(), Some(&mut nothing())), NOT_UTF8);
    assert_eq!(callfold_log_import(log, BAD, none, None, None), NOT_UTF8);
    assert_eq!(callfold_log_import(log, text("x"), BAD, None, None), NOT_UTF8);
    assert_eq!(callfold_log_export(log, row.as_ptr(), 1, text("x"), None, None), NOT_UTF8);
    assert_eq!(callfold_log_export(log, ptr::null(), 0, BAD, None, None), NOT_UTF8);
    assert_eq!(callfold_log_view_at(log, BAD, 0, Some(&mut nothing())), NOT_UTF8);
    assert_eq!(callfold_log_view_at_record(log, BAD, 1, Some(&mut nothing())), NOT_UTF8);
    assert_eq!(
        callfold_log_verify(log, BAD, callfold_flag(0), none, None, Some(&mut nothing()), None),
        NOT_UTF8
    );
    assert_eq!(
        callfold_log_verify(log, none, callfold_flag(0), BAD, None, Some(&mut nothing()), None),
        NOT_UTF8
    );
    assert_eq!(callfold_log_picture(log, BAD, text("x"), 1, 0, Some(&mut nothing())), NOT_UTF8);
    assert_eq!(callfold_log_picture(log, none, BAD, 1, 0, Some(&mut nothing())), NOT_UTF8);
    assert_eq!(callfold_log_commands_json(log, BAD, None, Some(&mut nothing())), NOT_UTF8);
    assert_eq!(callfold_log_erase(log, BAD, callfold_flag(1), None, Some(&mut nothing())), NOT_UTF8);
    assert_eq!(callfold_log_times(log, BAD, 0, None, Some(&mut nothing())), NOT_UTF8);
    assert_eq!(callfold_log_near(log, BAD, text("x"), None, Some(&mut nothing())), NOT_UTF8);
    assert_eq!(callfold_log_near(log, none, BAD, None, Some(&mut nothing())), NOT_UTF8);
    assert_eq!(callfold_log_records(log, BAD, 1, Some(&mut nothing())), NOT_UTF8);
    assert_eq!(callfold_replay_file(BAD, None, None, Some(&mut nothing())), NOT_UTF8);
    assert_eq!(callfold_recorder_new(log, BAD, none, none, 0, ptr::null(), Some(&mut nothing())), NOT_UTF8);
    assert_eq!(
        callfold_recorder_new(log, text("x"), BAD, none, 0, ptr::null(), Some(&mut nothing())),
        NOT_UTF8
    );
    assert_eq!(
        callfold_recorder_new(log, text("x"), none, BAD, 0, ptr::null(), Some(&mut nothing())),
        NOT_UTF8
    );
    let machine = made(|machine| callfold_machine_new(ptr::null(), machine));
    assert_eq!(callfold_machine_handle_json(machine, BAD, None), NOT_UTF8);
    let view = made(|view| callfold_machine_view(machine, view));
    assert_eq!(callfold_view_actions_json(view, BAD, Some(&mut nothing())), NOT_UTF8);
    let frame = callfold_input {
        size: size_of::<callfold_input>(),
        kind: CALLFOLD_INPUT_FRAME,
        at: 0,
        socket: 1,
        text: BAD,
        command: ptr::null(),
    };
    assert_eq!(callfold_machine_handle(machine, &raw const frame), NOT_UTF8);
    for (kind, number, name, json) in [
        (2, BAD, none, none),
        (8, BAD, none, none),
        (15, none, BAD, none),
        (15, none, text("m"), BAD),
        (17, none, BAD, none),
    ] {
        let mut command = callfold_command {
            size: size_of::<callfold_command>(),
            kind,
            word: 0,
            number,
            numbers: ptr::null(),
            numbers_count: 0,
            text: name,
            json,
            recipients: none,
            reason: none,
            reason_id: 0,
            room: 0,
            has_reason_id: callfold_flag(2),
            flag: callfold_flag(255),
        };
        let mut input = callfold_input { kind: CALLFOLD_INPUT_COMMAND, command: &raw const command, ..frame };
        assert_eq!(callfold_machine_handle(machine, &raw const input), NOT_UTF8, "command {kind}");
        (command.kind, command.numbers, command.numbers_count) = (5, row.as_ptr(), 1);
        input.command = &raw const command;
        assert_eq!(callfold_machine_handle(machine, &raw const input), NOT_UTF8, "command {kind}");
    }
    assert_eq!((callfold_view_free(view), callfold_machine_free(machine), callfold_log_free(log)), (0, 0, 0));
}

#[test]
fn a_buffer_that_is_too_short_says_how_long_it_must_be() {
    let machine = made(|machine| callfold_machine_new(ptr::null(), machine));
    let view = made(|view| callfold_machine_view(machine, view));
    let json = made(|json| callfold_view_json(view, json));
    let borrowed = made(|text| callfold_buffer_borrow(json, text));
    let mut memory = vec![1_u8; borrowed.length + 1];
    let mut length = nothing();
    let too_short =
        callfold_buffer_copy(json, memory.as_mut_ptr().cast(), borrowed.length, Some(&mut length));
    assert_eq!(too_short, 5009);
    // SAFETY: it was filled in, as is told where the memory is too short.
    assert_eq!(unsafe { length.assume_init() }, borrowed.length);
    assert!(memory.iter().all(|byte| *byte == 1), "something was copied");
    assert_eq!(callfold_buffer_copy(json, memory.as_mut_ptr().cast(), borrowed.length + 1, None), 0);
    assert_eq!(memory.last(), Some(&0));
    assert_eq!(callfold_error_message(memory.as_mut_ptr().cast(), 1, None), 5009);
    assert_eq!((callfold_buffer_free(json), callfold_buffer_free(json)), (0, BAD_HANDLE));
    assert_eq!((callfold_view_free(view), callfold_machine_free(machine)), (0, 0));
}
