import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { restored, type RunData, type RunSnapshot, snapshotOf, stateOf } from '../../src/engine/index.ts';
import type { PlanGraph, PlanNode, PlanPhase } from '../../src/plan/index.ts';
import { failure, OK, Simulation } from './simulator.ts';
import { graphOf, node } from './support.ts';

const RUNS = Number(process.env['SLIPWAY_PROPERTY_RUNS'] ?? 400);
const bool = (chance: number) => fc.nat(99).map((roll) => roll < chance);

const shape = fc.record({
  needs: fc.array(fc.nat(3), { maxLength: 2 }),
  items: fc.option(fc.nat(3), { freq: 3 }),
  maxParallel: fc.option(fc.integer({ min: 1, max: 2 })),
  failFast: fc.boolean(),
  isGate: bool(10),
  isSkipped: bool(10),
  rescue: fc.nat(2),
  final: bool(30),
  compensate: fc.nat(2),
  order: fc.constantFrom('early', 'traffic', 'normal'),
  rescuedUndo: bool(20),
  onFailure: fc.constantFrom('fail', 'fail', 'continue', 'rollback', 'pause'),
  idempotency: fc.constantFrom('safe', 'keyed', 'probe', 'manual'),
  attempts: fc.integer({ min: 1, max: 3 }),
  deadlineMs: fc.option(fc.integer({ min: 1, max: 200 }), { freq: 5 }),
  onTimeout: fc.constantFrom('deny', 'rollback', 'escalate'),
} as const);
type Shape = typeof shape extends fc.Arbitrary<infer T> ? T : never;

function nodesOf(phase: string, shapes: readonly Shape[]): readonly PlanNode[] {
  return shapes.flatMap((one, index) => {
    const path = `${phase}/s${index}`;
    const rest: Partial<PlanNode> = {
      needs: [...new Set(one.needs.filter((need) => need < index).map((need) => `${phase}/s${need}`))],
      onFailure: one.onFailure,
      idempotency: one.idempotency,
      retry: { attempts: one.attempts, initialMs: 10, factor: 2, maxMs: 100, jitter: 'none', except: [] },
      failFast: one.failFast,
      ...(one.isSkipped ? { if: '${{ false }}' } : {}),
      ...(one.deadlineMs === null || one.isGate ? {} : { deadlineMs: one.deadlineMs }),
    };
    if (one.isGate)
      return [node(path, { ...rest, uses: 'approval', timeoutMs: 0, with: { approvers: ['user:bo'], timeout: '50ms', onTimeout: one.onTimeout } })];
    const spread: Partial<PlanNode> =
      one.items === null
        ? {}
        : { foreach: Array.from({ length: one.items }, (_, item) => item), ...(one.maxParallel === null ? {} : { maxParallel: one.maxParallel }) };
    const list = (role: PlanNode['role'], count: number, more: Partial<PlanNode> = {}) =>
      Array.from({ length: count }, (_, at) =>
        node(`${path}/${role}/${at}`, { role, owner: path, needs: at === 0 ? [] : [`${path}/${role}/${at - 1}`], idempotency: one.idempotency, ...more }),
      );
    const undo = list('compensate', one.compensate, { order: one.order });
    const undoRescue = undo[0] && one.rescuedUndo ? [node(`${undo[0].path}/rescue/0`, { role: 'rescue', owner: undo[0].path })] : [];
    return [node(path, { ...rest, ...spread }), ...list('rescue', one.rescue), ...list('finally', Number(one.final)), ...undo, ...undoRescue];
  });
}

const graphs: fc.Arbitrary<PlanGraph> = fc
  .record({
    one: fc.array(shape, { minLength: 1, maxLength: 4 }),
    two: fc.array(shape, { maxLength: 3 }),
    final: fc.boolean(),
    last: fc.boolean(),
    on: fc.subarray(['stepFailed', 'approvalDenied', 'slaBreached', 'healthFailed', 'windowOverrun'] as const),
    window: fc.option(fc.record({ from: fc.nat(1_500), length: fc.integer({ min: 1, max: 400 }), onOverrun: fc.constantFrom('finish', 'pause', 'rollback') })),
    sla: fc.option(fc.record({ durationMs: fc.integer({ min: 1, max: 400 }), behavior: fc.constantFrom('fail', 'cancel', 'rollback', 'none') })),
    noReturn: bool(20),
  })
  .map(({ one, two, final, last, on, window, sla, noReturn }) => {
    // As in every runbook, no two steps share an id.
    const nodes = [...nodesOf('one', one), ...nodesOf('two', two)].map((each) => ({ ...each, id: each.path.replaceAll('/', '-') }));
    if (final) nodes.push(node('one/finally/0', { role: 'finally', owner: 'one', idempotency: 'manual' }));
    if (last) nodes.push(node('@rollback/0', { phase: 'one', role: 'rollback' }));
    if (noReturn && nodes[0]) nodes[0] = { ...nodes[0], pointOfNoReturn: true };
    const phase: Partial<PlanPhase> = window ? { window: [{ from: window.from, to: window.from + window.length }], onOverrun: window.onOverrun } : {};
    return graphOf(
      nodes,
      { rollback: { on, budgetMs: 1_000, git: 'none' }, sla: sla ? [{ id: 'sla', durationMs: sla.durationMs, behavior: sla.behavior }] : [] },
      { one: { phase: 'one' } as Partial<PlanPhase>, two: phase },
    );
  });

const move = fc.oneof(
  { weight: 20, arbitrary: fc.record({ type: fc.constant('finish' as const), which: fc.nat(5), how: fc.nat(9) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('crash' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('cancel', 'rollback', 'pause', 'resume') }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('vote' as const), decision: fc.constantFrom('approve', 'reject'), self: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('time' as const), ms: fc.nat(60) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('resolve' as const), which: fc.nat(5), as: fc.constantFrom('retry', 'done', 'failed') }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('late' as const), which: fc.nat(9) }) },
);
type Move = typeof move extends fc.Arbitrary<infer T> ? T : never;

function play(run: Simulation, one: Move, id: string): void {
  switch (one.type) {
    case 'finish': {
      const path = [...run.live.keys()][one.which % Math.max(1, run.live.size)];
      if (path !== undefined)
        run.finish(path, [OK, OK, OK, OK, OK, failure('FLAKY', 'afterBackoff'), failure(), failure('ASK', 'pauseForHuman'), TIMED_OUT, OK][one.how]);
      return;
    }
    case 'crash':
      return run.crash();
    case 'rollback':
      return run.push({ type: 'rollbackRequested', id, trigger: 'manual', by: 'user:ada', reason: 'asked' });
    case 'cancel':
    case 'pause':
    case 'resume':
      return run.push({ type: `${one.type}Requested`, id, by: 'user:ada' });
    case 'vote': {
      const gate = [...run.data.tasks.values()].find(({ state }) => state === 'waiting');
      const voter = one.self ? 'user:ada' : 'user:bo';
      if (gate) run.push({ type: 'voteCast', id, path: gate.path, voter, teams: [], decision: one.decision, planDigest: 'sha256:test' });
      return;
    }
    case 'time':
      run.now += one.ms;
      return;
    case 'resolve': {
      // Of any task, also one that waits for nobody: that must change nothing.
      const tasks = [...run.data.attention.keys(), ...run.data.tasks.keys()].filter((path) => path.includes('/'));
      const path = tasks[one.which % Math.max(1, tasks.length)];
      if (path !== undefined) run.push({ type: 'taskResolved', id, path, by: 'user:ada', as: one.as });
      return;
    }
    case 'late': {
      // A result of an attempt that is over, as a driver that was too slow might have written it.
      const tasks = [...run.data.tasks.values()].filter(({ path }) => !run.live.has(path));
      const task = tasks[one.which % Math.max(1, tasks.length)];
      if (task && task.state !== 'waiting' && task.state !== 'running' && task.state !== 'inDoubt' && task.state !== 'pending')
        run.push({ type: 'stepFinished', path: task.path, attempt: Math.max(1, task.attempt - 1), durationMs: 0, result: failure('LATE') });
      return;
    }
  }
}
const TIMED_OUT = { state: 'timedOut', error: { code: 'TIMED_OUT', message: 'too slow', retry: 'afterBackoff' } } as const;

/** From now on nothing goes wrong, and people do what they are asked to. */
function comeToRest(run: Simulation): void {
  for (let turn = 0; turn < 2_000; turn++) {
    const actions = run.settle();
    if (run.isOver) return;
    for (const action of actions) {
      if (action.type === 'cancel' && run.live.has(action.path))
        run.finish(action.path, { state: 'cancelled', error: { code: 'CANCELLED', message: 'x', retry: 'never' } });
    }
    const [path] = run.live.keys();
    if (path !== undefined) {
      run.finish(path);
      continue;
    }
    if (actions.some(({ type }) => type === 'cancel')) continue;
    const timers = actions.flatMap((action) => (action.type === 'timer' ? [action.at] : [])).filter((at) => at > run.now);
    if (run.state === 'attention' || run.state === 'paused') return;
    assert.ok(timers.length > 0, `${run.state}: nothing goes on and nothing is to come`);
    run.now = Math.min(...timers);
  }
  throw new Error(
    `it never comes to rest: ${run.state}, ${JSON.stringify(run.settle())}, ${run.events
      .slice(-12)
      .map(({ body }) => `${body.type} ${'path' in body ? body.path : ''}`)
      .join('; ')}`,
  );
}

function helpOut(run: Simulation, id: string): void {
  if (run.data.paused) run.push({ type: 'resumeRequested', id: `${id}p`, by: 'user:ada' });
  for (const path of [...run.data.attention.keys()]) {
    if (path.startsWith('@window')) run.push({ type: 'cancelRequested', id: `${id}c`, by: 'user:ada' });
    else if (path.includes('/')) run.push({ type: 'taskResolved', id, path, by: 'user:ada', as: 'failed' });
  }
}

/** The state as another process would read it. */
function throughJson(data: RunData): RunData {
  return restored(JSON.parse(JSON.stringify(snapshotOf(data))) as RunSnapshot); // just written by snapshotOf
}

test('whatever happens in whatever order, the promises hold and the run ends once faults stop', () => {
  fc.assert(
    fc.property(graphs, fc.array(move, { maxLength: 60 }), (graph, moves) => {
      const run = new Simulation(graph);
      for (const [index, one] of moves.entries()) {
        const actions = run.settle();
        if (run.isOver) break;
        for (const action of actions) {
          if (action.type === 'cancel' && run.live.has(action.path) && index % 2 === 0)
            run.finish(action.path, { state: 'cancelled', error: { code: 'CANCELLED', message: 'x', retry: 'never' } });
        }
        play(run, one, `id${index}`);
        if (index % 7 === 0) assert.deepEqual(throughJson(run.data), run.data, 'a snapshot keeps everything');
      }
      for (let round = 0; round < 40 && !run.isOver; round++) {
        comeToRest(run);
        helpOut(run, `help${round}`);
      }
      assert.ok(run.isOver, `ended in ${run.state}`);
      assert.deepEqual(stateOf(run.events), run.data);
      assert.deepEqual(stateOf(run.events), stateOf(run.events));
      assert.deepEqual(throughJson(run.data), run.data, 'a snapshot keeps everything, also of a run that is over');
      const before = structuredClone({ ...run.data, created: null, seq: 0, at: 0 });
      run.push({ type: 'cancelRequested', id: 'late', by: 'user:ada' });
      run.push({ type: 'rollbackRequested', id: 'late', trigger: 'manual', by: 'user:ada', reason: 'late' });
      assert.deepEqual({ ...run.data, created: null, seq: 0, at: 0 }, before, 'terminal states absorb');
      for (const { path, role } of Object.values(graph.nodes)) {
        if (role !== 'compensate') continue;
        const good = run.events.filter(({ body }) => body.type === 'stepFinished' && body.path.replace(/\[\d+\]$/, '') === path && 'outputs' in body.result);
        assert.equal(new Set(good.map(({ body }) => ('path' in body ? body.path : ''))).size, good.length, `${path} succeeded twice`);
      }
    }),
    { numRuns: RUNS, endOnFailure: false },
  );
});
