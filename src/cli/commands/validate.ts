import { EXIT } from '../../core/index.ts';
import { printResult, sessionOf } from '../context.ts';
import { problemLines } from '../say-error.ts';
import type { Command } from '../types.ts';

export const validate: Command = {
  name: 'validate',
  positionals: [{ name: 'path', about: 'files or folders; all of the repository when none is given', optional: true, many: true }],
  options: {},
  examples: ['slipway validate', 'slipway validate runbooks/erp-to-cloud.yaml'],
  run: async (args, context) => {
    const { files, problems } = await (await context.app()).validate(sessionOf(context), args.rest('path'));
    const errors = problems.filter((problem) => problem.severity === 'error').length;
    if (files.length === 0) context.note('there is nothing to validate: runbooks are YAML files under runbooks/, or name a file');
    for (const line of context.json ? [] : problemLines(problems)) context.note(line);
    const told = `${files.length} file${files.length === 1 ? '' : 's'}, ${errors} error${errors === 1 ? '' : 's'}, ${problems.length - errors} warning${problems.length - errors === 1 ? '' : 's'}`;
    printResult(context, { ok: errors === 0, files, problems }, () => told);
    return errors === 0 ? EXIT.ok : EXIT.error;
  },
};
