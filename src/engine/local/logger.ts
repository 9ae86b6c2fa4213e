import type { DriveOptions } from './drive.ts';
import { LONGEST_LINE } from './lines.ts';
import { type Budget, createOutput, type Output, type SpillName } from './output.ts';

interface Line {
  readonly path: string;
  readonly attempt: number;
  readonly text: string;
  readonly stream: 'stdout' | 'stderr';
  readonly host?: string;
}
export interface Logger {
  readonly log: (line: Line) => void;
  /** A stream that may get long. */
  readonly output: (of: Omit<SpillName, 'runId'>) => Output;
  readonly flush: () => Promise<void>;
}
const FLUSH_MS = 200;
const MOST_BUFFERED = 500;

/** Output of tasks on its way to the journal; lines wait a moment so that many share one transaction. */
export function createLogger({ options }: { readonly options: Pick<DriveOptions, 'journal' | 'runId' | 'clock' | 'openSpill'> }): Logger {
  const { runId, clock, openSpill } = options;
  const budget: Budget = { used: 0 };
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
  const log = (line: Line): void => {
    for (const text of line.text.split(/\r?\n/)) waiting.push({ ...line, text: storable(text), runId, at: clock.now() });
    timer ??= setTimeout(() => void flush(), FLUSH_MS);
    if (waiting.length >= MOST_BUFFERED) void flush();
  };
  return {
    log,
    output: (of) => {
      const { path, attempt, host, stream } = of;
      const open = openSpill && (() => openSpill({ runId, ...of }));
      return createOutput({ log: (text) => log({ path, attempt, stream, text, ...(host === undefined ? {} : { host }) }), open, budget });
    },
    flush,
  };
}

/** Not every store takes a NUL in text. */
function storable(text: string): string {
  return text.slice(0, LONGEST_LINE).replaceAll('\0', '\u2400');
}
