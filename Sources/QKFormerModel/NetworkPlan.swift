/// A network with the names that a code base gives its parts.
public struct NetworkPlan: Sendable {
  /// Where it comes from.
  public let configuration: QKFormerConfiguration
  /// The network, for an input of the nominal extent.
  public let graph: ModelGraph
  let names: NameTable

  /// Lays out the network of a configuration; upstream names are those of some code base.
  public init(_ configuration: QKFormerConfiguration, naming: Naming = .released) {
    self.configuration = configuration
    graph = configuration.graph
    names = configuration.names(naming)
  }

  /// The nominal extent of the input.
  public var nominalSize: SpatialSize { configuration.nominalSize }

  /// The network, for an input of some extent.
  public func graph(for size: SpatialSize) -> ModelGraph { graph.resized(to: size) }
}
