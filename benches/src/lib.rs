//! What callfold costs: the data, floors and peers that its benches share.
//!
//! - [`generate`] makes sessions: a machine and a simulated PBX talk to each other in virtual time, by a seed.
//! - [`kinds`] says of every input what it does.
//! - [`measure`] runs cases round-robin in one process and compares them: for every ratio that is quoted.
//! - [`floor`], [`bare`] and [`peer`] are what is compared with: a decoder that does the least that can be done, sled
//!   and files without callfold, and cqrs-es.
//! - [`work`] is what is measured, which criterion's benches and the binary `ratios` share; [`stored`] are logs to
//!   measure on.

pub mod bare;
pub mod floor;
pub mod generate;
pub mod kinds;
pub mod measure;
pub mod peer;
pub mod stored;
pub mod work;

/// What a bench cannot do, it ends with.
pub type Done<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;
