import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'node:test';

export const VERSION = { pulumi: '9.9.1', opa: '9.9.2', gitea: '9.9.3', temporal: '9.9.4' } as const;
const SYSTEM = ['sh', 'tar', 'gzip', 'git', 'cat', 'mkdir', 'sleep', 'cp', 'chmod', 'cc'];

/** A checkout of its own with fake npm and go, an empty HOME, and a mirror in front of the official sites. */
export interface Sandbox {
  readonly root: string;
  readonly home: string;
  readonly bin: string;
  readonly tools: string;
  /** Start setup; `answerMs` shortens the wait for a silent server. */
  readonly setup: (options?: SetupOptions) => Running;
  /** Calls of fake programs, one line each. */
  readonly calls: () => readonly string[];
  readonly mirror: Mirror;
}
interface SetupOptions {
  readonly answerMs?: number;
  readonly extra?: readonly string[];
}
export interface Running {
  readonly pid: number;
  readonly done: Promise<{ readonly code: number | null; readonly output: string }>;
}
export interface Mirror {
  readonly files: Map<string, Buffer>;
  mode: 'serve' | 'silent' | 'broken';
  readonly requests: string[];
  readonly server: Server;
}

export async function sandbox(context: TestContext): Promise<Sandbox> {
  const top = mkdtempSync(join(tmpdir(), 'slipway-setup-'));
  const at = { root: join(top, 'checkout'), home: join(top, 'home'), bin: join(top, 'bin'), tools: join(top, 'home', '.cache', 'slipway', 'tools') };
  for (const folder of [at.root, at.home, at.bin]) mkdirSync(folder);
  const mirror = await startMirror();
  context.after(() => {
    mirror.server.closeAllConnections();
    mirror.server.close();
    rmSync(top, { recursive: true, force: true });
  });
  copyTools(at.root);
  writeManifest(at.root, '1.0.0');
  for (const name of SYSTEM) link(name, at.bin);
  const calls = join(top, 'calls');
  writeFileSync(calls, '');
  script(join(at.bin, 'npm'), fakeNpm(calls));
  script(join(at.bin, 'go'), fakeGo(calls));
  const port = (mirror.server.address() as AddressInfo).port; // it listens on TCP
  const env = { PATH: at.bin, HOME: at.home, SLIPWAY_MIRROR: `http://127.0.0.1:${port}/files` };
  return {
    ...at,
    mirror,
    calls: () => readFileSync(calls, 'utf8').split('\n').filter(Boolean),
    setup: (options) => start(at.root, env, { answerMs: 5_000, ...options }),
  };
}

function start(root: string, env: NodeJS.ProcessEnv, options: SetupOptions): Running {
  const code = `import { setup } from ${JSON.stringify(join(root, 'tools/setup.mjs'))};
    try { await setup(${JSON.stringify(options)}); } catch (error) {
      if (error.name !== 'SetupError') throw error;
      console.error('ERROR ' + error.message + '\\nHINT ' + error.hint); process.exitCode = 1;
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const done = new Promise<{ code: number | null; output: string }>((resolve) => child.on('close', (exit) => resolve({ code: exit, output })));
  return { pid: child.pid ?? 0, done };
}

function copyTools(root: string): void {
  const source = join(import.meta.dirname, '../../tools');
  cpSync(source, join(root, 'tools'), { recursive: true });
  const versions = JSON.parse(readFileSync(join(source, 'versions.json'), 'utf8')) as Record<string, Record<string, string>>; // our own file
  for (const [name, version] of Object.entries(VERSION)) versions[name] = { ...versions[name], version };
  versions['git'] = { least: '1.0.0' };
  writeFileSync(join(root, 'tools/versions.json'), JSON.stringify(versions));
}

/** package.json and a lock that agree. */
export function writeManifest(root: string, leftPad: string): void {
  const dependencies = { 'left-pad': leftPad };
  writeFileSync(join(root, 'package.json'), JSON.stringify({ name: 'slipway', dependencies }));
  const packages = {
    '': { name: 'slipway', dependencies },
    'node_modules/left-pad': { version: leftPad, integrity: `sha512-${leftPad}` },
  };
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, packages }));
}

export function script(path: string, text: string): void {
  rmSync(path, { force: true });
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
}

function link(name: string, bin: string): void {
  const found = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(existsSync);
  if (found !== undefined) symlinkSync(found, join(bin, name));
}

/** `npm ci` that leaves what npm leaves, with a Node that says it is 24. */
export function fakeNpm(calls: string): string {
  return `[ "$1" = --version ] && echo 11.0.0 && exit 0
echo "npm $1" >> ${calls}
[ "$1" = ci ] || exit 1
mkdir -p node_modules/left-pad node_modules/node/bin
echo '{}' > node_modules/left-pad/package.json
printf '#!/bin/sh\\necho v24.99.0\\n' > node_modules/node/bin/node
chmod +x node_modules/node/bin/node
cp package-lock.json node_modules/.package-lock.json`;
}

/** `go build` that writes a program of the version the sandbox wants; FAKE_GO files beside the calls change its mind. */
export function fakeGo(calls: string): string {
  return `case "$1" in
env) echo go1.99.0; exit 0;;
mod) exit 0;;
list) [ "$2" = -m ] && echo "\${0%/*}/module" && exit 0; echo a; echo b; exit 0;;
esac
echo "go $*" >> ${calls}
[ -e ${calls}.fail ] && echo 'x.go:1: it does not compile' >&2 && exit 2
echo a >&2
[ -e ${calls}.slow ] && sleep 2
name=opa; version=${VERSION.opa}
case "$*" in
  *pulumi*) name=pulumi; version=v${VERSION.pulumi};;
  *temporal*) name=temporal; version=${VERSION.temporal};;
  *gitea*) version=${VERSION.gitea}; echo "cgo $CGO_ENABLED" >> ${calls};;
esac
[ -e ${calls}.wrong ] && version=0.0.1
while [ "$1" != -o ]; do shift; done
printf '#!/bin/sh\\necho "Version: %s"\\n' "$version" > "$2"
chmod +x "$2"`;
}

async function startMirror(): Promise<Mirror> {
  const server = createServer((request, response) => {
    const name = (request.url ?? '').split('/').at(-1) ?? '';
    mirror.requests.push(name);
    if (mirror.mode === 'silent') return;
    const file = mirror.mode === 'serve' ? mirror.files.get(name) : undefined;
    response.writeHead(file === undefined ? 404 : 200).end(file ?? 'no');
  });
  const mirror: Mirror = { files: new Map(), mode: 'serve', requests: [], server };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return mirror;
}

const GO_ARCH: Record<string, string> = { x64: 'amd64', arm64: 'arm64' };

/** Names of the release files on this platform. */
export const RELEASE = {
  opa: `opa_${process.platform}_${GO_ARCH[process.arch] ?? process.arch}_static`,
  pulumi: `pulumi-v${VERSION.pulumi}-${process.platform}-${process.arch}.tar.gz`,
  opaChecksums: `opa_${process.platform}_${GO_ARCH[process.arch] ?? process.arch}_static.sha256`,
  pulumiChecksums: `pulumi-${VERSION.pulumi}-checksums.txt`,
  temporal: `temporal_cli_${VERSION.temporal}_${process.platform}_${GO_ARCH[process.arch] ?? process.arch}.tar.gz`,
} as const;

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export const program = (version: string) => Buffer.from(`#!/bin/sh\necho 'Version: ${version}'\n`);
export const flag = (box: Sandbox, name: string) => join(box.bin, '..', `calls.${name}`);
export const builds = (box: Sandbox) => box.calls().filter((call) => call.startsWith('go build'));

/** Put releases on the mirror, as the official sites publish them. */
export function publish(box: Sandbox, version = VERSION): void {
  const opa = program(version.opa);
  const folder = join(box.home, 'release');
  mkdirSync(join(folder, 'pulumi'), { recursive: true });
  script(join(folder, 'pulumi', 'pulumi'), `echo v${version.pulumi}`);
  script(join(folder, 'pulumi', 'pulumi-language-nodejs'), 'exit 0');
  const pulumi = execFileSync('tar', ['-czf', '-', '-C', folder, 'pulumi']);
  box.mirror.files.set(RELEASE.opa, opa).set(RELEASE.opaChecksums, Buffer.from(`${sha256(opa)}  ${RELEASE.opa}\n`));
  box.mirror.files
    .set(RELEASE.pulumi, pulumi)
    .set(RELEASE.pulumiChecksums, Buffer.from(`${'0'.repeat(64)}  other.tar.gz\n${sha256(pulumi)}  ${RELEASE.pulumi}\n`));
}
