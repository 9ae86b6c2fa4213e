import { readFileSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import type { World } from '../app/index.ts';
import { messageOf, Secret, SlipwayError, systemClock } from '../core/index.ts';
import { type LoginReferences, loginOf } from '../inventory/index.ts';
import type { Host, HostLogin } from '../steps/index.ts';
import { secretsOfChildren, toolVersion } from '../config/index.ts';
import { type Building, buildPorts, pulumiEnvironment } from './build.ts';

/** The outside itself. */
export async function openRealWorld(building: Building): Promise<World> {
  const { config, request, pulumi } = building;
  maskSettings(building);
  const built = buildPorts(building, {
    rehearsal: false,
    host: (name) => readyHost(building, name),
    pulumi: {
      stateDir: config.stateDir,
      env: pulumiEnvironment(config),
      node: process.execPath,
      now: () => systemClock.now(),
      backendUrl: config.pulumi.backend,
      cli: { path: pulumi, version: toolVersion('pulumi') },
    },
  });
  return {
    ports: built.ports,
    portsOf: (runId) => ({ ...built.ports, evidence: built.evidenceOf(runId) }),
    host: (name) => readyHost(building, name),
    arm: () => undefined,
    fault: () => undefined,
    [Symbol.asyncDispose]: async () => {
      await built.ports.ssh.release(request.runId);
      built[Symbol.dispose]();
    },
  };
}

/** Programs of stacks and providers see these settings, and may print them. */
export function maskSettings({ config, request }: Building): void {
  for (const secret of secretsOfChildren(config.children)) request.masker.add(secret);
  const { passphrase, accessToken } = config.pulumi;
  const password = config.journal.store === 'postgres' ? config.journal.password : undefined;
  const vaultKey = config.vaultKey?.from === 'setting' ? config.vaultKey.key : undefined;
  const hooks = config.webhooks.endpoints.flatMap(({ url, secrets: keys }) => [url, ...keys]);
  const outward = [...Object.values(config.notify), ...hooks, config.mail?.server, ...Object.values(config.telemetry.spans?.headers ?? {})];
  for (const secret of [passphrase, accessToken, password, vaultKey, ...outward]) if (secret) request.masker.add(secret);
}

/** A host with its credentials, and so are the hosts it is reached through. */
export function readyHost(building: Building, name: string): Host {
  const { inventory } = building.request;
  const indexed = inventory.hosts.get(name);
  if (!indexed) throw new SlipwayError('UNKNOWN_HOST', `the inventory has no host "${name}"`, { hint: 'plan again: the inventory has changed' });
  const references = loginOf(inventory, name);
  const login = references ? loginFrom(building, name, references) : {};
  return { ...indexed.host, login, jump: indexed.host.jump.map((jump) => readyHost(building, jump.name)) };
}

function loginFrom(building: Building, host: string, references: LoginReferences): HostLogin {
  const { agent, privateKey, passphrase, password, answers, knownHosts } = references;
  const open = (reference: string): Secret => secretOf(building, host, reference);
  return {
    agent,
    knownHostsFiles: knownHosts.map((file) => inCheckout(building, file)),
    ...(privateKey === undefined ? {} : privateKey.startsWith('file:') ? { privateKeyFile: pathOf(building, privateKey) } : { privateKey: open(privateKey) }),
    ...(passphrase === undefined ? {} : { passphrase: open(passphrase) }),
    ...(password === undefined ? {} : { password: open(password) }),
    ...(answers === undefined ? {} : { answers: answers.map(({ prompt, answer }) => ({ prompt, answer: open(answer) })) }),
  };
}

function secretOf(building: Building, host: string, reference: string): Secret {
  const variable = /^env:(.+)$/.exec(reference)?.[1];
  if (variable !== undefined) {
    const secret = building.config.secretNamed(variable);
    if (secret) return secret;
    throw new SlipwayError('LOGIN_MISSING', `the login of ${host} is in the variable ${variable}, which is not set`, {
      hint: `export ${variable}, or change the inventory`,
    });
  }
  try {
    return new Secret(readFileSync(pathOf(building, reference), 'utf8').trim());
  } catch (cause) {
    throw new SlipwayError('LOGIN_MISSING', `the login of ${host} cannot be read: ${messageOf(cause)}`, { cause, hint: `check ${reference} of the inventory` });
  }
}

/** `~` is the home of whoever runs slipway; other relative paths are of the repository a person works in, where secrets that Git does not hold are. */
function pathOf({ config }: Building, reference: string): string {
  const path = reference.replace(/^file:/, '');
  if (path.startsWith('~/')) return join(config.ssh.home, path.slice(2));
  return isAbsolute(path) ? path : resolve(config.root, path);
}

function inCheckout({ config, request }: Building, file: string): string {
  if (file.startsWith('~/')) return join(config.ssh.home, file.slice(2));
  return isAbsolute(file) ? file : join(request.checkout, file);
}
