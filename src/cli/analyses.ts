import type { App, Session } from '../app/index.ts';
import { SlipwayError } from '../core/index.ts';

/** Verdicts of a run, computed again; none when it has none yet. */
export async function analysesOf(app: App, session: Session, runId: string): ReturnType<App['analyses']> {
  try {
    return await app.analyses(session, runId);
  } catch (thrown) {
    if (thrown instanceof SlipwayError && thrown.code === 'NO_VERDICT') return [];
    throw thrown;
  }
}
