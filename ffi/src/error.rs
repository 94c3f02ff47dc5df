//! What went wrong, in words.

use std::ffi::c_char;
use std::mem::MaybeUninit;

use callfold::problem::{Problem, ProblemCode};
use serde_json::{Map, Value, json};

use crate::boundary::{callfold_result, caught, done, last};
use crate::text::{bad, callfold_buffer, callfold_str, copy, fill, owned};

/// Raised with every change that a program compiled against an older header would not survive.
pub const CALLFOLD_ABI: u32 = 1;

/// What went wrong, as JSON.
pub(crate) fn problem_json(problem: &Problem) -> Value {
    let context =
        problem.context.iter().map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str())));
    json!({
        "code": problem.code.number(),
        "name": problem.code.name(),
        "text": problem.message,
        "context": context.collect::<Map<_, _>>(),
    })
}

/// The version of the ABI that this library has: compare it with CALLFOLD_ABI of the header that you compiled against.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_abi_version() -> u32 {
    CALLFOLD_ABI
}

/// The version of callfold, such as `0.1.0`. Borrowed for ever.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_version() -> callfold_str {
    callfold_str::of(env!("CARGO_PKG_VERSION"))
}

/// The code of the number, and the text of the numbers below that are none.
fn meaning(result: callfold_result) -> Option<(&'static str, &'static str)> {
    match result {
        0 => Some(("ok", "it was done")),
        1 => Some(("end", "there is no more")),
        2 => Some(("nothing", "there is nothing now")),
        other => {
            let code = u16::try_from(other).ok().and_then(|number| ProblemCode::try_from(number).ok())?;
            Some((code.name(), code.text()))
        }
    }
}

/// The name of a result, such as `no_stream`: the same on every surface, for good. Borrowed for ever.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_result_name(
    result: callfold_result,
    borrowed: Option<&mut MaybeUninit<callfold_str>>,
) -> callfold_result {
    done(|| {
        let borrowed = fill(borrowed, "borrowed")?;
        let (name, _) = meaning(result).ok_or_else(|| bad(format!("there is no result {result}")))?;
        borrowed.with(callfold_str::of(name));
        Ok(())
    })
}

/// What a result means, and what to do. Borrowed for ever.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_result_text(
    result: callfold_result,
    borrowed: Option<&mut MaybeUninit<callfold_str>>,
) -> callfold_result {
    done(|| {
        let borrowed = fill(borrowed, "borrowed")?;
        let (_, text) = meaning(result).ok_or_else(|| bad(format!("there is no result {result}")))?;
        borrowed.with(callfold_str::of(text));
        Ok(())
    })
}

/// Why the last call of this thread that failed did so, for people; empty if none did. It names no person and no secret: it
/// may be logged. Written with a NUL behind; `length` may be NULL, and is told without it, also where the memory is too short
/// (CALLFOLD_BUFFER_TOO_SHORT). This function itself changes nothing of it.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_error_message(
    into: *mut c_char,
    capacity: usize,
    length: Option<&mut MaybeUninit<usize>>,
) -> callfold_result {
    let message = last().map(|problem| problem.message).unwrap_or_default();
    match caught(|| copy(message.as_bytes(), into, capacity, length)) {
        Ok(()) => 0,
        Err(problem) => problem.code.number().into(),
    }
}

/// The same with its code and what it is about, as JSON: `{"code":5108,"name":"no_stream","text":…,"context":{"stream":…}}`;
/// `null` if no call failed.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_error_json(
    owned_json: Option<&mut MaybeUninit<callfold_buffer>>,
) -> callfold_result {
    // Asked for first: what fails here would be the last.
    let last = last();
    done(|| {
        let owned_json = fill(owned_json, "owned_json")?;
        let json = last.as_ref().map_or(Value::Null, problem_json);
        owned_json.with(owned(json.to_string())?);
        Ok(())
    })
}
