//! What the tests of callfold share: sessions of any kind, and the laws that hold in all of them.

pub mod fuzz;
pub mod transition;
