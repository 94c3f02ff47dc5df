//! Lines from a person: edited, completed, remembered. What happens meanwhile is shown above the line that is typed.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use reedline::{
    ColumnarMenu, Completer, CompletionResult, Emacs, ExternalPrinter, FileBackedHistory, KeyCode,
    KeyModifiers, MenuBuilder as _, Prompt, PromptEditMode, PromptHistorySearch, Reedline, ReedlineEvent,
    ReedlineMenu, Signal, Span, Suggestion, default_emacs_keybindings,
};
use tokio::sync::mpsc;

use super::asked::{self, Asked, Awaited, WORDS};
use super::desk::{Desk, Told};
use crate::exit::Outcome;
use crate::fail::Failed;
use crate::live::interrupt::Interrupts;
use crate::words::shown;

/// How many lines are remembered.
const REMEMBERED: usize = 1_000;
const MENU: &str = "completions";
/// The most that are offered at once.
const MOST_OFFERED: usize = 64;

/// Does what is typed, until goodbye.
///
/// A command's result is not waited for: whoever waits for an answer must be able to hang up.
pub(super) async fn run(
    desk: &Arc<Desk>,
    printer: ExternalPrinter<String>,
    remembers: bool,
    interrupts: &mut Interrupts,
) -> Result<Outcome, Failed> {
    let (read, mut lines) = mpsc::channel(16);
    let told = Arc::clone(&desk.told);
    let stopped = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&stopped);
    // Not one of the runtime's threads: it sits in a system call.
    let keys = std::thread::spawn(move || {
        let mut editor = editor(printer, &told, remembers).with_break_signal(stop);
        let prompt = LinePrompt(told);
        loop {
            match editor.read_line(&prompt) {
                Ok(Signal::Success(line)) => {
                    let is_last = matches!(asked::read(&line), Ok(Some(Asked::Quit)));
                    if read.blocking_send(Ok(line)).is_err() || is_last {
                        return;
                    }
                }
                Ok(Signal::CtrlC | Signal::CtrlD | Signal::ExternalBreak(_)) => return,
                Ok(_) => {}
                Err(error) => {
                    let _ = read.blocking_send(Err(error));
                    return;
                }
            }
        }
    });
    let mut asking = tokio::task::JoinSet::new();
    let ended = loop {
        let line = tokio::select! {
            line = lines.recv() => line,
            Some(_) = asking.join_next() => continue,
            () = interrupts.asked() => {
                // Soon noticed: then the terminal is given back.
                stopped.store(true, Ordering::Relaxed);
                break Ok(Outcome::Good);
            }
        };
        match line {
            None => break Ok(Outcome::Good),
            Some(Err(error)) => break Err(Failed::System(format!("the terminal: {error}"))),
            Some(Ok(line)) => match asked::read(&line) {
                Ok(None) => {}
                Ok(Some(Asked::Quit)) => break Ok(Outcome::Good),
                Ok(Some(asked)) => {
                    let desk = Arc::clone(desk);
                    asking.spawn(async move { desk.ask(asked).await });
                }
                Err(why) => {
                    desk.misread(&why);
                }
            },
        }
    };
    // It has given the terminal back when it ends, and it ends with what ended the loop.
    drop(lines);
    let _ = tokio::task::spawn_blocking(move || keys.join()).await;
    ended
}

fn editor(printer: ExternalPrinter<String>, told: &Arc<Told>, remembers: bool) -> Reedline {
    let mut keys = default_emacs_keybindings();
    let completes = vec![ReedlineEvent::Menu(MENU.to_owned()), ReedlineEvent::MenuNext];
    keys.add_binding(KeyModifiers::NONE, KeyCode::Tab, ReedlineEvent::UntilFound(completes));
    let menu = ColumnarMenu::default().with_name(MENU);
    let editor = Reedline::create()
        .with_external_printer(printer)
        .with_completer(Box::new(Known(Arc::clone(told))))
        .with_menu(ReedlineMenu::EngineCompleter(Box::new(menu)))
        .with_quick_completions(true)
        .with_edit_mode(Box::new(Emacs::new(keys)));
    // What cannot be remembered on disk is remembered until goodbye.
    let history = history_file().filter(|_| remembers);
    match history.and_then(|file| FileBackedHistory::with_file(REMEMBERED, file).ok()) {
        Some(history) => editor.with_history(Box::new(history)),
        None => editor,
    }
}

/// The file of what was typed, in the user's state directory. It has numbers in it: nobody else may read it.
fn history_file() -> Option<PathBuf> {
    use std::fs::{DirBuilder, OpenOptions};
    use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))?;
    let directory = state.join("callfold");
    DirBuilder::new().recursive(true).mode(0o700).create(&directory).ok()?;
    let file = directory.join("console-history");
    OpenOptions::new().append(true).create(true).mode(0o600).open(&file).ok()?;
    Some(file)
}

/// Says what the line does. It is made anew whenever something is shown.
struct LinePrompt(Arc<Told>);

impl Prompt for LinePrompt {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        self.0.prompt().into()
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        "".into()
    }

    fn render_prompt_indicator(&self, _: PromptEditMode) -> Cow<'_, str> {
        "> ".into()
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        "  ".into()
    }

    fn render_prompt_history_search_indicator(&self, search: PromptHistorySearch) -> Cow<'_, str> {
        format!(" (typed before: {}) ", search.term).into()
    }
}

/// Completes words, and numbers that the PBX knows.
struct Known(Arc<Told>);

impl Completer for Known {
    fn complete(&mut self, line: &str, pos: usize) -> CompletionResult {
        let typed = line.get(..pos).unwrap_or(line);
        let start = typed.rfind(char::is_whitespace).map_or(0, |blank| blank + 1);
        let word = typed.get(start..).unwrap_or_default();
        let before: Vec<&str> = typed.get(..start).unwrap_or_default().split_whitespace().collect();
        let offered = offers(&self.0, &before, word);
        let suggestions = offered.into_iter().map(|(value, description)| Suggestion {
            value,
            description: Some(description).filter(|text| !text.is_empty()),
            span: Span::new(start, pos),
            append_whitespace: true,
            ..Suggestion::default()
        });
        CompletionResult::fresh(suggestions.collect::<Vec<_>>())
    }
}

/// What may stand where `word` is typed, and what it means.
fn offers(told: &Told, before: &[&str], word: &str) -> Vec<(String, String)> {
    let plain = |names: &[&str]| {
        let fitting = names.iter().filter(|name| name.starts_with(word));
        fitting.map(|name| ((*name).to_owned(), String::new())).collect()
    };
    match before {
        [] => {
            let fitting = WORDS.iter().filter(|known| known.name.starts_with(word));
            fitting.map(|known| (known.name.to_owned(), known.does.to_owned())).collect()
        }
        ["status"] => plain(&["ready", "break", "dnd", "redirect"]),
        ["userstatus"] => plain(&["ready", "readyCC", "readyCCManual", "busy", "dnd", "redirect", "break"]),
        ["userstatus" | "status", "break"] => {
            let view = told.view();
            let reasons =
                view.directory.reasons.iter().map(|(id, name)| (id.to_string(), shown(name.as_str())));
            reasons.filter(|(id, _)| id.starts_with(word)).collect()
        }
        ["wait"] => plain(&Awaited::ALL.map(|(name, _)| name)),
        [name, ..] => {
            let takes_numbers =
                WORDS.iter().any(|known| known.name == *name && known.with.contains("NUMBER"));
            if takes_numbers { numbers(told, word) } else { Vec::new() }
        }
    }
}

/// Numbers of who is on the line, then those of the PBX, by number or by name.
fn numbers(told: &Told, word: &str) -> Vec<(String, String)> {
    let view = told.view();
    let wanted = word.to_lowercase();
    let named = |name: Option<&str>| name.map(shown).unwrap_or_default();
    let held = view.held.as_ref().and_then(|held| held.party()).into_iter();
    let parties = view.parties.as_slice().iter().chain(held).filter_map(|party| {
        let number = party.phone()?;
        Some((number.as_str().to_owned(), named(party.name.as_ref().map(|name| name.as_str()))))
    });
    let plan = view.directory.numbers.iter().map(|(number, _)| {
        let owner = view.directory.user(number.as_str()).and_then(|user| user.name.as_ref());
        (number.as_str().to_owned(), named(owner.map(|name| name.as_str())))
    });
    let fits = |(number, name): &(String, String)| {
        !number.contains(|c: char| c.is_control() || c.is_whitespace())
            && (number.starts_with(word) || (!word.is_empty() && name.to_lowercase().contains(&wanted)))
    };
    let mut offered: Vec<_> = parties.chain(plan).filter(fits).take(MOST_OFFERED).collect();
    offered.dedup();
    offered
}
