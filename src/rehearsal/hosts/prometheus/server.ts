import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Listening, stopServer } from '../application.ts';
import { listenNear } from '../listen.ts';
import type { Counter } from '../counters.ts';
import type { Machine } from '../machine.ts';
import { evaluate, type Value } from './evaluate.ts';
import { createHistory, type History } from './history.ts';
import { parsePromQl, QueryMistake } from './parse.ts';

const SCRAPE_MS = 250;
const MOST_POINTS = 11_000;
const MOST_BODY_BYTES = 1 << 16;

export interface PrometheusParts {
  readonly machine: Machine;
  readonly machines: readonly Machine[];
}

/** Play Prometheus: scrape what the rehearsed machines count, four times a second, and answer range queries about it. */
export async function startPrometheus({ machine, machines }: PrometheusParts): Promise<Listening> {
  const history = createHistory();
  const scrape = (): void => history.scrape(machines.flatMap(countersOf), machine.clock.now());
  const timer = setInterval(scrape, SCRAPE_MS);
  const server = createServer((request, response) => void respond(request, response, history));
  const port = await listenNear(server, machine.port('prometheus'));
  machine.keepPort('prometheus', port);
  return {
    port,
    stop: () => {
      clearInterval(timer);
      return stopServer(server);
    },
  };
}

/** An application whose service is stopped cannot be scraped. */
function countersOf({ counters, state }: Machine): readonly Counter[] {
  return counters.all().filter(({ labels: { service } }) => service === undefined || state.services[service]?.active === true);
}

async function respond(request: IncomingMessage, response: ServerResponse, history: History): Promise<void> {
  const [status, body] = await answer(request, history).catch((cause: unknown) => failure(cause));
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function failure(cause: unknown): readonly [number, object] {
  const isMistake = cause instanceof QueryMistake || cause instanceof SyntaxError; // a regular expression that is none
  const [status, errorType] = isMistake ? [400, 'bad_data'] : [500, 'internal'];
  return [status, { status: 'error', errorType, error: cause instanceof Error ? cause.message : String(cause) }];
}

async function answer(request: IncomingMessage, history: History): Promise<readonly [number, object]> {
  const url = new URL(request.url ?? '/', 'http://prometheus');
  if (url.pathname === '/-/ready' || url.pathname === '/-/healthy') return [200, {}];
  if (url.pathname !== '/api/v1/query_range') return [404, {}];
  const form = new URLSearchParams(`${url.search.slice(1)}&${await bodyOf(request)}`);
  const [start, end, step] = ['start', 'end', 'step'].map((name) => Math.round(Number(form.get(name)) * 1_000));
  if (start === undefined || end === undefined || step === undefined || !(step > 0) || !(end >= start) || (end - start) / step > MOST_POINTS)
    throw new QueryMistake('invalid parameter "start", "end" or "step"');
  const query = parsePromQl(form.get('query') ?? '');
  const series = new Map<string, (readonly [number, string])[]>();
  for (let at = start; at <= end; at += step) {
    for (const { key, value } of elementsOf(evaluate(query, at, history))) series.set(key, [...(series.get(key) ?? []), [at / 1_000, textOf(value)]]);
  }
  const result = [...series].map(([key, values]) => ({ metric: key === '' ? {} : (JSON.parse(key) as object), values }));
  return [200, { status: 'success', data: { resultType: 'matrix', result } }];
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > MOST_BODY_BYTES) throw new QueryMistake('the query is too long');
  }
  return text;
}

function elementsOf(value: Value): readonly { readonly key: string; readonly value: number }[] {
  return typeof value === 'number' ? [{ key: '', value }] : value;
}

/** As Prometheus writes numbers that JSON has none of. */
function textOf(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  return Number.isFinite(value) ? String(value) : value > 0 ? '+Inf' : '-Inf';
}
