import type { Command } from './types.ts';

/** A command as `slipway --help` needs it; the rest is loaded when it is used. */
export interface Entry {
  readonly name: string;
  readonly usage: string;
  readonly about: string;
  readonly load: () => Promise<Command>;
}
export interface Group {
  readonly title: string;
  readonly entries: readonly Entry[];
}

const entry = (usage: string, about: string, load: () => Promise<Command>): Entry => ({ name: usage.replace(/ ?[<[].*$/, ''), usage, about, load });

/** Every command, in the order people meet them. */
export const GROUPS: readonly Group[] = [
  {
    title: 'change',
    entries: [
      entry('validate [path…]', 'check runbooks and the estate; says all mistakes at once', async () => (await import('./commands/validate.ts')).validate),
      entry('schema [kind]', 'print the JSON Schema of runbooks and estate files', async () => (await import('./commands/schema.ts')).schema),
      entry('plan <runbook>', 'show what a runbook would do, and what policies say', async () => (await import('./commands/plan.ts')).plan),
      entry('show <planfile|run>', 'show a saved plan or a run again', async () => (await import('./commands/show.ts')).show),
      entry('apply <planfile|runbook>', 'run exactly what a plan says', async () => (await import('./commands/apply.ts')).apply),
      entry('rehearse <runbook>', 'run everything against stand-in clouds and machines', async () => (await import('./commands/rehearse.ts')).rehearse),
    ],
  },
  {
    title: 'look',
    entries: [
      entry('runs', 'list runs', async () => (await import('./commands/runs.ts')).runs),
      entry('status <run>', 'show how a run stands, and what to do next', async () => (await import('./commands/status.ts')).status),
      entry('logs <run> [path]', 'show the output of steps', async () => (await import('./commands/logs.ts')).logs),
      entry('watch <run>', 'follow a run until it ends', async () => (await import('./commands/watch.ts')).watch),
    ],
  },
  {
    title: 'steer',
    entries: [
      entry('approve <run> [path]', 'vote for a step that waits for approval', async () => (await import('./commands/vote.ts')).approve),
      entry('reject <run> [path]', 'vote against it', async () => (await import('./commands/vote.ts')).reject),
      entry('pause <run>', 'let running steps finish and start no more', async () => (await import('./commands/steer.ts')).pause),
      entry('resume <run>', 'go on with a paused run, or with one whose process died', async () => (await import('./commands/resume.ts')).resume),
      entry('cancel <run>', 'stop a run; cleaning up still happens', async () => (await import('./commands/steer.ts')).cancel),
      entry('rollback <run>', 'undo a run, traffic first', async () => (await import('./commands/rollback.ts')).rollback),
      entry('retry <run> [path]', 'try again what did not end well, on all or some hosts', async () => (await import('./commands/retry.ts')).retry),
      entry('resolve <run> <path>', 'settle a step that needs a person', async () => (await import('./commands/resolve.ts')).resolve),
      entry('signal <run> <name> [payload]', 'send a signal that a step waits for', async () => (await import('./commands/signal.ts')).signal),
    ],
  },
  {
    title: 'prove',
    entries: [
      entry('policy test', 'run the tests of the policies', async () => (await import('./commands/policy.ts')).policyTest),
      entry('policy check <planfile>', 'judge a saved plan again', async () => (await import('./commands/policy.ts')).policyCheck),
      entry('journal verify <run>', 'recompute the hash chain of a run', async () => (await import('./commands/journal.ts')).journalVerify),
      entry('analysis show <run>', 'show the verdicts of a run: sentence, table, picture', async () => (await import('./commands/analysis.ts')).analysisShow),
      entry('analysis verify <run>', 'compute the verdicts of a run again, offline', async () => (await import('./commands/analysis.ts')).analysisVerify),
      entry(
        'journal export [run]',
        'print every event of a run, or all runs for an import, one JSON object a line',
        async () => (await import('./commands/journal.ts')).journalExport,
      ),
      entry('audit', 'show what was done to the journal as a whole', async () => (await import('./commands/audit.ts')).audit),
      entry('audit verify', 'recompute the hash chain of the audit', async () => (await import('./commands/audit.ts')).auditVerify),
    ],
  },
  {
    title: 'keep',
    entries: [
      entry('backup <file>', 'copy the journal into one file while runs go on', async () => (await import('./commands/keep.ts')).backup),
      entry('restore <file>', 'put a backup in its place', async () => (await import('./commands/keep.ts')).restore),
      entry('journal prune', 'remove runs that ended long ago', async () => (await import('./commands/keep.ts')).prune),
      entry('journal import <file>', 'store the runs of an export, also of another store', async () => (await import('./commands/keep.ts')).journalImport),
    ],
  },
  {
    title: 'operate',
    entries: [
      entry('worker', 'drive every run that nobody drives, until it is stopped', async () => (await import('./commands/worker.ts')).worker),
      entry('schedules', 'show what starts by itself, when next, and how it went', async () => (await import('./commands/schedules.ts')).schedules),
      entry(
        'schedules tick',
        'start what is due, once, for whoever has a clock of their own',
        async () => (await import('./commands/schedules.ts')).schedulesTick,
      ),
      entry('drift', 'show what is not any more as its last run left it', async () => (await import('./commands/drift.ts')).drift),
      entry('drift check <runbook>', 'look now', async () => (await import('./commands/drift.ts')).driftCheck),
      entry('deliveries', 'show messages to people and endpoints, and what became of them', async () => (await import('./commands/deliveries.ts')).deliveries),
      entry('deliveries retry [id]', 'try again what was given up', async () => (await import('./commands/deliveries.ts')).deliveriesRetry),
      entry(
        'report kpi',
        'say how changes go: lead time, frequency, failures, time to restore, agreements',
        async () => (await import('./commands/report.ts')).reportKpi,
      ),
      entry('engine status', 'say how the engine is doing, and why runs stand still', async () => (await import('./commands/engine.ts')).engineStatus),
      entry('locks', 'show what runs hold, and who waits for it', async () => (await import('./commands/locks.ts')).locks),
      entry('unlock <lock>', 'take a lock away from a run that died', async () => (await import('./commands/locks.ts')).unlock),
      entry('runs repair [run]', 'mend what does not fit together; never makes up a result', async () => (await import('./commands/repair.ts')).runsRepair),
    ],
  },
  {
    title: 'server',
    entries: [
      entry('serve', 'take webhooks, requests and sign-ins, and drive what they start', async () => (await import('./commands/serve.ts')).serve),
      entry('token create <name>', 'make a token for a machine; it is shown once', async () => (await import('./commands/token.ts')).tokenCreate),
      entry('token list', 'list tokens, without anything that could be used', async () => (await import('./commands/token.ts')).tokenList),
      entry('token revoke <prefix>', 'end a token at once', async () => (await import('./commands/token.ts')).tokenRevoke),
    ],
  },
  {
    title: 'this machine',
    entries: [
      entry('hook install <repository>', 'make a bare repository tell Slipway of pushes', async () => (await import('./commands/hook.ts')).hookInstall),
      entry('hook send <repository>', 'send what its hook could not', async () => (await import('./commands/hook.ts')).hookSend),
      entry('hook remove <repository>', 'take that hook away', async () => (await import('./commands/hook.ts')).hookRemove),
      entry('doctor', 'say what is there, what is missing, and what mends it', async () => (await import('./commands/doctor.ts')).doctor),
      entry('version', 'print the version', async () => (await import('./commands/version.ts')).version),
    ],
  },
];
export const ENTRIES: readonly Entry[] = GROUPS.flatMap((group) => group.entries);
