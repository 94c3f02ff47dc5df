package example

import kotlinx.coroutines.*
import org.callfold.*

fun main() = runBlocking {
    val users = listOf(Account("ivanov", "Secret1", "101"))
    Simulator.start(SimulatorOptions(users)).use { pbx -> // a server to try it with; wss://pbx.example is one as well
        val options = LineOptions(Endpoint(listOf(pbx.url()), "ivanov"))
        Line.open(options, Secret.password("Secret1")).use { line ->
            line.connect().orThrow()
            val states = line.states(this) // StateFlow<LineState>
            pbx.externalCall("+79161234567", "101")
            line.awaitState { it.line == LineState.RING }
            line.answer().orThrow()
            val talk = line.awaitState { it.line == LineState.TALK }
            println("${states.value}, with ${talk.parties.map { it.phone?.text }}")
            line.endCall().orThrow()
            line.leave()
        }
    }
}
