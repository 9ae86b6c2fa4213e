import { html } from 'hono/html';
import { z } from 'zod';
import type { RunFacts } from '../../app/index.ts';
import type { Html } from './layout.ts';

const Metric = z.object({
  label: z.string(),
  verdict: z.enum(['pass', 'fail', 'inconclusive', 'noData']),
  sentence: z.string(),
  estimate: z.number().nullable(),
  lower: z.number().nullable(),
  upper: z.number().nullable(),
  margin: z.number(),
});
type Metric = z.output<typeof Metric>;
const Outputs = z.object({ verdict: z.string(), metrics: z.array(Metric) });

const WIDTH = 640;
const LEFT = 150;
const ROW = 34;

/** What comparisons of the old and new side found, as far as their steps recorded it: each bound against what it is allowed. */
export function verdictPictures({ events }: RunFacts): Html {
  const found = events.flatMap(({ body }) => {
    if (body.type !== 'stepFinished' || !('outputs' in body.result)) return [];
    const outputs = Outputs.safeParse(body.result.outputs);
    return outputs.success ? [{ path: body.path, metrics: outputs.data.metrics }] : [];
  });
  return html`${found.map(({ path, metrics }) => picture(path, metrics))}`;
}

function picture(path: string, metrics: readonly Metric[]): Html {
  const most = Math.max(...metrics.flatMap(({ upper, lower, margin }) => [Math.abs(upper ?? 0), Math.abs(lower ?? 0), margin * 1.2]), 1e-9);
  const x = (value: number): number => Math.round((LEFT + ((WIDTH - LEFT - 20) * (value + most)) / (2 * most)) * 10) / 10;
  const height = metrics.length * ROW + 24;
  return html`<figure>
    <svg
      viewBox="0 0 ${WIDTH} ${height}"
      width="${WIDTH}"
      height="${height}"
      role="img"
      aria-label="Dual run at ${path}: bounds of each metric against its margin"
    >
      <line class="zero" x1="${x(0)}" x2="${x(0)}" y1="0" y2="${height - 18}" />
      <text x="${x(0)}" y="${height - 4}" text-anchor="middle">no difference</text>
      ${metrics.map((metric, index) => row(metric, { y: index * ROW + 18, x }))}
    </svg>
    <figcaption>
      <ul>
        ${metrics.map(({ sentence }) => html`<li>${sentence}</li>`)}
      </ul>
    </figcaption>
  </figure>`;
}

function row({ label, verdict, lower, upper, estimate, margin }: Metric, { y, x }: { readonly y: number; readonly x: (value: number) => number }): Html {
  const bounds =
    lower === null || upper === null ? '' : html`<line class="${verdict}" x1="${x(lower)}" x2="${x(upper)}" y1="${y}" y2="${y}" stroke-width="3" />`;
  const dot = estimate === null ? '' : html`<circle class="${verdict}" cx="${x(estimate)}" cy="${y}" r="4" />`;
  return html`<text x="0" y="${y + 4}">${label}: ${verdict}</text>
    <line class="margin" x1="${x(margin)}" x2="${x(margin)}" y1="${y - 12}" y2="${y + 12}" />
    ${bounds} ${dot}`;
}
