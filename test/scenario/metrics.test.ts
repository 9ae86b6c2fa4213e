import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openSite } from './site.ts';
import { eventsIn, hostLedger } from './support.ts';

/** A cutover tied to business figures: customers buy by the load balancer, the new side fails some of them, and a watch sees it. */

const ESTATE = `apiVersion: slipway/v1
kind: Inventory
metadata: {name: shop}
hosts:
  lb:
    vars:
      rehearsal:
        loadBalancer:
          port: 80
          backend: shop
          servers: [{name: old, host: old, port: 8080, weight: 100}, {name: new, host: new, port: 8080, weight: 0}]
          customers: [{path: /checkout, perSecond: 30}]
  old: {vars: {rehearsal: {services: {shop: running}, http: [{port: 8080, service: shop, side: baseline, latencyMs: 2}]}}}
  new: {vars: {rehearsal: {services: {shop: running}, http: [{port: 8080, service: shop, side: candidate, latencyMs: 2, errorRate: 0.5}]}}}
  metrics: {address: prometheus.shop, vars: {rehearsal: {prometheus: {port: 9090}}}}
groups: {balancers: {hosts: [lb]}}
---
apiVersion: slipway/v1
kind: Environment
metadata: {name: lab, owner: team-shop}
production: false
metricSources:
  shop: {type: prometheus, url: http://prometheus.shop:9090}
  cloud: {type: cloudWatch, region: eu-central-1}
`;
const runbook = (watch: string, more = ''): string => `apiVersion: slipway/v1
kind: Runbook
metadata: {name: checkout, owner: team-shop, tier: 3}
phases:
  - id: before
    type: prepare
    environment: lab
    steps:
      - id: sold
        uses: check.metric
        with: {source: {type: prometheus, from: shop, query: 'sum(increase(frontend_requests_total{path="/checkout",code="200"}[$window]))'}, expect: ">20", window: 2s, attempts: 20, interval: 500ms}
  - id: cut
    type: cutover
    environment: lab
    watch:
      - {id: figure, uses: check.metric, interval: 500ms, initialDelay: 1s, timeout: 20s, failureLimit: 1, with: ${watch}}
    steps:
      - {id: half, uses: traffic.setWeight, hosts: balancers, with: {weight: 50, driver: {type: haproxy, backend: shop, baseline: [old], candidate: [new]}}}
      - {id: soak, uses: pause, with: {duration: 60s}}
${more}rollback: {on: [stepFailed, healthFailed, manual], budget: 1m}
`;
const BUDGET = `{source: {type: prometheus, from: shop, events: 'sum(increase(frontend_requests_total{path="/checkout",code=~"5.."}[$window])) or vector(0)', trials: 'sum(increase(frontend_requests_total{path="/checkout"}[$window]))'}, burn: {objective: 99%, resolution: 1s, windows: [{short: 2s, long: 4s, factor: 5}]}}`;
const NOBODY = `{source: {type: prometheus, from: shop, query: 'sum(increase(orders_that_nobody_counts_total[$window]))'}, expect: ">1", window: 2s}`;

async function rehearsed(code: number, text: string) {
  using site = openSite({ 'runbooks/estate.yaml': ESTATE, 'runbooks/checkout.yaml': text });
  const ended = await site.run(code, ['rehearse', 'checkout']);
  const events = eventsIn(site.home);
  const weights = hostLedger(site.home, events[0]?.run ?? '').flatMap(({ detail }) => (detail['server'] === 'shop/new' ? [detail['weight']] : []));
  return { ended, weights, breach: events.find(({ body }) => body.type === 'watchBreached')?.body };
}

describe('a cutover that customers do not survive', { concurrency: 2 }, () => {
  test('goes back when checkouts burn the error budget', async () => {
    const { weights, breach, ended } = await rehearsed(13, runbook(BUDGET));
    assert.match(String(breach?.['message']), /the error budget of 99% burns \S+x in 2\.0 s and \S+x in 4\.0 s, at most 5x/);
    assert.ok(weights.length >= 2 && Number(weights[0]) > 0, weights.join());
    assert.equal(weights.at(-1), 0);
    assert.match(ended.stdout, /all traffic was back on the old side/);
  });

  test('goes back when nobody measures any more', async () => {
    const { weights, breach } = await rehearsed(13, runbook(NOBODY));
    assert.match(String(breach?.['message']), /has no data: the source has none/);
    assert.equal(weights.at(-1), 0);
  });

  test('a cloud that no stand-in plays is said so, and asked for nothing', async () => {
    const cloud = '{source: {type: cloudWatch, from: cloud, namespace: Shop, metric: Orders, stat: Sum}, expect: ">1"}';
    const { breach } = await rehearsed(13, runbook(cloud));
    assert.match(String(breach?.['message']), /no stand-in plays Amazon CloudWatch, which the metric source cloud asks/);
  });
});
