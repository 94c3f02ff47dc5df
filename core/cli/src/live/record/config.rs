//! The file that names many lines. Every error names the line of the file and the key, and repeats no value: a password
//! may have been put where it does not belong.

use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::live::server::{Trust, check_login, check_urls};
use crate::words::shown;

/// A line that is to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LineSpec {
    /// The name of its stream.
    pub(super) name: String,
    pub(super) urls: Vec<String>,
    pub(super) login: String,
    pub(super) password: PasswordFrom,
    pub(super) trust: Trust,
}

/// Where a password comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PasswordFrom {
    /// The first line of this file.
    File(PathBuf),
    /// The variable of this name.
    Variable(String),
}

/// What a section says.
#[derive(Clone, Debug, Default)]
struct Section {
    name: Option<String>,
    urls: Option<Vec<String>>,
    login: Option<String>,
    password: Option<PasswordFrom>,
    ca: Option<PathBuf>,
    insecure_ws: Option<bool>,
}

/// Where in the file something stands.
struct Place<'t> {
    text: &'t str,
    directory: &'t Path,
}

/// Reads the file. Paths in it are relative to `directory`.
pub(super) fn read(text: &str, directory: &Path) -> Result<Vec<LineSpec>, String> {
    let place = Place { text, directory };
    let file = DeTable::parse(text).map_err(|error| match error.span() {
        // Its full text repeats what stands there.
        Some(span) => place.at(&span, error.message()),
        None => error.message().to_owned(),
    })?;
    let mut defaults = Section::default();
    let mut sections: Vec<(Range<usize>, Section)> = Vec::new();
    for (key, value) in file.get_ref() {
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("defaults", DeValue::Table(table)) => {
                defaults = place.section(table)?;
                if defaults.name.is_some() {
                    return Err(place.at(&key.span(), "a name is a line's own, and no default"));
                }
            }
            ("line", DeValue::Array(lines)) => {
                for line in lines.iter() {
                    let DeValue::Table(table) = line.get_ref() else {
                        return Err(place.at(&line.span(), "a line is written as [[line]]"));
                    };
                    sections.push((line.span(), place.section(table)?));
                }
            }
            ("defaults", _) => return Err(place.at(&key.span(), "the defaults are written as [defaults]")),
            ("line", _) => return Err(place.at(&key.span(), "a line is written as [[line]]")),
            (other, _) => return Err(place.unknown(&key.span(), other, "[defaults] and [[line]]")),
        }
    }
    if sections.is_empty() {
        return Err("there is no [[line]] in it".to_owned());
    }
    let mut lines: Vec<LineSpec> = Vec::with_capacity(sections.len());
    for (span, section) in sections {
        let line = section.over(&defaults).map_err(|why| place.at(&span, &why))?;
        if lines.iter().any(|other| other.name == line.name) {
            let name = shown(&line.name);
            return Err(place
                .at(&span, &format!("`{name}` is the name of another line; give this one its own `name`")));
        }
        lines.push(line);
    }
    Ok(lines)
}

impl Place<'_> {
    fn at(&self, span: &Range<usize>, why: &str) -> String {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        format!("line {}: {why}", before.matches('\n').count() + 1)
    }

    fn unknown(&self, span: &Range<usize>, key: &str, known: &str) -> String {
        self.at(span, &format!("`{}` is not known; there are {known}", shown(key)))
    }

    fn section(&self, table: &DeTable<'_>) -> Result<Section, String> {
        let mut section = Section::default();
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let mut password = None;
            match name {
                "name" => section.name = Some(self.text_of(name, value)?),
                "login" => section.login = Some(self.text_of(name, value)?),
                "url" => section.urls = Some(self.urls(value)?),
                "ca" => section.ca = Some(self.directory.join(self.text_of(name, value)?)),
                "insecure-ws" => {
                    let said = value.get_ref().as_bool();
                    let bad = || self.at(&value.span(), "`insecure-ws` is true or false");
                    section.insecure_ws = Some(said.ok_or_else(bad)?);
                }
                "password-file" => {
                    password = Some(PasswordFrom::File(self.directory.join(self.text_of(name, value)?)));
                }
                "password-env" => password = Some(PasswordFrom::Variable(self.text_of(name, value)?)),
                "password" => {
                    let why = "no password stands in this file: name a file (password-file) or a variable (password-env)";
                    return Err(self.at(&key.span(), why));
                }
                other => {
                    let known = "name, url, login, password-file, password-env, ca and insecure-ws";
                    return Err(self.unknown(&key.span(), other, known));
                }
            }
            if password.is_some() && section.password.is_some() {
                return Err(self.at(&key.span(), "either password-file or password-env, not both"));
            }
            section.password = section.password.or(password);
        }
        Ok(section)
    }

    fn text_of(&self, key: &str, value: &Spanned<DeValue<'_>>) -> Result<String, String> {
        match value.get_ref().as_str() {
            Some("") => Err(self.at(&value.span(), &format!("`{key}` is empty"))),
            Some(text) => Ok(text.to_owned()),
            None => Err(self.at(&value.span(), &format!("`{key}` is a text in quotes"))),
        }
    }

    fn urls(&self, value: &Spanned<DeValue<'_>>) -> Result<Vec<String>, String> {
        let urls = match value.get_ref().as_array() {
            Some(list) => list.iter().map(|url| self.text_of("url", url)).collect::<Result<_, _>>()?,
            None => vec![self.text_of("url", value)?],
        };
        check_urls(&urls).map_err(|why| self.at(&value.span(), &format!("`url`: {why}")))?;
        Ok(urls)
    }
}

impl Section {
    /// The line, with what it does not say from `defaults`.
    fn over(self, defaults: &Self) -> Result<LineSpec, String> {
        let missing = |key: &str| format!("the line has no `{key}`, and neither have the defaults");
        let login = self.login.or_else(|| defaults.login.clone()).ok_or_else(|| missing("login"))?;
        check_login(&login)?;
        Ok(LineSpec {
            name: self.name.unwrap_or_else(|| login.clone()),
            urls: self.urls.or_else(|| defaults.urls.clone()).ok_or_else(|| missing("url"))?,
            login,
            password: self
                .password
                .or_else(|| defaults.password.clone())
                .ok_or_else(|| missing("password-file` or `password-env"))?,
            trust: Trust {
                ca: self.ca.or_else(|| defaults.ca.clone()),
                insecure_ws: self.insecure_ws.or(defaults.insecure_ws).unwrap_or(false),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Result<Vec<LineSpec>, String> {
        read(text, Path::new("/etc/callfold"))
    }

    #[test]
    fn a_line_has_what_it_says_and_the_rest_from_the_defaults() {
        let text = "
            [defaults]
            url = ['wss://a', 'wss://b']
            ca = 'pbx.pem'
            password-env = 'PBX'
            [[line]]
            login = 'ivanov'
            password-file = '/run/secrets/ivanov'
            [[line]]
            name = 'second'
            login = 'petrova'
            url = 'ws://c'
            insecure-ws = true";
        let lines = lines(text).unwrap();
        assert_eq!(lines[0].name, "ivanov");
        assert_eq!(lines[0].urls, ["wss://a", "wss://b"]);
        assert_eq!(lines[0].password, PasswordFrom::File("/run/secrets/ivanov".into()));
        assert_eq!(lines[0].trust.ca.as_deref(), Some(Path::new("/etc/callfold/pbx.pem")));
        assert_eq!((lines[1].name.as_str(), lines[1].login.as_str()), ("second", "petrova"));
        assert_eq!(lines[1].urls, ["ws://c"]);
        assert_eq!(lines[1].password, PasswordFrom::Variable("PBX".to_owned()));
        assert!(lines[1].trust.insecure_ws && !lines[0].trust.insecure_ws);
    }

    #[test]
    fn every_error_names_line_and_key_and_no_value() {
        let line = "[[line]]\nlogin = 'a'\nurl = 'wss://pbx'\npassword-env = 'P'\n";
        for (text, number, named) in [
            ("[[line]]\nlogin = 'a'\npassword = 'canary'\n".to_owned(), 3, "password-file"),
            ("[[line]]\nlogin = 'a'\npasword-env = 'canary'\n".to_owned(), 3, "`pasword-env` is not known"),
            ("[default]\nlogin = 'canary'\n".to_owned(), 1, "`default` is not known"),
            ("[[line]]\nlogin = 'canary\n".to_owned(), 2, ""),
            ("[[line]]\nlogin = 5\n".to_owned(), 2, "`login` is a text"),
            ("[[line]]\nlogin = ''\n".to_owned(), 2, "`login` is empty"),
            ("\n[[line]]\nlogin = 'a'\n".to_owned(), 2, "no `url`"),
            ("[[line]]\nurl = 'wss://a'\n".to_owned(), 1, "no `login`"),
            (
                "[[line]]\nurl = 'wss://a'\nlogin = 'a'\n".to_owned(),
                1,
                "no `password-file` or `password-env`",
            ),
            ("[[line]]\nurl = 'wss://a:canary@b'\n".to_owned(), 2, "`url`: login and password"),
            ("[[line]]\nurl = [1]\n".to_owned(), 2, "`url` is a text"),
            ("[[line]]\ninsecure-ws = 'canary'\n".to_owned(), 2, "`insecure-ws` is true or false"),
            ("[[line]]\npassword-env = 'canary'\npassword-file = 'canary'\n".to_owned(), 3, "not both"),
            ("[defaults]\nname = 'canary'\n".to_owned(), 1, "a line's own"),
            ("[line]\nname = 'canary'\n".to_owned(), 1, "[[line]]"),
            (format!("{line}\n{line}"), 6, "`a` is the name of another line"),
        ] {
            let why = lines(&text).unwrap_err();
            assert!(why.starts_with(&format!("line {number}: ")), "{text}: {why}");
            assert!(why.contains(named) && !why.contains("canary"), "{text}: {why}");
        }
        assert_eq!(lines("").unwrap_err(), "there is no [[line]] in it");
    }
}
