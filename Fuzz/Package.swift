// swift-tools-version: 6.2
import PackageDescription

// Built by scripts/fuzz, with --sanitize=fuzzer, --sanitize=address and -enable-testing: libFuzzer
// has the main function, and the targets reach what the libraries keep to themselves.
let package = Package(
  name: "fuzz",
  products: [.executable(name: "fuzz", targets: ["fuzz"])],
  dependencies: [.package(name: "qkzoo", path: "..")],
  targets: [
    .target(name: "CFuzz", linkerSettings: [.linkedLibrary("zstd")]),
    .executableTarget(
      name: "fuzz",
      dependencies: ["CFuzz", .product(name: "QKZooReaders", package: "qkzoo")]),
  ],
  swiftLanguageModes: [.v6]
)
