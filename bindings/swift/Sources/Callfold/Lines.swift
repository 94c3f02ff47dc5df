import Foundation

/// Hands what a line tells to whoever iterates.
private final class Telling: LineListener, @unchecked Sendable {
    private let stream: AsyncThrowingStream<Batch, Error>.Continuation

    init(_ stream: AsyncThrowingStream<Batch, Error>.Continuation) {
        self.stream = stream
    }

    func told(batch: Batch) throws {
        stream.yield(batch)
    }

    func failed(problem: Problem) throws {
        stream.finish(throwing: CallfoldError.Failed(problem: problem))
    }

    func ended() throws {
        stream.finish()
    }
}

extension Line {
    /// What happens on the line, as it comes: the events since the last batch, and what is so now. The first batch has no
    /// events and says what is so when this is called. It ends with the line; a task that is cancelled stops listening.
    public func batches() -> AsyncThrowingStream<Batch, Error> {
        AsyncThrowingStream(bufferingPolicy: .unbounded) { continuation in
            do {
                let subscription = try listen(listener: Telling(continuation))
                continuation.onTermination = { _ in subscription.stop() }
            } catch {
                continuation.finish(throwing: error)
            }
        }
    }

    /// Every event with where it stands, its name and its JSON. Throws `news_missed` when events were passed over.
    public func told() -> AsyncThrowingStream<Told, Error> {
        let batches = self.batches()
        return AsyncThrowingStream { continuation in
            let task = Task {
                do {
                    for try await batch in batches {
                        if batch.missed > 0 { throw missed(batch.missed) }
                        batch.events.forEach { continuation.yield($0) }
                    }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    /// What happens on the line, from now on. It ends with the line, or when events were missed: `told()` says which.
    public func events() -> AsyncStream<Event> {
        let told = self.told()
        return AsyncStream { continuation in
            let task = Task {
                do {
                    for try await event in told { continuation.yield(event.event) }
                } catch {}
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    /// Waits until what is so on the line is so; at once, if it is. Throws `line_closed` if the line ends before.
    @discardableResult
    public func awaitState(_ isSo: @Sendable (LineSnapshot) -> Bool) async throws -> LineSnapshot {
        for try await batch in batches() where isSo(batch.state) {
            return batch.state
        }
        // A task that is cancelled leaves the stream, too; the line goes on then.
        try Task.checkCancellation()
        throw CallfoldError.Closed(
            problem: Problem(code: 5301, name: "line_closed", text: "the line is closed", context: [:]))
    }
}
