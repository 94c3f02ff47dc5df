//! Structures that callers fill in.
//!
//! Each begins with its size, and all zeros mean the defaults. A program that was compiled against an older header gives a
//! smaller one: what it does not have is zero. One that is larger than ours has something that this library does not know.

use callfold::problem::Problem;

use crate::text::{bad, null};

/// A `bool` that a caller gives. C may put any byte there, and Rust may not look at one that is neither 0 nor 1.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct callfold_flag(pub u8);

impl callfold_flag {
    /// Whether it is set: anything but 0 is.
    pub(crate) const fn is(self) -> bool {
        self.0 != 0
    }
}

/// A structure that a caller fills in.
///
/// # Safety
/// It is `repr(C)`, begins with its size as a `usize`, and all zeros are a value of it.
pub(crate) unsafe trait Options: Copy {
    /// What the header calls it.
    const NAME: &'static str;
    /// Its size in the first version of the ABI. When it grows: the offset of the first field that is new. That one is as wide as a
    /// word, so that it does not stand where programs have padding, which nobody fills in.
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// What the caller filled in; the defaults, if it is not there.
pub(crate) fn read<T: Options>(given: *const T) -> Result<T, Problem> {
    // SAFETY: all zeros are a value of it.
    let mut options: T = unsafe { std::mem::zeroed() };
    if given.is_null() {
        return Ok(options);
    }
    if !given.is_aligned() {
        return Err(bad(format!("{} is no address of one", T::NAME)));
    }
    // SAFETY: it begins with its size, which the header asks the caller to fill in.
    let size = unsafe { given.cast::<usize>().read() };
    if size < T::FIRST_SIZE || size > size_of::<T>() {
        let why = format!("{}.size is {size}, and must be sizeof({})", T::NAME, T::NAME);
        return Err(bad(why));
    }
    // SAFETY: the caller says that so many bytes are there, and they are not more than ours has.
    unsafe { (&raw mut options).cast::<u8>().copy_from_nonoverlapping(given.cast(), size) };
    Ok(options)
}

/// What the caller must fill in.
pub(crate) fn must<T: Options>(given: *const T) -> Result<T, Problem> {
    if given.is_null() { Err(null(T::NAME)) } else { read(given) }
}
