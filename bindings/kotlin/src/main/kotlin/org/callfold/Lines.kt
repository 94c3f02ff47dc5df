package org.callfold

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.channels.trySendBlocking
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.firstOrNull
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.transform
import kotlinx.coroutines.launch

/**
 * What happens on the line, as it comes: the events since the last batch, and what is so now. The first batch has no events
 * and says what is so when collecting begins. It completes when the line has ended.
 *
 * Each collector listens by itself, from when it begins to collect. A collector that is slower than the line holds the
 * listener up, and no one else; what it missed then is counted in [Batch.missed].
 */
public fun Line.batches(): Flow<Batch> = flow {
    val channel = Channel<Batch>(Channel.BUFFERED)
    val listener = object : LineListener {
        override fun told(batch: Batch) {
            // This is a thread that may wait: the line is not held up, this collector alone is.
            channel.trySendBlocking(batch)
        }

        override fun failed(problem: Problem) {
            channel.close(CallfoldException.Failed(problem))
        }

        override fun ended() {
            channel.close()
        }
    }
    val subscription = listen(listener)
    try {
        for (batch in channel) emit(batch)
    } finally {
        // Whoever waits to hand something over is let go.
        channel.cancel()
        subscription.stop()
        subscription.close()
    }
}

/**
 * Every event with where it stands ([Told.at], [Told.turn], [Told.seq]), its name and its JSON.
 *
 * Throws [CallfoldException.Failed] (`news_missed`) when the collector was too slow and events were passed over: collect
 * again, and read [Line.state], or give the line a larger [LineOptions.buffer].
 */
public fun Line.told(): Flow<Told> = batches().transform { batch ->
    if (batch.missed > 0uL) throw missed(batch.missed)
    batch.events.forEach { emit(it) }
}

/** What happens on the line, from now on; as [told]. */
public fun Line.events(): Flow<Event> = told().map { it.event }

/** What is so on the line, kept current in [scope] until the scope or the line ends. */
public fun Line.snapshots(scope: CoroutineScope): StateFlow<LineSnapshot> {
    val latest = MutableStateFlow(state())
    // Listening begins before this returns: nothing falls between.
    scope.launch(start = CoroutineStart.UNDISPATCHED) { batches().collect { latest.value = it.state } }
    return latest.asStateFlow()
}

/** The line's state alone, kept current in [scope] until the scope or the line ends. */
public fun Line.states(scope: CoroutineScope): StateFlow<LineState> {
    val latest = MutableStateFlow(state().line)
    scope.launch(start = CoroutineStart.UNDISPATCHED) { batches().collect { latest.value = it.state.line } }
    return latest.asStateFlow()
}

/** Waits until what is so on the line is so; at once, if it is. Throws `line_closed` if the line ends before. */
public suspend fun Line.awaitState(isSo: (LineSnapshot) -> Boolean): LineSnapshot =
    batches().map { it.state }.firstOrNull { isSo(it) } ?: throw closed(this)
