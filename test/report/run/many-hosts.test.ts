import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutTo } from '../../../src/cli/screen.ts';
import type { EventBody, JournalEvent } from '../../../src/engine/index.ts';
import { colourStyle, startLive } from '../../../src/report/index.ts';
import { created, graph } from './story.ts';

const START = 1_000_000;
const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `web-${String(index).padStart(5, '0')}`);

/** A run of one step on so many hosts: each begins, and all but the last `going` end; every fiftieth badly. */
function* eventsOf(count: number, going: number, end = false): Generator<JournalEvent> {
  const hosts = names(count);
  let seq = 0;
  const event = (at: number, body: EventBody): JournalEvent => ({ runId: 'run-20261123-7k2m9qz4ab', seq: ++seq, at, body, prev: 'sha256:a', hash: 'sha256:b' });
  const first = created[1];
  assert.ok(first.type === 'runCreated');
  const facts = graph.nodes['prepare/facts'];
  assert.ok(facts?.hosts);
  const wide = { ...graph, nodes: { ...graph.nodes, 'prepare/facts': { ...facts, hosts: { ...facts.hosts, names: hosts } } } };
  yield event(START, { ...first, graph: wide });
  yield event(START, { type: 'runStarted' });
  yield event(START, { type: 'phaseStarted', phase: 'prepare' });
  const [path, attempt] = ['prepare/facts', 1];
  yield event(START, { type: 'stepStarted', path, attempt, key: 'k', with: {} });
  for (const [index, host] of hosts.entries()) yield event(START + index, { type: 'hostStarted', path, attempt, host });
  for (const [index, host] of hosts.slice(0, count - going).entries()) {
    const error = { code: 'SSH_EXIT', message: `exit code 1 \u001B[2J on ${host}`, retry: 'never' } as const;
    const result = index % 50 === 49 ? ({ state: 'failed', error, durationMs: 9 } as const) : ({ state: 'changed', durationMs: 9 } as const);
    yield event(START + 10_000 + index, { type: 'hostFinished', path, attempt, host, result });
  }
  const error = { code: 'SSH_EXIT', message: 'many hosts failed', retry: 'never' } as const;
  if (end) yield event(START + 90_000, { type: 'stepFinished', path, attempt, durationMs: 1, result: { state: 'failed', error } });
}

test('the frame of 5,000 hosts fits the terminal: counts, then those that failed, then the slowest', () => {
  for (const [rows, columns] of [
    [24, 80],
    [10, 60],
    [4, 40],
  ] as const) {
    const live = startLive();
    for (const event of eventsOf(5_000, 40)) live.push(event);
    const frame = live.running(START + 70_000, rows - 2).map((line) => cutTo(line, columns - 1));
    assert.ok(frame.length <= rows - 2, `${frame.length} lines in ${rows} rows`);
    if (rows < 24) continue;
    assert.match(frame[0] ?? '', /^ {2}▸ facts +4,960 of 5,000 hosts: 99 failed, 4,861 changed/);
    assert.match(frame[1] ?? '', /^ {6}web-00049: failed: exit code 1 \[2J on web-00049$/, 'nothing of a machine steers the terminal');
    assert.match(frame.at(-4) ?? '', /… and 93 more$/);
    assert.deepEqual(frame.slice(-3), ['      web-04960: since 1 m 5 s', '      web-04961: since 1 m 5 s', '      web-04962: since 1 m 5 s']);
  }
});

test('many steps at once fit as well', () => {
  const live = startLive(colourStyle);
  const events = [...eventsOf(3, 3)];
  for (const event of events) live.push(event);
  const last = events.at(-1);
  assert.ok(last);
  for (let index = 0; index < 300; index++) live.push({ ...last, body: { type: 'stepStarted', path: `prepare/s[${index}]`, attempt: 1, key: '', with: {} } });
  const frame = live.running(START + 70_000, 20);
  assert.equal(frame.length, 20);
  assert.match(frame.at(-1) ?? '', /… and 282 more steps/);
});

test('a step that ends names some of the hosts that failed, and how many more there are', () => {
  const live = startLive();
  const lines = [...eventsOf(5_000, 0, true)].flatMap((event) => live.push(event));
  assert.ok(lines.length < 20, `${lines.length} lines`);
  assert.ok(lines.some((line) => line.includes('… and 90 more')));
});

test('a host that is begun again counts once, as what it is now', () => {
  const live = startLive();
  const events = [...eventsOf(100, 0)];
  for (const event of events) live.push(event);
  const last = events.at(-1);
  assert.ok(last);
  const again = (body: EventBody): void => void live.push({ ...last, body });
  again({ type: 'hostStarted', path: 'prepare/facts', attempt: 2, host: 'web-00049' });
  assert.match(live.running(START, 20)[0] ?? '', /99 of 100 hosts: 1 failed, 98 changed/);
  again({ type: 'hostFinished', path: 'prepare/facts', attempt: 2, host: 'web-00049', result: { state: 'changed', durationMs: 1 } });
  assert.match(live.running(START, 20)[0] ?? '', /100 of 100 hosts: 1 failed, 99 changed/);
});

test('taking events in costs by their number, and drawing does not cost by the number of hosts', () => {
  const cpu = (work: () => void): number => {
    const tries = Array.from({ length: 3 }, () => {
      const began = process.cpuUsage();
      work();
      const { user, system } = process.cpuUsage(began);
      return user + system;
    });
    return Math.min(...tries);
  };
  const fold = (events: readonly JournalEvent[]): void => {
    const live = startLive();
    for (const event of events) live.push(event);
  };
  const [few, many] = [[...eventsOf(1_000, 10)], [...eventsOf(16_000, 10)]];
  fold(few);
  const [small, large] = [cpu(() => fold(few)), cpu(() => fold(many))];
  assert.ok(large < 100 * Math.max(small, 500), `${small} µs for 1,000 hosts and ${large} µs for 16,000`);
  const frames = (events: readonly JournalEvent[]): number => {
    const live = startLive();
    for (const event of events) live.push(event);
    return cpu(() => {
      for (let turn = 0; turn < 300; turn++) live.running(START + 70_000 + turn, 22);
    });
  };
  const [quick, wide] = [frames(few), frames(many)];
  assert.ok(wide < 10 * Math.max(quick, 1_000), `${quick} µs to draw 1,000 hosts and ${wide} µs for 16,000`);
});
