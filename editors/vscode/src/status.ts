/** What the server says of the fleet: the parameters of `gitopsLint/status`. */
export interface Status {
  message: string;
  apps: number;
  notRendered: number;
  notRenderedApps: { name: string; kind: string; status: string; reason?: string | null }[];
  errors: number;
  warnings: number;
  notes: number;
}

/** What the status bar shows. */
export interface Shown {
  text: string;
  tooltip: string;
  /** Whether it is to be drawn as a warning. */
  warns: boolean;
}

/** Apps named in a tooltip. */
const NAMED = 10;

/** Words for what the server said; `undefined` before it said anything. */
export function shown(status: Status | undefined): Shown {
  if (status === undefined) {
    return { text: "$(sync~spin) gitops-lint", tooltip: "gitops-lint renders the repository", warns: false };
  }
  const rendered = status.apps - status.notRendered;
  const lines = [status.message, `${status.errors} errors, ${status.warnings} warnings, ${status.notes} notes`];
  for (const app of status.notRenderedApps.slice(0, NAMED)) {
    lines.push(`${app.kind} ${app.name}: ${app.reason ?? app.status}`);
  }
  if (status.notRendered > NAMED) {
    lines.push(`and ${status.notRendered - NAMED} more`);
  }
  return {
    text: `$(layers) ${rendered}/${status.apps} apps`,
    tooltip: lines.join("\n"),
    warns: status.notRendered > 0,
  };
}
