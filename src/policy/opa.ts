import { execFile } from 'node:child_process';
import { EXIT, messageOf, SlipwayError } from '../core/index.ts';

/** The real `opa`, and how long one call of it may take. */
export interface Opa {
  /** Absolute path. */
  readonly path: string;
  readonly signal: AbortSignal;
}
export interface OpaResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}
const MOST_OUTPUT = 64 * 1024 * 1024;
const LONGEST_MS = 120_000;

/** Run opa with an argument list. @throws {SlipwayError} `OPA_MISSING`, `OPA_FAILED` when it cannot be run or does not end. */
export function runOpa({ path, signal }: Opa, args: readonly string[]): Promise<OpaResult> {
  return new Promise((resolve, reject) => {
    execFile(path, args, { signal, timeout: LONGEST_MS, maxBuffer: MOST_OUTPUT, env: {} }, (cause, stdout, stderr) => {
      if (!cause) return resolve({ exitCode: 0, stdout, stderr });
      if (typeof cause.code === 'number') return resolve({ exitCode: cause.code, stdout, stderr });
      reject(cannotRun(path, cause));
    });
  });
}

function cannotRun(path: string, cause: Error & { code?: unknown }): SlipwayError {
  if (cause.code === 'ENOENT')
    return new SlipwayError('OPA_MISSING', `there is no opa at ${path}`, { cause, hint: 'run "slipway doctor"', exitCode: EXIT.usage });
  return new SlipwayError('OPA_FAILED', `opa did not end well: ${messageOf(cause)}`, { cause, hint: 'run "slipway doctor"' });
}
