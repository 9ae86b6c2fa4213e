import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { type Decided, isUndecided, untilDecided } from './crash-decided.ts';
import { copyOf, runIn } from './crash-run.ts';
import { createdOnly, endOf } from './crash-start.ts';
import { customer, eventsIn, hostLedger, scenarioHome, slipway, stateIn } from './support.ts';

interface Graph {
  readonly nodes: { readonly [path: string]: { readonly path: string; readonly phase: string; readonly role: string } };
}
const NO_GRAPH: Graph = { nodes: {} };

// A rehearsal stands at the beginning, after `provision` and after `dual`; each failure goes on from a copy of the last of these that is before it, as
// `slipway rehearse erp-to-cloud --fail <step>` would have come there. Making the clouds and measuring both sides once for all saves five minutes.
const created = scenarioHome();
const starts: (typeof created)[] = [created];
after(() => starts.forEach((home) => home[Symbol.dispose]()));
before(async () => {
  await createdOnly(created);
  const provisioned = await endOf('provision', created.dir);
  starts.push(provisioned, await endOf('dual', provisioned.dir));
});

function startFor(phase: string): string {
  const [atFirst = '', provisioned = '', judged = ''] = starts.map(({ dir }) => dir);
  if (phase === 'prepare' || phase === 'provision') return atFirst;
  return phase === 'dual' ? provisioned : judged;
}

function failIn(home: string, step: string): void {
  const database = new DatabaseSync(join(home, 'journal.db'));
  try {
    const { changes } = database.prepare("UPDATE runs SET labels = json_set(labels, '$.rehearsal.options.fail', json_array(?))").run(step);
    assert.equal(changes, 1);
  } finally {
    database.close();
  }
}

/** Go on with one step failing, while a customer keeps asking the front. */
async function rehearseFailing({ path: step, phase }: { path: string; phase: string }): Promise<Decided<void>> {
  using home = copyOf(startFor(phase));
  failIn(home.dir, step);
  const run = runIn(home.dir);
  const stop = new AbortController();
  const served = customer(home.dir, () => run, stop.signal);
  const { code, stderr, stdout } = await slipway(home.dir, ['resume', run]).ended;
  stop.abort();
  const { asked, failed } = await served;
  if (isUndecided(home.dir)) return 'undecided';
  assert.equal(code, 13, `${step}\n${stderr}\n${stdout}`);
  assert.equal(stateIn(home.dir), 'rolledBack', step);
  assert.ok(
    eventsIn(home.dir).some(({ body }) => body.type === 'stepFinished' && body.path === step && JSON.stringify(body['result']).includes('failed')),
    `${step} did not fail`,
  );
  assertUndone(home.dir, step);
  // The front is stopped with the rehearsal; a question that meets that end is not a failure of the service.
  // What fails in `prepare` may be over, front and all, before the customer has come to ask at all.
  assert.ok(asked > 0 || phase === 'prepare', `${step}: no customer was served`);
  assert.ok(failed.length <= 1, `${step}: ${failed.length} of ${asked} customers were not served: ${failed.slice(0, 3).join(', ')}`);
}

function assertUndone(home: string, step: string): void {
  const run = runIn(home);
  const ledger = hostLedger(home, run);
  const lastWeight = (server: string): unknown =>
    ledger.findLast(({ host, detail }) => host === 'erp-lb' && detail['server'] === `erp/${server}`)?.detail['weight'];
  const lastService = (name: string): unknown =>
    ledger.findLast(({ host, type, detail }) => host === name && type === 'service' && (detail['action'] === 'start' || detail['action'] === 'stop'))?.detail[
      'action'
    ];
  for (const server of ['new1', 'new2', 'new3'])
    assert.ok([undefined, 0].includes(lastWeight(server) as undefined), `${step}: ${server} still has weight ${String(lastWeight(server))}`);
  for (const old of ['erp-old-1', 'erp-old-2']) assert.notEqual(lastService(old), 'stop', `${step}: ${old} was left stopped`);
  const compensated = eventsIn(home).filter(({ body }) => body.type === 'stepStarted' && (body.path ?? '').includes('/compensate/'));
  assert.equal(new Set(compensated.map(({ body }) => body.path)).size, compensated.length, `${step}: a compensation ran twice`);
}

test('whichever step of the flagship fails, the run is rolled back and the old side serves', { timeout: 900_000 }, async (t) => {
  const { nodes } = (eventsIn(created.dir)[0]?.body['graph'] ?? NO_GRAPH) as Graph; // what runCreated holds
  const steps = Object.values(nodes).filter(({ role }) => role === 'step' || role === 'finally');
  assert.ok(steps.length >= 20, `only ${steps.length} steps`);
  for (const step of steps) await t.test(step.path, () => untilDecided(() => rehearseFailing(step)));
});
