//! Drives one line: inputs in, effects out, timers between. It holds no rule of the protocol.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use callfold_engine::wire::Removed;
use callfold_engine::{
    Command, CommandId, CommandResult, Connection, CredentialHandle, Effect, Endpoint, Event, SocketId, Text,
    Timestamp,
};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tracing::Instrument;

use crate::clock::Pace;
use crate::dial::{Scheme, Target};
use crate::error::{Error, SocketError};
use crate::figures::{self, Counted};
use crate::handle::{Handle, Handled, Place};
use crate::intake::{Arrival, Intake, Item, Order, What};
use crate::line::{Life, News, Reply, Seen, connects_to};
use crate::options::{Options, Reconnect};
use crate::secret::Secret;
use crate::socket::{Inbox, Note, Outgoing, Socket, socket};

/// What handled the inputs panicked. What it said is not repeated: nobody knows what is in it.
#[derive(Debug, thiserror::Error)]
#[error("what handles them panicked")]
struct Panicked;

/// A command whose result is awaited.
struct Awaited {
    reply: Reply,
    /// Why it cannot be done: an address that may not be dialled.
    barred: Option<SocketError>,
}

/// The connection that is to be there.
struct Wanted {
    endpoint: Endpoint,
    tries: u32,
    again: Option<Instant>,
    /// Since when it is there.
    since: Option<Instant>,
}

pub(crate) struct Driver<H> {
    /// Away while it handles inputs aside.
    handle: Option<H>,
    options: Arc<Options>,
    intake: Intake,
    inbox: Inbox,
    tasks: JoinSet<()>,
    sockets: BTreeMap<SocketId, Socket>,
    /// The hosts of the last endpoint that was connected to: no login goes to another.
    hosts: BTreeSet<String>,
    awaited: BTreeMap<CommandId, Awaited>,
    wanted: Option<Wanted>,
    /// A login that is to be answered until then.
    login: Option<(SocketId, Instant)>,
    /// The line is being closed, and waits no longer than that.
    closing: Option<Instant>,
    news: broadcast::Sender<News>,
    view: watch::Sender<Seen>,
    /// How many inputs told something.
    turn: u64,
    life: watch::Sender<Life>,
    _counted: Counted,
}

impl<H: Handle> Driver<H> {
    pub(crate) fn new(
        handle: H,
        options: Arc<Options>,
        orders: mpsc::Receiver<Order>,
        news: broadcast::Sender<News>,
        life: watch::Sender<Life>,
    ) -> Self {
        let (inbox, notes) = Inbox::new(&options.limits);
        let intake = Intake::new(Pace::new(options.clock.clone()), notes, orders);
        Self {
            handle: Some(handle),
            options,
            intake,
            inbox,
            tasks: JoinSet::new(),
            sockets: BTreeMap::new(),
            hosts: BTreeSet::new(),
            awaited: BTreeMap::new(),
            wanted: None,
            login: None,
            closing: None,
            news,
            view: watch::Sender::new(Seen::default()),
            turn: 0,
            life,
            _counted: Counted::new(),
        }
    }

    /// Runs the line to its end.
    pub(crate) async fn run(mut self) {
        // Sockets of an earlier life.
        if let Some(handle) = &self.handle {
            for socket in handle.sockets() {
                self.intake.push_at(handle.now(), What::Closed(socket));
            }
        }
        let ended = loop {
            // A server that never pauses must not keep the other lines from their turn.
            tokio::task::yield_now().await;
            self.gather().await;
            if self.intake.is_empty() {
                break Life::Closed;
            }
            let batch = self.intake.batch();
            match self.handle(batch).await {
                Ok(all) => {
                    // The view first: whoever has read the news of a turn finds a view that has it.
                    let turns = all.iter().filter(|done| done.tells()).count();
                    self.publish_view(self.turn + turns as u64);
                    for done in all {
                        self.take_over(done);
                    }
                    self.plan_again();
                }
                Err(error) => {
                    // Whoever waits for the end is told why: of many lines on one full disk, each would say it again.
                    tracing::info!(%error, "the line ends");
                    break Life::Failed(error);
                }
            }
        };
        let why = if let Life::Failed(why) = &ended { why.clone() } else { Error::Closed };
        for (_, awaited) in std::mem::take(&mut self.awaited) {
            answer(awaited.reply, Err(why.clone()));
        }
        // What handled the inputs is gone before the end is told: whoever waits for it may open its log.
        self.handle = None;
        drop(self.life.send(ended));
    }

    // ---- what comes in ----

    /// Waits until there is something to handle, or nothing can come any more.
    async fn gather(&mut self) {
        loop {
            while let Some(arrival) = self.intake.ready() {
                self.arrived(arrival);
            }
            self.due();
            if !self.intake.is_empty() || (self.closing.is_some() && self.sockets.is_empty()) {
                return;
            }
            let wake = self.wake();
            tokio::select! {
                arrival = self.intake.next() => self.arrived(arrival),
                () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {}
            }
        }
    }

    fn arrived(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Note(note) => self.noted(note),
            Arrival::Order(Order::Command { command, reply }) => self.commanded(command, reply),
            Arrival::Order(Order::Watch(reply)) => {
                let view = self.view.subscribe();
                self.publish_view(self.turn);
                drop(reply.send(view)); // nobody may want it any more
            }
            Arrival::Order(Order::Close) => self.close(),
        }
    }

    fn noted(&mut self, note: Note) {
        match note {
            Note::Opened(socket) => {
                figures::opened();
                tracing::debug!(socket = socket.0, "opened");
                if let Some(known) = self.sockets.get_mut(&socket) {
                    known.opened = true;
                }
                self.intake.push(What::Opened(socket));
            }
            Note::Text { socket, text, room } => self.intake.push(What::Text { socket, text, _room: room }),
            Note::Binary { socket, bytes, room } => {
                self.intake.push(What::Binary { socket, bytes, _room: room });
            }
            Note::Ended { socket, why } => {
                tracing::debug!(socket = socket.0, %why, "ended");
                while self.tasks.try_join_next().is_some() {}
                let opened = self.sockets.remove(&socket).is_some_and(|socket| socket.opened);
                if self.login.is_some_and(|(login, _)| login == socket) {
                    self.login = None;
                }
                self.intake.push(if opened { What::Closed(socket) } else { What::Refused(socket) });
                self.tell(News::Socket { socket, why });
            }
        }
    }

    fn commanded(&mut self, command: Command, reply: Reply) {
        if self.closing.is_some() {
            return answer(reply, Err(Error::Closed));
        }
        self.intake.push(What::Command { command, reply: Some(reply) });
    }

    fn close(&mut self) {
        if self.closing.is_none() {
            // The goodbye is written, and then the server's is awaited.
            self.closing = Some(Instant::now() + self.options.limits.close.saturating_mul(2));
            self.wanted = None;
            self.intake.push(What::Command { command: Command::Disconnect, reply: None });
        }
    }

    // ---- time ----

    /// When something is due that nobody brings.
    fn wake(&self) -> Option<Instant> {
        let timer = self.handle.as_ref().and_then(Handle::poll_timeout);
        let timer = timer.and_then(|(due, _)| Instant::now().checked_add(self.intake.pace.until(due)));
        let again = self.wanted.as_ref().and_then(|wanted| wanted.again);
        let login = self.login.map(|(_, until)| until);
        [timer, again, login, self.closing].into_iter().flatten().min()
    }

    /// Does what is due.
    fn due(&mut self) {
        let now = Instant::now();
        if let Some((due, timer)) = self.handle.as_ref().and_then(Handle::poll_timeout)
            && self.intake.pace.until(due) == Duration::ZERO
            && !self.intake.has_timer()
        {
            self.intake.push(What::Timer(timer));
        }
        if let Some(wanted) = &mut self.wanted
            && wanted.again.is_some_and(|again| again <= now)
        {
            wanted.again = None;
            let command = Command::Connect(wanted.endpoint.clone());
            self.intake.push(What::Command { command, reply: None });
        }
        if let Some((socket, until)) = self.login
            && until <= now
        {
            self.login = None;
            self.end(socket, SocketError::LoginTimeout);
        }
        if self.closing.is_some_and(|until| until <= now) {
            for socket in self.sockets.values_mut() {
                socket.end(SocketError::CloseTimeout);
            }
            self.closing = Some(now + self.options.limits.close); // they say so presently
        }
    }

    // ---- handling ----

    async fn handle(&mut self, batch: Vec<Item>) -> Result<Vec<Done>, Error> {
        let Some(handle) = self.handle.take() else { return Err(Error::Closed) };
        let taken: Vec<Instant> = batch.iter().map(|item| item.taken).collect();
        let (handle, handled) = match H::PLACE {
            Place::Here => work(handle, batch),
            Place::Aside => {
                let span = tracing::Span::current();
                let mut work = tokio::task::spawn_blocking(move || span.in_scope(|| work(handle, batch)));
                loop {
                    // What comes meanwhile has its moment from when it came.
                    tokio::select! {
                        done = &mut work => break done.map_err(|_| Error::Handle(Arc::new(Panicked)))?,
                        note = self.intake.note() => self.noted(note),
                    }
                }
            }
        };
        self.handle = Some(handle);
        figures::handled(taken.len());
        taken.into_iter().for_each(|taken| figures::lagged(taken.elapsed()));
        handled.map_err(|error| Error::Handle(Arc::new(error)))
    }

    fn take_over(&mut self, done: Done) {
        let Done { at, origin, handled: Handled { outcome, seq }, session } = done;
        let command = match &origin {
            Origin::Command(_, _) => outcome.events.iter().find_map(given),
            Origin::Server | Origin::Timer => None,
        };
        if let Origin::Command(command, Some(_)) = &origin {
            self.want(command);
        }
        let by = match &origin {
            Origin::Server => AskedBy::Server,
            Origin::Command(_, _) | Origin::Timer => AskedBy::Us,
        };
        let (of, reply) = match origin {
            Origin::Command(of, reply) => (Some(of), reply),
            Origin::Server | Origin::Timer => (None, None),
        };
        if let (Some(reply), Some(id)) = (reply, command) {
            self.awaited.insert(id, Awaited { reply, barred: None });
        }
        // Before the events: an address that is barred is then known when the result is told.
        self.carry_out(outcome.effects, by, command);
        for event in &outcome.events {
            tracing::trace!(name = event.name());
            self.hear(event, session.as_ref());
        }
        if !outcome.events.is_empty() {
            self.turn += 1;
            self.tell(News::Told {
                turn: self.turn,
                at,
                seq,
                command: of.map(Arc::new),
                events: outcome.events.into(),
            });
        }
    }

    /// What the application wants of the connection.
    fn want(&mut self, command: &Command) {
        if let Command::Connect(endpoint) = command {
            self.wanted = Some(Wanted { endpoint: endpoint.clone(), tries: 0, again: None, since: None });
        } else if *command == Command::Disconnect || connects_to(command).is_some() {
            // The CTI model connects again by itself.
            self.wanted = None;
        }
    }

    fn hear(&mut self, event: &Event, session: Option<&Removed>) {
        if let Event::CommandDone { id, result, .. } = event {
            if let Some(awaited) = self.awaited.remove(id) {
                answer(awaited.reply, told(result, awaited.barred));
            }
        } else if let Event::LoggedIn { .. } = event {
            self.login = None;
            if let (Some(handle), Some(id)) = (self.options.keep_session, session) {
                self.options.secrets.put(handle, Secret::session(id.expose().to_owned()));
            }
        } else if let Event::Connected = event {
            if let Some(wanted) = &mut self.wanted {
                wanted.since = Some(Instant::now());
            }
        } else if let Event::ConnectFailed { code, .. } = event {
            self.login = None;
            if !Reconnect::can_help(*code) {
                self.wanted = None;
            }
        }
    }

    /// Plans to connect again, if the connection is to be there and is not.
    fn plan_again(&mut self) {
        let offline =
            self.handle.as_ref().is_some_and(|handle| handle.view().connection == Connection::Offline);
        let Some(wanted) = &mut self.wanted else { return };
        if !offline || wanted.again.is_some() || !self.intake.is_empty() {
            return;
        }
        // A server that lets everybody in and drops them at once is not to be hurried.
        let settled = self.options.reconnect.settled();
        if wanted.since.take().is_some_and(|since| since.elapsed() >= settled) {
            wanted.tries = 0;
        }
        // Where nothing can be drawn, nothing is added to the wait.
        let chance = getrandom::u32().unwrap_or_default();
        let Some(after) = self.options.reconnect.wait(wanted.tries, chance) else { return };
        wanted.tries = wanted.tries.saturating_add(1);
        wanted.again = Instant::now().checked_add(after);
        let tries = wanted.tries;
        figures::reconnecting();
        tracing::info!(tries, after_millis = after.as_millis(), "connecting again");
        self.tell(News::Reconnecting { tries, after });
    }

    /// Publishes the view, which has all that is told up to this turn.
    fn publish_view(&self, turn: u64) {
        if let Some(handle) = self.handle.as_ref().filter(|_| self.view.receiver_count() > 0) {
            self.view.send_if_modified(|seen| {
                let changed = seen.view != *handle.view();
                if changed {
                    seen.view.clone_from(handle.view());
                }
                let moved = std::mem::replace(&mut seen.turn, turn) != turn;
                changed || moved
            });
        }
    }

    fn tell(&self, news: News) {
        drop(self.news.send(news)); // there may be no readers
    }

    // ---- what goes out ----

    fn carry_out(&mut self, effects: Vec<Effect>, by: AskedBy, command: Option<CommandId>) {
        let dials = effects.iter().filter(|effect| matches!(effect, Effect::Dial { .. })).count();
        if dials > 0 && by == AskedBy::Us {
            self.hosts.clear();
        }
        let mut barred = Vec::new();
        for effect in effects {
            match effect {
                Effect::Dial { socket, url } => {
                    if let Err(why) = self.dial(socket, &url, by) {
                        barred.push(why.clone());
                        self.bar(socket, why);
                    }
                }
                Effect::Send { socket, qid, login, request } => {
                    self.send(socket, Outgoing::Request { qid, login, request });
                }
                Effect::SendLogin { socket, qid, login, request, credential } => {
                    self.send_login(socket, credential, |secret| Outgoing::Login {
                        qid,
                        login,
                        request,
                        secret,
                    });
                }
                Effect::Close { socket } => {
                    if let Some(socket) = self.sockets.get_mut(&socket) {
                        socket.close();
                    }
                }
                other => tracing::error!(?other, "an effect of a newer engine is not carried out"),
            }
        }
        if dials > 0 && barred.len() == dials {
            // No address may be dialled. That does not change by itself, and is the command's result.
            if by == AskedBy::Us {
                self.wanted = None;
            }
            if let Some(awaited) = command.and_then(|command| self.awaited.get_mut(&command)) {
                awaited.barred = barred.into_iter().next();
            }
        }
    }

    fn dial(&mut self, id: SocketId, url: &Text, by: AskedBy) -> Result<(), SocketError> {
        let target = Target::parse(url.as_str())?;
        match by {
            AskedBy::Us => {
                self.hosts.insert(target.host.clone());
            }
            AskedBy::Server if target.scheme == Scheme::Wss && self.hosts.contains(&target.host) => {}
            AskedBy::Server => return Err(SocketError::ForeignHost { host: target.host }),
        }
        target.allow(self.options.plain, &self.options.routes)?;
        tracing::debug!(socket = id.0, host = target.host, "dialling");
        let (known, run) = socket(id, target, self.options.clone(), self.inbox.clone());
        self.sockets.insert(id, known);
        self.tasks.spawn(run.in_current_span());
        Ok(())
    }

    /// An address may not be dialled: as if it had refused.
    fn bar(&mut self, socket: SocketId, why: SocketError) {
        tracing::warn!(socket = socket.0, %why, "not dialled");
        self.intake.push(What::Refused(socket));
        self.tell(News::Socket { socket, why });
    }

    fn send(&mut self, socket: SocketId, outgoing: Outgoing) {
        if let Some(socket) = self.sockets.get_mut(&socket) {
            socket.send(outgoing);
        }
    }

    fn send_login(
        &mut self,
        socket: SocketId,
        credential: CredentialHandle,
        login: impl FnOnce(Arc<Secret>) -> Outgoing,
    ) {
        match self.options.secrets.find(credential) {
            Some(secret) => {
                self.login =
                    Instant::now().checked_add(self.options.limits.login).map(|until| (socket, until));
                self.send(socket, login(secret));
            }
            None => self.end(socket, SocketError::NoSecret(credential)),
        }
    }

    fn end(&mut self, socket: SocketId, why: SocketError) {
        if let Some(socket) = self.sockets.get_mut(&socket) {
            socket.end(why);
        }
    }
}

/// What came of one input.
struct Done {
    at: Timestamp,
    origin: Origin,
    handled: Handled,
    session: Option<Removed>,
}

impl Done {
    /// Whether it is a turn: whether something came of it that is told.
    fn tells(&self) -> bool {
        !self.handled.outcome.events.is_empty()
    }
}

/// Where an input came from.
enum Origin {
    /// From the application, with where the result is awaited; or from the line itself, to connect again.
    Command(Command, Option<Reply>),
    Server,
    Timer,
}

/// On whose account a socket is dialled.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AskedBy {
    /// A command's, or a timer's on behalf of one.
    Us,
    /// The server's: a redirect.
    Server,
}

/// Handles a batch, on whatever thread this is.
fn work<H: Handle>(mut handle: H, batch: Vec<Item>) -> (H, Result<Vec<Done>, H::Error>) {
    let (inputs, sessions): (Vec<_>, Vec<_>) = batch.iter().map(Item::input).unzip();
    let all = handle.handle(&inputs);
    drop(inputs);
    let done = all.map(|all| {
        let each = batch.into_iter().zip(sessions).zip(all);
        each.map(|((item, session), handled)| {
            let origin = match item.what {
                What::Command { command, reply } => Origin::Command(command, reply),
                What::Timer(_) => Origin::Timer,
                What::Opened(_)
                | What::Refused(_)
                | What::Closed(_)
                | What::Text { .. }
                | What::Binary { .. } => Origin::Server,
            };
            Done { at: item.at, origin, handled, session }
        })
        .collect()
    });
    (handle, done)
}

/// The name under which the machine knows a command, if this says it.
const fn given(event: &Event) -> Option<CommandId> {
    if let Event::CommandGiven { id, .. } = event { Some(*id) } else { None }
}

/// The result for the application: where the connection was not made because an address is barred, that is why.
fn told(result: &CommandResult, barred: Option<SocketError>) -> Result<CommandResult, Error> {
    match (result, barred) {
        (CommandResult::Refused { .. } | CommandResult::RefusedAtLogin { .. }, Some(why)) => {
            Err(Error::Socket(why))
        }
        (_, _) => Ok(result.clone()),
    }
}

fn answer(reply: Reply, result: Result<CommandResult, Error>) {
    drop(reply.send(result)); // nobody may wait for it any more
}
