//! The pictures in the README are those that this build draws of the two example sessions, byte for byte.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::path::Path;

use callfold::replay::{self, CallReader};
use callfold::timeline::Timeline;

/// The sessions, and which of their calls is drawn: the first.
const SESSIONS: [&str; 2] = ["seed-incoming-consult-connect", "seed-outgoing-hold-unhold-end"];

/// After a wanted change, look at them: `CALLFOLD_BLESS=1 cargo test -p callfold --test pictures`.
#[test]
fn the_pictures_in_the_readme_are_those_of_this_build() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(here.join("../../README.md")).unwrap();
    let mut changed = Vec::new();
    for name in SESSIONS {
        let trace =
            fs::read(here.join("../../tests/vectors/named").join(name).with_extension("jsonl")).unwrap();
        let mut reader = CallReader::default();
        replay::run(trace.as_slice(), &mut reader).unwrap();
        let over = reader.finish().0;
        let timeline = Timeline::of(&over.calls[0], &over.commands);
        for (kind, picture) in [("svg", timeline.svg()), ("ladder.svg", timeline.ladder_svg())] {
            let file = format!("pictures/{name}.{kind}");
            let kept = here.join(&file);
            if std::env::var_os("CALLFOLD_BLESS").is_some() {
                fs::create_dir_all(kept.parent().unwrap()).unwrap();
                fs::write(&kept, &picture).unwrap();
            }
            if fs::read_to_string(&kept).ok().as_ref() != Some(&picture) {
                changed.push(file.clone());
            }
            if kind == "svg" {
                assert!(
                    readme.contains(&format!("](core/callfold/{file})")),
                    "the README does not show {file}"
                );
            }
        }
    }
    assert!(changed.is_empty(), "{changed:?}");
}
