import type { HostCheck, Preview, StackChange, StackOp } from '../../steps/index.ts';
import { clean } from '../clean.ts';
import { cleanLines, counted, countWords, signOf, verdictWords } from './words.ts';

/** A line of a preview. `op` and `verdict` are for colour only. */
export interface Detail {
  readonly text: string;
  readonly op?: StackOp;
  readonly verdict?: HostCheck['verdict'];
  /** Part of what the line before it is about. */
  readonly nested?: boolean;
}
const DIFF_LINES = 12;

/** One line that says what a preview found. */
export function previewSummary(preview: Preview): string {
  switch (preview.type) {
    case 'stack': {
      const words = countWords(preview.preview.counts) || 'no change';
      return `${preview.operation} ${clean(preview.stack)}: ${words}${preview.preview.approximate ? ' (approximate: some values are known only in the run)' : ''}`;
    }
    case 'hosts':
      return hostCounts(preview.hosts);
    case 'note':
      return clean(preview.text);
  }
}

/** What a preview found, at most `most` lines, the worst first; says how much was left out. */
export function previewDetails(preview: Preview, most: number): readonly Detail[] {
  const all = preview.type === 'stack' ? stackDetails(preview) : preview.type === 'hosts' ? hostDetails(preview.hosts) : [];
  if (all.length <= most) return all;
  return [...all.slice(0, most), { text: `… ${counted(all.length - most, 'more line')} (all in the JSON form)` }];
}

function stackDetails({ preview }: Preview & { type: 'stack' }): readonly Detail[] {
  const worst: readonly StackOp[] = ['delete', 'replace', 'update', 'create', 'import', 'read', 'refresh'];
  const changes = worst.flatMap((op) => preview.changes.filter((change) => change.op === op));
  return [...preview.warnings.map((warning) => ({ text: `! ${clean(warning)}`, op: 'update' as const })), ...changes.map(changeDetail)];
}

function changeDetail({ op, type, name, properties }: StackChange): Detail {
  const what = op === 'update' || op === 'replace' ? properties.map(clean).join(', ') : '';
  return { text: `${signOf(op)} ${clean(type)} ${clean(name)}${what === '' ? '' : `: ${what}`}`, op };
}

/** Hosts that say the same are told together. */
function hostDetails(hosts: readonly HostCheck[]): readonly Detail[] {
  const groups = new Map<string, HostCheck[]>();
  for (const check of hosts) {
    if (check.verdict === 'ok' && check.detail === undefined) continue;
    const key = `${check.verdict} ${check.detail ?? ''}`;
    groups.set(key, [...(groups.get(key) ?? []), check]);
  }
  return [...groups.values()].flatMap((checks) => {
    const [first] = checks;
    if (!first) return [];
    const names = checks.map(({ host }) => clean(host)).join(', ');
    const lines = first.detail === undefined ? [] : cleanLines(first.detail).filter((line) => line !== '');
    const head: Detail = { text: `${names}: ${lines.length === 1 ? (lines[0] ?? '') : verdictWords(first.verdict)}`, verdict: first.verdict };
    const diff = lines.length === 1 ? [] : lines.slice(0, DIFF_LINES).map((text) => ({ text, nested: true, ...opOfDiff(text) }));
    const rest = lines.length > DIFF_LINES ? [{ text: `… ${counted(lines.length - DIFF_LINES, 'more line')}`, nested: true }] : [];
    return [head, ...diff, ...rest];
  });
}

function opOfDiff(line: string): { readonly op?: StackOp } {
  if (line.startsWith('+')) return { op: 'create' };
  return line.startsWith('-') ? { op: 'delete' } : {};
}

function hostCounts(hosts: readonly HostCheck[]): string {
  const verdicts = ['unreachable', 'wouldChange', 'wouldRun', 'unknown', 'ok'] as const;
  const counts = verdicts.map((verdict) => [verdict, hosts.filter((check) => check.verdict === verdict).length] as const);
  return counts
    .filter(([, count]) => count > 0)
    .map(([verdict, count]) => `${count} ${verdictWords(verdict)}`)
    .join(', ');
}
