package org.callfold

import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.io.ByteArrayOutputStream
import java.io.PrintStream
import java.nio.file.Files
import java.nio.file.Path

/** The examples of the README are `example.main` of this project, word for word, and they run. */
class ExampleTest {
    private val repository: Path = Path.of(System.getProperty("callfold.repository"))
    private val kotlin: Path = repository.resolve("bindings/kotlin")

    @Test
    fun `the examples of the README are what is run`() {
        val blocks = Regex("```kotlin\n(.*?)```", RegexOption.DOT_MATCHES_ALL).findAll(Files.readString(kotlin.resolve("README.md")))
        val sources = listOf("Example.kt", "Audit.kt").map { Files.readString(kotlin.resolve("src/test/kotlin/example/$it")) }
        assertEquals(sources, blocks.map { "package example\n\n${it.groupValues[1]}" }.toList())
    }

    private fun printed(example: () -> Unit): String {
        val out = System.out
        val printed = ByteArrayOutputStream()
        System.setOut(PrintStream(printed, true))
        try {
            example()
        } finally {
            System.setOut(out)
        }
        return printed.toString()
    }

    @Test
    fun `the example of a line runs`() {
        val printed = printed { example.main() }
        assertTrue("with [+79161234567]" in printed, printed)
    }

    @Test
    fun `the example of a log runs`(@TempDir scratch: Path) {
        val (store, page) = scratch.resolve("store").toString() to scratch.resolve("page.html")
        runBlocking {
            Recorder.open(RecorderOptions(store)).use { recorder ->
                recorder.reader().use { log ->
                    for (session in listOf("hold-and-back", "slow-server")) {
                        log.takeIn(repository.resolve("tests/vectors/named/$session.jsonl").toString())
                    }
                }
            }
        }
        val printed = printed { example.main(arrayOf(store, page.toString())) }
        for (wanted in listOf("1 calls, ", "slow-server, record 80: command-never-answered: ", "rules: 0 calls", "answered in time: 1 of 1")) {
            assertTrue(wanted in printed, printed)
        }
        assertTrue(Files.readString(page).startsWith("<!DOCTYPE html>"))
    }
}
