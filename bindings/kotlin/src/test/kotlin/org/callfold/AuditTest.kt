package org.callfold

import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.api.io.TempDir
import java.nio.file.Files
import java.nio.file.Path
import java.security.MessageDigest
import java.time.Instant
import kotlin.time.Duration
import kotlin.time.Duration.Companion.ZERO
import kotlin.time.Duration.Companion.days
import kotlin.time.Duration.Companion.hours
import kotlin.time.Duration.Companion.microseconds
import kotlin.time.Duration.Companion.seconds

/** What an auditor asks of a log: calls by what is so of them, what does not fit, what comes out otherwise, and a floor's figures. */
class AuditTest {
    private val repository: Path = Path.of(System.getProperty("callfold.repository"))
    private val vectors: Path = repository.resolve("tests/vectors")

    @TempDir
    lateinit var scratch: Path

    private fun named(name: String): String = vectors.resolve("named/$name.jsonl").toString()

    /** A log in memory with what the test puts in. */
    private fun log(test: suspend (LogReader) -> Unit): Unit = runBlocking {
        Recorder.inMemory().use { recorder -> recorder.reader().use { test(it) } }
    }

    /** A floor of agents, each with calls of other kinds. */
    private fun floor(test: suspend (LogReader) -> Unit): Unit = log { log ->
        for (name in FLOOR) log.takeIn(named(name))
        log.takeIn(session("transfer-done", login = "dorn"), "of dorn")
        test(log)
    }

    /** A recorded session as a file: played so often, ten minutes apart, by this agent. */
    private fun session(name: String, times: Int = 1, login: String = "ivanov"): String {
        val lines = Files.readAllLines(Path.of(named(name))).map { it.replace("\"ivanov\"", "\"$login\"") }
        val time = Regex("^\\{\"t\":(\\d+)")
        val file = Files.createTempFile(scratch, name, ".jsonl")
        val again = (0 until times).flatMap { again ->
            lines.drop(1).map { line -> time.replace(line) { "{\"t\":${it.groupValues[1].toLong() + again * 600_000L}" } }
        }
        Files.write(file, lines.take(1) + again)
        return file.toString()
    }

    private suspend fun fails(work: suspend () -> Unit): Problem {
        try {
            work()
        } catch (error: CallfoldException) {
            return error.details
        }
        throw AssertionError("it does not fail")
    }

    private fun ids(calls: List<Call>): List<Pair<String, String>> = calls.map { it.stream to it.id }

    private fun length(call: Call): Duration? = call.ended?.let { microsBetween(call.began.at, it.at).microseconds }

    private fun microsBetween(from: Instant, to: Instant): Long = microsOf(to) - microsOf(from)

    private fun people(call: Call): List<OtherSide> =
        listOf(call.other) + call.legs.map { it.who } + call.transfers.mapNotNull { it.with }

    // ---- find ----

    @Test
    fun `each filter finds what a look at every call finds`() = floor { log ->
        val all = log.calls(CallQuery())
        val began = all.map { it.began.at }.sorted()
        val (early, late) = began[all.size / 3] to began[2 * all.size / 3]
        val lengths = all.mapNotNull { length(it) }.sorted()
        val middle = lengths[lengths.size / 2]
        val digits = { text: String? -> text.orEmpty().filter { it.isDigit() } }
        val filters: List<Pair<FindQuery, (Call) -> Boolean>> = listOf(
            FindQuery(stream = "hold-and-back") to { it.stream == "hold-and-back" },
            FindQuery(agent = MaskedName("dorn")) to { it.stream == "of dorn" },
            FindQuery(from = early) to { it.began.at >= early },
            FindQuery(to = late) to { it.began.at < late },
            FindQuery(from = early, to = late) to { it.began.at >= early && it.began.at < late },
            FindQuery(number = MaskedNumber("+7 (916) 123-45-67")) to { call ->
                people(call).any { digits(it.number?.text).endsWith("9161234567") }
            },
            FindQuery(number = MaskedNumber("10*")) to { call ->
                people(call).any { digits(it.number?.text).startsWith("10") }
            },
            FindQuery(name = MaskedName("ПЕТРОВ")) to { call ->
                people(call).any { "петров" in it.name?.text.orEmpty().lowercase() }
            },
            FindQuery(outcomes = listOf(CallOutcome.ABANDONED)) to { it.outcome == CallOutcome.ABANDONED },
            FindQuery(outcomes = listOf(CallOutcome.LOST, CallOutcome.DECLINED)) to {
                it.outcome == CallOutcome.LOST || it.outcome == CallOutcome.DECLINED
            },
            FindQuery(atLeast = middle) to { call -> length(call)?.let { it >= middle } ?: false },
            FindQuery(atMost = middle) to { call -> length(call)?.let { it <= middle } ?: false },
            FindQuery(held = true) to { it.holds.isNotEmpty() },
            FindQuery(transferred = true) to { it.transfers.isNotEmpty() },
            FindQuery(irregular = true) to { it.irregularities.isNotEmpty() },
            FindQuery(held = true, outcomes = listOf(CallOutcome.ANSWERED)) to {
                it.holds.isNotEmpty() && it.outcome == CallOutcome.ANSWERED
            },
        )
        for ((query, isWanted) in filters) {
            val wanted = all.filter(isWanted)
            assertTrue(wanted.isNotEmpty() && wanted.size < all.size, "the floor has no calls to tell apart by $query")
            val found = log.find(query)
            assertEquals(ids(wanted).toSet(), ids(found.calls).toSet(), "$query")
            assertEquals(wanted.size.toULong() to emptyList<DamagedStream>(), found.total to found.damaged, "$query")
        }
        val found = log.find(FindQuery())
        assertEquals(all, found.calls)
        val latest = log.find(FindQuery(most = 2uL))
        assertEquals(all.takeLast(2) to all.size.toULong(), latest.calls to latest.total)
    }

    @Test
    fun `what nobody is like is not found`() = floor { log ->
        for (query in listOf(
            FindQuery(agent = MaskedName("nobody")),
            FindQuery(number = MaskedNumber("99999")),
            FindQuery(name = MaskedName("nobody")),
            FindQuery(atLeast = 1.days),
            FindQuery(from = Instant.parse("2030-01-01T00:00:00Z")),
        )) {
            assertEquals(FoundCalls(emptyList(), 0uL, emptyList()), log.find(query), "$query")
        }
    }

    @Test
    fun `calls near to one that is not there are offered`() = floor { log ->
        val call = log.calls(CallQuery(stream = "hold-and-back")).first { it.chain != null }
        val slip = call.id.dropLast(3) + "000"
        assertTrue(log.calls(CallQuery(id = slip)).isEmpty())
        assertTrue(call.id in log.near(slip).map { it.id })
        assertTrue(log.near(slip, "incoming-abandoned").isEmpty())
        val number = call.other.number!!.text
        assertTrue(log.near(number).any { near -> people(near).any { it.number?.text == number } })
        assertEquals(listOf(call.id), log.near("record:${call.began.seq}", "hold-and-back").map { it.id })
        assertTrue(log.near("nothing like it").isEmpty())
    }

    // ---- lint ----

    @Test
    fun `what does not fit is told by kind, stream and time`() = floor { log ->
        val all = log.lint(LintQuery())
        assertTrue(all.oddities.isNotEmpty() && !all.isDamaged)
        assertEquals(all.found, all.oddities.size.toULong())
        assertEquals(FLOOR.size + 1, all.streams.toInt())
        assertEquals(log.streams().map { it.records }.reduce { a, b -> a + b }, all.records)
        val byKind = all.oddities.groupingBy { it.kind }.eachCount().mapValues { it.value.toULong() }
        assertEquals(byKind, all.byKind.associate { it.kind to it.count })
        assertTrue(byKind.size > 1, "$byKind")
        for (oddity in all.oddities) {
            assertTrue(oddity.at.seq in oddity.records && oddity.words.isNotEmpty(), "$oddity")
            assertTrue("\"kind\":\"${oddity.kind.text()}\"" in oddity.json.text, oddity.json.text)
        }
        assertTrue(all.oddities.any { it.call != null } && all.oddities.any { it.command != null })

        val kind = all.oddities.last().kind
        assertEquals(all.oddities.filter { it.kind == kind }, log.lint(LintQuery(kinds = listOf(kind))).oddities)
        val stream = all.oddities.first().stream
        val there = log.lint(LintQuery(streams = listOf(stream)))
        assertEquals(all.oddities.filter { it.stream == stream } to 1uL, there.oddities to there.streams)
        val times = all.oddities.map { it.at.at }.sorted()
        val (from, to) = times[times.size / 3] to times[2 * times.size / 3]
        val between = all.oddities.filter { it.at.at >= from && it.at.at < to }
        assertTrue(between.isNotEmpty() && between.size < all.oddities.size)
        assertEquals(between, log.lint(LintQuery(from = from, to = to)).oddities)
        val one = log.lint(LintQuery(), most = 1u)
        assertEquals(all.oddities.take(1) to all.found, one.oddities to one.found)
        assertEquals(0uL, log.lint(LintQuery(streams = listOf("hold-and-back"))).found)
    }

    @Test
    fun `kinds have the names that they have everywhere`() {
        for (kind in OddityKind.entries) assertEquals(kind, oddityKind(kind.text()))
        assertEquals("talk-without-ring", OddityKind.TALK_WITHOUT_RING.text())
        val unknown = assertThrows<CallfoldException> { oddityKind("sold") }.details
        assertEquals("unknown_name" to "sold", unknown.name to unknown.context["name"])
    }

    // ---- diff ----

    @Test
    fun `a log that today's rules tell the same has no differences`() = floor { log ->
        val today = log.diffToday()
        assertTrue(today.isSame && !today.isDamaged && today.differences.isEmpty())
        assertEquals(log.calls(CallQuery()).size.toULong() to 0uL, today.calls to today.differ)
        assertEquals(FLOOR.size + 1, today.streams.toInt())
        assertEquals(1uL, log.diffToday(listOf("hold-and-back")).streams)
        assertTrue(log.diff(log).isSame)
    }

    @Test
    fun `two logs are compared by streams of the same name`() = log { one ->
        Recorder.inMemory().use { recorder ->
            recorder.reader().use { other ->
                one.takeIn(named("hold-and-back"), "both")
                one.takeIn(named("incoming-answered"), "only here")
                other.takeIn(named("outgoing-not-answered"), "both")
                other.takeIn(named("queue"), "only there")
                val report = one.diff(other)
                assertTrue(!report.isSame && !report.isDamaged && report.found == report.differences.size.toULong())
                val of = report.differences.groupBy({ it.stream }, { it.what })
                assertEquals(listOf(Difference.Missing(DiffSide.OTHER)), of["only here"])
                assertEquals(listOf(Difference.Missing(DiffSide.ONE)), of["only there"])
                val both = of.getValue("both")
                val records = both.filterIsInstance<Difference.Records>().single()
                assertEquals(one.stream("both").records to other.stream("both").records, records.one to records.other)
                val events = both.filterIsInstance<Difference.Events>().single()
                assertTrue(events.records >= 1uL && events.first >= 1uL && events.event >= 1uL && events.one != events.other)
                val time = both.filterIsInstance<Difference.Time>()
                assertTrue(time.isNotEmpty() && time.all { it.one != it.other })
                val calls = both.filterIsInstance<Difference.Call>().map { it.call }
                assertEquals(report.differ, calls.size.toULong())
                val only = one.calls(CallQuery(stream = "both")).first()
                val here = calls.single { it.id == only.id }
                assertEquals(DiffSide.ONE to only.began, here.only to here.began)
                assertTrue(here.one.single().text.endsWith("call begins") && here.other.isEmpty())
                assertEquals(setOf("both"), one.diff(other, listOf("both")).differences.map { it.stream }.toSet())
                val least = one.diff(other, most = 1u)
                assertEquals(report.differences.take(1) to report.found, least.differences to least.found)
            }
        }
    }

    @Test
    fun `of a call that comes out otherwise it is told what differs, and nobody is named where it is printed`() = log { one ->
        Recorder.inMemory().use { recorder ->
            recorder.reader().use { other ->
                one.takeIn(named("hold-and-back"), "both")
                val changed = Files.readString(Path.of(named("hold-and-back"))).replace("+79161234567", "+79167654321")
                val file = Files.writeString(scratch.resolve("changed.jsonl"), changed)
                other.takeIn(file.toString(), "both")
                val report = one.diff(other)
                val call = (report.differences.first().what as Difference.Call).call
                assertEquals(null, call.only)
                val with = call.fields.single { it.name == "with" }
                assertTrue("79161234567" in with.one.text && "79167654321" in with.other.text, "the text is there in full")
                assertTrue(call.one.any { "79161234567" in it.text } && call.first >= 1uL)
                assertTrue("7916" !in report.toString(), "$report")
            }
        }
    }

    // ---- report ----

    @Test
    fun `a report has the figures of its calls`() = floor { log ->
        log.report(ReportOptions()).use { report ->
            val figures = report.figures()
            val calls = log.calls(CallQuery())
            assertEquals(FLOOR.size + 1, figures.lines.toInt())
            assertEquals(ids(calls).toSet(), figures.calls.map { it.stream to it.id }.toSet(), "so few are all listed")
            val inbound = figures.floor.inbound
            val fates = with(inbound) { listOf(answered, abandoned, shortAbandoned, declined, failed, undetermined) }
            assertEquals(inbound.offered.count, fates.map { it.count }.reduce { a, b -> a + b })
            assertTrue(inbound.offered.count > 0uL && inbound.offered.count == inbound.offered.listed.size.toULong())
            assertEquals(inbound.serviceLevel.part, inbound.inTime.count)
            val speed = inbound.answerSpeed
            assertEquals(speed.mean, (microsOf(speed.sum) / speed.of.toLong()).microseconds)
            assertEquals(calls.count { it.holds.isNotEmpty() }.toULong(), figures.held.count)
            val longest = calls.flatMap { call -> call.holds.mapNotNull { hold -> hold.to?.let { microsBetween(hold.from.at, it.at) } } }
            assertEquals(longest.max().microseconds, figures.longestHolds.first().length)
            val listed = figures.calls[figures.longestHolds.first().call!!.toInt()]
            val held = calls.single { it.stream == listed.stream && it.id == listed.id }
            assertEquals(listOf(held.talk, held.held, held.waited), listOf(listed.talk, listed.held, listed.waited))
            assertEquals(Triple(held.outcome, held.direction, held.other.number), Triple(listed.outcome, listed.direction, listed.number))
            assertEquals(setOf("ivanov", "dorn"), figures.agents.map { it.login?.text }.toSet())
            assertEquals(figures.time.loggedIn, figures.time.totals.map { it.length }.reduce { a, b -> a + b })
            assertEquals(figures.agents.map { it.time.loggedIn }.reduce { a, b -> a + b }, figures.time.loggedIn)
            assertEquals(24, figures.hours.size)
            assertEquals(inbound.offered.count, figures.hours.map { it.calls.inbound.offered.count }.reduce { a, b -> a + b })
            assertEquals(figures.irregularities.map { it.kind }.toSet(), calls.flatMap { it.irregularities }.map { it.kind }.toSet())
            assertEquals(emptyList<ReportDamage>() to emptyList<MaskedName>(), figures.damage to figures.unknownAgents)
            assertTrue(figures.gaps > 0uL && figures.longestGaps.isNotEmpty() && figures.withGap.count > 0uL)
            assertTrue(report.html().startsWith("<!DOCTYPE html>") && report.html().endsWith("</html>\n"))
            assertTrue(listOf("7916", "ivanov").none { it in figures.toString() } && "7916" in report.json().text)
        }
    }

    @Test
    fun `times, agents and thresholds are those that were asked for`() = floor { log ->
        suspend fun figures(options: ReportOptions) = log.report(options).use { it.figures() }
        val usual = figures(ReportOptions())
        assertEquals(Triple(20.seconds, 5.seconds, ZERO), Triple(usual.threshold, usual.shortAbandon, usual.offset))
        val began = usual.calls.map { it.began }.sorted()
        val (from, to) = began[began.size / 3] to began[2 * began.size / 3]
        val between = figures(ReportOptions(from = from, to = to))
        assertEquals(from to to, between.from to between.to)
        assertEquals(usual.calls.count { it.began >= from && it.began < to }, between.calls.size)
        val dorn = figures(ReportOptions(agents = listOf(MaskedName("dorn"))))
        assertEquals(1uL to listOf("dorn"), dorn.lines to dorn.only.map { it.text })
        val nobody = figures(ReportOptions(agents = listOf(MaskedName("nobody"))))
        assertEquals(0uL to listOf(MaskedName("nobody")), nobody.lines to nobody.unknownAgents)
        assertTrue(nobody.calls.isEmpty() && nobody.floor.inbound.serviceLevel.perMille == null && nobody.time.occupancy == null)
        val later = figures(ReportOptions(offset = 3.hours))
        val hours = { of: ReportFigures -> of.hours.filter { it.calls.inbound.offered.count > 0uL }.map { it.name.take(2).toInt() } }
        assertEquals(hours(usual).map { (it + 3) % 24 }.sorted(), hours(later).sorted())
        val strict = figures(ReportOptions(threshold = 1.microseconds))
        assertTrue(usual.floor.inbound.inTime.count > 0uL && strict.floor.inbound.inTime.count == 0uL)
        // All lines have the same chain: on the floor it is one call, which somebody answered.
        log.takeIn(session("incoming-abandoned", login = "petrova"), "of petrova")
        val petrova = ReportOptions(agents = listOf(MaskedName("petrova")))
        val abandoned = { of: ReportFigures -> with(of.floor.inbound) { abandoned.count to shortAbandoned.count } }
        assertEquals(1uL to 0uL, abandoned(figures(petrova)))
        assertEquals(0uL to 1uL, abandoned(figures(petrova.copy(shortAbandon = 1.hours))))
        val short = figures(ReportOptions(listed = 1u, longest = 1u))
        assertTrue(usual.longestHolds.size > 1 && short.longestHolds.size == 1)
        assertTrue(usual.floor.inbound.offered.listed.size > 1 && short.floor.inbound.offered.listed.size == 1)
    }

    @Test
    fun `an empty log has an empty report and nothing to look at`() = log { log ->
        log.report(ReportOptions()).use { report ->
            assertTrue(report.figures().let { it.lines == 0uL && it.calls.isEmpty() && it.agents.isEmpty() })
            assertTrue("No calls." in report.html())
        }
        assertEquals(0uL to 0uL, log.lint(LintQuery()).let { it.streams to it.found })
        assertTrue(log.diffToday().isSame && log.find(FindQuery()).calls.isEmpty())
    }

    // ---- all of them ----

    @Test
    fun `what makes no sense is refused, and says why`() = floor { log ->
        val at = Instant.parse("2026-01-12T06:00:00Z")
        val before = at.minusMillis(1)
        for (range in listOf<suspend () -> Unit>(
            { log.find(FindQuery(from = at, to = at)) },
            { log.find(FindQuery(from = at, to = before)) },
            { log.lint(LintQuery(from = at, to = before)) },
            { log.report(ReportOptions(from = at, to = at)).close() },
        )) {
            val problem = fails(range)
            assertEquals("bad_range", problem.name)
            assertTrue("`from`" in problem.text && "`to`" in problem.text, problem.text)
        }
        for ((what, length) in listOf<Pair<String, suspend () -> Unit>>(
            "at_least" to { log.find(FindQuery(atLeast = (-1).seconds)) },
            "at_most" to { log.find(FindQuery(atMost = (-1).seconds)) },
            "threshold" to { log.report(ReportOptions(threshold = (-1).seconds)).close() },
            "short_abandon" to { log.report(ReportOptions(shortAbandon = (-1).seconds)).close() },
            "UTC" to { log.report(ReportOptions(offset = 25.hours)).close() },
        )) {
            val problem = fails(length)
            assertTrue(problem.name == "bad_range" && what in problem.text, "$problem")
        }
        for (unknown in listOf<suspend () -> Unit>(
            { log.find(FindQuery(stream = "nobody")) },
            { log.near("102", "nobody") },
            { log.lint(LintQuery(streams = listOf("hold-and-back", "nobody"))) },
            { log.diffToday(listOf("nobody")) },
            { log.diff(log, listOf("nobody")) },
        )) {
            val problem = fails(unknown)
            assertEquals("no_stream" to "nobody", problem.name to problem.context["stream"])
        }
    }

    @Test
    fun `a damaged store is refused, and is not read as another one`() = runBlocking {
        val store = scratch.resolve("store")
        Recorder.open(RecorderOptions(store.toString())).use { recorder ->
            recorder.reader().use { it.takeIn(named("hold-and-back")) }
        }
        val file = store.resolve("sled/db")
        val bytes = Files.readAllBytes(file)
        for (at in bytes.indices step bytes.size / 64) bytes[at] = (bytes[at].toInt() xor 0xff).toByte()
        Files.write(file, bytes)
        assertEquals("store_damaged", fails { LogReader.openStore(store.toString()).close() }.name)
    }

    @Test
    fun `what is used after it was closed says so`() = log { log ->
        log.takeIn(named("hold-and-back"))
        val report = log.report(ReportOptions())
        report.close()
        for (use in listOf<() -> Any>({ report.figures() }, { report.json() }, { report.html() })) {
            assertThrows<CallfoldException.Closed> { use() }
        }
        val closed = Recorder.inMemory().use { it.reader() }
        closed.close()
        for (use in listOf<suspend () -> Unit>(
            { closed.find(FindQuery()) },
            { closed.near("102") },
            { closed.lint(LintQuery()) },
            { closed.diffToday() },
            { closed.diff(log) },
            { log.diff(closed) },
            { closed.report(ReportOptions()) },
        )) {
            assertEquals(5107 to "log_closed", fails(use).let { it.code.toInt() to it.name })
        }
        // What was made before is what it was.
        log.report(ReportOptions()).use { before ->
            log.close()
            assertEquals(1uL, before.figures().lines)
        }
    }

    /** Wants no more after so much. */
    private class Until(private val most: ULong) : ProgressListener {
        override fun progress(done: ULong, of: ULong): Boolean = done < most
    }

    @Test
    fun `long work tells how far it is, and is broken off`() = log { log ->
        log.takeIn(session("phone-formats", times = 8), "long")
        assertTrue(log.stream("long").records > 2_000uL, "it is told of every thousand records")
        for (work in listOf<suspend (ProgressListener) -> Unit>(
            { log.find(FindQuery(), it) },
            { log.near("102", progress = it) },
            { log.lint(LintQuery(), progress = it) },
            { log.diffToday(progress = it) },
            { log.diff(log, progress = it) },
            { log.report(ReportOptions(), it).close() },
        )) {
            assertEquals("interrupted", fails { work(Until(0uL)) }.name)
            work(Until(ULong.MAX_VALUE))
        }
    }

    @Test
    fun `each session is told byte for byte as Rust tells it`() = runBlocking {
        val said = Regex(
            """"([^"]+\.jsonl[^"]*)":\s*\{\s*"lint":\s*"(\w+)",\s*"diff":\s*"(\w+)",\s*"report":\s*"(\w+)",\s*"page":\s*"(\w+)"""",
        )
        val kept = said.findAll(Files.readString(repository.resolve("tests/told.json"))).toList()
        val count = Regex(""""count":\s*(\d+)""").find(Files.readString(vectors.resolve("manifest.json")))
        assertEquals(count!!.groupValues[1].toInt(), kept.size, "a session is missing, or one too many")
        Recorder.inMemory().use { recorder ->
            recorder.reader().use { other ->
                other.takeIn(named("hold-and-back"), "session")
                for (hashes in kept) {
                    val path = hashes.groupValues[1]
                    assertEquals(hashes.groupValues.drop(2), said(vectors.resolve(path).toString(), other), path)
                }
            }
        }
    }

    private suspend fun said(path: String, other: LogReader): List<String> = Recorder.inMemory().use { recorder ->
        recorder.reader().use { log ->
            log.takeIn(path, "session")
            val (lint, diff) = log.lint(LintQuery()) to log.diff(other)
            log.report(ReportOptions()).use { report ->
                listOf(
                    lines(lint.oddities.map { it.json } + lint.json),
                    lines(diff.differences.map { it.json } + diff.json),
                    report.json().text,
                    report.html(),
                ).map { sha256(it) }
            }
        }
    }

    private fun lines(all: List<Json>): String = all.joinToString("") { "${it.text}\n" }

    private fun sha256(text: String): String =
        MessageDigest.getInstance("SHA-256").digest(text.toByteArray()).joinToString("") { "%02x".format(it) }

    private companion object {
        /** Recorded sessions with calls of all kinds. */
        val FLOOR = listOf(
            "hold-and-back", "incoming-answered", "incoming-abandoned", "incoming-declined", "connection-lost", "ivr",
            "slow-server", "seed-incoming-consult-connect", "cti-blind-transfer", "phone-formats",
        )
    }
}
