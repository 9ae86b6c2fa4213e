import assert from 'node:assert/strict';
import { copyOf, crashAt, runIn } from './crash-run.ts';
import { eventsIn, QUICK, runSlipway, scenarioHome } from './support.ts';

const REHEARSE = ['rehearse', 'erp-to-cloud', ...QUICK];

/** Before a run is created there is nothing to resume: nothing is listed, and the command can simply be repeated. */
export async function beforeCreated(home: string): Promise<void> {
  await dieAt(home, 'before create', REHEARSE);
  assert.deepEqual(eventsIn(home), []);
  const listed = await runSlipway(home, ['runs', '--json']);
  assert.deepEqual(JSON.parse(listed.stdout), []);
}

/** A run that was created, and whose process died at that very moment. */
export async function createdOnly(home: string): Promise<void> {
  await dieAt(home, 'after create', REHEARSE);
  assert.deepEqual(
    eventsIn(home).map(({ body }) => body.type),
    ['runCreated'],
  );
}

/** A run whose process died when its rollback had just been decided. */
export async function rollbackRequested(home: string): Promise<void> {
  await dieAt(home, 'after append rollbackRequested', [...REHEARSE, '--fail', 'cutover/weight-50']);
  assert.equal(eventsIn(home).at(-1)?.body.type, 'rollbackRequested');
}

/** The same run further on, after it died at the end of this phase. */
export async function endOf(phase: string, start: string): Promise<ReturnType<typeof scenarioHome>> {
  const { phases } = (eventsIn(start)[0]?.body['graph'] ?? { phases: [] }) as { readonly phases: readonly { readonly id: string }[] };
  const ended = eventsIn(start).filter(({ body }) => body.type === 'phaseFinished').length;
  const home = copyOf(start);
  await dieAt(home.dir, `after append phaseFinished#${phases.findIndex(({ id }) => id === phase) + 1 - ended}`, ['resume', runIn(home.dir)]);
  const last = eventsIn(home.dir).at(-1)?.body;
  assert.deepEqual([last?.type, last?.phase], ['phaseFinished', phase]);
  return home;
}

async function dieAt(home: string, boundary: string, args: readonly string[]): Promise<void> {
  const { signal, stderr } = await crashAt(home, boundary, args);
  assert.equal(signal, 'SIGKILL', stderr);
}
