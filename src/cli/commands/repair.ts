import type { Repair } from '../../app/index.ts';
import { EXIT } from '../../core/index.ts';
import { printResult, sessionOf } from '../context.ts';
import type { Command } from '../types.ts';

export const runsRepair: Command = {
  name: 'runs repair',
  about:
    'Lists that do not say what the events say are set right, and leases of processes that are gone are freed. What only a person can settle is told with the command that does.',
  positionals: [{ name: 'run', about: 'id of a run; all of them when absent', optional: true }],
  options: { 'dry-run': { about: 'only say what would be done', type: 'flag' } },
  run: async (args, context) => {
    const app = await context.app();
    const runId = args.positional('run');
    const dryRun = args.flag('dry-run');
    const repairs = await app.repair(sessionOf(context), { dryRun, ...(runId === '' ? {} : { runId }) });
    printResult(context, repairs, () => (repairs.length === 0 ? 'everything fits together' : repairs.map((repair) => line(repair, dryRun)).join('\n')));
    return repairs.some(({ mend }) => mend === undefined) ? EXIT.error : EXIT.ok;
  },
};

function line({ runId, found, mend, next }: Repair, dryRun: boolean): string {
  const done = mend === undefined ? '' : ` (${dryRun ? 'would be mended' : 'mended'}: ${mend})`;
  return `${runId}: ${found}${done}${next === undefined ? '' : `\n  next: ${next}`}`;
}
