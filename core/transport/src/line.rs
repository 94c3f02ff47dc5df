//! A line, as its application has it.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use callfold_engine::{
    Command, CommandResult, Credential, Endpoint, Event, ModelCommand, SocketId, Timestamp, View,
};
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tracing::Instrument;

use crate::driver::Driver;
use crate::error::{Error, SocketError};
use crate::handle::Handle;
use crate::intake::Order;
use crate::options::Options;
use crate::secret::Secrets;

/// How many orders may wait. More wait where they are given.
const ORDERS: usize = 64;

/// How much news is kept for slow readers, at most. Room for all of it is taken when the line is opened.
pub(crate) const MOST_NEWS: usize = 1 << 20;

/// Where the result of a command is awaited.
pub(crate) type Reply = oneshot::Sender<Result<CommandResult, Error>>;

/// How far a line is.
#[derive(Clone, Debug)]
pub(crate) enum Life {
    Running,
    Closed,
    Failed(Error),
}

/// One agent's line on one server. A clone is the same line.
///
/// 1. [`Line::open`] it, with what handles its inputs. It dials nothing yet.
/// 2. [`Line::news`] tells what happens from then on.
/// 3. [`Line::command`] it: [`Command::Connect`] first.
/// 4. [`Line::close`] says goodbye to the server. Dropping the last clone does so too, without waiting for it.
///
/// Many lines live in one runtime: each is a task, and one more for each of its sockets.
#[derive(Clone, Debug)]
pub struct Line {
    orders: mpsc::Sender<Order>,
    news: broadcast::WeakSender<News>,
    life: watch::Receiver<Life>,
    secrets: Secrets,
}

impl Line {
    /// Opens a line on the runtime that this is called in.
    ///
    /// # Errors
    /// [`Error::NoRuntime`] outside of a runtime.
    pub fn open<H: Handle>(handle: H, mut options: Options) -> Result<Self, Error> {
        options.limits = options.limits.bounded();
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| Error::NoRuntime)?;
        let (orders, ordered) = mpsc::channel(ORDERS);
        let (news, _) = broadcast::channel(options.news.clamp(1, MOST_NEWS));
        let (alive, life) = watch::channel(Life::Running);
        let line = Self { orders, news: news.downgrade(), life, secrets: options.secrets.clone() };
        let span = tracing::info_span!("line", name = options.name);
        let driver = Driver::new(handle, Arc::new(options), ordered, news, alive);
        runtime.spawn(driver.run().instrument(span));
        Ok(line)
    }

    /// Commands something, and waits for its result. What the engine refuses is a result, not an error.
    ///
    /// A future that is dropped is not waited for any more, and no harm done: a command that was given takes its course.
    ///
    /// # Errors
    /// - [`Error::NoSecret`] if the endpoint to connect to names a secret that is not kept.
    /// - [`Error::Socket`] if an address may not be dialled at all, such as plain `ws` to another machine.
    /// - [`Error::Handle`] if inputs cannot be handled any more; [`Error::Closed`] if the line was closed.
    pub async fn command(&self, command: Command) -> Result<CommandResult, Error> {
        self.order(command).await?.result().await
    }

    /// Commands something, and says when it was given; its result is waited for apart. Commands are given in the order in
    /// which this was asked for them. It waits only while so many commands are under way that there is no room for one
    /// more; dropped until then, the command was not given.
    ///
    /// # Errors
    /// As [`Line::command`].
    pub async fn order(&self, command: Command) -> Result<Ordered, Error> {
        self.has_secret(&command)?;
        let (reply, result) = oneshot::channel();
        if self.orders.send(Order::Command { command, reply }).await.is_err() {
            return Err(self.why_ended().await);
        }
        Ok(Ordered { result, life: self.life.clone() })
    }

    /// What happens on the line from now on.
    #[must_use]
    pub fn news(&self) -> NewsReader {
        NewsReader(self.news.upgrade().map(|news| news.subscribe()))
    }

    /// The view, now and whenever something was told. Only the latest is kept for a slow reader. It is never older than
    /// news that were read before this is called.
    ///
    /// # Errors
    /// [`Error::Closed`] or [`Error::Handle`] if the line has ended.
    pub async fn watch(&self) -> Result<watch::Receiver<Seen>, Error> {
        let (reply, view) = oneshot::channel();
        if self.orders.send(Order::Watch(reply)).await.is_err() {
            return Err(self.why_ended().await);
        }
        match view.await {
            Ok(view) => Ok(view),
            Err(_) => Err(self.why_ended().await),
        }
    }

    /// The view now.
    ///
    /// # Errors
    /// As [`Line::watch`].
    pub async fn view(&self) -> Result<Seen, Error> {
        Ok(self.watch().await?.borrow().clone())
    }

    /// Says goodbye to the server, waits for its close as long as the limits allow, and ends the line. All that came
    /// until then is handled.
    ///
    /// # Errors
    /// [`Error::Handle`] if inputs could not be handled.
    pub async fn close(&self) -> Result<(), Error> {
        self.say_goodbye().await;
        self.ended().await
    }

    /// Has the line say goodbye and end, and does not wait for it ([`Line::ended`] does). It waits only as
    /// [`Line::order`] does.
    pub async fn say_goodbye(&self) {
        // A line that has ended already takes no orders, and needs none.
        drop(self.orders.send(Order::Close).await);
    }

    /// Waits until the line has ended, whoever ended it.
    ///
    /// # Errors
    /// [`Error::Handle`] if it ended because inputs could not be handled.
    pub async fn ended(&self) -> Result<(), Error> {
        self.ending().await
    }

    /// The same, for who does not hold the line meanwhile: that it is waited for does not keep it.
    pub fn ending(&self) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        ended(self.life.clone())
    }

    /// Why an order came to nothing. It may be dropped before the end is told.
    async fn why_ended(&self) -> Error {
        why_ended(self.life.clone()).await
    }

    /// A secret that is missing is told before anything is dialled.
    fn has_secret(&self, command: &Command) -> Result<(), Error> {
        match connects_to(command).map(|endpoint| endpoint.credential) {
            Some(Credential::Password(handle) | Credential::Session(handle)) => {
                self.secrets.find(handle).map(drop).ok_or(Error::NoSecret(handle))
            }
            Some(Credential::Missing) | None => Ok(()),
        }
    }
}

async fn ended(mut life: watch::Receiver<Life>) -> Result<(), Error> {
    match life.wait_for(|life| !matches!(life, Life::Running)).await.as_deref() {
        Ok(Life::Failed(why)) => Err(why.clone()),
        Ok(Life::Closed | Life::Running) => Ok(()),
        Err(_) => Err(Error::Closed),
    }
}

async fn why_ended(life: watch::Receiver<Life>) -> Error {
    match ended(life).await {
        Err(why) => why,
        Ok(()) => Error::Closed,
    }
}

/// A command that was given to a line. Dropped, it is not waited for, and takes its course.
#[derive(Debug)]
pub struct Ordered {
    result: oneshot::Receiver<Result<CommandResult, Error>>,
    life: watch::Receiver<Life>,
}

impl Ordered {
    /// Waits until it has ended. What the engine refuses is a result, not an error.
    ///
    /// # Errors
    /// As [`Line::command`].
    pub async fn result(self) -> Result<CommandResult, Error> {
        match self.result.await {
            Ok(result) => result,
            Err(_) => Err(why_ended(self.life).await),
        }
    }
}

/// Where a command connects to, if it does.
pub(crate) const fn connects_to(command: &Command) -> Option<&Endpoint> {
    if let Command::Connect(endpoint) | Command::Model(ModelCommand::Connect(endpoint)) = command {
        Some(endpoint)
    } else {
        None
    }
}

/// The view at a turn of a line: with everything that was told up to it. Who has one and follows the news passes over
/// those of its turn and before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Seen {
    /// The last turn that is in it; 0 if nothing was told yet.
    pub turn: u64,
    /// What was so then.
    pub view: View,
}

impl Deref for Seen {
    type Target = View;

    fn deref(&self) -> &View {
        &self.view
    }
}

/// Something that happened on a line.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum News {
    /// The machine decided something. When it is told, it is as durable as what handles the inputs makes it.
    Told {
        /// Which turn of the line: counted from 1, one for each input that told something. A [`Seen`] of this turn or a
        /// later one has it.
        turn: u64,
        /// When.
        at: Timestamp,
        /// The number of the record that has it, where records are made.
        seq: Option<u64>,
        /// The command that it came of, if it was one.
        command: Option<Arc<Command>>,
        /// What, in order: what came of one input.
        events: Arc<[Event]>,
    },
    /// A socket did not open, or ended.
    Socket {
        /// Which.
        socket: SocketId,
        /// Why.
        why: SocketError,
    },
    /// The connection will be made again.
    Reconnecting {
        /// How often it was tried since it was last there.
        tries: u32,
        /// After which wait.
        after: Duration,
    },
}

/// Reads the news of a line, in order.
#[derive(Debug)]
pub struct NewsReader(Option<broadcast::Receiver<News>>);

impl NewsReader {
    /// The next news; none when the line has ended and all was read. Given up without loss.
    ///
    /// # Errors
    /// [`Error::Missed`] if this reader was too slow and missed some: it goes on with the oldest that is left, and the
    /// view has what the missed ones came to.
    pub async fn next(&mut self) -> Option<Result<News, Error>> {
        match self.0.as_mut()?.recv().await {
            Ok(news) => Some(Ok(news)),
            Err(broadcast::error::RecvError::Lagged(missed)) => Some(Err(Error::Missed(missed))),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}
