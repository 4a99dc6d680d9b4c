import ArgumentParser
import BlobCache
import Diagnostics
import Digests
import Glibc
import Transfer

/// Fetches one file into a cache and prints its path, or ends as a command of `qkzoo` would.
@main
struct TransferProbe: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "transfer-probe")

  @Argument var sources: [String]
  @Option var cache: String
  @Option var size: Int?
  @Option var sha256: String?
  @Option var md5: String?
  @Option var header: [String] = []
  @Option var jobs = 4
  @Option var retries = 5
  @Option(help: "All in milliseconds.") var pause = 500
  @Option var longestPause = 120_000
  @Option var patience = 30_000
  @Option var journal = 2000
  @Option var share = 500
  @Flag var insecure = false
  @Flag var progress = false

  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let failure as any Diagnosable {
      print(failure.description)
      Glibc.exit(failure.exitCode)
    } catch {
      exit(withError: error)
    }
  }

  func run() throws {
    let wanted = WantedFile(
      name: "wanted", size: size, sha256: sha256.flatMap(Digest.init(hex:)),
      md5: md5.flatMap(Digest.init(hex:)))
    let sources = try sources.map { TransferSource(try Address($0), headers: header) }
    let blob = try Cancellation.bySignals { cancellation in
      try Cache(root: cache).fetch(
        wanted, from: sources, options: options, cancellation: cancellation
      ) { step in
        if progress { print(step.bytes, step.total ?? -1, Int(step.rate)) }
      }
    }
    print(blob.path)
  }

  private var options: TransferOptions {
    var options = TransferOptions { name in
      // SAFETY: the string is copied before anything can change the environment.
      unsafe getenv(name).map { unsafe String(cString: $0) }
    }
    options.jobs = jobs
    options.retries = retries
    options.pause = .milliseconds(pause)
    options.longestPause = .milliseconds(longestPause)
    options.patience = .milliseconds(patience)
    options.journalInterval = .milliseconds(journal)
    options.leastShare = .milliseconds(share)
    options.allowsInsecure = insecure
    return options
  }
}
