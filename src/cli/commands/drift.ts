import type { DriftRecord } from '../../app/index.ts';
import { clean, EXIT, formatDuration } from '../../core/index.ts';
import { printResult, sessionOf } from '../context.ts';
import type { Command } from '../types.ts';

export const drift: Command = {
  name: 'drift',
  about:
    'Show how the last look at what each runbook left there went. Runbooks say with "drift" when to look; a worker or a server does. Exit code 7 when something has drifted.',
  positionals: [],
  options: {},
  run: async (_args, context) => {
    const records = await (await context.app()).drift(sessionOf(context));
    const now = context.deps.clock.now();
    printResult(context, records, () =>
      records.length === 0 ? 'nobody has looked yet; "slipway drift check <runbook>" does' : records.flatMap((each) => lines(each, now)).join('\n'),
    );
    return records.some(({ state }) => state === 'drifted') ? EXIT.unexpectedChanges : EXIT.ok;
  },
};

export const driftCheck: Command = {
  name: 'drift check',
  about:
    'Compare the stacks and machines of a runbook with what its last run left there, and change nothing. What is found is kept, and people are told as when a schedule looks. Exit code 7 when something has drifted.',
  positionals: [{ name: 'runbook', about: 'name of a runbook of the default branch' }],
  options: {},
  run: async (args, context) => {
    const record = await (await context.app()).checkDrift(sessionOf(context), args.positional('runbook'));
    printResult(context, record, () => lines(record, context.deps.clock.now()).join('\n'));
    return record.state === 'drifted' ? EXIT.unexpectedChanges : EXIT.ok;
  },
};

const WORDS = { clean: 'is as its last run left it', drifted: 'has drifted', unknown: 'is not known' } as const;

function lines({ runbook, state, at, since, compared, findings, reasons, runId }: DriftRecord, now: number): readonly string[] {
  const ago = (when: number): string => `${formatDuration(Math.max(0, now - when))} ago`;
  const found = since === undefined || since === at ? '' : `, first seen ${ago(since)}`;
  const than = runId === undefined ? '' : `; ${compared} compared with ${runId}`;
  return [
    `${runbook} ${WORDS[state]} (${ago(at)}${found}${than})`,
    ...findings.flatMap(({ what, path, changes }) => [`  ${clean(what)}, which ${path} made`, ...changes.map((change) => `    ${clean(change)}`)]),
    ...reasons.map((reason) => `  not known: ${clean(reason)}`),
  ];
}
