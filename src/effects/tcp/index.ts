import { connect } from 'node:net';
import { messageOf, SlipwayError } from '../../core/index.ts';
import type { TcpPort } from '../../steps/index.ts';

export interface TcpOptions {
  /** Another place for a host and port, or undefined; a rehearsal puts its stand-ins here. */
  readonly resolve?: (host: string, port: number) => { readonly host: string; readonly port: number } | undefined;
}

/** TCP connections that are opened and closed again. */
export function createTcp(options: TcpOptions = {}): TcpPort {
  return {
    connect: ({ host, port, timeoutMs }, signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const startedAt = performance.now();
        const socket = connect(options.resolve?.(host, port) ?? { host, port });
        const end = (settle: () => void) => {
          clearTimeout(timer);
          signal.removeEventListener('abort', onAbort);
          socket.destroy();
          settle();
        };
        const onAbort = () => end(() => reject(signal.reason));
        const timer = setTimeout(
          () => end(() => reject(failure('TCP_TIMEOUT', `${host}:${port} did not accept a connection within ${timeoutMs} ms`))),
          timeoutMs,
        );
        signal.addEventListener('abort', onAbort, { once: true });
        socket.once('connect', () => end(() => resolve({ connectMs: performance.now() - startedAt })));
        socket.once('error', (cause) => end(() => reject(failure('TCP_UNREACHABLE', `${host}:${port}: ${messageOf(cause) || 'cannot connect'}`, cause))));
      }),
  };
}

function failure(code: 'TCP_TIMEOUT' | 'TCP_UNREACHABLE', message: string, cause?: unknown): SlipwayError {
  return new SlipwayError(code, message, {
    retry: 'afterBackoff',
    hint: 'is the service up, and does a firewall let us through?',
    ...(cause === undefined ? {} : { cause }),
  });
}
