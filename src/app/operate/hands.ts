import { type JsonObject, SlipwayError } from '../../core/index.ts';
import type { Session } from '../types.ts';
import type { Wiring } from '../wiring.ts';
import { checkDrift } from './drift/check.ts';
import type { Head, Heads } from './heads.ts';
import type { Operating } from './operating.ts';
import type { RemedyHands } from './remedy/start.ts';
import { type Fire, type FireHands, SCHEDULE_LABEL } from './schedule-fire.ts';
import { schedulesOf } from './scheduled.ts';
import { startFromHead } from './start-from-head.ts';
import { tellAbout } from './tell-about.ts';

/** What works for default branches needs. */
export interface Working {
  readonly session: Session;
  readonly wiring: Wiring;
  readonly operating: Operating;
  readonly heads: Heads;
  /** Labels of every run that is started. */
  readonly labels: JsonObject;
}

/** What fires of schedules set going. */
export function fireHands(working: Working): FireHands {
  const { wiring, operating, heads } = working;
  return {
    declared: async () => new Set((await heads()).flatMap(schedulesOf).map(({ key }) => key)),
    start: async (fire, runId, signal) =>
      startFromHead(until(working, signal), wiring, {
        ...{ runId, head: await headFor(heads, fire), runbook: fire.runbook, inputs: fire.inputs },
        ...{ actor: `schedule:${fire.runbook}`, labels: { ...working.labels, [SCHEDULE_LABEL]: fire.key } },
      }),
    checkDrift: async ({ repository, runbook, fireAt }, signal) =>
      void (await checkDrift(until(working, signal), wiring, { head: await headFor(heads, { repository }), store: operating.store, runbook, at: fireAt })),
    refused: async (fire, cause) =>
      tellAbout(operating.store, await headFor(heads, fire), {
        ...{
          runbook: fire.runbook,
          notice: 'scheduleFailed',
          about: `${fire.key}@${fire.fireAt}`,
          title: fire.kind === 'run' ? `${fire.runbook} did not start on its schedule` : `${fire.runbook} could not be looked at for drift`,
          mood: 'bad',
        },
        ...{ at: fire.fireAt, facts: refusal(cause, { schedule: `${fire.cron} ${fire.timeZone}` }), next: commandFor(fire) },
      }),
  };
}

/** What is to be set right is set right through the same gate as everything else. */
export function remedyHands(working: Working): RemedyHands {
  const { wiring, operating, heads } = working;
  return {
    start: async (remedy, { runId, labels }, signal) =>
      startFromHead(until(working, signal), wiring, {
        ...{ runId, labels: { ...working.labels, ...labels }, head: await headFor(heads, remedy), runbook: remedy.runbook, inputs: remedy.inputs },
        actor: `remedy:${remedy.found}`,
      }),
    refused: async (remedy, cause) =>
      tellAbout(operating.store, await headFor(heads, remedy), {
        ...{ runbook: remedy.found, notice: 'scheduleFailed', about: `remedy ${remedy.cause}`, title: `${remedy.runbook} did not start`, mood: 'bad' },
        ...{ at: remedy.at, facts: refusal(cause, { 'to set right': remedy.found }), next: [`slipway plan ${remedy.runbook}`] },
      }),
  };
}

/** Plans and looks take minutes: a process that was told to go leaves them to the next one. */
function until({ session, operating }: Working, signal: AbortSignal): Session {
  return { ...session, signal: AbortSignal.any([signal, operating.stop]) };
}

function refusal({ code, message }: { readonly code: string; readonly message: string }, more: { readonly [name: string]: string }) {
  return Object.entries({ ...more, code, reason: message }).map(([name, value]) => ({ name, value }));
}

function commandFor({ kind, runbook }: Fire): readonly string[] {
  return [kind === 'run' ? `slipway plan ${runbook}` : `slipway drift check ${runbook}`];
}

async function headFor(heads: Heads, { repository }: { readonly repository?: string | undefined }): Promise<Head> {
  const head = (await heads()).find((each) => each.repository === repository);
  if (head) return head;
  throw new SlipwayError('REPOSITORY_UNKNOWN', `no repository "${repository ?? ''}" is followed here`, { retry: 'afterBackoff' });
}
