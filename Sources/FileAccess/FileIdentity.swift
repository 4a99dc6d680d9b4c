import Diagnostics
import Glibc

/// Which file a path names, however the path is spelled.
extension Files {
  /// Whether two paths name one file or folder, by device and inode; links are followed.
  public static func areSame(_ one: String, _ other: String) -> Bool {
    guard let one = try? LibC.status(one), let other = try? LibC.status(other) else { return false }
    return one.st_dev == other.st_dev && one.st_ino == other.st_ino
  }

  /// Whether a path names a regular file of this user that has no other name, and no link to one.
  public static func isOwnFile(_ path: String) -> Bool {
    (try? LibC.lstat(path))?.isOwnFile ?? false
  }

  /// The name below a folder of a file there, which need not exist yet; `nil` if it is elsewhere.
  ///
  /// Links on the way to the file are followed; the last name is taken as it is.
  public static func name(of path: String, below folder: String) -> String? {
    guard let parent = try? LibC.realpath(directory(of: path)),
      let root = try? LibC.realpath(folder)
    else { return nil }
    guard parent != root else { return name(of: path) }
    let prefix = join(root, "")
    guard parent.utf8.starts(with: prefix.utf8) else { return nil }
    let between = String(decoding: parent.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
    return join(between, name(of: path))
  }
}

extension stat {
  /// Whether it is of a regular file of this user with one name.
  var isOwnFile: Bool { st_mode & S_IFMT == S_IFREG && st_nlink == 1 && st_uid == geteuid() }
}
