package org.callfold

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.ByteArrayOutputStream
import java.io.PrintStream
import java.nio.file.Files
import java.nio.file.Path

/** The example of the README is this project's `example.main`, word for word, and it runs. */
class ExampleTest {
    private val kotlin: Path = Path.of(System.getProperty("callfold.repository"), "bindings/kotlin")

    @Test
    fun `the example of the README is what is run`() {
        val readme = Files.readString(kotlin.resolve("README.md"))
        val block = readme.substringAfter("```kotlin\n").substringBefore("```")
        val source = Files.readString(kotlin.resolve("src/test/kotlin/example/Example.kt"))
        assertEquals("package example\n\n$block", source)
    }

    @Test
    fun `the example runs`() {
        val out = System.out
        val printed = ByteArrayOutputStream()
        System.setOut(PrintStream(printed, true))
        try {
            example.main()
        } finally {
            System.setOut(out)
        }
        assertTrue("with [+79161234567]" in printed.toString(), printed.toString())
    }
}
