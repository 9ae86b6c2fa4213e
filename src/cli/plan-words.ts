import { rename, writeFile } from 'node:fs/promises';
import { EXIT, type ExitCode, messageOf, type Parsed, SlipwayError } from '../core/index.ts';
import type { App } from '../app/index.ts';
import { plainStyle, planText } from '../report/index.ts';
import { problemLines } from './say-error.ts';
import type { Context } from './types.ts';

export type Bundle = Awaited<ReturnType<App['readPlan']>>;

/** The plan, or its problems on stderr and an end with exit code 2. */
export function planOrStop(parsed: Parsed<Bundle>, context: Context): Bundle {
  for (const line of problemLines(parsed.problems)) context.note(line);
  if (parsed.ok) return parsed.value;
  const count = parsed.problems.length;
  throw new SlipwayError('INVALID_RUNBOOK', `no plan: ${count} problem${count === 1 ? '' : 's'}`, { hint: 'mend what is listed above', exitCode: EXIT.usage });
}

/** What is known of a plan beside the plan itself. */
export interface KnownOfPlan {
  readonly planFile?: string;
  readonly expected: Awaited<ReturnType<App['expected']>>;
  readonly measuring: Awaited<ReturnType<App['measuring']>>;
}

/** The plan in words for a terminal. */
export function planWords(bundle: Bundle, { settings, style }: Context, stream: 'stdout' | 'stderr', known: KnownOfPlan): string {
  const colour = style[stream] !== plainStyle;
  return planText(bundle, { colour, width: settings.terminal.columns, ...known });
}

/** Would this plan change anything outside? A step that changes things and cannot say what counts as a change. */
export function hasChanges({ body }: Bundle): boolean {
  return Object.values(body.graph.nodes).some((node) => {
    if (!node.mutates || node.role === 'compensate' || node.role === 'rollback') return false;
    const previews = Object.entries(body.previews).filter(([path]) => path === node.path || path.startsWith(`${node.path}[`));
    return previews.length === 0 || previews.some(([, preview]) => isChange(preview));
  });
}

function isChange(preview: Bundle['body']['previews'][string]): boolean {
  if (preview.type === 'stack') return Object.entries(preview.preview.counts).some(([op, count]) => op !== 'same' && op !== 'read' && count > 0);
  return preview.type === 'hosts' ? preview.hosts.some(({ verdict }) => verdict !== 'ok') : true;
}

/** 5 when policies object, else what the caller says. */
export function exitOfVerdict({ body }: Bundle, otherwise: ExitCode): ExitCode {
  return body.verdict.decision === 'allow' ? otherwise : EXIT.policyDenied;
}

/** Write a plan whole or not at all. It holds no secret, but it says much about an estate, and so only its owner may read it. */
export async function savePlan(bundle: Bundle, file: string): Promise<void> {
  const beside = `${file}.${process.pid}.new`;
  try {
    await writeFile(beside, `${JSON.stringify(bundle)}\n`, { mode: 0o600 });
    await rename(beside, file);
  } catch (cause) {
    throw new SlipwayError('CANNOT_WRITE', `cannot write the plan to ${file}: ${messageOf(cause)}`, {
      hint: 'check the folder and its permissions',
      exitCode: EXIT.usage,
      cause,
    });
  }
}
