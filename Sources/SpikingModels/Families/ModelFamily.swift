public import CanonicalJSON
import Diagnostics

/// An architecture: its own members of a configuration, the network that they say, and the names that
/// code bases give its parts.
///
/// A family is a value of its members, in a file that reads like the paper; `FamilyTable` knows them
/// all.
public protocol ModelFamily: Sendable {
  /// The value of a configuration's member `architecture`.
  static var architecture: String { get }
  /// Its members beside those of every model.
  static var memberNames: [String] { get }
  /// Members that came after version 1.0, written only where they are not what 1.0 meant.
  static var laterMemberNames: [String] { get }
  /// The configurations that were published.
  static var presets: [Preset] { get }
  /// The rules of names of every code base and variant, which lead from names to paths without a
  /// configuration.
  static var nameTables: [NameTable] { get }

  /// Reads its own members.
  ///
  /// - Throws: `ConfigurationFailure`.
  init(_ members: ConfigurationMembers) throws
  /// Its own members as JSON.
  var members: [String: JSON] { get }
  /// Checks ranges and contradictions of its own members.
  ///
  /// - Throws: `ConfigurationFailure`.
  func validate(_ configuration: ModelConfiguration, at place: String) throws
  /// Lays out the network between the input and the logits of some classes.
  func build(_ network: inout GraphBuilder, classes: Int)

  /// Over what the neurons keep their state whose scope can be chosen; `sample` if there are none.
  var scope: NeuronScope { get set }
  /// Whether there are neurons whose scope can be chosen: in the released code their state leaks from
  /// sample to sample.
  var canLeak: Bool { get }
  /// Whether the released code lets it leak.
  var leaksAsReleased: Bool { get }
  /// How a code base names the parts; `nil` if it cannot express the network.
  func names(_ naming: Naming) -> NameTable?
  /// The same network with the tensors that a code base gives it: itself if the code base can express it,
  /// another if tensors differ, `nil` if it has no such network.
  func expressed(by naming: Naming) -> Self?
  /// The member of a checkpoint in which the released training code keeps the state dict.
  var stateDictName: String { get }
  /// Whether the released modules register every embedding before the first block.
  var registersEmbeddingsFirst: Bool { get }
  /// What the released code does with pictures, by the data that the design is for.
  var releasedPictures: ReleasedPictures { get }
  /// Its title, as in `QKFormer 10-384`.
  var title: String { get }
  /// What names of zoo entries begin with, as in `ms-qkformer`.
  var zooName: String { get }
  /// Its name among those of its family, as in `imagenet 10-384`.
  var shortName: String { get }
  /// The token mixers of the stages, as in `qkta+qkta+ssa`.
  var mixers: String { get }
  /// Blocks, the *L* of a name as in HST-*L*-*D*.
  var depth: Int { get }
  /// Channels of the last block, the *D*.
  var width: Int { get }
  /// The stages as rows of a table.
  var stageRows: [StageRow] { get }
  /// The other members in words, for pages.
  var facts: [(name: String, value: String)] { get }
}

// What is so of most families.
extension ModelFamily {
  /// Members that came after version 1.0: none.
  public static var laterMemberNames: [String] { [] }
  /// Published configurations: none.
  public static var presets: [Preset] { [] }

  /// Itself, in every code base whose names are known.
  public func expressed(by naming: Naming) -> Self? { names(naming) == nil ? nil : self }

  /// No state leaks: the scope is `sample`, and setting it is without effect.
  public var scope: NeuronScope {
    get { .sample }
    set {}
  }
  /// No neurons whose scope can be chosen.
  public var canLeak: Bool { false }
  /// Nothing leaks that cannot.
  public var leaksAsReleased: Bool { canLeak }
  /// As timm's training code keeps it.
  public var stateDictName: String { "state_dict" }
  /// Modules are registered in the order in which they run.
  public var registersEmbeddingsFirst: Bool { false }
  /// No pictures.
  public var releasedPictures: ReleasedPictures { .none }
  /// The architecture, depth and width.
  public var title: String { "\(Self.architecture) \(depth)-\(width)" }
  /// The architecture.
  public var zooName: String { Self.architecture }
  /// Depth and width.
  public var shortName: String { "\(Self.architecture) \(depth)-\(width)" }
  /// The mixers of the rows.
  public var mixers: String { stageRows.map(\.mixer).joined(separator: "+") }
  /// No members beside the stages.
  public var facts: [(name: String, value: String)] { [] }
}

/// One stage of a model as pages show it.
public struct StageRow: Sendable, Equatable {
  /// The path of its parts begins so, as in `stage1`.
  public let path: String
  /// Channels *C*.
  public let channels: Int
  /// Number of blocks.
  public let blocks: Int
  /// Effective number of attention heads.
  public let heads: Int
  /// The token mixer.
  public let mixer: String
  /// Hidden channels of the MLP over channels.
  public let mlpRatio: Int

  /// A row.
  public init(
    path: String, channels: Int, blocks: Int, heads: Int, mixer: String, mlpRatio: Int
  ) {
    self.path = path
    self.channels = channels
    self.blocks = blocks
    self.heads = heads
    self.mixer = mixer
    self.mlpRatio = mlpRatio
  }
}

/// The pictures that released code makes for a model.
public enum ReleasedPictures: String, Sendable {
  /// Those of ImageNet: resized, cropped, standardised.
  case imagenet
  /// Those of CIFAR: standardised.
  case cifar
  /// None: the model is for frames of events.
  case none
}

/// The architectures that can be read, by name.
public struct FamilyTable: Sendable {
  private let families: [any ModelFamily.Type]

  /// A table of some families.
  public init(_ families: [any ModelFamily.Type]) { self.families = families }

  /// Those of this version.
  public static let known = FamilyTable([QKFormer.self])

  /// These and one more.
  public func adding(_ family: any ModelFamily.Type) -> FamilyTable {
    FamilyTable(families + [family])
  }

  /// Every published configuration.
  public var presets: [Preset] { families.flatMap { $0.presets } }

  /// The rules of names of every family and code base.
  public var nameTables: [NameTable] { families.flatMap { $0.nameTables } }

  /// The family of a name in JSON.
  ///
  /// - Throws: `ConfigurationFailure`.
  func family(named name: JSON?, at place: String) throws -> any ModelFamily.Type {
    guard let name else {
      throw ConfigurationFailure(
        .missing, at: place, expected: "member `architecture`", found: "none of that name")
    }
    guard let family = families.first(where: { $0.architecture == name.string }) else {
      throw ConfigurationFailure(
        .value, at: "\(place) architecture",
        expected: families.map { "`\($0.architecture)`" }.joined(separator: " or "),
        found: PlainText.excerpt(name.canonicalText))
    }
    return family
  }
}
