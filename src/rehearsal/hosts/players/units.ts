import type { Machine } from '../machine.ts';
import type { Player, Players } from './player.ts';

const NO_SUCH_UNIT = 5;

/** A unit exists once it was declared, started or enabled, or once a package of its name is installed. */
function unitOf({ state }: Machine, unit: string): Machine['state']['services'][string] | undefined {
  const name = unit.replace(/\.service$/, '');
  if (state.packages[name] !== undefined) state.services[name] ??= { active: false, enabled: false };
  return state.services[name];
}

const look: Player = ({ machine, vars, out }) => {
  const unit = unitOf(machine, vars.get('SLIPWAY_UNIT') ?? '');
  const load = !unit ? 'not-found' : unit.masked === true ? 'masked' : 'loaded';
  const file = !unit ? '' : unit.masked === true ? 'masked' : unit.enabled ? 'enabled' : 'disabled';
  const active = unit?.active === true ? 'active' : 'inactive';
  out(`Type=simple\nResult=success\nLoadState=${load}\nActiveState=${active}\nSubState=${active}\nUnitFileState=${file}\nNeedDaemonReload=no\nCanReload=yes\n`);
  return 0;
};

const act: Player = ({ machine, vars, err }) => {
  const [action = '', name = ''] = [vars.get('SLIPWAY_ACTION'), vars.get('SLIPWAY_UNIT')];
  if (action === 'daemon-reload') return 0;
  const key = name.replace(/\.service$/, '');
  const unit = unitOf(machine, name) ?? (action === 'mask' ? (machine.state.services[key] = { active: false, enabled: false }) : undefined);
  if (!unit || (unit.masked === true && ['start', 'restart', 'reload'].includes(action))) {
    err(`Failed to ${action} ${name}: Unit ${name} ${unit ? 'is masked' : 'not found'}.\n`);
    return NO_SUCH_UNIT;
  }
  Object.assign(unit, BECOMES[action]);
  machine.changed('service', { action, unit: key });
  return 0;
};
const BECOMES: { readonly [action: string]: object } = {
  start: { active: true },
  restart: { active: true },
  stop: { active: false },
  enable: { enabled: true },
  disable: { enabled: false },
  mask: { masked: true },
  unmask: { masked: false },
};

/** The scripts of ssh.service. */
export const unitPlayers: Players = { service: look, 'service-act': act };
