//! Where servers are really reached.

use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Where servers are really reached, for those that are not where the name service says: behind a tunnel, in a network
/// of its own, in a test. What `--connect-to` is to curl.
///
/// A route changes where the connection goes, and nothing else. With `wss`, the certificate must still be that of the
/// host that was dialled, so a wrong route brings no login to another server. Plain `ws` may go where the address
/// allows it (see [`Plain`](crate::Plain)), whatever the host is called: to this machine, unless more is allowed.
///
/// ```
/// use callfold_transport::Routes;
///
/// let tunnel = "127.0.0.1:14066".parse().unwrap();
/// let routes = Routes::default().and("pbx.example", 4066, tunnel);
/// assert_eq!(routes.to("PBX.example", 4066), Some(tunnel));
/// assert_eq!(routes.to("pbx.example", 443), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routes(BTreeMap<(String, u16), SocketAddr>);

impl Routes {
    /// The same, and `host` at `port` is reached at `address`. The host is written as in the address that is dialled, an
    /// IPv6 address without its brackets; upper and lower case are the same.
    #[must_use]
    pub fn and(mut self, host: &str, port: u16, address: SocketAddr) -> Self {
        self.0.insert((host.to_ascii_lowercase(), port), address);
        self
    }

    /// Where `host` at `port` is reached; none if the name says it.
    #[must_use]
    pub fn to(&self, host: &str, port: u16) -> Option<SocketAddr> {
        self.0.get(&(host.to_ascii_lowercase(), port)).copied()
    }
}
