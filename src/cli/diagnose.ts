import { access, constants, mkdir } from 'node:fs/promises';
import { messageOf } from '../core/index.ts';
import type { Check } from './types.ts';

/** What the doctor may touch. */
export interface DoctorPorts {
  readonly nodeVersion: string;
  readonly leastNode: string;
  /** Standard output and error of a program, or undefined when it cannot be run. */
  readonly run: (program: string, args: readonly string[]) => Promise<string | undefined>;
  readonly tool: (name: 'pulumi' | 'opa') => Promise<{ readonly found: boolean; readonly words: string; readonly hint?: string }>;
  readonly stateDir: string;
  /** Number of runs in the journal. */
  readonly countRuns: () => Promise<number>;
}

interface Program {
  readonly name: string;
  readonly args: readonly string[];
  readonly needed: boolean;
  readonly why: string;
  readonly mend: string;
}
const PROGRAMS: readonly Program[] = [
  { name: 'git', args: ['--version'], needed: true, why: 'reads repositories', mend: 'apt-get install git' },
  { name: 'npm', args: ['--version'], needed: false, why: 'sets a checkout up', mend: 'install Node.js from https://nodejs.org' },
  { name: 'go', args: ['version'], needed: false, why: 'builds pulumi and opa where they cannot be downloaded', mend: 'install Go from https://go.dev/dl' },
  { name: 'cc', args: ['--version'], needed: false, why: 'compiles optional parts of npm packages', mend: 'apt-get install build-essential' },
  { name: 'sshd', args: ['-V'], needed: false, why: 'some tests talk to it', mend: 'apt-get install openssh-server' },
  { name: 'haproxy', args: ['-v'], needed: false, why: 'some tests shift traffic with it', mend: 'apt-get install haproxy' },
  { name: 'chromium', args: ['--version'], needed: false, why: 'tests of the portal need it', mend: 'apt-get install chromium' },
];

/** Look at this machine: programs, tools of the right version, state folder, journal. Changes nothing but makes the state folder. */
export async function diagnose(ports: DoctorPorts): Promise<readonly Check[]> {
  const [programs, pulumi, opa, state] = await Promise.all([
    Promise.all(PROGRAMS.map((program) => checkProgram(program, ports))),
    checkTool('pulumi', ports),
    checkTool('opa', ports),
    checkState(ports),
  ]);
  return [checkNode(ports), ...programs, pulumi, opa, state, await checkJournal(ports)];
}

function checkNode({ nodeVersion, leastNode }: DoctorPorts): Check {
  const order = nodeVersion.localeCompare(leastNode, 'en', { numeric: true });
  return {
    name: 'node',
    ok: order >= 0,
    needed: true,
    found: `${nodeVersion}, ${leastNode} or newer is needed`,
    mend: 'install a newer Node.js from https://nodejs.org',
  };
}

async function checkProgram({ name, args, needed, why, mend }: Program, { run }: DoctorPorts): Promise<Check> {
  const said = await run(name, args);
  const version = said === undefined ? undefined : (/\d+\.\d+(\.\d+)?[^\s),;]*/.exec(said)?.[0] ?? 'there');
  return { name, ok: version !== undefined, needed, found: version ?? `not found; it ${why}`, mend };
}

async function checkTool(name: 'pulumi' | 'opa', { tool }: DoctorPorts): Promise<Check> {
  const { found, words, hint } = await tool(name);
  return { name, ok: found, needed: true, found: words, mend: hint ?? 'npm run setup' };
}

async function checkState({ stateDir }: DoctorPorts): Promise<Check> {
  const check = { name: 'state folder', needed: true, mend: `mkdir -p ${stateDir} && chmod u+rwx ${stateDir}, or set SLIPWAY_HOME to another folder` };
  try {
    await mkdir(stateDir, { recursive: true, mode: 0o700 });
    await access(stateDir, constants.W_OK);
    return { ...check, ok: true, found: stateDir };
  } catch (error) {
    return { ...check, ok: false, found: messageOf(error) };
  }
}

async function checkJournal({ countRuns }: DoctorPorts): Promise<Check> {
  const check = { name: 'journal', needed: true, mend: 'restore it from a backup, or set SLIPWAY_HOME or SLIPWAY_JOURNAL to another' };
  try {
    const count = await countRuns();
    return { ...check, ok: true, found: `readable, ${count} run${count === 1 ? '' : 's'}` };
  } catch (error) {
    return { ...check, ok: false, found: messageOf(error) };
  }
}
