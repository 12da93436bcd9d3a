import * as vscode from "vscode";
import { LanguageClient, type LanguageClientOptions, type ServerOptions } from "vscode-languageclient/node";

import { command } from "./command";
import { type Status, shown } from "./status";

/** Languages whose files are sent to the server. */
const LANGUAGES = ["yaml", "helm", "helm-template", "gotmpl", "go-template"];

let client: LanguageClient | undefined;
let item: vscode.StatusBarItem | undefined;
let output: vscode.OutputChannel | undefined;
let status: Status | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  output = vscode.window.createOutputChannel("gitops-lint");
  item = vscode.window.createStatusBarItem(vscode.StatusBarAlignment.Left, 0);
  item.name = "gitops-lint";
  item.command = "gitopsLint.showStatus";
  context.subscriptions.push(
    output,
    item,
    vscode.commands.registerCommand("gitopsLint.restart", restart),
    vscode.commands.registerCommand("gitopsLint.showStatus", showStatus),
    vscode.workspace.onDidChangeConfiguration(async (event) => {
      if (event.affectsConfiguration("gitopsLint.path") || event.affectsConfiguration("gitopsLint.args")) {
        await restart();
      }
    }),
  );
  await start();
}

export async function deactivate(): Promise<void> {
  await client?.stop();
}

async function start(): Promise<void> {
  const folder = vscode.workspace.workspaceFolders?.[0];
  if (folder === undefined || folder.uri.scheme !== "file") {
    return;
  }
  const settings = vscode.workspace.getConfiguration("gitopsLint", folder);
  const run = command(settings.get("path"), settings.get("args"), folder.uri.fsPath);
  const server: ServerOptions = { ...run, options: { cwd: folder.uri.fsPath } };
  const options: LanguageClientOptions = {
    documentSelector: [
      ...LANGUAGES.map((language) => ({ scheme: "file", language })),
      // Whatever language an editor takes them for.
      { scheme: "file", pattern: "**/*.{yaml,yml,tpl}" },
      { scheme: "file", pattern: "**/templates/**" },
    ],
    workspaceFolder: folder,
    outputChannel: output,
  };
  show(undefined);
  const started = new LanguageClient("gitopsLint", "gitops-lint", server, options);
  client = started;
  started.onNotification("gitopsLint/status", (told: Status) => {
    if (client === started) {
      show(told);
    }
  });
  try {
    await started.start();
  } catch (error) {
    item?.hide();
    const words = `gitops-lint: cannot start \`${run.command}\`: ${error instanceof Error ? error.message : String(error)}`;
    const setting = "Open the setting";
    if ((await vscode.window.showErrorMessage(words, setting)) === setting) {
      await vscode.commands.executeCommand("workbench.action.openSettings", "gitopsLint.path");
    }
  }
}

async function restart(): Promise<void> {
  const old = client;
  client = undefined;
  if (old?.isRunning()) {
    await old.stop();
  }
  await start();
}

function show(told: Status | undefined): void {
  status = told;
  if (item === undefined) {
    return;
  }
  const { text, tooltip, warns } = shown(told);
  item.text = text;
  item.tooltip = tooltip;
  item.backgroundColor = warns ? new vscode.ThemeColor("statusBarItem.warningBackground") : undefined;
  item.show();
}

function showStatus(): void {
  if (output === undefined) {
    return;
  }
  output.appendLine(shown(status).tooltip);
  for (const app of status?.notRenderedApps ?? []) {
    output.appendLine(`  ${app.kind} ${app.name}: ${app.status}${app.reason ? `: ${app.reason}` : ""}`);
  }
  output.show(true);
}
