import { EXIT, type Json } from '../../core/index.ts';
import { printResult, sessionOf } from '../context.ts';
import type { Command } from '../types.ts';

export const signal: Command = {
  name: 'signal',
  positionals: [
    { name: 'run', about: 'id of a run' },
    { name: 'name', about: 'name the step waits for' },
    { name: 'payload', about: 'JSON, or text; null when none is given', optional: true },
  ],
  options: {},
  run: async (args, context) => {
    const app = await context.app();
    const [runId, name] = [args.positional('run'), args.positional('name')];
    await app.signalRun(sessionOf(context), runId, name, payloadOf(args.positional('payload')));
    printResult(context, { runId, name }, () => `sent ${name} to ${runId}`);
    return EXIT.ok;
  },
};

function payloadOf(text: string): Json {
  if (text === '') return null;
  try {
    return JSON.parse(text) as Json; // what JSON.parse gives is JSON
  } catch {
    return text;
  }
}
