import { homedir } from "node:os";
import { join } from "node:path";

/** The program and its arguments, from the settings. */
export function command(
  path: string | undefined,
  args: readonly unknown[] | undefined,
  folder: string | undefined,
): { command: string; args: string[] } {
  let program = (path ?? "").trim() || "gitops-lint";
  if (program === "~" || program.startsWith("~/")) {
    program = join(homedir(), program.slice(1));
  }
  program = program.replaceAll("${workspaceFolder}", folder ?? "");
  const texts = (args ?? []).filter((it): it is string => typeof it === "string");
  return { command: program, args: ["lsp", ...texts] };
}
