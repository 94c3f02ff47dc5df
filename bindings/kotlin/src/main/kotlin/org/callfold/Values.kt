package org.callfold

import java.time.Instant
import kotlin.time.Duration
import kotlin.time.Duration.Companion.microseconds

// How values of the engine look in Kotlin: bindings/uniffi/bindgen.toml names what is here.

private const val MICROS = 1_000_000L

internal fun instantOf(micros: Long): Instant =
    Instant.ofEpochSecond(Math.floorDiv(micros, MICROS), Math.floorMod(micros, MICROS) * 1_000)

private val EARLIEST = instantOf(Long.MIN_VALUE)
private val LATEST = instantOf(Long.MAX_VALUE)

/** The engine's microseconds reach some 292,000 years from 1970. What is beyond is their end: `Instant.MAX` is "no end". */
internal fun microsOf(instant: Instant): Long = when {
    instant <= EARLIEST -> Long.MIN_VALUE
    instant >= LATEST -> Long.MAX_VALUE
    // From the second after, so that nothing overflows on the way to the earliest.
    instant.epochSecond < 0 -> (instant.epochSecond + 1) * MICROS - (MICROS - instant.nano / 1_000L)
    else -> instant.epochSecond * MICROS + instant.nano / 1_000L
}

internal fun durationOf(micros: Long): Duration = micros.microseconds

/** What is longer, infinite lengths among them, is the longest that there is. */
internal fun microsOf(duration: Duration): Long = duration.inWholeMicroseconds

/** A phone number, or who stands for one: kept in full, and masked where it is printed, so that no log has it by accident. */
public data class MaskedNumber(
    /** The number, as the server or the application gave it. */
    public val text: String,
) {
    override fun toString(): String = "PhoneNumber(${text.length} characters)"
}

/** What names a person, a line or a menu, a login among them: kept in full, and masked where it is printed. */
public data class MaskedName(
    /** The name, as the server or the application gave it. */
    public val text: String,
) {
    override fun toString(): String = "PersonName(${text.length} characters)"
}

/** An id that may have a number in it: kept in full, and masked where it is printed. */
public data class MaskedKey(
    /** The id. */
    public val text: String,
) {
    override fun toString(): String = "Key(${text.length} characters)"
}

/** JSON text or lines of it, exactly as the server, the engine or the application gave it. It may hold anything, so it is not printed. */
public data class Json(
    /** The JSON text. */
    public val text: String,
) {
    override fun toString(): String = "Json(${text.length} characters)"
}

/** A message of the wire. It may carry a login, so it is not printed. */
public data class Unprinted(
    /** The message. */
    public val text: String,
) {
    override fun toString(): String = "Unprinted"
}

/** Whom to connect to, and as whom: the login as text. */
public fun Endpoint(
    addresses: List<String>,
    login: String,
    workplace: String? = null,
    expires: Long? = null,
): Endpoint = Endpoint(addresses, MaskedName(login), workplace, expires)
