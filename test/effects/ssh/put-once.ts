/* Does one attempt of a step on one host: called by a test, and run as a process of its own that the test kills. */
import { systemClock } from '../../../src/core/index.ts';
import { createSsh } from '../../../src/effects/ssh/index.ts';
import type { Become, Host, HostOutcome, Ports } from '../../../src/steps/index.ts';
import { sshCopy, sshScript } from '../../../src/steps/ssh/index.ts';
import { hostKind } from '../../support/host-kind.ts';

const KINDS = { 'ssh.copy': hostKind(sshCopy), 'ssh.script': hostKind(sshScript) };

/** All of it is JSON. */
export interface Work {
  readonly uses: keyof typeof KINDS;
  readonly with: object;
  readonly host: Host;
  readonly checkout: string;
  readonly become?: Become;
}

export async function putOnce(work: Work, attempt: number): Promise<HostOutcome> {
  const ssh = createSsh({ clock: systemClock });
  const runId = 'run-20261123-putonce000';
  try {
    return await KINDS[work.uses].executeHost(work.with, {
      runId,
      path: 'phase/put',
      attempt,
      idempotencyKey: `${runId}:phase/put`,
      signal: new AbortController().signal,
      ports: { clock: systemClock, ssh } as unknown as Ports, // host steps use no other port
      rehearsal: false,
      checkout: work.checkout,
      heartbeat: () => undefined,
      log: () => undefined,
      host: work.host,
      options: { timeoutMs: 20_000, ...(work.become === undefined ? {} : { become: work.become }) },
    });
  } finally {
    await ssh.release(runId);
  }
}

if (import.meta.main) await putOnce(JSON.parse(process.argv[2] ?? '') as Work, 1); // written by the test
