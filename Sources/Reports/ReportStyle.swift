/// What a report needs beyond the catalogue's style sheet.
enum ReportStyle {
  static let text = """
    main { padding-top: 1rem; }
    .shade { display: inline-block; min-width: 2.5em; padding: 0 0.375rem; border-radius: 0.25rem; }
    .s1 { background: color-mix(in srgb, var(--bar) 10%, transparent); }
    .s2 { background: color-mix(in srgb, var(--bar) 20%, transparent); }
    .s3 { background: color-mix(in srgb, var(--bar) 30%, transparent); }
    .s4 { background: color-mix(in srgb, var(--bar) 40%, transparent); }
    .s5 { background: color-mix(in srgb, var(--bar) 50%, transparent); }
    .verdict { font-weight: 600; }
    .verdict.differs { color: var(--mean); }

    """
}
