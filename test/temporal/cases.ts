import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inventoryOf, runbookOf } from '../scenario/files.ts';
import { type Machine, openMachine } from '../scenario/machine.ts';
import { openSite, type Site, until } from '../scenario/site.ts';
import type { Started } from '../scenario/support.ts';
import { type DevServer, startServer } from './server.ts';

/** Zone of the machine of every case. */
export const ZONE = 'berlin-dc';
const POLICY = `package slipway.site

deny contains {"msg": "nobody answers for it"} if not input.runbook.owner
`;

/** A repository of its own with one runbook, `work`, whose runs a Temporal server drives; its machine is in a zone. */
export interface Case extends Disposable {
  readonly at: Site;
  readonly shell: Shell;
  /** Name of a file of this case on the machine. */
  readonly file: (name: string) => string;
  readonly worker: (...args: readonly string[]) => Promise<Started>;
}
type Shell = (id: string, run: string, more?: object) => object;
type Make = (shell: Shell) => { readonly steps: readonly unknown[]; readonly [more: string]: unknown };

/** One machine and one server for the cases of a suite. */
export interface Cases extends AsyncDisposable {
  readonly machine: Machine;
  readonly server: DevServer;
  readonly serverDir: string;
  readonly open: (make: Make, env?: { readonly [name: string]: string }) => Case;
}

export async function openCases(): Promise<Cases> {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-temporal-cases-'));
  const serverDir = join(folder, 'server');
  const [machine, server] = await Promise.all([openMachine(), startServer(process.env['SLIPWAY_TEMPORAL'] ?? '', serverDir)]);
  let count = 0;
  return {
    ...{ machine, server, serverDir },
    open: (make, env = {}) => openCase({ machine, server }, { name: `case-${(count += 1)}`, make, env }),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await machine[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Wanted {
  readonly name: string;
  readonly make: Make;
  readonly env: { readonly [name: string]: string };
}

function openCase({ machine, server }: Pick<Cases, 'machine' | 'server'>, { name, make, env: own }: Wanted): Case {
  const shell: Shell = (id, run, more = {}) => {
    const env = { DIR: `${machine.folder}/${name}`, ...('env' in more ? (more.env as object) : {}) }; // a step's env is an object
    return { id, run: `mkdir -p "$DIR"; cd "$DIR"; ${run}`, hosts: 'web', idempotency: 'safe', ...more, env };
  };
  const inventory = JSON.parse(inventoryOf(machine)) as { hosts: { 'web-1': object } }; // our own text
  inventory.hosts['web-1'] = { ...inventory.hosts['web-1'], zone: ZONE };
  const files = {
    'runbooks/estate.yaml': JSON.stringify(inventory),
    'runbooks/work.yaml': runbookOf({ name: 'work', rollback: { on: ['stepFailed', 'manual'], budget: '1m' }, ...make(shell) }),
    'policies/rules.rego': POLICY,
  };
  const at = openSite(files, { ...machine.env, SLIPWAY_ENGINE: 'temporal', TEMPORAL_ADDRESS: server.address, SLIPWAY_TEMPORAL_QUEUE: name, ...own });
  const worker: Case['worker'] = async (...args) => {
    const started = at.start(['worker', ...args]);
    await until('the worker', () => (/taking /.test(started.said()) ? true : undefined), started);
    return started;
  };
  return { at, shell, worker, file: (file) => `${name}/${file}`, [Symbol.dispose]: () => at[Symbol.dispose]() };
}
