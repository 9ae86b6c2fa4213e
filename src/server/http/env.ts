import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { Identity, Log } from '../../app/index.ts';

/** Who makes a request, once that is known. */
export interface Caller {
  readonly identity: Identity;
  /** Of a session: must come with everything that changes something. */
  readonly csrf?: string;
}
/** What every request carries through the handlers. */
export interface Env {
  readonly Bindings: Partial<HttpBindings>;
  readonly Variables: {
    requestId: string;
    /** Address of whoever asked, behind the proxies that are known. */
    client: string;
    /** What is counted against limits: whoever has one IPv6 address has a whole network of them. */
    network: string;
    /** Did a known proxy pass it on? */
    isProxied: boolean;
    log: Log;
    /** Code of the problem that was answered. */
    problem?: string;
    caller?: Caller;
  };
}
export type Ctx = Context<Env>;
