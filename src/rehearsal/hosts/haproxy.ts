import type { Machine } from './machine.ts';
import type { VirtualServer } from './state.ts';

const ADMIN_BITS = { ready: 0, maint: 1, drain: 8 } as const;
const UP = 2;
const STATE_COLUMNS =
  'be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port';

/** Answer one command of HAProxy's runtime API, in its words. */
export function answerRuntimeApi(machine: Machine, command: string): string {
  const words = command.split(/\s+/);
  const [verb, what] = words;
  if (verb === 'show' && what === 'servers' && words[2] === 'state') return showState(machine, words[3]);
  if (verb === 'show' && what === 'stat') return showStat(machine);
  if (verb === 'show' && what === 'info') return 'Name: HAProxy\nVersion: 2.6.12\n\n';
  if ((verb === 'set' || verb === 'get') && what === 'weight') return weight(machine, verb, words.slice(2));
  if (verb === 'set' && what === 'server') return setServer(machine, words.slice(2));
  if ((verb === 'set' || verb === 'add' || verb === 'get' || verb === 'del') && what === 'map') return map(machine, verb, words.slice(2));
  if ((verb === 'enable' || verb === 'disable') && what === 'server')
    return setServer(machine, [words[2] ?? '', 'state', verb === 'enable' ? 'ready' : 'maint']);
  return `Unknown command: '${verb}', but maybe one of the following ones is a better match:\n  show stat\n\n`;
}

function serverOf(machine: Machine, address: string | undefined): VirtualServer | string {
  const [backend = '', name = ''] = (address ?? '').split('/');
  if (backend !== machine.vars.loadBalancer?.backend) return 'No such backend.\n\n';
  return machine.state.servers[name] ?? 'No such server.\n\n';
}

function weight(machine: Machine, verb: 'set' | 'get', [address, value]: readonly string[]): string {
  const server = serverOf(machine, address);
  if (typeof server === 'string') return server;
  if (verb === 'get') return `${server.weight} (initial ${server.initialWeight})\n\n`;
  const wanted = value?.endsWith('%') ? Math.round((server.initialWeight * Number(value.slice(0, -1))) / 100) : Number(value);
  if (value === undefined || !Number.isInteger(wanted)) return 'Require <weight> or <weight%>.\n\n';
  if (wanted < 0 || wanted > 256) return 'Absolute weight can only be between 0 and 256 inclusive.\n\n';
  server.weight = wanted;
  machine.changed('traffic', { action: 'weight', server: address ?? '', weight: wanted });
  return '\n';
}

function setServer(machine: Machine, [address, key, value]: readonly string[]): string {
  const server = serverOf(machine, address);
  if (typeof server === 'string') return server;
  if (key === 'weight') return weight(machine, 'set', [address ?? '', value ?? '']);
  if (key !== 'state' || (value !== 'ready' && value !== 'drain' && value !== 'maint'))
    return `'set server <srv> ${key ?? ''}' expects 'ready', 'drain' and 'maint'.\n\n`;
  server.admin = value;
  machine.changed('traffic', { action: 'state', server: address ?? '', state: value });
  return '\n';
}

function map(machine: Machine, verb: 'set' | 'add' | 'get' | 'del', [file = '', key = '', ...value]: readonly string[]): string {
  const entries = (machine.state.maps[file] ??= {});
  if (verb === 'get') {
    const found = entries[key];
    return found === undefined
      ? 'type=str, case=sensitive, found=no\n\n'
      : `type=str, case=sensitive, found=yes, idx=tree, key="${key}", value="${found}", type="str"\n\n`;
  }
  if (verb !== 'add' && entries[key] === undefined) return 'entry not found.\n\n';
  if (verb === 'del') delete entries[key];
  else entries[key] = value.join(' ');
  machine.changed('traffic', { action: `${verb}Map`, map: file, key, value: value.join(' ') });
  return '\n';
}

function showState(machine: Machine, backend: string | undefined): string {
  const balancer = machine.vars.loadBalancer;
  if (!balancer) return '1\n';
  if (backend !== undefined && backend !== balancer.backend) return "Can't find backend.\n\n";
  const rows = balancer.servers.map(({ name, port }, index) => {
    const server = machine.state.servers[name];
    const [state, admin] = [machine.isUp(name) ? UP : 0, ADMIN_BITS[server?.admin ?? 'ready']];
    return `3 ${balancer.backend} ${index + 1} ${name} 127.0.0.1 ${state} ${admin} ${server?.weight} ${server?.initialWeight} 40 6 3 4 6 0 0 0 - ${port} - 0 0 - - 0`;
  });
  return `1\n# ${STATE_COLUMNS}\n${rows.join('\n')}\n\n`;
}

function showStat(machine: Machine): string {
  const balancer = machine.vars.loadBalancer;
  const rows = balancer?.servers.map(({ name }) => {
    const server = machine.state.servers[name];
    const status = server?.admin === 'maint' ? 'MAINT' : server?.admin === 'drain' ? 'DRAIN' : machine.isUp(name) ? 'UP' : 'DOWN';
    return `${balancer.backend},${name},${status},${server?.weight},`;
  });
  return `# pxname,svname,status,weight,\n${(rows ?? []).map((row) => `${row}\n`).join('')}\n`;
}
