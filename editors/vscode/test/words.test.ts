import assert from "node:assert/strict";
import { homedir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { command } from "../src/command";
import { type Status, shown } from "../src/status";

const status: Status = {
  message: "all 3 apps rendered",
  apps: 3,
  notRendered: 0,
  notRenderedApps: [],
  errors: 1,
  warnings: 2,
  notes: 0,
};

test("the status bar says how far the fleet is rendered", () => {
  assert.match(shown(undefined).text, /spin/);
  assert.deepEqual(shown(status), {
    text: "$(layers) 3/3 apps",
    tooltip: "all 3 apps rendered\n1 errors, 2 warnings, 0 notes",
    warns: false,
  });
  const app = { name: "shop", kind: "Application", status: "skipped", reason: "no such repository" };
  const open = shown({ ...status, notRendered: 12, apps: 20, notRenderedApps: Array(12).fill(app) });
  assert.equal(open.warns, true);
  assert.equal(open.text, "$(layers) 8/20 apps");
  assert.match(open.tooltip, /Application shop: no such repository/);
  assert.match(open.tooltip, /and 2 more$/);
});

test("settings make a command", () => {
  assert.deepEqual(command(undefined, undefined, undefined), { command: "gitops-lint", args: ["lsp"] });
  assert.deepEqual(command(" ", ["--preset", 3, "strict"], "/r"), {
    command: "gitops-lint",
    args: ["lsp", "--preset", "strict"],
  });
  assert.equal(command("~/bin/gitops-lint", [], "/r").command, join(homedir(), "bin/gitops-lint"));
  assert.equal(command("${workspaceFolder}/x", [], "/r").command, "/r/x");
});
