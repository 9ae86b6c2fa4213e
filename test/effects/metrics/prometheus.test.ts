import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { QueryOf, Reading } from '../../../src/steps/index.ts';
import { type Prometheus, startExporter, startPrometheus, whyNoPrometheus } from '../../support/prometheus.ts';
import { selfSigned } from '../http/certificate.ts';
import { asking, credentials, failure } from './support.ts';

const missing = whyNoPrometheus();
const MINUTE = 60_000;
/** The past begins at a whole minute, long enough ago for all of it to be over. */
const PAST = Math.floor(Date.now() / MINUTE) * MINUTE - 60 * MINUTE;
const NASTY = 'a"} or vector(999) # \\ \n ünï';
const PASSWORD = 'correct-horse';
/** bcrypt of it, as Prometheus wants passwords. */
const HASH = '$2b$04$DbEfB/lvAlAWOgCQ6twWJOfXTKFyZwtHXbHTngTTNGvo0yWl8fROu';

/** A sample every 15 seconds. */
function samples(name: string, value: (second: number) => number | string | undefined, seconds = 600): string {
  const lines: string[] = [];
  for (let second = 0; second < seconds; second += 15) {
    const at = value(second);
    if (at !== undefined) lines.push(`${name} ${at} ${PAST / 1_000 + second}`);
  }
  return `${lines.join('\n')}\n`;
}

const escaped = NASTY.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
const THE_PAST = [
  '# TYPE orders counter\n',
  samples('orders_total{side="old"}', (second) => second * 2),
  samples('orders_total{side="new"}', (second) => second * 3),
  samples('orders_total{side="gone"}', (second) => (second < 180 || second >= 420 ? second : undefined)),
  samples(`orders_total{side="${escaped}"}`, (second) => second * 7),
  '# TYPE restarts counter\n',
  samples('restarts_total', (second) => (second < 300 ? second : second - 300)),
  '# TYPE load gauge\n',
  samples('load', (second) => (second < 300 ? 4 : 'NaN')),
  '# TYPE stopped gauge\n',
  samples('stopped', () => 1, 120),
  '# EOF\n',
].join('');

function query(port: number, parts: QueryOf<'prometheus'>['parts'], labels: { readonly [name: string]: string } = {}): QueryOf<'prometheus'> {
  return { type: 'prometheus', source: { type: 'prometheus', name: 'shop', url: `http://127.0.0.1:${port}` }, labels, parts };
}
const slots = (count: number, first = 0) => ({ fromMs: PAST + first * MINUTE, slotMs: MINUTE, count });
const numbers = (readings: readonly Reading[] | undefined) =>
  (readings ?? []).map((reading) => ('value' in reading ? Math.round(reading.value * 100) / 100 : reading.none));

describe('Prometheus, a real one', { skip: missing === undefined ? false : `not available: ${missing}` }, () => {
  let real: Prometheus;
  before(async () => {
    real = await startPrometheus({ past: THE_PAST });
  });
  after(() => real.stop());
  const ask = async (text: string, count: number, labels?: { readonly [name: string]: string }) => {
    using to = asking();
    const { value } = await to.metrics.history(query(real.port, { value: text }, labels), slots(count), to.control);
    return numbers(value);
  };

  it('gives one number for each slot, evaluated at its end', async () => {
    assert.deepEqual(await ask('sum(increase(orders_total{$labels}[$window]))', 4, { side: 'old' }), [120, 120, 120, 120]);
  });
  it('does not take a counter that starts again for a negative number', async () => {
    const found = await ask('increase(restarts_total[$window])', 9);
    assert.ok(
      found.every((value) => typeof value === 'number' && value >= 0),
      String(found),
    );
  });
  it('gives no number for a gap, and numbers again after it', async () => {
    const found = await ask('sum(increase(orders_total{side="gone"}[$window]))', 10);
    assert.deepEqual(found.slice(4, 7), ['gap', 'gap', 'gap']);
    assert.deepEqual([found[1], found[8]], [60, 60]);
  });
  it('gives no number once a series has ended, however long Prometheus looks back', async () => {
    assert.deepEqual((await ask('avg_over_time(stopped[$window])', 6)).slice(2), ['gap', 'gap', 'gap', 'gap']);
  });
  it('gives no number for NaN, for infinity and for more than one series', async () => {
    assert.deepEqual((await ask('max_over_time(load[$window])', 9)).slice(6), ['notANumber', 'notANumber', 'notANumber']);
    assert.deepEqual(await ask('sum(increase(orders_total[$window])) / 0', 2), ['notANumber', 'notANumber']);
    assert.deepEqual(await ask('increase(orders_total[$window])', 2), ['manySeries', 'manySeries']);
  });
  it('takes a label for a value whatever is in it', async () => {
    assert.deepEqual(await ask('sum(increase(orders_total{$labels}[$window]))', 2, { side: NASTY }), [420, 420]);
    assert.deepEqual(await ask('sum(increase(orders_total{$labels}[$window]))', 2, { side: 'old"} or vector(999) #' }), ['gap', 'gap']);
    assert.deepEqual(await ask('sum(increase(orders_total{$labels}[$window]))', 2, { side: '$window' }), ['gap', 'gap']);
  });
  it('asks for both counts of a ratio', async () => {
    using to = asking();
    const parts = { events: 'sum(increase(orders_total{side="old"}[$window]))', trials: 'sum(increase(orders_total{side="new"}[$window]))' };
    const found = await to.metrics.history(query(real.port, parts), slots(2, 1), to.control);
    assert.deepEqual(
      [numbers(found.events), numbers(found.trials)],
      [
        [120, 120],
        [180, 180],
      ],
    );
  });
  it('says in the words of Prometheus what is wrong with a query, and that no retry helps', async () => {
    const error = await failure(ask('sum(increase(orders_total[$window])', 1));
    assert.deepEqual([error.code, error.retry], ['METRIC_QUERY_WRONG', 'never']);
    assert.match(error.message, /shop cannot answer the query: status 400: .*unclosed left parenthesis/);
    assert.equal((await failure(ask('orders_total[$window]', 1))).code, 'METRIC_QUERY_WRONG');
  });
  it('is not the API at another path', async () => {
    using to = asking();
    const elsewhere = query(real.port, { value: 'vector(1)' });
    const lost = { ...elsewhere, source: { ...elsewhere.source, url: `${elsewhere.source.url}/elsewhere` } };
    assert.equal((await failure(to.metrics.history(lost, slots(1), to.control))).code, 'METRIC_QUERY_WRONG');
  });
});

describe('Prometheus while it scrapes', { skip: missing === undefined ? false : `not available: ${missing}` }, () => {
  it('knows the newest number, and none once the exporter is gone or Prometheus itself is', async () => {
    let orders = 0;
    const exporter = await startExporter(() => `# TYPE orders_total counter\norders_total{side="new"} ${(orders += 5)}\n`);
    const real = await startPrometheus({ scrape: exporter.port });
    using to = asking();
    const latest = async (): Promise<Reading | undefined> =>
      (await to.metrics.latest(query(real.port, { value: 'sum(rate(orders_total[$window]))' }), 3_000, to.control)).value;
    try {
      const seen = await until(latest, (reading) => reading !== undefined && 'value' in reading && reading.value > 0);
      assert.ok('value' in seen);
      await exporter[Symbol.asyncDispose]();
      assert.deepEqual(await until(latest, (reading) => reading !== undefined && 'none' in reading), { none: 'gap' });
    } finally {
      await real.stop();
    }
    const error = await failure(latest());
    assert.deepEqual([error.code, error.retry], ['METRIC_SOURCE_DOWN', 'afterBackoff']);
  });

  it('is reached by TLS with an authority of its own and a password, and refuses another', async () => {
    const { cert, key } = selfSigned('prometheus.example.com', new Date());
    const config = ['tls_server_config:', '  cert_file: tls.pem', '  key_file: tls.key', 'basic_auth_users:', `  slipway: ${HASH}`, ''].join('\n');
    await using real = await startPrometheus({ web: { config, files: { 'tls.pem': cert, 'tls.key': key } } });
    const resolve = () => ({ host: '127.0.0.1', port: real.port });
    using to = asking({ credential: credentials({ 'env:SLIPWAY_METRICS_GOOD': PASSWORD, 'env:SLIPWAY_METRICS_BAD': 'wrong-horse' }) }, resolve);
    const askWith = (password: string, caPem: string | undefined) => {
      const auth = { user: 'slipway', password: `env:SLIPWAY_METRICS_${password}` };
      const source = { type: 'prometheus', name: 'shop', url: 'https://prometheus.example.com', auth, ...(caPem === undefined ? {} : { caPem }) } as const;
      return to.metrics.latest({ ...query(0, { value: 'vector(42)' }), source }, MINUTE, to.control);
    };
    assert.deepEqual(
      await until(
        () => askWith('GOOD', cert).catch(() => undefined),
        (found) => found !== undefined,
      ),
      { value: { value: 42 } },
    );
    const refused = await failure(askWith('BAD', cert));
    assert.deepEqual([refused.code, refused.retry], ['METRIC_SOURCE_DENIED', 'never']);
    assert.doesNotMatch(`${refused.message} ${JSON.stringify(refused)}`, /wrong-horse|slipway:/);
    assert.equal((await failure(askWith('GOOD', undefined))).code, 'METRIC_SOURCE_UNTRUSTED');
  });
});

/** Look again until it is so, for half a minute at most. */
async function until<T>(look: () => Promise<T>, isSo: (seen: T) => boolean): Promise<T & {}> {
  for (let tries = 0; tries < 150; tries++) {
    const seen = await look();
    if (isSo(seen)) return seen as T & {}; // `isSo` refuses undefined
    await delay(200);
  }
  return assert.fail('it never came');
}
