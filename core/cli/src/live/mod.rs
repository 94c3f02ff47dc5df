//! What the commands that talk to a server share.

pub(crate) mod tell;
