//! All rows of a floor: sorted, filtered, and the one that is looked at.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use callfold::live::watchers::WatchedRow;
use callfold::live::{Clock as _, SystemClock};
use callfold::{Span, Timestamp};

use super::cells;
use super::source::Fed;

/// What rows are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Order {
    /// By name.
    #[default]
    Name,
    /// What matters most first: unknown, ringing, talking.
    State,
    /// Who has been in the present state longest first.
    Since,
}

impl Order {
    pub(super) const fn next(self) -> Self {
        match self {
            Self::Name => Self::State,
            Self::State => Self::Since,
            Self::Since => Self::Name,
        }
    }

    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::State => "state",
            Self::Since => "longest",
        }
    }
}

/// Whether rows are told by a recorder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Feed {
    /// A recorder is asked, and has not answered yet.
    Asked,
    /// A recorder tells; so many lines it has.
    Live { lines: usize },
    /// It went away.
    Lost { at: Timestamp, why: String, again: Timestamp },
    /// Nobody records: these are the ends of the streams.
    Still,
}

/// The floor.
#[derive(Clone, Debug)]
pub(super) struct Floor {
    rows: BTreeMap<String, WatchedRow>,
    pub(super) feed: Feed,
    pub(super) order: Order,
    pub(super) reversed: bool,
    pub(super) filter: String,
    /// The stream that is looked at: it stays so when rows move.
    selected: Option<String>,
    /// Whether more of it is shown.
    pub(super) detail: bool,
    /// Whether what is typed goes to the filter.
    pub(super) typing: bool,
}

impl Floor {
    pub(super) fn new(filter: &str) -> Self {
        Self {
            rows: BTreeMap::new(),
            feed: Feed::Asked,
            order: Order::default(),
            reversed: false,
            filter: filter.to_owned(),
            selected: None,
            detail: false,
            typing: false,
        }
    }

    /// The ends of the streams of a store.
    pub(super) fn still(&mut self, rows: Vec<WatchedRow>) {
        self.feed = Feed::Still;
        self.rows.extend(rows.into_iter().map(|row| (row.row.stream.clone(), row)));
    }

    /// A recorder told something.
    pub(super) fn feed(&mut self, fed: Fed) {
        match fed {
            Fed::Hello { lines } => {
                // It may be another one, with other lines.
                self.rows.clear();
                self.feed = Feed::Live { lines };
            }
            Fed::Row(row) => {
                self.rows.insert(row.row.stream.clone(), *row);
            }
            Fed::Lost { at, why, wait } => {
                let wait = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX);
                let at = if let Feed::Lost { at, .. } = self.feed { at } else { at };
                let again = SystemClock.now() + Span::from_micros(wait);
                self.feed = Feed::Lost { at, why, again };
            }
        }
    }

    /// How many lines there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn row(&self, stream: &str) -> Option<&WatchedRow> {
        self.rows.get(stream)
    }

    /// Whether the line of this row is not recorded any more, while others are.
    pub(super) fn is_over(&self, row: &WatchedRow) -> bool {
        !row.recorded && self.feed != Feed::Still
    }

    /// Whether a row passes the filter.
    pub(super) fn passes(&self, row: &WatchedRow) -> bool {
        self.filter.is_empty() || cells::text_of(row).contains(&self.filter.to_lowercase())
    }

    /// The rows to show, in order.
    pub(super) fn shown(&self) -> Vec<&WatchedRow> {
        let mut rows: Vec<_> = self.rows.values().filter(|row| self.passes(row)).collect();
        rows.sort_by(|a, b| {
            let order = match self.order {
                Order::Name => Ordering::Equal,
                Order::State => cells::rank(a).cmp(&cells::rank(b)).then_with(|| since(a).cmp(&since(b))),
                Order::Since => since(a).cmp(&since(b)),
            };
            order.then_with(|| cells::name(a).cmp(&cells::name(b)))
        });
        if self.reversed {
            rows.reverse();
        }
        rows
    }

    /// The place of the row that is looked at: the first one, if it is not shown.
    pub(super) fn place(&self, shown: &[&WatchedRow]) -> usize {
        let is_it = |row: &&WatchedRow| Some(&row.row.stream) == self.selected.as_ref();
        shown.iter().position(is_it).unwrap_or(0)
    }

    /// Looks at the row so many places further on.
    pub(super) fn go(&mut self, by: isize) {
        let shown = self.shown();
        let place = self.place(&shown).saturating_add_signed(by).min(shown.len().saturating_sub(1));
        self.selected = shown.get(place).map(|row| row.row.stream.clone());
    }
}

/// Who has been so longest comes first; who is not known to be anything last.
fn since(row: &WatchedRow) -> (bool, Option<Timestamp>) {
    let since = cells::since(row);
    (since.is_none(), since)
}
