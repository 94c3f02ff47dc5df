//! Libraries for Android are laid out for pages of 16 KiB, as devices with them and the Play Store want it. Newer NDKs do so
//! by themselves; with this it does not hang on the NDK. `bindings/kotlin/android/check` looks whether it is so.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("android") {
        println!("cargo::rustc-link-arg-cdylib=-Wl,-z,max-page-size=16384");
        println!("cargo::rustc-link-arg-cdylib=-Wl,-z,common-page-size=16384");
    }
}
