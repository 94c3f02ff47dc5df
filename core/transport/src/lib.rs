//! The shell around the engine of callfold: what carries its effects out and its inputs in. It holds no rule.
//!
//! A [`Line`] is one agent's line on one server. It dials, with TLS as the system trusts; it reads, writes and pings; it
//! says what time it is and wakes the machine; it connects again when a connection is lost. What is decided is decided by
//! what [handles](Handle) the inputs: a bare [`Machine`](callfold_engine::Machine), or a recorder that makes a record of
//! each input before its effects are let out.
//!
//! What a server can make a line hold or wait for is bounded ([`Limits`]). Secrets are kept in [`Secrets`], reach
//! the wire at the last moment, and stand in no log, error or debug print.
//!
//! ```no_run
//! use callfold_engine::{CallSequence, Command, Config, Credential, Endpoint, Machine};
//! use callfold_transport::{Line, News, Options, Secret};
//!
//! # async fn agent() -> Result<(), callfold_transport::Error> {
//! let options = Options::default();
//! let password = options.secrets.keep(Secret::password("not in this file".to_owned()));
//! let line = Line::open(Machine::new(Config::live()), options)?;
//! let mut news = line.news();
//!
//! let endpoint = Endpoint {
//!     addresses: vec!["wss://pbx.example".into()],
//!     login: "ivanov".into(),
//!     credential: Credential::Password(password),
//!     workplace: None,
//!     expires: None,
//! };
//! let result = line.command(Command::Connect(endpoint)).await?;
//! println!("{result:?}");
//!
//! let call = Command::Call { number: "102".into(), sequence: CallSequence::AgentFirst };
//! line.command(call).await?;
//! while let Some(Ok(News::Told { at, events, .. })) = news.next().await {
//!     println!("{at:?} {events:?}");
//! }
//! line.close().await
//! # }
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used))]

mod clock;
mod dial;
mod driver;
mod error;
pub mod figures;
mod frames;
mod handle;
mod intake;
mod line;
mod one_buffer;
mod options;
mod routes;
mod secret;
mod socket;
mod tls;

// Named only for its features, which are set where its version is: see there.
use log as _;

pub use clock::{Clock, SystemClock, TokioClock};
pub use error::{Error, SocketError};
pub use handle::{Handle, Handled, Place};
pub use line::{Line, News, NewsReader, Ordered, Seen};
pub use options::{Limits, Options, Plain, Reconnect};
pub use routes::Routes;
pub use secret::{Secret, Secrets};
pub use tls::Tls;
