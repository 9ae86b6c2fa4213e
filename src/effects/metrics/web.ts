import { type Json, messageOf, Secret, SlipwayError } from '../../core/index.ts';
import type { HttpPort, HttpRequest, MetricsControl, Opened } from '../../steps/index.ts';
import { denied, down, shortened, wrong } from './errors.ts';

const TIMEOUT_MS = 10_000;
const MAX_BODY_BYTES = 8 << 20;

export type WebSource = Opened<'prometheus' | 'http'>;
export interface Web {
  /** Connections that trust these authorities, or those of the machine. */
  readonly http: (caPem: string | undefined) => HttpPort;
  /** What a reference such as `env:SLIPWAY_METRICS_SHOP` stands for. @throws {SlipwayError} `METRIC_CREDENTIAL_MISSING`. */
  readonly credential: (reference: string) => Secret;
  readonly now: () => number;
}
export interface Answer {
  readonly document: Json;
  /** How far the source's clock is ahead of ours, in milliseconds: the least that explains what was seen. */
  readonly skewMs: number;
}

/**
 * Ask a source over HTTP for a JSON document.
 *
 * @throws {SlipwayError} `METRIC_SOURCE_DOWN`, `METRIC_SOURCE_DENIED`, `METRIC_SOURCE_UNTRUSTED`, `METRIC_QUERY_WRONG`.
 */
export async function askWeb(
  source: WebSource,
  { path, headers = {}, ...request }: Pick<HttpRequest, 'method' | 'body' | 'headers'> & { readonly path: string },
  { web, control }: { readonly web: Web; readonly control: MetricsControl },
): Promise<Answer> {
  const sentAt = web.now();
  const whole: HttpRequest = {
    ...request,
    url: `${source.url.replace(/\/+$/, '')}${path}`,
    headers: { accept: 'application/json', ...source.headers, ...headers, ...authorization(source, web) },
    timeoutMs: source.timeout ?? TIMEOUT_MS,
    maxBodyBytes: MAX_BODY_BYTES,
    followRedirects: false,
  };
  const response = await web
    .http(source.caPem)
    .request(whole, control.signal)
    .catch((thrown: unknown) => {
      throw unanswered(source, thrown, control.signal);
    });
  const body = Buffer.from(response.body).toString('utf8');
  refuse(source, response.status, body);
  if (response.bodyBytes > response.body.length) throw wrong(source.name, `the answer has ${response.bodyBytes} bytes, too many for one number a slot`);
  return { document: jsonOf(source, body), skewMs: skewOf(response.headers['date'], { sentAt, receivedAt: web.now() }) };
}

function authorization({ auth }: WebSource, { credential }: Web): HttpRequest['headers'] {
  if (auth === undefined) return {};
  if ('token' in auth) return { authorization: new Secret(`Bearer ${credential(auth.token).reveal()}`) };
  const pair = Buffer.from(`${auth.user}:${credential(auth.password).reveal()}`).toString('base64');
  return { authorization: new Secret(`Basic ${pair}`) };
}

function unanswered({ name }: WebSource, thrown: unknown, signal: AbortSignal): unknown {
  if (signal.aborted || !(thrown instanceof SlipwayError)) return thrown;
  if (thrown.code === 'HTTP_TLS') {
    const hint = 'look at the certificate; for an authority of your own, name its PEM file with ca';
    return new SlipwayError('METRIC_SOURCE_UNTRUSTED', `the metric source ${name} cannot be trusted: ${thrown.message}`, { hint, cause: thrown });
  }
  return thrown.code.startsWith('HTTP_') ? down(name, thrown.message, thrown) : thrown;
}

function refuse({ name }: WebSource, status: number, body: string): void {
  if (status >= 200 && status < 300) return;
  if (status === 401 || status === 403) throw denied(name, `status ${status}`);
  if (status >= 300 && status < 400) throw denied(name, `it redirects (${status}), as pages for logging in do`);
  if (status === 429 || status >= 500) throw down(name, `status ${status}`);
  throw wrong(name, `status ${status}${saidIn(body)}`);
}

/** Prometheus says what is wrong with a query in `error`; anything else may be a whole page. */
function saidIn(body: string): string {
  try {
    const said = (JSON.parse(body) as { readonly error?: unknown } | null)?.error; // any JSON value has no or some member
    return typeof said === 'string' ? `: ${shortened(said)}` : '';
  } catch {
    return '';
  }
}

function jsonOf({ name }: WebSource, body: string): Json {
  try {
    return JSON.parse(body) as Json; // JSON.parse gives nothing else
  } catch (cause) {
    throw wrong(name, `the answer is not JSON: ${shortened(messageOf(cause))}`, cause);
  }
}

/** The header counts whole seconds, and was written between sending and receiving. */
function skewOf(date: string | undefined, { sentAt, receivedAt }: { readonly sentAt: number; readonly receivedAt: number }): number {
  const at = date === undefined ? NaN : Date.parse(date);
  if (Number.isNaN(at)) return 0;
  if (at > receivedAt) return at - receivedAt;
  return at + 999 < sentAt ? at + 999 - sentAt : 0;
}
