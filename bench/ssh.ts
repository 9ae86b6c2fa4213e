/**
 * What one run over SSH costs, against Ansible, Ansible with Mitogen, multiplexed OpenSSH and a bare ssh2 loop: the same machines (one Debian sshd under
 * many loopback addresses), the same number of hosts at once, one after the other in one run. Prints a JSON line per measurement, ratios and a table.
 *
 * node bench/ssh.ts                       a short form: 20 tasks on 20 hosts, and 1 task on 50
 * node bench/ssh.ts --full                everything; hours, most of them Ansible's
 * node bench/ssh.ts --scenario one:200 --scenario twenty:50x20 --scenario files:5x1000 --rtt 0,10,50 --tools slipway,bare --rounds 3
 *
 * --limit <seconds> ends one program that takes longer, which then counts as missing. --out <file> also writes the table as Markdown.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Ansible, ansibleProgram, installAnsible } from './ssh/ansible.ts';
import { measure, type Program } from './ssh/measure.ts';
import { openPlace, type Place, whyNot } from './ssh/place.ts';
import type { Spec } from './ssh/spec.ts';
import { missed, type Row, tableOf } from './ssh/table.ts';

const FULL = ['one:50', 'one:200', 'one:1000', 'twenty:50x20', 'files:5x1000'];
const SHORT = ['twenty:20x20', 'one:50'];
const TOOLS = ['slipway', 'slipway-hostFirst', 'bare', 'openssh', 'ansible', 'mitogen'] as const;
type Tool = (typeof TOOLS)[number];

const { values: options } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    scenario: { type: 'string', multiple: true },
    tools: { type: 'string' },
    rtt: { type: 'string', default: '0' },
    rounds: { type: 'string', default: '1' },
    limit: { type: 'string', default: '1800' },
    out: { type: 'string' },
  },
});

interface Scenario {
  readonly name: string;
  readonly kind: 'one' | 'twenty' | 'files';
  readonly hosts: number;
  readonly count: number;
}

function scenarioOf(text: string): Scenario {
  const found = /^(one|twenty|files):(\d+)(?:x(\d+))?$/.exec(text);
  if (!found) throw new Error(`no scenario "${text}"; write one:50, twenty:50x20 or files:5x1000`);
  const kind = found[1] === 'one' ? 'one' : found[1] === 'twenty' ? 'twenty' : 'files';
  return { name: text, kind, hosts: Number(found[2]), count: Number(found[3] ?? (kind === 'one' ? 2 : kind === 'twenty' ? 20 : 1_000)) };
}

interface Bench {
  readonly place: Place;
  readonly scenario: Scenario;
  readonly rttMs: number;
  readonly limitMs: number;
  readonly installed: ReadonlyMap<Tool, Ansible>;
}

/** One program, once. Its folder, and with it what it has left on disk, goes afterwards. */
async function once({ place, scenario, rttMs, limitMs, installed }: Bench, tool: Tool, round: number): Promise<Row> {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
  const row = { scenario: scenario.name, rttMs, tool, round, hosts: scenario.hosts };
  try {
    const spec = specOf(scenario, place, dir, tool === 'slipway-hostFirst' ? 'hostFirst' : 'linear');
    writeFileSync(join(dir, 'spec.json'), JSON.stringify(spec));
    const ansible = installed.get(tool);
    const measured = await measure(place, ansible ? ansibleProgram(ansible, spec) : ownProgram(tool, dir), limitMs);
    const last = scenario.kind === 'files' ? 'files' : `task-${scenario.count}`;
    return {
      ...{ ...row, wallMs: measured.wallMs, cpuMs: measured.cpuMs, memoryMiB: measured.memoryMiB, serverCpuMs: measured.serverCpuMs },
      ...(scenario.kind === 'one' ? { coldMs: measured.span('begin', 'task-1'), warmMs: measured.span('task-1', 'task-2') } : {}),
      workMs: measured.span('begin', last),
    };
  } catch (error) {
    return { ...row, missing: error instanceof Error ? error.message.split('\n').slice(0, 3).join(' | ').slice(0, 300) : String(error) };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function specOf(scenario: Scenario, place: Place, dir: string, strategy: Spec['strategy']): Spec {
  const { port, key, hostKey, knownHosts } = place;
  const addresses = Array.from({ length: scenario.hosts }, (_, index) => place.addressOf(index));
  const spec = { addresses, port, key, hostKey, knownHosts, tasks: scenario.count, dir, strategy };
  if (scenario.kind !== 'files') return spec;
  const folder = join(dir, 'files');
  mkdirSync(folder);
  const names = Array.from({ length: scenario.count }, (_, index) => `file-${String(index).padStart(4, '0')}.conf`);
  for (const [index, name] of names.entries()) writeFileSync(join(folder, name), `# ${name}\n${`setting ${index}\n`.repeat(80)}`);
  return { ...spec, tasks: 1, files: { folder, names } };
}

function ownProgram(tool: Tool, dir: string): Program {
  const file = tool === 'bare' || tool === 'openssh' ? tool : 'slipway';
  return {
    words: [process.execPath, '--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'ssh', 'programs', `${file}.ts`), join(dir, 'spec.json')],
  };
}

/** The programs take turns, so that what else the machine does meets all of them alike. */
async function runScenario(
  scenario: Scenario,
  rttMs: number,
  given: Pick<Bench, 'limitMs' | 'installed'> & { tools: readonly Tool[]; rounds: number },
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (let round = 1; round <= given.rounds; round++) {
    for (const tool of given.tools) {
      // Files land on a disk that only this program has written to.
      await using place = await openPlace({ rttMs, ...(scenario.kind === 'files' ? { apart: scenario.hosts } : {}) });
      const row = await once({ place, scenario, rttMs, ...given }, tool, round);
      rows.push(row);
      process.stdout.write(`${JSON.stringify({ bench: 'ssh', ...row })}\n`);
    }
  }
  return rows;
}

function toolsToUse(installed: Map<Tool, Ansible>): readonly Tool[] {
  const named = options.tools?.split(',').map((name) => name.trim());
  const wanted = TOOLS.filter((tool) => named?.includes(tool) ?? tool !== 'slipway-hostFirst');
  return wanted.filter((tool) => {
    if (tool !== 'ansible' && tool !== 'mitogen') return true;
    const found = installAnsible(tool === 'mitogen');
    if (typeof found === 'string') console.error(`bench: ${tool} is left out: ${found}`);
    else installed.set(tool, found);
    return typeof found !== 'string';
  });
}

async function main(): Promise<void> {
  const absent = whyNot();
  if (absent !== undefined) return console.error(`bench: ssh is left out: ${absent}`);
  const installed = new Map<Tool, Ansible>();
  const tools = toolsToUse(installed);
  const scenarios = (options.scenario ?? (options.full ? FULL : SHORT)).map(scenarioOf);
  const rtts = (options.full && options.rtt === '0' ? '0,10,50' : options.rtt).split(',').map(Number);
  const versions = [`Node ${process.version}`, ...[...installed.values()].map(({ versions: one }) => one)].join('; ');
  console.error(`bench: ssh on ${availableParallelism()} cores, client and sshd on the same machine; ${versions}`);
  const rows: Row[] = [];
  for (const rttMs of rtts)
    for (const scenario of scenarios)
      rows.push(...(await runScenario(scenario, rttMs, { tools, rounds: Number(options.rounds), installed, limitMs: 1_000 * Number(options.limit) })));
  const { text, markdown } = tableOf(rows);
  process.stdout.write(`${text}\n`);
  if (options.out !== undefined) writeFileSync(options.out, markdown);
  for (const line of missed(rows)) {
    console.error(`bench: ${line}`);
    process.exitCode = 1;
  }
}

await main();
