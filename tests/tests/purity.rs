//! The engine is pure, and dependencies between the crates point one way: held by lists, not by review.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde_json::Value;

const ENGINE: &str = "callfold-engine";
const STORE: &str = "callfold-store";
const TRANSPORT: &str = "callfold-transport";
const SIMULATOR: &str = "callfold-simulator";
/// What nothing depends on, and what may depend on everything.
const TESTS: &[&str] = &["callfold-tests", "callfold-faults"];

/// Everything that the engine is built from, on every platform, build scripts and macros included. What is
/// added here needs a look at what it does: no clock, randomness, I/O, threads or global state.
const ENGINE_IS_BUILT_FROM: &[&str] = &[
    // What it names itself.
    "base64",
    "blake3",
    "encoding_rs",
    "md-5",
    "memchr",
    "postcard",
    "serde",
    "serde_json",
    "thiserror",
    // Of blake3: how it computes is found out once from the processor, what it computes is the same everywhere.
    "arrayvec",
    "cc",
    "constant_time_eq",
    "cpufeatures",
    "libc", // on ARM, to ask what the processor can
    // Of encoding_rs.
    "cfg-if",
    "core_detect",
    "multiversion_no_op",
    "scopeguard",
    "simdutf8",
    // Of md-5.
    "block-buffer",
    "crypto-common",
    "digest",
    "generic-array",
    "typenum",
    "version_check",
    // Of postcard.
    "cobs",
    "embedded-io",
    // Of serde_json. Its maps keep the order of insertion, whatever the hasher draws.
    "allocator-api2",
    "equivalent",
    "foldhash",
    "hashbrown",
    "indexmap",
    "itoa",
    "serde_core",
    "zmij",
    // What derives run at build time.
    "proc-macro2",
    "quote",
    "rustversion",
    "serde_derive",
    "syn",
    "thiserror-impl",
    "unicode-ident",
];

/// What only runs while others are built, and compiles nothing of the engine: what it needs itself is not looked at.
const BUILD_TOOLS: &[&str] = &["cc"];

/// What must never get in, whatever the list above says.
const NEVER_IN_THE_ENGINE: &[&str] = &[
    "ahash",
    "async-std",
    "chrono",
    "crossbeam-utils",
    "fastrand",
    "getrandom",
    "jiff",
    "mio",
    "parking_lot",
    "rand",
    "rand_core",
    "rayon",
    "sled",
    "smol",
    "socket2",
    "time",
    "tokio",
    "tracing",
    "uuid",
];

/// Which workspace crates each may depend on. A new crate is put here first.
const LAYERS: &[(&str, &[&str])] = &[
    (ENGINE, &[]),
    (STORE, &[ENGINE]),
    (TRANSPORT, &[ENGINE]),
    (SIMULATOR, &[ENGINE]),
    ("callfold", &[ENGINE, STORE, TRANSPORT]),
    ("callfold-cli", &["callfold", SIMULATOR]),
    ("callfold-python", &["callfold", SIMULATOR]),
    ("callfold-uniffi", &["callfold", SIMULATOR]),
    ("callfold-bindgen", &[]),
    ("callfold-ffi", &["callfold", SIMULATOR]),
    ("callfold-benches", &["callfold", ENGINE, STORE, SIMULATOR]),
];

/// What clippy must refuse in the engine.
const BANNED_TYPES: &[&str] = &[
    "std::collections::HashMap",
    "std::collections::HashSet",
    "std::time::Instant",
    "std::time::SystemTime",
    "std::thread::JoinHandle",
    "std::fs::File",
    "std::net::TcpStream",
    "std::net::TcpListener",
    "std::net::UdpSocket",
];

/// What clippy must refuse to call in the engine.
const BANNED_METHODS: &[&str] = &[
    "std::time::Instant::now",
    "std::time::SystemTime::now",
    "std::thread::spawn",
    "std::env::var",
    "std::env::args",
    "std::process::exit",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The packages of the workspace, as cargo tells them. Their dependencies are not looked at: that would need all of
/// them downloaded, those of other platforms too.
fn workspace() -> Vec<Value> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["metadata", "--format-version=1", "--no-deps", "--offline", "--locked"];
    let told = Command::new(cargo).args(arguments).current_dir(root()).output().unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    told["packages"].as_array().unwrap().clone()
}

fn name(package: &Value) -> String {
    package["name"].as_str().unwrap().to_owned()
}

/// The names of what a package of the workspace is built from, its tests aside.
fn dependencies(package: &Value) -> BTreeSet<String> {
    let all = package["dependencies"].as_array().unwrap();
    all.iter().filter(|dependency| dependency["kind"] != "dev").map(name).collect()
}

/// What every locked package needs, under the name by which the lock file itself refers to it: its name, with its
/// version where there are several.
fn locked() -> BTreeMap<String, Vec<String>> {
    let lock = read("Cargo.lock");
    let mut by_name: BTreeMap<String, Vec<(String, Vec<String>)>> = BTreeMap::new();
    for package in lock.split("[[package]]").skip(1) {
        let field = |name: &str| {
            let start = format!("{name} = \"");
            let value = package.lines().find_map(|line| line.strip_prefix(&start)).unwrap();
            value.trim_end_matches('"').to_owned()
        };
        let list = package.split_once("dependencies = [").map_or("", |(_, rest)| rest);
        let lines = list.lines().skip(1).take_while(|line| !line.starts_with(']'));
        let needs =
            lines.map(|line| line.trim().trim_end_matches(',').trim_matches('"').to_owned()).collect();
        by_name.entry(field("name")).or_default().push((field("version"), needs));
    }
    let named = by_name.into_iter().flat_map(|(name, versions)| {
        let several = versions.len() > 1;
        versions.into_iter().map(move |(version, needs)| {
            (if several { format!("{name} {version}") } else { name.clone() }, needs)
        })
    });
    named.collect()
}

/// What a package needs itself, under the names that the lock file has for it: others may need other versions.
fn under_locked_names(package: &str, needs: &BTreeSet<String>) -> BTreeSet<String> {
    let locked = locked().remove(package).unwrap_or_else(|| panic!("{package}: not in Cargo.lock"));
    let is_needed = |name: &String| needs.contains(name.split(' ').next().unwrap_or_default());
    let found: BTreeSet<_> = locked.into_iter().filter(is_needed).collect();
    assert_eq!(found.len(), needs.len(), "Cargo.lock has {found:?} for {needs:?}");
    found
}

/// Everything below `start` in the lock file, by name.
fn closure(start: BTreeSet<String>) -> BTreeSet<String> {
    let locked = locked();
    let mut open: Vec<String> = start.into_iter().collect();
    let mut seen = BTreeSet::new();
    while let Some(package) = open.pop() {
        if seen.insert(package.clone()) && !BUILD_TOOLS.contains(&package.as_str()) {
            let needs = locked
                .get(&package)
                .unwrap_or_else(|| panic!("{package}: not in Cargo.lock, or there twice"));
            open.extend(needs.iter().cloned());
        }
    }
    let name = |package: String| package.split(' ').next().unwrap_or_default().to_owned();
    seen.into_iter().map(name).collect()
}

#[test]
fn the_engine_is_built_from_what_is_listed_and_nothing_else() {
    let workspace = workspace();
    let engine = workspace.iter().find(|package| name(package) == ENGINE).unwrap();
    let built_from = closure(under_locked_names(ENGINE, &dependencies(engine)));
    let listed: BTreeSet<String> = ENGINE_IS_BUILT_FROM.iter().map(|name| (*name).to_owned()).collect();
    let new: Vec<_> = built_from.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&built_from).collect();
    assert!(
        new.is_empty() && gone.is_empty(),
        "not in the list: {new:?}; in the list, but not used: {gone:?}"
    );
}

#[test]
fn the_list_has_nothing_with_a_clock_chance_or_threads() {
    let never: Vec<_> =
        ENGINE_IS_BUILT_FROM.iter().filter(|name| NEVER_IN_THE_ENGINE.contains(name)).collect();
    assert!(never.is_empty(), "{never:?}");
}

#[test]
fn the_walk_through_the_lock_file_finds_what_is_far_away() {
    // A walk that finds nothing would let everything pass: proptest draws at random, several steps down.
    let found = closure(BTreeSet::from(["proptest".to_owned()]));
    assert!(found.contains("getrandom"), "{found:?}");
}

#[test]
fn dependencies_between_crates_point_one_way() {
    let workspace = workspace();
    let crates: BTreeSet<String> = workspace.iter().map(name).collect();
    let mut wrong = Vec::new();
    for package in workspace.iter().filter(|package| !TESTS.contains(&name(package).as_str())) {
        let name = name(package);
        let Some((_, allowed)) = LAYERS.iter().find(|(layer, _)| *layer == name) else {
            wrong.push(format!("{name} is in no layer"));
            continue;
        };
        for below in dependencies(package).intersection(&crates) {
            if !allowed.contains(&below.as_str()) {
                wrong.push(format!("{name} depends on {below}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// The entries of a list in the engine's clippy.toml, one a line.
fn bans(list: &str) -> Vec<String> {
    let file = read("core/engine/clippy.toml");
    let (_, rest) = file.split_once(&format!("{list} = [")).unwrap_or_else(|| panic!("no {list}"));
    let entries = rest.lines().skip(1).take_while(|line| !line.starts_with(']'));
    entries.map(|line| line.trim().to_owned()).collect()
}

#[test]
fn clippy_refuses_clocks_chance_and_unordered_maps_in_the_engine() {
    for (list, banned) in [("disallowed-types", BANNED_TYPES), ("disallowed-methods", BANNED_METHODS)] {
        let entries = bans(list);
        for path in banned {
            let entry = format!("{{ path = \"{path}\", reason = \"");
            assert!(entries.iter().any(|line| line.starts_with(&entry)), "{list}: {path} is not there");
        }
    }
}

#[test]
fn no_file_of_the_engine_lifts_a_ban() {
    let mut open = vec![root().join("core/engine")];
    let mut files = 0;
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files += 1;
            let text = fs::read_to_string(&path).unwrap();
            let lifted = ["disallowed_types", "disallowed_methods", "float_arithmetic"];
            let found: Vec<_> = lifted.iter().filter(|lint| text.contains(*lint)).collect();
            assert!(found.is_empty(), "{}: {found:?}", path.display());
        }
    }
    assert!(files > 0);
}
