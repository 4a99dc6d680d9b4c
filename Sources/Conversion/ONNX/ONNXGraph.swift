import FileAccess
import SpikeTensors

/// An ONNX graph that is being put together node by node; a value is known by its name.
///
/// Corresponds to `onnx.proto` of ONNX 1.12 (opset 17, IR version 8).
struct ONNXGraph {
  /// Types of elements, by their numbers in `TensorProto.DataType`.
  enum DataType: Int {
    case float = 1
    case uint8 = 2
    case int64 = 7
  }

  /// An axis of an input or output.
  enum Axis {
    case fixed(Int)
    /// Any extent; equal names mean equal extents.
    case named(String)
  }

  /// An attribute of a node.
  enum Attribute {
    case int(Int)
    case ints([Int])
    case float(Float)
  }

  /// Field numbers of the messages.
  private enum Field {
    static let (nodeInput, nodeOutput, nodeName, nodeOperator, nodeAttribute) = (1, 2, 3, 4, 5)
    static let (attributeName, attributeFloat, attributeInt, attributeInts) = (1, 2, 3, 8)
    static let attributeType = 20
    static let (tensorDims, tensorType, tensorName, tensorBytes) = (1, 2, 8, 9)
    static let (graphNode, graphName, graphTensor, graphInput, graphOutput) = (1, 2, 5, 11, 12)
    static let (valueName, valueType, typeTensor, typeElement, typeShape) = (1, 2, 1, 1, 2)
    static let (shapeAxis, axisExtent, axisName) = (1, 1, 2)
  }

  private var nodes = ProtobufMessage()
  private var tensors = ProtobufMessage()
  private var inputs = ProtobufMessage()
  private var outputs = ProtobufMessage()
  /// Nodes so far.
  private(set) var nodeCount = 0
  /// Names of the outputs so far.
  private(set) var outputNames: [String] = []
  private var constants: [String: String] = [:]

  /// Adds a node whose outputs are named after it, and returns their names.
  mutating func add(
    _ type: String, _ name: String, _ inputs: [String], outputs: Int,
    _ attributes: [(String, Attribute)] = []
  ) -> [String] {
    let names = outputs == 1 ? [name] : (0..<outputs).map { "\(name)/\($0)" }
    var node = ProtobufMessage()
    for input in inputs { node.add(Field.nodeInput, input) }
    for output in names { node.add(Field.nodeOutput, output) }
    node.add(Field.nodeName, name)
    node.add(Field.nodeOperator, type)
    for (key, value) in attributes { node.add(Field.nodeAttribute, attribute(key, value)) }
    nodes.add(Field.graphNode, node)
    nodeCount += 1
    return names
  }

  /// Adds a node with one output and returns the output's name.
  mutating func add(
    _ type: String, _ name: String, _ inputs: [String], _ attributes: [(String, Attribute)] = []
  ) -> String {
    add(type, name, inputs, outputs: 1, attributes)[0]
  }

  private func attribute(_ name: String, _ value: Attribute) -> ProtobufMessage {
    var message = ProtobufMessage()
    message.add(Field.attributeName, name)
    switch value {
    case .float(let number):
      message.add(Field.attributeFloat, number)
      message.add(Field.attributeType, 1)
    case .int(let number):
      message.add(Field.attributeInt, number)
      message.add(Field.attributeType, 2)
    case .ints(let numbers):
      message.add(Field.attributeInts, numbers)
      message.add(Field.attributeType, 7)
    }
    return message
  }

  // MARK: Constants

  /// Adds a tensor of float32, with a shape that may leave out or add axes of one, and returns its
  /// name.
  mutating func add(_ name: String, _ shape: [Int], _ bytes: ByteRegion) -> String {
    add(name, shape, .float, bytes)
  }

  /// A number as a tensor of rank 0; equal numbers are one tensor.
  mutating func constant(_ value: Float) -> String {
    let bits = value.bitPattern
    return shared(
      "\(value)", [], .float, (0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) })
  }

  /// Integers as a tensor of rank 1; equal ones are one tensor.
  mutating func constant(_ values: [Int]) -> String {
    let bytes = values.flatMap { value in
      (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    return shared("\(values)", [values.count], .int64, bytes)
  }

  private mutating func shared(
    _ text: String, _ shape: [Int], _ type: DataType, _ bytes: [UInt8]
  ) -> String {
    if let name = constants[text] { return name }
    let name = add("constant \(text)", shape, type, ByteRegion(bytes))
    constants[text] = name
    return name
  }

  private mutating func add(
    _ name: String, _ shape: [Int], _ type: DataType, _ bytes: ByteRegion
  ) -> String {
    var tensor = ProtobufMessage()
    tensor.add(Field.tensorDims, shape)
    tensor.add(Field.tensorType, type.rawValue)
    tensor.add(Field.tensorName, name)
    tensor.add(Field.tensorBytes, bytes)
    tensors.add(Field.graphTensor, tensor)
    return name
  }

  // MARK: Inputs and outputs

  /// Declares an input of float32.
  mutating func addInput(_ name: String, _ axes: [Axis]) {
    inputs.add(Field.graphInput, value(name, .float, axes))
  }

  /// Declares a value to be an output.
  mutating func addOutput(_ name: String, _ type: DataType, _ axes: [Axis]) {
    outputs.add(Field.graphOutput, value(name, type, axes))
    outputNames.append(name)
  }

  private func value(_ name: String, _ type: DataType, _ axes: [Axis]) -> ProtobufMessage {
    var shape = ProtobufMessage()
    for axis in axes {
      var message = ProtobufMessage()
      switch axis {
      case .fixed(let extent): message.add(Field.axisExtent, extent)
      case .named(let name): message.add(Field.axisName, name)
      }
      shape.add(Field.shapeAxis, message)
    }
    var tensor = ProtobufMessage()
    tensor.add(Field.typeElement, type.rawValue)
    tensor.add(Field.typeShape, shape)
    var holder = ProtobufMessage()
    holder.add(Field.typeTensor, tensor)
    var value = ProtobufMessage()
    value.add(Field.valueName, name)
    value.add(Field.valueType, holder)
    return value
  }

  /// The graph as a message; fields of one message may come in any order.
  func message(name: String) -> ProtobufMessage {
    var graph = ProtobufMessage()
    graph.add(Field.graphName, name)
    for part in [nodes, tensors, inputs, outputs] { graph.append(part) }
    return graph
  }
}
