//! Calls, found by stream, time, number and chain; what `find` asks for stands in [`facts`](super::facts). The index is
//! derived from the log as told, brought up to date when it is asked, and safe to lose.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::PoisonError;

use callfold_engine::calls::{Call, CallLog, CommandTrail, TimeLedger};
use callfold_engine::record::{Hash, Record, RecordError, has_erased, read_sealed, write_sealed};
use callfold_engine::{Event, PhoneNumber, Span, Text, Timestamp};
use callfold_store::{DerivedChange, StoreError, StreamId};

use super::facts;
use super::verify::PROGRESS_EVERY;
use super::{Log, LogError, OnProgress, Progress, tell};

/// Which calls are wanted. Whatever is none does not matter.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct CallQuery {
    /// Of this stream.
    pub stream: Option<StreamId>,
    /// Begun at or after.
    pub from: Option<Timestamp>,
    /// Begun before.
    pub to: Option<Timestamp>,
    /// With this number at the other end, as it was told.
    pub number: Option<String>,
    /// On this chain; the id of a call is its chain.
    pub chain: Option<String>,
    /// On a line of this agent: the login. See [`Log::agent`].
    pub agent: Option<String>,
}

/// A call, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FoundCall {
    /// The stream.
    pub stream: StreamId,
    /// The call.
    pub call: Call,
}

impl FoundCall {
    /// By when they began; those of one moment in an order that does not depend on how they were found.
    pub(super) fn by_began(&self, other: &Self) -> std::cmp::Ordering {
        let key = |found: &Self| (found.call.began.at, found.stream);
        key(self).cmp(&key(other)).then_with(|| self.call.by_began(&other.call))
    }
}

/// Raised with every change of what is put away: what is of another version is derived anew.
const VERSION: u8 = 4;
/// How many records are folded before what came of them is put away.
const STEP: usize = 10_000;

/// Is told which record was reached; an error breaks the work off.
pub(super) type OnReached<'r> = &'r mut dyn FnMut(u64) -> Result<(), LogError>;

/// Kinds of keys.
const STATE: u8 = b'i';
const CALL: u8 = b'c';
const BY_TIME: u8 = b't';
const BY_CHAIN: u8 = b'h';
const BY_NUMBER: u8 = b'n';
const COMMAND: u8 = b'm';

pub(super) fn key(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    std::iter::once(&[kind][..]).chain(parts.iter().copied()).collect::<Vec<_>>().concat()
}

/// Sorts as the times do.
pub(super) fn time_key(at: Timestamp) -> [u8; 8] {
    (at.as_micros() as u64 ^ (1 << 63)).to_be_bytes()
}

fn chain_key(chain: &str) -> [u8; 16] {
    let mut key = [0; 16];
    for (byte, of) in key.iter_mut().zip(Hash::of_stream(chain.as_bytes()).0) {
        *byte = of;
    }
    key
}

/// How far the index of a stream is.
struct State {
    reached: Reached,
    log: CallLog,
}

/// What stands at the front of a state, so that most questions are answered without reading the rest.
#[derive(Clone, Copy)]
pub(super) struct Reached {
    seq: u64,
    hash: Hash,
    calls: u64,
    commands: u64,
    /// Whether calls go on that are not in the index.
    pub(super) has_open: bool,
}

impl Log {
    /// The calls that are wanted, by when they began. Those that go on are among them, as they are now.
    ///
    /// # Errors
    /// [`LogError`] if the log or its index cannot be read.
    pub fn calls(&self, query: &CallQuery) -> Result<Vec<FoundCall>, LogError> {
        let mut found = Vec::new();
        for stream in self.of_agent(query.stream, query.agent.as_deref())? {
            let calls = self.indexed(stream, |reached| self.calls_of(stream, query, reached))?;
            found.extend(calls.into_iter().map(|call| FoundCall { stream, call }));
        }
        found.sort_by(FoundCall::by_began);
        Ok(found)
    }

    /// Whose line a stream is: the login that it was begun with, else the one that the log tells last. None if nobody
    /// has logged in.
    ///
    /// # Errors
    /// [`LogError`] if the log or its index cannot be read.
    pub fn agent(&self, stream: StreamId) -> Result<Option<Text>, LogError> {
        match self.info(stream)?.agent {
            Some(agent) => Ok(Some(agent)),
            None => self.indexed(stream, |_| Ok(self.derived_log(stream)?.view().agent.login.clone())),
        }
    }

    /// The calls of a stream that are wanted, from its index as far as it is.
    fn calls_of(&self, stream: StreamId, query: &CallQuery, reached: Reached) -> Result<Vec<Call>, LogError> {
        let ordinals = self.ordinals(stream, query, reached.calls)?;
        let calls = ordinals.into_iter().map(|ordinal| self.call(stream, ordinal));
        let mut calls = calls.collect::<Result<Vec<_>, _>>()?;
        if reached.has_open {
            calls.extend(self.derived_log(stream)?.close().calls);
        }
        calls.retain(|call| query.wants(call));
        Ok(calls)
    }

    /// The calls of a stream that are wanted, up to where it is damaged; and what the damage is.
    pub(super) fn calls_as_far(
        &self,
        stream: StreamId,
        query: &CallQuery,
    ) -> Result<(Vec<Call>, Option<LogError>), LogError> {
        match self.indexed(stream, |reached| self.calls_of(stream, query, reached)) {
            Ok(calls) => Ok((calls, None)),
            Err(LogError::Store(damage)) => {
                let calls = self.as_far(stream, |reached| self.calls_of(stream, query, reached))?;
                Ok((calls, Some(damage.into())))
            }
            Err(error) => Err(error),
        }
    }

    /// Reads something from the index of a stream, as far as that can be brought up to date; and what the damage is that
    /// it cannot be brought further for. What reads is told whether calls go on.
    pub(super) fn indexed_as_far<T: Default>(
        &self,
        stream: StreamId,
        read: impl Fn(bool) -> Result<T, LogError>,
    ) -> Result<(T, Option<LogError>), LogError> {
        let read = |reached: Reached| read(reached.has_open);
        match self.indexed(stream, read) {
            Ok(found) => Ok((found, None)),
            Err(LogError::Store(damage)) => Ok((self.as_far(stream, read)?, Some(damage.into()))),
            Err(error) => Err(error),
        }
    }

    /// Reads from the index of a stream that cannot be brought up to date.
    fn as_far<T: Default>(
        &self,
        stream: StreamId,
        read: impl Fn(Reached) -> Result<T, LogError>,
    ) -> Result<T, LogError> {
        let _one_at_a_time = self.deriving.lock().unwrap_or_else(PoisonError::into_inner);
        let there = self.state_bytes(stream)?;
        match there.as_deref().and_then(Reached::read) {
            Some((reached, _)) => read(reached),
            None => Ok(T::default()),
        }
    }

    /// The streams that are wanted: this one, or those of this agent.
    pub(super) fn of_agent(
        &self,
        stream: Option<StreamId>,
        agent: Option<&str>,
    ) -> Result<Vec<StreamId>, LogError> {
        let mut wanted = Vec::new();
        for (id, _) in self.store.streams()? {
            let is_of = |agent: &str| -> Result<bool, LogError> {
                Ok(self.agent(id)?.is_some_and(|known| known.as_str() == agent))
            };
            if stream.is_none_or(|stream| stream == id) && agent.map_or(Ok(true), is_of)? {
                wanted.push(id);
            }
        }
        Ok(wanted)
    }

    /// Every command of a stream, with what the server answered and what it led to.
    ///
    /// # Errors
    /// [`LogError`] if the log or its index cannot be read.
    pub fn commands(&self, stream: StreamId) -> Result<Vec<CommandTrail>, LogError> {
        let id = stream.0.to_be_bytes();
        let mut commands = self.indexed(stream, |reached| {
            let mut commands = Vec::new();
            for entry in self.store.derived(&key(COMMAND, &[&id]), &key(COMMAND, &[&id, &[0xff; 17]]), false)
            {
                commands.push(read_sealed(&entry?.1, self.store.keys())?);
            }
            if commands.len() as u64 != reached.commands {
                return Err(RecordError::Damaged("the index lost a command").into());
            }
            commands.extend(self.derived_log(stream)?.close().commands);
            Ok(commands)
        })?;
        commands.sort_by_key(|command: &CommandTrail| command.id);
        Ok(commands)
    }

    /// The commands of a call, with what the server answered and what they led to; no others are read.
    ///
    /// # Errors
    /// [`LogError`] if the log or its index cannot be read.
    pub fn commands_of(&self, stream: StreamId, call: &Call) -> Result<Vec<CommandTrail>, LogError> {
        if call.commands.is_empty() {
            return Ok(Vec::new());
        }
        let id = stream.0.to_be_bytes();
        let wanted: BTreeSet<_> = call.commands.iter().copied().collect();
        let mut commands = self.indexed(stream, |_| {
            let mut commands: Vec<CommandTrail> = Vec::new();
            for command in &wanted {
                let name = [&id[..], &command.0.to_be_bytes()];
                let (from, to) = (key(COMMAND, &name), key(COMMAND, &[&name.concat(), &[0xff; 9]]));
                if let Some(entry) = self.store.derived(&from, &to, false).next() {
                    commands.push(read_sealed(&entry?.1, self.store.keys())?);
                }
            }
            if commands.len() < wanted.len() {
                // Some of them are still followed.
                commands.extend(self.derived_log(stream)?.close().commands);
                commands.retain(|command| wanted.contains(&command.id));
            }
            Ok(commands)
        })?;
        commands.sort_by_key(|command| command.id);
        Ok(commands)
    }

    /// The time ledger of a stream, up to its last record. Its days are those of UTC; [`Log::time_by_day`] has others.
    ///
    /// # Errors
    /// [`LogError`] if the log or its index cannot be read.
    pub fn time(&self, stream: StreamId) -> Result<TimeLedger, LogError> {
        self.indexed(stream, |_| Ok(self.derived_log(stream)?.ledger().clone()))
    }

    /// The time ledger of a stream with days that begin `day_offset` before midnight UTC. Reads the whole stream.
    ///
    /// # Errors
    /// [`LogError`] if the log cannot be read; [`LogError::Interrupted`] if it is broken off.
    pub fn time_by_day(
        &self,
        stream: StreamId,
        day_offset: Span,
        progress: OnProgress<'_>,
    ) -> Result<TimeLedger, LogError> {
        let of = self.store.head(stream)?.seq;
        let mut log = CallLog::new(day_offset);
        self.fold_by_day(stream, &mut log, &mut |done| match progress(Progress::new(done, of)) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(LogError::Interrupted),
        })?;
        Ok(log.ledger().clone())
    }

    /// Folds a stream from its beginning; is told how far it is.
    pub(super) fn fold_by_day(
        &self,
        stream: StreamId,
        log: &mut CallLog,
        reached: OnReached<'_>,
    ) -> Result<(), LogError> {
        for told in self.told(stream, 1) {
            let told = told?;
            log.record(told.seq, told.at, &told.events);
            log.take_over();
            if told.seq.is_multiple_of(PROGRESS_EVERY) {
                reached(told.seq)?;
            }
        }
        Ok(())
    }

    /// Derives what [`Log::calls`], [`Log::commands`] and [`Log::time`] read, of one stream or of all; they derive by
    /// themselves what is not, so this is for who wants to see how far it is. Broken off, what was derived stays, and the
    /// next one goes on from there.
    ///
    /// # Errors
    /// [`LogError`] if the log or its index cannot be read, or it was broken off.
    pub fn bring_up_to_date(
        &self,
        stream: Option<StreamId>,
        progress: OnProgress<'_>,
    ) -> Result<(), LogError> {
        let streams = match stream {
            Some(stream) => vec![stream],
            None => self.store.streams()?.into_iter().map(|(id, _)| id).collect(),
        };
        let heads = streams.iter().map(|id| Ok((*id, self.store.head(*id)?.seq)));
        let heads = heads.collect::<Result<Vec<_>, StoreError>>()?;
        let of = heads.iter().map(|(_, last)| last).sum();
        let mut done = 0;
        for (stream, last) in heads {
            tell(progress, done, of)?;
            self.derive_stream(stream, &mut |seq| tell(progress, (done + seq).min(of), of))?;
            done += last;
        }
        // It is done: nothing is left to be broken off.
        let _ = progress(Progress { done: of, of });
        Ok(())
    }

    /// Brings the index of a stream up to date; is told how far it is.
    pub(super) fn derive_stream(&self, stream: StreamId, reached: OnReached<'_>) -> Result<(), LogError> {
        let _one_at_a_time = self.deriving.lock().unwrap_or_else(PoisonError::into_inner);
        match self.derive(stream, reached) {
            Err(LogError::Record(_)) => {
                self.forget(stream)?;
                self.derive(stream, reached).map(drop)
            }
            done => done.map(drop),
        }
    }

    /// Reads something from the index of a stream, brought up to date. What is lost or cannot be read there is derived
    /// anew, once.
    pub(super) fn indexed<T>(
        &self,
        stream: StreamId,
        read: impl Fn(Reached) -> Result<T, LogError>,
    ) -> Result<T, LogError> {
        // Held until all is read: nobody forgets the index meanwhile.
        let _one_at_a_time = self.deriving.lock().unwrap_or_else(PoisonError::into_inner);
        let derive = || self.derive(stream, &mut |_| Ok(()));
        match derive().and_then(&read) {
            // The log's own records are the store's errors.
            Err(LogError::Record(_)) => {
                self.forget(stream)?;
                derive().and_then(read)
            }
            done => done,
        }
    }

    pub(super) fn call(&self, stream: StreamId, ordinal: u64) -> Result<Call, LogError> {
        let name = key(CALL, &[&stream.0.to_be_bytes(), &ordinal.to_be_bytes()]);
        let end = key(CALL, &[&stream.0.to_be_bytes(), &ordinal.saturating_add(1).to_be_bytes()]);
        match self.store.derived(&name, &end, false).next() {
            Some(entry) => Ok(read_sealed(&entry?.1, self.store.keys())?),
            None => Err(RecordError::Damaged("the index lost a call").into()),
        }
    }

    /// The calls among which the wanted ones are, by the index that leaves fewest.
    fn ordinals(&self, stream: StreamId, query: &CallQuery, calls: u64) -> Result<Vec<u64>, LogError> {
        let id = stream.0.to_be_bytes();
        let ranges = if let Some(chain) = &query.chain {
            let chain = chain_key(chain);
            vec![(key(BY_CHAIN, &[&chain, &id]), key(BY_CHAIN, &[&chain, &id, &[0xff; 9]]))]
        } else if let Some(number) = &query.number {
            let subjects = self.store.keys().find_all(number);
            let range = |subject: [u8; 8]| {
                (key(BY_NUMBER, &[&subject, &id]), key(BY_NUMBER, &[&subject, &id, &[0xff; 9]]))
            };
            subjects.into_iter().map(|subject| range(subject.0.to_be_bytes())).collect()
        } else if query.from.is_some() || query.to.is_some() {
            let from = time_key(query.from.unwrap_or(Timestamp::from_micros(i64::MIN)));
            let to = time_key(query.to.unwrap_or(Timestamp::from_micros(i64::MAX)));
            vec![(key(BY_TIME, &[&id, &from]), key(BY_TIME, &[&id, &to]))]
        } else {
            return Ok((0..calls).collect());
        };
        let mut ordinals = Vec::new();
        for (from, to) in ranges {
            for entry in self.store.derived(&from, &to, false) {
                let (name, _) = entry?;
                ordinals
                    .extend(name.split_last_chunk::<8>().map(|(_, ordinal)| u64::from_be_bytes(*ordinal)));
            }
        }
        // A number may be several subjects: the log's own, and those that came with exports.
        ordinals.sort_unstable();
        ordinals.dedup();
        Ok(ordinals)
    }

    /// Brings the index of a stream up to date; how far it is then. Whoever is told meanwhile can break it off: what was
    /// folded until then is put away. For who holds `deriving`.
    fn derive(&self, stream: StreamId, on_reached: OnReached<'_>) -> Result<Reached, LogError> {
        let head = self.store.head(stream)?;
        let there = self.state_bytes(stream)?;
        let reached = there.as_deref().and_then(Reached::read).map(|(reached, _)| reached);
        if let Some(reached) = reached
            && (reached.seq, reached.hash) == (head.seq, head.hash)
        {
            return Ok(reached);
        }
        let state = match (reached, there) {
            (Some(reached), Some(bytes)) if self.belongs(stream, reached, head.seq)? => {
                self.read_state(&bytes)
            }
            (Some(_) | None, _) => None,
        };
        let mut state = match state {
            Some(state) => state,
            None => {
                self.forget(stream)?;
                let hash = self.origin(stream)?;
                let reached = Reached { seq: 0, hash, calls: 0, commands: 0, has_open: false };
                State { reached, log: CallLog::default() }
            }
        };
        let mut changes = Vec::new();
        let mut since = 0;
        for block in self.store.blocks(stream, state.reached.seq + 1) {
            let block = match block {
                Ok(block) => block,
                Err(damage) => return self.damaged(stream, state, changes, damage),
            };
            for record in block.records() {
                let read = record.and_then(|record| {
                    let place = record.place;
                    let read = Record::read_events(record.bytes, self.store.keys());
                    let (told, events) = read.map_err(|source| StoreError::Record { place, source })?;
                    // Whose a command is, and all that it names, only its input says.
                    let given = |event: &Event| matches!(event, Event::CommandGiven { .. });
                    let input = if events.iter().any(given) {
                        let whole = Record::read(record.bytes, self.store.keys());
                        Some(whole.map_err(|source| StoreError::Record { place, source })?.input)
                    } else {
                        None
                    };
                    Ok((record, told, events, input))
                });
                let (record, told, events, input) = match read {
                    Ok(read) => read,
                    Err(damage) => return self.damaged(stream, state, changes, damage),
                };
                if let Some(input) = &input {
                    state.log.input(&input.kind);
                }
                state.log.record(told.seq, told.at, &events);
                (state.reached.seq, state.reached.hash) = (told.seq, record.hash);
                self.put_over(stream, &mut state, &mut changes)?;
                since += 1;
                if told.seq.is_multiple_of(PROGRESS_EVERY)
                    && let Err(broken_off) = on_reached(told.seq)
                {
                    self.put_state(stream, &mut state, changes)?;
                    return Err(broken_off);
                }
            }
            if since >= STEP {
                since = 0;
                self.put_state(stream, &mut state, std::mem::take(&mut changes))?;
            }
        }
        self.put_state(stream, &mut state, changes)?;
        Ok(state.reached)
    }

    /// A stream cannot be read further: what came of the records before is put away, so that what is sound is found.
    fn damaged(
        &self,
        stream: StreamId,
        mut state: State,
        changes: Vec<DerivedChange>,
        damage: StoreError,
    ) -> Result<Reached, LogError> {
        self.put_state(stream, &mut state, changes)?;
        Err(damage.into())
    }

    /// What the index has open, after [`Log::derive`].
    pub(super) fn derived_log(&self, stream: StreamId) -> Result<CallLog, LogError> {
        let state = self.state_bytes(stream)?.and_then(|bytes| self.read_state(&bytes));
        Ok(state.ok_or(RecordError::Damaged("the index lost what goes on"))?.log)
    }

    fn put_over(
        &self,
        stream: StreamId,
        state: &mut State,
        changes: &mut Vec<DerivedChange>,
    ) -> Result<(), LogError> {
        let over = state.log.take_over();
        let id = stream.0.to_be_bytes();
        for call in &over.calls {
            let ordinal = state.reached.calls.to_be_bytes();
            state.reached.calls += 1;
            changes.push((key(CALL, &[&id, &ordinal]), Some(write_sealed(call, &mut self.store.keys())?)));
            changes.push((key(BY_TIME, &[&id, &time_key(call.began.at), &ordinal]), Some(vec![1])));
            changes.push((key(BY_CHAIN, &[&chain_key(call.id.as_str()), &id, &ordinal]), Some(vec![1])));
            let mut numbers: Vec<&str> =
                numbers_of(call).map(PhoneNumber::as_str).filter(|number| !has_erased(number)).collect();
            numbers.sort_unstable();
            numbers.dedup();
            for number in numbers {
                for subject in self.store.keys().find_all(number) {
                    let name = key(BY_NUMBER, &[&subject.0.to_be_bytes(), &id, &ordinal]);
                    changes.push((name, Some(vec![1])));
                }
            }
            facts::put(self.store.keys(), stream, state.reached.calls - 1, call, changes)?;
        }
        for command in &over.commands {
            let ordinal = state.reached.commands.to_be_bytes();
            state.reached.commands += 1;
            let value = write_sealed(command, &mut self.store.keys())?;
            let name = key(COMMAND, &[&id, &command.id.0.to_be_bytes(), &ordinal]);
            changes.push((name, Some(value)));
        }
        Ok(())
    }

    /// Puts away what came of the records so far; how far it is last, so that after a crash nothing is counted that
    /// is not there.
    fn put_state(
        &self,
        stream: StreamId,
        state: &mut State,
        mut changes: Vec<DerivedChange>,
    ) -> Result<(), LogError> {
        state.reached.has_open = !state.log.clone().close().calls.is_empty();
        let mut bytes = state.reached.bytes();
        bytes.extend(write_sealed(&state.log, &mut self.store.keys())?);
        changes.push((key(STATE, &[&stream.0.to_be_bytes()]), Some(bytes)));
        Ok(self.store.put_derived(changes)?)
    }

    fn state_bytes(&self, stream: StreamId) -> Result<Option<Vec<u8>>, LogError> {
        let id = stream.0.to_be_bytes();
        let entry = self.store.derived(&key(STATE, &[&id]), &key(STATE, &[&id, &[0]]), false).next();
        Ok(entry.transpose()?.map(|(_, bytes)| bytes))
    }

    /// Whether the record that an index has reached is in the log as it was then.
    fn belongs(&self, stream: StreamId, reached: Reached, last: u64) -> Result<bool, LogError> {
        if reached.seq == 0 || reached.seq > last {
            return Ok(false);
        }
        let block = self.store.blocks(stream, reached.seq).next().transpose()?;
        Ok(block.is_some_and(|block| {
            let record = block.records().next();
            record.is_some_and(|record| {
                record.is_ok_and(|record| record.place.seq == reached.seq && record.hash == reached.hash)
            })
        }))
    }

    fn read_state(&self, bytes: &[u8]) -> Option<State> {
        let (reached, log) = Reached::read(bytes)?;
        Some(State { reached, log: read_sealed(log, self.store.keys()).ok()? })
    }

    /// Removes the index of a stream, so that nothing of an older one stays.
    fn forget(&self, stream: StreamId) -> Result<(), LogError> {
        let id = stream.0.to_be_bytes();
        let kinds = [CALL, BY_TIME, COMMAND, facts::FACT];
        let ranges = kinds.map(|kind| (key(kind, &[&id]), key(kind, &[&id, &[0xff; 18]])));
        let of_stream = |name: &[u8], at: usize| name.get(at..at + 4) == Some(&id[..]);
        // How far it is goes first: a part of an index that says it is whole would be believed.
        let mut gone: Vec<DerivedChange> = vec![(key(STATE, &[&id]), None)];
        for (from, to) in ranges {
            for entry in self.store.derived(&from, &to, false) {
                gone.push((entry?.0, None));
            }
        }
        for (kind, at) in [(BY_CHAIN, 17), (BY_NUMBER, 9), (facts::BY_PERSON, 10), (facts::BY_ID, 37)] {
            for entry in self.store.derived(&key(kind, &[]), &key(kind + 1, &[]), false) {
                let (name, _) = entry?;
                if of_stream(&name, at) {
                    gone.push((name, None));
                }
            }
        }
        Ok(self.store.put_derived(gone)?)
    }
}

impl Reached {
    fn bytes(&self) -> Vec<u8> {
        let numbers = [self.seq, self.calls, self.commands, u64::from(self.has_open)];
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&self.hash.0);
        numbers.iter().for_each(|number| bytes.extend_from_slice(&number.to_be_bytes()));
        bytes
    }

    /// How far it is, and the rest of the state.
    fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (version, rest) = bytes.split_first()?;
        let (hash, rest) = rest.split_first_chunk::<32>()?;
        let (numbers, rest) = rest.split_first_chunk::<32>()?;
        let mut numbers =
            numbers.chunks(8).map_while(|number| number.try_into().ok().map(u64::from_be_bytes));
        let reached = Self {
            seq: numbers.next()?,
            hash: Hash(*hash),
            calls: numbers.next()?,
            commands: numbers.next()?,
            has_open: numbers.next()? != 0,
        };
        (*version == VERSION).then_some((reached, rest))
    }
}

/// The numbers at the other end of a call.
fn numbers_of(call: &Call) -> impl Iterator<Item = &PhoneNumber> {
    let others = std::iter::once(&call.other).chain(call.legs.iter().map(|leg| &leg.who));
    others.filter_map(|who| who.number.as_ref())
}

impl CallQuery {
    fn wants(&self, call: &Call) -> bool {
        let began = call.began.at;
        let with = |number: &String| numbers_of(call).any(|known| known.as_str() == number);
        self.from.is_none_or(|from| began >= from)
            && self.to.is_none_or(|to| began < to)
            && self.number.as_ref().is_none_or(with)
            && self.chain.as_ref().is_none_or(|chain| call.id.as_str() == chain)
    }
}

#[cfg(test)]
mod tests {
    use callfold_engine::Config;

    use super::*;
    use crate::log::StreamInfo;

    const SESSION: &[u8] = include_bytes!("../../../../tests/vectors/named/hold-and-back.jsonl");

    #[test]
    fn the_agent_of_a_stream_is_the_one_it_was_begun_with_or_the_one_it_tells() {
        let log = Log::in_memory().unwrap();
        let told = log.import_trace(SESSION, None).unwrap().stream;
        let info = StreamInfo::new("b", Config::live(), Timestamp::from_millis(0));
        let nobody = log.begin(&info).unwrap().stream();
        let info = StreamInfo { name: "c".into(), ..info }.of("petrov", "ws://pbx.example");
        let begun = log.begin(&info).unwrap().stream();
        let agent = |stream| log.agent(stream).unwrap().map(|agent| agent.as_str().to_owned());
        assert_eq!(agent(told).as_deref(), Some("ivanov"));
        assert_eq!(agent(nobody), None);
        assert_eq!(agent(begun).as_deref(), Some("petrov"));
        let of = |agent: Option<&str>| {
            let query = CallQuery { agent: agent.map(str::to_owned), ..CallQuery::default() };
            log.calls(&query).unwrap()
        };
        assert!(!of(None).is_empty());
        assert_eq!(of(Some("ivanov")), of(None));
        assert!(of(Some("petrov")).is_empty() && of(Some("ivano")).is_empty());
    }
}
