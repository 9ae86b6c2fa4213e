import { resolve } from 'node:path';
import type { ApplyOptions } from '../../app/index.ts';
import { EXIT, Secret, SlipwayError } from '../../core/index.ts';
import type { Args } from '../args.ts';
import { sessionOf } from '../context.ts';
import { driveRun } from '../drive.ts';
import { INPUT_OPTIONS, readInputs, readSecrets } from '../inputs.ts';
import { type Bundle, planOrStop, planWords } from '../plan-words.ts';
import type { Command, Context } from '../types.ts';

interface Planned {
  readonly bundle: Bundle;
  readonly secrets: { readonly [name: string]: Secret };
}

export const apply: Command = {
  name: 'apply',
  about: 'Run exactly what a plan says; a plan that no longer fits is refused. A runbook is planned first, shown, and asked about.',
  positionals: [{ name: 'planfile|runbook', about: 'a .json file that "slipway plan --out" wrote, or a runbook' }],
  options: {
    yes: { about: 'do not ask; for a runbook', type: 'flag' },
    override: { about: 'id of a soft finding to override', type: 'text', many: true },
    'override-reason': { about: 'why it may be overridden, for the journal', type: 'text' },
    ...INPUT_OPTIONS,
  },
  examples: ['slipway apply plan.json', 'slipway apply erp-to-cloud --yes'],
  run: async (args, context) => {
    const overrides = readOverrides(args);
    const { bundle, secrets } = await (isPlanFile(args) ? fromFile(args, context) : fromRunbook(args, context));
    const planFiles = isPlanFile(args) ? [resolve(args.positional('planfile|runbook'))] : [];
    return driveRun(context, (app, session) => app.apply({ ...session, planFiles }, bundle, { ...overrides, secrets }));
  },
};

function isPlanFile(args: Args): boolean {
  return args.positional('planfile|runbook').endsWith('.json');
}

async function fromFile(args: Args, context: Context): Promise<Planned> {
  const given = ['input', 'inputs'].filter((name) => args.all(name).length > 0);
  if (given.length > 0) {
    throw new SlipwayError('BAD_USAGE', `a plan file has its inputs already: ${given.map((name) => `--${name}`).join(', ')}`, {
      hint: 'give them to "slipway plan"; only secrets are given again',
      exitCode: EXIT.usage,
    });
  }
  const secrets = await readSecrets(args, context);
  return { bundle: await (await context.app()).readPlan(sessionOf(context), args.positional('planfile|runbook')), secrets };
}

async function fromRunbook(args: Args, context: Context): Promise<Planned> {
  const inputs = await readInputs(args, context);
  const app = await context.app();
  const bundle = planOrStop(await app.plan(sessionOf(context), { runbook: args.positional('planfile|runbook'), inputs }), context);
  if (!args.flag('yes')) await ask(bundle, context);
  const secrets = Object.entries(inputs).filter((entry): entry is [string, Secret] => entry[1] instanceof Secret);
  return { bundle, secrets: Object.fromEntries(secrets) };
}

/** @throws {SlipwayError} `NOT_CONFIRMED`: nobody said yes. */
async function ask(bundle: Bundle, context: Context): Promise<void> {
  const [app, session] = [await context.app(), sessionOf(context)];
  const [expected, measuring] = [await app.expected(session, bundle), await app.measuring(session, bundle)];
  context.note(planWords(bundle, context, 'stderr', { expected, measuring }));
  const { confirm } = context.deps;
  if (confirm === undefined) {
    throw new SlipwayError('NOT_CONFIRMED', 'nobody is here to confirm the plan', {
      hint: 'add --yes, or save the plan with "slipway plan --out" and apply the file',
      exitCode: EXIT.approvalMissing,
    });
  }
  if (await confirm(`Run this plan (${bundle.digest})? [y/N] `)) return;
  throw new SlipwayError('NOT_CONFIRMED', 'the plan was not confirmed', { hint: 'nothing was changed', exitCode: EXIT.cancelled });
}

function readOverrides(args: Args): Omit<ApplyOptions, 'secrets'> {
  const overrides = args.all('override');
  const reason = args.text('override-reason');
  if (overrides.length > 0 && reason === undefined) {
    throw new SlipwayError('BAD_USAGE', '--override needs --override-reason', {
      hint: 'say why the finding may be overridden; it is kept in the journal',
      exitCode: EXIT.usage,
    });
  }
  return { overrides, ...(reason === undefined ? {} : { overrideReason: reason }) };
}
