import SpikingModels

extension InputBatch {
  /// Writes `[B, frames, H, W, C]`.
  func write(to target: UnsafeMutablePointer<Float>) {
    for image in 0..<batch * frames {
      for channel in 0..<channels {
        let source = (image * channels + channel) * size.count
        for token in 0..<size.count {
          unsafe target[(image * size.count + token) * channels + channel] = values[source + token]
        }
      }
    }
  }
}
