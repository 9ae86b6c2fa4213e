import type { HostCheck } from '../kind.ts';
import { countLines, textOf, unifiedDiff } from './diff.ts';
import { maskLines } from './mask-lines.ts';

const OTHERS_MAY_READ = 0o004;
const MOST_DETAIL = 20_000;

/** The file as it is, and as it shall be. */
export interface Comparison {
  readonly dest: string;
  readonly present: { readonly content: Uint8Array; readonly mode: number; readonly isWhole: boolean } | undefined;
  readonly wanted: { readonly content: Uint8Array; readonly mode: number; readonly isSecret: boolean };
  readonly isSameContent: boolean;
  /** Owner and group that differ, in words. */
  readonly ownership: string | undefined;
}

export function isAsWanted({ present, wanted, isSameContent, ownership }: Comparison): boolean {
  return present !== undefined && isSameContent && present.mode === wanted.mode && ownership === undefined;
}

/** What a copy would change, in words and lines. Content that is secret, or that others on the machine may not read, is not shown. */
export function checkOf(comparison: Comparison): Omit<HostCheck, 'host'> {
  const { present, wanted, isSameContent, ownership } = comparison;
  const isSameMode = present?.mode === wanted.mode;
  if (isAsWanted(comparison)) return { verdict: 'ok' };
  const lines = [
    present ? undefined : `new file ${comparison.dest}, mode ${octal(wanted.mode)}`,
    present && !isSameMode ? `mode ${octal(present.mode)} → ${octal(wanted.mode)}` : undefined,
    ownership,
    isSameContent ? undefined : contentChange(comparison),
  ];
  return {
    verdict: 'wouldChange',
    detail: lines
      .filter((line) => line !== undefined)
      .join('\n')
      .slice(0, MOST_DETAIL),
  };
}

function contentChange({ dest, present, wanted }: Comparison): string {
  const sizes = `${present?.content.length ?? 0} → ${wanted.content.length} bytes`;
  const [before, after] = [present ? textOf(present.content) : '', textOf(wanted.content)];
  if (before === undefined || after === undefined) return `binary content: ${sizes}`;
  if (wanted.isSecret) return `secret content: ${sizes}`;
  if (present && !present.isWhole) return `content: too large to compare here, ${wanted.content.length} bytes wanted`;
  const isPrivate = present !== undefined && (present.mode & OTHERS_MAY_READ) === 0;
  const diff = isPrivate ? undefined : unifiedDiff(before, after);
  if (diff !== undefined) return maskLines(`--- ${present ? dest : '/dev/null'}\n+++ ${dest}\n${diff}`);
  const { removed, added } = countLines(before, after);
  return isPrivate ? `private content: ${removed} lines go, ${added} lines come` : `content: ${sizes}`;
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
