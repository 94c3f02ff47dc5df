package org.callfold

import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import java.nio.file.Files
import java.time.Instant
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.atomic.AtomicInteger
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/** Live lines, over sockets, against the simulated PBX. */
class LineTest {
    private fun numbers(state: LineSnapshot) = state.parties.map { it.phone?.text }.sortedBy { it }

    @Test
    fun `a line is connected, told of, and closed`() = office { pbx ->
        val line = ivanov(pbx)
        val state = line.state()
        assertEquals(Connection.CONNECTED to LineState.READY, state.connection to state.line)
        assertEquals("ivanov" to "101", state.agent.login?.text to state.agent.number?.text)
        assertEquals("Ivan Ivanov", state.agent.name?.text)
        assertTrue(line.numbers().map { it.number.text }.containsAll(listOf("101", "102", "103")))
        assertTrue(line.users().any { it.name?.text == "Anna Petrova" && it.subordinate })
        assertTrue("call" in line.actions("102") && line.breakReasons().isNotEmpty())
        line.leave()
        becomes { pbx.say("101", """["nothing",{}]""") == 0uL }
    }

    @Test
    fun `a login is refused, and says why`() = office { pbx ->
        for ((login, password, code) in listOf(
            Triple("ivanov", "wrong", 1202),
            Triple("nobody", "Secret1", 1202),
            Triple("desk", "Secret4", 1204),
        )) {
            Line.open(options(pbx, login), Secret.password(password)).use { line ->
                val result = line.connect()
                assertTrue(result is CommandResult.RefusedAtLogin && !result.isDone)
                assertEquals(code, result.refusal)
                val thrown = assertThrows<CallfoldException.Refused> { result.orThrow() }
                assertEquals(5401 to "$code", thrown.code to thrown.problem.context["code"])
            }
        }
        Line.open(options(pbx, "ivanov"), null).use { assertEquals(1213, it.connect().refusal) }
        Line.open(options(pbx, "ivanov"), Secret.session(SESSION)).use { it.connect().orThrow() }
    }

    @Test
    fun `what was closed is not handed on`() = office { pbx ->
        fun why(secret: Secret, recorder: Recorder): String = assertThrows<CallfoldException.Closed> {
            runBlocking { Line.open(options(pbx, "ivanov"), secret, recorder).close() }
        }.details.name
        fun secret() = Secret.password("Secret1")
        assertEquals("not_running", why(secret().also { it.close() }, Recorder.inMemory()))
        assertEquals("log_closed", why(secret(), Recorder.inMemory().also { it.close() }))
    }

    @Test
    fun `an incoming call is answered, held, taken back and ended`() = office { pbx ->
        ivanov(pbx).use { line ->
            val customer = pbx.externalCall(CUSTOMER, "101")
            assertEquals(listOf(CUSTOMER), numbers(line.comesTo(LineState.RING)))
            line.answer().orThrow()
            val talk = line.comesTo(LineState.TALK)
            assertNotNull(talk.talkSince)
            line.hold().orThrow()
            val held = line.awaitState { it.held != null }.held
            assertEquals(CUSTOMER, (held as Held.OfParty).party.phone?.text)
            becomes { pbx.outside(customer) == OutsideState.HELD }
            line.hold().orThrow()
            line.awaitState { it.held == null && it.line == LineState.TALK }
            line.endCall().orThrow()
            line.comesTo(LineState.READY)
            becomes { pbx.outside(customer) == OutsideState.GONE }
        }
    }

    @Test
    fun `a consultation ends in a transfer`() = office { pbx ->
        ivanov(pbx).use { line ->
            petrova(pbx).use { colleague ->
                val customer = talk(pbx, line)
                line.call("102").orThrow()
                colleague.comesTo(LineState.RING)
                colleague.answer().orThrow()
                val state = line.awaitState { it.line == LineState.TALK && it.held != null && numbers(it) == listOf("102") }
                assertEquals(CUSTOMER, (state.held as Held.OfParty).party.phone?.text)
                line.toggle().orThrow()
                line.awaitState { numbers(it) == listOf(CUSTOMER) }
                line.toggle().orThrow()
                line.awaitState { numbers(it) == listOf("102") }
                line.commutate().orThrow()
                line.comesTo(LineState.READY)
                colleague.awaitState { numbers(it) == listOf(CUSTOMER) }
                assertEquals(OutsideState.TALKING, pbx.outside(customer))
            }
        }
    }

    @Test
    fun `a call is passed on`() = office { pbx ->
        ivanov(pbx).use { line ->
            petrova(pbx).use { colleague ->
                val customer = talk(pbx, line)
                line.transfer("102").orThrow()
                line.comesTo(LineState.READY)
                assertEquals(listOf(CUSTOMER), numbers(colleague.comesTo(LineState.RING)))
                colleague.answer().orThrow()
                colleague.comesTo(LineState.TALK)
                assertEquals(OutsideState.TALKING, pbx.outside(customer))
            }
        }
    }

    @Test
    fun `a transfer without a number connects the two`() = office { pbx ->
        ivanov(pbx).use { line ->
            val customer = talk(pbx, line)
            line.call("102").orThrow()
            pbx.answer(Phone.Line("102"))
            line.awaitState { it.line == LineState.TALK && it.held != null }
            // As the reference client: it is asked for, and refused as well.
            assertEquals(2304, line.transfer().refusal)
            line.comesTo(LineState.READY)
            assertEquals(OutsideState.TALKING, pbx.outside(customer))
        }
    }

    @Test
    fun `a conference is made, and ends`() = office { pbx ->
        ivanov(pbx).use { line ->
            petrova(pbx).use { colleague ->
                val customer = talk(pbx, line)
                line.conference(listOf("102")).orThrow()
                colleague.comesTo(LineState.RING)
                colleague.answer().orThrow()
                line.awaitState { it.conference != null && "102" in numbers(it) && CUSTOMER in numbers(it) }
                becomes { pbx.outside(customer) == OutsideState.CONFERENCE }
                pbx.hangUp(customer)
                line.awaitState { CUSTOMER !in numbers(it) }
                line.endCall().orThrow()
                line.awaitState { it.conference == null && it.line == LineState.READY }
            }
        }
    }

    @Test
    fun `a lost connection is told as unknown and made again`() = office { pbx ->
        ivanov(pbx).use { line ->
            val told = CopyOnWriteArrayList<Event>()
            val listening = launch(start = CoroutineStart.UNDISPATCHED) { line.events().collect { told += it } }
            assertEquals(1uL, pbx.cut("101"))
            becomes { told.any { it is Event.LineKnownAgain } }
            line.awaitState { it.connection == Connection.CONNECTED }
            line.awaitState { it.staleSince == null && it.line == LineState.READY }
            assertTrue(told.any { it is Event.Disconnected } && told.any { it is Event.LineWentStale }, "$told")
            listening.cancelAndJoin()
        }
    }

    @Test
    fun `what is refused where nothing goes on is a result`() = office { pbx ->
        ivanov(pbx).use { line ->
            assertEquals(2901, line.answer().refusal)
            assertEquals(2901, line.endCall().refusal)
            assertEquals(2402, line.toggle().refusal)
            assertEquals(2106, line.call("").refusal)
            assertEquals(1000, line.modelAnswerCall().refusal)
            assertEquals(LineState.READY, line.state().line)
        }
    }

    @Test
    fun `events come in order, once, with the turn of what is so`() = office { pbx ->
        val recorder = Recorder.inMemory()
        ivanov(pbx, recorder).use { line ->
            val batches = CopyOnWriteArrayList<Batch>()
            val listening = launch(start = CoroutineStart.UNDISPATCHED) { line.batches().collect { batches += it } }
            becomes { batches.isNotEmpty() }
            assertTrue(batches.first().events.isEmpty(), "the first says what is so")
            pbx.hangUp(talk(pbx, line))
            line.comesTo(LineState.READY)
            becomes { batches.flatMap { it.events }.any { (it.event as? Event.LineChanged)?.to == LineState.READY } }
            val told = batches.flatMap { it.events }
            val turns = told.map { it.turn!! }
            assertEquals(turns.sorted(), turns)
            for (batch in batches) assertTrue(batch.events.all { it.turn!! <= batch.state.turn!! })
            assertEquals(listOf(LineState.RING, LineState.TALK),
                told.mapNotNull { (it.event as? Event.LineChanged)?.to }.take(2))
            listening.cancelAndJoin()
            // The log has them as well: the same ones in the same order, and none twice.
            assertEquals(0uL, batches.map { it.missed }.reduce { a, b -> a + b })
            val what = { event: Told -> Triple(event.seq, event.at, event.json) }
            val logged = recorder.reader().use { it.events("ivanov", told.first().seq!!) }
            assertEquals(logged.filter { it.seq!! <= told.last().seq!! }.map(what), told.map(what))
            assertTrue(told.size > 10 && told.map { it.seq }.toSet().size > 3, "$told")
        }
        recorder.close()
    }

    @Test
    fun `who collects slowly is told how much was missed, and holds up nobody`() = office { pbx ->
        Line.open(options(pbx, "ivanov").copy(buffer = 4u), Secret.password("Secret1")).use { line ->
            line.connect().orThrow()
            val batches = mutableListOf<Batch>()
            val mayGoOn = CompletableDeferred<Unit>()
            val collecting = launch(start = CoroutineStart.UNDISPATCHED) {
                line.batches().collect {
                    batches += it
                    mayGoOn.await()
                }
            }
            val quick = AtomicInteger()
            val other = line.listen(Listening { quick.addAndGet(it.events.size) })
            repeat(300) { line.toggle() }
            becomes { quick.get() > 100 }
            mayGoOn.complete(Unit)
            line.leave()
            collecting.join()
            other.stop()
            assertTrue(batches.sumOf { it.missed.toLong() } > 100, "${batches.map { it.missed }}")
            assertTrue(batches.size < 120, "${batches.size} batches waited")
            assertEquals(Connection.OFFLINE, batches.last().state.connection)
        }
    }

    @Test
    fun `a subscription keeps a line that is forgotten, and a line that is closed ends all the same`() = office { pbx ->
        val heard = AtomicInteger()
        val listener = Listening { batch ->
            heard.addAndGet(batch.events.count { (it.event as? Event.LineStarted)?.state == LineState.RING })
        }
        // Nobody has the line after this.
        val forgotten = suspend { ivanov(pbx).listen(listener) }
        val subscription = forgotten()
        repeat(20) {
            System.gc()
            delay(20.milliseconds)
        }
        pbx.externalCall(CUSTOMER, "101")
        becomes { heard.get() > 0 }
        assertEquals(1uL, pbx.say("101", """["nothing",{}]"""))
        subscription.close()
        becomes { pbx.say("101", """["nothing",{}]""") == 0uL }

        val line = petrova(pbx)
        val other = Listening { }
        val listening = line.listen(other)
        line.close()
        other.ended.await()
        becomes { pbx.say("102", """["nothing",{}]""") == 0uL }
        listening.close()
    }

    @Test
    fun `states are kept current in a scope`() = office { pbx ->
        ivanov(pbx).use { line ->
            val job = Job()
            val states = line.states(CoroutineScope(coroutineContext + job))
            assertEquals(LineState.READY, states.value)
            pbx.externalCall(CUSTOMER, "101")
            assertEquals(LineState.RING, states.first { it == LineState.RING })
            job.cancelAndJoin()
        }
    }

    /** A listener that does what a test says. */
    private class Listening(val onTold: (Batch) -> Unit) : LineListener {
        val problems = CopyOnWriteArrayList<Problem>()
        val ended = CompletableDeferred<Unit>()

        override fun told(batch: Batch) = onTold(batch)

        override fun failed(problem: Problem) {
            problems += problem
        }

        override fun ended() {
            ended.complete(Unit)
        }
    }

    @Test
    fun `listeners are called from many threads, one call at a time for each`() = office { pbx ->
        ivanov(pbx).use { line ->
            val threads = ConcurrentHashMap.newKeySet<Long>()
            val atOnce = AtomicInteger()
            val listeners = List(16) {
                val busy = AtomicInteger()
                val seen = AtomicInteger()
                val listener = Listening { batch ->
                    if (busy.incrementAndGet() > 1) atOnce.incrementAndGet()
                    threads += Thread.currentThread().id
                    // Back into the line, and waiting for it.
                    line.state()
                    runBlocking { line.toggle() }
                    seen.addAndGet(batch.events.size)
                    Thread.sleep(5)
                    busy.decrementAndGet()
                }
                Triple(line.listen(listener), listener, seen)
            }
            pbx.externalCall(CUSTOMER, "101")
            becomes { listeners.all { it.third.get() > 0 } }
            listeners.forEach { it.first.stop() }
            assertTrue(threads.size > 1, "$threads")
            assertEquals(0, atOnce.get())
            assertTrue(listeners.all { it.second.problems.isEmpty() })
        }
    }

    @Test
    fun `what a listener throws is told, and nothing breaks`() = office { pbx ->
        ivanov(pbx).use { line ->
            val calls = AtomicInteger()
            val thrower = Listening { _ ->
                when (calls.incrementAndGet() % 3) {
                    1 -> throw IllegalStateException("a fault about $CUSTOMER")
                    2 -> throw AssertionError("a fault about $CUSTOMER")
                    else -> throw CallfoldException.Failed(Problem(5001u, "bad_argument", CUSTOMER, emptyMap()))
                }
            }
            val other = AtomicInteger()
            val subscription = line.listen(thrower)
            val second = line.listen(Listening { other.addAndGet(it.events.size) })
            pbx.externalCall(CUSTOMER, "101")
            line.comesTo(LineState.RING)
            becomes { thrower.problems.size > 1 && other.get() > 0 }
            // It is called on, whatever it threw.
            line.endCall().orThrow()
            line.comesTo(LineState.READY)
            becomes { thrower.problems.size > 2 }
            assertEquals(setOf("listener_failed"), thrower.problems.map { it.name }.toSet())
            // Of what kind it was is told, and not what it says: that may name people.
            val texts = thrower.problems.take(3).map { it.text }
            assertTrue("IllegalStateException" in texts[0] && "AssertionError" in texts[1] && "5001" in texts[2], "$texts")
            assertTrue(texts.none { CUSTOMER in it }, "$texts")
            subscription.stop()
            second.stop()
        }
    }

    @Test
    fun `a listener hears of the end, and stops itself from within`() = office { pbx ->
        val line = ivanov(pbx)
        val listener = Listening { }
        val subscription = line.listen(listener)
        val within = AtomicInteger()
        lateinit var own: Subscription
        own = line.listen(Listening { batch ->
            if (batch.events.isNotEmpty()) {
                own.stop()
                within.incrementAndGet()
            }
        })
        line.toggle()
        becomes { within.get() == 1 }
        line.toggle()
        line.leave()
        listener.ended.await()
        assertEquals(1, within.get())
        subscription.close()
        line.close()
    }

    @Test
    fun `a suspended command is cancelled, and takes its course`() = office { pbx ->
        ivanov(pbx).use { line ->
            pbx.setFaults(Faults(late = mapOf("pbxautocallstart" to 400.milliseconds, "autocall" to 400.milliseconds), latency = 200.milliseconds))
            val calling = launch(Dispatchers.Default) { line.call(CUSTOMER) }
            delay(50.milliseconds)
            val started = System.nanoTime()
            calling.cancelAndJoin()
            assertTrue((System.nanoTime() - started) / 1_000_000 < 150, "cancelling does not wait for the answer")
            assertTrue(calling.isCancelled)
            // The command was given: it takes its course, and the line goes on.
            line.awaitState { it.line == LineState.BACK_RING }
            pbx.setFaults(Faults())
            line.endCall()
            line.comesTo(LineState.READY)
        }
    }

    @Test
    fun `what is used after its end says so`() = office { pbx ->
        val line = ivanov(pbx)
        line.leave()
        // It has ended, and is still there: its last state can be read.
        assertEquals(5301, assertThrows<CallfoldException.Closed> { runBlocking { line.answer() } }.code)
        assertEquals(Connection.OFFLINE, line.state().connection)
        assertEquals(emptyList<Event>(), line.told().toList())
        line.close()
        assertEquals(5301, assertThrows<CallfoldException.Closed> { line.state() }.code)
        assertEquals(5301, assertThrows<CallfoldException.Closed> { runBlocking { line.answer() } }.code)
        line.close()

        val recorder = Recorder.inMemory()
        val reader = recorder.reader()
        recorder.close()
        assertEquals(5107, assertThrows<CallfoldException.Closed> { recorder.reader() }.code)
        assertEquals(emptyList<StreamInfo>(), reader.streams())
        reader.close()
        assertEquals(5107, assertThrows<CallfoldException.Closed> { runBlocking { reader.streams() } }.code)

        val gone = Simulator.start(SimulatorOptions(emptyList()))
        gone.stop()
        assertEquals(5606, assertThrows<CallfoldException.Closed> { gone.cut("101") }.code)
        gone.close()
        assertEquals(5606, assertThrows<CallfoldException.Closed> { gone.url() }.code)
    }

    @Test
    fun `what makes no sense is refused at once`() = office { pbx ->
        val bad = listOf(
            LineOptions(Endpoint(emptyList(), "ivanov")),
            options(pbx, "ivanov").copy(buffer = 0u),
            options(pbx, "ivanov").copy(reconnect = Reconnect.BackOff(2.seconds, 1.seconds)),
            options(pbx, "ivanov").copy(authority = "no certificate".toByteArray()),
        )
        val codes = bad.map {
            assertThrows<CallfoldException> { runBlocking { Line.open(it, Secret.password("x")) } }.details.name
        }
        assertEquals(listOf("bad_argument", "bad_range", "bad_range", "bad_authority"), codes)
        ivanov(pbx).use { line ->
            val error = assertThrows<CallfoldException> { runBlocking { line.exec("m", Json("{")) } }
            assertEquals("not_json", error.details.name)
        }
        assertNull(Line.open(options(pbx, "ivanov"), null).use { it.stream() })
    }

    @Test
    fun `a line is recorded while its log is read, and goes on with its stream`() = office { pbx ->
        val folder = Files.createTempDirectory("callfold")
        val recorder = Recorder.open(RecorderOptions(folder.resolve("store").toString(), Durability.Every(20uL)))
        repeat(2) { time ->
            val line = ivanov(pbx, recorder)
            assertEquals("ivanov", line.stream())
            pbx.hangUp(talk(pbx, line))
            line.comesTo(LineState.READY)
            assertEquals(time + 1, recorder.reader().use { it.calls(CallQuery()).size })
            line.leave()
            line.close()
        }
        recorder.sync()
        recorder.reader().use { log ->
            assertTrue(log.verify(rerun = true).isGood)
            val call = log.calls(CallQuery(number = MaskedNumber(CUSTOMER))).first()
            assertTrue(call.outcome == CallOutcome.ANSWERED && call.ended != null, "$call")
            val export = folder.resolve("log.jsonl").toString()
            assertTrue(log.export(export) > 0uL)
            LogReader.openFile(export).use { copy ->
                assertEquals(log.calls(CallQuery()), copy.calls(CallQuery()))
            }
            assertTrue(log.erase(CUSTOMER).records > 0uL)
            assertEquals(emptyList<Call>(), log.calls(CallQuery(number = MaskedNumber(CUSTOMER))))
            // The longest times are the end of time, and no error.
            val stream = log.streams().single().name
            assertEquals(log.atRecord(stream, log.streams().single().records).line, log.at(stream, Instant.MAX).line)
            assertEquals("too_early", assertThrows<CallfoldException> { runBlocking { log.at(stream, Instant.MIN) } }.details.name)
            assertEquals(0, log.calls(CallQuery(from = Instant.MAX)).size)
        }
        val second = assertThrows<CallfoldException> {
            runBlocking { LogReader.openStore(folder.resolve("store").toString()) }
        }
        assertEquals("store_in_use", second.details.name)
        recorder.close()
        folder.toFile().deleteRecursively()
    }

    @Test
    fun `what is opened for a coroutine that is cancelled is closed`() = runBlocking {
        val folder = Files.createTempDirectory("callfold")
        val options = RecorderOptions(folder.resolve("store").toString(), Durability.Never)
        Recorder.open(options).close()
        withTimeout(120.seconds) {
            repeat(100) { time ->
                val opening = launch(Dispatchers.Default) { Recorder.open(options).use { } }
                delay((time % 30).milliseconds)
                opening.cancelAndJoin()
                // It is opened again, as soon as what was under way has ended.
                while (true) {
                    try {
                        Recorder.open(options).close()
                        break
                    } catch (error: CallfoldException) {
                        assertEquals("store_in_use", error.details.name)
                        delay(2.milliseconds)
                    }
                }
            }
        }
        folder.toFile().deleteRecursively()
        Unit
    }

    @Test
    fun `lines work beside each other`() = office { pbx ->
        val states = listOf("ivanov" to "Secret1", "petrova" to "Secret2", "sidorov" to "Secret3").map { (login, password) ->
            async(Dispatchers.Default) {
                Line.open(options(pbx, login), Secret.password(password)).use { line ->
                    line.connect().orThrow()
                    repeat(50) { line.toggle() }
                    line.state().connection
                }
            }
        }
        assertEquals(List(3) { Connection.CONNECTED }, states.awaitAll())
    }
}
