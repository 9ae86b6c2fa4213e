import { join } from 'node:path';
import type * as Library from 'ssh2';
import { type Clock, type JsonObject, Secret } from '../../core/index.ts';
import type { Host } from '../../steps/index.ts';
import { type Listening, startApplication } from './application.ts';
import { startBalancer } from './balancer.ts';
import { keptKey } from './keys.ts';
import { type HostEffect, openLedger } from './ledger.ts';
import { type Machine, openMachine } from './machine.ts';
import { startPrometheus } from './prometheus/server.ts';
import { openSeal } from './seal.ts';
import { type SshServer, startSshServer } from './ssh-server.ts';
import { type HostFault, parseVars } from './vars.ts';

export interface RehearsalHostsOptions {
  /** Absolute path of the folder that holds this world; made when missing, continued when there. */
  readonly dir: string;
  readonly clock: Clock;
  readonly hosts: readonly { readonly name: string; readonly vars: JsonObject; readonly address?: string }[];
  /** Extra latency of a side's applications, in milliseconds. */
  readonly slow?: { readonly baseline?: number; readonly candidate?: number };
  /** Faults besides those of the inventory. */
  readonly faults?: readonly (Partial<HostFault> & Pick<HostFault, 'effect'> & { readonly host: string })[];
  /** Seed of latencies and of the balancer's choices; 1 unless told. */
  readonly seed?: number;
}
/** How a host of the inventory is reached at its stand-in. */
export type HostOverride = Pick<Host, 'address' | 'port' | 'user' | 'login' | 'hostKeys'>;

/** Machines that only exist here: real SSH, SFTP and HTTP on 127.0.0.1, and nothing behind them but a world on disk. */
export interface RehearsalHosts {
  readonly hosts: { readonly [name: string]: HostOverride };
  /** Where a name and port of the inventory are served on this machine. */
  resolve(host: string, port: number): { readonly host: string; readonly port: number } | undefined;
  /** `name:port` of everything that is served, with the local port. */
  readonly places: ReadonlyMap<string, number>;
  ledger(): readonly HostEffect[];
  /** The file of the ledger, one JSON object a line. */
  readonly ledgerFile: string;
  /** Break all SSH connections of a host, as a network does. */
  dropConnections(host: string): void;
  stop(): Promise<void>;
}

/**
 * Start, or continue, the stand-ins of an inventory's hosts.
 *
 * @throws {SlipwayError} `REHEARSAL_VARS` for wrong variables.
 */
export async function startRehearsalHosts(options: RehearsalHostsOptions): Promise<RehearsalHosts> {
  const { dir, clock } = options;
  const ledgerFile = join(dir, 'ledger.jsonl');
  const ledger = openLedger(ledgerFile, clock);
  const seal = openSeal(dir);
  const machines = options.hosts.map(({ name, vars }) => openMachine({ name, vars: withFaults(name, vars, options), dir, clock, ledger, seal }));
  const ports = new Map<string, number>();
  const resolve: RehearsalHosts['resolve'] = (host, port) => {
    const local = ports.get(`${host.toLowerCase()}:${port}`);
    return local === undefined ? undefined : { host: '127.0.0.1', port: local };
  };
  const web = await startWeb(machines, options, { ports, resolve });
  for (const machine of machines) machine.isUp = (server) => isServerUp(machine, server, machines);
  const { servers, hosts } = await startShells(machines, options, { ports, resolve });
  return {
    hosts,
    resolve,
    places: ports,
    ledger: () => ledger.entries(),
    ledgerFile,
    dropConnections: (host) => servers.get(host)?.dropConnections(),
    stop: async () => void (await Promise.all([...servers.values(), ...web].map((each) => each.stop()))),
  };
}

function withFaults(name: string, vars: JsonObject, { faults = [] }: RehearsalHostsOptions): ReturnType<typeof parseVars> {
  const parsed = parseVars(name, vars);
  const more = faults.filter(({ host }) => host === name).map(({ host: _host, ...fault }) => ({ exit: 1, stderr: '', ...fault }));
  return { ...parsed, faults: [...parsed.faults, ...more] };
}

type Ssh2 = typeof Library;

interface Names {
  readonly ports: Map<string, number>;
  readonly resolve: RehearsalHosts['resolve'];
}

function namesOf(machine: Machine, { hosts }: RehearsalHostsOptions): readonly string[] {
  const address = hosts.find(({ name }) => name === machine.name)?.address;
  return [machine.name, ...(address === undefined ? [] : [address]), ...machine.vars.names];
}

async function startWeb(machines: readonly Machine[], options: RehearsalHostsOptions, { ports, resolve }: Names): Promise<readonly Listening[]> {
  const { seed = 1, slow = {} } = options;
  const listening: Listening[] = [];
  for (const machine of machines) {
    const name = (port: number, server: Listening): void => {
      listening.push(server);
      for (const each of namesOf(machine, options)) ports.set(`${each.toLowerCase()}:${port}`, server.port);
    };
    for (const endpoint of machine.vars.http) {
      name(endpoint.port, await startApplication({ machine, endpoint, seed, extraLatencyMs: () => slow[endpoint.side] ?? 0 }));
    }
    const balancer = machine.vars.loadBalancer;
    if (balancer) name(balancer.port, await startBalancer({ machine, balancer, seed, resolve }));
    if (machine.vars.prometheus) name(machine.vars.prometheus.port, await startPrometheus({ machine, machines }));
  }
  return listening;
}

async function startShells(machines: readonly Machine[], options: RehearsalHostsOptions, { ports, resolve }: Names) {
  // The library is CommonJS: Node hands it out whole as `default`, which its type declarations do not know.
  const { default: ssh2 } = (await import('ssh2')) as unknown as { readonly default: Ssh2 };
  const loginKey = keptKey(join(options.dir, 'keys'), 'login', ssh2.utils);
  const servers = new Map<string, SshServer>();
  const hosts: Record<string, HostOverride> = {};
  for (const machine of machines) {
    const hostKey = keptKey(join(options.dir, 'keys'), `host-${encodeURIComponent(machine.name)}`, ssh2.utils);
    const server = await startSshServer({ ssh2, machine, hostKey, loginKey, resolve });
    servers.set(machine.name, server);
    for (const each of namesOf(machine, options)) ports.set(`${each.toLowerCase()}:22`, server.port);
    hosts[machine.name] = {
      address: '127.0.0.1',
      port: server.port,
      user: 'root',
      login: { privateKey: new Secret(loginKey.private) },
      hostKeys: [hostKey.public],
    };
  }
  return { servers, hosts };
}

/** A server of a load balancer is up while its application's service is. */
function isServerUp(machine: Machine, server: string, machines: readonly Machine[]): boolean {
  const target = machine.vars.loadBalancer?.servers.find(({ name }) => name === server);
  const owner = machines.find(({ name, vars }) => name === target?.host || (target && vars.names.includes(target.host)));
  const endpoint = owner?.vars.http.find(({ port }) => port === target?.port);
  return endpoint !== undefined && owner?.state.services[endpoint.service]?.active === true;
}
