/// A network with the names that a code base gives its parts.
public struct NetworkPlan: Sendable {
  /// Where it comes from.
  public let configuration: ModelConfiguration
  /// The network, for an input of the nominal extent.
  public let graph: ModelGraph
  let names: NameTable

  /// Lays out the network of a configuration, under the names of the code that was released with it.
  public init(_ configuration: ModelConfiguration) {
    guard let plan = NetworkPlan(configuration, naming: .released) else {
      preconditionFailure("\(configuration.architecture) has no released names")
    }
    self = plan
  }

  /// Lays out the network of a configuration under the names of some code base; `nil` if that cannot
  /// express it.
  public init?(_ configuration: ModelConfiguration, naming: Naming) {
    guard let names = configuration.design.names(naming) else { return nil }
    self.configuration = configuration
    graph = configuration.graph
    self.names = names
  }

  /// The nominal extent of the input.
  public var nominalSize: SpatialSize { configuration.nominalSize }

  /// The network, for an input of some extent.
  public func graph(for size: SpatialSize) -> ModelGraph { graph.resized(to: size) }
}
