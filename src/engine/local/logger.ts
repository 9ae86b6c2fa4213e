import type { DriveOptions } from './drive.ts';

interface Line {
  readonly path: string;
  readonly attempt: number;
  readonly text: string;
  readonly stream: 'stdout' | 'stderr';
  readonly host?: string;
}
const FLUSH_MS = 200;
const MOST_BUFFERED = 500;
/** Longest line that is kept, in UTF-16 units. */
const LONGEST_LINE = 16_384;

/** Output of tasks on its way to the journal; lines wait a moment so that many share one transaction. */
export function createLogger({ options }: { readonly options: Pick<DriveOptions, 'journal' | 'runId' | 'clock'> }): {
  readonly log: (line: Line) => void;
  readonly flush: () => Promise<void>;
} {
  let waiting: (Line & { readonly runId: string; readonly at: number })[] = [];
  let timer: NodeJS.Timeout | undefined;
  const flush = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const lines = waiting;
    waiting = [];
    if (lines.length === 0) return;
    try {
      await options.journal.log(lines);
    } catch {
      // Output is a convenience: a full disk must not end a migration here. The next event that cannot be written will.
    }
  };
  return {
    log: (line) => {
      for (const text of line.text.split(/\r?\n/)) waiting.push({ ...line, text: text.slice(0, LONGEST_LINE), runId: options.runId, at: options.clock.now() });
      timer ??= setTimeout(() => void flush(), FLUSH_MS);
      if (waiting.length >= MOST_BUFFERED) void flush();
    },
    flush,
  };
}
