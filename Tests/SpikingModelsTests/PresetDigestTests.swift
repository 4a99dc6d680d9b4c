import CanonicalJSON
import Digests
import SpikingModels
import TestSupport
import Testing

/// What the text, inventories and names of configurations have been since format 1.0.
///
/// The digests were printed by the code before networks became graphs; they are never regenerated.
@Suite struct PresetDigestTests {
  /// Every preset that 1.0 could say, and a small model of every family with either shortcut.
  static let configurations: [(name: String, configuration: ModelConfiguration)] =
    Preset.all.filter { !$0.configuration.hasLaterMembers }.map { ($0.name, $0.configuration) }
    + QKFormer.Family.allCases.flatMap { family in
      [
        (
          "\(family) spikes",
          TinyModel.configuration(family, mixers: [.qkta, .qkca, .ssa], blocks: 2, scope: .batch)
        ),
        (
          "\(family) membrane", TinyModel.membrane(family, mixers: [.qkca, .qkta, .ssa], blocks: 2)
        ),
        (
          "\(family) inner shortcut",
          TinyModel.membrane(family, ratio: 1, readout: .headThenMean)
        ),
      ]
    }

  @Test func `every configuration has a digest`() {
    #expect(Self.configurations.map(\.name) == Self.digests.map(\.name))
  }

  @Test(arguments: configurations.map(\.name))
  func `text, tensors, their order, names and neurons have not changed`(
    _ name: String
  ) throws {
    let configuration = try #require(
      Self.configurations.first { $0.name == name }
    ).configuration
    let digest = SHA256.digest(of: try Self.text(of: configuration)).hex
    #expect(digest == Self.digests.first { $0.name == name }?.sha256, "\(name)")
  }

  /// One line for each fact.
  static func text(of configuration: ModelConfiguration) throws -> String {
    let released = NetworkPlan(configuration)
    let step = try #require(NetworkPlan(configuration, naming: .step))
    var lines = [configuration.json.canonicalText]
    lines += zip(released.parameters, step.parameters).map { tensor, other in
      "\(tensor.path) \(tensor.shape) \(tensor.role.rawValue) \(tensor.upstreamName) "
        + other.upstreamName
    }
    lines += released.registeredParameters.map(\.upstreamName)
    lines += zip(released.neurons, step.neurons).map { group, other in
      "\(group.path) \(group.shape) \(group.role.rawValue) "
        + "\(released.upstreamName(of: group)) \(step.upstreamName(of: other))"
    }
    lines += step.storedThresholds.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    lines += released.operations(for: released.nominalSize).map {
      "\($0.path) \($0.kind.rawValue) \($0.accumulates)"
    }
    return lines.map { $0 + "\n" }.joined()
  }

  static let digests: [(name: String, sha256: String)] = [
    (
      "qkformer-10-384-t4-r224.in1k",
      "c8ac5f7f385b2702a7e3022a15a9d65bc2b4182692810d11b007400a7662795a"
    ),
    (
      "qkformer-10-512-t4-r224.in1k",
      "92e1109f31447314e2b52b4c8c34beb07cffae2545b76fe9a0808a2315cbcfe5"
    ),
    (
      "qkformer-10-768-t4-r224.in1k",
      "5c0d13cd42a8d4e349dcd0674e1648574f9322025e1835f0e269395981bbc4b2"
    ),
    (
      "qkformer-10-768-t1-r224.in1k",
      "f8811599820f48344a68e1cd5d932ed639fa507c67b12286159d6cf476fc78c0"
    ),
    (
      "qkformer-10-768-t4-r288.in1k",
      "26158b685c66e7f8f7f4e0f10aebd5d17236b8810c317bb5d39e6520ca3c28e4"
    ),
    (
      "qkformer-10-768-t4-r384.in1k",
      "e80d7017eebcdef907c28069b4df80cac0b721995aa7f5e21cb5aff618cd040b"
    ),
    (
      "qkformer-4-384-t4-r32.cifar10",
      "fbbb768156c17170c5e330f83e8fb839b718bf6362bc635be9d0bd7abe2a4505"
    ),
    (
      "qkformer-4-384-t4-r32.cifar100",
      "73cf379e65aeb4063c2d22992ffe4bd83d48762999238c0db5244906ec7c458b"
    ),
    (
      "qkformer-2-256-t16-r128.cifar10dvs",
      "1c40a7e9a86f7ef26c53e0978297d39085106455acd6d858ba468f50cd63ffd8"
    ),
    (
      "qkformer-2-256-t16-r128.dvs128",
      "0df52eb0e83df70b1608fa964681ab8fcb01e7e734d2dee49885785f60c22cd4"
    ),
    (
      "qkformer-2-256-t16-r128.dvs128-mlp4",
      "c7d272526e2d4e60640750e5a97a38c31cb97540b45be1d1391de56d7ef6d40e"
    ),
    (
      "ms-qkformer-10-384-t4-r224.in1k",
      "682c7abcf53d53aedf4d0a2f9891c6492e090bc67d9cd8403eb26dafbf0dd172"
    ),
    (
      "ms-qkformer-10-768-t1-r224.in1k",
      "537dfb8d7be48749b3c9d9d829c5e316f4771cb4262cb04d182ab5e08e603a0e"
    ),
    (
      "qkformer-4-384-t4-r32.cifar100-qkca-ssa",
      "b7812b5909a70e23dbff29160cdd8dc607c0975190a4a39bb0922e15455269f5"
    ),
    (
      "qkformer-2-256-t16-r128.cifar10dvs-qkca-ssa",
      "8f0dfc59ddde2fc8c0b8c9cc01899b7f5af431859ee5d9d6a34fe509f30b404f"
    ),
    (
      "qkformer-4-384-t4-r32.cifar100-qkta-qkca",
      "2a0c7145e3e7bccc4975a5560ca2d68f3a04e9083a17ffc0cd0d23b451b6cc73"
    ),
    (
      "qkformer-2-256-t16-r128.cifar10dvs-qkta-qkca",
      "2c67f110a04b6403454a0dbae8fc10691637af0f818a90d44102d8d0d6d18a31"
    ),
    (
      "qkformer-4-384-t4-r32.cifar100-ssa",
      "010e5726c45bb8141edf85ed1068799feda4e25866835938e49ac34cface5ba7"
    ),
    (
      "qkformer-2-256-t16-r128.cifar10dvs-ssa",
      "3a028c6844966752af69ed3f5c1d1bd8a6fbcbd45d6c4b027549e1348f46e90c"
    ),
    (
      "qkformer-4-384-t4-r32.cifar100-qkca",
      "7e64cc17561ec76455a6bdfe100a2991a743c5d45f285c35b39f2be54ccd5920"
    ),
    (
      "qkformer-2-256-t16-r128.cifar10dvs-qkca",
      "c833f1203cbbc3f90ec28027df9f75dba8df5a96158830ceb43ce88f7132af8f"
    ),
    (
      "qkformer-4-384-t4-r32.cifar100-qkta",
      "6bdf23d88fadfb6c0fc241a41d47071e56df6060d9a28f2240cfdb2f570f1f55"
    ),
    (
      "qkformer-2-256-t16-r128.cifar10dvs-qkta",
      "ae83e659f5934edadd0fdd139ccd39b3b9fb21e6f998c6846161a02a9980cbc9"
    ),
    (
      "imagenet spikes",
      "6dd0ff3f12ce96847dd9b524a2d274d7ae516562461b621d287cb78d418fe389"
    ),
    (
      "imagenet membrane",
      "467d5ff397495f94a2898f303989f7c714e65d5d12723e910f21f78d6a72837e"
    ),
    (
      "imagenet inner shortcut",
      "8c6c55fb0609ec804c2004f9ad04affc871b06267b454caa2850b96bc8048555"
    ),
    (
      "cifar spikes",
      "592845b4ea0e61a715ce47708163d2b4aaa683a6100391ebbda0560d533cc84b"
    ),
    (
      "cifar membrane",
      "4ced69cf56f7ff5841a862dddc2d60f87c69ed06848f10b1d08cae312cdc02d4"
    ),
    (
      "cifar inner shortcut",
      "2d0650a326ea85c00af2b58a1e6e335481bd55a9146e2b1234ee0a9bd8267f9a"
    ),
    (
      "dvs spikes",
      "19ca51fa45d591d205e6903fc5939a937d66c7e14464c926d71be1635a7f6866"
    ),
    (
      "dvs membrane",
      "50a9be5bbae18d20f3355cdc4728d8965f8598d22cc347d4b5e81ffd5bac63e3"
    ),
    (
      "dvs inner shortcut",
      "ad934861fc466ddf4cfef5df0c9ddebe194e77acb8502f9a286f9e3757ddd379"
    ),
  ]
}
