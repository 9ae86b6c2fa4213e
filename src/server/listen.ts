import { createServer as createPlain, type Server } from 'node:http';
import { createServer as createTls } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';
import { messageOf, SlipwayError } from '../core/index.ts';
import type { Env } from './http/env.ts';
import type { ReadySettings } from './settings/index.ts';

/** A server that takes connections. */
export interface Listening {
  readonly port: number;
  /** Take no new connections, let what goes on end, and close what is left after so many milliseconds. */
  readonly close: (graceMs: number) => Promise<void>;
}

/** Slow senders: how long the head, and the whole of a request may take, and how long a connection may idle. */
const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 15_000,
  /** How often the two above are looked at. */
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 16 * 1024,
};
const MOST_REQUESTS_PER_SOCKET = 10_000;

/**
 * Listen, in TLS when there is a certificate.
 *
 * @throws {SlipwayError} `CANNOT_LISTEN`.
 */
export async function listen(
  app: Hono<Env>,
  settings: Pick<ReadySettings, 'listen' | 'tlsFiles' | 'limits'>,
  times: Partial<typeof LIMITS> = {},
): Promise<Listening> {
  const { listen: at, tlsFiles, limits } = settings;
  const options = { ...LIMITS, ...times };
  const tls = tlsFiles && { cert: tlsFiles.certificate, key: tlsFiles.key.reveal(), minVersion: 'TLSv1.2' as const };
  const made = tls
    ? createAdaptorServer({ fetch: app.fetch, createServer: createTls, serverOptions: { ...options, ...tls } })
    : createAdaptorServer({ fetch: app.fetch, createServer: createPlain, serverOptions: options });
  const server = made as Server; // neither of the two above makes an HTTP/2 server
  server.maxConnections = limits.connections;
  server.maxRequestsPerSocket = MOST_REQUESTS_PER_SOCKET;
  server.timeout = 0; // streams of events are silent for long; requests are bounded by the limits above
  server.on('clientError', refuse);
  await started(server, at);
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  return { port, close: (graceMs) => closed(server, graceMs) };
}

async function started(server: Server, { host, port }: ReadySettings['listen']): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(port, host, resolve);
  try {
    await promise;
  } catch (cause) {
    throw new SlipwayError('CANNOT_LISTEN', `cannot listen on ${host}:${port}: ${messageOf(cause)}`, {
      hint: 'is another process using the port?',
      exitCode: 2,
      cause,
    });
  }
  server.off('error', reject);
}

/** A request that is none, or too slow, or too large in its head: one line, and the connection is closed. */
function refuse(error: NodeJS.ErrnoException, socket: Pick<Socket, 'writable' | 'end' | 'destroy'>): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const status =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? '408 Request Timeout'
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? '431 Request Header Fields Too Large'
        : '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

async function closed(server: Server, graceMs: number): Promise<void> {
  const ended = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await ended;
  clearTimeout(timer);
}
