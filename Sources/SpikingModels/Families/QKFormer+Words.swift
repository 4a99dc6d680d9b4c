// What listings, pages and drafts say of a QKFormer.
extension QKFormer {
  /// Blocks over all stages, the *L* of HST-*L*-*D*.
  public var depth: Int { stages.reduce(0) { $0 + $1.blocks } }

  /// Channels of the last stage, the *D* of HST-*L*-*D*.
  public var width: Int { stages.last?.channels ?? 0 }

  /// As in `QKFormer 10-384`.
  public var title: String { "QKFormer \(depth)-\(width)" }

  /// `qkformer`, or `ms-qkformer` with membrane shortcuts.
  public var zooName: String {
    residual == .membraneShortcut ? "ms-qkformer" : Self.architecture
  }

  /// As in `imagenet 10-384`.
  public var shortName: String { "\(family.rawValue) \(depth)-\(width)" }

  /// One row for each stage.
  public var stageRows: [StageRow] {
    stages.enumerated().map { index, stage in
      StageRow(
        path: "stage\(index + 1)", channels: stage.channels, blocks: stage.blocks,
        heads: stage.heads, mixer: stage.mixer.rawValue, mlpRatio: stage.mlpRatio)
    }
  }

  /// The members beside the stages.
  public var facts: [(name: String, value: String)] {
    [
      ("patch embedding", "family \(family.rawValue)"),
      ("shortcut", residual.rawValue),
      ("inner MLP shortcut", innerMLPShortcut ? "yes" : "no"),
      ("readout", readout.rawValue),
      ("SSA projection scope", scope.rawValue),
      ("attention scale", "\(attentionScale)"),
      ("biases", biases.map(\.rawValue).sorted().joined(separator: ", ")),
    ]
  }

  /// Those of its family.
  public var releasedPictures: ReleasedPictures {
    switch family {
    case .imagenet: .imagenet
    case .cifar: .cifar
    case .dvs: .none
    }
  }
}
