import { clean, UNSAFE } from '../clean.ts';
import { styleText } from 'node:util';
import { formatDuration, parseDuration } from '../../core/index.ts';
import type { PlanNode, WindowSpan } from '../../plan/index.ts';
import type { HostCheck, StackOp } from '../../steps/index.ts';

/** How words look on a terminal. */
export interface Paint {
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly accent: (text: string) => string;
}
type Format = Parameters<typeof styleText>[0];

/** Paint that colours, or leaves text as it is. Whether the terminal wants colour is the caller's to know. */
export function paintFor(colour: boolean): Paint {
  const as = (format: Format) => (text: string) => (colour && text !== '' ? styleText(format, text, { validateStream: false }) : text);
  return { strong: as('bold'), faint: as('dim'), good: as('green'), bad: as('red'), warn: as('yellow'), accent: as('cyan') };
}

/** Text from outside that keeps its lines and tabs. */
export function cleanLines(text: string): readonly string[] {
  return text.split(/\r?\n/).map((line) => line.replaceAll(UNSAFE, '').replaceAll('\t', '  ').trimEnd());
}

export const OPS = ['create', 'update', 'replace', 'delete', 'import', 'read', 'refresh'] as const satisfies readonly StackOp[];
const SIGNS: { readonly [op in StackOp]: string } = { create: '+', update: '~', replace: '±', delete: '-', import: '→', read: '?', refresh: '↻', same: '=' };

/** One character for what happens to a resource. */
export function signOf(op: StackOp): string {
  return SIGNS[op];
}

/** Losing something is red, changing it yellow, the rest green. */
export function paintOp(op: StackOp, text: string, paint: Paint): string {
  if (op === 'delete' || op === 'replace') return paint.bad(text);
  return op === 'update' ? paint.warn(text) : paint.good(text);
}

/** `+12 create, ~1 update`; empty when nothing changes. */
export function countWords(counts: { readonly [op in StackOp]?: number }, painted: (op: StackOp, text: string) => string = (_, text) => text): string {
  return OPS.filter((op) => (counts[op] ?? 0) > 0)
    .map((op) => painted(op, `${signOf(op)}${counts[op] ?? 0} ${op}`))
    .join(', ');
}

const VERDICTS: { readonly [verdict in HostCheck['verdict']]: string } = {
  wouldChange: 'would change',
  ok: 'as it should be',
  wouldRun: 'would run',
  unreachable: 'cannot be reached',
  unknown: 'not known before the run',
};
export function verdictWords(verdict: HostCheck['verdict']): string {
  return VERDICTS[verdict];
}

/** `3 steps`, `1 step`, `no step`. */
export function counted(count: number, word: string): string {
  return `${count === 0 ? 'no' : count} ${word}${count === 1 || count === 0 ? '' : 's'}`;
}

/** UTC to the minute. */
export function instant(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')}Z`;
}

export function spanWords({ from, to }: WindowSpan): string {
  return `${instant(from)} to ${instant(to)}`;
}

/** `erp-new: 3 hosts, 1 then all`. */
export function hostWords({ hosts }: PlanNode): string {
  if (!hosts) return '';
  const batches = hosts.serial.map((size) =>
    typeof size === 'number' ? String(size) : size.fraction === 1 ? 'all' : `${Math.round(size.fraction * 1_000) / 10}%`,
  );
  const spread = hosts.runOnce ? ', once' : batches.length > 1 ? `, ${batches.join(' then ')}` : batches[0] === 'all' ? '' : `, ${batches.join('')} at a time`;
  return `${clean(hosts.pattern)}: ${counted(hosts.names.length, 'host')}${spread}`;
}

/** A duration as it was written, or in our words when it can be read. */
export function durationWords(written: unknown): string {
  if (typeof written !== 'string') return '';
  const ms = parseDuration(written);
  return ms === undefined ? clean(written) : periodWords(ms);
}

/** `5 s`, `1 h 30 m`. */
export function periodWords(ms: number): string {
  return formatDuration(ms).replace('.0 s', ' s');
}

/** Cut to a width, with a sign that it was. */
export function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

/** Break at spaces; every line after the first begins with `indent`. */
export function wrap(text: string, width: number, indent: string): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(lines.length === 0 ? word : indent + word);
  }
  return lines;
}
