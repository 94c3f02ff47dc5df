package org.callfold

/**
 * What Android wants to know before it verifies certificates. Without it a line to `wss` is refused with `tls_failed`. The app
 * needs the classes of `org.rustls:rustls-platform-verifier`, too: bindings/kotlin/ANDROID.md says how.
 */
public object AndroidTls {
    /**
     * Tells it the app: [context] is any `android.content.Context` of it. Call it once, before the first line is opened. Only on
     * Android: elsewhere certificates are verified without it, and it throws `UnsatisfiedLinkError`.
     */
    public fun init(context: Any) {
        // JNA has a way of its own to load the library; the virtual machine finds `tell` by this one.
        System.loadLibrary("callfold_uniffi")
        tell(context)
    }

    @JvmStatic
    private external fun tell(context: Any)
}
