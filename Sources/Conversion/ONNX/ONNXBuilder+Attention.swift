import SpikingModels

// Attention, and what reads tokens or steps together.

extension ONNXBuilder {
  /// Q summed over the channels of each head, `[T*B, heads, 1, H, W]`.
  mutating func sumOverHeads(_ heads: Int, _ node: Node) -> String {
    let (query, read) = operand(0, of: node)
    let byHead = reshape("\(node.path)/q by head", query, byHead(read.shape, heads))
    return graph.add("ReduceSum", node.path, [byHead, graph.constant([2])])
  }

  /// Q summed over the tokens, `[T*B, C, 1, 1]`.
  mutating func sumOverTokens(_ node: Node) -> String {
    graph.add("ReduceSum", node.path, [operand(0, of: node).name, graph.constant([2, 3])])
  }

  /// K where its head's token, or its channel, fired.
  mutating func mask(_ axis: Axis, _ node: Node) -> String {
    let (fired, mask) = operand(0, of: node)
    let key = operand(1, of: node).name
    guard axis == .tokens else { return graph.add("Mul", node.path, [key, fired]) }
    let keys = reshape(
      "\(node.path)/k by head", key, byHead(node.shape, mask.shape.channels))
    let masked = graph.add("Mul", "\(node.path)/by head", [keys, fired])
    return reshape(node.path, masked, map(node.shape))
  }

  /// `(V K^T) Q` with channels before tokens is `Q (K^T V)` with tokens before channels.
  mutating func selfAttention(_ attention: SelfAttention, _ node: Node) -> String {
    let heads = attention.heads
    let tokens = node.shape.size.count
    let shape = [-1, heads, node.shape.channels / heads, tokens]
    let (query, key, value) = (
      operand(0, of: node).name, operand(1, of: node).name, operand(2, of: node).name
    )
    let queries = reshape("\(node.path)/q by head", query, shape)
    let keys = reshape("\(node.path)/k by head", key, shape)
    let values = reshape("\(node.path)/v by head", value, shape)
    let transposed = graph.add(
      "Transpose", "\(node.path)/k transposed", [keys], [("perm", .ints([0, 1, 3, 2]))])
    let product = graph.add("MatMul", "\(node.path)/v k", [values, transposed])
    let mixed = graph.add("MatMul", "\(node.path)/v k q", [product, queries])
    let scale = graph.constant(attention.scale)
    let scaled = graph.add("Mul", "\(node.path)/scaled", [mixed, scale])
    return reshape(node.path, scaled, map(node.shape))
  }

  private func byHead(_ shape: Shape, _ heads: Int) -> [Int] {
    [-1, heads, shape.channels / heads, shape.size.height, shape.size.width]
  }

  private func map(_ shape: Shape) -> [Int] {
    [-1, shape.channels, shape.size.height, shape.size.width]
  }
}

// MARK: Readout

extension ONNXBuilder {
  /// A mean over tokens, and over the steps if asked for: `[T*B, C]` or `[B, C]`.
  ///
  /// Sums of counts are exact, and one division is the only rounding; a membrane is averaged by ONNX's
  /// own rule.
  mutating func mean(over axes: [Axis], _ node: Node) -> String {
    let (name, read) = operand(0, of: node)
    guard read.signal != .real else {
      return graph.add(
        "ReduceMean", node.path, [name], [("axes", .ints([2, 3])), ("keepdims", .int(0))])
    }
    let tokens = read.shape.size.count
    var sums = name
    if case .map = read.shape {
      sums = graph.add(
        "ReduceSum", "\(node.path)/tokens", [name, graph.constant([2, 3])], [("keepdims", .int(0))])
    }
    guard !axes.contains(.time) else { return meanOverSteps(node.path, sums, tokens: tokens) }
    return graph.add("Div", node.path, [sums, graph.constant(Float(tokens))])
  }

  /// The linear map; its result is called `logits`.
  mutating func classifier(_ classifier: Classifier, _ node: Node) throws -> String {
    let weight = try parameter("\(node.path)/weight", [classifier.classes, classifier.features])
    let bias = try parameter("\(node.path)/bias", [classifier.classes])
    let name = classifier.averagesSteps ? "\(node.path)/steps" : "logits"
    let rows = graph.add(
      "Gemm", name, [operand(0, of: node).name, weight, bias], [("transB", .int(1))])
    return classifier.averagesSteps ? meanOverSteps("logits", rows, tokens: 1) : rows
  }

  /// A sum over the steps and one division.
  private mutating func meanOverSteps(_ name: String, _ value: String, tokens: Int) -> String {
    let sum = graph.add("Sum", "\(name)/sum", split(value, "\(name)/step"))
    return graph.add("Div", name, [sum, graph.constant(Float(steps * tokens))])
  }
}
