//! What a network and a bad day do to a server: late, doubled, out of order, silent, gone. Pure, and seeded.

use std::collections::{BTreeMap, BTreeSet};

use callfold_engine::{Span, Timestamp};
use serde_json::{Map, Value, json};

use crate::names::ClientId;
use crate::pbx::{Tell, Told};

/// How often something happens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Chance {
    /// Never.
    #[default]
    Never,
    /// One time in so many, by the seed; 1 is always.
    OneIn(u32),
}

/// When a connection is cut. Each cut happens once: give it again for a second time.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cut {
    /// When this method is asked, in place of an answer.
    AtRequest(String),
    /// So long after the connection was opened.
    After(Span),
}

/// How a server misbehaves. The default is not at all.
///
/// ```
/// use callfold_engine::Span;
/// use callfold_simulator::{Chance, Cut, Faults};
///
/// let faults = Faults {
///     latency: Span::from_millis(20),
///     jitter: Span::from_millis(30),
///     duplicates: Chance::OneIn(10),
///     cuts: vec![Cut::AtRequest("getmyuserinfo".to_owned())],
///     seed: 7,
///     ..Faults::default()
/// };
/// # let _ = faults;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// How long every message takes.
    pub latency: Span,
    /// How much longer, at most. The order of messages stays.
    pub jitter: Span,
    /// Messages that come twice.
    pub duplicates: Chance,
    /// Messages that are overtaken by later ones.
    pub disorder: Chance,
    /// Methods that get no answer: the server does not even look at them. And events that are not told, long ones
    /// aside.
    pub silent: BTreeSet<String>,
    /// Methods that get this answer, an object, whatever is asked: the server does nothing about it. For refusals, and
    /// for a server that says yes and does not do it.
    pub instead: BTreeMap<String, Value>,
    /// Methods whose answer comes so much later than it should, overtaken by what follows.
    pub late: BTreeMap<String, Span>,
    /// When connections are cut.
    pub cuts: Vec<Cut>,
    /// What chance is drawn from.
    pub seed: u64,
}

/// How far behind a message falls that others overtake.
const BEHIND: Span = Span::from_millis(50);

/// What is done with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Heard,
    Ignored,
    Cut,
}

/// What goes to a client's socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Parcel {
    Frame(String),
    /// Close the WebSocket in good order.
    Close,
    /// Drop the connection without a word.
    Cut,
}

/// Holds messages back until they are due.
#[derive(Debug)]
pub(crate) struct Delivery {
    faults: Faults,
    random: fastrand::Rng,
    order: u64,
    waiting: BTreeMap<(Timestamp, u64), (ClientId, Parcel)>,
    /// When the last message to a client comes: what follows comes no sooner.
    last: BTreeMap<ClientId, Timestamp>,
    frozen: BTreeSet<ClientId>,
}

fn later(at: Timestamp, span: Span) -> Timestamp {
    Timestamp::from_micros(at.as_micros().saturating_add(span.as_micros()))
}

impl Delivery {
    pub(crate) fn new(faults: Faults) -> Self {
        let random = fastrand::Rng::with_seed(faults.seed);
        let (waiting, last) = (BTreeMap::new(), BTreeMap::new());
        Self { faults, random, order: 0, waiting, last, frozen: BTreeSet::new() }
    }

    /// Other faults from now on; what is on its way stays as it is.
    pub(crate) fn set_faults(&mut self, faults: Faults) {
        self.random = fastrand::Rng::with_seed(faults.seed);
        self.faults = faults;
    }

    fn happens(&mut self, chance: Chance) -> bool {
        match chance {
            Chance::Never | Chance::OneIn(0) => false,
            Chance::OneIn(times) => self.random.u32(..times) == 0,
        }
    }

    pub(crate) fn opened(&mut self, now: Timestamp, client: ClientId) {
        let due = self.faults.cuts.iter().position(|cut| matches!(cut, Cut::After(_)));
        if let Some(Cut::After(span)) = due.map(|at| self.faults.cuts.remove(at)) {
            self.put(later(now, span), client, Parcel::Cut);
        }
    }

    pub(crate) fn closed(&mut self, client: ClientId) {
        self.waiting.retain(|_, (whose, _)| *whose != client);
        self.last.remove(&client);
        self.frozen.remove(&client);
    }

    /// From now on nothing comes to the client and nothing it says is heard, while its socket stays open.
    pub(crate) fn freeze(&mut self, client: ClientId) {
        self.frozen.insert(client);
    }

    /// What becomes of a client's message.
    pub(crate) fn heard(&mut self, now: Timestamp, client: ClientId, text: &str) -> Fate {
        if self.frozen.contains(&client) {
            return Fate::Ignored;
        }
        if self.faults.silent.is_empty() && self.faults.cuts.is_empty() && self.faults.instead.is_empty() {
            return Fate::Heard;
        }
        let (method, qid) = method_of(text).unzip();
        let cut = |cut: &Cut| matches!(cut, Cut::AtRequest(at) if Some(at) == method.as_ref());
        if let Some(at) = self.faults.cuts.iter().position(cut) {
            self.faults.cuts.remove(at);
            return Fate::Cut;
        }
        let Some(method) = method else { return Fate::Heard };
        if self.faults.silent.contains(&method) {
            return Fate::Ignored;
        }
        let Some(answer) = self.faults.instead.get(&method) else { return Fate::Heard };
        let mut body = Map::new();
        body.insert("qid".to_owned(), qid.unwrap_or_default());
        body.extend(answer.as_object().cloned().unwrap_or_default());
        let what = Tell::Frame(json!([format!("{method}result"), body]).to_string());
        self.take(now, vec![Told { client, what, answers: Some(method) }]);
        Fate::Ignored
    }

    /// Whether an event is one that is not told.
    fn is_kept_back(&self, text: &str) -> bool {
        !self.faults.silent.is_empty()
            && method_of(text).is_some_and(|(method, _)| self.faults.silent.contains(&method))
    }

    fn put(&mut self, at: Timestamp, client: ClientId, parcel: Parcel) {
        self.order += 1;
        self.waiting.insert((at, self.order), (client, parcel));
    }

    /// Takes what the PBX has to tell.
    pub(crate) fn take(&mut self, now: Timestamp, told: Vec<Told>) {
        for told in told {
            let client = told.client;
            let jitter = Span::from_micros(self.random.i64(0..=self.faults.jitter.as_micros().max(0)));
            let usual = later(later(now, self.faults.latency), jitter);
            let usual = self.last.get(&client).map_or(usual, |last| usual.max(*last));
            let text = match told.what {
                Tell::Close => {
                    self.put(usual, client, Parcel::Close);
                    continue;
                }
                Tell::Frame(text) => text,
            };
            if told.answers.is_none() && self.is_kept_back(&text) {
                continue;
            }
            let late = told.answers.and_then(|method| self.faults.late.get(&method).copied());
            let due = match late {
                Some(span) => later(usual, span),
                None if self.happens(self.faults.disorder) => later(usual, BEHIND),
                None => {
                    self.last.insert(client, usual);
                    usual
                }
            };
            if self.happens(self.faults.duplicates) {
                self.put(due, client, Parcel::Frame(text.clone()));
            }
            self.put(due, client, Parcel::Frame(text));
        }
    }

    /// When something is due.
    pub(crate) fn poll_timeout(&self) -> Option<Timestamp> {
        self.waiting.first_key_value().map(|((at, _), _)| *at)
    }

    /// What is due by now.
    pub(crate) fn due(&mut self, now: Timestamp) -> Vec<(ClientId, Parcel)> {
        let mut due = Vec::new();
        while let Some(entry) = self.waiting.first_entry() {
            if entry.key().0 > now {
                break;
            }
            let (client, parcel) = entry.remove();
            if parcel == Parcel::Cut || !self.frozen.contains(&client) {
                due.push((client, parcel));
            }
        }
        due
    }
}

/// The method of a message and its id; none if it is not to be read.
fn method_of(text: &str) -> Option<(String, Value)> {
    let (method, mut body): (String, Value) = serde_json::from_str(text).ok()?;
    let qid = body.get_mut("qid").map(Value::take).unwrap_or_default();
    Some((method, qid))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: ClientId = ClientId(1);

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn told(text: &str, answers: Option<&str>) -> Told {
        Told { client: CLIENT, what: Tell::Frame(text.to_owned()), answers: answers.map(str::to_owned) }
    }

    fn texts(parcels: Vec<(ClientId, Parcel)>) -> Vec<String> {
        let text = |(_, parcel)| match parcel {
            Parcel::Frame(text) => text,
            Parcel::Close => "close".to_owned(),
            Parcel::Cut => "cut".to_owned(),
        };
        parcels.into_iter().map(text).collect()
    }

    #[test]
    fn without_faults_messages_come_at_once_and_in_order() {
        let mut delivery = Delivery::new(Faults::default());
        delivery.take(at(0), vec![told("a", None), told("b", None)]);
        assert_eq!(texts(delivery.due(at(0))), ["a", "b"]);
        assert_eq!(delivery.poll_timeout(), None);
    }

    #[test]
    fn latency_and_jitter_keep_the_order() {
        let faults = Faults {
            latency: Span::from_millis(10),
            jitter: Span::from_millis(100),
            seed: 3,
            ..Faults::default()
        };
        let mut delivery = Delivery::new(faults);
        let names: Vec<String> = (0..20).map(|n| n.to_string()).collect();
        delivery.take(at(0), names.iter().map(|name| told(name, None)).collect());
        assert!(delivery.due(at(9)).is_empty());
        assert_eq!(texts(delivery.due(at(110))), names);
    }

    #[test]
    fn some_come_late_some_twice_some_out_of_order() {
        let late = BTreeMap::from([("slow".to_owned(), Span::from_secs(1))]);
        let mut delivery = Delivery::new(Faults { late, ..Faults::default() });
        delivery.take(at(0), vec![told("a", Some("slow")), told("b", Some("quick"))]);
        assert_eq!(texts(delivery.due(at(999))), ["b"]);
        assert_eq!(texts(delivery.due(at(1_000))), ["a"]);

        let mut delivery = Delivery::new(Faults { duplicates: Chance::OneIn(1), ..Faults::default() });
        delivery.take(at(0), vec![told("a", None)]);
        assert_eq!(texts(delivery.due(at(0))), ["a", "a"]);

        let faults = Faults { disorder: Chance::OneIn(2), seed: 1, ..Faults::default() };
        let mut delivery = Delivery::new(faults);
        let names: Vec<String> = (0..20).map(|n| n.to_string()).collect();
        delivery.take(at(0), names.iter().map(|name| told(name, None)).collect());
        let mut came = texts(delivery.due(at(50)));
        assert_ne!(came, names);
        came.sort_by_key(|name| name.parse::<u32>().unwrap());
        assert_eq!(came, names, "nothing is lost");
    }

    #[test]
    fn requests_are_ignored_cut_once_and_frozen() {
        let mut faults = Faults { cuts: vec![Cut::AtRequest("login".to_owned())], ..Faults::default() };
        faults.silent.insert("getversion".to_owned());
        let mut delivery = Delivery::new(faults);
        assert_eq!(delivery.heard(at(0), CLIENT, r#"["getversion",{}]"#), Fate::Ignored);
        assert_eq!(delivery.heard(at(0), CLIENT, r#"["login",{}]"#), Fate::Cut);
        assert_eq!(delivery.heard(at(0), CLIENT, r#"["login",{}]"#), Fate::Heard);
        delivery.freeze(CLIENT);
        delivery.take(at(0), vec![told("a", None)]);
        assert!(delivery.due(at(1)).is_empty());
        assert_eq!(delivery.heard(at(0), CLIENT, r#"["login",{}]"#), Fate::Ignored);
    }

    #[test]
    fn an_answer_is_put_in_place_of_the_right_one_and_events_are_kept_back() {
        let instead = BTreeMap::from([("exitcallcenter".to_owned(), json!({ "result": 1 }))]);
        let silent = BTreeSet::from(["userstatechanged".to_owned()]);
        let mut delivery = Delivery::new(Faults { instead, silent, ..Faults::default() });
        assert_eq!(delivery.heard(at(0), CLIENT, r#"["exitcallcenter",{"qid":"7"}]"#), Fate::Ignored);
        assert_eq!(texts(delivery.due(at(0))), [r#"["exitcallcenterresult",{"qid":"7","result":1}]"#]);
        assert_eq!(delivery.heard(at(0), CLIENT, r#"["entercallcenter",{"qid":"8"}]"#), Fate::Heard);
        delivery.take(at(0), vec![told(r#"["userstatechanged",{}]"#, None), told(r#"["b",{}]"#, None)]);
        assert_eq!(texts(delivery.due(at(0))), [r#"["b",{}]"#]);
    }

    #[test]
    fn a_connection_is_cut_at_its_moment() {
        let mut delivery =
            Delivery::new(Faults { cuts: vec![Cut::After(Span::from_secs(2))], ..Faults::default() });
        delivery.opened(at(1_000), CLIENT);
        assert_eq!(delivery.poll_timeout(), Some(at(3_000)));
        assert_eq!(texts(delivery.due(at(3_000))), ["cut"]);
        delivery.opened(at(4_000), CLIENT);
        assert_eq!(delivery.poll_timeout(), None, "once");
    }
}
