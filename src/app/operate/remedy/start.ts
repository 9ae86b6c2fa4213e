import { causedRunId, type JsonObject, messageOf, SlipwayError } from '../../../core/index.ts';
import { OPEN_STATES } from '../../overview.ts';
import type { Operating } from '../operating.ts';
import { isPassing, restMs } from '../passing.ts';
import type { Ended, Handler } from '../work.ts';
import { REMEDIES, Remedy } from './order.ts';

/** What starting a remedy needs. */
export interface RemedyHands {
  /** Record the run, planned from the default branch, judged by policies; approvals are asked for by the run itself. */
  readonly start: (remedy: Remedy, how: { readonly runId: string; readonly labels: JsonObject }, signal: AbortSignal) => Promise<void>;
  /** People should know that it could not start. */
  readonly refused: (remedy: Remedy, cause: { readonly code: string; readonly message: string }) => Promise<void>;
}
/** Label of a run that sets something right: the runbook that found it. */
export const REMEDY_LABEL = 'remedies';
const REST = { firstMs: 2_000, longestMs: 300_000 };
const GIVE_UP_MS = 86_400_000;

/** Starts runs that set right what was found. While one for the same runbook goes on, another finding starts no second one. */
export function remediesHandler(operating: Operating, hands: RemedyHands): Handler {
  return {
    queue: REMEDIES,
    lanes: 1,
    handle: async (job, signal) => {
      const remedy = Remedy.parse(job.payload);
      try {
        return await start(operating, hands, remedy, signal);
      } catch (cause) {
        signal.throwIfAborted();
        const now = operating.clock.now();
        if (operating.stop.aborted) return { retryAt: now, reason: 'this process was told to go' };
        const reason = messageOf(cause);
        if (isPassing(cause) && now - remedy.at < GIVE_UP_MS) return { retryAt: now + restMs(job.attempt, REST), reason };
        const code = cause instanceof SlipwayError ? cause.code : 'UNEXPECTED';
        await hands.refused(remedy, { code, message: reason });
        return { done: { refused: code } };
      }
    },
  };
}

/** The id of the run: one cause is one run. */
export function runIdOfRemedy({ cause, at }: Pick<Remedy, 'cause' | 'at'>): string {
  return causedRunId(`remedy ${cause}`, at);
}

async function start({ journal }: Operating, hands: RemedyHands, remedy: Remedy, signal: AbortSignal): Promise<Ended> {
  const runId = runIdOfRemedy(remedy);
  if (await journal.run(runId)) return { done: { runId } };
  const open = await journal.runs({ runbook: remedy.runbook, states: OPEN_STATES });
  const before = open.find(({ labels }) => labels[REMEDY_LABEL] === remedy.found);
  if (before) return { done: { goesOn: before.id } };
  await hands.start(remedy, { runId, labels: { [REMEDY_LABEL]: remedy.found } }, signal);
  return { done: { runId } };
}
