/** One program in one scenario. Times in milliseconds, memory in MiB. */
export interface Row {
  readonly scenario: string;
  readonly rttMs: number;
  readonly tool: string;
  readonly round: number;
  readonly hosts: number;
  readonly wallMs?: number | undefined;
  /** From the moment its own work began until the last task was over. */
  readonly workMs?: number | undefined;
  /** The first task, with all connections. */
  readonly coldMs?: number | undefined;
  /** A second task over the same connections. */
  readonly warmMs?: number | undefined;
  readonly cpuMs?: number | undefined;
  readonly serverCpuMs?: number | undefined;
  readonly memoryMiB?: number | undefined;
  readonly missing?: string;
}

type Figure = 'workMs' | 'coldMs' | 'warmMs' | 'cpuMs' | 'serverCpuMs' | 'memoryMiB' | 'wallMs';
const COLUMNS: readonly { readonly title: string; readonly figure: Figure; readonly isTime: boolean }[] = [
  { title: 'work', figure: 'workMs', isTime: true },
  { title: 'cold', figure: 'coldMs', isTime: true },
  { title: 'warm', figure: 'warmMs', isTime: true },
  { title: 'CPU', figure: 'cpuMs', isTime: true },
  { title: 'sshd CPU', figure: 'serverCpuMs', isTime: true },
  { title: 'memory', figure: 'memoryMiB', isTime: false },
];

/** The least of the rounds: what else a machine does only ever adds. */
export function best(rows: readonly Row[], figure: Figure): number | undefined {
  const values = rows.flatMap((row) => row[figure] ?? []);
  return values.length === 0 ? undefined : Math.min(...values);
}

/** A table for the terminal, and the same as Markdown. Behind each figure stands how many times Slipway's it is. */
export function tableOf(rows: readonly Row[]): { readonly text: string; readonly markdown: string } {
  const lines = [['scenario', 'RTT', 'program', ...COLUMNS.map(({ title }) => title)]];
  for (const [, group] of Map.groupBy(rows, ({ scenario, rttMs }) => `${scenario} ${rttMs}`)) {
    const byTool = Map.groupBy(group, ({ tool }) => tool);
    const own = byTool.get('slipway') ?? [];
    for (const [tool, those] of byTool) {
      const [first] = those;
      const figures = COLUMNS.map(({ figure, isTime }) => cellOf(best(those, figure), best(own, figure), isTime));
      const why = those.every(({ missing }) => missing !== undefined) ? ['missing: ' + (first?.missing ?? '')] : figures;
      lines.push([first?.scenario ?? '', `${first?.rttMs ?? 0} ms`, tool, ...why]);
    }
  }
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0).filter((width) => width < 60)));
  const text = lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
  const markdown = lines.map((line, index) => `| ${line.join(' | ')} |${index === 0 ? `\n|${' --- |'.repeat(line.length)}` : ''}`).join('\n');
  return { text, markdown: `${markdown}\n` };
}

function cellOf(value: number | undefined, own: number | undefined, isTime: boolean): string {
  if (value === undefined) return '–';
  const shown = isTime ? `${(value / 1_000).toFixed(value < 10_000 ? 2 : 1)} s` : `${value} MiB`;
  return own === undefined || own === 0 || own === value ? shown : `${shown} (${(value / own).toFixed(value / own < 10 ? 2 : 0)}×)`;
}

/** What Slipway is to be at least, as a multiple of its own figure, or at most. */
const AIMS: readonly { readonly about: string; readonly scenario: RegExp; readonly figure: Figure; readonly tool: string; readonly least: number }[] = [
  { about: '40 times as quick as Ansible', scenario: /^twenty/, figure: 'workMs', tool: 'ansible', least: 40 },
  { about: '8 times as quick as Mitogen', scenario: /^twenty/, figure: 'workMs', tool: 'mitogen', least: 8 },
  { about: '4 times as quick as multiplexed ssh', scenario: /^twenty/, figure: 'workMs', tool: 'openssh', least: 4 },
  { about: 'at most 1.3 times the bare loop', scenario: /^twenty/, figure: 'workMs', tool: 'bare', least: 1 / 1.3 },
  { about: 'cold connects at most 1.2 times the bare loop', scenario: /^one/, figure: 'coldMs', tool: 'bare', least: 1 / 1.2 },
];
const MOST_MEMORY_MIB = 400;

/** Aims that were not reached in this run. */
export function missed(rows: readonly Row[]): readonly string[] {
  return [...Map.groupBy(rows, ({ scenario, rttMs }) => `${scenario} at ${rttMs} ms`)].flatMap(([name, group]) => {
    const of = (tool: string) => group.filter((row) => row.tool === tool);
    const memory = best(of('slipway'), 'memoryMiB') ?? 0;
    const ratios = AIMS.flatMap(({ about, scenario, figure, tool, least }) => {
      const [theirs, ours] = [best(of(tool), figure), best(of('slipway'), figure)];
      if (!scenario.test(name) || theirs === undefined || ours === undefined || theirs / ours >= least) return [];
      return [`${name}: not ${about}: ${Math.round(ours)} ms against ${Math.round(theirs)} ms, ${(theirs / ours).toFixed(2)}×`];
    });
    return [...ratios, ...(memory > MOST_MEMORY_MIB ? [`${name}: ${memory} MiB, more than ${MOST_MEMORY_MIB}`] : [])];
  });
}
