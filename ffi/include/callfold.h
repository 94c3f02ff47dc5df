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


#ifndef CALLFOLD_H
#define CALLFOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The version of callfold that this header is of; callfold_version() has that of the library.
#define CALLFOLD_VERSION "0.1.0"

// What functions say (callfold_result).
enum {
    // It was done.
    CALLFOLD_OK = 0,
    // There is no more.
    CALLFOLD_END = 1,
    // There is nothing now.
    CALLFOLD_NOTHING = 2,
    // An argument makes no sense; the message says which one and why.
    CALLFOLD_BAD_ARGUMENT = 5001,
    // A range ends before it begins, or a number is outside of its bounds.
    CALLFOLD_BAD_RANGE = 5002,
    // A time has no zone, so nobody knows which moment is meant; give it one.
    CALLFOLD_TIME_WITHOUT_ZONE = 5003,
    // A name is none of those there are: a table, a format, a kind, an option.
    CALLFOLD_UNKNOWN_NAME = 5004,
    // A time cannot be read, or is further away than times are kept.
    CALLFOLD_BAD_TIME = 5005,
    // An argument that is to be JSON is none, or is no object.
    CALLFOLD_NOT_JSON = 5006,
    // A text that was given is not UTF-8.
    CALLFOLD_NOT_UTF8 = 5007,
    // An argument that must be given is NULL.
    CALLFOLD_NULL_POINTER = 5008,
    // The memory given for an answer is too short; the answer says how much it takes.
    CALLFOLD_BUFFER_TOO_SHORT = 5009,
    // There is no store at this place; make one, or name another.
    CALLFOLD_STORE_MISSING = 5101,
    // There is something at this place, and it is no store of callfold's.
    CALLFOLD_NOT_A_STORE = 5102,
    // Somebody has the store open: a store has one owner at a time.
    CALLFOLD_STORE_IN_USE = 5103,
    // It was written by a newer callfold; read it with one that is as new.
    CALLFOLD_NEWER_VERSION = 5104,
    // The store is damaged; keep a copy of it, and take in an export that was made before.
    CALLFOLD_STORE_DAMAGED = 5105,
    // A write failed before, so nothing more is written; open the store again.
    CALLFOLD_READ_ONLY = 5106,
    // The log was closed; open it again.
    CALLFOLD_LOG_CLOSED = 5107,
    // The log has no stream of this name or number.
    CALLFOLD_NO_STREAM = 5108,
    // The stream has no record of this number.
    CALLFOLD_NO_RECORD = 5109,
    // Nothing had happened in the stream yet at that time.
    CALLFOLD_TOO_EARLY = 5110,
    // A stream has this name already; take another one.
    CALLFOLD_NAME_TAKEN = 5111,
    // Nobody can be erased by this text: it is too short, or has space around it.
    CALLFOLD_NOT_ERASABLE = 5112,
    // An append failed before, so this recorder records no more; begin a new one.
    CALLFOLD_RECORDER_STOPPED = 5113,
    // The work was broken off when it was asked to; what was done until then is whole.
    CALLFOLD_INTERRUPTED = 5114,
    // The stream is that of another agent's line; take another name.
    CALLFOLD_STREAM_OF_ANOTHER = 5115,
    // A record does not follow the last one there: somebody else writes to the stream.
    CALLFOLD_OUT_OF_ORDER = 5116,
    // The same stream is in the log already.
    CALLFOLD_SAME_STREAM = 5117,
    // A snapshot cannot be made or read; what is derived from the log is made anew without it.
    CALLFOLD_BAD_SNAPSHOT = 5118,
    // The keys of personal data cannot be read or written.
    CALLFOLD_KEYS_FAILED = 5119,
    // The operating system has no random numbers to make keys of.
    CALLFOLD_NO_RANDOM = 5120,
    // A value of a kind that records do not have.
    CALLFOLD_NOT_RECORDABLE = 5121,
    // Bytes that are to be a record make no sense.
    CALLFOLD_BAD_RECORD = 5122,
    // Reading the log broke off; try again, and verify the store if it stays so.
    CALLFOLD_READING_BROKE_OFF = 5123,
    // The stream is being recorded already; one line records in one stream at a time.
    CALLFOLD_STREAM_IN_USE = 5124,
    // A file or directory cannot be used; the context says which, and what the system says.
    CALLFOLD_FILE_FAILED = 5201,
    // Something cannot be read to its end.
    CALLFOLD_CANNOT_READ = 5202,
    // Something cannot be written; is the disk full?.
    CALLFOLD_CANNOT_WRITE = 5203,
    // This is no recorded session of the reference client.
    CALLFOLD_NOT_A_TRACE = 5210,
    // A line of a recorded session cannot be read; what came before it was taken.
    CALLFOLD_BAD_TRACE = 5211,
    // This is no exported log, or it has a line that is none of one.
    CALLFOLD_NOT_AN_EXPORT = 5220,
    // An exported log is not as it was written: changed, or a line is missing.
    CALLFOLD_EXPORT_CHANGED = 5221,
    // An exported log ends in the middle, or has more than it says.
    CALLFOLD_EXPORT_CUT_SHORT = 5222,
    // The log has another key under the number that the export has.
    CALLFOLD_KEY_CONFLICT = 5223,
    // A line of a list of heads is none.
    CALLFOLD_NOT_HEADS = 5230,
    // A list of heads has none, so nothing can be compared with it.
    CALLFOLD_NO_HEADS = 5231,
    // The line was closed, or ended before the command had its result.
    CALLFOLD_LINE_CLOSED = 5301,
    // No password or session is kept for the login; give one before you connect.
    CALLFOLD_NO_SECRET = 5302,
    // You read the news too slowly and some were passed over; ask for the view, and go on.
    CALLFOLD_NEWS_MISSED = 5303,
    // What came in cannot be recorded, so the line has ended; the context says why.
    CALLFOLD_NOT_RECORDED = 5304,
    // The certificate authority that was given cannot be read.
    CALLFOLD_BAD_AUTHORITY = 5305,
    // Plain ws to another machine is refused; use wss, or allow it.
    CALLFOLD_PLAIN_REFUSED = 5310,
    // A server sent us to a host that was not configured, or to a plain socket.
    CALLFOLD_FOREIGN_HOST = 5311,
    // The address is none that can be dialled: ws://host:port or wss://host:port.
    CALLFOLD_BAD_URL = 5312,
    // The host is not known, or nobody answers there.
    CALLFOLD_UNREACHABLE = 5320,
    // The certificate is not trusted or not the host's, or the versions of TLS do not meet.
    CALLFOLD_TLS_FAILED = 5321,
    // Something answers there, and it is no WebSocket of the subprotocol json.
    CALLFOLD_NO_WEBSOCKET = 5322,
    // Name, connection, TLS and handshake together took too long.
    CALLFOLD_HANDSHAKE_TIMEOUT = 5323,
    // The connection was given up before it opened.
    CALLFOLD_GIVEN_UP = 5324,
    // No login came of the connection in time.
    CALLFOLD_LOGIN_TIMEOUT = 5325,
    // The goodbye was said, by us or by the server.
    CALLFOLD_CONNECTION_CLOSED = 5330,
    // The connection was cut or reset; a line makes it again by itself.
    CALLFOLD_CONNECTION_CUT = 5331,
    // The goodbye was said, and the server did not close in time.
    CALLFOLD_CLOSE_TIMEOUT = 5332,
    // Nothing was heard of the server for too long, not even in answer to a ping.
    CALLFOLD_SILENT = 5333,
    // The server does not take what is sent to it.
    CALLFOLD_NOT_READING = 5334,
    // The server sent a message longer, or in more frames, than is taken.
    CALLFOLD_MESSAGE_TOO_LONG = 5335,
    // The server broke the rules of WebSockets, or sent text that is not UTF-8.
    CALLFOLD_BROKEN_PROTOCOL = 5336,
    // Another recorder answers those who watch already, or the name of the socket is taken.
    CALLFOLD_WATCHERS_TAKEN = 5340,
    // The command was refused; `code` in the context is the protocol's own code.
    CALLFOLD_COMMAND_REFUSED = 5401,
    // The command cannot be used so in this state; `misuse` in the context says how.
    CALLFOLD_COMMAND_MISUSED = 5402,
    // More than 2 GiB of text in a column of one batch.
    CALLFOLD_TABLE_TOO_MUCH_TEXT = 5501,
    // Rows cannot be made a table, or a table not be written in this format.
    CALLFOLD_TABLE_FAILED = 5502,
    // This callfold was built without tables.
    CALLFOLD_NO_TABLES = 5503,
    // The simulator cannot listen at this address; is it taken?.
    CALLFOLD_SIMULATOR_CANNOT_LISTEN = 5601,
    // Certificate or key cannot be read, or do not fit each other.
    CALLFOLD_SIMULATOR_BAD_CERTIFICATE = 5602,
    // Two things of the simulator have the same number.
    CALLFOLD_SIMULATOR_NUMBER_TWICE = 5603,
    // Two users of the simulator have the same login.
    CALLFOLD_SIMULATOR_LOGIN_TWICE = 5604,
    // That cannot be done at this phone now.
    CALLFOLD_SIMULATOR_NOT_POSSIBLE = 5605,
    // The simulator was closed.
    CALLFOLD_SIMULATOR_CLOSED = 5606,
    // Used from two threads at once; use one at a time, or one of your own each.
    CALLFOLD_USED_AT_ONCE = 5701,
    // It runs already.
    CALLFOLD_ALREADY_RUNNING = 5702,
    // It does not run yet, or no more.
    CALLFOLD_NOT_RUNNING = 5703,
    // A line lives in a runtime, and there is none here.
    CALLFOLD_NO_RUNTIME = 5704,
    // It can be used once, and was.
    CALLFOLD_ALREADY_USED = 5705,
    // A listener of the application threw; look at what it threw.
    CALLFOLD_LISTENER_FAILED = 5706,
    // It was opened before the process was forked; open it in the child, or spawn instead.
    CALLFOLD_AFTER_FORK = 5707,
    // A handle names nothing that there is: it is zero, was freed, or never made.
    CALLFOLD_BAD_HANDLE = 5708,
    // A handle is of another type than is wanted.
    CALLFOLD_WRONG_HANDLE = 5709,
    // It was waited for as long as was asked; what was begun takes its course.
    CALLFOLD_TIMED_OUT = 5710,
    // There was no room for it in the time that was waited, so it was not given; try again.
    CALLFOLD_NOT_GIVEN = 5711,
    // Callfold itself is at fault: a panic was caught; please tell us, with the message.
    CALLFOLD_INTERNAL = 5901,
    // A fault of a kind that this version has no code for; the message says what.
    CALLFOLD_UNKNOWN = 5902,
};

// Enumerations, for callfold_word_name.
enum {
    CALLFOLD_WORDS_CONNECTION = 1,
    CALLFOLD_WORDS_LINE_STATE = 2,
    CALLFOLD_WORDS_ANSWERING = 3,
    CALLFOLD_WORDS_WEB_STATUS = 4,
    CALLFOLD_WORDS_AGENT_STATE = 5,
    CALLFOLD_WORDS_GHOST_MODE = 6,
    CALLFOLD_WORDS_CALL_DIRECTION = 7,
    CALLFOLD_WORDS_CALL_OUTCOME = 8,
    CALLFOLD_WORDS_ENDED_BY = 9,
    CALLFOLD_WORDS_SPELL_KIND = 10,
    CALLFOLD_WORDS_HOLD_REASON = 11,
    CALLFOLD_WORDS_HOLD_END = 12,
    CALLFOLD_WORDS_TRANSFER_KIND = 13,
    CALLFOLD_WORDS_IRREGULARITY_KIND = 14,
    CALLFOLD_WORDS_TIME_KIND = 15,
    CALLFOLD_WORDS_EVENT_KIND = 16,
    CALLFOLD_WORDS_COMMAND_KIND = 17,
    CALLFOLD_WORDS_ODDITY_KIND = 18,
};

// The words of callfold_connection.
enum {
    // There is none.
    CALLFOLD_CONNECTION_OFFLINE = 1,
    // Sockets are dialled, or the login is awaited.
    CALLFOLD_CONNECTION_DIALLING = 2,
    // Logged in, loading.
    CALLFOLD_CONNECTION_LOADING = 3,
    // Logged in, loaded.
    CALLFOLD_CONNECTION_CONNECTED = 4,
    // The goodbye was said.
    CALLFOLD_CONNECTION_LEAVING = 5,
};

// The words of callfold_line_state.
enum {
    // No picture was read yet.
    CALLFOLD_LINE_STATE_UNKNOWN = 1,
    // No phone.
    CALLFOLD_LINE_STATE_DISCONNECTED = 2,
    // Nothing goes on.
    CALLFOLD_LINE_STATE_READY = 3,
    // An incoming call rings.
    CALLFOLD_LINE_STATE_RING = 4,
    // The agent's own phone rings, for a callback.
    CALLFOLD_LINE_STATE_BACK_RING = 5,
    // An outgoing call is under way.
    CALLFOLD_LINE_STATE_CALL = 6,
    // A callback is under way.
    CALLFOLD_LINE_STATE_BACK_CALL = 7,
    // Conversation.
    CALLFOLD_LINE_STATE_TALK = 8,
};

// The words of callfold_answering.
enum {
    // It was not tried yet.
    CALLFOLD_ANSWERING_UNTRIED = 1,
    // It was looked at after an answer, and did not talk yet.
    CALLFOLD_ANSWERING_LOOKING = 2,
    // It can.
    CALLFOLD_ANSWERING_SUPPORTED = 3,
    // It cannot.
    CALLFOLD_ANSWERING_NOT_SUPPORTED = 4,
};

// The words of callfold_web_status.
enum {
    // `ready`
    CALLFOLD_WEB_STATUS_READY = 1,
    // `break`
    CALLFOLD_WEB_STATUS_BREAK = 2,
    // `dnd`
    CALLFOLD_WEB_STATUS_DO_NOT_DISTURB = 3,
    // `redirect`
    CALLFOLD_WEB_STATUS_REDIRECT = 4,
};

// The words of callfold_agent_state.
enum {
    // `disconnected`
    CALLFOLD_AGENT_STATE_DISCONNECTED = 1,
    // `ready`
    CALLFOLD_AGENT_STATE_READY = 2,
    // `readyCC`: in the call centre.
    CALLFOLD_AGENT_STATE_READY_IN_CALL_CENTRE = 3,
    // `readyCCManual`: in the call centre, calls taken by hand.
    CALLFOLD_AGENT_STATE_READY_BY_HAND = 4,
    // `break`
    CALLFOLD_AGENT_STATE_BREAK = 5,
    // `dnd`
    CALLFOLD_AGENT_STATE_DO_NOT_DISTURB = 6,
    // `busy`
    CALLFOLD_AGENT_STATE_BUSY = 7,
    // `busyBreak`: busy, on break after it.
    CALLFOLD_AGENT_STATE_BUSY_THEN_BREAK = 8,
    // `noPhone`
    CALLFOLD_AGENT_STATE_NO_PHONE = 9,
    // `redirect`
    CALLFOLD_AGENT_STATE_REDIRECT = 10,
};

// The words of callfold_ghost_mode.
enum {
    // Hears, is not heard.
    CALLFOLD_GHOST_MODE_LISTEN = 1,
    // Is heard by the subordinate only.
    CALLFOLD_GHOST_MODE_HELP = 2,
    // Is heard by all.
    CALLFOLD_GHOST_MODE_CONFERENCE = 3,
};

// The words of callfold_call_direction.
enum {
    // The other side called.
    CALLFOLD_CALL_DIRECTION_IN = 1,
    // The agent called.
    CALLFOLD_CALL_DIRECTION_OUT = 2,
    // Not known.
    CALLFOLD_CALL_DIRECTION_UNKNOWN = 3,
};

// The words of callfold_call_outcome.
enum {
    // It goes on.
    CALLFOLD_CALL_OUTCOME_OPEN = 1,
    // It was talked on.
    CALLFOLD_CALL_OUTCOME_ANSWERED = 2,
    // It was talked on, and passed on by the agent.
    CALLFOLD_CALL_OUTCOME_TRANSFERRED = 3,
    // The caller gave up before it was answered.
    CALLFOLD_CALL_OUTCOME_ABANDONED = 4,
    // The agent declined it.
    CALLFOLD_CALL_OUTCOME_DECLINED = 5,
    // Nobody answered the agent's call.
    CALLFOLD_CALL_OUTCOME_NOT_ANSWERED = 6,
    // The number was busy.
    CALLFOLD_CALL_OUTCOME_BUSY = 7,
    // It could not be made or answered: the agent's phone went away.
    CALLFOLD_CALL_OUTCOME_FAILED = 8,
    // It was gone when the connection came back, or the connection never did before the log ended.
    CALLFOLD_CALL_OUTCOME_LOST = 9,
    // The log does not say.
    CALLFOLD_CALL_OUTCOME_UNKNOWN = 10,
};

// The words of callfold_ended_by.
enum {
    // The agent, by a command.
    CALLFOLD_ENDED_BY_AGENT = 1,
    // The other side.
    CALLFOLD_ENDED_BY_OTHER_SIDE = 2,
};

// The words of callfold_spell_kind.
enum {
    // It rings at the agent.
    CALLFOLD_SPELL_RING = 1,
    // It is dialled.
    CALLFOLD_SPELL_DIAL = 2,
    // Conversation.
    CALLFOLD_SPELL_TALK = 3,
    // Conversation in a conference.
    CALLFOLD_SPELL_CONFERENCE = 4,
    // On hold.
    CALLFOLD_SPELL_HOLD = 5,
    // The connection is down.
    CALLFOLD_SPELL_GAP = 6,
};

// The words of callfold_hold_reason.
enum {
    // The agent put it on hold.
    CALLFOLD_HOLD_REASON_PUT_BY_US = 1,
    // The agent consults someone.
    CALLFOLD_HOLD_REASON_CONSULTATION = 2,
    // It was on hold when it was first seen.
    CALLFOLD_HOLD_REASON_FOUND_HELD = 3,
};

// The words of callfold_hold_end.
enum {
    // The agent took the call back.
    CALLFOLD_HOLD_END_RETURNED = 1,
    // The held party left.
    CALLFOLD_HOLD_END_LEFT = 2,
    // The held party was connected to another.
    CALLFOLD_HOLD_END_CONNECTED = 3,
    // The held party was brought into a conference.
    CALLFOLD_HOLD_END_CONFERENCED = 4,
    // It was gone when the connection came back.
    CALLFOLD_HOLD_END_LOST = 5,
    // The log does not say how.
    CALLFOLD_HOLD_END_UNKNOWN = 6,
};

// The words of callfold_transfer_kind.
enum {
    // The agent passed it on without speaking to the other first.
    CALLFOLD_TRANSFER_BLIND = 1,
    // The agent connected it to someone consulted.
    CALLFOLD_TRANSFER_ATTENDED = 2,
    // Someone passed a party on to the agent.
    CALLFOLD_TRANSFER_TO_US = 3,
};

// The words of callfold_irregularity_kind.
enum {
    // Talk began and nothing rang or was dialled before.
    CALLFOLD_IRREGULARITY_TALK_WITHOUT_RING = 1,
    // Someone was on hold who was never on the line.
    CALLFOLD_IRREGULARITY_HOLD_WITHOUT_TALK = 2,
    // A hold was told to end and there was none.
    CALLFOLD_IRREGULARITY_UNHOLD_WITHOUT_HOLD = 3,
    // A call was told to end and there was none.
    CALLFOLD_IRREGULARITY_END_WITHOUT_BEGINNING = 4,
    // Another call took its place, and its end was not told.
    CALLFOLD_IRREGULARITY_REPLACED_WITHOUT_END = 5,
    // The log ended before the call did.
    CALLFOLD_IRREGULARITY_NEVER_ENDED = 6,
    // More happened than is kept of one call.
    CALLFOLD_IRREGULARITY_FACTS_LEFT_OUT = 7,
};

// The words of callfold_time_kind.
enum {
    // Ready, and nothing goes on.
    CALLFOLD_TIME_IDLE = 1,
    // A call rings.
    CALLFOLD_TIME_RING = 2,
    // A call is dialled.
    CALLFOLD_TIME_DIAL = 3,
    // Conversation.
    CALLFOLD_TIME_TALK = 4,
    // Someone is on hold, and the line is free.
    CALLFOLD_TIME_HOLD = 5,
    // Someone is on hold, and the agent dials or talks to another.
    CALLFOLD_TIME_CONSULT = 6,
    // Conversation in a conference.
    CALLFOLD_TIME_CONFERENCE = 7,
    // Work after a call.
    CALLFOLD_TIME_WRAP_UP = 8,
    // On break.
    CALLFOLD_TIME_BREAK = 9,
    // Not to be disturbed, without a phone, or redirected.
    CALLFOLD_TIME_AWAY = 10,
    // Not known: the connection was down.
    CALLFOLD_TIME_UNKNOWN = 11,
};

// The words of callfold_event_kind.
enum {
    // A connection was asked for (announced `connecting`).
    CALLFOLD_EVENT_CONNECTING = 1,
    // A socket was dialled.
    CALLFOLD_EVENT_DIALLED = 2,
    // A socket was given up before it won.
    CALLFOLD_EVENT_SOCKET_GIVEN_UP = 3,
    // The first socket that answered; the others are closed.
    CALLFOLD_EVENT_SOCKET_WON = 4,
    // The login was accepted.
    CALLFOLD_EVENT_LOGGED_IN = 5,
    // The server told its version.
    CALLFOLD_EVENT_SERVER_VERSION_TOLD = 6,
    // The server told who the agent is.
    CALLFOLD_EVENT_AGENT_TOLD = 7,
    // The reasons for a break, by id.
    CALLFOLD_EVENT_BREAK_REASONS_TOLD = 8,
    // The number that calls are redirected to, or none.
    CALLFOLD_EVENT_REDIRECT_NUMBER_TOLD = 9,
    // The number plan, with the state of each number.
    CALLFOLD_EVENT_NUMBER_PLAN_TOLD = 10,
    // A number of the plan changed its state.
    CALLFOLD_EVENT_NUMBER_STATE_TOLD = 11,
    // The users and their numbers.
    CALLFOLD_EVENT_USERS_TOLD = 12,
    // Login and loading are through (announced `connect`).
    CALLFOLD_EVENT_CONNECTED = 13,
    // The connection could not be made (announced `connectError`).
    CALLFOLD_EVENT_CONNECT_FAILED = 14,
    // The goodbye was said; the close is awaited.
    CALLFOLD_EVENT_LEAVING = 15,
    // The connection is closed (announced `disconnect`).
    CALLFOLD_EVENT_DISCONNECTED = 16,
    // The connection went before it was made, and nobody was told (as the reference client has it).
    CALLFOLD_EVENT_CONNECTION_DROPPED = 17,
    // What the line, hold and parties are is not known any more.
    CALLFOLD_EVENT_LINE_WENT_STALE = 18,
    // A line picture was read again.
    CALLFOLD_EVENT_LINE_KNOWN_AGAIN = 19,
    // The line entered a state (announced `stateChange`).
    CALLFOLD_EVENT_LINE_CHANGED = 20,
    // The old state ended (announced `…Stop`).
    CALLFOLD_EVENT_LINE_STOPPED = 21,
    // The new state began (announced `…Start`).
    CALLFOLD_EVENT_LINE_STARTED = 22,
    // The talk clock was set.
    CALLFOLD_EVENT_TALK_CLOCK_SET = 23,
    // The talk clock was stopped.
    CALLFOLD_EVENT_TALK_CLOCK_STOPPED = 24,
    // Whether the phone can be answered from the application.
    CALLFOLD_EVENT_ANSWERING_FOUND = 25,
    // The list of parties changed (announced `abonentsChange`).
    CALLFOLD_EVENT_PARTIES_CHANGED = 26,
    // The list of parties was renewed, and nobody told.
    CALLFOLD_EVENT_PARTIES_REFRESHED = 27,
    // Someone entered hold (announced `holdAbonentEnter`).
    CALLFOLD_EVENT_HOLD_ENTERED = 28,
    // Someone left hold (announced `holdAbonentLeave`).
    CALLFOLD_EVENT_HOLD_LEFT = 29,
    // Hold changed (announced `holdStateChange`).
    CALLFOLD_EVENT_HOLD_CHANGED = 30,
    // The data of the one held were renewed, and nobody told.
    CALLFOLD_EVENT_HOLD_REFRESHED = 31,
    // A conference became ours, or none is.
    CALLFOLD_EVENT_CONFERENCE_CHANGED = 32,
    // What is known of our conference.
    CALLFOLD_EVENT_CONFERENCE_INFO_TOLD = 33,
    // A competitor entered while talking (announced `conferenceAbonentEnter`).
    CALLFOLD_EVENT_CONFERENCE_ENTERED = 34,
    // A competitor left while talking (announced `conferenceAbonentLeave`).
    CALLFOLD_EVENT_CONFERENCE_LEFT = 35,
    // Someone entered the queue (announced `queueAbonentEnter`).
    CALLFOLD_EVENT_QUEUE_ENTERED = 36,
    // Someone left the queue (announced `queueAbonentLeave`).
    CALLFOLD_EVENT_QUEUE_LEFT = 37,
    // The queue changed (announced `queueChange`).
    CALLFOLD_EVENT_QUEUE_CHANGED = 38,
    // The agent entered or left the call centre (announced `callCenterStateChange`).
    CALLFOLD_EVENT_CALL_CENTRE_CHANGED = 39,
    // What the server says of the agent.
    CALLFOLD_EVENT_AGENT_FACTS_TOLD = 40,
    // The web status changed (announced `statusChange`).
    CALLFOLD_EVENT_STATUS_CHANGED = 41,
    // User state, user status or break reason changed (announced `userStateChange`).
    CALLFOLD_EVENT_AGENT_STATE_CHANGED = 42,
    // The application gave a command.
    CALLFOLD_EVENT_COMMAND_GIVEN = 43,
    // A request was sent for a command.
    CALLFOLD_EVENT_REQUEST_SENT = 44,
    // The server answered a request that was sent for a command.
    CALLFOLD_EVENT_REQUEST_ANSWERED = 45,
    // A request that was sent for a command had no answer in time, or was lost with its connection.
    CALLFOLD_EVENT_REQUEST_FAILED = 46,
    // A command ended (announced as its result).
    CALLFOLD_EVENT_COMMAND_DONE = 47,
    // The CTI provider announced something.
    CALLFOLD_EVENT_PROVIDER = 48,
    // The values of the CTI model changed.
    CALLFOLD_EVENT_CTI_MODEL_CHANGED = 49,
    // The server reported something about the phone (announced as the native event).
    CALLFOLD_EVENT_PHONE_REPORTED = 50,
    // The hold was worked (announced as the native event `flashstatechanged`).
    CALLFOLD_EVENT_FLASH_REPORTED = 51,
    // The server sent another event that is known (announced as the native event).
    CALLFOLD_EVENT_NATIVE_EVENT = 52,
    // The server passed a custom event on (announced `customEvent`).
    CALLFOLD_EVENT_CUSTOM_EVENT = 53,
    // The server sent an event that this engine does not know.
    CALLFOLD_EVENT_UNKNOWN_EVENT = 54,
    // A message could not be read; the record has it as it came.
    CALLFOLD_EVENT_FRAME_UNREADABLE = 55,
    // A piece of a long message was refused, and the message given up.
    CALLFOLD_EVENT_MULTIPART_REFUSED = 56,
    // The server told of more than is kept; what is over the bound was left out.
    CALLFOLD_EVENT_BOUND_HIT = 57,
    // A frame came on a socket that has been given up.
    CALLFOLD_EVENT_FRAME_ON_DEAD_SOCKET = 58,
    // The clock stood before that of the last input: time was held there.
    CALLFOLD_EVENT_CLOCK_STEPPED_BACK = 59,
};

// The words of callfold_command_kind.
enum {
    // Logs out and closes the connection.
    CALLFOLD_COMMAND_DISCONNECT = 1,
    // Calls `number`; while talking, as a consultation. `flag`: the other side's phone rings first.
    CALLFOLD_COMMAND_CALL = 2,
    // Calls `number` so that its phone answers by itself.
    CALLFOLD_COMMAND_INTERCOM = 3,
    // Answers the ringing call, if the phone can be told to.
    CALLFOLD_COMMAND_ANSWER = 4,
    // Ends the call, or parts with `numbers` of a conference.
    CALLFOLD_COMMAND_END_CALL = 5,
    // Puts on hold, or takes back.
    CALLFOLD_COMMAND_HOLD = 6,
    // Changes between the call and the held one.
    CALLFOLD_COMMAND_TOGGLE = 7,
    // Passes the call on to `number`; without one, and with someone held, connects the two.
    CALLFOLD_COMMAND_TRANSFER = 8,
    // Connects the held party and the present one, and leaves.
    CALLFOLD_COMMAND_COMMUTATE = 9,
    // Makes a conference with `numbers`, or invites them; without any, of the call and the held one. `text` (a GUID) and `room` name it; they are drawn if `text` is not given.
    CALLFOLD_COMMAND_CONFERENCE = 10,
    // Joins the call of the subordinate `number` (or user id), as the ghost mode `word` says.
    CALLFOLD_COMMAND_GHOST = 11,
    // Sets the web status `word`, the older way, with the reason of a break.
    CALLFOLD_COMMAND_SET_STATUS = 12,
    // Sets the user status `word`, an agent state, with the reason of a break.
    CALLFOLD_COMMAND_SET_USER_STATUS = 13,
    // Sets the `number` that calls are redirected to; forgets it, if it is empty.
    CALLFOLD_COMMAND_SET_REDIRECT_NUMBER = 14,
    // Calls the server's method, or stored procedure, `text`, with the JSON object `json`.
    CALLFOLD_COMMAND_EXEC = 15,
    // Passes the event `text` on to `recipients`, with `json`. `flag`: to this client, too.
    CALLFOLD_COMMAND_TRIGGER_CUSTOM_EVENT = 16,
    // Asks for the journal of the chain `text`.
    CALLFOLD_COMMAND_CALL_JOURNAL = 17,
    // The CTI model calls `number`. Refused with 1000 unless the model is kept, as are all of the model's.
    CALLFOLD_COMMAND_MODEL_MAKE_CALL = 18,
    // The CTI model answers the current call.
    CALLFOLD_COMMAND_MODEL_ANSWER_CALL = 19,
    // The CTI model ends the current call.
    CALLFOLD_COMMAND_MODEL_DROP_CALL = 20,
    // The CTI model puts on hold or takes back.
    CALLFOLD_COMMAND_MODEL_HOLD_OR_UNHOLD_CALL = 21,
    // The CTI model consults `number` while the customer waits.
    CALLFOLD_COMMAND_MODEL_MAKE_CONSULT_CALL = 22,
    // The CTI model connects the customer and the consultant.
    CALLFOLD_COMMAND_MODEL_TRANSFER_CALL = 23,
    // The CTI model ends the consultation, back to the customer.
    CALLFOLD_COMMAND_MODEL_CANCEL_TRANSFER = 24,
    // The CTI model passes the call on to `number` without consulting.
    CALLFOLD_COMMAND_MODEL_BLIND_TRANSFER_CALL = 25,
    // The CTI model sets the web status `word`.
    CALLFOLD_COMMAND_MODEL_SET_AGENT_STATE = 26,
    // The CTI model begins (`flag`) or ends wrap-up.
    CALLFOLD_COMMAND_MODEL_SET_WRAP_UP = 27,
    // The CTI model enters (`flag`) or leaves the call centre.
    CALLFOLD_COMMAND_MODEL_CHANGE_CALL_CENTRE = 28,
};

// The words of callfold_oddity_kind.
enum {
    // The stream cannot be read further.
    CALLFOLD_ODDITY_DAMAGED = 1,
    // Talk began, and nothing rang or was dialled before.
    CALLFOLD_ODDITY_TALK_WITHOUT_RING = 2,
    // Somebody was on hold who was never on the line.
    CALLFOLD_ODDITY_HOLD_WITHOUT_TALK = 3,
    // A hold was told to end, and there was none.
    CALLFOLD_ODDITY_UNHOLD_WITHOUT_HOLD = 4,
    // A hold has no end, though the call has.
    CALLFOLD_ODDITY_HOLD_NEVER_ENDED = 5,
    // Somebody who had left was told to leave again.
    CALLFOLD_ODDITY_PARTY_LEFT_TWICE = 6,
    // A call was told to end, and there was none.
    CALLFOLD_ODDITY_END_WITHOUT_BEGINNING = 7,
    // Another call took its place, and its end was not told.
    CALLFOLD_ODDITY_REPLACED_WITHOUT_END = 8,
    // The log ends before the call does.
    CALLFOLD_ODDITY_CALL_NEVER_ENDED = 9,
    // More happened than is kept of one call.
    CALLFOLD_ODDITY_FACTS_LEFT_OUT = 10,
    // A command was refused, and what it was for happened all the same.
    CALLFOLD_ODDITY_REFUSED_BUT_CHANGED = 11,
    // A command, or a request of it, had no answer.
    CALLFOLD_ODDITY_COMMAND_NEVER_ANSWERED = 12,
    // The clock was set back.
    CALLFOLD_ODDITY_CLOCK_STEPPED_BACK = 13,
    // The server told an event that is not known.
    CALLFOLD_ODDITY_UNKNOWN_FRAME = 14,
    // A message could not be read.
    CALLFOLD_ODDITY_UNREADABLE_FRAME = 15,
    // A piece of a long message was refused.
    CALLFOLD_ODDITY_REFUSED_PIECE = 16,
    // More was told than is held.
    CALLFOLD_ODDITY_BOUND_HIT = 17,
    // Something of a call does not fit that this version has no name for.
    CALLFOLD_ODDITY_OTHER = 18,
};


// How many kinds of time there are, the place 0 of none included.
#define CALLFOLD_TIME_KINDS 12

// It was done.
#define CALLFOLD_ANSWER_DONE 1

// It was refused: `code` says why.
#define CALLFOLD_ANSWER_REFUSED 2

// The server refused it in words of its own: they are in the JSON.
#define CALLFOLD_ANSWER_REFUSED_BY_SERVER 3

// A command of the CTI model cannot be used so: `text` says how.
#define CALLFOLD_ANSWER_MISUSED 4

// Raised with every change that a program compiled against an older header would not survive.
#define CALLFOLD_ABI 1

// A socket that was to be dialled is open.
#define CALLFOLD_INPUT_OPENED 1

// A socket that was to be dialled could not be opened.
#define CALLFOLD_INPUT_REFUSED 2

// An open socket was closed, by either side. Owed for every socket that was opened.
#define CALLFOLD_INPUT_CLOSED 3

// A text message came: `text`. Secrets in it are taken out before anything is made of it.
#define CALLFOLD_INPUT_FRAME 4

// A binary message came: `text`. The protocol has none; it is told as unreadable.
#define CALLFOLD_INPUT_BINARY 5

// The application commands something: `command`.
#define CALLFOLD_INPUT_COMMAND 6

// It is so late: timers that are due by now are handled.
#define CALLFOLD_INPUT_WAKE 7

// Open a WebSocket with subprotocol `json` to `url`: only to that host, and `wss` never becomes `ws`. Answer with
// CALLFOLD_INPUT_OPENED or CALLFOLD_INPUT_REFUSED.
#define CALLFOLD_EFFECT_DIAL 1

// Send `frame`. It may carry a login: do not log it.
#define CALLFOLD_EFFECT_SEND 2

// Close a socket, after what was sent. Answer with CALLFOLD_INPUT_CLOSED; messages until then are still taken.
#define CALLFOLD_EFFECT_CLOSE 3

// How many places the counts of kinds have, the place 0 of none included: more than there are kinds, so that new ones have
// theirs.
#define CALLFOLD_ODDITY_KINDS 32

// Before it is acknowledged.
#define CALLFOLD_DURABLE_ALWAYS UINT32_MAX

// When the system pleases, or at `callfold_log_sync`.
#define CALLFOLD_DURABLE_NEVER (UINT32_MAX - 1)

// What went on when, line by line.
#define CALLFOLD_PICTURE_TIMELINE_TEXT 1

// What went on when, as SVG.
#define CALLFOLD_PICTURE_TIMELINE_SVG 2

// Who did what to whom, line by line.
#define CALLFOLD_PICTURE_LADDER_TEXT 3

// Who did what to whom, as SVG.
#define CALLFOLD_PICTURE_LADDER_SVG 4

// Timeline, ladder and story as a page.
#define CALLFOLD_PICTURE_HTML 5

// Who did what to whom, as a Mermaid sequence diagram.
#define CALLFOLD_PICTURE_MERMAID 6

// Something was decided: `turn` and `event`.
#define CALLFOLD_NEWS_EVENT 1

// A command that was sent has ended: `ticket`, `result` and `answer`.
#define CALLFOLD_NEWS_ANSWER 2

// This reader was too slow, and `missed` inputs were passed over. The view has what they came to.
#define CALLFOLD_NEWS_MISSED 3

// A socket did not open, or ended: `result` says why.
#define CALLFOLD_NEWS_SOCKET 4

// The connection will be made again: try number `tries`, after `wait` milliseconds.
#define CALLFOLD_NEWS_RECONNECTING 5

// The line has ended, told once and as the last: `result` says why, if it was by a fault, such as a full disk.
#define CALLFOLD_NEWS_ENDED 6

// Waits as long as it takes.
#define CALLFOLD_FOREVER UINT32_MAX

// Calls.
#define CALLFOLD_OUTSIDE_CALLING 1

// Is called.
#define CALLFOLD_OUTSIDE_RINGING 2

// Talks.
#define CALLFOLD_OUTSIDE_TALKING 3

// Is on hold.
#define CALLFOLD_OUTSIDE_HELD 4

// Is in a conference.
#define CALLFOLD_OUTSIDE_CONFERENCE 5

// Has gone.
#define CALLFOLD_OUTSIDE_GONE 6

// Ready.
#define CALLFOLD_PRESENCE_READY 1

// On break.
#define CALLFOLD_PRESENCE_BREAK 2

// Not to be disturbed.
#define CALLFOLD_PRESENCE_DO_NOT_DISTURB 3

// Busy.
#define CALLFOLD_PRESENCE_BUSY 4

// A moment that is not known, or did not come.
#define CALLFOLD_NEVER INT64_MIN

// Those at the other end.
#define CALLFOLD_PARTIES_ON_LINE 1

// Who is held.
#define CALLFOLD_PARTIES_HELD 2

// Those in the queue.
#define CALLFOLD_PARTIES_IN_QUEUE 3

// What a function says: `CALLFOLD_OK` (0), `CALLFOLD_END` (1), `CALLFOLD_NOTHING` (2), or the number of what went wrong
// (from 5001 up, the same as on every surface).
typedef uint32_t callfold_result;

// A log: a store on disk, or one in memory. It may be used by any number of threads at once.
typedef struct {
    // The handle. Zero is none.
    uint64_t handle;
} callfold_log;

// Text or bytes: where, and how many. Text is UTF-8; it need not end with NUL.
//
// Given to callfold, it is borrowed for the call: keep it, or free it, as you like. `{NULL, 0}` means that nothing is
// given. Got from callfold, it is borrowed from what the function's comment names, and never freed by itself.
typedef struct {
    // The first byte; may be NULL if `length` is 0.
    const char *data;
    // How many bytes.
    size_t length;
} callfold_str;

// Which calls are wanted. What is nothing, or zero, does not matter. Fill in `size`.
typedef struct {
    // sizeof(callfold_call_query)
    size_t size;
    // Of this stream.
    callfold_str stream;
    // Begun at or after `from`, if `has_from`.
    int64_t from;
    // Begun before `to`, if `has_to`.
    int64_t to;
    // Whether `from` counts.
    bool has_from;
    // Whether `to` counts.
    bool has_to;
    // With this number at the other end, as it was told.
    callfold_str number;
    // Of this agent: the login.
    callfold_str agent;
    // Of this id.
    callfold_str id;
} callfold_call_query;

// Is told how far a long work is, now and then: `done` of `of` (0 if that is not known). Answers whether to go on; if not,
// the work ends with CALLFOLD_INTERRUPTED, and what was done until then is whole. What is counted may change from one part of
// a work to the next. It is called on the thread that does the work, which for events is one of callfold's own; it must not use
// the log meanwhile, and must not throw or jump out.
typedef bool (*callfold_progress_function)(void *user, uint64_t done, uint64_t of);

// Who is told how far a long work is. Borrowed for the call that it is given to; for events, until their handle is freed.
typedef struct {
    // What is called.
    callfold_progress_function function;
    // What it is given.
    void *user;
} callfold_progress;

// Calls of a log, one by one, by when they began.
typedef struct {
    // The handle. Zero is none.
    uint64_t handle;
} callfold_calls;

// Who called whom. Zero where there is none.
typedef uint32_t callfold_call_direction;

// What became of a call. Zero where there is none.
typedef uint32_t callfold_call_outcome;

// Who ended a call. Zero where there is none.
typedef uint32_t callfold_ended_by;

// When something was so, and the record that proves it.
typedef struct {
    // Microseconds of UTC since 1970; CALLFOLD_NEVER if it did not come.
    int64_t at;
    // The number of the record; 0 if it did not come.
    uint64_t seq;
} callfold_moment;

// A call: everything on one chain for one stream. Strings are borrowed until the iterator is freed.
typedef struct {
    // Its name within the stream.
    callfold_str id;
    // The stream.
    callfold_str stream;
    // Its chain, if the server named one.
    callfold_str chain;
    // Who called whom.
    callfold_call_direction direction;
    // What became of it.
    callfold_call_outcome outcome;
    // Who ended it, where the wire shows it.
    callfold_ended_by ended_by;
    // Whether the agent's own phone rang first.
    bool is_callback;
    // Whether it was up already when the line was first seen.
    bool up_when_connected;
    // Whether the other side is behind an external line.
    bool is_external;
    // Whether the other side is a voice menu.
    bool is_menu;
    // Who was at the other end first: the number.
    callfold_str number;
    // The name.
    callfold_str name;
    // The user id, if it is a user of the PBX.
    callfold_str user;
    // When it began.
    callfold_moment began;
    // When it was answered: the first talk.
    callfold_moment answered;
    // When it ended.
    callfold_moment ended;
    // How long it rang, or was dialled: microseconds.
    int64_t waited;
    // How long it was talked on, conferences included.
    int64_t talk;
    // How long it was on hold.
    int64_t held;
    // The call for which this one consults.
    callfold_str consults_for;
    // How many stretches it has: `callfold_calls_spell`.
    size_t spells;
    // How many were at the other end, one after the other: `callfold_calls_leg`.
    size_t legs;
    // How often it was on hold: `callfold_calls_hold`.
    size_t holds;
    // How often it was passed on: `callfold_calls_transfer`.
    size_t transfers;
    // How often the connection was down meanwhile: `callfold_calls_gap`.
    size_t gaps;
    // How much does not fit: `callfold_calls_irregularity`.
    size_t irregularities;
} callfold_call;

// What goes on on a call. Zero where there is none.
typedef uint32_t callfold_spell_kind;

// A stretch of a call.
typedef struct {
    // What went on.
    callfold_spell_kind kind;
    // Whether it is how a callback begins: the PBX sets the call up (dial), or the agent's own phone rings for it (ring).
    bool is_callback;
    // From when.
    callfold_moment from;
    // Until when.
    callfold_moment to;
} callfold_spell;

// Someone at the other end. Strings are borrowed until the iterator is freed.
typedef struct {
    // The number.
    callfold_str number;
    // The name.
    callfold_str name;
    // The user id, if it is a user of the PBX.
    callfold_str user;
    // Whether it is behind an external line.
    bool is_external;
    // Whether it is a voice menu.
    bool is_menu;
    // From when.
    callfold_moment from;
    // Until when.
    callfold_moment to;
} callfold_leg;

// Why a call was put on hold. Zero where there is none.
typedef uint32_t callfold_hold_reason;

// How a hold ended. Zero where there is none.
typedef uint32_t callfold_hold_end;

// A time on hold.
typedef struct {
    // From when.
    callfold_moment from;
    // Until when.
    callfold_moment to;
    // Why.
    callfold_hold_reason reason;
    // How it ended; zero while it goes on.
    callfold_hold_end end;
} callfold_hold;

// Kinds of transfer. Zero where there is none.
typedef uint32_t callfold_transfer_kind;

// How a call was passed on. Strings are borrowed until the iterator is freed.
typedef struct {
    // When it took effect.
    callfold_moment at;
    // Of what kind it is.
    callfold_transfer_kind kind;
    // To whom (or, to us: from whom), as far as it is known: the number.
    callfold_str number;
    // The name.
    callfold_str name;
} callfold_transfer;

// What may not fit about a call. Zero where there is none.
typedef uint32_t callfold_irregularity_kind;

// Something that does not fit, and where.
typedef struct {
    // What.
    callfold_irregularity_kind kind;
    // Where.
    callfold_moment at;
} callfold_irregularity;

// Text or bytes that the caller owns, until `callfold_buffer_free`.
typedef struct {
    // The handle. Zero is none.
    uint64_t handle;
} callfold_buffer;

// A stream that cannot be read to its end. Strings are borrowed until the iterator is freed.
typedef struct {
    // The stream.
    callfold_str stream;
    // What is wrong: CALLFOLD_STORE_DAMAGED, for the most part.
    callfold_result result;
    // The same in words: where it is, and no person.
    callfold_str text;
} callfold_damage;

// Where time went, one agent and day after the other.
typedef struct {
    // The handle. Zero is none.
    uint64_t handle;
} callfold_times;

// The time of one agent on one day: it adds up to the time that the agent was logged in. Strings are borrowed until the
// iterator is freed.
typedef struct {
    // The stream.
    callfold_str stream;
    // The agent's login.
    callfold_str agent;
    // The day, counted from 1970-01-01.
    int64_t day;
    // The sum, in microseconds.
    int64_t logged_in;
    // The parts, in microseconds, by kind: `of[CALLFOLD_TIME_TALK]`.
    int64_t of[CALLFOLD_TIME_KINDS];
} callfold_time;

// What is compared. What is nothing, or zero, does not matter. Fill in `size`.
typedef struct {
    // sizeof(callfold_diff_query)
    size_t size;
    // These streams of the first log; NULL: all of both.
    const callfold_str *streams;
    // How many.
    size_t streams_count;
} callfold_diff_query;

// What was compared, and how much of it differs.
typedef struct {
    // Whether nothing differs.
    bool is_same;
    // Whether something could not be read to its end.
    bool is_damaged;
    // How many streams were compared.
    uint64_t streams;
    // How many records of the first side were read.
    uint64_t records;
    // How many calls there are, those counted once that both sides have.
    uint64_t calls;
    // How many of them differ.
    uint64_t differ;
    // How many differences were told in all.
    uint64_t told;
} callfold_compared;

// Which events are wanted. What is nothing, or zero, does not matter. Fill in `size`.
typedef struct {
    // sizeof(callfold_event_query)
    size_t size;
    // Of these streams; NULL: of all.
    const callfold_str *streams;
    // How many.
    size_t streams_count;
    // With one of these names (`line_changed`); NULL: with any. One that there is not is CALLFOLD_UNKNOWN_NAME.
    const callfold_str *names;
    // How many.
    size_t names_count;
    // Of records at or after `from`, if `has_from`.
    int64_t from;
    // Of records before `to`, if `has_to`.
    int64_t to;
    // Whether `from` counts.
    bool has_from;
    // Whether `to` counts.
    bool has_to;
    // About this number, as it was told.
    callfold_str number;
} callfold_event_query;

// Events of a log, one by one, stream by stream and in order.
typedef struct {
    // The handle. Zero is none.
    uint64_t handle;
} callfold_events;

// Which event it is. Zero for one that this version has no number for; its name says what it is.
typedef uint32_t callfold_event_kind;

// The state of a line. Zero where there is none.
typedef uint32_t callfold_line_state;

// Something that was decided. Strings are borrowed: from whom, and for how long, the function that gives it says.
typedef struct {
    // When: microseconds of UTC since 1970.
    int64_t at;
    // The record that has it, from 1; 0 where nothing is recorded.
    uint64_t seq;
    // Which event of the record, from 0.
    uint32_t place;
    // Which event it is.
    callfold_event_kind kind;
    // Its name, such as `line_changed`: for good, also for kinds that this version has no number for.
    callfold_str name;
    // How the reference client announces it; nothing for what it keeps quiet.
    callfold_str announced;
    // The stream that it is of; nothing where there is none.
    callfold_str stream;
    // The state that the line entered; zero if it tells of none.
    callfold_line_state line;
    // The protocol's error code, or the reason of a disconnect; 0 if it tells of none.
    uint32_t code;
    // The command that it is of, from 1; 0 if it is of none.
    uint64_t command;
    // The chain that it is about.
    callfold_str chain;
    // The number that it is about: that of the party, the agent or the target.
    callfold_str number;
    // The name that it is about.
    callfold_str person;
} callfold_event;

// Records of a stream, one by one: what came in, what was decided, and the hash that chains them.
typedef struct {
    // The handle. Zero is none.
    uint64_t handle;
} callfold_records;

// A record of a stream.
typedef struct {
    // Its number, from 1.
    uint64_t seq;
    // When: microseconds of UTC since 1970.
    int64_t at;
    // How many events were decided on it.
    size_t events;
    // Whether a part of it was erased; tokens stand for it.
    bool is_erased;
    // Its hash (BLAKE3): of the hash before and of its bytes.
    uint8_t hash[32];
} callfold_record;

// Which calls are looked for: all that is said must be so. What is nothing, zero, or has no `has_…` does not matter. Fill in
// `size`.
typedef struct {
    // sizeof(callfold_find_query)
    size_t size;
    // Of this stream.
    callfold_str stream;
    // On a line of this agent: the login. Of one that there is not, no call is found.
    callfold_str agent;
    // Begun at or after `from`, if `has_from`.
    int64_t from;
    // Begun before `to`, if `has_to`.
    int64_t to;
    // Somebody with this number took part, however it is written; with `*` before or after it, as a part of a number.
    callfold_str number;
    // Somebody with this in their name took part, in capitals or not.
    callfold_str name;
    // Ended as one of these (`CALLFOLD_CALL_OUTCOME_LOST`); NULL: as any. One that there is not is CALLFOLD_UNKNOWN_NAME.
    const callfold_call_outcome *outcomes;
    // How many.
    size_t outcomes_count;
    // Took as long as `at_least` or longer, from its beginning to its end, if `has_at_least`: microseconds.
    int64_t at_least;
    // Took as long as `at_most` or less, if `has_at_most`.
    int64_t at_most;
    // The most calls that are handed out: the latest. Zero: all.
    size_t most;
    // Whether `from` counts.
    bool has_from;
    // Whether `to` counts.
    bool has_to;
    // Whether `at_least` counts.
    bool has_at_least;
    // Whether `at_most` counts.
    bool has_at_most;
    // Was on hold.
    bool held;
    // Was passed on, by the agent or to the agent.
    bool transferred;
    // Something of it does not fit.
    bool irregular;
} callfold_find_query;

// What was found in all.
typedef struct {
    // How many calls, also those that are more than were wanted.
    uint64_t total;
    // How many streams could not be read to their ends: `callfold_calls_damage`.
    uint64_t damaged;
} callfold_found;

// Threads that lines and simulators live by. Make one for a process; it may be used from any thread.
typedef struct {
    // The handle. Zero is none.
    uint64_t handle;
} callfold_runtime;

// Where to connect, and as whom.
typedef struct {
    // sizeof(callfold_endpoint)
    size_t size;
    // One to ten addresses, such as `wss://pbx.example`; all are dialled at once.
    const callfold_str *addresses;
    // How many.
    size_t addresses_count;
    // The agent's login.
    callfold_str login;
    // The password, or a session id. It is copied, never told again, and wiped when it is no longer needed.
    callfold_str secret;
    // Whether `secret` is the id of an earlier session.
    bool secret_is_session;
    // The workplace, if the server asks for it.
    callfold_str workplace;
    // After how many seconds the session is to end by itself; 0: it does not.
    int64_t expires;
} callfold_endpoint;

// How a machine behaves.
typedef struct {
    // sizeof(callfold_config)
    size_t size;
    // Whether it runs sessions that the reference client recorded, and behaves as that did; if not, it is for a live server.
    bool is_replay;
    // Whether the CTI model is kept.
    bool has_cti;
    // Whether the CTI model's agent stays out of the call centre on connecting.
    bool stays_out;
} callfold_config;

// How a line is to be connected. Fill in `size` and `endpoint`; zero the rest for the defaults.
typedef struct {
    // sizeof(callfold_line_options)
    size_t size;
    // Where, and as whom.
    const callfold_endpoint *endpoint;
    // How its machine behaves; NULL: without the CTI model.
    const callfold_config *config;
    // The stream to record in, where it is recorded; nothing: the login is its name.
    callfold_str stream;
    // A certificate authority of your own, in PEM, besides those of the system.
    callfold_str authority;
    // Whether plain `ws` may go to other machines than this one. Whoever reads the network on the way can then log in as
    // the agent.
    bool insecure_ws;
    // Whether a connection that is lost stays lost. If not, it is made again after a wait that doubles each time, half of
    // it at random.
    bool stays_lost;
    // The first such wait in milliseconds; 0: 1,000.
    uint32_t first_wait;
    // The longest such wait in milliseconds; 0: 60,000.
    uint32_t longest_wait;
    // How many inputs a slow reader of news may be behind before it misses some, up to 65,536; 0: 128.
    uint32_t buffer;
} callfold_line_options;

// An agent's line on a server. It may be used from any thread.
//
// Open it, ask for its news, connect, command; `callfold_line_close` says goodbye and waits. Freeing it says goodbye too,
// without waiting.
typedef struct {
    // The handle. Zero is none.
    uint64_t handle;
} callfold_line;

// How a command ended (`CALLFOLD_ANSWER_DONE`).
typedef uint32_t callfold_answer_kind;

// How a command ended.
typedef struct {
    // How.
    callfold_answer_kind kind;
    // The protocol's code of a refusal (1000 to 4003); 0 if there is none.
    uint32_t code;
    // What that means. Borrowed for ever.
    callfold_str text;
} callfold_answer;

// Which command (`CALLFOLD_COMMAND_CALL`).
typedef uint32_t callfold_command_kind;

// A command of the agent's application. Fill in `size` and `kind`, and what the kind's comment names; zero the rest.
typedef struct {
    // sizeof(callfold_command)
    size_t size;
    // Which command.
    callfold_command_kind kind;
    // A word of an enumeration: a ghost mode, a web status, an agent state.
    uint32_t word;
    // Whom.
    callfold_str number;
    // Several. NULL is none, which is not the same as an empty row.
    const callfold_str *numbers;
    // How many.
    size_t numbers_count;
    // A name or an id.
    callfold_str text;
    // Parameters or data, as JSON.
    callfold_str json;
    // Recipients, as JSON.
    callfold_str recipients;
    // Why, for a break: a text.
    callfold_str reason;
    // Why, for a break: an id of the server's, if `has_reason_id`.
    int64_t reason_id;
    // The room of a conference whose id is given in `text`: 0 to 9999.
    uint32_t room;
    // Whether `reason_id` counts.
    bool has_reason_id;
    // What the kind's comment says.
    bool flag;
} callfold_command;

// What was so on a line at a moment.
typedef struct {
    // The handle. Zero is none.
    uint64_t handle;
} callfold_view;

// What does not fit in a log. Its name is that of `callfold lint`. Zero where there is none.
typedef uint32_t callfold_oddity_kind;

// What is looked for, and where. What is nothing, or zero, does not matter. Fill in `size`.
typedef struct {
    // sizeof(callfold_lint_query)
    size_t size;
    // In these streams; NULL: in all.
    const callfold_str *streams;
    // How many.
    size_t streams_count;
    // Of these kinds (`CALLFOLD_ODDITY_TALK_WITHOUT_RING`); NULL: of all. One that there is not is CALLFOLD_UNKNOWN_NAME.
    // Damage is told whatever is asked for: nobody knows what it hides.
    const callfold_oddity_kind *kinds;
    // How many.
    size_t kinds_count;
    // Shows at or after `from`, if `has_from`.
    int64_t from;
    // Shows before `to`, if `has_to`.
    int64_t to;
    // Whether `from` counts.
    bool has_from;
    // Whether `to` counts.
    bool has_to;
} callfold_lint_query;

// What does not fit in a log, one by one: stream by stream, and in the order of the records.
typedef struct {
    // The handle. Zero is none.
    uint64_t handle;
} callfold_oddities;

// What was found in all.
typedef struct {
    // Whether a stream could not be read to its end.
    bool is_damaged;
    // How many streams were read.
    uint64_t streams;
    // How many records.
    uint64_t records;
    // How many oddities were found.
    uint64_t found;
    // How many of each kind: `of[CALLFOLD_ODDITY_CALL_NEVER_ENDED]`.
    uint64_t of[CALLFOLD_ODDITY_KINDS];
} callfold_linted;

// Something that does not fit. Strings and records are borrowed until the iterator is freed.
typedef struct {
    // What.
    callfold_oddity_kind kind;
    // In which stream.
    callfold_str stream;
    // When it showed: microseconds of UTC since 1970.
    int64_t at;
    // The record that shows it.
    uint64_t seq;
    // All records that belong to it, in order.
    const uint64_t *records;
    // How many.
    size_t records_count;
    // The call that it is of, by its id.
    callfold_str call;
    // The command that it is of, if `has_command`.
    uint64_t command;
    // Whether it is of a command.
    bool has_command;
    // What it is, in a sentence. Nobody's name or number is in it.
    callfold_str words;
} callfold_oddity;

// When what was recorded is safe from a power cut: every so many milliseconds, or one of the two below. Zero: 50.
typedef uint32_t callfold_durability;

// How a store is opened.
typedef struct {
    // sizeof(callfold_log_options)
    size_t size;
    // Whether a store is made where there is none.
    bool create;
    // When what was recorded is safe from a power cut.
    callfold_durability durability;
} callfold_log_options;

// The streams of a log, one by one.
typedef struct {
    // The handle. Zero is none.
    uint64_t handle;
} callfold_streams;

// A stream: one agent's line on one server. Strings are borrowed until the next call with the iterator.
typedef struct {
    // Its number in the log, from 0.
    uint32_t number;
    // Whether it was recorded from a live server; if not, it is a session that the reference client recorded.
    bool is_live;
    // Whether the CTI model is kept.
    bool has_cti;
    // Whether the CTI model's agent stays out of the call centre on connecting.
    bool stays_out;
    // Its name: no other stream of the log has it.
    callfold_str name;
    // What it is about, for people.
    callfold_str title;
    // The agent's login, if it is known.
    callfold_str agent;
    // The server's address, if it was known beforehand.
    callfold_str server;
    // When it was begun.
    int64_t began;
    // When its last record was made; CALLFOLD_NEVER if it has none.
    int64_t last;
    // How many records it has.
    uint64_t records;
    // The hash of its last record, in hexadecimal.
    callfold_str head;
} callfold_stream;

// What was found of a log.
typedef struct {
    // Whether nothing is wrong.
    bool is_good;
    // Whether something is damaged. If not, what was found is to be looked at, and the log is whole.
    bool is_damaged;
    // How many streams were looked at.
    uint64_t streams;
    // How many records.
    uint64_t records;
    // How many records have something that was erased.
    uint64_t erased;
    // How many findings there are.
    uint64_t findings;
    // Streams of which a head was kept, and that are not there.
    uint64_t missing;
} callfold_verified;

// Which picture of a call (`CALLFOLD_PICTURE_TIMELINE_TEXT`).
typedef uint32_t callfold_picture;

// What was erased.
typedef struct {
    // How many texts: the number or name itself, and longer ones that have it in them.
    uint64_t subjects;
    // How many records had one of them.
    uint64_t records;
    // How many records it is still to be read in.
    uint64_t still_readable;
} callfold_erased;

// The reducer for one agent's line. It does nothing by itself: it has no clock, no socket and no thread. Its inputs have one
// order, so it is used by one thread at a time (CALLFOLD_USED_AT_ONCE).
//
// 1. Make it.
// 2. Give it what happens (`_connect`, `_handle`).
// 3. Ask for events until CALLFOLD_END, if you want them, and for effects until CALLFOLD_END, and carry those out.
// 4. Come back with CALLFOLD_INPUT_WAKE at `_next_timeout`.
typedef struct {
    // The handle. Zero is none.
    uint64_t handle;
} callfold_machine;

// What happened (`CALLFOLD_INPUT_FRAME`).
typedef uint32_t callfold_input_kind;

// Something that happened to a machine. Fill in `size`, `kind` and `at`, and what the kind needs; zero the rest.
typedef struct {
    // sizeof(callfold_input)
    size_t size;
    // What happened.
    callfold_input_kind kind;
    // When: microseconds of UTC since 1970. A clock that steps back is held, and that is told.
    int64_t at;
    // Which socket, by the number that the machine gave it.
    uint64_t socket;
    // The message.
    callfold_str text;
    // The command.
    const callfold_command *command;
} callfold_input;

// What is to be done (`CALLFOLD_EFFECT_DIAL`).
typedef uint32_t callfold_effect_kind;

// Something to do, in the order told. Strings are borrowed until the next call with this machine or recorder.
typedef struct {
    // What is to be done.
    callfold_effect_kind kind;
    // With which socket: the machine's number for it.
    uint64_t socket;
    // Where to dial.
    callfold_str url;
    // The wire's method of what is to be sent, for logs.
    callfold_str method;
    // The message. Nothing for a login whose secret was not given.
    callfold_str frame;
} callfold_effect;

// A reader of a line's news, from when it was made. It is used by one thread at a time; it lives on when its line is freed.
typedef struct {
    // The handle. Zero is none.
    uint64_t handle;
} callfold_news;

// What happened (`CALLFOLD_NEWS_EVENT`).
typedef uint32_t callfold_news_kind;

// Something that happened on a line. Strings are borrowed: from a reader until the next call with it, for a listener until
// its function returns.
typedef struct {
    // What happened.
    callfold_news_kind kind;
    // Why a socket or the line ended, or how a command ended: CALLFOLD_OK if it was done.
    callfold_result result;
    // Which turn of the line: a view of this turn or a later one has it.
    uint64_t turn;
    // What was decided.
    callfold_event event;
    // The command's ticket.
    uint64_t ticket;
    // How the command ended.
    callfold_answer answer;
    // How many inputs were passed over.
    uint64_t missed;
    // How often connecting was tried since there was a connection.
    uint32_t tries;
    // After how many milliseconds it is tried again.
    uint64_t wait;
    // The event or the answer as JSON, if that was asked for; what went wrong, always, as callfold_error_json tells it.
    callfold_str json;
} callfold_news_item;

// Is called with what happened, one call at a time, on a thread of callfold's own and under no lock: it may call callfold, and
// wait. It must not throw or jump out.
typedef void (*callfold_news_function)(void *user, const callfold_news_item *news);

// Somebody who is called with a line's news.
typedef struct {
    // The handle. Zero is none.
    uint64_t handle;
} callfold_listener;

// A machine that records: every input is in the log, as durably as the store was opened for, before what came of it is
// handed out. One recorder records in a stream at a time; it is used by one thread at a time.
//
// It is fed as a machine is. If an input cannot be recorded, its effects are lost on purpose and the recorder records no
// more: what is not in the log did not happen.
typedef struct {
    // The handle. Zero is none.
    uint64_t handle;
} callfold_recorder;

// What came of a recorded session.
typedef struct {
    // How many inputs it has.
    uint64_t inputs;
    // How many talks.
    uint64_t talks;
    // How many commands were refused.
    uint64_t refused;
    // How many findings: inputs that something is wrong with.
    uint64_t findings;
    // How many lines were passed over, because nothing is known of their kind.
    uint64_t unknown_lines;
} callfold_replayed;

// What a report is of, and by which thresholds. What is nothing, zero, or has no `has_…` is as the comments say. Fill in `size`.
typedef struct {
    // sizeof(callfold_report_options)
    size_t size;
    // Calls that began at or after `from`, and time from then on; without `has_from` from the first record on.
    int64_t from;
    // Calls that began before `to`, and time until then; without `has_to` up to the last record.
    int64_t to;
    // Only the lines of these agents, by login; NULL: all lines. Those that have none are counted in the report.
    const callfold_str *agents;
    // How many.
    size_t agents_count;
    // Whoever was answered within this time counts for the service level: microseconds; without `has_threshold` 20 s.
    int64_t threshold;
    // Whoever gives up sooner than this is a short abandon: microseconds; without `has_short_abandon` 5 s.
    int64_t short_abandon;
    // How many calls a figure lists at most; without `has_listed` 20.
    size_t listed;
    // How many of the longest holds and gaps are told; without `has_longest` 20.
    size_t longest;
    // How many seconds ahead of UTC the clock is by which hours and days begin.
    int32_t offset_seconds;
    // Whether `from` counts.
    bool has_from;
    // Whether `to` counts.
    bool has_to;
    // Whether `threshold` counts.
    bool has_threshold;
    // Whether `short_abandon` counts.
    bool has_short_abandon;
    // Whether `listed` counts.
    bool has_listed;
    // Whether `longest` counts.
    bool has_longest;
} callfold_report_options;

// What a report is of.
typedef struct {
    // How many lines.
    uint64_t lines;
    // How many of them are damaged, so that figures are of what comes before: `damage` of the JSON names them, and the page.
    uint64_t damaged;
    // How many agents that were asked for have no line: `unknownAgents` of the JSON names them, and the page.
    uint64_t unknown_agents;
} callfold_reported;

// A user of the simulated PBX: who logs in, and which phone is theirs. Login, password and number must be given.
typedef struct {
    // The login.
    callfold_str login;
    // The password.
    callfold_str password;
    // The number of the phone.
    callfold_str number;
    // The name; the login, if nothing is given.
    callfold_str name;
    // The login of the user who controls this one.
    callfold_str chief;
    // A session from before, that a client may log in with in place of the password.
    callfold_str session;
    // Not an operator of the call centre.
    bool is_no_operator;
    // The phone cannot be answered by command.
    bool answers_by_hand;
    // The user sits at the desktop client: a login is refused.
    bool is_at_desktop;
} callfold_account;

// Somebody behind a number outside. Numbers that are not told of wait until they are answered.
typedef struct {
    // The number.
    callfold_str number;
    // The name.
    callfold_str name;
    // After how many milliseconds they answer by themselves; 0: they wait until told.
    uint32_t answers_after;
    // Whether they are busy.
    bool is_busy;
} callfold_outside;

// How a PBX is laid out. Fill in `size` and the users; zero the rest for the defaults.
typedef struct {
    // sizeof(callfold_simulator_options)
    size_t size;
    // Who logs in.
    const callfold_account *users;
    // How many.
    size_t users_count;
    // Who is behind numbers outside.
    const callfold_outside *outside;
    // How many.
    size_t outside_count;
    // Numbers of the call centre.
    const callfold_str *queues;
    // How many.
    size_t queues_count;
    // Voice menus: number and name by turns.
    const callfold_str *menus;
    // How many texts that is: twice as many as menus.
    size_t menus_count;
    // Numbers without a phone.
    const callfold_str *spare;
    // How many.
    size_t spare_count;
    // The server's date (`yymmdd`): methods that are younger are not known. 0: 150601.
    int64_t dated;
    // What ids are drawn from: the same one and the same requests give the same frames.
    uint64_t seed;
    // How many may be logged in; 0: any number.
    uint32_t licences;
    // Whether the service is not available.
    bool is_out_of_service;
    // Where to listen; nothing: a free port of this machine.
    callfold_str bind;
    // A certificate in PEM: with it, and its key, `wss` is spoken.
    callfold_str certificate;
    // The certificate's key in PEM.
    callfold_str key;
} callfold_simulator_options;

// An Oktell server on a socket of this machine, for tests. It speaks the protocol: clients cannot tell it from a PBX. What
// people do at phones are functions; all may be called from any thread.
typedef struct {
    // The handle. Zero is none.
    uint64_t handle;
} callfold_simulator;

// A phone that can be worked: an agent's, by its number, or, if `line` is nothing, somebody's outside.
typedef struct {
    // The number of the agent's phone.
    callfold_str line;
    // Who outside, as the simulator told it.
    uint64_t outside;
} callfold_phone;

// What somebody outside does (`CALLFOLD_OUTSIDE_TALKING`).
typedef uint32_t callfold_outside_state;

// What an agent is set to (`CALLFOLD_PRESENCE_READY`).
typedef uint32_t callfold_presence;

// How a PBX misbehaves. Fill in `size`; zero is good behaviour.
typedef struct {
    // sizeof(callfold_faults)
    size_t size;
    // How late everything is, in milliseconds.
    uint32_t latency;
    // How much later at random, in milliseconds.
    uint32_t jitter;
    // One in so many messages is sent twice.
    uint32_t duplicates;
    // One in so many messages overtakes the one before.
    uint32_t disorder;
    // Methods that are not answered.
    const callfold_str *silent;
    // How many.
    size_t silent_count;
    // Methods at whose request the connection is cut.
    const callfold_str *cut_at;
    // How many.
    size_t cut_at_count;
    // After how many milliseconds the connection is cut; 0: never.
    uint32_t cut_after;
    // What chance is drawn from.
    uint64_t seed;
} callfold_faults;

// How far a connection is. Zero where there is none.
typedef uint32_t callfold_connection;

// Whether the phone can be answered from the application. Zero where there is none.
typedef uint32_t callfold_answering;

// User state and user status: what the agent does, and what the agent has chosen. Zero where there is none.
typedef uint32_t callfold_agent_state;

// The web status: what the agent chose, the older way. Zero where there is none.
typedef uint32_t callfold_web_status;

// Line and agent at a moment. Strings are borrowed until the view is freed.
typedef struct {
    // Which moment it is of: microseconds of UTC since 1970; CALLFOLD_NEVER if nothing happened yet.
    int64_t at;
    // The last record that is in it; 0 where nothing is recorded.
    uint64_t seq;
    // The last turn of a live line that is in it; 0 for others.
    uint64_t turn;
    // How far the connection is.
    callfold_connection connection;
    // The line's state.
    callfold_line_state line;
    // Whether the phone can be answered by command.
    callfold_answering answering;
    // What the agent does.
    callfold_agent_state agent_state;
    // What the agent has chosen.
    callfold_agent_state agent_status;
    // The web status, the older way; zero at first.
    callfold_web_status web_status;
    // Since when line, hold and parties are stale; CALLFOLD_NEVER if they are not.
    int64_t stale_since;
    // When the talk began; CALLFOLD_NEVER while the talk clock does not run.
    int64_t talk_since;
    // How many are at the other end.
    size_t parties;
    // How many are held: none, or one.
    size_t held;
    // How many are in the queue.
    size_t queue;
    // The id of the conference that is ours.
    callfold_str conference;
    // The agent's login.
    callfold_str agent_login;
    // The agent's number.
    callfold_str agent_number;
    // The agent's name.
    callfold_str agent_name;
    // Whether the agent is in the call centre: 1, 0, or -1 while it is not known.
    int32_t call_centre;
    // Whether the agent is an operator.
    bool is_operator;
} callfold_state;

// Which parties: CALLFOLD_PARTIES_ON_LINE, CALLFOLD_PARTIES_HELD or CALLFOLD_PARTIES_IN_QUEUE.
typedef uint32_t callfold_parties;

// Somebody at the other end. Strings are borrowed until the view is freed.
typedef struct {
    // What tells it from others.
    callfold_str key;
    // The number.
    callfold_str number;
    // The name.
    callfold_str name;
    // The chain.
    callfold_str chain;
    // The user id, if it is a user of the PBX.
    callfold_str user;
    // Whether it is behind an external line.
    bool is_external;
    // Whether it is a voice menu.
    bool is_menu;
    // Whether it is a whole conference that is held: `key` is its id, `name` its name.
    bool is_conference;
} callfold_party;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The calls that are wanted, as they are now; those that go on are among them. `query` may be NULL: all.
callfold_result callfold_log_calls(callfold_log log,
                                   const callfold_call_query *query,
                                   const callfold_progress *progress,
                                   callfold_calls *calls);

// The next call; CALLFOLD_END behind the last. The strings are borrowed until the iterator is freed.
callfold_result callfold_calls_next(callfold_calls calls, callfold_call *borrowed);

// A stretch of the call that was asked for last, from 0; CALLFOLD_END behind the last. They do not overlap.
callfold_result callfold_calls_spell(callfold_calls calls, size_t index, callfold_spell *borrowed);

// Who was at the other end of the call that was asked for last, from 0; CALLFOLD_END behind the last.
callfold_result callfold_calls_leg(callfold_calls calls, size_t index, callfold_leg *borrowed);

// A time on hold of the call that was asked for last, from 0; CALLFOLD_END behind the last.
callfold_result callfold_calls_hold(callfold_calls calls, size_t index, callfold_hold *borrowed);

// How the call that was asked for last was passed on, from 0; CALLFOLD_END behind the last.
callfold_result callfold_calls_transfer(callfold_calls calls, size_t index, callfold_transfer *borrowed);

// A time while the connection was down, of the call that was asked for last, from 0; CALLFOLD_END behind the last. Its
// `kind` is CALLFOLD_SPELL_GAP.
callfold_result callfold_calls_gap(callfold_calls calls, size_t index, callfold_spell *borrowed);

// What does not fit about the call that was asked for last, from 0; CALLFOLD_END behind the last.
callfold_result callfold_calls_irregularity(callfold_calls calls, size_t index, callfold_irregularity *borrowed);

// All of the call that was asked for last, as JSON: the same text on every surface.
callfold_result callfold_calls_json(callfold_calls calls, callfold_buffer *owned_json);

// A stream that `callfold_log_find` could not read to its end, from 0; CALLFOLD_END behind the last. Its calls before the
// damage are among those that were found.
callfold_result callfold_calls_damage(callfold_calls calls,
                                      size_t index,
                                      callfold_damage *borrowed);

// Frees an iterator over calls, and what was borrowed from it.
callfold_result callfold_calls_free(callfold_calls calls);

// Where time went in a stream (in all, if `stream` is nothing), by agent and day. A day begins `offset_seconds` before
// UTC's does.
callfold_result callfold_log_times(callfold_log log,
                                   callfold_str stream,
                                   int32_t offset_seconds,
                                   const callfold_progress *progress,
                                   callfold_times *times);

// The next agent and day; CALLFOLD_END behind the last. The strings are borrowed until the iterator is freed.
callfold_result callfold_times_next(callfold_times times, callfold_time *borrowed);

// The row that was asked for last, as JSON: `{"stream":…,"agent":…,"day":…,"time":{"talk":…}}`.
callfold_result callfold_times_json(callfold_times times, callfold_buffer *owned_json);

// Frees an iterator over time, and what was borrowed from it.
callfold_result callfold_times_free(callfold_times times);

// Compares a log as it was told with another one, stream by stream of the same name; with what the rules of today make of
// its own inputs, if `with` is `{0}`. What differs, as JSON, a line each: `{"stream":…,"differs":{"call":{…}}}`, and last
// `{"summary":{…}}`, as `callfold diff --json` prints them. `query` may be NULL: all streams. `report` may be NULL.
callfold_result callfold_log_diff_json(callfold_log log,
                                       callfold_log with,
                                       const callfold_diff_query *query,
                                       const callfold_progress *progress,
                                       callfold_compared *report,
                                       callfold_buffer *owned_json);

// The version of the ABI that this library has: compare it with CALLFOLD_ABI of the header that you compiled against.
uint32_t callfold_abi_version(void);

// The version of callfold, such as `0.1.0`. Borrowed for ever.
callfold_str callfold_version(void);

// The name of a result, such as `no_stream`: the same on every surface, for good. Borrowed for ever.
callfold_result callfold_result_name(callfold_result result, callfold_str *borrowed);

// What a result means, and what to do. Borrowed for ever.
callfold_result callfold_result_text(callfold_result result, callfold_str *borrowed);

// Why the last call of this thread that failed did so, for people; empty if none did. It names no person and no secret: it
// may be logged. Written with a NUL behind; `length` may be NULL, and is told without it, also where the memory is too short
// (CALLFOLD_BUFFER_TOO_SHORT). This function itself changes nothing of it.
callfold_result callfold_error_message(char *into,
                                       size_t capacity,
                                       size_t *length);

// The same with its code and what it is about, as JSON: `{"code":5108,"name":"no_stream","text":…,"context":{"stream":…}}`;
// `null` if no call failed.
callfold_result callfold_error_json(callfold_buffer *owned_json);

// The events that are wanted. `query` may be NULL: all. `progress` is told on a thread of callfold's own, and must live as
// long as the iterator.
callfold_result callfold_log_events(callfold_log log,
                                    const callfold_event_query *query,
                                    const callfold_progress *progress,
                                    callfold_events *events);

// The next event; CALLFOLD_END behind the last. Borrowed until the next call with the iterator. If the log cannot be read
// to its end, that is told after what could be.
callfold_result callfold_events_next(callfold_events events,
                                     callfold_event *borrowed);

// All that the event says that was asked for last, as JSON: the same text on every surface.
callfold_result callfold_events_json(callfold_events events, callfold_buffer *owned_json);

// Frees an iterator over events, and what was borrowed from it. Events that were not asked for are not read any more. Waits for
// the progress function, if that is being called.
callfold_result callfold_events_free(callfold_events events);

// The records of a stream, from number `from` (the first is 1) on.
callfold_result callfold_log_records(callfold_log log, callfold_str stream, uint64_t from, callfold_records *records);

// The next record; CALLFOLD_END behind the last there is by now.
callfold_result callfold_records_next(callfold_records records, callfold_record *record);

// What came in with the record that was asked for last, as JSON with its moment: `callfold_machine_handle_json` takes it.
callfold_result callfold_records_input_json(callfold_records records,
                                            callfold_buffer *owned_json);

// All of the record that was asked for last, as JSON: `{"seq":…,"at":…,"input":…,"events":[…],"hash":…}`.
callfold_result callfold_records_json(callfold_records records, callfold_buffer *owned_json);

// Frees an iterator over records.
callfold_result callfold_records_free(callfold_records records);

// The calls that are looked for, as they are now, by when they began. Of a damaged stream those before the damage, and
// `callfold_calls_damage` names it. `query` may be NULL: all. `report` may be NULL.
callfold_result callfold_log_find(callfold_log log,
                                  const callfold_find_query *query,
                                  const callfold_progress *progress,
                                  callfold_calls *calls,
                                  callfold_found *report);

// The same as JSON, a line each: `{"stream":…,"number":…,"call":{…}}`, as `callfold find --json` prints them; and then, for
// each stream that is damaged, `{"stream":…,"number":…,"damage":{"code":5105,…}}`.
callfold_result callfold_log_find_json(callfold_log log,
                                       const callfold_find_query *query,
                                       const callfold_progress *progress,
                                       callfold_found *report,
                                       callfold_buffer *owned_json);

// Some calls that are near to one that is not there, five at most: whose id begins like `wanted`, in which a number or a name
// like it took part, or, for `record:120`, that went on at that record. In one stream, or in all if `stream` is nothing. Ask
// when `callfold_log_calls` or `callfold_log_picture` finds none.
callfold_result callfold_log_near(callfold_log log,
                                  callfold_str stream,
                                  callfold_str wanted,
                                  const callfold_progress *progress,
                                  callfold_calls *calls);

// Opens a line. It is recorded in `log`, if that is not zero: it begins its stream, or goes on with it. It dials nothing
// yet (`callfold_line_connect`).
callfold_result callfold_line_open(callfold_runtime runtime,
                                   callfold_log log,
                                   const callfold_line_options *options,
                                   callfold_line *line);

// Connects: dials, logs in and loads, and waits `milliseconds` at most until that is done (CALLFOLD_FOREVER). A login that
// is refused is CALLFOLD_COMMAND_REFUSED, with why in `answer`, which may be NULL.
callfold_result callfold_line_connect(callfold_line line,
                                      uint32_t milliseconds,
                                      callfold_answer *answer);

// Gives a command, and waits `milliseconds` at most for the server's answer; what becomes of it on the line is told in the
// news. One that is not done is CALLFOLD_COMMAND_REFUSED or CALLFOLD_COMMAND_MISUSED, with why in `answer`, which may be
// NULL. One that is waited for no more (CALLFOLD_TIMED_OUT) takes its course; one for which there was no room in that time
// (CALLFOLD_NOT_GIVEN) was not given.
callfold_result callfold_line_command(callfold_line line,
                                      const callfold_command *command,
                                      uint32_t milliseconds,
                                      callfold_answer *answer);

// The same for a command as JSON, as exported logs have it: `"Hold"`, `{"Call":{"number":"102","sequence":"AgentFirst"}}`.
// The answer is told as the reference client tells it, also where the command was not done: `{"result":false,…}`.
callfold_result callfold_line_command_json(callfold_line line,
                                           callfold_str command_json,
                                           uint32_t milliseconds,
                                           callfold_buffer *owned_json);

// Gives a command and does not wait for its end: all who read or listen to the line's news by now are told of it, under this
// ticket (CALLFOLD_NEWS_ANSWER). `ticket` may be NULL. Commands that one thread sends are given in their order; it waits only
// while 64 others are under way.
callfold_result callfold_line_send(callfold_line line,
                                   const callfold_command *command,
                                   uint64_t *ticket);

// What is so after what was told last. Free it with `callfold_view_free`.
callfold_result callfold_line_view(callfold_line line, callfold_view *view);

// Says goodbye to the server, waits `milliseconds` at most for its close, and ends the line for everyone who has it. The
// handle stays until it is freed. Fails with why, if the line had ended by a fault, such as a full disk. CALLFOLD_TIMED_OUT:
// it is ending. CALLFOLD_NOT_GIVEN: it goes on.
callfold_result callfold_line_close(callfold_line line,
                                    uint32_t milliseconds);

// Frees a line, and does not wait for its goodbye: its news end when that was said. Where the runtime ends right after, it
// waits for it, 10 seconds at most.
callfold_result callfold_line_free(callfold_line line);

// Looks for what does not fit: calls, commands and messages that an auditor should look at. Reads the log once; what was
// found is kept for the iterator. A damaged stream is read up to the damage, which is told as CALLFOLD_ODDITY_DAMAGED.
// `query` may be NULL: everything. `report` may be NULL.
callfold_result callfold_log_lint(callfold_log log,
                                  const callfold_lint_query *query,
                                  const callfold_progress *progress,
                                  callfold_oddities *oddities,
                                  callfold_linted *report);

// The same as JSON, a line each: `{"stream":…,"number":…,"oddity":{…}}`, and last `{"summary":{…}}`, as `callfold lint --json`
// prints them.
callfold_result callfold_log_lint_json(callfold_log log,
                                       const callfold_lint_query *query,
                                       const callfold_progress *progress,
                                       callfold_linted *report,
                                       callfold_buffer *owned_json);

// The next oddity; CALLFOLD_END behind the last. Strings and records are borrowed until the iterator is freed.
callfold_result callfold_oddities_next(callfold_oddities oddities, callfold_oddity *borrowed);

// The oddity that was asked for last, as JSON: the same text on every surface.
callfold_result callfold_oddities_json(callfold_oddities oddities, callfold_buffer *owned_json);

// Frees an iterator over oddities, and what was borrowed from it.
callfold_result callfold_oddities_free(callfold_oddities oddities);

// Opens the store in the directory `path`. `options` may be NULL: it must be there, and is made durable every 50 ms. A store
// has one owner at a time (CALLFOLD_STORE_IN_USE).
callfold_result callfold_log_open(callfold_str path,
                                  const callfold_log_options *options,
                                  callfold_log *log);

// Makes a log in memory, which goes with the handle.
callfold_result callfold_log_new(callfold_log *log);

// What had to be done to open a store, as a JSON array of sentences: show it to somebody.
callfold_result callfold_log_notes_json(callfold_log log, callfold_buffer *owned_json);

// Takes a recorded session or an exported log in, packed (gzip, zstd) or not. `name` names the stream of a session; nothing:
// by its own name. `progress` may be NULL. `owned_json`, if not NULL, gets the names of the streams: `["ivanov"]`.
callfold_result callfold_log_import(callfold_log log,
                                    callfold_str path,
                                    callfold_str name,
                                    const callfold_progress *progress,
                                    callfold_buffer *owned_json);

// Writes streams (all, if `streams` is NULL) as JSON Lines with the chain, whole or not at all. How many records they have;
// `records` may be NULL.
callfold_result callfold_log_export(callfold_log log,
                                    const callfold_str *streams,
                                    size_t streams_count,
                                    callfold_str path,
                                    const callfold_progress *progress,
                                    uint64_t *records);

// Waits until everything that was recorded is safe from a power cut.
callfold_result callfold_log_sync(callfold_log log);

// Makes everything durable, and frees the handle; if it cannot be made durable, says so, and the handle is freed all the
// same. The store itself is closed when nothing that was made of it is left: recorders, lines, iterators.
callfold_result callfold_log_close(callfold_log log);

// Frees a log without waiting until it is durable (`callfold_log_close` does).
callfold_result callfold_log_free(callfold_log log);

// The streams of a log as they are now.
callfold_result callfold_log_streams(callfold_log log, callfold_streams *streams);

// The next stream; CALLFOLD_END behind the last. Borrowed until the next call with the iterator.
callfold_result callfold_streams_next(callfold_streams streams, callfold_stream *borrowed);

// Frees an iterator over streams, and what was borrowed from it.
callfold_result callfold_streams_free(callfold_streams streams);

// What was so in a stream after everything that happened at or before `at`. CALLFOLD_TOO_EARLY if nothing had happened yet.
callfold_result callfold_log_view_at(callfold_log log,
                                     callfold_str stream,
                                     int64_t at,
                                     callfold_view *view);

// What was so in a stream right after the record `seq`. CALLFOLD_NO_RECORD if there is none.
callfold_result callfold_log_view_at_record(callfold_log log, callfold_str stream, uint64_t seq, callfold_view *view);

// Whether streams (all, if `stream` is nothing) are whole: chain and sequence. `rerun` also runs their inputs again, and
// compares what is decided. `heads`, if given, are lines that `callfold_log_heads` gave before and that were kept
// elsewhere. What is wrong with a stream is in the report; the call fails only if the log cannot be read at all.
// `owned_json`, if not NULL, gets every finding, a line of JSON for each stream.
callfold_result callfold_log_verify(callfold_log log,
                                    callfold_str stream,
                                    bool rerun,
                                    callfold_str heads,
                                    const callfold_progress *progress,
                                    callfold_verified *report,
                                    callfold_buffer *owned_json);

// The heads of all streams, as lines of JSON. Kept elsewhere, they prove later that nothing was changed or cut off.
callfold_result callfold_log_heads(callfold_log log, callfold_buffer *owned_json);

// A picture of the call `id`, for the stream that has it (the first, if `stream` is nothing). Times of day are
// `offset_seconds` ahead of UTC's.
callfold_result callfold_log_picture(callfold_log log,
                                     callfold_str stream,
                                     callfold_str id,
                                     callfold_picture picture,
                                     int32_t offset_seconds,
                                     callfold_buffer *owned_text);

// Every command of a stream, with what the server answered and what it led to: a line of JSON each.
callfold_result callfold_log_commands_json(callfold_log log,
                                           callfold_str stream,
                                           const callfold_progress *progress,
                                           callfold_buffer *owned_json);

// Erases a number or name: a token stands in its place from then on; times, totals and hashes stay. `dry` only counts.
// Exports that were made before still have it.
callfold_result callfold_log_erase(callfold_log log,
                                   callfold_str text,
                                   bool dry,
                                   const callfold_progress *progress,
                                   callfold_erased *report);

// Makes a machine that knows nothing yet. `config` may be NULL: for a live server, without the CTI model.
callfold_result callfold_machine_new(const callfold_config *config, callfold_machine *machine);

// Makes a machine of what `callfold_machine_snapshot` gave. CALLFOLD_BAD_SNAPSHOT if it is none, or of another version.
callfold_result callfold_machine_restore(callfold_str snapshot, callfold_machine *machine);

// All that a machine knows, as bytes, to restore it from. They have names and numbers in them, and no secret. Events and
// effects that nobody asked for are not in it.
callfold_result callfold_machine_snapshot(callfold_machine machine,
                                          callfold_buffer *owned_snapshot);

// Connects (by the CTI model, where it is kept). The secret is written into the login when that is to be sent.
callfold_result callfold_machine_connect(callfold_machine machine, int64_t at, const callfold_endpoint *endpoint);

// Handles something that happened. Events of the call before are forgotten; effects stay until they are asked for.
callfold_result callfold_machine_handle(callfold_machine machine, const callfold_input *input);

// The same for an input as JSON, as exported logs have it, with its moment: `{"at":0,"frame":"…","socket":1}`,
// `{"at":0,"command":"Hold"}`, `{"at":0,"wake":true}`. All that came of it, and all effects that are to be done:
// `{"events":[…],"effects":[…],"timeout":…}`. `owned_json` may be NULL: then they are asked for one by one.
callfold_result callfold_machine_handle_json(callfold_machine machine,
                                             callfold_str input_json,
                                             callfold_buffer *owned_json);

// The next event of the last call that handled something; CALLFOLD_END behind the last. Borrowed until the next such call.
callfold_result callfold_machine_next_event(callfold_machine machine,
                                            callfold_event *borrowed);

// All that the event says that was asked for last, as JSON.
callfold_result callfold_machine_event_json(callfold_machine machine, callfold_buffer *owned_json);

// The next thing to do; CALLFOLD_END behind the last. Borrowed until the next call with this machine.
callfold_result callfold_machine_next_effect(callfold_machine machine, callfold_effect *borrowed);

// When to come back with CALLFOLD_INPUT_WAKE, at the latest; CALLFOLD_NOTHING if nothing is waited for.
callfold_result callfold_machine_next_timeout(callfold_machine machine, int64_t *at);

// What is so now. Free it with `callfold_view_free`.
callfold_result callfold_machine_view(callfold_machine machine, callfold_view *view);

// Frees a machine, and what was borrowed from it.
callfold_result callfold_machine_free(callfold_machine machine);

// Begins to read what happens on a line from now on. `with_json`: events and answers also come as JSON.
callfold_result callfold_line_news(callfold_line line, bool with_json, callfold_news *news);

// The next news, waited for `milliseconds` at most (0, CALLFOLD_FOREVER). CALLFOLD_NOTHING if none came; CALLFOLD_END when
// the line has ended and all was asked for, or the reader was freed meanwhile. Borrowed until the next call with the reader.
callfold_result callfold_news_next(callfold_news news,
                                   uint32_t milliseconds,
                                   callfold_news_item *borrowed);

// A file descriptor that can be read from (poll, select, epoll) while there is something to ask for, the end included. It is
// callfold's: do not read from it and do not close it; it goes with the reader. CALLFOLD_BAD_ARGUMENT where the system has no such
// thing (Windows).
callfold_result callfold_news_fd(callfold_news news,
                                 int32_t *fd);

// Stops a reader: a thread that waits in it gets CALLFOLD_END, and so does every later call. What was borrowed from it stays
// until it is freed: so stop it from wherever you are, and have the thread that reads free it.
callfold_result callfold_news_stop(callfold_news news);

// Frees a reader, and what was borrowed from it. A thread that waits in it gets CALLFOLD_END; one that has just got
// something would read what is freed (`callfold_news_stop`).
callfold_result callfold_news_free(callfold_news news);

// Has a function called with what happens on a line from now on. `with_json`: events and answers also come as JSON.
callfold_result callfold_line_listen(callfold_line line,
                                     callfold_news_function function,
                                     void *user,
                                     bool with_json,
                                     callfold_listener *listener);

// Frees a listener: no call begins any more. Waits for one that is under way, unless this is called from it: after that,
// nothing of yours is used any more. Two listeners that free each other from their functions would wait for ever.
callfold_result callfold_listener_free(callfold_listener listener);

// Begins the stream `name` of a log, or goes on with it: then the sockets of before are recorded as closed at `at`
// (microseconds of UTC since 1970), and what came of that is to be asked for. `agent` (the login) and `server` may be
// nothing. CALLFOLD_STREAM_OF_ANOTHER if the stream is another agent's, CALLFOLD_STREAM_IN_USE if it is being recorded.
callfold_result callfold_recorder_new(callfold_log log,
                                      callfold_str name,
                                      callfold_str agent,
                                      callfold_str server,
                                      int64_t at,
                                      const callfold_config *config,
                                      callfold_recorder *recorder);

// Connects, as `callfold_machine_connect` does.
callfold_result callfold_recorder_connect(callfold_recorder recorder, int64_t at, const callfold_endpoint *endpoint);

// Handles something that happened and records it.
callfold_result callfold_recorder_handle(callfold_recorder recorder, const callfold_input *input);

// The same for an input as JSON, as `callfold_machine_handle_json` does.
callfold_result callfold_recorder_handle_json(callfold_recorder recorder,
                                              callfold_str input_json,
                                              callfold_buffer *owned_json);

// The next event of the last call that handled something; CALLFOLD_END behind the last. Borrowed until the next such call.
callfold_result callfold_recorder_next_event(callfold_recorder recorder,
                                             callfold_event *borrowed);

// All that the event says that was asked for last, as JSON.
callfold_result callfold_recorder_event_json(callfold_recorder recorder, callfold_buffer *owned_json);

// The next thing to do; CALLFOLD_END behind the last. Borrowed until the next call with this recorder.
callfold_result callfold_recorder_next_effect(callfold_recorder recorder, callfold_effect *borrowed);

// When to come back with CALLFOLD_INPUT_WAKE, at the latest; CALLFOLD_NOTHING if nothing is waited for.
callfold_result callfold_recorder_next_timeout(callfold_recorder recorder, int64_t *at);

// What is so now. Free it with `callfold_view_free`.
callfold_result callfold_recorder_view(callfold_recorder recorder, callfold_view *view);

// Frees a recorder, and what was borrowed from it. Another may record in its stream then.
callfold_result callfold_recorder_free(callfold_recorder recorder);

// Replays a recorded session of the reference client, packed or not, by the rules of today: what the reference client would
// have announced, in JSON lines, as `callfold replay --announce` writes them. `report` and `progress` may be NULL.
callfold_result callfold_replay_file(callfold_str path,
                                     const callfold_progress *progress,
                                     callfold_replayed *report,
                                     callfold_buffer *owned_announcements);

// A floor's figures as JSON: service level, handling time, occupancy, agents, as `callfold report --json` prints them. What
// they mean stands in `core/callfold/FIGURES.md`. The first report of a log derives where the time of its lines went.
// `options` may be NULL: all of the log, in UTC. `report` may be NULL.
callfold_result callfold_log_report_json(callfold_log log,
                                         const callfold_report_options *options,
                                         const callfold_progress *progress,
                                         callfold_reported *report,
                                         callfold_buffer *owned_json);

// The same as a page, as `callfold report --html` writes it: it needs no other file and nothing from the network. It has names
// and numbers in it.
callfold_result callfold_log_report_html(callfold_log log,
                                         const callfold_report_options *options,
                                         const callfold_progress *progress,
                                         callfold_reported *report,
                                         callfold_buffer *owned_html);

// Makes a runtime with so many threads, from 1 to 64; 0: two. Many lines need no more.
callfold_result callfold_runtime_new(uint32_t threads, callfold_runtime *runtime);

// Frees a runtime. Its threads end when the last line and simulator that lives by it is freed; that call waits for the goodbyes
// of lines, 10 seconds at most, and for its threads.
callfold_result callfold_runtime_free(callfold_runtime runtime);

// Starts to serve.
callfold_result callfold_simulator_new(callfold_runtime runtime,
                                       const callfold_simulator_options *options,
                                       callfold_simulator *simulator);

// What clients connect to, such as `ws://127.0.0.1:40001`. Borrowed until the simulator is freed.
callfold_result callfold_simulator_url(callfold_simulator simulator, callfold_str *borrowed);

// Somebody outside calls a number of the PBX; they are known as `phone` from then on.
callfold_result callfold_simulator_external_call(callfold_simulator simulator,
                                                 callfold_str from,
                                                 callfold_str to,
                                                 callfold_phone *phone);

// Who of those outside is called or calls under a number; CALLFOLD_NOTHING if nobody does.
callfold_result callfold_simulator_find_outside(callfold_simulator simulator,
                                                callfold_str number,
                                                callfold_phone *phone);

// What somebody outside does.
callfold_result callfold_simulator_outside_state(callfold_simulator simulator,
                                                 callfold_phone phone,
                                                 callfold_outside_state *state);

// An agent dials a number at the phone.
callfold_result callfold_simulator_dial(callfold_simulator simulator, callfold_str line, callfold_str number);

// A ringing phone is answered. CALLFOLD_SIMULATOR_NOT_POSSIBLE if it does not ring.
callfold_result callfold_simulator_answer(callfold_simulator simulator, callfold_phone phone);

// A ringing phone is not answered.
callfold_result callfold_simulator_decline(callfold_simulator simulator, callfold_phone phone);

// Somebody hangs up.
callfold_result callfold_simulator_hang_up(callfold_simulator simulator, callfold_phone phone);

// An agent presses hold at the phone.
callfold_result callfold_simulator_hold(callfold_simulator simulator, callfold_str line);

// Whoever hears a voice menu chooses a number.
callfold_result callfold_simulator_choose(callfold_simulator simulator, callfold_phone phone, callfold_str number);

// An agent makes a conference at the phone. `owned_id`, if not NULL, gets its id.
callfold_result callfold_simulator_conference(callfold_simulator simulator,
                                              callfold_str line,
                                              const callfold_str *numbers,
                                              size_t numbers_count,
                                              callfold_buffer *owned_id);

// An agent invites a number to the conference at the phone.
callfold_result callfold_simulator_invite(callfold_simulator simulator, callfold_str line, callfold_str number);

// An agent's state is set at the PBX, with the id of the reason of a break (0: none).
callfold_result callfold_simulator_set_agent(callfold_simulator simulator,
                                             callfold_str line,
                                             callfold_presence presence,
                                             bool in_call_centre,
                                             int64_t reason);

// A phone loses its cable.
callfold_result callfold_simulator_unplug(callfold_simulator simulator, callfold_str line);

// A phone gets its cable back.
callfold_result callfold_simulator_plug_in(callfold_simulator simulator, callfold_str line);

// Sends any message to who is logged in with a line. To how many; `clients` may be NULL.
callfold_result callfold_simulator_say(callfold_simulator simulator,
                                       callfold_str line,
                                       callfold_str text,
                                       uint64_t *clients);

// Cuts the connections of a line, without goodbye. How many; `clients` may be NULL.
callfold_result callfold_simulator_cut(callfold_simulator simulator, callfold_str line, uint64_t *clients);

// Keeps the connections of a line open and says nothing on them any more. How many; `clients` may be NULL.
callfold_result callfold_simulator_freeze(callfold_simulator simulator, callfold_str line, uint64_t *clients);

// Misbehaves so from now on.
callfold_result callfold_simulator_set_faults(callfold_simulator simulator, const callfold_faults *faults);

// Stops to serve, and frees the simulator.
callfold_result callfold_simulator_free(callfold_simulator simulator);

// A text that ends with NUL, as callfold takes it: borrowed, without the NUL. NULL is nothing.
callfold_str callfold_text(const char *nul_terminated);

// What a buffer has: borrowed until the buffer is freed. A NUL stands behind it, which is not counted.
callfold_result callfold_buffer_borrow(callfold_buffer buffer, callfold_str *borrowed);

// Copies what a buffer has to memory of your own, with a NUL behind. `length` may be NULL; it is told without the NUL,
// also where the memory is too short (`CALLFOLD_BUFFER_TOO_SHORT`): then nothing is copied.
callfold_result callfold_buffer_copy(callfold_buffer buffer, char *into, size_t capacity, size_t *length);

// Frees a buffer, and what was borrowed from it.
callfold_result callfold_buffer_free(callfold_buffer buffer);

// Line and agent. The strings are borrowed until the view is freed.
callfold_result callfold_view_state(callfold_view view, callfold_state *borrowed);

// The party at place `index` (from 0) of those that `parties` names. CALLFOLD_END behind the last. The strings are
// borrowed until the view is freed.
callfold_result callfold_view_party(callfold_view view,
                                    callfold_parties parties,
                                    size_t index,
                                    callfold_party *borrowed);

// What may be done with a number or user now, in the order in which to show it, as a JSON array: `["call","transfer"]`.
callfold_result callfold_view_actions_json(callfold_view view, callfold_str target, callfold_buffer *owned_json);

// Everything, as JSON: what `callfold state --json` writes.
callfold_result callfold_view_json(callfold_view view, callfold_buffer *owned_json);

// What the PBX told of its numbers, users and reasons for a break, as JSON.
callfold_result callfold_view_directory_json(callfold_view view, callfold_buffer *owned_json);

// Frees a view, and what was borrowed from it.
callfold_result callfold_view_free(callfold_view view);

// The name of a word, such as `ready` of `CALLFOLD_LINE_STATE_READY`, in lower case and for good. `words` says of which
// enumeration (`CALLFOLD_WORDS_LINE_STATE`). Borrowed for ever.
callfold_result callfold_word_name(uint32_t words, uint32_t word, callfold_str *borrowed);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* CALLFOLD_H */
