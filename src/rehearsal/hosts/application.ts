import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { logNormal, seededRandom, seedOf } from './latency.ts';
import { listenNear } from './listen.ts';
import type { Machine } from './machine.ts';
import type { HttpEndpoint } from './vars.ts';

/** A server that listens until it is stopped. */
export interface Listening {
  readonly port: number;
  stop(): Promise<void>;
}
export interface ApplicationParts {
  readonly machine: Machine;
  readonly endpoint: HttpEndpoint;
  readonly seed: number;
  /** Added to every answer of this side, in milliseconds. */
  readonly extraLatencyMs: () => number;
}

/** Play an application: it answers while its service is active; both sides give the same bodies. */
export async function startApplication({ machine, endpoint, seed, extraLatencyMs }: ApplicationParts): Promise<Listening> {
  const random = seededRandom(seed ^ seedOf(`${machine.name}:${endpoint.port}`));
  const isActive = (): boolean => machine.state.services[endpoint.service]?.active === true;
  const server = createServer((request, response) => {
    const latency = logNormal(endpoint.latencyMs, random) + extraLatencyMs();
    const fails = random() < endpoint.errorRate;
    setTimeout(() => {
      if (!isActive()) {
        request.socket.resetAndDestroy();
        return;
      }
      const status = fails ? 500 : 200;
      answer(request, response, { status, machine });
      const { side, service } = endpoint;
      machine.counters.add('http_requests_total', { host: machine.name, side, service, path: pathOf(request.url), code: String(status) });
    }, latency);
  });
  // A stopped service has no open port: callers see a broken connection, not an answer.
  server.prependListener('connection', (socket) => {
    if (!isActive()) socket.resetAndDestroy();
  });
  const port = await listenNear(server, machine.port(`http:${endpoint.port}`));
  machine.keepPort(`http:${endpoint.port}`, port);
  return { port, stop: () => stopServer(server) };
}

export function stopServer(server: ReturnType<typeof createServer>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function answer(request: IncomingMessage, response: ServerResponse, { status, machine }: { status: number; machine: Machine }): void {
  if (response.destroyed) return;
  const body = status === 200 ? bodyFor(request.method ?? 'GET', request.url ?? '/') : { error: 'internal error' };
  response.writeHead(status, { 'content-type': 'application/json', 'x-served-by': machine.name });
  response.end(`${JSON.stringify(body)}\n`);
}

export function pathOf(url = '/'): string {
  return url.split('?', 1)[0] ?? '/';
}

/** The same answer for the same request, whoever is asked. */
function bodyFor(method: string, url: string): object {
  const path = pathOf(url);
  if (path === '/health') return { status: 'ok' };
  const random = seededRandom(seedOf(`${method} ${url}`));
  const items = Array.from({ length: 3 + Math.floor(random() * 5) }, (_, index) => ({
    id: index + 1,
    amount: Math.floor(random() * 100_000) / 100,
    quantity: Math.floor(random() * 40),
  }));
  return { path, items };
}
