import type { ExchangeResponse } from './exchange.ts';

const MOST_ENTRIES = 512;
const MOST_BYTES = 16 * 1024 * 1024;
const MOST_ENTRY_BYTES = 1024 * 1024;

/**
 * Answers that carry an ETag, kept to ask "has it changed?" next time. The host is still asked every time, so that nothing is ever older than the answer;
 * GitHub does not count a "no" against the rate limit.
 */
export interface Conditional {
  /** Headers to ask with. */
  headersFor(key: string): { readonly [name: string]: string };
  /** The answer to use: what was kept when the host says that it has not changed. */
  settle(key: string, response: ExchangeResponse): ExchangeResponse;
}

export function createConditional(): Conditional {
  const kept = new Map<string, { readonly etag: string; readonly response: ExchangeResponse }>();
  let bytes = 0;
  const drop = (key: string) => {
    bytes -= kept.get(key)?.response.body.length ?? 0;
    kept.delete(key);
  };
  return {
    headersFor: (key) => {
      const etag = kept.get(key)?.etag;
      return etag === undefined ? {} : { 'if-none-match': etag };
    },
    settle: (key, response) => {
      const known = kept.get(key);
      if (response.status === 304 && known) {
        kept.delete(key);
        kept.set(key, known); // the least recently used stands first
        return known.response;
      }
      drop(key);
      const etag = response.headers['etag'];
      if (response.status === 200 && etag !== undefined && etag.length <= 256 && response.bodyBytes <= MOST_ENTRY_BYTES) {
        kept.set(key, { etag, response });
        bytes += response.body.length;
        for (const oldest of kept.keys()) {
          if (kept.size <= MOST_ENTRIES && bytes <= MOST_BYTES) break;
          drop(oldest);
        }
      }
      return response;
    },
  };
}
