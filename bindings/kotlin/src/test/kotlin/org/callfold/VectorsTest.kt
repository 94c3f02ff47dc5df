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
                    announced = sha256(replay.announcements.text.toByteArray()),
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
    fun `what the application puts in, logins and what is replayed are masked, too`() = runBlocking {
        val (number, login) = MaskedNumber("+79161234567") to "ivanov"
        val printed = listOf(
            Endpoint(listOf("wss://pbx.example"), login),
            LineOptions(Endpoint(listOf("wss://pbx.example"), login)),
            CallQuery(number = number, agent = MaskedName(login)),
            FindQuery(number = number, name = MaskedName("Ivan"), agent = MaskedName(login)),
            ReportOptions(agents = listOf(MaskedName(login))),
            Command.Call(number, false),
            Command.EndCall(listOf(number)),
            Command.Conference(listOf(number), null, null),
            Command.Ghost(GhostMode.HELP, number),
            MachineInput.Commanded(java.time.Instant.EPOCH, Command.ModelBlindTransferCall(number)),
            Event.Connecting(MaskedName(login)),
            PartyUser("1", MaskedName("Ivan"), MaskedName(login), MaskedName("sits by the window")),
            Held.OfConference("1", MaskedName("Ivan's"), 7L),
        ).map { it.toString() }
        for (text in printed) {
            assertTrue(listOf("7916", login, "Ivan", "window").none { it in text }, text)
        }
        val path = tests.resolve("vectors/named/hold-and-back.jsonl").toString()
        val replay = replayFile(path)
        assertTrue(replay.announcements.text.lines().size > 10 && replay.toString().length < 400, "$replay")
        LogReader.openFile(path).use { log ->
            val stream = log.streams().single()
            val agent = stream.agent!!.text
            val states = listOf(log.atRecord(stream.name, stream.records), log.time(), stream)
            assertTrue(states.none { "=$agent" in it.toString() || "'$agent'" in it.toString() }, "$states")
        }
    }

    /** Wants no more after so much. */
    private class Until(private val most: ULong) : ProgressListener {
        override fun progress(done: ULong, of: ULong): Boolean = done < most
    }

    @Test
    fun `reading a log and taking a file in are broken off, and nothing is half done`() = runBlocking {
        val vectors = tests.resolve("vectors/named")
        val trace = vectors.resolve("hold-and-back.jsonl").toString()
        val recorder = Recorder.inMemory()
        suspend fun stops(work: suspend () -> Unit) {
            val error = assertThrows<CallfoldException> { runBlocking { work() } }
            assertEquals("interrupted", error.details.name)
        }
        recorder.reader().use { log ->
            stops { log.takeIn(trace, progress = Until(0uL)) }
            assertEquals(emptyList<StreamInfo>(), log.streams())
            log.takeIn(trace)
            log.takeIn(vectors.resolve("conference-from-talk.jsonl").toString())
            stops { log.events("hold-and-back", progress = Until(0uL)) }
            stops { log.streams(Until(0uL)) }
            stops { LogReader.openFile(trace, Until(0uL)) }
            assertEquals(2, log.streams(Until(ULong.MAX_VALUE)).size)
            assertTrue(log.verify(rerun = true).isGood)
        }
        recorder.close()
    }

    @Test
    fun `the table of errors is that of every surface`() {
        val kept = Path.of(System.getProperty("callfold.repository"), "core/callfold/src/problem/numbers.txt")
        val rows = problemCodes().joinToString("") { "${it.code} ${it.name}\n" }
        assertEquals(Files.readString(kept), rows)
    }
}
