package org.callfold

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

internal const val CUSTOMER = "+79161234567"
internal const val SESSION = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"

/** How soon a lost connection is made again in tests. */
internal val SOON = Reconnect.BackOff(20.milliseconds, 200.milliseconds)

/** A test with a simulated PBX, which fails where it would hang. */
internal fun office(test: suspend CoroutineScope.(Simulator) -> Unit): Unit = runBlocking {
    withTimeout(60.seconds) {
        Simulator.start(
            SimulatorOptions(
                users = listOf(
                    Account("ivanov", "Secret1", "101", name = "Ivan Ivanov", session = SESSION),
                    Account("petrova", "Secret2", "102", name = "Anna Petrova", chief = "ivanov"),
                    Account("sidorov", "Secret3", "103", answersByHand = true),
                    Account("desk", "Secret4", "104", desktop = true),
                ),
                queues = listOf("700"),
            ),
        ).use { pbx -> test(pbx) }
    }
}

internal fun options(pbx: Simulator, login: String, reconnect: Reconnect? = SOON): LineOptions =
    LineOptions(Endpoint(listOf(pbx.url()), login), reconnect = reconnect)

internal suspend fun ivanov(pbx: Simulator, recorder: Recorder? = null): Line {
    val line = Line.open(options(pbx, "ivanov"), Secret.password("Secret1"), recorder)
    line.connect().orThrow()
    return line
}

internal suspend fun petrova(pbx: Simulator): Line {
    val line = Line.open(options(pbx, "petrova"), Secret.password("Secret2"))
    line.connect().orThrow()
    return line
}

internal suspend fun Line.comesTo(state: LineState): LineSnapshot = awaitState { it.line == state }

/** The customer calls, and is answered at the phone. */
internal suspend fun talk(pbx: Simulator, line: Line): Phone {
    val customer = pbx.externalCall(CUSTOMER, "101")
    line.comesTo(LineState.RING)
    pbx.answer(Phone.Line("101"))
    line.comesTo(LineState.TALK)
    return customer
}

/** Waits for something that no event tells of. */
internal suspend fun becomes(isSo: () -> Boolean) {
    while (!isSo()) delay(10.milliseconds)
}
