import type { Machine } from '../machine.ts';

/** Bytes a command reads: all of them, once. */
export interface Input {
  read(): Promise<Buffer>;
}
export function inputOf(bytes: Buffer): Input {
  let left = bytes;
  return {
    read: () => {
      const all = left;
      left = Buffer.alloc(0);
      return Promise.resolve(all);
    },
  };
}

/** A command that runs on a rehearsed machine. */
export interface Process {
  readonly machine: Machine;
  readonly user: string;
  readonly pid: number;
  readonly signal: AbortSignal;
  readonly vars: Map<string, string>;
  readonly args: readonly string[];
  cwd: string;
  readonly options: { errexit: boolean; nounset: boolean };
  status: number;
  readonly stdin: Input;
  readonly out: (bytes: Buffer | string) => void;
  readonly err: (bytes: Buffer | string) => void;
}

/** Ends a script. */
export class ShellExit extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`exit ${code}`);
    this.code = code;
  }
}
/** Ends a script as a signal would. */
export class ShellKilled extends Error {
  readonly signal: string;
  constructor(signal: string) {
    super(signal);
    this.signal = signal;
  }
}
