package example

import kotlinx.coroutines.runBlocking
import org.callfold.*
import java.io.File

fun main(arguments: Array<String>) = runBlocking {
    val (store, page) = arguments
    LogReader.openStore(store).use { log ->
        val found = log.find(FindQuery(number = MaskedNumber("*4567"), held = true))
        println("${found.total} calls, ${found.calls.first().held} on hold")
        for (oddity in log.lint(LintQuery()).oddities) {
            println("${oddity.stream}, record ${oddity.at.seq}: ${oddity.kind.text()}: ${oddity.words}")
        }
        println("told otherwise by today's rules: ${log.diffToday().differ} calls")
        log.report(ReportOptions()).use { report ->
            val level = report.figures().floor.inbound.serviceLevel
            println("answered in time: ${level.part} of ${level.base.count}")
            File(page).writeText(report.html())
        }
    }
}
