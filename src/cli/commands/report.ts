import { EXIT, parseDuration, SlipwayError } from '../../core/index.ts';
import { kpiText } from '../../report/index.ts';
import { printResult, sessionOf } from '../context.ts';
import type { Command } from '../types.ts';

const DEFAULT = '30d';

export const reportKpi: Command = {
  name: 'report kpi',
  about:
    'Say how changes go, from the journal: deployments, how many failed, lead time from the commit to the end of its run, time to restore after a failure, time spent waiting for approvals, and how often agreements (sla) were kept. Rehearsals do not count.',
  positionals: [],
  options: {
    last: { about: `time that ends now, for example 90d; ${DEFAULT} unless told`, type: 'text' },
    runbook: { about: 'only this runbook', type: 'text' },
  },
  examples: ['slipway report kpi --last 90d', 'slipway report kpi --runbook erp-to-cloud --json'],
  run: async (args, context) => {
    const runbook = args.text('runbook');
    const query = { lastMs: timeOf(args.text('last') ?? DEFAULT), ...(runbook === undefined ? {} : { runbook }) };
    const kpis = await (await context.app()).kpis(sessionOf(context), query);
    const iso = { ...kpis, from: new Date(kpis.from).toISOString(), to: new Date(kpis.to).toISOString() };
    printResult(context, iso, () => kpiText(kpis));
    return EXIT.ok;
  },
};

function timeOf(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0) return ms;
  throw new SlipwayError('BAD_DURATION', `--last "${text}" is not a time`, { exitCode: EXIT.usage, hint: 'write 30d or 12w' });
}
