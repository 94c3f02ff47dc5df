//! The table of everything that can go wrong, for all surfaces.

use std::fmt;

macro_rules! codes {
    ($($number:literal $variant:ident $name:literal $text:literal,)+) => {
        /// What went wrong: a number, a name and a text that are the same on every surface. **Numbers and names are
        /// promises and are never reused**; texts may be worded better.
        ///
        /// The numbers come in families: 50xx arguments, 51xx the log and its store, 52xx files that come in and go
        /// out, 53xx live lines, 54xx commands, 55xx tables, 56xx the simulator, 57xx the caller's order of doing
        /// things, 59xx callfold itself. They never meet those of the protocol ([`ErrorCode`](crate::ErrorCode),
        /// [`DisconnectReason`](crate::DisconnectReason)).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        #[non_exhaustive]
        pub enum ProblemCode {
            $(#[doc = concat!("`", $name, "`: ", $text, ".")] $variant = $number,)+
        }

        impl ProblemCode {
            /// Every one of them, by number.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The number.
            #[must_use]
            pub const fn number(self) -> u16 {
                self as u16
            }

            /// The name, as bindings call it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// What it means, and what to do.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl TryFrom<u16> for ProblemCode {
            type Error = String;

            fn try_from(number: u16) -> Result<Self, String> {
                match number {
                    $($number => Ok(Self::$variant),)+
                    other => Err(format!("{other} is no ProblemCode")),
                }
            }
        }
    };
}

codes! {
    5001 BadArgument "bad_argument" "an argument makes no sense; the message says which one and why",
    5002 BadRange "bad_range" "a range ends before it begins, or a number is outside of its bounds",
    5003 TimeWithoutZone "time_without_zone" "a time has no zone, so nobody knows which moment is meant; give it one",
    5004 UnknownName "unknown_name" "a name is none of those there are: a table, a format, a kind, an option",
    5005 BadTime "bad_time" "a time cannot be read, or is further away than times are kept",
    5006 NotJson "not_json" "an argument that is to be JSON is none, or is no object",
    5007 NotUtf8 "not_utf8" "a text that was given is not UTF-8",
    5008 NullPointer "null_pointer" "an argument that must be given is NULL",
    5009 BufferTooShort "buffer_too_short" "the memory given for an answer is too short; the answer says how much it takes",

    5101 StoreMissing "store_missing" "there is no store at this place; make one, or name another",
    5102 NotAStore "not_a_store" "there is something at this place, and it is no store of callfold's",
    5103 StoreInUse "store_in_use" "somebody has the store open: a store has one owner at a time",
    5104 NewerVersion "newer_version" "it was written by a newer callfold; read it with one that is as new",
    5105 StoreDamaged "store_damaged" "the store is damaged; keep a copy of it, and take in an export that was made before",
    5106 ReadOnly "read_only" "a write failed before, so nothing more is written; open the store again",
    5107 LogClosed "log_closed" "the log was closed; open it again",
    5108 NoStream "no_stream" "the log has no stream of this name or number",
    5109 NoRecord "no_record" "the stream has no record of this number",
    5110 TooEarly "too_early" "nothing had happened in the stream yet at that time",
    5111 NameTaken "name_taken" "a stream has this name already; take another one",
    5112 NotErasable "not_erasable" "nobody can be erased by this text: it is too short, or has space around it",
    5113 RecorderStopped "recorder_stopped" "an append failed before, so this recorder records no more; begin a new one",
    5114 Interrupted "interrupted" "the work was broken off when it was asked to; what was done until then is whole",
    5115 StreamOfAnother "stream_of_another" "the stream is that of another agent's line; take another name",
    5116 OutOfOrder "out_of_order" "a record does not follow the last one there: somebody else writes to the stream",
    5117 SameStream "same_stream" "the same stream is in the log already",
    5118 BadSnapshot "bad_snapshot" "a snapshot cannot be made or read; what is derived from the log is made anew without it",
    5119 KeysFailed "keys_failed" "the keys of personal data cannot be read or written",
    5120 NoRandom "no_random" "the operating system has no random numbers to make keys of",
    5121 NotRecordable "not_recordable" "a value of a kind that records do not have",
    5122 BadRecord "bad_record" "bytes that are to be a record make no sense",
    5123 ReadingBrokeOff "reading_broke_off" "reading the log broke off; try again, and verify the store if it stays so",
    5124 StreamInUse "stream_in_use" "the stream is being recorded already; one line records in one stream at a time",

    5201 FileFailed "file_failed" "a file or directory cannot be used; the context says which, and what the system says",
    5202 CannotRead "cannot_read" "something cannot be read to its end",
    5203 CannotWrite "cannot_write" "something cannot be written; is the disk full?",
    5210 NotATrace "not_a_trace" "this is no recorded session of the reference client",
    5211 BadTrace "bad_trace" "a line of a recorded session cannot be read; what came before it was taken",
    5220 NotAnExport "not_an_export" "this is no exported log, or it has a line that is none of one",
    5221 ExportChanged "export_changed" "an exported log is not as it was written: changed, or a line is missing",
    5222 ExportCutShort "export_cut_short" "an exported log ends in the middle, or has more than it says",
    5223 KeyConflict "key_conflict" "the log has another key under the number that the export has",
    5230 NotHeads "not_heads" "a line of a list of heads is none",
    5231 NoHeads "no_heads" "a list of heads has none, so nothing can be compared with it",

    5301 LineClosed "line_closed" "the line was closed, or ended before the command had its result",
    5302 NoSecret "no_secret" "no password or session is kept for the login; give one before you connect",
    5303 NewsMissed "news_missed" "you read the news too slowly and some were passed over; ask for the view, and go on",
    5304 NotRecorded "not_recorded" "what came in cannot be recorded, so the line has ended; the context says why",
    5305 BadAuthority "bad_authority" "the certificate authority that was given cannot be read",
    5310 PlainRefused "plain_refused" "plain ws to another machine is refused; use wss, or allow it",
    5311 ForeignHost "foreign_host" "a server sent us to a host that was not configured, or to a plain socket",
    5312 BadUrl "bad_url" "the address is none that can be dialled: ws://host:port or wss://host:port",
    5320 Unreachable "unreachable" "the host is not known, or nobody answers there",
    5321 TlsFailed "tls_failed" "the certificate is not trusted or not the host's, or the versions of TLS do not meet",
    5322 NoWebSocket "no_websocket" "something answers there, and it is no WebSocket of the subprotocol json",
    5323 HandshakeTimeout "handshake_timeout" "name, connection, TLS and handshake together took too long",
    5324 GivenUp "given_up" "the connection was given up before it opened",
    5325 LoginTimeout "login_timeout" "no login came of the connection in time",
    5330 ConnectionClosed "connection_closed" "the goodbye was said, by us or by the server",
    5331 ConnectionCut "connection_cut" "the connection was cut or reset; a line makes it again by itself",
    5332 CloseTimeout "close_timeout" "the goodbye was said, and the server did not close in time",
    5333 Silent "silent" "nothing was heard of the server for too long, not even in answer to a ping",
    5334 NotReading "not_reading" "the server does not take what is sent to it",
    5335 MessageTooLong "message_too_long" "the server sent a message longer, or in more frames, than is taken",
    5336 BrokenProtocol "broken_protocol" "the server broke the rules of WebSockets, or sent text that is not UTF-8",
    5340 WatchersTaken "watchers_taken" "another recorder answers those who watch already, or the name of the socket is taken",

    5401 CommandRefused "command_refused" "the command was refused; `code` in the context is the protocol's own code",
    5402 CommandMisused "command_misused" "the command cannot be used so in this state; `misuse` in the context says how",

    5501 TableTooMuchText "table_too_much_text" "more than 2 GiB of text in a column of one batch",
    5502 TableFailed "table_failed" "rows cannot be made a table, or a table not be written in this format",
    5503 NoTables "no_tables" "this callfold was built without tables",

    5601 SimulatorCannotListen "simulator_cannot_listen" "the simulator cannot listen at this address; is it taken?",
    5602 SimulatorBadCertificate "simulator_bad_certificate" "certificate or key cannot be read, or do not fit each other",
    5603 SimulatorNumberTwice "simulator_number_twice" "two things of the simulator have the same number",
    5604 SimulatorLoginTwice "simulator_login_twice" "two users of the simulator have the same login",
    5605 SimulatorNotPossible "simulator_not_possible" "that cannot be done at this phone now",
    5606 SimulatorClosed "simulator_closed" "the simulator was closed",

    5701 UsedAtOnce "used_at_once" "used from two threads at once; use one at a time, or one of your own each",
    5702 AlreadyRunning "already_running" "it runs already",
    5703 NotRunning "not_running" "it does not run yet, or no more",
    5704 NoRuntime "no_runtime" "a line lives in a runtime, and there is none here",
    5705 AlreadyUsed "already_used" "it can be used once, and was",
    5706 ListenerFailed "listener_failed" "a listener of the application threw; look at what it threw",
    5707 AfterFork "after_fork" "it was opened before the process was forked; open it in the child, or spawn instead",
    5708 BadHandle "bad_handle" "a handle names nothing that there is: it is zero, was freed, or never made",
    5709 WrongHandle "wrong_handle" "a handle is of another type than is wanted",
    5710 TimedOut "timed_out" "it was waited for as long as was asked; what was begun takes its course",
    5711 NotGiven "not_given" "there was no room for it in the time that was waited, so it was not given; try again",

    5901 Internal "internal" "callfold itself is at fault: a panic was caught; please tell us, with the message",
    5902 Unknown "unknown" "a fault of a kind that this version has no code for; the message says what",
}

impl fmt::Display for ProblemCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number(), self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fmt::Write as _;

    use super::*;
    use crate::{DisconnectReason, ErrorCode};

    /// What is promised. After a code was added, copy what the test tells. A number or name here never changes.
    const NUMBERS: &str = include_str!("numbers.txt");

    #[test]
    fn numbers_and_names_are_as_promised() {
        let mut told = String::new();
        for code in ProblemCode::ALL {
            writeln!(told, "{code}").unwrap();
        }
        assert!(told == NUMBERS, "the codes are now:\n{told}");
    }

    #[test]
    fn numbers_rise_and_no_name_is_used_twice() {
        assert!(ProblemCode::ALL.windows(2).all(|pair| pair[0].number() < pair[1].number()));
        let names: BTreeSet<&str> = ProblemCode::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), ProblemCode::ALL.len());
        let is_plain = |name: &str| name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        assert!(names.into_iter().all(is_plain));
    }

    #[test]
    fn no_number_is_one_of_the_protocols() {
        for code in ProblemCode::ALL {
            assert!(ErrorCode::try_from(code.number()).is_err(), "{code}");
            assert!(DisconnectReason::try_from(code.number()).is_err(), "{code}");
        }
    }

    #[test]
    fn every_code_is_found_by_its_number() {
        for code in ProblemCode::ALL {
            assert_eq!(ProblemCode::try_from(code.number()), Ok(*code));
        }
        assert_eq!(ProblemCode::try_from(7).unwrap_err(), "7 is no ProblemCode");
    }

    #[test]
    fn a_text_is_one_line_that_goes_into_a_sentence() {
        for code in ProblemCode::ALL {
            let text = code.text();
            assert!(!text.is_empty() && !text.contains('\n') && !text.ends_with('.'), "{code}: {text}");
        }
    }
}
