//! What runs beside the lines, for as long as they are recorded.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use callfold::live::figures::STORE_BYTES;
use callfold::live::{Clock as _, SystemClock, watchers};
use callfold::log::Log;
use jiff::tz::TimeZone;
use tokio::task::JoinSet;

use super::Recording;
use crate::fail::Failed;
use crate::live::figures::Figures;
use crate::store::Io;
use crate::time;

/// How often it is counted how big the store is.
const COUNT_EVERY: Duration = Duration::from_secs(10);

/// Counts from now on, and listens for who wants to read it; if that was asked for.
pub(super) async fn figures(address: Option<SocketAddr>, io: &mut Io<'_>) -> Result<Option<Figures>, Failed> {
    let Some(address) = address else { return Ok(None) };
    let figures = Figures::start(address).await?;
    if !address.ip().is_loopback() {
        io.complain(&"figures are served to other machines, to whoever asks and without TLS");
    }
    writeln!(io.err, "callfold: figures at http://{}/metrics", figures.address())?;
    Ok(Some(figures))
}

/// Starts everything that works on a log that is being recorded and on its lines: here is where one more is started.
/// They end when what is returned is dropped, after the lines and before the store is closed.
pub(super) fn start(
    figures: Option<Figures>,
    log: &Log,
    store: &Path,
    lines: &[Recording],
    zone: &TimeZone,
    io: &mut Io<'_>,
) -> JoinSet<()> {
    let mut services = JoinSet::new();
    let recorded = lines.iter().map(|line| line.recorded.clone()).collect();
    let offset = time::day_offset(zone, SystemClock.now());
    match watchers::serve(log.clone(), recorded, &watchers::socket_of(store), offset) {
        Ok(watchers) => {
            // It answers who watches until it is dropped.
            services.spawn(async move {
                let _watchers = watchers;
                std::future::pending::<()>().await;
            });
        }
        // What matters is recorded all the same.
        Err(error) => io.complain(&format!("nobody can watch: {error}")),
    }
    if let Some(figures) = figures {
        services.spawn(figures.serve());
        services.spawn(count_bytes(store.to_owned()));
    }
    services
}

/// Says now and then how big the store is.
async fn count_bytes(store: PathBuf) {
    let mut ticks = tokio::time::interval(COUNT_EVERY);
    loop {
        ticks.tick().await;
        let store = store.clone();
        if let Ok(bytes) = tokio::task::spawn_blocking(move || bytes_below(&store)).await {
            // A gauge is a float, exact up to 2^53 bytes.
            #[allow(clippy::cast_precision_loss)]
            metrics::gauge!(STORE_BYTES).set(bytes as f64);
        }
    }
}

/// The bytes of all files in a directory. What goes away meanwhile is not counted.
fn bytes_below(directory: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(directory) else { return 0 };
    let size = |entry: std::fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => bytes_below(&entry.path()),
        Ok(kind) if kind.is_file() => entry.metadata().map_or(0, |there| there.len()),
        Ok(_) | Err(_) => 0,
    };
    entries.filter_map(Result::ok).map(size).sum()
}
