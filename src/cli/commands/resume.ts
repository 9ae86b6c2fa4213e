import { driveRun } from '../drive.ts';
import type { Command } from '../types.ts';

export const resume: Command = {
  name: 'resume',
  about: 'Go on with a paused run, or take over one whose process died. What was in flight is looked at first.',
  positionals: [{ name: 'run', about: 'id of a run' }],
  options: {},
  run: async (args, context) => driveRun(context, (app, session) => app.resume(session, args.positional('run'))),
};
