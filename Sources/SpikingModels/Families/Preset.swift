/// A published configuration under the name of its zoo entry.
public struct Preset: Sendable {
  /// The name by the zoo's rule, as in `qkformer-10-384-t4-r224.in1k`.
  public let name: String
  /// Other names under which it is known.
  public let aliases: [String]
  /// One line on what it is.
  public let summary: String
  /// The configuration, with the released code's scope.
  public let configuration: ModelConfiguration
}

extension Preset {
  /// Every published configuration of every architecture.
  public static let all: [Preset] = FamilyTable.known.presets

  /// The preset of a name or alias; letter case does not matter.
  public static func named(_ name: String) -> Preset? {
    let name = name.lowercased()
    return all.first { ([$0.name] + $0.aliases).contains { $0.lowercased() == name } }
  }
}
