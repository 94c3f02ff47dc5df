//! Plays one story: the application's side is the trace's, the rest is told in steps.

use std::net::Ipv4Addr;
use std::time::Duration;

use callfold::{Command, CredentialHandle, ModelCommand, Span};
use callfold_simulator::{Faults, Pbx, PbxBuilder, Simulator};
use callfold_transport::{Line, Options, Reconnect};
use tokio::net::{TcpListener, TcpSocket};

use crate::client::{Ear, Hasty, Heard};
use crate::recorded::Recorded;

/// How a trace is played.
pub(crate) struct Story {
    /// The name of the trace.
    pub(crate) name: &'static str,
    pub(crate) layout: fn() -> PbxBuilder,
    pub(crate) faults: fn() -> Faults,
    pub(crate) server: Server,
    pub(crate) steps: &'static [Step],
}

/// Where the client connects to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    /// The simulator.
    Runs,
    /// An address that never says a word, and the simulator.
    BesideOneThatHangs,
    /// Nothing listens there, at first.
    Away,
}

/// What happens. Commands and deeds wait until the client is at rest.
pub(crate) enum Step {
    /// The application gives the trace's next command, when all was announced that stands before it.
    Command,
    /// People, phones and the PBX do something.
    Does(fn(&Simulator)),
    /// Somebody outside calls the agent.
    Calls(&'static str),
    /// Somebody outside hangs up.
    Leaves(&'static str),
    /// The server is started.
    Starts,
    /// The client announces this, since the last command or deed; or the result of this command.
    Told(&'static str),
}

/// How long anything is waited for. Not that it takes so long: machines are slow at times.
const PATIENCE: Duration = Duration::from_secs(40);
/// How often it is looked.
const LOOK: Duration = Duration::from_millis(5);
/// What the PBX does by itself within this time, the client hears of before the story goes on.
const SOON: Span = Span::from_millis(150);

struct Stage {
    recorded: Recorded,
    address: String,
    pbx: Option<Pbx>,
    simulator: Option<Simulator>,
    /// Keeps the port of a server that is away.
    taken: Option<TcpSocket>,
    /// Accepts connections, and never says a word.
    mute: Option<TcpListener>,
    options: Options,
    line: Line,
    ear: Ear,
    given: usize,
    since: usize,
}

/// Plays a story to its end. What differs from the trace is the error.
pub(crate) async fn play(story: &Story) -> Result<(), String> {
    let mut stage = Stage::build(story).await;
    for (at, step) in story.steps.iter().enumerate() {
        if let Err(waited_for) = stage.step(step).await {
            return Err(format!("step {}: waited in vain for {waited_for}\n{}", at + 1, stage.report()));
        }
    }
    let all = stage.recorded.said.len();
    let ended = stage.until("the end", |heard| heard.said.len() >= all).await;
    let rest = stage.rest().await;
    if ended.is_err() || rest.is_err() || stage.given < stage.recorded.commands.len() {
        return Err(stage.report());
    }
    let report = stage.recorded.differences(&stage.ear.lock().said);
    drop(stage.line);
    if report.agrees() { Ok(()) } else { Err(report.to_string()) }
}

fn is_about_to_act(simulator: &Simulator) -> bool {
    simulator.with(|pbx, now| pbx.poll_timeout().is_some_and(|due| due - now < SOON))
}

impl Stage {
    async fn build(story: &Story) -> Self {
        let recorded = Recorded::read(story.name);
        let mut options = Options::default();
        options.reconnect = Reconnect::Never;
        options.limits.close = Duration::from_secs(2);
        let ear = Ear::default();
        let line = Line::open(Hasty::new(recorded.level, ear.clone()), options.clone()).unwrap();
        let pbx = (story.layout)().build().unwrap();
        // Nobody listens there, and nobody else gets the port.
        let taken = TcpSocket::new_v4().unwrap();
        taken.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let mute = match story.server {
            Server::BesideOneThatHangs => Some(TcpListener::bind("127.0.0.1:0").await.unwrap()),
            Server::Runs | Server::Away => None,
        };
        let mut stage = Self {
            recorded,
            address,
            pbx: Some(pbx),
            simulator: None,
            taken: Some(taken),
            mute,
            options,
            line,
            ear,
            given: 0,
            since: 0,
        };
        match story.server {
            Server::Runs | Server::BesideOneThatHangs => stage.start((story.faults)(), "127.0.0.1:0").await,
            Server::Away => {}
        }
        stage
    }

    async fn start(&mut self, faults: Faults, address: &str) {
        self.taken = None;
        let pbx = self.pbx.take().unwrap();
        let simulator = Simulator::builder(pbx).faults(faults).bind(address).start().await.unwrap();
        self.address = simulator.addr().to_string();
        self.simulator = Some(simulator);
    }

    async fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Told(name) => self.told(name).await,
            Step::Command => {
                let before = self.recorded.commands.get(self.given).map_or(0, |given| given.after);
                let what = format!("what stands before command {}", self.given + 1);
                self.until(&what, |heard| heard.said.len() >= before).await?;
                self.rest().await?;
                self.command().await
            }
            Step::Starts => {
                self.rest().await?;
                let address = self.address.clone();
                self.start(Faults::default(), &address).await;
                Ok(())
            }
            Step::Does(deed) => self.does(deed).await,
            Step::Calls(number) => {
                self.does(|simulator| {
                    let _ = simulator.external_call(number, "101");
                })
                .await
            }
            Step::Leaves(number) => {
                self.does(|simulator| {
                    let who = simulator.find_outside(number).expect("nobody there who could hang up");
                    simulator.hang_up(who).unwrap();
                })
                .await
            }
        }
    }

    async fn does(&mut self, deed: impl Fn(&Simulator)) -> Result<(), String> {
        self.rest().await?;
        deed(self.simulator.as_ref().expect("the server is away"));
        Ok(())
    }

    /// Waits until client and PBX are at rest; what is announced from then on is news.
    async fn rest(&mut self) -> Result<(), String> {
        loop {
            self.until("rest", Heard::is_quiet).await?;
            while self.simulator.as_ref().is_some_and(is_about_to_act) {
                tokio::time::sleep(LOOK).await;
            }
            // Asked for its answer, which comes after all that is on its way. It is not announced; where there is no
            // connection, nothing is on its way.
            drop(self.line.command(Command::HttpPassword).await);
            if self.ear.lock().is_quiet() {
                break;
            }
        }
        self.since = self.ear.lock().said.len();
        Ok(())
    }

    async fn told(&mut self, name: &str) -> Result<(), String> {
        let since = self.since;
        self.until(name, |heard| heard.said[since..].iter().any(|said| said.name() == name)).await?;
        let heard = self.ear.lock();
        let place = heard.said[since..].iter().position(|said| said.name() == name);
        self.since = since + place.unwrap() + 1;
        Ok(())
    }

    async fn command(&mut self) -> Result<(), String> {
        let given = self.recorded.commands.get_mut(self.given).expect("more commands than the trace has");
        let (mut command, secret) = (given.command.clone(), given.secret.take());
        self.given += 1;
        if let Command::Connect(endpoint) | Command::Model(ModelCommand::Connect(endpoint)) = &mut command {
            if let Some(secret) = secret {
                self.options.secrets.put(CredentialHandle(1), secret);
            }
            let mute = self.mute.as_ref().map(|mute| mute.local_addr().unwrap().to_string());
            let addresses = mute.into_iter().chain([self.address.clone()]);
            endpoint.addresses = addresses.map(|address| format!("ws://{address}").as_str().into()).collect();
        }
        let before = self.ear.lock().commands;
        let line = self.line.clone();
        // Its result is among what is announced.
        tokio::spawn(async move { line.command(command).await });
        self.until("the command to be taken", |heard| heard.commands > before).await
    }

    async fn until(&self, what: &str, is: impl Fn(&Heard) -> bool) -> Result<(), String> {
        let wait = async {
            while !is(&self.ear.lock()) {
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.map_err(|_| what.to_owned())
    }

    fn report(&self) -> String {
        let left = self.recorded.commands.len() - self.given;
        let report = self.recorded.differences(&self.ear.lock().said);
        format!("{report}\n  {left} commands not given")
    }
}
