import { EXIT, parseDuration, SlipwayError } from '../../core/index.ts';
import { printResult, sessionOf } from '../context.ts';
import type { Command } from '../types.ts';

export const tokenCreate: Command = {
  name: 'token create',
  about: 'Make a token for a machine. Bindings in Access files say what token:<name> may do; its scopes say the most it may do. The token is shown once.',
  positionals: [{ name: 'name', about: 'what bindings call it: token:<name>' }],
  options: {
    scope: { about: 'the most it may do: an action, with @ and runbooks when it is for some only', type: 'text', many: true, needed: true },
    expires: { about: 'how long it may be used, at most 366d', type: 'text', needed: true },
  },
  examples: ['slipway token create ci --scope run.start@erp-* --scope run.read --expires 90d'],
  run: async (args, context) => {
    const expires = args.text('expires') ?? '';
    const lifetimeMs = parseDuration(expires);
    if (lifetimeMs === undefined)
      throw new SlipwayError('BAD_USAGE', `--expires "${expires}" is not a duration`, { exitCode: EXIT.usage, hint: 'write for example 90d or 12h' });
    const app = await context.app();
    const { text, token } = await app.createToken(sessionOf(context), { name: args.positional('name'), scopes: args.all('scope'), lifetimeMs });
    context.note(`token:${token.name} may be used until ${token.expiresAt}; it is not shown again`);
    printResult(context, { token: text.reveal(), about: token }, () => text.reveal());
    return EXIT.ok;
  },
};

export const tokenList: Command = {
  name: 'token list',
  positionals: [],
  options: {},
  run: async (_args, context) => {
    const tokens = await (await context.app()).tokens(sessionOf(context));
    printResult(context, tokens, () =>
      tokens.length === 0
        ? 'no tokens; "slipway token create" makes one'
        : tokens
            .map(({ prefix, name, state, scopes, expiresAt }) => `${prefix}  ${name}  ${state} until ${expiresAt.slice(0, 10)}  ${scopes.join(' ')}`)
            .join('\n'),
    );
    return EXIT.ok;
  },
};

export const tokenRevoke: Command = {
  name: 'token revoke',
  positionals: [{ name: 'prefix', about: 'the part between the underscores, as "slipway token list" shows it' }],
  options: {},
  run: async (args, context) => {
    const token = await (await context.app()).revokeToken(sessionOf(context), args.positional('prefix'));
    printResult(context, token, () => `token:${token.name} (${token.prefix}) is revoked`);
    return EXIT.ok;
  },
};
