import { type Clock, SlipwayError } from '../../core/index.ts';
import type { HttpPort, HttpRequest, HttpResponse } from '../ports.ts';

/** How one request ended. Latency counts from the moment the request was due, so a side that stalls cannot hide it. */
export type Answer =
  | { readonly type: 'answer'; readonly latencyMs: number; readonly response: HttpResponse }
  | { readonly type: 'timeout' }
  | { readonly type: 'transport'; readonly code: string };

export interface SideOptions {
  readonly http: HttpPort;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Most requests under way. Each side has its own, so that one that hangs does not slow the other. */
  readonly parallel: number;
  readonly timeoutMs: number;
}
export interface Side {
  /** Send as soon as there is room. @param dueAt monotonic milliseconds. Rejects only when the signal aborts. */
  send(request: Omit<HttpRequest, 'timeoutMs'>, dueAt: number): Promise<Answer>;
}

export function createSide({ http, clock, signal, parallel, timeoutMs }: SideOptions): Side {
  const waiting: (() => void)[] = [];
  let underWay = 0;
  const enter = async () => {
    if (underWay >= parallel) await new Promise<void>((resolve) => waiting.push(resolve));
    else underWay++;
  };
  const leave = () => {
    const next = waiting.shift();
    if (next) next();
    else underWay--;
  };
  return {
    send: async (request, dueAt) => {
      await enter();
      try {
        signal.throwIfAborted();
        const left = timeoutMs - (clock.monotonic() - dueAt);
        if (left <= 0) return { type: 'timeout' };
        const response = await http.request({ ...request, timeoutMs: left }, signal);
        const latencyMs = clock.monotonic() - dueAt;
        return latencyMs > timeoutMs ? { type: 'timeout' } : { type: 'answer', latencyMs, response };
      } catch (thrown) {
        if (signal.aborted || !(thrown instanceof SlipwayError)) throw thrown;
        return thrown.code === 'HTTP_TIMEOUT' ? { type: 'timeout' } : { type: 'transport', code: thrown.code };
      } finally {
        leave();
      }
    },
  };
}
