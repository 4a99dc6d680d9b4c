// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "benchmarks",
  products: [
    .executable(name: "forward-benchmark", targets: ["ForwardBenchmark"]),
    .executable(name: "open-benchmark", targets: ["OpenBenchmark"]),
    .executable(name: "codec-benchmark", targets: ["CodecBenchmark"]),
  ],
  dependencies: [
    .package(name: "qkzoo", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
  ],
  targets: [
    .target(name: "CRoofline"),
    .executableTarget(
      name: "ForwardBenchmark",
      dependencies: [
        "CRoofline",
        .product(name: "QKZoo", package: "qkzoo"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .executableTarget(
      name: "OpenBenchmark", dependencies: [.product(name: "QKZoo", package: "qkzoo")]),
    .executableTarget(
      name: "CodecBenchmark", dependencies: [.product(name: "QKZoo", package: "qkzoo")]),
  ],
  swiftLanguageModes: [.v6]
)
