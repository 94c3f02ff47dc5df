//! Handles: numbers that name what callfold keeps for the caller.
//!
//! A handle is `kind << 56 | generation << 24 | place`. The table below says what is at a place, and in which generation
//! of it: so a handle that was freed, freed twice, made up, or is of another type is found out before anything is touched.
//! Nothing that a caller gives is ever followed as a pointer to an object of ours.

use std::any::Any;
use std::process;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, TryLockError};

use callfold::problem::{Problem, ProblemCode};

const PLACE_BITS: u32 = 24;
const KIND_SHIFT: u32 = 56;

/// What a handle is of. The numbers are in handles, nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    Buffer = 1,
    Runtime,
    Machine,
    Recorder,
    View,
    Log,
    Streams,
    Calls,
    Events,
    Records,
    Times,
    Line,
    News,
    Listener,
    Simulator,
    Oddities,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Buffer => "callfold_buffer",
            Self::Runtime => "callfold_runtime",
            Self::Machine => "callfold_machine",
            Self::Recorder => "callfold_recorder",
            Self::View => "callfold_view",
            Self::Log => "callfold_log",
            Self::Streams => "callfold_streams",
            Self::Calls => "callfold_calls",
            Self::Events => "callfold_events",
            Self::Records => "callfold_records",
            Self::Times => "callfold_times",
            Self::Line => "callfold_line",
            Self::News => "callfold_news",
            Self::Listener => "callfold_listener",
            Self::Simulator => "callfold_simulator",
            Self::Oddities => "callfold_oddities",
        }
    }
}

/// Something that a handle can name.
pub(crate) trait Object: Any + Send + Sync {
    const KIND: Kind;
    /// Whether it lives by threads or files of its process, which a forked child does not have.
    const BOUND_TO_PROCESS: bool;
}

struct Slot {
    generation: u32,
    kind: Kind,
    /// The process that it is bound to; 0 if it is to none.
    process: u32,
    object: Option<Arc<dyn Any + Send + Sync>>,
}

struct Table {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

/// What there is. It is the one thing that all calls of a process share.
static TABLE: RwLock<Table> = RwLock::new(Table { slots: Vec::new(), free: Vec::new() });

fn handle(kind: Kind, generation: u32, place: u32) -> u64 {
    u64::from(kind as u8) << KIND_SHIFT | u64::from(generation) << PLACE_BITS | u64::from(place)
}

/// Keeps an object, and says its handle.
pub(crate) fn put<T: Object>(object: T) -> Result<u64, Problem> {
    let process = if T::BOUND_TO_PROCESS { process::id() } else { 0 };
    let object: Option<Arc<dyn Any + Send + Sync>> = Some(Arc::new(object));
    let mut table = TABLE.write().unwrap_or_else(PoisonError::into_inner);
    if let Some(place) = table.free.pop()
        && let Some(slot) = table.slots.get_mut(place as usize)
    {
        // A place whose generations are used up was not given back.
        slot.generation += 1;
        (slot.kind, slot.process, slot.object) = (T::KIND, process, object);
        return Ok(handle(T::KIND, slot.generation, place));
    }
    let place = u32::try_from(table.slots.len()).ok().filter(|place| *place < 1 << PLACE_BITS);
    let Some(place) = place else {
        return Err(Problem::new(ProblemCode::BadRange, "there are 16,777,216 handles already: free some"));
    };
    table.slots.push(Slot { generation: 1, kind: T::KIND, process, object });
    Ok(handle(T::KIND, 1, place))
}

fn stale<T: Object>(handle: u64) -> Problem {
    let why = match handle {
        0 => format!("no {} was given: the handle is zero", T::KIND.name()),
        _ => format!("this is no {} that there is: it was freed, or never made", T::KIND.name()),
    };
    Problem::new(ProblemCode::BadHandle, why)
}

/// Where a handle points, if it is one of what there is and of this type.
fn place<T: Object>(slots: &[Slot], handle: u64) -> Result<usize, Problem> {
    let place = (handle & ((1 << PLACE_BITS) - 1)) as usize;
    let generation = (handle >> PLACE_BITS) as u32;
    let slot = slots.get(place).filter(|slot| slot.generation == generation && slot.object.is_some());
    let slot = slot.ok_or_else(|| stale::<T>(handle))?;
    if handle >> KIND_SHIFT != u64::from(slot.kind as u8) {
        return Err(stale::<T>(handle));
    }
    if slot.kind != T::KIND {
        let why = format!("this is a {}, and a {} is wanted", slot.kind.name(), T::KIND.name());
        return Err(Problem::new(ProblemCode::WrongHandle, why));
    }
    if slot.process != 0 && slot.process != process::id() {
        let why = format!("the {} was made before the process was forked", T::KIND.name());
        return Err(Problem::new(ProblemCode::AfterFork, why));
    }
    Ok(place)
}

/// The object that a handle names. It stays for as long as it is used, whoever frees the handle meanwhile.
pub(crate) fn get<T: Object>(handle: u64) -> Result<Arc<T>, Problem> {
    let table = TABLE.read().unwrap_or_else(PoisonError::into_inner);
    let place = place::<T>(&table.slots, handle)?;
    let object = table.slots.get(place).and_then(|slot| slot.object.clone());
    drop(table);
    object.and_then(|object| object.downcast().ok()).ok_or_else(|| stale::<T>(handle))
}

/// Takes the object that a handle names out of the table: the handle is none any more.
pub(crate) fn take<T: Object>(handle: u64) -> Result<Arc<T>, Problem> {
    let mut table = TABLE.write().unwrap_or_else(PoisonError::into_inner);
    let place = place::<T>(&table.slots, handle)?;
    let slot = table.slots.get_mut(place).ok_or_else(|| stale::<T>(handle))?;
    let object = slot.object.take();
    if slot.generation < u32::MAX {
        table.free.push(place as u32);
    }
    drop(table);
    object.and_then(|object| object.downcast().ok()).ok_or_else(|| stale::<T>(handle))
}

/// Frees what a handle names. In a forked child, what is bound to its parent stays as it is: it is the parent's to end.
pub(crate) fn free<T: Object>(handle: u64) -> Result<(), Problem> {
    // Dropped here, outside of the table's lock: it may take a while, and may free others.
    drop(take::<T>(handle)?);
    Ok(())
}

/// How many objects there are: a test looks whether all were freed.
#[must_use]
pub fn live_handles() -> usize {
    let table = TABLE.read().unwrap_or_else(PoisonError::into_inner);
    table.slots.iter().filter(|slot| slot.object.is_some()).count()
}

/// Something that is used by one thread at a time.
pub(crate) struct Single<T>(Mutex<T>);

impl<T> Single<T> {
    pub(crate) const fn new(of: T) -> Self {
        Self(Mutex::new(of))
    }

    /// It, for this thread.
    pub(crate) fn mine(&self) -> Result<MutexGuard<'_, T>, Problem> {
        match self.0.try_lock() {
            Ok(mine) => Ok(mine),
            // What a panic left behind is sound memory; what it says was never promised.
            Err(TryLockError::Poisoned(mine)) => Ok(mine.into_inner()),
            Err(TryLockError::WouldBlock) => Err(Problem::new(
                ProblemCode::UsedAtOnce,
                "this handle is being used by another thread at this moment",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    struct Thing(u8);
    impl Object for Thing {
        const KIND: Kind = Kind::Buffer;
        const BOUND_TO_PROCESS: bool = false;
    }
    struct Other;
    impl Object for Other {
        const KIND: Kind = Kind::Runtime;
        const BOUND_TO_PROCESS: bool = true;
    }

    fn code<T>(result: Result<Arc<T>, Problem>) -> Option<ProblemCode> {
        result.err().map(|problem| problem.code)
    }

    #[test]
    fn what_a_handle_names_is_found_until_it_is_freed_and_never_after() {
        let thing = put(Thing(7)).unwrap();
        assert_eq!(get::<Thing>(thing).unwrap().0, 7);
        assert_eq!(code(get::<Other>(thing)), Some(ProblemCode::WrongHandle));
        free::<Thing>(thing).unwrap();
        assert_eq!(code(get::<Thing>(thing)), Some(ProblemCode::BadHandle));
        assert_eq!(code(take::<Thing>(thing)), Some(ProblemCode::BadHandle));
        let mut places: Vec<u64> = (0..100).map(|number| put(Thing(number)).unwrap()).collect();
        assert!(!places.contains(&thing), "a handle was used again");
        for place in places.drain(..) {
            free::<Thing>(place).unwrap();
        }
        assert_eq!(code(get::<Thing>(thing)), Some(ProblemCode::BadHandle));
    }

    #[test]
    fn handles_that_were_made_up_name_nothing() {
        let thing = put(Other).unwrap();
        for made_up in [0, 1, u64::MAX, thing ^ 1 << 30, thing ^ 1 << KIND_SHIFT, thing | 0xff_ffff] {
            assert_eq!(code(get::<Other>(made_up)), Some(ProblemCode::BadHandle), "{made_up:x}");
        }
        free::<Other>(thing).unwrap();
    }

    #[test]
    fn what_one_thread_uses_is_refused_to_others_and_not_after() {
        let single = Single::new(1);
        let mine = single.mine().unwrap();
        std::thread::scope(|scope| {
            let other = scope.spawn(|| single.mine().err().map(|problem| problem.code));
            assert_eq!(other.join().unwrap(), Some(ProblemCode::UsedAtOnce));
        });
        drop(mine);
        assert!(single.mine().is_ok());
    }
}
