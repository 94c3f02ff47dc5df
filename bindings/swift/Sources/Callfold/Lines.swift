import Foundation

/// So many batches wait for who iterates. When there are more, the thread that tells waits, and what happens meanwhile is kept
/// by the line (`LineOptions.buffer`), which counts what it has to pass over.
private let mostWaiting = 16

/// Places for batches, between the thread that tells and the task that takes.
final class Places: @unchecked Sendable {
    private let condition = NSCondition()
    private var free = mostWaiting
    private var isOver = false

    /// Waits for a place. There is none any more when it is over.
    func take() -> Bool {
        condition.lock()
        defer { condition.unlock() }
        while free == 0 && !isOver { condition.wait() }
        if isOver { return false }
        free -= 1
        return true
    }

    /// Gives one back.
    func give() {
        condition.lock()
        defer { condition.unlock() }
        free += 1
        condition.signal()
    }

    /// Nobody takes any more: whoever waits is let go.
    func end() {
        condition.lock()
        defer { condition.unlock() }
        isOver = true
        condition.broadcast()
    }
}

/// Hands what a line tells to whoever iterates.
private final class Telling: LineListener, @unchecked Sendable {
    private let stream: AsyncThrowingStream<Batch, Error>.Continuation
    private let places: Places

    init(_ stream: AsyncThrowingStream<Batch, Error>.Continuation, _ places: Places) {
        self.stream = stream
        self.places = places
    }

    func told(batch: Batch) throws {
        // This is a thread that may wait: the line is not held up, this stream alone is.
        if places.take() { stream.yield(batch) }
    }

    func failed(problem: Problem) throws {
        stream.finish(throwing: CallfoldError.Failed(problem: problem))
    }

    func ended() throws {
        stream.finish()
    }
}

/// What `Line.batches()` gives: it listens from then on, and keeps the line, until it goes or its task is cancelled.
public struct LineBatches: AsyncSequence, @unchecked Sendable {
    public typealias Element = Batch

    fileprivate let stream: AsyncThrowingStream<Batch, Error>
    fileprivate let places: Places

    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var stream: AsyncThrowingStream<Batch, Error>.AsyncIterator
        fileprivate let places: Places

        public mutating func next() async throws -> Batch? {
            guard let batch = try await stream.next() else { return nil }
            places.give()
            return batch
        }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(stream: stream.makeAsyncIterator(), places: places)
    }
}

/// What `Line.told()` gives.
public struct LineTold: AsyncSequence, @unchecked Sendable {
    public typealias Element = Told

    fileprivate let batches: LineBatches

    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var batches: LineBatches.AsyncIterator
        fileprivate var events: ArraySlice<Told>

        public mutating func next() async throws -> Told? {
            while true {
                if let event = events.popFirst() { return event }
                guard let batch = try await batches.next() else { return nil }
                if batch.missed > 0 { throw missed(batch.missed) }
                events = batch.events[...]
            }
        }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(batches: batches.makeAsyncIterator(), events: [])
    }
}

extension Line {
    /// What happens on the line, as it comes: the events since the last batch, and what is so now. The first batch has no
    /// events and says what is so when this is called. It ends with the line; a task that is cancelled stops listening. Who
    /// iterates slowly holds up nobody else, and is told how much was passed over (`Batch.missed`).
    public func batches() -> LineBatches {
        let places = Places()
        // No more than there are places is ever in it, so nothing is dropped.
        let stream = AsyncThrowingStream<Batch, Error>(bufferingPolicy: .bufferingOldest(mostWaiting)) { continuation in
            do {
                let subscription = try listen(listener: Telling(continuation, places))
                continuation.onTermination = { _ in
                    subscription.stop()
                    places.end()
                }
            } catch {
                continuation.finish(throwing: error)
            }
        }
        return LineBatches(stream: stream, places: places)
    }

    /// Every event with where it stands, its name and its JSON. Throws `news_missed` when who iterates was too slow and events
    /// were passed over: read `state()` and begin again, or give the line a larger `LineOptions.buffer`.
    public func told() -> LineTold {
        LineTold(batches: batches())
    }

    /// What happens on the line, from now on; as `told()`.
    public func events() -> AsyncMapSequence<LineTold, Event> {
        told().map { $0.event }
    }

    /// Waits until what is so on the line is so; at once, if it is. Throws `line_closed` if the line ends before.
    @discardableResult
    public func awaitState(_ isSo: @Sendable (LineSnapshot) -> Bool) async throws -> LineSnapshot {
        for try await batch in batches() {
            if isSo(batch.state) { return batch.state }
        }
        // A task that is cancelled leaves the stream, too; the line goes on then.
        try Task.checkCancellation()
        throw CallfoldError.Closed(
            problem: Problem(code: 5301, name: "line_closed", text: "the line is closed", context: [:]))
    }
}
