import type { z } from 'zod';
import type { Ctx, Caller } from './env.ts';
import type { Reply } from './reply.ts';

type Shape = z.ZodObject | undefined;
type Out<S> = S extends z.ZodType ? z.output<S> : Record<string, never>;

/** One thing the API can do. The routes that are served and the document that describes them are both made from this. */
export interface Route {
  readonly method: 'get' | 'post' | 'delete';
  /** As OpenAPI writes it: `/v1/runs/{run}`. */
  readonly path: string;
  readonly id: string;
  readonly summary: string;
  readonly tag: string;
  /** Who may ask at all; what they may do is asked of the gate. */
  readonly open: 'anybody' | 'signed' | 'callers';
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** A body that is not read as JSON by the router. */
  readonly rawBody?: { readonly [mediaType: string]: z.ZodType };
  readonly headers?: { readonly [name: string]: string };
  readonly success: { readonly status: 200 | 201 | 202; readonly about: string; readonly schema?: z.ZodType; readonly mediaType?: string };
  /** Statuses of problems beside 400, 401, 403, 429 and 500, which any of them may have. */
  readonly problems?: readonly number[];
  readonly handle: (call: Call) => Promise<Reply | Response>;
}
/** A call with everything checked. */
export interface Call {
  readonly c: Ctx;
  readonly params: { readonly [name: string]: unknown };
  readonly query: { readonly [name: string]: unknown };
  readonly body: unknown;
  readonly caller: Caller | undefined;
}

interface Typed<P extends Shape, Q extends Shape, B extends z.ZodType | undefined> extends Omit<Route, 'params' | 'query' | 'body' | 'handle'> {
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly handle: (call: {
    readonly c: Ctx;
    readonly params: Out<P>;
    readonly query: Out<Q>;
    readonly body: B extends z.ZodType ? z.output<B> : undefined;
    readonly caller: Caller;
  }) => Promise<Reply | Response>;
}

/** State a route; its handler sees what its shapes give. */
export function defineRoute<P extends Shape = undefined, Q extends Shape = undefined, B extends z.ZodType | undefined = undefined>(
  route: Typed<P, Q, B>,
): Route {
  // The router parses with these very shapes before it calls, and gives a caller to routes that are open to callers only.
  return route as unknown as Route;
}
