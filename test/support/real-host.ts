import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { systemClock } from '../../src/core/index.ts';
import { createSsh } from '../../src/effects/ssh/index.ts';
import type { ExecRequest, ExecResult, HostContext, HostOptions, Ports, PreviewContext, SshControl, SshPort } from '../../src/steps/index.ts';
import { type Sshd, startSshd, whyNoSshd } from './sshd.ts';

/** A machine to try kinds of steps on. */
export interface KindTarget extends AsyncDisposable {
  readonly ssh: SshPort;
  readonly control: SshControl;
  exec(script: string, more?: Partial<ExecRequest>): Promise<ExecResult>;
  context(options?: Partial<HostOptions>): HostContext & { readonly lines: string[] };
  preview(options?: Partial<HostOptions>): PreviewContext;
  /** Folder with the files of the repository. */
  readonly checkout: string;
}

/** Why a copy of this machine cannot be made here, or undefined when it can. */
export function whyNoCopy(): string | undefined {
  const missing = whyNoSshd();
  if (missing !== undefined) return missing;
  try {
    execFileSync(
      'unshare',
      [
        '-m',
        '--propagation',
        'private',
        '/bin/sh',
        '-c',
        'mount -t tmpfs tmpfs /mnt && mkdir /mnt/u /mnt/w /mnt/r && mount -t overlay o -o lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w /mnt/r',
      ],
      { stdio: 'ignore' },
    );
    return undefined;
  } catch {
    return 'this machine lets nobody mount an overlay in a namespace of its own';
  }
}

let runs = 0;

/** A real sshd in a throw-away copy of this Debian; `furnish` is shell text that runs in the copy first. */
export async function openRealHost(furnish: string): Promise<KindTarget & { readonly sshd: Sshd }> {
  const checkout = await mkdtemp(join(tmpdir(), 'slipway-checkout-'));
  const sshd = await startSshd({ overlay: furnish });
  const ssh = createSsh({ clock: systemClock });
  const control: SshControl = { runId: `run-20261123-realhost${runs++}`, signal: new AbortController().signal };
  const ports = { clock: systemClock, ssh } as unknown as Ports; // kinds on hosts use no other port here
  const optionsOf = (options: Partial<HostOptions> = {}): HostOptions => ({ timeoutMs: 60_000, ...options });
  return {
    ...{ ssh, control, checkout, sshd },
    exec: (script, more = {}) => ssh.exec(sshd.host, { script, env: {}, timeoutMs: 60_000, maxOutputBytes: 1 << 20, ...more }, control),
    context: (options) => {
      const lines: string[] = [];
      const rest = { path: 'phase/step', attempt: 1, idempotencyKey: 'key', rehearsal: false, heartbeat: () => undefined };
      return { ...control, ...rest, ports, checkout, host: sshd.host, options: optionsOf(options), log: (line) => void lines.push(line), lines };
    },
    preview: (options) => ({ ports, checkout, signal: control.signal, hosts: [sshd.host], options: optionsOf(options), approximate: false }),
    [Symbol.asyncDispose]: async () => {
      await ssh.release(control.runId);
      await sshd.stop();
      await rm(checkout, { recursive: true });
    },
  };
}

/** The text of a program that stands in for a real one, put in its place in the copy. */
export function standIn(name: string, ...places: readonly string[]): string {
  const file = resolve('test/support/fake', name);
  return places.map((place) => `rm -f ${place}; cp ${file} ${place}; chmod 755 ${place}\n`).join('');
}

export interface DemoPackage {
  readonly name: string;
  readonly version: string;
  readonly depends?: string;
  readonly conflicts?: string;
}

/** A repository of apt in a folder, with packages that hold one file each. Gives back the text that makes a copy use it and nothing else. */
export async function makeRepository(dir: string, packages: readonly DemoPackage[]): Promise<string> {
  const rows: string[] = [];
  for (const { name, version, depends, conflicts } of packages) {
    const tree = join(dir, 'build', `${name}-${version}`);
    await mkdir(join(tree, 'DEBIAN'), { recursive: true });
    await mkdir(join(tree, 'etc'), { recursive: true });
    await writeFile(join(tree, 'etc', `${name}.conf`), `version ${version}\n`);
    const fields = [
      ...[`Package: ${name}`, `Version: ${version}`, 'Architecture: all', 'Maintainer: Test <test@example.com>', 'Description: a package of a test'],
      ...(depends === undefined ? [] : [`Depends: ${depends}`]),
      ...(conflicts === undefined ? [] : [`Conflicts: ${conflicts}`]),
    ];
    await writeFile(join(tree, 'DEBIAN', 'control'), `${fields.join('\n')}\n`);
    await writeFile(join(tree, 'DEBIAN', 'conffiles'), `/etc/${name}.conf\n`);
    const file = `${name}_${version}_all.deb`;
    execFileSync('dpkg-deb', ['--root-owner-group', '-b', tree, join(dir, file)], { stdio: 'ignore' });
    const bytes = await readFile(join(dir, file));
    rows.push(
      [...fields, `Filename: ./${file}`, `Size: ${(await stat(join(dir, file))).size}`, `SHA256: ${createHash('sha256').update(bytes).digest('hex')}`, ''].join(
        '\n',
      ),
    );
  }
  await writeFile(join(dir, 'Packages'), `${rows.join('\n')}\n`);
  return `rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/* /var/lib/apt/lists/*\necho 'deb [trusted=yes] file:${dir} ./' >/etc/apt/sources.list\napt-get -q update >/dev/null\n`;
}
