import Foundation
import XCTest

@testable import Callfold

/// Live lines, over sockets, against the simulated PBX.
final class LineTests: XCTestCase {
    func testALineIsConnectedAndLeft() async throws {
        let pbx = try await office()
        let line = try await ivanov(pbx)
        let state = try line.state()
        XCTAssertEqual(state.connection, .connected)
        XCTAssertEqual(state.line, .ready)
        XCTAssertEqual(state.agent.name?.text, "Ivan Ivanov")
        XCTAssertTrue(try line.actions(target: "102").contains("call"))
        try await line.leave()
        do {
            _ = try await line.answer()
            XCTFail("a line that was left was answered")
        } catch let error as CallfoldError {
            XCTAssertEqual(error.code, 5301)
        }
        try await pbx.stop()
        XCTAssertThrowsError(try pbx.cut(line: "101")) { XCTAssertEqual(($0 as? CallfoldError)?.code, 5606) }
    }

    func testALoginIsRefused() async throws {
        let pbx = try await office()
        for (login, password, code) in [("ivanov", "wrong", 1202), ("desk", "Secret4", 1204)] {
            let line = try await Line.open(options: options(pbx, login), secret: Secret.password(password: password))
            let result = try await line.connect()
            XCTAssertEqual(result.refusal, code)
            XCTAssertThrowsError(try result.get()) { XCTAssertEqual(($0 as? CallfoldError)?.code, 5401) }
        }
    }

    func testAnIncomingCallIsAnsweredHeldAndEnded() async throws {
        let pbx = try await office()
        let line = try await ivanov(pbx)
        let customer = try pbx.externalCall(from: customerNumber, to: "101")
        let ring = try await line.awaitState { $0.line == .ring }
        XCTAssertEqual(numbers(ring), [customerNumber])
        try await line.answer().get()
        try await line.awaitState { $0.line == .talk }
        try await line.hold().get()
        try await line.awaitState { $0.held != nil }
        try await line.hold().get()
        try await line.awaitState { $0.held == nil && $0.line == .talk }
        try await line.endCall().get()
        try await line.awaitState { $0.line == .ready }
        try await becomes { try pbx.outside(phone: customer) == .gone }
    }

    func testAConsultationEndsInATransfer() async throws {
        let pbx = try await office()
        let line = try await ivanov(pbx)
        let colleague = try await petrova(pbx)
        let customer = try await talk(pbx, line)
        try await line.call(number: "102").get()
        try await colleague.awaitState { $0.line == .ring }
        try await colleague.answer().get()
        try await line.awaitState { $0.line == .talk && $0.held != nil && numbers($0) == ["102"] }
        try await line.commutate().get()
        try await line.awaitState { $0.line == .ready }
        try await colleague.awaitState { numbers($0) == [customerNumber] }
        XCTAssertEqual(try pbx.outside(phone: customer), .talking)
    }

    func testAConference() async throws {
        let pbx = try await office()
        let line = try await ivanov(pbx)
        let colleague = try await petrova(pbx)
        let customer = try await talk(pbx, line)
        try await line.conference(numbers: ["102"]).get()
        try await colleague.awaitState { $0.line == .ring }
        try await colleague.answer().get()
        try await line.awaitState { $0.conference != nil && numbers($0).contains("102") }
        try await becomes { try pbx.outside(phone: customer) == .conference }
    }

    func testALostConnectionIsToldAndMadeAgain() async throws {
        let pbx = try await office()
        let line = try await ivanov(pbx)
        let told = line.told()
        XCTAssertEqual(try pbx.cut(line: "101"), 1)
        var names: [String] = []
        for try await event in told {
            names.append(event.name)
            if event.name == "line_known_again" { break }
        }
        XCTAssertTrue(names.contains("disconnected") && names.contains("line_went_stale"), "\(names)")
    }

    func testEventsEndWithTheLine() async throws {
        let pbx = try await office()
        let line = try await ivanov(pbx)
        let events = line.events()
        _ = try await line.toggle()
        try await line.leave()
        var commands = 0
        for try await event in events {
            if case .commandDone = event { commands += 1 }
        }
        XCTAssertGreaterThanOrEqual(commands, 1)
    }

    private final class Thrower: LineListener, @unchecked Sendable {
        struct Fault: Error {}
        let lock = NSLock()
        private var heard: [Problem] = []
        var problems: [Problem] { lock.withLock { heard } }

        func told(batch: Batch) throws { throw Fault() }
        func failed(problem: Problem) throws { lock.withLock { heard.append(problem) } }
        func ended() throws {}
    }

    func testWhatAListenerThrowsIsTold() async throws {
        let pbx = try await office()
        let line = try await ivanov(pbx)
        let thrower = Thrower()
        let subscription = try line.listen(listener: thrower)
        _ = try pbx.externalCall(from: customerNumber, to: "101")
        try await line.awaitState { $0.line == .ring }
        try await becomes { thrower.problems.count > 1 }
        XCTAssertEqual(Set(thrower.problems.map(\.name)), ["listener_failed"])
        subscription.stop()
    }

    func testACommandThatIsCancelledTakesItsCourse() async throws {
        let pbx = try await office()
        let line = try await ivanov(pbx)
        try pbx.setFaults(faults: Faults(latency: .seconds(2)))
        let calling = Task { try await line.call(number: customerNumber) }
        try await Task.sleep(for: .milliseconds(100))
        let cancelled = ContinuousClock.now
        calling.cancel()
        do {
            _ = try await calling.value
            XCTFail("it was waited for")
        } catch {
            XCTAssertTrue(error is CancellationError, "\(error)")
        }
        XCTAssertLessThan(ContinuousClock.now - cancelled, .seconds(1))
        // It was given: it takes its course.
        try await line.awaitState { $0.line == .backRing }
        try pbx.setFaults(faults: Faults())
        _ = try await line.endCall()
        try await line.awaitState { $0.line == .ready }
    }

    func testWhoIsCancelledBeforehandGivesNothing() async throws {
        let pbx = try await office()
        let line = try await ivanov(pbx)
        let calling = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await line.call(number: customerNumber)
        }
        calling.cancel()
        do {
            _ = try await calling.value
            XCTFail("it was given")
        } catch {
            XCTAssertTrue(error is CancellationError, "\(error)")
        }
        _ = try await line.toggle()
        XCTAssertEqual(try line.state().line, .ready)
    }

    func testWhoReadsSlowlyIsToldWhatWasMissed() async throws {
        let pbx = try await office()
        let line = try await Line.open(
            options: options(pbx, "ivanov", buffer: 4), secret: Secret.password(password: "Secret1"))
        try await line.connect().get()
        let (batches, told) = (line.batches(), line.told())
        for _ in 0..<300 { _ = try await line.toggle() }
        try await line.leave()
        var (count, missed): (Int, UInt64) = (0, 0)
        for try await batch in batches {
            count += 1
            missed += batch.missed
        }
        XCTAssertLessThan(count, 60)
        XCTAssertGreaterThan(missed, 100)
        do {
            for try await _ in told {}
            XCTFail("nothing was said of what was missed")
        } catch let error as CallfoldError {
            XCTAssertEqual(error.code, 5303)
        }
    }

    func testAStreamKeepsALineThatIsForgotten() async throws {
        let pbx = try await office()
        func forgotten() async throws -> LineBatches { try await ivanov(pbx).batches() }
        let batches = try await forgotten()
        _ = try pbx.externalCall(from: customerNumber, to: "101")
        for try await batch in batches {
            if batch.state.line == .ring { break }
        }
    }

    func testALineThatIsLetGoOfEndsForWhoListens() async throws {
        let pbx = try await office()
        let line = try await ivanov(pbx)
        let batches = line.batches()
        try line.letGo()
        for try await _ in batches {}
        try await becomes { try pbx.say(line: "101", text: "[\"nothing\",{}]") == 0 }
    }

    @MainActor
    func testAModelFollowsOnTheMainActor() async throws {
        let pbx = try await office()
        let line = try await ivanov(pbx)
        let model = try LineModel(line)
        XCTAssertEqual(model.state.line, .ready)
        let rings = expectation(description: "it rings")
        rings.assertForOverFulfill = false
        model.onChange = { if $0.line == .ring { rings.fulfill() } }
        _ = try pbx.externalCall(from: customerNumber, to: "101")
        await fulfillment(of: [rings], timeout: 30)
        try await line.leave()
        for _ in 0..<3_000 where !model.hasEnded { try await Task.sleep(for: .milliseconds(10)) }
        XCTAssertTrue(model.hasEnded)
        XCTAssertNil(model.fault)
    }

    func testManyComeAndGo() async throws {
        for _ in 0..<10_000 {
            let line = try await Line.open(
                options: LineOptions(endpoint: Endpoint(addresses: ["ws://127.0.0.1:9"], login: "ivanov")),
                secret: Secret.password(password: "Secret1"))
            XCTAssertEqual(try line.state().connection, .offline)
        }
    }
}
