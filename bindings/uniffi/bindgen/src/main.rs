//! uniffi's generator of Kotlin and Swift, of the version that the library is built with. A crate of its own, so that the
//! library does not carry it. `bindings/uniffi/generate` runs it.

fn main() {
    uniffi::uniffi_bindgen_main();
}
