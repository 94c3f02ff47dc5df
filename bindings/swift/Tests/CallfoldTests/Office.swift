import Foundation
import XCTest

@testable import Callfold

let customerNumber = "+79161234567"

/// How soon a lost connection is made again in tests.
let soon = Reconnect.backOff(first: .milliseconds(20), longest: .milliseconds(200))

/// The repository, of which this file is a part.
let repository = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

func account(_ login: String, _ password: String, _ number: String, name: String? = nil, chief: String? = nil,
             desktop: Bool = false) -> Account {
    Account(login: login, password: password, number: number, name: name, chief: chief, desktop: desktop)
}

func office() async throws -> Simulator {
    try await Simulator.start(options: SimulatorOptions(
        users: [
            account("ivanov", "Secret1", "101", name: "Ivan Ivanov"),
            account("petrova", "Secret2", "102", name: "Anna Petrova", chief: "ivanov"),
            account("desk", "Secret4", "104", desktop: true),
        ],
        queues: ["700"]))
}

func options(_ pbx: Simulator, _ login: String, buffer: UInt32 = 128) -> LineOptions {
    LineOptions(endpoint: Endpoint(addresses: [pbx.url()], login: MaskedName(login)), reconnect: soon, buffer: buffer)
}

func connected(_ pbx: Simulator, _ login: String, _ password: String, recorder: Recorder? = nil) async throws -> Line {
    let line = try await Line.open(
        options: options(pbx, login), secret: Secret.password(password: password), recorder: recorder)
    try await line.connect().get()
    return line
}

func ivanov(_ pbx: Simulator, recorder: Recorder? = nil) async throws -> Line {
    try await connected(pbx, "ivanov", "Secret1", recorder: recorder)
}

func petrova(_ pbx: Simulator) async throws -> Line {
    try await connected(pbx, "petrova", "Secret2")
}

/// The customer calls, and is answered at the phone.
func talk(_ pbx: Simulator, _ line: Line) async throws -> Phone {
    let customer = try pbx.externalCall(from: customerNumber, to: "101")
    try await line.awaitState { $0.line == .ring }
    try pbx.answer(phone: .line(number: "101"))
    try await line.awaitState { $0.line == .talk }
    return customer
}

func numbers(_ state: LineSnapshot) -> [String] {
    state.parties.compactMap { $0.phone?.text }.sorted()
}

/// Waits for something that no event tells of.
func becomes(_ isSo: () throws -> Bool) async throws {
    for _ in 0..<3_000 {
        if try isSo() { return }
        try await Task.sleep(for: .milliseconds(10))
    }
    XCTFail("it did not become so within 30 s")
}
