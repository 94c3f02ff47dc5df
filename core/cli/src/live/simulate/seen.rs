//! What is seen of a simulator with `-v`: who logs in and goes, what lines do, what people do.

use callfold::Timestamp;
use callfold_simulator::Pbx;

use super::office::Office;
use crate::style::{TIME, Tone};

/// An agent, as seen last.
#[derive(Clone, Debug)]
struct Agent {
    login: String,
    number: String,
    clients: usize,
    line: String,
}

/// Compares what is with what was.
#[derive(Clone, Debug)]
pub(super) struct Seen(Vec<Agent>);

impl Seen {
    pub(super) fn new(office: &Office) -> Self {
        let agent = |agent: &super::office::Agent| Agent {
            login: agent.login.clone(),
            number: agent.number.clone(),
            clients: 0,
            line: "lsConnected".to_owned(),
        };
        Self(office.agents().iter().map(agent).collect())
    }

    /// What changed since, after what people did.
    pub(super) fn look(&mut self, pbx: &Pbx, now: Timestamp, did: Vec<String>) -> Vec<String> {
        let mut said: Vec<String> = did;
        for agent in &mut self.0 {
            let clients = pbx.clients_of(&agent.number).len();
            let picture = pbx.line_picture(now, &agent.number);
            let line =
                picture.as_ref().and_then(|picture| picture.get("linestatestr")?.as_str()).unwrap_or("");
            let style = Tone::Connection.style();
            if clients > agent.clients {
                said.push(format!("{style}{} logs in{style:#}", agent.login));
            } else if clients < agent.clients {
                said.push(format!("{style}{} is gone{style:#}", agent.login));
            }
            if line != agent.line {
                said.push(format!("{TIME}{}: {} → {line}{TIME:#}", agent.number, agent.line));
                line.clone_into(&mut agent.line);
            }
            agent.clients = clients;
        }
        said
    }
}
