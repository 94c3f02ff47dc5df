//! What SVG and HTML have in common: escaping, lengths without floats, one style.

use std::fmt::{self, Display, Write as _};

use super::words::is_harmless;

/// A text in markup, between tags or in quotes.
pub(super) struct Escaped<'t>(pub(super) &'t str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c if is_harmless(c) => f.write_char(c)?,
                _ => f.write_char('\u{fffd}')?,
            }
        }
        Ok(())
    }
}

/// A length in tenths of a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Tenths(pub(super) i64);

impl Display for Tenths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, tenths) = (self.0.unsigned_abs() / 10, self.0.unsigned_abs() % 10);
        if tenths == 0 { write!(f, "{sign}{whole}") } else { write!(f, "{sign}{whole}.{tenths}") }
    }
}

/// About how wide a column of text is drawn, in tenths of a pixel.
pub(super) const COLUMN: i64 = 65;

/// How many columns of text there is room for.
pub(super) fn room(width: i64) -> usize {
    usize::try_from(width / COLUMN).unwrap_or(0)
}

/// Markup that is being written.
#[derive(Default)]
pub(super) struct Markup(pub(super) String);

impl Markup {
    /// Writes; to a string that cannot fail.
    pub(super) fn put(&mut self, what: fmt::Arguments<'_>) {
        let _ = self.0.write_fmt(what);
    }

    /// A text with its class, where it stands and how it is aligned.
    pub(super) fn text(&mut self, class: &str, (x, y): (i64, i64), anchor: &str, text: &str) {
        let (x, y, text) = (Tenths(x), Tenths(y), Escaped(text));
        let anchor = if anchor == "start" { String::new() } else { format!(" text-anchor=\"{anchor}\"") };
        self.put(format_args!("<text class=\"{class}\" x=\"{x}\" y=\"{y}\"{anchor}>{text}</text>\n"));
    }

    /// The first of an SVG of this size in pixels: what it is, for who does not see it, and how it looks.
    pub(super) fn begin_svg(&mut self, (width, height): (i64, i64), title: &str, description: &str) {
        let (title, description) = (Escaped(title), Escaped(description));
        self.put(format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\" role=\"img\" font-family=\"system-ui, sans-serif\" font-size=\"11\">\n\
             <title>{title}</title>\n<desc>{description}</desc>\n<style>{STYLE}</style>\n{PATTERNS}\
             <rect class=\"cf-paper\" width=\"{width}\" height=\"{height}\"/>\n"
        ));
    }
}

/// Names of its own: the style of an SVG within a page is that of the whole page. Kinds differ in pattern and height,
/// too, and have their word where there is room.
const STYLE: &str = "
.cf-paper{fill:#fff}.cf-ink{fill:#1b1f24}.cf-soft{fill:#57606a}.cf-plate{fill:#fff;fill-opacity:.85}
.cf-rule{stroke:#d8dee4;fill:none}.cf-line{stroke:#1b1f24;fill:none}.cf-dash{stroke:#57606a;fill:none;stroke-dasharray:3 3}
.cf-head{font-size:14px;font-weight:600}.cf-mark{fill:#1b1f24;stroke:#fff}.cf-bad{fill:#c2362d;stroke:#fff}
.cf-ring{fill:url(#cf-dots);stroke:#b57900}.cf-dial{fill:url(#cf-lines);stroke:#7468e0}
.cf-talk{fill:#2e9e5b;fill-opacity:.4;stroke:#2e9e5b}.cf-conference{fill:#0b8fb3;fill-opacity:.35;stroke:#0b8fb3}
.cf-hold{fill:url(#cf-pause);stroke:#c2542d}.cf-unknown{fill:url(#cf-hatch);stroke:#808890;stroke-dasharray:4 3}
.cf-party{fill:#808890;fill-opacity:.25;stroke:#808890}.cf-command{fill:#808890;fill-opacity:.15;stroke:#808890}
@media (prefers-color-scheme:dark){
.cf-paper{fill:#16191d}.cf-ink{fill:#e6e8ea}.cf-soft{fill:#a3adb7}.cf-plate{fill:#16191d}
.cf-rule{stroke:#3a4148}.cf-line{stroke:#e6e8ea}.cf-dash{stroke:#a3adb7}
.cf-mark{fill:#e6e8ea;stroke:#16191d}.cf-bad{fill:#ff7b72;stroke:#16191d}
}
";

const PATTERNS: &str = "<defs>
<pattern id=\"cf-dots\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\">\
<circle cx=\"2.5\" cy=\"2.5\" r=\"1.3\" fill=\"#b57900\"/></pattern>
<pattern id=\"cf-lines\" width=\"5\" height=\"4\" patternUnits=\"userSpaceOnUse\">\
<path d=\"M0 2h5\" stroke=\"#7468e0\" stroke-width=\"1.2\"/></pattern>
<pattern id=\"cf-pause\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">\
<path d=\"M3 0v6\" stroke=\"#c2542d\" stroke-width=\"2\" stroke-opacity=\".6\"/></pattern>
<pattern id=\"cf-hatch\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\">\
<path d=\"M-1 1L1 -1M0 7L7 0M6 8L8 6\" stroke=\"#808890\"/></pattern>
</defs>
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_by_others_is_text_and_nothing_else() {
        let hostile = "</text><script>\"x'&\u{202e}\u{0}\n\u{ffff}";
        let escaped = Escaped(hostile).to_string();
        assert_eq!(escaped, "&lt;/text&gt;&lt;script&gt;&quot;x&#39;&amp;\u{fffd}\u{fffd}\u{fffd}\u{fffd}");
    }

    #[test]
    fn lengths_have_one_place() {
        assert_eq!([0, 5, 10, 123, -15].map(|of| Tenths(of).to_string()), ["0", "0.5", "1", "12.3", "-1.5"]);
    }
}
