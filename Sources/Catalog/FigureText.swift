import CheckpointFormat
import Diagnostics
import Markup
import ModelZoo
import SpikingModels

extension Figure.Metric {
  /// As a reader calls it.
  var words: String {
    switch self {
    case .top1: "top-1"
    case .top5: "top-5"
    case .energy: "energy"
    case .firingRate: "firing rate"
    }
  }
}

extension Figure.Speaker {
  /// Who that is.
  var words: String {
    switch self {
    case .reported: "the paper or the model's own page"
    case .log: "a log of the run that made the weights"
    case .independent: "others who ran the weights or trained again"
    case .measured: "runs of this project that can be repeated"
    }
  }
}

extension ZooEntry.Availability {
  /// What that means for a reader.
  var words: String {
    switch self {
    case .embedded: "part of the program"
    case .live: "an address answered when last tried"
    case .unchecked: "there is an address; nobody has tried it"
    case .bring: "no address is left: bring your copy"
    case .unreleased: "never released"
    }
  }
}

extension Figure {
  /// The value as the source has it; a long one is shortened for the eye and kept in full for
  /// machines.
  var html: HTML {
    element("data", Attribute("value", "\(value)")) {
      text
    }
  }

  /// The setting, or that there is none.
  var settingText: String {
    let text = setting?.text ?? ""
    return text.isEmpty ? "setting not stated" : text
  }
}

extension Records.Accuracy {
  /// The share with its standard error, as in `98.89 % ± 0.55`.
  var html: HTML {
    element("data", Attribute("value", "\(value * 100)")) {
      DecimalText.fixed(value * 100, 2) + " % ± " + DecimalText.fixed(standardError * 100, 2)
    }
  }
}
