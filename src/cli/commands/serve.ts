import { EXIT } from '../../core/index.ts';
import type { Command } from '../types.ts';

export const serve: Command = {
  name: 'serve',
  about: 'Take signed webhooks, requests with tokens, and sign-ins, and drive the runs they start. SIGTERM or Ctrl-C hands everything over and ends.',
  positionals: [],
  options: { config: { about: 'YAML file with the settings; docs/server.md says what there is', type: 'text', needed: true } },
  examples: ['slipway serve --config slipway-server.yaml'],
  run: async (args, context) => {
    const leave = new AbortController();
    const go = (): void => leave.abort();
    context.stop.drain.addEventListener('abort', go, { once: true });
    const end = context.stop.instead(() => {
      context.note('asked to go: what is under way may end, nothing new starts; Ctrl-C again stops at once');
      go();
    });
    await context.deps.serve({ file: args.text('config') ?? '', leave: leave.signal }).finally(end);
    return EXIT.ok;
  },
};
