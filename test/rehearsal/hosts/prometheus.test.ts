import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { SlipwayError } from '../../../src/core/index.ts';
import { createHttp, createMetrics } from '../../../src/effects/index.ts';
import { evaluate } from '../../../src/rehearsal/hosts/prometheus/evaluate.ts';
import { createHistory } from '../../../src/rehearsal/hosts/prometheus/history.ts';
import { parsePromQl, QueryMistake } from '../../../src/rehearsal/hosts/prometheus/parse.ts';
import type { QueryOf, Reading } from '../../../src/steps/index.ts';
import { startPrometheus, whyNoPrometheus } from '../../support/prometheus.ts';
import { rehearse } from '../../support/rehearsed.ts';

const missing = whyNoPrometheus();
const MINUTE = 60_000;

describe('the stand-in for Prometheus', () => {
  /** Requests of two sides, a sample every 15 seconds for ten minutes; one series begins late, one stops. */
  const FROM = Math.floor(Date.now() / MINUTE) * MINUTE - 60 * MINUTE;
  const counts: readonly (readonly [labels: { readonly [name: string]: string }, value: (second: number) => number | undefined])[] = [
    [{ side: 'old', code: '200' }, (second) => second * 4],
    [{ side: 'old', code: '500' }, (second) => (second >= 300 ? second - 300 : undefined)],
    [{ side: 'new', code: '200' }, (second) => (second < 300 ? second * 2 : undefined)],
  ];
  const seconds = Array.from({ length: 40 }, (_, index) => index * 15);
  /** Where a series begins or ends, Prometheus guesses how far; we do not. */
  const AT_AN_END = 3;
  const QUERIES = [
    'sum(increase(http_requests_total[60s]))',
    'sum(increase(http_requests_total{side="old",code=~"2.."}[60s]))',
    'sum(increase(http_requests_total{code!="200"}[60s])) or vector(0)',
    'sum(rate(http_requests_total{side="new"}[60s])) * 60',
    'sum(increase(http_requests_total{code=~"5.."}[60s])) / sum(increase(http_requests_total[60s]))',
    '(1 + 2) * 3 - vector(4)',
    'sum(increase(nothing_total[60s]))',
  ];

  it('gives what a real one gives', { skip: missing === undefined ? false : `not available: ${missing}` }, async () => {
    const history = createHistory();
    const lines: string[] = [];
    for (const [labels, value] of counts) {
      for (const second of seconds) {
        const at = value(second);
        if (at !== undefined) lines.push(`http_requests_total{${Object.entries(labels).map(([name, text]) => `${name}="${text}"`).join(',')}} ${at} ${FROM / 1_000 + second}`); // prettier-ignore
      }
    }
    for (const second of seconds) {
      const now = counts.flatMap(([labels, value]) =>
        value(second) === undefined ? [] : [{ name: 'http_requests_total', labels, value: value(second) ?? 0 }],
      );
      history.scrape(now, FROM + second * 1_000);
    }
    await using real = await startPrometheus({ past: `# TYPE http_requests counter\n${lines.join('\n')}\n# EOF\n` });
    using http = createHttp();
    const untouched = (): never => assert.fail('this test did not expect it');
    const ssh = { exec: untouched, terminal: untouched, read: untouched, write: untouched, release: untouched };
    using metrics = createMetrics({ http: () => http, ssh, host: untouched, credential: untouched, clouds: {}, now: () => Date.now() });
    const control = { runId: 'run-20261123-standin000', signal: new AbortController().signal, notice: () => undefined };
    for (const text of QUERIES) {
      const query: QueryOf<'prometheus'> = { type: 'prometheus', source: { type: 'prometheus', name: 'real', url: `http://127.0.0.1:${real.port}` }, labels: {}, parts: { value: text } }; // prettier-ignore
      const { value } = await metrics.history(query, { fromMs: FROM + MINUTE, slotMs: MINUTE, count: 8 }, control);
      const expected = (value ?? []).map((reading: Reading) => ('value' in reading ? reading.value : reading.none));
      const parsed = parsePromQl(text);
      const found = expected.map((_, slot) => {
        const given = evaluate(parsed, FROM + MINUTE * (slot + 2), history);
        return typeof given === 'number' ? given : (given[0]?.value ?? 'gap');
      });
      for (const [slot, wanted] of expected.entries()) {
        const got = found[slot];
        if (typeof wanted === 'number' && typeof got === 'number')
          assert.ok(Math.abs(got - wanted) <= Math.abs(wanted) * (slot === AT_AN_END ? 0.4 : 0.01), `${text}, slot ${slot}: ${got} and ${wanted}`);
        else assert.equal(got, wanted, `${text}, slot ${slot}`);
      }
    }
  });

  it('says what it does not understand', () => {
    for (const text of [
      '',
      'up',
      'sum(',
      'sum(increase(a_total))',
      'histogram_quantile(0.9, x)',
      'sum(increase(a_total{b=1}[1m]))',
      'sum(increase(a[1x]))',
      '1 2',
      'sum by (x) (a)',
    ])
      assert.throws(() => parsePromQl(text), QueryMistake, text);
  });
  it('reads strings as Prometheus does', () => {
    const history = createHistory();
    const labels = { side: 'a"\\\nb' };
    for (const at of [0, 1_000]) history.scrape([{ name: 'x_total', labels, value: at }], at);
    assert.deepEqual(evaluate(parsePromQl('sum(increase(x_total{side="a\\"\\\\\\nb"}[10s]))'), 1_000, history), [{ key: '', value: 10_000 }]);
  });
});

describe('rehearsed machines', () => {
  it('are measured: customers come by the load balancer, and a stopped service leaves a gap', async () => {
    const app = { services: { shop: 'running' }, http: [{ port: 80, service: 'shop', side: 'baseline', latencyMs: 1, errorRate: 0.3 }] };
    const loadBalancer = {
      port: 8080,
      backend: 'shop',
      servers: [{ name: 'one', host: 'app', port: 80, weight: 100 }],
      customers: [{ path: '/checkout', perSecond: 40 }],
    };
    await using on = await rehearse({ app, lb: { loadBalancer }, metrics: { names: ['prometheus.shop'], prometheus: { port: 9090 } } });
    using http = createHttp({ resolve: (name, port) => on.world.resolve(name, port) });
    const untouched = (): never => assert.fail('this test did not expect it');
    using metrics = createMetrics({ http: () => http, ssh: on.ssh, host: (name) => on.host(name), credential: untouched, clouds: {}, now: () => Date.now() });
    const control = { ...on.control, notice: () => undefined };
    const source = { type: 'prometheus', name: 'shop', url: 'http://prometheus.shop:9090' } as const;
    const events = 'sum(increase(http_requests_total{path="/checkout",code=~"5..",$labels}[$window])) or vector(0)';
    const trials = 'sum(increase(http_requests_total{path="/checkout",$labels}[$window]))';
    const query = { type: 'prometheus', source, labels: { side: 'baseline' }, parts: { events, trials } } as const;
    const until = async (isSo: (trialsNow: Reading | undefined, eventsNow: Reading | undefined) => boolean): Promise<void> => {
      for (let tries = 0; tries < 200; tries++) {
        const found = await metrics.latest(query, 2_000, control);
        if (isSo(found.trials, found.events)) return;
        await delay(100);
      }
      assert.fail('it never came');
    };
    const above = (reading: Reading | undefined, least: number) => reading !== undefined && 'value' in reading && reading.value > least;
    await until((trialsNow, eventsNow) => above(trialsNow, 10) && above(eventsNow, 0));
    await on.exec('app', 'systemctl stop shop');
    await until((trialsNow) => trialsNow !== undefined && 'none' in trialsNow && trialsNow.none === 'gap');
    const wrong = await metrics
      .latest({ ...query, parts: { value: 'histogram_quantile(0.9, x[$window])' } }, 2_000, control)
      .catch((thrown: unknown) => thrown);
    assert.ok(wrong instanceof SlipwayError && wrong.code === 'METRIC_QUERY_WRONG', String(wrong));
    assert.match(wrong.message, /the stand-in knows sum, increase, rate and vector, and not "histogram_quantile"/);
  });
});
