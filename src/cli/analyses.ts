import type { App, Session } from '../app/index.ts';
import { SlipwayError } from '../core/index.ts';

/** Verdicts of a run, computed again; none when it has none yet, and none through a server, whose evidence stays there. */
export async function analysesOf(app: App, session: Session, runId: string): ReturnType<App['analyses']> {
  try {
    return await app.analyses(session, runId);
  } catch (thrown) {
    if (thrown instanceof SlipwayError && ['NO_VERDICT', 'NOT_REMOTE'].includes(thrown.code)) return [];
    throw thrown;
  }
}
