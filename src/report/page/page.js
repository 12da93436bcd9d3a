// Draws the report from the data in the page.
const { report, graph } = data;
// On a narrow screen a table is moved from side to side; words stay whole.
const table = (head, rows) =>
  make("div", { class: "wide" }, make("table", {}, make("thead", {}, make("tr", {}, head.map((cell) => make("th", {}, cell)))),
    make("tbody", {}, rows.map((row) => make("tr", {}, row.map((cell) => make("td", {}, cell)))))));
const summary = report.summary;
document.getElementById("verdict").textContent =
  `${plural(summary.errors, "error")}, ${plural(summary.warnings, "warning")}, ${plural(summary.notes, "note")} in ` +
  `${plural(summary.files, "file")}, ${plural(summary.apps, "app")}, ${plural(summary.objects, "object")}`;

function overview() {
  const states = ["rendered", "partial", "failed", "skipped"];
  const bar = make("div", { class: "bar", title: "apps by how far they were rendered" },
    states.map((state) => {
      const part = make("i", { class: state, title: `${summary[state]} ${state}` });
      part.style.flexGrow = summary[state];
      return part;
    }));
  const missing = report.apps.filter((app) => app.status !== "rendered");
  const statistics = report.statistics;
  return [
    make("div", { class: "cards" },
      [["errors", "errors"], ["warnings", "warnings"], ["notes", "notes"], ["apps", "apps"], ["rendered", "rendered in full"], ["objects", "objects"], ["suppressed", "suppressed"], ["baseline", "known to the baseline"]]
        .map(([key, words]) => make("div", { class: "card" }, make("b", {}, String(summary[key])), words))),
    make("h2", {}, "Coverage"), bar,
    missing.length
      ? table(["App", "Status", "Why"], missing.map((app) => [app.name, app.status, app.reason || ""]))
      : make("p", { class: "dim" }, "Every app was rendered in full."),
    ...(report.unreadable || []).length
      ? [make("h2", {}, "Not read"), table(["File", "Why"], report.unreadable.map((it) => [it.file, it.reason]))] : [],
    make("h2", {}, "Findings by rule"),
    table(["Rule", "Severity", "Findings", "What it is"], statistics.rules.map((rule) => {
      const page = data.pages[rule.rule];
      return [page ? make("a", { href: page.url }, rule.rule) : rule.rule,
        make("span", { class: `tag ${rule.severity}` }, rule.severity), String(rule.findings), page ? page.summary : ""];
    })),
  ];
}

function snippet(part) {
  return [
    make("div", { class: "where" }, `${part.file}:${part.line}`, part.message ? ` — ${part.message}` : ""),
    make("pre", {}, part.lines.map((line, index) => {
      const number = part.first + index;
      return make("span", { class: number === part.line ? "here" : "" }, make("i", {}, String(number)), line);
    })),
  ];
}

function findings() {
  const text = make("input", { type: "search", placeholder: "rule, file, app or words", "aria-label": "search findings", oninput: draw });
  const severity = make("select", { "aria-label": "severity", onchange: draw },
    ["all severities", "error", "warning", "note"].map((word) => make("option", {}, word)));
  const list = make("div", { id: "findings" });
  function draw() {
    const wanted = text.value.toLowerCase();
    const shown = [];
    let hits = 0;
    report.findings.forEach((finding, index) => {
      if (severity.selectedIndex && finding.severity !== severity.value) return;
      const words = [finding.rule, finding.file, finding.message, ...finding.apps].join("\n").toLowerCase();
      if (!words.includes(wanted)) return;
      hits += 1;
      if (shown.length >= 300) return;
      const page = data.pages[finding.rule];
      shown.push(make("article", { class: `finding ${finding.severity}` },
        make("h3", {}, make("span", { class: `tag ${finding.severity}` }, finding.severity), " ", finding.message),
        make("div", { class: "dim" }, page ? make("a", { href: page.url }, finding.rule) : finding.rule,
          finding.apps.length ? ` · affects ${finding.apps.join(", ")}` : ""),
        data.snippets[index].flatMap(snippet),
        finding.help ? make("div", {}, make("b", {}, "help: "), finding.help) : null));
    });
    const rest = hits - shown.length;
    list.replaceChildren(make("p", { class: "dim" }, plural(hits, "finding")), ...shown,
      ...(rest ? [make("p", { class: "dim" }, `and ${rest} more: narrow the search`)] : []));
  }
  draw();
  return [make("div", { class: "filters" }, text, severity), list];
}

function apps() {
  const clusters = new Map();
  for (const app of report.apps) {
    const cluster = app.cluster || "the cluster that it is applied to";
    if (!clusters.has(cluster)) clusters.set(cluster, []);
    clusters.get(cluster).push(app);
  }
  const found = new Map();
  for (const finding of report.findings) for (const app of finding.apps) found.set(app, (found.get(app) || 0) + 1);
  return [...clusters].sort().flatMap(([cluster, members]) => [
    make("h2", {}, cluster),
    table(["App", "Kind", "Namespace", "Source", "Objects", "Status", "Findings", "Defined at"], members.map((app) => [
      app.name, app.kind, app.namespace || "", app.source || "", String(app.objects),
      make("span", { class: app.status === "rendered" ? "" : "tag error", title: app.reason || "" }, app.status),
      String(found.get(app.name) || 0), `${app.file}:${app.line}`])),
  ]);
}

function picture() {
  const columns = { values: 0, source: 1, app: 2, namespace: 3, cluster: 4 };
  const titles = ["values files", "sources", "apps", "namespaces", "clusters"];
  const [width, height, gapX, gapY] = [190, 22, 60, 8];
  const at = new Map();
  const rows = [0, 0, 0, 0, 0];
  const nodes = [...graph.nodes];
  for (const node of nodes) {
    const column = columns[node.kind];
    at.set(node.id, { x: 10 + column * (width + gapX), y: 34 + rows[column]++ * (height + gapY) });
  }
  const size = { x: 5 * (width + gapX), y: 50 + Math.max(...rows) * (height + gapY) };
  const draw = (tag, attributes, ...children) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  };
  const svg = draw("svg", { width: size.x, height: size.y, role: "img", "aria-label": "graph of the fleet" });
  titles.forEach((title, column) => svg.append(draw("text", { x: 10 + column * (width + gapX), y: 18 }, title)));
  const paths = [];
  for (const edge of graph.edges) {
    const [from, to] = [at.get(edge.from), at.get(edge.to)];
    const forward = to.x > from.x;
    const [x1, x2] = forward ? [from.x + width, to.x] : to.x < from.x ? [from.x, to.x + width] : [from.x + width, to.x + width];
    const [y1, y2] = [from.y + height / 2, to.y + height / 2];
    const bend = to.x === from.x ? 40 : (forward ? 1 : -1) * gapX / 2;
    const end = to.x === from.x ? x2 + 40 : x2 - bend;
    const path = draw("path", { d: `M${x1},${y1}C${x1 + bend},${y1} ${end},${y2} ${x2},${y2}` },
      draw("title", {}, edge.label || edge.kind));
    paths.push([edge, path]);
    svg.append(path);
  }
  const groups = new Map();
  for (const node of nodes) {
    const { x, y } = at.get(node.id);
    const name = node.kind === "cluster" && !node.name ? "this cluster" : node.name;
    // The end of a path tells files apart, the beginning of a name tells namespaces apart.
    const most = 29;
    const isPath = node.kind === "source" || node.kind === "values";
    const cut = name.length <= most ? name : isPath ? `…${name.slice(1 - most)}` : `${name.slice(0, most - 1)}…`;
    const bad = node.status && node.status !== "rendered";
    const group = draw("g", { class: bad ? "bad" : "", "data-id": node.id },
      draw("rect", { x, y, width, height, rx: 4 }),
      draw("text", { x: x + 6, y: y + 15 }, cut + (node.wave !== undefined ? ` (wave ${node.wave})` : "")),
      draw("title", {}, `${name}${node.appKind ? ` (${node.appKind}, ${node.status})` : ""}`));
    group.addEventListener("click", () => light(node.id));
    groups.set(node.id, group);
    svg.append(group);
  }
  function light(id) {
    const near = new Set([id]);
    for (const [edge, path] of paths) {
      const touches = edge.from === id || edge.to === id;
      path.classList.toggle("lit", touches);
      if (touches) near.add(edge.from).add(edge.to);
    }
    for (const [key, group] of groups) group.classList.toggle("lit", near.has(key));
  }
  return [make("p", { class: "dim" }, "Click on a box to see what it is connected with."), make("div", { class: "graph" }, svg)];
}

function values() {
  if (!data.values.length) return [make("p", { class: "dim" }, "No app renders a chart.")];
  const app = make("select", { "aria-label": "app", onchange: draw }, data.values.map((it) => make("option", {}, it.app)));
  const text = make("input", { type: "search", placeholder: "key or file", "aria-label": "search values", oninput: draw });
  const list = make("div", { id: "values" });
  const place = (it) => (it && it.file ? `${it.file}:${it.line}` : "");
  const show = (value) => (typeof value === "string" ? value : JSON.stringify(value));
  function draw() {
    const wanted = text.value.toLowerCase();
    const chosen = data.values[app.selectedIndex];
    list.replaceChildren(...(chosen.charts || []).flatMap((chart) => [
      make("h2", {}, chart.name || ""),
      table(["Key", "Value", "Set by", "Over"], (chart.values || [])
        .filter((row) => `${row.key}\n${place(row)}`.toLowerCase().includes(wanted))
        .map((row) => [make("code", {}, row.key), make("code", {}, show(row.value)), place(row),
          (row.shadows || []).map((it) => place(it)).join(", ")])),
    ]));
  }
  draw();
  return [make("p", { class: "dim" }, "Which layer sets a key, and which it stands over."), make("div", { class: "filters" }, app, text), list];
}

const tabs = { Overview: overview, Findings: findings, Apps: apps, Graph: picture, Values: values };
const nav = document.getElementById("tabs");
function open(name) {
  for (const button of nav.children) button.setAttribute("aria-selected", String(button.textContent === name));
  main.replaceChildren(...tabs[name]());
}
for (const name of Object.keys(tabs)) {
  nav.append(make("button", { role: "tab", onclick: () => { location.hash = name; } }, name));
}
const follow = () => open(tabs[location.hash.slice(1)] ? location.hash.slice(1) : "Overview");
window.addEventListener("hashchange", follow);
follow();
