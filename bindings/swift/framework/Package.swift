// swift-tools-version: 5.9
import PackageDescription

// What `bindings/swift/xcframework` makes: the sources beside CallfoldFFI.xcframework. Other packages may depend on it.
let package = Package(
    name: "Callfold",
    platforms: [.macOS(.v13), .iOS(.v16)],
    products: [.library(name: "Callfold", targets: ["Callfold"])],
    targets: [
        .binaryTarget(name: "CallfoldFFI", path: "CallfoldFFI.xcframework"),
        .target(
            name: "Callfold",
            dependencies: ["CallfoldFFI"],
            // What the native library needs of its platform.
            linkerSettings: [.linkedFramework("Security"), .linkedFramework("CoreFoundation")]),
    ]
)
