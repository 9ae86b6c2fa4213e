import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/core/index.ts';
import { createSsh } from '../../src/effects/ssh/index.ts';
import { startRehearsalHosts } from '../../src/rehearsal/hosts/index.ts';
import type { Host } from '../../src/steps/index.ts';
import { hostOf, startSshd, whyNoSshd } from '../support/sshd.ts';

/** A machine that a real run reaches over SSH: OpenSSH where tests can start it, else the SSH server of rehearsals. */
export interface Machine extends AsyncDisposable {
  /** As an inventory describes it; the key is in the variable SITE_KEY. */
  readonly entry: { readonly address: string; readonly port: number; readonly user: string; readonly hostKey: readonly string[]; readonly privateKey: string };
  readonly env: { readonly [name: string]: string };
  /** A folder on it that this test may write to. */
  readonly folder: string;
  /** Text of a file below the folder, or undefined when it is not there. */
  readonly read: (name: string) => Promise<string | undefined>;
  readonly write: (name: string, text: string) => Promise<void>;
}

interface Parts {
  readonly host: Host;
  readonly key: string;
  readonly folder: string;
  readonly stop: () => Promise<void>;
}

export async function openMachine(): Promise<Machine> {
  const parts = whyNoSshd() === undefined ? await openssh() : await embedded();
  const { host, key, folder } = parts;
  const ssh = createSsh({ clock: systemClock });
  const control = { runId: 'look', signal: AbortSignal.timeout(600_000) };
  return {
    entry: { address: host.address, port: host.port, user: host.user, hostKey: host.hostKeys ?? [], privateKey: 'env:SITE_KEY' },
    env: { SITE_KEY: key },
    folder,
    read: async (name) => (await ssh.read(host, `${folder}/${name}`, 1 << 20, control))?.content.toString(),
    write: (name, text) => ssh.write(host, { path: `${folder}/${name}`, content: Buffer.from(text), mode: 0o600 }, control).then(() => undefined),
    [Symbol.asyncDispose]: async () => {
      await ssh.release(control.runId);
      await parts.stop();
    },
  };
}

async function openssh(): Promise<Parts> {
  const sshd = await startSshd();
  const folder = await mkdtemp(join(tmpdir(), 'slipway-machine-'));
  const stop = async (): Promise<void> => {
    await sshd.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { host: sshd.host, key: readFileSync(sshd.loginKey, 'utf8'), folder, stop };
}

async function embedded(): Promise<Parts> {
  const dir = await mkdtemp(join(tmpdir(), 'slipway-machine-'));
  const hosts = await startRehearsalHosts({ dir, clock: systemClock, hosts: [{ name: 'web-1', vars: {} }] });
  const key = readFileSync(join(dir, 'keys', 'login'), 'utf8');
  const override = hosts.hosts['web-1'];
  if (override === undefined) throw new Error('the stand-in did not start');
  const host = { ...hostOf({ name: 'web-1', port: override.port, hostKeys: override.hostKeys ?? [] }), login: override.login };
  const stop = async (): Promise<void> => {
    await hosts.stop();
    await rm(dir, { recursive: true, force: true });
  };
  return { host, key, folder: '/srv/site', stop };
}
