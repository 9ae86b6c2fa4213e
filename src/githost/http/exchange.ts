import type { Secret } from '../../core/index.ts';

/** One request and its answer, bounded in time and size, without redirects; whoever opens a host hands it in. */
export type Exchange = (request: ExchangeRequest, signal: AbortSignal) => Promise<ExchangeResponse>;

export interface ExchangeRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: { readonly [name: string]: string | Secret };
  readonly body?: string | Uint8Array;
  readonly timeoutMs: number;
  /** Bytes of body to keep; the rest is counted and dropped. */
  readonly maxBodyBytes: number;
  /** A redirect would carry the credentials to wherever it points. */
  readonly followRedirects: false;
}
export interface ExchangeResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: { readonly [name: string]: string };
  readonly body: Uint8Array;
  /** All that came, kept or not. */
  readonly bodyBytes: number;
}
