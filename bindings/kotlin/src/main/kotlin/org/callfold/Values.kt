package org.callfold

import java.time.Instant
import kotlin.time.Duration
import kotlin.time.Duration.Companion.microseconds

// How values of the engine look in Kotlin: bindings/uniffi/bindgen.toml names what is here.

private const val MICROS = 1_000_000L

internal fun instantOf(micros: Long): Instant =
    Instant.ofEpochSecond(Math.floorDiv(micros, MICROS), Math.floorMod(micros, MICROS) * 1_000)

internal fun microsOf(instant: Instant): Long =
    Math.addExact(Math.multiplyExact(instant.epochSecond, MICROS), instant.nano / 1_000L)

internal fun durationOf(micros: Long): Duration = micros.microseconds

internal fun microsOf(duration: Duration): Long = duration.inWholeMicroseconds

/** A phone number: kept in full, and masked where it is printed, so that no log has it by accident. */
public data class MaskedNumber(
    /** The number, as the server or the application gave it. */
    public val text: String,
) {
    override fun toString(): String = "PhoneNumber(${text.length} characters)"
}

/** The name of a person, a line or a menu: kept in full, and masked where it is printed. */
public data class MaskedName(
    /** The name, as the server gave it. */
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

/** JSON text, exactly as the server, the engine or the application gave it. It may hold anything, so it is not printed. */
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
