import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EXIT, messageOf, SlipwayError } from '../core/index.ts';

/** What a scrape gets. */
export interface Exposition {
  readonly text: string;
  readonly contentType: string;
}
export interface MetricsPlace {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
}
export interface MetricsListener extends AsyncDisposable {
  readonly port: number;
}
const TIMEOUT_MS = 10_000;

/**
 * Answer `GET /metrics`, and nothing else.
 *
 * @throws {SlipwayError} `CANNOT_LISTEN`.
 */
export async function listenForScrapes({ host, port }: MetricsPlace, scrape: () => Promise<Exposition>): Promise<MetricsListener> {
  const server = createServer({ requestTimeout: TIMEOUT_MS, headersTimeout: TIMEOUT_MS }, (request, response) => void answer(request, response, scrape));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  }).catch((cause: unknown) => {
    throw new SlipwayError('CANNOT_LISTEN', `metrics cannot be given at ${host}:${port}: ${messageOf(cause)}`, {
      ...{ cause, exitCode: EXIT.usage, hint: 'set SLIPWAY_METRICS_LISTEN to an address and a free port of this machine' },
    });
  });
  return {
    port: (server.address() as AddressInfo).port, // it listens on TCP
    [Symbol.asyncDispose]: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

async function answer({ method, url }: IncomingMessage, response: ServerResponse, scrape: () => Promise<Exposition>): Promise<void> {
  if (url?.replace(/\?.*$/, '') !== '/metrics') return end(response, 404, 'metrics are at /metrics\n');
  if (method !== 'GET' && method !== 'HEAD') return end(response, 405, 'only GET\n');
  try {
    const { text, contentType } = await scrape();
    end(response, 200, text, contentType);
  } catch {
    // The store is away; why is told where runs are driven.
    end(response, 503, 'the store does not answer\n');
  }
}

function end(response: ServerResponse, status: number, text: string, contentType = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' }).end(text);
}
