import type { JsonObject } from '../core/index.ts';
import type { EventBody, RunLocks } from '../engine/index.ts';
import { parseFiles } from './load.ts';
import { lockNames } from './lock-names.ts';
import { createRunLocks } from './locks.ts';
import type { Wiring } from './wiring.ts';

type Created = Extract<EventBody, { type: 'runCreated' }>;
interface Opening {
  readonly runId: string;
  readonly created: Created;
  /** Where the files of the run are on this machine; asked for only when the names depend on them. */
  readonly checkout: () => string | Promise<string>;
}

/** What a run has to hold while it acts, with the store open for it; nothing for a rehearsal, a called run, and a run that only looks. */
export async function openRunLocks(wiring: Wiring, opening: Opening): Promise<{ readonly locks?: RunLocks } & AsyncDisposable> {
  const none = { [Symbol.asyncDispose]: async () => undefined };
  const { runId, created } = opening;
  if (created.rehearsal || created.parent) return none;
  const names = await lockNamesOf(wiring, opening);
  if (names.length === 0) return none;
  const store = await wiring.store();
  const journal = await wiring.journal();
  const locks = createRunLocks({ locks: store.locks, journal, clock: wiring.clock, runId, holder: created.actor, names });
  return { locks, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
}

/** Names of the locks of a run: what it may change. */
export async function lockNamesOf(wiring: Wiring, { runId, created, checkout }: Opening): Promise<readonly string[]> {
  const repository = (await (await wiring.journal()).run(runId))?.labels['repository'];
  return lockNames(created.graph, created.inputs, {
    backend: wiring.backend,
    ...(typeof repository === 'string' ? { repository } : {}),
    ...(Object.keys(created.graph.calls).length === 0 ? {} : { defaultsOf: await defaultsIn(await checkout()) }),
  });
}

async function defaultsIn(checkout: string): Promise<(runbook: string) => JsonObject> {
  const files = await parseFiles(checkout);
  return (runbook) => {
    const inputs = files.ok ? (files.value.repository.runbooks.get(runbook)?.runbook.inputs ?? {}) : {};
    return Object.fromEntries(Object.entries(inputs).flatMap(([name, { default: value }]) => (value === undefined ? [] : [[name, value]])));
  };
}
