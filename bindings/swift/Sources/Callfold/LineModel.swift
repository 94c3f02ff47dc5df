import Foundation
#if canImport(Combine)
import Combine
#endif

/// What is so on a line, for a view: it changes on the main actor only. SwiftUI observes it (`@StateObject`); elsewhere
/// `onChange` is called.
@MainActor
public final class LineModel {
    /// What is so now.
    public private(set) var state: LineSnapshot {
        willSet { tell() }
        didSet { onChange?(state) }
    }

    /// Is called after each change of the state.
    public var onChange: ((LineSnapshot) -> Void)?

    /// Whether the line has ended, or cannot be followed any more: the state is the last that was told.
    public private(set) var hasEnded = false {
        willSet { tell() }
    }

    /// Why the line cannot be followed any more; none if it has ended as lines do.
    public private(set) var fault: (any Error)? {
        willSet { tell() }
    }

    private var following: Task<Void, Never>?

    /// Follows a line until it ends, or until the model goes.
    public init(_ line: Line) throws {
        state = try line.state()
        let batches = line.batches()
        following = Task { [weak self] in
            do {
                for try await batch in batches {
                    guard let self else { return }
                    self.state = batch.state
                }
                // The line says why it ended, if it was by a fault such as a full disk. It has: this does not wait.
                try await line.ended()
            } catch is CancellationError {
                return
            } catch {
                self?.fault = error
            }
            self?.hasEnded = true
        }
    }

    deinit {
        following?.cancel()
    }

    private func tell() {
        #if canImport(Combine)
        objectWillChange.send()
        #endif
    }
}

#if canImport(Combine)
extension LineModel: ObservableObject {}
#endif
