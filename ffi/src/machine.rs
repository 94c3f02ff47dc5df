//! The machine: for programs that own their socket, and record elsewhere, or not at all.

use callfold::Machine;
use callfold::problem::Problem;
use std::mem::MaybeUninit;

use crate::boundary::{Status, callfold_result, cross, done};
use crate::command::callfold_endpoint;
use crate::event::callfold_event;
use crate::fed::{Fed, callfold_config, callfold_effect, callfold_input};
use crate::handle::{self, Kind, Object, Single};
use crate::options;
use crate::text::{callfold_buffer, callfold_str, fill, owned};
use crate::view::callfold_view;

/// The reducer for one agent's line. It does nothing by itself: it has no clock, no socket and no thread. Its inputs have one
/// order, so it is used by one thread at a time (CALLFOLD_USED_AT_ONCE).
///
/// 1. Make it.
/// 2. Give it what happens (`_connect`, `_handle`).
/// 3. Ask for events until CALLFOLD_END, if you want them, and for effects until CALLFOLD_END, and carry those out.
/// 4. Come back with CALLFOLD_INPUT_WAKE at `_next_timeout`.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_machine {
    /// The handle. Zero is none.
    pub handle: u64,
}

struct Held(Single<Fed>);

impl Object for Held {
    const KIND: Kind = Kind::Machine;
    const BOUND_TO_PROCESS: bool = false;
}

fn put(machine: Machine) -> Result<callfold_machine, Problem> {
    Ok(callfold_machine { handle: handle::put(Held(Single::new(Fed::machine(machine))))? })
}

fn with<T>(
    machine: callfold_machine,
    deed: impl FnOnce(&mut Fed) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let held = handle::get::<Held>(machine.handle)?;
    let mut fed = held.0.mine()?;
    deed(&mut fed)
}

/// Makes a machine that knows nothing yet. `config` may be NULL: for a live server, without the CTI model.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_machine_new(
    config: *const callfold_config,
    machine: Option<&mut MaybeUninit<callfold_machine>>,
) -> callfold_result {
    done(|| {
        let machine = fill(machine, "machine")?;
        machine.with(put(Machine::new(options::read(config)?.made()))?);
        Ok(())
    })
}

/// Makes a machine of what `callfold_machine_snapshot` gave. CALLFOLD_BAD_SNAPSHOT if it is none, or of another version.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_machine_restore(
    snapshot: callfold_str,
    machine: Option<&mut MaybeUninit<callfold_machine>>,
) -> callfold_result {
    done(|| {
        let machine = fill(machine, "machine")?;
        let snapshot = snapshot.bytes("snapshot")?.ok_or_else(|| crate::text::null("snapshot"))?;
        machine.with(put(Machine::restore(snapshot)?)?);
        Ok(())
    })
}

/// All that a machine knows, as bytes, to restore it from. They have names and numbers in them, and no secret. Events and
/// effects that nobody asked for are not in it.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_machine_snapshot(
    machine: callfold_machine,
    owned_snapshot: Option<&mut MaybeUninit<callfold_buffer>>,
) -> callfold_result {
    done(|| {
        let owned_snapshot = fill(owned_snapshot, "owned_snapshot")?;
        owned_snapshot.with(owned(with(machine, |fed| Ok(fed.snapshot()))?)?);
        Ok(())
    })
}

/// Connects (by the CTI model, where it is kept). The secret is written into the login when that is to be sent.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_machine_connect(
    machine: callfold_machine,
    at: i64,
    endpoint: *const callfold_endpoint,
) -> callfold_result {
    done(|| with(machine, |fed| fed.connect(at, &options::must(endpoint)?)))
}

/// Handles something that happened. Events of the call before are forgotten; effects stay until they are asked for.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_machine_handle(
    machine: callfold_machine,
    input: *const callfold_input,
) -> callfold_result {
    done(|| with(machine, |fed| fed.handle(&options::must(input)?)))
}

/// The same for an input as JSON, as exported logs have it, with its moment: `{"at":0,"frame":"…","socket":1}`,
/// `{"at":0,"command":"Hold"}`, `{"at":0,"wake":true}`. All that came of it, and all effects that are to be done:
/// `{"events":[…],"effects":[…],"timeout":…}`. `owned_json` may be NULL: then they are asked for one by one.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_machine_handle_json(
    machine: callfold_machine,
    input_json: callfold_str,
    owned_json: Option<&mut MaybeUninit<callfold_buffer>>,
) -> callfold_result {
    done(|| {
        with(machine, |fed| {
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
pub extern "C" fn callfold_machine_next_event(
    machine: callfold_machine,
    borrowed: Option<&mut MaybeUninit<callfold_event>>,
) -> callfold_result {
    cross(|| {
        let borrowed = fill(borrowed, "borrowed")?;
        let Some(event) = with(machine, |fed| Ok(fed.next_event()))? else { return Ok(Status::End) };
        borrowed.with(event);
        Ok(Status::Ok)
    })
}

/// All that the event says that was asked for last, as JSON.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_machine_event_json(
    machine: callfold_machine,
    owned_json: Option<&mut MaybeUninit<callfold_buffer>>,
) -> callfold_result {
    done(|| {
        let owned_json = fill(owned_json, "owned_json")?;
        owned_json.with(owned(with(machine, |fed| fed.event_json())?)?);
        Ok(())
    })
}

/// The next thing to do; CALLFOLD_END behind the last. Borrowed until the next call with this machine.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_machine_next_effect(
    machine: callfold_machine,
    borrowed: Option<&mut MaybeUninit<callfold_effect>>,
) -> callfold_result {
    cross(|| {
        let borrowed = fill(borrowed, "borrowed")?;
        let Some(effect) = with(machine, Fed::next_effect)? else { return Ok(Status::End) };
        borrowed.with(effect);
        Ok(Status::Ok)
    })
}

/// When to come back with CALLFOLD_INPUT_WAKE, at the latest; CALLFOLD_NOTHING if nothing is waited for.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_machine_next_timeout(
    machine: callfold_machine,
    at: Option<&mut MaybeUninit<i64>>,
) -> callfold_result {
    cross(|| {
        let at = fill(at, "at")?;
        let Some(timeout) = with(machine, |fed| Ok(fed.timeout()))? else { return Ok(Status::Nothing) };
        at.with(timeout);
        Ok(Status::Ok)
    })
}

/// What is so now. Free it with `callfold_view_free`.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_machine_view(
    machine: callfold_machine,
    view: Option<&mut MaybeUninit<callfold_view>>,
) -> callfold_result {
    done(|| {
        let view = fill(view, "view")?;
        view.with(with(machine, |fed| Ok(fed.seen()))?.put()?);
        Ok(())
    })
}

/// Frees a machine, and what was borrowed from it.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_machine_free(machine: callfold_machine) -> callfold_result {
    done(|| handle::free::<Held>(machine.handle))
}
