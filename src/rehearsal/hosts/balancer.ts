import { createServer, type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http';
import { type Listening, pathOf, stopServer } from './application.ts';
import { startCustomers } from './customers.ts';
import { seededRandom, seedOf } from './latency.ts';
import { listenNear } from './listen.ts';
import type { Machine } from './machine.ts';
import type { LoadBalancer } from './vars.ts';

type Resolve = (host: string, port: number) => { readonly host: string; readonly port: number } | undefined;
type BackendServer = LoadBalancer['servers'][number];

export interface BalancerParts {
  readonly machine: Machine;
  readonly balancer: LoadBalancer;
  readonly seed: number;
  readonly resolve: Resolve;
}

/** Play HAProxy's traffic: split requests by the weights of now, skip servers that are down, try another one when a connection fails. */
export async function startBalancer({ machine, balancer, seed, resolve }: BalancerParts): Promise<Listening> {
  const random = seededRandom(seed ^ seedOf(`${machine.name}:lb`));
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    response.on('finish', () =>
      machine.counters.add('frontend_requests_total', { host: machine.name, path: pathOf(request.url), code: String(response.statusCode) }),
    );
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const servers = inTurn(
        balancer.servers.filter(({ name }) => takesTraffic(machine, name)),
        machine,
        random,
      );
      forward({ request, response, body: Buffer.concat(chunks), resolve }, servers);
    });
  });
  const port = await listenNear(server, machine.port('lb'));
  machine.keepPort('lb', port);
  const customers = startCustomers(balancer.customers, port);
  return {
    port,
    stop: () => {
      customers.stop();
      return stopServer(server);
    },
  };
}

function takesTraffic(machine: Machine, name: string): boolean {
  const server = machine.state.servers[name];
  return server !== undefined && server.weight > 0 && server.admin === 'ready' && machine.isUp(name);
}

/** The chosen server first, then those to try when it fails. */
function inTurn(servers: readonly BackendServer[], machine: Machine, random: () => number): readonly BackendServer[] {
  const weightOf = ({ name }: BackendServer): number => machine.state.servers[name]?.weight ?? 0;
  let point = random() * servers.reduce((sum, server) => sum + weightOf(server), 0);
  const first = servers.find((server) => (point -= weightOf(server)) < 0) ?? servers[0];
  return first ? [first, ...servers.filter((server) => server !== first)] : [];
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: Buffer;
  readonly resolve: Resolve;
}

function forward(exchange: Exchange, [server, ...others]: readonly BackendServer[]): void {
  const { request, response, body } = exchange;
  const target = server && exchange.resolve(server.host, server.port);
  if (!server || !target) {
    if (server) return forward(exchange, others);
    response.writeHead(503, { 'content-type': 'text/plain' });
    response.end('no server is available to handle this request\n');
    return;
  }
  const onward = httpRequest({ ...target, method: request.method, path: request.url, headers: request.headers, agent: false }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, { ...answer.headers, connection: 'close' });
    answer.pipe(response);
  });
  onward.on('error', () => (response.headersSent ? response.destroy() : forward(exchange, others)));
  onward.end(body);
}
