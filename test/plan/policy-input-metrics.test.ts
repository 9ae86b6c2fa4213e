import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { policyInput, type PolicyInput } from '../../src/plan/index.ts';
import { bodyOf, environments, graphOf, NOW } from './fixture.ts';

const context = { now: NOW, actor: { name: 'user:ada', teams: ['team:erp'] }, authors: ['user:grace'] };

describe('metric sources in the document of policies', () => {
  const MEASURED = `
phases:
  - id: dual
    type: dualRun
    environment: prod
    with: {baseline: "http://a", candidate: "http://b", mode: split}
    analysis:
      metrics:
        - name: errors
          kind: ratio
          direction: lower
          margin: 1pp
          source:
            baseline: {type: command, host: web-1, cmd: count, events: $.bad, trials: $.all}
            candidate: {type: prometheus, from: shop, events: "bad[$window]", trials: "all[$window]"}
  - id: cut
    type: cutover
    environment: prod
    watch: [{id: orders, uses: check.metric, with: {source: {type: cloudWatch, from: aws, namespace: Shop, metric: Orders, stat: Sum}, expect: ">4"}}]
    steps: [{id: w10, uses: traffic.setWeight, hosts: lb, with: {weight: 10}}]
`;
  const measured = environments(`
apiVersion: slipway/v1
kind: Environment
metadata: {name: prod}
production: true
metricSources:
  shop: {type: prometheus, url: "https://prometheus.test", auth: {token: "env:SLIPWAY_METRICS_SHOP"}}
  aws: {type: cloudWatch, region: eu-central-1}
  unused: {type: http, url: "https://kpi.test"}
`);

  it('names whom a run asks, with the address and without the credential', () => {
    const none = { values: {}, secrets: [] };
    const judged = policyInput(bodyOf(graphOf(MEASURED, { environments: measured, inputs: none }), { inputs: none }), context) as unknown as PolicyInput; // its own type
    const dual = { path: 'dual/@collect', phase: 'dual', production: true };
    assert.deepEqual(judged.metricSources, [
      { ...dual, name: 'web-1', type: 'command', authenticated: true, cmd: 'count' },
      { ...dual, name: 'shop', type: 'prometheus', address: 'https://prometheus.test', authenticated: true },
      { path: 'cut/watch/orders', phase: 'cut', production: true, name: 'aws', type: 'cloudWatch', address: 'eu-central-1', authenticated: true },
    ]);
    assert.ok(
      judged.hosts.some(({ name }) => name === 'web-1'),
      'the host of a command is one that the run touches',
    );
    const collect = judged.steps.find(({ path }) => path === 'dual/@collect');
    assert.deepEqual(Object.keys(collect?.with['sources'] ?? {}), ['shop'], 'a plan binds the sources that are named');
  });
});
