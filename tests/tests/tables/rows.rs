//! What the rows say.

use arrow_array::cast::AsArray as _;
use arrow_array::types::{
    DurationMicrosecondType, TimestampMicrosecondType, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, RecordBatch, StringArray};
use callfold::calls::{Call, CommandTrail, TimeKind};
use callfold::tables::{BATCH_BYTES, BATCH_ROWS, CallRows, EventRows, Rows, Table};
use callfold::{Event, Span, Timestamp};

use crate::logs::{all, batches};

/// One event of every kind, as the engine's tests have them.
const EVENTS: &str = include_str!("../../../core/engine/tests/events.jsonl");

fn texts<'b>(batch: &'b RecordBatch, column: &str) -> Vec<Option<&'b str>> {
    let column = batch.column_by_name(column).unwrap();
    if let Some(texts) = column.as_string_opt::<i32>() {
        return texts.iter().collect();
    }
    let words = column.as_any_dictionary();
    let values: &StringArray = words.values().as_string();
    let key = |row| words.is_valid(row).then(|| words.normalized_keys()[row]);
    (0..words.len()).map(|row| key(row).map(|key| values.value(key))).collect()
}

fn lengths(batches: &[RecordBatch], column: &str) -> i64 {
    let of = |batch: &RecordBatch| -> i64 {
        let column = batch.column_by_name(column).unwrap().as_primitive::<DurationMicrosecondType>();
        column.values().iter().sum()
    };
    batches.iter().map(of).sum()
}

fn counts(batches: &[RecordBatch], column: &str) -> u32 {
    let of = |batch: &RecordBatch| -> u32 {
        batch.column_by_name(column).unwrap().as_primitive::<UInt32Type>().values().iter().sum()
    };
    batches.iter().map(of).sum()
}

#[test]
fn every_kind_of_event_is_a_row_that_reads_back() {
    let events: Vec<Event> = EVENTS.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut rows = EventRows::new();
    rows.push("s", 7, Timestamp::from_micros(5), &events).unwrap();
    assert_eq!(rows.len(), events.len());
    let batch = rows.finish().unwrap();
    for (event, detail) in events.iter().zip(texts(&batch, "detail")) {
        assert_eq!(serde_json::from_str::<Event>(detail.unwrap()).unwrap(), *event);
    }
    let row = |name: &str| events.iter().position(|event| event.name() == name).unwrap();
    let told = |column: &str, name: &str| texts(&batch, column)[row(name)].map(str::to_owned);
    assert_eq!(told("announced", "line_changed").as_deref(), Some("stateChange"));
    assert_eq!(told("announced", "provider").as_deref(), Some("callStarted"));
    assert_eq!(told("announced", "command_done").as_deref(), Some("call"));
    assert_eq!(told("announced", "request_sent"), None);
    assert_eq!(told("line", "line_started").as_deref(), Some("talk"));
    assert_eq!(told("chain", "line_started").as_deref(), Some("c-1"));
    assert_eq!(told("number", "line_started").as_deref(), Some("201"));
    assert_eq!(told("name", "line_started").as_deref(), Some("Client"));
    assert_eq!(told("command_name", "command_given").as_deref(), Some("call"));
    let codes = batch.column_by_name("code").unwrap().as_primitive::<UInt16Type>();
    assert_eq!(codes.value(row("command_done")), 2107);
    assert!(codes.is_null(row("connected")));
    let commands = batch.column_by_name("command").unwrap().as_primitive::<UInt64Type>();
    assert_eq!(commands.value(row("request_sent")), 7);
    assert!(commands.is_null(row("connected")));
}

#[test]
fn every_event_of_every_log_is_a_row_in_its_place() {
    let logs = all();
    let mut expected = logs.iter().flat_map(|log| {
        let records = log.records.iter();
        records.flat_map(move |record| (0..).zip(&record.events).map(move |event| (log, record, event)))
    });
    let mut count = 0;
    for batch in batches(Table::Events, &logs) {
        let (streams, details) = (texts(&batch, "stream"), texts(&batch, "detail"));
        let seqs = batch.column_by_name("seq").unwrap().as_primitive::<UInt64Type>();
        let times = batch.column_by_name("at").unwrap().as_primitive::<TimestampMicrosecondType>();
        let places = batch.column_by_name("place").unwrap().as_primitive::<UInt32Type>();
        for row in 0..batch.num_rows() {
            let (log, record, (place, event)) = expected.next().unwrap();
            assert_eq!(streams[row], Some(log.stream.as_str()));
            assert_eq!((seqs.value(row), places.value(row)), (record.seq, place));
            assert_eq!(times.value(row), record.at.as_micros());
            // Not compared with the event itself: that a list is there, but has nobody, is not in the JSON.
            let detail: Event = serde_json::from_str(details[row].unwrap()).unwrap();
            assert_eq!(serde_json::to_value(detail).unwrap(), serde_json::to_value(event).unwrap());
            count += 1;
        }
    }
    assert!(expected.next().is_none());
    assert!(count > BATCH_ROWS, "{count} rows are no test of batches");
}

#[test]
fn the_times_and_counts_of_calls_add_up() {
    let logs = all();
    let batches = batches(Table::Calls, &logs);
    let calls: Vec<&Call> = logs.iter().flat_map(|log| &log.over.calls).collect();
    let sum = |of: &dyn Fn(&Call) -> Span| -> i64 { calls.iter().map(|call| of(call).as_micros()).sum() };
    let number = |of: &dyn Fn(&Call) -> usize| -> u32 { calls.iter().map(|call| of(call) as u32).sum() };
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    assert_eq!(rows, calls.len());
    for (column, told) in
        [("waited", sum(&Call::waited)), ("talk", sum(&Call::talk)), ("held", sum(&Call::held))]
    {
        assert_ne!(told, 0, "{column}: nothing to compare");
        assert_eq!(lengths(&batches, column), told, "{column}");
    }
    for kind in TimeKind::ALL {
        let column = format!("time_{}", kind.text().replace('-', "_"));
        assert_eq!(lengths(&batches, &column), sum(&|call| call.time.of(kind)), "{column}");
    }
    let told = [
        ("holds", number(&|call| call.holds.len())),
        ("transfers", number(&|call| call.transfers.len())),
        ("consultations", number(&|call| call.consultations.len())),
        ("conferences", number(&|call| call.conferences.len())),
        ("gaps", number(&|call| call.gaps.len())),
        ("commands", number(&|call| call.commands.len())),
    ];
    for (column, told) in told {
        assert_ne!(told, 0, "{column}: nothing to compare");
        assert_eq!(counts(&batches, column), told, "{column}");
    }
    let irregular: usize = batches
        .iter()
        .map(|batch| batch.column_by_name("irregularities").unwrap().as_list::<i32>().values().len())
        .sum();
    assert_eq!(irregular, calls.iter().map(|call| call.irregularities.len()).sum::<usize>());
    assert_ne!(irregular, 0);
}

#[test]
fn every_command_is_a_row() {
    let logs = all();
    let batches = batches(Table::Commands, &logs);
    let trails: Vec<&CommandTrail> = logs.iter().flat_map(|log| &log.over.commands).collect();
    let names: Vec<_> = batches.iter().flat_map(|batch| texts(batch, "name")).map(Option::unwrap).collect();
    assert_eq!(names, trails.iter().map(|trail| trail.name.text()).collect::<Vec<_>>());
    let requests: usize = trails.iter().map(|trail| trail.requests.len()).sum();
    assert_eq!(counts(&batches, "requests") as usize, requests);
    let effects = batches.iter().flat_map(|batch| texts(batch, "effect")).flatten().count();
    assert_eq!(effects, trails.iter().filter(|trail| trail.effect.is_some()).count());
    assert_ne!(effects, 0);
}

#[test]
fn the_table_of_time_balances() {
    let logs = all();
    let batches = batches(Table::Time, &logs);
    let logged_in: i64 = logs.iter().map(|log| log.ledger.logged_in().as_micros()).sum();
    assert_ne!(logged_in, 0);
    assert_eq!(lengths(&batches, "length"), logged_in);
}

#[test]
fn rows_are_full_at_their_bounds_and_none_are_left_after() {
    let mut rows = EventRows::new();
    for seq in 1..=BATCH_ROWS as u64 {
        assert!(!rows.is_full());
        rows.push("s", seq, Timestamp::default(), &[Event::Connected]).unwrap();
    }
    assert!(rows.is_full());
    assert_eq!(rows.finish().unwrap().num_rows(), BATCH_ROWS);
    assert!(rows.is_empty() && !rows.is_full());

    let long = Event::UnknownEvent { name: "x".repeat(BATCH_BYTES).into() };
    rows.push("s", 1, Timestamp::default(), &[long]).unwrap();
    assert!(rows.is_full(), "one long event fills a batch");
    assert_eq!(rows.finish().unwrap().num_rows(), 1);
    assert_eq!(rows.text_bytes(), 0);
}

#[test]
fn a_day_at_the_end_of_the_calendar_is_a_row() {
    use callfold::calls::CallLog;
    use callfold::tables::TimeRows;
    let mut log = CallLog::new(Span::ZERO);
    log.record(1, Timestamp::from_micros(i64::MAX - 1), &[Event::LoggedIn { user: "u".into() }]);
    log.time_passes_until(Timestamp::from_micros(i64::MAX));
    let mut rows = TimeRows::new();
    rows.push("s", log.ledger()).unwrap();
    let batch = rows.finish().unwrap();
    let days = batch.column_by_name("day").unwrap().as_primitive::<arrow_array::types::Date32Type>();
    assert_eq!(days.value(0), 106_751_991);
}

#[test]
fn rows_printed_for_diagnosis_name_nobody() {
    let mut rows = EventRows::new();
    let given: Event = serde_json::from_str(r#"{"RedirectNumberTold":{"number":"79161234567"}}"#).unwrap();
    rows.push("s", 1, Timestamp::default(), &[given]).unwrap();
    assert_eq!(format!("{rows:?} {:?}", CallRows::new()), "EventRows { len: 1, .. } CallRows { len: 0, .. }");
}
