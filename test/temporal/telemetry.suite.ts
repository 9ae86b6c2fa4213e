import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { live, until } from '../scenario/site.ts';
import { type Cases, openCases, ZONE } from './cases.ts';

/** Runs on Temporal send the spans and count the figures of any other run, once, also when workers come and go. */

const BOB = { actor: 'user:bob', teams: 'ops' };
let cases: Cases;
before(async () => (cases = await openCases()));
after(() => cases[Symbol.asyncDispose]());

interface Sent {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly Span[] }[] }[];
}
interface Span {
  readonly name: string;
  readonly spanId: string;
  readonly traceId: string;
}

async function openCollector(): Promise<{ readonly url: string; readonly spans: Span[] } & AsyncDisposable> {
  const spans: Span[] = [];
  const collector = createServer((request, response) => {
    void buffer(request).then((bytes) => {
      const { resourceSpans } = JSON.parse(bytes.toString('utf8')) as Sent; // what OTLP says
      spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((done) => collector.listen(0, '127.0.0.1', done));
  const { port } = collector.address() as AddressInfo; // it listens on TCP
  return {
    ...{ url: `http://127.0.0.1:${port}`, spans },
    [Symbol.asyncDispose]: () =>
      new Promise((done) => {
        collector.close(() => done());
        collector.closeAllConnections();
      }),
  };
}

const shape = (spans: readonly Span[]): readonly string[] => spans.map(({ name }) => name.replace(/run-[0-9a-z-]+/g, '<run>')).toSorted();

test('the same spans as a local run and the same figures, once, over two workers', { timeout: 240_000 }, async () => {
  await using collector = await openCollector();
  using site = cases.open(
    (shell) => ({
      steps: [
        shell('one', 'test -e tried || { touch tried; exit 1; }', { retry: { attempts: 2, backoff: { initial: '1s' } } }),
        { id: 'gate', uses: 'approval', with: { approvers: ['team:ops'] }, needs: ['one'] },
        shell('two', 'rm -f tried', { needs: ['gate'] }),
      ],
    }),
    { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, SLIPWAY_METRICS_LISTEN: '127.0.0.1:0' },
  );
  const { at } = site;
  const scrape = async (said: string): Promise<string> => (await fetch(`http://127.0.0.1:${/metrics are at port (\d+)/.exec(said)?.[1] ?? ''}/metrics`)).text();
  const first = await site.worker('--central', '--zone', ZONE, '--no-schedules');
  const run = await live(at, ['apply', 'work', '--yes']);
  await run.sees('stepWaiting', 'work/gate');
  const before = await scrape(first.said());
  first.child.kill('SIGTERM');
  assert.equal((await first.ended).code, 0, first.said());
  const second = await site.worker('--central', '--zone', ZONE, '--no-schedules');
  await at.run(0, ['approve', run.id], BOB);
  await run.ends(0);
  const later = await scrape(second.said());
  second.child.kill('SIGTERM');
  await second.ended;
  const count = (text: string, line: RegExp): number => Number(line.exec(text)?.[1] ?? 0);
  const [failed, changed] = [
    /^slipway_step_duration_seconds_count\{uses="ssh.run",state="failed"\} (\d+)$/m,
    /^slipway_step_duration_seconds_count\{uses="ssh.run",state="changed"\} (\d+)$/m,
  ];
  const [retries, runs] = [/^slipway_step_retries_total\{uses="ssh.run"\} (\d+)$/m, /^cicd_pipeline_run_duration_seconds_count\{.*\} (\d+)$/m];
  assert.deepEqual(
    [failed, changed, retries, runs].map((line) => count(before, line)),
    [1, 1, 1, 0],
  );
  assert.deepEqual(
    [failed, changed, retries, runs].map((line) => count(later, line)),
    [0, 1, 0, 1],
    'what another worker counted is not counted again',
  );
  const remote = await until('all spans', () => (collector.spans.some(({ name }) => name === 'RUN work') ? [...collector.spans] : undefined));
  assert.equal(new Set(remote.map(({ spanId }) => spanId)).size, remote.length, 'a span is told twice');
  assert.equal(new Set(remote.map(({ traceId }) => traceId)).size, 1);
  collector.spans.length = 0;
  const local = await live(at, ['apply', 'work', '--yes'], { env: { SLIPWAY_ENGINE: 'local' } });
  await local.sees('stepWaiting', 'work/gate');
  await at.run(0, ['approve', local.id], { ...BOB, env: { SLIPWAY_ENGINE: 'local' } });
  await local.ends(0);
  assert.deepEqual(
    shape(remote),
    shape(await until('its spans', () => (collector.spans.some(({ name }) => name === 'RUN work') ? collector.spans : undefined))),
  );
});
