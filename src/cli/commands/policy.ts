import { EXIT } from '../../core/index.ts';
import { printResult, sessionOf } from '../context.ts';
import type { Command } from '../types.ts';

export const policyTest: Command = {
  name: 'policy test',
  positionals: [],
  options: {},
  run: async (_args, context) => {
    const result = await (await context.app()).policyTest(sessionOf(context));
    printResult(context, result, () => result.text);
    return result.ok ? EXIT.ok : EXIT.error;
  },
};

export const policyCheck: Command = {
  name: 'policy check',
  positionals: [{ name: 'planfile', about: 'a plan that "slipway plan --out" wrote' }],
  options: {},
  run: async (args, context) => {
    const app = await context.app();
    const session = sessionOf(context);
    const verdict = await app.policyCheck(session, await app.readPlan(session, args.positional('planfile')));
    printResult(context, verdict, () => {
      const lines = verdict.findings.map(
        ({ level, rule, msg, at, hint }) => `${level} ${rule}${at === undefined ? '' : ` at ${at}`}: ${msg}${hint === undefined ? '' : `\n  hint: ${hint}`}`,
      );
      return [...lines, `decision: ${verdict.decision}`].join('\n');
    });
    return verdict.decision === 'allow' ? EXIT.ok : EXIT.policyDenied;
  },
};
