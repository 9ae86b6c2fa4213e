import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock, JsonObject } from '../../core/index.ts';

/** One thing that happened on a rehearsed machine. Commands are given as written, never with their values, which may be secret. */
export interface HostEffect {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly host: string;
  /** `service`, `package`, `file`, `traffic`, `command`, `fault` … */
  readonly type: string;
  readonly detail: JsonObject;
}

/** Everything that happened, in order, in a file of JSON lines that outlives the process. */
export interface Ledger {
  add(host: string, type: string, detail: JsonObject): void;
  entries(): readonly HostEffect[];
}

export function openLedger(file: string, clock: Clock): Ledger {
  mkdirSync(dirname(file), { recursive: true });
  return {
    add: (host, type, detail) => appendFileSync(file, `${JSON.stringify({ at: clock.now(), host, type, detail })}\n`),
    entries: () => {
      if (!existsSync(file)) return [];
      const lines = readFileSync(file, 'utf8').split('\n');
      // The last piece is empty, or half a line of a process that was killed while it wrote.
      return lines.slice(0, -1).map((line) => JSON.parse(line) as HostEffect); // written by `add` only
    },
  };
}
