import type { Process } from '../shell/process.ts';
import type { Player, Players } from './player.ts';
import { systemOf } from './system.ts';

const NO_MANAGER = 69;
/** The version of a package that nobody gave one. */
const NEWEST = 'latest';

/** Every package can be had; the newest version of one that is installed is that one, unless the inventory says otherwise. */
const look: Player = async ({ machine, vars, stdin, out }) => {
  const { tool } = systemOf(machine.vars.os);
  const manager = tool === 'apt-get' ? 'apt' : tool;
  const wanted = vars.get('SLIPWAY_MANAGER');
  if (!['apt', 'dnf'].includes(manager) || (wanted !== 'auto' && wanted !== manager)) {
    out(`found ${tool}\nLinux\n`);
    return NO_MANAGER;
  }
  out(`manager ${manager}\nlists 60\n`);
  for (const name of await linesIn(stdin)) {
    const installed = machine.state.packages[name];
    out(`package\t${name}\t${installed ?? '-'}\t${machine.vars.candidates[name] ?? installed ?? NEWEST}\tno\n`);
  }
  return 0;
};

const change: Player = async ({ machine, vars, stdin, out }) => {
  const { state, changed } = machine;
  const action = vars.get('SLIPWAY_ACTION') ?? '';
  const isTrial = vars.get('SLIPWAY_SIMULATE') === '1';
  for (const spec of await linesIn(stdin)) {
    const { name, version } = vars.get('SLIPWAY_MANAGER') === 'apt' ? debianSpec(spec) : redHatSpec(spec);
    if (isTrial) out(`${action === 'install' ? 'Inst' : 'Remv'} ${name}\n`);
    else if (action === 'remove' || action === 'purge') {
      delete state.packages[name];
      changed('package', { action: 'remove', package: name });
    } else {
      const installed = version ?? machine.vars.candidates[name] ?? NEWEST;
      state.packages[name] = installed;
      changed('package', { action: 'install', package: name, version: installed });
    }
  }
  return 0;
};

async function linesIn(stdin: Process['stdin']): Promise<readonly string[]> {
  return (await stdin.read()).toString('utf8').split('\n').filter(Boolean);
}
function debianSpec(spec: string): { readonly name: string; readonly version?: string | undefined } {
  const [name = spec, version] = spec.split('=');
  return { name, version };
}
function redHatSpec(spec: string): { readonly name: string; readonly version?: string | undefined } {
  const found = /^(.+?)-(\d.*)$/.exec(spec);
  return found ? { name: found[1] ?? spec, version: found[2] } : { name: spec };
}

/** The scripts of ssh.package. */
export const packagePlayers: Players = { packages: look, 'packages-refresh': () => 0, 'packages-change': change };
