//! The terminal: drawn on, listened to, and given back as it was, however it ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::thread;
use std::time::Duration;

use callfold::Timestamp;
use callfold::live::{Clock as _, SystemClock};
use ratatui::crossterm::event::{self, Event};
use tokio::signal::unix::{SignalKind, signal};

use super::floor::Floor;
use super::keys::{Next, pressed};
use super::screen::{self, Look};
use super::source::{Fed, Source};
use crate::exit::Outcome;
use crate::fail::Failed;

/// How long a key is waited for before it is looked whether rows have changed.
const TICK: Duration = Duration::from_millis(200);

/// Gives the terminal back when it goes; a panic does so by the hook that ratatui sets.
struct Restored;

impl Drop for Restored {
    fn drop(&mut self) {
        // There is nobody left to tell.
        let _ = ratatui::try_restore();
    }
}

/// Is set when the system asks the program to end.
fn asked_to_end() -> Arc<AtomicBool> {
    let asked = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&asked);
    // Where there is no such thread, the program ends as any other does.
    thread::spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(async {
            let (Ok(mut end), Ok(mut gone)) = (signal(SignalKind::terminate()), signal(SignalKind::hangup()))
            else {
                return;
            };
            tokio::select! {
                _ = end.recv() => {}
                _ = gone.recv() => {}
            }
            set.store(true, Ordering::Relaxed);
        });
    });
    asked
}

/// Shows the floor until a key says that it is enough.
pub(super) fn run(source: Source, mut floor: Floor, look: Look) -> Result<Outcome, Failed> {
    let mut terminal = ratatui::try_init().map_err(Failed::Output)?;
    let _restored = Restored;
    let rows = match source {
        Source::Live(rows) => Some(rows),
        Source::Still(rows) => {
            floor.still(rows);
            None
        }
    };
    let mut drawn: Option<Timestamp> = None;
    let mut page = 1;
    let asked_to_end = asked_to_end();
    while !asked_to_end.load(Ordering::Relaxed) {
        let is_news = rows.as_ref().is_some_and(|rows| taken(rows, &mut floor));
        let now = SystemClock.now();
        let second = |at: Timestamp| at.as_micros().div_euclid(1_000_000);
        if is_news || drawn.is_none_or(|drawn| second(drawn) != second(now)) {
            terminal.draw(|frame| page = screen::draw(frame, &floor, &look, now)).map_err(Failed::Output)?;
            drawn = Some(now);
        }
        if !event::poll(TICK).map_err(Failed::Output)? {
            continue;
        }
        match event::read().map_err(Failed::Output)? {
            Event::Key(key) => {
                if pressed(key, &mut floor, page) == Next::Leave {
                    return Ok(Outcome::Good);
                }
            }
            Event::Paste(text) if floor.typing => floor.filter.push_str(&text),
            Event::Resize(..) | Event::FocusGained | Event::FocusLost | Event::Mouse(_) | Event::Paste(_) => {
            }
        }
        drawn = None;
    }
    Ok(Outcome::Good)
}

/// Takes in what came, and says whether anything did.
fn taken(rows: &Receiver<Fed>, floor: &mut Floor) -> bool {
    let mut any = false;
    loop {
        match rows.try_recv() {
            Ok(fed) => floor.feed(fed),
            // The thread that reads goes on until nobody listens.
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => return any,
        }
        any = true;
    }
}
