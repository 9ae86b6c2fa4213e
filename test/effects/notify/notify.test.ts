import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { type Clock, Secret, SlipwayError } from '../../../src/core/index.ts';
import { createHttp, createNotify } from '../../../src/effects/index.ts';

const never = new AbortController().signal;
const message = { channel: '#cab', title: 'ERP <!channel>', text: 'all on the new side & well', runId: 'run-20261123-7k2m9qz4ab' };

interface Got {
  readonly headers: IncomingHttpHeaders;
  readonly url: string;
  readonly body: string;
}
/** A receiver that answers with these statuses in turn, then 200. */
async function receiver(statuses: readonly number[] = []) {
  const got: Got[] = [];
  const server = createServer((request, response) => {
    const chunks: Uint8Array[] = [];
    request.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    request.on('end', () => {
      got.push({ headers: request.headers, url: request.url ?? '', body: Buffer.concat(chunks).toString() });
      response.writeHead(statuses[got.length - 1] ?? 200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a TCP server that listens has such an address
  return {
    got,
    address: `http://127.0.0.1:${port}/hooks/T0/B0/very-secret`,
    [Symbol.dispose]: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
function clock(): Clock & { readonly slept: number[] } {
  const slept: number[] = [];
  return { slept, now: () => 1_700_000_000_000, monotonic: () => 0, sleep: async (ms) => void slept.push(ms) };
}
function notifier(channels: { readonly [key: string]: string }, more: { readonly rehearsal?: boolean } = {}) {
  const lines: string[] = [];
  const http = createHttp();
  const time = clock();
  const secrets = Object.fromEntries(Object.entries(channels).map(([key, url]) => [key, new Secret(url)]));
  const port = createNotify({ channels: secrets, http, clock: time, log: (line) => void lines.push(line), ...more });
  return { port, lines, time, [Symbol.dispose]: () => http[Symbol.dispose]() };
}

test('the log needs no configuration', async () => {
  using it = notifier({});
  await it.port.send({ ...message, channel: 'log' }, never);
  assert.deepEqual(it.lines, ['ERP <!channel>: all on the new side & well']);
});

test('a plain address gets what chat systems take, without markup from data', async () => {
  using hook = await receiver();
  using it = notifier({ cab: hook.address });
  await it.port.send(message, never);
  assert.deepEqual(JSON.parse(hook.got[0]?.body ?? ''), {
    text: '*ERP &lt;!channel&gt;*\nall on the new side &amp; well\n_run-20261123-7k2m9qz4ab_',
  });
  assert.equal(hook.got[0]?.url, '/hooks/T0/B0/very-secret');
});

test('an address with a signing secret gets a signed event, the same id each time', async () => {
  using hook = await receiver();
  const key = Buffer.from('0123456789abcdef0123456789abcdef');
  using it = notifier({ cab: `${hook.address}#whsec_${key.toString('base64')}` });
  await it.port.send(message, never);
  await it.port.send(message, never);
  await it.port.send({ ...message, text: 'other' }, never);
  const [first, second, third] = hook.got;
  assert.ok(first && second && third);
  const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = first.headers;
  assert.equal(at, '1700000000');
  const mac = createHmac('sha256', key)
    .update(`${String(id)}.1700000000.${first.body}`)
    .digest('base64');
  assert.equal(signature, `v1,${mac}`);
  assert.equal(second.headers['webhook-id'], id);
  assert.notEqual(third.headers['webhook-id'], id);
  assert.equal((JSON.parse(first.body) as { type: string }).type, 'slipway.notification');
});

test('busy receivers are asked again, refusals are not', async () => {
  using busy = await receiver([503, 429]);
  using it = notifier({ cab: busy.address });
  await it.port.send(message, never);
  assert.equal(busy.got.length, 3);
  assert.equal(it.time.slept.length, 2);

  using gone = await receiver([404, 404]);
  using other = notifier({ cab: gone.address });
  await assert.rejects(other.port.send(message, never), (thrown: unknown) => thrown instanceof SlipwayError && thrown.code === 'NOTIFY_REJECTED');
  assert.equal(gone.got.length, 1);
});

test('no failure repeats the address', async () => {
  const hook = await receiver();
  hook[Symbol.dispose]();
  using it = notifier({ cab: hook.address });
  await assert.rejects(it.port.send(message, never), (thrown: unknown) => {
    assert.ok(thrown instanceof SlipwayError);
    assert.equal(thrown.code, 'NOTIFY_UNREACHABLE');
    assert.ok(!JSON.stringify([thrown.message, thrown.hint, thrown.stack, String(thrown.cause)]).includes('very-secret'));
    return true;
  });
});

test('an unknown channel says what to set', async () => {
  using it = notifier({});
  await assert.rejects(it.port.send({ ...message, channel: '#change-board' }, never), (thrown: unknown) => {
    assert.ok(thrown instanceof SlipwayError);
    assert.equal(thrown.code, 'NOTIFY_UNKNOWN_CHANNEL');
    assert.match(thrown.hint ?? '', /SLIPWAY_NOTIFY_CHANGE_BOARD/);
    return true;
  });
});

test('a rehearsal tells nobody', async () => {
  using hook = await receiver();
  using it = notifier({ cab: hook.address }, { rehearsal: true });
  await it.port.send(message, never);
  assert.equal(hook.got.length, 0);
  assert.match(it.lines[0] ?? '', /^would tell #cab: /);
});
