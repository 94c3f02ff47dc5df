//! How a line is to be connected.

use std::sync::Arc;
use std::time::Duration;

use callfold_engine::{CredentialHandle, ErrorCode};

use crate::clock::{Clock, SystemClock};
use crate::routes::Routes;
use crate::secret::Secrets;
use crate::tls::Tls;

/// How a line is to be connected. [`Options::default`] is for a server that is reached by `wss`, or by `ws` on this
/// machine.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// What the line is called in the logs of the program. Not a person's name or number.
    pub name: String,
    /// The secrets that the endpoint's credential is looked up in.
    pub secrets: Secrets,
    /// Under which handle the session id that a login brings is kept, for a later login with
    /// [`Credential::Session`](callfold_engine::Credential::Session). Lines that share their secrets need a handle each.
    /// None: it is dropped.
    pub keep_session: Option<CredentialHandle>,
    /// Whose certificates are trusted. Make one for many lines: they share what was loaded.
    pub tls: Tls,
    /// Where plain `ws` may go.
    pub plain: Plain,
    /// Where servers are really reached, for those that are not where their names say.
    pub routes: Routes,
    /// What a server may make us hold and wait for.
    pub limits: Limits,
    /// What to do when the connection is lost.
    pub reconnect: Reconnect,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// How much news a slow reader may be behind before it misses some: at most 1,048,576.
    pub news: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            name: String::new(),
            secrets: Secrets::default(),
            keep_session: None,
            tls: Tls::default(),
            plain: Plain::OnThisMachine,
            routes: Routes::default(),
            limits: Limits::default(),
            reconnect: Reconnect::default(),
            clock: Arc::new(SystemClock),
            news: 128,
        }
    }
}

/// Where plain `ws` may go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Plain {
    /// To this machine only: to an address of the loopback.
    #[default]
    OnThisMachine,
    /// Anywhere. Whoever can read the network on the way can then log in as the agent: the digest of the password is
    /// as good as the password.
    Anywhere,
}

/// What a server may make us hold and wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The longest message, in bytes. Not more than the engine reads.
    pub message_bytes: usize,
    /// The longest frame of a message, in bytes.
    pub frame_bytes: usize,
    /// The most frames of one message. Bytes do not bound them: a frame may be empty.
    pub frames: u32,
    /// How much may wait to be written, in bytes.
    pub write_bytes: usize,
    /// How long resolving, connecting, TLS and the WebSocket handshake may take together. The engine gives a socket up
    /// that has not answered within 10 s; with less here, what was slow is known.
    pub handshake: Duration,
    /// How long a login may take, from the login frame to the answer.
    pub login: Duration,
    /// After which silence a ping is sent.
    pub ping_after: Duration,
    /// After which silence the server is taken for dead. What is not whole does not count as heard.
    pub dead_after: Duration,
    /// How long a server may take nothing of what is sent.
    pub write: Duration,
    /// How long a server's close is waited for.
    pub close: Duration,
}

impl Limits {
    /// No time is so long that a clock cannot hold it: whoever wants none gives the longest there is.
    pub(crate) fn bounded(self) -> Self {
        const LONGEST: Duration = Duration::from_secs(365 * 86_400);
        Self {
            handshake: self.handshake.min(LONGEST),
            login: self.login.min(LONGEST),
            ping_after: self.ping_after.min(LONGEST),
            dead_after: self.dead_after.min(LONGEST),
            write: self.write.min(LONGEST),
            close: self.close.min(LONGEST),
            ..self
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes: callfold_engine::wire::MAX_MESSAGE_BYTES,
            frame_bytes: 1024 * 1024,
            frames: 4_096,
            write_bytes: 1024 * 1024,
            handshake: Duration::from_secs(9),
            login: Duration::from_secs(10),
            ping_after: Duration::from_secs(30),
            dead_after: Duration::from_secs(75),
            write: Duration::from_secs(20),
            close: Duration::from_secs(5),
        }
    }
}

/// What to do when the connection is lost, or cannot be made.
///
/// The last endpoint that was connected to is connected to again, until the line is told to disconnect. Where trying
/// again cannot help (a wrong password, a session that is over, another client in use, a server too old, an address
/// that may not be dialled) it is not tried again. The CTI model reconnects by itself: a line that was connected by [`ModelCommand::Connect`](callfold_engine::ModelCommand::Connect) is left to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reconnect {
    /// Leave it so.
    Never,
    /// Connect again after a wait that doubles each time. Between half of it and all of it is waited, at random, so
    /// that not all agents of a floor return at the same moment.
    BackOff {
        /// The first wait.
        first: Duration,
        /// The longest wait.
        longest: Duration,
    },
}

impl Default for Reconnect {
    fn default() -> Self {
        Self::BackOff { first: Duration::from_secs(1), longest: Duration::from_secs(60) }
    }
}

impl Reconnect {
    /// Whether trying again can help after this refusal. To knock on where it cannot would lock an agent out, or take
    /// the line from under another client: a line does not, and stays without a connection.
    #[must_use]
    pub const fn can_help(code: ErrorCode) -> bool {
        !matches!(
            code,
            ErrorCode::WrongLogin
                | ErrorCode::BadSession
                | ErrorCode::NoCredential
                | ErrorCode::BadAddress
                | ErrorCode::DesktopClientInUse
                | ErrorCode::ServerTooOld
                | ErrorCode::MethodNotSupported
        )
    }

    /// After which time a connection is taken to hold: the next loss of it is the first again.
    pub(crate) const fn settled(self) -> Duration {
        match self {
            Self::Never => Duration::ZERO,
            Self::BackOff { longest, .. } => longest,
        }
    }

    /// How long to wait before try number `tries` (from 0); `chance` is drawn at random.
    pub(crate) fn wait(self, tries: u32, chance: u32) -> Option<Duration> {
        match self {
            Self::Never => None,
            Self::BackOff { first, longest } => {
                let full = first.saturating_mul(2_u32.saturating_pow(tries)).min(longest);
                let half = u64::try_from(full.as_micros() / 2).unwrap_or(u64::MAX);
                // chance / 2^32 of the second half, in whole numbers.
                let more = (u128::from(half) * u128::from(chance)) >> 32;
                Some(Duration::from_micros(half.saturating_add(u64::try_from(more).unwrap_or(u64::MAX))))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_to_its_longest_and_half_of_it_is_chance() {
        let back_off = Reconnect::default();
        let secs = |tries, chance| back_off.wait(tries, chance).map(|wait| wait.as_millis());
        assert_eq!(secs(0, 0), Some(500));
        assert_eq!(secs(0, u32::MAX), Some(999));
        assert_eq!(secs(3, 0), Some(4_000));
        assert_eq!(secs(6, u32::MAX), Some(59_999));
        assert_eq!(secs(6, 0), secs(u32::MAX, 0));
        assert_eq!(Reconnect::Never.wait(0, 0), None);
    }

    #[test]
    fn a_dead_server_is_found_within_90_s_and_pinged_within_60() {
        let limits = Limits::default();
        assert!(limits.dead_after <= Duration::from_secs(90) && limits.ping_after <= Duration::from_secs(60));
        assert!(limits.ping_after * 2 < limits.dead_after, "an answer to the ping has its time");
    }
}
