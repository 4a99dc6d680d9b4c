import CanonicalJSON
import Conversion
import Diagnostics
import SpikingModels

/// How the tensors of a foreign file found their places, and what that is worth.
struct MatchReport {
  private let placement: TensorPlacement
  private let known: String?

  init(_ imported: ImportedModel) throws {
    placement = imported.placement
    known = try imported.known()
  }

  /// One line. Names are proof enough; an order is not.
  var summary: String {
    if let naming = placement.naming { return "by name (\(naming))" }
    if let known { return "by order, confirmed: the zoo knows these weights as \(known)" }
    return "by order, unconfirmed: a reference can confirm it (convert --reference, then verify)"
  }

  /// Every pair, where an order decided.
  var pairing: PrintedText {
    guard placement.naming == nil else { return "" }
    var table = TextTable()
    table.add("IN THE FILE", "SHAPE", "IN THE MODEL")
    for pair in placement.pairs {
      table.add(pair.found, "\(pair.specification.shape)", pair.specification.path)
    }
    return "\n\n" + table.text
  }

  var json: JSON {
    let pairs = placement.pairs.map { pair -> JSON in
      ["found": .string(pair.found), "path": .string(pair.specification.path)]
    }
    return [
      "by": .string(placement.naming == nil ? "order" : "name"),
      "naming": .optional(placement.naming?.rawValue),
      "confirmed": .bool(placement.naming != nil || known != nil),
      "pairs": .array(placement.naming == nil ? pairs : []),
    ]
  }
}
