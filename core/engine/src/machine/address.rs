//! Addresses of servers (spec part 1, "Finding the server").

use std::fmt::Write as _;

use crate::text::Text;

/// The most addresses that are dialled at once.
const MAX_ADDRESSES: usize = 10;

/// An address that can be dialled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// The host, an IPv6 address with its brackets.
    pub(super) host: Text,
    /// `ws://host:port` or `wss://host:port`.
    pub(super) url: Text,
}

/// The addresses as they are dialled; none if any of them is bad or there are too few or too many.
pub(super) fn parse_all(addresses: &[Text]) -> Option<Vec<Address>> {
    let parsed: Vec<_> = addresses.iter().map(|address| parse(address.as_str())).collect::<Option<_>>()?;
    (1..=MAX_ADDRESSES).contains(&parsed.len()).then_some(parsed)
}

/// The secure port of the same host, for a redirect.
pub(super) fn secure(host: &Text) -> Text {
    Text::from(format!("wss://{host}:443"))
}

fn parse(address: &str) -> Option<Address> {
    let address = address.trim();
    let (scheme, rest, default_port) = match address.split_once("://") {
        None => ("ws", address, 80),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("ws") => ("ws", rest, 80),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("wss") => ("wss", rest, 443),
        Some(_) => return None,
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = split_port(rest)?;
    let port = port.map_or(Some(default_port), |port| port.parse::<u16>().ok().filter(|port| *port != 0))?;
    let bracketed = host.starts_with('[') && host.ends_with(']') && host.len() > 2;
    let inside = if bracketed { host.get(1..host.len() - 1)? } else { host };
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_') || (bracketed && c == ':');
    if inside.is_empty() || !inside.chars().all(allowed) {
        return None;
    }
    let mut url = String::new();
    write!(url, "{scheme}://{host}:{port}").ok()?;
    Some(Address { host: Text::from(host), url: Text::from(url) })
}

fn split_port(address: &str) -> Option<(&str, Option<&str>)> {
    if let Some(end) = address.find(']') {
        let (host, port) = address.split_at(end + 1);
        return match port.strip_prefix(':') {
            Some(port) => Some((host, Some(port))),
            None => port.is_empty().then_some((host, None)),
        };
    }
    Some(address.split_once(':').map_or((address, None), |(host, port)| (host, Some(port))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(address: &str) -> Option<String> {
        parse(address).map(|parsed| parsed.url.as_str().to_owned())
    }

    #[test]
    fn a_missing_scheme_is_ws_and_a_missing_port_is_its_scheme_s() {
        for (address, dialled) in [
            ("b.local", "ws://b.local:80"),
            ("b.local:4066", "ws://b.local:4066"),
            ("ws://b.local/", "ws://b.local:80"),
            ("WSS://b.local", "wss://b.local:443"),
            ("wss://10.0.0.1:8443", "wss://10.0.0.1:8443"),
            ("ws://[::1]:4066", "ws://[::1]:4066"),
            ("[::1]", "ws://[::1]:80"),
            (" сервер.рф ", "ws://сервер.рф:80"),
        ] {
            assert_eq!(url(address).as_deref(), Some(dialled));
        }
    }

    #[test]
    fn a_bad_address_makes_the_list_bad() {
        for address in [
            "", "http://b", "ws://", "b:0", "b:99999", "b:x", "user@b", "b/path", "b c", "[]:1", "[::1]x",
            "::1",
        ] {
            assert_eq!(url(address), None, "{address}");
            assert_eq!(parse_all(&["good".into(), address.into()]), None);
        }
    }

    #[test]
    fn one_to_ten_addresses_are_dialled() {
        assert_eq!(parse_all(&[]), None);
        assert_eq!(parse_all(&vec![Text::from("b"); 10]).map(|all| all.len()), Some(10));
        assert_eq!(parse_all(&vec![Text::from("b"); 11]), None);
    }
}
