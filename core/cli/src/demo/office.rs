//! Who is in the demonstration's office: a PBX, three agents whose lines are recorded, and customers.

use callfold::live::{self, Clock as _, Line, Options, Secret, Seen, SystemClock, endpoint};
use callfold::log::{Log, StreamInfo};
use callfold::{Command, Config, Endpoint, Span, View};
use callfold_simulator::{Account, Manners, Pbx, Simulator};
use tokio::time::timeout;

use super::PATIENCE;
use crate::fail::Failed;

/// An agent, as the office is laid out.
pub(super) struct Desk {
    pub(super) name: &'static str,
    number: &'static str,
    full_name: &'static str,
}

pub(super) const AGENTS: [Desk; 3] = [
    Desk { name: "anna", number: "101", full_name: "Смирнова Анна" },
    Desk { name: "boris", number: "102", full_name: "Орлов Борис" },
    Desk { name: "vera", number: "103", full_name: "Крылова Вера" },
];

/// Somebody outside.
pub(super) struct Customer {
    pub(super) number: &'static str,
    name: &'static str,
}

pub(super) const BAKERY: Customer =
    Customer { number: "+74951234567", name: "Пекарня «Колос»" };
pub(super) const FLORIST: Customer =
    Customer { number: "+79161112233", name: "Цветы на Арбате" };

/// The office.
pub(super) struct Office {
    pub(super) pbx: Simulator,
    agents: [Agent; 3],
}

/// An agent at work.
pub(super) struct Agent {
    pub(super) name: &'static str,
    pub(super) number: &'static str,
    pub(super) line: Line,
    endpoint: Endpoint,
}

impl Office {
    /// Starts the PBX, and opens a line for each agent. Nobody is logged in yet.
    pub(super) async fn open(log: &Log) -> Result<Self, Failed> {
        let mut layout =
            Pbx::builder().callback_after(Span::from_millis(150)).seed(SystemClock.now().as_micros() as u64);
        for desk in &AGENTS {
            layout =
                layout.user(Account::new(desk.name, &password(desk.name), desk.number).name(desk.full_name));
        }
        for customer in [&BAKERY, &FLORIST] {
            layout = layout.outside(customer.number, customer.name, Manners::Waits);
        }
        let pbx = layout.build().map_err(failed)?;
        let pbx = Simulator::builder(pbx).start().await.map_err(failed)?;
        let [anna, boris, vera] = &AGENTS;
        let agents = [
            Agent::at(anna, log, &pbx).await?,
            Agent::at(boris, log, &pbx).await?,
            Agent::at(vera, log, &pbx).await?,
        ];
        Ok(Self { pbx, agents })
    }

    pub(super) fn url(&self) -> String {
        self.pbx.url()
    }

    pub(super) const fn agents(&self) -> &[Agent; 3] {
        &self.agents
    }

    /// Everybody goes home.
    pub(super) async fn close(&self) -> Result<(), Failed> {
        for agent in &self.agents {
            agent.line.close().await.map_err(failed)?;
        }
        Ok(())
    }
}

/// For the made-up agents of the simulated PBX, which is gone at the end.
fn password(login: &str) -> String {
    format!("{login}-of-the-demo")
}

impl Agent {
    async fn at(desk: &Desk, log: &Log, pbx: &Simulator) -> Result<Self, Failed> {
        let mut options = Options::default();
        desk.name.clone_into(&mut options.name);
        let password = options.secrets.keep(Secret::password(password(desk.name)));
        let endpoint = endpoint(&pbx.url(), desk.name, password);
        let info = StreamInfo::new(desk.name, Config::live(), SystemClock.now());
        let recorded = live::record(log, info, options).await;
        let recorded = recorded.map_err(|error| Failed::record(desk.name, error))?;
        Ok(Self { name: desk.name, number: desk.number, line: recorded.line, endpoint })
    }

    /// Comes to work.
    pub(super) async fn log_in(&self) -> Result<(), Failed> {
        self.commands(Command::Connect(self.endpoint.clone())).await
    }

    /// Uses the application. A refusal is no part of the story.
    pub(super) async fn commands(&self, command: Command) -> Result<(), Failed> {
        let name = command.name();
        let result = self.line.command(command).await.map_err(failed)?;
        if result.is_done() {
            return Ok(());
        }
        Err(Failed::System(format!("{}: {} was refused: {result:?}", self.name, name.text())))
    }

    /// Waits until the agent sees that it is so.
    pub(super) async fn sees(&self, what: &str, is_so: impl Fn(&View) -> bool) -> Result<(), Failed> {
        let mut view = self.line.watch().await.map_err(failed)?;
        let seen = timeout(PATIENCE, view.wait_for(|view| is_so(view))).await;
        match seen {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Failed::System(format!("{} does not see {what}", self.name))),
        }
    }

    pub(super) async fn view(&self) -> Result<Seen, Failed> {
        self.line.view().await.map_err(failed)
    }
}

fn failed(error: impl std::fmt::Display) -> Failed {
    Failed::System(error.to_string())
}
