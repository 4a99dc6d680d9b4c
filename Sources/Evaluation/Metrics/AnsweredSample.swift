/// What a model answered to one labelled sample: all that metrics look at.
public protocol AnsweredSample {
  /// The index in the dataset's own order.
  var index: Int { get }
  /// The index of the right class.
  var label: Int { get }
  /// The most likely classes, most likely first.
  var top5: [Int] { get }
  /// Cross-entropy in nats.
  var loss: Double { get }
}

extension AnsweredSample {
  /// The most likely class.
  public var answer: Int? { top5.first }
}
