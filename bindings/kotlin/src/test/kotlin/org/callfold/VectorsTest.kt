package org.callfold

import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import java.nio.file.Files
import java.nio.file.Path
import java.security.MessageDigest

/** Every recorded session says here what it says on every surface, byte for byte: `tests/told.json` has the hashes. */
class VectorsTest {
    private val tests: Path = Path.of(System.getProperty("callfold.repository"), "tests")

    private data class Hashes(val announced: String, val events: String, val calls: String)

    private fun kept(): Map<String, Hashes> {
        val entry = Regex(
            """"([^"]+\.jsonl[^"]*)":\s*\{\s*"announced":\s*"(\w+)",\s*"events":\s*"(\w+)",\s*"calls":\s*"(\w+)"""",
        )
        val text = Files.readString(tests.resolve("told.json"))
        return entry.findAll(text).associate { found ->
            val (path, announced, events, calls) = found.destructured
            path to Hashes(announced, events, calls)
        }
    }

    private fun sha256(bytes: ByteArray): String =
        MessageDigest.getInstance("SHA-256").digest(bytes).joinToString("") { "%02x".format(it) }

    private fun lines(all: List<String>): ByteArray = all.joinToString("") { "$it\n" }.toByteArray()

    private suspend fun allEvents(log: LogReader, stream: String): List<Told> = buildList {
        var from = 1uL
        do {
            val piece = log.events(stream, from, 1_000u)
            addAll(piece)
            piece.lastOrNull()?.let { from = it.seq!! + 1uL }
        } while (piece.isNotEmpty())
    }

    @Test
    fun `every session is told byte for byte`() = runBlocking {
        val kept = kept()
        val count = Regex(""""count":\s*(\d+)""").find(Files.readString(tests.resolve("vectors/manifest.json")))
        assertEquals(count!!.groupValues[1].toInt(), kept.size, "a session is missing, or one too many")
        val names = sortedSetOf<String>()
        val typed = sortedSetOf<String>()
        for ((path, hashes) in kept) {
            val file = tests.resolve("vectors").resolve(path).toString()
            val replay = replayFile(file)
            LogReader.openFile(file).use { log ->
                val stream = log.streams().single().name
                val told = allEvents(log, stream)
                val calls = log.calls(CallQuery())
                val now = Hashes(
                    announced = sha256(replay.announcements),
                    events = sha256(lines(told.map { it.json.text })),
                    calls = sha256(lines(calls.map { it.json.text })),
                )
                assertEquals(hashes, now, path)
                told.forEach { if (it.event is Event.Other) names += it.name else typed += it.name }
            }
        }
        // What is one of the typed events never comes as another.
        assertEquals(emptySet<String>(), names.intersect(typed))
        assertTrue(
            typed.containsAll(listOf("line_changed", "hold_entered", "command_done", "provider", "cti_model_changed")),
            "$typed",
        )
    }

    @Test
    fun `a log answers as on every surface`() = runBlocking {
        val file = tests.resolve("vectors/named/hold-and-back.jsonl").toString()
        LogReader.openBytes(Files.readAllBytes(Path.of(file))).use { log ->
            val stream = log.streams().single()
            assertEquals("hold-and-back", stream.name)
            val call = log.calls(CallQuery(stream = stream.name)).first()
            assertTrue(call.outcome == CallOutcome.ANSWERED && call.holds.isNotEmpty(), "$call")
            val held = log.atRecord(stream.name, call.holds.first().from.seq)
            assertTrue(held.held != null && held.seq == call.holds.first().from.seq)
            assertEquals(held.held, log.at(stream.name, call.holds.first().from.at).held)
            val report = log.verify(rerun = true, heads = log.heads())
            assertTrue(report.isGood && report.streams.single().records == stream.records)
            val time = log.time().single()
            assertEquals(time.loggedIn, time.totals.map { it.length }.reduce { a, b -> a + b })
            assertTrue(log.picture(call.id, Picture.TIMELINE_SVG).startsWith("<svg"))
            assertTrue("talk" in log.picture(call.id, Picture.TIMELINE_TEXT))
            val none = assertThrows<CallfoldException> { runBlocking { log.stream("nobody") } }
            assertEquals(5108 to "no_stream", none.code to none.details.name)
            assertEquals("nobody", none.details.context["stream"])
        }
    }

    @Test
    fun `a listener of progress ends a work, and what it throws is told`() = runBlocking {
        val file = tests.resolve("vectors/named/hold-and-back.jsonl").toString()
        val enough = assertThrows<CallfoldException> {
            runBlocking {
                replayFile(file, object : ProgressListener {
                    override fun progress(done: ULong, of: ULong): Boolean = throw IllegalStateException("enough")
                })
            }
        }
        assertEquals("listener_failed", enough.details.name)
        assertTrue("IllegalStateException" in enough.details.text && "enough" !in enough.details.text)
    }

    @Test
    fun `names and numbers are masked where they are printed`() = runBlocking {
        val file = tests.resolve("vectors/named/hold-and-back.jsonl").toString()
        LogReader.openFile(file).use { log ->
            val call = log.calls(CallQuery()).first()
            val number = call.other.number!!.text
            val told = log.events(log.streams().single().name)
            assertTrue(told.any { number in it.json.text }, "the JSON has it in full")
            assertTrue(told.none { number in it.toString() } && number !in call.toString())
        }
        assertTrue("Canary" !in Secret.password("Canary-9137").toString())
    }

    @Test
    fun `the table of errors is that of every surface`() {
        val kept = Path.of(System.getProperty("callfold.repository"), "core/callfold/src/problem/numbers.txt")
        val rows = problemCodes().joinToString("") { "${it.code} ${it.name}\n" }
        assertEquals(Files.readString(kept), rows)
    }
}
