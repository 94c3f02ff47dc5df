//! Text in a page, escaped.

use std::fmt::{self, Display, Write as _};

/// The most characters of a name.
const MOST: usize = 120;

/// A text between tags or in quotes, cut if it is very long, without what a page or a reader would obey.
pub(super) struct Escaped<'t>(pub(super) &'t str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, c) in self.0.chars().enumerate() {
            if place == MOST {
                return f.write_char('…');
            }
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                    f.write_char('\u{fffd}')?;
                }
                '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fff9}'..='\u{fffb}' => {
                    f.write_char('\u{fffd}')?;
                }
                c if c.is_control() => f.write_char('\u{fffd}')?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// A word for a shell, in quotes if it needs them.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_.:/+@".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) && !word.starts_with('-') {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_by_others_is_text_and_nothing_else() {
        let hostile = "</td><script>\"x'&\u{202e}\u{0}\n";
        assert_eq!(
            Escaped(hostile).to_string(),
            "&lt;/td&gt;&lt;script&gt;&quot;x&#39;&amp;\u{fffd}\u{fffd}\u{fffd}"
        );
        assert_eq!(Escaped(&"я".repeat(500)).to_string().chars().count(), MOST + 1);
    }

    #[test]
    fn a_word_for_a_shell_is_one_word() {
        assert_eq!(quoted("ivanov"), "ivanov");
        assert_eq!(quoted("o'brien; rm"), "'o'\\''brien; rm'");
        assert_eq!([quoted(""), quoted("-x")], ["''", "'-x'"]);
    }
}
