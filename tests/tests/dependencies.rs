//! What is built in, as far as the lock file tells: from where, which versions are pinned, and which known advisories
//! are borne. `cargo deny check` says more, with its list of advisories.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Name and version of every locked package, with where it is from; none for our own.
fn locked() -> BTreeMap<(String, String), Option<String>> {
    let lock = read("Cargo.lock");
    let field = |package: &str, name: &str| {
        let start = format!("{name} = \"");
        package
            .lines()
            .find_map(|line| line.strip_prefix(&start))
            .map(|value| value.trim_end_matches('"').to_owned())
    };
    let packages = lock.split("[[package]]").skip(1);
    packages
        .map(|package| {
            let of = |name| field(package, name).unwrap();
            ((of("name"), of("version")), field(package, "source"))
        })
        .collect()
}

#[test]
fn everything_is_from_the_one_registry() {
    let elsewhere: Vec<_> = locked()
        .into_iter()
        .filter(|((name, _), source)| match source {
            None => !name.starts_with("callfold"),
            Some(source) => source != "registry+https://github.com/rust-lang/crates.io-index",
        })
        .collect();
    assert!(elsewhere.is_empty(), "{elsewhere:?}");
}

#[test]
fn the_store_is_built_on_the_sled_that_was_tried() {
    assert!(read("Cargo.toml").contains("\nsled = \"=0.34.7\"\n"));
    let sleds: Vec<_> = locked().into_keys().filter(|(name, _)| name == "sled").collect();
    assert_eq!(sleds, [("sled".to_owned(), "0.34.7".to_owned())]);
}

/// An advisory that is borne names the package in its reason, and goes when the package does.
#[test]
fn every_advisory_that_is_borne_is_still_about_something() {
    let deny = read("deny.toml");
    let borne: Vec<&str> = deny.lines().filter(|line| line.trim().starts_with("{ id = \"RUSTSEC-")).collect();
    assert_eq!(borne.len(), 2);
    for line in borne {
        let (_, reason) = line.split_once("reason = \"").expect("a reason");
        let name = reason.split(',').next().unwrap();
        assert!(locked().keys().any(|(locked, _)| locked == name), "{name} is not locked any more: {line}");
    }
}
