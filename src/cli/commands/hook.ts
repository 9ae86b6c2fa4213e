import { basename, resolve } from 'node:path';
import { EXIT, Secret, SlipwayError } from '../../core/index.ts';
import { printResult } from '../context.ts';
import type { Command, Context } from '../types.ts';

const REPOSITORY = [{ name: 'repository', about: 'folder of a bare repository' }];

export const hookInstall: Command = {
  name: 'hook install',
  about:
    'Write a post-receive hook that tells Slipway of every push, signed as Standard Webhooks says. A push never waits for it: what cannot be sent is kept and sent with the next push, or by "slipway hook send" from a timer. Repeat it to change address or secret.',
  positionals: REPOSITORY,
  options: {
    url: { about: 'where the server takes webhooks of this host, for example https://slipway.example.com/hooks/site', type: 'text', needed: true },
    name: { about: 'how the configuration of the server names the repository; its folder without .git unless told', type: 'text' },
    'secret-variable': { about: 'environment variable that holds the secret; standard input is read without it', type: 'text' },
  },
  examples: ['slipway hook install /srv/git/estate.git --url https://slipway.example.com/hooks/site --secret-variable SLIPWAY_HOOK_SECRET'],
  run: async (args, context) => {
    const folder = args.positional('repository');
    const repository = args.text('name') ?? basename(resolve(folder)).replace(/\.git$/, '');
    const installed = await context.deps.hooks.install({
      folder,
      url: args.text('url') ?? '',
      repository,
      secret: await secretOf(args.text('secret-variable'), context),
    });
    printResult(context, { repository, ...installed }, () => `wrote ${installed.hook}${installed.todo === undefined ? '' : `\n${installed.todo}`}`);
    return EXIT.ok;
  },
};

export const hookSend: Command = {
  name: 'hook send',
  about: 'Send the pushes that could not be sent when they came, the oldest first. Run it from a timer, as the account that receives pushes.',
  positionals: REPOSITORY,
  options: {},
  run: async (args, context) => {
    const result = await context.deps.hooks.send(args.positional('repository'));
    printResult(context, result, () => `${result.sent} sent, ${result.waiting} waiting${result.why === undefined ? '' : `: ${result.why}`}`);
    return result.waiting === 0 ? EXIT.ok : EXIT.error;
  },
};

export const hookRemove: Command = {
  name: 'hook remove',
  about: 'Take the hook away, and what waits to be sent with it.',
  positionals: REPOSITORY,
  options: {},
  run: async (args, context) => {
    await context.deps.hooks.remove(args.positional('repository'));
    printResult(context, { removed: true }, () => 'removed');
    return EXIT.ok;
  },
};

async function secretOf(variable: string | undefined, { deps, settings, masker }: Context): Promise<Secret> {
  const secret = variable === undefined ? new Secret((await deps.stdin()).trim()) : settings.secretNamed(variable);
  if (secret === undefined) throw new SlipwayError('SECRET_MISSING', `the environment variable ${variable ?? ''} is not set`, { exitCode: EXIT.usage });
  masker.add(secret);
  return secret;
}
