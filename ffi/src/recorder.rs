//! The recorder: a machine whose every input is in a log before its effects are handed out.

use callfold::Timestamp;
use callfold::live;
use callfold::log::StreamInfo;
use callfold::problem::Problem;
use std::mem::MaybeUninit;

use crate::boundary::{Status, callfold_result, cross, done};
use crate::command::callfold_endpoint;
use crate::event::callfold_event;
use crate::fed::{Fed, callfold_config, callfold_effect, callfold_input};
use crate::handle::{self, Kind, Object, Single};
use crate::log::{callfold_log, with_log};
use crate::options;
use crate::text::{bad, callfold_buffer, callfold_str, fill, owned};
use crate::view::callfold_view;

/// A machine that records: every input is in the log, as durably as the store was opened for, before what came of it is
/// handed out. One recorder records in a stream at a time; it is used by one thread at a time.
///
/// It is fed as a machine is. If an input cannot be recorded, its effects are lost on purpose and the recorder records no
/// more: what is not in the log did not happen.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_recorder {
    /// The handle. Zero is none.
    pub handle: u64,
}

struct Held(Single<Fed>);

impl Object for Held {
    const KIND: Kind = Kind::Recorder;
    const BOUND_TO_PROCESS: bool = true;
}

fn with<T>(
    recorder: callfold_recorder,
    deed: impl FnOnce(&mut Fed) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let held = handle::get::<Held>(recorder.handle)?;
    let mut fed = held.0.mine()?;
    deed(&mut fed)
}

/// Begins the stream `name` of a log, or goes on with it: then the sockets of before are recorded as closed at `at`
/// (microseconds of UTC since 1970), and what came of that is to be asked for. `agent` (the login) and `server` may be
/// nothing. CALLFOLD_STREAM_OF_ANOTHER if the stream is another agent's, CALLFOLD_STREAM_IN_USE if it is being recorded.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_recorder_new(
    log: callfold_log,
    name: callfold_str,
    agent: callfold_str,
    server: callfold_str,
    at: i64,
    config: *const callfold_config,
    recorder: Option<&mut MaybeUninit<callfold_recorder>>,
) -> callfold_result {
    done(|| {
        let recorder = fill(recorder, "recorder")?;
        let name = name.text("name")?;
        if name.is_empty() {
            return Err(bad("name is empty"));
        }
        let config = options::read(config)?.made();
        let mut info = StreamInfo::new(name, config, Timestamp::from_micros(at));
        info.agent = agent.given("agent")?.map(Into::into);
        info.server = server.given("server")?.map(Into::into);
        let begun = with_log(log, |log| Ok(live::recorder(log, &info)?))?;
        let mut fed = Fed::recorder(begun, name);
        fed.close_all(at)?;
        recorder.with(callfold_recorder { handle: handle::put(Held(Single::new(fed)))? });
        Ok(())
    })
}

/// Connects, as `callfold_machine_connect` does.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_recorder_connect(
    recorder: callfold_recorder,
    at: i64,
    endpoint: *const callfold_endpoint,
) -> callfold_result {
    done(|| with(recorder, |fed| fed.connect(at, &options::must(endpoint)?)))
}

/// Handles something that happened and records it.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_recorder_handle(
    recorder: callfold_recorder,
    input: *const callfold_input,
) -> callfold_result {
    done(|| with(recorder, |fed| fed.handle(&options::must(input)?)))
}

/// The same for an input as JSON, as `callfold_machine_handle_json` does.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_recorder_handle_json(
    recorder: callfold_recorder,
    input_json: callfold_str,
    owned_json: Option<&mut MaybeUninit<callfold_buffer>>,
) -> callfold_result {
    done(|| {
        with(recorder, |fed| {
            fed.handle_json(input_json.text("input_json")?)?;
            if let Some(owned_json) = owned_json {
                owned_json.write(owned(fed.step_json()?)?);
            }
            Ok(())
        })
    })
}

/// The next event of the last call that handled something; CALLFOLD_END behind the last. Borrowed until the next such call.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_recorder_next_event(
    recorder: callfold_recorder,
    borrowed: Option<&mut MaybeUninit<callfold_event>>,
) -> callfold_result {
    cross(|| {
        let borrowed = fill(borrowed, "borrowed")?;
        let Some(event) = with(recorder, |fed| Ok(fed.next_event()))? else { return Ok(Status::End) };
        borrowed.with(event);
        Ok(Status::Ok)
    })
}

/// All that the event says that was asked for last, as JSON.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_recorder_event_json(
    recorder: callfold_recorder,
    owned_json: Option<&mut MaybeUninit<callfold_buffer>>,
) -> callfold_result {
    done(|| {
        let owned_json = fill(owned_json, "owned_json")?;
        owned_json.with(owned(with(recorder, |fed| fed.event_json())?)?);
        Ok(())
    })
}

/// The next thing to do; CALLFOLD_END behind the last. Borrowed until the next call with this recorder.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_recorder_next_effect(
    recorder: callfold_recorder,
    borrowed: Option<&mut MaybeUninit<callfold_effect>>,
) -> callfold_result {
    cross(|| {
        let borrowed = fill(borrowed, "borrowed")?;
        let Some(effect) = with(recorder, Fed::next_effect)? else { return Ok(Status::End) };
        borrowed.with(effect);
        Ok(Status::Ok)
    })
}

/// When to come back with CALLFOLD_INPUT_WAKE, at the latest; CALLFOLD_NOTHING if nothing is waited for.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_recorder_next_timeout(
    recorder: callfold_recorder,
    at: Option<&mut MaybeUninit<i64>>,
) -> callfold_result {
    cross(|| {
        let at = fill(at, "at")?;
        let Some(timeout) = with(recorder, |fed| Ok(fed.timeout()))? else { return Ok(Status::Nothing) };
        at.with(timeout);
        Ok(Status::Ok)
    })
}

/// What is so now. Free it with `callfold_view_free`.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_recorder_view(
    recorder: callfold_recorder,
    view: Option<&mut MaybeUninit<callfold_view>>,
) -> callfold_result {
    done(|| {
        let view = fill(view, "view")?;
        view.with(with(recorder, |fed| Ok(fed.seen()))?.put()?);
        Ok(())
    })
}

/// Frees a recorder, and what was borrowed from it. Another may record in its stream then.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_recorder_free(recorder: callfold_recorder) -> callfold_result {
    done(|| handle::free::<Held>(recorder.handle))
}
