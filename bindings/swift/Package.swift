// swift-tools-version: 5.9
import Foundation
import PackageDescription

// The checkout as a package: `bindings/swift/build` writes the generated sources and `lib/libcallfold_uniffi.a`, and this links
// them. Its search path is an unsafe flag, which only a root package may have: what other packages depend on is made by
// `bindings/swift/xcframework`, with a manifest of its own (`framework/Package.swift`).
let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path

let package = Package(
    name: "Callfold",
    platforms: [.macOS(.v13), .iOS(.v16)],
    products: [.library(name: "Callfold", targets: ["Callfold"])],
    targets: [
        .systemLibrary(name: "CallfoldFFI", path: "Sources/CallfoldFFI"),
        .target(
            name: "Callfold",
            dependencies: ["CallfoldFFI"],
            // What the native library needs of its platform.
            linkerSettings: [
                .unsafeFlags(["-L\(here)/lib"]),
                .linkedFramework("Security", .when(platforms: [.macOS, .iOS])),
                .linkedFramework("CoreFoundation", .when(platforms: [.macOS, .iOS])),
                .linkedLibrary("m", .when(platforms: [.linux])),
                .linkedLibrary("dl", .when(platforms: [.linux])),
                .linkedLibrary("pthread", .when(platforms: [.linux])),
            ]),
        .testTarget(name: "CallfoldTests", dependencies: ["Callfold"]),
    ]
)
