import assert from 'node:assert/strict';
import { type Decided, isUndecided, untilDecided } from './crash-decided.ts';
import { copyOf, crashAt, runIn } from './crash-run.ts';
import { eventsIn, QUICK, runSlipway, scenarioHome } from './support.ts';

type Home = ReturnType<typeof scenarioHome>;
const REHEARSE = ['rehearse', 'erp-to-cloud', ...QUICK];

/** Before a run is created there is nothing to resume: nothing is listed, and the command can simply be repeated. */
export async function beforeCreated(home: Home): Promise<void> {
  await dieAt(home, 'before create', REHEARSE);
  assert.deepEqual(eventsIn(home.dir), []);
  const listed = await runSlipway(home.dir, ['runs', '--json']);
  assert.deepEqual(JSON.parse(listed.stdout), []);
}

/** A run that was created, and whose process died at that very moment. */
export async function createdOnly(home: Home): Promise<void> {
  await dieAt(home, 'after create', REHEARSE);
  assert.deepEqual(
    eventsIn(home.dir).map(({ body }) => body.type),
    ['runCreated'],
  );
}

/** A run whose process died when its rollback had just been decided. */
export async function rollbackRequested(): Promise<Home> {
  return untilDecided(async () => {
    const home = scenarioHome();
    return dieAt(home, 'after append rollbackRequested', [...REHEARSE, '--fail', 'cutover/weight-50']);
  });
}

/** The same run further on, after it died at the end of this phase. */
export async function endOf(phase: string, start: string): Promise<Home> {
  const { phases } = (eventsIn(start)[0]?.body['graph'] ?? { phases: [] }) as { readonly phases: readonly { readonly id: string }[] };
  const ended = eventsIn(start).filter(({ body }) => body.type === 'phaseFinished').length;
  const boundary = `after append phaseFinished#${phases.findIndex(({ id }) => id === phase) + 1 - ended}`;
  const home = await untilDecided(async () => dieAt(copyOf(start), boundary, ['resume', runIn(start)]));
  const last = eventsIn(home.dir).at(-1)?.body;
  assert.deepEqual([last?.type, last?.phase], ['phaseFinished', phase]);
  return home;
}

async function dieAt(home: Home, boundary: string, args: readonly string[]): Promise<Decided<Home>> {
  const { signal, stderr } = await crashAt(home.dir, boundary, args);
  if (signal === 'SIGKILL') return home;
  const undecided = isUndecided(home.dir);
  home[Symbol.dispose]();
  assert.ok(undecided, `it was not killed at "${boundary}": ${stderr}`);
  return 'undecided';
}
