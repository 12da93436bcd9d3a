#!/usr/bin/env python3
"""Opens `report --html` of the demo in headless Chromium: .ci/browser.py BIN DIR

Every tab is drawn by the page's own script at two widths; what stands in the document afterwards is compared with the JSON report,
nothing may be wider than a narrow screen, and no script may fail. Screenshots are left in DIR for people.
"""
import html.parser, json, pathlib, re, subprocess, sys, tempfile

BIN, OUT = sys.argv[1], pathlib.Path(sys.argv[2])
REPO = "fixtures/repos/demo"
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


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    page = OUT / "report.html"
    subprocess.run([BIN, "report", REPO, "--html", str(page)], check=True)
    report = json.loads(subprocess.run([BIN, REPO, "--format", "json", "--quiet"], capture_output=True).stdout)
    probed = OUT / "probed.html"
    probed.write_text(page.read_text().replace("<title>", PROBE + "<title>", 1))
    wrong = []
    for width in (1280, 500):
        for tab in TABS:
            url = f"file://{probed.resolve()}#{tab}"
            document = Text()
            document.feed(chromium(f"--window-size={width},1600", "--virtual-time-budget=2000", "--dump-dom", url))
            words = " ".join(document.words)
            if "data-failed" in document.root:
                wrong.append(f"{tab}: {document.root['data-failed']}")
            full, window = map(int, document.root.get("data-width", "9999/0").split("/"))
            if full > window:
                wrong.append(f"{tab}: {full} wide in a window of {window}")
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
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"{len(TABS)} tabs at two widths show what the report holds; screenshots in {OUT}")


main()
