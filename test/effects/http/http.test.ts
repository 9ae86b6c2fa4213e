import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Secret, SlipwayError } from '../../../src/core/index.ts';
import { createHttp } from '../../../src/effects/index.ts';
import type { HttpRequest } from '../../../src/steps/index.ts';
import { selfSigned } from './certificate.ts';

const never = new AbortController().signal;
const get = (url: string, more: Partial<HttpRequest> = {}): HttpRequest => ({
  ...{ method: 'GET', url, timeoutMs: 2_000, maxBodyBytes: 1_000, followRedirects: false },
  ...more,
});
const text = (body: Uint8Array) => Buffer.from(body).toString();
const failsWith = (code: string) => (thrown: unknown) => thrown instanceof SlipwayError && thrown.code === code;

async function listen(server: { listen(port: number, host: string, done: () => void): unknown; address(): AddressInfo | string | null }): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port; // a TCP server that listens has such an address
}
async function serving<T>(listener: RequestListener, use: (base: string, server: Server) => Promise<T>): Promise<T> {
  const server = createServer(listener);
  const port = await listen(server);
  try {
    return await use(`http://127.0.0.1:${port}`, server);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe('requests', () => {
  test('carry method, headers, secrets and body, and bring back status, headers, body and time', async () => {
    using http = createHttp();
    const seen: unknown[] = [];
    await serving(
      (request, response) => {
        const chunks: Uint8Array[] = [];
        request.on('data', (chunk: Uint8Array) => chunks.push(chunk));
        request.on('end', () => {
          seen.push([request.method, request.url, request.headers['x-token'], Buffer.concat(chunks).toString()]);
          response.writeHead(201, { 'X-Answer': 'yes' }).end('hello');
        });
      },
      async (base) => {
        const response = await http.request(get(`${base}/a?b=c`, { method: 'POST', body: 'päyload', headers: { 'X-Token': new Secret('s3cret') } }), never);
        assert.equal(response.status, 201);
        assert.equal(response.headers['x-answer'], 'yes');
        assert.equal(text(response.body), 'hello');
        assert.ok(response.totalMs > 0 && response.totalMs < 2_000);
      },
    );
    assert.deepEqual(seen, [['POST', '/a?b=c', 's3cret', 'päyload']]);
  });

  test('keep only as much of the body as asked, and count the rest', async () => {
    using http = createHttp();
    await serving(
      (_, response) => void response.end('x'.repeat(5_000)),
      async (base) => {
        const { body, bodyBytes } = await http.request(get(base), never);
        assert.equal(body.length, 1_000);
        assert.equal(bodyBytes, 5_000);
      },
    );
  });

  test('reuse connections', async () => {
    using http = createHttp();
    const sockets = new Set<unknown>();
    await serving(
      (request, response) => {
        sockets.add(request.socket);
        response.end('ok');
      },
      async (base) => {
        for (let round = 0; round < 5; round++) await http.request(get(base), never);
      },
    );
    assert.equal(sockets.size, 1);
  });

  test('do not use a connection that was idle for long', async () => {
    using http = createHttp({ idleMs: 20 });
    const sockets = new Set<unknown>();
    await serving(
      (request, response) => {
        sockets.add(request.socket);
        setTimeout(() => response.end('ok'), request.url === '/slow' ? 60 : 0);
      },
      async (base) => {
        assert.equal((await http.request(get(`${base}/slow`), never)).status, 200, 'waiting for an answer is not idling');
        await delay(60);
        await http.request(get(base), never);
      },
    );
    assert.equal(sockets.size, 2);
  });

  test('report a reset on a kept-alive connection: the service did that, and nothing is sent twice', async () => {
    using http = createHttp();
    const seen: string[] = [];
    await serving(
      (request, response) => {
        seen.push(request.url ?? '');
        if (request.url === '/reset') request.socket.resetAndDestroy();
        else response.end('ok');
      },
      async (base) => {
        await http.request(get(base), never);
        await assert.rejects(http.request(get(`${base}/reset`), never), failsWith('HTTP_UNREACHABLE'));
      },
    );
    assert.deepEqual(seen, ['/', '/reset']);
  });
});

describe('failures', () => {
  test('nobody listens', async () => {
    using http = createHttp();
    const port = await serving(
      () => undefined,
      async (base) => Number(new URL(base).port),
    );
    await assert.rejects(http.request(get(`http://127.0.0.1:${port}/x?token=abc`), never), (thrown: unknown) => {
      assert.ok(thrown instanceof SlipwayError);
      assert.equal(thrown.code, 'HTTP_UNREACHABLE');
      assert.equal(thrown.retry, 'afterBackoff');
      assert.ok(!thrown.message.includes('abc'), 'a query may hold a secret');
      return true;
    });
  });

  test('no answer in time, before the headers and in the middle of the body', async () => {
    using http = createHttp();
    await serving(
      (request, response) => {
        if (request.url === '/half') response.writeHead(200, { 'content-length': 10 }).write('half');
      },
      async (base) => {
        await assert.rejects(http.request(get(base, { timeoutMs: 50 }), never), failsWith('HTTP_TIMEOUT'));
        await assert.rejects(http.request(get(`${base}/half`, { timeoutMs: 50 }), never), failsWith('HTTP_TIMEOUT'));
      },
    );
  });

  test('a connection that is cut in the middle of the body is not an answer', async () => {
    using http = createHttp();
    await serving(
      (_, response) => {
        response.writeHead(200, { 'content-length': 10 }).write('half');
        setImmediate(() => response.destroy());
      },
      async (base) => assert.rejects(http.request(get(base), never), failsWith('HTTP_UNREACHABLE')),
    );
  });

  test('an answer that is not HTTP', async () => {
    using http = createHttp();
    const server = createTcpServer((socket) => void socket.end('SSH-2.0-OpenSSH\r\n'));
    const port = await listen(server);
    await assert.rejects(http.request(get(`http://127.0.0.1:${port}`), never), failsWith('HTTP_UNREACHABLE'));
    server.close();
  });

  test('an abort gives the reason of the signal, also before the start', async () => {
    using http = createHttp();
    const abort = new AbortController();
    await serving(
      () => abort.abort(new Error('enough')),
      async (base) => {
        await assert.rejects(http.request(get(base), abort.signal), /enough/);
        await assert.rejects(http.request(get(base), abort.signal), /enough/);
      },
    );
  });

  test('a header that cannot be sent, and an address that is none', async () => {
    using http = createHttp();
    await assert.rejects(http.request(get('http://127.0.0.1:1/', { headers: { x: 'a\r\nb' } }), never));
    await assert.rejects(http.request(get('file:///etc/passwd'), never), failsWith('HTTP_UNREACHABLE'));
  });
});

describe('redirects', () => {
  const listener: RequestListener = (request, response) => {
    const to = new URL(request.url ?? '/', 'http://x').searchParams.get('to');
    if (to === null) response.end(`${request.method} ${request.headers.authorization ?? 'none'} ${String(request.headers['x-key'] ?? 'none')}`);
    else response.writeHead(request.url?.startsWith('/see') ? 303 : 307, { location: to }).end();
  };
  test('are followed only when asked', async () => {
    using http = createHttp();
    await serving(listener, async (base) => {
      assert.equal((await http.request(get(`${base}/go?to=/end`), never)).status, 307);
      assert.equal(text((await http.request(get(`${base}/go?to=/end`, { followRedirects: true, method: 'POST', body: 'x' }), never)).body), 'POST none none');
      assert.equal(text((await http.request(get(`${base}/see?to=/end`, { followRedirects: true, method: 'POST', body: 'x' }), never)).body), 'GET none none');
    });
  });
  test('end when they go in circles', async () => {
    using http = createHttp();
    await serving(
      (_, response) => void response.writeHead(302, { location: '/' }).end(),
      async (base) => assert.rejects(http.request(get(base, { followRedirects: true }), never), /redirects more than 5 times/),
    );
  });
  test('take no secret to another origin', async () => {
    using http = createHttp();
    await serving(listener, (base) =>
      serving(listener, async (other) => {
        const headers = { Authorization: 'Bearer x', 'X-Key': new Secret('very-secret') };
        const same = await http.request(get(`${base}/go?to=/end`, { followRedirects: true, headers }), never);
        assert.equal(text(same.body), 'GET Bearer x very-secret');
        const elsewhere = await http.request(get(`${base}/go?to=${other}/end`, { followRedirects: true, headers }), never);
        assert.equal(text(elsewhere.body), 'GET none none');
      }),
    );
  });
});

describe('names and certificates', () => {
  const certificate = selfSigned('erp.example.com', new Date());
  const server = createTlsServer(certificate, (request, response) => void response.end(request.headers.host));
  let port = 0;
  before(async () => {
    port = await listen(server);
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  const resolve = () => ({ host: '127.0.0.1', port });

  test('resolve sends a name elsewhere and keeps name, Host and certificate check', async () => {
    using http = createHttp({ resolve, ca: certificate.cert });
    const response = await http.request(get('https://erp.example.com/'), never);
    assert.equal(text(response.body), 'erp.example.com');
    await assert.rejects(http.request(get('https://other.example.com/'), never), failsWith('HTTP_TLS'));
  });
  test('a certificate nobody trusts is refused', async () => {
    using http = createHttp({ resolve });
    await assert.rejects(http.request(get('https://erp.example.com/'), never), failsWith('HTTP_TLS'));
  });
});
