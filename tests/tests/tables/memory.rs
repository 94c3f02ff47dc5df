//! What a writer holds does not grow with the table.

use std::io;

use callfold::tables::{EventRows, Format, Rows, Table, TableWriter};
use callfold::{Event, Text, Timestamp};

/// Text that does not compress: letters drawn by xorshift.
fn noise(state: &mut u64) -> Text {
    let letters = (0..400).map(|_| {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        char::from(b'!' + (*state >> 33) as u8 % 90)
    });
    Text::from(letters.collect::<String>())
}

/// Writes so many batches, and says the most that was held at a time.
fn held(format: Format, batches: usize) -> u64 {
    let mut state = 0x9E37_79B9_7F4A_7C15;
    let write = || {
        let mut writer = TableWriter::create(format, Table::Events, io::sink()).unwrap();
        let mut rows = EventRows::new();
        for seq in 1..=batches as u64 {
            while !rows.is_full() {
                let event = Event::UnknownEvent { name: noise(&mut state) };
                rows.push("s", seq, Timestamp::default(), &[event]).unwrap();
            }
            writer.write(&rows.finish().unwrap()).unwrap();
        }
        writer.finish().unwrap();
    };
    allocation_counter::measure(write).bytes_max
}

#[test]
fn memory_is_bounded_by_the_batch_in_csv() {
    // Buffers grow by doubling: the longest of many batches may just need the next size.
    let (one, many) = (held(Format::Csv, 1), held(Format::Csv, 12));
    assert!(many < 2 * one, "a batch holds {one} bytes, twelve hold {many}");
}

#[test]
fn memory_is_bounded_by_the_row_group_in_parquet() {
    // 48 batches have some 190 MB of text, 150 MB compressed, and a row group is 64 MiB at most.
    let many = held(Format::Parquet, 48);
    assert!(many < 128 * 1024 * 1024, "{many} bytes");
}
