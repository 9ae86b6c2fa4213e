import { createHmac } from 'node:crypto';
import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { GITHUB_SECRET } from '../../test/server/site.ts';

/** One request, and the status that it should get. */
export interface Shot {
  readonly path: string;
  readonly body?: string;
  readonly headers: { readonly [name: string]: string };
}
export interface Measured extends Sent {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

interface Sent {
  readonly sent: number;
  /** Answered as they should be. */
  readonly good: number;
  /** Which of them, by the number they were made from. */
  readonly acknowledged: readonly number[];
}

/** Send at an even rate, whatever the answers do; each counts from the moment when it was due, so that a slow answer counts for those behind it too. */
export async function atRate(
  port: number,
  shots: (n: number) => Shot,
  { perSecond, seconds }: { readonly perSecond: number; readonly seconds: number },
): Promise<Measured> {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const latencies: number[] = [];
  const acknowledged: number[] = [];
  const sent = perSecond * seconds;
  const startAt = performance.now() + 100;
  const answers: Promise<void>[] = [];
  for (let n = 0; n < sent; n++) {
    const dueAt = startAt + (n * 1_000) / perSecond;
    const waitMs = dueAt - performance.now();
    if (waitMs > 1) await delay(waitMs);
    answers.push(
      send(port, shots(n), agent).then((status) => {
        latencies.push(performance.now() - dueAt);
        if (status < 300) acknowledged.push(n);
      }),
    );
  }
  await Promise.all(answers);
  agent.destroy();
  return { sent, good: acknowledged.length, acknowledged, ...quantiles(latencies) };
}

/** As many as can be answered, by so many connections that each send again at once. Answers in a second. */
export async function atMost(
  port: number,
  shots: (n: number) => Shot,
  { connections, seconds }: { readonly connections: number; readonly seconds: number },
): Promise<Sent & { readonly perSecond: number }> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const startedAt = performance.now();
  let sent = 0;
  const acknowledged: number[] = [];
  const one = async (): Promise<void> => {
    while (performance.now() - startedAt < seconds * 1_000) {
      const n = sent++;
      if ((await send(port, shots(n), agent)) < 300) acknowledged.push(n);
    }
  };
  await Promise.all(Array.from({ length: connections }, one));
  const good = acknowledged.length;
  const perSecond = Math.round(good / ((performance.now() - startedAt) / 1_000));
  agent.destroy();
  return { sent, good, acknowledged, perSecond };
}

export function quantiles(values: readonly number[]): Pick<Measured, 'p50' | 'p99' | 'max'> {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 10) / 10;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

/** The id that a Git host gives a delivery. */
export function deliveryId(n: number): string {
  return `d-${n}`;
}

/** A push as a Git host sends it, each about another commit. */
export function delivery(path: string, n: number): Shot {
  const after = n.toString(16).padStart(40, '0');
  const body = JSON.stringify({
    ...{ ref: 'refs/heads/main', before: '0'.repeat(40), after, repository: { id: 1, full_name: `acme/estate-${n % 50}` }, sender: { id: 7, login: 'ada' } },
    commits: Array.from({ length: 20 }, (_, c) => ({ id: after, message: `change ${c}`, added: [`runbooks/r${c}.yaml`], modified: [] })),
  });
  const digest = createHmac('sha256', GITHUB_SECRET).update(body).digest('hex');
  const headers = {
    'content-type': 'application/json',
    'x-github-event': 'push',
    'x-github-delivery': deliveryId(n),
    'x-hub-signature-256': `sha256=${digest}`,
  };
  return { path, body, headers };
}

/** The status of an answer; 599 when there is none. */
export function send(port: number, { path, body, headers }: Shot, agent?: Agent): Promise<number> {
  return new Promise((resolve) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const options = {
      host: '127.0.0.1',
      port,
      path,
      method: body === undefined ? 'GET' : 'POST',
      headers: { ...headers, ...length },
      ...(agent ? { agent } : {}),
    };
    const call = request(options, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 599));
    });
    call.on('error', () => resolve(599));
    call.end(body);
  });
}
