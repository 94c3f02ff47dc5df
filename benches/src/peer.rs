//! The peer: cqrs-es, which a Rust user would otherwise pick to keep events and fold them.
//!
//! Its aggregate is the engine's own view, its events are the engine's own, and its commands bring what is to be
//! decided with them: cqrs-es is measured at loading, handing out and applying, and not at rules, which the machine has
//! to pay for itself. Its store in memory is the crate's own `MemStore` without what that prints of every load and
//! commit.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::{PoisonError, RwLock};
use std::task::{Context, Poll, Waker};

use callfold_engine::{Event, View};
use cqrs_es::event_sink::EventSink;
use cqrs_es::{
    Aggregate, AggregateContext, AggregateError, CqrsFramework, DomainEvent, EventEnvelope, EventStore,
};
use serde::{Deserialize, Serialize};

use crate::Done;

/// An event of the engine's, as cqrs-es wants events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Told(pub Event);

impl DomainEvent for Told {
    fn event_type(&self) -> String {
        self.0.name().to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

/// The view as an aggregate.
#[derive(Default, Serialize, Deserialize)]
pub struct Line {
    view: View,
}

impl Aggregate for Line {
    const TYPE: &'static str = "line";
    type Command = Vec<Event>;
    type Event = Told;
    type Error = Infallible;
    type Services = ();

    async fn handle(
        &mut self,
        decided: Vec<Event>,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), Infallible> {
        for event in decided {
            sink.write(Told(event), self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: Told) {
        self.view.apply(&event.0);
    }
}

/// Events in memory, as the crate's `MemStore` keeps them.
#[derive(Default)]
pub struct Memory {
    events: RwLock<HashMap<String, Vec<EventEnvelope<Line>>>>,
}

/// An aggregate that was loaded.
pub struct Loaded {
    id: String,
    line: Line,
    sequence: usize,
}

impl AggregateContext<Line> for Loaded {
    fn aggregate(&mut self) -> &mut Line {
        &mut self.line
    }
}

impl EventStore<Line> for Memory {
    type AC = Loaded;

    async fn load_events(&self, id: &str) -> Result<Vec<EventEnvelope<Line>>, AggregateError<Infallible>> {
        let events = self.events.read().unwrap_or_else(PoisonError::into_inner);
        Ok(events.get(id).into_iter().flatten().cloned().collect())
    }

    async fn load_aggregate(&self, id: &str) -> Result<Loaded, AggregateError<Infallible>> {
        let mut loaded = Loaded { id: id.to_owned(), line: Line::default(), sequence: 0 };
        for envelope in self.load_events(id).await? {
            loaded.sequence = envelope.sequence;
            loaded.line.apply(envelope.payload);
        }
        Ok(loaded)
    }

    async fn commit(
        &self,
        events: Vec<Told>,
        context: Loaded,
        metadata: HashMap<String, String>,
    ) -> Result<Vec<EventEnvelope<Line>>, AggregateError<Infallible>> {
        let wrapped: Vec<EventEnvelope<Line>> = (context.sequence + 1..)
            .zip(events)
            .map(|(sequence, payload)| EventEnvelope {
                aggregate_id: context.id.clone(),
                sequence,
                payload,
                metadata: metadata.clone(),
            })
            .collect();
        let mut all = self.events.write().unwrap_or_else(PoisonError::into_inner);
        all.entry(context.id).or_default().extend(wrapped.iter().cloned());
        Ok(wrapped)
    }
}

const ID: &str = "line";

/// Commits everything that was told as one stream, in as few commits as possible.
///
/// # Errors
/// None that are known.
pub fn filled(told: &[Vec<Event>]) -> Done<Memory> {
    let store = Memory::default();
    let events = told.iter().flatten().cloned().map(Told).collect();
    let context = Loaded { id: ID.to_owned(), line: Line::default(), sequence: 0 };
    at_once(store.commit(events, context, HashMap::new()))??;
    Ok(store)
}

/// Loads the aggregate: clones and folds all of its events. How many they are.
///
/// # Errors
/// None that are known.
pub fn load(store: &Memory) -> Done<u64> {
    let loaded = at_once(store.load_aggregate(ID))??;
    std::hint::black_box(&loaded.line.view);
    Ok(loaded.sequence as u64)
}

/// Gives the framework one command for every record, each of which loads, handles, applies and commits. How many.
///
/// # Errors
/// None that are known.
pub fn execute(told: &[Vec<Event>]) -> Done<u64> {
    let framework = CqrsFramework::new(Memory::default(), Vec::new(), ());
    for decided in told {
        at_once(framework.execute(ID, decided.clone()))??;
    }
    Ok(told.len() as u64)
}

/// Runs a future that waits for nothing.
fn at_once<T>(future: impl Future<Output = T>) -> Done<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => Ok(done),
        Poll::Pending => Err("it waits, and there is nothing to wait for".into()),
    }
}
