//! The server around the PBX: sockets and a clock, and no rule about calls.

mod clock;
mod one_buffer;
mod socket;
mod tls;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use callfold_engine::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc};
use tokio::task::{AbortHandle, JoinHandle};
use tokio_rustls::TlsAcceptor;

use self::clock::Clock;
use self::socket::Wire;
use crate::faults::{Delivery, Fate, Faults, Parcel};
use crate::names::{ClientId, OutsideId, Phone};
use crate::pbx::{OutsideState, Pbx, Refused};

/// How many messages may wait for a client that does not read. Then its connection is cut.
const MOST_WAITING: usize = 10_000;

/// Why a simulator does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// Which address.
        address: String,
        /// Why.
        source: std::io::Error,
    },
    /// Certificate or key cannot be read, or do not fit each other.
    #[error("the certificate or its key is no good: {0}")]
    Certificate(String),
}

/// Serves a [`Pbx`]. See [`Simulator::builder`].
#[must_use]
pub struct SimulatorBuilder {
    pbx: Pbx,
    address: String,
    faults: Faults,
    certificate: Option<(Vec<u8>, Vec<u8>)>,
}

impl SimulatorBuilder {
    /// Where to listen; port 0 takes a free one. `127.0.0.1:0`, if not given.
    pub fn bind(mut self, address: &str) -> Self {
        address.clone_into(&mut self.address);
        self
    }

    /// How the server misbehaves from the start.
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// Speaks `wss` only, with this certificate (and its chain) and key, both in PEM.
    pub fn tls(mut self, certificate: &[u8], key: &[u8]) -> Self {
        self.certificate = Some((certificate.to_owned(), key.to_owned()));
        self
    }

    /// Starts to serve, on the current tokio runtime.
    ///
    /// # Errors
    /// [`StartError`] if the address is taken, or the certificate no good.
    pub async fn start(self) -> Result<Simulator, StartError> {
        let tls = self.certificate.map(|(certificate, key)| tls::acceptor(&certificate, &key)).transpose()?;
        let cannot = |source| StartError::Listen { address: self.address.clone(), source };
        let listener = TcpListener::bind(&self.address).await.map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let shared = Arc::new(Shared {
            core: Mutex::new(Core {
                pbx: self.pbx,
                delivery: Delivery::new(self.faults),
                sockets: BTreeMap::new(),
            }),
            clock: Clock::start(),
            wake: Notify::new(),
        });
        let scheme = if tls.is_some() { "wss" } else { "ws" };
        let timers = tokio::spawn(run_timers(Arc::clone(&shared)));
        let accepts = tokio::spawn(accept(listener, tls, Arc::clone(&shared)));
        let stop_on_drop = [timers.abort_handle(), accepts.abort_handle()];
        Ok(Simulator {
            shared,
            address,
            scheme,
            tasks: [timers, accepts],
            stop_on_drop: StopOnDrop(stop_on_drop),
        })
    }
}

/// An Oktell server on a socket.
///
/// What people do at phones are methods; all may be called from anywhere, and return at once. Anything else of the
/// [`Pbx`] is reached with [`Simulator::with`]. It stops when it is dropped.
///
/// ```
/// use callfold_simulator::{Account, OutsideState, Pbx, Simulator};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let pbx = Pbx::builder().user(Account::new("ivanov", "Secret1", "101")).seed(1).build()?;
/// let simulator = Simulator::builder(pbx).bind("127.0.0.1:0").start().await?;
/// println!("connect to {}", simulator.url());
///
/// let customer = simulator.external_call("+79161234567", "101");
/// simulator.answer("101")?;
/// assert_eq!(simulator.outside(customer), OutsideState::Talking);
/// simulator.hang_up(customer)?;
/// simulator.stop().await;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Simulator {
    shared: Arc<Shared>,
    address: SocketAddr,
    scheme: &'static str,
    tasks: [JoinHandle<()>; 2],
    stop_on_drop: StopOnDrop,
}

/// Ends the server's tasks, and with them its connections.
struct StopOnDrop([AbortHandle; 2]);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        for task in &self.0 {
            task.abort();
        }
    }
}

/// What all tasks share.
struct Shared {
    core: Mutex<Core>,
    clock: Clock,
    /// Something may be due sooner than was thought.
    wake: Notify,
}

struct Core {
    pbx: Pbx,
    delivery: Delivery,
    sockets: BTreeMap<ClientId, mpsc::Sender<Parcel>>,
}

impl Core {
    /// Hands what is due to the sockets.
    fn deliver(&mut self, now: Timestamp) {
        self.delivery.take(now, self.pbx.take_told());
        for (client, parcel) in self.delivery.due(now) {
            // A client that does not read loses its connection: its task ends when the sender is gone.
            if self.sockets.get(&client).is_some_and(|socket| socket.try_send(parcel).is_err()) {
                self.sockets.remove(&client);
            }
        }
    }

    fn poll_timeout(&self) -> Option<Timestamp> {
        self.pbx.poll_timeout().into_iter().chain(self.delivery.poll_timeout()).min()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Core> {
        // What a panicking caller left behind is as good as what it found: every deed is whole or was not begun.
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work<T>(&self, deed: impl FnOnce(&mut Core, Timestamp) -> T) -> T {
        let now = self.clock.now();
        let mut core = self.lock();
        let done = deed(&mut core, now);
        core.deliver(now);
        drop(core);
        self.wake.notify_one();
        done
    }

    /// A client's connection is open: its id, and what is to be sent to it.
    fn open(&self, wire: Wire) -> (ClientId, mpsc::Receiver<Parcel>) {
        self.work(|core, now| {
            let client = match wire {
                Wire::Plain => core.pbx.connect(),
                Wire::Tls => core.pbx.connect_secure(),
            };
            let (sender, receiver) = mpsc::channel(MOST_WAITING);
            core.sockets.insert(client, sender);
            core.delivery.opened(now, client);
            (client, receiver)
        })
    }

    fn close(&self, client: ClientId) {
        self.work(|core, _| {
            core.pbx.disconnect(client);
            core.sockets.remove(&client);
            core.delivery.closed(client);
        });
    }

    /// A client's message; what is to become of its connection.
    fn heard(&self, client: ClientId, text: &str) -> Fate {
        self.work(|core, now| {
            let fate = core.delivery.heard(now, client, text);
            if fate == Fate::Heard {
                core.pbx.request(now, client, text);
            }
            fate
        })
    }
}

async fn run_timers(shared: Arc<Shared>) {
    loop {
        let due = shared.lock().poll_timeout();
        match due {
            Some(due) => {
                tokio::select! {
                    () = tokio::time::sleep_until(shared.clock.instant(due)) => {}
                    () = shared.wake.notified() => {}
                }
            }
            None => shared.wake.notified().await,
        }
        let now = shared.clock.now();
        let mut core = shared.lock();
        core.pbx.tick(now);
        core.deliver(now);
    }
}

/// How long nobody is answered when the system could not give a connection.
const AFTER_A_FAILURE: std::time::Duration = std::time::Duration::from_millis(250);

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    // Dropped with this task, and all connections with it.
    let mut sockets = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                match accepted {
                    Ok((stream, _)) => {
                        sockets.spawn(socket::serve(stream, tls.clone(), Arc::clone(&shared)));
                    }
                    // Too many files are open, most likely. It must not be asked again at once.
                    Err(_) => tokio::time::sleep(AFTER_A_FAILURE).await,
                }
            }
            Some(_) = sockets.join_next() => {}
        }
    }
}

impl Simulator {
    /// Serves a PBX.
    pub fn builder(pbx: Pbx) -> SimulatorBuilder {
        SimulatorBuilder {
            pbx,
            address: "127.0.0.1:0".to_owned(),
            faults: Faults::default(),
            certificate: None,
        }
    }

    /// Where it listens.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.address
    }

    /// What a client connects to: `ws://…` or `wss://…`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Does anything with the PBX, with the time by the server's clock. Clients are told at once.
    ///
    /// The PBX is locked meanwhile: the closure must not call the simulator.
    pub fn with<T>(&self, deed: impl FnOnce(&mut Pbx, Timestamp) -> T) -> T {
        self.shared.work(|core, now| deed(&mut core.pbx, now))
    }

    /// See [`Pbx::external_call`].
    #[must_use = "the caller is worked by the id"]
    pub fn external_call(&self, from: &str, to: &str) -> OutsideId {
        self.with(|pbx, now| pbx.external_call(now, from, to))
    }

    /// See [`Pbx::dial`].
    ///
    /// # Errors
    /// As there.
    pub fn dial(&self, line: &str, number: &str) -> Result<(), Refused> {
        self.with(|pbx, now| pbx.dial(now, line, number))
    }

    /// See [`Pbx::answer`].
    ///
    /// # Errors
    /// As there.
    pub fn answer(&self, phone: impl Into<Phone>) -> Result<(), Refused> {
        self.with(|pbx, now| pbx.answer(now, phone))
    }

    /// See [`Pbx::decline`].
    ///
    /// # Errors
    /// As there.
    pub fn decline(&self, phone: impl Into<Phone>) -> Result<(), Refused> {
        self.with(|pbx, now| pbx.decline(now, phone))
    }

    /// See [`Pbx::hang_up`].
    ///
    /// # Errors
    /// As there.
    pub fn hang_up(&self, phone: impl Into<Phone>) -> Result<(), Refused> {
        self.with(|pbx, now| pbx.hang_up(now, phone))
    }

    /// See [`Pbx::hold`].
    ///
    /// # Errors
    /// As there.
    pub fn hold(&self, line: &str) -> Result<(), Refused> {
        self.with(|pbx, now| pbx.hold(now, line))
    }

    /// See [`Pbx::choose`].
    ///
    /// # Errors
    /// As there.
    pub fn choose(&self, phone: impl Into<Phone>, number: &str) -> Result<(), Refused> {
        self.with(|pbx, now| pbx.choose(now, phone, number))
    }

    /// See [`Pbx::unplug`].
    ///
    /// # Errors
    /// As there.
    pub fn unplug(&self, line: &str) -> Result<(), Refused> {
        self.with(|pbx, now| pbx.unplug(now, line))
    }

    /// See [`Pbx::plug_in`].
    ///
    /// # Errors
    /// As there.
    pub fn plug_in(&self, line: &str) -> Result<(), Refused> {
        self.with(|pbx, now| pbx.plug_in(now, line))
    }

    /// See [`Pbx::outside`].
    #[must_use]
    pub fn outside(&self, id: OutsideId) -> OutsideState {
        self.with(|pbx, _| pbx.outside(id))
    }

    /// See [`Pbx::find_outside`].
    #[must_use]
    pub fn find_outside(&self, number: &str) -> Option<OutsideId> {
        self.with(|pbx, _| pbx.find_outside(number))
    }

    /// See [`Pbx::say`].
    pub fn say(&self, line: &str, text: &str) -> usize {
        self.with(|pbx, now| pbx.say(now, line, text))
    }

    /// Other faults from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.shared.work(|core, _| core.delivery.set_faults(faults));
    }

    /// Cuts the connections of the user with this number, without a word. How many there were.
    pub fn cut(&self, line: &str) -> usize {
        self.each_client(line, |core, client| {
            core.sockets.remove(&client);
        })
    }

    /// The connections of the user with this number stay open and go dead: nothing comes, nothing is heard. How many
    /// there were.
    pub fn freeze(&self, line: &str) -> usize {
        self.each_client(line, |core, client| core.delivery.freeze(client))
    }

    fn each_client(&self, line: &str, mut deed: impl FnMut(&mut Core, ClientId)) -> usize {
        self.shared.work(|core, _| {
            let clients = core.pbx.clients_of(line);
            for client in &clients {
                deed(core, *client);
            }
            clients.len()
        })
    }

    /// Stops: every connection is cut, and the address is free. The PBX comes back as it was, its calls going on, and may
    /// be served again: to its clients that is a server that was started anew.
    pub async fn stop(self) -> Pbx {
        drop(self.stop_on_drop);
        for task in self.tasks {
            // It ends with having been aborted, which is what was wanted.
            let _ = task.await;
        }
        let core = self.shared.lock();
        let mut pbx = core.pbx.clone();
        for client in core.sockets.keys() {
            pbx.disconnect(*client);
        }
        pbx
    }
}
