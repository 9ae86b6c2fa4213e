import { EXIT, SlipwayError } from '../core/index.ts';
import { type HostChoice, type RunData, takeOver } from '../engine/index.ts';
import type { InventoryIndex } from '../inventory/index.ts';
import { derivedRunId } from './call.ts';
import { chooseHosts } from './choose-hosts.ts';
import { startFollowUp } from './follow-up.ts';
import { invalid, parseFiles } from './load.ts';
import { filesOf } from './run-files.ts';
import { resolveTask, stateOfRun } from './steer.ts';
import type { RetryRequest, RunHandle, Session, SettledHosts } from './types.ts';
import type { RunJournal, Wiring } from './wiring.ts';

interface HostsRequest {
  readonly runId: string;
  readonly path: string;
  readonly as: 'retry' | 'done' | 'failed';
  /** `failed,never-reached`, or a pattern of the inventory. */
  readonly hosts: string;
}

/**
 * Settle some hosts of a step that needs a person; the others stay as they are.
 *
 * @throws {SlipwayError} `UNKNOWN_TASK`, `NOT_IN_ATTENTION`, `NO_SUCH_HOSTS`, `BAD_HOSTS`.
 */
export async function settleHosts(session: Session, wiring: Wiring, { runId, path, as, hosts: words }: HostsRequest): Promise<SettledHosts> {
  const journal = await wiring.journal();
  const data = await stateOfRun(journal, runId);
  const task = data.tasks.get(path);
  const names = data.created?.graph.nodes[task?.node ?? '']?.hosts?.names ?? [];
  const hosts = task ? chooseHosts(task, names, { words, inventory: await inventoryOf(session, wiring, data) }) : [];
  if (task && hosts.length === 0) throw noSuchHosts(words, [path]);
  await resolveTask(session, wiring, { runId, path, as, hosts });
  return { path, hosts };
}

/**
 * Try again what did not end well. A run that waits for a person is told so; one that has failed is gone on with by a new run of the same plan, which
 * takes over all that ended well and the results of every host.
 *
 * @throws {SlipwayError} `NOTHING_TO_RETRY`, `NO_SUCH_HOSTS`, `BAD_HOSTS`, `RETRIED`, `UNDONE`.
 */
export async function retryRun(
  session: Session,
  wiring: Wiring,
  { runId, path, hosts }: RetryRequest & { readonly runId: string },
): Promise<RunHandle | { readonly runId: string; readonly settled: readonly SettledHosts[] }> {
  const journal = await wiring.journal();
  const data = await stateOfRun(journal, runId);
  if (data.finished) return retryFinished(session, wiring, { data, path, words: hosts });
  const paths = path === undefined ? [...data.attention.keys()].filter((one) => one.includes('/')) : [path];
  if (paths.length === 0) throw nothing(data, `nothing in ${runId} waits to be tried again`);
  const settled: SettledHosts[] = [];
  for (const one of paths) {
    if (hosts === undefined) await resolveTask(session, wiring, { runId, path: one, as: 'retry' });
    settled.push(hosts === undefined ? { path: one } : await settleHosts(session, wiring, { runId, path: one, as: 'retry', hosts }));
  }
  return { runId, settled };
}

interface Finished {
  readonly data: RunData;
  readonly path: string | undefined;
  readonly words: string | undefined;
}

async function retryFinished(session: Session, wiring: Wiring, { data, path, words }: Finished): Promise<RunHandle> {
  const { created, finished, runId: retried } = data;
  if (!created || (finished?.state !== 'failed' && finished?.state !== 'cancelled')) throw nothing(data, `${retried} is ${finished?.state ?? 'unknown'}`);
  if (created.parent) throw nothing(data, `${retried} was called by ${created.parent.runId}, which has to be tried again itself`);
  const journal = await wiring.journal();
  const runId = derivedRunId(retried, 'retry');
  await refuseSecond(journal, { retried, runId });
  const { overrides: _theirs, rollbackOf: _undone, retryOf: _before, ...same } = created;
  const taken = takeOver(data, await choiceOf(session, wiring, { data, path, words }));
  return startFollowUp(session, wiring, { runId, of: data, as: 'retryOf', created: { ...same, retryOf: { runId: retried, ...taken } } });
}

/** Which hosts begin anew, by what the person asked for; at least one has to. */
async function choiceOf(session: Session, wiring: Wiring, { data, path, words }: Finished): Promise<HostChoice> {
  if (path !== undefined && !data.tasks.has(path)) throw nothing(data, `${data.runId} has no task "${path}"`);
  if (words === undefined) return () => undefined;
  const inventory = await inventoryOf(session, wiring, data);
  const chosen = new Map<string, readonly string[]>();
  for (const task of data.tasks.values()) {
    const names = data.created?.graph.nodes[task.node]?.hosts?.names;
    const isOpen = !['ok', 'changed', 'skipped'].includes(task.state) && task.attempt > 0;
    if (names && isOpen && (path === undefined || path === task.path)) chosen.set(task.path, chooseHosts(task, names, { words, inventory }));
  }
  if ([...chosen.values()].every(({ length }) => length === 0)) throw noSuchHosts(words, [...chosen.keys()]);
  return ({ path: one }) => chosen.get(one);
}

/** A ledger has one heir: a second one would not know what the first did. */
async function refuseSecond(journal: RunJournal, { retried, runId }: { readonly retried: string; readonly runId: string }): Promise<void> {
  const earlier = await journal.run(runId);
  if (earlier)
    throw new SlipwayError('RETRIED', `${retried} was taken over by ${runId}: ${earlier.state}`, {
      exitCode: EXIT.locked,
      hint: `go on with that one: slipway retry ${runId}`,
    });
  const undoing = await journal.run(derivedRunId(retried, 'rollback 1'));
  if (undoing) throw new SlipwayError('UNDONE', `${retried} was undone by ${undoing.id}: ${undoing.state}`, { hint: 'start again with "slipway apply"' });
}

async function inventoryOf(session: Session, wiring: Wiring, { created }: RunData): Promise<InventoryIndex> {
  if (!created) throw new TypeError('a run that exists has its first event');
  const files = await parseFiles(await filesOf(session, wiring, created));
  if (!files.ok) throw invalid(files.problems);
  return files.value.inventory;
}

function nothing({ runId }: RunData, why: string): SlipwayError {
  return new SlipwayError('NOTHING_TO_RETRY', `${why}; there is nothing to retry`, { exitCode: EXIT.notFound, hint: `see "slipway status ${runId}"` });
}

function noSuchHosts(words: string, paths: readonly string[]): SlipwayError {
  return new SlipwayError('NO_SUCH_HOSTS', `no host of ${paths.join(', ') || 'any step that failed'} is "${words}"`, {
    exitCode: EXIT.notFound,
    hint: 'see them with "slipway status"',
  });
}
