import { html } from 'hono/html';
import { createRecent, EXIT, SlipwayError } from '../../core/index.ts';
import { type RunReport, verdictPicture } from '../../report/index.ts';
import type { ServerDeps } from '../deps.ts';
import { readingSession, type RunTarget } from '../guard.ts';
import type { Html } from './layout.ts';

/** Pictures that are kept: whoever looks at a page that lives asks for the same one again and again, and each is computed from all of the evidence. */
const MOST_KEPT = 64;

/** What comparisons of the old and new side found: the sentence, and a picture that is computed when it is looked at. */
export function verdicts({ runId, tasks }: RunReport): Html {
  const judged = tasks.filter(({ node, finishedAt }) => node?.uses === 'analysis' && finishedAt !== undefined);
  if (judged.length === 0) return html``;
  return html`<h2>Dual run</h2>
    ${judged.map(
      ({ path, summary, error }) =>
        html`<figure>
          <img src="/runs/${runId}/verdict.svg?${new URLSearchParams({ step: path }).toString()}" alt="Verdict at ${path}, drawn" loading="lazy" />
          <figcaption>${error?.message ?? summary ?? path}</figcaption>
        </figure>`,
    )}`;
}

/** Draw verdicts of runs. @throws {SlipwayError} `NO_VERDICT`. */
export function createPictures(deps: ServerDeps): (target: RunTarget, step: string) => Promise<string> {
  const kept = createRecent<Promise<string>>(MOST_KEPT);
  return (target, step) => {
    const key = `${target.runId} ${target.facts?.events.at(-1)?.seq ?? 0} ${step}`;
    const picture = kept.use(key, () => draw(deps, target.runId, step));
    picture.catch(() => kept.forget(key, picture));
    return picture;
  };
}

async function draw(deps: ServerDeps, runId: string, step: string): Promise<string> {
  const checks = await deps.app.analyses(readingSession(deps), runId);
  const last = checks.findLast(({ path, verdict }) => path === step && verdict !== undefined);
  if (!last?.verdict) throw new SlipwayError('NO_VERDICT', 'nothing of this run can be drawn there', { exitCode: EXIT.notFound });
  return verdictPicture(last.verdict, last.evidence);
}
