import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Person } from './forge.ts';

export interface Answer {
  readonly status?: number;
  /** JSON, or bytes as they are. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}
export interface Asked {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
  readonly by: Person;
  readonly headers: IncomingMessage['headers'];
  readonly url: URL;
}
export type Route = readonly [call: string, handle: (asked: Asked) => Answer];
export interface Fake extends AsyncDisposable {
  readonly url: string;
  /** The next requests like this are answered so, and do nothing. */
  answerNext(request: RegExp, ...answers: readonly Answer[]): void;
  /** `GET /path → 200`, in order. */
  readonly log: readonly string[];
  /** Called with `POST /path` once something has been done, and before whoever asked hears of it. */
  readonly onDone: ((line: string) => void)[];
}
export interface FakeOptions {
  readonly routes: readonly Route[];
  /** Who asks; undefined is refused. */
  readonly authenticate: (headers: IncomingMessage['headers'], path: string) => Person | undefined;
  readonly refuse: (status: number, message: string) => Answer;
  /** Sent with every answer. */
  readonly headers?: (by: Person | undefined) => Readonly<Record<string, string>>;
  readonly git?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

/** A host's HTTP: routes, credentials, ETags, JSON; and answers that go wrong when a test asks for them. */
export async function serveFake({ routes, authenticate, refuse, headers: always = () => ({}), git }: FakeOptions): Promise<Fake> {
  const log: string[] = [];
  const onDone: ((line: string) => void)[] = [];
  const planned: { readonly request: RegExp; readonly answers: Answer[] }[] = [];
  const compiled = routes.map(([call, handle]) => ({ ...compile(call), handle }));
  const server = createServer((request, response) => {
    if (git?.(request, response) === true) return;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://host');
      const line = `${request.method ?? ''} ${url.pathname}`;
      const plan = planned.find((each) => each.answers.length > 0 && each.request.test(line));
      const by = authenticate(request.headers, url.pathname);
      const answer =
        plan?.answers.shift() ??
        (by === undefined ? refuse(401, 'Bad credentials') : handled(line, { url, request, by, text: Buffer.concat(chunks).toString() }));
      for (const listener of onDone) listener(line);
      log.push(`${line} → ${send(response, request, { ...answer, headers: { ...always(by), ...answer.headers } })}`);
    });
  });
  const handled = (line: string, asked: { url: URL; request: IncomingMessage; by: Person; text: string }): Answer => {
    for (const { method, pattern, handle } of compiled) {
      const match = asked.request.method === method ? pattern.exec(asked.url.pathname) : null;
      if (!match) continue;
      const params = Object.fromEntries(Object.entries(match.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]));
      const body = asked.text === '' ? {} : (JSON.parse(asked.text) as Record<string, unknown>); // clients send objects
      return handle({ params, query: asked.url.searchParams, body, by: asked.by, headers: asked.request.headers, url: asked.url });
    }
    return refuse(404, `no such call: ${line}`);
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  return {
    url: `http://127.0.0.1:${port}`,
    log,
    onDone,
    answerNext: (request, ...answers) => void planned.push({ request, answers: [...answers] }),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** `GET /repos/:owner/:repo/contents/*path`: a star takes slashes too. */
function compile(call: string): { readonly method: string; readonly pattern: RegExp } {
  const [method = '', path = ''] = call.split(' ');
  const source = path
    .replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll(/:(\w+)/g, '(?<$1>[^/]+)')
    .replaceAll(/\*(\w+)/g, '(?<$1>.+)');
  return { method, pattern: new RegExp(`^${source}$`) };
}

function send(response: ServerResponse, request: IncomingMessage, { status = 200, body, headers = {} }: Answer): number {
  const bytes = body === undefined ? Buffer.alloc(0) : Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  const type = Buffer.isBuffer(body) ? 'application/octet-stream' : 'application/json; charset=utf-8';
  const etag = `"${createHash('sha1').update(bytes).digest('hex')}"`;
  const isSame = request.method === 'GET' && status === 200 && request.headers['if-none-match'] === etag;
  const code = isSame ? 304 : status;
  response.writeHead(code, { ...(status === 204 || isSame ? {} : { 'content-type': type }), ...(request.method === 'GET' ? { etag } : {}), ...headers });
  response.end(isSame || status === 204 ? undefined : bytes);
  return code;
}

/** One page of a list, with links to the others as GitHub, GitLab and Gitea write them. */
export function pageOf<T>(
  items: readonly T[],
  { query, url }: Pick<Asked, 'query' | 'url'>,
  base: string,
): { readonly page: readonly T[]; readonly headers: Readonly<Record<string, string>> } {
  const size = Math.min(100, Number(query.get('per_page') ?? 30));
  const page = Number(query.get('page') ?? 1);
  const last = Math.max(1, Math.ceil(items.length / size));
  const link = (to: number, rel: string) => {
    const target = new URL(url.pathname + url.search, base);
    target.searchParams.set('page', String(to));
    return `<${target.href}>; rel="${rel}"`;
  };
  const links = [...(page < last ? [link(page + 1, 'next'), link(last, 'last')] : []), ...(page > 1 ? [link(1, 'first'), link(page - 1, 'prev')] : [])];
  return { page: items.slice((page - 1) * size, page * size), headers: links.length === 0 ? {} : { link: links.join(', ') } };
}
export const iso = (ms: number): string => new Date(ms).toISOString();
/** What a client wrote, when it is text. */
export const textOf = (value: unknown, otherwise = ''): string => (typeof value === 'string' ? value : otherwise);
