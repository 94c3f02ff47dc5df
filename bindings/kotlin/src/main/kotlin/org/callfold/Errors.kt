package org.callfold

/** What went wrong, whichever kind of error it is. */
public val CallfoldException.details: Problem
    get() = when (this) {
        is CallfoldException.Refused -> problem
        is CallfoldException.Closed -> problem
        is CallfoldException.Failed -> problem
    }

/** The code: a number from 5001 up that is the same on every surface and never reused. */
public val CallfoldException.code: Int
    get() = details.code.toInt()

/** The result of a command that was done; throws [CallfoldException.Refused] for one that was not. */
public fun CommandResult.orThrow(): CommandResult = done(this)

/** Whether the command was done. */
public val CommandResult.isDone: Boolean
    get() = when (this) {
        is CommandResult.Done, is CommandResult.UserStatus, is CommandResult.Datasets -> true
        is CommandResult.Refused,
        is CommandResult.RefusedAtLogin,
        is CommandResult.Misused,
        is CommandResult.RefusedByServer,
        -> false
    }

/** The protocol's code of a refusal (1000 to 4003), if that is what it is. */
public val CommandResult.refusal: Int?
    get() = when (this) {
        is CommandResult.Refused -> code.number.toInt()
        is CommandResult.RefusedAtLogin -> code.number.toInt()
        is CommandResult.Done,
        is CommandResult.UserStatus,
        is CommandResult.Datasets,
        is CommandResult.Misused,
        is CommandResult.RefusedByServer,
        -> null
    }

private fun problem(code: Int, name: String, text: String) = Problem(code.toUShort(), name, text, emptyMap())

/** What whoever uses an object after its end gets. What is generated throws it (`bindings/uniffi/generate`). */
internal fun closed(what: Any): CallfoldException = when (what) {
    is Line -> CallfoldException.Closed(problem(5301, "line_closed", "the line was closed"))
    is LogReader, is Recorder -> CallfoldException.Closed(problem(5107, "log_closed", "the log was closed"))
    is Simulator -> CallfoldException.Closed(problem(5606, "simulator_closed", "the simulator was closed"))
    else -> CallfoldException.Closed(problem(5703, "not_running", "the ${what.javaClass.simpleName} was closed"))
}

/** What is closed while others have it: a line ends for all of them. What is generated calls it (`bindings/uniffi/generate`). */
internal fun closing(what: Any) {
    if (what !is Line) return
    try {
        what.letGo()
    } catch (_: CallfoldException.Closed) {
        // It was closed before.
    }
}

/** What came for a coroutine that was cancelled goes, if it came. What is generated calls it (`bindings/uniffi/generate`). */
internal inline fun tooLate(result: () -> Any?) {
    try {
        (result() as? AutoCloseable)?.close()
    } catch (_: Exception) {
        // Nothing came, or an error that nobody waits for.
    }
}

/** Events were missed by a reader that was too slow. */
internal fun missed(count: ULong): CallfoldException =
    CallfoldException.Failed(problem(5303, "news_missed", "$count news were missed"))
