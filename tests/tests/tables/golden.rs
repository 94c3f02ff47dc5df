//! Every column of every table, on a session that has something to say in most of them.

use std::fs;
use std::path::Path;

use callfold::tables::{Format, Table, TableWriter};

use crate::logs::{batches, log};

/// A customer calls, is put on hold, a colleague is consulted, and the two are connected.
const SESSION: &str = "named/seed-incoming-consult-connect.jsonl";

#[test]
fn a_session_as_csv_is_as_it_was() {
    let logs = [log(SESSION)];
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tables/golden");
    for table in Table::ALL {
        let mut file = Vec::new();
        let mut writer = TableWriter::create(Format::Csv, table, &mut file).unwrap();
        for batch in batches(table, &logs) {
            writer.write(&batch).unwrap();
        }
        writer.finish().unwrap();
        let text = String::from_utf8(file).unwrap();
        let path = directory.join(format!("{table}.csv"));
        // After a change that is meant: CALLFOLD_BLESS=1, and read the difference.
        if std::env::var_os("CALLFOLD_BLESS").is_some() {
            fs::write(&path, &text).unwrap();
        }
        let golden = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for (number, (now, then)) in (1..).zip(text.lines().zip(golden.lines())) {
            assert_eq!(now, then, "{table}, line {number}");
        }
        assert_eq!(text.len(), golden.len(), "{table}");
    }
}
