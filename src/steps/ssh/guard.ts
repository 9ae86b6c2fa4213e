import type { HostContext, HostOutcome } from '../kind.ts';
import { callHost } from './call.ts';

const EXISTS = `# slipway:exists
[ -e "$SLIPWAY_PATH" ] || [ -L "$SLIPWAY_PATH" ]
`;

/** The same for PowerShell. */
const WIN_EXISTS = `# slipway:win-exists
if (Test-Path -LiteralPath $env:SLIPWAY_PATH) { exit 0 }
exit 1
`;

type Where = Parameters<typeof callHost>[0];

/** Why there is nothing left to do, by the step's `creates` and `unless`; undefined when there is, or when it has neither. */
export async function whyDone(where: Where): Promise<string | undefined> {
  const { creates, unless } = where.options;
  const quiet: Where = { host: where.host, options: where.options, ports: where.ports, runId: where.runId, signal: where.signal };
  if (creates !== undefined) {
    const { exitCode } = await callHost(quiet, { script: EXISTS, powershell: WIN_EXISTS, env: { SLIPWAY_PATH: creates } });
    if (exitCode === 0) return `${creates} exists`;
  }
  if (unless !== undefined) {
    const { exitCode } = await callHost(quiet, { script: unless, powershell: unless });
    if (exitCode === 0) return `"${firstLine(unless)}" succeeds`;
  }
  return undefined;
}

export const hasGuard = ({ options }: Pick<HostContext, 'options'>): boolean => options.creates !== undefined || options.unless !== undefined;

export function firstLine(text: string): string {
  const line = text.trim().split('\n', 1)[0] ?? '';
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}

/** Nothing was run; outputs keep their shape. */
export function skippedBecause(why: string): HostOutcome {
  return { status: 'skipped', outputs: { exitCode: 0, stdout: '', stderr: '' }, summary: why };
}
