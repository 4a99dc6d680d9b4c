import CheckpointFormat
import Digests
import SpikingModels

/// What the folder says of itself.
struct LayersReadme {
  /// As the folder describes it.
  let configuration: ModelConfiguration
  /// The scope that the checkpoint has.
  let own: NeuronScope
  let identity: ModelIdentity
  let foldsNorm: Bool
  let measurement: LayersExport.Measurement?

  var text: String { (head + columns + arrays + measured).joined(separator: "\n") + "\n" }

  private var head: [String] {
    [
      "# \(configuration.design.title), operation by operation", "",
      "Written by qkzoo \(FormatVersion.software).", "",
      "| | |", "|---|---|",
      "| model-id | \(identity.modelID.hex) |",
      "| weights-id | \(identity.weightsID.hex) |",
      "| scope | \(scope) |",
      "| time steps | \(configuration.timeSteps) |",
      "| input | \(configuration.input.coding.rawValue) |",
    ] + configuration.design.facts.map { "| \($0.name) | \($0.value) |" } + [""]
  }

  private var scope: String {
    let scope = configuration.scope
    return scope == own
      ? scope.rawValue
      : "\(scope.rawValue), in `configuration.json` too; the model of this model-id has \(own.rawValue)"
  }

  private var columns: [String] {
    let text = """
      `configuration.json` is the whole configuration. `layers.csv` has a row for each operation, in the order of the
      forward pass; a row reads the results of the rows that `reads` names. Shapes and MACs are of one sample at one step.
      An input of coding `direct` is the same at every step: what `first_convolution` gives is repeated.

      | `op` | what is done |
      |---|---|
      | `first_convolution`, `convolution` | of real numbers; of integers; with batch normalisation |
      | `max_pool` | windows without what lies in the padding |
      | `neurons` | charge, fire, reset |
      | `sum_heads`, `sum_tokens` | Q summed over the channels of each of `heads` heads; over the tokens |
      | `mask_tokens`, `mask_channels` | the second operand where the first has a spike |
      | `product` | `Q (K^T V)` of each of `heads` heads, times `scale` |
      | `add` | the sum of both operands |
      | `mean_membrane` | over tokens |
      | `mean` | over tokens; over steps, too, if the readout is `mean_then_head` |
      | `head` | the classifier; then the mean over steps, if the readout is `head_then_mean` |

      | column | what it says |
      |---|---|
      | `neurons` | the row's own neurons, or those that fire on what it gives; `tau` to `scope` are theirs |
      | `fires` | `at_or_above`: at the threshold, too; `above`: not |
      | `scope` | `batch`: one membrane for each neuron over all samples of a batch, as the released code has it |

      """
    return [text]
  }

  private var arrays: [String] {
    let folded =
      foldsNorm
      ? "`weight * scale` and `shift`: one convolution that does both, up to rounding, so that "
        + "spikes at a threshold may differ"
      : "not here: `--fold-bn` writes them"
    return [
      "The arrays of a row are in the folder of its path, float32 unless said:", "",
      "| file | what it holds |", "|---|---|",
      "| `weight.npy` | as stored (16-bit floats widened, exactly), not folded: `[O, I, k, k]`, "
        + "or `[O, I, 1]` over tokens |",
      "| `scale.npy`, `shift.npy` | batch normalisation and the convolution's bias: a neuron "
        + "receives `sum * scale + shift`, rounded once |",
      "| `folded_weight.npy`, `folded_bias.npy` | \(folded) |",
      "| `bias.npy` | of `head` only |",
    ]
  }

  private var measured: [String] {
    guard let measurement else {
      return [
        "",
        "Nothing was measured: firing rates, histograms and the columns from `largest_input` on "
          + "need `--input`.",
      ]
    }
    return [
      "| `input_histogram.npy` | u64: how often a convolution read each integer, from 0 |",
      "| `spike_counts.npy` | u64 `[T, C]`: spikes of each channel, all samples and positions |",
      "| `firing_rates.npy` | `[C]`: spikes of each channel for each neuron and step |", "",
      "Counts, rates and the columns from `largest_input` on were measured on "
        + "\(measurement.activity.samples) samples of `\(measurement.input)`: \(measurement.setting).",
    ]
  }
}
