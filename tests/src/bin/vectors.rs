//! Checks the recorded sessions of `tests/vectors` against their manifest; with `--write`, writes the manifest
//! anew from what is there.

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

use callfold_tests::vectors::{self, MANIFEST, Manifest};

const USAGE: &str = "usage: vectors [--write]";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let done = match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => check(),
        ["--write"] => write(),
        _ => Err(USAGE.into()),
    };
    match done {
        Ok(line) => {
            // Nobody is left to tell that nobody listens.
            let _ = writeln!(std::io::stdout(), "{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn check() -> Result<String, Box<dyn Error>> {
    let directory = vectors::directory();
    let manifest = Manifest::read(&directory)?;
    let findings: Vec<String> = manifest.check(&directory)?.iter().map(ToString::to_string).collect();
    if findings.is_empty() {
        Ok(format!("{} vectors as listed", manifest.count))
    } else {
        Err(findings.join("\n").into())
    }
}

fn write() -> Result<String, Box<dyn Error>> {
    let directory = vectors::directory();
    let manifest = Manifest::of(&directory)?;
    std::fs::write(directory.join(MANIFEST), manifest.to_json())?;
    Ok(format!("{} vectors listed in {MANIFEST}", manifest.count))
}
