import assert from 'node:assert/strict';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { SlipwayError } from '../../src/core/index.ts';
import { createTcp } from '../../src/effects/index.ts';

const never = new AbortController().signal;
const failsWith = (code: string) => (thrown: unknown) => thrown instanceof SlipwayError && thrown.code === code;

test('a port that listens is connected to, and the connection is closed', async () => {
  const server = createServer();
  const closed = new Promise<void>((resolve) => server.on('connection', (socket) => socket.on('close', () => resolve()).resume()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a TCP server that listens has such an address
  const { connectMs } = await createTcp({ resolve: () => ({ host: '127.0.0.1', port }) }).connect({ host: 'db.internal', port: 5432, timeoutMs: 1_000 }, never);
  assert.ok(connectMs >= 0 && connectMs < 1_000);
  await closed;
  server.close();
  await assert.rejects(createTcp().connect({ host: '127.0.0.1', port, timeoutMs: 1_000 }, never), failsWith('TCP_UNREACHABLE'));
});

test('an abort gives the reason of the signal', async () => {
  await assert.rejects(createTcp().connect({ host: '127.0.0.1', port: 9, timeoutMs: 1_000 }, AbortSignal.abort(new Error('enough'))), /enough/);
});

test('no connection in time is a timeout', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // as above
  // Right after setImmediate the event loop looks at timers before it looks at sockets: busy for longer than the timeout, it finds the timer first.
  await setImmediate();
  const attempt = createTcp().connect({ host: '127.0.0.1', port, timeoutMs: 5 }, never);
  for (const until = performance.now() + 30; performance.now() < until;);
  await assert.rejects(attempt, failsWith('TCP_TIMEOUT'));
  server.close();
});
