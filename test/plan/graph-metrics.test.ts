import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../src/core/index.ts';
import { environments, graphOf, problemsOf } from './fixture.ts';

const known = environments(`
apiVersion: slipway/v1
kind: Environment
metadata: {name: prod}
metricSources:
  shop: {type: prometheus, url: "https://prometheus.test", timeout: 5s}
  kpi: {type: http, url: "https://kpi.test"}
`);
const side = (label: string): string => `{type: prometheus, from: shop, query: "orders{$labels}[$window]", labels: {side: "${label}"}}`;
const ORDERS = `{name: orders, kind: numeric, unit: orders/min, direction: higher, margin: 10%, critical: true, source: {baseline: ${side('${{ inputs.side }}')}, candidate: ${side('new')}}}`;
const dual = (settings: string, metrics: string, more = '') => `
phases:
  - id: dual
    type: dualRun
    environment: prod
    ${more}
    with: {baseline: "http://old.test", candidate: "http://new.test", ${settings}}
    analysis: {onInconclusive: pause, metrics: [${metrics}]}
    steps: [{id: first, uses: notify}]
`;
const over = { environments: known, inputs: { values: { side: 'old' }, secrets: [] } };

describe('a dual run with metrics of its sources', () => {
  const { nodes, phases } = graphOf(
    dual('duration: 30m, warmUp: 2m, abCheck: 5m, slot: 30s, rate: 20', `{name: errors, kind: rate, margin: 1pp}, ${ORDERS}`),
    over,
  );

  it('collects beside the probe, at the same time', () => {
    assert.deepEqual(phases[0]?.waves, [['dual/first'], ['dual/@probe', 'dual/@collect'], ['dual/@analysis']]);
    assert.deepEqual(nodes['dual/@collect']?.needs, nodes['dual/@probe']?.needs);
    assert.deepEqual([nodes['dual/@collect']?.id, nodes['dual/@collect']?.uses], ['dual-collect', 'metrics.collect']);
    assert.equal(nodes['dual/@collect']?.timeoutMs, nodes['dual/@probe']?.timeoutMs);
  });
  it('collects for the time the probe measures, with the sources it names and no others', () => {
    const { metrics, ...settings } = nodes['dual/@collect']?.with ?? {};
    assert.deepEqual(settings, {
      ...{ duration: '30m', warmUp: '2m', abCheck: '5m', slot: '30s' },
      sources: { shop: { type: 'prometheus', url: 'https://prometheus.test', timeout: '5s' } },
    });
    const [orders, ...others] = metrics as unknown as readonly JsonObject[]; // a list by the shape of the phase
    assert.deepEqual([others, Object.keys(orders ?? {})], [[], ['name', 'kind', 'unit', 'source']]);
  });
  it('spares the probe what only collecting needs', () => {
    assert.deepEqual(Object.keys(nodes['dual/@probe']?.with ?? {}), ['baseline', 'candidate', 'duration', 'warmUp', 'abCheck', 'rate', 'watch']);
  });
  it('judges both, and does not tell the judge where numbers come from', () => {
    const { evidence, series, metrics } = nodes['dual/@analysis']?.with ?? {};
    assert.deepEqual([evidence, series], ['${{ steps.dual-probe.outputs.evidence }}', '${{ steps.dual-collect.outputs.evidence }}']);
    assert.deepEqual(metrics, [
      { name: 'errors', kind: 'rate', margin: '1pp' },
      { name: 'orders', kind: 'numeric', direction: 'higher', margin: '10%', critical: true },
    ]);
    assert.deepEqual(nodes['dual/@analysis']?.needs, ['dual/@probe', 'dual/@collect']);
  });
});

describe('a dual run of live traffic', () => {
  for (const mode of ['mirror', 'split']) {
    it(`sends no requests of its own in mode ${mode}`, () => {
      const { nodes } = graphOf(dual(`mode: ${mode}, duration: 30m`, ORDERS), over);
      assert.equal(nodes['dual/@probe'], undefined);
      const { evidence, series } = nodes['dual/@analysis']?.with ?? {};
      assert.deepEqual([evidence, series], [undefined, '${{ steps.dual-collect.outputs.evidence }}']);
      assert.deepEqual(nodes['dual/@analysis']?.needs, ['dual/@collect']);
    });
  }
});

it('a dual run without sources collects nothing', () => {
  const { nodes } = graphOf(dual('duration: 5m', '{name: errors, kind: rate, margin: 1pp}'), over);
  assert.equal(nodes['dual/@collect'], undefined);
  assert.equal(nodes['dual/@analysis']?.with['series'], undefined);
});

describe('steps and watches that ask metric sources', () => {
  const CHECK = '{source: {type: http, from: kpi, path: /orders, value: $.n}, expect: ">40"}';
  it('get the sources of their environment, and their own win', () => {
    const own = CHECK.replace('{source', '{sources: {kpi: {type: http, url: "http://mine.test"}}, source');
    const { nodes, phases } = graphOf(
      `
phases:
  - id: cut
    type: custom
    environment: prod
    watch: [{id: orders, uses: check.metric, with: ${CHECK}}]
    steps: [{id: plain, uses: check.metric, with: ${CHECK}}, {id: own, uses: check.metric, with: ${own}}]
`,
      over,
    );
    const shared = { kpi: { type: 'http', url: 'https://kpi.test' } };
    assert.deepEqual([phases[0]?.watch[0]?.with['sources'], nodes['cut/plain']?.with['sources']], [shared, shared]);
    assert.deepEqual(nodes['cut/own']?.with['sources'], { kpi: { type: 'http', url: 'http://mine.test' } });
  });

  it('note the one host that a command runs on', () => {
    const count = (host: string) => `
phases: [{id: cut, type: custom, steps: [{id: orders, uses: check.metric, with: {source: {type: command, host: ${host}, cmd: count}, expect: ">4"}}]}]
`;
    assert.deepEqual(Object.keys(graphOf(count('web-1'), over).hosts), ['web-1', 'bastion']);
    assert.deepEqual(problemsOf(count('web'), over).map(({ code, message }) => [code, message]), [['MANY_HOSTS', '"web" selects 3 hosts, and a metric is asked on one']]); // prettier-ignore
    assert.deepEqual(
      problemsOf(count('nowhere'), over).map(({ code }) => code),
      ['NO_HOSTS'],
    );
  });
});
