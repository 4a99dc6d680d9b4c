import Digests
import ModelZoo

/// How to cite a model of the zoo, as BibTeX.
package enum Citation {
  /// The paper that describes the architecture; `CITATION.cff` names it too.
  package static let paper = """
    @inproceedings{zhou2024qkformer,
      title         = {{QKFormer}: Hierarchical Spiking Transformer using {Q-K} Attention},
      author        = {Zhou, Chenlin and Zhang, Han and Zhou, Zhaokun and Yu, Liutao and
                       Huang, Liwei and Fan, Xiaopeng and Yuan, Li and Ma, Zhengyu and
                       Zhou, Huihui and Tian, Yonghong},
      booktitle     = {Advances in Neural Information Processing Systems},
      year          = {2024},
      eprint        = {2403.16552},
      archivePrefix = {arXiv}
    }
    """

  /// The weights that were used: by model-id if it is known, else by the digest of the file.
  static func model(_ entry: ZooEntry) -> String {
    """
    @misc{\(entry.name),
      title = {Model \(entry.name) of the qkzoo zoo},
      note  = {\(identity(entry))}
    }
    """
  }

  private static func identity(_ entry: ZooEntry) -> String {
    if let id = entry.modelID { return "model-id \(id.hex)" }
    let file = entry.files.first(where: \.isKnown)
    if let digest = file?.sha256 { return "file of SHA-256 \(digest.hex)" }
    if let digest = file?.md5 { return "file of MD5 \(digest.hex)" }
    return "give the model-id that qkzoo prints for your file"
  }
}
