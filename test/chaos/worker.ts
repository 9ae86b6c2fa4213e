import { createRandom } from '../../src/analysis/index.ts';
import { superviseRuns } from '../../src/app/supervise.ts';
import { createMasker, SlipwayError } from '../../src/core/index.ts';
import { createExecutor, driveRun } from '../../src/engine/index.ts';
import type { Host, Ports } from '../../src/steps/index.ts';
import { kindsWith } from '../engine/support.ts';
import { isDead, openStore, skewed, type StoreSpec, unreliable } from './store.ts';
import { chaosKinds, tellStalls } from './work.ts';

/** How one worker of a chaos test behaves. */
export interface WorkerSpec {
  readonly store: StoreSpec;
  readonly ledger: string;
  readonly seed: number;
  /** Of the worker's own chance. */
  readonly stream: string;
  /** Share of writes that report an error. */
  readonly errorRate: number;
  readonly clockOffsetMs: number;
  readonly leaseTtlMs: number;
}

// Drives whatever nobody drives, as `slipway worker` does, with effects that are lines of a ledger. SIGTERM hands its runs over.
const spec = JSON.parse(process.argv[2] ?? '{}') as WorkerSpec; // written by the director
const clock = skewed(spec.clockOffsetMs);
const store = await openStore(spec.store, clock);
const journal = unreliable(store, spec.errorRate, createRandom(spec.seed, spec.stream));
const kindOf = kindsWith(...chaosKinds(spec.seed, spec.ledger));
tellStalls(spec.ledger, spec.leaseTtlMs / 4);
const drain = new AbortController();
process.on('SIGTERM', () => drain.abort());

await superviseRuns({
  ...{ journal, clock, isDead, stop: drain.signal, most: 200, pollMs: 150 },
  notice: () => undefined,
  drive: async (runId) => {
    const executor = createExecutor({
      ...{ runId, kindOf, clock, vault: journal, checkout: '/nowhere', rehearsal: false, graceMs: 1_000, masker: createMasker() },
      ports: {} as Ports, // the kinds here use none
      host: (name) => ({ name, address: name, port: 22, user: 'test', groups: [], vars: {}, jump: [], login: {}, hostKeys: [] }) satisfies Host,
    });
    const call = () => Promise.reject(new SlipwayError('NO_CALLS', 'nothing is called here'));
    const owner = `chaos:${process.pid}`;
    const signal = new AbortController().signal;
    return driveRun({ runId, journal, executor, clock, kindOf, call, owner, signal, drain: drain.signal, drainMs: 1_000, leaseTtlMs: spec.leaseTtlMs });
  },
});
await store[Symbol.asyncDispose]();
process.exit(0);
