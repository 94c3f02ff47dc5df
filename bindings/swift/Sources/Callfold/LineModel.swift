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
        willSet {
            #if canImport(Combine)
            objectWillChange.send()
            #endif
        }
        didSet { onChange?(state) }
    }

    /// Is called after each change.
    public var onChange: ((LineSnapshot) -> Void)?

    /// Whether the line has ended: the state is its last.
    public private(set) var hasEnded = false {
        willSet {
            #if canImport(Combine)
            objectWillChange.send()
            #endif
        }
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
            } catch {}
            self?.hasEnded = true
        }
    }

    deinit {
        following?.cancel()
    }
}

#if canImport(Combine)
extension LineModel: ObservableObject {}
#endif
