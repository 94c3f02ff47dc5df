//! Many lines in one process, on few threads, and handlers that wait for a disk.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use callfold_engine::{Config, Input, InputKind, Machine, SocketId, Timer, Timestamp, View};
use callfold_transport::{Error, Handle, Handled, Line, Place};
use common::{Pbx, connect, connected, is_done, open, options, until_socket};

/// As a recorder is: it waits for a disk, and one fine day the disk is full.
struct Recording {
    machine: Machine,
    sync: Duration,
    /// After so many inputs.
    full_after: usize,
    counted: Arc<Counted>,
}

#[derive(Default)]
struct Counted {
    calls: AtomicUsize,
    inputs: AtomicUsize,
    /// Inputs that are told a moment before that of the one before.
    backwards: AtomicUsize,
}

#[derive(Debug, thiserror::Error)]
#[error("the disk is full")]
struct Full;

impl Recording {
    fn new(sync: Duration) -> (Self, Arc<Counted>) {
        let counted = Arc::new(Counted::default());
        let machine = Machine::new(Config::live());
        (Self { machine, sync, full_after: usize::MAX, counted: counted.clone() }, counted)
    }
}

impl Handle for Recording {
    type Error = Full;
    const PLACE: Place = Place::Aside;

    fn handle(&mut self, inputs: &[Input<'_>]) -> Result<Vec<Handled>, Full> {
        std::thread::sleep(self.sync);
        self.counted.calls.fetch_add(1, Ordering::Relaxed);
        let mut last = self.machine.now();
        for input in inputs {
            if std::mem::replace(&mut last, input.at) > input.at {
                self.counted.backwards.fetch_add(1, Ordering::Relaxed);
            }
        }
        let before = self.counted.inputs.fetch_add(inputs.len(), Ordering::Relaxed);
        if before + inputs.len() > self.full_after {
            return Err(Full);
        }
        Ok(Handle::handle(&mut self.machine, inputs).unwrap_or_default())
    }

    fn poll_timeout(&self) -> Option<(Timestamp, Timer)> {
        self.machine.poll_timeout()
    }

    fn view(&self) -> &View {
        self.machine.view()
    }

    fn sockets(&self) -> Vec<SocketId> {
        self.machine.sockets().collect()
    }

    fn now(&self) -> Timestamp {
        self.machine.now()
    }
}

/// The lines have a runtime of two threads; the server has its own, so that it is not in the way.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

#[test]
fn two_hundred_lines_at_once_on_two_threads() {
    let servers = runtime();
    let pbx = servers.block_on(Pbx::good());
    let url = pbx.url();
    runtime().block_on(async {
        let mut lines = tokio::task::JoinSet::new();
        for number in 0..200 {
            let url = url.clone();
            lines.spawn(async move {
                let mut options = options();
                options.limits.handshake = Duration::from_secs(30);
                options.limits.login = Duration::from_secs(30);
                let line = if number % 2 == 0 {
                    open(options)
                } else {
                    Line::open(Recording::new(Duration::from_millis(1)).0, options).unwrap()
                };
                let result = line.command(connect(&url)).await.unwrap();
                assert!(is_done(&result), "line {number}: {result:?}");
                line
            });
        }
        let lines = lines.join_all().await;
        assert_eq!(lines.len(), 200);
        let closing: Vec<_> =
            lines.into_iter().map(|line| tokio::spawn(async move { line.close().await })).collect();
        for closed in closing {
            closed.await.unwrap().unwrap();
        }
    });
}

#[test]
fn a_handler_that_waits_holds_up_no_other_line_and_what_came_meanwhile_comes_together() {
    let servers = runtime();
    let pbx = servers.block_on(Pbx::good());
    let url = pbx.url();
    // One thread only: were the wait on it, nothing else could run.
    let one = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    one.block_on(async {
        let (slow, counted) = Recording::new(Duration::from_millis(100));
        let slow = Line::open(slow, options()).unwrap();
        let slow_connects = tokio::spawn({
            let (slow, command) = (slow.clone(), connect(&url));
            async move { slow.command(command).await }
        });
        tokio::time::sleep(Duration::from_millis(20)).await;
        let began = Instant::now();
        connected(&url, options()).await;
        assert!(began.elapsed() < Duration::from_millis(500), "{:?}", began.elapsed());
        assert!(is_done(&slow_connects.await.unwrap().unwrap()));
        slow.close().await.unwrap();
        let (calls, inputs) = (counted.calls.load(Ordering::Relaxed), counted.inputs.load(Ordering::Relaxed));
        assert!(calls < inputs, "{calls} calls for {inputs} inputs");
        assert_eq!(counted.backwards.load(Ordering::Relaxed), 0);
    });
}

#[tokio::test]
async fn a_handler_that_fails_ends_the_line_and_says_so_to_all() {
    let pbx = Pbx::good().await;
    let (mut recording, _) = Recording::new(Duration::ZERO);
    recording.full_after = 5;
    let line = Line::open(recording, options()).unwrap();
    let error = line.command(connect(&pbx.url())).await.unwrap_err();
    assert_eq!(error.to_string(), "inputs cannot be handled: the disk is full");
    assert!(matches!(line.ended().await.unwrap_err(), Error::Handle(_)));
    assert!(matches!(line.close().await.unwrap_err(), Error::Handle(_)));
    assert!(matches!(line.view().await.unwrap_err(), Error::Handle(_)));
}

/// A machine that panics at the first frame.
struct Panics(Machine);

impl Handle for Panics {
    type Error = std::convert::Infallible;
    const PLACE: Place = Place::Aside;

    fn handle(&mut self, inputs: &[Input<'_>]) -> Result<Vec<Handled>, Self::Error> {
        assert!(!inputs.iter().any(|input| matches!(input.kind, InputKind::Frame { .. })), "canary");
        Handle::handle(&mut self.0, inputs)
    }

    fn poll_timeout(&self) -> Option<(Timestamp, Timer)> {
        self.0.poll_timeout()
    }

    fn view(&self) -> &View {
        self.0.view()
    }

    fn sockets(&self) -> Vec<SocketId> {
        self.0.sockets().collect()
    }

    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

#[tokio::test]
async fn a_handler_that_panics_ends_its_line_and_no_other() {
    let pbx = Pbx::good().await;
    let line = Line::open(Panics(Machine::new(Config::live())), options()).unwrap();
    let mut news = line.news();
    let error = line.command(connect(&pbx.url())).await.unwrap_err();
    assert_eq!(error.to_string(), "inputs cannot be handled: what handles them panicked");
    assert!(news.next().await.is_some());
    connected(&pbx.url(), options()).await.close().await.unwrap();
    let line = open(options());
    let mut news = line.news();
    assert!(!is_done(&line.command(connect("ws://127.0.0.1:1")).await.unwrap()));
    until_socket(&mut news).await;
}
