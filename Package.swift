// swift-tools-version: 6.2
import PackageDescription

// Targets are listed bottom layer first; an arrow between targets points only upwards in this file.
//
// strictMemorySafety + treatAllWarnings: an unmarked use of an unsafe construct does not compile,
//   so `unsafe` in the text is the complete list of places where memory safety is argued by hand.
// InternalImportsByDefault: a C type in a public signature does not compile; C stays behind fences.
// MemberImportVisibility: a member is visible only where its module is imported.
// ExistentialAny: dynamic dispatch is spelled out.
let fences: [SwiftSetting] = [
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("ExistentialAny"),
]

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: fences)
}

/// A test target beside a library; tests import what they name and the shared support.
func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: name + "Tests", dependencies: [.byName(name: name), "TestSupport"] + dependencies)
}

let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "qkzoo",
  products: [
    .library(
      name: "QKZoo",
      targets: [
        "Diagnostics", "CanonicalJSON", "FileAccess", "Digests", "Deflate", "SpikeTensors",
        "TensorFiles",
        "Concurrency", "Pictures", "Datasets", "HDF5Subset", "HDF5Storage", "SpikingModels",
        "SpikeInference",
        "CheckpointFormat", "Verification", "Evaluation", "Conversion", "Tracing", "ModelZoo",
        "Transfer",
        "BlobCache", "Markup", "Catalog", "Reports", "Signatures",
      ]),
    // What reads files, and no more: the fuzzers build it with every access checked.
    .library(
      name: "QKZooReaders",
      targets: [
        "Diagnostics", "CanonicalJSON", "FileAccess", "Digests", "Deflate", "SpikeTensors",
        "TensorFiles", "Pictures", "Datasets", "HDF5Subset", "SpikingModels", "CheckpointFormat",
        "Conversion", "Signatures",
      ]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2")
  ],
  targets: [
    // L0: C behind a fence; each module has exactly one importing target (scripts/check-imports).
    .systemLibrary(
      name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"]), .brew(["hdf5"])]),
    .systemLibrary(
      name: "CCrypto", pkgConfig: "libcrypto",
      providers: [.apt(["libssl-dev"]), .brew(["openssl"])]),
    .systemLibrary(
      name: "CZstd", pkgConfig: "libzstd",
      providers: [.apt(["libzstd-dev"]), .brew(["zstd"])]),
    .systemLibrary(
      name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .systemLibrary(
      name: "CJPEG", pkgConfig: "libjpeg",
      providers: [.apt(["libjpeg62-turbo-dev"]), .brew(["jpeg-turbo"])]),
    .systemLibrary(
      name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .target(name: "CPictureCodecs", dependencies: ["CJPEG", "CPNG"]),
    .target(name: "CSpikeKernels"),
    .target(name: "CZooIndex"),
    .target(name: "CArguments"),
    .target(name: "CTransfer"),
    .target(name: "CFileAccess"),
    .target(name: "CChunkCodec"),
    // L1: things that know nothing of neurons.
    library("Diagnostics"),
    library("CanonicalJSON", ["Diagnostics"]),
    library("FileAccess", ["CFileAccess", "Diagnostics"]),
    library("Concurrency"),
    library("Digests", ["CanonicalJSON", "CCrypto", "Concurrency", "Diagnostics", "FileAccess"]),
    library(
      "Signatures", ["CanonicalJSON", "Concurrency", "Diagnostics", "Digests", "FileAccess"]),
    library("Deflate", ["CZlib", "FileAccess"]),
    library("SpikeTensors", ["Diagnostics", "FileAccess"]),
    library(
      "TensorFiles", ["CanonicalJSON", "Deflate", "Diagnostics", "FileAccess", "SpikeTensors"]),
    library("Pictures", ["CPictureCodecs", "Diagnostics", "FileAccess"]),
    library("Transfer", ["CTransfer", "CanonicalJSON", "Diagnostics", "Digests", "FileAccess"]),
    library(
      "BlobCache", ["CanonicalJSON", "Diagnostics", "Digests", "FileAccess", "Transfer"]),
    library(
      "HDF5Subset",
      ["CChunkCodec", "CZstd", "Concurrency", "Diagnostics", "FileAccess", "SpikeTensors"]),
    library("Markup", ["Diagnostics", "Digests"]),
    library(
      "HDF5Storage",
      ["CHDF5", "Concurrency", "Diagnostics", "FileAccess", "HDF5Subset", "SpikeTensors"]),
    // L2: labelled samples, and what a QKFormer is.
    library(
      "Datasets",
      [
        "CanonicalJSON", "Concurrency", "Deflate", "Diagnostics", "Digests", "FileAccess",
        "Pictures", "SpikeTensors", "TensorFiles",
      ]),
    library("SpikingModels", ["CanonicalJSON", "Diagnostics", "SpikeTensors"]),
    // L3: running a model, and keeping it; siblings that do not know each other.
    library(
      "SpikeInference",
      ["CSpikeKernels", "Concurrency", "Diagnostics", "SpikingModels", "SpikeTensors"]),
    library(
      "CheckpointFormat",
      [
        "CanonicalJSON", "Concurrency", "Diagnostics", "Digests", "FileAccess", "HDF5Storage",
        "HDF5Subset", "SpikingModels", "SpikeTensors",
      ]),
    // L4: what is done with both.
    library(
      "Verification",
      [
        "CanonicalJSON", "CheckpointFormat", "Diagnostics", "Digests", "FileAccess",
        "SpikingModels", "SpikeInference", "SpikeTensors", "TensorFiles",
      ]),
    library(
      "Evaluation",
      [
        "CanonicalJSON", "CheckpointFormat", "Datasets", "Diagnostics", "Digests", "FileAccess",
        "SpikingModels", "SpikeInference", "SpikeTensors", "TensorFiles",
      ]),
    library(
      "Conversion",
      [
        "CanonicalJSON", "CheckpointFormat", "Concurrency", "Diagnostics", "Digests", "FileAccess",
        "HDF5Storage", "SpikingModels", "SpikeInference", "SpikeTensors", "TensorFiles",
      ]),
    library(
      "Tracing",
      [
        "CanonicalJSON", "Diagnostics", "Digests", "FileAccess", "HDF5Storage", "SpikingModels",
        "SpikeInference", "SpikeTensors", "TensorFiles",
      ]),
    library(
      "ModelZoo",
      [
        "BlobCache", "CanonicalJSON", "CheckpointFormat", "CZooIndex", "Diagnostics", "Digests",
        "FileAccess", "SpikingModels", "Signatures", "Transfer",
      ]),
    library(
      "Catalog",
      [
        "CanonicalJSON", "CheckpointFormat", "Diagnostics", "Digests", "FileAccess", "Markup",
        "ModelZoo", "SpikingModels",
      ]),
    library(
      "Reports",
      [
        "CanonicalJSON", "Catalog", "CheckpointFormat", "Datasets", "Diagnostics", "Digests",
        "Evaluation", "Markup", "ModelZoo", "SpikingModels",
      ]),
    // L5: parse, call, print.
    .executableTarget(
      name: "qkzoo",
      dependencies: [
        argumentParser, "BlobCache", "CanonicalJSON", "CArguments", "Catalog",
        "CheckpointFormat", "Conversion", "Datasets", "Diagnostics", "Digests", "Evaluation",
        "FileAccess", "ModelZoo",
        "SpikingModels", "Reports", "Signatures", "SpikeInference", "SpikeTensors", "TensorFiles",
        "Tracing", "Transfer", "Verification",
      ], swiftSettings: fences),
    // Tests, one target for each library, and what they share.
    .target(
      name: "TestSupport",
      dependencies: [
        "CanonicalJSON", "CheckpointFormat", "Conversion", "Diagnostics", "FileAccess",
        "HDF5Subset",
        "SpikingModels", "SpikeTensors", "TensorFiles",
      ], path: "Tests/TestSupport", swiftSettings: fences),
    // Fetches one file into a cache; the peer tests run it against servers that misbehave.
    .executableTarget(
      name: "transfer-probe",
      dependencies: [argumentParser, "BlobCache", "Diagnostics", "Digests", "Transfer"],
      path: "Tests/TransferProbe", swiftSettings: fences),
    // The program of docs/swift.md.
    .executableTarget(
      name: "library-example",
      dependencies: [
        "CheckpointFormat", "Conversion", "Diagnostics", "FileAccess", "SpikeInference",
        "Verification",
      ], path: "Tests/LibraryExample"),
    // libhdf5 as a reader, to compare ours with.
    .target(
      name: "HDF5Oracle", dependencies: ["CHDF5", "FileAccess", "HDF5Subset", "SpikeTensors"],
      path: "Tests/HDF5Oracle"),
    // Prints what is read from pictures and datasets; the peer tests compare it.
    .executableTarget(
      name: "qkzoo-samples",
      dependencies: [
        "CanonicalJSON", "Datasets", "Diagnostics", "Digests", "Pictures", "SpikeTensors",
      ], path: "Tests/PeerTools"),
    tests("Diagnostics"),
    tests("Transfer", ["Diagnostics", "Digests", "FileAccess"]),
    tests("BlobCache", ["Diagnostics", "Digests", "FileAccess", "Transfer"]),
    tests("CanonicalJSON", ["Diagnostics"]),
    tests("Signatures", ["CanonicalJSON", "Diagnostics", "Digests", "FileAccess"]),
    tests("Deflate", ["FileAccess"]),
    tests("TensorFiles", ["CanonicalJSON", "Diagnostics", "FileAccess", "SpikeTensors"]),
    tests("Pictures", ["CanonicalJSON", "Digests"]),
    tests(
      "Datasets",
      ["CanonicalJSON", "Diagnostics", "Digests", "FileAccess", "Pictures", "SpikeTensors"]),
    tests(
      "HDF5Subset", ["Diagnostics", "FileAccess", "HDF5Oracle", "HDF5Storage", "SpikeTensors"]),
    tests(
      "HDF5Storage", ["Diagnostics", "FileAccess", "HDF5Oracle", "HDF5Subset", "SpikeTensors"]),
    tests("SpikingModels", ["CanonicalJSON", "Diagnostics", "Digests"]),
    tests("SpikeInference", ["Diagnostics", "SpikingModels", "SpikeTensors"]),
    tests(
      "CheckpointFormat",
      [
        "CanonicalJSON", "Concurrency", "Diagnostics", "Digests", "FileAccess", "HDF5Oracle",
        "HDF5Storage", "HDF5Subset", "SpikingModels", "SpikeTensors",
      ]),
    tests(
      "Verification",
      [
        "CheckpointFormat", "Diagnostics", "SpikingModels", "SpikeInference", "SpikeTensors",
        "TensorFiles",
      ]),
    tests(
      "Conversion",
      [
        "CanonicalJSON", "CheckpointFormat", "Diagnostics", "FileAccess", "SpikingModels",
        "SpikeTensors", "TensorFiles",
      ]),
    tests(
      "Evaluation",
      [
        "CanonicalJSON", "CheckpointFormat", "Datasets", "Diagnostics", "Digests", "FileAccess",
        "SpikingModels", "SpikeInference", "SpikeTensors", "TensorFiles",
      ]),
    tests(
      "Tracing",
      [
        "Diagnostics", "Digests", "FileAccess", "SpikingModels", "SpikeInference", "SpikeTensors",
        "TensorFiles",
      ]),
    tests("Markup"),
    tests(
      "Catalog",
      ["CanonicalJSON", "CheckpointFormat", "Diagnostics", "Digests", "FileAccess", "ModelZoo"]),
    tests(
      "Reports",
      [
        "CanonicalJSON", "Evaluation", "ModelZoo", "SpikingModels", "SpikeInference",
      ]),
    tests(
      "ModelZoo",
      [
        "BlobCache", "CanonicalJSON", "CheckpointFormat", "Diagnostics", "Digests",
        "FileAccess", "SpikingModels", "Signatures", "SpikeTensors",
      ]),
    .testTarget(
      name: "CommandLineTests",
      dependencies: ["qkzoo", "library-example", "CanonicalJSON", "Diagnostics", "TestSupport"]),
  ],
  swiftLanguageModes: [.v6]
)
