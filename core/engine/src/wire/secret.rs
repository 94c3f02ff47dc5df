//! Secrets stay at the edge: what is sent in place of a password, and how secrets are taken out of a frame
//! before anything that keeps records sees it (spec part 1, "Login").

use std::borrow::Cow;
use std::fmt;

use encoding_rs::{EncoderResult, WINDOWS_1251};
use md5::{Digest, Md5};
use serde_json::Value;

use super::{end_of_string, skip_space};

/// What a login frame carries to prove who is logging in. Never stored, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct LoginSecret(Proof);

#[derive(Clone, PartialEq, Eq)]
enum Proof {
    Password { exact: String, lower: String },
    Session(String),
}

impl LoginSecret {
    /// From a password: its digest, and that of the lower-cased password.
    #[must_use]
    pub fn from_password(password: &str) -> Self {
        Self(Proof::Password { exact: digest(password), lower: digest(&password.to_lowercase()) })
    }

    /// From the id of a session that the server gave at an earlier login.
    #[must_use]
    pub fn from_session(id: &str) -> Self {
        Self(Proof::Session(id.to_owned()))
    }

    pub(super) fn write(&self, body: &mut serde_json::Map<String, serde_json::Value>) {
        match &self.0 {
            Proof::Password { exact, lower } => {
                body.insert("Password".to_owned(), exact.as_str().into());
                body.insert("password".to_owned(), lower.as_str().into());
            }
            Proof::Session(id) => {
                body.insert("sessionid".to_owned(), id.as_str().into());
            }
        }
    }
}

impl fmt::Debug for LoginSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginSecret(…)")
    }
}

/// Lower-case hex MD5 of the windows-1251 bytes; letters that windows-1251 lacks are dropped.
fn digest(text: &str) -> String {
    let mut md5 = Md5::new();
    let mut encoder = WINDOWS_1251.new_encoder();
    let mut rest = text;
    let mut bytes = [0; 256];
    loop {
        let (result, read, written) = encoder.encode_from_utf8_without_replacement(rest, &mut bytes, true);
        md5.update(bytes.get(..written).unwrap_or_default());
        rest = rest.get(read..).unwrap_or_default();
        match result {
            EncoderResult::InputEmpty => break,
            EncoderResult::OutputFull | EncoderResult::Unmappable(_) => {}
        }
    }
    md5.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Hex MD5 of UTF-8 text, as the protocol makes ids of it (spec part 3, `setRedirectNumber`).
pub(crate) fn hex_md5(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Which secret a value taken out of a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretKind {
    /// `sessionid`: logs in again without a password.
    SessionId,
    /// `sippass`: the password of the agent's SIP phone.
    SipPassword,
    /// `password`, `pass`, `temppass`, `httppass` in any case: a password, or a digest as good as one.
    Password,
}

impl SecretKind {
    fn of(key: &str) -> Option<Self> {
        if key.eq_ignore_ascii_case("sessionid") {
            Some(Self::SessionId)
        } else if key.eq_ignore_ascii_case("sippass") {
            Some(Self::SipPassword)
        } else if ["password", "pass", "temppass", "httppass"]
            .iter()
            .any(|name| key.eq_ignore_ascii_case(name))
        {
            Some(Self::Password)
        } else {
            None
        }
    }
}

/// A secret that was taken out of a frame, for the one caller that may need it.
#[derive(Clone, PartialEq, Eq)]
pub struct Removed {
    /// Which secret it is.
    pub kind: SecretKind,
    value: String,
}

impl Removed {
    /// The secret itself, as JSON has it between the quotes.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.value
    }
}

impl fmt::Debug for Removed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Removed({:?})", self.kind)
    }
}

/// JSON without the values that its keys call secrets, in JSON within its strings too; none if there are none. Takes more
/// for a secret than a frame's mask does: an application's own fields have no names that could be listed.
pub(crate) fn json_without_secrets(text: &str) -> Option<String> {
    let mut value: Value = serde_json::from_str(text).ok()?;
    mask(&mut value, 0).then(|| value.to_string())
}

/// How deep JSON within strings of JSON is looked into.
const MAX_LAYERS: usize = 4;

fn mask(value: &mut Value, layer: usize) -> bool {
    match value {
        Value::Object(fields) => fields.iter_mut().fold(false, |masked, (key, value)| {
            let key = key.to_lowercase();
            if ["pass", "pwd", "token", "secret", "sessionid", "apikey"].iter().any(|name| key.contains(name))
            {
                *value = Value::from(MASK);
                return true;
            }
            mask(value, layer) | masked
        }),
        Value::Array(items) => items.iter_mut().fold(false, |masked, item| mask(item, layer) | masked),
        Value::String(text) if layer < MAX_LAYERS && text.starts_with(['{', '[']) => {
            let inner = serde_json::from_str::<Value>(text).ok();
            let Some(mut inner) = inner else { return false };
            let masked = mask(&mut inner, layer + 1);
            if masked {
                *text = inner.to_string();
            }
            masked
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// The text of a frame without secrets: the only kind of text that the machine takes and records keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameText<'a>(Cow<'a, str>);

/// What stands where a secret was.
pub(crate) const MASK: &str = "***";

impl<'a> FrameText<'a> {
    /// Takes the secrets out of a frame as it came from the wire. Text without any is borrowed, not copied.
    #[must_use]
    pub fn from_wire(text: &'a str) -> (Self, Vec<Removed>) {
        if may_have_secret(text.as_bytes()) {
            let (text, removed) = without_secrets(text);
            (Self(text), removed)
        } else {
            (Self(Cow::Borrowed(text)), Vec::new())
        }
    }

    /// The text of a frame that went through [`FrameText::from_wire`] before it was stored.
    ///
    /// It is looked through again: a record that was tampered with gets no secret in either.
    #[must_use]
    pub fn from_record(text: String) -> FrameText<'static> {
        let changed = match FrameText::from_wire(&text).0.0 {
            Cow::Borrowed(_) => None,
            Cow::Owned(changed) => Some(changed),
        };
        FrameText(Cow::Owned(changed.unwrap_or(text)))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A quick look that finds nothing in almost every frame: every key of a secret has a doubled `s` in some
/// case, or is written with escapes. One pass without a branch, so that it costs less than decoding.
fn may_have_secret(text: &[u8]) -> bool {
    let is_s = |byte: u8| (byte | 0x20) == b's';
    let doubled = text
        .iter()
        .zip(text.iter().skip(1))
        .fold(false, |found, (first, second)| found | (is_s(*first) & is_s(*second)) | (*first == b'\\'));
    doubled || text.last() == Some(&b'\\')
}

/// Masks the value behind every key that names a secret. Works on broken JSON too: a frame that cannot be
/// read is recorded as well.
fn without_secrets(text: &str) -> (Cow<'_, str>, Vec<Removed>) {
    let bytes = text.as_bytes();
    let mut clean = String::new();
    let mut copied = 0;
    let mut removed = Vec::new();
    let mut place = 0;
    while let Some(start) = memchr::memchr(b'"', bytes.get(place..).unwrap_or_default()).map(|at| place + at)
    {
        let end = end_of_string(bytes, start);
        place = end;
        let colon = skip_space(bytes, end);
        let key = text.get(start..end).unwrap_or_default();
        if bytes.get(colon) != Some(&b':') {
            continue;
        }
        let Some(kind) = secret_key(key) else { continue };
        let from = skip_space(bytes, colon + 1);
        let to = end_of_value(bytes, from);
        let value = text.get(from..to).unwrap_or_default();
        let quoted = value.trim_matches('"');
        if quoted == MASK || value.is_empty() {
            place = to.max(end);
            continue;
        }
        removed.push(Removed { kind, value: quoted.to_owned() });
        clean.push_str(text.get(copied..from).unwrap_or_default());
        clean.push('"');
        clean.push_str(MASK);
        clean.push('"');
        copied = to;
        place = to;
    }
    if removed.is_empty() {
        return (Cow::Borrowed(text), removed);
    }
    clean.push_str(text.get(copied..).unwrap_or_default());
    (Cow::Owned(clean), removed)
}

/// `quoted` with its quotes, read as JSON reads it.
fn secret_key(quoted: &str) -> Option<SecretKind> {
    if quoted.contains('\\') {
        SecretKind::of(&serde_json::from_str::<String>(quoted).ok()?)
    } else {
        SecretKind::of(quoted.trim_matches('"'))
    }
}

/// The place behind the value that starts at `from`: a string, a list or object with all in it, or a bare word.
fn end_of_value(bytes: &[u8], from: usize) -> usize {
    let mut depth = 0_usize;
    let mut place = from;
    while let Some(byte) = bytes.get(place) {
        match byte {
            b'"' => {
                place = end_of_string(bytes, place);
                if depth == 0 {
                    return place;
                }
                continue;
            }
            b'[' | b'{' => depth += 1,
            b']' | b'}' if depth == 0 => return place,
            b']' | b'}' => {
                depth -= 1;
                if depth == 0 {
                    return place + 1;
                }
            }
            b',' if depth == 0 => return place,
            _ => {}
        }
        place += 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_md5_of_the_windows_1251_bytes() {
        assert_eq!(digest("Secret1"), "d6cb2342e44efb6dd628276f36da2359");
        assert_eq!(digest("secret1"), "e52d98c459819a11775936d8dfbb7929");
        assert_eq!(digest("Привет"), format!("{:x}", Md5::digest(b"\xcf\xf0\xe8\xe2\xe5\xf2")));
    }

    #[test]
    fn letters_that_windows_1251_lacks_are_dropped() {
        assert_eq!(digest("a日b漢"), digest("ab"));
        let long = "日я".repeat(500);
        assert_eq!(digest(&long), format!("{:x}", Md5::digest([0xff_u8; 500])));
    }

    #[test]
    fn secrets_are_taken_out_of_a_login_answer() {
        let wire = r#"["loginresult",{"qid":"1","result":1,"userid":"u","sessionid":"S-1","sippass" : "p\"w","sipuser":"x"}]"#;
        let (text, removed) = FrameText::from_wire(wire);
        assert_eq!(
            text.as_str(),
            r#"["loginresult",{"qid":"1","result":1,"userid":"u","sessionid":"***","sippass" : "***","sipuser":"x"}]"#
        );
        let kinds: Vec<_> = removed.iter().map(|secret| (secret.kind, secret.expose())).collect();
        assert_eq!(kinds, [(SecretKind::SessionId, "S-1"), (SecretKind::SipPassword, "p\\\"w")]);
        assert_eq!(format!("{removed:?}"), "[Removed(SessionId), Removed(SipPassword)]");
    }

    #[test]
    fn secrets_hide_in_no_spelling_and_no_broken_frame() {
        for wire in [
            r#"["x",{"PASSWORD":"canary"}]"#,
            r#"["x",{"p\u0061ssword":"canary"}]"#,
            r#"["x",{"SessionID":"canary"}]"#,
            r#"["x",{"password":["canary",{"a":"canary"}]}]"#,
            r#"["x",{"sessionid":  "canary"#,
            r#"{"sippass":"canary"} trailing"#,
            r#"["x",{"sippass":{"deep":"canary"#,
        ] {
            let (text, removed) = FrameText::from_wire(wire);
            assert!(!text.as_str().contains("canary"), "{wire} → {}", text.as_str());
            assert_eq!(removed.len(), 1, "{wire}");
            assert_eq!(
                FrameText::from_record(text.as_str().to_owned()).as_str(),
                text.as_str(),
                "masking twice is masking once"
            );
        }
    }

    #[test]
    fn text_without_secrets_is_borrowed() {
        let (text, removed) = FrameText::from_wire(r#"["pong",{"qid":"passing \u0041"}]"#);
        assert!(matches!(text.0, Cow::Borrowed(_)) && removed.is_empty());
    }

    #[test]
    fn a_login_secret_is_not_printed() {
        assert_eq!(format!("{:?}", LoginSecret::from_password("canary")), "LoginSecret(…)");
    }
}
