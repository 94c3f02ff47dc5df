//! Figures as a table for people, or as JSON lines.

use std::io::{Write as _, stderr, stdout};

use callfold_benches::Done;
use callfold_benches::measure::{Figure, per_second, thousandths, time};
use serde_json::json;

/// Prints figures.
pub(super) struct Printer {
    json: bool,
}

impl Printer {
    pub(super) const fn new(json: bool) -> Self {
        Self { json }
    }

    /// Cases that took turns; ratios are to the first.
    pub(super) fn figures(&mut self, section: &str, item: &str, figures: &[Figure]) -> Done<()> {
        let mut out = stdout().lock();
        if !self.json {
            writeln!(out, "\n{section} (a {item}; × the first, with the middle half of all rounds)")?;
        }
        for figure in figures {
            let Figure { name, each, quartiles, ratio, ratio_quartiles } = figure;
            if self.json {
                let line = json!({
                    "section": section, "case": name, "item": item, "picoseconds": each,
                    "quartiles": [quartiles.0, quartiles.1],
                    "thousandths": ratio, "thousandths_quartiles": [ratio_quartiles.0, ratio_quartiles.1],
                });
                writeln!(out, "{line}")?;
            } else {
                let (low, high) = (thousandths(ratio_quartiles.0), thousandths(ratio_quartiles.1));
                let (each, rate) = (time(*each), per_second(*each));
                writeln!(out, "  {name:<44} {each:>9} {rate:>12}  × {} ({low}–{high})", thousandths(*ratio))?;
            }
        }
        Ok(())
    }

    /// One figure by itself.
    pub(super) fn line(&mut self, section: &str, name: &str, text: &str, value: u64) -> Done<()> {
        let mut out = stdout().lock();
        if self.json {
            let line = json!({ "section": section, "case": name, "value": value, "text": text });
            return Ok(writeln!(out, "{line}")?);
        }
        Ok(writeln!(out, "  {name:<44} {text}")?)
    }

    /// What follows is about this.
    pub(super) fn title(&mut self, title: &str) -> Done<()> {
        if self.json { Ok(()) } else { Ok(writeln!(stdout().lock(), "\n{title}")?) }
    }
}

/// Says why there are no figures.
pub(super) fn error(error: &dyn std::error::Error) {
    // Who reads nothing is told nothing.
    let _ = writeln!(stderr(), "ratios: {error}");
}
