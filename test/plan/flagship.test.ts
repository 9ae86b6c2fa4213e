import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { makeGraph, type PlanGraph, policyInput, rollbackOf, sealPlan } from '../../src/plan/index.ts';
import { buildInventory, hostSelector } from '../../src/inventory/index.ts';
import { type Repository, validateRepository } from '../../src/runbook/index.ts';
import { kindOf } from '../../src/steps/index.ts';
import { bodyOf, NOW } from './fixture.ts';

/** The repository's own runbooks, read by the real loader and planned with the real kinds. */
const root = new URL('../../', import.meta.url).pathname;
function repository(): Repository {
  const names = readdirSync(join(root, 'runbooks'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.yaml'));
  const parsed = validateRepository(names.sort().map((name) => ({ path: `runbooks/${name}`, text: readFileSync(join(root, 'runbooks', name)) })));
  assert.ok(parsed.ok, JSON.stringify(parsed.problems));
  return parsed.value;
}
const known = repository();
function plan(name: string): PlanGraph {
  const runbook = known.runbooks.get(name);
  assert.ok(runbook, name);
  const values = Object.fromEntries(
    Object.entries(runbook.runbook.inputs ?? {}).flatMap(([input, schema]) => (schema.default === undefined ? [] : [[input, schema.default]])),
  );
  const { environments, calendars, runbooks } = known;
  const inventory = buildInventory([...known.inventories.values()]);
  assert.ok(inventory.ok);
  const select = hostSelector(inventory.value);
  const made = makeGraph({ runbook, inputs: { values, secrets: [] }, select, environments, calendars, runbooks, kindOf, now: NOW });
  assert.ok(made.ok, JSON.stringify(made.problems, undefined, 1));
  return made.value;
}

describe('plans of the runbooks that ship', () => {
  for (const name of known.runbooks.keys()) {
    it(`${name} can be planned, twice the same`, () => {
      const first = sealPlan(bodyOf(plan(name)));
      assert.equal(sealPlan(bodyOf(plan(name))).digest, first.digest);
      assert.equal(policyInput(first.body, { now: NOW, actor: { name: 'user:ada', teams: [] }, authors: [] })['version'], 1);
    });
  }

  it('the migration goes back in the right order', () => {
    const graph = plan('erp-to-cloud');
    const back = rollbackOf(graph);
    assert.deepEqual(
      back.phases.map(({ phase, own }) => [phase, own.map(({ band, owner }) => `${band} ${owner ?? ''}`)]),
      [
        ['prepare', []],
        [
          'provision',
          ['normal provision/install', 'normal provision/install-canary', 'normal provision/settings', 'normal provision/front', 'normal provision/analytics'],
        ],
        ['dual', []],
        ['cutover', ['traffic cutover/weight-10']],
        ['retire', ['early retire/release-licence', 'early retire/stop-old']],
      ],
    );
    assert.deepEqual(
      back.phases.flatMap(({ uncovered }) => uncovered),
      [],
    );
    assert.deepEqual(back.pointOfNoReturn, { phase: 'retire', path: 'retire/release-licence' });
    assert.equal(graph.nodes['cutover/weight-50']?.undoneBy, 'cutover/weight-10/compensate/undo');
    assert.deepEqual(graph.phases.find(({ id }) => id === 'dual')?.waves, [['dual/@probe'], ['dual/@analysis']]);
    assert.deepEqual(graph.nodes['provision/install']?.hosts?.names, ['erp-new-2', 'erp-new-3']);
    assert.equal(graph.nodes['dual/@analysis']?.label, 'judge latency, errors, parity');
  });
});
