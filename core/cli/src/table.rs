//! Rows of text under each other.

use std::io::{self, Write};

use anstyle::Style;

use crate::style::TIME;

/// How wide each column is.
pub(crate) fn widths(head: &[&str], rows: &[Vec<String>]) -> Vec<usize> {
    let mut widths: Vec<usize> = head.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    widths
}

/// A row, each cell as wide as its column.
pub(crate) fn line(cells: &[String], widths: &[usize]) -> String {
    let padded: Vec<_> = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
    padded.join("  ").trim_end().to_owned()
}

/// Writes a table. A column in which no row has anything is left out.
pub(crate) fn write(out: &mut impl Write, head: &[&str], rows: &[(Style, Vec<String>)]) -> io::Result<()> {
    let is_used =
        |column: usize| rows.iter().any(|(_, cells)| cells.get(column).is_some_and(|cell| !cell.is_empty()));
    let used: Vec<bool> = (0..head.len()).map(is_used).collect();
    let keep = |cells: &[String]| -> Vec<String> {
        cells.iter().zip(&used).filter(|(_, used)| **used).map(|(cell, _)| cell.clone()).collect()
    };
    let head = keep(&head.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>());
    let cells: Vec<Vec<String>> = rows.iter().map(|(_, cells)| keep(cells)).collect();
    let widths = widths(&head.iter().map(String::as_str).collect::<Vec<_>>(), &cells);
    writeln!(out, "{TIME}{}{TIME:#}", line(&head, &widths))?;
    for ((style, _), cells) in rows.iter().zip(&cells) {
        writeln!(out, "{style}{}{style:#}", line(cells, &widths))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_without_anything_is_left_out_and_the_others_are_as_wide_as_their_cells() {
        let row = |a: &str, b: &str, c: &str| (Style::new(), vec![a.to_owned(), b.to_owned(), c.to_owned()]);
        let mut out = anstream::StripStream::new(Vec::new());
        write(&mut out, &["one", "two", ""], &[row("я", "", "x"), row("long one", "", "")]).unwrap();
        assert_eq!(String::from_utf8(out.into_inner()).unwrap(), "one\nя         x\nlong one\n");
    }
}
