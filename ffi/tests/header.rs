//! The header is what the sources say, and the library exports what the header declares.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs};

use callfold_ffi::header::{RULES, constants};

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &str) -> String {
    fs::read_to_string(here(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn written() -> String {
    let mut config = cbindgen::Config::from_file(here("cbindgen.toml")).unwrap();
    config.header = Some(RULES.to_owned());
    config.after_includes = Some(constants());
    let header = cbindgen::Builder::new().with_crate(here("")).with_config(config).generate().unwrap();
    let mut bytes = Vec::new();
    header.write(&mut bytes);
    String::from_utf8(bytes).unwrap()
}

/// The functions that a header declares.
fn declared(header: &str) -> BTreeSet<String> {
    let name = |before: &str| {
        let name = before.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()?;
        name.starts_with("callfold_").then(|| name.to_owned())
    };
    let code: String =
        header.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let calls = code.match_indices('(').filter(|(at, _)| !code[at + 1..].starts_with('*'));
    calls.filter_map(|(at, _)| name(&code[..at])).collect()
}

#[test]
fn the_header_is_what_the_sources_say() {
    let now = written();
    if env::var_os("CALLFOLD_BLESS").is_some() {
        fs::write(here("include/callfold.h"), &now).unwrap();
    }
    assert!(
        now == read("include/callfold.h"),
        "CALLFOLD_BLESS=1 cargo test -p callfold-ffi --test header writes it"
    );
}

#[test]
fn every_function_of_the_sources_is_declared_and_no_other() {
    let mut exported = BTreeSet::new();
    for file in fs::read_dir(here("src")).unwrap() {
        let source = fs::read_to_string(file.unwrap().path()).unwrap();
        for (_, after) in
            source.match_indices("pub extern \"C\" fn ").map(|(at, found)| (at, &source[at + found.len()..]))
        {
            exported.insert(after.split('(').next().unwrap().to_owned());
        }
    }
    assert!(exported.len() > 90, "{}", exported.len());
    assert_eq!(exported, declared(&read("include/callfold.h")));
}

#[test]
fn the_lints_are_those_of_the_workspace() {
    let section = |toml: &str, name: &str| -> BTreeSet<String> {
        let (_, after) = toml.split_once(&format!("[{name}]\n")).unwrap();
        let lines = after.lines().take_while(|line| !line.starts_with('['));
        lines.filter(|line| line.contains(" = ")).map(str::to_owned).collect()
    };
    let (ours, theirs) = (read("Cargo.toml"), read("../Cargo.toml"));
    let mut rust = section(&ours, "lints.rust");
    assert!(rust.insert("unsafe_code = \"forbid\"".to_owned()));
    assert_eq!(rust, section(&theirs, "workspace.lints.rust"));
    let mut clippy = section(&ours, "lints.clippy");
    assert!(clippy.remove("undocumented_unsafe_blocks = \"deny\""));
    assert_eq!(clippy, section(&theirs, "workspace.lints.clippy"));
}
