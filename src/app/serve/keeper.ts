import { type Clock, createMasker, messageOf, SlipwayError } from '../../core/index.ts';
import { isTerminal, RUN_STATES } from '../../engine/index.ts';
import type { App, RunHandle, Session } from '../types.ts';
import type { Log } from './log.ts';

/** The runs that this process drives. */
export interface Keeper {
  /** Remember a run that is driven, until it is over or handed over. */
  readonly hold: (handle: RunHandle) => void;
  /** Drive a run that nobody drives; nothing when somebody does, or when it is over. */
  readonly takeUp: (runId: string) => Promise<void>;
  /** Take up every run of this server whose process died. */
  readonly sweep: () => Promise<void>;
  readonly running: readonly string[];
  /** Resolves when no run is driven any more. */
  readonly settled: () => Promise<void>;
}
export interface KeeperOptions {
  readonly app: App;
  readonly clock: Clock;
  readonly log: Log;
  /** For a run that is taken up again: what it may be asked for was decided when it started. */
  readonly session: Omit<Session, 'masker' | 'notice'>;
}

/** States of runs that go on by themselves once somebody drives them. */
const OPEN = RUN_STATES.filter((state) => !isTerminal(state));
const GOING = ['queued', 'running', 'waiting', 'cancelling', 'rollingBack'];

/** Keep every run of this server driven: a run that was acknowledged is never left lying. */
export function createKeeper({ app, log, session }: KeeperOptions): Keeper {
  const held = new Map<string, Promise<void>>();
  /** Where runs stood that were given back to people; they are looked at again when something has happened to them. */
  const seen = new Map<string, number>();
  const sessionFor = (runId: string): Session => ({ ...session, masker: createMasker(), notice: (line) => log.info({ runId }, line) });
  const hold = ({ runId, done }: RunHandle): void => {
    const ended = done.then(
      ({ state }) => log.info({ runId, state }, 'run is no longer driven here'),
      (cause: unknown) => log.warn({ runId, error: messageOf(cause), ...codeOf(cause) }, 'driving a run ended with an error'),
    );
    held.set(runId, ended);
    void ended.finally(() => held.get(runId) === ended && held.delete(runId));
  };
  const takeUp = async (runId: string): Promise<void> => {
    if (held.has(runId) || session.drain?.aborted === true) return;
    const handle = await app.takeUp(sessionFor(runId), runId);
    if (handle) hold(handle);
  };
  return {
    hold,
    takeUp,
    sweep: async () => {
      for (const { id, state, labels, lastSeq } of await app.runs(sessionFor(''), { states: OPEN })) {
        if (labels['server'] === undefined || held.has(id)) continue;
        if (!GOING.includes(state) && seen.get(id) === lastSeq) continue;
        await takeUp(id).catch((cause: unknown) => log.warn({ runId: id, error: messageOf(cause) }, 'a run could not be taken up'));
        seen.set(id, lastSeq + 1); // taking it up is itself an event
      }
    },
    get running() {
      return [...held.keys()];
    },
    settled: async () => void (await Promise.all(held.values())),
  };
}

function codeOf(cause: unknown): { readonly code?: string } {
  return cause instanceof SlipwayError ? { code: cause.code } : {};
}
