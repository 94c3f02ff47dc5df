//! x
#![allow(clippy::all, clippy::unwrap_used, clippy::indexing_slicing)]
use std::io::{BufReader, BufWriter};
fn main() {
    let path = std::env::args().last().unwrap();
    let f = BufReader::new(std::fs::File::open(&path).unwrap());
    if std::env::args().any(|a| a == "--calls") {
        let mut r = callfold::replay::CallReader::default();
        callfold::replay::run(f, &mut r).unwrap();
        let (over, ledger) = r.finish();
        let base = 1768197600000i64;
        let ms = |m: callfold::calls::Moment| m.at.as_micros() / 1000 - base;
        println!("### {path}");
        for c in over.calls {
            println!(
                " {} {:?}{} {} {} began={} answered={:?} ended={:?} by={:?} OUTCOME={:?} up={} consults_for={:?}",
                &c.id.as_str()[..c.id.as_str().len().min(8)],
                c.direction,
                if c.callback { "(callback)" } else { "" },
                c.other.number.as_ref().map_or("-", |n| n.as_str()),
                c.other.name.as_ref().map_or("-", |n| n.as_str()),
                ms(c.began),
                c.answered.map(ms),
                c.ended.map(ms),
                c.ended_by,
                c.outcome,
                c.up_when_connected,
                c.consults_for.as_ref().map(|c| c.as_str()[..4].to_owned())
            );
            println!(
                "    spells: {}",
                c.spells
                    .iter()
                    .map(|s| format!("{} {}..{}", s.kind.text(), ms(s.from), s.to.map_or(-1, ms)))
                    .collect::<Vec<_>>()
                    .join(", ")
            );
            if c.legs.len() > 1 {
                println!(
                    "    legs: {}",
                    c.legs
                        .iter()
                        .map(|s| format!(
                            "{} {}..{}",
                            s.who.number.as_ref().map_or("-", |n| n.as_str()),
                            ms(s.from),
                            s.to.map_or(-1, ms)
                        ))
                        .collect::<Vec<_>>()
                        .join(", ")
                );
            }
            for h in &c.holds {
                println!(
                    "    hold {}..{} {} {:?}",
                    ms(h.from),
                    h.to.map_or(-1, ms),
                    h.reason.text(),
                    h.end.map(|e| e.text())
                );
            }
            for t in &c.transfers {
                println!(
                    "    transfer {} {} {:?}",
                    ms(t.at),
                    t.kind.text(),
                    t.with.as_ref().and_then(|w| w.number.as_ref()).map(|n| n.as_str().to_owned())
                );
            }
            for k in &c.conferences {
                println!(
                    "    conf {}..{} {}",
                    ms(k.from),
                    k.to.map_or(-1, ms),
                    k.members
                        .iter()
                        .map(|m| format!(
                            "{}:{}..{}",
                            m.who.number.as_ref().map_or("-", |n| n.as_str()),
                            ms(m.from),
                            m.to.map_or(-1, ms)
                        ))
                        .collect::<Vec<_>>()
                        .join(" ")
                );
            }
            if !c.irregularities.is_empty() {
                println!(
                    "    IRREGULAR {}",
                    c.irregularities
                        .iter()
                        .map(|i| format!("{} @{}", i.kind.text(), ms(i.at)))
                        .collect::<Vec<_>>()
                        .join(", ")
                );
            }
            if !c.gaps.is_empty() {
                println!(
                    "    gaps {:?}",
                    c.gaps.iter().map(|g| (ms(g.from), g.to.map(ms))).collect::<Vec<_>>()
                );
            }
            println!(
                "    time {}",
                c.time
                    .iter()
                    .filter(|x| x.1.as_micros() != 0)
                    .map(|(k, s)| format!("{} {}", k.text(), s))
                    .collect::<Vec<_>>()
                    .join(", ")
            );
        }
        for c in over.commands {
            println!(
                "  cmd {} {} asked {} done {:?} {} effect {:?}",
                c.name.text(),
                c.target.as_ref().map_or("", |t| t.as_str()),
                ms(c.asked),
                c.done.map(ms),
                c.result.as_ref().map_or("-".into(), |r| if r.is_done() {
                    "ok".to_owned()
                } else {
                    format!("{:?}", r).chars().take(60).collect()
                }),
                c.effect.map(|e| (format!("{:?}", e.change), ms(e.at)))
            );
        }
        println!(
            "  ledger {} = {}: {}",
            ledger.logged_in(),
            ledger.totals().sum(),
            ledger
                .totals()
                .iter()
                .filter(|x| x.1.as_micros() != 0)
                .map(|(k, s)| format!("{} {}", k.text(), s))
                .collect::<Vec<_>>()
                .join(", ")
        );
        return;
    }
    let mut a = callfold::replay::Announcer::new(BufWriter::new(std::io::stdout()));
    callfold::replay::run(f, &mut a).unwrap();
}
