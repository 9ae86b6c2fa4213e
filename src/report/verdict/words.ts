import type { JsonObject } from '../../core/index.ts';
import { clean } from '../clean.ts';
import { plain } from '../escape.ts';
import { verdictMarkdown, verdictTable } from './table.ts';
import type { AnalysisCheck } from './types.ts';

/** Verdicts of a run for a terminal: a sentence for everybody, then a table for engineers. */
export function analysesText(checks: readonly AnalysisCheck[]): string {
  const blocks = checks.map(({ path, verdict, differences }) => {
    const title = `${clean(path)}: ${verdict ? clean(verdict.sentence) : 'no verdict'}`;
    return [title, '', ...(verdict ? verdictTable(verdict) : []), ...differences.map((each) => `differs: ${clean(each)}`)].join('\n');
  });
  return `${blocks.join('\n\n')}\n`;
}

/** The same as Markdown. */
export function analysesMarkdown(checks: readonly AnalysisCheck[]): string {
  const blocks = checks.map(({ path, verdict, differences }) => {
    const title = `**${plain(path)}**: ${verdict ? plain(verdict.sentence) : 'no verdict'}`;
    return [title, ...(verdict ? [verdictMarkdown(verdict)] : []), ...differences.map((each) => `- differs: ${plain(each)}`)].join('\n\n');
  });
  return `${blocks.join('\n\n')}\n`;
}

/** The same as data, without the evidence. */
export function analysesJson(checks: readonly AnalysisCheck[]): readonly JsonObject[] {
  return checks.map(({ path, attempt, ok, verdict, differences }) => {
    return JSON.parse(JSON.stringify({ path, attempt, ok, verdict, differences })) as JsonObject; // made of JSON values
  });
}

/** Whether every recorded verdict can be computed again, and where not. */
export function verifyText(checks: readonly AnalysisCheck[]): string {
  const told = checks.flatMap(({ path, attempt, ok, verdict, differences }) => {
    const what = `${clean(path)}${attempt > 1 ? ` (attempt ${attempt})` : ''}`;
    const head = ok ? `${what}: ${verdict?.verdict ?? ''}, the same to the last bit by ${verdict?.algorithm ?? ''}` : `${what}: not what was recorded`;
    return [head, ...differences.map((each) => `  ${clean(each)}`)];
  });
  return `${told.join('\n')}\n`;
}
