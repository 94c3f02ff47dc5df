import Foundation
import XCTest

@testable import Callfold

/// What an auditor asks of a log: calls by what is so of them, what does not fit, what comes out otherwise, a floor's figures.
final class AuditTests: XCTestCase {
    private let named = repository.appendingPathComponent("tests/vectors/named")
    private let sessions = ["hold-and-back", "incoming-abandoned", "ivr", "slow-server", "transfer-done", "connection-lost"]

    private func path(_ session: String) -> String { named.appendingPathComponent("\(session).jsonl").path }

    private func empty() throws -> LogReader { try Recorder.inMemory().reader() }

    private func floor() async throws -> LogReader {
        let log = try empty()
        for session in sessions { _ = try await log.takeIn(path: path(session)) }
        return log
    }

    private func problem(_ work: () async throws -> Void) async -> Problem? {
        do {
            try await work()
            XCTFail("it does not fail")
        } catch let error as CallfoldError {
            return error.details
        } catch {
            XCTFail("\(error)")
        }
        return nil
    }

    private func ids(_ calls: [Call]) -> [String] { calls.map { "\($0.stream) \($0.id)" } }

    // MARK: find

    func testEachFilterFindsWhatALookAtEveryCallFinds() async throws {
        let log = try await floor()
        let all = try await log.calls(query: CallQuery())
        let began = all.map(\.began.at).sorted()
        let (early, late) = (began[all.count / 3], began[2 * all.count / 3])
        func length(_ call: Call) -> Duration? {
            call.ended.map { duration(ofMicros: micros(of: $0.at) - micros(of: call.began.at)) }
        }
        let lengths = all.compactMap(length).sorted()
        let middle = lengths[lengths.count / 2]
        func people(_ call: Call) -> [OtherSide] {
            [call.other] + call.legs.map(\.who) + call.transfers.compactMap(\.with)
        }
        let filters: [(FindQuery, (Call) -> Bool)] = [
            (FindQuery(stream: "hold-and-back"), { $0.stream == "hold-and-back" }),
            (FindQuery(from: early), { $0.began.at >= early }),
            (FindQuery(to: late), { $0.began.at < late }),
            (FindQuery(number: "*4567"), { people($0).contains { $0.number?.text.hasSuffix("4567") ?? false } }),
            (FindQuery(name: "ПЕТРОВ"), {
                people($0).contains { $0.name?.text.lowercased().contains("петров") ?? false }
            }),
            (FindQuery(outcomes: [.abandoned]), { $0.outcome == .abandoned }),
            (FindQuery(atLeast: middle), { length($0).map { $0 >= middle } ?? false }),
            (FindQuery(atMost: middle), { length($0).map { $0 <= middle } ?? false }),
            (FindQuery(held: true), { !$0.holds.isEmpty }),
            (FindQuery(transferred: true), { !$0.transfers.isEmpty }),
            (FindQuery(irregular: true), { !$0.irregularities.isEmpty }),
        ]
        for (query, isWanted) in filters {
            let wanted = all.filter(isWanted)
            XCTAssertTrue(!wanted.isEmpty && wanted.count < all.count, "no calls to tell apart by \(query)")
            let found = try await log.find(query: query)
            XCTAssertEqual(Set(ids(wanted)), Set(ids(found.calls)), "\(query)")
            XCTAssertEqual(UInt64(wanted.count), found.total)
            XCTAssertTrue(found.damaged.isEmpty)
        }
        let latest = try await log.find(query: FindQuery(agent: "ivanov", most: 2))
        XCTAssertEqual(ids(all.suffix(2)), ids(latest.calls))
        XCTAssertEqual(UInt64(all.count), latest.total)
        let none = try await log.find(query: FindQuery(agent: "nobody"))
        XCTAssertTrue(none.calls.isEmpty && none.total == 0)
    }

    func testCallsNearToOneThatIsNotThereAreOffered() async throws {
        let log = try await floor()
        let calls = try await log.calls(query: CallQuery(stream: "hold-and-back"))
        let call = try XCTUnwrap(calls.first { $0.chain != nil })
        let near = try await log.near(call: call.id.dropLast(3) + "000")
        XCTAssertTrue(near.contains { $0.id == call.id })
        let nothing = try await log.near(call: "nothing like it")
        XCTAssertTrue(nothing.isEmpty)
    }

    // MARK: lint

    func testWhatDoesNotFitIsToldByKindStreamAndTime() async throws {
        let log = try await floor()
        let all = try await log.lint(query: LintQuery())
        XCTAssertFalse(all.oddities.isEmpty || all.isDamaged)
        XCTAssertEqual(UInt64(all.oddities.count), all.found)
        XCTAssertEqual(UInt64(sessions.count), all.streams)
        XCTAssertEqual(all.byKind.map(\.count).reduce(0, +), all.found)
        let last = try XCTUnwrap(all.oddities.last)
        XCTAssertTrue(last.records.contains(last.at.seq))
        XCTAssertTrue(last.json.text.contains("\"kind\":\"\(last.kind.text())\""), last.kind.text())
        let ofKind = try await log.lint(query: LintQuery(kinds: [last.kind]))
        XCTAssertEqual(all.oddities.filter { $0.kind == last.kind }, ofKind.oddities)
        let ofStream = try await log.lint(query: LintQuery(streams: [last.stream]))
        XCTAssertEqual(all.oddities.filter { $0.stream == last.stream }, ofStream.oddities)
        let later = try await log.lint(query: LintQuery(from: last.at.at))
        XCTAssertEqual(all.oddities.filter { $0.at.at >= last.at.at }, later.oddities)
        let one = try await log.lint(query: LintQuery(), most: 1)
        XCTAssertEqual(Array(all.oddities.prefix(1)), one.oddities)
        XCTAssertEqual(all.found, one.found)
    }

    func testKindsHaveTheNamesThatTheyHaveEverywhere() async throws {
        XCTAssertEqual(OddityKind.talkWithoutRing.text(), "talk-without-ring")
        XCTAssertEqual(try oddityKind(name: "talk-without-ring"), .talkWithoutRing)
        let unknown = await problem { _ = try oddityKind(name: "sold") }
        XCTAssertEqual(unknown?.name, "unknown_name")
        XCTAssertEqual(unknown?.context["name"], "sold")
    }

    // MARK: diff

    func testALogThatTodaysRulesTellTheSameHasNoDifferences() async throws {
        let log = try await floor()
        let (today, itself) = (try await log.diffToday(), try await log.diff(with: log))
        XCTAssertTrue(today.isSame && itself.isSame && today.differences.isEmpty)
        XCTAssertEqual(today.streams, UInt64(sessions.count))
        let calls = try await log.calls(query: CallQuery())
        XCTAssertEqual(today.calls, UInt64(calls.count))
    }

    func testTwoLogsAreComparedByStreamsOfTheSameName() async throws {
        let (one, other) = (try empty(), try empty())
        _ = try await one.takeIn(path: path("hold-and-back"), name: "both")
        _ = try await one.takeIn(path: path("incoming-answered"), name: "only here")
        _ = try await other.takeIn(path: path("outgoing-not-answered"), name: "both")
        let report = try await one.diff(with: other)
        XCTAssertTrue(!report.isSame && !report.isDamaged)
        XCTAssertEqual(report.found, UInt64(report.differences.count))
        let (here, there) = (try await one.stream(name: "both"), try await other.stream(name: "both"))
        var calls: UInt64 = 0
        var (hasTime, hasEvents, hasRecords, hasMissing) = (false, false, false, false)
        for differs in report.differences {
            switch differs.what {
            case .call(let call):
                calls += 1
                XCTAssertNotNil(call.only)
            case .time(_, let one, let other):
                hasTime = true
                XCTAssertNotEqual(one, other)
            case .events(let records, let first, let event, let one, let other):
                hasEvents = true
                XCTAssertTrue(records >= 1 && first >= 1 && event >= 1)
                XCTAssertNotEqual(one, other)
            case .records(let one, let other):
                hasRecords = true
                XCTAssertEqual([one, other], [here.records, there.records])
            case .missing(let side):
                hasMissing = true
                XCTAssertEqual(side, .other)
                XCTAssertEqual(differs.stream, "only here")
            case .damaged, .other:
                XCTFail("\(differs)")
            }
        }
        XCTAssertEqual(calls, report.differ)
        XCTAssertTrue(hasTime && hasEvents && hasRecords && hasMissing && calls > 0)
        let both = try await one.diff(with: other, streams: ["both"])
        XCTAssertTrue(both.differences.allSatisfy { $0.stream == "both" })
    }

    // MARK: report

    func testAReportHasTheFiguresOfItsCalls() async throws {
        let log = try await floor()
        let report = try await log.report(options: ReportOptions())
        let figures = report.figures()
        let calls = try await log.calls(query: CallQuery())
        XCTAssertEqual(figures.lines, UInt64(sessions.count))
        XCTAssertEqual(Set(ids(calls)), Set(figures.calls.map { "\($0.stream) \($0.id)" }))
        let inbound = figures.floor.inbound
        let fates = [
            inbound.answered, inbound.abandoned, inbound.shortAbandoned, inbound.declined, inbound.failed,
            inbound.undetermined,
        ]
        XCTAssertEqual(fates.map(\.count).reduce(0, +), inbound.offered.count)
        XCTAssertEqual(figures.held.count, UInt64(calls.filter { !$0.holds.isEmpty }.count))
        XCTAssertEqual(figures.time.totals.map(\.length).reduce(.zero, +), figures.time.loggedIn)
        XCTAssertEqual(figures.hours.count, 24)
        XCTAssertFalse("\(figures)".contains("7916"))
        XCTAssertTrue(try report.json().text.contains("7916"))
        let html = try report.html()
        XCTAssertTrue(html.hasPrefix("<!DOCTYPE html>") && html.hasSuffix("</html>\n"))
        let strict = try await log.report(options: ReportOptions(threshold: .microseconds(1), listed: 1, longest: 1))
        XCTAssertEqual(strict.figures().floor.inbound.inTime.count, 0)
        XCTAssertEqual(strict.figures().longestHolds.count, 1)
        let nobody = try await log.report(options: ReportOptions(agents: ["nobody"]))
        XCTAssertEqual(nobody.figures().unknownAgents, ["nobody"])
        XCTAssertEqual(nobody.figures().lines, 0)
    }

    // MARK: all of them

    /// An export that was read back says the same, byte for byte.
    func testACopySaysTheSame() async throws {
        let log = try await floor()
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).jsonl")
        defer { try? FileManager.default.removeItem(at: file) }
        _ = try await log.export(path: file.path)
        let copy = try await LogReader.openFile(path: file.path)
        func said(_ log: LogReader) async throws -> [String] {
            let (lint, today) = (try await log.lint(query: LintQuery()), try await log.diffToday())
            let report = try await log.report(options: ReportOptions())
            return lint.oddities.map(\.json.text) + [lint.json.text, today.json.text]
                + [try report.json().text, try report.html()]
        }
        let (one, other) = (try await said(log), try await said(copy))
        XCTAssertEqual(one, other)
    }

    func testWhatMakesNoSenseIsRefused() async throws {
        let log = try await floor()
        let at = Date(timeIntervalSince1970: 1_768_197_600)
        let ranges: [() async throws -> Void] = [
            { _ = try await log.find(query: FindQuery(from: at, to: at)) },
            { _ = try await log.lint(query: LintQuery(from: at, to: at)) },
            { _ = try await log.report(options: ReportOptions(from: at, to: at)) },
            { _ = try await log.find(query: FindQuery(atLeast: .seconds(-1))) },
            { _ = try await log.report(options: ReportOptions(offset: .seconds(90_000))) },
        ]
        for range in ranges {
            let refused = await problem(range)
            XCTAssertEqual(refused?.name, "bad_range")
        }
        let unknown: [() async throws -> Void] = [
            { _ = try await log.find(query: FindQuery(stream: "nobody")) },
            { _ = try await log.near(call: "102", stream: "nobody") },
            { _ = try await log.lint(query: LintQuery(streams: ["nobody"])) },
            { _ = try await log.diffToday(streams: ["nobody"]) },
            { _ = try await log.diff(with: log, streams: ["nobody"]) },
        ]
        for stream in unknown {
            let refused = await problem(stream)
            XCTAssertEqual(refused?.name, "no_stream")
            XCTAssertEqual(refused?.context["stream"], "nobody")
        }
    }

    private final class Never: ProgressListener, @unchecked Sendable {
        func progress(done: UInt64, of: UInt64) throws -> Bool { false }
    }

    func testLongWorkIsBrokenOff() async throws {
        let log = try await floor()
        let works: [() async throws -> Void] = [
            { _ = try await log.find(query: FindQuery(), progress: Never()) },
            { _ = try await log.report(options: ReportOptions(), progress: Never()) },
        ]
        for work in works {
            let broken = await problem(work)
            XCTAssertEqual(broken?.name, "interrupted")
        }
    }
}
