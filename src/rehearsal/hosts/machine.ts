import { join, posix } from 'node:path';
import type { Clock, JsonObject } from '../../core/index.ts';
import { type Counters, createCounters } from './counters.ts';
import { createFiles, type Files } from './files.ts';
import type { Ledger } from './ledger.ts';
import type { Seal } from './seal.ts';
import { addUser, makeFolders } from './players/accounts.ts';
import { type HostState, openState } from './state.ts';
import type { HostFault, RehearsalVars } from './vars.ts';

/** One rehearsed machine: what it remembers, and what it plays. */
export interface Machine {
  readonly name: string;
  readonly vars: RehearsalVars;
  readonly clock: Clock;
  readonly state: HostState;
  readonly files: Files;
  /** What its application or load balancer has counted since the rehearsal was started. */
  readonly counters: Counters;
  /** Is a server of its load balancer up? Filled in when all machines are known. */
  isUp: (server: string) => boolean;
  /** Remember the state on disk, then note the effect. */
  readonly changed: (type: string, detail: JsonObject) => void;
  /** Note something without a change of state. */
  readonly note: (type: string, detail: JsonObject) => void;
  /** The fault that happens now, counted. */
  readonly fault: (effects: readonly HostFault['effect'][], script?: string) => HostFault | undefined;
  readonly port: (key: string) => number | undefined;
  readonly keepPort: (key: string, port: number) => void;
}

export interface MachineParts {
  readonly name: string;
  readonly vars: RehearsalVars;
  readonly dir: string;
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly seal: Seal;
}

export function openMachine({ name, vars, dir, clock, ledger, seal }: MachineParts): Machine {
  const { state, save } = openState(join(dir, 'machines', `${encodeURIComponent(name)}.json`), clock.now());
  const isNew = Object.keys(state.ports).length === 0 && Object.keys(state.files).length === 0;
  const files = createFiles(state.files, seal, clock);
  if (isNew) furnish(state, vars, files);
  save();
  return {
    name,
    vars,
    clock,
    state,
    files,
    counters: createCounters(),
    isUp: () => true,
    changed: (type, detail) => {
      save();
      ledger.add(name, type, detail);
    },
    note: (type, detail) => ledger.add(name, type, detail),
    fault: (effects, script) => {
      const found = vars.faults.find(
        (fault, index) => effects.includes(fault.effect) && fits(fault, script) && (state.faults[index] ?? 0) < (fault.times ?? Infinity),
      );
      if (!found) return undefined;
      const index = vars.faults.indexOf(found);
      state.faults[index] = (state.faults[index] ?? 0) + 1;
      save();
      ledger.add(name, 'fault', { effect: found.effect });
      return found;
    },
    port: (key) => state.ports[key],
    keepPort: (key, port) => {
      state.ports[key] = port;
      save();
    },
  };
}

function fits(fault: HostFault, script: string | undefined): boolean {
  return fault.match === undefined || (script !== undefined && new RegExp(fault.match, 'm').test(script));
}

function furnish(state: HostState, vars: RehearsalVars, files: Files): void {
  for (const folder of ['/', '/etc', '/tmp', '/var', '/var/lib', '/root', '/home', '/opt', '/srv', '/usr', '/usr/local', '/run', '/run/haproxy'])
    files.makeFolder(folder);
  for (const [path, text] of Object.entries(vars.files)) {
    makeFolders({ files }, posix.dirname(path));
    files.write(path, Buffer.from(text));
  }
  for (const [unit, said] of Object.entries(vars.services)) state.services[unit] = { active: said === 'running', enabled: said === 'running' };
  Object.assign(state.packages, vars.packages);
  for (const name of vars.users) addUser(state, name);
  for (const { name, weight } of vars.loadBalancer?.servers ?? []) state.servers[name] = { weight, initialWeight: weight, admin: 'ready' };
}
