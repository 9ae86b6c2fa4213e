import type { Handler } from 'hono';
import { EXIT, SlipwayError } from '../../core/index.ts';
import { hasType, readBody } from '../http/body.ts';
import type { Caller, Ctx, Env } from '../http/env.ts';
import type { Authenticator } from '../login/authenticate.ts';

/** Handlers for people who are signed in. */
export interface Pages {
  readonly page: (show: (c: Ctx, caller: Caller) => Promise<Response>) => Handler<Env>;
  /** A form that was sent from a page of ours. */
  readonly form: (take: (c: Ctx, caller: Caller, form: URLSearchParams) => Promise<Response>) => Handler<Env>;
}

export function createPages(authenticator: Authenticator): Pages {
  const callerOf = async (c: Ctx): Promise<Caller> => {
    const caller = await authenticator.forPages(c);
    if (caller) return caller;
    throw new SlipwayError('UNAUTHENTICATED', 'you are not signed in', { exitCode: EXIT.notAuthorized, hint: 'sign in first' });
  };
  return {
    page: (show) => async (c) => show(c, await callerOf(c)),
    form: (take) => async (c) => {
      const caller = await callerOf(c);
      if (!hasType(c, 'application/x-www-form-urlencoded')) throw new SlipwayError('MEDIA_TYPE', 'this is no form', { exitCode: EXIT.usage });
      const form = new URLSearchParams(Buffer.from(await readBody(c)).toString('utf8'));
      authenticator.checkForm(c, caller, form.get('csrf') ?? undefined);
      return take(c, caller, form);
    },
  };
}
