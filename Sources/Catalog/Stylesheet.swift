/// The look of the site. Colours are named once for light and once for dark; every other rule uses
/// the names.
package enum Stylesheet {
  /// The style sheet.
  package static let text = """
    :root {
      --page: #ffffff;
      --panel: #f2f5f8;
      --notice: #fff3d1;
      --text: #17212b;
      --quiet: #495766;
      --link: #0b4f94;
      --line: #c5cfd9;
      --bar: #2a73b0;
      --mean: #8a3b00;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --page: #11161c;
        --panel: #1b232c;
        --notice: #3a2e0c;
        --text: #e8edf2;
        --quiet: #b0bcc8;
        --link: #8cc2f7;
        --line: #3d4a58;
        --bar: #5b9fd8;
        --mean: #ffb37a;
      }
    }
    * { box-sizing: border-box; }
    html { color-scheme: light dark; }
    body {
      margin: 0;
      background: var(--page);
      color: var(--text);
      font: 1rem/1.5 system-ui, sans-serif;
      overflow-wrap: break-word;
    }
    a { color: var(--link); }
    :focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
    main:focus { outline: none; }
    .skip { position: absolute; left: -100vw; }
    .skip:focus { left: 1rem; top: 0.5rem; padding: 0.5rem; background: var(--page); }
    header.site, main, footer.site { max-width: 78rem; margin: 0 auto; padding: 0 1rem; }
    header.site { padding-top: 0.75rem; }
    footer.site { margin-top: 3rem; padding-bottom: 1.5rem; color: var(--quiet); font-size: 0.875rem; }
    nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; margin: 0; padding: 0; list-style: none; }
    nav a { display: inline-block; padding: 0.375rem 0; }
    nav a[aria-current] { color: var(--text); font-weight: 600; text-decoration: none; }
    nav.contents { margin: 1rem 0; border-block: 1px solid var(--line); }
    h1 { margin: 1rem 0 0.5rem; font-size: 1.75rem; line-height: 1.2; }
    h2 { margin: 2.25rem 0 0.75rem; font-size: 1.3125rem; }
    h3 { margin: 1.5rem 0 0.5rem; font-size: 1.0625rem; }
    p, ul { margin: 0.5rem 0; }
    section > p, section > ul, .lead, .notice { max-width: 46rem; }
    .lead { font-size: 1.125rem; }
    .quiet { color: var(--quiet); font-size: 0.875rem; }
    .notice { padding: 0.625rem 0.875rem; border-radius: 0.375rem; background: var(--notice); }
    code, pre, svg text { font-family: ui-monospace, "DejaVu Sans Mono", monospace; }
    code { font-size: 0.875em; }
    pre { overflow-x: auto; padding: 0.75rem 1rem; border-radius: 0.375rem; background: var(--panel); overflow-wrap: normal; }
    .digest, a { overflow-wrap: anywhere; }
    tbody th a { overflow-wrap: break-word; }
    dl { margin: 0.5rem 0; }
    dl > div { display: grid; grid-template-columns: 13rem minmax(0, 1fr); gap: 0 1rem; padding: 0.1875rem 0; }
    dt { color: var(--quiet); }
    dd { margin: 0; }
    .speakers { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 1rem; }
    .speaker { padding: 0.75rem 1rem; border-radius: 0.375rem; background: var(--panel); }
    .speaker h3 { margin: 0; }
    .speaker ul { margin: 0.5rem 0 0; padding: 0; list-style: none; }
    .speaker li { padding: 0.625rem 0; border-top: 1px solid var(--line); }
    .speaker p { margin: 0.125rem 0; }
    .figure data { font-size: 1.25rem; font-weight: 600; font-variant-numeric: tabular-nums; }
    table { width: 100%; margin: 0.75rem 0; border-collapse: collapse; font-size: 0.875rem; }
    caption { padding: 0.25rem 0; color: var(--quiet); text-align: left; }
    th, td { padding: 0.375rem 0.625rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
    th { font-weight: 600; }
    thead th { vertical-align: bottom; }
    tbody th { font-weight: 400; }
    .number { text-align: right; font-variant-numeric: tabular-nums; }
    td.number { white-space: nowrap; }
    th button { padding: 0; border: 0; background: none; color: var(--link); font: inherit; text-align: inherit; cursor: pointer; }
    th[aria-sort="ascending"] button::after { content: " ▲"; }
    th[aria-sort="descending"] button::after { content: " ▼"; }
    .title { display: block; color: var(--quiet); font-weight: 400; }
    td:empty::after { content: "–"; }
    .value { display: block; }
    .state { padding: 0 0.375rem; border: 1px solid var(--quiet); border-radius: 0.75rem; white-space: nowrap; }
    .scroll { overflow-x: auto; }
    .scroll th, .scroll td { white-space: nowrap; }
    .plot { display: block; max-width: 46rem; }
    .plot text { font-size: 11px; }
    .plot .heading { font-size: 12px; font-weight: 600; }
    .plot .bar { fill: var(--bar); }
    .plot .mean { stroke: var(--mean); stroke-width: 2; }
    .plot .grid { stroke: var(--line); }
    .plot .cell { fill: var(--page); stroke: var(--text); stroke-width: 1.5; }
    .plot .arrow { stroke: var(--bar); stroke-width: 2; }
    .plot .head { fill: var(--bar); }
    .diagrams { display: flex; flex-wrap: wrap; gap: 1rem 3rem; }
    figure { margin: 0.5rem 0; }
    figcaption { padding-bottom: 0.5rem; font-size: 0.875rem; }
    summary { padding: 0.375rem 0; color: var(--link); cursor: pointer; }
    @media (max-width: 68rem) {
      .speakers { grid-template-columns: repeat(2, minmax(0, 1fr)); }
      table.cards, .cards caption, .cards tbody, .cards tr, .cards th, .cards td { display: block; }
      .cards thead { position: absolute; left: -100vw; }
      .cards tr { margin: 0.75rem 0; padding: 0.5rem 0.875rem; border-radius: 0.375rem; background: var(--panel); }
      .cards th, .cards td { padding: 0.125rem 0; border: 0; text-align: left; white-space: normal; }
      .cards tbody th { padding-bottom: 0.25rem; font-weight: 600; }
      .cards td { display: grid; grid-template-columns: 9rem minmax(0, 1fr); gap: 0 0.75rem; }
      .cards td::before { content: attr(data-label); color: var(--quiet); }
      .cards td:empty { display: none; }
    }
    @media (max-width: 36rem) {
      .speakers { grid-template-columns: minmax(0, 1fr); }
      dl > div { grid-template-columns: minmax(0, 1fr); }
    }
    @media print {
      nav, .skip { display: none; }
    }

    """
}
