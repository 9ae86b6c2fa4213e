import assert from 'node:assert/strict';
import { crashAt, type Crashed } from './crash-run.ts';
import { eventsIn, QUICK, runSlipway } from './support.ts';

const FAILING = ['--fail', 'cutover/weight-50'];

/** A run that was created, and whose process died at that very moment. */
export async function createdOnly(home: string): Promise<void> {
  const crashed = await crashAt(home, 'after create', ['rehearse', 'erp-to-cloud', ...QUICK]);
  assertKilled(crashed);
  assert.deepEqual(
    eventsIn(home).map(({ body }) => body.type),
    ['runCreated'],
  );
}

/** A run whose process died when its rollback had just been decided. */
export async function rollbackRequested(home: string): Promise<void> {
  const crashed = await crashAt(home, 'after append rollbackRequested', ['rehearse', 'erp-to-cloud', ...FAILING, ...QUICK]);
  assertKilled(crashed);
  assert.equal(eventsIn(home).at(-1)?.body.type, 'rollbackRequested');
}

/** Before a run is created there is nothing to resume: nothing is listed, and the command can simply be repeated. */
export async function beforeCreated(home: string): Promise<void> {
  const crashed = await crashAt(home, 'before create', ['rehearse', 'erp-to-cloud', ...QUICK]);
  assertKilled(crashed);
  assert.deepEqual(eventsIn(home), []);
  const listed = await runSlipway(home, ['runs', '--json']);
  assert.deepEqual(JSON.parse(listed.stdout), []);
}

function assertKilled({ signal, stderr }: Crashed): void {
  assert.equal(signal, 'SIGKILL', stderr);
}
