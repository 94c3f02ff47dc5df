// swift-tools-version: 5.9
import Foundation
import PackageDescription

// Two ways to the native half. As a checkout: `bindings/swift/build` writes the generated sources and `lib/libcallfold_uniffi.a`,
// and `swift build` links that. As a product for Xcode: `bindings/swift/xcframework` makes CallfoldFFI.xcframework, and with
// it in place the binary target is used.
let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path
let framework = "CallfoldFFI.xcframework"
let hasFramework = FileManager.default.fileExists(atPath: "\(here)/\(framework)")

let native: Target = hasFramework
    ? .binaryTarget(name: "CallfoldFFI", path: framework)
    : .systemLibrary(name: "CallfoldFFI", path: "Sources/CallfoldFFI")

// What the library needs of its platform. A framework brings its own search path.
var linked: [LinkerSetting] = [
    .linkedFramework("Security", .when(platforms: [.macOS, .iOS])),
    .linkedFramework("CoreFoundation", .when(platforms: [.macOS, .iOS])),
    .linkedLibrary("m", .when(platforms: [.linux])),
    .linkedLibrary("dl", .when(platforms: [.linux])),
    .linkedLibrary("pthread", .when(platforms: [.linux])),
]
if !hasFramework {
    linked.append(.unsafeFlags(["-L\(here)/lib"]))
}

let package = Package(
    name: "Callfold",
    platforms: [.macOS(.v13), .iOS(.v16)],
    products: [.library(name: "Callfold", targets: ["Callfold"])],
    targets: [
        native,
        .target(name: "Callfold", dependencies: ["CallfoldFFI"], linkerSettings: linked),
        .testTarget(name: "CallfoldTests", dependencies: ["Callfold"]),
    ]
)
