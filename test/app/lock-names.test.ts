import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lockNames } from '../../src/app/lock-names.ts';
import type { PlanNode, PlannedHost } from '../../src/plan/index.ts';
import { graphOf, hostRule, node } from '../engine/support.ts';

const scope = { backend: 's3://states' };
const backend = lockNames(graphOf([node('p/a', { uses: 'pulumi.up', with: { stack: 'net/prod' } })]), {}, scope)[0]?.split(':')[1] ?? '';
const hostOf = (name: string, groups: readonly string[]): PlannedHost => ({
  ...{ name, address: name, port: 22, user: 'x', groups, vars: {}, jump: [], hostKeys: [] },
});
const HOSTS = {
  'web-1': hostOf('web-1', ['web', 'canary', 'all-eu']),
  'web-2': hostOf('web-2', ['web', 'all-eu']),
  'db-1': hostOf('db-1', ['db', 'all-eu']),
  lone: hostOf('lone', []),
};
const onHosts = (path: string, names: readonly string[], rest: Partial<PlanNode> = {}): PlanNode =>
  node(path, { uses: 'ssh.run', hosts: hostRule(names), ...rest });
const up = (path: string, stack: string, rest: Partial<PlanNode> = {}): PlanNode => node(path, { uses: 'pulumi.up', with: { stack }, ...rest });
const stacksOf = (nodes: readonly PlanNode[], inputs = {}): readonly string[] =>
  lockNames(graphOf(nodes), inputs, scope).map((name) => name.replace(`stack:${backend}:`, ''));

test('a host stands for the first group that has it, so that patterns which overlap meet in one name', () => {
  const names = (hosts: readonly string[]) => lockNames(graphOf([onHosts('p/a', hosts)], { hosts: HOSTS }), {}, scope);
  assert.deepEqual(names(['web-1']), ['hosts:web']); // canary
  assert.deepEqual(names(['web-1', 'web-2']), ['hosts:web']);
  assert.deepEqual(names(['web-2', 'db-1', 'lone']), ['hosts:db', 'hosts:lone', 'hosts:web']);
  const served = lockNames(graphOf([onHosts('p/a', ['lone'])], { hosts: HOSTS }), {}, { ...scope, repository: 'erp' });
  assert.deepEqual(served, ['hosts:erp/lone']);
});

test('what only looks locks nothing; the way back, rescues and ends of phases lock too', () => {
  const look = [node('p/a', { uses: 'ssh.facts', hosts: hostRule(['web-1']) }), node('p/b', { uses: 'pulumi.preview', with: { stack: 'net/prod' } })];
  assert.deepEqual(lockNames(graphOf(look, { hosts: HOSTS }), {}, scope), []);
  const back = [...look, up('p/a/compensate/0', 'net/prod', { role: 'compensate', owner: 'p/a', uses: 'pulumi.destroy' })];
  assert.deepEqual(stacksOf(back), ['net/prod']);
  assert.deepEqual(stacksOf([up('p/a', 'net/prod', { uses: 'traffic.setStackWeight' })]), ['net/prod']);
});

test('names from inputs, items and environments are known; one that only the run finds out stands for the whole program', () => {
  assert.deepEqual(stacksOf([up('p/a', 'net/${{ inputs.stage }}')], { stage: 'prod' }), ['net/prod']);
  assert.deepEqual(stacksOf([up('p/a', 'net/${{ item }}', { foreach: ['eu', 'us'] })]), ['net/eu', 'net/us']);
  assert.deepEqual(stacksOf([up('p/a', 'net/${{ item }}', { foreach: '${{ inputs.regions }}' })], { regions: ['eu'] }), ['net/eu']);
  const undo = up('p/a/compensate/0', 'net/${{ item }}', { role: 'compensate', owner: 'p/a', uses: 'pulumi.destroy' });
  assert.deepEqual(stacksOf([up('p/a', 'net/${{ item }}', { foreach: ['eu', 'us'] }), undo]), ['net/eu', 'net/us']);
  assert.deepEqual(stacksOf([up('p/a', 'net/${{ steps.find.outputs.name }}')]), ['net/*']);
  assert.deepEqual(stacksOf([up('p/a', 'net/${{ item }}', { foreach: '${{ steps.find.outputs.list }}' })]), ['net/*']);
  assert.deepEqual(stacksOf([up('p/a', '${{ steps.find.outputs.name }}')]), ['*/*']);
  assert.deepEqual(stacksOf([up('p/a', 'net/../etc')]), ['net/*']);
});

test('two backends are two; called runbooks count with what they are given, over their defaults', () => {
  const call = node('p/c', { uses: 'runbook.call', with: { runbook: 'child', inputs: { stage: '${{ inputs.stage }}' } } });
  const child = graphOf([up('q/a', 'net/${{ inputs.stage }}'), up('q/b', 'dns/${{ inputs.zone }}')], { runbook: 'child' });
  const graph = graphOf([call], { calls: { child } });
  const names = lockNames(graph, { stage: 'prod' }, { ...scope, defaultsOf: () => ({ stage: 'staging', zone: 'internal' }) });
  assert.deepEqual(names, [`stack:${backend}:dns/internal`, `stack:${backend}:net/prod`]);
  assert.notDeepEqual(lockNames(graph, {}, { backend: 'file:///elsewhere' }), lockNames(graph, {}, scope));
});
