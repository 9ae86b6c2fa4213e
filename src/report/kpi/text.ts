import { formatDuration } from '../../core/index.ts';
import type { Figures, Kpis, Spread } from './kpis.ts';

const HEAD = ['', 'deployments', 'per week', 'failed', 'lead time', 'duration', 'approval', 'restore'] as const;

/** A table of the figures; times are medians. */
export function kpiText({ from, to, all, runbooks }: Kpis): string {
  const days = Math.max(1, Math.round((to - from) / 86_400_000));
  if (all.deployments === 0) return `no run has ended in the last ${days} days`;
  const rows = [HEAD, ...runbooks.map((each) => row(each.runbook, each)), ...(runbooks.length > 1 ? [row('all', all)] : [])];
  const widths = HEAD.map((_, index) => Math.max(...rows.map((cells) => cells[index]?.length ?? 0)));
  const lines = rows.map((cells) =>
    cells
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const open = all.unrestored === 0 ? [] : ['', `${all.unrestored} failure${all.unrestored === 1 ? ' has' : 's have'} not been restored yet`];
  return [`the last ${days} days, medians`, '', ...lines, ...slaLines(runbooks), ...open].join('\n');
}

function row(name: string, { deployments, perWeek, failed, failureRate, leadTime, duration, approval, restore }: Omit<Figures, 'sla'>): readonly string[] {
  const share = failureRate === undefined ? '' : ` (${percent(failureRate)})`;
  return [name, String(deployments), perWeek.toFixed(1), `${failed}${share}`, ...[leadTime, duration, approval, restore].map(median)];
}

function slaLines(runbooks: Kpis['runbooks']): readonly string[] {
  const lines = runbooks.flatMap(({ runbook, sla }) =>
    sla.map(({ id, agreedMs, runs, kept }) => `  ${runbook} ${id}: ${formatDuration(agreedMs)} agreed, kept by ${kept} of ${runs} (${percent(kept / runs)})`),
  );
  return lines.length === 0 ? [] : ['', 'agreements', ...lines];
}

function median({ medianMs }: Spread): string {
  return medianMs === undefined ? '–' : formatDuration(medianMs);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0)}%`;
}
