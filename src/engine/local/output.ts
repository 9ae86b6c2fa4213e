import { createLines, type Lines } from './lines.ts';

export type Stream = 'stdout' | 'stderr';

/** Where output goes that is too long for the log. What is written there is masked already. */
export interface Spill {
  /** What to call it in the log. */
  readonly place: string;
  /** @throws when it cannot be written. */
  write(text: string): void;
  /** Close it; without `keep` nothing of it stays. */
  close(keep: boolean): void;
}
export interface SpillName {
  readonly runId: string;
  readonly path: string;
  readonly attempt: number;
  readonly host?: string;
  readonly stream: Stream;
}
/** @throws when there can be none. */
export type OpenSpill = (name: SpillName) => Spill;

/** What is kept of one stream in the log, in UTF-16 units: so much of its beginning, and so much of its end when there is more. */
const KEPT = 65_536;
const KEPT_END = 8_192;
/** What all streams of a run may put into the log in one process; after that each keeps only its two ends. */
const KEPT_OF_RUN = 64 << 20;
const KEPT_WHEN_FULL = 4_096;
/** What one stream may spill. A command that never stops writing must not fill the disk. */
const MOST_SPILLED = 1 << 30;

/** How much of a run is in the log. */
export interface Budget {
  used: number;
}
export interface OutputSources {
  readonly log: (text: string) => void;
  /** Absent: what is too long for the log is left out. */
  readonly open?: (() => Spill) | undefined;
  readonly budget: Budget;
}

/** One stream of a step on one host: lines for the log, and the whole of a long one in a file. */
export interface Output {
  push(masked: string): void;
  end(): void;
}

export function createOutput({ log, open, budget }: OutputSources): Output {
  const lines = createLines();
  const most = budget.used > KEPT_OF_RUN ? KEPT_WHEN_FULL : KEPT;
  const spill = createSpilling(open);
  const kept: string[] = [];
  let taken = 0;
  let tail = '';
  const write = (to: Lines, text: string): void => {
    for (const line of to.push(text)) log(line);
  };
  const close = (to: Lines): void => {
    for (const line of to.end()) log(line);
  };
  return {
    push: (masked) => {
      if (masked === '') return;
      const head = masked.slice(0, Math.max(0, most - taken));
      taken += masked.length;
      if (taken <= most) kept.push(masked);
      else spill.take(kept.splice(0), masked);
      budget.used += head.length;
      write(lines, head);
      if (masked.length > head.length) tail = (tail + masked.slice(head.length)).slice(-2 * KEPT_END);
    },
    end: () => {
      const missing = taken - most - tail.length;
      if (missing > 0) {
        close(lines);
        const end = tail.slice(-KEPT_END);
        log(`[${missing + tail.length - end.length} characters are left out here${spill.words()}]`);
        tail = end;
      }
      write(lines, tail);
      close(lines);
      spill.end(missing > 0);
      tail = '';
    },
  };
}

/** Opens a file when there is too much, and only then. One that cannot be written is given up: output is a convenience. */
function createSpilling(open: (() => Spill) | undefined): {
  take(before: readonly string[], text: string): void;
  words(): string;
  end(keep: boolean): void;
} {
  let spill: Spill | undefined;
  let isGivenUp = open === undefined;
  let written = 0;
  const give = (text: string): void => {
    if (isGivenUp || !spill) return;
    if (written + text.length > MOST_SPILLED) return void (isGivenUp = true);
    spill.write(text);
    written += text.length;
  };
  return {
    take: (before, text) => {
      try {
        if (!spill && !isGivenUp) spill = open?.();
        for (const each of before) give(each);
        give(text);
      } catch {
        isGivenUp = true; // a full disk must not end a migration here
      }
    },
    words: () => (spill ? `; ${isGivenUp ? `the first ${written}` : 'all of them'} are in ${spill.place}` : ''),
    end: (keep) => spill?.close(keep && written > 0),
  };
}
