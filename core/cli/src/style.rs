//! What which colour means.

use anstyle::{AnsiColor, Style};

/// What a line is about; the colour follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Nothing that matters to most readers.
    Quiet,
    /// Neither good nor bad.
    Plain,
    /// The connection to the server.
    Connection,
    /// The agent's state.
    Agent,
    /// What the agent's application asks for.
    Command,
    /// Someone rings, or is called.
    Ringing,
    /// People talk.
    Talk,
    /// Someone waits.
    Waiting,
    /// Something went wrong.
    Bad,
    /// Something to look at.
    Warning,
}

impl Tone {
    /// How lines of this tone look.
    pub(crate) const fn style(self) -> Style {
        match self {
            Self::Quiet => Style::new().dimmed(),
            Self::Plain => Style::new(),
            Self::Connection => AnsiColor::Blue.on_default(),
            Self::Agent => AnsiColor::Cyan.on_default(),
            Self::Command => Style::new().bold(),
            Self::Ringing => AnsiColor::Magenta.on_default(),
            Self::Talk => AnsiColor::Green.on_default(),
            Self::Waiting => AnsiColor::Yellow.on_default(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
            Self::Warning => AnsiColor::Yellow.on_default().bold(),
        }
    }
}

/// How the title of a trace looks.
pub(crate) const TITLE: Style = Style::new().bold().underline();
/// How times look.
pub(crate) const TIME: Style = Style::new().dimmed();
/// How totals look.
pub(crate) const TOTAL: Style = Style::new().bold();
