import assert from 'node:assert/strict';
import { type EventBody, hasStarted, type RunData, type Task } from '../../src/engine/index.ts';
import type { PlanGraph, PlanNode } from '../../src/plan/index.ts';

type Started = Extract<EventBody, { type: 'stepStarted' }>;

/** May this attempt begin in this state? Says which promise it would break. `data` is the state before its event. */
export function checkStart(data: RunData, graph: PlanGraph, { path, attempt }: Started): void {
  assert.ok(!data.finished, `${path} starts after the end`);
  const task = data.tasks.get(path);
  const node = graph.nodes[path.replace(/\[\d+\]$/, '')];
  assert.ok(node, path);
  assert.equal(attempt, (task?.attempt ?? 0) + 1, `${path} skips an attempt`);
  const isDoubtful = task?.state === 'inDoubt' && (!node.hosts || Object.values(task.hosts).includes('inDoubt'));
  assert.ok(!(isDoubtful && node.idempotency === 'manual'), `${path} is manual, in doubt, and starts again`);
  assert.ok(!['ok', 'changed', 'skipped'].includes(task?.state ?? ''), `${path} starts again after a good end`);
  checkNeeds(data, graph, { node, path });
  if (node.role === 'compensate') checkCompensation(data, graph, { node, path });
}

interface Where {
  readonly node: PlanNode;
  readonly path: string;
}

function checkNeeds(data: RunData, graph: PlanGraph, { node, path }: Where): void {
  const item = node.role === 'compensate' ? /\[(\d+)\]$/.exec(path)?.[1] : undefined;
  for (const need of node.needs) {
    const tasks = tasksOf(data, need).filter(({ index }) => item === undefined || index === Number(item));
    const isOpen = tasks.some(({ state }) => ['running', 'waiting', 'retrying', 'inDoubt', 'ready'].includes(state));
    assert.ok(!isOpen, `${node.path} starts while ${need} goes on`);
    const expected = graph.nodes[need]?.foreach === undefined ? 1 : data.items.get(need)?.length;
    if (node.role === 'step') assert.equal(tasks.length, expected, `${node.path} starts before ${need}`);
  }
}

function checkCompensation(data: RunData, graph: PlanGraph, { node, path }: Where): void {
  assert.ok(data.rollback, `${path} starts without a rollback`);
  const index = /\[(\d+)\]$/.exec(path)?.[0] ?? '';
  const owner = data.tasks.get(`${node.owner ?? ''}${index}`);
  assert.ok(owner && hasStarted(owner), `${path} undoes what never started`);
  for (const other of Object.values(graph.nodes)) {
    if (other.role !== 'compensate' || other.phase !== node.phase || other.order !== node.order) continue;
    if (!graph.nodes[other.owner ?? '']?.needs.includes(node.owner ?? '')) continue;
    for (const later of tasksOf(data, other.owner ?? '').filter(hasStarted)) {
      const undo = data.tasks.get(later.index === undefined ? other.path : `${other.path}[${later.index}]`);
      assert.ok(undo && ['ok', 'changed', 'failed', 'timedOut', 'skipped', 'cancelled'].includes(undo.state), `${path} runs before ${other.path}`);
    }
  }
}

function tasksOf(data: RunData, path: string): readonly Task[] {
  return [...data.tasks.values()].filter(({ node }) => node === path);
}
