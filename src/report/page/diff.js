// Draws a diff: what is dangerous, which lines cause it, and a tree of apps, objects and fields beside these lines.
const { apps, causes, dangers } = data;
const MOST_ROWS = 1500;
document.getElementById("verdict").textContent = `${data.headline} · from ${data.base} to ${data.head}`;
const worst = (list) => ["error", "warning", "note"].find((word) => list.some((at) => dangers[at].severity === word));

// What is asked for lives behind the `#`, so that a view can be sent to somebody.
const wanted = { q: "", app: "", kind: "", danger: "", cause: "" };
function read() {
  const given = new URLSearchParams(location.hash.slice(1));
  for (const key of Object.keys(wanted)) wanted[key] = given.get(key) || "";
}
function ask(changes) {
  Object.assign(wanted, changes);
  const said = Object.entries(wanted).filter(([, value]) => value);
  history.replaceState(null, "", said.length ? `#${new URLSearchParams(said)}` : location.pathname + location.search);
  draw();
}

// Words to search are made once.
for (const app of apps) {
  for (const object of app.objects) {
    const fields = object.fields.flatMap((field) => [field.path, ...field.lines.map((line) => line[1]), field.cause === null ? "" : causes[field.cause].place]);
    object.words = [app.name, app.cluster, object.title, object.story, ...object.dangers.map((at) => dangers[at].name), ...fields].join("\n").toLowerCase();
    object.causes = [...new Set(object.fields.map((field) => field.cause).filter((at) => at !== null))];
  }
}
function fits(app, object) {
  return (!wanted.app || app.name === wanted.app)
    && (!wanted.kind || object.kind === wanted.kind)
    && (!wanted.danger || object.dangers.some((at) => dangers[at].name === wanted.danger))
    && (!wanted.cause || object.causes.some((at) => causes[at].place === wanted.cause))
    && wanted.q.toLowerCase().split(/\s+/).every((word) => object.words.includes(word));
}

const all = apps.reduce((sum, app) => sum + app.objects.length, 0);
const closed = new Set();
// A small diff is open; of a large one the objects are listed, and of a very large one the apps.
const fields = apps.reduce((sum, app) => sum + app.objects.reduce((part, object) => part + object.fields.length, 0), 0);
apps.forEach((app, at) => {
  if (all > 300) closed.add(`${at}`);
  app.objects.forEach((_, index) => { if (fields > 200) closed.add(`${at}/${index}`); });
});
let selected = "";

/** The rows that can be seen: `key`, `level`, and what they are about. */
function visible() {
  const found = [];
  let hits = 0;
  apps.forEach((app, at) => {
    const objects = app.objects.map((object, index) => [object, index]).filter(([object]) => fits(app, object));
    if (!objects.length) return;
    hits += objects.length;
    found.push({ key: `${at}`, level: 1, app, shown: objects.length });
    if (closed.has(`${at}`)) return;
    for (const [object, index] of objects) {
      const key = `${at}/${index}`;
      found.push({ key, level: 2, app, object, parent: `${at}` });
      if (closed.has(key)) continue;
      object.fields.forEach((field, step) => {
        if (field.path) found.push({ key: `${key}/${step}`, level: 3, app, object, field, parent: key });
      });
    }
  });
  return { found, hits };
}

const lines = (list) => make("pre", {}, list.map(([sign, ...rest]) =>
  make("span", { class: sign === "+" ? "plus" : sign === "-" ? "minus" : "" },
    rest.length > 1 ? make("i", {}, String(rest[0])) : null, make("b", {}, sign), rest[rest.length - 1])));

function label(row) {
  const fold = row.level < 3 && (row.level === 1 || row.object.fields.some((field) => field.path));
  const parts = [make("span", { class: "fold", "aria-hidden": "true" }, fold ? (closed.has(row.key) ? "▸" : "▾") : "")];
  if (row.level === 1) {
    parts.push(row.app.name, make("span", { class: "dim" },
      `${row.app.change ? ` (${row.app.change})` : ""} ${plural(row.shown, "object")}${row.app.cluster ? ` · ${row.app.cluster}` : ""}`));
  } else if (row.level === 2) {
    const bad = worst(row.object.dangers);
    const kind = row.object.sign === "+" ? "plus" : row.object.sign === "-" ? "minus" : "";
    parts.push(make("span", { class: kind }, `${row.object.sign} ${row.object.title}`), make("span", { class: "dim" }, `  ${row.object.story}`));
    if (bad) parts.push(make("span", { class: `tag small ${bad}` }, [...new Set(row.object.dangers.map((at) => dangers[at].name))].join(", ")));
  } else {
    parts.push(make("code", {}, row.field.path), make("span", { class: "dim" }, row.field.note ? `  (${row.field.note})` : ""), lines(row.field.lines));
  }
  return parts;
}

const tree = make("div", { role: "tree", "aria-label": "what changes" });
const count = make("p", { class: "dim", role: "status" });
const side = make("aside", { "aria-label": "source lines" });
let rows = [];

function draw() {
  const { found, hits } = visible();
  rows = found.slice(0, MOST_ROWS);
  if (!rows.some((row) => row.key === selected)) selected = (rows.find((row) => row.level === 2) || rows[0] || {}).key || "";
  tree.replaceChildren(...rows.map((row) => make("div", {
    role: "treeitem", "aria-level": row.level, "data-key": row.key, tabindex: row.key === selected ? 0 : -1,
    "aria-selected": String(row.key === selected), "aria-expanded": row.level < 3 ? String(!closed.has(row.key)) : null,
    onclick: () => (row.key === selected ? toggle(row) : select(row)),
  }, label(row))));
  count.textContent = (hits === all ? plural(all, "object") : `${hits} of ${plural(all, "object")}`)
    + (found.length > rows.length ? `; the first ${rows.length} rows: narrow the search, or close apps` : "");
  for (const [key, control] of Object.entries(controls)) if (control.value !== wanted[key]) control.value = wanted[key];
  for (const button of document.querySelectorAll("#causes button")) button.setAttribute("aria-pressed", String(button.dataset.place === wanted.cause));
  beside();
}

function select(row, focus) {
  const mark = (key, on) => {
    const item = tree.querySelector(`[data-key="${key}"]`);
    if (!item) return;
    item.setAttribute("aria-selected", String(on));
    item.tabIndex = on ? 0 : -1;
    if (on && focus) { item.focus({ preventScroll: true }); item.scrollIntoView({ block: "nearest" }); }
  };
  mark(selected, false);
  selected = row.key;
  mark(selected, true);
  beside();
}

function toggle(row, open) {
  if (row.level === 3) return;
  const shut = open === undefined ? !closed.has(row.key) : !open;
  if (shut) closed.add(row.key); else closed.delete(row.key);
  const held = tree.contains(document.activeElement);
  draw();
  if (held) select(row, true);
}

/** The source lines behind what is selected. */
function beside() {
  const row = rows.find((it) => it.key === selected);
  if (!row) { side.replaceChildren(make("p", { class: "dim" }, "Nothing is selected.")); return; }
  const behind = row.field ? [row.field.cause].filter((at) => at !== null)
    : row.object ? row.object.causes : [...new Set(row.app.objects.filter((object) => fits(row.app, object)).flatMap((object) => object.causes))];
  const told = row.object ? row.object.dangers.map((at) => dangers[at]) : [];
  side.replaceChildren(
    make("h2", {}, row.field ? row.field.path : row.object ? row.object.title : row.app.name),
    ...told.map((danger) => make("p", {}, make("a", { class: `tag ${danger.severity}`, href: danger.url }, danger.name), ": ", ...said(danger.message), ". ", make("span", { class: "dim" }, danger.help))),
    ...behind.slice(0, 50).flatMap((at) => {
      const cause = causes[at];
      return [make("h3", {}, cause.place, (row.field ? row.field.likely : !cause.certain) ? " (likely)" : ""),
        make("div", { class: "dim" }, `behind ${plural(cause.objects, "object")} in ${plural(cause.apps, "app")} `,
          wanted.cause === cause.place ? null : make("button", { class: "plain", onclick: () => ask({ cause: cause.place }) }, "show only these")),
        cause.source.length ? lines(cause.source) : null];
    }),
    ...(behind.length ? [] : [make("p", { class: "dim" }, "No line of the change is known to cause this.")]),
    ...(behind.length > 50 ? [make("p", { class: "dim" }, `and ${behind.length - 50} more lines`)] : []));
}

const option = (words, value) => make("option", { value }, words);
const choice = (key, words, values) => make("select", { "aria-label": key, onchange: (event) => ask({ [key]: event.target.value }) },
  option(words, ""), [...new Set(values)].sort().map((value) => option(value, value)));
const controls = {
  q: make("input", { type: "search", placeholder: "search: object, field, value, file ( / )", "aria-label": "search", oninput: (event) => ask({ q: event.target.value }) }),
  app: choice("app", "all apps", apps.map((app) => app.name)),
  kind: choice("kind", "all kinds", apps.flatMap((app) => app.objects.map((object) => object.kind))),
  danger: choice("danger", "with and without danger", dangers.map((danger) => danger.name)),
};
const everything = { q: "", app: "", kind: "", danger: "", cause: "" };

function go(danger) {
  const [app, object] = danger.object;
  Object.assign(wanted, everything);
  closed.delete(`${app}`);
  closed.delete(`${app}/${object}`);
  selected = `${app}/${object}`;
  ask({});
  const row = rows.find((it) => it.key === selected);
  if (row) select(row, true);
}
const dangerous = dangers.filter((danger) => danger.object);
function step(by) {
  if (!dangerous.length) return;
  const here = dangerous.findIndex((danger) => danger.object.join("/") === selected);
  go(dangerous[(here + by + dangerous.length) % dangerous.length]);
}

const help = make("dialog", { "aria-label": "keys" }, make("h2", {}, "Keys"), [
  ["/", "search"], ["Esc", "leave the search; show everything"], ["↑ ↓ or k j", "the row above, below"], ["→ ← or l h", "open, close; to what it is in"],
  ["Enter", "open or close"], ["n p", "the next, the last danger"], ["?", "this"],
].map(([key, words]) => make("p", {}, make("kbd", {}, key), ` ${words}`)), make("form", { method: "dialog" }, make("button", {}, "close")));

function keys(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
  const typing = event.target.matches && event.target.matches("input, select, textarea");
  if (event.key === "Escape") {
    if (typing) event.target.blur(); else ask(everything);
    const row = rows.find((it) => it.key === selected);
    if (row) select(row, true);
    return;
  }
  if (typing) return;
  const at = rows.findIndex((row) => row.key === selected);
  const row = rows[at];
  const to = (index) => { const next = rows[Math.max(0, Math.min(rows.length - 1, index))]; if (next) select(next, true); };
  const acts = {
    "/": () => controls.q.focus(), "?": () => help.showModal(), n: () => step(1), p: () => step(-1),
    ArrowDown: () => to(at + 1), j: () => to(at + 1), ArrowUp: () => to(at - 1), k: () => to(at - 1),
    Home: () => to(0), End: () => to(rows.length - 1),
    Enter: () => row && toggle(row), " ": () => row && toggle(row),
    ArrowRight: () => row && (closed.has(row.key) ? toggle(row, true) : to(at + 1)),
    ArrowLeft: () => row && (row.level < 3 && !closed.has(row.key) && row.level === 2 ? toggle(row, false)
      : row.parent ? to(rows.findIndex((it) => it.key === row.parent)) : toggle(row, false)),
  };
  acts.l = acts.ArrowRight;
  acts.h = acts.ArrowLeft;
  // A button that has the focus is pressed, not the row.
  const pressed = event.target.matches && event.target.matches("button") && (event.key === "Enter" || event.key === " ");
  if (!acts[event.key] || pressed) return;
  event.preventDefault();
  acts[event.key]();
}
document.addEventListener("keydown", keys);

function list(title, id, rows) {
  return rows.length ? [make("section", {}, make("h2", {}, title), make("div", { class: "rows", id }, rows))] : [];
}
main.replaceChildren(
  make("div", { class: "lists" },
    list("Dangers", "dangers", dangers.map((danger) => make("button", { onclick: () => danger.object && go(danger), title: danger.help },
      make("span", { class: `tag ${danger.severity}` }, danger.name), " ", ...said(danger.message),
      make("span", { class: "dim" }, `${danger.app ? ` in ${danger.app}` : ""}${danger.place ? ` ← ${danger.place}` : ""}`)))),
    list("Caused by", "causes", causes.slice(0, 500).map((cause) => make("button", {
      "data-place": cause.place, "aria-pressed": "false", onclick: () => ask({ cause: wanted.cause === cause.place ? "" : cause.place }) },
      cause.place, make("span", { class: "dim" }, `${cause.certain ? "" : " (likely)"} ${plural(cause.objects, "object")} in ${plural(cause.apps, "app")}`)))),
    list("Not rendered in full, so more may change", "open", data.open.map((it) => make("button", { disabled: "" },
      it.app, make("span", { class: "dim" }, `${it.since}: `, ...said(it.reason)))))),
  ...(data.rest ? [make("p", { class: "dim" }, `${data.rest}.`)] : []),
  ...(apps.length ? [make("div", { class: "filters bar-filters" }, Object.values(controls), make("button", { class: "plain", onclick: () => help.showModal() }, "keys ( ? )")), count,
    make("div", { class: "split" }, tree, side), help] : [make("p", {}, "Nothing that is applied changes.")]));
window.addEventListener("hashchange", () => { read(); draw(); });
read();
draw();
