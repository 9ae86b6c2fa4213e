import assert from 'node:assert/strict';
import { SlipwayError, systemClock } from '../../../src/core/index.ts';
import { createSsh } from '../../../src/effects/ssh/index.ts';
import type { ExecRequest, Host, SshControl, SshPort } from '../../../src/steps/index.ts';

/** A machine to try the port on. */
export interface Target {
  readonly host: Host;
  /** A folder on it that may be written to. */
  readonly folder: string;
  dropConnections(): Promise<void>;
}

let runs = 0;

/** A port with a run of its own; closes its connections at the end. */
export async function withSsh<T>(use: (ssh: SshPort, control: SshControl) => Promise<T>, port = createSsh({ clock: systemClock })): Promise<T> {
  const runId = `run-20261123-contract${runs++}`;
  try {
    return await use(port, { runId, signal: new AbortController().signal });
  } finally {
    await port.release(runId);
  }
}

export function request(script: string, more: Partial<ExecRequest> = {}): ExecRequest {
  return { script, env: {}, timeoutMs: 20_000, maxOutputBytes: 1 << 20, ...more };
}

/** The code of the SlipwayError that a promise fails with, and the error itself. */
export async function failure(promise: Promise<unknown>): Promise<SlipwayError> {
  try {
    await promise;
  } catch (thrown) {
    assert.ok(thrown instanceof SlipwayError, String(thrown));
    return thrown;
  }
  return assert.fail('nothing failed');
}
