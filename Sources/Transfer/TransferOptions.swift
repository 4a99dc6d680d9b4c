/// How files are fetched.
public struct TransferOptions: Sendable {
  /// Connections to one source at a time, if it can send parts; 1 means exactly one.
  public var jobs = 4
  /// A connection shares its work with another only if each part then takes at least this long, at
  /// the speed that it has; sources nearby are not asked for parts.
  public var leastShare = Duration.milliseconds(500)
  /// How often in a row a source may fail for a moment before it is given up.
  public var retries = 5
  /// The first pause before a retry; it doubles each time, and chance moves it by a half.
  public var pause = Duration.milliseconds(500)
  /// The longest pause that a source may ask for.
  public var longestPause = Duration.seconds(120)
  /// How long a source may send nothing.
  public var patience = Duration.seconds(30)
  /// How long a connection may take to be made.
  public var connectPatience = Duration.seconds(15)
  /// How often the journal says what is here; a killed transfer loses no more than this.
  public var journalInterval = Duration.seconds(2)
  /// The largest file taken if its size is not known beforehand, in bytes; set it to what the file
  /// can be at most, as `ZooEntry.transferLimit` does.
  public var limit = 1 << 36
  /// Lets `http:` leave this machine.
  public var allowsInsecure = false
  /// Refuses every source but files.
  public var isOffline = false
  /// What the program calls itself.
  public var userAgent = "qkzoo"
  /// The name or the path of libcurl.
  public var library = "libcurl.so.4"
  /// A file of trusted certificates instead of the system's.
  public var certificates: String?

  /// The usual options.
  public init() {}

  /// The options that the variables of a process ask for: `QKZOO_OFFLINE`, `QKZOO_LIBCURL`,
  /// `CURL_CA_BUNDLE` or `SSL_CERT_FILE`. Proxy variables are read by libcurl.
  public init(environment: (String) -> String?) {
    isOffline = !["", "0"].contains(environment("QKZOO_OFFLINE") ?? "")
    library = environment("QKZOO_LIBCURL") ?? library
    certificates = environment("CURL_CA_BUNDLE") ?? environment("SSL_CERT_FILE")
  }
}
