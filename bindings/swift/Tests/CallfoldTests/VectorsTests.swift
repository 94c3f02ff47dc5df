import Foundation
import XCTest

@testable import Callfold

/// What is said of recorded sessions. Without a library for hashes it is compared as text: events and calls with what an
/// export that was read back says, and one session with what the reference client's trace has of it.
final class VectorsTests: XCTestCase {
    private struct Manifest: Decodable {
        struct File: Decodable { let path: String }
        let count: Int
        let files: [File]
    }

    private let vectors = repository.appendingPathComponent("tests/vectors")

    private func manifest() throws -> Manifest {
        try JSONDecoder().decode(Manifest.self, from: Data(contentsOf: vectors.appendingPathComponent("manifest.json")))
    }

    private func events(_ log: LogReader, _ stream: String) async throws -> [Told] {
        var all: [Told] = []
        var from: UInt64 = 1
        while true {
            let piece = try await log.events(stream: stream, fromSeq: from, most: 1_000)
            guard let last = piece.last?.seq else { return all }
            all += piece
            from = last + 1
        }
    }

    func testEverySessionIsToldTheSameAgain() async throws {
        let manifest = try manifest()
        XCTAssertEqual(manifest.files.count, manifest.count)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for file in manifest.files {
            let log = try await LogReader.openFile(path: vectors.appendingPathComponent(file.path).path)
            let streams = try await log.streams()
            let stream = try XCTUnwrap(streams.first).name
            let report = try await log.verify(rerun: true)
            XCTAssertTrue(report.isGood, file.path)
            let export = folder.appendingPathComponent("log.jsonl").path
            _ = try await log.export(path: export)
            let copy = try await LogReader.openFile(path: export)
            let (one, two) = (try await events(log, stream), try await events(copy, stream))
            XCTAssertEqual(one.map(\.json.text), two.map(\.json.text), file.path)
            let (calls, again) = (try await log.calls(query: CallQuery()), try await copy.calls(query: CallQuery()))
            XCTAssertEqual(calls.map(\.json.text), again.map(\.json.text), file.path)
        }
    }

    /// The announcements of a session are those that its own trace has.
    func testAnnouncementsAreThoseOfTheTrace() async throws {
        let path = vectors.appendingPathComponent("named/hold-and-back.jsonl")
        let replay = try await replayFile(path: path.path)
        func announced(_ lines: Data) throws -> [NSDictionary] {
            let lines = String(decoding: lines, as: UTF8.self).split(separator: "\n")
            let read = try lines.map { try JSONSerialization.jsonObject(with: Data($0.utf8)) as? NSDictionary }
            return read.compactMap { $0 }.filter { $0["event"] != nil }
        }
        let (told, trace) = (try announced(Data(replay.announcements.text.utf8)), try announced(Data(contentsOf: path)))
        XCTAssertFalse(trace.isEmpty)
        XCTAssertEqual(told.map { $0["event"] as? String }, trace.map { $0["event"] as? String })
    }

    func testNumbersAreMaskedWhereTheyArePrinted() {
        let number = MaskedNumber(customerNumber)
        var dumped = ""
        dump(number, to: &dumped)
        XCTAssertFalse("\(number) \(String(reflecting: number)) \(dumped)".contains(customerNumber))
        XCTAssertEqual(number.text, customerNumber)
        let options = LineOptions(endpoint: Endpoint(addresses: ["wss://pbx.example"], login: "ivanov"))
        XCTAssertFalse("\(options) \(Command.call(number: number, partyFirst: false))".contains("ivanov"))
        XCTAssertFalse("\(CallQuery(number: number))".contains(customerNumber))
    }

    func testTimesCrossToTheMicrosecond() {
        for time: Int64 in [0, 1, -1, 1_768_197_600_123_456, -1_768_197_600_123_456] {
            XCTAssertEqual(micros(of: date(ofMicros: time)), time)
        }
        XCTAssertEqual(micros(of: duration(ofMicros: 90_000_001)), 90_000_001)
    }

    func testWhatIsBeyondTheEnginesTimeIsItsEnd() {
        for late in [Date(timeIntervalSince1970: 1e300), Date(timeIntervalSince1970: .infinity)] {
            XCTAssertEqual(micros(of: late), .max)
        }
        for early in [Date(timeIntervalSince1970: -1e300), Date(timeIntervalSince1970: -.infinity)] {
            XCTAssertEqual(micros(of: early), .min)
        }
        XCTAssertEqual(micros(of: Duration.seconds(Int64.max)), .max)
        XCTAssertEqual(micros(of: Duration.seconds(Int64.min)), .min)
        for time: Int64 in [.min, .min + 1, -1, 1, .max - 1, .max] {
            XCTAssertEqual(micros(of: duration(ofMicros: time)), time)
        }
    }

    func testTheTableOfErrorsIsThatOfEverySurface() throws {
        let kept = repository.appendingPathComponent("core/callfold/src/problem/numbers.txt")
        let rows = problemCodes().map { "\($0.code) \($0.name)\n" }.joined()
        XCTAssertEqual(rows, try String(contentsOf: kept, encoding: .utf8))
    }
}
