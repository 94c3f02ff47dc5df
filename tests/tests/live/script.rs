//! Plays one trace: the server's side and the application's, each line when the trace has it, to a real line.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use callfold::replay::{self, Announcer};
use callfold::trace::{Entry, Header, Line as TraceLine, SocketChange, TraceReader};
use callfold::{Command, CredentialHandle, Machine, View};
use callfold_transport::{Line, News, NewsReader, Options, Reconnect, Secret};
use futures_util::FutureExt;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{sleep_until, timeout};

use crate::server::{Server, Socket};
use crate::stage::{Made, Player, Stage, Taken, Until, Wanted};

/// How long anything may take that should come at once, on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// The limits of the transport that are longer than any trace: what the machine waits for is what is compared here, and
/// what the transport waits for has tests of its own. One of them would show: an address that never answers is given up
/// by the transport a second before the machine does so.
const LONGER: Duration = Duration::from_secs(600);

/// Plays a trace, and returns what the line told and sent, as JSON lines.
pub(crate) async fn play(trace: &[u8]) -> Result<Vec<u8>, String> {
    let mut reader = TraceReader::new(trace).map_err(text)?;
    let header = reader.header().clone();
    let mut entries = Vec::new();
    while let Some(entry) = reader.next_entry().map_err(text)? {
        entries.push(entry);
    }
    // The reader keeps no passwords, and the addresses that are dialled are no input.
    let raw = trace.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let raw: Vec<Value> = raw.map(serde_json::from_slice).collect::<Result<_, _>>().map_err(text)?;
    let urls: BTreeSet<String> =
        raw.iter().filter_map(|line| line["url"].as_str()).map(str::to_owned).collect();

    let mut script = Script::set(header, &urls).await?;
    let mut last = 0;
    for entry in entries {
        let (number, t) = (entry.number, entry.t);
        last = last.max(t);
        let password = &raw[number - 1]["args"][0];
        script.entry(entry, password).await.map_err(|why| format!("line {number}, t {t}: {why}"))?;
    }
    script.reach(last, With::TimersOfThen).await.map_err(|why| format!("at the end: {why}"))?;
    script.over().await
}

/// Which timers fire before a line of the trace.
#[derive(Clone, Copy, PartialEq, Eq)]
enum With {
    EarlierTimers,
    TimersOfThen,
}

struct Script {
    header: Header,
    stage: Stage,
    server: Server,
    line: Line,
    news: NewsReader,
    options: Options,
    told: Announcer<Vec<u8>>,
    /// Folded from what the line told, as an application would.
    view: View,
    commands: JoinSet<()>,
    sockets: Vec<Socket>,
    /// How much of what the machine wanted has come to pass.
    settled: usize,
    /// The requests that the server received, by their place in what the machine wanted.
    received: BTreeMap<usize, String>,
    /// The machine's requests that no `out` line has named yet, by their place.
    unnamed: Vec<usize>,
    /// The trace's ids of requests, and the line's.
    qids: BTreeMap<String, u64>,
}

impl Script {
    async fn set(header: Header, urls: &BTreeSet<String>) -> Result<Self, String> {
        let server = Server::listening_at(urls).await;
        let stage = Stage::starting_at(callfold::Timestamp::from_millis(header.epoch_ms));
        let mut options = Options::default();
        options.name.clone_from(&header.name);
        options.routes = server.routes.clone();
        options.tls = server.tls.clone();
        options.clock = Arc::new(stage.clone());
        // The reference connects again when it is told to, or its CTI model does.
        options.reconnect = Reconnect::Never;
        options.news = 4_096;
        options.limits.handshake = LONGER;
        options.limits.login = LONGER;
        options.limits.dead_after = LONGER;
        options.limits.close = LONGER;
        // The machine is the one of a replay: live, it tells at once what the reference tells at a timeout or never (all
        // addresses refused, a connection lost before it was made), so there would be nothing to compare with. Nothing
        // of the transport depends on it.
        let machine = Machine::new(replay::config(header.level));
        let player = Player { machine, stage: stage.clone() };
        let line = Line::open(player, options.clone()).map_err(text)?;
        let news = line.news();
        Ok(Self {
            header,
            stage,
            server,
            line,
            news,
            options,
            told: Announcer::new(Vec::new()),
            view: View::default(),
            commands: JoinSet::new(),
            sockets: Vec::new(),
            settled: 0,
            received: BTreeMap::new(),
            unnamed: Vec::new(),
            qids: BTreeMap::new(),
        })
    }

    async fn entry(&mut self, entry: Entry, credentials: &Value) -> Result<(), String> {
        let Entry { t, line, .. } = entry;
        match line {
            TraceLine::Output | TraceLine::Unknown => Ok(()),
            TraceLine::Sent { method, qid } => match qid {
                Some(wire) => self.was_sent(t, &method, wire).await,
                None => Ok(()),
            },
            TraceLine::Frame { text } => {
                self.reach(t, With::EarlierTimers).await?;
                self.frame(&text).await
            }
            TraceLine::Command(given) => {
                self.reach(t, With::EarlierTimers).await?;
                self.keep_secret(credentials);
                self.command(given.command).await
            }
            TraceLine::Socket { what, url } => {
                self.reach(t, With::EarlierTimers).await?;
                self.socket(what, &url).await
            }
            _ => Err("a line of a kind that is not played".to_owned()),
        }
    }

    // ---- time ----

    /// Goes on to `t`: what the machine wanted came to pass, and every timer before it has fired.
    async fn reach(&mut self, t: i64, with: With) -> Result<(), String> {
        let moment = self.stage.moment(t);
        let until = match with {
            With::EarlierTimers => Until::Before(moment),
            With::TimersOfThen => Until::With(moment),
        };
        if self.stage.go_on(until) {
            // A line looks at its timers whenever it is asked something.
            self.line.view().await.map_err(text)?;
        }
        let stage = self.stage.clone();
        let fired = stage.until(|taken| !taken.timer.is_some_and(|due| until.reaches(due)));
        timeout(PATIENCE * 2, fired).await.map_err(|_| "a timer never fired")?;
        sleep_until(self.stage.really(t)).await;
        self.settle().await?;
        self.hear()
    }

    /// Waits until the server has all that the machine sent it: dials, requests.
    async fn settle(&mut self) -> Result<(), String> {
        loop {
            let place = self.settled;
            let Some(Wanted { socket: id, what, .. }) =
                self.stage.look(|taken| taken.wanted.get(place).cloned())
            else {
                return Ok(());
            };
            self.settled += 1;
            let known = self.sockets.iter_mut().find(|socket| socket.id == id);
            match (what, known) {
                (Made::Dial { url }, _) => {
                    let dialled = timeout(PATIENCE, self.server.dialled(id, url.as_str())).await;
                    let dialled = dialled.map_err(|_| "a dial never came")?;
                    self.sockets.push(dialled.map_err(|why| format!("{}: {why}", url.as_str()))?);
                }
                (Made::Close, Some(socket)) => socket.is_left = true,
                (Made::Close, None) => {}
                (Made::Send { method, frame, .. }, known) => {
                    self.unnamed.push(place);
                    // What is said after the goodbye stays unsaid, in every client: a WebSocket sends nothing after its
                    // close. The reference's recording has what it wanted to send, so that is what is compared then.
                    let text = match known.filter(|socket| !socket.is_left) {
                        None => frame.ok_or("a login on a socket that is closed")?,
                        Some(socket) => timeout(PATIENCE, socket.request())
                            .await
                            .map_err(|_| format!("{method}: it never came"))??,
                    };
                    self.received.insert(place, text);
                }
            }
        }
    }

    // ---- what the trace puts in ----

    async fn frame(&mut self, frame: &str) -> Result<(), String> {
        let frame = self.with_our_qids(frame);
        // Where nothing is open, it is of a connection that the recorded client had and ours has not.
        let Some(socket) = self.sockets.iter_mut().rev().find(|socket| socket.is_open()) else {
            return Ok(());
        };
        let before = self.stage.look(|taken| taken.frames);
        socket.send(frame).await?;
        self.taken_in("the frame", |taken| taken.frames > before).await
    }

    async fn command(&mut self, command: Command) -> Result<(), String> {
        let before = self.stage.look(|taken| taken.commands);
        let line = self.line.clone();
        // Its result is told as an event as well, and that is compared: some come long after the next command.
        self.commands.spawn(async move { drop(line.command(command).await) });
        self.taken_in("the command", |taken| taken.commands > before).await
    }

    async fn socket(&mut self, what: SocketChange, url: &str) -> Result<(), String> {
        let closed = what == SocketChange::Closed;
        let place = self.sockets.iter().position(|socket| socket.url == url && socket.is_open() == closed);
        // A socket that was given up before it opened is closed, too.
        let place = place.or_else(|| self.sockets.iter().position(|socket| closed && socket.url == url));
        let Some(socket) = place.and_then(|place| self.sockets.get_mut(place)) else {
            return Ok(());
        };
        let id = socket.id;
        if what == SocketChange::Opened {
            timeout(PATIENCE, socket.open()).await.map_err(|_| "no handshake came")??;
            return self.taken_in("the socket", |taken| taken.opened.contains(&id)).await;
        }
        timeout(PATIENCE, socket.end()).await.map_err(|_| "no goodbye came")?;
        self.sockets.retain(|socket| socket.id != id);
        self.taken_in("the end of the socket", |taken| taken.ended.contains(&id)).await
    }

    async fn taken_in(&mut self, what: &str, is: impl FnMut(&Taken) -> bool) -> Result<(), String> {
        timeout(PATIENCE, self.stage.until(is)).await.map_err(|_| format!("{what} was not taken in"))
    }

    fn keep_secret(&self, credentials: &Value) {
        let text = |name: &str| credentials[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let secret =
            text("password").map(Secret::password).or_else(|| text("sessionid").map(Secret::session));
        if let Some(secret) = secret {
            self.options.secrets.put(CredentialHandle(1), secret);
        }
    }

    // ---- ids of requests ----

    /// The recorded client sent a request: which of ours is it? The one of the same method made at that time, else the
    /// newest of that method.
    async fn was_sent(&mut self, t: i64, method: &str, wire: String) -> Result<(), String> {
        self.reach(t, With::EarlierTimers).await?;
        let mut place = self.made_at(t, method);
        if place.is_none() {
            self.reach(t, With::TimersOfThen).await?;
            place = self.made_at(t, method);
        }
        let newest = || self.unnamed.iter().rposition(|place| self.request(*place).1 == method);
        if let Some(place) = place.or_else(newest) {
            let request = self.unnamed.remove(place);
            let (_, _, qid) = self.request(request);
            self.qids.insert(wire, qid);
        }
        Ok(())
    }

    fn made_at(&self, t: i64, method: &str) -> Option<usize> {
        self.unnamed.iter().position(|place| {
            let (at, of, _) = self.request(*place);
            of == method && at == t
        })
    }

    /// When it was sent, by which method and under which id.
    fn request(&self, place: usize) -> (i64, String, u64) {
        self.stage.look(|taken| {
            let Wanted { at, what: Made::Send { qid, method, .. }, .. } = &taken.wanted[place] else {
                panic!("no request")
            };
            (self.stage.millis(*at), method.clone(), *qid)
        })
    }

    /// A frame with the ids that the line gave its requests, also inside a piece of a long message.
    fn with_our_qids(&self, frame: &str) -> String {
        let Ok((_, body)) = serde_json::from_str::<(String, Value)>(frame) else { return frame.to_owned() };
        if let Some(content) = body["content"].as_str().filter(|_| body.get("message-id").is_some()) {
            let Ok(piece) = BASE64_STANDARD.decode(content) else { return frame.to_owned() };
            return frame.replace(content, &BASE64_STANDARD.encode(self.in_piece(&piece)));
        }
        let ours = body["qid"].as_str().and_then(|wire| Some((wire, self.qids.get(wire)?)));
        match ours {
            Some((wire, qid)) => frame.replace(&json!(wire).to_string(), &json!(qid.to_string()).to_string()),
            None => frame.to_owned(),
        }
    }

    /// The pieces may be cut inside a letter, so they are bytes. The id is near the beginning and in one piece.
    fn in_piece(&self, piece: &[u8]) -> Vec<u8> {
        for (wire, qid) in &self.qids {
            let wire = format!("\"qid\":\"{wire}\"");
            if let Some(at) = piece.windows(wire.len()).position(|window| window == wire.as_bytes()) {
                let ours = format!("\"qid\":\"{qid}\"");
                return [&piece[..at], ours.as_bytes(), &piece[at + wire.len()..]].concat();
            }
        }
        piece.to_vec()
    }

    // ---- what the line told ----

    /// Writes the news that have come.
    fn hear(&mut self) -> Result<(), String> {
        while let Some(news) = tokio::task::unconstrained(self.news.next()).now_or_never() {
            let Some(news) = news else { return Err("the line ended".to_owned()) };
            if let News::Told { at, events, .. } = news.map_err(text)? {
                let t = self.stage.millis(at);
                events.iter().for_each(|event| self.view.apply(event));
                self.told.told(t, self.header.level, &events).map_err(text)?;
                self.told.state(t, self.header.level, &self.header.numbers, &self.view, at).map_err(text)?;
            }
        }
        Ok(())
    }

    /// The last news, and what was dialled and sent.
    async fn over(mut self) -> Result<Vec<u8>, String> {
        // What a line told before it answers a question is there when it has answered.
        self.line.view().await.map_err(text)?;
        self.settle().await?;
        self.hear()?;
        let wanted = self.stage.look(|taken| taken.wanted.clone());
        for (place, Wanted { at, what, .. }) in wanted.iter().enumerate() {
            let t = self.stage.millis(*at);
            match what {
                Made::Dial { url } => self.told.dialled(t, url.as_str()).map_err(text)?,
                Made::Send { .. } => self.told.sent(t, &self.received[&place]).map_err(text)?,
                Made::Close => {}
            }
        }
        Ok(self.told.into_inner())
    }
}

fn text(error: impl Display) -> String {
    error.to_string()
}
