package org.callfold

import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.nio.file.Files
import java.nio.file.Path

/** Objects that are made and closed leave nothing behind. */
class GrowthTest {
    /** What the process has in memory, in KiB; and its threads. */
    private fun resident(): Pair<Long, Int> {
        System.gc()
        val status = Files.readAllLines(Path.of("/proc/self/status"))
        val field = { name: String -> status.first { it.startsWith(name) }.filter { it.isDigit() } }
        return field("VmRSS:").toLong() to field("Threads:").toInt()
    }

    private fun cycle() = runBlocking {
        val options = LineOptions(Endpoint(listOf("ws://127.0.0.1:9"), "ivanov"))
        Secret.password("Secret1").use { secret ->
            Line.open(options, secret).use { line ->
                line.listen(object : LineListener {
                    override fun told(batch: Batch) = Unit
                    override fun failed(problem: Problem) = Unit
                    override fun ended() = Unit
                }).use { it.stop() }
            }
        }
        Machine().use { it.state() }
    }

    @Test
    fun `ten thousand lines and machines come and go without growth`() {
        repeat(5_000) { cycle() }
        val (before, threadsBefore) = resident()
        repeat(10_000) { cycle() }
        val (after, threadsAfter) = resident()
        println("resident: $before KiB before 10,000 cycles, $after KiB after; threads: $threadsBefore, $threadsAfter")
        // A leak of 4 KiB a cycle would be 40 MiB. The JVM's own heap breathes by less than that.
        assertTrue(after - before < 40 * 1024, "$before KiB before, $after KiB after")
        assertTrue(threadsAfter <= threadsBefore + 8, "$threadsBefore threads before, $threadsAfter after")
    }
}
