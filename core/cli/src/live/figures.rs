//! Figures for Prometheus: what is counted, and a page to read it from.
//!
//! The page is all that is served, so it needs no HTTP server: a request is read to the end of its head, answered, and
//! the connection closed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use callfold::live::figures::{self as names, APPEND, LAG};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::fail::Failed;

/// From a record in memory to a disk that is overloaded, in seconds.
const SECONDS: &[f64] = &[
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];
/// How often what was counted is put together, so that it does not grow while nobody reads it.
const UPKEEP: Duration = Duration::from_secs(5);
/// The most readers at the same time, the longest head of a request, and how long one may take.
const MOST_READERS: usize = 16;
const LONGEST_HEAD: usize = 8 * 1024;
const SLOWEST: Duration = Duration::from_secs(10);
/// How long nobody is answered when the system could not give a connection.
const AFTER_A_FAILURE: Duration = Duration::from_millis(250);

/// Figures that are being counted, and a socket to ask for them.
pub(crate) struct Figures {
    handle: PrometheusHandle,
    listener: TcpListener,
    address: SocketAddr,
}

impl Figures {
    /// Counts from now on, and listens.
    ///
    /// # Errors
    /// [`Failed::Refused`] if the address cannot be listened on.
    pub(crate) async fn start(address: SocketAddr) -> Result<Self, Failed> {
        let cannot =
            |error: std::io::Error| Failed::Refused(format!("cannot serve figures on {address}: {error}"));
        let listener = TcpListener::bind(address).await.map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let told = |error: &dyn std::fmt::Display| Failed::System(format!("nothing can be counted: {error}"));
        let mut builder = PrometheusBuilder::new();
        for name in [LAG, APPEND] {
            let name = Matcher::Full(name.to_owned());
            builder = builder.set_buckets_for_metric(name, SECONDS).map_err(|error| told(&error))?;
        }
        let handle = builder.install_recorder().map_err(|error| told(&error))?;
        names::describe();
        // What did not happen yet is there to be compared with.
        for name in [names::RECONNECTS, names::GAPS] {
            metrics::counter!(name).increment(0);
        }
        Ok(Self { handle, listener, address })
    }

    /// Where they are to be asked for.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers whoever asks.
    pub(crate) async fn serve(self) {
        let room = Arc::new(Semaphore::new(MOST_READERS));
        let mut upkeep = tokio::time::interval(UPKEEP);
        // Dropped with this task, and their connections with them.
        let mut readers = JoinSet::new();
        loop {
            tokio::select! {
                _ = upkeep.tick() => self.handle.run_upkeep(),
                Some(_) = readers.join_next() => {}
                accepted = self.listener.accept() => match (accepted, room.clone().try_acquire_owned()) {
                    (Ok((stream, _)), Ok(place)) => {
                        let handle = self.handle.clone();
                        readers.spawn(async move {
                            let _place = place;
                            // A reader that breaks off is no concern of ours.
                            let _ = tokio::time::timeout(SLOWEST, answer(stream, &handle)).await;
                        });
                    }
                    // One too many is not answered.
                    (Ok(_), Err(_)) => {}
                    // Too many files are open, most likely. It must not be asked again at once.
                    (Err(_), _) => tokio::time::sleep(AFTER_A_FAILURE).await,
                },
            }
        }
    }
}

async fn answer(mut stream: TcpStream, handle: &PrometheusHandle) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if head.len() > LONGEST_HEAD || stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let (status, body) = match asked(line) {
        Asked::Figures => ("200 OK", handle.render()),
        Asked::Elsewhere => ("404 Not Found", "figures are at /metrics\n".to_owned()),
        Asked::Otherwise => ("405 Method Not Allowed", "figures are read with GET\n".to_owned()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}

#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Figures,
    Elsewhere,
    Otherwise,
}

/// What the first line of a request asks for.
fn asked(line: &[u8]) -> Asked {
    let mut words = line.split(|byte| *byte == b' ');
    match (words.next(), words.next()) {
        (Some(b"GET"), Some(path)) => {
            let path = path.split(|byte| *byte == b'?').next().unwrap_or_default();
            if path == b"/metrics" { Asked::Figures } else { Asked::Elsewhere }
        }
        (_, _) => Asked::Otherwise,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_at_one_place() {
        assert_eq!(asked(b"GET /metrics HTTP/1.1"), Asked::Figures);
        assert_eq!(asked(b"GET /metrics?name=x HTTP/1.1"), Asked::Figures);
        assert_eq!(asked(b"GET / HTTP/1.1"), Asked::Elsewhere);
        assert_eq!(asked(b"POST /metrics HTTP/1.1"), Asked::Otherwise);
        assert_eq!(asked(b""), Asked::Otherwise);
    }
}
