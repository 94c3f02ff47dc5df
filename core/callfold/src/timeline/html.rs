//! A page: the timeline, the ladder, and the story as a table.

use super::markup::{Escaped, Markup};
use super::text::how_long;
use super::{Timeline, ladder, svg};

/// The most rows of the table.
const MOST: usize = 500;

pub(super) fn write(timeline: &Timeline) -> String {
    let mut out = Markup::default();
    let title = Escaped(&timeline.title);
    out.put(format_args!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n<p>{}</p>\n\
         <p>Call <code>{}</code>. A number such as <code>#{}</code> is that of the record that proves it.</p>\n",
        Escaped(&timeline.summary()),
        Escaped(&timeline.id),
        timeline.began.seq,
    ));
    out.put(format_args!("<h2>Timeline</h2>\n<div class=\"wide\">\n{}</div>\n", svg::write(timeline)));
    out.put(format_args!("<h2>Ladder</h2>\n<div class=\"wide\">\n{}</div>\n", ladder::svg::write(timeline)));
    table(&mut out, timeline);
    out.0.push_str("</main>\n</body>\n</html>\n");
    out.0
}

fn table(out: &mut Markup, timeline: &Timeline) {
    out.put(format_args!(
        "<h2>Story</h2>\n<table>\n<caption>What happened, by time ({})</caption>\n<thead><tr><th scope=\"col\">\
         Day</th><th scope=\"col\">Time</th><th scope=\"col\">Record</th><th scope=\"col\">What</th></tr></thead>\n\
         <tbody>\n",
        Escaped(&timeline.clock.zone())
    ));
    for entry in timeline.entries.iter().take(MOST) {
        let odd = ["irregular: ", "connection down"].iter().any(|begins| entry.words.starts_with(begins));
        let class = if odd { " class=\"odd\"" } else { "" };
        out.put(format_args!(
            "<tr{class}><td>{}</td><td>{}</td><td>#{}</td><td>{}{}</td></tr>\n",
            timeline.clock.date(entry.at.at),
            timeline.clock.time(entry.at.at),
            entry.at.seq,
            Escaped(&entry.words),
            how_long(entry),
        ));
    }
    out.0.push_str("</tbody>\n</table>\n");
    let left_out = timeline.left_out + timeline.entries.len().saturating_sub(MOST);
    if left_out > 0 {
        out.put(format_args!("<p>… and {left_out} more, left out</p>\n"));
    }
}

const STYLE: &str = "
:root{color-scheme:light dark}
body{margin:0;background:#fff;color:#1b1f24;font:15px/1.45 system-ui,sans-serif}
main{max-width:1040px;margin:0 auto;padding:16px}
h1{font-size:1.4em}h2{font-size:1.1em;margin-top:1.6em}
.wide{overflow-x:auto}svg{max-width:100%;height:auto;min-width:640px}
table{border-collapse:collapse;width:100%}caption{text-align:left;padding:4px 0}
th,td{text-align:left;vertical-align:top;padding:3px 10px 3px 0;border-bottom:1px solid #d8dee4;overflow-wrap:anywhere}
td:nth-child(-n+3){white-space:nowrap;font-variant-numeric:tabular-nums}
.odd td{background:#fff3cd}
@media (prefers-color-scheme:dark){body{background:#16191d;color:#e6e8ea}th,td{border-color:#3a4148}.odd td{background:#4a3f1a}}
@media print{.odd td{background:none;font-weight:bold}}
";
