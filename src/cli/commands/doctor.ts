import { EXIT } from '../../core/index.ts';
import { printResult } from '../context.ts';
import type { Check, Command, Context } from '../types.ts';

export const doctor: Command = {
  name: 'doctor',
  positionals: [],
  options: {},
  run: async (_args, context) => {
    const checks = await context.deps.diagnose();
    const ok = checks.every((check) => check.ok || !check.needed);
    printResult(context, { ok, checks }, () =>
      [...checks.map((check) => line(check, context)), '', ok ? 'everything that is needed is there' : 'something that is needed is missing'].join('\n'),
    );
    return ok ? EXIT.ok : EXIT.error;
  },
};

function line({ name, ok, needed, found, mend }: Check, { style: { stdout: style } }: Context): string {
  const sign = ok ? style.good('✔') : needed ? style.bad('✖') : style.warn('-');
  const cure = ok || mend === undefined ? '' : `\n    ${needed ? 'mend' : 'if you want it'}: ${mend}`;
  return `${sign} ${name.padEnd(18)}${found}${cure}`;
}
