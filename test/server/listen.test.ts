import assert from 'node:assert/strict';
import { request } from 'node:http';
import { request as requestTls } from 'node:https';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { Hono } from 'hono';
import { Secret } from '../../src/core/index.ts';
import { readBody } from '../../src/server/http/body.ts';
import type { Env } from '../../src/server/http/env.ts';
import { problemReply } from '../../src/server/http/problem.ts';
import { listen, type Listening } from '../../src/server/index.ts';
import { selfSigned } from '../effects/http/certificate.ts';

const limits = { requestsPerMinute: 1_000, webhooksPerMinute: 1_000, failuresPerMinute: 10, runs: 1, connections: 8, followers: 1 };
const quick = { headersTimeout: 400, requestTimeout: 800, connectionsCheckingInterval: 100 };
let server: Listening;
let seen = 0;

function app(): Hono<Env> {
  const made = new Hono<Env>();
  made.onError((error, c) => problemReply(c, error));
  made.post('/', async (c) => {
    seen++;
    return c.text(String((await readBody(c, 1_000)).byteLength));
  });
  return made;
}

before(async () => void (server = await listen(app(), { listen: { host: '127.0.0.1', port: 0, trustedProxies: [] }, limits }, quick)));
after(async () => server.close(100));

/** Send bytes, perhaps drop by drop; what came back until the connection ended. */
function send(parts: readonly string[], everyMs = 0): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, '127.0.0.1');
    let said = '';
    socket.on('data', (chunk: Buffer) => (said += chunk.toString()));
    socket.on('close', () => resolve(said));
    socket.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNRESET' || error.code === 'EPIPE' ? resolve(said) : reject(error)));
    const left = [...parts];
    const next = (): void => {
      const part = left.shift();
      if (part === undefined || socket.destroyed) return;
      socket.write(part);
      setTimeout(next, everyMs).unref();
    };
    next();
  });
}

describe('a listening server', () => {
  test('cuts off whoever sends the head of a request drop by drop', async () => {
    const head = 'POST / HTTP/1.1\r\nhost: x\r\n';
    const said = await send([head, ...Array.from({ length: 100 }, (_, n) => `x-${n}: y\r\n`)], 50);
    assert.match(said, /^HTTP\/1\.1 408 /);
    assert.equal(seen, 0);
  });

  test('cuts off whoever sends the body drop by drop', async () => {
    const said = await send(['POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 500\r\n\r\n', ...Array.from({ length: 100 }, () => 'y')], 50);
    assert.ok(said === '' || /^HTTP\/1\.1 (408|400) /.test(said), said);
  });

  test('refuses heads that are too large or are none', async () => {
    assert.match(await send([`POST / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`]), /^HTTP\/1\.1 431 /);
    assert.match(await send(['hello\r\n\r\n']), /^HTTP\/1\.1 400 /);
    assert.match(await send(['POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n']), /^HTTP\/1\.1 400 /);
    assert.match(await send(['POST / HTTP/1.1\r\nhost: x\r\nx: a\nb: c\r\n\rcontent-length: 0\r\n\r\n']), /^HTTP\/1\.1 400 /);
  });

  test('stops reading a body that is larger than it says, or than it may be', async () => {
    const chunk = `400\r\n${'z'.repeat(0x400)}\r\n`;
    const said = await send([
      'POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n',
      ...Array.from({ length: 5 }, () => chunk),
      '0\r\n\r\n',
    ]);
    assert.match(said, /^HTTP\/1\.1 413 /);
    assert.match(said, /BODY_TOO_LARGE/);
  });

  test('takes no more connections than it may', async () => {
    const open = Array.from({ length: 12 }, () => connect(server.port, '127.0.0.1'));
    const ended = await Promise.race([
      Promise.any(open.map((socket) => new Promise((resolve) => socket.on('close', () => resolve('closed'))))),
      new Promise((resolve) => setTimeout(() => resolve('all open'), 300).unref()),
    ]);
    assert.equal(ended, 'closed');
    for (const socket of open) socket.destroy();
  });

  test('speaks TLS from version 1.2 on, and nothing else, when it has a certificate', async () => {
    const { cert, key } = selfSigned('localhost', new Date());
    const secure = await listen(app(), {
      listen: { host: '127.0.0.1', port: 0, trustedProxies: [] },
      limits,
      tlsFiles: { certificate: cert, key: new Secret(key) },
    });
    const status = await new Promise((resolve, reject) => {
      const call = requestTls({ host: '127.0.0.1', port: secure.port, method: 'POST', path: '/', ca: cert, servername: 'localhost' }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      call.on('error', reject).end('abc');
    });
    assert.equal(status, 200);
    const plain = await new Promise((resolve) => {
      request({ host: '127.0.0.1', port: secure.port }, (response) => resolve(response.statusCode))
        .on('error', () => resolve('refused'))
        .end();
    });
    assert.ok(plain === 'refused' || plain === 400, String(plain));
    const old = await new Promise((resolve) => {
      requestTls({ host: '127.0.0.1', port: secure.port, ca: cert, maxVersion: 'TLSv1.1', minVersion: 'TLSv1' }, () => resolve('spoken'))
        .on('error', () => resolve('refused'))
        .end();
    });
    assert.equal(old, 'refused');
    await secure.close(100);
  });

  test('says so when the port is taken', async () => {
    await assert.rejects(listen(app(), { listen: { host: '127.0.0.1', port: server.port, trustedProxies: [] }, limits }), { code: 'CANNOT_LISTEN' });
  });
});
