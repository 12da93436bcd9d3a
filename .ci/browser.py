#!/usr/bin/env python3
"""Opens `report --html` of the demo and `diff --format html` of a change of it in headless Chromium: .ci/browser.py BIN DIR

Everything is drawn by the pages' own scripts at two widths, the diff in the dark as well; what stands in the document afterwards is
compared with the JSON report, nothing may be wider than a narrow screen, and no script may fail. Screenshots are left in DIR for people.
"""
import html.parser, json, pathlib, re, shutil, subprocess, sys, tempfile, urllib.parse

BIN, OUT = sys.argv[1], pathlib.Path(sys.argv[2])
REPO = "fixtures/repos/demo"
WIDTHS = (1280, 500)
TABS = ["Overview", "Findings", "Apps", "Graph", "Values"]
# Reports what goes wrong while the page is drawn, and how wide it became, in attributes that the dumped document has.
PROBE = """<script>addEventListener("error", (it) => document.documentElement.setAttribute("data-failed", it.message));
addEventListener("load", () => setTimeout(() => document.documentElement.setAttribute("data-width",
  `${document.documentElement.scrollWidth}/${innerWidth}`), 0));</script>"""


class Text(html.parser.HTMLParser):
    """Words and counts of a document, without its scripts."""

    def __init__(self):
        super().__init__()
        self.words, self.tags, self.silent, self.root = [], {}, False, {}

    def handle_starttag(self, tag, attrs):
        if tag == "html":
            self.root = dict(attrs)
        self.silent = tag in ("script", "style")
        name = (tag, dict(attrs).get("class", "").split(" ")[0])
        self.tags[name] = self.tags.get(name, 0) + 1

    def handle_endtag(self, tag):
        self.silent = False

    def handle_data(self, data):
        if not self.silent:
            self.words.append(data)


def chromium(*args):
    with tempfile.TemporaryDirectory() as profile:
        command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={profile}"]
        done = subprocess.run([*command, *args], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def probe(page, script=""):
    """A copy of a page that tells what goes wrong in it, and then does what a script says."""
    probed = OUT / f"probed-{page.name}"
    more = f"<script>addEventListener('load', () => setTimeout(() => {{ {script} }}, 0));</script>" if script else ""
    probed.write_text(page.read_text().replace("<title>", PROBE + more + "<title>", 1))
    return probed


def draw(url, width, what, wrong):
    document = Text()
    document.feed(chromium(f"--window-size={width},1600", "--virtual-time-budget=2000", "--dump-dom", url))
    if "data-failed" in document.root:
        wrong.append(f"{what}: {document.root['data-failed']}")
    full, window = map(int, document.root.get("data-width", "9999/0").split("/"))
    if full > window:
        wrong.append(f"{what}: {full} wide in a window of {window}")
    return document, " ".join(document.words)


def report(wrong):
    page = OUT / "report.html"
    subprocess.run([BIN, "report", REPO, "--html", str(page)], check=True)
    report = json.loads(subprocess.run([BIN, REPO, "--format", "json", "--quiet"], capture_output=True).stdout)
    probed = probe(page)
    for width in WIDTHS:
        for tab in TABS:
            url = f"file://{probed.resolve()}#{tab}"
            document, words = draw(url, width, tab, wrong)
            if tab == "Findings":
                if document.tags.get(("article", "finding")) != len(report["findings"]):
                    wrong.append(f"{tab}: {document.tags.get(('article', 'finding'))} of {len(report['findings'])} are drawn")
                wrong += [f"{tab}: no {it['rule']}" for it in report["findings"] if it["rule"] not in words or it["file"] not in words]
            if tab in ("Apps", "Graph"):
                wrong += [f"{tab}: no {app['name']}" for app in report["apps"] if tab == "Apps" and app["name"] not in words]
            if tab == "Graph" and document.tags.get(("rect", ""), 0) < len(report["apps"]):
                wrong.append(f"{tab}: {document.tags.get(('rect', ''), 0)} boxes")
            if tab == "Values" and not re.search(r"values/\S+\.yaml:\d+", words):
                wrong.append(f"{tab}: no value says which file sets it")
            if tab == "Overview" and f"{report['summary']['errors']} errors" not in words:
                wrong.append(f"{tab}: the verdict is missing")
            chromium(f"--window-size={width},1600", f"--screenshot={OUT / f'{tab.lower()}-{width}.png'}", url)


# What the change of the demo is: a file, what is there, what is there then.
EDITS = [
    ("values/globals.yaml", "pool: workloads", "pool: batch"),
    ("deploy/shop/base/deployment.yaml", "shop:3.2.0", "shop:3.1.4"),
    ("deploy/shop/base/kustomization.yaml", "  - service.yaml\n", ""),
    ("deploy/shop/base/kustomization.yaml", "CURRENCY=EUR", "CURRENCY=CHF"),
    ("deploy/shop/overlays/prod/kustomization.yaml", "count: 3", "count: 0"),
]


def press(*keys):
    """Keys one after the other, and what has the focus then."""
    return "".join(
        f"(document.activeElement || document.body).dispatchEvent(new KeyboardEvent('keydown', {{ key: {json.dumps(key)}, bubbles: true }}));"
        for key in keys
    ) + "document.documentElement.setAttribute('data-focus', document.activeElement.getAttribute('data-key') || document.activeElement.tagName);"


def diff(wrong):
    before, after, page = OUT / "before", OUT / "after", OUT / "diff.html"
    for tree in (before, after):
        shutil.rmtree(tree, ignore_errors=True)
        shutil.copytree(REPO, tree)
    for file, old, new in EDITS:
        path = after / file
        text = path.read_text()
        assert old in text, f"{file} does not say {old}"
        path.write_text(text.replace(old, new, 1))
    data = OUT / "diff.json"
    formats = [f"--format=html={page.name}", f"--format=json={data.name}"]
    subprocess.run([pathlib.Path(BIN).resolve(), "diff", "before", "after", *formats], cwd=OUT, check=True)
    data = json.loads(data.read_text())
    objects = [(app, it) for app in data["apps"] for it in app["objects"]]
    title = lambda it: f"{it['kind']}/{it['namespace']}/{it['name']}" if it["namespace"] else f"{it['kind']}/{it['name']}"
    url = lambda page, **asked: f"file://{page.resolve()}" + (f"#{urllib.parse.urlencode(asked)}" if asked else "")
    probed = probe(page)
    for width in WIDTHS:
        document, words = draw(url(probed), width, "diff", wrong)
        wrong += [f"diff: no {title(it)}" for _, it in objects if title(it) not in words]
        wrong += [f"diff: no {it['name']}" for it in data["dangers"] if it["name"] not in words]
        wrong += [f"diff: no {it['file']}:{it['line']}" for it in data["causes"] if f"{it['file']}:{it['line']}" not in words]
        if "pool: batch" not in words.replace("  ", " "):
            wrong.append("diff: the line that causes it is not shown")
        for scheme, name in ((1, ""), (0, "-dark")):
            chromium(f"--window-size={width},1600", f"--blink-settings=preferredColorScheme={scheme}", f"--screenshot={OUT / f'diff{name}-{width}.png'}", url(page))
    # What is asked for is shown, and nothing else.
    probed = probe(page)
    danger = data["dangers"][0]["name"]
    hit = {(it["app"], title(it["object"])) for it in data["dangers"] if it["name"] == danger}
    cases = [
        (dict(app=data["apps"][0]["name"]), lambda app, it: app is data["apps"][0]),
        (dict(kind="Deployment"), lambda app, it: it["kind"] == "Deployment"),
        (dict(danger=danger), lambda app, it: (app["name"], title(it)) in hit),
        (dict(q="nodeselector batch"), lambda app, it: any("nodeSelector" in field["path"] for field in it["fields"])),
        (dict(q="nobody-says-this"), lambda app, it: False),
    ]
    for asked, wanted in cases:
        _, words = draw(url(probed, **asked), 1280, str(asked), wrong)
        tree = words.split("keys ( ? )", 1)[1]
        count = sum(1 for app, it in objects if wanted(app, it))
        said = f"{count} of {len(objects)} objects" if count != len(objects) else f"{count} objects"
        if said not in tree:
            wrong.append(f"diff {asked}: not {said}: {tree[:80]}")
    # Keys: down to the first object, close it, up to its app; to the first danger; to the search.
    first = "0/0"
    for keys, focus in ((("Home", "j"), first), (("Home", "ArrowDown", "ArrowLeft", "ArrowLeft"), "0"), (("End", "Home"), "0"), (("/",), "INPUT")):
        document, _ = draw(url(probe(page, press(*keys))), 1280, f"keys {keys}", wrong)
        if document.root.get("data-focus") != focus:
            wrong.append(f"diff: after {keys} the focus is on {document.root.get('data-focus')}, not on {focus}")
    document, words = draw(url(probe(page, press("n"))), 1280, "keys n", wrong)
    at = document.root.get("data-focus", "").split("/")
    if len(at) != 2 or title(data["apps"][int(at[0])]["objects"][int(at[1])]) != title(data["dangers"][0]["object"]):
        wrong.append(f"diff: `n` leads to {at}")
    return len(objects)


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    wrong = []
    report(wrong)
    objects = diff(wrong)
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"{len(TABS)} tabs of the report and {objects} objects of the diff at two widths show what the reports hold; screenshots in {OUT}")


main()
