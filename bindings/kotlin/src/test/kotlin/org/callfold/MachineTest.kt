package org.callfold

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTimeoutPreemptively
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import java.time.Instant
import kotlin.time.Duration
import kotlin.time.Duration.Companion.days
import kotlin.time.Duration.Companion.microseconds

/** The machine, fed by hand; and the values that cross. */
class MachineTest {
    private val now = Instant.parse("2026-01-12T06:00:00.123456Z")

    @Test
    fun `a machine dials, and logs in with a secret that is not printed`() {
        Machine().use { machine ->
            val endpoint = Endpoint(listOf("pbx.example:4066"), "ivanov")
            val step = machine.connect(now, endpoint, Secret.password("Canary-9137"))
            val dial = step.effects.filterIsInstance<Effect.Dial>().single()
            assertEquals("ws://pbx.example:4066", dial.url)
            assertTrue(step.timeout!! > now)
            assertTrue(step.events.any { it.event is Event.Connecting && it.at == now })
            assertEquals(listOf(dial.socket), machine.sockets())

            // The socket that answers first is logged in on.
            val answered = machine.handle(
                listOf(
                    MachineInput.Opened(now.plusMillis(3), dial.socket),
                    MachineInput.Frame(now.plusMillis(5), dial.socket, Unprinted("""["pong",{"qid":"1"}]""")),
                ),
            )
            val login = answered.effects.filterIsInstance<Effect.Send>().single { it.method == "login" }
            assertTrue("ivanov" in login.frame!!.text)
            assertTrue("Canary" !in login.frame!!.text && login.frame!!.text !in login.toString(), "$login")

            val copy = Machine.restore(machine.snapshot())
            assertEquals(machine.state(), copy.state())
            val late = now.plusSeconds(60)
            assertEquals(
                machine.handle(listOf(MachineInput.Wake(late))).events,
                copy.handle(listOf(MachineInput.Wake(late))).events,
            )
            copy.close()
        }
    }

    @Test
    fun `of inputs of which one makes no sense none is handled, and nothing is lost`() {
        Machine().use { machine ->
            val dial = machine.connect(now, Endpoint(listOf("pbx"), "x"), Secret.password("y")).effects
                .filterIsInstance<Effect.Dial>().single()
            machine.handle(listOf(MachineInput.Opened(now, dial.socket)))
            val pong = MachineInput.Frame(now, dial.socket, Unprinted("""["pong",{"qid":"1"}]"""))
            for (params in listOf("{", "[1]", "7")) {
                val bad = MachineInput.Commanded(now, Command.Exec("m", Json(params)))
                assertEquals("not_json", assertThrows<CallfoldException> { machine.handle(listOf(pong, bad)) }.details.name)
            }
            assertTrue(machine.handle(listOf(pong)).effects.any { it is Effect.Send && it.method == "login" })
        }
    }

    @Test
    fun `what cannot be read is told, and nothing is thrown`() {
        Machine(MachineMode.REPLAY).use { machine ->
            val dial = machine.connect(now, Endpoint(listOf("pbx"), "x"), null).effects
            val none = machine.handle(listOf(MachineInput.Frame(now, 1uL, Unprinted("no frame"))))
            assertTrue(none.events.isNotEmpty() && dial.size <= 1)
            assertTrue(none.events.all { it.event is Event.Other && it.json.text.isNotEmpty() })
        }
    }

    @Test
    fun `a snapshot that is none is refused`() {
        val error = assertThrows<CallfoldException> { Machine.restore(byteArrayOf(1, 2, 3)) }
        assertEquals("bad_snapshot", error.details.name)
    }

    @Test
    fun `times cross to the microsecond, those before 1970 too`() {
        for (micros in listOf(0L, 1L, -1L, 1_768_197_600_123_456L, -1_768_197_600_123_456L, Long.MAX_VALUE)) {
            assertEquals(micros, microsOf(instantOf(micros)))
        }
        assertEquals(90_000_001L, microsOf(90_000_001.microseconds))
    }

    @Test
    fun `what is beyond the engine's time is its end`() {
        assertEquals(Long.MIN_VALUE, microsOf(instantOf(Long.MIN_VALUE)))
        assertEquals(Long.MIN_VALUE + 1, microsOf(instantOf(Long.MIN_VALUE + 1)))
        assertEquals(Long.MAX_VALUE - 1, microsOf(instantOf(Long.MAX_VALUE - 1)))
        for (late in listOf(Instant.MAX, instantOf(Long.MAX_VALUE).plusNanos(1))) assertEquals(Long.MAX_VALUE, microsOf(late))
        for (early in listOf(Instant.MIN, instantOf(Long.MIN_VALUE).minusNanos(1))) assertEquals(Long.MIN_VALUE, microsOf(early))
        // What is finer than a microsecond is cut off, before 1970 too.
        assertEquals(-1L, microsOf(Instant.EPOCH.minusNanos(1)))
        assertEquals(Long.MAX_VALUE, microsOf(Duration.INFINITE))
        assertEquals(Long.MIN_VALUE, microsOf(-Duration.INFINITE))
        // Beyond 146 years Kotlin's lengths are of milliseconds.
        assertEquals(Long.MAX_VALUE / 1_000, microsOf(durationOf(Long.MAX_VALUE)) / 1_000)
        assertEquals(Long.MAX_VALUE, microsOf((Long.MAX_VALUE / 1_000).days))
    }

    @Test
    fun `a machine takes the last moment that there is`() {
        Machine().use { machine ->
            val dial = machine.connect(Instant.MIN, Endpoint(listOf("pbx"), "x"), Secret.password("y")).effects
                .filterIsInstance<Effect.Dial>().single()
            machine.handle(listOf(MachineInput.Opened(Instant.MAX, dial.socket)))
            // Timers that are due then would be due at once again, and without end.
            val step = assertTimeoutPreemptively<Step>(java.time.Duration.ofSeconds(20)) {
                machine.handle(listOf(MachineInput.Wake(Instant.MAX)))
            }
            assertTrue(step.timeout == null || microsOf(step.timeout!!) == Long.MAX_VALUE, "$step")
        }
    }
}
