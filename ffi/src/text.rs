//! Text and bytes on their way in and out.

use std::ffi::{CStr, c_char};
use std::mem::MaybeUninit;
use std::slice;

use callfold::problem::{Problem, ProblemCode};

use crate::boundary::{callfold_result, done};
use crate::handle::{self, Kind, Object};

/// Text or bytes: where, and how many. Text is UTF-8; it need not end with NUL.
///
/// Given to callfold, it is borrowed for the call: keep it, or free it, as you like. `{NULL, 0}` means that nothing is
/// given. Got from callfold, it is borrowed from what the function's comment names, and never freed by itself.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_str {
    /// The first byte; may be NULL if `length` is 0.
    pub data: *const c_char,
    /// How many bytes.
    pub length: usize,
}

impl callfold_str {
    /// Nothing.
    pub(crate) const NONE: Self = Self { data: std::ptr::null(), length: 0 };

    /// A text that lives elsewhere.
    pub(crate) const fn of(text: &str) -> Self {
        Self { data: text.as_ptr().cast(), length: text.len() }
    }

    /// A text that lives elsewhere, or nothing.
    pub(crate) fn maybe(text: Option<&str>) -> Self {
        text.map_or(Self::NONE, Self::of)
    }

    /// The bytes given; none if nothing is.
    pub(crate) fn bytes(&self, name: &str) -> Result<Option<&[u8]>, Problem> {
        many(self.data.cast::<u8>(), self.length, name)
    }

    /// The text given; none if nothing is.
    pub(crate) fn given(&self, name: &str) -> Result<Option<&str>, Problem> {
        let Some(bytes) = self.bytes(name)? else { return Ok(None) };
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Some(text)),
            Err(error) => {
                let why = format!("{name} is not UTF-8: byte {}", error.valid_up_to());
                Err(Problem::new(ProblemCode::NotUtf8, why).with("argument", name))
            }
        }
    }

    /// The text, which must be given; it may be empty.
    pub(crate) fn text(&self, name: &str) -> Result<&str, Problem> {
        self.given(name)?.ok_or_else(|| null(name))
    }
}

/// An argument is missing.
pub(crate) fn null(name: &str) -> Problem {
    Problem::new(ProblemCode::NullPointer, format!("{name} is NULL")).with("argument", name)
}

/// What an argument makes no sense by.
pub(crate) fn bad(why: impl Into<String>) -> Problem {
    Problem::new(ProblemCode::BadArgument, why)
}

/// Several of something that the caller has in a row; none if there is no such row.
pub(crate) fn many<'a, T>(first: *const T, count: usize, name: &str) -> Result<Option<&'a [T]>, Problem> {
    if first.is_null() {
        return if count == 0 { Ok(None) } else { Err(null(name)) };
    }
    if !first.is_aligned() || count > isize::MAX as usize / size_of::<T>().max(1) {
        return Err(bad(format!("{name} is no row of {count}")));
    }
    // SAFETY: it is not null, aligned, and not longer than memory; that there are so many, which nobody writes to during
    // the call, is what the header asks of the caller, as every function of C does that is given a pointer and a length.
    Ok(Some(unsafe { slice::from_raw_parts(first, count) }))
}

/// Fills in a place that must be given.
pub(crate) fn fill<'a, T>(out: Option<&'a mut MaybeUninit<T>>, name: &str) -> Result<Fill<'a, T>, Problem> {
    out.map(Fill).ok_or_else(|| null(name))
}

/// A place that was given.
pub(crate) struct Fill<'a, T>(&'a mut MaybeUninit<T>);

impl<T> Fill<'_, T> {
    pub(crate) fn with(self, value: T) {
        self.0.write(value);
    }
}

/// Text or bytes that the caller owns, until `callfold_buffer_free`.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_buffer {
    /// The handle. Zero is none.
    pub handle: u64,
}

/// With a NUL behind, so that C's own functions can read it.
pub(crate) struct Buffer(Vec<u8>);

impl Object for Buffer {
    const KIND: Kind = Kind::Buffer;
    const BOUND_TO_PROCESS: bool = false;
}

/// Gives text or bytes to the caller.
pub(crate) fn owned(bytes: impl Into<Vec<u8>>) -> Result<callfold_buffer, Problem> {
    let mut bytes = bytes.into();
    bytes.push(0);
    Ok(callfold_buffer { handle: handle::put(Buffer(bytes))? })
}

/// Writes a text with a NUL behind into the caller's memory, and how long it is without that.
pub(crate) fn copy(
    text: &[u8],
    into: *mut c_char,
    capacity: usize,
    length: Option<&mut MaybeUninit<usize>>,
) -> Result<(), Problem> {
    if let Some(length) = length {
        length.write(text.len());
    }
    if into.is_null() && capacity > 0 {
        return Err(null("into"));
    }
    if capacity <= text.len() {
        let why = format!("{} bytes and a NUL do not fit into {capacity}", text.len());
        return Err(Problem::new(ProblemCode::BufferTooShort, why).with("needed", text.len() + 1));
    }
    // SAFETY: that `capacity` bytes may be written at `into` is what the header asks of the caller; it is more than the
    // text is long, and memory of the caller's is not memory of ours.
    unsafe {
        into.cast::<u8>().copy_from_nonoverlapping(text.as_ptr(), text.len());
        into.add(text.len()).write(0);
    }
    Ok(())
}

/// A text that ends with NUL, as callfold takes it: borrowed, without the NUL. NULL is nothing.
#[unsafe(no_mangle)]
#[allow(
    clippy::not_unsafe_ptr_arg_deref,
    reason = "it is for C alone, whose pointers are what the header asks for"
)]
pub extern "C" fn callfold_text(nul_terminated: *const c_char) -> callfold_str {
    if nul_terminated.is_null() {
        return callfold_str::NONE;
    }
    // SAFETY: that it ends with NUL is what the header asks of the caller.
    let length = unsafe { CStr::from_ptr(nul_terminated) }.count_bytes();
    callfold_str { data: nul_terminated, length }
}

/// What a buffer has: borrowed until the buffer is freed. A NUL stands behind it, which is not counted.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_buffer_borrow(
    buffer: callfold_buffer,
    borrowed: Option<&mut MaybeUninit<callfold_str>>,
) -> callfold_result {
    done(|| {
        let borrowed = fill(borrowed, "borrowed")?;
        let buffer = handle::get::<Buffer>(buffer.handle)?;
        let length = buffer.0.len().saturating_sub(1);
        borrowed.with(callfold_str { data: buffer.0.as_ptr().cast(), length });
        Ok(())
    })
}

/// Copies what a buffer has to memory of your own, with a NUL behind. `length` may be NULL; it is told without the NUL,
/// also where the memory is too short (`CALLFOLD_BUFFER_TOO_SHORT`): then nothing is copied.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_buffer_copy(
    buffer: callfold_buffer,
    into: *mut c_char,
    capacity: usize,
    length: Option<&mut MaybeUninit<usize>>,
) -> callfold_result {
    done(|| {
        let buffer = handle::get::<Buffer>(buffer.handle)?;
        copy(buffer.0.split_last().map_or(&[], |(_, text)| text), into, capacity, length)
    })
}

/// Frees a buffer, and what was borrowed from it.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_buffer_free(buffer: callfold_buffer) -> callfold_result {
    done(|| handle::free::<Buffer>(buffer.handle))
}
