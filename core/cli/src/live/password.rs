//! Where a password comes from: a file, a variable, the terminal. Never an argument.
//!
//! What goes wrong is told without a word of what was read.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use callfold::live::Secret;
use zeroize::Zeroizing;

use crate::input;
use crate::words::shown;

/// The variable that a password is taken from, if nothing else is said.
pub(crate) const VARIABLE: &str = "CALLFOLD_PASSWORD";
/// The longest file that is read for a password.
const LONGEST_FILE: u64 = 64 * 1024;

/// The first line of a file. A file that others than its owner may read is refused, as ssh refuses a key.
pub(crate) fn from_file(path: &Path) -> Result<Secret, String> {
    let name = input::name(path);
    read_file(path, &name).map_err(|why| format!("{name}: {why}"))
}

fn read_file(path: &Path, name: &str) -> Result<Secret, String> {
    let told = |error: io::Error| error.to_string();
    let file = File::open(path).map_err(told)?;
    // The file that is open is looked at, not one that may be put in its place.
    check_private(&file, name)?;
    // Room for all of it: what a growing buffer leaves behind is not wiped.
    let mut text = Zeroizing::new(String::with_capacity(LONGEST_FILE as usize + 1));
    file.take(LONGEST_FILE + 1).read_to_string(&mut text).map_err(told)?;
    if text.len() as u64 > LONGEST_FILE {
        return Err("too long for a file with a password".to_owned());
    }
    password(text.lines().next().unwrap_or_default())
}

#[cfg(unix)]
fn check_private(file: &File, name: &str) -> Result<(), String> {
    use std::os::unix::fs::MetadataExt as _;
    const OTHERS: u32 = 0o077;
    let there = file.metadata().map_err(|error| error.to_string())?;
    // Nobody else reads a pipe, such as that of `<(pass show pbx)`.
    if there.is_file() && there.mode() & OTHERS != 0 {
        return Err(format!(
            "others than its owner may read or write it (mode {:04o}); forbid it: chmod 600 {name}",
            there.mode() & 0o7777
        ));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_private(_: &File, _: &str) -> Result<(), String> {
    Ok(())
}

/// What the variable of this name has.
pub(crate) fn from_variable(name: &str) -> Result<Secret, String> {
    match std::env::var(name).map(Zeroizing::new) {
        Ok(text) => password(&text).map_err(|why| format!("the variable {}: {why}", shown(name))),
        Err(std::env::VarError::NotPresent) => Err(format!("the variable {} is not set", shown(name))),
        // The error itself repeats what is in it.
        Err(std::env::VarError::NotUnicode(_)) => Err(format!("the variable {} is not UTF-8", shown(name))),
    }
}

/// What the variable has, if it is set; else what somebody types.
pub(crate) fn from_environment_or_terminal(login: &str) -> Result<Secret, String> {
    if std::env::var_os(VARIABLE).is_some() {
        return from_variable(VARIABLE);
    }
    let typed = rpassword::prompt_password(format!("password of {}: ", shown(login))).map_err(|_| {
        format!("no password: there is no terminal to ask on. Give --password-file, or set {VARIABLE}")
    })?;
    password(&Zeroizing::new(typed))
}

fn password(text: &str) -> Result<Secret, String> {
    if text.is_empty() {
        Err("the password is empty".to_owned())
    } else {
        Ok(Secret::password(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn read(content: &[u8], mode: u32) -> Result<(), String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("password");
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        from_file(&path).map(drop)
    }

    #[test]
    fn a_file_that_others_may_read_is_refused_and_what_to_do_is_said() {
        for mode in [0o600, 0o400, 0o700] {
            assert_eq!(read(b"canary\n", mode), Ok(()), "{mode:o}");
        }
        for mode in [0o644, 0o640, 0o604, 0o620, 0o602] {
            let why = read(b"canary\n", mode).unwrap_err();
            assert!(why.contains(&format!("{mode:04o}")) && why.contains("chmod 600"), "{why}");
            assert!(!why.contains("canary"), "{why}");
        }
    }

    #[test]
    fn the_password_is_the_first_line() {
        assert_eq!(read(b"canary\r\nanything", 0o600), Ok(()));
        assert!(read(b"", 0o600).unwrap_err().ends_with("the password is empty"));
        assert!(read(b"\ncanary", 0o600).unwrap_err().ends_with("the password is empty"));
        assert!(!read(b"canary\xff", 0o600).unwrap_err().contains("canary"));
        assert!(read(&[b'a'; 70_000], 0o600).unwrap_err().contains("too long"));
    }
}
