//! Live lines: what the server says and the agent's application commands, over sockets, into the log.
//!
//! - [`record`] opens a line that is recorded: it begins the line's stream in the log, or goes on with it.
//! - [`Line`] is the line, for the application: commands, news, the view. It needs a tokio runtime.
//! - [`LineWatch`] folds what is told of a line into what to show of it, from the log and then live.
//! - [`watchers`] answers those who look on at a running recorder, over a socket in the store's directory.
//! - [`figures`] are what a running recorder counts.
//!
//! Without a log, [`Line::open`] takes a bare [`Machine`](crate::Machine).
//!
//! ```no_run
//! use std::path::Path;
//!
//! use callfold::live::{self, Options, Secret, endpoint};
//! use callfold::log::{Log, StreamInfo};
//! use callfold::{Command, Config, Timestamp};
//!
//! # async fn agent(now: Timestamp) -> Result<(), Box<dyn std::error::Error>> {
//! let (log, _) = Log::open(Path::new("calls"), Default::default())?;
//! let options = Options::default();
//! let password = options.secrets.keep(Secret::password("not in this file".to_owned()));
//! let ivanov = StreamInfo::new("ivanov", Config::live(), now).of("ivanov", "wss://pbx.example");
//! let recorded = live::record(&log, ivanov, options).await?;
//!
//! recorded.line.command(Command::Connect(endpoint("wss://pbx.example", "ivanov", password))).await?;
//! let mut news = recorded.line.news();
//! while let Some(news) = news.next().await {
//!     println!("{news:?}");
//! }
//! recorded.line.close().await?;
//! log.sync()?;
//! # Ok(())
//! # }
//! ```

#[cfg(unix)]
mod board;
pub mod figures;
mod record;
mod watch;
#[cfg(unix)]
pub mod watchers;

pub use callfold_transport::{
    Clock, Error as LineError, Handle, Handled, Limits, Line, News, NewsReader, Options, Ordered, Place,
    Plain, Reconnect, Routes, Secret, Secrets, Seen, SocketError, SystemClock, Tls, TokioClock,
};

pub use record::{RecordError, Recorded, endpoint, record, recorder};
pub use watch::{LineRow, LineWatch, WhoRow};
