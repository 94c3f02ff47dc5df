//! The table of what each surface offers, in the README, names what there is.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Everything below a directory that is written in files of this kind.
fn sources(directory: &Path, extensions: &[&str]) -> String {
    let mut all = String::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && name != "tests" {
            all += &sources(&path, extensions);
        } else if path.extension().is_some_and(|is| extensions.iter().any(|wanted| is == *wanted)) {
            all += &fs::read_to_string(&path).unwrap();
        }
    }
    all
}

/// Whether one of these words stands before the name, and the name ends there.
fn has(source: &str, before: &[&str], name: &str) -> bool {
    before.iter().any(|before| {
        let wanted = format!("{before}{name}");
        source.match_indices(&wanted).any(|(at, _)| {
            let next = source[at + wanted.len()..].chars().next();
            !next.is_some_and(|next| next.is_alphanumeric() || next == '_')
        })
    })
}

/// The names in a row, surface by surface; none where it says that there is none.
fn rows() -> Vec<(String, Vec<Option<String>>)> {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let (_, table) = readme.split_once("| | Rust | command line | Python | Kotlin, Swift | C |\n").unwrap();
    let lines = table.lines().skip(1).take_while(|line| line.starts_with('|'));
    let row = |line: &str| {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        let what = cells.next().unwrap().to_owned();
        let names: Vec<_> =
            cells.map(|cell| (cell != "–").then(|| cell.trim_matches('`').to_owned())).collect();
        assert_eq!(names.len(), 5, "{line}");
        (what, names)
    };
    lines.map(row).collect()
}

/// The commands of the command line.
fn commands() -> BTreeSet<String> {
    let source = fs::read_to_string(root().join("core/cli/src/args.rs")).unwrap();
    let (_, after) = source.split_once("enum Command {").unwrap();
    let (body, _) = after.split_once("\n}").unwrap();
    let variants =
        body.lines().map(str::trim).filter(|line| line.starts_with(|first: char| first.is_ascii_uppercase()));
    variants.map(|line| line.split('(').next().unwrap().to_lowercase()).collect()
}

#[test]
fn whatever_the_table_names_is_there() {
    let rows = rows();
    assert!(rows.len() > 20, "the table was not found whole");
    let rust = sources(&root().join("core"), &["rs"]);
    let python = sources(&root().join("bindings/python/python"), &["py", "pyi"]);
    let kotlin = sources(&root().join("bindings/uniffi/src"), &["rs"]);
    let header = fs::read_to_string(root().join("ffi/include/callfold.h")).unwrap();
    let commands = commands();
    for (what, names) in &rows {
        for (surface, name) in names.iter().enumerate() {
            let Some(name) = name else { continue };
            let last = name.rsplit("::").next().unwrap();
            let there = match surface {
                0 => has(&rust, &["pub fn ", "pub async fn ", "pub struct ", "pub enum ", "pub mod "], last),
                1 => commands.contains(name),
                2 => has(&python, &["def ", "class "], name),
                3 => has(&kotlin, &["pub fn ", "pub async fn ", "pub struct ", "pub enum "], name),
                4 => has(&header, &[" ", "\n"], name),
                _ => panic!("{what}: another surface"),
            };
            assert!(there, "{what}: there is no {name}");
        }
    }
}

#[test]
fn every_command_of_the_command_line_is_in_the_table() {
    let named: BTreeSet<String> = rows().into_iter().filter_map(|(_, names)| names[1].clone()).collect();
    let mut all = commands();
    // It shows the others.
    assert!(all.remove("demo"));
    assert_eq!(all.difference(&named).collect::<Vec<_>>(), Vec::<&String>::new());
}
