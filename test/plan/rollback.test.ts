import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { canonicalJson } from '../../src/core/index.ts';
import { findCycle, forwardOrder, makeGraph, type PlanGraph, rollbackOf, waves } from '../../src/plan/index.ts';
import { toJson } from '../../src/plan/bundle.ts';
import { graphOf, request, runbookOf } from './fixture.ts';

const MIGRATION = `
phases:
  - id: provision
    type: provision
    steps:
      - {id: net, uses: pulumi.up, needs: [], with: {stack: net/prod}, compensate: [{uses: pulumi.destroy, with: {stack: net/prod}}]}
      - {id: db, uses: pulumi.up, needs: [], with: {stack: db/prod}}
      - {id: app, run: install, hosts: web, needs: [net, db], compensate: [{id: stop, run: stop, hosts: web}, {id: remove, run: remove, hosts: web}]}
  - id: cut
    type: cutover
    steps:
      - {id: w10, uses: traffic.setWeight, hosts: lb, with: {weight: 10}}
      - {id: w100, uses: traffic.setWeight, hosts: lb, with: {weight: 100}}
  - id: retire
    type: decommission
    pointOfNoReturn: drop
    steps:
      - {id: stop-old, run: stop, hosts: db, compensate: [{run: start, hosts: db}]}
      - {id: drop, run: drop, hosts: db}
rollback: {steps: [{id: tell, uses: notify}]}
`;

describe('rollback of a plan', () => {
  const plan = rollbackOf(graphOf(MIGRATION));

  it('goes back phase by phase, traffic first unless the old side must be given back', () => {
    const paths = (phase: number) => plan.phases[phase]?.all.map(({ path, band }) => `${band} ${path}`);
    assert.deepEqual(paths(0), [
      'normal provision/app/compensate/0',
      'normal provision/app/compensate/1',
      'normal provision/net/compensate/0',
      'last @rollback/tell',
    ]);
    assert.deepEqual(paths(1)?.slice(0, 2), ['traffic cut/w10/compensate/undo', 'normal provision/app/compensate/0']);
    assert.deepEqual(paths(2)?.slice(0, 2), ['early retire/stop-old/compensate/0', 'traffic cut/w10/compensate/undo']);
  });

  it('knows what nothing undoes, and where going back ends', () => {
    assert.deepEqual(
      plan.phases.map(({ uncovered }) => uncovered),
      [['provision/db'], [], ['retire/drop']],
    );
    assert.deepEqual(plan.pointOfNoReturn, { phase: 'retire', path: 'retire/drop' });
    assert.deepEqual(
      plan.phases.map(({ possible }) => possible),
      [true, true, false],
    );
  });
});

/** A phase of steps that may need any step before them; some with compensations. */
const randomPhase = fc
  .array(fc.record({ needs: fc.option(fc.array(fc.nat(20), { maxLength: 3 }), { nil: undefined }), undo: fc.boolean(), traffic: fc.boolean() }), {
    minLength: 1,
    maxLength: 14,
  })
  .map((steps) =>
    steps.map(({ needs, undo, traffic }, index) => ({
      id: `s${index}`,
      ...(traffic ? { uses: 'traffic.setWeight', with: { weight: index }, hosts: 'lb' } : { run: 'x', hosts: 'web' }),
      ...(needs === undefined ? {} : { needs: [...new Set(index === 0 ? [] : needs.map((need) => `s${need % index}`))] }),
      ...(undo && !traffic
        ? {
            compensate: [
              { run: 'y', hosts: 'web' },
              { run: 'z', hosts: 'web' },
            ],
          }
        : {}),
    })),
  );
const randomGraph = fc.array(randomPhase, { minLength: 1, maxLength: 3 }).map((phases) =>
  runbookOf(
    `phases: ${JSON.stringify(
      phases.map((steps, index) => ({
        id: `p${index}`,
        type: 'custom',
        steps: steps.map((step) => ({
          ...step,
          id: `p${index}${step.id}`,
          ...('needs' in step ? { needs: step.needs.map((need) => `p${index}${need}`) } : {}),
        })),
      })),
    )}`,
  ),
);
function made(text: string): PlanGraph {
  const parsed = makeGraph(request(text));
  assert.ok(parsed.ok, JSON.stringify(parsed.problems));
  return parsed.value;
}

describe('properties of every graph', () => {
  it('waves come after everything they need, and hold every step once', () => {
    fc.assert(
      fc.property(randomGraph, (text) => {
        for (const phase of made(text).phases) {
          const graph = made(text);
          assert.deepEqual(phase.waves.flat().sort(), [...phase.nodes].sort());
          for (const [index, wave] of phase.waves.entries()) {
            for (const path of wave) {
              const needs = graph.nodes[path]?.needs ?? [];
              const waveOf = (need: string) => phase.waves.findIndex((each) => each.includes(need));
              assert.ok(needs.every((need) => waveOf(need) < index));
              // No later than it must be.
              assert.equal(index, Math.max(-1, ...needs.map(waveOf)) + 1);
            }
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('the same inputs give the same bytes', () => {
    fc.assert(
      fc.property(randomGraph, (text) => {
        assert.equal(canonicalJson(toJson(made(text))), canonicalJson(toJson(made(text))));
        assert.equal(JSON.stringify(made(text)), JSON.stringify(made(text)));
      }),
      { numRuns: 30 },
    );
  });

  it('the rollback order is a reverse topological order, band by band', () => {
    fc.assert(
      fc.property(randomGraph, (text) => {
        const graph = made(text);
        const all = rollbackOf(graph).phases.at(-1)?.all ?? [];
        const place = new Map(all.map(({ path }, index) => [path, index]));
        assert.equal(place.size, Object.values(graph.nodes).filter(({ role }) => role === 'compensate').length);
        for (const [index, { path, owner = '', band }] of all.entries()) {
          for (const need of graph.nodes[path]?.needs ?? []) assert.ok((place.get(need) ?? Infinity) < index, 'inside one list the order of the file holds');
          for (const other of all.slice(index + 1)) {
            if (other.band !== band || other.owner === owner) continue;
            assert.ok(!dependsOn(graph, other.owner ?? '', owner), `${path} undoes before ${other.path}, whose owner came later`);
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});

/** Does `later` run after `earlier`, by needs or by phase? */
function dependsOn(graph: PlanGraph, later: string, earlier: string): boolean {
  const phaseOf = (path: string) => graph.phases.findIndex(({ id }) => id === graph.nodes[path]?.phase);
  if (phaseOf(later) !== phaseOf(earlier)) return phaseOf(later) > phaseOf(earlier);
  const needs = graph.nodes[later]?.needs ?? [];
  return needs.some((need) => need === earlier || dependsOn(graph, need, earlier));
}

describe('order', () => {
  it('runs nested nodes after their owner and before what needs it', () => {
    const graph = graphOf(`
phases:
  - id: p
    type: custom
    steps:
      - {id: a, run: x, hosts: web, rescue: [{id: r, uses: notify}], finally: [{id: f, uses: notify}]}
      - {id: b, uses: notify}
    finally: [{id: z, uses: notify}]
`);
    const [phase] = graph.phases;
    assert.ok(phase);
    assert.deepEqual(
      forwardOrder(graph, phase).map(({ path }) => path),
      ['p/a', 'p/a/rescue/r', 'p/a/finally/f', 'p/b', 'p/finally/z'],
    );
  });

  it('finds a loop exactly when there is one, and names real needs', () => {
    const nodes = fc
      .array(fc.array(fc.nat(11), { maxLength: 2 }), { minLength: 1, maxLength: 12 })
      .map((all) => all.map((needs, index) => ({ path: `n${index}`, needs: needs.map((need) => `n${need % all.length}`) })));
    fc.assert(
      fc.property(nodes, (all) => {
        const loop = findCycle(all);
        if (!loop) return void waves(all);
        assert.equal(loop[0], loop.at(-1));
        for (const [index, path] of loop.slice(0, -1).entries()) assert.ok(all.find((node) => node.path === path)?.needs.includes(loop[index + 1] ?? ''));
        assert.throws(() => waves(all), TypeError);
      }),
    );
  });

  it('refuses to put a loop into waves', () => {
    assert.throws(
      () =>
        waves([
          { path: 'a', needs: ['b'] },
          { path: 'b', needs: ['a'] },
        ]),
      TypeError,
    );
  });
});
