//! The name under which programs find the shared library when they run. It has the version of the ABI in it (`CALLFOLD_ABI`), so that
//! one that would not do is not found. `ffi/install` puts the library where it has that name.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    match std::env::var("CARGO_CFG_TARGET_OS").as_deref() {
        Ok("macos" | "ios") => {
            println!("cargo::rustc-cdylib-link-arg=-Wl,-install_name,@rpath/libcallfold.1.dylib");
        }
        Ok("windows") | Err(_) => {}
        Ok(_) => println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libcallfold.so.1"),
    }
}
