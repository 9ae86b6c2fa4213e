import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JsonObject, systemClock } from '../../src/core/index.ts';
import { createSsh } from '../../src/effects/ssh/index.ts';
import { type RehearsalHosts, type RehearsalHostsOptions, startRehearsalHosts } from '../../src/rehearsal/hosts/index.ts';
import type { ExecRequest, ExecResult, Host, HostContext, HostOptions, Ports, PreviewContext, SshControl, SshPort } from '../../src/steps/index.ts';

/** Rehearsed hosts with an SSH port of their own. Removes its folder at the end. */
export interface Rehearsed extends AsyncDisposable {
  readonly dir: string;
  readonly world: RehearsalHosts;
  readonly ssh: SshPort;
  readonly control: SshControl;
  host(name: string): Host;
  exec(name: string, script: string, more?: Partial<ExecRequest>): Promise<ExecResult>;
  /** What a host step sees. Lines of its log are in `lines`. */
  context(name: string, options?: Partial<HostOptions>, checkout?: string): HostContext & { readonly lines: string[] };
  preview(names: readonly string[], options?: Partial<HostOptions>, checkout?: string): PreviewContext;
}

export async function rehearse(hosts: { readonly [name: string]: JsonObject }, more: Partial<RehearsalHostsOptions> = {}): Promise<Rehearsed> {
  const dir = more.dir ?? (await mkdtemp(join(tmpdir(), 'slipway-rehearsal-')));
  const world = await startRehearsalHosts({
    clock: systemClock,
    hosts: Object.entries(hosts).map(([name, vars]) => ({ name, vars: { rehearsal: vars } })),
    ...more,
    dir,
  });
  const ssh = createSsh({ clock: systemClock });
  const control: SshControl = { runId: 'run-20261123-rehearsed0', signal: new AbortController().signal };
  const host = (name: string): Host => {
    const reached = world.hosts[name];
    assert.ok(reached, `no host ${name}`);
    return { name, groups: [], vars: {}, jump: [], ...reached };
  };
  const ports = { clock: systemClock, ssh } as unknown as Ports; // host steps use no other port
  const optionsOf = (options: Partial<HostOptions> = {}): HostOptions => ({ timeoutMs: 20_000, ...options });
  return {
    dir,
    world,
    ssh,
    control,
    host,
    exec: (name, script, request = {}) => ssh.exec(host(name), { script, env: {}, timeoutMs: 20_000, maxOutputBytes: 1 << 20, ...request }, control),
    context: (name, options, checkout = '/') => {
      const lines: string[] = [];
      const log = (line: string, stream = 'stdout'): void => void lines.push(`${stream}: ${line}`);
      const rest = { path: 'phase/step', attempt: 1, idempotencyKey: 'key', rehearsal: true, heartbeat: () => undefined };
      return { ...control, ...rest, ports, checkout, host: host(name), options: optionsOf(options), log, lines };
    },
    preview: (names, options, checkout = '/') => ({
      ports,
      checkout,
      signal: control.signal,
      hosts: names.map(host),
      options: optionsOf(options),
      approximate: false,
    }),
    [Symbol.asyncDispose]: async () => {
      await ssh.release(control.runId);
      await world.stop();
      if (more.dir === undefined) await rm(dir, { recursive: true });
    },
  };
}
