//! What the keys do.

// Keys are not ours, and there are many.
#![allow(clippy::wildcard_enum_match_arm)]

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::floor::Floor;

/// What comes of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Look on.
    On,
    /// Leave.
    Leave,
}

/// A key was pressed, with so many rows on the screen.
pub(super) fn pressed(key: KeyEvent, floor: &mut Floor, page: usize) -> Next {
    if key.kind == KeyEventKind::Release {
        return Next::On;
    }
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    if control && matches!(key.code, KeyCode::Char('c' | 'd')) {
        return Next::Leave;
    }
    let page = isize::try_from(page.max(1)).unwrap_or(isize::MAX);
    match key.code {
        KeyCode::Up => floor.go(-1),
        KeyCode::Down => floor.go(1),
        KeyCode::PageUp => floor.go(-page),
        KeyCode::PageDown => floor.go(page),
        KeyCode::Home => floor.go(isize::MIN),
        KeyCode::End => floor.go(isize::MAX),
        KeyCode::Enter if floor.typing => floor.typing = false,
        KeyCode::Enter => floor.detail = !floor.detail,
        KeyCode::Esc if floor.typing || floor.filter.is_empty() => {
            floor.typing = false;
            floor.detail = false;
        }
        KeyCode::Esc => floor.filter.clear(),
        KeyCode::Backspace if floor.typing => {
            floor.filter.pop();
        }
        KeyCode::Char('u') if control && floor.typing => floor.filter.clear(),
        KeyCode::Char(letter) if floor.typing && !control => floor.filter.push(letter),
        KeyCode::Char('q') => return Next::Leave,
        KeyCode::Char('k') => floor.go(-1),
        KeyCode::Char('j') => floor.go(1),
        KeyCode::Char('g') => floor.go(isize::MIN),
        KeyCode::Char('G') => floor.go(isize::MAX),
        KeyCode::Char('/') => floor.typing = true,
        KeyCode::Char('s') => floor.order = floor.order.next(),
        KeyCode::Char('r') => floor.reversed = !floor.reversed,
        _ => {}
    }
    Next::On
}
