package org.callfold

import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.lang.management.ManagementFactory
import java.nio.file.Files
import java.nio.file.Path
import kotlin.time.Duration.Companion.milliseconds

/** Objects that are made and closed leave nothing behind. */
class GrowthTest {
    /** What the process has: KiB of memory, KiB of the JVM's heap that are used, threads, open files, objects that Rust holds. */
    private data class Has(val resident: Long, val heap: Long, val threads: Int, val jvmThreads: Int, val files: Int, val held: Int)

    private fun now(): Has = runBlocking {
        // What is freed by a cleaner is freed a little later.
        repeat(5) {
            System.gc()
            delay(50.milliseconds)
        }
        val status = Files.readAllLines(Path.of("/proc/self/status"))
        val field = { name: String -> status.first { it.startsWith(name) }.filter { it.isDigit() } }
        Has(
            resident = field("VmRSS:").toLong(),
            heap = ManagementFactory.getMemoryMXBean().heapMemoryUsage.used / 1_024,
            threads = field("Threads:").toInt(),
            jvmThreads = ManagementFactory.getThreadMXBean().threadCount,
            files = Files.list(Path.of("/proc/self/fd")).use { it.count().toInt() },
            held = FfiConverterTypeLineListener.handleMap.size + FfiConverterTypeProgressListener.handleMap.size +
                uniffiContinuationHandleMap.size,
        )
    }

    private object Quiet : LineListener {
        override fun told(batch: Batch) = Unit
        override fun failed(problem: Problem) = Unit
        override fun ended() = Unit
    }

    private fun cycle() = runBlocking {
        val options = LineOptions(Endpoint(listOf("ws://127.0.0.1:9"), "ivanov"))
        Secret.password("Secret1").use { secret ->
            Line.open(options, secret).use { line -> line.listen(Quiet).use { it.stop() } }
        }
        Machine().use { it.state() }
        Recorder.inMemory().use { recorder -> recorder.reader().use { it.streams() } }
    }

    @Test
    fun `ten thousand lines, machines and logs come and go without growth`() {
        repeat(5_000) { cycle() }
        val before = now()
        repeat(10_000) { cycle() }
        val after = now()
        println("before 10,000 cycles: $before; after: $after")
        // A leak of 4 KiB a cycle would be 40 MiB; what the system gives and takes back is less than that.
        assertTrue(after.resident - before.resident < 40 * 1024, "$before, $after")
        // One of 100 bytes a cycle would be 1 MiB.
        assertTrue(after.heap - before.heap < 1024, "$before, $after")
        assertTrue(after.threads <= before.threads + 8, "$before, $after")
        assertTrue(after.jvmThreads <= before.jvmThreads + 8, "$before, $after")
        assertTrue(after.files <= before.files + 4, "$before, $after")
        assertTrue(after.held <= 4, "$before, $after")
    }
}
