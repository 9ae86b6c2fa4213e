import { Agent as HttpAgent, type ClientRequest, type IncomingMessage, request as httpRequest, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { Secret, SlipwayError } from '../../core/index.ts';
import type { HttpPort, HttpRequest, HttpResponse } from '../../steps/index.ts';
import { errorFor, publicUrl } from './errors.ts';
import type { Resolve } from './place.ts';
import { nextHop } from './redirect.ts';

const MAX_REDIRECTS = 5;
/** Shorter than what servers wait before they close an idle connection, so that a request does not meet one that is being closed. */
const IDLE_MS = 2_000;

export interface HttpOptions {
  readonly resolve?: Resolve;
  /** PEM certificates of authorities to trust instead of the machine's. */
  readonly ca?: string | readonly string[];
  /** Most open connections to one address; 1024 unless told. */
  readonly maxSockets?: number;
  /** Connections without use for this long are closed; 2 seconds unless told. */
  readonly idleMs?: number;
}
export type HttpEffect = HttpPort & Disposable;

/**
 * HTTP and HTTPS over kept-alive connections. Proxies of the environment are not used: a probe must measure the service.
 * Dispose to close the connections.
 */
export function createHttp(options: HttpOptions = {}): HttpEffect {
  const shared = {
    keepAlive: true,
    maxSockets: options.maxSockets ?? 1_024,
    maxFreeSockets: 256,
    timeout: options.idleMs ?? IDLE_MS,
    scheduling: 'lifo',
  } as const;
  const agents: Agents = {
    http: new HttpAgent(shared),
    https: new HttpsAgent({ ...shared, ...(options.ca === undefined ? {} : { ca: typeof options.ca === 'string' ? options.ca : [...options.ca] }) }),
  };
  return {
    request: (request, signal) => follow(request, signal, { options, agents }),
    [Symbol.dispose]: () => {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

interface Agents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}
interface Context {
  readonly options: HttpOptions;
  readonly agents: Agents;
}

async function follow(request: HttpRequest, signal: AbortSignal, context: Context): Promise<HttpResponse> {
  const startedAt = performance.now();
  let hop = request;
  for (let redirects = 0; ; redirects++) {
    const left = request.timeoutMs - (performance.now() - startedAt);
    const response = await once({ ...hop, timeoutMs: left }, signal, context);
    const next = request.followRedirects ? nextHop(hop, response) : undefined;
    if (next === undefined) return { ...response, totalMs: performance.now() - startedAt };
    if (redirects >= MAX_REDIRECTS) {
      throw new SlipwayError('HTTP_UNREACHABLE', `${request.url} redirects more than ${MAX_REDIRECTS} times`, { hint: 'give the final address' });
    }
    hop = next;
  }
}

function once(request: HttpRequest, signal: AbortSignal, context: Context): Promise<Omit<HttpResponse, 'totalMs'>> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    if (request.timeoutMs <= 0) throw timeout(request);
    const outgoing = open(request, context);
    const end = settle(outgoing, { request, signal, reject });
    outgoing.on('response', (incoming) => {
      const kept = collect(incoming, request.maxBodyBytes);
      incoming.on('end', () => {
        end();
        resolve({ ...kept(), status: incoming.statusCode ?? 0, headers: headersOf(incoming) });
      });
      // A connection that closes before the last byte is not an answer.
      incoming.on('error', (cause) => {
        end();
        reject(errorFor(request, cause));
      });
    });
    outgoing.end(request.body);
  });
}

function open(request: HttpRequest, { options, agents }: Context): ClientRequest {
  const url = addressOf(request);
  const isTls = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? (isTls ? 443 : 80) : Number(url.port);
  const place = options.resolve?.(host, port) ?? { host, port };
  const settings: RequestOptions = {
    method: request.method,
    host: place.host,
    port: place.port,
    path: `${url.pathname}${url.search}`,
    headers: { host: url.host, ...bodyLength(request.body), ...revealed(request.headers ?? {}), ...credentials(url) },
    agent: isTls ? agents.https : agents.http,
  };
  // The certificate must be that of the name in the address, wherever the connection goes.
  return isTls ? httpsRequest({ ...settings, servername: isAddress(host) ? '' : host }) : httpRequest(settings);
}

interface Settling {
  readonly request: HttpRequest;
  readonly signal: AbortSignal;
  readonly reject: (reason: unknown) => void;
}

/** Reject on error, timeout and abort; the returned function ends the watch after a whole answer. */
function settle(outgoing: ClientRequest, { request, signal, reject }: Settling): () => void {
  const onAbort = () => {
    end();
    outgoing.destroy();
    reject(signal.reason);
  };
  const timer = setTimeout(() => {
    end();
    outgoing.destroy();
    reject(timeout(request));
  }, request.timeoutMs);
  const end = () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  outgoing.on('error', (cause) => {
    end();
    reject(errorFor(request, cause));
  });
  return end;
}

function addressOf(request: HttpRequest): URL {
  const url = URL.canParse(request.url) ? new URL(request.url) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new SlipwayError('HTTP_UNREACHABLE', `${publicUrl(request.url)} is not an http or https address`, {
    hint: 'write for example https://erp.example.com/health',
  });
}

function collect(incoming: IncomingMessage, most: number): () => { readonly body: Uint8Array; readonly bodyBytes: number } {
  const chunks: Uint8Array[] = [];
  let [kept, all] = [0, 0];
  incoming.on('data', (chunk: Uint8Array) => {
    all += chunk.length;
    const part = chunk.subarray(0, most - kept);
    kept += part.length;
    if (part.length > 0) chunks.push(part);
  });
  return () => ({ body: Buffer.concat(chunks), bodyBytes: all });
}

function headersOf({ headers }: IncomingMessage): { readonly [name: string]: string } {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]])),
  );
}
function revealed(headers: NonNullable<HttpRequest['headers']>): { [name: string]: string } {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value instanceof Secret ? value.reveal() : value]));
}
function bodyLength(body: HttpRequest['body']): { [name: string]: string } {
  return body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
}
function credentials({ username, password }: URL): { [name: string]: string } {
  if (username === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}
function isAddress(host: string): boolean {
  return /^[0-9.]+$/.test(host) || host.includes(':');
}
function timeout({ method, url, timeoutMs }: HttpRequest): SlipwayError {
  return errorFor({ method, url, timeoutMs }, Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' }));
}
